package settle_test

import (
	"errors"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestResolveNeedsTwoHands(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	h.leave(payment.StateUnknown, settle.ReasonLost)
	resolve := func(f settle.Finding, actor string) bool {
		t.Helper()
		done, err := settle.Resolve(t.Context(), h.journal, "A1", f, actor, "seen in the PG's back office", h.clock())
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	for range 2 {
		if resolve(settle.FindingGivenBack, "kim") {
			t.Fatal("one hand was enough")
		}
	}
	if resolve(settle.FindingCharged, "lee") {
		t.Fatal("two hands with different findings were enough")
	}
	if resolve(settle.FindingGivenBack, "park") {
		t.Fatal("a finding that was contradicted since still counted")
	}
	if !resolve(settle.FindingGivenBack, "lee") {
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
		finding settle.Finding
		want    payment.State
		err     error
	}{
		{payment.StateUnknown, settle.FindingCharged, payment.StateApproved, nil},
		{payment.StateUnknown, settle.FindingNotCharged, payment.StateDeclined, nil},
		{payment.StateUnknown, settle.FindingGivenBack, payment.StateCancelled, nil},
		{payment.StateUnknown, "perhaps", "", settle.ErrFinding},
		{payment.StateCancelling, settle.FindingNotCharged, payment.StateCancelled, nil},
		{payment.StateCancelling, settle.FindingCharged, "", settle.ErrFinding},
		{payment.StateApproved, settle.FindingGivenBack, "", settle.ErrNotUnknown},
	}
	for _, tt := range tests {
		t.Run(string(tt.state)+" "+string(tt.finding), func(t *testing.T) {
			t.Parallel()
			h := open(t, &fakePG{})
			h.leave(tt.state, settle.ReasonLost)
			var err error
			for _, hand := range []string{"kim", "lee"} {
				if _, err = settle.Resolve(t.Context(), h.journal, "A1", tt.finding, hand, "checked", h.clock()); err != nil {
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
	if _, err := settle.Resolve(t.Context(), h.journal, "A1", settle.FindingCharged, "", "", h.clock()); !errors.Is(err, settle.ErrActor) {
		t.Errorf("nobody resolved something: %v", err)
	}
}
