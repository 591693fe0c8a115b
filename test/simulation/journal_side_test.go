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

// LateTake implements lifecycle.LateJournal.
func (j *simJournal) LateTake(ctx context.Context, l journal.Late, now time.Time, hold time.Duration) (journal.Late, bool, error) {
	type row struct {
		l     journal.Late
		taken bool
	}
	r, err := simDo(ctx, j, "late take", j.of(l.AttemptID), true, func() (row, error) {
		l, taken, err := j.inner.LateTake(ctx, l, now, hold)
		return row{l, taken}, err
	})
	return r.l, r.taken, err
}

// LateEnd implements lifecycle.LateJournal.
func (j *simJournal) LateEnd(ctx context.Context, l journal.Late, to journal.LateState, ev journal.Event) error {
	return j.do(ctx, "late end "+string(to), j.of(l.AttemptID), func() error { return j.inner.LateEnd(ctx, l, to, ev) })
}

// LateSeen implements lifecycle.LateJournal.
func (j *simJournal) LateSeen(ctx context.Context, l journal.Late, ev journal.Event) (bool, error) {
	return simDo(ctx, j, "late seen", j.of(l.AttemptID), true, func() (bool, error) { return j.inner.LateSeen(ctx, l, ev) })
}

// LateTouch implements lifecycle.LateJournal.
func (j *simJournal) LateTouch(ctx context.Context, l journal.Late, ev journal.Event) error {
	return j.do(ctx, "late touch", j.of(l.AttemptID), func() error { return j.inner.LateTouch(ctx, l, ev) })
}

// LateOf implements lifecycle.LateJournal.
func (j *simJournal) LateOf(ctx context.Context, id payment.AttemptID) ([]journal.Late, error) {
	return simDo(ctx, j, "late of", j.of(id), false, func() ([]journal.Late, error) { return j.inner.LateOf(ctx, id) })
}

// LateLanes implements lifecycle.LateQueue.
func (j *simJournal) LateLanes(ctx context.Context, now time.Time) ([]journal.Lane, error) {
	return simDo(ctx, j, "late due lanes", "", false, func() ([]journal.Lane, error) { return j.inner.LateLanes(ctx, now) })
}

// LateDue implements lifecycle.LateQueue.
func (j *simJournal) LateDue(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]journal.Late, error) {
	return simDo(ctx, j, "late due", simLane(l), true, func() ([]journal.Late, error) { return j.inner.LateDue(ctx, l, now, limit, lease) })
}

// LateFlag implements lifecycle.LateJournal.
func (j *simJournal) LateFlag(ctx context.Context, l journal.Late, ev journal.Event) (bool, error) {
	return simDo(ctx, j, "late flag", j.of(l.AttemptID), true, func() (bool, error) { return j.inner.LateFlag(ctx, l, ev) })
}
