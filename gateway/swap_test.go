package gateway

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// A buyer swaps the auth tokens of two windows of his own. Neither order is paid by the other's payment, and neither
// attempt stays open: what is undone is what was approved with the token that was sent.
func TestSwappedAuthTokensEnd(t *testing.T) {
	t.Parallel()
	for name, faulty := range map[string]bool{"the net cancel is answered": false, "the net cancel's answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil)
			one, two := h.inicisReturn("pay"), h.inicisReturn("pay")
			one["authToken"], two["authToken"] = two["authToken"], one["authToken"]
			if faulty {
				if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: "net_cancel", Kind: sandbox.FaultDropAfterCommit, Times: 2}); err != nil {
					t.Fatal(err)
				}
			}
			for _, form := range []map[string][]string{one, two} {
				if a := h.postReturn(form); a.status != http.StatusSeeOther {
					t.Errorf("the return answered %d %s", a.status, a.body)
				}
			}
			for _, id := range []string{one.Get("orderNumber"), two.Get("orderNumber")} {
				if faulty {
					if _, err := h.g.machine.ResumeLeased(t.Context(), payment.AttemptID(id), time.Time{}); err != nil {
						t.Fatal(err)
					}
				}
				if a := h.state(payment.AttemptID(id)); a.State != payment.StateCancelled || a.Reason != payment.ReasonMismatch+"order_ref" {
					t.Errorf("%s is %s (%s)", id, a.State, a.Reason)
				}
			}
			h.balanced(false)
		})
	}
}

// On phones a return names no order, so that the tokens are swapped by P_TID alone, and a net cancel states the order that
// was paid. Whether or not the approvals' answers come, what was charged goes back.
func TestSwappedTransactionsOfPhonesEnd(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"the approvals are answered": false, "their answers are lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil)
			first, one := h.phoneReturn("card", "pay")
			second, two := h.phoneReturn("card", "pay")
			one["P_TID"], two["P_TID"] = two["P_TID"], one["P_TID"]
			if lost {
				if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: "approve", Kind: sandbox.FaultDropAfterCommit, Times: 2}); err != nil {
					t.Fatal(err)
				}
			}
			for _, form := range []url.Values{one, two} {
				if a := h.postPhone(form); a.status != http.StatusSeeOther {
					t.Errorf("the return answered %d %s", a.status, a.body)
				}
			}
			for _, id := range []string{first.Get("P_OID"), second.Get("P_OID")} {
				if lost { // it is found by its own number
					if _, err := h.g.machine.ResumeLeased(t.Context(), payment.AttemptID(id), time.Time{}); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, id := range []string{first.Get("P_OID"), second.Get("P_OID")} {
				if a := h.state(payment.AttemptID(id)); a.State != payment.StateCancelled {
					t.Errorf("%s is %s (%s)", id, a.State, a.Reason)
				}
			}
			if l := h.sandbox.Ledger(); l.Captured == 0 || l.Captured != l.Cancelled {
				t.Errorf("%d won were charged and %d given back", l.Captured, l.Cancelled)
			}
			h.balanced(false)
		})
	}
}
