package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestOnlyThePGsFaultsCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		state  payment.State
		reason payment.Reason
		want   verdict
	}{
		{"approved", payment.StateApproved, payment.ReasonApproved, verdictGood},
		{"the PG could not be reached", payment.StateDeclined, payment.ReasonNotSent, verdictFault},
		{"the PG rejected the request", payment.StateDeclined, payment.ReasonRejected, verdictNone},
		{"the answer was lost and the money given back", payment.StateCancelled, payment.ReasonLost, verdictFault},
		{"the answer was lost and nobody knows", payment.StateUnknown, payment.ReasonLost, verdictFault},
		{"the card was declined", payment.StateDeclined, payment.ReasonDeclined, verdictNone},
		{"the shop refused", payment.StateRefused, payment.ReasonShopRefused, verdictNone},
		{"the shop refused what was charged", payment.StateCancelled, payment.ReasonShopRefused, verdictNone},
		{"the buyer never paid", payment.StateExpired, payment.ReasonNeverPaid, verdictNone},
		{"still being given back", payment.StateCancelling, payment.ReasonLost, verdictNone},
		{"just opened", payment.StateOpened, "", verdictNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := judge(payment.Attempt{State: tt.state, Reason: tt.reason}); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestRatesFollowWhatHappened(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 12, 1, 12, 0, 0, 0, payment.KST())
	now := start
	g := &Gateway{rates: rules.NewOutcomes(), now: func() time.Time { return now }}
	a := payment.Attempt{PG: "inicis", Method: "card"}
	end := func(state payment.State, reason payment.Reason) {
		a.State, a.Reason = state, reason
		g.rate(a)
	}
	check := func(name string, at time.Time, wantRate float64, wantPayments int) {
		t.Helper()
		rate, n := g.rates.At(at).SuccessRate("inicis", "card")
		if rate != wantRate || n != wantPayments {
			t.Errorf("%s: %v of %d, want %v of %d", name, rate, n, wantRate, wantPayments)
		}
	}
	check("nothing yet", now, 0, 0)
	end(payment.StateApproved, payment.ReasonApproved)
	end(payment.StateDeclined, payment.ReasonDeclined)
	check("a buyer's decline does not count", now, 1, 1)
	end(payment.StateDeclined, payment.ReasonNotSent)
	check("a fault counts", now, 0.5, 2)
	for i, err := range []error{
		adapters.ErrUnavailable, fmt.Errorf("x: %w", adapters.ErrRejected), // the PG's
		&adapters.FieldError{Field: "buyer.tel", Msg: "x"}, adapters.ErrUnsupported, nil, fmt.Errorf("ours"), // not the PG's
	} {
		g.rateWindow(a, err)
		if _, n := g.rates.At(now).SuccessRate("inicis", "card"); n != min(3+i, 4) {
			t.Errorf("after %v: %d payments", err, n)
		}
	}
	now = start.Add(5 * time.Minute)
	end(payment.StateApproved, payment.ReasonApproved)
	check("old and new minutes add up", now, 0.4, 5)
	check("old minutes are forgotten", start.Add(12*time.Minute), 1, 1)
	check("in the end all are", start.Add(time.Hour), 0, 0)
	if _, n := g.rates.At(now).SuccessRate("inicis", "trans"); n != 0 {
		t.Error("another method has the same rate")
	}
}

// bySuccess prefers the PG whose payments succeed.
func bySuccess(c *fixture.Config) {
	c.Rule("default").Choose = fixture.Choose{SuccessRate: []string{"inicis", "portone"}}
}

// TestRoutingFollowsTheRates: a PG that fails its payments goes behind one that does not.
func TestRoutingFollowsTheRates(t *testing.T) {
	t.Parallel()
	h := newHouse(t, bySuccess)
	for range 30 {
		h.g.Concluded(t.Context(), payment.Attempt{PG: "portone", Method: "card", State: payment.StateApproved})
	}
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusOK || a.json["pg"] != "inicis" {
		t.Fatalf("before: %d %v", a.status, a.json["pg"])
	}
	for range 30 {
		h.g.Concluded(t.Context(), payment.Attempt{PG: "inicis", Method: "card", State: payment.StateDeclined, Reason: payment.ReasonNotSent})
	}
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusOK || a.json["pg"] != "portone" {
		t.Errorf("after: %d %v", a.status, a.json["pg"])
	}
}
