package simulation

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ListingTake implements lifecycle.ListingJournal.
func (j *simJournal) ListingTake(ctx context.Context, pg payment.PGID, holder string, now time.Time, hold time.Duration) (journal.Listing, bool, error) {
	type row struct {
		l     journal.Listing
		taken bool
	}
	r, err := simDo(ctx, j, "listing due", string(pg), true, func() (row, error) {
		l, taken, err := j.inner.ListingTake(ctx, pg, holder, now, hold)
		return row{l, taken}, err
	})
	return r.l, r.taken, err
}

// ListingDone implements lifecycle.ListingJournal.
func (j *simJournal) ListingDone(ctx context.Context, pg payment.PGID, until time.Time) error {
	return j.do(ctx, "listing done", string(pg), func() error { return j.inner.ListingDone(ctx, pg, until) })
}

// OwnerlessAdd implements lifecycle.ListingJournal.
func (j *simJournal) OwnerlessAdd(ctx context.Context, o journal.Ownerless) (bool, error) {
	return simDo(ctx, j, "ownerless add", j.p.w.nameIn(o.PGTxID+string(o.OrderRef)), true, func() (bool, error) { return j.inner.OwnerlessAdd(ctx, o) })
}
