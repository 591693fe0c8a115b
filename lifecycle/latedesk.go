package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// LateDeskJournal is what the desk needs of the journal to close late money.
type LateDeskJournal interface {
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	LateOpen(ctx context.Context, limit int) ([]journal.Late, error)
	LateEnd(ctx context.Context, l journal.Late, to journal.LateState, ev journal.Event) error
}

// ResolveLate records that a person found late money to be back with the buyer. Two hands are needed, as for
// every finding: it is closed when a second person finds the same. Errors match ErrNotUnknown, ErrActor or a
// journal error.
func ResolveLate(ctx context.Context, j LateDeskJournal, id payment.AttemptID, pgTxID, actor, reason string, now time.Time) (done bool, err error) {
	if actor == "" || reason == "" {
		return false, ErrActor
	}
	open, err := j.LateOpen(ctx, 100_000)
	if err != nil {
		return false, fmt.Errorf("reading the unmatched payments of attempt %s: %w", id, err)
	}
	if !slices.ContainsFunc(open, func(l journal.Late) bool { return l.AttemptID == id && l.PGTxID == pgTxID && l.State.Open() }) {
		return false, fmt.Errorf("resolving the unmatched payment of attempt %s: %w", id, ErrNotUnknown)
	}
	events, err := j.Events(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading the history of attempt %s: %w", id, err)
	}
	first := ""
	for _, e := range events {
		if e.Kind == journal.EventLateProposed && e.PGTxID == pgTxID {
			first = e.Actor
		}
	}
	if first == "" || first == actor {
		err := j.Note(ctx, id, journal.Event{At: now, Kind: journal.EventLateProposed, Actor: actor, PGTxID: pgTxID, Detail: reason})
		if err != nil {
			return false, fmt.Errorf("noting the finding on attempt %s: %w", id, err)
		}
		return false, nil
	}
	err = j.LateEnd(ctx, journal.Late{AttemptID: id, PGTxID: pgTxID}, journal.LateReturned, journal.Event{
		At: now, Kind: journal.EventLateResolved, Actor: actor, Detail: "first hand " + first + "; " + reason,
	})
	if err != nil {
		return false, fmt.Errorf("closing the unmatched payment of attempt %s: %w", id, err)
	}
	return true, nil
}
