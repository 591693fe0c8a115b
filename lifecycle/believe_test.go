package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// bare is a yes that tells nothing of what was done, as the one to PortOne V2's confirm.
func bare(int, adapters.ApproveRequest) (adapters.Result, error) {
	return adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: "A1"}, nil
}

// without is a whole answer of which one thing is left out.
func without(leave func(*adapters.Result)) adapters.Result {
	r := approvedAs("A1", 50000)
	leave(&r)
	return r
}

// shows plays looks one after the other; the last one stays.
func shows(looks ...adapters.Result) func(int, adapters.LookUpRequest) (adapters.Result, error) {
	return func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
		return looks[min(n, len(looks))-1], nil
	}
}

// A yes that does not tell what was done is looked up before it is believed: what shows then is compared, and what does
// not show whole is neither paid nor failed.
func TestAYesThatTellsTooLittleIsLookedUp(t *testing.T) {
	t.Parallel()
	pending := adapters.Result{Outcome: payment.OutcomePending, OrderRef: "A1"}
	for _, tt := range []struct {
		name     string
		looks    []adapters.Result
		want     payment.State
		reason   payment.Reason
		sequence string
		messages string
	}{
		{"it shows", []adapters.Result{approvedAs("A1", 50000)}, payment.StateApproved, "approved", "approve lookup", "payment.confirmed"},
		{"it shows a moment later", []adapters.Result{pending, approvedAs("A1", 50000)}, payment.StateApproved, "approved", "approve lookup lookup", "payment.confirmed"},
		{"another amount shows", []adapters.Result{approvedAs("A1", 49999)}, payment.StateCancelled, "mismatch_amount", "approve lookup cancel", "payment.failed"},
		{"another method shows", []adapters.Result{without(func(r *adapters.Result) { r.Method = "phone" })}, payment.StateCancelled, "mismatch_method", "approve lookup cancel", "payment.failed"},
		{"an account shows", []adapters.Result{issuedAs("A1", 50000)}, payment.StateCancelled, "mismatch_method", "approve lookup close", "payment.failed"},
		{"another payment shows", []adapters.Result{without(func(r *adapters.Result) { r.OrderRef = "A9" })}, payment.StateCancelled, "mismatch_order_ref", "approve lookup cancel", "payment.failed"},
		{"the method is left out", []adapters.Result{without(func(r *adapters.Result) { r.Method = "" })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"the currency is left out", []adapters.Result{without(func(r *adapters.Result) { r.Currency = "" })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"the MID is left out", []adapters.Result{without(func(r *adapters.Result) { r.MID = "" })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"the test flag is left out", []adapters.Result{without(func(r *adapters.Result) { r.TestKnown = false })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"the taxes are left out", []adapters.Result{without(func(r *adapters.Result) { r.Silent = 0 })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"the amount is left out", []adapters.Result{without(func(r *adapters.Result) { r.Amount = 0 })}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
		{"nothing shows", []adapters.Result{pending}, payment.StateUnknown, "approval_answer_lost", "approve lookup lookup lookup", ""},
		{"it is told to have failed", []adapters.Result{{Outcome: payment.OutcomeDeclined, OrderRef: "A1"}}, payment.StateUnknown, "approval_answer_lost", "approve lookup", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &bank{}
			pg.approve, pg.lookUp = bare, shows(tt.looks...)
			h := open(t, pg)
			h.manual = true
			if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); a.State != tt.want || a.Reason != tt.reason {
				t.Errorf("%s (%s), want %s (%s)", a.State, a.Reason, tt.want, tt.reason)
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if got := strings.Join(h.messages(), " "); got != tt.messages {
				t.Errorf("told the shop %q, want %q", got, tt.messages)
			}
		})
	}
}

// What the yes called the transaction is kept where the look shows no id: a cancel needs it.
func TestTheIDOfAYesIsKept(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: "A1", PGTxID: "told"}, nil
	}
	pg.lookUp = shows(without(func(r *adapters.Result) { r.PGTxID = "" }))
	h := open(t, pg)
	h.manual = true
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateApproved || a.PGTxID != "told" {
		t.Errorf("%s as %q", a.State, a.PGTxID)
	}
}

// What did not show whole is looked up again, and ends as it shows.
func TestWhatDidNotShowWholeEndsAsItShows(t *testing.T) {
	t.Parallel()
	for method, want := range map[payment.Method]payment.State{"": payment.StateUnknown, "card": payment.StateApproved, "trans": payment.StateCancelled} {
		pg := &bank{}
		pg.approve, pg.lookUp = bare, shows(without(func(r *adapters.Result) { r.Method = "" }))
		h := open(t, pg)
		h.manual = true
		if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		pg.lookUp = shows(without(func(r *adapters.Result) { r.Method = method }))
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
		if a := h.state("A1"); a.State != want {
			t.Errorf("%q: %s (%s), want %s", method, a.State, a.Reason, want)
		}
	}
}

// A PG that can undo an approval does, when it does not show what it approved.
func TestWhatDoesNotShowIsNetCancelled(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: bare}}
	pg.lookUp = shows(without(func(r *adapters.Result) { r.Method = "" }))
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelled || a.Reason != payment.ReasonLost {
		t.Errorf("%s (%s)", a.State, a.Reason)
	}
}

// An account under an attempt that was decided otherwise is closed without asking the shop, and money that came into it
// first waits for a person, who must say where it is to go.
func TestAnAccountThatNobodyDecidedOn(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
	h := open(t, pg)
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	pg.lookUp = says(issuedAs("A1", 50000), nil)
	if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["close"] != 1 || h.asked != 0 {
		t.Fatalf("%s after %d closings, the shop was asked %d times", a.State, pg.calls["close"], h.asked)
	}
	h.pass(48 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["close"] != 2 {
		t.Fatalf("without a deadline that is known it is %s after %d closings", a.State, pg.calls["close"])
	}
	pg.lookUp = says(depositedAs("A1", 50000), nil)
	if w, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"}); err != nil || !w.Unmatched {
		t.Errorf("a deposit was acknowledged, late %t, %v", w.Unmatched, err)
	}
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["cancel"] != 0 || h.unmatched() != "TX-A1 unknown" {
		t.Errorf("%s after %d cancels, unmatched payments %q", a.State, pg.calls["cancel"], h.unmatched())
	}
}

// What was approved with another window's token is given back by its own number once it cannot be net cancelled any
// more, unless the attempt that it belongs to goes by it.
func TestWhatAnotherWindowsTokenApprovedGoesBack(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"nobody's": false, "the other attempt's own": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			another := without(func(r *adapters.Result) { r.OrderRef, r.PGTxID = "A9", "TX-A9" })
			pg := &netCanceller{
				fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) { return another, nil }},
				netCancel: func(int, adapters.ApproveRequest) (adapters.Result, error) {
					return adapters.Result{}, adapters.ErrUnknownOutcome
				},
			}
			pg.lookUp = func(_ int, q adapters.LookUpRequest) (adapters.Result, error) {
				if !q.Exact || q.Attempt.PGTxID != "TX-A9" {
					return adapters.Result{}, adapters.ErrUnavailable // it is another order's, which a driver does not show
				}
				return another, nil
			}
			pg.cancel = func(_ int, q adapters.CancelRequest) (adapters.Result, error) {
				if q.PGTxID != "TX-A9" {
					return adapters.Result{}, adapters.ErrRejected
				}
				return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
			}
			h := open(t, pg)
			if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
				t.Fatal(err)
			}
			if kept {
				other := h.attempt("A9")
				other.OrderID = "ORDER-9"
				if err := h.journal.Claim(t.Context(), other, journal.Claim{To: payment.StateCaptured, PGTxID: "TX-A9"}); err != nil {
					t.Fatal(err)
				}
			}
			h.pass(10 * time.Minute)
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			want, cancels := payment.StateCancelled, 1
			if kept {
				want, cancels = payment.StateCancelling, 0
			}
			if a := h.state("A1"); a.State != want || pg.calls["cancel"] != cancels {
				t.Errorf("%s after %d cancels, want %s after %d", a.State, pg.calls["cancel"], want, cancels)
			}
		})
	}
}
