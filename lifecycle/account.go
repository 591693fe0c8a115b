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

// Times of a virtual account. The PG announces a deposit; looking is for announcements that got lost.
const (
	// depositEvery is how often an account that waits is looked at.
	depositEvery = time.Hour
	// depositGrace is how long after the deadline a deposit is still believed to be under way.
	depositGrace = time.Hour
)

// issued takes in a virtual account that the PG opened after the shop's yes. The order is held from here on, and
// is paid only when the deposit shows (inicis.md §7).
func (s *Machine) issued(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID, w.seen = r.PGTxID, r
	switch wrong, whole := s.compare(ctx, w, r); {
	case wrong != "": //guard:account-is-compared
		return s.undo(ctx, w, wrong)
	case !whole:
		return s.unproven(ctx, w)
	}
	if s.overdue(w.a, r) { //guard:overdue-is-not-issued
		return s.undo(ctx, w, payment.ReasonNoDeposit)
	}
	message, err := s.accountMessage(w.a, r.Account)
	if err != nil {
		return w.result(), err
	}
	err = s.move(ctx, w, journal.Transition{
		From:   []payment.State{w.a.State},
		To:     payment.StateIssued,
		Reason: payment.ReasonIssued, PGTxID: r.PGTxID,
		Event:     journal.Event{Kind: journal.EventIssued, Detail: string(payment.ReasonIssued)},
		NextCheck: s.nextDepositCheck(w.a, r.Account.Due),
		WipeProof: true,
		Messages:  []payment.Message{message},
		Receipt:   r.Receipt,
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	s.o.Observer.Concluded(ctx, w.a)
	s.o.Wake()
	return w.result(), nil
}

// accountFound takes in an account that a PG issued without asking us (PortOne): the order is claimed and the shop
// asked first, and without its yes the account is closed.
func (s *Machine) accountFound(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID = r.PGTxID
	if wrong, _ := s.compare(ctx, w, r); wrong != "" { //guard:undecided-account-is-closed
		// An account that nobody decided on, as in a window whose method the buyer changed, is no reason to ask the shop.
		return s.undo(ctx, w, wrong)
	}
	if s.overdue(w.a, r) { //guard:overdue-found-is-not-kept
		return s.undo(ctx, w, payment.ReasonNoDeposit)
	}
	now := s.o.Now()
	err := s.o.Journal.Claim(ctx, w.a, journal.Claim{
		To: payment.StateClaimed, PGTxID: r.PGTxID,
		Event:     journal.Event{At: now, Kind: journal.EventAccountFound},
		NextCheck: now.Add(gateBudget + slack),
	})
	var taken *journal.ClaimedError
	switch {
	case errors.As(err, &taken):
		return s.duplicate(ctx, w, taken)
	case errors.Is(err, journal.ErrConflict):
		return s.await(ctx, w.a.ID)
	case err != nil:
		s.o.Log.ErrorContext(
			ctx, "an account was issued and not written; the sweep takes over", w.a.LogAttr(), slog.Any("err", err),
		)
		return w.result(), journalProblem(err)
	}
	w.a.State, w.notOwned = payment.StateClaimed, false
	return s.askForAccount(ctx, w, r)
}

// askForAccount asks the shop about an account that is open already; no answer is a no.
func (s *Machine) askForAccount(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.answer, w.asked = s.o.Shop.Confirm(ctx, w.a), true
	if !w.answer.Yes { //guard:no-closes-a-found-account
		return s.undo(ctx, w, w.answer.Reason)
	}
	return s.issued(ctx, w, r)
}

// awaitDeposit looks whether an account was paid into, and ends the attempt once nobody can pay into it any more.
func (s *Machine) awaitDeposit(ctx context.Context, w *work) (Result, error) {
	w.asked = true
	r, err := s.lookUp(ctx, w)
	if err == nil {
		err = s.changed(ctx, w, r)
	}
	after := context.WithoutCancel(ctx)
	switch {
	case err != nil:
		return s.depositLater(ctx, w, r, lookUpFailed)
	case r.Outcome == payment.OutcomeApproved:
		return s.approved(after, w, r)
	case r.Outcome == payment.OutcomeCancelled:
		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	//guard:unanswered-look-up-ends-no-account
	case r.Outcome == payment.OutcomeUnknown, r.Outcome == payment.OutcomeNotFound:
		return s.depositLater(ctx, w, r, lookUpUndecided)
	case s.overdue(w.a, r):
		return s.finish(after, w, payment.StateExpired, payment.ReasonNoDeposit)
	}
	return s.depositLater(ctx, w, r, lookUpAwaitsDeposit)
}

// changed takes over what an account was changed to when the PG shows that amount: the change's answer was lost. With
// an error it is not known what was decided, and nothing may be held against it.
func (s *Machine) changed(ctx context.Context, w *work, r adapters.Result) error {
	if r.Amount == 0 || r.Amount == w.a.Amount {
		return nil
	}
	events, err := s.o.Journal.Events(ctx, w.a.ID)
	if err != nil {
		return fmt.Errorf("reading what an account was changed to: %w", err)
	}
	c, open := journal.OpenChange(events)
	switch {
	case !open: //guard:change-made-meanwhile-is-read
		return s.changedMeanwhile(ctx, w, r)
	case c.Amount != r.Amount: //guard:only-the-asked-change-is-taken-over
		return nil
	}
	if err := s.o.Journal.EndChange(context.WithoutCancel(ctx), w.a.ID, c, true, s.o.Now()); err != nil {
		return fmt.Errorf("taking over what an account was changed to: %w", err)
	}
	w.a.Amount, w.a.OrderAmount, w.a.DepositDue = c.Amount, c.Amount, c.Due
	return nil
}

// changedMeanwhile takes over a change that ended while the PG was asked: what it shows is not to be held against the
// attempt as it was before.
func (s *Machine) changedMeanwhile(ctx context.Context, w *work, r adapters.Result) error {
	a, _, err := s.o.Journal.Attempt(ctx, w.a.ID)
	if err != nil {
		return fmt.Errorf("reading an account that may have been changed: %w", err)
	}
	if a.State == payment.StateIssued && a.Amount == r.Amount {
		w.a.Amount, w.a.OrderAmount, w.a.DepositDue = a.Amount, a.OrderAmount, a.DepositDue
	}
	return nil
}

func (s *Machine) depositLater(ctx context.Context, w *work, r adapters.Result, why lookUpResult) (Result, error) {
	return s.laterAt(ctx, w, s.nextDepositCheck(w.a, r.Account.Due), why)
}

// nextDepositCheck is when an account is looked up again: every so often, and when its time is over.
func (s *Machine) nextDepositCheck(a payment.Attempt, due time.Time) time.Time {
	now := s.o.Now()
	next, end := now.Add(s.o.Spread(string(a.ID), a.Checks, depositEvery)), deadline(a, due).Add(depositGrace+time.Second)
	if end.After(now) && end.Before(next) {
		return end
	}
	return next
}

// overdue tells whether nobody can pay into an account any more that the PG still shows open: the order is not held
// for it, and the shop is not told of it. One of which no deadline is known can be paid into.
func (s *Machine) overdue(a payment.Attempt, r adapters.Result) bool {
	end := deadline(a, r.Account.Due)
	//guard:account-without-known-deadline //guard:deposit-under-way-is-waited-for
	return !end.IsZero() && s.o.Now().After(end.Add(depositGrace))
}

// deadline is until when an account can be paid into: what the PG says, if that is later than what was asked for.
func deadline(a payment.Attempt, due time.Time) time.Time {
	if due.After(a.DepositDue) {
		return due
	}
	return a.DepositDue
}

// closeAccount undoes an attempt of a virtual account in state cancelling: an account that nobody paid into is
// closed. Money in it goes back only to an account that the buyer names, so that is for a person.
func (s *Machine) closeAccount(ctx context.Context, w *work) (Result, error) {
	closer, ok := w.driver.(adapters.AccountCloser)
	if !ok || w.a.PGTxID == "" {
		return s.notProven(ctx, w)
	}
	r, err := s.sendClose(ctx, w, closer, undoID(w))
	if err == nil && r.Outcome == payment.OutcomeCancelled {
		return s.finish(ctx, w, payment.StateCancelled, w.a.Reason)
	}
	s.o.Log.WarnContext(
		ctx, "closing an account was not confirmed", w.a.LogAttr(), slog.Any("code", r.Code), slog.Any("err", err),
	)
	return s.notProven(ctx, w)
}

// ofAccount is a as its PG has it: an account may have been issued though another method was decided.
func ofAccount(a payment.Attempt) payment.Attempt {
	a.Method = payment.MethodVBank
	return a
}

// sendClose sends the one request that closes the account of an attempt, whose intent is written.
func (s *Machine) sendClose(
	ctx context.Context, w *work, closer adapters.AccountCloser, operation string,
) (adapters.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer cancel()
	return s.call(ctx, w, payment.OperationCloseAccount, func(now time.Time) (adapters.Result, error) {
		return closer.CloseAccount(ctx, adapters.CancelRequest{
			Account: w.acc, Attempt: ofAccount(w.a), PGTxID: w.a.PGTxID, Amount: w.a.Amount, Remaining: w.a.Amount,
			Reason: "account closed", OperationID: operation, Now: now,
		})
	})
}

// shutAccount closes an account that a PG opened for an attempt that has ended: a deposit into it would be late
// money. The error is for the PG that told of it: it should notify again.
func (s *Machine) shutAccount(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, r adapters.Result,
) error {
	w, err := s.take(a)
	if err != nil {
		return err
	}
	closer, ok := w.driver.(adapters.AccountCloser)
	if !ok {
		return nil
	}
	intent := journal.Event{
		At: s.o.Now(), Kind: journal.EventUndo, Detail: "an account of an ended attempt", PGTxID: r.PGTxID,
	}
	if err := unmatched.Note(ctx, a.ID, intent); err != nil {
		return unmatchedError(err)
	}
	w.a = withAmount(a, r.Amount)
	w.a.PGTxID = r.PGTxID
	closed, err := s.sendClose(ctx, w, closer, "shut-"+string(a.ID))
	if err != nil || closed.Outcome != payment.OutcomeCancelled {
		s.o.Log.WarnContext(
			ctx, "an account of an attempt that has ended stays open", a.LogAttr(), slog.Any("code", closed.Code),
			slog.Any("err", err),
		)
		return &payment.Problem{Code: payment.CodePGUnavailable, OrderID: a.OrderID}
	}
	return nil
}

// CloseAccount closes the virtual account of an attempt that waits for its deposit, for the shop. An attempt that
// turns out to be paid is concluded as paid instead; the result tells. Errors are *payment.Problem.
func (s *Machine) CloseAccount(ctx context.Context, id payment.AttemptID, reason payment.Reason) (Result, error) {
	a, _, err := s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Result{}, journalProblem(err)
	}
	if a.State != payment.StateIssued {
		return Result{Attempt: a}, &payment.Problem{Code: payment.CodeNotCancellable, OrderID: a.OrderID}
	}
	w, err := s.take(a)
	if err != nil {
		return Result{Attempt: a}, err
	}
	w.asked, w.notOwned = true, true
	r, err := s.lookUp(ctx, w)
	if err == nil {
		err = s.changed(ctx, w, r)
	}
	after := context.WithoutCancel(ctx)
	switch {
	case err != nil, r.Outcome == payment.OutcomeUnknown:
		return w.result(), &payment.Problem{Code: payment.CodePGUnavailable, OrderID: a.OrderID}
	case r.Outcome == payment.OutcomeApproved: //guard:paid-meanwhile-is-not-closed
		return s.approved(after, w, r)
	case r.Outcome == payment.OutcomeCancelled:
		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	}
	return s.undo(after, w, reason)
}
