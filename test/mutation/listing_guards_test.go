package mutation

// listingGuards are those of listing what PGs have, and of payments of no attempt.
func listingGuards() []guard {
	const tests, tests1, tests2 = "./lifecycle", "./adapters/portonev1", "./adapters/portonev2"
	return []guard{
		{
			name: "too-long-a-page-is-read-in-parts", does: never(),
			says: "V1: a page of long payments stops no listing",
			pkg:  tests1, run: "TestListOfLongPaymentsIsReadInParts",
		},
		{
			name: "v1-list-needs-its-envelope", does: never(),
			says: "V1: what is no list is not an empty one",
			pkg:  tests1, run: "TestListFailsOnWhatIsNoList",
		},
		{
			name: "v1-listed-cancel-goes-by-its-sum", does: never(),
			says: "V1: a listed payment is cancelled when all of it went back",
			pkg:  tests1, run: "TestListReadsEveryPageOfWhatMovesMoney",
		},
		{
			name: "v1-other-currency-is-listed", does: never(),
			says: "V1: a payment in another currency is listed",
			pkg:  tests1, run: "TestListTellsOfAnotherCurrency",
		},
		{
			name: "events-of-another-form-are-searched", does: never(),
			says: "V2: events of another form are not the end of the listing",
			pkg:  tests2, run: "TestListSearchesWhereEventsAreNotAsTheyAreKnown",
		},
		{
			name: "too-long-a-list-is-read-in-parts", does: never(),
			says: "V2: a page of long payments stops no listing",
			pkg:  tests2, run: "TestListSearchesPageByPage",
		},
		{
			name: "events-have-a-list", does: never(),
			says: "V2: an answer without a list is not an empty one",
			pkg:  tests2, run: "TestListSearchesWhereEventsAreNotAsTheyAreKnown",
		},
		{
			name: "an-event-is-as-it-is-known", does: never(),
			says: "V2: an event of another form is not passed over",
			pkg:  tests2, run: "TestListSearchesWhereEventsAreNotAsTheyAreKnown",
		},
		{
			name: "events-that-stand-still", does: never(),
			says: "V2: a cursor that does not move ends the reading of events",
			pkg:  tests2, run: "TestListSearchesWhereEventsAreNotAsTheyAreKnown",
		},
		{
			name: "one-pod-lists", does: becomes("`listings.held_until >= 0 * ?`"),
			says: "one process takes a PG's listing at a time",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "listing-never-goes-back", does: becomes("`? > 0`"),
			says: "how far a PG was listed never goes back",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "open-ownerless-is-not-removed", does: becomes("``"),
			says: "a payment of no attempt is kept while it is open",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "listed-second-payment-wakes", does: becomes("true"),
			says: "a second payment under one id is not taken for the first",
			pkg:  tests, run: "TestMatchListed",
		},
		{
			name: "listed-as-back-closes-its-row", does: never(),
			says: "an unmatched payment that is listed as given back is closed",
			pkg:  tests, run: "TestMatchListed",
		},
		{
			name: "listed-amount-is-compared", does: never(),
			says: "a listed payment of another amount does not agree",
			pkg:  tests, run: "TestMatchListed",
		},
		{
			name: "listed-cancel-is-compared", does: becomes("true"),
			says: "a listed payment that went back without us does not agree",
			pkg:  tests, run: "TestMatchListed|TestACancelThatNobodyToldOfIsFound",
		},
		{
			name: "own-row-hides-no-cancel", does: becomes("false"),
			says: "a payment that was once taken for an unmatched one hides no cancel of itself",
			pkg:  tests, run: "TestMatchListed",
		},
		{
			name: "watched-that-is-listed-wakes", does: becomes(`row != ""`),
			says: "a watched payment that is listed as paid wakes the lifecycle",
			pkg:  tests, run: "TestMatchListed",
		},
		{
			name: "listing-waits-for-its-hints", does: never(),
			says: "a payment that is not dealt with is listed again by whoever takes over",
			pkg:  tests, run: "TestAListedPaymentIsFollowedUpUntilThePGAnswers",
		},
		{
			name: "listings-overlap", does: becomes("s.reached"),
			says: "nothing falls between two rounds",
			pkg:  tests, run: "TestWhatShowsLateIsListed",
		},
		{
			name: "older-days-are-listed", does: becomes("nil"),
			says: "what went back in a console long after is found",
			pkg:  tests, run: "TestAPartThatWentBackLaterIsFound",
		},
		{
			name: "test-money-is-not-told", does: never(),
			says: "a shop that takes real money does not hear of test money",
			pkg:  tests, run: "TestTheShopIsToldOfPaymentsElsewhere",
		},
		{
			name: "strangers-payments-are-counted-only", does: never(),
			says: "a stranger's payment is nobody's case",
			pkg:  tests, run: "TestMoneyOfNoAttempt",
		},
		{
			name: "unmoved-attempt-is-woken-again", does: never(),
			says: "an attempt that was looked up in vain is woken again",
			pkg:  tests, run: "TestALookUpInVainIsRepeatedForWhatIsListed",
		},
		{
			name: "listing-needs-token", does: drop(2),
			says: "who lists on demand has a token",
			pkg:  "./gateway", run: "TestAdminWritesNeedAToken",
		},
		{
			name: "ownerless-is-closed-by-two", does: never(),
			says: "a payment of no attempt is closed by two people",
			pkg:  tests, run: "TestAPaymentOfNoAttemptIsClosedByTwo",
		},
	}
}
