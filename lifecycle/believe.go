package lifecycle

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// A PG that says yes and does not show it yet is asked again after firstAgain, twice as long after that, and no more
// once a pause would be longer than lastAgain: the buyer waits.
const (
	firstAgain = 300 * time.Millisecond
	lastAgain  = time.Second
)

// believe takes up a PG's yes to an approval. A yes that differs from what was decided is undone at once; one that
// does not tell all that is compared proves nothing, and the payment is looked up before anything is believed
// (design promise 2).
func (s *Machine) believe(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID, w.seen = cmp.Or(r.PGTxID, w.a.PGTxID), r
	if r.Warning != "" {
		s.o.Log.WarnContext(ctx, "the PG's answer is odd", w.a.LogAttr(), slog.Any("warning", r.Warning))
	}
	if wrong, whole := s.compare(ctx, w, r); wrong == "" && !whole { //guard:little-told-is-looked-up
		shown, ok := s.lookWhole(ctx, w)
		if !ok {
			return s.unproven(ctx, w)
		}
		r = shown
	}
	if r.Outcome == payment.OutcomeIssued {
		return s.issued(ctx, w, r)
	}
	return s.approved(ctx, w, r)
}

// compare holds what a PG shows against what was decided. wrong is why it must not be kept; whole tells that the
// answer says all that there is to compare.
func (s *Machine) compare(ctx context.Context, w *work, r adapters.Result) (wrong payment.Reason, whole bool) {
	if field := adapters.Mismatch(w.a, w.acc.Merchant, r); field != "" { //guard:approval-is-compared
		s.o.Log.ErrorContext(ctx, "the PG did something else than was decided", w.a.LogAttr(),
			slog.Any("outcome", r.Outcome), slog.String("field", field))
		return payment.ReasonMismatch + payment.Reason(field), true
	}
	return "", adapters.Untold(w.a, w.acc.Merchant, r) == "" //guard:little-told-is-not-believed
}

// lookWhole looks up what a PG said yes to. What it does not show at once, it may in a moment.
func (s *Machine) lookWhole(ctx context.Context, w *work) (adapters.Result, bool) {
	said := w.a.PGTxID
	for wait := firstAgain; ; wait *= 2 {
		r, err := s.lookUp(ctx, w)
		shown := err == nil && (r.Outcome == payment.OutcomeApproved || r.Outcome == payment.OutcomeIssued)
		same := said == "" || r.PGTxID == "" || r.PGTxID == said
		if shown && same {
			r.PGTxID = cmp.Or(r.PGTxID, said)
			return r, true
		}
		soon := err == nil && (r.Outcome == payment.OutcomePending || r.Outcome == payment.OutcomeNotFound)
		if !soon || wait > lastAgain || !sleep(ctx, wait) {
			return r, false
		}
	}
}

// unproven leaves what a PG says it did, and does not show whole, to be looked up again: it is neither believed nor
// failed. Where an approval can be undone, it is.
func (s *Machine) unproven(ctx context.Context, w *work) (Result, error) {
	s.o.Log.ErrorContext(ctx, "the PG does not show enough of what it did", w.a.LogAttr(),
		slog.String("missing", adapters.Untold(w.a, w.acc.Merchant, w.seen)))
	switch {
	case w.a.State == payment.StateCaptured:
		return s.notShown(ctx, w, lookUpUndecided)
	case w.a.State != payment.StateApproving:
		return s.later(ctx, w, lookUpUndecided)
	case netCancels(w):
		return s.undo(ctx, w, payment.ReasonLost)
	}
	return s.park(ctx, w, payment.ReasonLost)
}
