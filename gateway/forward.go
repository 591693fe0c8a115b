package gateway

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// forwardTimeout is how long a client may take to send the head of its request.
const forwardTimeout = 60 * time.Second

// suspicious tells whether a path could mean something else to the upstream than to us.
func suspicious(path string) bool {
	p := strings.ToLower(path)
	// Path parameters (;x=1) are dropped by servlet containers before they route.
	//guard:path-parameters-are-suspicious
	for _, bad := range []string{
		"%2f", "%5c", "%2e", "%00", "%25", "%3b", "%20", "%09", "%0a", "%0d",
		"\\", ";", "/../", "/./", "//",
	} {
		if strings.Contains(p, bad) {
			return true
		}
	}
	if strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return true
	}
	return strings.HasSuffix(p, "/..") || strings.HasSuffix(p, "/.")
}

// guards tells whether path is one of the order service's own endpoints, which no outsider may reach through
// us: they tell amounts and take confirmations.
func (v *view) guards(path string) bool {
	p := strings.ToLower(strings.TrimSuffix(path, "/"))
	for _, g := range v.guarded {
		before, after, found := strings.Cut(g, "{order_id}")
		switch {
		case !found && p == g:
			return true
		case found && strings.HasPrefix(p, before) && strings.HasSuffix(p, after):
			id := strings.TrimSuffix(strings.TrimPrefix(p, before), after)
			if id != "" && !strings.Contains(id, "/") && len(before)+len(after) < len(p) {
				return true
			}
		}
	}
	return false
}

// forward hands the request on to the order service, and its answer back as it is.
func (g *Gateway) forward(c *fiber.Ctx, v *view) error {
	p := passageOf(c)
	p.req.Drop = ownLine
	if stream, length := requestOf(c).wire, c.Request().Header.ContentLength(); stream == nil {
		p.req.Body = c.Request().Body()
	} else if length != 0 {
		p.req.Stream, p.req.Length = stream, int64(max(length, upstream.Chunked))
	}
	if p.req.Stream == nil && len(p.req.Body) == 0 {
		p.req.Upgrade = upgradeOf(c)
	}
	if err := g.exchange(c, v, p); err != nil {
		return err
	}
	return g.passOn(c, p)
}

// exchange sends p's request to the order service and reads the head of the answer. The path and the header lines are
// those of c, as they came.
func (g *Gateway) exchange(c *fiber.Ctx, v *view, p *passage) error {
	uri := c.Request().URI()
	path := string(uri.PathOriginal())
	//guard:own-endpoints-not-forwarded
	if suspicious(path) || v.guards(path) || v.guards(string(uri.Path())) {
		return fiber.ErrNotFound
	}
	client, err := g.shops.of(v.shop)
	if err != nil {
		return err
	}
	p.target = append(append(p.target[:0], v.shop.path...), path...)
	if q := uri.QueryString(); len(q) > 0 {
		p.target = append(append(p.target, '?'), q...)
	}
	p.more = g.appendForwarded(p.more[:0], c)
	p.req.Method, p.req.Target, p.req.Host = c.Request().Header.Method(), p.target, v.shop.host
	p.req.Lines, p.req.More = c.Request().Header.RawHeaders(), p.more
	start := time.Now()
	if err := client.Do(&p.x, &p.req); err != nil {
		return g.notForwarded(c, err)
	}
	took := time.Since(start)
	requestOf(c).spent.add(took)
	g.metrics.Forwarded(took)
	return nil
}

// notForwarded tells the caller, and the log, why the shop gave no answer.
func (g *Gateway) notForwarded(c *fiber.Ctx, err error) error {
	if errors.Is(err, upstream.ErrBody) || errors.Is(err, upstream.ErrRequest) {
		c.Context().SetConnectionClose()
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	g.log.Warn("the shop cannot be reached", slog.String("request_id", requestID(c)), slog.Any("err", err))
	if errors.Is(err, upstream.ErrTimeout) {
		return &payment.Problem{Code: payment.CodeUpstreamTimeout}
	}
	return &payment.Problem{Code: payment.CodeUpstreamUnavailable}
}

// ownLine tells whether a header line of a request is ours to say: what a client says there, however often, is not
// handed on. A client that waits to go on has been told to by us.
func ownLine(name []byte) bool {
	switch len(name) {
	case 4:
		return upstream.Is(name, "host")
	case 6:
		return upstream.Is(name, "expect")
	case 7:
		// Of a request none is handed on.
		return upstream.Is(name, "trailer")
	case 9:
		return upstream.Is(name, "x-real-ip") || upstream.Is(name, "forwarded")
	case 12:
		return upstream.Is(name, "x-request-id")
	case 15:
		return upstream.Is(name, "x-forwarded-for")
	case 16:
		return upstream.Is(name, "x-forwarded-host")
	case 17:
		return upstream.Is(name, "x-forwarded-proto")
	}
	return false
}

// ownOrCoding is ownLine for a request whose answer is to be read: it must not come compressed.
func ownOrCoding(name []byte) bool {
	return ownLine(name) || len(name) == 15 && upstream.Is(name, "accept-encoding")
}

// upgradeOf is the protocol that a request asks to change to; nil for none.
func upgradeOf(c *fiber.Ctx) []byte {
	h := &c.Request().Header
	if !h.IsHTTP11() || !h.ConnectionUpgrade() {
		return nil
	}
	return h.Peek(fiber.HeaderUpgrade)
}

// appendForwarded tells the shop who is calling. What a client says of that itself counts only when it comes from a
// trusted proxy.
func (g *Gateway) appendForwarded(b []byte, c *fiber.Ctx) []byte {
	peer := peerIP(c)
	h := &c.Request().Header
	host, proto := c.Request().Host(), []byte("http")
	if c.Context().IsTLS() {
		proto = []byte("https")
	}
	b = append(b, "X-Forwarded-For: "...)
	if g.trusted(peer) {
		for _, line := range h.PeekAll(fiber.HeaderXForwardedFor) {
			if len(line) > 0 {
				b = append(append(b, line...), ", "...)
			}
		}
		if x := h.Peek(fiber.HeaderXForwardedHost); len(x) > 0 {
			host = x
		}
		if x := h.Peek(fiber.HeaderXForwardedProto); len(x) > 0 {
			proto = x
		}
	}
	b = appendAddr(b, peer)
	b = append(append(b, "\r\nX-Forwarded-Host: "...), host...)
	b = append(append(b, "\r\nX-Forwarded-Proto: "...), proto...)
	b = append(append(b, "\r\nX-Request-Id: "...), requestID(c)...)
	return append(b, "\r\n"...)
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, "unknown"...)
	}
	return a.AppendTo(b)
}
