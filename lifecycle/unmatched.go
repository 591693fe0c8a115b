package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// UnmatchedJournal is what unmatched payments need of the journal.
type UnmatchedJournal interface {
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	UnmatchedTake(
		ctx context.Context, l journal.Unmatched, now time.Time, hold time.Duration,
	) (journal.Unmatched, bool, error)
	UnmatchedEnd(ctx context.Context, l journal.Unmatched, to journal.UnmatchedState, ev journal.Event) error
	UnmatchedFlag(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error)
	UnmatchedSeen(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error)
	UnmatchedTouch(ctx context.Context, l journal.Unmatched, ev journal.Event) error
	UnmatchedOf(ctx context.Context, id payment.AttemptID) ([]journal.Unmatched, error)
}

// NotificationResult is what became of a PG's notification that something happened to an attempt.
type NotificationResult struct {
	Result
	// Unmatched tells that the PG has money of an attempt that had ended without it, has it twice, or has it while the
	// attempt is being undone.
	Unmatched bool
	// won is what the PG shows to have come in, where Unmatched says so.
	won payment.Won
}

// Notification is a PG's notification that something happened to an attempt.
type Notification struct {
	ID payment.AttemptID
	// PGTxID is the transaction that the notification is about; empty when it does not tell.
	PGTxID string
	// Says is what the notification says has become of it; empty when it does not tell.
	Says payment.Outcome
	// Unsigned tells that nobody signed the notification. Then it writes nothing that the PG does not show.
	Unsigned bool
}

// Notified follows up a PG's notification about an attempt. The notification itself is a hint: an open attempt is
// concluded as by every other trigger; for one that has ended, the PG is asked whether it took money afterwards.
// Errors match a *payment.Problem or an adapters error: the PG should say it again.
func (s *Machine) Notified(
	ctx context.Context, unmatched UnmatchedJournal, n Notification,
) (NotificationResult, error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, n.ID)
	if err != nil {
		return NotificationResult{}, journalProblem(err)
	}
	return s.NotifiedOf(ctx, unmatched, a, sealed, n)
}

// NotifiedOf is Notified of a row that was read; whatever happened to it since is seen where it is moved.
func (s *Machine) NotifiedOf(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, sealed []byte, n Notification,
) (NotificationResult, error) {
	if a.State.Final() {
		return s.afterEnd(ctx, unmatched, a, n.PGTxID)
	}
	pgTxID := n.PGTxID
	r, err := s.complete(ctx, a, sealed, adapters.Proof{PGTxID: pgTxID}, n.Unsigned)
	if err != nil {
		return NotificationResult{Result: r}, err
	}
	//guard:not-acknowledged-during-question //guard:not-acknowledged-while-captured
	if r.Attempt.State == payment.StateClaimed || r.Attempt.State == payment.StateCaptured {
		// Whoever has it may yet end it without another look-up: the PG must notify again.
		return NotificationResult{Result: r}, &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: r.Attempt.OrderID}
	}
	if r.Attempt.State.Final() && r.Attempt.State != payment.StateApproved { //guard:refused-meanwhile-is-followed-up
		// It may have ended without a look-up of the payment that the notification is about: by another trigger, or another
		// payment.
		return s.afterEnd(ctx, unmatched, r.Attempt, pgTxID)
	}
	//guard:undone-accounts-money-on-record
	told, err := s.besideUndo(ctx, unmatched, NotificationResult{Result: r}, pgTxID)
	if err != nil {
		return told, err
	}
	return s.beside(ctx, unmatched, told, pgTxID) //guard:other-payment-is-looked-up
}

// sharesIDs tells whether the PG of an attempt can hold several payments under its id (PortOne V1). A charge of which
// the PG's number is not known yet, or that a person closed without it, has one: nothing was under its id before, and
// it was sent once.
func (s *Machine) sharesIDs(a payment.Attempt) bool {
	//guard:charge-without-number-has-one-payment
	return adapters.SharesIDs(s.o.Drivers, a) && (!isCharge(a) || a.PGTxID != "")
}

