package lifecycle_test

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// A buyer who changed the tax-free part in his window has a PG refuse an undo that states what was decided. The next try
// leaves the parts to the PG, and the one after that states them again.
func TestAnUndoWhosePartsThePGRefuses(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		var tries []bool
		pg := newTill(paidAs("TX-A1"))
		give := pg.cancel
		pg.cancel = func(n int, r adapters.CancelRequest) (adapters.Result, error) {
			if tries = append(tries, r.Unstated); !r.Unstated || len(tries) < 4 {
				return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
			}
			return give(n, r)
		}
		// An undo has no transaction of its own that it looks for.
		pg.held[""] = pg.held["TX-A1"]
		h := atV1(t, pg)
		if late {
			h.moves(payment.StateExpired)
			if _, err := h.journal.UnmatchedSeen(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-A1", Won: 50000}, journal.Event{Kind: "unmatched_payment"}); err != nil {
				t.Fatal(err)
			}
		} else {
			h.moves(payment.StateCancelling)
		}
		for range 8 {
			h.pass(2 * time.Hour)
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			h.sweepUnmatched(0)
		}
		if len(tries) != 4 || tries[0] || !tries[1] || tries[2] || !tries[3] || pg.held["TX-A1"].Outcome != payment.OutcomeCancelled {
			t.Errorf("late %t: left to the PG at tries %v; it is %s", late, tries, pg.held["TX-A1"].Outcome)
		}
	}
}
