package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// mute is a PG that shows of A1 what a test says, from look to look.
func mute(says *func() (adapters.Result, error)) *fakePG {
	return &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) { return (*says)() }}
}

func (h *house) resume(after time.Duration) payment.Attempt {
	h.t.Helper()
	h.pass(after)
	if _, err := h.machine.Resume(h.t.Context(), "A1"); err != nil {
		h.t.Fatal(err)
	}
	return h.state("A1")
}

func answers(r adapters.Result, err error) func() (adapters.Result, error) {
	return func() (adapters.Result, error) { return r, err }
}

// notShown are the ways in which a PG does not show money that it had shown.
func notShown() map[string]func() (adapters.Result, error) {
	absent, pending, unknown, part, back, other := approvedAs("A1", 50000), approvedAs("A1", 50000), approvedAs("A1", 50000), approvedAs("A1", 50000), approvedAs("A1", 50000), approvedAs("A1", 50000)
	absent.Outcome, pending.Outcome, unknown.Outcome = payment.OutcomeNotFound, payment.OutcomePending, payment.OutcomeUnknown
	part.Method, back.CancelPending = "", 50000
	other.Outcome, other.PGTxID = payment.OutcomeDeclined, "TX-ANOTHER"
	return map[string]func() (adapters.Result, error){
		"no such payment": answers(absent, nil), "it waits": answers(pending, nil), "it does not know": answers(unknown, nil),
		"not enough of it": answers(part, nil), "a cancel is under way": answers(back, nil), "another try was declined": answers(other, nil),
	}
}

// TestMoneyThatThePGShowsNoMore comes before a person, and is still the shop's to decide about once it shows again.
func TestMoneyThatThePGShowsNoMore(t *testing.T) {
	t.Parallel()
	gone := approvedAs("A1", 50000)
	gone.Outcome, gone.Cancelled = payment.OutcomeCancelled, 50000
	ends := []struct {
		name     string
		then     adapters.Result
		shop     lifecycle.Answer
		want     payment.State
		asked    int
		sequence map[string]int
		messages string
	}{
		{"and again, the shop says yes", approvedAs("A1", 50000), lifecycle.Answer{Yes: true}, payment.StateApproved, 1, nil, "payment.confirmed"},
		{"and again, the shop says no", approvedAs("A1", 50000), lifecycle.Answer{Reason: "shop_refused"}, payment.StateCancelled, 1, map[string]int{"cancel": 1}, "payment.failed"},
		{"and again as another amount", approvedAs("A1", 49000), lifecycle.Answer{Yes: true}, payment.StateCancelled, 0, map[string]int{"cancel": 1}, "payment.failed"},
		{"and as given back", gone, lifecycle.Answer{Yes: true}, payment.StateCancelled, 0, nil, "payment.failed"},
	}
	for how, says := range notShown() {
		for _, tt := range ends {
			t.Run(how+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				now := says
				pg := mute(&now)
				h := open(t, pg)
				h.shop = func(payment.Attempt) lifecycle.Answer { return tt.shop }
				h.leave(payment.StateCaptured, "")
				for i := range 5 {
					if a := h.resume(time.Minute); a.State != payment.StateCaptured {
						t.Fatalf("%s (%s) after %d looks", a.State, a.Reason, i+1)
					}
				}
				for range 40 {
					a := h.resume(time.Minute)
					if a.State != payment.StateUnknown || a.Reason != payment.ReasonNotShown || a.NextCheck.IsZero() {
						t.Fatalf("%s (%s), next check %s: nobody hears of it", a.State, a.Reason, a.NextCheck)
					}
				}
				h.pass(72 * time.Hour)
				if a := h.resume(0); a.State != payment.StateUnknown || h.asked != 0 || len(h.messages()) > 0 || pg.calls["cancel"] > 0 {
					t.Fatalf("%s, the shop was asked %d times and told %q, %d cancels: nothing is proven yet", a.State, h.asked, h.messages(), pg.calls["cancel"])
				}
				now = answers(tt.then, nil)
				if a := h.resume(time.Hour); a.State != tt.want || h.asked != tt.asked {
					t.Fatalf("%s (%s), the shop was asked %d times; want %s, %d", a.State, a.Reason, h.asked, tt.want, tt.asked)
				}
				if pg.calls["cancel"] != tt.sequence["cancel"] {
					t.Errorf("%d cancels, want %d", pg.calls["cancel"], tt.sequence["cancel"])
				}
				if got := join(h.messages()); got != tt.messages {
					t.Errorf("messages %q, want %q", got, tt.messages)
				}
			})
		}
	}
}

