package wire

// late sends the first part, and the second when the client has the answer to the first.
func late(first, second string) reply {
	return reply{do: func(x *exchange) {
		x.say(first)
		x.p.await("answered")
		x.say(second)
		delivered(x.conn)
	}}
}

// thenLate is a client whose shop says more when the answer was read.
func thenLate(method, target string) func(*play) {
	return func(p *play) {
		p.send(request(method + " " + target))
		p.read(method)
		p.tell("answered")
	}
}

// leftoverCases are about bytes behind an answer: they are nobody's, and the next client must not get them.
func leftoverCases() []*wireCase {
	const topic = "bytes behind an answer"
	one := func(name, method, says, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: request(method + " /a"), shop: shopSays(says), want: want}
	}
	after := func(name, method, says, behind, want string) *wireCase {
		return &wireCase{
			topic: topic, name: name, client: thenLate(method, "/a"), shop: []reply{late(says, behind)},
			want: want,
		}
	}
	const (
		okA         = "< 200 length \"ok\"\nopen\n> GET /a"
		noContent   = "< 204\nopen\n> GET /a"
		notModified = "< 304\nopen\n> GET /a"
		headOK      = "< 200 length 2, no body\nopen\n> HEAD /a"
	)
	return []*wireCase{
		one("204 with a page behind it", "GET", answer("204 No Content", pageOfA), noContent),
		after("204 with a page behind it, late", "GET", answer("204 No Content", ""), pageOfA, noContent),
		one(
			"204 that says a length, with a page behind it", "GET",
			answer("204 No Content", pageOfA, "Content-Length: 71"), noContent,
		),
		one("304 with a page behind it", "GET", answer("304 Not Modified", pageOfA), notModified),
		after("304 with a page behind it, late", "GET", answer("304 Not Modified", ""), pageOfA, notModified),
		one(
			"304 that says a length, with a page behind it", "GET",
			answer("304 Not Modified", pageOfA, "Content-Length: 9"),
			"< 304 length 9, no body\nopen\n> GET /a",
		),
		one("the answer to HEAD with a body", "HEAD", ok("ok"), headOK),
		after(
			"the answer to HEAD with a body, late", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
			"ok"+pageOfA, headOK,
		),
		one(
			"the answer to HEAD with chunks", "HEAD",
			answer("200 OK", "0\r\n\r\n"+pageOfA, "Transfer-Encoding: chunked"), "< 200\nopen\n> HEAD /a",
		),
		one("longer than announced", "GET", ok("ok")+"and more", okA),
		one("a second answer", "GET", ok("ok")+pageOfA, okA),
		after("a second answer, late", "GET", ok("ok"), pageOfA, okA),
		one("length 0 with a page behind it", "GET", ok("")+pageOfA, "< 200 length \"\"\nopen\n> GET /a"),
		one(
			"chunks with a page behind them", "GET",
			answer("200 OK", chunk("ok")+"0\r\n\r\n"+pageOfA, "Transfer-Encoding: chunked"),
			"< 200 chunks \"ok\"\nopen\n> GET /a",
		),
		after(
			"chunks with a page behind them, late", "GET",
			answer("200 OK", chunk("ok")+"0\r\n\r\n", "Transfer-Encoding: chunked"), pageOfA,
			"< 200 chunks \"ok\"\nopen\n> GET /a",
		),
		one("a line end behind it", "GET", ok("ok")+"\r\n", okA),
		{
			topic: topic, name: "an answer that says Connection: close, with a page behind it",
			send: get("/a"), shop: []reply{sayAndClose(ok("ok", "Connection: close") + pageOfA)}, want: okA,
		},
		{
			topic: topic, name: "the connection ends behind a whole answer", send: get("/a"),
			shop: []reply{sayAndClose(ok("ok"))}, want: okA,
		},
		{
			topic: topic, name: "the connection is reset behind a whole answer",
			client: thenLate("GET", "/a"), shop: []reply{{do: func(x *exchange) {
				x.say(ok("ok"))
				x.p.await("answered")
				x.reset()
			}}},
			want: okA,
		},
		{topic: topic, name: "an answer before any request", client: func(p *play) {
			p.send(get("/first"))
			p.read("GET")
			p.tell("answered")
			p.settle()
			p.send(get("/a"))
			p.read("GET")
		}, shop: []reply{late(ok("first"), pageOfA), say(ok("ok"))}, want: `
			< 200 length "first"
			< 200 length "ok"
			open
			> GET /first
			> GET /a`},
	}
}
