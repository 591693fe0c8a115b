package mutation

// adminGuards are those of the door of the people on call.
func adminGuards() []guard {
	const file, tests = "gateway/admin.go", "./gateway"
	return []guard{
		{
			name: "a page of somebody else's sends nothing to a door without a token", file: "gateway/sidecar.go",
			old: "if ofOtherPage(c) {", new: "if ofOtherPage(c) && false {",
			pkg: tests, run: "TestDoorsWithoutATokenTakeNothingFromOtherPages",
		},
		{
			name: "a reload needs a token", file: file,
			old: `app.Post("/-/reload", mayWrite, `, new: `app.Post("/-/reload", `,
			pkg: tests, run: "TestAdminWritesNeedAToken",
		},
		{
			name: "a rollback needs a token", file: file,
			old: `app.Post("/-/config/rollback", mayWrite, `, new: `app.Post("/-/config/rollback", `,
			pkg: tests, run: "TestAdminWritesNeedAToken",
		},
		{
			name: "an admin door beyond loopback has a token", file: "rules/decode_admin.go",
			old: "		if v.schema == nil && len(c.Tokens) == 0 && !isLoopback(c.Listen) {", new: "		if v.schema == nil && len(c.Tokens) == 0 && c.Listen == \"\" {",
			pkg: "./rules", run: "TestBadFiles",
		},
	}
}
