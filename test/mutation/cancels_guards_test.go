package mutation

// cancelGuards are those of cancels of paid attempts, and of the listener that takes them.
func cancelGuards() []guard {
	const tests = "./lifecycle"
	return []guard{
		{
			name: "pending-cancel-is-not-untouched", does: never(),
			says: "a cancel that is pending at the PG is not untouched",
			pkg:  "./lifecycle", run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "pending-cancel-counts-anew", does: drop(3),
			says: "a pending cancel starts the count of look-ups again",
			pkg:  "./lifecycle", run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "pending-undo-not-again", does: never(),
			says: "an undo that is pending at the PG is not sent again",
			pkg:  "./lifecycle", run: "TestAPendingUndoIsNotSentAgain",
		},
		{
			name: "keys-notification-is-no-money", does: drop(4),
			says: "the notification of a billing key is no money",
			pkg:  "./lifecycle", run: "TestANotificationOfAKeyIsNoMoney",
		},
		{
			name: "one-cancel-at-a-time", does: never(),
			says: "one cancel of an attempt is open at a time",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "no-more-than-is-left", does: never(),
			says: "no more is cancelled than is left",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "leased-cancel-is-ones-own", does: becomes(`"lease_until <> ?+1"`),
			says: "a leased cancel is nobody else's",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "intent-before-cancel", does: then("begun, err = true, nil"),
			says: "the intent is written before a cancel is sent",
			pkg:  tests, run: "TestACancelIsSentOnlyAfterItsIntentIsWritten",
		},
		{
			name: "who-wrote-intent-sends", does: never(),
			says: "only whoever wrote the intent sends",
			pkg:  tests, run: "TestOnlyWhoeverBeganACancelSendsIt",
		},
		{
			name: "given-back-is-compared", does: drop(2),
			says: "what the PG says it gave back is compared with what was asked",
			pkg:  tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "lost-cancel-is-not-refused", does: also("errors.Is(err, adapters.ErrUnknownOutcome)"),
			says: "a lost cancel is not a refused one",
			pkg:  tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "refused-cancel-updates-figures", does: skip(),
			says: "a refused cancel brings our figures up to date",
			pkg:  tests, run: "TestARefusalShowsWhatWasCancelledElsewhere",
		},
		{
			name: "other-body-same-key", does: never(),
			says: "another body under the same key is refused",
			pkg:  tests, run: "TestOneCancelAtATime",
		},
		{
			name: "cancels-name-is-its-key", does: also(`fmt.Sprintf("%p", new(int))`),
			says: "a cancel's name is made of its key alone",
			pkg:  "./gateway", run: "TestACancelIsRepeatedByItsKey",
		},
		{
			name: "part-states-its-vat", does: never(),
			says: "a cancel in part states its VAT when the payment did",
			pkg:  tests, run: "TestWhatMayBeCancelled|TestCancelsNeverPass",
		},
		{
			name: "tax-free-sums-are-kept", does: drop(3, 4),
			says: "the sums of the tax-free parts are kept",
			pkg:  tests, run: "TestWhatMayBeCancelled|TestCancelsNeverPass",
		},
		{
			name: "message-with-the-cancels-end", does: skip(),
			says: "the shop's message is written with the cancel's end",
			pkg:  tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "approved-payment-tells-cancels", does: never(),
			says: "only the payment that was approved tells of its cancels",
			pkg:  tests, run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "cancel-has-time-to-show", does: drop(2),
			says: "a cancel is given time to show",
			pkg:  tests, run: "TestACancelHasItsGrace",
		},
		{
			name: "not-given-back-shows-often", does: at(2, becomes("0")),
			says: "that nothing was given back must show again and again",
			pkg:  tests, run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "promised-is-not-unapplied", does: drop(1),
			says: "what the PG promised is not called not applied",
			pkg:  tests, run: "TestAPromisedCancelIsLeftToAPerson",
		},
		{
			name: "two-hands", does: never(),
			says: "a cancel is resolved by two hands",
			pkg:  tests, run: "TestCancelsAreResolvedByTwoHands",
		},
		{
			name: "sidecar-wants-token", does: never(),
			says: "the sidecar listener wants its token",
			pkg:  "./gateway", run: "TestTheSidecarWantsItsToken",
		},
		{
			name: "sidecar-beyond-loopback", does: never(),
			says: "a sidecar listener beyond loopback needs tokens",
			pkg:  "./rules", run: "TestBadFiles",
		},
	}
}
