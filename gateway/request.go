package gateway

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
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
	// id names the request in logs, problems and upstream calls; "" until somebody asked for it as text that may be
	// kept. written is how it is written, of which idLen bytes count; 0 until somebody asked.
	id      string
	written [maxRequestID]byte
	idLen   int
	// route is the route's name in logs and metrics.
	route string
	// handedOn is how long the request waited for the shop while it was handed on, spent how long what works for it
	// waited; nil when nothing does.
	handedOn time.Duration
	spent    *spent
	// wire is the body as it comes; nil when it has none or was read whole already. It is stream when there is one.
	wire   *wireBody
	stream wireBody
	// body is the body that was read for an idempotency key, before the handler; checkout is what it says, when it is one
	// that can be read.
	body     []byte
	checkout *payment.Checkout
	// stands tells that the answer being given is one that a repeat may be given too.
	stands bool
	// held is until when the request's idempotency key is its own.
	held time.Time
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

// waited is how long the request has waited for others.
func (r *request) waited() time.Duration {
	if r.spent == nil {
		return r.handedOn
	}
	return r.handedOn + r.spent.total()
}

type requestKey struct{}

// requestOf is the request that c serves. It lies in its connection, which serves one after the other: see connState.
func requestOf(c *fiber.Ctx) *request {
	if d, ok := c.Context().Conn().(*doorConn); ok {
		return &d.request
	}
	if r, ok := c.Locals(requestKey{}).(*request); ok {
		return r
	}
	r := &request{route: routeNone}
	c.Locals(requestKey{}, r)
	return r
}

// maxRequestID is the longest request id, in bytes: a UUID.
const maxRequestID = 36

// requestID names a request in logs, problems and upstream calls. One that a client sends is kept when it has a form
// that request ids have and nothing else: what stands in a log must not be a phone number or a token.
func requestID(c *fiber.Ctx) string {
	r := requestOf(c)
	if r.id == "" {
		r.id = string(r.idOf(c))
	}
	return r.id
}

// idOf is requestID as it is written, until the request is answered.
func (r *request) idOf(c *fiber.Ctx) []byte {
	if r.idLen == 0 {
		id := c.Request().Header.Peek(headerRequestID)
		if !safeID(id) { //guard:request-id-is-safe
			r.idLen = len(appendRequestID(r.written[:0], time.Now()))
		} else {
			r.idLen = copy(r.written[:], id)
		}
	}
	return r.written[:r.idLen]
}

// appendRequestID appends a new request id, a UUID of version 7. It need not be hard to guess, so that no system call
// is made for it.
func appendRequestID(dst []byte, now time.Time) []byte {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], rand.Uint64())  //nolint:gosec // it names a request, and opens nothing
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // it names a request, and opens nothing
	stampID(&id, now)
	for n, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if n > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// safeID tells whether id is a UUID, its 32 digits alone (as nginx and W3C traces write them), or a ULID.
func safeID(id []byte) bool {
	switch len(id) {
	case maxRequestID:
		_, err := uuid.ParseBytes(id)
		return err == nil
	case 32:
		return onlyOf(id, "0123456789abcdefABCDEF")
	case 26:
		return id[0] <= '7' && onlyOf(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
	}
	return false
}

func onlyOf(b []byte, digits string) bool {
	for _, c := range b {
		if strings.IndexByte(digits, c) < 0 {
			return false
		}
	}
	return true
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
	return g.newRequestCtx(c)
}

// payerContext is requestContext for what is counted for who pays.
func (g *Gateway) payerContext(c *fiber.Ctx) context.Context {
	r := g.newRequestCtx(c)
	r.payer, r.paid = g.payer(c), true
	return r
}

// newRequestCtx makes a context for c's work. Where its waiting is added up is no part of the request, for the work may
// outlast it.
func (g *Gateway) newRequestCtx(c *fiber.Ctx) *requestCtx {
	r := requestOf(c)
	x := &requestCtx{Context: g.ctx, id: requestID(c)}
	if r.spent == nil {
		r.spent = &x.room
	}
	x.spent = r.spent
	return x
}

// requestCtx is a context with what a request's work needs of it.
type requestCtx struct {
	context.Context //nolint:containedctx // it is a context

	id    string
	spent *spent
	payer string
	// room is the first such context's spent.
	room spent
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
