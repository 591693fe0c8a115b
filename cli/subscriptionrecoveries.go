package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// recoveryRow is a declined charge that is or was tried again.
type recoveryRow struct {
	OrderID   payment.OrderID       `json:"order_id"`
	FirstID   payment.AttemptID     `json:"first_attempt_id"`
	AttemptID payment.AttemptID     `json:"attempt_id"`
	PG        payment.PGID          `json:"pg"`
	State     payment.RecoveryState `json:"state"`
	Tries     int                   `json:"tries"`
	Class     payment.DeclineClass  `json:"class,omitempty"`
	Reason    payment.Reason        `json:"reason,omitempty"`
	Stopped   payment.StopReason    `json:"stop_reason,omitempty"`
	NextAt    time.Time             `json:"next_at,omitzero"`
	CreatedAt time.Time             `json:"created_at"`
	UpdatedAt time.Time             `json:"updated_at"`
}

func (l *subscriptionList) runRecoveries(
	ctx context.Context, j *journal.Journal, f journal.ListFilter, out io.Writer,
) error {
	found, err := j.Recoveries(ctx, f)
	if err != nil {
		return err
	}
	rows := []recoveryRow{} // an empty list, not null
	for _, r := range found {
		row := recoveryRow{
			OrderID: r.OrderID, FirstID: r.ID, AttemptID: r.Attempt, PG: r.PG, State: r.State, Tries: r.Tries, Class: r.Class,
			Reason: r.Reason, Stopped: r.Stopped, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		}
		if r.State == payment.RecoveryWaiting {
			row.NextAt = r.NextCheck
		}
		rows = append(rows, row)
	}
	if l.asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(out, "no recoveries")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ORDER\tPG\tSTATE\tTRIES\tREASON\tSTOPPED\tNEXT TRY\tLAST CHARGE")
	for _, r := range rows {
		next := "-"
		if !r.NextAt.IsZero() {
			next = onTheClock(r.NextAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", r.OrderID, r.PG, r.State, r.Tries, cmp.Or(r.Reason, "-"),
			cmp.Or(r.Stopped, "-"), next, r.AttemptID)
	}
	return w.Flush()
}
