package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// mostCases bounds how many unmatched payments, cancels and recoveries are read at once.
	mostCases = 10_000
	// recoveryOverdue is how long after its time a recovery is a case: a pod looks every few seconds at what is due, holds
	// it for recoveryLease, and puts off what it cannot try.
	recoveryOverdue = time.Hour
)

// CasesJournal is what the open cases are read from.
type CasesJournal interface {
	Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error)
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	EachOpen(ctx context.Context, yield func(payment.Attempt) error, states ...payment.State) error
	UnmatchedOpen(ctx context.Context, limit int) ([]journal.Unmatched, error)
	CancelsOpen(ctx context.Context, limit int) ([]payment.Cancel, error)
	OwnerlessOpen(ctx context.Context, limit int) ([]journal.Ownerless, error)
	RecoveriesOverdue(ctx context.Context, before time.Time, limit int) ([]payment.Recovery, error)
}

// Case is money that waits for a person or for a PG's word: of an attempt whose outcome nobody knows, of an account
// whose deposit should have come or gone long ago, an unmatched payment, a cancel of a paid attempt, or a declined
// charge that nobody tries again.
type Case struct {
	// Attempt has nothing but its id when the journal does not hold it, which an unmatched payment may outlive.
	Attempt payment.Attempt
	// Late is money that came in after the attempt had ended and is not proven to be back; nil for others.
	Unmatched *journal.Unmatched
	// Cancel is a cancel of a paid attempt that has not ended; nil for others.
	Cancel *payment.Cancel
	// Ownerless is money of no attempt; nil for others. Attempt has its reference and PG then.
	Ownerless *journal.Ownerless
	// Recovery is one that no pod goes on with though its time came long ago; nil for others. Attempt is its last charge
	// then.
	Recovery *payment.Recovery
	// Since is when what the case is about came up.
	Since time.Time
	// History is what happened to the attempt, the oldest first, and Last what happened last to what the case is about.
	History []journal.Event
	Last    journal.Event
}

// State is where the money stands, as a word.
func (c Case) State() string {
	switch {
	case c.Unmatched != nil:
		return "unmatched_" + string(c.Unmatched.State)
	case c.Cancel != nil:
		return "cancel_" + string(c.Cancel.State)
	case c.Ownerless != nil:
		return "unmatched_" + string(journal.UnmatchedOwnerless)
	case c.Recovery != nil:
		if c.Recovery.State == payment.RecoveryTrying {
			return "recovery_trying"
		}
		return "recovery_waiting"
	}
	return string(c.Attempt.State)
}

// Unknown tells that nobody knows whether the money moved, or is back. The other cases wait for somebody.
func (c Case) Unknown() bool {
	switch {
	case c.Unmatched != nil:
		return c.Unmatched.State == journal.UnmatchedUnknown
	case c.Cancel != nil:
		return c.Cancel.State == payment.CancelUnknown
	case c.Recovery != nil:
		return false // a charge whose outcome is unknown is a case of its own
	}
	return InTheAir(c.Attempt.State)
}

// Won is what it is about.
func (c Case) Won() payment.Won {
	switch {
	case c.Unmatched != nil:
		return c.Unmatched.Won
	case c.Cancel != nil:
		return c.Cancel.Amount
	case c.Ownerless != nil:
		return c.Ownerless.Won
	}
	return c.Attempt.Amount
}

// PGTxID is the PG's transaction that it is about; empty when none is known.
func (c Case) PGTxID() string {
	switch {
	case c.Unmatched != nil:
		return c.Unmatched.PGTxID
	case c.Ownerless != nil:
		return c.Ownerless.PGTxID
	}
	return c.Attempt.PGTxID
}

// Reason is the stable code of how it came to this.
func (c Case) Reason() payment.Reason {
	if c.Cancel != nil {
		return payment.Reason(c.Cancel.Code)
	}
	return c.Attempt.Reason
}

// NextCheck is when the gateway looks again; zero means that it does not.
func (c Case) NextCheck() time.Time {
	switch {
	case c.Unmatched != nil:
		return c.Unmatched.NextCheck
	case c.Cancel != nil:
		return c.Cancel.NextCheck
	case c.Recovery != nil:
		return c.Recovery.NextCheck
	}
	return c.Attempt.NextCheck
}

// Cases are the open cases, with what they come to.
type Cases struct {
	Open []Case
	// Unknown is the money of which nobody knows, Waiting that of the other cases.
	Unknown, Waiting Total
}

