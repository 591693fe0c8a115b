package mutation

// splitGuards hold what a PG may charge to the order service's word.
func splitGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "no-split-said-whole-order", does: never(),
			says: "without the shop's word a PG charges the whole order",
			pkg:  tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "stated-part", does: drop(1),
			says: "a PG charges the part that the shop states",
			pkg:  tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "listed-part", does: at(2, at(2, drop(1))),
			says: "a PG charges the part that the shop lists",
			pkg:  tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "mileage-as-listed", does: at(2, at(2, at(2, becomes("len(settled) != len(want.settled)")))),
			says: "mileage pays what the shop lists, no other secondary method",
			pkg:  tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "shop-contradicts-itself", does: never(),
			says: "a shop that contradicts itself is not believed",
			pkg:  tests, run: "TestCheckoutTakesTheSplitFromTheShop",
		},
		{
			name: "checkouts-split", does: becomes("nil"),
			says: "a checkout's split is compared",
			pkg:  tests, run: "TestCheckoutTakesTheSplitFromTheShop|TestInicisParamTakesTheSplitFromTheShop",
		},
		{
			name: "intercepted-orders-split", does: skip(),
			says: "an intercepted order's split is compared",
			pkg:  tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "asked-for-is-the-shops", does: never(),
			says: "what the browser asked for is compared with the shop's answer",
			pkg:  tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
		{
			name: "amount-for-each-method", does: at(2, compare(">")),
			says: "each method has its own amount",
			pkg:  tests, run: "TestInterceptTakesTheSplitFromTheShop",
		},
	}
}

// keyGuards hold what an Idempotency-Key promises.
func keyGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "replay-of-a-window-that-is-over", does: never(),
			says: "a replay hands out no window that is over",
			pkg:  tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "expired-window-is-over", does: drop(2),
			says: "an expired window is over",
			pkg:  tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "paid-orders-window-is-over", does: drop(1, 2),
			says: "a window of a paid order is over",
			pkg:  tests, run: "TestAReplayHandsOutNoWindowThatIsOver",
		},
		{
			name: "answers-of-another-token-key", does: never(),
			says: "an answer that another token_key sealed is made anew",
			pkg:  tests, run: "TestACancelIsFoundUnderAnotherTokenKey",
		},
		{
			name: "strangers-body-takes-no-key", does: at(1, drop(4, 5)),
			says: "a stranger's body takes no key",
			pkg:  tests, run: "TestAStrangersBodyTakesNoKey",
		},
		{
			name: "two-keys-none", does: drop(2),
			says: "of two keys none is taken",
			pkg:  tests, run: "TestTwoKeysAreRefused",
		},
		{
			name: "one-takes-a-key-anew", does: becomes(`"held_until <> -?"`),
			says: "one alone takes a key anew",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
	}
}
