package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// UnmatchedFindingJournal is what a finding needs of the journal to close an unmatched payment.
type UnmatchedFindingJournal interface {
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	UnmatchedOpen(ctx context.Context, limit int) ([]journal.Unmatched, error)
	UnmatchedEnd(ctx context.Context, l journal.Unmatched, to journal.UnmatchedState, ev journal.Event) error
}

// ResolveUnmatched records that a person found an unmatched payment to be back with the buyer. Two hands are needed,
// as for every finding: it is closed when a second person finds the same. Errors match ErrNotUnknown, ErrActor or a
// journal error.
func ResolveUnmatched(
	ctx context.Context, j UnmatchedFindingJournal, id payment.AttemptID, pgTxID, actor, reason string, now time.Time,
) (done bool, err error) {
	if actor == "" || reason == "" {
		return false, ErrActor
	}
	open, err := j.UnmatchedOpen(ctx, 100_000)
	if err != nil {
		return false, fmt.Errorf("reading the unmatched payments of attempt %s: %w", id, err)
	}
	if !slices.ContainsFunc(
		open, func(l journal.Unmatched) bool { return l.AttemptID == id && l.PGTxID == pgTxID && l.State.Open() },
	) {
		return false, fmt.Errorf("resolving the unmatched payment of attempt %s: %w", id, ErrNotUnknown)
	}
	events, err := j.Events(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading the history of attempt %s: %w", id, err)
	}
	first := ""
	for _, e := range events {
		if e.Kind == journal.EventUnmatchedProposed && e.PGTxID == pgTxID {
			first = e.Actor
		}
	}
	if first == "" || first == actor {
		err := j.Note(
			ctx, id,
			journal.Event{At: now, Kind: journal.EventUnmatchedProposed, Actor: actor, PGTxID: pgTxID, Detail: reason},
		)
		if err != nil {
			return false, fmt.Errorf("noting the finding on attempt %s: %w", id, err)
		}
		return false, nil
	}
	err = j.UnmatchedEnd(ctx, journal.Unmatched{AttemptID: id, PGTxID: pgTxID}, journal.UnmatchedReturned, journal.Event{
		At: now, Kind: journal.EventUnmatchedResolved, Actor: actor, Detail: "first hand " + first + "; " + reason,
	})
	if err != nil {
		return false, fmt.Errorf("closing the unmatched payment of attempt %s: %w", id, err)
	}
	return true, nil
}
