package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cancels is a house with one approved attempt of 50,000 won and a canceller.
type cancels struct {
	*house
	c           *lifecycle.Canceller
	pg          *fakePG
	journal     *brokenCancels
	given, sent payment.Won
}

// brokenCancels is a journal whose writes of cancels fail on demand.
type brokenCancels struct {
	*journal.Journal
	begin, move error
	// blind hides what is there, as if it came between a reading and a writing.
	blind bool
}

func (b *brokenCancels) CancelsOf(ctx context.Context, id payment.AttemptID) ([]payment.Cancel, error) {
	if b.blind {
		return nil, nil
	}
	return b.Journal.CancelsOf(ctx, id)
}

func (b *brokenCancels) CancelBegin(ctx context.Context, c payment.Cancel, ev journal.Event) (payment.Cancel, bool, error) {
	if b.begin != nil {
		return payment.Cancel{}, false, b.begin
	}
	return b.Journal.CancelBegin(ctx, c, ev)
}

func (b *brokenCancels) CancelMove(ctx context.Context, s journal.CancelStep) (payment.Cancel, error) {
	if b.move != nil {
		return payment.Cancel{}, b.move
	}
	return b.Journal.CancelMove(ctx, s)
}

// paid opens a house and has its attempt approved; edit changes the attempt before.
func paid(t *testing.T, edit func(*payment.Attempt)) *cancels {
	t.Helper()
	pg := &fakePG{}
	h := &cancels{house: open(t, pg), pg: pg}
	h.manual = true
	pg.approve = func(_ int, q adapters.ApproveRequest) (adapters.Result, error) {
		r := approvedAs("A1", 50000)
		r.Method = q.Attempt.Method
		return r, nil
	}
	pg.cancel = func(_ int, r adapters.CancelRequest) (adapters.Result, error) { return h.giveBack(r), nil }
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) { return h.standing(), nil }
	a := h.attempt("A1")
	if edit != nil {
		edit(&a)
	}
	if res, err := h.machine.Authenticated(t.Context(), a, h.proof("token")); err != nil || res.Attempt.State != payment.StateApproved {
		t.Fatalf("%+v, %v", res, err)
	}
	h.journal = &brokenCancels{Journal: h.house.journal}
	h.c = lifecycle.NewCanceller(h.machine, h.journal, nil)
	h.hear()
	return h
}

// giveBack does what a PG does with a cancel.
func (h *cancels) giveBack(r adapters.CancelRequest) adapters.Result {
	h.sent++
	h.given += r.Amount
	return h.standing()
}

// standing is what the PG says of the payment.
func (h *cancels) standing() adapters.Result {
	r := approvedAs("A1", 50000)
	r.Cancelled = h.given
	if h.given == r.Amount {
		r.Outcome = payment.OutcomeCancelled
	}
	return r
}

func (h *cancels) ask(id string, amount payment.Won) (lifecycle.Cancelled, error) {
	return h.c.Cancel(h.t.Context(), "A1", lifecycle.CancelAsk{ID: payment.CancelID(id), Amount: &amount, Reason: "returned"})
}

