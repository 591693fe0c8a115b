package mutation

// apiGuards are of what the order service calls of a PG's own API.
func apiGuards() []guard {
	return []guard{
		{
			name: "unknown-call-moves-nothing", does: becomes(`Match{Kind: adapters.APIPasses, Name: unknown}`),
			says: "what changes something and nobody here knows is not handed on",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "no-other-spelling-of-a-field", does: never(),
			says: "a field that somebody could read for another is refused",
			pkg:  "./adapters/apicalls", run: "TestBodiesAreReadInOneWay",
		},
		{
			name: "own-fields-win", does: skip(),
			says: "no field of the caller's stands in the place of one of ours",
			pkg:  "./adapters/wire", run: "TestOwnFieldsWin",
		},
		{
			name: "live-reads-no-test-payments", does: never(),
			says: "with real money nobody reads test payments",
			pkg:  "./adapters/portonev1", run: "TestSandboxQuery",
		},
		{
			name: "test-reads-test-payments", does: never(),
			says: "test payments are found in test mode",
			pkg:  "./gateway", run: "TestTestPaymentsAreForTestMerchants",
		},
		{
			name: "close-by-api-gives-nothing-back", does: never(),
			says: "closing an account gives back nothing that was paid",
			pkg:  "./gateway", run: "TestClosingGivesNothingBack",
		},
		{
			name: "v1-zero-is-not-everything", does: never(),
			says: "a V1 cancel of 0 won does not give everything back",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "v2-zero-is-not-everything", does: never(),
			says: "a V2 cancel of 0 won is refused",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "v1-others-cancel-has-a-checksum", does: never(),
			says: "a cancel of a payment of others happens once",
			pkg:  "./gateway", run: "TestOthersCancels",
		},
		{
			name: "v2-others-cancel-states-what-is-left", does: never(),
			says: "a cancel of a payment of others happens once",
			pkg:  "./gateway", run: "TestOthersCancels",
		},
		{
			name: "v2-no-other-store", does: never(),
			says: "no money moves in another store than the configured one",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "api-path-is-read-in-one-way", does: never(),
			says: "no path means one call here and another at the PG",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "registered-amount-is-the-decided-one", does: never(),
			says: "nobody registers another amount for an attempt than was decided",
			pkg:  "./gateway", run: "TestRegisteredAmountIsTheDecidedOne",
		},
		{
			name: "cancel-is-the-accounts-own", does: never(),
			says: "a sub-merchant's cancel is not made in the account of another",
			pkg:  "./gateway", run: "TestCallsThatMoveMoneyAreReadFirst",
		},
		{
			name: "cancel-goes-to-its-own-pg", does: never(),
			says: "a cancel is made at the PG that has the money",
			pkg:  "./gateway", run: "TestCancelAtAnotherPG",
		},
		{
			name: "second-payment-is-no-attempts-cancel", does: never(),
			says: "a cancel of another payment under an attempt's id does not cancel the approved one",
			pkg:  "./gateway", run: "TestCancelOfASecondPayment",
		},
		{
			name: "full-cancel-again-is-the-same", does: becomes(`"c_another"`),
			says: "a full cancel that is repeated gets the first one's answer",
			pkg:  "./lifecycle", run: "TestCancelsAtAnAPIAreNamed",
		},
		{
			name: "blind-repeat-gives-nothing-back", does: never(),
			says: "a cancel in part that may be a repeat gives nothing back a second time",
			pkg:  "./lifecycle", run: "TestCancelsAtAnAPIAreNamed",
		},
		{
			name: "late-cancel-is-asked-for-again", does: never(),
			says: "a cancel whose caller was told that nobody knows is not made once more when he asks again",
			pkg:  "./lifecycle", run: "TestCancelsAtAnAPIAreNamed",
		},
		{
			name: "blind-repeat-of-others-gives-nothing-back", does: never(),
			says: "a cancel in part of a payment of others that may be a repeat is not handed on",
			pkg:  "./gateway", run: "TestOthersCancelsAgain",
		},
		{
			name: "test-mode-gives-no-real-money-back", does: never(),
			says: "in test mode no real money of others goes back",
			pkg:  "./gateway", run: "TestOthersCancelsAgain",
		},
		{
			name: "api-head-is-read-in-one-way", does: never(),
			says: "no header that says what a call does is there twice",
			pkg:  "./gateway", run: "TestHeadsOfCallsAreReadInOneWay",
		},
		{
			name: "strangers-fill-no-memory", does: skip(),
			says: "who has no token has no large body read",
			pkg:  "./gateway", run: "TestStrangersFillNoMemory",
		},
		{
			name: "lists-are-of-the-account", does: becomes(`ok && isList && reflect.DeepEqual(list.pg, list.pg)`),
			says: "no list of one account is answered with after its keys were changed for another's",
			pkg:  "./gateway", run: "TestListsAreKept",
		},
		{
			name: "schedules-are-our-accounts", does: drop(3),
			says: "a charge on record as an attempt is not scheduled in another account",
			pkg:  "./gateway", run: "TestSchedulesAreOurAccounts",
		},
		{
			name: "other-pages-call-no-api", does: never(),
			says: "a page of others calls no PG's API through a browser on this machine",
			pkg:  "./gateway", run: "TestAPIWithoutTokens",
		},
		{
			name: "api-wants-token", does: never(),
			says: "without a token nobody calls a PG's API with our credentials",
			pkg:  "./gateway", run: "TestCredentialsAreOurs",
		},
		{
			name: "grant-ends-with-its-token", does: skip(),
			says: "what was granted for a token that is gone opens nothing",
			pkg:  "./gateway", run: "TestGrantOfATokenThatIsGone",
		},
		{
			name: "grants-are-ours", does: never(),
			says: "a grant that somebody made up, or one of another PG, opens nothing",
			pkg:  "./gateway", run: "TestCredentialsAreOurs",
		},
		{
			name: "grants-end", does: never(),
			says: "a grant ends when it says",
			pkg:  "./gateway", run: "TestCredentialsAreOurs",
		},
		{
			name: "no-grant-without-secret", does: never(),
			says: "nobody is granted anything for a secret that is not his",
			pkg:  "./gateway", run: "TestCredentialsAreOurs",
		},
		{
			name: "callers-credentials-stay", does: becomes("dropFromAPI(name)"),
			says: "the PG hears our credentials alone",
			pkg:  "./gateway", run: "TestWhatAnAPIHears",
		},
		{
			name: "no-other-method-behind-one", does: never(),
			says: "no header makes the PG do another method than the one that was judged",
			pkg:  "./gateway", run: "TestWhatAnAPIHears",
		},
		{
			name: "live-socket-is-not-taken", does: never(),
			says: "a socket that another process serves is left to it",
			pkg:  "./gateway", run: "TestWaysIn",
		},
		{
			name: "api-beyond-loopback", does: never(),
			says: "an API that others can reach wants tokens",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "refusals-are-not-kept", does: always(),
			says: "a PG's refusal is not answered with for minutes",
			pkg:  "./gateway", run: "TestListsAreKept",
		},
		{
			name: "v2-answers-are-json", does: skip(),
			says: "a page of somebody in between is not handed on as PortOne's yes",
			pkg:  "./gateway", run: "TestLostChargesAtAnAPI",
		},
		{
			name: "charge-is-the-accounts-own", does: never(),
			says: "a sub-merchant's charge is not made in the account of another",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "decline-is-the-pgs-own-word", does: never(),
			says: "a decline reads to an SDK as PortOne's",
			pkg:  "./gateway", run: "TestDeclinesAtAnAPI",
		},
		{
			name: "disbelieved-answer-is-not-handed-on", does: never(),
			says: "an SDK is not told of another payment in the place of its own",
			pkg:  "./gateway", run: "TestLostChargesAtAnAPI",
		},
		{
			name: "charged-before-is-said", does: never(),
			says: "a number that is paid is not answered as if it had been paid now",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreOurs",
		},
		{
			name: "charged-through-the-named-channel", does: never(),
			says: "a channel that the caller names is the one that is charged through",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "v1-charge-names-no-other-pg", does: never(),
			says: "an unknown pg does not charge by the default one",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "v2-charge-names-no-other-pg", does: never(),
			says: "no group of channels decides in the place of the rules",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "api-charges-in-won", does: never(),
			says: "an amount in another currency is not charged in won",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "v2-api-charges-in-won", does: never(),
			says: "an amount in another currency is not charged in won",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreDecided",
		},
		{
			name: "schedule-is-the-accounts-own", does: never(),
			says: "a sub-merchant's schedule is not made in the account of another",
			pkg:  "./gateway", run: "TestAScheduleUnderAUsedID",
		},
		{
			name: "schedule-after-its-intent", does: never(),
			says: "the PG hears of no schedule that is not on record, and of none twice",
			pkg:  "./gateway", run: "TestAScheduleIsAnAttempt",
		},
		{
			name: "schedule-takes-no-attempts-id", does: never(),
			says: "nobody schedules under an id that the gateway made",
			pkg:  "./gateway", run: "TestSchedulesAreDecided",
		},
		{
			name: "scheduled-id-is-unused", does: never(),
			says: "an older payment under its id is not taken for a schedule's",
			pkg:  "./gateway", run: "TestAScheduleUnderAUsedID",
		},
		{
			name: "refused-schedule-is-taken-back", does: never(),
			says: "what the PG will not charge is not waited for",
			pkg:  "./gateway", run: "TestAScheduleThatPortOneRefuses",
		},
		{
			name: "v1-schedule-issues-no-key", does: never(),
			says: "no card goes along with a schedule",
			pkg:  "./gateway", run: "TestSchedulesAreDecided",
		},
		{
			name: "v1-schedule-checks-no-card", does: never(),
			says: "making a schedule charges nothing",
			pkg:  "./gateway", run: "TestSchedulesAreDecided",
		},
		{
			name: "scheduled-charge-is-the-shops-own-wish", does: becomes("true"),
			says: "a scheduled charge is not given back since its order is none that the shop can confirm",
			pkg:  "./gateway", run: "TestAScheduleIsAnAttempt",
		},
		{
			name: "retried-schedule-is-parked", does: never(),
			says: "what a PG took on a second try of a schedule is not given back unasked",
			pkg:  "./lifecycle", run: "TestAScheduleThatIsTriedAgain",
		},
		{
			name: "others-payment-is-said-twice", does: never(),
			says: "one wrong word of a PG's makes no payment of ours another's",
			pkg:  "./gateway", run: "TestAPGThatSaysWhoseOnceWrong",
		},
		{
			name: "v1-answer-read-again-is-the-attempts", does: never(),
			says: "an answer that is read again is of the attempt that it answers for",
			pkg:  "./gateway", run: "TestAnswersReadAgainAreTheAttempts",
		},
		{
			name: "v2-answer-read-again-is-the-attempts", does: drop(2),
			says: "an answer that is read again is of the attempt that it answers for",
			pkg:  "./gateway", run: "TestAnswersReadAgainAreTheAttempts",
		},
		{
			name: "v1-charge-is-answered-with-its-amount", does: drop(2),
			says: "a charge that is answered again says what was charged",
			pkg:  "./gateway", run: "TestAnswersReadAgainAreTheAttempts",
		},
		{
			name: "v1-charge-is-answered-for-its-key", does: never(),
			says: "a charge of another card is not answered with the first card's payment",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreOurs",
		},
		{
			name: "v2-charge-is-answered-for-its-key", does: drop(2),
			says: "a charge of another card is not answered with the first card's payment",
			pkg:  "./gateway", run: "TestChargesAtAnAPIAreOurs",
		},
		{
			name: "lists-are-nobodys-own", does: always(),
			says: "a sub-merchant's list is answered to nobody else",
			pkg:  "./gateway", run: "TestListsAreKept",
		},
	}
}
