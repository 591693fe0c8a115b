package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// till is a PG that holds several payments of one attempt, as PortOne V1 can.
type till struct {
	fakePG
	held map[string]adapters.Result
	down map[string]bool
	// listed are the payments that a listing shows.
	listed []string
}

func newTill(payments ...adapters.Result) *till {
	p := &till{held: map[string]adapters.Result{}, down: map[string]bool{}}
	for _, r := range payments {
		p.held[r.PGTxID] = r
	}
	p.lookUp = func(_ int, r adapters.LookUpRequest) (adapters.Result, error) {
		if p.down[r.PGTxID] {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		found, ok := p.held[r.PGTxID]
		if !ok {
			return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
		}
		return found, nil
	}
	p.cancel = func(_ int, r adapters.CancelRequest) (adapters.Result, error) {
		found := p.held[r.PGTxID]
		if found.Amount-found.Cancelled != r.Remaining || found.Outcome != payment.OutcomeApproved {
			return adapters.Result{}, adapters.ErrRejected
		}
		found.Outcome, found.Cancelled = payment.OutcomeCancelled, found.Amount
		p.held[r.PGTxID] = found
		return found, nil
	}
	return p
}

func (p *till) ListPaid(context.Context, adapters.LookUpRequest) ([]adapters.Result, error) {
	var list []adapters.Result
	for _, tx := range p.listed {
		list = append(list, p.held[tx])
	}
	return list, nil
}

func paidAs(tx string, change ...func(*adapters.Result)) adapters.Result {
	r := approvedAs("A1", 50000)
	r.PGTxID = tx
	for _, f := range change {
		f(&r)
	}
	return r
}

// atV1 opens a house with one V1 attempt.
func atV1(t *testing.T, pg adapters.Driver) *house {
	t.Helper()
	h := openAs(t, portonev1.Name, pg)
	a := h.attempt("A1")
	a.Driver = portonev1.Name
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) moves(states ...payment.State) {
	h.t.Helper()
	for _, to := range states {
		a := h.state("A1")
		_, err := h.journal.Move(h.t.Context(), journal.Transition{ID: "A1", From: []payment.State{a.State}, To: to, PGTxID: "TX-A1", NextCheck: h.clock().Add(time.Hour)})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// unmatched returns the unmatched payments of the attempt, one "transaction state" each.
func (h *house) unmatched() string {
	h.t.Helper()
	list, err := h.journal.UnmatchedOf(h.t.Context(), "A1")
	if err != nil {
		h.t.Fatal(err)
	}
	var words []string
	for _, l := range list {
		if l.State.LookedAt() == l.NextCheck.IsZero() {
			h.t.Errorf("%s is %s and its next check %s", l.PGTxID, l.State, l.NextCheck)
		}
		words = append(words, l.PGTxID+" "+string(l.State))
	}
	return join(words)
}

// sweepUnmatched does what the gateway's sweep does, after a while.
func (h *house) sweepUnmatched(after time.Duration) int {
	h.t.Helper()
	h.pass(after)
	due := ofEveryLane(h.t, h.clock(), 2*time.Minute, h.journal.UnmatchedLanes, h.journal.UnmatchedDue)
	for _, l := range due {
		if err := h.machine.ResumeUnmatched(h.t.Context(), h.journal, l); err != nil {
			h.t.Fatal(err)
		}
	}
	return len(due)
}

// A second payment beside the one that an attempt was approved by goes back when both are seen as they should be.
// In every other case a person says which stands.
func TestASecondPayment(t *testing.T) {
	t.Parallel()
	second := paidAs("TX-2")
	part := func(r *adapters.Result) { r.Cancelled = 1 }
	tests := []struct {
		name      string
		driver    payment.DriverName
		first     adapters.Result
		second    adapters.Result
		park      bool
		unmatched string
		sequence  string
	}{
		{"goes back", portonev1.Name, paidAs("TX-A1"), second, false, "TX-2 returned", "lookup lookup cancel"},
		{"is parked by rule", portonev1.Name, paidAs("TX-A1"), second, true, "TX-2 flagged", "lookup"},
		{"another amount", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.Amount = 49999 }), false, "TX-2 flagged", "lookup"},
		{"another merchant's", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.MID = "X" }), false, "TX-2 flagged", "lookup"},
		{"another attempt's", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.OrderRef = "A2" }), false, "", "lookup"},
		{"the first is partly back", portonev1.Name, paidAs("TX-A1", part), second, false, "TX-2 flagged", "lookup lookup"},
		{"the first is back", portonev1.Name, paidAs("TX-A1", func(r *adapters.Result) { r.Outcome = payment.OutcomeCancelled }), second, false, "TX-2 flagged", "lookup lookup"},
		{"the second was declined", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.Outcome = payment.OutcomeDeclined }), false, "", "lookup"},
		{"paid into an account", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.Method = payment.MethodVBank }), false, "TX-2 flagged", "lookup"},
		{"its cancel is pending", portonev1.Name, paidAs("TX-A1"), paidAs("TX-2", func(r *adapters.Result) { r.CancelPending = 50000 }), false, "TX-2 unknown", "lookup"},
		{"elsewhere there is none", portonev2.Name, paidAs("TX-A1"), second, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := newTill(tt.first, tt.second)
			h := openAs(t, tt.driver, pg)
			h.park = tt.park
			a := h.attempt("A1")
			a.Driver = tt.driver
			if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
			for _, tx := range []string{"TX-2", "TX-A1"} {
				if _, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: tx}); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.unmatched(); got != tt.unmatched {
				t.Errorf("unmatched payments %q, want %q", got, tt.unmatched)
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if first := pg.held["TX-A1"]; first != tt.first {
				t.Errorf("the attempt's own payment is %+v", first)
			}
		})
	}
}

