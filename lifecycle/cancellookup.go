package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// cancelGrace and cancelLooks are how long and how often a PG must show that nothing was given back before an
	// unknown cancel is believed not to have happened.
	cancelGrace = 15 * time.Minute
	cancelLooks = 5
	// cancelPatience is how long a PG that does a cancel later is waited for before it is called unknown.
	cancelPatience = 7 * 24 * time.Hour
)

// look asks the PG what it gave back so far. Only the very payment that was approved says anything.
func (c *Canceller) lookUpResult(ctx context.Context, w *work, row payment.Cancel) (lookUpResult, adapters.Result) {
	r, err := c.s.lookUp(ctx, w)
	before := w.a.Amount - row.Remaining
	switch {
	case err != nil:
		return lookUpFailed, r
	case !c.samePayment(w.a, r): //guard:approved-payment-tells-cancels
		return lookUpOdd, r
	case r.Cancelled == before+row.Amount:
		return lookUpGivenBack, r
	case r.CancelPending > 0: //guard:pending-cancel-is-not-untouched
		// The PG has taken a cancel that it does later, and it may be this one.
		return lookUpCancelPending, r
	case r.Cancelled == before:
		return lookUpUntouched, r
	}
	return lookUpOdd, r
}

// samePayment tells whether a PG speaks of the payment that was approved, and as of one that was paid. An attempt
// that people found to be charged may be without its transaction; where ids are shared, another one may be under its
// id.
func (c *Canceller) samePayment(a payment.Attempt, r adapters.Result) bool {
	same := r.PGTxID == a.PGTxID || a.PGTxID == "" && !c.s.sharesIDs(a)
	return r.OrderRef == a.ID && same && r.Amount == a.Amount &&
		(r.Outcome == payment.OutcomeApproved || r.Outcome == payment.OutcomeCancelled)
}

// Resume goes on with an open cancel that the journal leased to the caller until then: one whose owner died, one
// that the PG does later, or one whose outcome is not known. It looks and never sends.
func (c *Canceller) Resume(ctx context.Context, row payment.Cancel, until time.Time) error {
	a, _, err := c.s.o.Journal.Attempt(ctx, row.AttemptID)
	if err != nil {
		return fmt.Errorf("reading attempt %s: %w", row.AttemptID, err)
	}
	why := lookUpFailed
	var r adapters.Result
	if w, err := c.s.take(a); err == nil {
		why, r = c.lookUpResult(ctx, w, row)
	} else {
		c.s.o.Log.ErrorContext(
			ctx, "a cancel cannot be looked at", a.LogAttr(), slog.Any("cancel_id", row.ID), slog.Any("err", err),
		)
	}
	ev := journal.Event{Code: r.Code}
	switch {
	case why == lookUpGivenBack:
		_, err = c.move(ctx, a, row, payment.CancelDone, CancelProven, ev)
	case row.State == payment.CancelRequested && row.Code != CancelLater:
		_, err = c.move(ctx, a, row, payment.CancelUnknown, CancelInterrupted, ev)
	case row.State == payment.CancelRequested && c.s.o.Now().Sub(row.CreatedAt) > cancelPatience:
		// Its code stays: that nothing shows is no proof while the PG has promised to do it.
		_, err = c.move(ctx, a, row, payment.CancelUnknown, CancelLater, ev)
	case why == lookUpUntouched && row.State == payment.CancelUnknown && c.neverApplied(ctx, row):
		_, err = c.move(ctx, a, row, payment.CancelRefused, CancelNotApplied, ev)
	default:
		err = c.lookLater(ctx, row, until, why)
	}
	return err
}

// lookLater records a look-up that decided nothing.
func (c *Canceller) lookLater(ctx context.Context, row payment.Cancel, until time.Time, why lookUpResult) error {
	now := c.s.o.Now()
	_, err := c.write(ctx, row, journal.CancelStep{
		ID: row.ID, From: row.State, To: row.State, Lease: until,
		NextCheck: now.Add(c.s.backoff(row.AttemptID, row.Checks+1)),
		Event:     journal.Event{At: now, Kind: journal.EventCancelLookedUp, Detail: string(why), Fold: true},
	})
	if errors.Is(err, journal.ErrConflict) {
		// Somebody else is at it; theirs is the next check.
		return nil
	}
	return err
}

// neverApplied tells whether this look-up, with those before it, proves that an unknown cancel did not happen.
func (c *Canceller) neverApplied(ctx context.Context, row payment.Cancel) bool {
	//guard:cancel-has-time-to-show //guard:promised-is-not-unapplied
	if row.Code == CancelLater || c.s.o.Now().Sub(row.UpdatedAt) < cancelGrace {
		return false
	}
	events, err := c.s.o.Journal.Events(ctx, row.AttemptID)
	if err != nil {
		c.s.o.Log.ErrorContext(ctx, "the history cannot be read; the cancel stays open", row.LogAttr(), slog.Any("err", err))
		return false
	}
	seen := 1
	for _, e := range events {
		switch saw := seenIn(e, journal.EventCancelLookedUp); {
		case e.Reason != string(row.ID):
		//guard:pending-cancel-counts-anew
		case e.Kind == journal.EventCancel(payment.CancelUnknown), saw == lookUpOdd, saw == lookUpCancelPending:
			seen = 1
		case saw == lookUpUntouched:
			seen += e.Times
		}
	}
	return seen >= cancelLooks //guard:not-given-back-shows-often
}

