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

// Proof by absence: a PG that says "no such payment" this often, and that long after the attempt's expiry,
// is believed.
const notFoundChecks = 5

// ResumeLeased goes on with an attempt whose owner died, or that waits for an answer. The journal leased it to the
// caller until then; once somebody else has leased it, nothing that the caller finds out puts the next check off or
// gives money back.
func (s *Machine) ResumeLeased(ctx context.Context, id payment.AttemptID, until time.Time) (Result, error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Result{}, journalProblem(err)
	}
	if a.State.Final() {
		return Result{Attempt: a}, nil
	}
	w, err := s.take(a)
	if err != nil {
		s.putOff(ctx, a, until)
		return Result{Attempt: a}, err
	}
	if w.proof, err = s.unseal(id, sealed); err != nil {
		// Without its proof the attempt can still be looked up.
		s.o.Log.ErrorContext(ctx, "a proof cannot be opened; is token_key another one?", a.LogAttr(), slog.Any("err", err))
	}
	w.asked, w.lease = (a.State != payment.StateOpened || isCharge(a)) && !isIssue(a), until
	switch a.State {
	case payment.StateOpened:
		return s.read(ctx, w)
	case payment.StateClaimed:
		if len(sealed) == 0 {
			return s.unanswered(ctx, w)
		}
		return s.finish(ctx, w, payment.StateRefused, payment.ReasonInterrupted)
	case payment.StateApproving:
		if isKey(a) && w.proof.AuthToken.IsSet() {
			return s.keepKey(ctx, w)
		}
		if goesOnByItself(a, sealed) {
			return s.follow(ctx, w)
		}
		return s.lost(ctx, w)
	case payment.StateCaptured:
		return s.stillThere(ctx, w) //guard:dead-owners-captured-is-looked-up
	case payment.StateIssued:
		return s.awaitDeposit(ctx, w)
	case payment.StateCancelling, payment.StateUnknown:
		if a.State == payment.StateUnknown && a.Reason == payment.ReasonNotShown { //guard:shop-is-asked-again
			return s.stillThere(ctx, w)
		}
		return s.resolve(ctx, w)
	case payment.StateApproved, payment.StateDeclined, payment.StateRefused, payment.StateCancelled, payment.StateExpired:
	}
	return w.result(), nil
}

// putOff looks again later at an attempt whose merchant is gone from the rules: somebody may bring it back, and until
// then it must not come up at every turn. What may have moved money comes before a person after a while.
func (s *Machine) putOff(ctx context.Context, a payment.Attempt, until time.Time) {
	w := &work{a: a, lease: until}
	if reason := unwatched(a); reason != "" && s.isOutOfSight(ctx, w) {
		if _, err := s.park(ctx, w, reason); err != nil {
			s.o.Log.ErrorContext(
				ctx, "an attempt whose merchant is gone was not put before a person", a.LogAttr(), slog.Any("err", err),
			)
		}
		return
	}
	err := s.o.Journal.Touch(ctx, journal.LookUp{
		ID: a.ID, State: a.State, Checks: a.Checks, Lease: until, NextCheck: s.o.Now().Add(s.backoff(a.ID, a.Checks+1)),
		Event: journal.Event{At: s.o.Now(), Kind: journal.EventLookedUp, Detail: string(lookUpNobody), Fold: true},
	})
	if err != nil && !errors.Is(err, journal.ErrConflict) {
		s.o.Log.ErrorContext(ctx, "the next check was not written", a.LogAttr(), slog.Any("err", err))
	}
}

// unwatched is why an attempt becomes unknown whose merchant stays gone from the rules; none for one that cannot have
// moved money, is before a person already, or has its key on record.
func unwatched(a payment.Attempt) payment.Reason {
	switch {
	case a.State == payment.StateCaptured:
		return payment.ReasonNotShown
	case a.State == payment.StateApproving && !isKey(a):
		return payment.ReasonLost
	}
	return ""
}

