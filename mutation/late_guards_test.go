package mutation

// lateGuards are those of leases, of holds, and of late money.
func lateGuards() []guard {
	const move, keys, tests = "journal/move.go", "journal/idempotency.go", "./gateway/settle"
	return []guard{
		{
			name: "a guest's look puts no next check off", file: move,
			old: "			if next.Before(r.NextCheck) {", new: "			if true {",
			pkg: tests, run: "TestABrowsersLookPutsNothingOff",
		},
		{
			name: "a browser's look is a guest's", file: "gateway/settle/settle.go",
			old: "	w.proof, w.guest = proof, true", new: "	w.proof = proof",
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
	}
}
