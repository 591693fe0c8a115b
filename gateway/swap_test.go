package gateway

import (
	"net/http"
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
