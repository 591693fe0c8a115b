package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Deposit is what a PG's notice says of money that came into a virtual account. Notices are not signed: this is a
// hint, and the PG's own inquiry is the proof (inicis.md §7).
type Deposit struct {
	ID  payment.AttemptID
	PG  payment.PGID
	MID string
	// TID names the deposit, IssueTID the issue of the account; IssueTID may be empty.
	TID      string
	IssueTID string
	// Amount is what came in, in won.
	Amount payment.Won
}

// Errors of a notice; the PG should send it again after ErrDepositNotSeen, and not after ErrNotOurs.
var (
	ErrDepositNotSeen = errors.New("the PG's inquiry does not show the deposit yet")
	ErrNotOurs        = errors.New("the notice is about no account of ours")
)

// Deposited follows a notice up. The same notice may come any number of times; once it returns nil, everything in it
// is on record: the order is paid, or the money is flagged. With an error the attempt is told, too, where it is
// known. Errors match ErrDepositNotSeen, ErrNotOurs, or are a *payment.Problem.
func (s *Machine) Deposited(ctx context.Context, j UnmatchedJournal, d Deposit) (NotificationResult, error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, d.ID)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return NotificationResult{}, fmt.Errorf("%w: no such attempt", ErrNotOurs)
	case err != nil:
		return NotificationResult{}, journalProblem(err)
	case a.PG != d.PG || a.MID != d.MID || !mayHaveAccount(a):
		return about(a), fmt.Errorf("%w: another merchant's or method's", ErrNotOurs)
	case d.IssueTID != "" && a.PGTxID != "" && d.IssueTID != a.PGTxID: //guard:notice-of-another-account
		return about(a), fmt.Errorf("%w: another account's", ErrNotOurs)
	case a.State == payment.StateApproved:
		if err := s.showsPaid(ctx, a); err != nil { //guard:unsigned-deposit-writes-nothing
			return about(a), err
		}
		return s.toldOf(ctx, j, NotificationResult{Result: Result{Attempt: a}, won: a.Amount}, d)
	}
	told, err := s.NotifiedOf(ctx, j, a, sealed, Notification{ID: d.ID, Unsigned: true})
	switch {
	case err != nil:
		return about(a), err
	case told.Attempt.State == payment.StateApproved: //guard:notice-is-confirmed
		told.won = told.Attempt.Amount
	case !told.Unmatched: //guard:unshown-notice-not-acknowledged
		return told, ErrDepositNotSeen
	}
	return s.toldOf(ctx, j, told, d)
}

// about is a notification that came to nothing, and which attempt it was about.
func about(a payment.Attempt) NotificationResult {
	return NotificationResult{Result: Result{Attempt: a}}
}

// mayHaveAccount tells whether there may be an account under an attempt: it was decided, or the buyer had one issued
// in the place of what was decided, which is never approved.
func mayHaveAccount(a payment.Attempt) bool {
	//guard:account-in-place-of-another-method
	return a.Method == payment.MethodVBank || a.State != payment.StateApproved
}

// showsPaid asks the PG whether the account of an approved attempt was paid into: without that, a notice that nobody
// signed writes nothing.
func (s *Machine) showsPaid(ctx context.Context, a payment.Attempt) error {
	w, err := s.take(a)
	if err != nil {
		return err
	}
	r, err := s.lookUp(ctx, w)
	switch {
	case err != nil:
		return fmt.Errorf("looking at the account of attempt %s: %w", a.ID, err)
	case r.Outcome != payment.OutcomeApproved && r.Outcome != payment.OutcomeCancelled:
		return ErrDepositNotSeen
	}
	return nil
}

// toldOf tells the deposit that the PG shows, which paid the order or is on record as an unmatched payment, from a
// second one: the first on record is the one, and its notice may come again. It is recorded before it is compared, so
// that of two that come at once one is the first for both.
func (s *Machine) toldOf(
	ctx context.Context, j UnmatchedJournal, told NotificationResult, d Deposit,
) (NotificationResult, error) {
	a := told.Attempt
	if d.Amount != told.won { //guard:deposit-of-another-amount
		return s.oddDeposit(ctx, j, a, d, "another amount than the PG shows")
	}
	first, seen, err := s.firstDeposit(ctx, d)
	if err == nil && !seen {
		if err = j.Note(ctx, d.ID, journal.Event{At: s.o.Now(), Kind: journal.EventDeposit, Code: d.TID}); err == nil {
			first, _, err = s.firstDeposit(ctx, d)
		}
	}
	switch {
	case err != nil:
		return told, journalProblem(err)
	case first != d.TID: //guard:second-deposit-is-flagged
		return s.oddDeposit(ctx, j, a, d, "a second deposit")
	}
	return told, nil
}

// firstDeposit returns the TID of the first deposit on record, and whether this one is on record.
func (s *Machine) firstDeposit(ctx context.Context, d Deposit) (first string, seen bool, err error) {
	events, err := s.o.Journal.Events(ctx, d.ID)
	for _, e := range events {
		if e.Kind == journal.EventDeposit {
			if first == "" {
				first = e.Code
			}
			seen = seen || e.Code == d.TID
		}
	}
	return first, seen, err
}

// oddDeposit puts money that nobody asked for before a person: it cannot be sent back without the buyer's account.
func (s *Machine) oddDeposit(
	ctx context.Context, j UnmatchedJournal, a payment.Attempt, d Deposit, what string,
) (NotificationResult, error) {
	s.o.Log.ErrorContext(ctx, "a deposit needs a person", a.LogAttr(),
		slog.Int64("amount", int64(d.Amount)), slog.String("what", what))
	unmatched := journal.Unmatched{AttemptID: a.ID, PGTxID: d.TID, Won: d.Amount}
	_, err := j.UnmatchedFlag(
		ctx, unmatched,
		journal.Event{At: s.o.Now(), Kind: journal.EventUnmatched, Detail: what + ": " + d.Amount.String() + " won"},
	)
	return NotificationResult{Result: Result{Attempt: a}, Unmatched: true}, unmatchedError(err)
}
