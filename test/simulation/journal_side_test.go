package simulation

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// KeyBegin implements gateway.KeyStore.
func (j *simJournal) KeyBegin(ctx context.Context, scope, key, fingerprint string, now time.Time, hold time.Duration) (journal.KeptAnswer, bool, error) {
	type taken struct {
		kept  journal.KeptAnswer
		begun bool
	}
	k, err := simDo(ctx, j, "key begin", j.p.w.nameIn(key), true, func() (taken, error) {
		kept, begun, err := j.inner.KeyBegin(ctx, scope, key, fingerprint, now, hold)
		return taken{kept, begun}, err
	})
	return k.kept, k.begun, err
}

// KeyRenew implements gateway.KeyStore.
func (j *simJournal) KeyRenew(ctx context.Context, scope, key string, kept journal.KeptAnswer, now time.Time, hold time.Duration) (journal.KeptAnswer, bool, error) {
	type taken struct {
		held  journal.KeptAnswer
		begun bool
	}
	k, err := simDo(ctx, j, "key renew", j.p.w.nameIn(key), true, func() (taken, error) {
		held, begun, err := j.inner.KeyRenew(ctx, scope, key, kept, now, hold)
		return taken{held, begun}, err
	})
	return k.held, k.begun, err
}

// KeyDone implements gateway.KeyStore.
func (j *simJournal) KeyDone(ctx context.Context, scope, key string, a journal.KeptAnswer) error {
	return j.do(ctx, "key done", j.p.w.nameIn(key), func() error { return j.inner.KeyDone(ctx, scope, key, a) })
}

// KeyDrop implements gateway.KeyStore.
func (j *simJournal) KeyDrop(ctx context.Context, scope, key string, heldUntil time.Time) error {
	return j.do(ctx, "key drop", j.p.w.nameIn(key), func() error { return j.inner.KeyDrop(ctx, scope, key, heldUntil) })
}

// CardsForget implements gateway.CardStore.
func (j *simJournal) CardsForget(ctx context.Context, name string) error {
	return j.do(ctx, "cards forget", "", func() error { return j.inner.CardsForget(ctx, name) })
}

// UnmatchedTake implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedTake(ctx context.Context, l journal.Unmatched, now time.Time, hold time.Duration) (journal.Unmatched, bool, error) {
	type row struct {
		l     journal.Unmatched
		taken bool
	}
	r, err := simDo(ctx, j, "late take", j.of(l.AttemptID), true, func() (row, error) {
		l, taken, err := j.inner.UnmatchedTake(ctx, l, now, hold)
		return row{l, taken}, err
	})
	return r.l, r.taken, err
}

// UnmatchedEnd implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedEnd(ctx context.Context, l journal.Unmatched, to journal.UnmatchedState, ev journal.Event) error {
	return j.do(ctx, "late end "+string(to), j.of(l.AttemptID), func() error { return j.inner.UnmatchedEnd(ctx, l, to, ev) })
}

// UnmatchedSeen implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedSeen(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	return simDo(ctx, j, "late seen", j.of(l.AttemptID), true, func() (bool, error) { return j.inner.UnmatchedSeen(ctx, l, ev) })
}

// UnmatchedTouch implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedTouch(ctx context.Context, l journal.Unmatched, ev journal.Event) error {
	return j.do(ctx, "late touch", j.of(l.AttemptID), func() error { return j.inner.UnmatchedTouch(ctx, l, ev) })
}

// UnmatchedOf implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedOf(ctx context.Context, id payment.AttemptID) ([]journal.Unmatched, error) {
	return simDo(ctx, j, "late of", j.of(id), false, func() ([]journal.Unmatched, error) { return j.inner.UnmatchedOf(ctx, id) })
}

// UnmatchedLanes implements lifecycle.UnmatchedQueue.
func (j *simJournal) UnmatchedLanes(ctx context.Context, now time.Time) ([]journal.Lane, error) {
	return simDo(ctx, j, "late due lanes", "", false, func() ([]journal.Lane, error) { return j.inner.UnmatchedLanes(ctx, now) })
}

// UnmatchedDue implements lifecycle.UnmatchedQueue.
func (j *simJournal) UnmatchedDue(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]journal.Unmatched, error) {
	return simDo(ctx, j, "late due", simLane(l), true, func() ([]journal.Unmatched, error) { return j.inner.UnmatchedDue(ctx, l, now, limit, lease) })
}

// UnmatchedFlag implements lifecycle.UnmatchedJournal.
func (j *simJournal) UnmatchedFlag(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	return simDo(ctx, j, "late flag", j.of(l.AttemptID), true, func() (bool, error) { return j.inner.UnmatchedFlag(ctx, l, ev) })
}
