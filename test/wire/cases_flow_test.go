package wire

import (
	"fmt"
	"net"
	"strings"
)

// piece reads n bytes of an answer's body as they come over the wire.
func (p *play) piece(n int) string {
	b := make([]byte, n)
	for got := 0; got < n; {
		k, err := p.r.Read(b[got:])
		if got += k; err != nil {
			p.end = p.without(err)
			return string(b[:got]) + ", then " + p.end
		}
	}
	return string(b)
}

// head reads an answer's head alone.
func (p *play) head() {
	m, err := readHead(p.r)
	if err != nil {
		p.answers = append(p.answers, sight{first: p.without(err)})
		return
	}
	m.framing = "none"
	p.answers = append(p.answers, p.shownAnswer(m))
}

// got adds what the client read to what was seen.
func (p *play) got(what string) { p.answers = append(p.answers, sight{first: what}) }

// streamCases are about bodies that are handed on while they come. Each side waits for the other: what is held back never
// arrives.
func streamCases() []*wireCase {
	const topic = "streaming"
	// half is more than a server reads of a body before it begins.
	half := strings.Repeat("A", 16<<10)
	return []*wireCase{
		{topic: topic, name: "the head before the body", client: func(p *play) {
			p.send(get("/a"))
			p.head()
			p.tell("head")
			p.got(p.piece(2))
		}, shop: []reply{{do: func(x *exchange) {
			x.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n")
			x.p.await("head")
			x.say("ok")
		}}}, want: `
			< 200
			<   Content-Type: text/plain
			< ok
			open
			> GET /a`},
		{topic: topic, name: "a body in two parts", client: func(p *play) {
			p.send(get("/a"))
			p.head()
			p.got(p.piece(5))
			p.tell("first")
			p.got(p.piece(5))
		}, shop: []reply{{do: func(x *exchange) {
			x.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nfirst")
			x.p.await("first")
			x.say("after")
		}}}, want: `
			< 200
			<   Content-Type: text/plain
			< first
			< after
			open
			> GET /a`},
		{topic: topic, name: "events, one after the other", client: func(p *play) {
			p.send(get("/a", "Accept: text/event-stream"))
			p.head()
			for i := range 3 {
				p.got(fmt.Sprintf("%q", p.piece(len(chunk("data: 0\n\n")))))
				p.tell(fmt.Sprint("event ", i))
			}
			p.got(fmt.Sprintf("%q", p.piece(len("0\r\n\r\n"))))
		}, shop: []reply{{do: func(x *exchange) {
			x.say(answer("200 OK", "", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
			for i := range 3 {
				x.say(chunk(fmt.Sprintf("data: %d\n\n", i)))
				x.p.await(fmt.Sprint("event ", i))
			}
			x.say("0\r\n\r\n")
		}}}, want: `
			< 200
			<   Content-Type: text/event-stream
			< "9\r\ndata: 0\n\n\r\n"
			< "9\r\ndata: 1\n\n\r\n"
			< "9\r\ndata: 2\n\n\r\n"
			< "0\r\n\r\n"
			open
			> GET /a
			>   Accept: text/event-stream`},
		{topic: topic, name: "an upload in two parts", client: func(p *play) {
			p.send(request("POST /a", "Content-Length: 32768") + half)
			p.await("first")
			p.send(half)
			p.read("POST")
		}, shop: []reply{{early: true, do: func(x *exchange) {
			x.p.note("the shop has " + shownBody([]byte(x.take(len(half)))))
			x.p.tell("first")
			x.p.note("the shop has " + shownBody([]byte(x.take(len(half)))))
			x.read = true
			x.say(ok("ok"))
		}}}, want: `
			< 200 length "ok"
			open
			> POST /a answered early
			> the shop has ` + shownBody([]byte(half)) + `
			> the shop has ` + shownBody([]byte(half))},
		{topic: topic, name: "chunks of an upload, one after the other", client: func(p *play) {
			p.send(postChunks("/a", chunk("first")))
			p.await("first")
			p.send(chunk("after") + "0\r\n\r\n")
			p.read("POST")
		}, shop: []reply{{early: true, do: func(x *exchange) {
			x.p.note("the shop has " + x.take(len("5\r\nfirst\r\n"))[3:8])
			x.p.tell("first")
			x.readBody()
			x.p.note("the shop has " + string(x.body))
			x.say(ok("ok"))
		}}}, want: `
			< 200 length "ok"
			open
			> POST /a answered early
			> the shop has first
			> the shop has after`},
		{topic: topic, name: "an answer while the upload goes on", client: func(p *play) {
			p.send(request("POST /a", "Content-Length: 32768") + half)
			p.head()
			p.got(p.piece(5))
			p.send(half)
			p.got(p.piece(5))
		}, shop: []reply{{early: true, do: func(x *exchange) {
			_ = x.take(len(half))
			x.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nfirst")
			_ = x.take(len(half))
			x.read = true
			x.say("after")
		}}}, want: `
			< 200
			<   Content-Type: text/plain
			< first
			< after
			open or closed
			> POST /a answered early`},
	}
}

// earlyCases are about answers that come before the request's body was read, or sent.
func earlyCases() []*wireCase {
	const topic = "early answers and Expect"
	long := strings.Repeat("A", 8192) + smuggled
	huge := strings.Repeat("A", 600<<10) + smuggled
	tooLarge := answer(
		"413 Content Too Large", "no", "Content-Type: text/plain", "Content-Length: 2", "Connection: close",
	)
	refusedEarly := `
		< 413 length "no"
		<   Content-Type: text/plain
		open or closed
		> POST /a answered early`
	wait := func(p *play) { p.send(request("POST /a", "Expect: 100-continue", "Content-Length: 5")) }
	return []*wireCase{
		{
			topic: topic, name: "a body of 8 KiB that the shop does not read", send: post("/a", long),
			shop: []reply{{early: true, do: func(x *exchange) { x.say(tooLarge) }}}, want: refusedEarly,
		},
		{
			topic: topic, name: "a body of 600 KiB that the shop does not read", send: post("/a", huge),
			shop: []reply{{early: true, do: func(x *exchange) { x.say(tooLarge) }}}, want: refusedEarly,
		},
		{
			topic: topic, name: "chunks of 600 KiB that the shop does not read",
			send: postChunks("/a", chunk(huge)+"0\r\n\r\n"),
			shop: []reply{{early: true, do: func(x *exchange) { x.say(tooLarge) }}}, want: refusedEarly,
		},
		{topic: topic, name: "a body whose rest is never sent", client: func(p *play) {
			p.send(request("POST /a", "Content-Length: 100000") + strings.Repeat("A", 16<<10))
			p.read("POST")
			p.end = endEither
		}, shop: []reply{{early: true, do: func(x *exchange) { x.say(tooLarge) }}}, want: refusedEarly},
		{
			topic: topic, name: "an early answer, the body then read", send: post("/a", long),
			shop: []reply{{early: true, do: func(x *exchange) {
				x.say(ok("ok", "Content-Type: text/plain"))
				x.readBody()
			}}},
			want: `
			< 200 length "ok"
			<   Content-Type: text/plain
			open or closed
			> POST /a answered early`,
		},
		{topic: topic, name: "Expect: 100-continue", client: func(p *play) {
			wait(p)
			p.readInterim()
			p.send("hello")
			p.read("POST")
		}, want: `
			< 100
			< 200 length "ok"
			open
			> POST /a length "hello"`, shows: []string{"1xx"}},
		{topic: topic, name: "Expect: 100-continue by a client that does not wait", client: func(p *play) {
			p.send(request("POST /a", "Expect: 100-continue", "Content-Length: 5") + "hello")
			p.read("POST")
		}, want: `
			< 200 length "ok"
			open
			> POST /a length "hello"`},
		{topic: topic, name: "Expect: 100-Continue, in capitals", client: func(p *play) {
			p.send(request("POST /a", "Expect: 100-Continue", "Content-Length: 5"))
			p.readInterim()
			p.send("hello")
			p.read("POST")
		}, want: `
			< 100
			< 200 length "ok"
			open
			> POST /a length "hello"`, shows: []string{"1xx"}},
		{topic: topic, name: "Expect: 100-continue without a body", send: get("/a", "Expect: 100-continue"), want: `
			< 200 length "ok"
			open
			> GET /a`},
		{topic: topic, name: "Expect: 100-continue with chunks", client: func(p *play) {
			p.send(request("POST /a", "Expect: 100-continue", "Transfer-Encoding: chunked"))
			p.readInterim()
			p.send(chunk("hello") + "0\r\n\r\n")
			p.read("POST")
		}, want: `
			< 100
			< 200 length "ok"
			open
			> POST /a chunks "hello"`, shows: []string{"1xx"}},
		{topic: topic, name: "an expectation that nobody knows", send: get("/a", "Expect: miracles"), want: `
			< 200 length "ok"
			open
			> GET /a`},
	}
}

// pipelineCases are about requests that do not wait for answers (RFC 9112 §9.3.2).
func pipelineCases() []*wireCase {
	const topic = "pipelining"
	return []*wireCase{
		{
			topic: topic, name: "two", send: get("/a") + get("/b"), reads: []string{"GET", "GET"},
			shop: []reply{say(ok("A")), say(ok("B"))}, want: `
			< 200 length "A"
			< 200 length "B"
			open
			> GET /a
			> GET /b`,
		},
		{
			topic: topic, name: "bodies, chunks and HEAD",
			send:  post("/a", "a") + postChunks("/b", chunk("b")+"0\r\n\r\n") + request("HEAD /c") + get("/d"),
			reads: []string{"POST", "POST", "HEAD", "GET"},
			shop: []reply{
				say(ok("A")), say(ok("B")), say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"), say(ok("D")),
			}, want: `
			< 200 length "A"
			< 200 length "B"
			< 200 length 1, no body
			< 200 length "D"
			open
			> POST /a length "a"
			> POST /b chunks "b"
			> HEAD /c
			> GET /d`,
		},
		{
			topic: topic, name: "behind Connection: close", send: get("/a", "Connection: close") + smuggled,
			reads: []string{"GET"}, want: `
			< 200 length "ok"
			closed
			> GET /a`,
		},
		{
			topic: topic, name: "behind HTTP/1.0",
			send: "GET /a HTTP/1.0\r\nHost: shop.example\r\n\r\n" + smuggled, reads: []string{"GET"}, want: `
			< 200 length "ok"
			closed
			> GET /a`,
		},
		{
			topic: topic, name: "behind what cannot be read",
			send: "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, reads: []string{"GET"},
			want: refused,
		},
		{
			topic: topic, name: "behind an answer of the shop's that cannot be read",
			send: get("/a") + get("/b"), reads: []string{"GET"},
			shop: []reply{sayAndClose("no HTTP\r\n\r\n")}, want: `
			< 502 by the proxy
			open or closed
			> GET /a`,
		},
		{
			topic: topic, name: "a line end too much between them",
			send: post("/a", "a") + "\r\n" + get("/b"), reads: []string{"POST", "GET"}, want: `
			< 200 length "ok"
			< 200 length "ok"
			open
			> POST /a length "a"
			> GET /b`,
		},
		{
			topic: topic, name: "100 in one packet", send: strings.Repeat(get("/a"), 100),
			reads: strings.Split(strings.Repeat("GET ", 99)+"GET", " "),
			want:  strings.Repeat("< 200 length \"ok\"\n", 100) + "open" + strings.Repeat("\n> GET /a", 100),
		},
	}
}

// closeWrite says that the client sends nothing more.
func (p *play) closeWrite() {
	if tcp, isTCP := p.conn.(*net.TCPConn); isTCP {
		_ = tcp.CloseWrite()
	}
}

// leave ends the client's connection, by a reset.
func (p *play) leave() {
	if tcp, isTCP := p.conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = p.conn.Close()
	p.end = "gone"
}

// goneCases are about clients that do not stay to the end.
func goneCases() []*wireCase {
	const topic = "clients that leave"
	return []*wireCase{
		{topic: topic, name: "before the answer", client: func(p *play) {
			p.send(get("/a"))
			p.await("asked")
			p.leave()
			p.tell("left")
		}, shop: []reply{{do: func(x *exchange) {
			x.p.tell("asked")
			x.p.await("left")
			x.say(pageOfA)
			x.close()
		}}}, want: `
			gone
			> GET /a`},
		{topic: topic, name: "in the middle of the answer", client: func(p *play) {
			p.send(get("/a"))
			p.head()
			p.leave()
			p.tell("left")
		}, shop: []reply{{do: func(x *exchange) {
			x.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000000\r\n\r\nhalf")
			x.p.await("left")
			x.say(strings.Repeat("x", 1_999_996))
			x.close()
		}}}, want: `
			< 200
			<   Content-Type: text/plain
			gone
			> GET /a`},
		{topic: topic, name: "in the middle of the request's body", client: func(p *play) {
			p.send(request("POST /a", "Content-Length: 1000") + "half")
			p.leave()
		}, want: `
			gone`},
		{topic: topic, name: "in the middle of a chunk", client: func(p *play) {
			p.send(postChunks("/a", "50\r\nhalf"))
			p.leave()
		}, want: `
			gone`},
		{topic: topic, name: "in the middle of the head", client: func(p *play) {
			p.send("GET /a HTTP/1.1\r\nHost: shop")
			p.leave()
		}, want: `
			gone`},
		{topic: topic, name: "without a word", client: func(p *play) { p.leave() }, want: `
			gone`},
		{topic: topic, name: "half: the request is whole, nothing more comes", client: func(p *play) {
			p.send(get("/a"))
			p.await("asked")
			p.closeWrite()
			p.tell("half gone")
			p.read("GET")
		}, shop: []reply{{do: func(x *exchange) {
			x.p.tell("asked")
			x.p.await("half gone")
			x.say(ok("page of A", "Content-Type: text/plain"))
		}}}, want: `
			< 200 length "page of A"
			<   Content-Type: text/plain
			closed
			> GET /a`},
		{topic: topic, name: "half: the body is not whole, nothing more comes", client: func(p *play) {
			p.send(request("POST /a", "Content-Length: 1000") + "half")
			p.closeWrite()
			p.read("POST")
		}, want: `
			< 400 by the proxy
			closed`},
	}
}
