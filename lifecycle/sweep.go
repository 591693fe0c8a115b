package lifecycle

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Times of the sweeps.
const (
	sweepEvery = 2 * time.Second
	sweepBatch = 64
	// sweepLease is longer than a look-up takes when its PG is silent, and as long as what a killed process had leased
	// must wait.
	sweepLease = 2 * time.Minute
	// cancelLease is how long a cancel belongs to the sweep that took it up.
	cancelLease = 10 * time.Minute
	// sweepWorkers conclude attempts at once in each lane, so that what a crash left is taken up quickly and their
	// writes share commits: while some wait for their PG, others wait for the journal.
	sweepWorkers = 2 * sweepBatch
	// sideWorkers look at unmatched payments and at cancels at once in each lane; there is little of either.
	sideWorkers = 8
)

// AttemptQueue tells which attempts are due, for all pods: whoever takes one has it for the lease.
type AttemptQueue interface {
	DueLanes(ctx context.Context, now time.Time) ([]journal.Lane, error)
	Due(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Attempt, error)
}

// UnmatchedQueue keeps unmatched payments and tells which are due, for all pods.
type UnmatchedQueue interface {
	UnmatchedJournal
	UnmatchedLanes(ctx context.Context, now time.Time) ([]journal.Lane, error)
	UnmatchedDue(
		ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration,
	) ([]journal.Unmatched, error)
}

// CancelQueue tells which cancels are due, for all pods.
type CancelQueue interface {
	CancelLanes(ctx context.Context, now time.Time) ([]journal.Lane, error)
	CancelsDue(
		ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration,
	) ([]payment.Cancel, error)
}

func (w *Worker) attemptQueue() queue[journal.Lane, payment.Attempt] {
	return queue[journal.Lane, payment.Attempt]{
		what: "attempts", workers: sweepWorkers, batch: sweepBatch, lanes: w.o.Attempts.DueLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]payment.Attempt, error) {
			return w.o.Attempts.Due(ctx, l, now, limit, sweepLease)
		},
		work: func(ctx context.Context, a payment.Attempt, taken time.Time) {
			w.resume(ctx, a, taken.Add(sweepLease))
		},
	}
}

func (w *Worker) resume(ctx context.Context, a payment.Attempt, until time.Time) {
	// Once begun, it runs to its end, also while we shut down. Its writes let those of buyers go first.
	res, err := w.o.Machine.ResumeLeased(journal.Patient(context.WithoutCancel(ctx)), a.ID, until)
	if err != nil {
		w.o.Log.Error("the sweep could not go on with an attempt", a.LogAttr(), slog.Any("err", err))
		return
	}
	if res.Attempt.State != payment.StateOpened {
		w.o.Log.Info("the sweep looked at an attempt", a.LogAttr(),
			slog.String("state", string(res.Attempt.State)), slog.Any("reason", res.Attempt.Reason))
	}
}

func (w *Worker) unmatchedQueue() queue[journal.Lane, journal.Unmatched] {
	return queue[journal.Lane, journal.Unmatched]{
		what: "unmatched payments", workers: sideWorkers, batch: sideWorkers, lanes: w.o.Unmatched.UnmatchedLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]journal.Unmatched, error) {
			return w.o.Unmatched.UnmatchedDue(ctx, l, now, limit, sweepLease)
		},
		work: func(ctx context.Context, l journal.Unmatched, _ time.Time) {
			// Once begun, giving back runs to its end, also while we shut down.
			if err := w.o.Machine.ResumeUnmatched(context.WithoutCancel(ctx), w.o.Unmatched, l); err != nil {
				w.o.Log.Error(
					"the sweep could not go on with an unmatched payment", slog.Any("attempt_id", l.AttemptID), slog.Any("err", err),
				)
			}
		},
	}
}

func (w *Worker) cancelQueue() queue[journal.Lane, payment.Cancel] {
	return queue[journal.Lane, payment.Cancel]{
		what: "cancels", workers: sideWorkers, batch: sideWorkers, lanes: w.o.Cancels.CancelLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]payment.Cancel, error) {
			return w.o.Cancels.CancelsDue(ctx, l, now, limit, cancelLease)
		},
		work: func(ctx context.Context, row payment.Cancel, taken time.Time) {
			if err := w.o.Canceller.Resume(context.WithoutCancel(ctx), row, taken.Add(cancelLease)); err != nil {
				w.o.Log.Error("the sweep could not go on with a cancel", row.LogAttr(), slog.Any("err", err))
			}
		},
	}
}
