package gateway

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// forwardTimeout is how long a client may take to send its request.
const forwardTimeout = 60 * time.Second

// hopByHop are the headers that belong to one connection (RFC 9110 §7.6.1).
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te",
		"Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

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

// forward hands the request on to the order service. The body is the one given, or the request's own stream
// when it is nil. The answer is left in the response, its body unread when it streams.
func (g *Gateway) forward(c *fiber.Ctx, v *view, body []byte) error {
	path := string(c.Request().URI().PathOriginal())
	//guard:own-endpoints-not-forwarded
	if suspicious(path) || v.guards(path) || v.guards(string(c.Request().URI().Path())) {
		return fiber.ErrNotFound
	}
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	copyRequestHeaders(&c.Request().Header, &req.Header)
	g.setForwarded(c, req)
	base, err := url.Parse(v.rules.OrderService().URL)
	if err != nil {
		return fmt.Errorf("reading the order service's address: %w", err)
	}
	uri := strings.TrimSuffix(base.EscapedPath(), "/") + path
	if q := c.Request().URI().QueryString(); len(q) > 0 {
		uri += "?" + string(q)
	}
	req.SetRequestURI(uri)
	switch stream := requestOf(c).wire; {
	case body != nil:
		req.SetBodyRaw(body)
	case stream != nil:
		// Wrapped, because releasing req would close it.
		req.SetBodyStream(struct{ io.Reader }{stream}, c.Request().Header.ContentLength())
	default:
		req.SetBodyRaw(c.Request().Body())
	}
	res := c.Response()
	start := time.Now()
	if err := g.shop.do(base, req, res); err != nil {
		res.Reset()
		c.Set(headerRequestID, requestID(c))
		return g.notForwarded(c, err)
	}
	took := time.Since(start)
	requestOf(c).spent.add(took)
	g.metrics.Forwarded(took)
	dropHopByHop(&res.Header)
	c.Set(headerRequestID, requestID(c))
	return nil
}

// notForwarded tells the caller, and the log, why the shop gave no answer.
func (g *Gateway) notForwarded(c *fiber.Ctx, err error) error {
	if errors.Is(err, errBodyBroke) {
		c.Context().SetConnectionClose()
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	g.log.Warn("the shop cannot be reached", slog.String("request_id", requestID(c)), slog.Any("err", err))
	if errors.Is(err, errShopSilent) {
		return &payment.Problem{Code: payment.CodeUpstreamTimeout}
	}
	return &payment.Problem{Code: payment.CodeUpstreamUnavailable}
}

func copyRequestHeaders(from, to *fasthttp.RequestHeader) {
	dropped := connectionNamed(from.All())
	to.SetMethodBytes(from.Method())
	for k, val := range from.All() {
		name := string(k)
		if hopByHop(name) || ownHeader(name) || dropped[strings.ToLower(name)] || name == "Host" || name == "Content-Length" {
			continue
		}
		to.AddBytesKV(k, val)
	}
}

// ownHeader tells whether a request header is ours to say: what a client says there, however often, is not
// handed on.
func ownHeader(name string) bool {
	switch name {
	case "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "X-Request-Id":
		return true
	}
	return false
}

// connectionNamed returns the headers that Connection, on whichever line, declares to be of this hop, in lower
// case. A body's length is never one of them.
func connectionNamed(headers iter.Seq2[[]byte, []byte]) map[string]bool {
	var named map[string]bool
	for k, v := range headers {
		if string(k) != fiber.HeaderConnection {
			continue
		}
		for name := range strings.SplitSeq(string(v), ",") {
			switch name = strings.ToLower(strings.TrimSpace(name)); name {
			case "", "close", "keep-alive", "content-length":
			default:
				if named == nil {
					named = map[string]bool{}
				}
				named[name] = true
			}
		}
	}
	return named
}

func dropHopByHop(h *fasthttp.ResponseHeader) {
	for name := range connectionNamed(h.All()) {
		if name != "transfer-encoding" {
			h.Del(name)
		}
	}
	for _, name := range []string{
		"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "Upgrade",
	} {
		h.Del(name)
	}
}

// setForwarded tells the shop who is calling. What a client says of that itself counts only when it comes
// from a trusted proxy.
func (g *Gateway) setForwarded(c *fiber.Ctx, req *fasthttp.Request) {
	peer := peerIP(c)
	host, proto, chain := string(c.Request().Host()), "http", peer.String()
	if c.Context().IsTLS() {
		proto = "https"
	}
	if g.trusted(peer) {
		if x := c.Get(fiber.HeaderXForwardedFor); x != "" {
			chain = x + ", " + chain
		}
		if x := c.Get(fiber.HeaderXForwardedHost); x != "" {
			host = x
		}
		if x := c.Get(fiber.HeaderXForwardedProto); x != "" {
			proto = x
		}
	}
	req.Header.Set(fiber.HeaderXForwardedFor, chain)
	req.Header.Set(fiber.HeaderXForwardedHost, host)
	req.Header.Set(fiber.HeaderXForwardedProto, proto)
	req.Header.Set(headerRequestID, requestID(c))
}
