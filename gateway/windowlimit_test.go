package gateway

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// fullJournal takes no new attempts while it is full.
type fullJournal struct {
	Journal

	full atomic.Bool
}

func (j *fullJournal) Insert(ctx context.Context, a payment.Attempt, ev journal.Event, bound ...journal.Windows) error {
	if j.full.Load() {
		return journal.ErrUnavailable
	}
	return j.Journal.Insert(ctx, a, ev, bound...)
}

// kakaopayOnlyByPortOne leaves no PG to fall back on.
func kakaopayOnlyByPortOne(c *fixture.Config) {
	c.Rule("kakaopay-by-portone").Choose.Priority = []string{"portone"}
}

// TestAWindowThatDidNotOpenIsNotCounted, whatever kept it from opening: who tried again through an outage can pay
// when it is over, and no more often than anybody else.
func TestAWindowThatDidNotOpenIsNotCounted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, code string
		down               func(h *house, j *fullJournal)
	}{
		{"the journal is full, V1", "tosspay", "JOURNAL_UNAVAILABLE", func(_ *house, j *fullJournal) { j.full.Store(true) }},
		{"the journal is full, V2", "kakaopay", "JOURNAL_UNAVAILABLE", func(_ *house, j *fullJournal) { j.full.Store(true) }},
		{"the PG is away", "kakaopay", "PG_UNAVAILABLE", func(h *house, _ *fullJournal) {
			if err := h.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: "prepare", Kind: "drop_before_commit", Times: 1}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, kakaopayOnlyByPortOne)
			j := &fullJournal{Journal: h.journal}
			h.g.journal = j
			body := h.checkout(tt.method)
			for range windowBurst + 1 {
				tt.down(h, j)
				if a := h.postCheckout(body); a.status != http.StatusServiceUnavailable || a.code() != tt.code {
					t.Fatalf("meanwhile: %d %s", a.status, a.body)
				}
			}
			j.full.Store(false)
			// A PG that was away is asked again a little later.
			h.sandbox.ClearFaults()
			h.g.now = func() time.Time { return time.Now().Add(openFor) }
			for i := range windowBurst + 1 {
				if a := h.postCheckout(body); (a.status == http.StatusOK) != (i < windowBurst) {
					t.Errorf("window %d afterwards: %d %s", i, a.status, a.body)
				}
			}
		})
	}
}

// A bucket never holds more than it did at first, however much is given back.
func TestABucketHoldsNoMoreThanItHolds(t *testing.T) {
	t.Parallel()
	b, r, now := newBuckets(), rules.Rate{N: 1, Per: time.Hour}, time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	take := func() (n int) {
		for {
			if _, ok := b.takeOf("k", r, 2, now); !ok {
				return n
			}
			n++
		}
	}
	for range 5 {
		b.giveBack("k", r, 2, now)
	}
	if n := take(); n != 2 {
		t.Errorf("%d could be taken from a full bucket of 2", n)
	}
	b.giveBack("k", r, 2, now)
	if n := take(); n != 1 {
		t.Errorf("%d could be taken after one was given back", n)
	}
}