// A notification about another payment of an attempt that is not concluded yet is not lost over concluding it.
func TestANotificationAboutASecondPaymentOfAnOpenAttempt(t *testing.T) {
	t.Parallel()
	pending := func(r *adapters.Result) { r.Outcome = payment.OutcomePending }
	tests := []struct {
		name      string
		first     adapters.Result
		word      string
		list      []string
		end       payment.State
		unmatched string
		swept     string
	}{
		{"settled by the first", paidAs("TX-A1"), "TX-2", nil, "", "TX-2 returned", "TX-2 returned"},
		{"a word of the first, both are listed", paidAs("TX-A1"), "TX-A1", []string{"TX-A1", "TX-2"}, "", "TX-2 returned", "TX-2 returned"},
		{"the first is pending, and then approved", paidAs("TX-A1", pending), "TX-2", nil, payment.StateApproved, "TX-2 unknown", "TX-2 returned"},
		{"the first is pending, and then refused", paidAs("TX-A1", pending), "TX-2", nil, payment.StateRefused, "TX-2 unknown", "TX-2 returned"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := newTill(tt.first, paidAs("TX-2"))
			pg.listed = tt.list
			h := atV1(t, pg)
			if ans := h.machine.Allow(t.Context(), lifecycle.Question{ID: "A1", PG: "pg", PGTxID: "TX-A1", Amount: 50000}); !ans.Yes {
				t.Fatal(ans)
			}
			w, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: tt.word})
			if err != nil || !w.Unmatched {
				t.Errorf("late %v, %v", w.Unmatched, err)
			}
			if got := h.unmatched(); got != tt.unmatched {
				t.Errorf("unmatched payments %q, want %q", got, tt.unmatched)
			}
			if tt.end != "" {
				h.sweepUnmatched(time.Minute)
				if got := h.unmatched(); got != tt.unmatched || pg.calls["cancel"] != 0 {
					t.Errorf("unmatched payments %q, %d cancels while its attempt is open", got, pg.calls["cancel"])
				}
				first := paidAs("TX-A1")
				pg.held["TX-A1"] = first
				if tt.end == payment.StateRefused {
					h.moves(payment.StateUnknown, payment.StateCancelling, payment.StateCancelled)
				} else {
					h.moves(payment.StateApproved)
				}
				h.sweepUnmatched(2 * time.Hour)
			}
			if got := h.unmatched(); got != tt.swept || pg.held["TX-A1"].Outcome != payment.OutcomeApproved {
				t.Errorf("unmatched payments %q, want %q; the first payment is %s", got, tt.swept, pg.held["TX-A1"].Outcome)
			}
		})
	}
}

