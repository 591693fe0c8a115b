package mutation

// strangerGuards are those that hold strangers and PGs that are not well, and those of reloads.
func strangerGuards() []guard {
	return []guard{
		{
			name: "amount-is-guessed-seldom", does: never(),
			says: "a wrong amount is guessed a few times",
			pkg:  "./gateway", run: "TestAnAmountIsGuessedAFewTimes",
		},
		{
			name: "all-windows-at-one-pg", does: never(),
			says: "who has all windows of an order at one PG has not taken the buyer's",
			pkg:  "./gateway", run: "TestTwoStrangersBlockNoBuyer",
		},
		{
			name: "ipv6-guesses-as-one", does: at(2, becomes("64")),
			says: "a customer of IPv6 guesses as one",
			pkg:  "./gateway", run: "TestAnAmountIsGuessedByOneNetwork",
		},
		{
			name: "neighbours-use-up-no-own-rate", does: never(),
			says: "neighbours do not use up an authenticated buyer's rate",
			pkg:  "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "sealed-return-has-an-end", does: always(),
			says: "a sealed return is not taken without end",
			pkg:  "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "strangers-seldom-ask-a-pg", does: never(),
			says: "strangers make us ask a PG seldom",
			pkg:  "./gateway", run: "TestStrangersMakeFewLookUps",
		},
		{
			name: "unopened-window-not-counted", does: skip(),
			says: "a window that did not open is not counted",
			pkg:  "./gateway", run: "TestAWindowThatDidNotOpenIsNotCounted",
		},
		{
			name: "look-ups-make-up-for-nothing", does: instead("return classApprove"),
			says: "answered look-ups do not make up for lost approvals",
			pkg:  "./gateway", run: "TestWhatMakesAPGUnwell|TestADeadPGIsLeftForOthers",
		},
		{
			name: "lost-answer-counts", does: at(2, drop(2)),
			says: "a lost answer counts against a PG",
			pkg:  "./gateway", run: "TestWhatMakesAPGUnwell",
		},
		{
			name: "own-fault-is-no-pgs", does: never(),
			says: "a request that we gave up says nothing about a PG",
			pkg:  "./gateway", run: "TestWhatMakesAPGUnwell|TestAPGIsTriedByATrickle",
		},
		{
			name: "what-is-owed-is-sent", does: drop(2),
			says: "no breaker holds back what finds money or gives it back",
			pkg:  "./gateway", run: "TestWhatIsOwedIsAlwaysSent",
		},
		{
			name: "kept-back-is-not-sent", does: never(),
			says: "an approval that is kept back is not sent",
			pkg:  "./lifecycle", run: "TestAnApprovalThatIsKeptBackIsNotSent",
		},
		{
			name: "kept-back-opens-no-window", does: never(),
			says: "a PG whose windows are lost is not asked for one, and a fallback opens it",
			pkg:  "./gateway", run: "TestAWindowThatIsKeptBackOpensElsewhere",
		},
		{
			name: "prepared-before-the-swap", does: then("err = nil"),
			says: "all that can fail is done before the rules are in force",
			pkg:  "./reload", run: "TestWhatIsDerivedIsDerivedBeforeTheSwap",
		},
		{
			name: "file-stands-still", does: never(),
			says: "a file is read when it stands still",
			pkg:  "./reload", run: "TestAWriteThatNoEventTellsOfIsSeenBeforeTheLoad",
		},
		{
			name: "neighbours-hold-no-callback", does: at(2, never()),
			says: "neighbours do not hold a buyer's callback",
			pkg:  "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "invented-id-lifts-no-rate", does: always(),
			says: "an invented id lifts no rate",
			pkg:  "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
	}
}
