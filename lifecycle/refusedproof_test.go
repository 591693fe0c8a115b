package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// A token that a stranger made up, or that was used for another payment, is refused by the PG. Where that shows no payment
// of ours nothing was charged, and it must neither hold the order nor count as lost. Whatever it shows, nothing is net
// cancelled with the token: that would undo the other payment, whose shop has been told that it is paid.
func TestNothingIsUndoneWithAProofThatThePGRefused(t *testing.T) {
	t.Parallel()
	says := func(o payment.Outcome) func(int, adapters.LookUpRequest) (adapters.Result, error) {
		r := approvedAs("A1", 50000)
		r.Outcome = o
		if o == payment.OutcomeNotFound {
			r = adapters.Result{Outcome: o, OrderRef: "A1"}
		}
		return func(int, adapters.LookUpRequest) (adapters.Result, error) { return r, nil }
	}
	for _, tt := range []struct {
		name         string
		lookUpResult func(int, adapters.LookUpRequest) (adapters.Result, error)
		want, later  payment.State
		reason       payment.Reason
		messages     string
	}{
		{"it shows nothing", says(payment.OutcomeNotFound), payment.StateDeclined, payment.StateDeclined, "rejected_by_pg", "payment.failed"},
		{"it shows a decline", says(payment.OutcomeDeclined), payment.StateDeclined, payment.StateDeclined, "rejected_by_pg", "payment.failed"},
		{"it cannot be asked", nil, payment.StateCancelling, payment.StateCancelling, "approval_answer_lost", ""},
		{"it does not know", says(payment.OutcomeUnknown), payment.StateCancelling, payment.StateCancelling, "approval_answer_lost", ""},
		{"it shows a payment of ours", says(payment.OutcomeApproved), payment.StateCancelled, payment.StateCancelled, "approval_answer_lost", "payment.failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &netCanceller{fakePG: fakePG{lookUp: tt.lookUpResult, approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
				return adapters.Result{Outcome: payment.OutcomeNotFound, Code: "R201"}, nil
			}}}
			h := open(t, pg)
			if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); a.State != tt.want || a.Reason != tt.reason {
				t.Errorf("%s (%s), want %s (%s)", a.State, a.Reason, tt.want, tt.reason)
			}
			// The sweep comes while a net cancel would still be taken.
			h.pass(2 * time.Minute)
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			if a := h.state("A1"); a.State != tt.later {
				t.Errorf("the sweep made %s of it, want %s", a.State, tt.later)
			}
			if n := pg.calls["net_cancel"]; n != 0 {
				t.Errorf("net cancelled %d times by another payment's proof: %s", n, join(pg.sequence))
			}
			if got := strings.Join(h.messages(), " "); got != tt.messages {
				t.Errorf("told the shop %q, want %q", got, tt.messages)
			}
		})
	}
}
