package mutation

// pathGuards are those of which path means what, and to whom.
func pathGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "readings-are-bounded", does: never(),
			says: "a path with more readings than are looked at is refused",
			pkg:  tests, run: "TestAPathOfTooManyReadings",
		},
		{
			name: "store-functions-have-all-readings", does: never(),
			says: "a function that we answer is not asked of the shop by another spelling",
			pkg:  tests, run: "TestStoreFunctionsHaveAllReadings",
		},
		{
			name: "one-intercept-looks-into-it", does: never(),
			says: "a path that two intercepts could mean is refused",
			pkg:  tests, run: "TestAPathOfTwoIntercepts",
		},
		{
			name: "no-way-out-of-the-routes", does: never(),
			says: "a path does not lead out of the routes that it seems to be in",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "intercept-has-all-readings", does: never(),
			says: "an intercept has every path that some server reads as its own",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "pages-have-what-is-behind", does: drop(2),
			says: "an intercept or an endpoint of the order service's own has what is behind its page",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "front-pages-are-taken-off", does: never(),
			says: "what stands behind a front page is asked for by its own path, too",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "wide-codes-are-read", does: never(),
			says: "a path in the codes of IIS is read",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "no-header-names-another-path", does: drop(2),
			says: "no header tells the shop of another path",
			pkg:  tests, run: "TestNoHeaderNamesAnotherPath",
		},
		{
			name: "no-method-in-place-of-another", does: skip(),
			says: "a method that stands for another does not go around an intercept",
			pkg:  tests, run: "TestNoMethodStandsForAnother",
		},
		{
			name: "nothing-below-prefix-forwarded", does: never(),
			says: "nothing that some server reads as a path below our prefix reaches the shop",
			pkg:  tests, run: "TestPathsAsDocumented",
		},
		{
			name: "prefix-leaves-published-paths", does: never(),
			says: "our prefix takes no address that was published",
			pkg:  tests, run: "TestNoPrefixTakesAPublishedPath",
		},
		{
			name: "prefix-leaves-intercepts", does: always(),
			says: "our prefix takes no route of the shop that is named",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "other-sites-do-not-check-out", does: never(),
			says: "a page of another site cannot have a browser check out",
			pkg:  tests, run: "TestOtherSitesDoNotCheckOut",
		},
		{
			name: "shop-is-asked-by-its-own-name", does: never(),
			says: "what the shop says of its own name comes back as the client's",
			pkg:  tests, run: "TestTheShopIsAskedByTheNameThatIsConfigured",
		},
		{
			name: "strangers-forwarded-is-not-believed", does: never(),
			says: "what a stranger says of who asked for what does not count",
			pkg:  tests, run: "TestWhoAskedAndForWhat",
		},
		{
			name: "forwarded-for-counts-first", does: drop(2),
			says: "a client's Forwarded does not count behind a proxy that writes X-Forwarded-For",
			pkg:  tests, run: "TestWhoAskedAndForWhat",
		},
	}
}
