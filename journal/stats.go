package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Stats is what is not concluded yet.
type Stats struct {
	// Open has a row per open state, those without attempts included.
	Open []StateStats
	// Pending and Parked count messages that the shop has not acknowledged; OldestPending is the creation time of the
	// oldest that is still sent, zero when there is none.
	Pending       int
	Parked        int
	OldestPending time.Time
	// Unmatched has a row per open state of unmatched payments, those without any included, and one for payments of no
	// attempt (UnmatchedOwnerless).
	Unmatched []UnmatchedStats
}

// UnmatchedStats sums up the unmatched payments in one open state.
type UnmatchedStats struct {
	State UnmatchedState
	Count int
	Won   payment.Won
	// Oldest is the creation time of the oldest entry in this state; zero when there is none.
	Oldest time.Time
}

// StateStats sums up the attempts in one open state.
type StateStats struct {
	State payment.State
	Count int
	Won   payment.Won
	// Oldest is the creation time of the oldest attempt in this state; zero when there is none.
	Oldest time.Time
}

// tally is how many there are in a state, what they are about, and when the oldest of them was made.
type tally struct {
	count  int
	won    payment.Won
	oldest time.Time
}

// tallies returns what was counted of a table, by state. The oldest is the first entry of an index; nothing is
// summed up that was not when it changed.
func (j *Journal) tallies(ctx context.Context, table, state, open string) (map[string]tally, error) {
	rows, err := j.r.query(ctx, `SELECT t.state, cast(sum(t.n) AS BIGINT), cast(sum(t.won) AS BIGINT),
		coalesce((SELECT min(created_at) FROM `+table+` WHERE `+open+` AND `+state+` = t.state), 0)
		FROM tallies t WHERE t.what = ? GROUP BY t.state`, table)
	if err != nil {
		return nil, unavailable("summing up "+table, err)
	}
	found := map[string]tally{}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var name string
		var t tally
		var oldest int64
		err := r.Scan(&name, &t.count, &t.won, &oldest)
		t.oldest = at(oldest)
		found[name] = t
		return struct{}{}, err
	})
	if err != nil {
		return nil, unavailable("summing up "+table, err)
	}
	return found, nil
}

// Stats sums up the open attempts, the undelivered messages and the open unmatched payments. However many there are,
// open or closed, costs it nothing: they are counted as they change.
func (j *Journal) Stats(ctx context.Context) (Stats, error) {
	var stats Stats
	attempts, err := j.tallies(ctx, "attempts", "state", "next_check > 0")
	if err != nil {
		return Stats{}, err
	}
	for _, s := range openStates() {
		t := attempts[string(s)]
		stats.Open = append(stats.Open, StateStats{State: s, Count: t.count, Won: t.won, Oldest: t.oldest})
	}
	messages, err := j.tallies(ctx, "outbox", "status", "status <> 'done'")
	if err != nil {
		return Stats{}, err
	}
	pending, parked := messages[string(MessagePending)], messages[string(MessageParked)]
	stats.Pending, stats.Parked, stats.OldestPending = pending.count, parked.count, pending.oldest
	unmatched, err := j.tallies(ctx, "unmatched_payments", "state", "next_check > 0")
	if err != nil {
		return Stats{}, err
	}
	for _, s := range []UnmatchedState{UnmatchedReturning, UnmatchedUnknown, UnmatchedFlagged} {
		t := unmatched[string(s)]
		stats.Unmatched = append(stats.Unmatched, UnmatchedStats{State: s, Count: t.count, Won: t.won, Oldest: t.oldest})
	}
	ownerless, err := j.ownerlessStats(ctx)
	if err != nil {
		return Stats{}, err
	}
	stats.Unmatched = append(stats.Unmatched, ownerless)
	return stats, nil
}
