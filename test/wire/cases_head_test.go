package wire

import (
	"fmt"
	"strings"
)

// lineCases are about the first line of a request and its Host (RFC 9112 §3).
func lineCases() []*wireCase {
	const topic = "request line and Host"
	refuse := func(name, send string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, reads: []string{"GET"}, want: refused}
	}
	pass := func(name, send, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, want: "< 200 length \"ok\"\nopen\n> " + want}
	}
	all := []*wireCase{
		refuse("no Host", "GET /a HTTP/1.1\r\n\r\n"),
		refuse("two Host", request("GET /a", "Host: other.example")),
		refuse("two equal Host", request("GET /a", "Host: shop.example")),
		refuse("a Host with a space", "GET /a HTTP/1.1\r\nHost: shop example\r\n\r\n"),
		refuse("a Host with a slash", "GET /a HTTP/1.1\r\nHost: shop.example/x\r\n\r\n"),
		refuse("a Host with a user", "GET /a HTTP/1.1\r\nHost: me@shop.example\r\n\r\n"),
		refuse("a Host with a comma", "GET /a HTTP/1.1\r\nHost: shop.example,other.example\r\n\r\n"),
		refuse("a Host with a space before the colon", "GET /a HTTP/1.1\r\nHost : shop.example\r\n\r\n"),
		refuse("a Host on a line of its own", "GET /a HTTP/1.1\r\nHost:\r\n shop.example\r\n\r\n"),
		pass("a Host with a port", "GET /a HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n", "GET /a"),
		pass("a Host in capitals", "GET /a HTTP/1.1\r\nHOST: SHOP.EXAMPLE\r\n\r\n", "GET /a"),
		pass("a Host of IPv6", "GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET /a"),
		refuse("no version", "GET /a\r\n\r\n"),
		refuse("HTTP/2.0", "GET /a HTTP/2.0\r\nHost: shop.example\r\n\r\n"),
		refuse("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		refuse("HTTP/1.9", "GET /a HTTP/1.9\r\nHost: shop.example\r\n\r\n"),
		refuse("http/1.1", "GET /a http/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("HTTP/1.1x", "GET /a HTTP/1.1x\r\nHost: shop.example\r\n\r\n"),
		refuse("HTTP/01.1", "GET /a HTTP/01.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a tab for a space", "GET\t/a\tHTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("no target", "GET HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a space in the target", "GET /a b HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a target without a slash", "GET a HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("no method", " /a HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a method that is no token", "G(T /a HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		{
			topic: topic, name: "a method that nobody knows", send: request("get /a"),
			want: "< 400 by the proxy\nopen or closed",
		},
		refuse("no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
		refuse("a bare LF behind it", "GET /a HTTP/1.1\nHost: shop.example\r\n\r\n"),
		// How long others wait for an end is up to them.
		{topic: topic, name: "no HTTP, and no end", send: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", own: true, want: refused},
		{topic: topic, name: "a bare LF behind it, and no end", send: "GET /a HTTP/1.1\n", own: true, want: refused},
		refuse("a bare CR behind it", "GET /a HTTP/1.1\rHost: shop.example\r\n\r\n"),
		refuse("a control character in the target", "GET /a\x01b HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a NUL in the target", "GET /a\x00b HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		refuse("a bare CR in the target", "GET /a\rb HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
		pass("an empty line before it", "\r\n"+get("/a"), "GET /a"),
		pass("a target of 8 KB", get("/"+strings.Repeat("a", 8000)), "GET /"+strings.Repeat("a", 8000)),
		{
			topic: topic, name: "a target of 40 KiB", send: get("/" + strings.Repeat("a", 40<<10)),
			want: "< 431 by the proxy\nclosed",
		},
		{
			topic: topic, name: "CONNECT",
			send: "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n",
			want: "< 400 by the proxy\nopen or closed",
		},
		{topic: topic, name: "OPTIONS *", send: request("OPTIONS *"), want: "< 400 by the proxy\nopen or closed"},
		pass("an absolute target", request("GET http://shop.example/a?b=c"), "GET /a?b=c"),
		pass("an absolute target without a path", request("GET http://shop.example"), "GET /"),
		{
			topic: topic, name: "an absolute target of another Host, which goes first",
			send: request("GET http://other.example/a"), shows: []string{"x-forwarded-host"}, want: `
			< 200 length "ok"
			open
			> GET /a
			>   X-Forwarded-Host: other.example`,
		},
		refuse("an absolute target of another scheme", request("GET ftp://shop.example/a")),
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"} {
		all = append(all, pass("the method "+method, request(method+" /a"), method+" /a"))
	}
	return all
}

// headerCases are about the lines of a request's head (RFC 9112 §5), and what a buyer's browser sends there.
func headerCases() []*wireCase {
	const topic = "headers of a request"
	refuse := func(name string, lines ...string) *wireCase {
		return &wireCase{topic: topic, name: name, send: request("GET /a", lines...), want: refused}
	}
	pass := func(name string, lines ...string) *wireCase {
		want := "< 200 length \"ok\"\nopen\n> GET /a"
		for _, l := range lines {
			want += "\n>   " + shownLine(l)
		}
		return &wireCase{topic: topic, name: name, send: request("GET /a", lines...), want: want}
	}
	var many []string
	for i := range 80 {
		many = append(many, fmt.Sprintf("X-%d: %d", 80-i, i))
	}
	return []*wireCase{
		refuse("a name with a space before the colon", "X-A : "+planted),
		refuse("a name with a space in it", "X A: "+planted),
		refuse("a name with a tab in it", "X\tA: 1"),
		refuse("no name", ": "+planted),
		refuse("no colon", planted),
		refuse("a control character in a name", "X\x01A: 1"),
		refuse("a bracket in a name", "X(A: 1"),
		refuse("a byte beyond ASCII in a name", "X-\xc3\xa9: 1"),
		refuse("a NUL in a name", "X\x00A: 1"),
		refuse("a NUL in a value", "X-A: 1\x00"+planted),
		refuse("a control character in a value", "X-A: 1\x01"+planted),
		refuse("a bare CR in a value", "X-A: 1\rX-B: "+planted),
		refuse("a line that goes on", "X-A: 1", " 2"),
		refuse("a first line that goes on", " X-A: 1"),
		{
			topic: topic, name: "bare LF for all line ends",
			send:  "GET /a HTTP/1.1\nHost: shop.example\nX-A: 1\n\n" + get("/b"),
			reads: []string{"GET", "GET"}, want: `
			< 400 by the proxy
			< nothing
			closed`,
		},
		{
			topic: topic, name: "bare LF for all line ends, and nothing more",
			send: "GET /a HTTP/1.1\nHost: shop.example\nX-A: 1\n\n", want: refused,
		},
		{
			topic: topic, name: "bare LF behind a line, and no end",
			send: "GET /a HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\n", own: true, want: refused,
		},
		{
			topic: topic, name: "bare CR for all line ends, and nothing more",
			send: "GET /a HTTP/1.1\rHost: shop.example\rX-A: 1\r\r", own: true, want: refused,
		},
		{
			topic: topic, name: "a NUL in a value, and no end",
			send: "GET /a HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\x00", own: true, want: refused,
		},
		pass("names as they were written", "x-lower: 1", "X-UPPER: 2", "X-MiXeD: 3"),
		pass("underscores in a name", "X_A: 1", "api_key: 2"),
		pass("all that a name may have", "X!#$%&'*+-.^_`|~9: 1"),
		pass("lines of one name in their order", "X-A: 1", "X-B: 2", "X-A: 3", "x-a: 4"),
		pass("80 lines in their order", many...),
		pass("an empty value", "X-A:", "X-B: "),
		pass("white space in and around a value", "X-A:  1 \t 2  "),
		pass("Latin-1 in a value", "X-A: caf\xe9"),
		pass("UTF-8 in a value", "X-A: \xea\xb2\xb0\xec\xa0\x9c"),
		pass("quotes and backslashes in a value", `X-A: "a\"b\\c"`, `If-None-Match: W/"x", "y"`),
		pass("no invented Accept, Accept-Encoding or User-Agent"),
		pass("Accept-Encoding as it was", "Accept-Encoding: gzip;q=0.5, br, zstd"),
		pass(
			"If-*, Range and Authorization", `If-Match: "a"`,
			"If-Modified-Since: Sun, 29 Nov 2026 00:00:00 GMT", "Range: bytes=0-3",
			"Authorization: Basic YTpi",
		),
		pass("a Content-Type of a request without a body", "Content-Type: text/plain"),
		pass("a cookie in quotes", `Cookie: sid=1; s="provider=oidc\073state=x"; z=2`),
		pass("a cookie in quotes that is base64", `Cookie: w="YWJj=="; z=2`),
		pass("a cookie that is JSON", `Cookie: cart={"items":1,"sum":64900}; z=2`),
		pass("a cookie in quotes alone", `Cookie: flash="x"`),
		pass("cookies without a name, a value, or both", `Cookie: =v; n; n=; ; =`),
		pass("cookies without spaces and with many", `Cookie: a=1;b=2;   c=3 ;`),
		pass("two lines of cookies", `Cookie: a=1`, `Cookie: b=2`),
		pass("cookies twice in one line", `Cookie: a=1; a=2; A=3`),
		pass("a cookie of Latin-1", "Cookie: n=caf\xe9"),
		pass("a cookie that looks encoded", `Cookie: a=%20%2B+b; p=a/b?c=d&e`),
		pass("12 KiB of cookies", "Cookie: a="+strings.Repeat("x", 12<<10)),
		{
			topic: topic, name: "20 kB of cookies",
			send: request("GET /a", "Cookie: a="+strings.Repeat("x", 20_000)),
			want: "< 431 by the proxy\nclosed",
		},
		{
			topic: topic, name: "300 kB of small lines",
			send: request("GET /a", strings.Split(strings.Repeat("X-A: 0123456789\n", 20_000)+"X-A: 1", "\n")...),
			want: "< 431 by the proxy\nclosed",
		},
		{topic: topic, name: "a head in single bytes", client: func(p *play) {
			for _, b := range []byte(get("/a", "X-A: 1")) {
				p.send(string(b))
			}
			p.read("GET")
		}, want: `
			< 200 length "ok"
			open
			> GET /a
			>   X-A: 1`},
	}
}

// hopCases are about headers of one connection (RFC 9110 §7.6.1) and those that proxies write.
func hopCases() []*wireCase {
	const topic = "hop-by-hop and forwarded"
	pass := func(name string, lines []string, want ...string) *wireCase {
		w := "< 200 length \"ok\"\nopen\n> GET /a"
		for _, l := range want {
			w += "\n>   " + l
		}
		return &wireCase{topic: topic, name: name, send: request("GET /a", lines...), want: w}
	}
	forwarded := func(name, from string, lines []string, want ...string) *wireCase {
		c := pass(name, nil, want...)
		c.shows = []string{
			"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
			"x-forwarded-user", "forwarded", "x-real-ip",
		}
		c.client = func(p *play) {
			p.dial(from)
			p.send(request("GET /a", lines...))
			p.read("GET")
		}
		return c
	}
	return []*wireCase{
		pass("what Connection names", []string{"Connection: X-Hop", "X-Hop: 1", "X-End: 2"}, "X-End: 2"),
		pass(
			"what two lines of Connection name",
			[]string{"Connection: X-Hop", "Connection: keep-alive, x-other", "X-Hop: 1", "X-Other: 2", "X-End: 3"},
			"X-End: 3",
		),
		pass("Connection that names a length", []string{"Connection: Content-Length", "X-End: 1"}, "X-End: 1"),
		pass("Connection with empty elements", []string{"Connection: , ,X-Hop,", "X-Hop: 1", "X-End: 2"}, "X-End: 2"),
		pass(
			"Keep-Alive and Proxy-Connection",
			[]string{"Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "X-End: 1"}, "X-End: 1",
		),
		pass("Proxy-Authorization", []string{"Proxy-Authorization: Basic YTpi", "X-End: 1"}, "X-End: 1"),
		pass("TE", []string{"TE: gzip", "Connection: TE", "X-End: 1"}, "X-End: 1"),
		pass("Upgrade that Connection does not name", []string{"Upgrade: websocket", "X-End: 1"}, "X-End: 1"),
		{topic: topic, name: "Connection: close", send: request("GET /a", "Connection: close"), want: `
			< 200 length "ok"
			closed
			> GET /a`},
		{
			topic: topic, name: "Connection: close among others",
			send: request("GET /a", "Connection: x-hop, Close"), want: `
			< 200 length "ok"
			closed
			> GET /a`,
		},
		forwarded(
			"who is calling", "127.0.0.1", nil, "X-Forwarded-For: 127.0.0.1",
			"X-Forwarded-Host: shop.example", "X-Forwarded-Proto: http",
			"Forwarded: for=127.0.0.1;host=shop.example;proto=http",
		),
		forwarded("a stranger says who is calling", "127.0.0.1",
			[]string{
				"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https",
				"Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4",
			},
			"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: shop.example", "X-Forwarded-Proto: http",
			"Forwarded: for=127.0.0.1;host=shop.example;proto=http"),
		forwarded(
			"a stranger has Connection drop who is calling", "127.0.0.1",
			[]string{"Connection: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto"},
			"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: shop.example",
			"X-Forwarded-Proto: http", "Forwarded: for=127.0.0.1;host=shop.example;proto=http",
		),
		forwarded("a trusted proxy says who is calling", trustedFront,
			[]string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: www.shop.example", "X-Forwarded-Proto: https"},
			"X-Forwarded-For: 1.2.3.4, "+trustedFront, "X-Forwarded-Host: www.shop.example",
			"X-Forwarded-Proto: https",
			"Forwarded: for=1.2.3.4, for="+trustedFront+";host=www.shop.example;proto=https"),
		forwarded(
			"a trusted proxy says it on two lines", trustedFront,
			[]string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"},
			"X-Forwarded-For: 1.2.3.4, 5.6.7.8, "+trustedFront, "X-Forwarded-Host: shop.example",
			"X-Forwarded-Proto: http",
			"Forwarded: for=1.2.3.4, for=5.6.7.8, for="+trustedFront+";host=shop.example;proto=http",
		),
	}
}