func (h *cancels) row(id string) payment.Cancel {
	h.t.Helper()
	c, err := h.journal.Cancel(h.t.Context(), payment.CancelID(id))
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// hear takes what the shop is to be told, and says it is told.
func (h *cancels) hear() (bodies []string) {
	h.t.Helper()
	for {
		list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.clock().Add(time.Second), 100, time.Minute)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(list) == 0 {
			return bodies
		}
		for _, m := range list {
			var b struct {
				Data struct {
					CancelID  string      `json:"cancel_id"`
					Amount    payment.Won `json:"amount"`
					Total     payment.Won `json:"cancelled_total"`
					Remaining payment.Won `json:"remaining"`
				} `json:"data"`
			}
			if err := json.Unmarshal(m.Body, &b); err != nil {
				h.t.Fatal(err)
			}
			bodies = append(bodies, fmt.Sprintf("%s %s %s/%s/%s", m.Type, b.Data.CancelID, b.Data.Amount, b.Data.Total, b.Data.Remaining))
			if err := h.journal.OutboxDone(h.t.Context(), m.ID); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

func (h *cancels) heard(want ...string) {
	h.t.Helper()
	if got := h.hear(); fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Errorf("the shop hears %q, want %q", got, want)
	}
}

func (h *cancels) sweep() {
	h.t.Helper()
	now := h.clock()
	for _, row := range ofEveryLane(h.t, now, time.Minute, h.journal.CancelLanes, h.journal.CancelsDue) {
		if err := h.c.Resume(h.t.Context(), row, now.Add(time.Minute)); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestWhatAPGAnswersToACancel(t *testing.T) {
	t.Parallel()
	result := func(o payment.Outcome, cancelled payment.Won) func(*cancels) (adapters.Result, error) {
		return func(h *cancels) (adapters.Result, error) {
			r := h.standing()
			r.Outcome, r.Cancelled = o, cancelled
			return r, nil
		}
	}
	fails := func(err error) func(*cancels) (adapters.Result, error) {
		return func(*cancels) (adapters.Result, error) { return adapters.Result{}, err }
	}
	for _, tt := range []struct {
		name   string
		answer func(*cancels) (adapters.Result, error)
		state  payment.CancelState
		code   string
		told   int
	}{
		{"done", func(h *cancels) (adapters.Result, error) {
			return h.giveBack(adapters.CancelRequest{Amount: 1000}), nil
		}, payment.CancelDone, lifecycle.CancelConfirmed, 1},
		{"done, and the answer lost", func(h *cancels) (adapters.Result, error) {
			h.given = 1000
			return adapters.Result{}, adapters.ErrUnknownOutcome
		}, payment.CancelDone, lifecycle.CancelProven, 1},
		{"declined", result(payment.OutcomeDeclined, 0), payment.CancelRefused, lifecycle.CancelDeclined, 0},
		{"declined, and why is told", func(h *cancels) (adapters.Result, error) {
			r := h.standing()
			r.Outcome, r.Refused = payment.OutcomeDeclined, payment.CancelTooLate
			return r, nil
		}, payment.CancelRefused, payment.CancelTooLate, 0},
		{"done later", result(payment.OutcomePending, 0), payment.CancelRequested, lifecycle.CancelLater, 0},
		{"never sent", fails(adapters.ErrUnavailable), payment.CancelRefused, lifecycle.CancelNotSent, 0},
		{"rejected", fails(adapters.ErrRejected), payment.CancelRefused, lifecycle.CancelRejected, 0},
		{"not offered", fails(adapters.ErrUnsupported), payment.CancelRefused, lifecycle.CancelRejected, 0},
		{"lost", fails(adapters.ErrUnknownOutcome), payment.CancelUnknown, lifecycle.CancelLost, 0},
		{"odd", fails(errors.New("odd")), payment.CancelUnknown, lifecycle.CancelLost, 0},
		{"another amount", result(payment.OutcomeApproved, 999), payment.CancelUnknown, lifecycle.CancelLost, 0},
		{"everything", result(payment.OutcomeCancelled, 50000), payment.CancelUnknown, lifecycle.CancelLost, 0},
		{"no word of it", result(payment.OutcomeUnknown, 1000), payment.CancelUnknown, lifecycle.CancelLost, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := paid(t, nil)
			h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) { return tt.answer(h) }
			res, err := h.ask("c1", 1000)
			if err != nil || res.Cancel.State != tt.state || res.Cancel.Code != tt.code {
				t.Errorf("came to %s (%s), %v; want %s (%s)", res.Cancel.State, res.Cancel.Code, err, tt.state, tt.code)
			}
			if row := h.row("c1"); row.State != tt.state || row.NextCheck.IsZero() == !tt.state.Final() {
				t.Errorf("the journal says %+v", row)
			}
			if got := h.hear(); len(got) != tt.told {
				t.Errorf("the shop hears %q", got)
			}
			if n := h.pg.calls["cancel"]; n != 1 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestACancelIsSentOnlyAfterItsIntentIsWritten(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.journal.begin = journal.ErrUnavailable
	if _, err := h.ask("c1", 1000); err == nil || h.pg.calls["cancel"] != 0 {
		t.Errorf("sent %d, %v", h.pg.calls["cancel"], err)
	}
	h.journal.begin, h.journal.move = nil, &journal.ConflictError{Kind: journal.ConflictOwner}
	if res, err := h.ask("c1", 1000); err != nil || res.Cancel.State == payment.CancelDone {
		t.Errorf("an end that was not written is told: %+v, %v", res, err)
	}
	h.journal.move = nil
	h.pass(5 * time.Minute)
	h.sweep()
	if row := h.row("c1"); row.State != payment.CancelDone || h.given != 1000 || h.pg.calls["cancel"] != 1 {
		t.Errorf("afterwards %+v, %s won given, %d sent", row, h.given, h.pg.calls["cancel"])
	}
	h.heard("payment.cancelled c1 1000/1000/49000")
}

// Two calls with one key that come at once find one cancel, and one of them sends it.
func TestOnlyWhoeverBeganACancelSendsIt(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.journal.blind = true
	for range 2 {
		if res, err := h.ask("c1", 1000); err != nil || res.Cancel.State != payment.CancelDone {
			t.Errorf("%+v, %v", res.Cancel, err)
		}
	}
	_, err := h.ask("c2", 1000)
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeCancelInProgress {
		t.Errorf("a cancel that was planned from what is no more: %v", err)
	}
	if n := h.pg.calls["cancel"]; n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

// A PG without webhooks tells of a cancel in its console by refusing ours: its figures differ.
func TestARefusalShowsWhatWasCancelledElsewhere(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.given = 700
	h.pg.cancel = func(_ int, r adapters.CancelRequest) (adapters.Result, error) {
		if r.Remaining != 50000-h.given {
			return adapters.Result{Outcome: payment.OutcomeDeclined, OrderRef: "A1"}, nil
		}
		return h.giveBack(r), nil
	}
	if res, err := h.ask("c1", 1000); err != nil || res.Cancel.State != payment.CancelRefused {
		t.Errorf("%+v, %v", res.Cancel, err)
	}
	if res, err := h.ask("c2", 1000); err != nil || res.Cancel.State != payment.CancelDone || res.Cancel.Remaining != 49300 {
		t.Errorf("with the figures up to date: %+v, %v", res.Cancel, err)
	}
	if list, err := h.journal.CancelsOf(t.Context(), "A1"); err != nil || len(list) != 3 {
		t.Errorf("recorded %+v, %v", list, err)
	}
}

func TestOneCancelAtATime(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	if res, err := h.ask("c1", 1000); err != nil || res.Cancel.State != payment.CancelUnknown {
		t.Fatalf("%+v, %v", res, err)
	}
	_, err := h.ask("c2", 1000)
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeCancelInProgress {
		t.Errorf("a second cancel beside an unknown one: %v", err)
	}
	if n := h.pg.calls["cancel"]; n != 1 {
		t.Errorf("%d requests were sent", n)
	}
	_, err = h.ask("c1", 2000)
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeKeyReused {
		t.Errorf("another body under the same key: %v", err)
	}
	h.given = 1000
	if res, err := h.ask("c1", 1000); err != nil || res.Cancel.State != payment.CancelDone {
		t.Errorf("asking again finds %+v, %v", res.Cancel, err)
	}
	h.heard("payment.cancelled c1 1000/1000/49000")
}

// An unknown cancel ends by proof alone: that nothing went back must show five times, and a quarter of an hour long.
func TestAnUnknownCancelEndsByProof(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		then  func(h *cancels)
		looks int
		every time.Duration
		state payment.CancelState
		told  string
	}{
		{"nothing is seen again and again", func(*cancels) {}, 5, 10 * time.Minute, payment.CancelRefused, "[payment.cancel_failed c1 1000/0/50000]"},
		{"nothing is seen four times", func(*cancels) {}, 4, 10 * time.Minute, payment.CancelUnknown, "[]"},
		{"it shows", func(h *cancels) { h.given = 1000 }, 1, time.Minute, payment.CancelDone, "[payment.cancelled c1 1000/1000/49000]"},
		{"the PG is to do it later", func(h *cancels) {
			h.pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
				r := h.standing()
				r.CancelPending = 1000
				return r, nil
			}
		}, 12, 2 * time.Hour, payment.CancelUnknown, "[]"},
		{"the PG was to do it later, and nothing is seen since", func(h *cancels) {
			h.pg.lookUp = func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
				r := h.standing()
				if n == 6 {
					r.CancelPending = 1000
				}
				return r, nil
			}
		}, 7, 10 * time.Minute, payment.CancelUnknown, "[]"},
		{"another amount shows", func(h *cancels) { h.given = 700 }, 12, 2 * time.Hour, payment.CancelUnknown, "[]"},
		{"the PG is silent", func(h *cancels) {
			h.pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
				return adapters.Result{}, adapters.ErrUnavailable
			}
		}, 12, 2 * time.Hour, payment.CancelUnknown, "[]"},
		{"another payment is shown", func(h *cancels) {
			h.pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) { return approvedAs("A2", 50000), nil }
		}, 12, 2 * time.Hour, payment.CancelUnknown, "[]"},
		{"the PG knows of no payment", func(h *cancels) {
			h.pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
				return adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: "A1"}, nil
			}
		}, 12, 2 * time.Hour, payment.CancelUnknown, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := paid(t, nil)
			h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
				return adapters.Result{}, adapters.ErrUnknownOutcome
			}
			if _, err := h.ask("c1", 1000); err != nil {
				t.Fatal(err)
			}
			tt.then(h)
			for range tt.looks {
				h.pass(tt.every)
				h.sweep()
			}
			row := h.row("c1")
			if row.State != tt.state || row.NextCheck.IsZero() == !tt.state.Final() {
				t.Errorf("came to %+v, want %s", row, tt.state)
			}
			if got := fmt.Sprint(h.hear()); got != tt.told {
				t.Errorf("the shop hears %s, want %s", got, tt.told)
			}
			if n := h.pg.calls["cancel"]; n != 1 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// Five looks in a moment prove nothing.
func TestACancelHasItsGrace(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	if _, err := h.ask("c1", 1000); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		h.pass(time.Minute)
		if err := h.c.Resume(t.Context(), h.row("c1"), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if row := h.row("c1"); row.State != payment.CancelUnknown || row.Checks != 12 {
		t.Errorf("came to %+v", row)
	}
}

// What the PG promised to do later is never called not applied by itself.
func TestAPromisedCancelIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomePending}, nil
	}
	if _, err := h.ask("c1", 1000); err != nil {
		t.Fatal(err)
	}
	for range 24 * 14 {
		h.pass(time.Hour + time.Minute)
		h.sweep()
	}
	if row := h.row("c1"); row.State != payment.CancelUnknown || row.Code != lifecycle.CancelLater {
		t.Errorf("came to %+v", row)
	}
	h.given = 1000
	h.pass(time.Hour + time.Minute)
	h.sweep()
	h.heard("payment.cancelled c1 1000/1000/49000")
}

