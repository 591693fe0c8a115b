package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Headers of our own.
const (
	headerReason    = "X-PG-Gateway-Reason"
	headerRequestID = "X-Request-Id"
)

// Keys of values kept with a request.
const (
	localRoute     = "route"
	localRequestID = "request_id"
	localSpent     = "spent"
	localBody      = "body"
	localStands    = "stands"
	localWire      = "wire"
	localAbout     = "about"
)

// requestID names a request in logs, problems and upstream calls. One that a client sends is kept when it has a form
// that request ids have and nothing else: what stands in a log must not be a phone number or a token.
func requestID(c *fiber.Ctx) string {
	if id, ok := c.Locals(localRequestID).(string); ok {
		return id
	}
	id := strings.Clone(c.Get(headerRequestID))
	if !safeID(id) {
		if v7, err := uuid.NewV7(); err == nil {
			id = v7.String()
		} else {
			id = "none"
		}
	}
	c.Locals(localRequestID, id)
	return id
}

// safeID tells whether s is a UUID, its 32 digits alone (as nginx and W3C traces write them), or a ULID.
func safeID(s string) bool {
	switch len(s) {
	case 36:
		return uuid.Validate(s) == nil
	case 32:
		return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
	case 26:
		return s[0] <= '7' && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) })
	}
	return false
}

// maxDrain is how much of a body that is too large is read and dropped, in bytes, so that its sender gets to
// read the answer: closing on unread data resets the connection.
const maxDrain = 8 << 20

// readBody reads a request's body up to limit bytes. More than that ends the connection.
func readBody(c *fiber.Ctx, limit int) ([]byte, error) {
	stream := wireOf(c)
	tooLarge := func() error {
		c.Context().SetConnectionClose()
		if stream != nil {
			// The answer is the same whether or not the rest arrives.
			_, _ = io.CopyN(io.Discard, stream, maxDrain)
		}
		return &payment.Problem{Code: payment.CodeBodyTooLarge}
	}
	if c.Request().Header.ContentLength() > limit {
		return nil, tooLarge()
	}
	if stream == nil {
		b := c.Request().Body()
		if len(b) > limit {
			return nil, tooLarge()
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(stream, int64(limit)+1))
	if err != nil {
		c.Context().SetConnectionClose()
		return nil, &payment.Problem{Code: payment.CodeRequestUnreadable, DetailKo: "본문을 다 받지 못했습니다", DetailEn: "the body ended too early"}
	}
	if len(b) > limit {
		return nil, tooLarge()
	}
	return b, nil
}

// jsonBody reads a body that must be JSON by its content type and not be compressed.
func jsonBody(c *fiber.Ctx, limit int) ([]byte, error) {
	if b, ok := c.Locals(localBody).([]byte); ok {
		return b, nil
	}
	ct, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(ct), fiber.MIMEApplicationJSON) || c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, &payment.Problem{Code: payment.CodeUnsupportedMediaType}
	}
	return readBody(c, limit)
}

// observe is the outermost middleware: request id, recovery, one log line and the request's metrics.
func (g *Gateway) observe(c *fiber.Ctx) (err error) {
	start := time.Now()
	id := requestID(c)
	c.Set(headerRequestID, id)
	c.Locals(localRoute, routeNone)
	done := g.metrics.RequestStarted()
	sp := &spent{}
	c.Locals(localSpent, sp)
	defer func() {
		if r := recover(); r != nil {
			g.metrics.Panicked()
			g.log.Error("a handler panicked", slog.Any("request_id", id), slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			err = writeProblem(c, &payment.Problem{Code: payment.CodeInternal}, id)
		}
		route := routeOf(c)
		took := time.Since(start)
		status := c.Response().StatusCode()
		done(route, c.Method(), status, took)
		g.metrics.Overhead(route, took-sp.total())
		level := slog.LevelInfo
		if status >= 500 {
			level = slog.LevelError
		}
		g.log.LogAttrs(c.Context(), level, "request", append(aboutOf(c).attrs(), slog.String("request_id", id), slog.String("route", route),
			slog.String("method", c.Method()), slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000))...)
	}()
	if err := c.Next(); err != nil {
		return g.fail(c, err)
	}
	return nil
}

// fail answers a request with err as a problem.
func (g *Gateway) fail(c *fiber.Ctx, err error) error {
	p := asProblem(err)
	g.report(c, p, err)
	return writeProblem(c, p, requestID(c))
}

