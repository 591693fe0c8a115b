package mutation

// arrivalGuards are those of what comes in while an attempt is in any state: no money is acknowledged and forgotten.
func arrivalGuards() []guard {
	const tests, table = "./lifecycle", "TestArrivals"
	return []guard{
		{
			name: "not-acknowledged-while-captured", does: drop(2),
			says: "a notification about a captured attempt is sent again",
			pkg:  tests, run: table,
		},
		{
			name: "dead-owners-captured-is-looked-up", does: becomes("s.askAfter(ctx, w)"),
			says: "a captured attempt whose owner died is looked up again",
			pkg:  tests, run: "TestResume",
		},
		{
			name: "not-shown-comes-to-a-person", does: drop(1),
			says: "money that a PG shows no more comes before a person",
			pkg:  tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "unasked-contradicts-nothing", does: instead("answered += e.Times"),
			says: "a PG that cannot be asked contradicts nothing",
			pkg:  tests, run: "TestAPGThatCannotBeAskedContradictsNothing",
		},
		{
			name: "shop-is-asked-again", does: never(),
			says: "the shop is asked about money that shows again",
			pkg:  tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "being-given-back-is-not-sold", does: never(),
			says: "what is being given back is not sold",
			pkg:  tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "other-trys-decline", does: at(2, at(2, always())),
			says: "the decline of another try ends nothing that was captured",
			pkg:  tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "key-is-not-charged-by-hand", does: never(),
			says: "a key is never handed to the shop by hand",
			pkg:  tests, run: "TestAKeyIsNotChargedByHand",
		},
		{
			name: "back-in-part-is-not-approved", does: never(),
			says: "what was given back in part before the approval is not approved",
			pkg:  tests, run: table,
		},
		{
			name: "contradiction-comes-to-a-person", does: never(),
			says: "a PG that shows an approved payment as not paid is before a person",
			pkg:  tests, run: table,
		},
		{
			name: "one-error-contradicts-nothing", does: never(),
			says: "a PG that errs once contradicts nothing",
			pkg:  tests, run: "TestAContradictionIsLookedAtTwice",
		},
		{
			name: "contradiction-ends-by-the-payment", does: never(),
			says: "a contradiction is ended by nothing but the payment",
			pkg:  tests, run: table,
		},
		{
			name: "account-in-place-of-another-method", does: drop(2),
			says: "an account that was issued in the place of another method has deposits",
			pkg:  tests, run: "TestADepositIntoAnAccountThatNobodyDecidedOn",
		},
		{
			name: "refused-undo-leaves-parts-to-pg", does: never(),
			says: "an undo that is refused leaves its parts to the PG",
			pkg:  tests, run: "TestAnUndoWhosePartsThePGRefuses",
		},
		{
			name: "other-transaction-contradicts", does: at(2, drop(2)),
			says: "another transaction in an approved one's place is a contradiction",
			pkg:  "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "not-shown-is-told-again", does: never(),
			says: "an approved payment that is not shown is told of again",
			pkg:  "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "opening-of-approved-is-looked-up", does: always(),
			says: "a window's opening is looked up for an approved payment",
			pkg:  "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "opening-waits-for-the-journal", does: never(),
			says: "a window's opening waits for the journal",
			pkg:  "./gateway", run: "TestWebhooksWaitForTheJournal",
		},
	}
}
