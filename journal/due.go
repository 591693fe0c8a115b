package journal

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Lane is a part of what is due that is worked on apart from the rest, so that a PG that does not answer holds up
// nobody else's work, and what is pressing does not wait behind what is not.
type Lane struct {
	PG payment.PGID
	// Urgent tells that money may be moving and that it was looked at fewer than five times, which is the time in
	// which a net cancel is taken.
	Urgent bool
}

// The conditions of what is urgent. The indexes that name them must have the same words.
const (
	//guard:urgent-goes-first
	urgentAttempt   = `(CASE WHEN state IN ('claimed', 'approving', 'captured', 'unknown', 'cancelling') AND checks < 5 THEN 1 ELSE 0 END)`
	urgentUnmatched = `(CASE WHEN state <> 'flagged' AND checks < 5 THEN 1 ELSE 0 END)`
	urgentCancel    = `(CASE WHEN checks < 5 THEN 1 ELSE 0 END)`
)

// DueLanes returns the lanes in which attempts are due.
func (j *Journal) DueLanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return j.lanes(ctx, "attempts", urgentAttempt, now)
}

// Due returns the open attempts of a lane whose next check has come, the most overdue first, and leases them: until
// the lease ends, or Touch or Move ends it, no other sweeper gets them. What is closed or in other lanes costs it
// nothing.
func (j *Journal) Due(
	ctx context.Context, l Lane, now time.Time, limit int, lease time.Duration,
) ([]payment.Attempt, error) {
	due, err := takeDue(ctx, j, "taking due attempts", `UPDATE attempts SET lease_until = ? WHERE id IN (
		SELECT id FROM attempts WHERE pg = ? AND `+urgentAttempt+` = ? AND next_check > 0 AND next_check <= ? AND `+
		`lease_until <= ?`+ //guard:leased-attempt-is-ones-own
		` ORDER BY next_check, id LIMIT ? /*skip*/) RETURNING `+attemptColumns, scanAttempt, l, now, limit, lease)
	// RETURNING keeps no order.
	slices.SortFunc(due, func(a, b payment.Attempt) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.ID, b.ID))
	})
	return due, err
}

// lanes finds the PGs of what is due one after the other, each by one step into the index: however much is due of
// one of them, it is not read.
func (j *Journal) lanes(ctx context.Context, table, urgent string, now time.Time) ([]Lane, error) {
	query := fmt.Sprintf(`WITH RECURSIVE p (pg) AS (
		SELECT (SELECT min(pg) FROM %[1]s WHERE next_check > 0)
		UNION ALL SELECT (SELECT min(t.pg) FROM %[1]s t WHERE t.next_check > 0 AND t.pg > p.pg) FROM p WHERE p.pg IS NOT NULL)
		SELECT p.pg, u.urgent FROM p, (SELECT 1 AS urgent UNION ALL SELECT 0) u WHERE p.pg IS NOT NULL AND EXISTS (
			SELECT 1 FROM %[1]s WHERE pg = p.pg AND %[2]s = u.urgent AND next_check > 0 AND next_check <= ?)
		ORDER BY u.urgent DESC, p.pg`, table, urgent)
	rows, err := j.r.query(ctx, query, millis(now))
	if err != nil {
		return nil, unavailable("looking for what is due", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (l Lane, err error) {
		var urgent int
		err = r.Scan(&l.PG, &urgent)
		l.Urgent = urgent == 1
		return l, err
	})
	if err != nil {
		return nil, unavailable("looking for what is due", err)
	}
	return list, nil
}

// takeDue leases what is due in a lane by a query that takes the lease's end, the lane, now twice and the limit.
func takeDue[T any](
	ctx context.Context, j *Journal, doing, query string, scan func(*sql.Rows) (T, error), l Lane, now time.Time,
	limit int, lease time.Duration,
) ([]T, error) {
	var due []T
	urgent := 0
	if l.Urgent {
		urgent = 1
	}
	err := j.write(ctx, "", doing, func(x *txn) error {
		rows, err := x.query(query, millis(now.Add(lease)), l.PG, urgent, millis(now), millis(now), limit)
		if err != nil {
			return err
		}
		due, err = collect(rows, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

// listPage is how many attempts EachOpen reads at once.
const listPage = 1000

// EachOpen hands out every attempt in the given open states, state by state and the oldest first, however many
// there are; with no states, every open attempt. It stops at the first error of yield.
func (j *Journal) EachOpen(ctx context.Context, yield func(payment.Attempt) error, states ...payment.State) error {
	if len(states) == 0 {
		states = openStates()
	}
	for _, s := range states {
		var last payment.Attempt
		for more := true; more; {
			// By position and not by offset: what is closed meanwhile would push others out of sight.
			page, err := j.openPage(ctx, s, last, listPage)
			if err != nil {
				return err
			}
			for _, a := range page {
				if err := yield(a); err != nil {
					return err
				}
				last = a
			}
			more = len(page) == listPage
		}
	}
	return nil
}

// openPage returns the oldest attempts in an open state that come after last.
func (j *Journal) openPage(
	ctx context.Context, s payment.State, last payment.Attempt, limit int,
) ([]payment.Attempt, error) {
	rows, err := j.r.query(ctx, `SELECT `+attemptColumns+` FROM attempts WHERE next_check > 0 AND state = ?
		AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`, s, millis(last.CreatedAt), last.ID, limit)
	if err != nil {
		return nil, unavailable("listing open attempts", err)
	}
	list, err := collect(rows, scanAttempt)
	if err != nil {
		return nil, unavailable("listing open attempts", err)
	}
	return list, nil
}

func openStates() []payment.State {
	return slices.DeleteFunc(payment.States(), payment.State.Final)
}