// report counts a problem, and logs it when it is ours rather than the caller's.
func (g *Gateway) report(c *fiber.Ctx, p *payment.Problem, err error) {
	g.metrics.Problem(string(p.Code))
	if p.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, retryAfter(p.RetryAfter))
	}
	a := aboutOf(c)
	if a.code = p.Code; p.OrderID != "" {
		a.order = p.OrderID
	}
	if p.Code == payment.CodeJournalDown {
		g.pulse.fail(g.now())
	}
	if p.Code == payment.CodeUpstreamUnavailable || p.Code == payment.CodeOrderServiceDown {
		leaveThisPod(c)
	}
	if p.Code.Describe().Status >= 500 {
		g.log.LogAttrs(c.Context(), slog.LevelError, "a request failed", append(a.attrs(), slog.String("request_id", requestID(c)), slog.Any("err", err))...)
	}
}

// leaveThisPod ends the connection with its answer. A pod whose order service is gone is being replaced or is broken;
// who comes back on a new connection reaches another one.
func leaveThisPod(c *fiber.Ctx) { c.Context().SetConnectionClose() }

// The routes' names, in logs and metrics. A route gets its name where it is registered, with named; those of returns are made of their paths. What is handed
// on to the order service is its own, and outside our error budget; an intercepted checkout is ours.
const (
	routeCheckout  = "checkout"
	routeComplete  = "complete"
	routePreflight = "preflight"
	routeNotice    = "hooks_notice"
	routeConfirm   = "hooks_confirm"
	routeDeposit   = "hooks_deposit"
	routeHooks     = "hooks_unknown"
	routeCancels   = "cancels"
	routeAttempts  = "attempts"
	routeX2BEE     = "x2bee"
	routeIntercept = "intercept"
	routeShop      = "shop"
	routeNone      = "none"
)

// named gives a request its route's name in logs and metrics.
func named(route string, run fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Locals(localRoute, route)
		return run(c)
	}
}

func routeOf(c *fiber.Ctx) string {
	if route, ok := c.Locals(localRoute).(string); ok {
		return route
	}
	return routeNone
}

// spent adds up what a request waited for others. It is safe for concurrent use.
type spent struct{ ns atomic.Int64 }

func (s *spent) add(d time.Duration) { s.ns.Add(int64(d)) }

func (s *spent) total() time.Duration { return time.Duration(s.ns.Load()) }

// spentOn is where a request's waiting is added up.
func spentOn(c *fiber.Ctx) *spent {
	if s, ok := c.Locals(localSpent).(*spent); ok {
		return s
	}
	return &spent{}
}

type spentKey struct{}

// requestContext is what a request's work runs under: not the browser's patience, but ours; and where its
// waiting is added up.
func (g *Gateway) requestContext(c *fiber.Ctx) context.Context {
	return context.WithValue(context.WithValue(g.ctx, spentKey{}, spentOn(c)), requestIDKey{}, requestID(c))
}

// waited adds the time since start to the request that ctx belongs to.
func waited(ctx context.Context, start time.Time) time.Duration {
	d := time.Since(start)
	if s, ok := ctx.Value(spentKey{}).(*spent); ok {
		s.add(d)
	}
	return d
}

// clientIP is the address of who is calling: the last entry of X-Forwarded-For that a trusted proxy did not
// add, or the peer itself.
func (g *Gateway) clientIP(c *fiber.Ctx) string {
	peer := peerIP(c)
	if !g.trusted(peer) {
		return peer.String()
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for _, hop := range slices.Backward(hops) {
		ip, ok := hopAddr(hop)
		if !ok {
			break
		}
		if !g.trusted(ip) {
			return ip.String()
		}
	}
	return peer.String()
}

// hopAddr reads an address as proxies write it into X-Forwarded-For: alone, with a port, or in brackets with or without
// one.
func hopAddr(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if at, err := netip.ParseAddrPort(hop); err == nil {
		return at.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(hop, "["); ok {
		hop, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(hop, ":") {
			return netip.Addr{}, false
		}
	}
	ip, err := netip.ParseAddr(hop)
	return ip.Unmap(), err == nil
}

func peerIP(c *fiber.Ctx) netip.Addr {
	if a, ok := c.Context().RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (g *Gateway) trusted(ip netip.Addr) bool {
	for _, p := range g.view().trustedProxies {
		if p.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}
