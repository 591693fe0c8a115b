package lifecycle_test

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// lease takes what is due and returns until when it is leased.
func (h *house) lease() time.Time {
	h.t.Helper()
	now := h.clock()
	if due := ofEveryLane(h.t, now, 2*time.Minute, h.journal.DueLanes, h.journal.Due); len(due) != 1 {
		h.t.Fatalf("due %+v", due)
	}
	return now.Add(2 * time.Minute)
}

// However often a browser asks, the sweep looks when it was to look, and nobody else takes its attempt.
func TestABrowsersLookUpPutsNothingOff(t *testing.T) {
	t.Parallel()
	pending := approvedAs("A1", 50000)
	pending.Outcome = payment.OutcomePending
	h, _ := asked(t, &fakePG{lookUp: says(pending, nil)})
	for _, leased := range []bool{false, true} {
		if leased {
			h.pass(2 * time.Minute)
			h.lease()
		}
		before := h.state("A1")
		for range 5 {
			if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{PGTxID: "TX-A1"}); err != nil {
				t.Fatal(err)
			}
		}
		if a := h.state("A1"); a.NextCheck.After(before.NextCheck) || a.Checks != before.Checks {
			t.Errorf("leased %v: the next check went from %s to %s, the checks to %d", leased, before.NextCheck, a.NextCheck, a.Checks)
		}
	}
	if due := ofEveryLane(t, h.clock(), time.Minute, h.journal.DueLanes, h.journal.Due); len(due) != 0 {
		t.Errorf("a browser's look ended the sweep's lease: %+v", due)
	}
}

// An owner whose lease ended while it looked neither gives money back nor puts off what its successor does.
func TestAFormerOwnerDoesNothing(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]payment.Outcome{"still charged": payment.OutcomeApproved, "undecided": payment.OutcomeUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := approvedAs("A1", 50000)
			found.Outcome = outcome
			var h *house
			pg := &fakePG{}
			pg.lookUp = func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
				if n == 1 {
					h.pass(3 * time.Minute)
					h.lease()
				}
				return found, nil
			}
			h = open(t, pg)
			h.leave(payment.StateCancelling, "shop_refused")
			if err := h.journal.Touch(t.Context(), journal.LookUp{ID: "A1", State: payment.StateCancelling, NextCheck: h.clock()}); err != nil {
				t.Fatal(err)
			}
			first := h.lease()
			before := h.state("A1")
			if _, err := h.machine.ResumeLeased(t.Context(), "A1", first); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); pg.calls["cancel"] != 0 || !a.NextCheck.Equal(before.NextCheck) {
				t.Errorf("the former owner sent %v, the next check is %s, was %s", pg.sequence, a.NextCheck, before.NextCheck)
			}
		})
	}
}
