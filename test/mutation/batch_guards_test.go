package mutation

// batchGuards are of what the journal's writes do as one.
func batchGuards() []guard {
	const tests = "./journal"
	return []guard{
		{
			name: "a frozen pod's locks end", file: "journal/postgres.go",
			old: "'idle_in_transaction_session_timeout', '15s'", new: "'idle_in_transaction_session_timeout', '0'",
			pkg: "./journal", run: "TestAFrozenPodsLocksEnd",
		},
		{
			name: "every row of a batch must meet its condition", file: "journal/together.go",
			old: "		if n != int64(len(rows)) {", new: "		if n > int64(len(rows)) {",
			pkg: tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "a refused write of a batch leaves nothing behind", file: "journal/together.go",
			old: "		case x.wrote:", new: "		case false && x.wrote:",
			pkg: tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "a read in a batch sees what was written before", file: "journal/writer.go",
			old: "	if err := x.flush(); err != nil {\n		return nil, err\n	}\n", new: "",
			pkg: tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "an attempt that was claimed in a batch is read again", file: "journal/move.go",
			old: "	x.forget(r.ID)\n", new: "",
			pkg: tests, run: "TestABatchSeesItsOwnClaims",
		},
		{
			name: "the sweep's writes let those of buyers go first", file: "journal/writer.go",
			old: "		queue = j.patient\n", new: "",
			pkg: tests, run: "TestPatientWritesLetOthersGoFirst",
		},
	}
}
