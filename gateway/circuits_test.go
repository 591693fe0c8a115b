package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// clockedCircuits are circuits with a clock of the test's own.
type clockedCircuits struct {
	*circuits

	clock time.Time
	most  int
	kept  []string
}

func newClockedCircuits() *clockedCircuits {
	h := &clockedCircuits{clock: time.Date(2026, 12, 1, 12, 0, 0, 0, payment.KST()), most: 100}
	h.circuits = newCircuits(
		func() time.Time { return h.clock }, func() int { return h.most },
		func(pg payment.PGID, class circuitClass, why string) {
			h.kept = append(h.kept, string(pg)+" "+string(class)+" "+why)
		},
	)
	return h
}

// saw is a request to Inicis that was let out and came to something; it tells whether it was let out.
func (h *clockedCircuits) saw(operation payment.Operation, outcome payment.CallOutcome) bool {
	came, err := h.exit("inicis", operation)
	if err == nil {
		came(outcome)
	}
	return err == nil
}

func (h *clockedCircuits) healthy() bool { return h.at(h.clock).Healthy("inicis") }

func TestWhatMakesAPGUnwell(t *testing.T) {
	t.Parallel()
	type seen struct {
		operation payment.Operation
		outcome   payment.CallOutcome
	}
	times := func(n int, s ...seen) (list []seen) {
		for range n {
			list = append(list, s...)
		}
		return list
	}
	lost, read := seen{payment.OperationApprove, payment.CallUnknown}, seen{payment.OperationLookUp, payment.CallOK}
	approved := seen{payment.OperationApprove, payment.CallOK}
	declined := seen{payment.OperationApprove, payment.CallDeclined}
	for _, tt := range []struct {
		name  string
		saw   []seen
		well  bool
		class circuitClass
		state string
	}{
		{"nothing yet", nil, true, classApprove, circuitClosed},
		{"two lost answers", times(2, lost), true, classApprove, circuitClosed},
		{"three lost answers", times(3, lost), false, classApprove, circuitClosed},
		{"five lost answers", times(5, lost), false, classApprove, circuitOpen},
		{"look-ups are answered all the while", times(3, lost, read), false, classApprove, circuitClosed},
		{"five are lost between look-ups", times(5, lost, read), false, classApprove, circuitOpen},
		{"an approval came through", append(times(4, lost), approved, lost), true, classApprove, circuitClosed},
		{"a card was declined: it is alive", append(times(4, lost), declined, lost), true, classApprove, circuitClosed},
		{"all are declined", times(50, declined), true, classApprove, circuitClosed},
		{
			"it refuses made-up tokens", times(50, seen{payment.OperationApprove, payment.CallRejected}, declined), true,
			classApprove, circuitClosed,
		},
		{
			"approvals that were given up by us", times(50, seen{payment.OperationApprove, payment.CallGivenUp}), true,
			classApprove, circuitClosed,
		},
		{
			"given up by us makes up for nothing",
			append(times(4, lost), seen{payment.OperationApprove, payment.CallGivenUp}, lost), false, classApprove, circuitOpen,
		},
		{
			"no window opens", times(5, seen{payment.OperationPrepare, payment.CallUnreachable}), false,
			classPrepare, circuitOpen,
		},
		{
			"answers that are no answers", times(5, seen{payment.OperationPrepare, payment.CallBadResponse}), false,
			classPrepare, circuitOpen,
		},
		{
			"cancels and net cancels are lost",
			append(times(4, seen{payment.OperationCancel, payment.CallTimeout}), seen{payment.OperationNetCancel, payment.CallTimeout}),
			false, classCancel, circuitOpen,
		},
		{
			"look-ups that decide nothing", times(50, seen{payment.OperationLookUp, payment.CallUnknown}), true,
			classLookUp, circuitClosed,
		},
		{
			"look-ups that nobody answers", times(5, seen{payment.OperationLookUp, payment.CallTimeout}), false,
			classLookUp, circuitOpen,
		},
	} {
		h := newClockedCircuits()
		for n, s := range tt.saw {
			if !h.saw(s.operation, s.outcome) {
				t.Errorf("%s: request %d was kept back", tt.name, n)
			}
		}
		h.clock = h.clock.Add(time.Second)
		if got := h.healthy(); got != tt.well {
			t.Errorf("%s: well is %t", tt.name, got)
		}
		if !h.at(h.clock).Healthy("portone") {
			t.Errorf("%s: another PG is unwell", tt.name)
		}
		for _, class := range circuitClasses() {
			want := circuitClosed
			if class == tt.class {
				want = tt.state
			}
			if got := h.state("inicis", class); got != want {
				t.Errorf("%s: %s is %s, want %s", tt.name, class, got, want)
			}
		}
	}
}

