package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestARefusedPaymentIsWatched says no to a payment, and sees what becomes of what the PG does all the same.
func TestARefusedPaymentIsWatched(t *testing.T) {
	t.Parallel()
	shows := func(o payment.Outcome, change ...func(*adapters.Result)) func(int, adapters.LookUpRequest) (adapters.Result, error) {
		r := paidAs("TX-A1", change...)
		r.Outcome = o
		return says(r, nil)
	}
	for _, tt := range []struct {
		name string
		pg   func(int, adapters.LookUpRequest) (adapters.Result, error)
		// looks is how many look-ups it takes, at most.
		looks int
		want  string
	}{
		{"it was charged", shows(payment.OutcomeApproved), 1, "TX-A1 returned"},
		{"the PG declined it", shows(payment.OutcomeDeclined), 1, "TX-A1 absent"},
		{"somebody gave it back", shows(payment.OutcomeCancelled), 1, "TX-A1 absent"},
		{"it still waits", shows(payment.OutcomePending), 5, "TX-A1 watched"},
		{"it waits for a day", shows(payment.OutcomePending), 16, "TX-A1 absent"},
		{"the PG does not know it", says(adapters.Result{Outcome: payment.OutcomeNotFound}, nil), 6, "TX-A1 absent"},
		{"the PG did not know it yet", says(adapters.Result{Outcome: payment.OutcomeNotFound}, nil), 5, "TX-A1 watched"},
		{"the PG cannot be asked", says(adapters.Result{}, adapters.ErrUnavailable), 40, "TX-A1 watched"},
		{"another payment took its place, and nothing was paid", shows(payment.OutcomeDeclined, func(r *adapters.Result) { r.PGTxID = "TX-2" }), 1, "TX-A1 absent TX-2 watched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, q := asked(t, &fakePG{lookUp: tt.pg})
			h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Reason: "shop_refused"} }
			if h.machine.Allow(t.Context(), q).Yes || h.state("A1").State != payment.StateRefused || h.unmatched() != "TX-A1 watched" {
				t.Fatalf("after the no it is %s, %q", h.state("A1").State, h.unmatched())
			}
			stats, err := h.journal.Stats(t.Context())
			if u := lifecycle.UnknownOf(stats, nil); err != nil || u.Won != 0 {
				t.Errorf("a watched payment counts as %d won unknown (%v)", u.Won, err)
			}
			for range tt.looks {
				h.sweepUntilDue()
			}
			if got := h.unmatched(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// mortalJournal is used by a process that dies with the write that ends an attempt.
type mortalJournal struct {
	*journal.Journal
	dead *bool
}

func (j mortalJournal) Move(ctx context.Context, t journal.Transition) (payment.Attempt, error) {
	*j.dead = t.To.Final()
	return j.Journal.Move(ctx, t)
}

func (j mortalJournal) UnmatchedWatch(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	if *j.dead {
		return false, context.Canceled
	}
	return j.Journal.UnmatchedWatch(ctx, l, ev)
}

func TestAPaymentIsWatchedBeforeItsAttemptEnds(t *testing.T) {
	t.Parallel()
	h, q := asked(t, &fakePG{})
	h.concludeOn(mortalJournal{h.journal, new(bool)}, &fakePG{}, &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest})
	h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Reason: "shop_refused"} }
	h.pass(time.Since(h.clock()))
	if h.machine.Allow(t.Context(), q).Yes || h.state("A1").State != payment.StateRefused {
		t.Fatalf("it is %s", h.state("A1").State)
	}
	if got := h.unmatched(); got != "TX-A1 watched" {
		t.Errorf("the process died after the no, and %q is watched", got)
	}
}

// forgetfulJournal cannot write what is to be watched.
type forgetfulJournal struct{ *journal.Journal }

func (forgetfulJournal) UnmatchedWatch(context.Context, journal.Unmatched, journal.Event) (bool, error) {
	return false, errors.New("the disk is full")
}

