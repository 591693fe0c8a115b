package mutation

// lateGuards are those of leases, of holds, and of late money.
func lateGuards() []guard {
	const move, keys, tests = "journal/move.go", "journal/idempotency.go", "./lifecycle"
	const late, sweep = "lifecycle/late.go", "lifecycle/latesweep.go"
	return []guard{
		{
			name: "late money is absent only if looks say so in a row", file: sweep,
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
			name: "absent money that shows is taken up", file: "journal/late.go",
			old: "			WHERE late_money.state IN ('unknown', 'returning', 'watched', 'absent') AND", new: "			WHERE late_money.state IN ('unknown', 'returning') AND",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "a guest's look puts no next check off", file: move,
			old: "			if next.Before(r.NextCheck) {", new: "			if true {",
			pkg: tests, run: "TestABrowsersLookPutsNothingOff",
		},
		{
			name: "a word that nobody signed writes nothing by itself", file: "lifecycle/read.go",
			old: "	if w.quiet {", new: "	if false {",
			pkg: tests, run: "TestAnUnsignedWordWritesNothingByItself",
		},
		{
			name: "a deposit's notice writes nothing before the PG was asked", file: "lifecycle/deposit.go",
			old: "		if err := s.showsPaid(ctx, a); err != nil {", new: "		if err := error(nil); err != nil {",
			pkg: tests, run: "TestAnUnsignedDepositIsAskedAbout",
		},
		{
			name: "a browser's look is a guest's", file: "lifecycle/settle.go",
			old: "	w.proof, w.guest, w.quiet = proof, true, quiet", new: "	w.proof = proof",
			pkg: tests, run: "TestABrowsersLookPutsNothingOff",
		},
		{
			name: "a former owner's look counts for nothing", file: move,
			old: "		WHERE id = ? AND checks = ? AND lease_until = ?`", new: "		WHERE id = ? AND checks = ? AND lease_until <> ?+1`",
			pkg: tests, run: "TestAFormerOwnerDoesNothing",
		},
		{
			name: "a look at another state counts for nothing", file: move,
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
			name: "late money is given back only on a look that no other try came after", file: "journal/late.go",
			old: "late_money.held_until < ? AND late_money.tries = ?`,", new: "late_money.held_until < ? AND late_money.tries <> ?+100`,",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "leased late money is nobody else's", file: "journal/latelist.go",
			old: "AND next_check <= ? AND lease_until <= ?", new: "AND next_check <= ? AND (lease_until <= ? OR 1)",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "what waits for a person is not given back", file: sweep,
			old: "r.Amount <= r.Cancelled || l.State == journal.LateFlagged:", new: "r.Amount <= r.Cancelled:",
			pkg: tests, run: "TestLateMoneyIsSwept",
		},
		{
			name: "a look at another payment proves nothing", file: sweep,
			old: "	case r.OrderRef != a.ID || r.PGTxID != l.PGTxID:", new: "	case false:",
			pkg: tests, run: "TestLateMoneyIsSwept",
		},
		{
			name: "late money waits for its attempt to end", file: late,
			old: "	if !a.State.Final() {", new: "	if false {",
			pkg: tests, run: "TestAWordAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "the other payment of a word is looked at too", file: late,
			old: "	return s.beside(ctx, late, word, pgTxID)", new: "	return word, nil",
			pkg: tests, run: "TestAWordAboutASecondPaymentOfAnOpenAttempt",
		},
		{
			name: "a second payment's figures are compared", file: late,
			old: `	if field := adapters.Mismatch(w.a, w.acc.Merchant, r); field != "" {`, new: `	if field := ""; field != "" {`,
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "a second payment goes back only beside a first that stands", file: late,
			old: "first.PGTxID != w.a.PGTxID || first.Cancelled != 0 {", new: "first.PGTxID == \"\" {",
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "what went into a virtual account is parked", file: late,
			old: "	case a.Method == payment.MethodVBank || r.Method == payment.MethodVBank:", new: "	case false:",
			pkg: tests, run: "TestLateFound",
		},
		{
			name: "a pending cancel is waited for", file: late,
			old: "	if r.CancelPending > 0 {", new: "	if false {",
			pkg: tests, run: "TestASecondPayment",
		},
		{
			name: "an exact look is about one payment", file: "adapters/portonev1/lookup.go",
			old: "	if req.Exact {", new: "	if false {",
			pkg: "./adapters/portonev1", run: "TestAnExactLookIsAboutOnePayment",
		},
	}
}
