package gateway

import (
	"context"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
)

// joined is a log whose lines say which request they belong to: what a request set off is found by its request_id,
// however deep it was logged.
type joined struct{ slog.Handler }

type requestIDKey struct{}

// Handle adds the request that ctx belongs to.
func (j joined) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		r.AddAttrs(slog.String("request_id", id))
	}
	return j.Handler.Handle(ctx, r)
}

// WithAttrs keeps the lines joined.
func (j joined) WithAttrs(attrs []slog.Attr) slog.Handler { return joined{j.Handler.WithAttrs(attrs)} }

// WithGroup keeps the lines joined.
func (j joined) WithGroup(name string) slog.Handler { return joined{j.Handler.WithGroup(name)} }

// joinLog makes the lines of l joined.
func joinLog(l *slog.Logger) *slog.Logger { return slog.New(joined{l.Handler()}) }

// about is what a request turned out to be about.
type about struct {
	code    payment.Code
	order   payment.OrderID
	attempt payment.AttemptID
}

func aboutOf(c *fiber.Ctx) *about {
	if a, ok := c.Locals(localAbout).(*about); ok {
		return a
	}
	a := &about{}
	c.Locals(localAbout, a)
	return a
}

// isAbout says which attempt a request is about.
func isAbout(c *fiber.Ctx, order payment.OrderID, attempt payment.AttemptID) {
	a := aboutOf(c)
	a.order, a.attempt = order, attempt
}

// attrs are those for the request's line in the log. What is no id of ours or of the shop's has no place there.
func (a *about) attrs() []slog.Attr {
	var list []slog.Attr
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
