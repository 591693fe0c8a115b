package simulation

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// RecoveryOf implements gateway.Journal.
func (j *simJournal) RecoveryOf(ctx context.Context, order payment.OrderID) (payment.Recovery, error) {
	return simDo(ctx, j, "recovery", j.p.w.nameIn(string(order)), false, func() (payment.Recovery, error) { return j.inner.RecoveryOf(ctx, order) })
}

// RecoveryMove implements gateway.Journal.
func (j *simJournal) RecoveryMove(ctx context.Context, s journal.RecoveryStep) (payment.Recovery, error) {
	return simDo(ctx, j, "recovery move "+string(s.To), j.p.w.nameIn(string(s.Row.OrderID)), true, func() (payment.Recovery, error) {
		r, err := j.inner.RecoveryMove(ctx, s)
		if err == nil && !r.State.Open() {
			j.p.w.tally("recovery_" + string(r.State) + map[bool]string{true: "_" + string(r.Stopped)}[r.Stopped != ""])
		}
		return r, err
	})
}

// RecoveryLanes implements gateway.Journal.
func (j *simJournal) RecoveryLanes(ctx context.Context, now time.Time) ([]journal.Lane, error) {
	return simDo(ctx, j, "recovery due lanes", "", false, func() ([]journal.Lane, error) { return j.inner.RecoveryLanes(ctx, now) })
}

// RecoveriesDue implements gateway.Journal.
func (j *simJournal) RecoveriesDue(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Recovery, error) {
	return simDo(ctx, j, "recovery due", simLane(l), true, func() ([]payment.Recovery, error) { return j.inner.RecoveriesDue(ctx, l, now, limit, lease) })
}
