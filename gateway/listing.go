package gateway

import (
	"time"

	"github.com/google/uuid"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// newListing makes what holds the payments that PGs list against the journal.
func (g *Gateway) newListing(o Options) *lifecycle.Listing {
	return lifecycle.NewListing(lifecycle.ListingOptions{
		Machine:   g.machine,
		Canceller: g.canceller,
		Journal:   o.Journal,
		PGs:       func() []*payment.PG { return g.view().rules.PGs() },
		Made:      func(id payment.AttemptID) (time.Time, bool) { return g.sealer.madeAt(g.view().environment, id) },
		Kept:      o.Store.Current().Journal().Retention,
		Holder:    uuid.NewString(),
		Observer:  g,
		Log:       g.log,
		Now:       func() time.Time { return g.now() },
	})
}

// Listed counts what came of payments that a PG lists.
func (g *Gateway) Listed(pg payment.PGID, result lifecycle.ListedResult, n int) {
	g.metrics.Listed(string(pg), string(result), n)
}

// ListedUntil tells up to when all that happened at a PG is dealt with.
func (g *Gateway) ListedUntil(pg payment.PGID, until time.Time) {
	g.metrics.ListedUntil(string(pg), until)
}
