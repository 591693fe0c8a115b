package mutation

// strangerGuards are those that hold strangers and PGs that are not well, and those of reloads.
func strangerGuards() []guard {
	const limits, health, store, watch = "gateway/limits.go", "gateway/health.go", "reload/store.go", "reload/watch.go"
	return []guard{
		{
			name: "a wrong amount is guessed a few times", file: limits,
			old: "empty := g.limits.guesses.empty(who, r.Guesses, g.now()); empty {", new: "_ := g.limits.guesses.empty(who, r.Guesses, g.now()); false {",
			pkg: "./gateway", run: "TestAnAmountIsGuessedAFewTimes",
		},
		{
			name: "who has all windows of an order at one PG has not taken the buyer's", file: "gateway/checkout.go",
			old: "return p.RetryAfter == 0", new: "return false",
			pkg: "./gateway", run: "TestTwoStrangersBlockNoBuyer",
		},
		{
			name: "a customer of IPv6 guesses as one", file: limits,
			old: "return g.network(c, 48) }", new: "return g.network(c, 64) }",
			pkg: "./gateway", run: "TestAnAmountIsGuessedByOneNetwork",
		},
		{
			name: "neighbours do not use up an authenticated buyer's rate", file: "gateway/ownwindows.go",
			old: "ours := sealed(); ours {", new: "_ := sealed(); false {",
			pkg: "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "a sealed return is not taken without end", file: "gateway/ownwindows.go",
			old: "r.Attempt, now); ok {", new: "r.Attempt, now); ok || true {",
			pkg: "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "strangers make us ask a PG seldom", file: limits,
			old: "g.view().rules.Limits().Rates.Attempt, g.now()); !ok {", new: "g.view().rules.Limits().Rates.Attempt, g.now()); !ok && false {",
			pkg: "./gateway", run: "TestStrangersMakeFewLookUps",
		},
		{
			name: "a window that did not open is not counted", file: "gateway/windowlimit.go",
			old: "b.of(key, r, burst).AllowN(now, -1)", new: "b.of(key, r, burst).AllowN(now, 0)",
			pkg: "./gateway", run: "TestAWindowThatDidNotOpenIsNotCounted",
		},
		{
			name: "answered look-ups do not make up for lost approvals", file: health,
			old: "key := healthKey{pg, operation.MovesMoney()}", new: "key := healthKey{pg, operation.MovesMoney() || true}",
			pkg: "./gateway", run: "TestWhatMakesAPGUnwell|TestADeadPGIsLeftForOthers",
		},
		{
			name: "a lost answer counts against a PG", file: health,
			old: "outcome.Answered() || outcome == payment.CallUnknown && !key.money", new: "outcome != payment.CallUnreachable",
			pkg: "./gateway", run: "TestWhatMakesAPGUnwell",
		},
		{
			name: "all that can fail is done before the rules are in force", file: store,
			old: "		ready, err = st.prepare(snap)\n", new: "		ready, _ = st.prepare(snap)\n",
			pkg: "./reload", run: "TestWhatIsDerivedIsDerivedBeforeTheSwap",
		},
		{
			name: "a file is read when it stands still", file: watch,
			old: "now := w.seen.again(); !now.still(w.seen) {", new: "now := w.seen.again(); false && !now.still(w.seen) {",
			pkg: "./reload", run: "TestAWriteThatNoEventTellsOfIsSeenBeforeTheLoad",
		},
		{
			name: "neighbours do not hold a buyer's callback", file: "gateway/ownwindows.go",
			old: "		return id, g.sealer.madeID(g.view().environment, id)", new: "		return id, false",
			pkg: "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
		{
			name: "an invented id lifts no rate", file: "gateway/attemptid.go",
			old: "	return hmac.Equal(b[n:], s.idCheck(env, b[:n]))", new: "	return len(s.idCheck(env, b[:n])) > 0",
			pkg: "./gateway", run: "TestNeighboursDoNotHoldAnAuthenticatedBuyer",
		},
	}
}
