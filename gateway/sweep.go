package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Times of the background work.
const (
	firstCheck = 2 * time.Minute
	sweepEvery = 2 * time.Second
	sweepBatch = 64
	// sweepLease is longer than a look takes when its PG is silent, and as long as what a killed process had leased
	// must wait.
	sweepLease = 2 * time.Minute
	// sweepWorkers settle at once in each lane, so that what a crash left is taken up quickly and their writes share
	// commits: while some wait for their PG, others wait for the journal.
	sweepWorkers = 2 * sweepBatch
	// sideWorkers look at late money and at cancels at once in each lane; there is little of either.
	sideWorkers = 8
	statsEvery  = 10 * time.Second
)

// queues are what the gateway works on beside requests.
type queues struct {
	attempts *pool[journal.Lane, payment.Attempt]
	late     *pool[journal.Lane, journal.Late]
	cancels  *pool[journal.Lane, payment.Cancel]
	outbox   *pool[journal.OutboxLane, payment.Message]
	shop     shopHealth
}

func (g *Gateway) newQueues() *queues {
	q := &queues{
		attempts: newPool(g, queue[journal.Lane, payment.Attempt]{
			what: "attempts", workers: sweepWorkers, batch: sweepBatch, lanes: g.journal.DueLanes,
			take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]payment.Attempt, error) {
				return g.journal.Due(ctx, l, now, limit, sweepLease)
			},
			work: func(ctx context.Context, a payment.Attempt, taken time.Time) {
				g.resume(ctx, a, taken.Add(sweepLease))
			},
		}),
		outbox: newPool(g, g.outboxQueue()),
	}
	if g.late != nil {
		q.late = newPool(g, g.lateQueue())
	}
	if g.cancels != nil {
		q.cancels = newPool(g, g.cancelQueue())
	}
	return q
}

// sweep takes up attempts that are due until ctx ends: after a restart these are the ones that were in flight.
func (g *Gateway) sweep(ctx context.Context) { g.queues.attempts.every(ctx, sweepEvery) }

func (g *Gateway) resume(ctx context.Context, a payment.Attempt, until time.Time) {
	// Once begun, a settle runs to its end, also while we shut down. Its writes let those of buyers go first.
	res, err := g.settler.ResumeLeased(journal.Patient(context.WithoutCancel(ctx)), a.ID, until)
	if err != nil {
		g.log.Error("the sweep could not go on with an attempt", a.LogAttr(), slog.Any("err", err))
		return
	}
	if res.Attempt.State != payment.StateOpened {
		g.log.Info("the sweep looked at an attempt", a.LogAttr(), slog.String("state", string(res.Attempt.State)), slog.Any("reason", res.Attempt.Reason))
	}
}

// stats keeps the journal's gauges fresh until ctx ends.
func (g *Gateway) stats(ctx context.Context) {
	tick := time.NewTicker(statsEvery)
	defer tick.Stop()
	for {
		g.publishStats(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
