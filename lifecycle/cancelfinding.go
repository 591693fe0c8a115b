package lifecycle

import (
	"context"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// The findings about an open cancel.
const (
	// FindingCancelDone: the PG has given this much back.
	FindingCancelDone Finding = "done"
	// FindingNotApplied: the PG has not given it back, and will not.
	FindingNotApplied Finding = "not-applied"
)

// CancelFindingJournal is what a finding needs of the journal to close cancels.
type CancelFindingJournal interface {
	Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error)
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	Cancel(ctx context.Context, id payment.CancelID) (payment.Cancel, error)
	CancelMove(ctx context.Context, s journal.CancelStep) (payment.Cancel, error)
}

// ResolveCancel records what a person found out about an unknown cancel. Two hands are needed, as for every finding:
// it ends when a second person finds the same. Errors match ErrNotUnknown, ErrFinding, ErrActor or a journal error.
func ResolveCancel(
	ctx context.Context, j CancelFindingJournal, id payment.CancelID, f Finding, actor, reason string, now time.Time,
) (done bool, err error) {
	if actor == "" || reason == "" {
		return false, ErrActor
	}
	to := payment.CancelDone
	switch f {
	case FindingCancelDone:
	case FindingNotApplied:
		to = payment.CancelRefused
	case FindingCharged, FindingNotCharged, FindingGivenBack:
		return false, fmt.Errorf("%w: a cancel is %s or %s", ErrFinding, FindingCancelDone, FindingNotApplied)
	default:
		return false, fmt.Errorf("%w: a cancel is %s or %s", ErrFinding, FindingCancelDone, FindingNotApplied)
	}
	row, err := j.Cancel(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading cancel %s: %w", id, err)
	}
	if row.State != payment.CancelUnknown {
		return false, fmt.Errorf("resolving cancel %s: %w: it is %s", id, ErrNotUnknown, row.State)
	}
	first, err := firstCancelHand(ctx, j, row, f)
	if err != nil {
		return false, err
	}
	if first == "" || first == actor { //guard:two-hands
		ev := journal.Event{
			At: now, Kind: journal.EventCancelProposed, Actor: actor, Reason: string(id), Code: string(f), Detail: reason,
		}
		if err := j.Note(ctx, row.AttemptID, ev); err != nil {
			return false, fmt.Errorf("noting the finding on cancel %s: %w", id, err)
		}
		return false, nil
	}
	a, _, err := j.Attempt(ctx, row.AttemptID)
	if err != nil {
		return false, fmt.Errorf("reading attempt %s: %w", row.AttemptID, err)
	}
	messages, err := cancelMessage(a, row, row.State, to, string(payment.ReasonResolved), now)
	if err != nil {
		return false, err
	}
	_, err = j.CancelMove(ctx, journal.CancelStep{
		ID:       id,
		From:     row.State,
		To:       to,
		Code:     string(payment.ReasonResolved),
		Messages: messages,
		Event: journal.Event{
			At: now, Kind: journal.EventCancelResolved, Actor: actor, Code: string(f),
			Detail: "first hand " + first + "; " + reason,
		},
	})
	if err != nil {
		return false, fmt.Errorf("resolving cancel %s: %w", id, err)
	}
	return true, nil
}

// firstCancelHand is who proposed the same finding on a cancel last, since it became unknown.
func firstCancelHand(ctx context.Context, j CancelFindingJournal, row payment.Cancel, f Finding) (string, error) {
	events, err := j.Events(ctx, row.AttemptID)
	if err != nil {
		return "", fmt.Errorf("reading the history of attempt %s: %w", row.AttemptID, err)
	}
	hand := ""
	for _, e := range events {
		switch {
		case e.Reason != string(row.ID):
		case e.Kind == journal.EventCancel(payment.CancelUnknown):
			hand = ""
		case e.Kind == journal.EventCancelProposed && e.Code == string(f):
			hand = e.Actor
		case e.Kind == journal.EventCancelProposed:
			hand = ""
		}
	}
	return hand, nil
}
