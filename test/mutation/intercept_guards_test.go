package mutation

// interceptGuards are those of the shop's own checkout, taken over.
func interceptGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "shops-refusal-passes", does: never(),
			says: "the shop's own refusal passes as it is",
			pkg:  tests, run: "TestWhatCannotHoldAWindowPassesAsItIs",
		},
		{
			name: "no-place-no-window", does: never(),
			says: "no window is opened that has no place in the answer",
			pkg:  tests, run: "TestAnOrderWithoutAPlaceForItsWindowPasses",
		},
		{
			name: "another-code-passes", does: never(),
			says: "an answer with another code than that of success passes as it is",
			pkg:  tests, run: "TestAnotherCodePasses",
		},
		{
			name: "other-kinds-go-around-nothing", does: instead("return g.forward(c, v)"),
			says: "a body of a kind that no route takes goes around none",
			pkg:  tests, run: "TestOfSeveralRoutesTheOneForTheKindOfBodyIsTaken",
		},
		{
			name: "no-stale-window", does: never(),
			says: "the shop is not asked whether a window of before still stands",
			pkg:  tests, run: "TestAChangedAnswerKeepsNoWordOnItsOldBytes",
		},
		{
			name: "windows-are-not-kept", does: skip(),
			says: "no browser keeps an answer with a window",
			pkg:  tests, run: "TestAChangedAnswerKeepsNoWordOnItsOldBytes",
		},
		{
			name: "sheets-offer-what-is-taken", does: never(),
			says: "an order sheet offers what the link check calls usable",
			pkg:  tests, run: "TestAnOrderSheetOffersWhatTheLinkCheckCallsUsable",
		},
		{
			name: "bombs-do-not-go-off", does: never(),
			says: "a compressed answer is read within a bound",
			pkg:  tests, run: "TestACompressedAnswerGetsItsWindow",
		},
		{
			name: "codings-are-bounded", does: never(),
			says: "an answer compressed over and over is not read",
			pkg:  tests, run: "TestACompressedAnswerGetsItsWindow",
		},
		{
			name: "large-answers-pass-whole", does: never(),
			says: "an answer that is too large for a window reaches the buyer whole",
			pkg:  tests, run: "TestALargeAnswerOfUnknownLengthPassesWhole",
		},
		{
			name: "event-streams-flow", does: never(),
			says: "an event stream on an intercepted route reaches the buyer as it comes",
			pkg:  tests, run: "TestAnEventStreamOfAnInterceptedRouteFlows",
		},
		{
			name: "request-window-returns-to-the-shop", does: never(),
			says: "a window in the request returns to the shop's own pages",
			pkg:  tests, run: "TestAWindowThatCannotOpenIsRefusedBeforeTheShop",
		},
		{
			name: "request-window-is-of-the-order", does: instead("return nil"),
			says: "a window in the request costs what the order service says",
			pkg:  tests, run: "TestAWindowThatCannotOpenIsRefusedBeforeTheShop",
		},
		{
			name: "no-window-in-another-case", does: never(),
			says: "a client puts no window of its own into JSON under a name that some server reads in its place",
			pkg:  tests, run: "TestNobodyElsePutsAWindowIntoARequest",
		},
		{
			name: "no-window-in-the-query", does: never(),
			says: "a client puts no window of its own into the query",
			pkg:  tests, run: "TestNobodyElsePutsAWindowIntoARequest",
		},
		{
			name: "the-windows-header-is-ours", does: never(),
			says: "a client says no header that some server takes for the window's",
			pkg:  tests, run: "TestAWindowGoesIntoAHeader|TestNoRequestBringsAWindowsHeader",
		},
		{
			name: "windows-that-were-sent-stay-open", does: drop(2),
			says: "a window that the shop may have handed out stays open",
			pkg:  tests, run: "TestAWindowThatNeverLeftIsAbandoned",
		},
		{
			name: "windows-without-a-place-are-abandoned", does: never(),
			says: "a window that had no place in the request counts as none",
			pkg:  tests, run: "TestAWindowThatNeverLeftIsAbandoned",
		},
		{
			name: "pages-with-windows-are-not-kept", does: skip(),
			says: "no browser keeps a page that was made with a window",
			pkg:  tests, run: "TestAWindowGoesIntoTheRequest",
		},
		{
			name: "a-query-says-one-thing", does: never(),
			says: "a query that names an order twice is refused",
			pkg:  tests, run: "TestAWindowThatCannotOpenIsRefusedBeforeTheShop",
		},
		{
			name: "semicolons-hide-no-field", does: never(),
			says: "a form hides no window behind a semicolon",
			pkg:  "./gateway/formjson", run: "TestAFormGetsOneFieldMore",
		},
		{
			name: "parts-are-where-both-find-them", does: never(),
			says: "a part is taken out only where every reader finds it",
			pkg:  "./gateway/formjson", run: "TestPartsGetOneMore",
		},
		{
			name: "no-boundary-in-a-part", does: never(),
			says: "no part holds another that some reader finds",
			pkg:  "./gateway/formjson", run: "TestPartsThatTwoReadersCouldReadDifferently",
		},
		{
			name: "nothing-behind-the-parts", does: never(),
			says: "nothing stands behind the parts that some reader reads on to",
			pkg:  "./gateway/formjson", run: "TestPartsThatTwoReadersCouldReadDifferently",
		},
		{
			name: "parts-say-one-name", does: never(),
			says: "a part has one name to every reader",
			pkg:  "./gateway/formjson", run: "TestPartsThatTwoReadersCouldReadDifferently",
		},
		{
			name: "a-file-is-no-field", does: never(),
			says: "a file takes no field's name",
			pkg:  "./gateway/formjson", run: "TestAFileIsNoField",
		},
		{
			name: "a-forms-pieces-are-bounded", does: never(),
			says: "a form has no more pieces than a bound, to no reader",
			pkg:  "./gateway/formjson", run: "TestAFormsPiecesAreBounded",
		},
		{
			name: "pieces-looked-through-are-bounded", does: never(),
			says: "no more pieces are looked through for a window than a bound",
			pkg:  "./gateway/formjson", run: "TestAFormsPiecesAreBounded",
		},
		{
			name: "a-form-has-room-for-its-window", does: never(),
			says: "a window is among the fields that PHP takes",
			pkg:  "./gateway/formjson", run: "TestAFormHasRoomForItsWindow",
		},
		{
			name: "parts-have-room-for-the-window", does: never(),
			says: "a window is among the parts that PHP takes",
			pkg:  "./gateway/formjson", run: "TestAFormHasRoomForItsWindow",
		},
		{
			name: "a-content-type-is-read-in-one-way", does: never(),
			says: "a Content-Type that some server reads otherwise is refused",
			pkg:  tests, run: "TestABodyIsReadInOneWay",
		},
		{
			name: "one-boundary-and-nothing-else", does: never(),
			says: "every server finds the same boundary",
			pkg:  tests, run: "TestABodyIsReadInOneWay",
		},
		{
			name: "a-body-is-of-one-kind", does: never(),
			says: "a body is of one kind",
			pkg:  tests, run: "TestABodyIsReadInOneWay",
		},
		{
			name: "bodies-are-utf-8", does: never(),
			says: "a body that decides is in UTF-8",
			pkg:  tests, run: "TestABodyIsReadInOneWay",
		},
		{
			name: "bodies-are-not-packed", does: never(),
			says: "a body that decides is not compressed",
			pkg:  tests, run: "TestABodyIsReadInOneWay",
		},
		{
			name: "a-header-says-one-thing", does: never(),
			says: "a header that names an order comes once",
			pkg:  tests, run: "TestASourceSaysOneThing",
		},
		{
			name: "a-query-is-read-in-one-way", does: never(),
			says: "a query in which some server reads another order is refused",
			pkg:  tests, run: "TestASourceSaysOneThing",
		},
		{
			name: "no-window-in-half-a-name", does: never(),
			says: "a client puts no window of its own under a badly escaped name",
			pkg:  tests, run: "TestASourceSaysOneThing",
		},
		{
			name: "semicolons-hide-no-source", does: never(),
			says: "a field that counts does not stand beside a semicolon",
			pkg:  "./gateway/formjson", run: "TestASourceHasOneName",
		},
		{
			name: "names-hold-no-controls", does: never(),
			says: "a name has no character at which some reader ends it",
			pkg:  "./gateway/formjson", run: "TestConvert",
		},
		{
			name: "a-source-has-one-name", does: never(),
			says: "a field that only some reader takes for one that counts is refused",
			pkg:  "./gateway/formjson", run: "TestASourceHasOneName",
		},
		{
			name: "two-names-are-not-one", does: never(),
			says: "two names that some reader takes for one are refused",
			pkg:  "./gateway/formjson", run: "TestConvert",
		},
		{
			name: "a-blank-is-no-index", does: never(),
			says: "a blank in brackets, which PHP takes for none, is refused",
			pkg:  "./gateway/formjson", run: "TestConvert",
		},
		{
			name: "names-are-not-those-of-mail", does: never(),
			says: "a part has no name that servlets decode to another",
			pkg:  "./gateway/formjson", run: "TestPartsThatTwoReadersCouldReadDifferently",
		},
		{
			name: "an-open-bracket-is-a-line", does: never(),
			says: "a name with an open bracket is what PHP makes of it",
			pkg:  "./gateway/formjson", run: "TestAQueryIsClear",
		},
		{
			name: "no-boundary-in-what-is-put", does: never(),
			says: "a window does not hold the boundary that the client chose",
			pkg:  "./gateway/formjson", run: "TestPartsGetOneMore",
		},
		{
			name: "sources-have-one-name", does: never(),
			says: "a route that decides knows what its fields are called",
			pkg:  tests, run: "TestASourceOfABodyHasOneName",
		},
		{
			name: "sources-have-one-case", does: never(),
			says: "a member that only readers without case take for one that counts is refused",
			pkg:  tests, run: "TestASourceOfABodyHasOneName",
		},
		{
			name: "an-order-id-is-one-to-all", does: becomes("false"),
			says: "an order's number is the same text to every reader",
			pkg:  tests, run: "TestAnOrderIDIsOneToAll",
		},
		{
			name: "lists-are-lists", does: never(),
			says: "a method is not hidden in an object where a list is looked for",
			pkg:  tests, run: "TestAListIsAList",
		},
		{
			name: "query-and-form-say-one-thing", does: never(),
			says: "a query does not name another order than the form",
			pkg:  tests, run: "TestAQueryAndAFormSayOneThing",
		},
		{
			name: "the-kind-of-a-body-is-handed-on", does: never(),
			says: "the shop is told the kind by which a body was read",
			pkg:  tests, run: "TestWhatCountsIsHandedOn",
		},
		{
			name: "a-header-that-counts-is-handed-on", does: never(),
			says: "the shop is told the headers that counted",
			pkg:  tests, run: "TestWhatCountsIsHandedOn",
		},
		{
			name: "refusals-stay-in-the-shop", does: never(),
			says: "a refusal sends nobody away from the shop",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "only-the-query-is-filled-in", does: never(),
			says: "what a refusal says does not choose the page that a browser is sent to",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "pages-have-room-for-texts", does: never(),
			says: "a page has no placeholder where its text would be dropped",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "no-texts-in-nested-documents", does: never(),
			says: "a page has no placeholder in a document inside of it",
			pkg:  "./rules", run: "TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough",
		},
		{
			name: "no-texts-in-animations", does: never(),
			says: "a page has no placeholder that an animation makes an address",
			pkg:  "./rules", run: "TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough",
		},
		{
			name: "no-texts-in-script-addresses", does: never(),
			says: "a page has no placeholder in an address that is a script",
			pkg:  "./rules", run: "TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough",
		},
		{
			name: "no-texts-choose-what-is-loaded", does: never(),
			says: "what a refusal says does not choose what a page loads",
			pkg:  "./rules", run: "TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough",
		},
		{
			name: "no-texts-in-xml-that-runs", does: never(),
			says: "XML that a browser runs has no placeholder",
			pkg:  "./rules", run: "TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough",
		},
		{
			name: "xml-is-filled-in-as-text", does: never(),
			says: "an XML page has no placeholder where escaping does nothing",
			pkg:  "./rules", run: "TestBadFiles",
		},
	}
}
