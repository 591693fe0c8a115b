package lifecycle_test

import (
	"errors"
	"testing"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestResolveNeedsTwoHands(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	h.leave(payment.StateUnknown, payment.ReasonLost)
	resolve := func(f lifecycle.Finding, actor string) bool {
		t.Helper()
		done, err := lifecycle.Resolve(t.Context(), h.journal, "A1", f, actor, "seen in the PG's back office", h.clock())
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	for range 2 {
		if resolve(lifecycle.FindingGivenBack, "kim") {
			t.Fatal("one hand was enough")
		}
	}
	if resolve(lifecycle.FindingCharged, "lee") {
		t.Fatal("two hands with different findings were enough")
	}
	if resolve(lifecycle.FindingGivenBack, "park") {
		t.Fatal("a finding that was contradicted since still counted")
	}
	if !resolve(lifecycle.FindingGivenBack, "lee") {
		t.Fatal("two hands with one finding were not enough")
	}
	if got := h.state("A1").State; got != payment.StateCancelled {
		t.Fatalf("state %s", got)
	}
	if got := join(h.messages()); got != "payment.failed" {
		t.Errorf("messages %q", got)
	}
	events, err := h.journal.Events(t.Context(), "A1")
	if err != nil {
		t.Fatal(err)
	}
	if last := events[len(events)-1]; last.Actor != "lee" || last.Detail == "" {
		t.Errorf("the last event is %+v", last)
	}
}

func TestFindingsFitTheState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		state   payment.State
		finding lifecycle.Finding
		want    payment.State
		err     error
	}{
		{payment.StateUnknown, lifecycle.FindingCharged, payment.StateApproved, nil},
		{payment.StateUnknown, lifecycle.FindingNotCharged, payment.StateDeclined, nil},
		{payment.StateUnknown, lifecycle.FindingGivenBack, payment.StateCancelled, nil},
		{payment.StateUnknown, "perhaps", "", lifecycle.ErrFinding},
		{payment.StateCancelling, lifecycle.FindingNotCharged, payment.StateCancelled, nil},
		{payment.StateCancelling, lifecycle.FindingCharged, "", lifecycle.ErrFinding},
		{payment.StateApproved, lifecycle.FindingGivenBack, "", lifecycle.ErrNotUnknown},
	}
	for _, tt := range tests {
		t.Run(string(tt.state)+" "+string(tt.finding), func(t *testing.T) {
			t.Parallel()
			h := open(t, &fakePG{})
			h.leave(tt.state, payment.ReasonLost)
			var err error
			for _, hand := range []string{"kim", "lee"} {
				if _, err = lifecycle.Resolve(t.Context(), h.journal, "A1", tt.finding, hand, "checked", h.clock()); err != nil {
					break
				}
			}
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if got := h.state("A1").State; tt.err == nil && got != tt.want {
				t.Errorf("state %s, want %s", got, tt.want)
			}
		})
	}
	h := open(t, &fakePG{})
	if _, err := lifecycle.Resolve(t.Context(), h.journal, "A1", lifecycle.FindingCharged, "", "", h.clock()); !errors.Is(err, lifecycle.ErrActor) {
		t.Errorf("nobody resolved something: %v", err)
	}
}
