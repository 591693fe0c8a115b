package lifecycle

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

// Pruner forgets attempts that have ended, step by step.
type Pruner interface {
	Prune(
		ctx context.Context, before time.Time, from journal.PruneMark, limit int,
	) (gone int, next journal.PruneMark, more bool, err error)
}

// KeyPruner forgets old idempotency keys.
type KeyPruner interface {
	KeyPrune(ctx context.Context, before time.Time, limit int) (int, error)
}

// prune forgets what is older than the retention, and old idempotency keys, until ctx ends.
func (w *Worker) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		w.Prune(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Prune makes one pass over what is too old.
func (w *Worker) Prune(ctx context.Context) {
	var mark journal.PruneMark
	gone := w.steps(ctx, "old attempts", func(ctx context.Context) (n int, more bool, err error) {
		n, mark, more, err = w.o.Ended.Prune(ctx, w.o.Now().Add(-w.o.Retention), mark, pruneStep)
		return n, more, err
	})
	if gone > 0 {
		w.o.Log.Info(
			"attempts that ended long ago were removed", slog.Int("removed", gone),
			slog.String("retention", w.o.Retention.String()),
		)
	}
	w.steps(ctx, "old idempotency keys", func(ctx context.Context) (int, bool, error) {
		n, err := w.o.Keys.KeyPrune(ctx, w.o.Now().Add(-w.o.KeysKept), keyStep)
		return n, n == keyStep, err
	})
}

// steps takes steps until there are no more, and returns how much is gone.
func (w *Worker) steps(ctx context.Context, what string, step func(context.Context) (int, bool, error)) int {
	gone := 0
	for more := true; more && ctx.Err() == nil; {
		began := time.Now()
		var n int
		var err error
		if n, more, err = step(journal.Patient(ctx)); err != nil {
			if !errors.Is(err, context.Canceled) {
				w.o.Log.Error("pruning stopped for now", slog.String("of", what), slog.Any("err", err))
			}
			return gone
		}
		gone += n
		if more {
			restFor(ctx, max(pruneRests*time.Since(began), pruneRest))
		}
	}
	return gone
}

// restFor waits, or until ctx ends.
func restFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
