package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// LateStore keeps late money, for all pods.
type LateStore interface {
	lifecycle.LateJournal
	LateLanes(ctx context.Context, now time.Time) ([]journal.Lane, error)
	LateDue(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]journal.Late, error)
}

// sweepLate takes up late money whose next check is due until ctx ends.
func (g *Gateway) sweepLate(ctx context.Context) { g.queues.late.every(ctx, sweepEvery) }

func (g *Gateway) lateQueue() queue[journal.Lane, journal.Late] {
	return queue[journal.Lane, journal.Late]{
		what: "late money", workers: sideWorkers, batch: sideWorkers, lanes: g.late.LateLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]journal.Late, error) {
			return g.late.LateDue(ctx, l, now, limit, sweepLease)
		},
		work: func(ctx context.Context, l journal.Late, _ time.Time) {
			// Once begun, giving back runs to its end, also while we shut down.
			if err := g.settler.ResumeLate(context.WithoutCancel(ctx), g.late, l); err != nil {
				g.log.Error("the sweep could not go on with late money", slog.Any("attempt_id", l.AttemptID), slog.Any("err", err))
			}
		},
	}
}

// cancelLease is how long a cancel belongs to the sweep that took it up.
const cancelLease = 10 * time.Minute

// sweepCancels takes up open cancels that are due until ctx ends.
func (g *Gateway) sweepCancels(ctx context.Context) {
	if g.queues.cancels != nil {
		g.queues.cancels.every(ctx, sweepEvery)
	}
}

func (g *Gateway) cancelQueue() queue[journal.Lane, payment.Cancel] {
	return queue[journal.Lane, payment.Cancel]{
		what: "cancels", workers: sideWorkers, batch: sideWorkers, lanes: g.cancels.CancelLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]payment.Cancel, error) {
			return g.cancels.CancelsDue(ctx, l, now, limit, cancelLease)
		},
		work: func(ctx context.Context, row payment.Cancel, taken time.Time) {
			if err := g.canceller.Resume(context.WithoutCancel(ctx), row, taken.Add(cancelLease)); err != nil {
				g.log.Error("the sweep could not go on with a cancel", row.LogAttr(), slog.Any("err", err))
			}
		},
	}
}
