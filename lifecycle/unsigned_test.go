package lifecycle_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// A notification that nobody signed writes nothing that the PG does not show, whatever state its attempt is in.
func TestAnUnsignedNotificationWritesNothingByItself(t *testing.T) {
	t.Parallel()
	for name, to := range map[string][]payment.State{
		"opened": nil, "approving": {payment.StateClaimed, payment.StateApproving}, "unknown": {payment.StateClaimed, payment.StateApproving, payment.StateUnknown},
		"ended": {payment.StateRefused},
	} {
		for _, r := range []adapters.Result{
			{Outcome: payment.OutcomeNotFound},
			{Outcome: payment.OutcomePending, OrderRef: "A1"},
			{Outcome: payment.OutcomeUnknown, OrderRef: "A1"},
			{Outcome: payment.OutcomeDeclined, OrderRef: "A1", PGTxID: "imp_9"},
		} {
			h := atV1(t, &fakePG{lookUp: says(r, nil)})
			h.moves(to...)
			before := h.history("A1")
			for _, tx := range []string{"imp_1", "imp_2", "imp_3"} {
				// What does not show is to be said again; nothing else is asked of the answer here.
				_, _ = h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: tx, Unsigned: true})
			}
			if got := h.history("A1"); got != before || h.unmatched() != "" {
				t.Errorf("%s, %s shows: %d events became %d, unmatched payments %q", name, r.Outcome, before, got, h.unmatched())
			}
		}
	}
}

// A deposit's notice about an account that is paid already writes nothing either before the PG was asked: an invented
// second deposit is no case.
func TestAnUnsignedDepositIsAskedAbout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		r         adapters.Result
		err       error
		unmatched string
	}{
		"the PG shows the account as paid": {depositedAs("A1", 50000), nil, "D9 flagged"},
		"the PG shows nothing paid":        {issuedAs("A1", 50000), nil, ""},
		"the PG cannot be asked":           {adapters.Result{}, adapters.ErrUnavailable, ""},
	} {
		pg := &bank{}
		h := open(t, pg)
		h.issue(pg, "A1")
		pg.lookUp = says(depositedAs("A1", 50000), nil)
		if _, err := h.deposit("D1", 50000); err != nil {
			t.Fatal(err)
		}
		before := h.history("A1")
		pg.lookUp = says(tt.r, tt.err)
		_, err := h.deposit("D9", 49000)
		if got := h.unmatched(); got != tt.unmatched || (err == nil) != (tt.unmatched != "") || tt.unmatched == "" && h.history("A1") != before {
			t.Errorf("%s: %q is on record after %d more events, %v", name, got, h.history("A1")-before, err)
		}
	}
}

// history counts the events of an attempt.
func (h *house) history(id payment.AttemptID) int {
	h.t.Helper()
	events, err := h.journal.Events(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(events)
}
