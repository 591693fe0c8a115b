package mutation

// growthGuards are of what holds while much waits, is open or is removed.
func growthGuards() []guard {
	return []guard{
		{
			name: "silent-pg-has-own-workers", does: at(1, becomes("*new(L)")),
			says: "a silent PG has workers of its own",
			pkg:  "./test/simulation", run: "TestASilentPGHoldsUpNobodyElse",
		},
		{
			name: "urgent-goes-first", does: becomes(`"0"`),
			says: "what is urgent does not wait behind what is not",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "so-many-windows", does: at(2, compare(">")),
			says: "an order gets so many windows",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "pods-count-windows-in-turn", does: skip(),
			says: "pods count an order's windows one after the other",
			pkg:  "./journal", run: "TestAWindowWaitsForAnotherPodsWindow",
		},
		{
			name: "untold-is-not-removed", does: becomes(`""`),
			says: "what the shop was not told is not removed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "untold-of-no-attempt-is-not-removed", does: becomes(`""`),
			says: "what the shop was not told of others' payments is not removed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "open-unmatched-is-not-removed", does: becomes(`""`),
			says: "what has open unmatched payments is not removed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "open-cancel-is-not-removed", does: becomes(`""`),
			says: "what has an open cancel is not removed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "in-hand-is-not-removed", does: at(3, becomes("append(locked, ids...)")),
			says: "what another pod has in hand is not removed",
			pkg:  "./journal", run: "TestPruneLeavesWhatAnotherPodHasInHand",
		},
		{
			name: "message-is-tried-for-a-day", does: at(2, at(2, becomes("0"))),
			says: "a message is not given up within a day",
			pkg:  "./test/simulation", run: "TestAMessageIsNotGivenUpWithinADay",
		},
		{
			name: "counted-in-the-last-event-only", does: becomes(`""`),
			says: "a look-up in between keeps equal look-ups apart",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "order-is-known-before-its-row", does: skip(),
			says: "an order is known before a row of it can be seen",
			pkg:  "./journal", run: "TestAnOrderIsKnownBeforeItsAttemptIsSeen",
		},
		{
			name: "memory-is-complete", does: becomes("true"),
			says: "no order is said to have no attempts before the orders of before were recalled",
			pkg:  "./journal", run: "TestOrdersOfBeforeAreKnown",
		},
		{
			name: "memory-of-a-failing-journal", does: becomes("true"),
			says: "a journal that cannot be written is not answered for from memory",
			pkg:  "./journal", run: "TestOrdersWithoutAttemptsAreAnsweredFromMemory",
		},
		{
			name: "one-process-serves-a-file", does: never(),
			says: "one process serves from a journal file",
			pkg:  "./journal", run: "TestOneProcessServesAFile",
		},
	}
}
