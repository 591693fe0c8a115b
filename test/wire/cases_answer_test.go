package wire

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
)

// framingCases are about where an answer ends (RFC 9112 §6.3), to clients of either version.
func framingCases() []*wireCase {
	const topic = "length of an answer"
	one := func(name, send string, shop reply, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, shop: []reply{shop}, want: want}
	}
	chunks := answer("200 OK", chunk("page ")+chunk("of A")+"0\r\n\r\n", "Transfer-Encoding: chunked")
	untilClose := answer("200 OK", "page of A")
	old := func(s string) string { return strings.Replace(s, "HTTP/1.1", "HTTP/1.0", 1) }
	const http10 = "GET /a HTTP/1.0\r\nHost: shop.example\r\n\r\n"
	const http10Open = "GET /a HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n"
	big := strings.Repeat("0123456789abcdef", bigBody/16)
	return []*wireCase{
		one("Content-Length", get("/a"), say(ok("page of A")), "< 200 length \"page of A\"\nopen\n> GET /a"),
		one("Content-Length: 0", get("/a"), say(ok("")), "< 200 length \"\"\nopen\n> GET /a"),
		one("1 MiB by length", get("/a"), say(ok(big)), "< 200 length "+shownBody([]byte(big))+"\nopen\n> GET /a"),
		one(
			"1 MiB in chunks", get("/a"),
			say(answer("200 OK", chunk(big[:5])+chunk(big[5:])+"0\r\n\r\n", "Transfer-Encoding: chunked")),
			"< 200 chunks "+shownBody([]byte(big))+"\nopen\n> GET /a",
		),
		one(
			"1 MiB until the connection ends", get("/a"), sayAndClose(answer("200 OK", big)),
			"< 200 chunks "+shownBody([]byte(big))+"\nopen\n> GET /a",
		),
		one("chunks", get("/a"), say(chunks), "< 200 chunks \"page of A\"\nopen\n> GET /a"),
		one(
			"chunks with capitals, zeros and extensions", get("/a"),
			say(answer("200 OK", "0A;x=y\r\n0123456789\r\n00;z\r\n\r\n", "Transfer-Encoding: chunked")),
			"< 200 chunks \"0123456789\"\nopen\n> GET /a",
		),
		one(
			"chunks named Chunked", get("/a"),
			say(answer("200 OK", chunk("ok")+"0\r\n\r\n", "transfer-encoding: Chunked")),
			"< 200 chunks \"ok\"\nopen\n> GET /a",
		),
		one(
			"chunks with a trailer", get("/a"),
			say(answer("200 OK", chunk("ok")+"0\r\nX-Sum: 1\r\n\r\n", "Trailer: X-Sum", "Transfer-Encoding: chunked")),
			"< 200 chunks \"ok\"\n<   trailer X-Sum: 1\nopen\n> GET /a",
		),
		one(
			"until the connection ends", get("/a"), sayAndClose(untilClose),
			"< 200 chunks \"page of A\"\nopen\n> GET /a",
		),
		one(
			"until the connection ends, nothing", get("/a"), sayAndClose(answer("200 OK", "")),
			"< 200 chunks \"\"\nopen\n> GET /a",
		),
		one(
			"HTTP/1.0 until the connection ends", get("/a"), sayAndClose(old(untilClose)),
			"< 200 chunks \"page of A\"\nopen\n> GET /a",
		),
		one(
			"HTTP/1.0 with a length", get("/a"), sayAndClose(old(ok("page of A"))),
			"< 200 length \"page of A\"\nopen\n> GET /a",
		),
		one(
			"HTTP/1.0 with a length, kept alive", get("/a"),
			say(old(ok("page of A", "Connection: keep-alive"))), "< 200 length \"page of A\"\nopen\n> GET /a",
		),
		one(
			"Connection: close with a length", get("/a"), sayAndClose(ok("page of A", "Connection: close")),
			"< 200 length \"page of A\"\nopen\n> GET /a",
		),
		one(
			"two equal lengths", get("/a"),
			say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
			"< 200 length \"ok\"\nopen\n> GET /a",
		),
		one(
			"two different lengths", get("/a"),
			sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"+pageOfA),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"a length that is none", get("/a"),
			sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok"),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"a negative length", get("/a"), sayAndClose("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"a length and chunks", get("/a"),
			sayAndClose(answer("200 OK", chunk("ok")+"0\r\n\r\n", "Content-Length: 3", "Transfer-Encoding: chunked")),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"an encoding of the transfer that nobody knows", get("/a"),
			sayAndClose(answer("200 OK", "ok", "Transfer-Encoding: gzip")),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"an encoding of the transfer twice", get("/a"),
			sayAndClose(answer(
				"200 OK", chunk("ok")+"0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
			)),
			"< 502 by the proxy\nopen or closed\n> GET /a",
		),
		one(
			"HEAD with a length", request("HEAD /a"),
			say("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n"),
			"< 200 length 5000000000, no body\nopen\n> HEAD /a",
		),
		one("HEAD without a length", request("HEAD /a"), say("HTTP/1.1 200 OK\r\n\r\n"), "< 200\nopen\n> HEAD /a"),
		one(
			"HEAD of a page that is not there", request("HEAD /a"),
			say("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n"),
			"< 404 length 9, no body\nopen\n> HEAD /a",
		),
		one("204", get("/a"), say(answer("204 No Content", "")), "< 204\nopen\n> GET /a"),
		one(
			"204 to POST", post("/a", "x"), say(answer("204 No Content", "", "X-A: 1")),
			"< 204\n<   X-A: 1\nopen\n> POST /a length \"x\"",
		),
		one(
			"304", get("/a"), say(answer("304 Not Modified", "", `ETag: "x"`)),
			"< 304\n<   ETag: \"x\"\nopen\n> GET /a",
		),
		one(
			"206", get("/a"),
			say(answer("206 Partial Content", "ag", "Content-Range: bytes 1-2/4", "Content-Length: 2")),
			"< 206 length \"ag\"\n<   Content-Range: bytes 1-2/4\nopen\n> GET /a",
		),
		one(
			"302", get("/a"), say(answer("302 Found", "", "Location: /b?c=%20d", "Content-Length: 0")),
			"< 302 length \"\"\n<   Location: /b?c=%20d\nopen\n> GET /a",
		),
		one(
			"a status that nobody knows", get("/a"), say(answer("299 Odd", "ok", "Content-Length: 2")),
			"< 299 length \"ok\"\nopen\n> GET /a",
		),
		one(
			"404 with a page", get("/a"), say(answer("404 Not Found", "none", "Content-Length: 4")),
			"< 404 length \"none\"\nopen\n> GET /a",
		),
		one(
			"500 with a page", get("/a"), say(answer("500 Oops", "oops", "Content-Length: 4")),
			"< 500 length \"oops\"\nopen\n> GET /a",
		),
		one("an HTTP/1.0 client and chunks", http10, say(chunks), "< 200 close \"page of A\"\nclosed\n> GET /a"),
		one(
			"an HTTP/1.0 client and a length", http10, say(ok("page of A")),
			"< 200 length \"page of A\"\nclosed\n> GET /a",
		),
		one(
			"an HTTP/1.0 client that stays, and a length", http10Open, say(ok("page of A")),
			"< 200 length \"page of A\"\nopen\n> GET /a",
		),
		one(
			"an HTTP/1.0 client that stays, and chunks", http10Open, say(chunks),
			"< 200 close \"page of A\"\nclosed\n> GET /a",
		),
		one(
			"an HTTP/1.0 client and 103", http10, say(hints, ok("page of A")),
			"< 200 length \"page of A\"\nclosed\n> GET /a",
		),
		{
			topic: topic, name: "an HTTP/1.0 client without a Host", send: "GET /a HTTP/1.0\r\n\r\n",
			shop: shopSays(ok("page of A")), want: "< 200 length \"page of A\"\nclosed\n> GET /a",
		},
		one(
			"an HTTP/1.0 client and until the connection ends", http10, sayAndClose(untilClose),
			"< 200 close \"page of A\"\nclosed\n> GET /a",
		),
	}
}

