package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	outboxEvery = time.Second
	// outboxWorkers deliver at once in each lane: one delivery that hangs leaves the others theirs.
	outboxWorkers = 64
	// outboxLease is longer than the longest events timeout.
	outboxLease = 90 * time.Second
	// A message is parked after outboxGiveUp tries, over which the waits of Worker.wait stretch over about a day, and
	// not before it is outboxPatience old: a shop that comes and goes uses its tries up sooner.
	outboxGiveUp   = 33
	outboxPatience = 24 * time.Hour
	// pushStep is how many messages are brought forward in one write.
	pushStep = 200
)

// The shop counts as away after so many deliveries in a row that it did not take. Then one waiting message is tried
// out of turn every probeEvery, and once one is taken all others follow at once instead of after their pauses.
const (
	awayAfter  = 3
	probeEvery = 15 * time.Second
	// probeAmong is among how many messages the probes take turns: one that the shop never takes must not be the only
	// one.
	probeAmong = 8
)

// Outbox keeps the messages to the shop until it has them, for all pods.
type Outbox interface {
	OutboxDue(
		ctx context.Context, l journal.OutboxLane, now time.Time, limit int, lease time.Duration,
	) ([]payment.Message, error)
	OutboxProbe(ctx context.Context, now time.Time, skip int, lease time.Duration) ([]payment.Message, error)
	OutboxRelease(ctx context.Context, id string) error
	OutboxPush(ctx context.Context, now time.Time, limit int) (int, error)
	OutboxDone(ctx context.Context, id string) error
	OutboxRetry(ctx context.Context, id string, next time.Time, reason string) error
	OutboxPark(ctx context.Context, id, reason string) error
}

// shopHealth remembers whether the shop takes messages. It is safe for concurrent use.
type shopHealth struct {
	mu     sync.Mutex
	failed int
	probes int
	probed time.Time
}

// refused takes in a delivery that was not acknowledged.
func (h *shopHealth) refused() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed++
}

// took takes in one that was, and tells whether the shop had been away until then.
func (h *shopHealth) took() (back bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	back = h.failed >= awayAfter
	h.failed = 0
	return back
}

// probe tells whether it is time to see whether the shop is back, and how many of the waiting messages to pass over.
func (h *shopHealth) probe(now time.Time) (skip int, due bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed < awayAfter || now.Sub(h.probed) < probeEvery {
		return 0, false
	}
	h.probed = now
	h.probes++
	return h.probes % probeAmong, true
}

// outboxQueue is the messages to the shop: those that it has not failed to take yet, and the others apart.
func (w *Worker) outboxQueue() queue[journal.OutboxLane, payment.Message] {
	return queue[journal.OutboxLane, payment.Message]{
		what: "messages", workers: outboxWorkers, batch: outboxWorkers,
		lanes: func(context.Context, time.Time) ([]journal.OutboxLane, error) {
			return []journal.OutboxLane{{}, {Again: true}}, nil
		},
		take: func(ctx context.Context, l journal.OutboxLane, now time.Time, limit int) ([]payment.Message, error) {
			return w.o.Outbox.OutboxDue(ctx, l, now, limit, outboxLease)
		},
		work: func(ctx context.Context, m payment.Message, _ time.Time) { w.deliverMessage(ctx, m) },
	}
}

// deliver sends the outbox to the shop until ctx ends: oldest first per order, again until acknowledged.
func (w *Worker) deliver(ctx context.Context) {
	q := w.outbox
	defer q.running.Wait()
	next := time.NewTimer(outboxEvery)
	defer next.Stop()
	for {
		select {
		case <-w.wake:
			// A payment ended, or the next message of an order came up: nobody has failed to take it yet.
			q.ask(ctx, journal.OutboxLane{})
		case <-next.C:
			q.lookUpResult(ctx)
			w.probeShop(ctx)
			next.Reset(q.outage.pause(outboxEvery))
		case <-ctx.Done():
			return
		}
	}
}

// probeShop tries one waiting message out of turn while the shop is away.
func (w *Worker) probeShop(ctx context.Context) {
	skip, due := w.shop.probe(w.o.Now())
	if !due {
		return
	}
	w.outbox.running.Go(func() {
		list, err := w.o.Outbox.OutboxProbe(ctx, w.o.Now(), skip, outboxLease)
		if err == nil && len(list) == 0 && skip > 0 {
			list, err = w.o.Outbox.OutboxProbe(ctx, w.o.Now(), 0, outboxLease)
		}
		if err != nil {
			w.outbox.failed(ctx, err)
		}
		for _, m := range list {
			w.tryEarly(ctx, m)
		}
	})
}

