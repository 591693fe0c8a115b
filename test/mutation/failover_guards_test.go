package mutation

// failoverGuards are those of a PostgreSQL that moves, goes away or is pooled.
func failoverGuards() []guard {
	const tests = "./journal"
	return []guard{
		{
			name: "refusing-connection-is-dropped", does: always(),
			says: "a connection that refuses writes is dropped",
			pkg:  tests, run: "TestAStandbysConnectionsAreDropped",
		},
		{
			name: "older-connections-are-dropped", does: at(2, compare(">")),
			says: "what was made before a failover is dropped as well",
			pkg:  tests, run: "TestAStandbysConnectionsAreDropped",
		},
		{
			name: "nothing-in-a-session", does: becomes("pgx.QueryExecModeCacheStatement"),
			says: "nothing is kept in a session",
			pkg:  tests, run: "TestPostgresConformsBehindAPooler",
		},
		{
			name: "unreached-journal-answers-nothing", does: never(),
			says: "a journal that was not reached answers nothing",
			pkg:  tests, run: "TestANewerSchemaIsWaitedOutUntouched",
		},
		{
			name: "intercepted-needs-the-journal", does: never(),
			says: "an intercepted order is not made while the journal is away",
			pkg:  "./gateway", run: "TestAJournalOutageKeepsTheShopOpen",
		},
		{
			name: "command-makes-no-journal", does: never(),
			says: "a command makes no SQLite journal",
			pkg:  "./cli", run: "TestCommandsMakeNoJournal",
		},
		{
			name: "command-changes-no-schema", does: never(),
			says: "a command changes no schema",
			pkg:  tests, run: "TestMustExistMakesAndChangesNothing",
		},
	}
}
