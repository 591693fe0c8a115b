package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// undoneBank is a bank whose net cancel does as it is told.
type undoneBank struct {
	bank
	net func() (adapters.Result, error)
}

func (b *undoneBank) NetCancel(context.Context, adapters.ApproveRequest) (adapters.Result, error) {
	b.count("net_cancel")
	return b.net()
}

// undoing brings an attempt to where the issue of its account was lost, and its net cancel is not confirmed yet.
func undoing(t *testing.T) (*house, *undoneBank) {
	t.Helper()
	pg := &undoneBank{net: func() (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.account("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling {
		t.Fatalf("state %s, want cancelling", a.State)
	}
	h.pass(time.Minute)
	return h, pg
}

func (h *house) deposit(tid string, won payment.Won) (lifecycle.NotificationResult, error) {
	return h.machine.Deposited(h.t.Context(), h.journal, lifecycle.Deposit{ID: "A1", PG: "pg", MID: "MID", TID: tid, Amount: won})
}

// Money comes into an account whose issue is being undone. Whatever the undo is answered, it ends before a person.
func TestADepositIntoAnAccountThatIsBeingUndone(t *testing.T) {
	t.Parallel()
	cancelled := func() (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeCancelled}, nil }
	for name, won := range map[string]payment.Won{"another amount": 50001, "the right one": 50000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, pg := undoing(t)
			pg.lookUp = says(depositedAs("A1", won), nil)
			if w, err := h.deposit("D1", won); err != nil || !w.Unmatched {
				t.Fatalf("late %t, %v", w.Unmatched, err)
			}
			if got := h.unmatched(); got != "TX-A1 unknown" {
				t.Errorf("acknowledged with %q on record", got)
			}
			// The net cancel would be confirmed: the account was closed before the money came.
			pg.net = cancelled
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["net_cancel"] != 1 {
				t.Errorf("state %s after %d net cancels: nothing but the PG's word ends it over the money", a.State, pg.calls["net_cancel"])
			}
			// The answer to the first one was only long on its way.
			h.moves(payment.StateCancelled)
			if h.sweepUnmatched(time.Hour); h.unmatched() != "TX-A1 flagged" {
				t.Errorf("unmatched payments %q", h.unmatched())
			}
		})
	}
}

// What the PG's inquiry does not show, or cannot be asked about, is not acknowledged.
func TestADepositThatIsNotShownIsSaidAgain(t *testing.T) {
	t.Parallel()
	shows := func(o payment.Outcome) adapters.Result {
		r := issuedAs("A1", 50000)
		r.Outcome = o
		return r
	}
	for name, tt := range map[string]struct {
		r   adapters.Result
		err error
	}{
		"the PG cannot be asked": {adapters.Result{}, adapters.ErrUnavailable},
		"it knows nothing":       {adapters.Result{Outcome: payment.OutcomeNotFound}, nil},
		"it waits":               {shows(payment.OutcomeIssued), nil},
		"it is closed":           {shows(payment.OutcomeCancelled), nil},
	} {
		h, pg := undoing(t)
		pg.lookUp = says(tt.r, tt.err)
		_, err := h.deposit("D1", 50000)
		if err == nil || tt.err == nil && !errors.Is(err, lifecycle.ErrDepositNotSeen) {
			t.Errorf("%s: acknowledged with %v", name, err)
		}
		if got := h.unmatched(); got != "" {
			t.Errorf("%s: %q is on record though no PG said it", name, got)
		}
	}
}

// Each deposit has a record of its own, however often it is told of, and whatever became of the attempt.
func TestEveryDepositIsOnRecord(t *testing.T) {
	t.Parallel()
	for name, end := range map[string][]payment.State{"undone": nil, "ended": {payment.StateCancelled}} {
		h, pg := undoing(t)
		h.moves(end...)
		pg.lookUp = says(depositedAs("A1", 50000), nil)
		for _, d := range []struct {
			tid string
			won payment.Won
		}{{"D1", 50000}, {"D2", 50000}, {"D1", 50000}, {"D3", 49000}, {"D2", 50000}} {
			if w, err := h.deposit(d.tid, d.won); err != nil || !w.Unmatched {
				t.Fatalf("%s: %s: late %t, %v", name, d.tid, w.Unmatched, err)
			}
		}
		state := map[bool]journal.UnmatchedState{true: journal.UnmatchedUnknown, false: journal.UnmatchedFlagged}[end == nil]
		if got, want := h.unmatched(), "D2 flagged D3 flagged TX-A1 "+string(state); got != want {
			t.Errorf("%s: unmatched payments %q, want %q", name, got, want)
		}
	}
}

