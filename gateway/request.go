package gateway

import (
	"context"
	"log/slog"
	"net/netip"
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

// request is what the middlewares and handlers of one request tell each other.
type request struct {
	// id names the request in logs, problems and upstream calls; "" until somebody asked for it.
	id string
	// route is the route's name in logs and metrics.
	route string
	spent spent
	// wire is the body as it comes; nil when it has none or was read whole already. It is stream when there is one.
	wire   *wireBody
	stream wireBody
	// body is the body that was read for an idempotency key, before the handler.
	body []byte
	// stands tells that the answer being given is one that a repeat may be given too.
	stands bool
	// passed tells that the answer is the shop's, uploading that the request's body is still being read.
	passed, uploading bool
	// seat is held until the request is answered.
	seat  seat
	about about
	// caller is who calls at the sidecar listener, without the token.
	caller string
	// from is the address of who is calling, and client what it is counted for, once somebody asked.
	from   netip.Addr
	client string
}

type requestKey struct{}

// requestOf is the request that c serves.
func requestOf(c *fiber.Ctx) *request {
	if r, ok := c.Locals(requestKey{}).(*request); ok {
		return r
	}
	r := &request{route: routeNone}
	c.Locals(requestKey{}, r)
	return r
}

// requestID names a request in logs, problems and upstream calls. One that a client sends is kept when it has a form
// that request ids have and nothing else: what stands in a log must not be a phone number or a token.
func requestID(c *fiber.Ctx) string {
	r := requestOf(c)
	if r.id != "" {
		return r.id
	}
	id := strings.Clone(c.Get(headerRequestID))
	if !safeID(id) { //guard:request-id-is-safe
		if v7, err := uuid.NewV7(); err == nil {
			id = v7.String()
		} else {
			id = "none"
		}
	}
	r.id = id
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
		return s[0] <= '7' &&
			!strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) })
	}
	return false
}

// about is what a request turned out to be about.
type about struct {
	code    payment.Code
	order   payment.OrderID
	attempt payment.AttemptID
}

// isAbout says which attempt a request is about.
func isAbout(c *fiber.Ctx, order payment.OrderID, attempt payment.AttemptID) {
	a := &requestOf(c).about
	a.order, a.attempt = order, attempt
}

// attrs adds those for the request's line in the log. What is no id of ours or of the shop's has no place there.
func (a *about) attrs(list []slog.Attr) []slog.Attr {
	if a.code != "" {
		list = append(list, slog.String("code", string(a.code)))
	}
	if payment.ValidID(string(a.order)) {
		list = append(list, slog.String("order_id", string(a.order)))
	}
	if payment.ValidID(string(a.attempt)) {
		list = append(list, slog.String("attempt_id", string(a.attempt)))
	}
	return list
}

// spent adds up what a request waited for others. It is safe for concurrent use.
type spent struct{ ns atomic.Int64 }

func (s *spent) add(d time.Duration) { s.ns.Add(int64(d)) }

func (s *spent) total() time.Duration { return time.Duration(s.ns.Load()) }

type spentKey struct{}

// requestContext is what a request's work runs under: not the browser's patience, but ours; and where its
// waiting is added up.
func (g *Gateway) requestContext(c *fiber.Ctx) context.Context {
	return &requestCtx{Context: g.ctx, id: requestID(c), spent: &requestOf(c).spent}
}

// payerContext is requestContext for what is counted for who pays.
func (g *Gateway) payerContext(c *fiber.Ctx) context.Context {
	return &requestCtx{Context: g.ctx, id: requestID(c), spent: &requestOf(c).spent, payer: g.payer(c), paid: true}
}

// requestCtx is a context with what a request's work needs of it.
type requestCtx struct {
	context.Context //nolint:containedctx // it is a context

	id    string
	spent *spent
	payer string
	// paid tells that there is a payer, known or not.
	paid bool
}

// Value knows the request's own values before those of its context.
func (r *requestCtx) Value(key any) any {
	switch key.(type) {
	case spentKey:
		return r.spent
	case requestIDKey:
		return r.id
	case clientKey:
		if r.paid {
			return r.payer
		}
	}
	return r.Context.Value(key)
}

// waited adds the time since start to the request that ctx belongs to.
func waited(ctx context.Context, start time.Time) time.Duration {
	d := time.Since(start)
	if s, ok := ctx.Value(spentKey{}).(*spent); ok {
		s.add(d)
	}
	return d
}
