package journal

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const unmatchedColumns = `attempt_id, pg_tx_id, won, state, tries, created_at, updated_at, next_check, checks, lease_until`

// UnmatchedLanes returns the lanes in which unmatched payments are due.
func (j *Journal) UnmatchedLanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return j.lanes(ctx, "unmatched_payments", urgentUnmatched, now)
}

// UnmatchedDue returns the unmatched payments of a lane whose next check has come, the most overdue first, and leases
// it: until the lease ends, or a write about it does, no other sweeper gets it. What is closed or in other lanes
// costs it nothing.
func (j *Journal) UnmatchedDue(
	ctx context.Context, l Lane, now time.Time, limit int, lease time.Duration,
) ([]Unmatched, error) {
	due, err := takeDue(
		ctx,
		j,
		"taking due unmatched payments",
		`UPDATE unmatched_payments SET lease_until = ? WHERE (attempt_id, pg_tx_id) IN (
		SELECT attempt_id, pg_tx_id FROM unmatched_payments WHERE pg = ? AND `+urgentUnmatched+` = ? AND next_check > 0 AND next_check <= ? AND `+
			`lease_until <= ?`+ //guard:leased-unmatched-is-ones-own
			` ORDER BY next_check, attempt_id, pg_tx_id LIMIT ? /*skip*/) RETURNING `+unmatchedColumns,
		scanUnmatched,
		l,
		now,
		limit,
		lease,
	)
	// RETURNING keeps no order.
	slices.SortFunc(due, func(a, b Unmatched) int {
		return cmp.Or(
			a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.AttemptID, b.AttemptID), cmp.Compare(a.PGTxID, b.PGTxID),
		)
	})
	return due, err
}

// UnmatchedOpen returns the unmatched payments that are not closed, and payments that are only watched, the oldest
// first.
func (j *Journal) UnmatchedOpen(ctx context.Context, limit int) ([]Unmatched, error) {
	return j.unmatchedList(ctx, `SELECT `+unmatchedColumns+` FROM unmatched_payments WHERE next_check > 0
		ORDER BY created_at, attempt_id, pg_tx_id LIMIT ?`, limit)
}

// UnmatchedOf returns the unmatched payments of an attempt, closed or not, the oldest first.
func (j *Journal) UnmatchedOf(ctx context.Context, id payment.AttemptID) ([]Unmatched, error) {
	return j.unmatchedList(
		ctx, `SELECT `+unmatchedColumns+` FROM unmatched_payments WHERE attempt_id = ? ORDER BY created_at, pg_tx_id`, id,
	)
}

func (j *Journal) unmatchedList(ctx context.Context, query string, args ...any) ([]Unmatched, error) {
	rows, err := j.r.query(ctx, query, args...)
	if err != nil {
		return nil, unavailable("listing unmatched payments", err)
	}
	list, err := collect(rows, scanUnmatched)
	if err != nil {
		return nil, unavailable("listing unmatched payments", err)
	}
	return list, nil
}

func scanUnmatched(r *sql.Rows) (Unmatched, error) {
	var l Unmatched
	var won, created, updated, next, lease int64
	err := r.Scan(&l.AttemptID, &l.PGTxID, &won, &l.State, &l.Tries, &created, &updated, &next, &l.Checks, &lease)
	l.Won, l.CreatedAt, l.UpdatedAt, l.NextCheck, l.Lease = payment.Won(won), at(created), at(updated), at(next), at(lease)
	return l, err
}