// besideUndo looks at the PG for a notification about an attempt that is being undone, or about an account whose
// issue is unknown. Its end may be proven by an answer that was given before the money came in, as into an account
// that was closed: so what is there is put on record before the notification is acknowledged.
func (s *Machine) besideUndo(
	ctx context.Context, unmatched UnmatchedJournal, told NotificationResult, pgTxID string,
) (NotificationResult, error) {
	a := told.Attempt
	undone := a.State == payment.StateCancelling || a.State == payment.StateUnknown && a.Method == payment.MethodVBank
	another := a.PGTxID != "" && pgTxID != "" && pgTxID != a.PGTxID
	if isKey(a) || !undone || another && s.sharesIDs(a) {
		return told, nil
	}
	won, err := s.lookForUnmatched(ctx, unmatched, a, pgTxID)
	told.Unmatched, told.won = won > 0, won
	return told, err
}

// afterEnd follows up a notification about an attempt that has ended: it looks for money that the PG took for it, and
// deals with that. What happened to the payment that the attempt was approved by is not looked at here.
func (s *Machine) afterEnd(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, pgTxID string,
) (NotificationResult, error) {
	told := NotificationResult{Result: Result{Attempt: a}}
	if isKey(a) {
		// A key moves no money, and must not be written down as a transaction's id.
		return told, nil
	}
	if a.State == payment.StateApproved && (pgTxID == "" || pgTxID == a.PGTxID || !s.sharesIDs(a)) {
		// Elsewhere than where ids are shared it is the one that was approved.
		return told, nil
	}
	var err error
	told.won, err = s.lookForUnmatched(ctx, unmatched, a, pgTxID)
	told.Unmatched = told.won > 0
	return told, err
}

// lookForUnmatched asks the PG about a payment that is not the one of its attempt, and deals with what it finds. It
// returns what came in, if any of it is still there.
func (s *Machine) lookForUnmatched(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, pgTxID string,
) (payment.Won, error) {
	w, err := s.take(a)
	if err != nil {
		return 0, err
	}
	// What the journal knows is read before the PG is asked, so that nobody gives back on the strength of an older
	// look-up.
	rows, err := unmatched.UnmatchedOf(ctx, a.ID)
	if err != nil {
		return 0, unmatchedError(err)
	}
	w.a.PGTxID, w.exact = pgTxID, a.State == payment.StateApproved || !a.State.Final()
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return 0, fmt.Errorf("looking for unmatched payments of attempt %s: %w", a.ID, err)
	}
	if s.sharesIDs(a) && pgTxID != "" && r.Outcome == payment.OutcomeNotFound { //guard:contradicted-is-not-acknowledged
		// One of the PG's two answers is wrong; which, only another look-up can show.
		return 0, fmt.Errorf(
			"looking for unmatched payments of attempt %s: %w: the PG told of a payment and shows none", a.ID,
			adapters.ErrUnavailable,
		)
	}
	if r.OrderRef != a.ID || a.State == payment.StateApproved && r.PGTxID == a.PGTxID {
		return 0, nil
	}
	l := journal.Unmatched{AttemptID: a.ID, PGTxID: r.PGTxID}
	for _, row := range rows {
		if row.PGTxID == r.PGTxID {
			// The lease is another's, if there is one.
			l, l.Lease = row, time.Time{}
		}
	}
	held, err := s.found(context.WithoutCancel(ctx), unmatched, a, l, r)
	if !held {
		return 0, err
	}
	return r.Amount, err
}

