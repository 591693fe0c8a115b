package mutation

// portoneGuards are those of PortOne's drivers around virtual accounts, taxes, cancels and billing keys.
func portoneGuards() []guard {
	const tests1, tests2 = "./adapters/portonev1", "./adapters/portonev2"
	return []guard{
		{
			name: "v1-waiting-account-is-not-paid", does: becomes("payment.OutcomeApproved"),
			says: "V1: an account that waits is not paid",
			pkg:  tests1, run: "TestConformance",
		},
		{
			name: "v1-cancelled-with-deposit", does: drop(1),
			says: "V1: a cancelled account with a deposit was not closed unpaid",
			pkg:  tests1, run: "TestConformance",
		},
		{
			name: "v1-open-account-is-seen", does: always(),
			says: "V1: an open account is seen whatever the hint says",
			pkg:  tests1, run: "TestAnOpenAccountIsSeenWhateverTheHintSays",
		},
		{
			name: "v1-closed-account-is-shown", does: becomes("r.Outcome == payment.OutcomeDeclined"),
			says: "V1: a success that shows no closed account is none",
			pkg:  tests1, run: "TestConformance",
		},
		{
			name: "v1-account-money-to-named-account", does: drop(2),
			says: "V1: an account's money goes back to a named account only",
			pkg:  tests1, run: "TestARefundIsCheckedBeforeItIsSent",
		},
		{
			name: "v1-key-is-its-attempts", does: never(),
			says: "V1: a key is the attempt's own",
			pkg:  tests1, run: "TestConformance",
		},
		{
			name: "v1-payment-of-nothing", does: at(1, at(2, becomes("func(adapters.Result) bool { return false }"))),
			says: "V1: a payment of nothing is no unmatched payment",
			pkg:  tests1, run: "TestPaymentsOfNothingAreNotListedAsPaid",
		},
		{
			name: "v2-waiting-account-is-not-paid", does: becomes("payment.OutcomeApproved"),
			says: "V2: an account that waits is not paid",
			pkg:  tests2, run: "TestConformance|TestTheAccountIsReadAsFarAsItIsTold",
		},
		{
			name: "v1-parts-are-read", does: instead("r.Taxes = adapters.Taxes{}"),
			says: "V1: the parts of the amount are read",
			pkg:  "./gateway", run: "TestABuyerWhoChangesTheTaxes",
		},
		{
			name: "back-whole-states-what-was-stated", does: never(),
			says: "what is given back whole states what was stated",
			pkg:  "./gateway", run: "TestABuyerWhoChangesTheTaxes",
		},
		{
			name: "v2-asked-for-was-not-given-back", does: skip(),
			says: "V2: what is only asked for was not given back",
			pkg:  tests2, run: "TestOnlyCancellationsThatSucceededCount",
		},
		{
			name: "v2-to-be-cancelled-is-paid", does: never(),
			says: "V2: a payment whose cancel is to come is still paid",
			pkg:  tests2, run: "TestOnlyCancellationsThatSucceededCount",
		},
		{
			name: "v2-account-money-to-named-account", does: drop(2),
			says: "V2: an account's money goes back to a named account only",
			pkg:  tests2, run: "TestARefundIsCheckedBeforeItIsSent",
		},
		{
			name: "v2-hinted-key-is-its-attempts", does: never(),
			says: "V2: a hinted key is believed of its own attempt only",
			pkg:  tests2, run: "TestAKeyIsFoundByHintOrSearchAndOnlyOnesOwn|TestOnlyTheAttemptsOwnKeyIsDeleted",
		},
		{
			name: "v2-key-in-a-path-is-plain", does: drop(3),
			says: "V2: a key never gets into a path unread",
			pkg:  tests2, run: "TestAKeyIsFoundByHintOrSearchAndOnlyOnesOwn|TestParseEvent",
		},
		{
			name: "v2-short-search-is-no-answer", does: at(2, becomes("errNoKey")),
			says: "V2: a search that was cut short is no answer",
			pkg:  tests2, run: "TestASearchThatIsCutShortIsNoAnswer",
		},
		{
			name: "refund-bank-is-not-guessed", does: never(),
			says: "no bank of a refund is guessed",
			pkg:  "./adapters/banks", run: "TestRefundSpeaksThePGsOwnCode",
		},
		{
			name: "masked-account-is-none", does: drop(2),
			says: "a masked account is no account",
			pkg:  "./adapters/wire", run: "TestAccountNumber|TestRefundOf",
		},
		{
			name: "vat-is-part-of-taxable", does: drop(2, 3),
			says: "a VAT is a part of what is taxable",
			pkg:  "./adapters/wire", run: "TestTaxesOf",
		},
		{
			name: "v1-cancel-by-its-own-payment", does: drop(2),
			says: "a V1 cancel is proven by its own payment alone",
			pkg:  "./adapters/drivers", run: "TestWhichAnswerProvesAnEffect",
		},
		{
			name: "other-escrow", does: never(),
			says: "another escrow than was decided does not stand",
			pkg:  "./adapters/drivers", run: "TestWhichAnswerProvesWhat|TestAnEscrowThatTheBuyerTookOut",
		},
		{
			name: "missing-escrow-of-a-card", does: always(),
			says: "a card's missing escrow is no difference",
			pkg:  "./adapters/drivers", run: "TestAnEscrowThatTheBuyerTookOut",
		},
		{
			name: "instalment-nobody-offers", does: never(),
			says: "an instalment that no window offers does not stand",
			pkg:  "./adapters/drivers", run: "TestAnInstalmentThatNoWindowOffers",
		},
	}
}
