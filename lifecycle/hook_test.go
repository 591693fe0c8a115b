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

// asked opens a house with one attempt in the journal, whose PG asks before it approves.
func asked(t *testing.T, pg *fakePG) (*house, lifecycle.Question) {
	t.Helper()
	h := open(t, pg)
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	return h, lifecycle.Question{ID: "A1", PG: "pg", PGTxID: "TX-A1", Amount: 50000}
}

func says(r adapters.Result, err error) func(int, adapters.LookUpRequest) (adapters.Result, error) {
	return func(int, adapters.LookUpRequest) (adapters.Result, error) { return r, err }
}

// After our yes, only what the PG says of that very transaction ends the attempt; all else keeps the order.
func TestFollow(t *testing.T) {
	t.Parallel()
	outcome := func(o payment.Outcome, tx string) adapters.Result {
		r := approvedAs("A1", 50000)
		r.Outcome, r.PGTxID = o, tx
		return r
	}
	wrong := approvedAs("A1", 49999)
	tests := []struct {
		name     string
		lookUp   func(int, adapters.LookUpRequest) (adapters.Result, error)
		after    time.Duration
		want     payment.State
		reason   payment.Reason
		messages string
	}{
		{"charged", says(approvedAs("A1", 50000), nil), 0, payment.StateApproved, "approved", "payment.confirmed"},
		{"charged otherwise", says(wrong, nil), 0, payment.StateCancelled, "mismatch_amount", "payment.failed"},
		{"declined", says(outcome(payment.OutcomeDeclined, "TX-A1"), nil), 0, payment.StateDeclined, "declined_by_pg", "payment.failed"},
		{"an earlier try was declined", says(outcome(payment.OutcomeDeclined, "TX-A0"), nil), 0, payment.StateApproving, "", ""},
		{"given back", says(outcome(payment.OutcomeCancelled, "TX-A1"), nil), 0, payment.StateCancelled, "cancelled_at_pg", "payment.failed"},
		{"nothing yet", says(outcome(payment.OutcomePending, "TX-A1"), nil), 0, payment.StateApproving, "", ""},
		{"not found", says(outcome(payment.OutcomeNotFound, ""), nil), 0, payment.StateApproving, "", ""},
		{"not to be told", says(outcome(payment.OutcomeUnknown, ""), nil), 0, payment.StateApproving, "", ""},
		{"not reached", says(adapters.Result{}, adapters.ErrUnavailable), 0, payment.StateApproving, "", ""},
		{"nothing for too long", says(outcome(payment.OutcomePending, "TX-A1"), nil), time.Hour, payment.StateUnknown, "approval_answer_lost", ""},
		{"not reached for too long", says(adapters.Result{}, adapters.ErrUnavailable), time.Hour, payment.StateUnknown, "approval_answer_lost", ""},
	}
	for _, tt := range tests {
		for wake, do := range map[string]func(h *house) (lifecycle.Result, error){
			"browser": func(h *house) (lifecycle.Result, error) {
				return h.machine.Complete(h.t.Context(), "A1", adapters.Proof{PGTxID: "TX-other"})
			},
			"sweep": func(h *house) (lifecycle.Result, error) { return h.machine.Resume(h.t.Context(), "A1") },
			"webhook": func(h *house) (lifecycle.Result, error) {
				w, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"})
				return w.Result, err
			},
		} {
			t.Run(tt.name+", "+wake, func(t *testing.T) {
				t.Parallel()
				pg := &fakePG{lookUp: tt.lookUp}
				h, q := asked(t, pg)
				if ans := h.machine.Allow(t.Context(), q); !ans.Yes {
					t.Fatalf("the answer was %+v", ans)
				}
				h.pass(tt.after)
				if _, err := do(h); err != nil {
					t.Fatal(err)
				}
				if a := h.state("A1"); a.State != tt.want || a.Reason != tt.reason || !a.State.Final() && a.NextCheck.IsZero() {
					t.Errorf("%s, %q, next check %s; want %s, %q", a.State, a.Reason, a.NextCheck, tt.want, tt.reason)
				}
				if got := join(h.messages()); got != tt.messages {
					t.Errorf("told the shop %q, want %q", got, tt.messages)
				}
				if pg.calls["approve"] != 0 || h.asked != 1 {
					t.Errorf("%d approvals of ours, the shop asked %d times", pg.calls["approve"], h.asked)
				}
			})
		}
	}
}