// TestThreeLossesAreForgivenInHalfAMinute: before its circuit opens a PG goes last for a while only.
func TestThreeLossesAreForgivenInHalfAMinute(t *testing.T) {
	t.Parallel()
	h := newClockedCircuits()
	for range unwellAfter {
		h.saw(payment.OperationApprove, payment.CallTimeout)
	}
	h.clock = h.clock.Add(unwellFor - time.Second)
	if h.healthy() {
		t.Error("well again too soon")
	}
	h.clock = h.clock.Add(time.Second)
	if !h.healthy() {
		t.Error("not well again")
	}
	if !h.saw(payment.OperationApprove, payment.CallTimeout) || h.healthy() {
		t.Error("the next loss does not make it unwell")
	}
}

// TestADeadPGIsTriedLessAndLess: nothing is sent while a circuit is open, then a trickle; the next loss opens it at once,
// for longer.
func TestADeadPGIsTriedLessAndLess(t *testing.T) {
	t.Parallel()
	h := newClockedCircuits()
	for range openAfter {
		h.saw(payment.OperationApprove, payment.CallUnknown)
	}
	for _, spell := range []time.Duration{
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute,
	} {
		h.clock = h.clock.Add(spell - time.Second)
		if h.healthy() || h.saw(payment.OperationApprove, payment.CallOK) {
			t.Errorf("in use again before %v", spell)
		}
		h.clock = h.clock.Add(time.Second)
		if !h.healthy() || !h.saw(payment.OperationApprove, payment.CallUnknown) {
			t.Errorf("not tried again after %v", spell)
		}
	}
	h.clock = h.clock.Add(openMost)
	for n := range trials {
		if !h.saw(payment.OperationApprove, payment.CallOK) {
			t.Fatalf("trial %d was kept back", n)
		}
	}
	if got := h.state("inicis", classApprove); got != circuitClosed {
		t.Errorf("after %d answers it is %s", trials, got)
	}
	if h.saw(payment.OperationApprove, payment.CallUnknown); !h.healthy() {
		t.Error("one loss after it was well again makes it unwell")
	}
}

// TestAPGIsTriedByATrickle: while nobody knows whether it is back, no more than a few are sent, and routing leaves it for
// all but one buyer in a while.
func TestAPGIsTriedByATrickle(t *testing.T) {
	t.Parallel()
	h := newClockedCircuits()
	for range openAfter {
		h.saw(payment.OperationApprove, payment.CallTimeout)
	}
	h.clock = h.clock.Add(openFor)
	buyers := 0
	for range 60 {
		if h.healthy() {
			buyers++
		}
		h.clock = h.clock.Add(time.Second)
	}
	if want := int(time.Minute / trialEvery); buyers != want {
		t.Errorf("%d buyers were sent to it in a minute, want %d", buyers, want)
	}
	var out []func(payment.CallOutcome)
	for range 20 {
		if came, err := h.exit("inicis", payment.OperationApprove); err == nil {
			out = append(out, came)
		} else if !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("%v would be taken for lost", err)
		}
	}
	if len(out) != trials {
		t.Fatalf("%d were sent, want %d", len(out), trials)
	}
	if want := "inicis approve half_open"; h.kept[0] != want {
		t.Errorf("kept back as %q, want %q", h.kept[0], want)
	}
	out[0](payment.CallGivenUp)
	if came, err := h.exit("inicis", payment.OperationApprove); err != nil {
		t.Error("one that was given up by us took the place of a trial")
	} else {
		came(payment.CallDeclined)
	}
	out[1](payment.CallOK)
	if out[2](payment.CallOK); h.state("inicis", classApprove) != circuitClosed {
		t.Error("it was answered three times and is not closed")
	}
}

