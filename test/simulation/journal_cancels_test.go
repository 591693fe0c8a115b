package simulation

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ofCancel names a cancel by what it was asked for under, or by its attempt.
func (j *simJournal) ofCancel(id payment.CancelID) string { return j.p.w.nameIn(string(id)) }

// CancelBegin implements lifecycle.CancelJournal.
func (j *simJournal) CancelBegin(ctx context.Context, c payment.Cancel, ev journal.Event) (payment.Cancel, bool, error) {
	type taken struct {
		row   payment.Cancel
		begun bool
	}
	t, err := simDo(ctx, j, "cancel begin", j.ofCancel(c.ID), true, func() (taken, error) {
		row, begun, err := j.inner.CancelBegin(ctx, c, ev)
		return taken{row, begun}, err
	})
	return t.row, t.begun, err
}

// CancelFound implements lifecycle.CancelJournal.
func (j *simJournal) CancelFound(ctx context.Context, c payment.Cancel, ev journal.Event, messages []payment.Message) (bool, error) {
	j.p.w.call(string(c.ID), j.of(c.AttemptID)+" cancelled at the PG by "+c.Amount.String())
	return simDo(ctx, j, "cancel found", j.ofCancel(c.ID), true, func() (bool, error) { return j.inner.CancelFound(ctx, c, ev, messages) })
}

// CancelMove implements lifecycle.CancelJournal.
func (j *simJournal) CancelMove(ctx context.Context, s journal.CancelStep) (payment.Cancel, error) {
	return simDo(ctx, j, "cancel move "+string(s.To), j.ofCancel(s.ID), true, func() (payment.Cancel, error) { return j.inner.CancelMove(ctx, s) })
}

// Cancel implements lifecycle.CancelJournal.
func (j *simJournal) Cancel(ctx context.Context, id payment.CancelID) (payment.Cancel, error) {
	return simDo(ctx, j, "cancel read", j.ofCancel(id), false, func() (payment.Cancel, error) { return j.inner.Cancel(ctx, id) })
}

// CancelsOf implements lifecycle.CancelJournal.
func (j *simJournal) CancelsOf(ctx context.Context, id payment.AttemptID) ([]payment.Cancel, error) {
	return simDo(ctx, j, "cancels of", j.of(id), false, func() ([]payment.Cancel, error) { return j.inner.CancelsOf(ctx, id) })
}

// CancelLanes implements lifecycle.CancelQueue.
func (j *simJournal) CancelLanes(ctx context.Context, now time.Time) ([]journal.Lane, error) {
	return simDo(ctx, j, "cancels due lanes", "", false, func() ([]journal.Lane, error) { return j.inner.CancelLanes(ctx, now) })
}

// CancelsDue implements lifecycle.CancelQueue.
func (j *simJournal) CancelsDue(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Cancel, error) {
	return simDo(ctx, j, "cancels due", simLane(l), true, func() ([]payment.Cancel, error) { return j.inner.CancelsDue(ctx, l, now, limit, lease) })
}
