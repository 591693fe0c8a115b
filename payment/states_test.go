package payment_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestFinalStatesAreNeverLeft(t *testing.T) {
	t.Parallel()
	for _, from := range payment.States() {
		for _, to := range payment.States() {
			if from.Final() && payment.CanMove(from, to) {
				t.Errorf("%s is final but may move to %s", from, to)
			}
			if from == to && payment.CanMove(from, to) {
				t.Errorf("%s may move to itself", from)
			}
		}
	}
}

func TestNothingReopens(t *testing.T) {
	t.Parallel()
	for _, from := range payment.States() {
		if payment.CanMove(from, payment.StateOpened) {
			t.Errorf("%s may move back to opened", from)
		}
	}
}

func TestEveryOpenStateReachesAnEnd(t *testing.T) {
	t.Parallel()
	for _, start := range payment.States() {
		seen := map[payment.State]bool{start: true}
		queue := []payment.State{start}
		ends := start.Final()
		for len(queue) > 0 && !ends {
			at := queue[0]
			queue = queue[1:]
			for _, to := range payment.States() {
				if payment.CanMove(at, to) && !seen[to] {
					seen[to] = true
					queue = append(queue, to)
					ends = ends || to.Final()
				}
			}
		}
		if !ends {
			t.Errorf("%s never ends", start)
		}
	}
}

func TestTransitionsAreUniqueAndExplained(t *testing.T) {
	t.Parallel()
	type pair struct{ from, to payment.State }
	seen := map[pair]bool{}
	for _, tr := range payment.Transitions() {
		p := pair{tr.From, tr.To}
		if seen[p] {
			t.Errorf("%s to %s is listed twice", tr.From, tr.To)
		}
		seen[p] = true
		if tr.Event == "" || tr.Note == "" {
			t.Errorf("%s to %s has no event or note", tr.From, tr.To)
		}
	}
}

// What may have charged the buyer must never end as if it surely had not without proof.
func TestDoubtNeverEndsAsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, to payment.State }{
		{payment.StateUnknown, payment.StateRefused},
		{payment.StateCaptured, payment.StateDeclined},
		{payment.StateCaptured, payment.StateExpired},
		{payment.StateCaptured, payment.StateRefused},
		{payment.StateApproving, payment.StateExpired},
		{payment.StateCancelling, payment.StateApproved},
		{payment.StateCancelling, payment.StateExpired},
		{payment.StateOpened, payment.StateApproved},
		{payment.StateClaimed, payment.StateApproved},
	}
	for _, tt := range tests {
		if payment.CanMove(tt.from, tt.to) {
			t.Errorf("%s may move to %s", tt.from, tt.to)
		}
	}
}
