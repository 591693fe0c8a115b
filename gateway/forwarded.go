package gateway

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// asked is what a client asked for, as far as those tell whom we trust.
type asked struct {
	peer netip.Addr
	// host and proto are what the client called us.
	host, proto []byte
	// hops are those that Forwarded names, where nothing else does; nil for none.
	hops []forwardedHop
	// believed tells that peer is a trusted proxy.
	believed bool
}

// forwardedHop is an element of Forwarded (RFC 7239): who asked, and for what.
type forwardedHop struct{ client, host, proto string }

// asked reads what c asks for. X-Forwarded-For is what proxies write, and counts before Forwarded: one that knows only
// the former hands on what a client says in the latter.
func (g *Gateway) asked(c *fiber.Ctx) asked {
	h := &c.Request().Header
	a := asked{peer: peerIP(c), host: requestHost(c), proto: []byte("http")}
	if c.Context().IsTLS() {
		a.proto = []byte("https")
	}
	if a.believed = g.trusted(a.peer); !a.believed { //guard:strangers-forwarded-is-not-believed
		return a
	}
	if hops := forwardedHops(h); len(hops) > 0 {
		a.hops = hops
		by := g.clientHop(hops)
		if by.host != "" {
			a.host = []byte(by.host)
		}
		if by.proto != "" {
			a.proto = []byte(by.proto)
		}
	}
	if x := h.Peek(fiber.HeaderXForwardedHost); len(x) > 0 {
		a.host = x
	}
	if x := h.Peek(fiber.HeaderXForwardedProto); len(x) > 0 {
		a.proto = x
	}
	return a
}

// requestHost is the name that a request asks for. An absolute target has it, whatever Host says (RFC 9112 §3.2.2).
func requestHost(c *fiber.Ctx) []byte {
	h := &c.Request().Header
	if target := h.RequestURI(); len(target) > 0 && target[0] != '/' {
		return c.Request().Host()
	}
	return h.Host()
}

// clientHop is the last element whose client no trusted proxy is: the proxy that wrote it was asked by the client.
func (g *Gateway) clientHop(hops []forwardedHop) forwardedHop {
	n := len(hops) - 1
	for ; n > 0; n-- {
		if ip, ok := hopAddr(hops[n].client); !ok || !g.trusted(ip) {
			break
		}
	}
	return hops[n]
}

// forwardedHops reads Forwarded; nil where X-Forwarded-For says the same, or when it cannot be read.
func forwardedHops(h *fasthttp.RequestHeader) []forwardedHop {
	lines := h.PeekAll(fiber.HeaderForwarded)
	if len(lines) == 0 || len(h.Peek(fiber.HeaderXForwardedFor)) > 0 { //guard:forwarded-for-counts-first
		return nil
	}
	var hops []forwardedHop
	for _, line := range lines {
		for _, element := range splitQuoted(string(line), ',') {
			var hop forwardedHop
			for _, pair := range splitQuoted(element, ';') {
				name, value, _ := strings.Cut(pair, "=")
				value = unquote(strings.TrimSpace(value))
				switch strings.ToLower(strings.TrimSpace(name)) {
				case "for":
					hop.client = value
				case "host":
					hop.host = value
				case "proto":
					hop.proto = value
				}
			}
			hops = append(hops, hop)
		}
	}
	return hops
}

// splitQuoted splits at a separator that stands in no quoted string.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == sep:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// unquote is the text of a quoted string, or of a token.
func unquote(s string) string {
	inner, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return s
	}
	inner = strings.TrimSuffix(inner, `"`)
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		b.WriteByte(inner[i])
	}
	return b.String()
}

// appendForwarded tells the shop who is calling, in X-Forwarded-* and in Forwarded. What a client says of that itself
// counts only when it comes from a trusted proxy.
func (g *Gateway) appendForwarded(b []byte, c *fiber.Ctx, a *asked) []byte {
	var before [][]byte
	if a.believed && len(a.hops) == 0 {
		before = c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	}
	b = append(b, "X-Forwarded-For: "...)
	for _, line := range before {
		if len(line) > 0 {
			b = append(append(b, line...), ", "...)
		}
	}
	for _, hop := range a.hops {
		ip, _ := hopAddr(hop.client)
		b = append(appendAddr(b, ip), ", "...)
	}
	b = appendAddr(b, a.peer)
	b = append(append(b, "\r\nX-Forwarded-Host: "...), a.host...)
	b = append(append(b, "\r\nX-Forwarded-Proto: "...), a.proto...)
	b = append(b, "\r\nForwarded: "...)
	for _, line := range before {
		for len(line) > 0 {
			var hop []byte
			hop, line, _ = bytes.Cut(line, []byte(","))
			if hop = bytes.TrimSpace(hop); len(hop) > 0 {
				b = append(appendNode(append(b, "for="...), hop), ", "...)
			}
		}
	}
	if len(a.hops) > 0 {
		for _, line := range c.Request().Header.PeekAll(fiber.HeaderForwarded) {
			b = append(append(b, line...), ", "...)
		}
	}
	var room [64]byte
	b = appendNode(append(b, "for="...), appendAddr(room[:0], a.peer))
	b = appendWord(append(b, ";host="...), a.host)
	b = appendWord(append(b, ";proto="...), a.proto)
	b = append(append(b, "\r\nX-Request-Id: "...), requestOf(c).idOf(c)...)
	return append(b, "\r\n"...)
}

// appendNode appends a client as Forwarded has it: an IPv6 address stands in brackets.
func appendNode(b, hop []byte) []byte {
	if bytes.Count(hop, []byte(":")) > 1 && hop[0] != '[' {
		return append(append(append(b, `"[`...), hop...), `]"`...)
	}
	return appendWord(b, hop)
}

// appendWord appends a token, or a quoted string of what is none.
func appendWord(b, word []byte) []byte {
	if upstream.IsToken(word) {
		return append(b, word...)
	}
	b = append(b, '"')
	for _, c := range word {
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, "unknown"...)
	}
	return a.AppendTo(b)
}
