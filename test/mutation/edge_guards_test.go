package mutation

// edgeGuards are those of the wire: where one request ends and the next begins, on either side of us.
func edgeGuards() []guard {
	const edge, shop, tests = "gateway/edge.go", "gateway/shopwire.go", "./gateway"
	return []guard{
		{
			name: "a body left unread ends its connection", file: edge,
			old: "	if !b.drained(c) {", new: "	if false {",
			pkg: tests, run: "TestABodyThatNobodyWaitsForIsToldToEnd",
		},
		{
			name: "a body that ended is not read on", file: edge,
			old: "	if b.err != nil {\n		return 0, b.err\n	}\n", new: "",
			pkg: tests, run: "TestTheEndOfABodyIsFinal",
		},
		{
			name: "a request id has a safe form", file: "gateway/request.go",
			old: "	if !safeID(id) {", new: "	if id == \"\" {",
			pkg: tests, run: "TestARequestIDIsTakenOnlyInASafeForm",
		},
		{
			name: "what cannot be parsed is logged nowhere", file: "gateway/problem.go",
			old: "		case fiber.StatusBadRequest, fiber.StatusRequestTimeout, fiber.StatusBadGateway:", new: "		case fiber.StatusRequestTimeout:",
			pkg: tests, run: "TestWhatCannotBeParsedIsAnswered400",
		},
		{
			name: "two lengths are refused", file: edge,
			old: "	return encoding && (length || !chunked || !h.IsHTTP11())", new: "	return encoding && length && chunked && false",
			pkg: tests, run: "TestTwoReadersSeeOneRequest",
		},
		{
			name: "a form is not read in advance", file: edge,
			old: "		DisablePreParseMultipartForm: true,\n", new: "",
			pkg: tests, run: "TestAFormReachesTheShopAsItWasSent",
		},
		{
			name: "an interim answer is not the answer", file: shop,
			old: "		case status >= 200:", new: "		case status >= 102:",
			pkg: tests, run: "TestOnesPageNeverReachesAnother",
		},
		{
			name: "half an answer is not a whole one", file: shop,
			old: "	if errors.Is(err, io.EOF) && e.left > 0 {", new: "	if false {",
			pkg: tests, run: "TestAnInterceptedAnswerThatIsCutOpensNoWindow",
		},
		{
			name: "the shop's client writes once", file: shop,
			old: "		return errors.Join(err, x.Close())\n	}\n	return nil",
			new: "		_ = x.Close()\n		s.slots <- struct{}{}\n		if conn, err = s.dial(base); err != nil {\n			return err\n		}\n		return (&shopExchange{conn: conn, client: s}).run(base.Host, req, res)\n	}\n	return nil",
			pkg: tests, run: "TestForwardWritesOnce",
		},
		{
			name: "the shop is asked again only when nothing was sent", file: "adapters/orders/confirm.go",
			old: "		if err == nil || !errors.Is(err, onewrite.ErrNotSent) || ", new: "		if err == nil || errors.Is(err, onewrite.ErrTooLarge) || ",
			pkg: "./adapters/orders", run: "TestConfirmWaitsForAShopThatCannotBeReached",
		},
	}
}
