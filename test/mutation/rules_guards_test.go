package mutation

// ruleGuards are those of taxes, of deposit deadlines and of the routing index.
func ruleGuards() []guard {
	const (
		tests       = "./rules"
		kinds, sums = "TestDecisions", "TestDecisions|TestVATIsNeverAboveItsBound"
	)
	return []guard{
		{
			name: "undo-unanswered-is-unknown", does: drop(2),
			says: "an undo without an answer is unknown money",
			pkg:  "./gateway", run: "TestLostPaymentsAreUnknownMoney",
		},
		{
			name: "demo-keys", does: never(),
			says: "keys that everybody knows guard no real money",
			pkg:  tests, run: "TestEverySecretIsHeld|TestNoPrintedKeyIsReal",
		},
		{
			name: "manuals-keys", does: never(),
			says: "keys of public manuals guard no real money",
			pkg:  tests, run: "TestEverySecretIsHeld|TestNoPrintedKeyIsReal|TestRulesTakeADriverAsData",
		},
		{
			name: "test-mid-takes-no-money", does: never(),
			says: "a public test MID takes no real money",
			pkg:  tests, run: "TestBadFiles",
		},
		{
			name: "live-mid-in-test-file", does: never(),
			says: "a live MID is in no test file",
			pkg:  tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "unread-key-is-refused", does: never(),
			says: "a key that its driver does not read is refused",
			pkg:  tests, run: "TestBadFiles",
		},
		{
			name: "unsigned-question-not-asked-for", does: never(),
			says: "a question that nobody signs is not asked for",
			pkg:  tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "drivers-keys-are-there", does: at(1, always()),
			says: "a driver's keys are all there",
			pkg:  tests, run: "TestBadFiles|TestRulesHoldADriverToItsSpec",
		},
		{
			name: "keys-show-nothing", does: also(`fmt.Sprint(one.texts), string(append([]Secret{""}, one.secrets...)[len(one.secrets)])`),
			says: "keys show nothing of what they hold",
			pkg:  "./payment", run: "TestKeysPrintNothingOfWhatTheyHold",
		},
		{
			name: "guessed-keys", does: never(),
			says: "keys that are guessed guard no real money",
			pkg:  tests, run: "TestEverySecretIsHeld",
		},
		{
			name: "token-key-is-drawn", does: never(),
			says: "a token key is drawn",
			pkg:  tests, run: "TestEverySecretIsHeld|TestBadFiles",
		},
		{
			name: "signing-secret-verifies", does: at(2, always()),
			says: "a signing secret verifies something",
			pkg:  tests, run: "TestSigningSecretsVerifySomething",
		},
		{
			name: "inside-is-not-outside", does: never(),
			says: "what is for the inside does not answer outside",
			pkg:  tests, run: "TestEveryListenerIsHeld",
		},
		{
			name: "no-pg-in-the-clear", does: never(),
			says: "PGs are not spoken to in the clear",
			pkg:  tests, run: "TestEveryAddressIsHeld",
		},
		{
			name: "vat-at-most-a-tenth", does: at(2, at(2, becomes("c.Amount"))),
			says: "VAT is at most a tenth of the supply value",
			pkg:  tests, run: sums,
		},
		{
			name: "part-bears-its-own-vat", does: at(2, becomes("c.VAT")),
			says: "a part bears no more VAT than its own",
			pkg:  tests, run: sums,
		},
		{
			name: "tax-free-within-the-charge", does: becomes("c.TaxFree"),
			says: "no more is tax-free than the PG charges",
			pkg:  tests, run: sums,
		},
		{
			name: "taxable-contract", does: never(),
			says: "a taxable contract takes nothing tax-free",
			pkg:  tests, run: kinds,
		},
		{
			name: "mixed-contract-states-tax-free", does: never(),
			says: "a mixed contract needs the tax-free part stated",
			pkg:  tests, run: kinds,
		},
		{
			name: "tax-free-contract", does: never(),
			says: "a tax-free contract is so as a whole",
			pkg:  tests, run: kinds,
		},
		{
			name: "zero-rated-contract", does: never(),
			says: "a zero-rated contract takes no VAT",
			pkg:  tests, run: kinds,
		},
		{
			name: "deadline-not-too-early", does: drop(1),
			says: "a deposit deadline is not too early",
			pkg:  tests, run: "TestDecisions|TestTheDepositDeadlineIsWithinItsBounds",
		},
		{
			name: "deadline-not-too-late", does: drop(2),
			says: "a deposit deadline is not too late",
			pkg:  tests, run: "TestDecisions|TestTheDepositDeadlineIsWithinItsBounds",
		},
		{
			name: "deadline-only-for-accounts", does: never(),
			says: "only a virtual account has a deposit deadline",
			pkg:  tests, run: kinds,
		},
		{
			name: "deadline-to-the-letter", does: drop(3),
			says: "a deposit deadline is read to the letter",
			pkg:  "./payment", run: "TestParseDepositDue|FuzzParseDepositDue",
		},
		{
			name: "index-keeps-rules-without-site", does: becomes("make(bitset, len(a.others))"),
			says: "the index keeps the rules that name no site",
			pkg:  tests, run: "TestDecisions|TestTheTraceNeverChangesTheDecision",
		},
		{
			name: "browsers-vat-is-the-orders", does: never(),
			says: "a browser's VAT is compared with the order's",
			pkg:  "./gateway", run: "TestCheckoutTakesTheOrdersVAT",
		},
		{
			name: "browsers-vat-never-counts", does: skip(),
			says: "the browser's VAT never counts on an intercepted route",
			pkg:  "./gateway", run: "TestInterceptTakesTaxesAndDeadline",
		},
	}
}
