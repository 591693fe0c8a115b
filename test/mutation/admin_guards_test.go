package mutation

// adminGuards are those of the door of the people on call.
func adminGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "no-name-of-others-for-this-machine", does: never(),
			says: "a page whose own name resolves to this machine reads nothing",
			pkg:  tests, run: "TestAPageUnderANameOfItsOwnReadsNothing",
		},
		{
			name: "other-pages-send-nothing", does: never(),
			says: "a page of somebody else's sends nothing to a door without a token",
			pkg:  tests, run: "TestDoorsWithoutATokenTakeNothingFromOtherPages",
		},
		{
			name: "reload-needs-token", does: drop(2),
			says: "a reload needs a token",
			pkg:  tests, run: "TestAdminWritesNeedAToken",
		},
		{
			name: "rollback-needs-token", does: drop(2),
			says: "a rollback needs a token",
			pkg:  tests, run: "TestAdminWritesNeedAToken",
		},
		{
			name: "admin-beyond-loopback", does: at(3, becomes(`c.Listen == ""`)),
			says: "an admin door beyond loopback has a token",
			pkg:  "./rules", run: "TestBadFiles",
		},
	}
}
