package mutation

// edgeGuards are those of the wire: where one request ends and the next begins, on either side of us.
func edgeGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "unread-body-ends-connection", does: never(),
			says: "a body left unread ends its connection",
			pkg:  tests, run: "TestABodyThatNobodyWaitsForIsToldToEnd",
		},
		{
			name: "shops-answers-say-what-the-shop-says", does: never(),
			says: "the shop's answers get no header of ours",
			pkg:  tests, run: "TestTheShopsSecurityHeadersAreItsOwn",
		},
		{
			name: "what-was-sent-goes-nowhere-else", does: never(),
			says: "what an address of the shop may have heard is said to no other one",
			pkg:  tests, run: "TestWhatWasSentGoesNowhereElse",
		},
		{
			name: "only-reads-go-elsewhere", does: never(),
			says: "what may change something is said to one address of the shop, sent or not",
			pkg:  tests, run: "TestAReadGoesElsewhereWhenNothingWasSent",
		},
		{
			name: "who-is-down-is-left-out", does: never(),
			says: "an address that is down gets nothing while another is well",
			pkg:  tests, run: "TestAddressesAreTakenInTurn",
		},
		{
			name: "swallowed-is-not-unsent", does: never(),
			says: "a request that a kept connection swallowed does not pass for unsent",
			pkg:  "./upstream", run: "TestWhatAKeptConnectionSwallowedWasSent",
		},
		{
			name: "one-client-takes-its-share", does: never(),
			says: "one client takes no more than its share of what may be under way",
			pkg:  tests, run: "TestARoomHasItsBounds",
		},
		{
			name: "slow-uploads-leave-room", does: never(),
			says: "slow uploads leave room for pages",
			pkg:  tests, run: "TestARoomHasItsBounds",
		},
		{
			name: "full-shop-is-not-waited-for", does: never(),
			says: "no more requests than the shop may have at once are sent to it",
			pkg:  "./upstream", run: "TestTooManyAtOnce",
		},
		{
			name: "slow-look-ups-leave-checkouts", does: never(),
			says: "order look-ups that hang leave room for checkouts that need none",
			pkg:  tests, run: "TestASlowShopLeavesReturnsAndNotices",
		},
		{
			name: "redirects-have-seats", does: never(),
			says: "no more buyers are sent back at once than there is room for",
			pkg:  tests, run: "TestReturnsAndNoticesHaveSeats",
		},
		{
			name: "notices-have-seats", does: never(),
			says: "no more notices of deposits are followed up at once than there is room for",
			pkg:  tests, run: "TestReturnsAndNoticesHaveSeats",
		},
		{
			name: "few-are-refused-at-once", does: never(),
			says: "no more connections than the bound are answered with a refusal at once",
			pkg:  tests, run: "TestRefusingIsBounded",
		},
		{
			name: "refusal-is-not-reset", does: skip(),
			says: "who is refused gets to read it, whatever it was sending",
			pkg:  tests, run: "TestARefusalWaitsForItsReader",
		},
		{
			name: "served-on-while-unready", does: always(),
			says: "a process that leaves serves on until others are asked",
			pkg:  tests, run: "TestAllListenersServeOnWhileUnready",
		},
		{
			name: "body-is-no-other-requests", does: at(1, becomes("b")),
			says: "a body that is looked into is in no buffer of the server's",
			pkg:  tests, run: "TestABodyThatIsLookedIntoStaysWhatItWas",
		},
		{
			name: "slow-readers-keep-their-seat", does: never(),
			says: "who reads a long answer of an intercepted route slowly keeps his seat",
			pkg:  tests, run: "TestASlowReaderOfAnInterceptedRouteKeepsHisSeat",
		},
		{
			name: "tunnels-keep-their-seat", does: skip(),
			says: "an upgraded connection keeps its seat until it closes",
			pkg:  tests, run: "TestTunnelsHaveTheirShare",
		},
		{
			name: "old-addresses-are-not-in-force", does: never(),
			says: "a request of rules long gone brings back none of their addresses",
			pkg:  tests, run: "TestAnOldRequestBringsNoAddressBack",
		},
		{
			name: "a-head-has-one-time", does: at(1, becomes("pace(-1)")),
			says: "a head whose bytes come steadily has one time for all of it",
			pkg:  tests, run: "TestWhatMustComeAtOnceHasOneTime",
		},
		{
			name: "whole-bodies-have-a-time", does: skip(),
			says: "a body that is read whole has one time for all of it",
			pkg:  tests, run: "TestWhatMustComeAtOnceHasOneTime",
		},
		{
			name: "ended-tunnels-are-not-waited-for", does: skip(),
			says: "a client who says nothing after the shop has ended a tunnel loses it, and gives its seat back",
			pkg:  tests, run: "TestATunnelsSeatIsGivenBack",
		},
		{
			name: "a-reading-forgets", does: skip(),
			says: "what was found in one request is not found in the next one",
			pkg:  "./gateway/jsonplace", run: "TestAReadingForgetsTheOneBefore",
		},
		{
			name: "bodies-come-at-their-pace", does: skip(),
			says: "a long body takes as long as it needs while its bytes move",
			pkg:  tests, run: "TestWhatGoesOnIsNotCut",
		},
		{
			name: "long-writes-have-a-time-for-each-run", does: becomes("p"),
			says: "an answer that is written at once has a time for each run of it",
			pkg:  tests, run: "TestALongWriteHasATimeForEachRun",
		},
		{
			name: "another-address-is-left-time", does: never(),
			says: "connecting to one address leaves time for another",
			pkg:  tests, run: "TestAnAddressThatSaysNothingLeavesTimeForAnother",
		},
		{
			name: "own-want-is-no-addresss-fault", does: never(),
			says: "what this machine lacks is no fault of the order service",
			pkg:  tests, run: "TestWhatWeLackIsNoFaultOfAnAddress",
		},
		{
			name: "own-want-is-no-verdict", does: at(2, becomes("!ours || h.Timeout > 0")),
			says: "a check that could not be made for a reason of ours tells nothing",
			pkg:  tests, run: "TestWhatWeLackIsNoFaultOfAnAddress",
		},
		{
			name: "each-request-has-its-own-state", does: never(),
			says: "what a request turned out to be is not said of the next one of its connection",
			pkg:  tests, run: "TestEachRequestOfAConnectionHasItsOwnState",
		},
		{
			name: "errors-are-logged", does: never(),
			says: "an error that the shop answers is in the log",
			pkg:  tests, run: "TestEachRequestOfAConnectionHasItsOwnState",
		},
		{
			name: "few-lines-of-what-passes", does: never(),
			says: "pages that are only handed on do not fill the log",
			pkg:  tests, run: "TestFewLinesAreOfWhatPasses",
		},
		{
			name: "leaving-ends-connections", does: never(),
			says: "a process that leaves ends its clients' connections",
			pkg:  tests, run: "TestAllListenersServeOnWhileUnready",
		},
		{
			name: "ended-body-is-not-read-on", does: never(),
			says: "a body that ended is not read on",
			pkg:  tests, run: "TestTheEndOfABodyIsFinal",
		},
		{
			name: "request-id-is-safe", does: becomes(`len(id) == 0`),
			says: "a request id has a safe form",
			pkg:  tests, run: "TestARequestIDIsTakenOnlyInASafeForm",
		},
		{
			name: "unparsed-is-not-logged", does: drop(1, 3),
			says: "what cannot be parsed is logged nowhere",
			pkg:  tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "two-lengths", does: never(),
			says: "two lengths are refused",
			pkg:  tests, run: "TestTwoReadersSeeOneRequest",
		},
		{
			name: "bare-line-feed", does: never(),
			says: "a line of a head that only some readers see the end of is refused",
			pkg:  tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "head-that-cannot-end", does: never(),
			says: "a head whose lines end in no way that ends it is answered at once",
			pkg:  tests, run: "TestAHeadIsWatchedToItsEnd",
		},
		{
			name: "cut-short-is-refused", does: never(),
			says: "a head that its door has ended is not taken for the request that was sent",
			pkg:  tests, run: "TestAHeadThatCannotEndIsAnsweredAtOnce",
		},
		{
			name: "host-is-a-host", does: never(),
			says: "a Host that is no host and port is refused",
			pkg:  tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "target-is-of-http", does: never(),
			says: "a target of another scheme is refused",
			pkg:  tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "method-is-known", does: always(),
			says: "a method that nobody knows, and CONNECT, are answered by a problem",
			pkg:  tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "form-is-not-read-in-advance", does: skip(),
			says: "a form is not read in advance",
			pkg:  tests, run: "TestAFormReachesTheShopAsItWasSent",
		},
		{
			name: "interim-is-not-the-answer", does: at(2, becomes("102")),
			says: "an interim answer is not the answer",
			pkg:  tests, run: "TestOnesPageNeverReachesAnother",
		},
		{
			name: "half-an-answer", does: drop(2),
			says: "half an answer is not a whole one",
			pkg:  tests, run: "TestAnInterceptedAnswerThatIsCutOpensNoWindow",
		},
		{
			name: "late-bytes-end-a-connection", does: never(),
			says: "what comes behind an answer ends its connection",
			pkg:  "./upstream", run: "TestLateBytesReachNobody",
		},
		{
			name: "shop-is-written-to-once", does: drop(1),
			says: "the shop's client writes once",
			pkg:  "./upstream", run: "TestOneInAtMostOneOut",
		},
		{
			name: "asked-again-when-nothing-sent", does: at(2, becomes("errors.Is(err, onewrite.ErrTooLarge)")),
			says: "the shop is asked again only when nothing was sent",
			pkg:  "./adapters/orders", run: "TestConfirmWaitsForAShopThatCannotBeReached",
		},
		{
			name: "only-request-lines-wait", does: always(),
			says: "no error and no word of money waits to be logged",
			pkg:  "./cli", run: "TestOnlyLinesAboutRequestsWait",
		},
	}
}
