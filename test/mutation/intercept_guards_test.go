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
			name: "xml-is-filled-in-as-text", does: never(),
			says: "an XML page has no placeholder where escaping does nothing",
			pkg:  "./rules", run: "TestBadFiles",
		},
	}
}