// TestAPGThatCannotBeAskedContradictsNothing but does not hide money for ever either.
func TestAPGThatCannotBeAskedContradictsNothing(t *testing.T) {
	t.Parallel()
	now := answers(adapters.Result{}, adapters.ErrUnavailable)
	h := open(t, mute(&now))
	h.leave(payment.StateCaptured, "")
	for range 30 {
		if a := h.resume(5 * time.Minute); a.State != payment.StateCaptured {
			t.Fatalf("%s after less than three hours of an outage", a.State)
		}
	}
	if a := h.resume(time.Hour); a.State != payment.StateUnknown {
		t.Fatalf("%s after hours", a.State)
	}
	now = answers(approvedAs("A1", 50000), nil)
	if a := h.resume(time.Hour); a.State != payment.StateApproved || h.asked != 1 {
		t.Errorf("%s, asked %d times, once the PG is back", a.State, h.asked)
	}
}

// One look that fails long after the money was shown, as by a gateway that was down itself, is not an outage of hours.
func TestOneLookUpLongAfterIsNoOutage(t *testing.T) {
	t.Parallel()
	now := answers(adapters.Result{}, adapters.ErrUnavailable)
	h := open(t, mute(&now))
	h.leave(payment.StateCaptured, "")
	if a := h.resume(48 * time.Hour); a.State != payment.StateCaptured {
		t.Errorf("%s after one look-up", a.State)
	}
}

// TestAPersonEndsWhatThePGShowsNoMore by two hands, and hears of it by the list.
func TestAPersonEndsWhatThePGShowsNoMore(t *testing.T) {
	t.Parallel()
	for f, want := range map[lifecycle.Finding]payment.State{
		lifecycle.FindingCharged: payment.StateApproved, lifecycle.FindingNotCharged: payment.StateDeclined, lifecycle.FindingGivenBack: payment.StateCancelled,
	} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			now := answers(adapters.Result{Outcome: payment.OutcomeNotFound}, nil)
			h := open(t, mute(&now))
			h.leave(payment.StateCaptured, "")
			hand := func(who string) (bool, error) {
				return lifecycle.Resolve(t.Context(), h.journal, "A1", f, who, "seen in the PG's back office", h.clock())
			}
			if _, err := hand("kim"); !errors.Is(err, lifecycle.ErrNotUnknown) {
				t.Fatalf("what the gateway has in hand was taken by a person: %v", err)
			}
			for range 6 {
				h.resume(time.Minute)
			}
			if _, err := hand("kim"); err != nil {
				t.Fatal(err)
			}
			if done, err := hand("lee"); err != nil || !done {
				t.Fatalf("done %t, %v", done, err)
			}
			if a := h.state("A1"); a.State != want {
				t.Errorf("%s, want %s", a.State, want)
			}
		})
	}
}

// A key charges nothing: by hand it can be given up, and never handed to the shop.
func TestAKeyIsNotChargedByHand(t *testing.T) {
	t.Parallel()
	now := answers(adapters.Result{Outcome: payment.OutcomeNotFound}, nil)
	h := open(t, mute(&now))
	h.purpose = payment.PurposeBillingKey
	h.leave(payment.StateUnknown, payment.ReasonNotShown)
	_, err := lifecycle.Resolve(t.Context(), h.journal, "A1", lifecycle.FindingCharged, "kim", "seen", h.clock())
	if !errors.Is(err, lifecycle.ErrFinding) {
		t.Errorf("got %v", err)
	}
}

// TestAnAttemptWhoseMerchantIsGone comes before a person as well, when it may have moved money.
func TestAnAttemptWhoseMerchantIsGone(t *testing.T) {
	t.Parallel()
	for state, want := range map[payment.State]payment.Reason{
		payment.StateCaptured: payment.ReasonNotShown, payment.StateApproving: payment.ReasonLost,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			h := open(t, &fakePG{})
			h.leave(state, "")
			h.gone = true
			for range 8 {
				h.pass(30 * time.Minute)
				if _, err := h.machine.Resume(context.Background(), "A1"); err == nil {
					t.Fatal("a merchant that is gone was found")
				}
			}
			if a := h.state("A1"); a.State != payment.StateUnknown || a.Reason != want || a.NextCheck.IsZero() {
				t.Errorf("%s (%s), next check %s", a.State, a.Reason, a.NextCheck)
			}
		})
	}
}