// found deals with what a look-up of a payment beside its attempt showed; l is what the journal knew of it before.
func (s *Machine) found(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, l journal.Unmatched, r adapters.Result,
) (bool, error) {
	won := r.Amount - r.Cancelled
	switch {
	case r.Outcome == payment.OutcomeCancelled && l.State.Open():
		// Proof that an unmatched payment is back.
		return false, unmatchedError(unmatched.UnmatchedEnd(ctx, l, journal.UnmatchedReturned, journal.Event{
			At: s.o.Now(), Kind: journal.EventUnmatchedReturned,
		}))
	case r.Outcome == payment.OutcomeIssued && a.State.Final(): //guard:ended-attempts-account-is-shut
		return false, s.shutAccount(ctx, unmatched, a, r)
	case r.Outcome != payment.OutcomeApproved || won <= 0:
		return false, nil
	}
	l.Won = won
	if r.CancelPending > 0 { //guard:pending-cancel-is-waited-for
		// Somebody is giving it back already.
		return true, s.notSure(ctx, unmatched, l, lookUpCancelPending)
	}
	if !a.State.Final() { //guard:unmatched-waits-for-the-end
		// Whether it is late, nobody can say before the attempt has ended. Until then it is on record once.
		if l.State.Open() {
			return true, nil
		}
		return true, s.notSure(ctx, unmatched, l, lookUpAttemptOpen)
	}
	return true, s.dealWith(ctx, unmatched, a, l, r)
}

// dealWith gives an unmatched payment back or parks it. The attempt has ended, and r shows l.Won won at the PG.
func (s *Machine) dealWith(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, l journal.Unmatched, r adapters.Result,
) error {
	w, err := s.take(a)
	if err != nil {
		return err
	}
	s.o.Log.ErrorContext(ctx, "a PG holds money that its attempt cannot keep", a.LogAttr(),
		slog.String("state", string(a.State)), slog.Int64("amount", int64(l.Won)), slog.String("late", string(l.State)))
	if l.State == journal.UnmatchedFlagged || l.State == journal.UnmatchedReturned || l.State == journal.UnmatchedKept {
		// It waits for a person, or two of them have closed it.
		return nil
	}
	why := s.parks(a, r)
	if why == "" && a.State == payment.StateApproved {
		if why, err = s.doubts(ctx, w, r); err != nil {
			s.o.Log.WarnContext(ctx, "an unmatched payment is looked up again later", a.LogAttr(), slog.Any("err", err))
			return s.notSure(ctx, unmatched, l, lookUpFailed)
		}
	}
	if why != "" {
		return s.parkUnmatched(ctx, unmatched, l, why)
	}
	w.a.PGTxID = l.PGTxID
	return s.returnUnmatched(ctx, unmatched, w, l)
}

// parks says why an unmatched payment of an attempt must wait for a person; empty means that it is given back.
func (s *Machine) parks(a payment.Attempt, r adapters.Result) string {
	switch {
	case a.Method == payment.MethodVBank || r.Method == payment.MethodVBank: //guard:account-money-is-parked
		return "its refund needs the buyer's account"
	case isCharge(a): //guard:retried-schedule-is-parked
		return "the charge may have been tried again at the PG, and the order charged anew"
	case s.o.ParkUnmatched != nil && s.o.ParkUnmatched():
		return "limits.unmatched_payments is park"
	}
	return ""
}

// doubts says why it is not clear that r is a second payment beside the one that its attempt was approved by: then
// a person must say which of the two is kept. The first one must still be there, whole.
func (s *Machine) doubts(ctx context.Context, w *work, r adapters.Result) (string, error) {
	if field := adapters.Mismatch(w.a, w.acc.Merchant, r); field != "" { //guard:second-payment-is-compared
		return "beside the approved payment, with another " + field, nil
	}
	own := *w
	own.exact = true
	first, err := s.lookUp(ctx, &own)
	if err != nil {
		return "", fmt.Errorf("looking at the payment that attempt %s was approved by: %w", w.a.ID, err)
	}
	//guard:back-beside-a-first-that-stands
	if first.Outcome != payment.OutcomeApproved || first.PGTxID != w.a.PGTxID || first.Cancelled != 0 {
		return "the approved payment does not stand whole", nil
	}
	return "", nil
}