// resolve works on an attempt that is unknown or cancelling: what the PG says first, then whatever undo is still
// open to us. It never ends an attempt without proof.
func (s *Machine) resolve(ctx context.Context, w *work) (Result, error) {
	// Approved with another window's token, what was approved is that window's payment by its number, and ours to undo.
	//guard:other-windows-token-by-number
	w.exact = w.a.Reason == payment.ReasonMismatch+"order_ref" && w.a.PGTxID != "" && netCancels(w)
	r, err := s.lookUp(ctx, w)
	if err == nil && w.exact && s.isKept(ctx, r) { //guard:others-payment-is-kept
		return s.later(ctx, w, lookUpUndecided)
	}
	// A PG may know several tries under one id: the decline of another one says nothing about ours.
	other := w.a.PGTxID != "" && r.PGTxID != "" && r.PGTxID != w.a.PGTxID
	if err == nil && r.PGTxID != "" {
		w.a.PGTxID = r.PGTxID
	}
	why := lookUpUndecided
	switch {
	case err != nil:
		why = lookUpFailed
	case r.Outcome == payment.OutcomeDeclined && other:
	case r.Outcome == payment.OutcomeCancelled:
		return s.finish(ctx, w, payment.StateCancelled, w.a.Reason)
	case r.Outcome == payment.OutcomeApproved && w.a.Reason == payment.ReasonLost && !netCancels(w):
		return s.approved(ctx, w, r)
	case r.Outcome == payment.OutcomeIssued && w.a.State == payment.StateUnknown &&
		w.a.Reason == payment.ReasonLost && !netCancels(w):
		return s.issued(ctx, w, r)
	case r.Outcome == payment.OutcomeApproved && r.CancelPending > 0: //guard:pending-undo-not-again
		// It is being given back. Another cancel beside it would be one too many.
		return s.later(ctx, w, lookUpCancelPending)
	case r.Outcome == payment.OutcomeApproved && w.method() == payment.MethodVBank:
		// Money in an account that must not be kept: it goes back only to an account that the buyer names. The net cancel
		// of an account that was closed before the deposit is confirmed all the same, and would end this over the money.
		return s.later(ctx, w, lookUpAccountIsNeeded) //guard:no-net-cancel-over-account-money
	case r.Outcome == payment.OutcomeIssued && s.overdue(w.a, r):
		// Nobody can pay into it any more, whether the PG closes it or not.
		return s.nothingCharged(ctx, w, payment.ReasonNoDeposit)
	case r.Outcome == payment.OutcomeApproved || r.Outcome == payment.OutcomeIssued:
		// A net cancel was tried before; from here on the transaction itself is cancelled.
		w.proof = adapters.Proof{}
		return s.undo(ctx, w, w.a.Reason)
	case r.Outcome == payment.OutcomeDeclined && isCharge(w.a):
		return s.nothingCharged(ctx, w, declined(r)) // the shop is to know whether to try again
	case r.Outcome == payment.OutcomeDeclined:
		return s.nothingCharged(ctx, w, w.a.Reason)
	case r.Outcome == payment.OutcomeNotFound || r.Outcome == payment.OutcomePending:
		why = lookUpAbsent
		if s.graceIsOver(w, r) && s.seenAbsent(ctx, w) {
			return s.nothingCharged(ctx, w, payment.ReasonNeverPaid)
		}
	}
	if netCancels(w) && s.canNetCancel(w) {
		return s.undo(ctx, w, w.a.Reason)
	}
	return s.later(ctx, w, why)
}

// isKept tells whether the transaction that a PG shows is the one that its own attempt goes by, which must not be
// undone by another. What the journal does not tell counts as kept.
func (s *Machine) isKept(ctx context.Context, r adapters.Result) bool {
	owner, _, err := s.o.Journal.Attempt(ctx, r.OrderRef)
	if errors.Is(err, journal.ErrNotFound) {
		return false
	}
	return err != nil || owner.PGTxID == r.PGTxID && owner.State != payment.StateCancelling
}

// graceIsOver tells whether an attempt that the PG does not know, or that still waits there, cannot be charged
// any more. One that waits for a confirmation waits for ours alone (a crash came between the intent and the
// request); any other could be paid from a page that was left open, and is watched for a day.
func (s *Machine) graceIsOver(w *work, r adapters.Result) bool {
	over := w.a.ExpiresAt
	if r.Outcome == payment.OutcomePending && !w.a.ManualConfirm {
		over = over.Add(watchFor)
	}
	return s.o.Now().After(over) //guard:absence-after-grace
}

// seenAbsent tells whether the absence was seen often enough before, since the attempt came to its state and
// without a look-up that said otherwise. A look-up that failed says nothing (design promise 4).
func (s *Machine) seenAbsent(ctx context.Context, w *work) bool {
	events, err := s.o.Journal.Events(ctx, w.a.ID)
	if err != nil {
		s.o.Log.ErrorContext(ctx, "the history cannot be read; the attempt stays open", w.a.LogAttr(), slog.Any("err", err))
		return false
	}
	seen := 0
	for _, e := range events {
		switch saw := seenIn(e, journal.EventLookedUp); {
		case saw == lookUpAbsent:
			seen += e.Times
		case e.From != e.To, saw != "" && !saw.blind(): //guard:absence-since-last-seen
			seen = 0
		}
	}
	return seen >= notFoundChecks //guard:absence-seen-often
}

// nothingCharged ends an attempt of which the PG proved that no money moved.
func (s *Machine) nothingCharged(ctx context.Context, w *work, reason payment.Reason) (Result, error) {
	if w.a.State == payment.StateCancelling {
		return s.finish(ctx, w, payment.StateCancelled, reason)
	}
	return s.finish(ctx, w, payment.StateDeclined, reason)
}

// netCancels tells whether a lost approval of this attempt is undone rather than looked up. A charge has nothing that a
// net cancel could name it by, and its shop waits for what became of it.
func netCancels(w *work) bool {
	_, ok := w.driver.(adapters.NetCanceller)
	return ok && !isCharge(w.a) //guard:lost-charge-is-looked-up
}
