package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// watchFor is how long an opened PortOne attempt is looked at after its window expired: a page that was left
// open can still be paid, and V1 sends no word of failures (portone.md §6.3).
const watchFor = 24 * time.Hour

// firstGlance is the shortest time between two look-ups at a window that nobody has paid in.
const firstGlance = time.Minute

// read concludes an attempt whose money moves without passing us, by asking the PG (design flow D).
func (s *Machine) read(ctx context.Context, w *work) (Result, error) {
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return s.later(ctx, w, lookUpFailed)
	}
	switch r.Outcome {
	case payment.OutcomeApproved:
		return s.capture(context.WithoutCancel(ctx), w, r)
	case payment.OutcomeIssued:
		return s.accountFound(context.WithoutCancel(ctx), w, r)
	case payment.OutcomeCancelled:
		w.a.PGTxID = r.PGTxID
		return s.finish(ctx, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	case payment.OutcomeDeclined:
		w.declined, w.buyer, w.why = true, r.BuyerCancelled, declined(r)
		return s.unpaid(ctx, w, payment.StateDeclined, w.why)
	case payment.OutcomePending, payment.OutcomeNotFound:
		return s.unpaid(ctx, w, payment.StateExpired, payment.ReasonNeverPaid)
	case payment.OutcomeUnknown:
	}
	return s.later(ctx, w, lookUpUnclear)
}

// unpaid ends an attempt as to once nobody can pay it any more, and looks again later until then. A decline
// is not the end either: the page may still offer the buyer another try.
func (s *Machine) unpaid(ctx context.Context, w *work, to payment.State, reason payment.Reason) (Result, error) {
	// Nobody has a page to try a scheduled charge again.
	if s.o.Now().After(w.a.ExpiresAt.Add(watchFor)) || isCharge(w.a) && to == payment.StateDeclined {
		return s.finish(ctx, w, to, reason)
	}
	return s.laterAt(ctx, w, s.nextGlance(w.a), lookUpResult(reason))
}

// nextGlance is when a window that nobody has paid in is looked up again: when it is twice as old, so that money
// whose notification was lost is found before it has waited as long again, and a window that was abandoned costs a
// dozen look-ups in its day. The last one is when nobody can pay in it any more.
func (s *Machine) nextGlance(a payment.Attempt) time.Time {
	now, began := s.o.Now(), a.CreatedAt
	fires := a.ExpiresAt.Add(-ScheduleGrace)
	if isCharge(a) && !now.Before(fires) {
		began = fires // it was made long before its time
	}
	next := now.Add(s.o.Spread(string(a.ID), a.Checks, max(now.Sub(began), firstGlance)))
	// One that was perhaps moved is looked at before its time as well.
	if soon := fires.Add(firstGlance); isCharge(a) && now.Before(fires) && soon.Before(next) {
		return soon
	}
	if end := a.ExpiresAt.Add(watchFor + time.Second); end.After(now) && end.Before(next) {
		return end
	}
	return next
}

func (s *Machine) later(ctx context.Context, w *work, why lookUpResult) (Result, error) {
	return s.laterAt(ctx, w, s.o.Now().Add(s.backoff(w.a.ID, w.a.Checks+1)), why)
}

// laterAt records a look-up that decided nothing, and when the next one is.
func (s *Machine) laterAt(ctx context.Context, w *work, next time.Time, why lookUpResult) (Result, error) {
	if w.quiet { //guard:unsigned-notification-writes-nothing
		return w.result(), nil
	}
	err := s.touch(
		ctx, w, next, journal.Event{At: s.o.Now(), Kind: journal.EventLookedUp, Detail: string(why), Fold: true},
	)
	// When somebody else is at it, theirs is the next check.
	if err != nil && !errors.Is(err, journal.ErrConflict) {
		s.o.Log.ErrorContext(ctx, "the next check was not written", w.a.LogAttr(), slog.Any("err", err))
	}
	return w.result(), nil
}

// touch records a look-up as whoever holds the attempt.
func (s *Machine) touch(ctx context.Context, w *work, next time.Time, ev journal.Event) error {
	return s.o.Journal.Touch(ctx, journal.LookUp{
		ID: w.a.ID, State: w.a.State, Checks: w.a.Checks, Lease: w.lease, NotOwned: w.notOwned, NextCheck: next, Event: ev,
	})
}

// capture takes in an attempt that the PG has charged: it claims the order, or gives the money back when the
// figures are wrong or the order has a winner.
func (s *Machine) capture(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID, w.seen = r.PGTxID, r
	switch wrong, whole := s.compare(ctx, w, r); {
	case wrong != "": //guard:captured-is-compared
		return s.undo(ctx, w, wrong)
	case !whole: //guard:captured-is-shown-whole
		return s.unproven(ctx, w)
	}
	sealed, err := s.sealHint(w)
	if err != nil {
		return w.result(), err
	}
	now := s.o.Now()
	err = s.o.Journal.Claim(ctx, w.a, journal.Claim{
		To: payment.StateCaptured, PGTxID: r.PGTxID, SealedProof: sealed,
		Event:     journal.Event{At: now, Kind: journal.EventCaptured},
		NextCheck: now.Add(gateBudget + slack),
	})
	var taken *journal.ClaimedError
	switch {
	case errors.As(err, &taken):
		return s.duplicate(ctx, w, taken)
	case errors.Is(err, journal.ErrConflict):
		return s.await(ctx, w.a.ID)
	case err != nil:
		// The PG has the money and the attempt stays opened in the journal: the sweep comes back for it.
		s.o.Log.ErrorContext(
			ctx, "a captured attempt was not written; the sweep takes over", w.a.LogAttr(), slog.Any("err", err),
		)
		return w.result(), journalProblem(err)
	}
	w.a.State = payment.StateCaptured
	return s.askAfter(ctx, w)
}

// duplicate gives back the second payment of an order. While the other attempt is not certain itself, nothing is
// decided yet: if that one falls through, this one may be kept. An account may wait for its deposit for days:
// nobody's money is held so long, and no second account stays open that could be paid into too.
func (s *Machine) duplicate(ctx context.Context, w *work, taken *journal.ClaimedError) (Result, error) {
	//guard:second-charge-goes-back //guard:order-has-one-account
	if taken.State == payment.StateApproved || taken.State == payment.StateIssued {
		return s.undo(ctx, w, payment.ReasonDuplicate)
	}
	return s.later(ctx, w, lookUpOrderTaken)
}

// askAfter asks the shop about money that the PG already has; no answer is a no, and the money goes back.
func (s *Machine) askAfter(ctx context.Context, w *work) (Result, error) {
	if !isCharge(w.a) { //guard:scheduled-charge-is-the-shops-own-wish
		w.answer, w.asked = s.o.Shop.Confirm(ctx, w.a), true
	} else {
		w.answer.Yes = true
	}
	if !w.answer.Yes { //guard:no-gives-captured-back
		return s.undo(ctx, w, w.answer.Reason)
	}
	if !s.readKey(ctx, w) {
		return s.notShown(ctx, w, lookUpNoKey)
	}
	return s.finish(ctx, w, payment.StateApproved, payment.ReasonApproved)
}
