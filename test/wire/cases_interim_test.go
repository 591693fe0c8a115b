package wire

import "strings"

const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"

// whole is what comes of a GET /a whose answer is pageOfA.
const whole = `
	< 200 length "page of A"
	<   Set-Cookie: session=A
	open
	> GET /a`

// interimCases are about answers before the answer (RFC 9110 §15.2).
func interimCases() []*wireCase {
	const topic = "interim answers"
	return []*wireCase{
		{
			topic: topic, name: "103 and the answer in two packets", send: get("/a"),
			shop: shopSays(hints, pageOfA), want: whole,
		},
		{
			topic: topic, name: "103 and the answer in one packet", send: get("/a"),
			shop: shopSays(hints + pageOfA), want: whole,
		},
		{
			topic: topic, name: "102", send: get("/a"),
			shop: shopSays("HTTP/1.1 102 Processing\r\n\r\n", pageOfA), want: whole,
		},
		{
			topic: topic, name: "100 that nobody asked for", send: get("/a"),
			shop: shopSays("HTTP/1.1 100 Continue\r\n\r\n", pageOfA), want: whole,
		},
		{
			topic: topic, name: "100, 102, 103 and 103", send: get("/a"),
			shop: shopSays("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", hints+hints, pageOfA),
			want: whole,
		},
		{
			topic: topic, name: "103 that says a length", send: get("/a"),
			shop: shopSays("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", pageOfA), want: whole,
		},
		{
			topic: topic, name: "103 before the answer to HEAD", send: request("HEAD /a"),
			shop: shopSays(hints, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"), want: `
			< 200 length 17, no body
			open
			> HEAD /a`,
		},
		{
			topic: topic, name: "103 before the answer to POST", send: post("/a", "order"),
			shop: shopSays(hints, pageOfA), want: `
			< 200 length "page of A"
			<   Set-Cookie: session=A
			open
			> POST /a length "order"`,
		},
		{
			topic: topic, name: "103 before 204", send: get("/a"),
			shop: shopSays(hints, answer("204 No Content", "")), want: `
			< 204
			open
			> GET /a`,
		},
		{
			topic: topic, name: "103 before chunks", send: get("/a"),
			shop: shopSays(hints, answer("200 OK", chunk("page of A")+"0\r\n\r\n", "Transfer-Encoding: chunked")),
			want: `
			< 200 chunks "page of A"
			open
			> GET /a`,
		},
		{topic: topic, name: "103 and then nothing", send: get("/a"), shop: []reply{sayAndClose(hints)}, want: `
			< 502 by the proxy
			open or closed
			> GET /a`},
		{
			topic: topic, name: "103 without end", send: get("/a"),
			shop: []reply{sayAndClose(strings.Repeat(hints, 3000))}, want: `
			< 502 by the proxy
			open or closed
			> GET /a`,
		},
		{
			topic: topic, name: "101 that nobody asked for", send: get("/a"),
			shop: []reply{sayAndClose("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + pageOfA)},
			want: `
			< 502 by the proxy
			open or closed
			> GET /a`,
		},
		{
			topic: topic, name: "a status below 100", send: get("/a"),
			shop: []reply{sayAndClose("HTTP/1.1 099 What\r\n\r\n" + pageOfA)}, want: `
			< 502 by the proxy
			open or closed
			> GET /a`,
		},
	}
}
