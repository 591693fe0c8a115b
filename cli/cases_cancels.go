package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cancelRows are the desk's lines for cancels of paid attempts: those of which nobody knows whether they happened,
// and those that a PG has promised to do.
func cancelRows(ctx context.Context, j *journal.Journal) ([]unknownRow, error) {
	list, err := j.CancelsOpen(ctx, 10_000)
	if err != nil {
		return nil, fmt.Errorf("listing open cancels: %w", err)
	}
	var rows []unknownRow
	for i, c := range list {
		if c.State == payment.CancelRequested && c.Code != lifecycle.CancelLater {
			// Somebody is at it just now.
			continue
		}
		a, _, err := j.Attempt(ctx, c.AttemptID)
		if err != nil {
			return nil, fmt.Errorf("reading attempt %s: %w", c.AttemptID, err)
		}
		row := unknownRow{Attempt: a, Age: time.Since(c.CreatedAt).Round(time.Second).String(), Cancel: &list[i]}
		row.Reason = c.Code
		if err := row.remember(ctx, j, c.AttemptID, func(h happened) bool { return h.Reason == string(c.ID) }); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// resolveCancel records a finding about a cancel of an attempt.
func resolveCancel(ctx context.Context, j *journal.Journal, id payment.AttemptID, cancel payment.CancelID, as, by, reason string) (bool, error) {
	c, err := j.Cancel(ctx, cancel)
	if err != nil {
		return false, fmt.Errorf("reading the cancel: %w", err)
	}
	if c.AttemptID != id {
		return false, fmt.Errorf("%w: the cancel is one of attempt %s", lifecycle.ErrFinding, c.AttemptID)
	}
	return lifecycle.ResolveCancel(ctx, j, cancel, lifecycle.Finding(as), by, reason, time.Now())
}
