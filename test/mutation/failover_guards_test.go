package mutation

// failoverGuards are those of a PostgreSQL that moves, goes away or is pooled.
func failoverGuards() []guard {
	const failover, postgres, tests = "journal/failover.go", "journal/postgres.go", "./journal"
	return []guard{
		{
			name: "a connection that refuses writes is dropped", file: failover,
			old: "		if e.Code != codeReadOnly {", new: "		if e.Code != codeReadOnly+\"x\" {",
			pkg: tests, run: "TestAStandbysConnectionsAreDropped",
		},
		{
			name: "what was made before a failover is dropped as well", file: failover,
			old: "	if made, ok := c.PgConn().CustomData()[epochKey].(int64); ok && made != f.epoch.Load() {", new: "	if made, ok := c.PgConn().CustomData()[epochKey].(int64); ok && made > f.epoch.Load() {",
			pkg: tests, run: "TestAStandbysConnectionsAreDropped",
		},
		{
			name: "nothing is kept in a session", file: postgres,
			old: "		pc.DefaultQueryExecMode = pgx.QueryExecModeExec", new: "		pc.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement",
			pkg: tests, run: "TestPostgresConformsBehindAPooler",
		},
		{
			name: "a journal that was not reached answers nothing", file: "journal/writer.go",
			old: "	if err := j.ready(); err != nil {", new: "	if err := j.ready(); false {",
			pkg: tests, run: "TestANewerSchemaIsWaitedOutUntouched",
		},
		{
			name: "an intercepted order is not made while the journal is away", file: "gateway/intercept.go",
			old: "	if err := g.closed(co.OrderID); err != nil {", new: "	if err := g.closed(co.OrderID); false {",
			pkg: "./gateway", run: "TestAJournalOutageKeepsTheShopOpen",
		},
		{
			name: "a command makes no SQLite journal", file: "journal/migrate.go",
			old: "	if exists {", new: "	if false {",
			pkg: "./cli", run: "TestCommandsMakeNoJournal",
		},
		{
			name: "a command changes no schema", file: "journal/migrate.go",
			old: "	case have < len(list):", new: "	case have < 0:",
			pkg: tests, run: "TestMustExistMakesAndChangesNothing",
		},
	}
}