// answerHeadCases are about the lines of an answer's head.
func answerHeadCases() []*wireCase {
	const topic = "headers of an answer"
	pass := func(name string, headers []string, want ...string) *wireCase {
		if want == nil {
			want = headers
		}
		w := "< 200 length \"ok\""
		for _, l := range want {
			w += "\n<   " + shownLine(l)
		}
		return &wireCase{
			topic: topic, name: name, send: get("/a"), shop: shopSays(ok("ok", headers...)),
			want: w + "\nopen\n> GET /a",
		}
	}
	fault := func(name, says string) *wireCase {
		return &wireCase{
			topic: topic, name: name, send: get("/a"), shop: []reply{sayAndClose(says)},
			want: "< 502 by the proxy\nopen or closed\n> GET /a",
		}
	}
	showing := func(c *wireCase, names ...string) *wireCase {
		c.shows = names
		return c
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("page of A"))
	_ = z.Close()
	const ct = "Content-Type: text/plain"
	var cookies []string
	for i := range 40 {
		cookies = append(cookies, fmt.Sprintf("Set-Cookie: c%d=%s; Path=/", 40-i, strings.Repeat("v", 100)))
	}
	return []*wireCase{
		showing(pass("no Content-Type is invented", []string{"X-A: 1"}), "content-type"),
		showing(
			pass("a Content-Type with a charset in capitals", []string{`content-type: TEXT/html; Charset="EUC-KR"`}),
			"content-type",
		),
		showing(pass("an empty Content-Type", []string{"Content-Type:"}), "content-type"),
		showing(pass("two Content-Type", []string{"Content-Type: a/b", "Content-Type: c/d"}), "content-type"),
		showing(
			pass("the shop's Date and Server", []string{ct, "Date: " + shopsDate, "Server: shop/1"}), "date",
			"server",
		),
		pass(
			"cookies in their order",
			[]string{ct, "Set-Cookie: b=2; Path=/; HttpOnly", "Set-Cookie: a=1", "X-A: 1", "set-cookie: b=3"},
		),
		pass(
			"cookies byte for byte",
			[]string{
				ct, `Set-Cookie: a="x y\"z"; expires=Tue, 01-Dec-2026 00:00:00 GMT`,
				"Set-Cookie: cart={\"a\":1}", "Set-Cookie: n", "Set-Cookie: =v", "Set-Cookie:",
			},
		),
		pass(
			"names as they were written",
			[]string{ct, "x-lower: 1", "X-UPPER: 2", "ETAG: \"x\"", "www-authenticate: Basic realm=\"a\""},
		),
		pass(
			"lines of one name in their order",
			[]string{ct, "Vary: A", "Link: <a>", "Vary: B", "Link: <b>", "vary: C"},
		),
		pass("empty values", []string{ct, "X-A:", "X-B: "}),
		pass(
			"Latin-1 and UTF-8",
			[]string{ct, "X-A: caf\xe9", "Content-Disposition: attachment; filename=\"\xea\xb2\xb0.pdf\""},
		),
		pass("underscores and what a name may have", []string{ct, "X_A: 1", "X!#$%&'*+-.^_`|~9: 1"}),
		pass("5 KB of Content-Security-Policy", []string{ct, "Content-Security-Policy: " + strings.Repeat("a", 5000)}),
		pass("40 cookies", append([]string{ct}, cookies...)),
		pass("60 KiB in one line", []string{ct, "X-A: " + strings.Repeat("a", 60<<10)}),
		pass(
			"60 KiB in many lines",
			append([]string{ct}, strings.Split(strings.TrimSpace(strings.Repeat("X-A: 0123456789\n", 3600)), "\n")...),
		),
		fault("more than 64 KiB", ok("ok", "X-A: "+planted+strings.Repeat("a", 70<<10))),
		fault(
			"more than 64 KiB in many lines",
			ok("ok", strings.Split(strings.TrimSpace(strings.Repeat("X-A: "+planted+"0123456789\n", 4000)), "\n")...),
		),
		pass(
			"what Connection names is dropped", []string{ct, "Connection: X-Hop", "X-Hop: 1", "X-End: 2"}, ct,
			"X-End: 2",
		),
		pass(
			"Keep-Alive and Proxy-Connection are dropped",
			[]string{ct, "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive"},
			ct,
		),
		pass("Upgrade is dropped", []string{ct, "Upgrade: h2c", "Connection: Upgrade"}, ct),
		pass(
			"Location, Content-Location and Refresh of the shop's own",
			[]string{ct, "Location: https://other.example/a b", "Content-Location: /b", "Refresh: 5; url=/c"},
		),
		pass(
			"validators and digests",
			[]string{
				ct, `ETag: W/"x"`, "Last-Modified: Sun, 29 Nov 2026 00:00:00 GMT", "Digest: sha-256=x",
				"Content-MD5: y",
			},
		),
		{
			topic: topic, name: "gzip that was asked for", send: get("/a", "Accept-Encoding: gzip"),
			shop: shopSays(ok(zipped.String(), ct, "Content-Encoding: gzip", "Vary: Accept-Encoding")),
			want: "< 200 length " + shownBody(zipped.Bytes()) + `
			<   Content-Type: text/plain
			<   Content-Encoding: gzip
			<   Vary: Accept-Encoding
			open
			> GET /a
			>   Accept-Encoding: gzip`,
		},
		{
			topic: topic, name: "gzip that was not asked for", send: get("/a"),
			shop: shopSays(ok(zipped.String(), ct, "Content-Encoding: gzip")),
			want: "< 200 length " + shownBody(zipped.Bytes()) + `
			<   Content-Type: text/plain
			<   Content-Encoding: gzip
			open
			> GET /a`,
		},
		{
			topic: topic, name: "no reason behind the status", send: get("/a"),
			shop: shopSays("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
			want: "< 200 length \"ok\"\nopen\n> GET /a",
		},
		{
			topic: topic, name: "a reason with bytes beyond ASCII", send: get("/a"),
			shop: shopSays("HTTP/1.1 200 \xea\xb2\xb0\r\nContent-Length: 2\r\n\r\nok"),
			want: "< 200 length \"ok\"\nopen\n> GET /a",
		},
		{
			topic: topic, name: "bare LF for all line ends", send: get("/a"),
			shop: []reply{sayAndClose("HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok")},
			want: "< 502 by the proxy\nopen or closed\n> GET /a",
		},
		fault("a name with a space before the colon", ok("ok", "X-A : 1")),
		fault("a name with a space in it", ok("ok", "X A: 1")),
		fault("no name", ok("ok", ": 1")),
		fault("no colon", ok("ok", planted)),
		fault("a NUL in a value", ok("ok", "X-A: 1\x002")),
		fault("a bare CR in a value", ok("ok", "X-A: 1\rX-B: 2")),
		fault("a line that goes on", ok("ok", "X-A: 1", " 2")),
		fault("no HTTP", planted+"\r\n\r\n"),
		fault("HTTP/2 by its name", "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		fault("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"),
		fault("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
		fault("a status of letters", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok"),
	}
}

// brokenCases are about answers that do not come, or not whole. What is half must not look whole.
func brokenCases() []*wireCase {
	const topic = "broken answers"
	fault := func(name string, shop func(*exchange)) *wireCase {
		return &wireCase{
			topic: topic, name: name, send: get("/a"), shop: []reply{{do: shop}},
			want: "< 502 by the proxy\nopen or closed\n> GET /a",
		}
	}
	// A kept connection may end at any moment. Who writes to it then may ask again where that changes nothing.
	kept := func(name, method string, again reply, want string, shop func(*exchange)) *wireCase {
		return &wireCase{topic: topic, name: name, client: func(p *play) {
			p.send(get("/first"))
			p.read("GET")
			p.settle()
			p.send(request(method + " /a"))
			p.read(method)
		}, shop: []reply{say(ok("ok")), {do: shop}, again}, want: "< 200 length \"ok\"\n" + want}
	}
	const again = "< 200 length \"again\"\nopen\n> GET /first\n> GET /a\n> GET /a"
	cut := func(name, says, want string) *wireCase {
		return &wireCase{
			topic: topic, name: name, send: get("/a"), shop: []reply{sayAndClose(says)},
			want: want + " cut\nclosed\n> GET /a",
		}
	}
	return []*wireCase{
		kept("none to GET on a kept connection", "GET", say(ok("again")), again, (*exchange).close),
		kept("none to GET on a kept connection, by a reset", "GET", say(ok("again")), again, (*exchange).reset),
		kept("none to GET on a kept connection, by half a close", "GET", say(ok("again")), again, func(x *exchange) {
			x.halfClose()
			_ = x.take(1)
		}),
		kept(
			"none to GET on a kept connection, and again none", "GET", reply{do: (*exchange).close},
			"< 502 by the proxy\nopen or closed\n> GET /first\n> GET /a\n> GET /a", (*exchange).close,
		),
		kept(
			"half a head to GET on a kept connection", "GET", say(ok("again")),
			"< 502 by the proxy\nopen or closed\n> GET /first\n> GET /a", func(x *exchange) {
				x.say("HTTP/1.1 200")
				x.close()
			},
		),
		kept(
			"none to DELETE on a kept connection", "DELETE", say(ok("again")),
			"< 502 by the proxy\nopen or closed\n> GET /first\n> DELETE /a", (*exchange).close,
		),
		kept(
			"none to OPTIONS on a kept connection", "OPTIONS", say(ok("again")),
			"< 502 by the proxy\nopen or closed\n> GET /first\n> OPTIONS /a", (*exchange).close,
		),
		fault("half a status line", func(x *exchange) { x.say("HTTP/1.1 20"); x.close() }),
		fault("half a head", func(x *exchange) { x.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"); x.close() }),
		fault("half a name", func(x *exchange) { x.say("HTTP/1.1 200 OK\r\nContent-Le"); x.close() }),
		{
			topic: topic, name: "none to POST, which is sent once", send: post("/a", "x"),
			shop: []reply{{do: (*exchange).close}, say(ok("again"))},
			want: "< 502 by the proxy\nopen or closed\n> POST /a length \"x\"",
		},
		{
			topic: topic, name: "none to PUT, which is sent once",
			send: request("PUT /a", "Content-Length: 1") + "x",
			shop: []reply{{do: (*exchange).close}, say(ok("again"))},
			want: "< 502 by the proxy\nopen or closed\n> PUT /a length \"x\"",
		},
		{
			topic: topic, name: "none to POST with an idempotency key, which is sent once",
			send: post("/a", "x", "Idempotency-Key: k"),
			shop: []reply{{do: (*exchange).close}, say(ok("again"))},
			want: "< 502 by the proxy\nopen or closed\n> POST /a length \"x\"\n>   Idempotency-Key: k",
		},
		cut("half a length", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", `< 200 length "half"`),
		cut("half a chunk", answer("200 OK", "50\r\nhalf", "Transfer-Encoding: chunked"), `< 200 chunks "half"`),
		cut("no last chunk", answer("200 OK", chunk("half"), "Transfer-Encoding: chunked"), `< 200 chunks "half"`),
		cut(
			"a chunk's size that is none",
			answer("200 OK", chunk("half")+"zz\r\nmore\r\n0\r\n\r\n"+pageOfA, "Transfer-Encoding: chunked"),
			`< 200 chunks "half"`,
		),
		cut(
			"more in a chunk than its size",
			answer("200 OK", chunk("half")+"2\r\nmore\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
			`< 200 chunks "halfmo"`,
		),
		{topic: topic, name: "half a length, by a reset", client: func(p *play) {
			p.send(get("/a"))
			m, err := readHead(p.r)
			if err != nil {
				p.note("no head: " + err.Error())
				return
			}
			p.tell("answered")
			m.readBody(p.r, false, true)
			p.answers, p.end = append(p.answers, p.shownAnswer(m)), endClosed
		}, shop: []reply{{do: func(x *exchange) {
			x.say("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
			x.p.await("answered")
			x.reset()
		}}}, want: "< 200 length \"half\" cut\nclosed\n> GET /a"},
	}
}
