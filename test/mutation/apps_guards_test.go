package mutation

// appGuards are those of the apps that checkouts name.
func appGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "app-links-are-plain", does: drop(2),
			says: "an app's address holds nothing that ends a header, an attribute or a PG's field",
			pkg:  "./payment", run: "TestAppLinks",
		},
		{
			name: "only-apps-schemes", does: becomes("true"),
			says: "a scheme that browsers open themselves, or that opens any app, is no app's",
			pkg:  "./payment", run: "TestAppLinks",
		},
		{
			name: "apps-of-the-site", does: drop(2),
			says: "an app that is for some sites is named by their checkouts alone",
			pkg:  "./rules", run: "TestAppsAreAllowedBySite",
		},
		{
			name: "app-scheme-forges-no-options", does: never(),
			says: "the app of a phone's window makes no other option in P_RESERVED",
			pkg:  "./adapters/inicis", run: "TestAnAppForgesNoOptionsOfAPhonesWindow",
		},
		{
			name: "checkout-returns-to-the-shop", does: never(),
			says: "a checkout's window returns to the shop's own pages and apps",
			pkg:  tests, run: "TestCheckoutRefusesBadInput",
		},
		{
			name: "intercepted-returns-to-the-shop", does: becomes("nil"),
			says: "an intercepted order's window returns to the shop's own pages and apps",
			pkg:  tests, run: "TestInterceptKeepsTheOrderWhenTheWindowCannotOpen",
		},
		{
			name: "no-app-on-a-pc", does: never(),
			says: "no PC is sent to an app",
			pkg:  tests, run: "TestAppsThatACheckoutMayNotName",
		},
		{
			name: "return-to-the-sites-app", does: never(),
			says: "a window returns to the apps of its site alone",
			pkg:  tests, run: "TestAppsThatACheckoutMayNotName",
		},
		{
			name: "no-app-scheme-on-a-pc", does: never(),
			says: "a PC's checkout names no app",
			pkg:  tests, run: "TestAppsThatACheckoutMayNotName",
		},
		{
			name: "app-scheme-of-the-site", does: never(),
			says: "a checkout names the apps of its site alone",
			pkg:  tests, run: "TestAppsThatACheckoutMayNotName",
		},
		{
			name: "app-pages-are-sealed", does: becomes(`func() ([]byte, error) { return sealed, nil }()`),
			says: "the page that leads to the app leads where we have sent it alone",
			pkg:  tests, run: "TestThePageOfAnAppLeadsWhereWeSentIt",
		},
		{
			name: "app-pages-lead-to-apps", does: never(),
			says: "what was sealed leads to an app, or nowhere",
			pkg:  tests, run: "TestThePageOfAnAppLeadsWhereWeSentIt",
		},
	}
}
