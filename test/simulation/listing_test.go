package simulation

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
)

// simLog hears which listed payments woke their attempts, and what panicked. Nothing else tells it.
type simLog struct {
	slog.Handler
	w *simWorld
}

func (simLog) Enabled(_ context.Context, level slog.Level) bool {
	return level == slog.LevelInfo || level == slog.LevelError
}

func (l simLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "a listed payment woke its attempt" {
		l.w.tally("listed_payment_woke")
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" {
			l.w.wrong("%s: %v", r.Message, a.Value)
		}
		return true
	})
	return nil
}

func (l simLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l simLog) WithGroup(string) slog.Handler      { return l }

// listFor lists for a while, as often as a process does: what a part of was given back in V1's console stands in its
// list as paid when it was, where the second look finds it.
func (w *simWorld) listFor(ctx context.Context, long time.Duration) {
	for began := time.Now(); time.Since(began) < long; time.Sleep(20 * time.Second) {
		w.alive()[0].g.Listing().Once(ctx)
	}
}

// auditListing lists all that PortOne has, as a referee who has seen none of the schedule: every payment must be as its
// attempt has it, and none of nobody.
func (w *simWorld) auditListing(ctx context.Context) {
	// A process of its own, which has listed nothing yet.
	if err := w.boot(0, 1_000_000); err != nil {
		w.wrong("%v", err)
		return
	}
	w.loops.Wait() // it does nothing by itself: the schedule has been stopped
	p := w.slots[0]
	for _, pg := range w.parts.store.Current().PGs() {
		if pg.Listing.Every == 0 {
			continue
		}
		for next := ""; ; {
			got, err := p.g.Listing().Over(ctx, pg.ID, w.start.Add(-time.Minute), time.Now().Add(time.Minute), next)
			if err != nil {
				w.wrong("listing %s at the end: %v", pg.ID, err)
				return
			}
			for _, r := range []lifecycle.ListedResult{
				lifecycle.ListedWoken, lifecycle.ListedUnderWay, lifecycle.ListedOwnerless, lifecycle.ListedOdd,
			} {
				if n := got.Counts[r]; n > 0 {
					w.wrong("%d payments that %s lists at the end are %s", n, pg.ID, r)
				}
			}
			if next = got.Next; next == "" {
				break
			}
		}
	}
}