func TestMoneyGivenBackWithoutUsIsRecorded(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	lookUpResult := func() {
		t.Helper()
		if err := h.c.Notified(t.Context(), h.state("A1")); err != nil {
			t.Fatal(err)
		}
	}
	lookUpResult()
	h.given = 700
	lookUpResult()
	lookUpResult()
	if list, err := h.journal.CancelsOf(t.Context(), "A1"); err != nil || len(list) != 1 || list[0].Origin != payment.CancelByPG || list[0].Amount != 700 {
		t.Fatalf("recorded %+v, %v", list, err)
	}
	if res, err := h.ask("c1", 300); err != nil || res.Cancel.State != payment.CancelDone || res.Cancel.Remaining != 49300 {
		t.Errorf("our own after it: %+v, %v", res.Cancel, err)
	}
	h.given += 50
	lookUpResult()
	if got := h.hear(); len(got) != 3 {
		t.Errorf("the shop hears %q", got)
	}
	// While one of ours is open, what the PG shows may be that one.
	h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	if _, err := h.ask("c2", 1000); err != nil {
		t.Fatal(err)
	}
	h.given += 999
	lookUpResult()
	if list, err := h.journal.CancelsOf(t.Context(), "A1"); err != nil || len(list) != 4 {
		t.Errorf("recorded %+v, %v", list, err)
	}
	h.pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnavailable
	}
	if err := h.c.Notified(t.Context(), h.state("A1")); err == nil {
		t.Error("a PG that cannot be asked is not asked to notify again")
	}
}