// A notification is acknowledged once only, so the payment that it was about is not forgotten over what came between.
func TestANotificationIsNotForgotten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		word  func(h *house, pg *till) error
		swept string
	}{
		"the PG could not be asked, and the attempt ended by another payment": {func(h *house, pg *till) error {
			pg.down["TX-2"] = true
			if _, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"}); err == nil || h.unmatched() != "" {
				h.t.Errorf("a word that could not be followed up was acknowledged, with %q on record", h.unmatched())
			}
			pg.down["TX-2"] = false
			h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
			_, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"})
			return err
		}, "TX-2 returned"},
		"another attempt held the order, and the attempt ended by another payment": {func(h *house, _ *till) error {
			other := h.attempt("A2")
			other.Driver = portonev1.Name
			if err := h.journal.Claim(h.t.Context(), other, journal.Claim{To: payment.StateClaimed}); err != nil {
				return err
			}
			_, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"})
			if _, err := h.journal.Move(h.t.Context(), journal.Transition{ID: "A2", From: []payment.State{payment.StateClaimed}, To: payment.StateRefused}); err != nil {
				return err
			}
			h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
			return err
		}, "TX-2 returned"},
		"it never was": {func(h *house, pg *till) error {
			delete(pg.held, "TX-2")
			if _, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"}); err == nil {
				h.t.Error("a word that the PG contradicts was acknowledged")
			}
			h.moves(payment.StateExpired)
			return nil
		}, ""},
		"the PG told of a payment and shows none": {func(h *house, pg *till) error {
			h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
			there := pg.held["TX-2"]
			delete(pg.held, "TX-2")
			if _, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"}); err == nil {
				h.t.Error("a word that the PG contradicts was acknowledged")
			}
			pg.held["TX-2"] = there
			_, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"})
			return err
		}, "TX-2 returned"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := newTill(paidAs("TX-A1"), paidAs("TX-2"))
			h := atV1(t, pg)
			if err := tt.word(h, pg); err != nil {
				t.Fatal(err)
			}
			h.sweepUnmatched(2 * time.Hour)
			if got := h.unmatched(); got != tt.swept {
				t.Errorf("unmatched payments %q, want %q", got, tt.swept)
			}
		})
	}
}

// A PG may go on although it hears no answer to its question; a notification of that may come while the question is open.
func TestANotificationAboutAnAttemptThatWasRefusedMeanwhile(t *testing.T) {
	t.Parallel()
	pg := newTill(paidAs("TX-A1"))
	h, _ := asked(t, &pg.fakePG)
	h.moves(payment.StateClaimed)
	time.AfterFunc(30*time.Millisecond, func() { h.moves(payment.StateRefused) })
	w, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"})
	if err != nil || !w.Unmatched || h.unmatched() != "TX-A1 returned" {
		t.Errorf("late %t, %v, unmatched payments %q", w.Unmatched, err, h.unmatched())
	}
}

// What looked like a second payment and became the attempt's own is kept.
func TestAPaymentThatBecameTheAttemptsOwnIsKept(t *testing.T) {
	t.Parallel()
	pg := newTill(paidAs("TX-A1"))
	h := atV1(t, pg)
	if _, err := h.journal.UnmatchedSeen(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-A1", Won: 50000}, journal.Event{Kind: "unmatched_payment"}); err != nil {
		t.Fatal(err)
	}
	h.moves(payment.StateClaimed, payment.StateApproving, payment.StateApproved)
	if h.sweepUnmatched(2 * time.Hour); h.unmatched() != "TX-A1 kept" || len(pg.sequence) > 0 {
		t.Errorf("unmatched payments %q, sent %v", h.unmatched(), pg.sequence)
	}
}