// Notified looks, after a PG's notification about an approved attempt, for money that was given back without us: in
// the PG's console, or by the PG itself. It is recorded, and the shop is told. An error means that the PG should say
// its word again.
func (c *Canceller) Notified(ctx context.Context, a payment.Attempt) error {
	if a.State != payment.StateApproved || a.Amount == 0 {
		return nil
	}
	w, err := c.s.take(a)
	if err != nil {
		return err
	}
	r, err := c.s.lookUp(ctx, w)
	if err != nil {
		return fmt.Errorf("looking for cancels of attempt %s: %w", a.ID, err)
	}
	switch {
	case r.Outcome == payment.OutcomeNotFound: //guard:not-shown-is-told-again
		// A PG that tells of a payment and does not show it must tell again: not found is no proof of anything.
		return &payment.Problem{Code: payment.CodePGUnavailable, OrderID: a.OrderID}
	case c.contradicts(a, r): //guard:contradiction-comes-to-a-person
		return c.contradicted(context.WithoutCancel(ctx), w, r)
	case !c.samePayment(a, r) || r.Cancelled == 0:
		return nil
	}
	return c.record(context.WithoutCancel(ctx), a, r)
}

// contradicts tells whether a PG shows the payment that was approved as one that was not paid, or of another amount,
// or another one in its place. Where ids are shared, another one says nothing of this.
func (c *Canceller) contradicts(a payment.Attempt, r adapters.Result) bool {
	another := r.PGTxID != a.PGTxID
	if r.OrderRef != a.ID || another && c.s.sharesIDs(a) { //guard:other-transaction-contradicts
		return false
	}
	switch r.Outcome {
	case payment.OutcomeIssued, payment.OutcomePending, payment.OutcomeDeclined, payment.OutcomeUnknown:
		return true
	case payment.OutcomeApproved, payment.OutcomeCancelled:
		return r.Amount != a.Amount || another && a.PGTxID != "" && r.PGTxID != ""
	case payment.OutcomeNotFound:
	}
	return false
}

// contradicted puts an order that the shop has as paid, and its PG not, before a person. A PG may err once: it is
// believed when it says so again.
func (c *Canceller) contradicted(ctx context.Context, w *work, before adapters.Result) error {
	r, err := c.s.lookUp(ctx, w)
	if err != nil {
		return fmt.Errorf("looking again at the payment of attempt %s: %w", w.a.ID, err)
	}
	//guard:one-error-contradicts-nothing
	if !c.contradicts(w.a, r) || r.Outcome != before.Outcome || r.Amount != before.Amount {
		return &payment.Problem{Code: payment.CodePGUnavailable, OrderID: w.a.OrderID}
	}
	c.s.o.Log.ErrorContext(ctx, "a PG does not show an approved payment as paid", w.a.LogAttr(),
		slog.Any("outcome", r.Outcome), slog.Int64("amount", int64(w.a.Amount)), slog.Int64("shown", int64(r.Amount)))
	now := c.s.o.Now()
	l := journal.Unmatched{AttemptID: w.a.ID, PGTxID: w.a.PGTxID, Won: w.a.Amount, NextCheck: now.Add(flaggedEvery)}
	_, err = c.j.UnmatchedFlag(ctx, l, journal.Event{
		At: now, Kind: journal.EventUnmatchedFlagged, Code: r.Code,
		Detail: "approved, and the PG shows " + r.Amount.String() + " won as " + string(r.Outcome),
	})
	return unmatchedError(err)
}

// record writes down what a PG gave back beyond what is known. While a cancel of ours is open, that is the one which
// it tells of, or nothing.
func (c *Canceller) record(ctx context.Context, a payment.Attempt, r adapters.Result) error {
	have, err := c.j.CancelsOf(ctx, a.ID)
	if err != nil {
		return journalProblem(err)
	}
	left := restOf(a, have)
	known := a.Amount - left.won
	if i := slices.IndexFunc(have, func(h payment.Cancel) bool { return !h.State.Final() }); i >= 0 {
		if r.Cancelled == known+have[i].Amount {
			_, err = c.move(ctx, a, have[i], payment.CancelDone, CancelProven, journal.Event{Code: r.Code})
		}
		return err
	}
	if r.Cancelled <= known {
		return nil
	}
	now := c.s.o.Now()
	row := payment.Cancel{
		ID: cancelID(
			"pg", string(a.ID), r.Cancelled.String(),
		),
		AttemptID: a.ID,
		OrderID:   a.OrderID,
		Amount:    r.Cancelled - known,
		Remaining: left.won,
		VATSet:    a.VATSet,
		Reason:    string(payment.ReasonCancelledAtPG),
		Origin:    payment.CancelByPG,
		Code:      CancelFoundAtPG,
	}
	// The PG does not say which part bore tax: as much of it as can be.
	row.TaxFree = max(0, row.Amount-left.taxable())
	row.VAT = max(0, left.vat-(left.taxable()-(row.Amount-row.TaxFree)))
	messages, err := cancelMessage(a, row, payment.CancelRequested, payment.CancelDone, CancelFoundAtPG, now)
	if err != nil {
		return err
	}
	found, err := c.j.CancelFound(
		ctx,
		row,
		journal.Event{
			At: now, Kind: journal.EventCancelFound, Code: r.Code, Detail: row.Amount.String() + " won given back at the PG",
		},
		messages,
	)
	switch {
	case errors.Is(err, journal.ErrConflict):
		// A cancel of ours came in between; the PG should notify again.
		return &payment.Problem{Code: payment.CodeJournalDown, OrderID: a.OrderID}
	case err != nil:
		return journalProblem(err)
	case found:
		row.State = payment.CancelDone
		c.ended(a, row)
		c.s.o.Log.WarnContext(
			ctx, "money was given back at the PG without us", a.LogAttr(), slog.Int64("amount", int64(row.Amount)),
		)
		c.s.o.Wake()
	}
	return nil
}
