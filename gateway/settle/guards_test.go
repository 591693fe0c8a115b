package settle_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/journal"
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

// breakMoves puts a settler on a journal that cannot write moves to one state.
func (h *house) breakMoves(to payment.State, driver adapters.Driver, m *payment.Merchant) {
	pg := &payment.PG{ID: "pg", Driver: "fake", ApproveTimeout: time.Second, ReadTimeout: time.Second}
	h.settler = settle.New(settle.Options{
		Journal: brokenJournal{h.journal, to}, Drivers: map[payment.DriverName]adapters.Driver{"fake": driver},
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
	if _, err := h.settler.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err == nil {
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
	res, err := h.settler.Authenticated(t.Context(), h.attempt("A1"), h.proof("token"))
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
			if _, err := h.settler.Complete(t.Context(), "A1", adapters.Proof{PGTxID: "imp_1"}); err != nil {
				t.Fatal(err)
			}
			want, reason := payment.StateCancelled, settle.ReasonMismatch+tt.field
			if tt.field == "" {
				want, reason = payment.StateApproved, settle.ReasonApproved
			}
			if a := h.state("A1"); a.State != want || a.Reason != reason {
				t.Errorf("%s (%s), want %s (%s)", a.State, a.Reason, want, reason)
			}
		})
	}
}
