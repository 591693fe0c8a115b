package lifecycle

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Money that the PG has shown once, and then does not show in notShownChecks look-ups that it answers, comes before a
// person. An unreachable PG contradicts nothing, but after blindFor nobody waits for it alone any more.
const (
	notShownChecks = notFoundChecks
	blindFor       = 3 * time.Hour
)

// stillThere goes on with an attempt whose owner died after the PG had shown the money, or whose money it showed no
// more. It may have been given back since, and a shop that says yes sends its goods. That the PG does not show it
// ends nothing.
func (s *Machine) stillThere(ctx context.Context, w *work) (Result, error) {
	r, err := s.lookUp(ctx, w)
	after := context.WithoutCancel(ctx)
	// The decline of another try under the same id says nothing of ours.
	other := w.a.PGTxID != "" && r.PGTxID != "" && r.PGTxID != w.a.PGTxID
	switch {
	case err != nil:
		return s.notShown(ctx, w, lookUpFailed)
	//guard:other-trys-decline
	case r.Outcome == payment.OutcomeCancelled, r.Outcome == payment.OutcomeDeclined && !other:
		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	case r.Outcome == payment.OutcomeApproved && r.CancelPending > 0: //guard:being-given-back-is-not-sold
		// It is being given back: it must not be sold, and another cancel beside it would be one too many.
		return s.notShown(ctx, w, lookUpCancelPending)
	case r.Outcome != payment.OutcomeApproved:
		return s.notShown(ctx, w, lookUpUndecided)
	}
	w.a.PGTxID = cmp.Or(r.PGTxID, w.a.PGTxID)
	switch wrong, whole := s.compare(ctx, w, r); {
	case wrong != "":
		return s.undo(after, w, wrong)
	case !whole:
		return s.unproven(after, w)
	}
	if w.a.State == payment.StateUnknown {
		return s.shownAgain(after, w)
	}
	return s.askAfter(after, w)
}

// notShown leaves an attempt of which the PG does not show the money that it had shown, until it was looked for often
// enough: then it is unknown, so that a person hears of it. It is looked at all the same.
func (s *Machine) notShown(ctx context.Context, w *work, why lookUpResult) (Result, error) {
	if w.a.State != payment.StateCaptured || !s.isOutOfSight(ctx, w) {
		return s.later(ctx, w, why)
	}
	s.o.Log.ErrorContext(ctx, "the PG no longer shows the money of an attempt; a person must look", w.a.LogAttr(),
		slog.Any("amount", w.a.Amount), slog.String("last", string(why)))
	return s.park(context.WithoutCancel(ctx), w, payment.ReasonNotShown)
}

// shownAgain takes an attempt up whose money the PG shows again. The shop is asked, as it was to be then.
func (s *Machine) shownAgain(ctx context.Context, w *work) (Result, error) {
	if !s.readKey(ctx, w) {
		return s.later(ctx, w, lookUpNoKey)
	}
	err := s.move(ctx, w, journal.Transition{
		From:   []payment.State{payment.StateUnknown},
		To:     payment.StateCaptured,
		PGTxID: w.a.PGTxID,
		Event: journal.Event{
			Kind: journal.EventCaptured, Detail: "shown_again",
		},
		NextCheck: s.o.Now().Add(gateBudget + slack),
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	return s.askAfter(ctx, w)
}

// isOutOfSight tells whether an attempt was looked at in vain often enough since it came to its state.
func (s *Machine) isOutOfSight(ctx context.Context, w *work) bool {
	events, err := s.o.Journal.Events(ctx, w.a.ID)
	if err != nil {
		s.o.Log.ErrorContext(
			ctx, "the history cannot be read; the attempt stays as it is", w.a.LogAttr(), slog.Any("err", err),
		)
		return false
	}
	var since time.Time
	answered, blind := 0, 0
	for _, e := range events {
		switch {
		case e.From != e.To:
			since, answered, blind = e.At, 0, 0
		case seenIn(e, journal.EventLookedUp).blind():
			blind += e.Times //guard:unasked-contradicts-nothing
		case e.Kind == journal.EventLookedUp:
			answered += e.Times
		}
	}
	//guard:not-shown-comes-to-a-person
	return answered >= notShownChecks || answered+blind >= notShownChecks && s.o.Now().Sub(since) >= blindFor
}
