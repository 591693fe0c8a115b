package lifecycle

import (
	"context"
	"log/slog"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// refusedProof deals with an approval whose proof the PG does not know, as of one that a stranger made up, or says
// was used before. Then it was for another payment, which an undo with it would take the money from: it is never used
// again. What the PG shows under our own id is what there is, and where it shows nothing, nothing was charged.
func (s *Machine) refusedProof(ctx context.Context, w *work) (Result, error) {
	w.proof, w.spent = adapters.Proof{}, true //guard:refused-proof-undoes-nothing
	r, err := s.lookUp(ctx, w)
	switch {
	case err == nil && (r.Outcome == payment.OutcomeNotFound || r.Outcome == payment.OutcomeDeclined):
		s.o.Log.WarnContext(ctx, "the PG knows no such authentication, and no such payment", w.a.LogAttr())
		return s.finish(ctx, w, payment.StateDeclined, payment.ReasonRejected)
	case err == nil && (r.Outcome == payment.OutcomeApproved || r.Outcome == payment.OutcomeIssued):
		w.a.PGTxID = r.PGTxID
	}
	s.o.Log.WarnContext(
		ctx, "the PG refused an authentication", w.a.LogAttr(), slog.Any("shows", r.Outcome), slog.Any("err", err),
	)
	if netCancels(w) {
		return s.undo(ctx, w, payment.ReasonLost)
	}
	return s.park(ctx, w, payment.ReasonLost)
}
