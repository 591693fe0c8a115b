package mutation

// ruleGuards are those of taxes, of deposit deadlines and of the routing index.
func ruleGuards() []guard {
	const (
		taxes, deposit, index, tests = "rules/taxes.go", "rules/deposit.go", "rules/routeindex.go", "./rules"
		checkout, intercept          = "gateway/checkout.go", "gateway/intercept.go"
		kinds, sums                  = "TestDecisions", "TestDecisions|TestVATIsNeverAboveItsBound"
	)
	return []guard{
		{
			name: "an undo without an answer is unknown money", file: "lifecycle/unknown.go",
			old: "	return s == payment.StateUnknown || s == payment.StateCancelling", new: "	return s == payment.StateUnknown",
			pkg: "./gateway", run: "TestLostPaymentsAreUnknownMoney",
		},
		{
			name: "keys that everybody knows guard no real money", file: "rules/keys.go",
			old: "	case slices.Contains(demoKeys(), bare):", new: "	case false:",
			pkg: tests, run: "TestEverySecretIsHeld|TestNoPrintedKeyIsReal",
		},
		{
			name: "keys of public manuals guard no real money", file: "rules/keys.go",
			old: "	case slices.Contains(public, bare):", new: "	case false:",
			pkg: tests, run: "TestEverySecretIsHeld|TestNoPrintedKeyIsReal|TestRulesTakeADriverAsData",
		},
		{
			name: "a public test MID takes no real money", file: "rules/live.go",
			old: "		case b.s.mode == payment.ModeLive && test:", new: "		case false:",
			pkg: tests, run: "TestBadFiles",
		},
		{
			name: "a live MID is in no test file", file: "rules/live.go",
			old: "b.s.mode == payment.ModeTest && !test && m.owner != nil", new: "false && m.owner != nil",
			pkg: tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "a key that its driver does not read is refused", file: "rules/drivers.go",
			old: "		if !has(driver, w.text) {", new: "		if false {",
			pkg: tests, run: "TestBadFiles",
		},
		{
			name: "a question that nobody signs is not asked for", file: "rules/build_parties.go",
			old: "	if key := spec.ConfirmKey; key != \"\" && !m.owner.Keys.IsSet(key) {", new: "	if key := spec.ConfirmKey; false {",
			pkg: tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "a driver's keys are all there", file: "rules/build_parties.go",
			old: "		need(!k.Required || m.Keys.IsSet(k.Name)", new: "		need(true || m.Keys.IsSet(k.Name)",
			pkg: tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "keys show nothing of what they hold", file: "payment/keys.go",
			old: "		names = append(names, one.name)", new: "		names = append(names, one.name, fmt.Sprint(one.texts), string(append([]Secret{\"\"}, one.secrets...)[len(one.secrets)]))",
			pkg: "./payment", run: "TestKeysPrintNothingOfWhatTheyHold",
		},
		{
			name: "keys that are guessed guard no real money", file: "rules/keys.go",
			old: "!k.long && len(bare) < minSecret", new: "false",
			pkg: tests, run: "TestEverySecretIsHeld",
		},
		{
			name: "a token key is drawn", file: "rules/decode_server.go",
			old: "		case !random(key):", new: "		case false:",
			pkg: tests, run: "TestEverySecretIsHeld|TestBadFiles",
		},
		{
			name: "a signing secret verifies something", file: "rules/verifying.go",
			old: "return err == nil && len(key) >= minSecret", new: "return err == nil && (len(key) >= minSecret || len(key) < minSecret)",
			pkg: tests, run: "TestSigningSecretsVerifySomething",
		},
		{
			name: "what is for the inside does not answer outside", file: "rules/addresses.go",
			old: "		if other := seen[port]; other != \"\" {", new: "		if other := seen[port]; false {",
			pkg: tests, run: "TestEveryListenerIsHeld",
		},
		{
			name: "PGs are not spoken to in the clear", file: "rules/golive.go",
			old: "if inClear(u.address) &&", new: "if false &&",
			pkg: tests, run: "TestEveryAddressIsHeld",
		},
		{
			name: "VAT is at most a tenth of the supply value", file: taxes,
			old: "c.VAT < 0 || c.VAT > most {", new: "c.VAT < 0 || c.VAT > c.Amount {",
			pkg: tests, run: sums,
		},
		{
			name: "a part bears no more VAT than its own", file: taxes,
			old: "vat: min(c.VAT, mostVAT(part-free))", new: "vat: c.VAT",
			pkg: tests, run: sums,
		},
		{
			name: "no more is tax-free than the PG charges", file: taxes,
			old: "	free := min(c.TaxFree, part)", new: "	free := c.TaxFree",
			pkg: tests, run: sums,
		},
		{
			name: "a taxable contract takes nothing tax-free", file: taxes,
			old: "	case payment.TaxTaxable:\n		if t.free > 0 {", new: "	case payment.TaxTaxable:\n		if false {",
			pkg: tests, run: kinds,
		},
		{
			name: "a mixed contract needs the tax-free part stated", file: taxes,
			old: "		if !t.freeSet {", new: "		if false {",
			pkg: tests, run: kinds,
		},
		{
			name: "a tax-free contract is so as a whole", file: taxes,
			old: "		if t.free > 0 && t.free < part {", new: "		if false {",
			pkg: tests, run: kinds,
		},
		{
			name: "a zero-rated contract takes no VAT", file: taxes,
			old: "	case payment.TaxZeroRated:\n		if t.vat > 0 {", new: "	case payment.TaxZeroRated:\n		if false {",
			pkg: tests, run: kinds,
		},
		{
			name: "a deposit deadline is not too early", file: deposit,
			old: "due.Before(from) || due.After(to)", new: "due.After(to)",
			pkg: tests, run: "TestDecisions|TestTheDepositDeadlineIsWithinItsBounds",
		},
		{
			name: "a deposit deadline is not too late", file: deposit,
			old: "due.Before(from) || due.After(to)", new: "due.Before(from)",
			pkg: tests, run: "TestDecisions|TestTheDepositDeadlineIsWithinItsBounds",
		},
		{
			name: "only a virtual account has a deposit deadline", file: deposit,
			old: "		if !asked.IsZero() {", new: "		if false {",
			pkg: tests, run: kinds,
		},
		{
			name: "a deposit deadline is read to the letter", file: "payment/account.go",
			old: " || t.Format(layout) != s {", new: " {",
			pkg: "./payment", run: "TestParseDepositDue|FuzzParseDepositDue",
		},
		{
			name: "the index keeps the rules that name no site", file: index,
			old: "			set, ok := a.by[k]\n			if !ok {\n				set = slices.Clone(a.others)\n			}", new: "			set, ok := a.by[k]\n			if !ok {\n				set = make(bitset, len(a.others))\n			}",
			pkg: tests, run: "TestDecisions|TestTheTraceNeverChangesTheDecision",
		},
		{
			name: "a browser's VAT is compared with the order's", file: checkout,
			old: "	case c.VATSet && (!o.VATSet || c.VAT != o.VAT):", new: "	case false:",
			pkg: "./gateway", run: "TestCheckoutTakesTheOrdersVAT",
		},
		{
			name: "the browser's VAT never counts on an intercepted route", file: intercept,
			old: "	co.VAT, co.VATSet = 0, false\n", new: "",
			pkg: "./gateway", run: "TestInterceptTakesTaxesAndDeadline",
		},
	}
}