// tryEarly delivers a message out of turn. In vain, that counts as no try: its own pause goes on.
func (w *Worker) tryEarly(ctx context.Context, m payment.Message) {
	err := w.send(ctx, m)
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		w.delivered(ctx, m)
		return
	}
	w.o.Observer.Delivered(DeliveryFailed)
	if err := w.o.Outbox.OutboxRelease(ctx, m.ID); err != nil {
		w.o.Log.Error("a message was not released; it waits for its lease to end", m.LogAttr(), slog.Any("err", err))
	}
}

// sealedReason is why a message that cannot be opened stays: an operator must bring the key back and retry it.
const sealedReason = "sealed with another token_key"

// notAcknowledged is why a message that the shop did not take is sent again.
const notAcknowledged = "not acknowledged"

// send sends a message to the shop; nil means that the shop has acknowledged it.
func (w *Worker) send(ctx context.Context, m payment.Message) error {
	m, err := OpenMessage(w.o.Sealer, m)
	if err != nil {
		// Nothing is wrong with the shop, and the orders' later messages wait behind this one.
		w.o.Log.Error("a sealed message cannot be opened; is token_key another one?", m.LogAttr())
		return &sealedError{err}
	}
	if err := w.o.Deliver(ctx, m); err != nil {
		w.shop.refused()
		return err //guard:done-when-the-shop-took-it
	}
	return nil
}

// sealedError tells that a message cannot be opened.
type sealedError struct{ error }

// Unwrap returns why.
func (e *sealedError) Unwrap() error { return e.error }

// deliverMessage marks a message done only after the shop's 2xx.
func (w *Worker) deliverMessage(ctx context.Context, m payment.Message) {
	err := w.send(ctx, m)
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		w.delivered(ctx, m)
		return
	}
	why := notAcknowledged
	if _, sealed := errors.AsType[*sealedError](err); sealed {
		why = sealedReason //guard:message-of-another-key
	}
	//guard:message-is-tried-for-a-day
	if now := w.o.Now(); m.Tries+1 >= outboxGiveUp && now.Sub(m.CreatedAt) >= outboxPatience {
		w.o.Observer.Delivered(DeliveryParked)
		w.o.Log.Error("a message to the shop is parked", m.LogAttr(), slog.Any("tries", m.Tries+1), slog.Any("err", err))
		if err := w.o.Outbox.OutboxPark(ctx, m.ID, why); err != nil {
			w.o.Log.Error("a message was not parked", m.LogAttr(), slog.Any("err", err))
		}
		return
	}
	w.o.Observer.Delivered(DeliveryFailed)
	next := w.o.Now().Add(w.wait(m))
	w.o.Log.Warn(
		"a message to the shop was not acknowledged", m.LogAttr(), slog.Any("tries", m.Tries+1), slog.Any("err", err),
	)
	if err := w.o.Outbox.OutboxRetry(ctx, m.ID, next, why); err != nil {
		w.o.Log.Error("the next delivery was not written", m.LogAttr(), slog.Any("err", err))
	}
}

// delivered marks a message as done, and brings the others forward when the shop had been away.
func (w *Worker) delivered(ctx context.Context, m payment.Message) {
	w.o.Observer.Delivered(Delivered)
	if err := w.o.Outbox.OutboxDone(ctx, m.ID); err != nil {
		w.o.Log.Error("a delivered message was not marked; it will be sent again", m.LogAttr(), slog.Any("err", err))
	}
	// The next one of its order may have come up.
	w.Wake()
	if w.shop.took() {
		w.pushAll(ctx)
	}
}

// pushAll makes everything that waits for another try due, in steps that no writer waits long for.
func (w *Worker) pushAll(ctx context.Context) {
	total := 0
	for n := pushStep; n == pushStep; total += n {
		var err error
		if n, err = w.o.Outbox.OutboxPush(journal.Patient(ctx), w.o.Now(), pushStep); err != nil {
			w.o.Log.Error("waiting messages were not brought forward; they keep their pauses", slog.Any("err", err))
			break
		}
	}
	w.o.Log.Info("the shop takes messages again", slog.Int("brought_forward", total))
	w.outbox.ask(ctx, journal.OutboxLane{Again: true})
}

// wait is how long to wait before the next try of a message: 2 s, doubling, at most an hour, each a fifth longer
// or shorter, so that a shop that comes back is not hit by everything at once.
func (w *Worker) wait(m payment.Message) time.Duration {
	return w.o.Spread(m.ID, m.Tries, min(2*time.Second<<min(m.Tries, 12), time.Hour))
}