// A PG that says its word once says it about an account that is being closed, too.
func TestAPaidAccountThatIsBeingClosed(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }}
	h := open(t, pg)
	h.issue(pg, "A1")
	pg.lookUp = says(issuedAs("A1", 50000), nil)
	if _, err := h.machine.CloseAccount(t.Context(), "A1", payment.ReasonClosedByShop); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Minute)
	pg.lookUp = says(adapters.Result{}, adapters.ErrUnavailable)
	if _, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"}); err == nil {
		t.Error("a word was acknowledged without a look")
	}
	pg.lookUp = says(depositedAs("A1", 50000), nil)
	if w, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"}); err != nil || !w.Unmatched {
		t.Fatalf("late %t, %v", w.Unmatched, err)
	}
	h.moves(payment.StateCancelled)
	if h.sweepUnmatched(time.Hour); h.unmatched() != "TX-A1 flagged" {
		t.Errorf("unmatched payments %q", h.unmatched())
	}
}

// An account that nobody can pay into any more is closed: it holds no order, and no shop is told of it.
func TestAnAccountWhoseTimeIsOverIsNotIssued(t *testing.T) {
	t.Parallel()
	over := 73*time.Hour + time.Second
	opened := func(h *house, _ *bank) {
		if err := h.journal.Insert(h.t.Context(), h.account("A1"), journal.Event{Kind: "opened"}); err != nil {
			h.t.Fatal(err)
		}
	}
	unknown := func(h *house, pg *bank) {
		pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) {
			return adapters.Result{}, adapters.ErrUnknownOutcome
		}
		if _, err := h.machine.Authenticated(h.t.Context(), h.account("A1"), h.proof("token")); err != nil {
			h.t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		from   func(*house, *bank)
		passes time.Duration
		want   payment.State
	}{
		{"found in time", opened, 73 * time.Hour, payment.StateIssued},
		{"found when its time is over", opened, over, payment.StateCancelled},
		{"a lost issue in time", unknown, 73 * time.Hour, payment.StateIssued},
		{"a lost issue when its time is over", unknown, over, payment.StateCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &bank{}
			h := open(t, pg)
			tt.from(h, pg)
			h.pass(tt.passes)
			pg.lookUp = says(issuedAs("A1", 50000), nil)
			asked := h.asked
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			a, closes := h.state("A1"), 0
			if tt.want == payment.StateCancelled {
				closes = 1
				if h.asked != asked || a.Reason != payment.ReasonNoDeposit {
					t.Errorf("the shop was asked %d times, %s", h.asked-asked, a.Reason)
				}
			}
			if a.State != tt.want || pg.calls["close"] != closes {
				t.Errorf("state %s after %d closings, want %s after %d", a.State, pg.calls["close"], tt.want, closes)
			}
		})
	}
}

// A buyer may have an account issued though a card was decided; what he pays into it is not lost.
func TestADepositIntoAnAccountThatNobodyDecidedOn(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) { return issuedAs("A1", 50000), nil }
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || a.Reason != payment.ReasonMismatch+"method" {
		t.Fatalf("state %s (%s)", a.State, a.Reason)
	}
	h.pass(time.Minute)
	pg.lookUp = says(depositedAs("A1", 50000), nil)
	if w, err := h.deposit("D1", 50000); err != nil || !w.Unmatched || h.unmatched() != "TX-A1 unknown" {
		t.Errorf("late %t, %v, %q", w.Unmatched, err, h.unmatched())
	}
}

// A PG that errs once about an approved payment does not bring it before a person.
func TestAContradictionIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		second    adapters.Result
		unmatched string
	}{
		"it says so again": {issuedAs("A1", 50000), "TX-A1 flagged"},
		"it erred":         {approvedAs("A1", 50000), ""},
	} {
		pg := newTill()
		h := atV1(t, pg)
		h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
		pg.lookUp = func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
			if n == 1 {
				return issuedAs("A1", 50000), nil
			}
			return tt.second, nil
		}
		err := lifecycle.NewCanceller(h.machine, h.journal, nil).Notified(t.Context(), h.state("A1"))
		if got := h.unmatched(); got != tt.unmatched || (err == nil) != (tt.unmatched != "") {
			t.Errorf("%s: unmatched payments %q, %v", name, got, err)
		}
	}
}
