package mutation

// chargeGuards are those of charges of stored billing keys.
func chargeGuards() []guard {
	const machine, door, rules = "./lifecycle", "./gateway", "./rules"
	const v1, inicis = "./adapters/portonev1", "./adapters/inicis"
	return []guard{
		{
			name: "charge-needs-no-proof", does: becomes("true"),
			says: "a charge whose owner died is looked up, and unknown while nothing is shown",
			pkg:  machine, run: "TestAChargeWhoseOwnerDied",
		},
		{
			name: "charges-name-is-its-key", does: instead(`fmt.Fprint(h, part)`),
			says: "a charge is named by its order and its key, and no two are alike",
			pkg:  machine, run: "TestTheIDOfACharge",
		},
		{
			name: "only-the-shops-keys-are-charged", does: never(),
			says: "a key is charged by the attempt that issued it only when the shop has it",
			pkg:  machine, run: "TestAKeyOfAnAttempt",
		},
		{
			name: "known-charge-is-the-same", does: never(),
			says: "an id that was used for something else is refused",
			pkg:  machine, run: "TestAKnownChargeIsTheSame",
		},
		{
			name: "charge-after-its-intent", does: never(),
			says: "nothing is charged without the order's claim and the intent",
			pkg:  machine, run: "TestAnOrderIsChargedOnce",
		},
		{
			name: "charge-of-an-unasked-id", does: never(),
			says: "an id of which the PG does not say that it has nothing is not charged",
			pkg:  machine, run: "TestAnIDThatThePGKnowsIsNotCharged",
		},
		{
			name: "charge-id-of-paid-is-not-safe", does: always(),
			says: "where the PG may have the money another try is not called safe",
			pkg:  machine, run: "TestAnIDThatThePGKnowsIsNotCharged",
		},
		{
			name: "unrecorded-charge-is-not-safe", does: becomes("payment.NewKeySafe"),
			says: "a charge of which nothing is on record is asked for again with the same key",
			pkg:  machine, run: "TestAnIDThatThePGKnowsIsNotCharged",
		},
		{
			name: "charge-without-number-has-one-payment", does: drop(2),
			says: "a charge whose number at the PG is not known has one payment",
			pkg:  machine, run: "TestANotificationOfAChargeWithoutItsNumber",
		},
		{
			name: "notification-of-an-unknown-charge-is-looked-up", does: never(),
			says: "what is told of a charge whose answer was lost is looked up at once",
			pkg:  machine, run: "TestANotificationOfAnUnknownCharge",
		},
		{
			name: "late-charge-is-not-begun", does: never(),
			says: "a charge is begun in time or not at all",
			pkg:  machine, run: "TestAChargeThatIsLateIsNotBegun",
		},
		{
			name: "charge-is-begun-under-its-key", does: skip(),
			says: "a charge is begun while its idempotency key is its own",
			pkg:  door, run: "TestAChargeIsBegunUnderItsKey",
		},
		{
			name: "charge-takes-no-attempts-id", does: never(),
			says: "a charge cannot take the id of an attempt of the gateway's own",
			pkg:  door, run: "TestAChargeUnderAnAttemptsID",
		},
		{
			name: "unknown-charge-is-not-tried-again", does: instead("return p"),
			says: "where a charge may have been made another try is not called safe",
			pkg:  door, run: "TestAnUnknownChargeIsToldToWhoAsksAgain",
		},
		{
			name: "unusable-card-is-never-tried-again", does: skip(),
			says: "a card that cannot be used is not to be tried again",
			pkg:  door, run: "TestADeclinedChargeSaysWhetherToTryAgain",
		},
		{
			name: "untold-charge-is-not-safe", does: becomes("payment.NewKeySafe"),
			says: "where the journal cannot tell of a charge another try is not called safe",
			pkg:  door, run: "TestAChargeThatTheJournalCannotTellOf",
		},
		{
			name: "charge-wants-a-key", does: never(),
			says: "a charge without an Idempotency-Key is refused",
			pkg:  door, run: "TestAChargeThatIsRefused",
		},
		{
			name: "charge-names-one-key", does: never(),
			says: "a charge that names two billing keys is refused",
			pkg:  door, run: "TestAChargeThatIsRefused",
		},
		{
			name: "key-is-charged-where-it-is", does: never(),
			says: "a billing key is charged through its own contract only",
			pkg:  rules, run: "TestAKeyIsChargedWhereItIs",
		},
		{
			name: "key-is-charged-by-its-own-method", does: never(),
			says: "a billing key is charged by the method that its PG says it pays with",
			pkg:  rules, run: "TestPhonesAreChargedWhereTheChannelCan",
		},
		{
			name: "keys-are-issued-for-what-the-driver-can", does: never(),
			says: "no window is opened for a billing key of a method that the driver has none issued for",
			pkg:  rules, run: "TestPhonesAreChargedWhereTheChannelCan",
		},
		{
			name: "key-pays-with-its-own-method", does: drop(2),
			says: "a key for phone bills is decided and charged as a phone's",
			pkg:  door, run: "TestAPhonesKeyIsChargedAsOne",
		},
		{
			name: "cards-alone-have-instalments", does: never(),
			says: "a phone bill is charged in one piece",
			pkg:  door, run: "TestAPhonesKeyIsHeldToTheRules",
		},
		{
			name: "test-key-at-a-live-merchant", does: never(),
			says: "no test key is charged for real money, and no real card at a test merchant",
			pkg:  rules, run: "TestAKeysModeIsTheMerchants",
		},
		{
			name: "charge-has-no-device", does: drop(2),
			says: "what is said for all devices is said for a charge, which has none",
			pkg:  rules, run: "TestDecisions",
		},
		{
			name: "callers-figures-are-not-taken", does: never(),
			says: "a caller's field never stands in the place of what was decided",
			pkg:  v1, run: "TestAChargeSaysWhatWasDecided",
		},
		{
			name: "charge-is-asked-about-by-contract", does: never(),
			says: "Inicis: what is said of an order number without the contract for it is no word about a charge",
			pkg:  inicis, run: "TestAChargeIsAskedAboutByItsNumber",
		},
		{
			name: "iniapi-charge-drops-no-taxes", does: never(),
			says: "Inicis: nothing is charged whose parts would have to be stated",
			pkg:  inicis, run: "TestAChargeThatInicisCannotBeSent",
		},
		{
			name: "iniapi-charge-in-doubt-is-unknown", does: never(),
			says: "Inicis: a time-out, a duplicate and an unreadable code are no decline of a charge",
			pkg:  inicis, run: "TestConformance",
		},
		{
			name: "iniapi-used-order-number-is-in-doubt", does: drop(2),
			says: "Inicis: an order number that was used before may have been paid",
			pkg:  inicis, run: "TestConformance",
		},
		{
			name: "iniapi-charge-is-our-mids", does: skip(),
			says: "Inicis: whose charge it is stands in the transaction's number",
			pkg:  inicis, run: "TestAChargeAsTheVectorsHaveIt",
		},
		{
			name: "lost-charge-is-looked-up", does: drop(2),
			says: "a charge whose answer is lost is looked up, and not undone where the PG has a net cancel for windows",
			pkg:  door, run: "TestAChargeAtInicisWhoseAnswerIsLost",
		},
		{
			name: "untold-key-is-the-only-pgs", does: never(),
			says: "a key that nobody knows is not charged at a PG that cannot be asked, where another may have it",
			pkg:  door, run: "TestWhereAKeyOfInicisIs",
		},
		{
			name: "only-issued-keys-are-known", does: drop(1),
			says: "what was used to approve a payment is no billing key",
			pkg:  door, run: "TestWhereAKeyOfInicisIs",
		},
		{
			name: "v1-charge-answers-for-its-attempt", does: never(),
			says: "V1: another id's payment is no answer to a charge",
			pkg:  v1, run: "TestConformance",
		},
		{
			name: "v1-charge-is-paid-by-its-status", does: never(),
			says: "V1: code 0 without status paid is no charge",
			pkg:  v1, run: "TestConformance",
		},
	}
}
