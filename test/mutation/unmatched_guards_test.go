package mutation

// unmatchedGuards are those of leases, of holds, and of an unmatched payment.
func unmatchedGuards() []guard {
	const move, keys, tests = "journal/move.go", "journal/idempotency.go", "./lifecycle"
	const unmatched, sweep = "lifecycle/unmatched.go", "lifecycle/unmatchedsweep.go"
	return []guard{
		{
			name: "an unmatched payment is absent only if looks say so in a row", file: sweep,
			old: " || !s.neverSeen(ctx, l) {", new: " || l.Checks < notFoundChecks {",
			pkg: tests, run: "TestAbsenceClosesOnlyWhatWasNeverSeen",
		},
		{
			name: "a payment that was refused is watched before its attempt ends", file: "lifecycle/hook.go",
			old: "		s.watch(context.WithoutCancel(ctx), a, q.PGTxID)", new: "		_ = ctx",
			pkg: tests, run: "TestAPaymentIsWatchedBeforeItsAttemptEnds",
		},
		{
			name: "every no to a question is watched", file: "lifecycle/hook.go",
			old: "		s.watchRefused(ctx, a, q)", new: "		_ = ctx",
			pkg: tests, run: "TestArrivals",
		},
		{
			name: "a question that nobody signed writes down only what the PG shows", file: "lifecycle/watched.go",
			old: "	if q.Unlisted {", new: "	if false {",
			pkg: tests, run: "TestQuestionsThatAreWatched",
		},
		{
			name: "the payment of a question whose owner died is watched", file: "lifecycle/hook.go",
			old: "		s.watch(ctx, w.a, w.a.PGTxID)", new: "		_ = ctx",
			pkg: tests, run: "TestAQuestionWhoseOwnerDied",
		},
		{
			name: "absent money that shows is taken up", file: "journal/unmatched.go",
			old: "			WHERE unmatched_payments.state IN ('unknown', 'returning', 'watched', 'absent') AND", new: "			WHERE unmatched_payments.state IN ('unknown', 'returning') AND",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "the look-up of who does not own the attempt puts no next check off", file: move,
			old: "			if next.Before(r.NextCheck) {", new: "			if true {",
			pkg: tests, run: "TestABrowsersLookUpPutsNothingOff",
		},
		{
			name: "a word that nobody signed writes nothing by itself", file: "lifecycle/read.go",
			old: "	if w.quiet {", new: "	if false {",
			pkg: tests, run: "TestAnUnsignedNotificationWritesNothingByItself",
		},
		{
			name: "a deposit's notice writes nothing before the PG was asked", file: "lifecycle/deposit.go",
			old: "		if err := s.showsPaid(ctx, a); err != nil {", new: "		if err := error(nil); err != nil {",
			pkg: tests, run: "TestAnUnsignedDepositIsAskedAbout",
		},
		{
			name: "a browser's look-up is not its owner's", file: "lifecycle/machine.go",
			old: "	w.proof, w.notOwned, w.quiet = proof, true, quiet", new: "	w.proof = proof",
			pkg: tests, run: "TestABrowsersLookUpPutsNothingOff",
		},
		{
			name: "a former owner's look-up counts for nothing", file: move,
			old: "		WHERE id = ? AND checks = ? AND lease_until = ?`", new: "		WHERE id = ? AND checks = ? AND lease_until <> ?+1`",
			pkg: tests, run: "TestAFormerOwnerDoesNothing",
		},
		{
			name: "a look-up of another state counts for nothing", file: move,
			old: "		if r.State != l.State || r.State.Final() {", new: "		if r.State.Final() {",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "only its holder drops a key", file: keys,
			old: "AND key = ? AND status = 0 AND held_until = ?`,\n			scope, key, millis(heldUntil))", new: "AND key = ? AND status = 0 AND held_until <> ?+1`,\n			scope, key, millis(heldUntil))",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "only its holder ends a key", file: keys,
			old: "			WHERE scope = ? AND key = ? AND status = 0 AND held_until = ?`,", new: "			WHERE scope = ? AND key = ? AND status = 0 AND held_until <> ?+1`,",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "an unmatched payment is given back only on a look-up that no other try came after", file: "journal/unmatched.go",
			old: "unmatched_payments.held_until < ? AND unmatched_payments.tries = ?`,", new: "unmatched_payments.held_until < ? AND unmatched_payments.tries <> ?+100`,",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "a leased unmatched payment is nobody else's", file: "journal/unmatchedlist.go",
			old: "AND next_check <= ? AND lease_until <= ?", new: "AND next_check <= ? AND (lease_until <= ? OR 1)",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "what waits for a person is not given back", file: sweep,
			old: "r.Amount <= r.Cancelled || l.State == journal.UnmatchedFlagged:", new: "r.Amount <= r.Cancelled:",
			pkg: tests, run: "TestUnmatchedMoneyIsSwept",
		},
		{
			name: "a look-up of another payment proves nothing", file: sweep,
			old: "	case r.OrderRef != a.ID || r.PGTxID != l.PGTxID:", new: "	case false:",
			pkg: tests, run: "TestUnmatchedMoneyIsSwept",
		},
		{
			name: "an unmatched payment waits for its attempt to end", file: unmatched,
			old: "	if !a.State.Final() {", new: "	if false {",
			pkg: tests, run: "TestANotificationAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "the other payment of a word is looked at too", file: unmatched,
			old: "	return s.beside(ctx, unmatched, told, pgTxID)", new: "	return told, nil",
			pkg: tests, run: "TestANotificationAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "a second payment's figures are compared", file: unmatched,
			old: `	if field := adapters.Mismatch(w.a, w.acc.Merchant, r); field != "" {`, new: `	if field := ""; field != "" {`,
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "a second payment goes back only beside a first that stands", file: unmatched,
			old: "first.PGTxID != w.a.PGTxID || first.Cancelled != 0 {", new: "first.PGTxID == \"\" {",
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "what went into a virtual account is parked", file: unmatched,
			old: "	case a.Method == payment.MethodVBank || r.Method == payment.MethodVBank:", new: "	case false:",
			pkg: tests, run: "TestUnmatchedFound",
		},
		{
			name: "a pending cancel is waited for", file: unmatched,
			old: "	if r.CancelPending > 0 {", new: "	if false {",
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "an exact look-up is about one payment", file: "adapters/portonev1/lookup.go",
			old: "	if req.Exact {", new: "	if false {",
			pkg: "./adapters/portonev1", run: "TestAnExactLookUpIsAboutOnePayment",
		},
	}
}
