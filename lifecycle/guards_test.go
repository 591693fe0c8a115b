package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// brokenJournal cannot write moves to one state.
type brokenJournal struct {
	*journal.Journal
	to payment.State
}

func (b brokenJournal) Move(ctx context.Context, t journal.Transition) (payment.Attempt, error) {
	if t.To == b.to {
		return payment.Attempt{}, errors.New("the disk is full")
	}
	return b.Journal.Move(ctx, t)
}

// breakMoves puts a machine on a journal that cannot write moves to one state.
func (h *house) breakMoves(to payment.State, driver adapters.Driver, m *payment.Merchant) {
	h.concludeOn(brokenJournal{h.journal, to}, driver, m)
}

// concludeOn puts a machine on another journal.
func (h *house) concludeOn(j lifecycle.Journal, driver adapters.Driver, m *payment.Merchant) {
	pg := &payment.PG{ID: "pg", Driver: "fake", ApproveTimeout: time.Second, ReadTimeout: time.Second}
	h.machine = lifecycle.New(lifecycle.Options{
		Journal: j, Drivers: map[payment.DriverName]adapters.Driver{"fake": driver},
		Account: func(payment.Attempt) (adapters.Account, error) { return adapters.Account{PG: pg, Merchant: m}, nil },
		Shop:    h, Sealer: plainSeal{}, Observer: quiet{}, Log: slog.New(slog.DiscardHandler), Now: time.Now, Wake: func() {},
	})
}

func TestNothingIsSentWhenTheIntentIsNotWritten(t *testing.T) {
	t.Parallel()
	m := &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest}
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return approvedAs("A1", 50000), nil
	}}}
	h := open(t, pg)
	h.breakMoves(payment.StateApproving, pg, m)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err == nil {
		t.Error("the buyer was not told that nothing could be charged")
	}
	if got := join(pg.sequence); got != "" {
		t.Errorf("sent %q without a written intent", got)
	}
}

func TestNoUndoIsSentWhenItsIntentIsNotWritten(t *testing.T) {
	t.Parallel()
	m := &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest}
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}}}
	h := open(t, pg)
	h.breakMoves(payment.StateCancelling, pg, m)
	res, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token"))
	if err != nil || res.Status() != "unknown" {
		t.Errorf("got %s, %v; want unknown", res.Status(), err)
	}
	if got := join(pg.sequence); got != "approve" {
		t.Errorf("sent %q, want the approval alone", got)
	}
}

// TestOtherFiguresAreGivenBack: whichever figure of a charge differs from the decision, the charge does not
// stand.
func TestOtherFiguresAreGivenBack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field string
		bend  func(r *adapters.Result)
	}{
		{"", func(*adapters.Result) {}},
		{"order_ref", func(r *adapters.Result) { r.OrderRef = "A9" }},
		{"amount", func(r *adapters.Result) { r.Amount = 50001 }},
		{"currency", func(r *adapters.Result) { r.Currency = "USD" }},
		{"mid", func(r *adapters.Result) { r.MID = "OTHER" }},
		{"channel", func(r *adapters.Result) { r.ChannelKey = "channel-other" }},
		{"test", func(r *adapters.Result) { r.Test = false }},
		{"method", func(r *adapters.Result) { r.Method = "trans" }},
		{"tax_free", func(r *adapters.Result) { r.Taxes = adapters.Taxes{TaxFree: 1, TaxFreeKnown: true} }},
	}
	for _, tt := range tests {
		t.Run("another "+tt.field, func(t *testing.T) {
			t.Parallel()
			charged := approvedAs("A1", 50000)
			charged.ChannelKey = "channel-ours"
			tt.bend(&charged)
			pg := &fakePG{
				lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) { return charged, nil },
				cancel: func(int, adapters.CancelRequest) (adapters.Result, error) {
					return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
				},
			}
			h := open(t, pg)
			h.breakMoves("none", pg, &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest, ChannelKey: "channel-ours"})
			if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{PGTxID: "imp_1"}); err != nil {
				t.Fatal(err)
			}
			want, reason := payment.StateCancelled, payment.ReasonMismatch+payment.Reason(tt.field)
			if tt.field == "" {
				want, reason = payment.StateApproved, payment.ReasonApproved
			}
			if a := h.state("A1"); a.State != want || a.Reason != reason {
				t.Errorf("%s (%s), want %s (%s)", a.State, a.Reason, want, reason)
			}
		})
	}
}

// A look that failed is no proof of absence, and neither are the looks of an earlier state.
func TestOnlyAbsenceThatWasSeenCounts(t *testing.T) {
	t.Parallel()
	gone := false
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		if !gone {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
	}}
	h := open(t, pg)
	h.leave(payment.StateUnknown, payment.ReasonLost)
	h.pass(26 * time.Hour)
	resume := func(want payment.State, when string) {
		t.Helper()
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
		if got := h.state("A1").State; got != want {
			t.Fatalf("state %s %s, want %s", got, when, want)
		}
	}
	for range 6 {
		resume(payment.StateUnknown, "while the PG cannot be asked")
	}
	gone = true
	for range 5 {
		resume(payment.StateUnknown, "before the absence was seen often enough")
	}
	resume(payment.StateDeclined, "after it")
}

// The decline of another try under the same id says nothing about ours.
func TestAnotherTrysDeclineEndsNothing(t *testing.T) {
	t.Parallel()
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomeDeclined, PGTxID: "TX-OTHER", OrderRef: "A1"}, nil
	}}
	h := open(t, pg)
	if err := h.journal.Claim(t.Context(), h.attempt("A1"), journal.Claim{To: payment.StateClaimed, PGTxID: "TX-OURS", Event: journal.Event{Kind: "test"}, NextCheck: h.clock()}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []payment.State{payment.StateApproving, payment.StateUnknown} {
		if _, err := h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{payment.StateClaimed, payment.StateApproving}, To: to, Reason: payment.ReasonLost, Event: journal.Event{Kind: "test"}, NextCheck: h.clock()}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if got := h.state("A1").State; got != payment.StateUnknown {
		t.Errorf("state %s, want unknown", got)
	}
}

// A phone bill or an easy pay that was charged for a decided card is not what was decided, and an answer that names no
// method is believed in neither way.
func TestAnotherMethodIsGivenBack(t *testing.T) {
	t.Parallel()
	for method, want := range map[payment.Method]payment.State{
		"phone": payment.StateCancelled, "trans": payment.StateCancelled, "kakaopay": payment.StateCancelled,
		"card": payment.StateApproved, "": payment.StateOpened,
	} {
		pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
			r := approvedAs("A1", 50000)
			r.Method = method
			return r, nil
		}}
		h := open(t, pg)
		if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
			t.Fatal(err)
		}
		if got := h.state("A1").State; got != want {
			t.Errorf("%q: state %s, want %s", method, got, want)
		}
	}
}

// An under-charge is given back although the decided tax-free part is larger than it.
func TestAnUnderChargeIsGivenBack(t *testing.T) {
	t.Parallel()
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) { return approvedAs("A1", 1000), nil }}
	h := open(t, pg)
	a := h.attempt("A1")
	a.TaxFree = 50000
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
		t.Fatal(err)
	}
	if got := h.state("A1").State; got != payment.StateCancelled || pg.calls["cancel"] != 1 {
		t.Errorf("state %s after %d cancels", got, pg.calls["cancel"])
	}
}
