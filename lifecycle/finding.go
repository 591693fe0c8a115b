package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Finding is what a person found out about an attempt that the gateway could not conclude, from the PG's own
// back office.
type Finding string

// The findings.
const (
	// FindingCharged: the PG has the money and is to keep it.
	FindingCharged Finding = "charged"
	// FindingNotCharged: the PG has no such payment.
	FindingNotCharged Finding = "not-charged"
	// FindingGivenBack: the money was charged and is back with the buyer.
	FindingGivenBack Finding = "given-back"
)

// Errors of a finding.
var (
	ErrNotUnknown = errors.New("the attempt is not waiting for a person")
	ErrFinding    = errors.New("this finding does not fit the attempt")
	ErrActor      = errors.New("say who you are and why")
)

// FindingJournal is what a finding needs of the journal.
type FindingJournal interface {
	Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error)
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	Move(ctx context.Context, t journal.Transition) (payment.Attempt, error)
}

// Resolve records what a person found out. Two hands are needed: the first one's finding is noted, and the
// attempt ends when a second person finds the same. done tells that it has ended. Errors match ErrNotUnknown,
// ErrFinding, ErrActor or a journal error.
func Resolve(
	ctx context.Context, j FindingJournal, id payment.AttemptID, f Finding, actor, reason string, now time.Time,
) (done bool, err error) {
	if actor == "" || reason == "" {
		return false, ErrActor
	}
	a, _, err := j.Attempt(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading attempt %s: %w", id, err)
	}
	to, err := f.ends(a.State)
	if err == nil && a.State == payment.StateIssued && !Overdue(a, now) { //guard:person-ends-no-waiting-account
		err = fmt.Errorf("%w: it waits for its deposit", ErrNotUnknown)
	}
	if err == nil && isKey(a) && f == FindingCharged { //guard:key-is-not-charged-by-hand
		err = fmt.Errorf("%w: a billing key charges nothing, and nobody but the PG can tell it to the shop", ErrFinding)
	}
	if err != nil {
		return false, fmt.Errorf("resolving attempt %s: %w", id, err)
	}
	events, err := j.Events(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading the history of attempt %s: %w", id, err)
	}
	first := firstHand(events, f)
	if first == "" || first == actor {
		err := j.Note(
			ctx, id, journal.Event{At: now, Kind: journal.EventProposed, Actor: actor, Code: string(f), Detail: reason},
		)
		if err != nil {
			return false, fmt.Errorf("noting the finding on attempt %s: %w", id, err)
		}
		return false, nil
	}
	messages, err := ending(a, to, payment.ReasonResolved, now, nil)
	if err != nil {
		return false, err
	}
	_, err = j.Move(ctx, journal.Transition{
		ID:        id,
		From:      []payment.State{a.State},
		To:        to,
		Reason:    payment.ReasonResolved,
		WipeProof: true,
		Messages:  messages,
		Event: journal.Event{
			At: now, Kind: journal.EventResolved, Actor: actor, Code: string(f), Detail: "first hand " + first + "; " + reason,
		},
	})
	if err != nil {
		return false, fmt.Errorf("resolving attempt %s: %w", id, err)
	}
	return true, nil
}

// Overdue tells whether an attempt that waits for a deposit should have ended long ago: its PG does not say what
// became of it, so a person must.
func Overdue(a payment.Attempt, now time.Time) bool {
	return a.State == payment.StateIssued && now.After(a.DepositDue.Add(24*time.Hour))
}

// ends says how an attempt in state s ends by a finding.
func (f Finding) ends(s payment.State) (payment.State, error) {
	switch {
	case s == payment.StateIssued && f == FindingCharged:
		return payment.StateApproved, nil
	case s == payment.StateIssued && f == FindingNotCharged:
		return payment.StateExpired, nil
	case s == payment.StateIssued && f == FindingGivenBack:
		return payment.StateCancelled, nil
	case s != payment.StateUnknown && s != payment.StateCancelling && s != payment.StateIssued:
		return "", fmt.Errorf("%w: it is %s", ErrNotUnknown, s)
	case f == FindingGivenBack, f == FindingNotCharged && s == payment.StateCancelling:
		return payment.StateCancelled, nil
	case f == FindingNotCharged:
		return payment.StateDeclined, nil
	case f == FindingCharged && s == payment.StateUnknown:
		return payment.StateApproved, nil
	case f == FindingCharged:
		return "", fmt.Errorf("%w: its money is to be given back, cancel it at the PG first", ErrFinding)
	}
	return "", fmt.Errorf("%w: it must be charged, not-charged or given-back", ErrFinding)
}

// firstHand is who proposed the same finding last, since the attempt came to its present state.
func firstHand(events []journal.Event, f Finding) string {
	hand := ""
	for _, e := range events {
		switch {
		case e.From != e.To:
			hand = ""
		case e.Kind == journal.EventProposed && e.Code == string(f):
			hand = e.Actor
		case e.Kind == journal.EventProposed:
			hand = ""
		}
	}
	return hand
}
