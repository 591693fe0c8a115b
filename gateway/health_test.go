package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestWhatMakesAPGUnwell(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 12, 1, 12, 0, 0, 0, payment.KST())
	type seen struct {
		operation payment.Operation
		outcome   payment.CallOutcome
	}
	lost, read := seen{payment.OperationApprove, payment.CallUnknown}, seen{payment.OperationLookUp, payment.CallOK}
	for _, tt := range []struct {
		name string
		saw  []seen
		well bool
	}{
		{"nothing yet", nil, true},
		{"two lost answers", []seen{lost, lost}, true},
		{"three lost answers", []seen{lost, lost, lost}, false},
		{"look-ups are answered all the while", []seen{lost, read, lost, read, lost, read}, false},
		{"an approval came through", []seen{lost, lost, {payment.OperationApprove, payment.CallOK}, lost}, true},
		{"a card was declined: it is alive", []seen{lost, lost, {payment.OperationApprove, payment.CallDeclined}, lost}, true},
		{"it refuses made-up tokens", []seen{
			{payment.OperationApprove, payment.CallRejected},
			{payment.OperationApprove, payment.CallDeclined},
			{payment.OperationApprove, payment.CallRejected},
			{payment.OperationApprove, payment.CallRejected},
		}, true},
		{"no window opens", []seen{
			{payment.OperationPrepare, payment.CallUnreachable},
			{payment.OperationPrepare, payment.CallUnreachable},
			{payment.OperationPrepare, payment.CallUnreachable},
		}, false},
		{"look-ups that decide nothing", []seen{
			{payment.OperationLookUp, payment.CallUnknown},
			{payment.OperationLookUp, payment.CallUnknown},
			{payment.OperationLookUp, payment.CallUnknown},
		}, true},
	} {
		h := newHealth()
		for _, s := range tt.saw {
			h.saw("inicis", s.operation, s.outcome, start)
		}
		if got := h.at(start.Add(time.Second)).Healthy("inicis"); got != tt.well {
			t.Errorf("%s: well is %t", tt.name, got)
		}
		if !h.at(start.Add(time.Second)).Healthy("portone") {
			t.Errorf("%s: another PG is unwell", tt.name)
		}
	}
}

// TestADeadPGIsTriedLessAndLess: a spell ends by itself, and the next loss starts a longer one at once.
func TestADeadPGIsTriedLessAndLess(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, payment.KST())
	h := newHealth()
	lose := func() { h.saw("inicis", payment.OperationApprove, payment.CallUnknown, now) }
	lose()
	lose()
	for _, spell := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute} {
		lose()
		if h.at(now.Add(spell - time.Second)).Healthy("inicis") {
			t.Errorf("well again before %v", spell)
		}
		if now = now.Add(spell); !h.at(now).Healthy("inicis") {
			t.Errorf("not tried again after %v", spell)
		}
	}
	h.saw("inicis", payment.OperationApprove, payment.CallOK, now)
	if lose(); !h.at(now).Healthy("inicis") {
		t.Error("one loss after an answer makes it unwell")
	}
}

// TestADeadPGIsLeftForOthers: in five minutes without approvals 83 of 83 orders went to the dead PG. The metric shows it.
func TestADeadPGIsLeftForOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	if a := h.postCheckout(h.checkout("card")); a.json["pg"] != "inicis" {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	for range unwellAfter {
		h.g.Upstream("inicis", payment.OperationApprove, payment.CallUnknown, time.Second)
		h.g.Upstream("inicis", payment.OperationLookUp, payment.CallOK, time.Second)
	}
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusOK || a.json["pg"] == "inicis" {
		t.Errorf("after lost approvals: %d %s", a.status, a.body)
	}
	h.g.publishHealth()
	const want = `
# HELP pg_gateway_pg_well Whether a PG is well (1), or goes last in routing because requests to it were lost (0).
# TYPE pg_gateway_pg_well gauge
pg_gateway_pg_well{pg="inicis"} 0
pg_gateway_pg_well{pg="portone"} 1
pg_gateway_pg_well{pg="portone1"} 1
`
	if err := testutil.GatherAndCompare(h.g.registry, strings.NewReader(want), "pg_gateway_pg_well"); err != nil {
		t.Error(err)
	}
}

// TestMadeUpTokensMoveNoTraffic: sixty of them moved all payments to another PG.
func TestMadeUpTokensMoveNoTraffic(t *testing.T) {
	t.Parallel()
	h := newHouse(t, bySuccess, func(c *fixture.Config) { c.Limits.Rates = rates{"client": "1000/s"} })
	for range 30 {
		form := h.press(h.inicisForm(), "pay")
		form.Set("authToken", "made-up")
		h.postReturn(form)
	}
	if rate, n := h.g.rates.At(h.g.now()).SuccessRate("inicis", "card"); n != 0 {
		t.Errorf("made-up tokens count as %d payments at a rate of %v", n, rate)
	}
	if !h.g.health.at(h.g.now()).Healthy("inicis") {
		t.Error("made-up tokens made the PG unwell")
	}
}
