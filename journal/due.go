package journal

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Due returns the open attempts whose next check has come, the most overdue first, and leases them: until
// the lease ends, or Touch or Move ends it, no other sweeper gets them. Closed attempts cost it nothing.
func (j *Journal) Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]payment.Attempt, error) {
	var due []payment.Attempt
	err := j.write(ctx, "", "taking due attempts", func(x *txn) error {
		rows, err := x.query(`UPDATE attempts SET lease_until = ? WHERE id IN (
			SELECT id FROM attempts WHERE next_check > 0 AND next_check <= ? AND lease_until <= ?
			ORDER BY next_check, id LIMIT ? /*skip*/) RETURNING `+attemptColumns,
			millis(now.Add(lease)), millis(now), millis(now), limit)
		if err != nil {
			return err
		}
		due, err = collect(rows, scanAttempt)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(due, func(a, b payment.Attempt) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.ID, b.ID))
	})
	return due, nil
}

// List returns attempts in the given open states, those that changed longest ago first. With no states it
// returns every open attempt.
func (j *Journal) List(ctx context.Context, limit int, states ...payment.State) ([]payment.Attempt, error) {
	rows, err := j.r.query(ctx, `SELECT `+attemptColumns+` FROM attempts WHERE next_check > 0 ORDER BY updated_at, id`)
	if err != nil {
		return nil, unavailable("listing open attempts", err)
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	var list []payment.Attempt
	for len(list) < limit && rows.Next() {
		a, err := scanAttempt(rows)
		if err != nil {
			return nil, unavailable("listing open attempts", err)
		}
		if len(states) == 0 || slices.Contains(states, a.State) {
			list = append(list, a)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("listing open attempts", err)
	}
	return list, nil
}
