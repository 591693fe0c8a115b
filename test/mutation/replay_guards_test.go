package mutation

// replayGuards are of messages that the shop gets although it has them, or that are none.
func replayGuards() []guard {
	return []guard{
		{
			name: "replayed-is-not-removed", does: skip(),
			says: "what is put in line again is not removed in the same moment",
			pkg:  "./journal", run: "TestAReplayWaitsForAnotherPod",
		},
		{
			name: "replayed-by-one", does: becomes(`"(done_at = ? OR 1)"`),
			says: "two who replay put a message in line once",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "replayed-comes-to-its-turn", does: becomes("nil"),
			says: "a message that is replayed comes to its turn, before what is younger",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "replay-says-which", does: never(),
			says: "nobody replays everything by leaving flags out",
			pkg:  "./cli", run: "TestCommands",
		},
		{
			name: "replay-of-no-order", does: never(),
			says: "an order's number that is empty does not mean every order",
			pkg:  "./cli", run: "TestCommands",
		},
		{
			name: "last-day-is-whole", does: skip(),
			says: "--until a day means to its end",
			pkg:  "./cli", run: "TestOutboxReplay",
		},
		{
			name: "replay-is-bounded", does: never(),
			says: "more messages than --limit are not sent",
			pkg:  "./cli", run: "TestOutboxReplay",
		},
		{
			name: "dry-run-sends-nothing", does: never(),
			says: "a dry run sends nothing",
			pkg:  "./cli", run: "TestOutboxReplay",
		},
		{
			name: "removed-order-is-named", does: never(),
			says: "an order whose messages are gone is named",
			pkg:  "./cli", run: "TestOutboxReplay",
		},
		{
			name: "example-says-so", does: skip(),
			says: "an example says that it is one",
			pkg:  "./lifecycle", run: "TestAnExampleIsNoPayment",
		},
		{
			name: "example-has-no-order", does: becomes(`"O-1"`),
			says: "an example is about no order of the shop's",
			pkg:  "./lifecycle", run: "TestAnExampleIsNoPayment",
		},
		{
			name: "terminal-obeys-no-shop", does: always(),
			says: "what the shop answers to an example is only shown",
			pkg:  "./cli", run: "TestSendExample",
		},
	}
}
