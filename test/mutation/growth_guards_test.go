package mutation

// growthGuards are of what holds while much waits, is open or is removed.
func growthGuards() []guard {
	return []guard{
		{
			name: "a silent PG has workers of its own", file: "lifecycle/lanes.go",
			old: "	r := p.rooms[l]\n", new: "	l = *new(L)\n	r := p.rooms[l]\n",
			pkg: "./test/simulation", run: "TestASilentPGHoldsUpNobodyElse",
		},
		{
			name: "what is urgent does not wait behind what is not", file: "journal/due.go",
			old: "`(CASE WHEN state IN ('claimed', 'approving', 'captured', 'unknown', 'cancelling') AND checks < 5 THEN 1 ELSE 0 END)`",
			new: "`(CASE WHEN state IN ('claimed', 'approving', 'captured', 'unknown', 'cancelling') AND checks < 0 THEN 1 ELSE 0 END)`",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "an order gets so many windows", file: "journal/attempts.go",
			old: "open[0] >= b.Most", new: "open[0] > b.Most",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "pods count an order's windows one after the other", file: "journal/attempts.go",
			old: "	if err := x.lockName(string(a.OrderID)); err != nil {\n		return err\n	}\n", new: "",
			pkg: "./journal", run: "TestAWindowWaitsForAnotherPodsWindow",
		},
		{
			name: "what the shop was not told is not removed", file: "journal/prune.go",
			old: "(o.status <> 'done' OR o.done_at >= ?)", new: "(o.status = 'parked' OR o.done_at >= ?)",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "what has open unmatched payments is not removed", file: "journal/prune.go",
			old: "(l.next_check > 0 OR l.updated_at >= ?)", new: "(l.updated_at >= ?)",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "what has an open cancel is not removed", file: "journal/prune.go",
			old: "(c.next_check > 0 OR c.updated_at >= ?)", new: "(c.updated_at >= ?)",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "what another pod has in hand is not removed", file: "journal/prune.go",
			old: "gone, err = remove(x, before, locked)", new: "gone, err = remove(x, before, append(locked, ids...))",
			pkg: "./journal", run: "TestPruneLeavesWhatAnotherPodHasInHand",
		},
		{
			name: "a message is not given up within a day", file: "lifecycle/outbox.go",
			old: " && now.Sub(m.CreatedAt) >= outboxPatience", new: " && now.Sub(m.CreatedAt) >= 0",
			pkg: "./test/simulation", run: "TestAMessageIsNotGivenUpWithinADay",
		},
		{
			name: "a look in between keeps equal looks apart", file: "journal/together.go",
			old: "AND events.seq = (SELECT max(h.seq) FROM events h WHERE h.attempt_id = v.id)", new: "",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
	}
}