// add takes a case in, with its attempt's history; about tells which of that is about the case.
func (s *Cases) add(ctx context.Context, j CasesJournal, c Case, about func(journal.Event) bool) error {
	var err error
	if c.History, err = j.Events(ctx, c.Attempt.ID); err != nil {
		return fmt.Errorf("reading the history of attempt %s: %w", c.Attempt.ID, err)
	}
	for _, e := range c.History {
		if about(e) {
			c.Last = e
		}
	}
	s.Open = append(s.Open, c)
	if c.Unknown() {
		s.Unknown.add(1, c.Won())
	} else {
		s.Waiting.add(1, c.Won())
	}
	return nil
}

// OpenCases reads which cases are open: unmatched payments, payments of no attempt, cancels,
// recoveries, then attempts.
func OpenCases(ctx context.Context, j CasesJournal, now time.Time) (Cases, error) {
	var s Cases
	if err := s.readUnmatched(ctx, j); err != nil {
		return s, err
	}
	if err := s.readOwnerless(ctx, j); err != nil {
		return s, err
	}
	if err := s.readCancels(ctx, j); err != nil {
		return s, err
	}
	if err := s.readRecoveries(ctx, j, now); err != nil {
		return s, err
	}
	err := j.EachOpen(ctx, func(a payment.Attempt) error {
		if a.State == payment.StateIssued && !Overdue(a, now) {
			return nil // it waits for its deposit, as it should
		}
		return s.add(ctx, j, Case{Attempt: a, Since: a.CreatedAt}, func(journal.Event) bool { return true })
	}, payment.StateUnknown, payment.StateCancelling, payment.StateIssued)
	if err != nil {
		return s, fmt.Errorf("listing unknown payments: %w", err)
	}
	return s, nil
}

func (s *Cases) readUnmatched(ctx context.Context, j CasesJournal) error {
	list, err := j.UnmatchedOpen(ctx, mostCases)
	if err != nil {
		return fmt.Errorf("listing unmatched payments: %w", err)
	}
	for _, l := range list {
		if !l.State.Open() {
			continue // a payment that is only watched is nobody's case
		}
		a, _, err := j.Attempt(ctx, l.AttemptID)
		if errors.Is(err, journal.ErrNotFound) {
			a, err = payment.Attempt{ID: l.AttemptID}, nil
		}
		if err != nil {
			return fmt.Errorf("reading attempt %s: %w", l.AttemptID, err)
		}
		err = s.add(
			ctx, j, Case{Attempt: a, Unmatched: &l, Since: l.CreatedAt},
			func(e journal.Event) bool { return e.PGTxID == l.PGTxID },
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// readOwnerless reads the payments of no attempt. They have no history.
func (s *Cases) readOwnerless(ctx context.Context, j CasesJournal) error {
	list, err := j.OwnerlessOpen(ctx, mostCases)
	if err != nil {
		return fmt.Errorf("listing payments of no attempt: %w", err)
	}
	for _, o := range list {
		s.Open = append(s.Open, Case{
			Attempt: payment.Attempt{ID: o.OrderRef, PG: o.PG}, Ownerless: &o, Since: o.CreatedAt,
		})
		s.Waiting.add(1, o.Won)
	}
	return nil
}

// readCancels reads the cancels of which nobody knows whether they happened, and those that a PG has promised to do.
func (s *Cases) readCancels(ctx context.Context, j CasesJournal) error {
	list, err := j.CancelsOpen(ctx, mostCases)
	if err != nil {
		return fmt.Errorf("listing open cancels: %w", err)
	}
	for _, c := range list {
		if c.State == payment.CancelRequested && c.Code != CancelLater {
			continue // somebody is at it just now
		}
		a, _, err := j.Attempt(ctx, c.AttemptID)
		if err != nil {
			return fmt.Errorf("reading attempt %s: %w", c.AttemptID, err)
		}
		err = s.add(
			ctx, j, Case{Attempt: a, Cancel: &c, Since: c.CreatedAt},
			func(e journal.Event) bool { return e.Reason == string(c.ID) },
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// readRecoveries reads the declined charges that should have been tried again long ago.
func (s *Cases) readRecoveries(ctx context.Context, j CasesJournal, now time.Time) error {
	list, err := j.RecoveriesOverdue(ctx, now.Add(-recoveryOverdue), mostCases)
	if err != nil {
		return fmt.Errorf("listing overdue recoveries: %w", err)
	}
	for _, r := range list {
		a, _, err := j.Attempt(ctx, r.Attempt)
		if errors.Is(err, journal.ErrNotFound) {
			a, err = payment.Attempt{ID: r.Attempt, OrderID: r.OrderID, PG: r.PG}, nil
		}
		if err != nil {
			return fmt.Errorf("reading attempt %s: %w", r.Attempt, err)
		}
		err = s.add(ctx, j, Case{Attempt: a, Recovery: &r, Since: r.CreatedAt}, func(journal.Event) bool { return true })
		if err != nil {
			return err
		}
	}
	return nil
}
