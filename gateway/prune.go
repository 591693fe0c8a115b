package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// Pruning takes small steps and rests after each for some times as long as it took, so that those who wait for the
// journal's writer hardly notice: it has the writer for a tenth of the time at most, and lets every other write go
// first.
const (
	pruneEvery = 10 * time.Minute
	pruneStep  = 32
	pruneRests = 9
	// keyStep is pruneStep for idempotency keys, which are single rows.
	keyStep = 100
	// pruneRest is the shortest rest.
	pruneRest = 20 * time.Millisecond
)

// prune forgets what is older than the retention, and old idempotency keys, until ctx ends.
func (g *Gateway) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		g.pruneOnce(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// pruneOnce makes one pass over what is too old.
func (g *Gateway) pruneOnce(ctx context.Context) {
	// Like all of the section journal, the retention is what the process started with.
	keep := g.retention
	var mark journal.PruneMark
	gone := g.steps(ctx, "old attempts", func(ctx context.Context) (n int, more bool, err error) {
		n, mark, more, err = g.journal.Prune(ctx, g.now().Add(-keep), mark, pruneStep)
		return n, more, err
	})
	if gone > 0 {
		g.log.Info("attempts that ended long ago were removed", slog.Int("removed", gone), slog.String("retention", keep.String()))
	}
	g.steps(ctx, "old idempotency keys", func(ctx context.Context) (int, bool, error) {
		n, err := g.keys.KeyPrune(ctx, g.now().Add(-keyKept), keyStep)
		return n, n == keyStep, err
	})
}

// steps takes steps until there are no more, and returns how much is gone.
func (g *Gateway) steps(ctx context.Context, what string, step func(context.Context) (int, bool, error)) int {
	gone := 0
	for more := true; more && ctx.Err() == nil; {
		began := time.Now()
		var n int
		var err error
		if n, more, err = step(journal.Patient(ctx)); err != nil {
			if !errors.Is(err, context.Canceled) {
				g.log.Error("pruning stopped for now", slog.String("of", what), slog.Any("err", err))
			}
			return gone
		}
		gone += n
		if more {
			rest(ctx, max(pruneRests*time.Since(began), pruneRest))
		}
	}
	return gone
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
