package gateway

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

// callOutcomes are all outcomes of a request to a PG.
func callOutcomes() []payment.CallOutcome {
	return []payment.CallOutcome{
		payment.CallOK, payment.CallDeclined, payment.CallRejected, payment.CallUnreachable, payment.CallTimeout, payment.CallBadResponse,
		payment.CallUnknown,
	}
}

// TestTheAlertOnPGsNamesWhatHappens: each outcome that is no answer is in it, and nothing that cannot happen.
func TestTheAlertOnPGsNamesWhatHappens(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../k8s/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`pg_gateway_upstream_requests_total\{outcome=~"([^"]*)"\}`).FindSubmatch(text)
	if found == nil {
		t.Fatal("no alert on requests to PGs")
	}
	named := strings.Split(string(found[1]), "|")
	for _, o := range callOutcomes() {
		if slices.Contains(named, string(o)) == o.Answered() {
			t.Errorf("outcome %s: in the alert %v, answered %v", o, !o.Answered(), o.Answered())
		}
	}
	for _, w := range named {
		if !slices.Contains(callOutcomes(), payment.CallOutcome(w)) {
			t.Errorf("the alert waits for %s, which never happens", w)
		}
	}
}

// TestTheSeriesOfPGsAreThereFromTheStart, by the words that are counted later.
func TestTheSeriesOfPGsAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	families, err := h.g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen, operations := map[payment.CallOutcome]bool{}, map[payment.Operation]bool{}
	for _, f := range families {
		if f.GetName() != "pg_gateway_upstream_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "outcome" {
					seen[payment.CallOutcome(l.GetValue())] = true
				}
				if l.GetName() == "operation" {
					operations[payment.Operation(l.GetValue())] = true
				}
			}
		}
	}
	for o := range seen {
		if !slices.Contains(callOutcomes(), o) {
			t.Errorf("a series for %s, which never happens", o)
		}
	}
	for _, o := range callOutcomes() {
		if !o.Answered() && !seen[o] {
			t.Errorf("no series for %s before it happens", o)
		}
	}
	for _, o := range []payment.Operation{
		payment.OperationPrepare, payment.OperationApprove, payment.OperationCharge, payment.OperationIssueKey,
		payment.OperationNetCancel, payment.OperationCancel, payment.OperationLookUp,
	} {
		if !operations[o] {
			t.Errorf("no series of %s before the first", o)
		}
		delete(operations, o)
	}
	if len(operations) > 0 {
		t.Errorf("series of %v, which are nothing", operations)
	}
}