// An unknown that came from our yes is approved once the PG shows the charge: the shop has agreed to it.
func TestAnUnknownAfterAYesIsApprovedOnceItIsFound(t *testing.T) {
	t.Parallel()
	found := false
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		if !found {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		return approvedAs("A1", 50000), nil
	}}
	h, q := asked(t, pg)
	if !h.machine.Allow(t.Context(), q).Yes {
		t.Fatal("refused")
	}
	h.pass(time.Hour)
	for _, want := range []payment.State{payment.StateUnknown, payment.StateApproved} {
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
		if a := h.state("A1"); a.State != want {
			t.Fatalf("%s, want %s", a.State, want)
		}
		found = true
	}
}

// A process that died while the question was open never said yes; what was charged all the same is not lost.
func TestAQuestionWhoseOwnerDied(t *testing.T) {
	t.Parallel()
	pending := approvedAs("A1", 50000)
	pending.Outcome = payment.OutcomePending
	tests := []struct {
		name      string
		lookUp    func(int, adapters.LookUpRequest) (adapters.Result, error)
		shop      bool
		want      payment.State
		unmatched string
	}{
		{"nothing was charged", says(pending, nil), true, payment.StateRefused, "TX-A1 watched"},
		{"the PG does not answer", says(adapters.Result{}, adapters.ErrUnavailable), true, payment.StateClaimed, ""},
		{"charged all the same", says(approvedAs("A1", 50000), nil), true, payment.StateApproved, ""},
		{"charged, and the shop says no", says(approvedAs("A1", 50000), nil), false, payment.StateCancelled, ""},
		{"charged otherwise", says(approvedAs("A1", 1), nil), true, payment.StateCancelled, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, q := asked(t, &fakePG{lookUp: tt.lookUp})
			err := h.journal.Claim(t.Context(), h.attempt("A1"), journal.Claim{To: payment.StateClaimed, PGTxID: q.PGTxID})
			if err != nil {
				t.Fatal(err)
			}
			h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Yes: tt.shop, Reason: "shop_refused"} }
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); a.State != tt.want {
				t.Errorf("%s, want %s", a.State, tt.want)
			}
			if got := h.unmatched(); got != tt.unmatched {
				t.Errorf("unmatched payments %q, want %q", got, tt.unmatched)
			}
		})
	}
}

// A no that comes after the PG has stopped waiting was not heard: the PG may have gone on, and is asked.
func TestANoThatNobodyHearsEndsNothing(t *testing.T) {
	t.Parallel()
	for charged, want := range map[bool]payment.State{true: payment.StateCancelled, false: payment.StateRefused} {
		r := approvedAs("A1", 50000)
		if !charged {
			r.Outcome = payment.OutcomePending
		}
		h, q := asked(t, &fakePG{lookUp: says(r, nil)})
		ctx, cancel := context.WithCancel(t.Context())
		h.shop = func(payment.Attempt) lifecycle.Answer {
			cancel()
			return lifecycle.Answer{Reason: "shop_silent"}
		}
		if ans := h.machine.Allow(ctx, q); ans.Yes || h.state("A1").State != payment.StateClaimed || h.state("A1").NextCheck.IsZero() {
			t.Fatalf("the answer was %+v, the attempt is %s", ans, h.state("A1").State)
		}
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
		if a := h.state("A1"); a.State != want {
			t.Errorf("charged %t: %s, want %s", charged, a.State, want)
		}
	}
}

// A question that was overtaken by a notification of its payment is one that the PG no longer waits for.
func TestANoToAnOvertakenQuestionEndsNothing(t *testing.T) {
	t.Parallel()
	down := true
	h, q := asked(t, &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		if down {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		return approvedAs("A1", 50000), nil
	}})
	if _, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"}); err != nil {
		t.Fatal(err)
	}
	down = false
	h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Reason: "shop_refused"} }
	if ans := h.machine.Allow(t.Context(), q); ans.Yes || h.state("A1").State != payment.StateClaimed {
		t.Fatalf("the answer was %+v, the attempt is %s", ans, h.state("A1").State)
	}
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil || h.state("A1").State != payment.StateCancelled {
		t.Errorf("%s, %v", h.state("A1").State, err)
	}
}