func TestCancelsAreResolvedByTwoHands(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	for _, id := range []string{"c1", "c2"} {
		if _, err := h.ask(id, 1000); err != nil {
			t.Fatal(err)
		}
		as, other := lifecycle.FindingCancelDone, lifecycle.FindingNotApplied
		if id == "c2" {
			as, other = other, as
		}
		for _, tt := range []struct {
			name, by, reason string
			as               lifecycle.Finding
			done             bool
			err              error
		}{
			{"nobody", "", "seen", as, false, lifecycle.ErrActor},
			{"no reason", "kim", "", as, false, lifecycle.ErrActor},
			{"a finding about payments", "kim", "seen", lifecycle.FindingCharged, false, lifecycle.ErrFinding},
			{"the first hand", "kim", "in the console", as, false, nil},
			{"the first hand again", "kim", "really", as, false, nil},
			{"another finding", "lee", "not there", other, false, nil},
			{"the first finding, anew", "kim", "in the console", as, false, nil},
			{"the second hand", "lee", "on the statement", as, true, nil},
			{"once it is closed", "park", "seen", as, false, lifecycle.ErrNotUnknown},
		} {
			done, err := lifecycle.ResolveCancel(t.Context(), h.journal, payment.CancelID(id), tt.as, tt.by, tt.reason, h.clock())
			if done != tt.done || !errors.Is(err, tt.err) {
				t.Errorf("%s %s: %v, %v", id, tt.name, done, err)
			}
		}
	}
	h.heard("payment.cancelled c1 1000/1000/49000", "payment.cancel_failed c2 1000/1000/49000")
}

