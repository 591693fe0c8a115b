package journal

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const lateColumns = `attempt_id, pg_tx_id, won, state, tries, created_at, updated_at, next_check, checks, lease_until`

// LateLanes returns the lanes in which late money is due.
func (j *Journal) LateLanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return j.lanes(ctx, "late_money", urgentLate, now)
}

// LateDue returns late money of a lane whose next check has come, the most overdue first, and leases it: until the
// lease ends, or a write about it does, no other sweeper gets it. What is closed or in other lanes costs it nothing.
func (j *Journal) LateDue(ctx context.Context, l Lane, now time.Time, limit int, lease time.Duration) ([]Late, error) {
	due, err := takeDue(ctx, j, "taking due late money", `UPDATE late_money SET lease_until = ? WHERE (attempt_id, pg_tx_id) IN (
		SELECT attempt_id, pg_tx_id FROM late_money WHERE pg = ? AND `+urgentLate+` = ? AND next_check > 0 AND next_check <= ? AND lease_until <= ?
		ORDER BY next_check, attempt_id, pg_tx_id LIMIT ? /*skip*/) RETURNING `+lateColumns, scanLate, l, now, limit, lease)
	// RETURNING keeps no order.
	slices.SortFunc(due, func(a, b Late) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.AttemptID, b.AttemptID), cmp.Compare(a.PGTxID, b.PGTxID))
	})
	return due, err
}

// LateOpen returns late money that is not closed, and payments that are only watched, the oldest first.
func (j *Journal) LateOpen(ctx context.Context, limit int) ([]Late, error) {
	return j.lateList(ctx, `SELECT `+lateColumns+` FROM late_money WHERE next_check > 0
		ORDER BY created_at, attempt_id, pg_tx_id LIMIT ?`, limit)
}

// LateOf returns the late money of an attempt, closed or not, the oldest first.
func (j *Journal) LateOf(ctx context.Context, id payment.AttemptID) ([]Late, error) {
	return j.lateList(ctx, `SELECT `+lateColumns+` FROM late_money WHERE attempt_id = ? ORDER BY created_at, pg_tx_id`, id)
}

func (j *Journal) lateList(ctx context.Context, query string, args ...any) ([]Late, error) {
	rows, err := j.r.query(ctx, query, args...)
	if err != nil {
		return nil, unavailable("listing late money", err)
	}
	list, err := collect(rows, scanLate)
	if err != nil {
		return nil, unavailable("listing late money", err)
	}
	return list, nil
}

func scanLate(r *sql.Rows) (Late, error) {
	var l Late
	var won, created, updated, next, lease int64
	err := r.Scan(&l.AttemptID, &l.PGTxID, &won, &l.State, &l.Tries, &created, &updated, &next, &l.Checks, &lease)
	l.Won, l.CreatedAt, l.UpdatedAt, l.NextCheck, l.Lease = payment.Won(won), at(created), at(updated), at(next), at(lease)
	return l, err
}