// The yes may only be said once the intent is written, and an attempt that waits for our own confirm is none of
// the PG's business.
func TestAllowFailsClosed(t *testing.T) {
	t.Parallel()
	h, q := asked(t, &fakePG{})
	h.breakMoves(payment.StateApproving, &fakePG{}, &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest})
	h.pass(time.Since(h.clock()))
	if ans := h.machine.Allow(t.Context(), q); ans.Yes {
		t.Error("yes without a written intent")
	}
	h = open(t, &fakePG{})
	h.manual = true
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]lifecycle.Question{
		"one that we confirm ourselves": q, "no transaction": {ID: "A1", PG: "pg", Amount: 50000},
	} {
		if ans := h.machine.Allow(t.Context(), q); ans.Yes || h.state("A1").State != payment.StateOpened {
			t.Errorf("%s: %+v", name, ans)
		}
	}
}

// unmatchedBooks are the journal's, with what a test breaks.
type unmatchedBooks struct {
	*journal.Journal
	takeErr error
}

func (b unmatchedBooks) UnmatchedTake(ctx context.Context, l journal.Unmatched, now time.Time, hold time.Duration) (journal.Unmatched, bool, error) {
	if b.takeErr != nil {
		return journal.Unmatched{}, false, b.takeErr
	}
	return b.Journal.UnmatchedTake(ctx, l, now, hold)
}

func TestUnmatchedMoney(t *testing.T) {
	t.Parallel()
	part := approvedAs("A1", 50000)
	part.Cancelled = 20000
	foreign := approvedAs("A2", 50000)
	cancels := func(r adapters.Result, err error) func(int, adapters.CancelRequest) (adapters.Result, error) {
		return func(int, adapters.CancelRequest) (adapters.Result, error) { return r, err }
	}
	tests := []struct {
		name      string
		lookUp    func(int, adapters.LookUpRequest) (adapters.Result, error)
		cancel    func(int, adapters.CancelRequest) (adapters.Result, error)
		takeErr   error
		sequence  string
		open      payment.Won
		unmatched bool
		again     bool
	}{
		{"goes back", says(approvedAs("A1", 50000), nil), nil, nil, "lookup cancel", 0, true, false},
		{"what is left of it goes back", says(part, nil), func(_ int, r adapters.CancelRequest) (adapters.Result, error) {
			if r.Amount != 30000 || r.Remaining != 30000 {
				return adapters.Result{}, adapters.ErrRejected
			}
			return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
		}, nil, "lookup cancel", 0, true, false},
		{"an answer that is lost", says(approvedAs("A1", 50000), nil), cancels(adapters.Result{}, adapters.ErrUnknownOutcome), nil, "lookup cancel", 50000, true, false},
		{"a cancel that is refused", says(approvedAs("A1", 50000), nil), cancels(adapters.Result{Outcome: payment.OutcomeDeclined}, nil), nil, "lookup cancel", 50000, true, false},
		{"no intent, no cancel", says(approvedAs("A1", 50000), nil), nil, errors.New("the disk is full"), "lookup", 0, true, true},
		{"none is there", says(adapters.Result{Outcome: payment.OutcomeDeclined}, nil), nil, nil, "lookup", 0, false, false},
		{"another attempt's", says(foreign, nil), nil, nil, "lookup", 0, false, false},
		{"the PG does not answer", says(adapters.Result{}, adapters.ErrUnavailable), nil, nil, "lookup", 0, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &fakePG{lookUp: tt.lookUp, cancel: tt.cancel}
			h, _ := asked(t, pg)
			if _, err := h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateExpired}); err != nil {
				t.Fatal(err)
			}
			w, err := h.machine.Notified(t.Context(), unmatchedBooks{h.journal, tt.takeErr}, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"})
			if (err != nil) != tt.again || w.Unmatched != tt.unmatched {
				t.Errorf("late %v, %v", w.Unmatched, err)
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			list, err := h.journal.UnmatchedOpen(t.Context(), 10)
			var open payment.Won
			for _, l := range list {
				open += l.Won
			}
			if err != nil || open != tt.open || h.state("A1").State != payment.StateExpired {
				t.Errorf("%d won listed, %v, attempt %s", open, err, h.state("A1").State)
			}
		})
	}
}

// A notification about an attempt that is being asked about is not acknowledged: the answer may be a no, after which nobody
// would look.
func TestANotificationDuringAQuestionIsSaidAgain(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	a := h.attempt("A1")
	claim := journal.Claim{To: payment.StateClaimed, PGTxID: "TX-A1", Event: journal.Event{Kind: "asked_by_pg"}}
	if err := h.journal.Claim(t.Context(), a, claim); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if word, err := h.machine.Notified(ctx, h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"}); err == nil {
		t.Errorf("acknowledged as %s", word.Attempt.State)
	}
}
