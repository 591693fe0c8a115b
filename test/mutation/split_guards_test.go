package mutation

// splitGuards hold what a PG may charge to the order service's word.
func splitGuards() []guard {
	const split, tests = "gateway/split.go", "./gateway"
	return []guard{
		{
			name: "without the shop's word a PG charges the whole order", file: split,
			old: "	case !said.Stated() && pg != amount:", new: "	case false:",
			pkg: tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "a PG charges the part that the shop states", file: split,
			old: "	case said.PGSet && pg != said.PG, len(said.Parts) > 0", new: "	case len(said.Parts) > 0",
			pkg: tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "a PG charges the part that the shop lists", file: split,
			old: "(pg != want.pg || !slices.Equal(settled, want.settled))", new: "(!slices.Equal(settled, want.settled))",
			pkg: tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "mileage pays what the shop lists, no other secondary method", file: split,
			old: "(pg != want.pg || !slices.Equal(settled, want.settled))", new: "(pg != want.pg || len(settled) != len(want.settled))",
			pkg: tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "a shop that contradicts itself is not believed", file: split,
			old: "	if said.PGSet && len(parts) > 0 && pg != said.PG {", new: "	if false {",
			pkg: tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "a checkout's split is compared", file: "gateway/checkout.go",
			old: "	return v.agreed(c.OrderID, c.Payments, o.Amount, o.Split)", new: "	return nil",
			pkg: tests, run: "TestCheckoutTakesTheSplitFromTheShop|TestInicisParamTakesTheSplitFromTheShop",
		},
		{
			name: "an intercepted order's split is compared", file: "gateway/intercept.go",
			old: "	if err := v.agreed(co.OrderID, co.Payments, co.Amount, said); err != nil {\n		return err\n	}\n", new: "",
			pkg: tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "what the browser asked for is compared with the shop's answer", file: "gateway/intercept.go",
			old: "	if amounts(asked) {", new: "	if false {",
			pkg: tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "each method has its own amount", file: "gateway/intercept.go",
			old: "	if len(list) != 0 && len(list) != len(co.Payments) {", new: "	if len(list) > len(co.Payments) {",
			pkg: tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
	}
}

// keyGuards hold what an Idempotency-Key promises.
func keyGuards() []guard {
	const keys, tests = "gateway/idempotency.go", "./gateway"
	return []guard{
		{
			name: "a replay hands out no window that is over", file: keys,
			old: "		if over {\n			return g.runAnew(c, r, kept)\n		}\n", new: "		_ = over\n",
			pkg: tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "an expired window is over", file: keys,
			old: "err != nil || !g.now().Before(kept.ExpiresAt) {", new: "err != nil {",
			pkg: tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "a window of a paid order is over", file: keys,
			old: "return a.State == payment.StateApproved || a.State.Blocks() || a.ID", new: "return a.ID",
			pkg: tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "a stranger's body takes no key", file: keys,
			old: `r.scope+" "+id.Str+" "+print, key`, new: `r.scope+" "+id.Str, key`,
			pkg: tests, run: "TestAStrangersBodyTakesNoKey",
		},
		{
			name: "of two keys none is taken", file: keys,
			old: "	if !ok || len(headers) > 1 {", new: "	if !ok {",
			pkg: tests, run: "TestTwoKeysAreRefused",
		},
		{
			name: "one alone takes a key anew", file: "journal/idempotency.go",
			old: "			WHERE scope = ? AND key = ? AND status <> 0 AND held_until = ?`,", new: "			WHERE scope = ? AND key = ? AND held_until <> -?`,",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
	}
}