func TestWhatMayBeCancelled(t *testing.T) {
	t.Parallel()
	vat := func(a *payment.Attempt) { a.TaxFree, a.VAT, a.VATSet = 6000, 4000, true }
	mixed := func(a *payment.Attempt) { a.TaxFree = 6000 }
	to := &payment.RefundAccount{Bank: "088", Number: "110123456789", Holder: "홍길동"}
	bad := func(edit func(*payment.RefundAccount)) *payment.RefundAccount {
		c := *to
		edit(&c)
		return &c
	}
	for _, tt := range []struct {
		name  string
		edit  func(*payment.Attempt)
		ask   lifecycle.CancelAsk
		code  payment.Code
		field string
	}{
		{"all of it", nil, lifecycle.CancelAsk{}, "", ""},
		{"all of it, in so many words", nil, lifecycle.CancelAsk{Amount: new(payment.Won(50000)), Remaining: new(payment.Won(50000)), TaxFree: new(payment.Won(0))}, "", ""},
		{"more than there is", nil, lifecycle.CancelAsk{Amount: new(payment.Won(50001))}, payment.CodeCancelTooMuch, "amount"},
		{"another rest", nil, lifecycle.CancelAsk{Amount: new(payment.Won(1)), Remaining: new(payment.Won(49999))}, payment.CodeCancelTooMuch, "remaining"},
		{"nothing", nil, lifecycle.CancelAsk{Amount: new(payment.Won(0))}, payment.CodeInvalidField, "amount"},
		{"escrow in part", func(a *payment.Attempt) { a.Purpose = payment.PurposeEscrow }, lifecycle.CancelAsk{Amount: new(payment.Won(1))}, payment.CodeNotCancellable, "amount"},
		{"escrow as a whole", func(a *payment.Attempt) { a.Purpose = payment.PurposeEscrow }, lifecycle.CancelAsk{}, "", ""},
		{"mixed taxes as a whole", mixed, lifecycle.CancelAsk{}, "", ""},
		{"mixed taxes in part", mixed, lifecycle.CancelAsk{Amount: new(payment.Won(1000))}, payment.CodeTaxFreeRequired, "tax_free"},
		{"mixed taxes in part, told", mixed, lifecycle.CancelAsk{Amount: new(payment.Won(1000)), TaxFree: new(payment.Won(1000))}, "", ""},
		{"more tax-free than was paid", mixed, lifecycle.CancelAsk{Amount: new(payment.Won(7000)), TaxFree: new(payment.Won(6001))}, payment.CodeCancelTooMuch, "tax_free"},
		{"more taxable than was paid", mixed, lifecycle.CancelAsk{Amount: new(payment.Won(44001)), TaxFree: new(payment.Won(0))}, payment.CodeCancelTooMuch, "tax_free"},
		{"more tax-free than is cancelled", mixed, lifecycle.CancelAsk{Amount: new(payment.Won(100)), TaxFree: new(payment.Won(101))}, payment.CodeCancelTooMuch, "tax_free"},
		{"a whole with another tax-free part", mixed, lifecycle.CancelAsk{TaxFree: new(payment.Won(5999))}, payment.CodeCancelTooMuch, "tax_free"},
		{"VAT as a whole", vat, lifecycle.CancelAsk{}, "", ""},
		{"VAT in part, not told", vat, lifecycle.CancelAsk{Amount: new(payment.Won(1100)), TaxFree: new(payment.Won(0))}, payment.CodeMissingField, "vat_amount"},
		{"VAT in part", vat, lifecycle.CancelAsk{Amount: new(payment.Won(1100)), TaxFree: new(payment.Won(0)), VAT: new(payment.Won(100))}, "", ""},
		{"more VAT than was paid", vat, lifecycle.CancelAsk{Amount: new(payment.Won(40000)), TaxFree: new(payment.Won(0)), VAT: new(payment.Won(4001))}, payment.CodeCancelTooMuch, "vat_amount"},
		{"more VAT than is taxable", vat, lifecycle.CancelAsk{Amount: new(payment.Won(100)), TaxFree: new(payment.Won(100)), VAT: new(payment.Won(1))}, payment.CodeCancelTooMuch, "vat_amount"},
		{"VAT that would not be left for the rest", vat, lifecycle.CancelAsk{Amount: new(payment.Won(43000)), TaxFree: new(payment.Won(0)), VAT: new(payment.Won(0))}, payment.CodeCancelTooMuch, "vat_amount"},
		{"a whole with other VAT", vat, lifecycle.CancelAsk{VAT: new(payment.Won(3999))}, payment.CodeCancelTooMuch, "vat_amount"},
		{"VAT that was not stated", nil, lifecycle.CancelAsk{VAT: new(payment.Won(1))}, payment.CodeTaxNotAllowed, "vat_amount"},
		{"an account for a card", nil, lifecycle.CancelAsk{RefundAccount: to}, payment.CodeInvalidField, "refund_account"},
		{"a virtual account without one", account, lifecycle.CancelAsk{}, payment.CodeMissingField, "refund_account"},
		{"a virtual account", account, lifecycle.CancelAsk{RefundAccount: to}, "", ""},
		{"a bank's short code", account, lifecycle.CancelAsk{RefundAccount: bad(func(r *payment.RefundAccount) { r.Bank = "88" })}, payment.CodeInvalidField, "refund_account.bank"},
		{"a bank's name", account, lifecycle.CancelAsk{RefundAccount: bad(func(r *payment.RefundAccount) { r.Bank = "SHB" })}, payment.CodeInvalidField, "refund_account.bank"},
		{"a number with dashes", account, lifecycle.CancelAsk{RefundAccount: bad(func(r *payment.RefundAccount) { r.Number = "110-12" })}, payment.CodeInvalidField, "refund_account.number"},
		{"no number", account, lifecycle.CancelAsk{RefundAccount: bad(func(r *payment.RefundAccount) { r.Number = "" })}, payment.CodeInvalidField, "refund_account.number"},
		{"no holder", account, lifecycle.CancelAsk{RefundAccount: bad(func(r *payment.RefundAccount) { r.Holder = "" })}, payment.CodeMissingField, "refund_account.holder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := paid(t, tt.edit)
			tt.ask.ID, tt.ask.Reason = "c1", "returned"
			var sent adapters.CancelRequest
			h.pg.cancel = func(_ int, r adapters.CancelRequest) (adapters.Result, error) {
				sent = r
				return h.giveBack(r), nil
			}
			res, err := h.c.Cancel(t.Context(), "A1", tt.ask)
			if tt.code == "" {
				if err != nil || res.Cancel.State != payment.CancelDone || sent.RefundAccount != tt.ask.RefundAccount || sent.OperationID != "c1" {
					t.Errorf("%+v, %v; sent %+v", res.Cancel, err, sent)
				}
				return
			}
			p, ok := payment.AsProblem(err)
			if !ok || p.Code != tt.code || p.Field != tt.field {
				t.Errorf("got %v, want %s %s", err, tt.code, tt.field)
			}
			if n := h.pg.calls["cancel"]; n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// account makes an attempt one of a virtual account.
func account(a *payment.Attempt) { a.Method = payment.MethodVBank }

// Whatever is asked for, in whatever order: what goes back never passes what was paid, neither as a whole nor of
// either kind of tax, and what is left can always be given back at once.
func TestCancelsNeverPassWhatWasPaid(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	rapid.Check(t, func(r *rapid.T) {
		taxFree := payment.Won(rapid.IntRange(0, 50000).Draw(r, "tax-free"))
		vat := payment.Won(rapid.Int64Range(0, int64(50000-taxFree)).Draw(r, "vat"))
		a := h.state("A1")
		a.TaxFree, a.VAT, a.VATSet = taxFree, vat, rapid.Bool().Draw(r, "stated")
		if !a.VATSet {
			a.VAT = 0
		}
		var have []payment.Cancel
		for range rapid.IntRange(0, 12).Draw(r, "cancels") {
			amount := payment.Won(rapid.Int64Range(0, 30000).Draw(r, "amount"))
			ask := lifecycle.CancelAsk{ID: "c", Amount: &amount, Reason: "r"}
			if rapid.Bool().Draw(r, "tells tax-free") {
				ask.TaxFree = new(payment.Won(rapid.Int64Range(0, int64(amount)).Draw(r, "part")))
			}
			if a.VATSet {
				ask.VAT = new(payment.Won(rapid.Int64Range(0, int64(amount)/5+1).Draw(r, "vat part")))
			}
			c, err := lifecycle.PlanCancel(a, have, ask)
			if err != nil {
				continue
			}
			c.State = payment.CancelDone
			have = append(have, c)
		}
		sum := payment.Cancel{}
		for _, c := range have {
			sum.Amount, sum.TaxFree, sum.VAT = sum.Amount+c.Amount, sum.TaxFree+c.TaxFree, sum.VAT+c.VAT
		}
		if sum.Amount > a.Amount || sum.TaxFree > a.TaxFree || sum.Amount-sum.TaxFree > a.Amount-a.TaxFree || sum.VAT > a.VAT {
			r.Fatalf("gave back %+v of %+v", sum, a)
		}
		c, err := lifecycle.PlanCancel(a, have, lifecycle.CancelAsk{ID: "rest", Reason: "r"})
		if sum.Amount == a.Amount {
			return
		}
		if err != nil || c.Amount+sum.Amount != a.Amount || c.TaxFree+sum.TaxFree != a.TaxFree || c.VAT+sum.VAT != a.VAT {
			r.Fatalf("the rest after %+v of %+v is %+v, %v", sum, a, c, err)
		}
	})
}

// What people found to be charged may be without its transaction: the PG's id of the attempt says enough.
func TestCancelsOfAnAttemptWithoutItsTransaction(t *testing.T) {
	t.Parallel()
	h := paid(t, nil)
	h.given = 10000
	a := h.state("A1")
	a.PGTxID = ""
	if err := h.c.Notified(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if have, err := h.journal.CancelsOf(t.Context(), "A1"); err != nil || len(have) != 1 || have[0].Amount != 10000 {
		t.Errorf("on record: %+v, %v", have, err)
	}
}