// notSure records money of which it cannot be said yet what to do about it; the sweep looks again.
func (s *Machine) notSure(
	ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched, why lookUpResult,
) error {
	if l.State.Open() {
		return s.laterUnmatched(ctx, unmatched, l, why)
	}
	now := s.o.Now()
	l.NextCheck = now.Add(s.backoff(l.AttemptID, 0))
	_, err := unmatched.UnmatchedSeen(
		ctx, l, journal.Event{At: now, Kind: journal.EventUnmatched, Detail: l.Won.String() + " won, " + string(why)},
	)
	return unmatchedError(err)
}

// parkUnmatched leaves an unmatched payment to a person.
func (s *Machine) parkUnmatched(
	ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched, why string,
) error {
	now := s.o.Now()
	l.NextCheck = now.Add(s.o.Spread(string(l.AttemptID), l.Checks, flaggedEvery))
	ev := journal.Event{At: now, Kind: journal.EventUnmatchedFlagged, Detail: l.Won.String() + " won, " + why}
	if l.State.Open() {
		return unmatchedError(unmatched.UnmatchedEnd(ctx, l, journal.UnmatchedFlagged, ev))
	}
	_, err := unmatched.UnmatchedFlag(ctx, l, ev)
	return unmatchedError(err)
}

// returnUnmatched gives an unmatched payment back, once per look-up: the intent is recorded before the request, by
// whoever gets hold of it first. What is not proven stays open, with a next check.
func (s *Machine) returnUnmatched(ctx context.Context, unmatched UnmatchedJournal, w *work, l journal.Unmatched) error {
	timeout := w.acc.PG.ApproveTimeout
	// The clock of the request starts before the intent is written, so that the claim outlasts it.
	callCtx, cancel := context.WithTimeout(ctx, timeout+journalPatience)
	defer cancel()
	row, taken, err := unmatched.UnmatchedTake(callCtx, l, s.o.Now(), timeout+journalPatience+slack)
	if err != nil || !taken { //guard:unmatched-back-by-one
		return unmatchedError(err)
	}
	taxFree, vat := taxesOf(w.a, l.Won)
	r, err := s.call(ctx, w, payment.OperationCancel, func(now time.Time) (adapters.Result, error) {
		return w.driver.Cancel(callCtx, adapters.CancelRequest{
			Account: w.acc, Attempt: withAmount(w.a, l.Won), PGTxID: l.PGTxID, Amount: l.Won, Remaining: l.Won,
			TaxFree: taxFree, VAT: vat, VATSet: w.a.VATSet, Unstated: unstated(row.Tries - 1),
			Reason: "unmatched_payment", OperationID: fmt.Sprintf("unmatched-%s-%d", w.a.ID, row.Tries), Now: now,
		})
	})
	to, ev := journal.UnmatchedUnknown, journal.Event{At: s.o.Now(), Kind: journal.EventUnmatchedUnknown, Code: r.Code}
	row.NextCheck = s.o.Now().Add(s.backoff(row.AttemptID, row.Tries+row.Checks))
	if err == nil && r.Outcome == payment.OutcomeCancelled {
		to, ev.Kind = journal.UnmatchedReturned, journal.EventUnmatchedReturned
	} else {
		s.o.Log.ErrorContext(
			ctx, "an unmatched payment is not proven to be back", w.a.LogAttr(), slog.Int64("amount", int64(l.Won)),
			slog.Any("code", r.Code), slog.Any("err", err),
		)
	}
	return unmatchedError(unmatched.UnmatchedEnd(ctx, row, to, ev))
}

// unmatchedError is an error of the journal as a PG is told of it: it should notify again.
func unmatchedError(err error) error {
	if err == nil || errors.Is(err, journal.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%w: %w", &payment.Problem{Code: payment.CodeJournalDown}, err)
}
