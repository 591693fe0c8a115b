package gateway

import (
	"context"
	"log/slog"
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
