package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/journal"
)

// lateWorkers look at late money at once; there is little of it.
const lateWorkers = 8

// LateStore keeps late money, for all pods.
type LateStore interface {
	settle.LateJournal
	LateDue(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]journal.Late, error)
}

// sweepLate takes up late money whose next check is due until ctx ends.
func (g *Gateway) sweepLate(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		g.sweepLateOnce(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweepLateOnce takes up everything that is due now, a batch at a time.
func (g *Gateway) sweepLateOnce(ctx context.Context) {
	for ctx.Err() == nil {
		due, err := g.late.LateDue(ctx, g.now(), lateWorkers, sweepLease)
		if err != nil {
			if !errors.Is(ctx.Err(), context.Canceled) {
				g.log.Error("the sweep cannot read late money", slog.Any("err", err))
			}
			return
		}
		var wg sync.WaitGroup
		for _, l := range due {
			wg.Go(func() {
				// Once begun, giving back runs to its end, also while we shut down.
				if err := g.settler.ResumeLate(context.WithoutCancel(ctx), g.late, l); err != nil {
					g.log.Error("the sweep could not go on with late money", slog.Any("attempt_id", l.AttemptID), slog.Any("err", err))
				}
			})
		}
		wg.Wait()
		if len(due) < lateWorkers {
			return
		}
	}
}