// The sweep takes an unmatched payment to its end: it looks, and only gives back what the PG says is still there.
func TestUnmatchedMoneyIsSwept(t *testing.T) {
	t.Parallel()
	cancelled := func(r *adapters.Result) { r.Outcome, r.Cancelled = payment.OutcomeCancelled, r.Amount }
	tests := []struct {
		name    string
		state   journal.UnmatchedState
		there   adapters.Result
		down    bool
		park    bool
		vbank   bool
		want    string
		cancels int
		next    time.Duration
	}{
		{"still there", journal.UnmatchedUnknown, paidAs("TX-2"), false, false, false, "TX-2 returned", 1, 0},
		{"back already", journal.UnmatchedUnknown, paidAs("TX-2", cancelled), false, false, false, "TX-2 returned", 0, 0},
		{"the PG is down", journal.UnmatchedUnknown, paidAs("TX-2"), true, false, false, "TX-2 unknown", 0, time.Minute},
		{"the PG cannot tell", journal.UnmatchedUnknown, paidAs("TX-2", func(r *adapters.Result) { r.Outcome = payment.OutcomeUnknown }), false, false, false, "TX-2 unknown", 0, time.Minute},
		{"the PG tells of another", journal.UnmatchedUnknown, paidAs("TX-2", func(r *adapters.Result) { r.PGTxID = "TX-3" }), false, false, false, "TX-2 unknown", 0, time.Minute},
		{"the rules park it by now", journal.UnmatchedUnknown, paidAs("TX-2"), false, true, false, "TX-2 flagged", 0, time.Hour},
		{"a virtual account's", journal.UnmatchedUnknown, paidAs("TX-2"), false, false, true, "TX-2 flagged", 0, time.Hour},
		{"flagged and still there", journal.UnmatchedFlagged, paidAs("TX-2"), false, false, false, "TX-2 flagged", 0, time.Hour},
		{"flagged and back", journal.UnmatchedFlagged, paidAs("TX-2", cancelled), false, false, false, "TX-2 returned", 0, 0},
		{"flagged and the PG is down", journal.UnmatchedFlagged, paidAs("TX-2"), true, false, false, "TX-2 flagged", 0, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := newTill()
			pg.held["TX-2"], pg.down["TX-2"] = tt.there, tt.down
			h := openAs(t, "fake", pg)
			h.park = tt.park
			a := h.attempt("A1")
			if tt.vbank {
				a.Method = payment.MethodVBank
			}
			if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			h.moves(payment.StateDeclined)
			add := map[journal.UnmatchedState]func(context.Context, journal.Unmatched, journal.Event) (bool, error){
				journal.UnmatchedUnknown: h.journal.UnmatchedSeen, journal.UnmatchedFlagged: h.journal.UnmatchedFlag,
			}[tt.state]
			if _, err := add(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-2", Won: 50000}, journal.Event{Kind: "unmatched_payment"}); err != nil {
				t.Fatal(err)
			}
			if n := h.sweepUnmatched(2 * time.Hour); n != 1 {
				t.Fatalf("%d were due", n)
			}
			if got := h.unmatched(); got != tt.want || pg.calls["cancel"] != tt.cancels {
				t.Errorf("unmatched payments %q after %v, want %q and %d cancels", got, pg.sequence, tt.want, tt.cancels)
			}
			list, err := h.journal.UnmatchedOpen(t.Context(), 10)
			if err != nil || tt.next > 0 && (len(list) != 1 || (list[0].NextCheck.Sub(h.clock())-tt.next).Abs() > tt.next/5) {
				t.Errorf("open %+v, %v; want the next check in %s, a fifth more or less", list, err, tt.next)
			}
		})
	}
}

