package wire

import "io"

// upgrading asks for a WebSocket.
func upgrading(more ...string) string {
	return get(
		"/ws",
		append(
			[]string{
				"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
				"Sec-WebSocket-Version: 13",
			},
			more...,
		)...,
	)
}

const (
	switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	// bothSwitched is what both sides see of it.
	bothSwitched = `
		< 101 upgrade to websocket
		<   Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=`
	askedToSwitch = `
		> GET /ws upgrade to websocket
		>   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
		>   Sec-WebSocket-Version: 13`
)

// untilEnd reads until the other side has ended the connection.
func (p *play) untilEnd() {
	rest, err := io.ReadAll(p.r)
	if p.end = endClosed; err != nil && !ended(err) {
		p.end = "hanging"
	}
	if len(rest) > 0 {
		p.got(shownBody(rest))
	}
}

// upgradeCases are about connections that become something else (RFC 9110 §7.8).
func upgradeCases() []*wireCase {
	const topic = "upgrades"
	tunnel := func(name string, client func(*play), shop func(*exchange), seen string) *wireCase {
		return &wireCase{topic: topic, name: name, client: client, shop: []reply{{do: shop}}, want: bothSwitched + seen}
	}
	refuse := func(name, send, says, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, reads: []string{"GET"}, shop: shopSays(says), want: want}
	}
	return []*wireCase{
		tunnel("bytes both ways, the shop ends", func(p *play) {
			p.send(upgrading())
			p.head()
			p.send("ping\x00\xff")
			p.got(p.piece(4))
			p.untilEnd()
		}, func(x *exchange) {
			x.say(switched)
			x.p.note("the shop has " + shownBody([]byte(x.take(6))))
			x.say("pong")
			x.close()
		}, "\n< pong\nclosed"+askedToSwitch+"\n> the shop has \"ping\\x00\\xff\""),
		tunnel("bytes both ways, the client ends", func(p *play) {
			p.send(upgrading())
			p.head()
			p.send("bye")
			p.await("bye")
			p.leave()
			p.await("seen")
		}, func(x *exchange) {
			x.say(switched)
			x.p.note("the shop has " + x.take(3))
			x.p.tell("bye")
			_ = x.take(1)
			x.p.tell("seen")
		}, "\ngone"+askedToSwitch+"\n> the shop has bye"),
		tunnel("the shop speaks first, in the same packet", func(p *play) {
			p.send(upgrading())
			p.head()
			p.got(p.piece(5))
			p.untilEnd()
		}, func(x *exchange) {
			x.say(switched + "hello")
			x.close()
		}, "\n< hello\nclosed"+askedToSwitch),
		tunnel("the client does not wait", func(p *play) {
			p.send(upgrading() + "early")
			p.head()
			p.untilEnd()
		}, func(x *exchange) {
			x.say(switched)
			x.p.note("the shop has " + x.take(5))
			x.close()
		}, "\nclosed"+askedToSwitch+"\n> the shop has early"),
		tunnel("103 before it", func(p *play) {
			p.send(upgrading())
			if p.read("GET") != nil {
				p.untilEnd()
			}
		}, func(x *exchange) {
			x.say(hints + switched)
			x.close()
		}, "\nclosed"+askedToSwitch),
		refuse(
			"refused by 426", upgrading(),
			answer("426 Upgrade Required", "no", "Upgrade: websocket", "Connection: Upgrade", "Content-Length: 2"),
			`
			< 426 length "no"
			open
			> GET /ws upgrade to websocket
			>   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
			>   Sec-WebSocket-Version: 13`,
		),
		refuse("answered by a page", upgrading(), ok("page"), `
			< 200 length "page"
			open
			> GET /ws upgrade to websocket
			>   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
			>   Sec-WebSocket-Version: 13`),
		refuse(
			"Connection names it among others",
			get("/ws", "Connection: keep-alive, Upgrade, X-Hop", "Upgrade: websocket", "X-Hop: 1"),
			ok("page"), `
			< 200 length "page"
			open
			> GET /ws upgrade to websocket`,
		),
		refuse(
			"of HTTP/1.0, which has none",
			"GET /ws HTTP/1.0\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
			ok("page"), `
			< 200 length "page"
			closed
			> GET /ws`,
		),
	}
}
