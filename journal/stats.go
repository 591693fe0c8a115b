package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Stats is what is not settled yet.
type Stats struct {
	// Open has a row per open state, those without attempts included.
	Open []StateStats
	// Pending and Parked count messages that the shop has not acknowledged; OldestMessage is the creation time
	// of the oldest of them, OldestPending of the oldest that is still sent, zero when there is none.
	Pending       int
	Parked        int
	OldestMessage time.Time
	OldestPending time.Time
	// Late has a row per open state of late money, those without any included.
	Late []LateStats
}

// LateStats sums up the late money in one open state.
type LateStats struct {
	State LateState
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

// Stats sums up the open attempts, the undelivered messages and the open late money. Closed ones cost it nothing.
func (j *Journal) Stats(ctx context.Context) (Stats, error) {
	rows, err := j.r.query(ctx, `SELECT state, count(*), cast(sum(amount) AS BIGINT), min(created_at) FROM attempts
		WHERE next_check > 0 GROUP BY state`)
	if err != nil {
		return Stats{}, unavailable("summing up open attempts", err)
	}
	found, err := collect(rows, func(r *sql.Rows) (s StateStats, err error) {
		var oldest int64
		err = r.Scan(&s.State, &s.Count, &s.Won, &oldest)
		s.Oldest = at(oldest)
		return s, err
	})
	if err != nil {
		return Stats{}, unavailable("summing up open attempts", err)
	}
	stats := Stats{Open: everyOpenState(found)}
	rows, err = j.r.query(ctx, `SELECT status, count(*), min(created_at) FROM outbox WHERE status <> 'done' GROUP BY status`)
	if err != nil {
		return Stats{}, unavailable("summing up the outbox", err)
	}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var status string
		var n int
		var oldest int64
		err := r.Scan(&status, &n, &oldest)
		stats.addMessages(status, n, at(oldest))
		return struct{}{}, err
	})
	if err != nil {
		return Stats{}, unavailable("summing up the outbox", err)
	}
	stats.Late, err = j.lateStats(ctx)
	return stats, err
}

func (j *Journal) lateStats(ctx context.Context) ([]LateStats, error) {
	rows, err := j.r.query(ctx, `SELECT state, count(*), cast(sum(won) AS BIGINT), min(created_at) FROM late_money
		WHERE next_check > 0 GROUP BY state`)
	if err != nil {
		return nil, unavailable("summing up late money", err)
	}
	stats := []LateStats{{State: LateReturning}, {State: LateUnknown}, {State: LateFlagged}}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var row LateStats
		var oldest int64
		err := r.Scan(&row.State, &row.Count, &row.Won, &oldest)
		row.Oldest = at(oldest)
		for i := range stats {
			if stats[i].State == row.State {
				stats[i] = row
			}
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, unavailable("summing up late money", err)
	}
	return stats, nil
}

func (s *Stats) addMessages(status string, n int, oldest time.Time) {
	switch status {
	case "pending":
		s.Pending, s.OldestPending = n, oldest
	case "parked":
		s.Parked = n
	}
	if s.OldestMessage.IsZero() || oldest.Before(s.OldestMessage) {
		s.OldestMessage = oldest
	}
}

func everyOpenState(found []StateStats) []StateStats {
	var all []StateStats
	for _, state := range payment.States() {
		if state.Final() {
			continue
		}
		row := StateStats{State: state}
		for _, f := range found {
			if f.State == state {
				row = f
			}
		}
		all = append(all, row)
	}
	return all
}
