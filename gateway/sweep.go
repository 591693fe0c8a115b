package gateway

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
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
	// sweepWorkers settle at once, so that what a crash left is taken up quickly and their writes share commits:
	// while one batch waits for its PGs, others wait for the journal.
	sweepWorkers = 2 * sweepBatch
	outboxEvery  = time.Second
	outboxBatch  = 64
	outboxLease  = time.Minute
	// outboxGiveUp is the number of tries that the waits of outboxWait stretch over about a day.
	outboxGiveUp = 33
	statsEvery   = 10 * time.Second
)

// sweep takes up attempts whose next check is due until ctx ends: after a restart these are the ones that were
// in flight.
func (g *Gateway) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		g.sweepOnce(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweepOnce takes up everything that is due now. An attempt is leased when there is a worker for it, so that its
// lease has to outlast its own look only.
func (g *Gateway) sweepOnce(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	room := make(chan struct{}, sweepWorkers)
	for ctx.Err() == nil {
		for range sweepBatch {
			room <- struct{}{}
		}
		now := g.now()
		due, err := g.journal.Due(ctx, now, sweepBatch, sweepLease)
		if err != nil {
			g.log.Error("the sweep cannot read the journal", slog.Any("err", err))
			return
		}
		for _, a := range due {
			wg.Go(func() {
				defer func() { <-room }()
				g.resume(ctx, a.ID, now.Add(sweepLease))
			})
		}
		if len(due) < sweepBatch {
			return
		}
	}
}

func (g *Gateway) resume(ctx context.Context, id payment.AttemptID, until time.Time) {
	// Once begun, a settle runs to its end, also while we shut down. Its writes let those of buyers go first.
	res, err := g.settler.ResumeLeased(journal.Patient(context.WithoutCancel(ctx)), id, until)
	if err != nil {
		g.log.Error("the sweep could not go on with an attempt", slog.Any("attempt_id", id), slog.Any("err", err))
		return
	}
	if res.Attempt.State != payment.StateOpened {
		g.log.Info("the sweep looked at an attempt", slog.Any("attempt_id", id), slog.String("state", string(res.Attempt.State)), slog.Any("reason", res.Attempt.Reason))
	}
}

// deliver sends the outbox to the shop until ctx ends: oldest first per order, again until acknowledged.
func (g *Gateway) deliver(ctx context.Context) {
	tick := time.NewTicker(outboxEvery)
	defer tick.Stop()
	for {
		g.deliverOnce(ctx)
		select {
		case <-g.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (g *Gateway) deliverOnce(ctx context.Context) {
	for {
		due, err := g.journal.OutboxDue(ctx, g.now(), outboxBatch, outboxLease)
		if err != nil {
			g.log.Error("the outbox cannot be read", slog.Any("err", err))
			return
		}
		if len(due) == 0 || ctx.Err() != nil {
			return
		}
		var wg sync.WaitGroup
		for _, m := range due {
			wg.Go(func() { g.deliverMessage(ctx, m) })
		}
		wg.Wait()
	}
}

// sealedReason is why a message that cannot be opened stays: an operator must bring the key back and retry it.
const sealedReason = "sealed with another token_key"

// deliverMessage marks a message done only after the shop's 2xx.
func (g *Gateway) deliverMessage(ctx context.Context, m payment.Message) {
	m, err := settle.OpenMessage(g.sealer, m)
	why := "not acknowledged"
	if err == nil {
		err = g.view().shop.Deliver(ctx, m, g.now())
	} else {
		// Nothing is wrong with the shop, and the orders' later messages wait behind this one.
		why = sealedReason
		g.log.Error("a sealed message cannot be opened; is token_key another one?", slog.String("message_id", m.ID), slog.Any("order_id", m.OrderID))
	}
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		g.metrics.Delivered(metrics.ResultDelivered)
		if err := g.journal.OutboxDone(ctx, m.ID); err != nil {
			g.log.Error("a delivered message was not marked; it will be sent again", slog.String("message_id", m.ID), slog.Any("err", err))
		}
		return
	}
	if m.Tries+1 >= outboxGiveUp {
		g.metrics.Delivered(metrics.ResultParked)
		g.log.Error("a message to the shop is parked", slog.String("message_id", m.ID), slog.Any("order_id", m.OrderID), slog.Any("tries", m.Tries+1), slog.Any("err", err))
		if err := g.journal.OutboxPark(ctx, m.ID, why); err != nil {
			g.log.Error("a message was not parked", slog.String("message_id", m.ID), slog.Any("err", err))
		}
		return
	}
	g.metrics.Delivered(metrics.ResultFailed)
	next := g.now().Add(outboxWait(m.Tries))
	g.log.Warn("a message to the shop was not acknowledged", slog.String("message_id", m.ID), slog.Any("order_id", m.OrderID), slog.Any("tries", m.Tries+1), slog.Any("err", err))
	if err := g.journal.OutboxRetry(ctx, m.ID, next, why); err != nil {
		g.log.Error("the next delivery was not written", slog.String("message_id", m.ID), slog.Any("err", err))
	}
}

// outboxWait is how long to wait after so many tries: 2 s, doubling, at most an hour, with a fifth of jitter so
// that a shop that comes back is not hit by everything at once.
func outboxWait(tries int) time.Duration {
	d := min(2*time.Second<<min(tries, 12), time.Hour)
	return d - time.Duration(rand.Int64N(int64(d)/5)) //nolint:gosec // jitter, not a secret
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
