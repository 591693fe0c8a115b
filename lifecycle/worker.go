package lifecycle

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Delivery is what one try to deliver a message to the shop came to.
type Delivery string

// What a try can come to.
const (
	Delivered      Delivery = "delivered"
	DeliveryFailed Delivery = "failed"
	// DeliveryParked was the last try: the message waits for an operator.
	DeliveryParked Delivery = "parked"
)

// WorkerObserver hears what a worker does; it must not block.
type WorkerObserver interface {
	Delivered(result Delivery)
}

// WorkerOptions are a Worker's parts. All but Canceller, Late, Cancels, Recoverer, Recoveries
// and Spread are required.
type WorkerOptions struct {
	Machine *Machine
	// Canceller goes on with what is due in Cancels; both are nil where nothing is cancelled.
	Canceller *Canceller
	Attempts  AttemptQueue
	// Unmatched is nil where no unmatched payments are looked for.
	Unmatched UnmatchedQueue
	Cancels   CancelQueue
	// Recoverer goes on with what is due in Recoveries; both are nil where no charge is recovered.
	Recoverer  *Recoverer
	Recoveries RecoveryJournal
	Outbox     Outbox
	// Deliver sends a message to the shop; nil means that the shop has acknowledged it.
	Deliver func(ctx context.Context, m payment.Message) error
	// Sealer opens messages that are stored sealed.
	Sealer Sealer
	// Ended forgets attempts that ended longer than Retention ago, Keys idempotency keys that are older than KeysKept.
	Ended     Pruner
	Retention time.Duration
	Keys      KeyPruner
	KeysKept  time.Duration
	Observer  WorkerObserver
	// Spread is how long to wait instead of d, so that what failed at one moment does not come again at one; nil means
	// payment.Spread.
	Spread func(id string, try int, d time.Duration) time.Duration
	Log    *slog.Logger
	Now    func() time.Time
}

// Worker does what goes on beside requests: it takes up what is due, delivers the outbox, and forgets what is too
// old. Make it with NewWorker, then Run it once, or call it step by step. It is safe for concurrent use.
type Worker struct {
	o        WorkerOptions
	wake     chan struct{}
	attempts *pool[journal.Lane, payment.Attempt]
	// late and cancels are nil without a store of theirs.
	unmatched *pool[journal.Lane, journal.Unmatched]
	cancels   *pool[journal.Lane, payment.Cancel]
	// recoveries is nil where no charge is recovered.
	recoveries *pool[journal.Lane, payment.Recovery]
	outbox     *pool[journal.OutboxLane, payment.Message]
	shop       shopHealth
}

// NewWorker returns a worker of these parts. It does nothing by itself.
func NewWorker(o WorkerOptions) *Worker {
	if o.Spread == nil {
		o.Spread = payment.Spread
	}
	w := &Worker{o: o, wake: make(chan struct{}, 1)}
	w.attempts = newPool(w.attemptQueue(), o.Now, o.Log)
	w.outbox = newPool(w.outboxQueue(), o.Now, o.Log)
	if o.Unmatched != nil {
		w.unmatched = newPool(w.unmatchedQueue(), o.Now, o.Log)
	}
	if o.Cancels != nil {
		w.cancels = newPool(w.cancelQueue(), o.Now, o.Log)
	}
	if o.Recoveries != nil {
		w.recoveries = newPool(w.recoveryQueue(), o.Now, o.Log)
	}
	return w
}

// Run works until ctx ends, and then waits for what is under way.
func (w *Worker) Run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { w.attempts.every(ctx, sweepEvery) })
	if w.unmatched != nil {
		loops.Go(func() { w.unmatched.every(ctx, sweepEvery) })
	}
	if w.cancels != nil {
		loops.Go(func() { w.cancels.every(ctx, sweepEvery) })
	}
	if w.recoveries != nil {
		loops.Go(func() { w.recoveries.every(ctx, sweepEvery) })
	}
	loops.Go(func() { w.deliver(ctx) })
	loops.Go(func() { w.prune(ctx) })
}

// Wake has the outbox looked at at once instead of at its next tick. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Woken has something in it when Wake was called, for who goes step by step instead of calling Run.
func (w *Worker) Woken() <-chan struct{} { return w.wake }

// SweepAttempts goes on with the attempts that are due now, and waits for that. After a restart these are the ones
// that were in flight.
func (w *Worker) SweepAttempts(ctx context.Context) { w.attempts.once(ctx) }

// SweepUnmatched goes on with the unmatched payments that are due now, and waits for that.
func (w *Worker) SweepUnmatched(ctx context.Context) {
	if w.unmatched != nil {
		w.unmatched.once(ctx)
	}
}

// SweepCancels goes on with the open cancels that are due now, and waits for that.
func (w *Worker) SweepCancels(ctx context.Context) {
	if w.cancels != nil {
		w.cancels.once(ctx)
	}
}

// DeliverDue delivers the messages that are due now, also what comes up in their orders meanwhile, and waits for
// that.
func (w *Worker) DeliverDue(ctx context.Context) {
	for more := true; more; {
		w.outbox.once(ctx)
		select {
		case <-w.wake:
		default:
			more = false
		}
	}
}
