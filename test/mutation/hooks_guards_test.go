package mutation

// hookGuards are those of PortOne's webhooks, its confirm process and an unmatched payment.
func hookGuards() []guard {
	const tests = "./lifecycle"
	return []guard{
		{
			name: "v2-webhook-is-signed", does: never(),
			says: "V2 webhooks are verified",
			pkg:  "./adapters/portonev2", run: "TestForgedWebhooks",
		},
		{
			name: "signed-is-verified-at-the-door", does: never(),
			says: "what a PG signs is verified at the door",
			pkg:  "./gateway", run: "TestForgedWebhooksChangeNothing|TestAThirdPartysDriverIsPaidThrough",
		},
		{
			name: "only-verifiable-notices", does: drop(2),
			says: "nothing is asked for that cannot be verified",
			pkg:  "./adapters/portonev2", run: "TestNothingIsAskedForThatCannotBeVerified",
		},
		{
			name: "only-verifiable-questions", does: drop(2),
			says: "a question that cannot be verified is not asked for",
			pkg:  "./adapters/portonev2", run: "TestNothingIsAskedForThatCannotBeVerified",
		},
		{
			name: "v1-may-hold-two", does: skip(),
			says: "V1 may hold two payments of one attempt",
			pkg:  "./gateway", run: "TestASecondV1PaymentGoesBack",
		},
		{
			name: "drivers-share-no-address", does: never(),
			says: "two drivers do not share an address",
			pkg:  "./adapters", run: "TestCheckDrivers",
		},
		{
			name: "old-webhook-is-refused", does: never(),
			says: "an old webhook is refused",
			pkg:  "./adapters/portonev2", run: "TestForgedWebhooks",
		},
		{
			name: "empty-webhook-key-signs-nothing", does: drop(2),
			says: "an empty webhook key signs nothing",
			pkg:  "./adapters/portonev2", run: "TestWebhooksNeedASecret",
		},
		{
			name: "unlisted-question-is-read-at-pg", does: never(),
			says: "V1 questions from unlisted addresses are read at PortOne",
			pkg:  "./gateway", run: "TestAnUnlistedSourceProvesNothing",
		},
		{
			name: "unlisted-is-bounded", does: never(),
			says: "what comes from unlisted addresses is bounded",
			pkg:  "./gateway", run: "TestUnlistedSourcesAreBounded",
		},
		{
			name: "escrow-is-shown-by-pg", does: at(2, never()),
			says: "an escrow's notification is shown by the PG",
			pkg:  "./gateway", run: "TestAnEscrowsWayIsWrittenDown",
		},
		{
			name: "questions-amount-is-compared", does: never(),
			says: "a question's amount is compared with what was decided",
			pkg:  "./gateway", run: "TestTheConfirmProcessComparesWhatItIsAsked",
		},
		{
			name: "no-is-no-to-the-pg", does: never(),
			says: "the shop's no is a no to the PG",
			pkg:  "./gateway", run: "TestTheConfirmProcessRefuses",
		},
		{
			name: "no-that-nobody-waits-for", does: becomes("s.lookedAt(context.WithoutCancel(ctx), w)"),
			says: "a no that the PG no longer waits for ends nothing",
			pkg:  tests, run: "TestANoThatNobodyHearsEndsNothing",
		},
		{
			name: "no-to-an-overtaken-question", does: drop(2),
			says: "a no to a question that was overtaken ends nothing",
			pkg:  tests, run: "TestANoToAnOvertakenQuestionEndsNothing",
		},
		{
			name: "refused-meanwhile-is-followed-up", does: never(),
			says: "a notification about an attempt that was refused meanwhile is followed up",
			pkg:  tests, run: "TestANotificationAboutAnAttemptThatWasRefusedMeanwhile",
		},
		{
			name: "told-too-early-is-remembered", does: becomes("error(nil)"),
			says: "a payment that was told of too early is remembered",
			pkg:  tests, run: "TestANotificationIsNotForgotten",
		},
		{
			name: "contradicted-is-not-acknowledged", does: never(),
			says: "a notification that the PG contradicts is not acknowledged",
			pkg:  tests, run: "TestANotificationIsNotForgotten",
		},
		{
			name: "answer-is-kept-before-given", does: never(),
			says: "an answer that is not kept is not given",
			pkg:  "./gateway", run: "TestAnAnswerThatIsNotKeptIsNotGiven",
		},
		{
			name: "taken-order-is-not-charged", does: becomes("Answer{Yes: true}"),
			says: "an order that is held is not charged at the PG's question",
			pkg:  "./gateway", run: "TestTheConfirmProcessRefuses",
		},
		{
			name: "intent-before-go-on", does: skip(),
			says: "the intent is written before the PG is told to go on",
			pkg:  tests, run: "TestAllowFailsClosed",
		},
		{
			name: "decline-of-its-own-transaction", does: drop(2),
			says: "another transaction's decline proves nothing",
			pkg:  tests, run: "TestFollow",
		},
		{
			name: "not-acknowledged-during-question", does: never(),
			says: "a notification during a question is not acknowledged",
			pkg:  tests, run: "TestANotificationDuringAQuestionIsSaidAgain",
		},
		{
			name: "unmatched-back-by-one", does: never(),
			says: "an unmatched payment goes back only by whoever recorded the intent",
			pkg:  tests, run: "TestUnmatchedMoney",
		},
	}
}
