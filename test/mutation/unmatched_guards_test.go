package mutation

// unmatchedGuards are those of leases, of holds, and of an unmatched payment.
func unmatchedGuards() []guard {
	const tests = "./lifecycle"
	return []guard{
		{
			name: "unmatched-absent-in-a-row", does: at(3, becomes("l.Checks < notFoundChecks")),
			says: "an unmatched payment is absent only if look-ups say so in a row",
			pkg:  tests, run: "TestAbsenceClosesOnlyWhatWasNeverSeen",
		},
		{
			name: "refused-is-watched-first", does: skip(),
			says: "a payment that was refused is watched before its attempt ends",
			pkg:  tests, run: "TestAPaymentIsWatchedBeforeItsAttemptEnds",
		},
		{
			name: "every-no-is-watched", does: skip(),
			says: "every no to a question is watched",
			pkg:  tests, run: "TestArrivals",
		},
		{
			name: "unsigned-question-writes-what-is-shown", does: never(),
			says: "a question that nobody signed writes down only what the PG shows",
			pkg:  tests, run: "TestQuestionsThatAreWatched",
		},
		{
			name: "dead-owners-question-is-watched", does: skip(),
			says: "the payment of a question whose owner died is watched",
			pkg:  tests, run: "TestAQuestionWhoseOwnerDied",
		},
		{
			name: "absent-that-shows-is-taken-up", does: becomes(`""`),
			says: "absent money that shows is taken up",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "look-up-of-no-owner-puts-nothing-off", does: always(),
			says: "the look-up of who does not own the attempt puts no next check off",
			pkg:  tests, run: "TestABrowsersLookUpPutsNothingOff",
		},
		{
			name: "unsigned-notification-writes-nothing", does: never(),
			says: "a notification that nobody signed writes nothing by itself",
			pkg:  tests, run: "TestAnUnsignedNotificationWritesNothingByItself",
		},
		{
			name: "unsigned-deposit-writes-nothing", does: skip(),
			says: "a deposit's notice writes nothing before the PG was asked",
			pkg:  tests, run: "TestAnUnsignedDepositIsAskedAbout",
		},
		{
			name: "browsers-look-up-is-no-owners", does: skip(),
			says: "a browser's look-up is not its owner's",
			pkg:  tests, run: "TestABrowsersLookUpPutsNothingOff",
		},
		{
			name: "former-owners-look-up", does: becomes(`"lease_until <> ?+1"`),
			says: "a former owner's look-up counts for nothing",
			pkg:  tests, run: "TestAFormerOwnerDoesNothing",
		},
		{
			name: "look-up-of-another-state", does: drop(1),
			says: "a look-up of another state counts for nothing",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "holder-drops-key", does: becomes(`"held_until <> ?+1"`),
			says: "only its holder drops a key",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "holder-ends-key", does: becomes(`"held_until <> ?+1"`),
			says: "only its holder ends a key",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "unmatched-back-on-a-fresh-look-up", does: becomes(`"unmatched_payments.tries <> ?+100"`),
			says: "an unmatched payment is given back only on a look-up that no other try came after",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "leased-unmatched-is-ones-own", does: becomes(`"(lease_until <= ? OR 1)"`),
			says: "a leased unmatched payment is nobody else's",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "flagged-is-not-given-back", does: drop(3),
			says: "what waits for a person is not given back",
			pkg:  tests, run: "TestUnmatchedMoneyIsSwept",
		},
		{
			name: "look-up-of-another-payment", does: never(),
			says: "a look-up of another payment proves nothing",
			pkg:  tests, run: "TestUnmatchedMoneyIsSwept",
		},
		{
			name: "unmatched-waits-for-the-end", does: never(),
			says: "an unmatched payment waits for its attempt to end",
			pkg:  tests, run: "TestANotificationAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "other-payment-is-looked-up", does: becomes("told, nil"),
			says: "the other payment of a notification is looked up too",
			pkg:  tests, run: "TestANotificationAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "second-payment-is-compared", does: never(),
			says: "a second payment's figures are compared",
			pkg:  tests, run: "TestASecondPayment",
		},
		{
			name: "back-beside-a-first-that-stands", does: drop(2, 3),
			says: "a second payment goes back only beside a first that stands",
			pkg:  tests, run: "TestASecondPayment",
		},
		{
			name: "account-money-is-parked", does: never(),
			says: "what went into a virtual account is parked",
			pkg:  tests, run: "TestUnmatchedFound",
		},
		{
			name: "pending-cancel-is-waited-for", does: never(),
			says: "a pending cancel is waited for",
			pkg:  tests, run: "TestASecondPayment",
		},
		{
			name: "exact-is-one-payment", does: never(),
			says: "an exact look-up is about one payment",
			pkg:  "./adapters/portonev1", run: "TestAnExactLookUpIsAboutOnePayment",
		},
	}
}
