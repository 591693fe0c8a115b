package gateway

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// showing is a driver whose PG shows payments otherwise than it took them.
type showing struct {
	adapters.Driver
	as func(adapters.Result) adapters.Result
}

func (d showing) LookUp(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	r, err := d.Driver.LookUp(ctx, req)
	if err == nil {
		r = d.as(r)
	}
	return r, err
}

func shownAs(o payment.Outcome) func(adapters.Result) adapters.Result {
	return func(r adapters.Result) adapters.Result {
		r.Outcome = o
		return r
	}
}

// inPlace is another transaction under the same id.
func inPlace(o payment.Outcome) func(adapters.Result) adapters.Result {
	return func(r adapters.Result) adapters.Result {
		r.Outcome, r.PGTxID = o, "tx-another"
		return r
	}
}

// TestANotificationThatContradictsAnApprovedPayment: whatever V2 tells of a payment that the shop has as paid, V2 is asked, and
// what it does not show as paid, or shows otherwise, comes before a person. What it does not show at all it must say again.
func TestANotificationThatContradictsAnApprovedPayment(t *testing.T) {
	t.Parallel()
	const newer, older = `{"type":"Transaction.%s","data":{"paymentId":"%s","transactionId":"%s"}}`, `{"status":"%s","payment_id":"%s","tx_id":"%s"}`
	shows := []struct {
		name   string
		as     func(adapters.Result) adapters.Result
		status int
		cases  int
	}{
		{"as paid", shownAs(payment.OutcomeApproved), http.StatusOK, 0},
		{"as ready", shownAs(payment.OutcomePending), http.StatusOK, 1},
		{"as failed", shownAs(payment.OutcomeDeclined), http.StatusOK, 1},
		{"as an account", shownAs(payment.OutcomeIssued), http.StatusOK, 1},
		{"of another amount", func(r adapters.Result) adapters.Result { r.Amount--; return r }, http.StatusOK, 1},
		{"another one, ready, in its place", inPlace(payment.OutcomePending), http.StatusOK, 1},
		{"another one, failed, in its place", inPlace(payment.OutcomeDeclined), http.StatusOK, 1},
		{"another one, paid, in its place", inPlace(payment.OutcomeApproved), http.StatusOK, 1},
		{"not at all", func(adapters.Result) adapters.Result { return adapters.Result{Outcome: payment.OutcomeNotFound} }, http.StatusServiceUnavailable, 0},
		{"in words that nobody knows", shownAs(payment.OutcomeUnknown), http.StatusOK, 1},
	}
	for _, word := range []string{"Ready", "VirtualAccountIssued", "Failed", "Paid", "PayPending", "SomethingNew"} {
		for form, text := range map[string]string{"newer": newer, "older": older} {
			t.Run(word+" "+form, func(t *testing.T) {
				t.Parallel()
				for _, tt := range shows {
					h := newHookHouse(t, nil, autoV2)
					o := h.window("v2")
					h.click(o, "pay")
					if status := h.complete(o); status != "approved" {
						t.Fatalf("the payment came to %s", status)
					}
					h.sandbox.WaitNotices()
					h.g.drivers[portonev2.Name] = showing{h.g.drivers[portonev2.Name], tt.as}
					a := h.state(o.attempt)
					body := fmt.Sprintf(text, word, o.attempt, a.PGTxID)
					status, said := h.sendHook(pathHooksV2+"portone", "application/json", signHook("wh_contradicts", body, time.Now()), body)
					rows, err := h.journal.UnmatchedOf(t.Context(), o.attempt)
					if err != nil {
						t.Fatal(err)
					}
					if status != tt.status || len(rows) != tt.cases {
						t.Errorf("shown %s: %d %s, and %d cases: %+v", tt.name, status, said, len(rows), rows)
					}
					for _, row := range rows {
						if row.State != journal.UnmatchedFlagged || row.Won != a.Amount {
							t.Errorf("shown %s: the case is %+v", tt.name, row)
						}
					}
					if a := h.state(o.attempt); a.State != payment.StateApproved {
						t.Errorf("shown %s: the attempt is %s", tt.name, a.State)
					}
				}
			})
		}
	}
}