// A PG that knows no such payment closes what was only told of, once it has said so often and in a row. It closes
// nothing that waits for a person: a second deposit has a transaction that no inquiry shows.
func TestAbsenceClosesOnlyWhatWasNeverSeen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state journal.UnmatchedState
		// open is how many look-ups come while the attempt is open, down how many fail afterwards.
		open, down, absent int
		want               string
	}{
		{"told of only, absent five times", journal.UnmatchedUnknown, 0, 0, 5, "TX-2 unknown"},
		{"told of only, absent six times", journal.UnmatchedUnknown, 0, 0, 6, "TX-2 absent"},
		{"absent once after a long wait for the attempt's end", journal.UnmatchedUnknown, 8, 0, 1, "TX-2 unknown"},
		{"absent once after looks that failed", journal.UnmatchedUnknown, 0, 8, 1, "TX-2 unknown"},
		{"flagged and absent for long", journal.UnmatchedFlagged, 0, 0, 12, "TX-2 flagged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := newTill()
			h := openAs(t, "fake", pg)
			if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			add := h.journal.UnmatchedSeen
			if tt.state == journal.UnmatchedFlagged {
				add = h.journal.UnmatchedFlag
			}
			if _, err := add(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-2", Won: 50000}, journal.Event{Kind: "unmatched_payment"}); err != nil {
				t.Fatal(err)
			}
			lookUpResult := func(times int) {
				for range times {
					if n := h.sweepUnmatched(2 * time.Hour); n != 1 {
						t.Fatalf("%d were due", n)
					}
				}
			}
			lookUpResult(tt.open)
			h.moves(payment.StateDeclined)
			pg.down["TX-2"] = true
			lookUpResult(tt.down)
			pg.down["TX-2"] = false
			lookUpResult(tt.absent)
			if got := h.unmatched(); got != tt.want {
				t.Errorf("unmatched payments %q, want %q", got, tt.want)
			}
		})
	}
}

// A lost answer is asked about, with growing pauses, until the PG shows the money back; a cancel that did not
// happen is sent again, and every try was recorded before it.
func TestUnmatchedMoneyWhoseCancelWasLost(t *testing.T) {
	t.Parallel()
	pg := newTill(paidAs("TX-2"))
	give, lost := pg.cancel, 0
	pg.cancel = func(n int, r adapters.CancelRequest) (adapters.Result, error) {
		if lost++; lost == 1 {
			return adapters.Result{}, adapters.ErrUnknownOutcome // never arrived
		}
		if _, err := give(n, r); err != nil {
			return adapters.Result{}, err
		}
		return adapters.Result{}, adapters.ErrUnknownOutcome // done, and the answer lost
	}
	h := openAs(t, "fake", pg)
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	h.moves(payment.StateDeclined)
	if w, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"}); err != nil || !w.Unmatched {
		t.Fatal(w.Unmatched, err)
	}
	for i, want := range []string{"TX-2 unknown", "TX-2 returned"} {
		if h.unmatched() != "TX-2 unknown" {
			t.Fatalf("unmatched payments %q before sweep %d", h.unmatched(), i)
		}
		if n := h.sweepUnmatched(20 * time.Second); n != 0 {
			t.Errorf("looked again after 20 seconds")
		}
		if h.sweepUnmatched(5 * time.Minute); h.unmatched() != want {
			t.Errorf("unmatched payments %q, want %q", h.unmatched(), want)
		}
	}
	if got := join(pg.sequence); got != "lookup cancel lookup cancel lookup" {
		t.Errorf("sent %q", got)
	}
	events, err := h.journal.Events(t.Context(), "A1")
	intents := 0
	for _, e := range events {
		if e.Kind == "unmatched_payment" {
			intents++
		}
	}
	if err != nil || intents != 2 {
		t.Errorf("%d intents on record, %v", intents, err)
	}
}

// Money of an attempt that had ended without it, at the first word of it.
func TestUnmatchedFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		method payment.Method
		park   bool
		err    error
		want   string
	}{
		{"goes back", "card", false, nil, "TX-2 returned"},
		{"a virtual account's is parked", payment.MethodVBank, false, nil, "TX-2 flagged"},
		{"is parked by rule", "card", true, nil, "TX-2 flagged"},
		{"is not lost while the journal is down", "card", false, errors.New("the disk is full"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := newTill(paidAs("TX-2"))
			h := openAs(t, "fake", pg)
			h.park = tt.park
			a := h.attempt("A1")
			a.Method = tt.method
			if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			h.moves(payment.StateDeclined)
			for range 2 {
				_, err := h.machine.Notified(t.Context(), unmatchedBooks{h.journal, tt.err}, lifecycle.Notification{ID: "A1", PGTxID: "TX-2"})
				if (err != nil) != (tt.err != nil) {
					t.Errorf("got %v", err)
				}
			}
			if got := h.unmatched(); got != tt.want {
				t.Errorf("unmatched payments %q, want %q", got, tt.want)
			}
		})
	}
}
