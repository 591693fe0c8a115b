package mutation

// batchGuards are of what the journal's writes do as one.
func batchGuards() []guard {
	const tests = "./journal"
	return []guard{
		{
			name: "frozen-pods-locks-end", does: becomes(`""`),
			says: "a frozen pod's locks end",
			pkg:  "./journal", run: "TestAFrozenPodsLocksEnd",
		},
		{
			name: "every-row-of-a-batch", does: compare(">"),
			says: "every row of a batch must meet its condition",
			pkg:  tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "refused-write-leaves-nothing", does: never(),
			says: "a refused write of a batch leaves nothing behind",
			pkg:  tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "batch-reads-what-it-wrote", does: skip(),
			says: "a read in a batch sees what was written before",
			pkg:  tests, run: "TestABatchIsItsWritesOneByOne",
		},
		{
			name: "claimed-in-a-batch-is-read-again", does: skip(),
			says: "an attempt that was claimed in a batch is read again",
			pkg:  tests, run: "TestABatchSeesItsOwnClaims",
		},
		{
			name: "buyers-writes-go-first", does: skip(),
			says: "the sweep's writes let those of buyers go first",
			pkg:  tests, run: "TestPatientWritesLetOthersGoFirst",
		},
	}
}