// TestWhatIsOwedIsAlwaysSent: a breaker may delay a new payment. It must not keep money that moved from being found and
// given back.
func TestWhatIsOwedIsAlwaysSent(t *testing.T) {
	t.Parallel()
	owed := []payment.Operation{
		payment.OperationLookUp, payment.OperationNetCancel, payment.OperationCancel, payment.OperationCloseAccount,
	}
	for name, bring := range map[string]func(*clockedCircuits, payment.Operation){
		"open": func(h *clockedCircuits, o payment.Operation) {
			for range openAfter {
				h.saw(o, payment.CallTimeout)
			}
		},
		"half open, and tried by others": func(h *clockedCircuits, o payment.Operation) {
			for range openAfter {
				h.saw(o, payment.CallTimeout)
			}
			h.clock = h.clock.Add(openMost)
			for range trials {
				if _, err := h.exit("inicis", o); err != nil {
					t.Error(err)
				}
			}
		},
		"full": func(h *clockedCircuits, o payment.Operation) {
			for range h.most {
				if _, err := h.exit("inicis", o); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		for _, o := range owed {
			h := newClockedCircuits()
			bring(h, o)
			for range 10 {
				if !h.saw(o, payment.CallTimeout) {
					t.Errorf("%s: %s was kept back", name, o)
				}
			}
			if len(h.kept) > 0 {
				t.Errorf("%s: %s: %v", name, o, h.kept)
			}
		}
		for _, o := range []payment.Operation{payment.OperationApprove, payment.OperationPrepare} {
			h := newClockedCircuits()
			bring(h, o)
			if h.saw(o, payment.CallOK) {
				t.Errorf("%s: %s was sent: the test proves nothing", name, o)
			}
		}
	}
}

// TestOneKindOfRequestsLeavesOthersTheirRoom: a bulkhead is one PG's, for one kind.
func TestOneKindOfRequestsLeavesOthersTheirRoom(t *testing.T) {
	t.Parallel()
	h := newClockedCircuits()
	h.most = 3
	var out []func(payment.CallOutcome)
	for range 3 {
		came, err := h.exit("inicis", payment.OperationPrepare)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, came)
	}
	if h.saw(payment.OperationPrepare, payment.CallOK) || h.kept[0] != "inicis prepare full" {
		t.Errorf("a fourth was sent: %v", h.kept)
	}
	if !h.saw(payment.OperationApprove, payment.CallOK) {
		t.Error("another kind was kept back")
	}
	if came, err := h.exit("portone", payment.OperationPrepare); err != nil {
		t.Error("another PG's was kept back")
	} else {
		came(payment.CallOK)
	}
	if !h.healthy() {
		t.Error("a PG that is busy is no worse")
	}
	out[0](payment.CallOK)
	if !h.saw(payment.OperationPrepare, payment.CallOK) {
		t.Error("room that was given back is not taken")
	}
}

// TestADeadPGIsLeftForOthers: in five minutes without approvals 83 of 83 orders went to the dead PG. The metric shows it.
func TestADeadPGIsLeftForOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	if a := h.postCheckout(h.checkout("card")); a.json["pg"] != "inicis" {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	for range openAfter {
		h.exit(payment.OperationApprove, payment.CallUnknown)
		h.exit(payment.OperationLookUp, payment.CallOK)
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
	for _, line := range []string{
		`pg_gateway_circuit_state{operation="approve",pg="inicis",state="open"} 1`,
		`pg_gateway_circuit_state{operation="approve",pg="inicis",state="closed"} 0`,
		`pg_gateway_circuit_state{operation="look_up",pg="inicis",state="closed"} 1`,
	} {
		if !h.counted(line) {
			t.Errorf("no %s", line)
		}
	}
}

// TestAWindowThatIsKeptBackOpensElsewhere: a slow PG has its share of requests under way, and the next buyer is not made to
// wait for it.
func TestAWindowThatIsKeptBackOpensElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) { c.Limits.InFlight = map[string]int{"per_pg": 1} })
	if a := h.postCheckout(h.checkout("kakaopay")); a.json["pg"] != "portone" {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	came, err := h.g.circuits.exit("portone", payment.OperationPrepare)
	if err != nil {
		t.Fatal(err)
	}
	if a := h.postCheckout(h.checkout("kakaopay")); a.status != http.StatusOK || a.json["pg"] != "inicis" {
		t.Errorf("while one is under way: %d %s", a.status, a.body)
	}
	if line := `pg_gateway_pg_requests_kept_back_total{operation="prepare",pg="portone",reason="full"} 1`; !h.counted(line) {
		t.Errorf("no %s", line)
	}
	if _, n := h.g.rates.At(h.g.now()).SuccessRate("portone", "kakaopay"); n != 0 {
		t.Errorf("what was kept back counts as %d payments", n)
	}
	came(payment.CallOK)
	if a := h.postCheckout(h.checkout("kakaopay")); a.status != http.StatusOK || a.json["pg"] != "portone" {
		t.Errorf("after: %d %s", a.status, a.body)
	}
}

// exit is a request to Inicis that came to something.
func (h *house) exit(operation payment.Operation, outcome payment.CallOutcome) {
	h.t.Helper()
	came, err := h.g.circuits.exit("inicis", operation)
	if err != nil {
		h.t.Fatal(err)
	}
	came(outcome)
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
	if !h.g.circuits.at(h.g.now()).Healthy("inicis") {
		t.Error("made-up tokens made the PG unwell")
	}
}