// TestAWatchIsHandedOnOrKept: while the payment in its place cannot be written down, the old one stays on record.
func TestAWatchIsHandedOnOrKept(t *testing.T) {
	t.Parallel()
	other := paidAs("TX-2")
	other.Outcome = payment.OutcomePending
	pg := &fakePG{lookUp: says(other, nil)}
	h, _ := asked(t, pg)
	h.moves(payment.StateRefused)
	if _, err := h.journal.UnmatchedWatch(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-1", Won: 50000}, journal.Event{Kind: journal.EventUnmatchedWatched}); err != nil {
		t.Fatal(err)
	}
	h.concludeOn(forgetfulJournal{h.journal}, pg, &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest})
	h.sweepUntilDue()
	if got := h.unmatched(); got != "TX-1 watched" {
		t.Errorf("%q, want the first payment still watched", got)
	}
}

// hurriedJournal is read by somebody whose caller has gone when the answer is there.
type hurriedJournal struct {
	*journal.Journal
	gone context.CancelFunc
}

func (j hurriedJournal) Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error) {
	a, sealed, err := j.Journal.Attempt(ctx, id)
	j.gone()
	return a, sealed, err
}

// TestANoWaitsForNoLookUp: the PG takes silence for anything, so no look for the record may hold up an answer to it.
func TestANoWaitsForNoLookUp(t *testing.T) {
	t.Parallel()
	pg := &contextPG{}
	h, q := asked(t, &pg.fakePG)
	h.moves(payment.StateRefused)
	ctx, gone := context.WithCancel(t.Context())
	h.concludeOn(hurriedJournal{h.journal, gone}, pg, &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest})
	q.Unlisted, q.PGTxID = true, "TX-2"
	if h.machine.Allow(ctx, q).Yes || pg.waited {
		t.Errorf("the PG was asked when nobody waited for it any more: %t", pg.waited)
	}
}

// contextPG tells whether it was asked by somebody who still waits.
type contextPG struct {
	fakePG
	waited bool
}

func (p *contextPG) LookUp(ctx context.Context, _ adapters.LookUpRequest) (adapters.Result, error) {
	p.waited = p.waited || ctx.Err() == nil
	return adapters.Result{}, adapters.ErrUnavailable
}

// sweepUntilDue lets time pass until something is due, for five hours at most, and sweeps it.
func (h *house) sweepUntilDue() {
	h.t.Helper()
	for range 300 {
		if h.sweepUnmatched(time.Minute) > 0 {
			return
		}
	}
}

// TestAbsentMoneyThatShowsIsTakenUp closes a payment that was never seen, and then it is there.
func TestAbsentMoneyThatShowsIsTakenUp(t *testing.T) {
	t.Parallel()
	pg := newTill()
	h := atV1(t, pg)
	h.moves(payment.StateRefused)
	l := journal.Unmatched{AttemptID: "A1", PGTxID: "TX-2", Won: 50000}
	if _, err := h.journal.UnmatchedWatch(t.Context(), l, journal.Event{Kind: "refused_payment_watched"}); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		h.sweepUntilDue()
	}
	if got := h.unmatched(); got != "TX-2 absent" {
		t.Fatalf("%q, want it closed as absent", got)
	}
	pg.held["TX-2"] = paidAs("TX-2")
	if _, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"}); err != nil {
		t.Fatal(err)
	}
	if got := h.unmatched(); got != "TX-2 returned" {
		t.Errorf("%q, want the money given back", got)
	}
}

// TestQuestionsThatAreWatched goes through what is written down of a question that is answered no.
func TestQuestionsThatAreWatched(t *testing.T) {
	t.Parallel()
	h, q := asked(t, &fakePG{lookUp: says(adapters.Result{Outcome: payment.OutcomeNotFound}, nil)})
	unlisted := q
	unlisted.Unlisted, unlisted.PGTxID = true, "invented"
	for _, amount := range []payment.Won{q.Amount, 1} {
		unlisted.Amount = amount
		if h.machine.Allow(t.Context(), unlisted).Yes || h.unmatched() != "" {
			t.Errorf("a payment of %d won that the PG does not show is on record: %q", amount, h.unmatched())
		}
	}
	for n := range 30 {
		other := q
		other.PGTxID, other.Amount = fmt.Sprintf("TX-%d", n), 1
		if h.machine.Allow(t.Context(), other).Yes {
			t.Fatal("yes to another amount")
		}
	}
	list, err := h.journal.UnmatchedOf(t.Context(), "A1")
	if err != nil || len(list) != 20 {
		t.Errorf("%d payments of one attempt are watched, want 20 at most (%v)", len(list), err)
	}
}
