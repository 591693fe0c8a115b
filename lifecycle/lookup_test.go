package lifecycle_test

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Whatever the PG shows of a payment between looks at which it is absent, the absence is counted anew. A look that
// failed shows nothing.
func TestAbsenceIsCountedSinceThePaymentWasLastSeen(t *testing.T) {
	t.Parallel()
	approved := approvedAs("A1", 50000)
	deposited := approved
	deposited.Method = payment.MethodVBank
	odd := approved
	odd.Outcome = payment.OutcomeUnknown
	for _, tt := range []struct {
		name    string
		state   payment.State
		between adapters.Result
		err     error
		want    payment.State
	}{
		{"charged, and its cancel was lost", payment.StateCancelling, approved, nil, payment.StateCancelling},
		{"charged into an account that no one can refund", payment.StateCancelling, deposited, nil, payment.StateCancelling},
		{"of an outcome that says nothing certain", payment.StateUnknown, odd, nil, payment.StateUnknown},
		{"no answer", payment.StateCancelling, adapters.Result{}, adapters.ErrUnavailable, payment.StateCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &fakePG{lookUp: func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
				if n == 5 {
					return tt.between, tt.err
				}
				return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
			}}
			pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
				return adapters.Result{}, adapters.ErrUnknownOutcome
			}
			h := open(t, pg)
			reason := payment.ReasonLost
			if tt.state == payment.StateCancelling {
				reason = payment.ReasonDuplicate
			}
			h.method = tt.between.Method
			h.leave(tt.state, reason)
			h.pass(48 * time.Hour)
			for range 7 {
				if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
					t.Fatal(err)
				}
				h.pass(2 * time.Hour)
			}
			if got := h.state("A1").State; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
