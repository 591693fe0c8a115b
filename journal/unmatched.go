package journal

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// UnmatchedState is where an unmatched payment stands.
type UnmatchedState string

// The states of an unmatched payment. UnmatchedReturned, UnmatchedKept and UnmatchedAbsent are closed; the others
// have a next check.
const (
	// UnmatchedReturning: a cancel may be under way.
	UnmatchedReturning UnmatchedState = "returning"
	// UnmatchedReturned: proven to be back with the buyer.
	UnmatchedReturned UnmatchedState = "returned"
	// UnmatchedUnknown: not proven to be back.
	UnmatchedUnknown UnmatchedState = "unknown"
	// UnmatchedFlagged: a person must decide.
	UnmatchedFlagged UnmatchedState = "flagged"
	// UnmatchedKept: it turned out to be the attempt's own.
	UnmatchedKept UnmatchedState = "kept"
	// UnmatchedWatched: we said no to this payment, and the PG may not have heard it. Nothing is known to be there.
	UnmatchedWatched UnmatchedState = "watched"
	// UnmatchedAbsent: the PG showed that nothing is there. When it shows money after all, it is taken up again.
	UnmatchedAbsent UnmatchedState = "absent"
)

// Open tells whether there is, or may be, money in this state that somebody must deal with.
func (s UnmatchedState) Open() bool {
	return s == UnmatchedReturning || s == UnmatchedUnknown || s == UnmatchedFlagged
}

// LookedAt tells whether an unmatched payment in this state is looked up again.
func (s UnmatchedState) LookedAt() bool { return s.Open() || s == UnmatchedWatched }

// Unmatched is money that a PG took for an attempt that had ended without it, or a second time. The attempt itself
// stays as it ended.
type Unmatched struct {
	AttemptID payment.AttemptID `json:"attempt_id"`
	PGTxID    string            `json:"pg_tx_id"`
	Won       payment.Won       `json:"won"`
	State     UnmatchedState    `json:"state"`
	// Tries is how often giving it back was tried, Checks how often it was looked at otherwise.
	Tries     int       `json:"tries"`
	Checks    int       `json:"checks"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// NextCheck is when it is looked up again; zero when it is closed.
	NextCheck time.Time `json:"next_check,omitzero"`
	// Lease is until when UnmatchedDue leased it, zero when nobody has.
	Lease time.Time `json:"-"`
}

// flaggedCheck is when flagged money is looked at when nobody said.
const flaggedCheck = time.Hour

func (j *Journal) unmatchedNext(to UnmatchedState, wanted time.Time) time.Time {
	switch {
	case !to.LookedAt():
		return time.Time{}
	case !wanted.IsZero():
		return wanted
	case to == UnmatchedFlagged:
		return j.now().Add(flaggedCheck)
	}
	return j.now().Add(defaultCheck)
}

// UnmatchedTake records that an unmatched payment is about to be given back, with an event on its attempt, before the
// request is sent. l.Tries is the number that the caller knew of before it asked the PG whether the money is still
// there. taken is false when there was another try since, or one is under way, or the money is back or flagged
// already; one whose owner died can be taken again after its claim. It returns the row as it is then.
func (j *Journal) UnmatchedTake(
	ctx context.Context, l Unmatched, now time.Time, hold time.Duration,
) (row Unmatched, taken bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "taking an unmatched payment", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		until := millis(now.Add(hold))
		// The number of tries is compared: who asked the PG before another try was made does not know what that try
		// did. What was only watched, or absent, is money from now on, so its age begins here.
		n, err := x.exec(
			`INSERT INTO unmatched_payments (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
			next_check, checks, lease_until, pg) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, 0, 0, ?)
			ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE SET state = excluded.state, won = excluded.won,
			tries = unmatched_payments.tries + 1, held_until = excluded.held_until, updated_at = excluded.updated_at,
			next_check = excluded.next_check, lease_until = 0, created_at = CASE WHEN unmatched_payments.state IN ('watched', 'absent')
				THEN excluded.created_at ELSE unmatched_payments.created_at END
			WHERE unmatched_payments.state IN ('unknown', 'returning'`+
				`, 'watched', 'absent'`+ //guard:absent-that-shows-is-taken-up
				`) AND unmatched_payments.held_until < ? AND `+
				`unmatched_payments.tries = ?`, //guard:unmatched-back-on-a-fresh-look-up
			l.AttemptID,
			l.PGTxID,
			int64(l.Won),
			UnmatchedReturning,
			until,
			millis(now),
			millis(now),
			until,
			a.PG,
			millis(now),
			l.Tries,
		)
		if err != nil {
			return err
		}
		if taken = n == 1; taken {
			ev := Event{
				At: now, Kind: EventUnmatched, PGTxID: l.PGTxID, Reason: string(UnmatchedReturning),
				Detail: l.Won.String() + " won, giving it back",
			}
			if err := j.addEvent(x, l.AttemptID, a.State, a.State, ev); err != nil {
				return err
			}
		}
		rows, err := x.query(
			`SELECT `+unmatchedColumns+` FROM unmatched_payments WHERE attempt_id = ? AND pg_tx_id = ?`, l.AttemptID, l.PGTxID,
		)
		if err != nil {
			return err
		}
		list, err := collect(rows, scanUnmatched)
		if err == nil && len(list) == 1 {
			row = list[0]
		}
		return err
	})
	return row, taken, err
}

// UnmatchedEnd records what became of an unmatched payment: UnmatchedReturned when it is proven to be back,
// UnmatchedKept when it is the attempt's own, UnmatchedAbsent when nothing is there, UnmatchedFlagged when a person
// must decide, else UnmatchedUnknown with l.NextCheck. What is closed stays so; UnmatchedUnknown says nothing of
// money that is flagged, or that was taken up again after l.Tries tries.
func (j *Journal) UnmatchedEnd(ctx context.Context, l Unmatched, to UnmatchedState, ev Event) error {
	return j.write(ctx, string(l.AttemptID), "recording what became of an unmatched payment", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		n, err := x.exec(
			`UPDATE unmatched_payments SET state = ?, held_until = 0, updated_at = ?, next_check = ?, lease_until = 0
			WHERE attempt_id = ? AND pg_tx_id = ? AND next_check > 0 AND (? <> 'unknown' OR state <> 'flagged' AND tries = ?)`,
			to,
			millis(j.now()),
			millis(j.unmatchedNext(to, l.NextCheck)),
			l.AttemptID,
			l.PGTxID,
			to,
			l.Tries,
		)
		if err != nil || n == 0 {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(to)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
}

// UnmatchedFlag records an unmatched payment that a person must look at. What is recorded as money already stays as
// it is; flagged is true when it was new.
func (j *Journal) UnmatchedFlag(ctx context.Context, l Unmatched, ev Event) (flagged bool, err error) {
	return j.addUnmatched(ctx, l, UnmatchedFlagged, ev)
}

// UnmatchedSeen records money of which it cannot be said yet whether it is late. What is recorded as money already
// stays as it is; seen is true when it was new.
func (j *Journal) UnmatchedSeen(ctx context.Context, l Unmatched, ev Event) (seen bool, err error) {
	return j.addUnmatched(ctx, l, UnmatchedUnknown, ev)
}

// UnmatchedWatch records a payment that the PG was told not to take, so that somebody looks whether it did. l.Won is
// what it would be about. What is on record already stays as it is, but what was absent is watched again.
func (j *Journal) UnmatchedWatch(ctx context.Context, l Unmatched, ev Event) (watched bool, err error) {
	return j.addUnmatched(ctx, l, UnmatchedWatched, ev)
}

func (j *Journal) addUnmatched(
	ctx context.Context, l Unmatched, state UnmatchedState, ev Event,
) (added bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "recording an unmatched payment", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		now := millis(j.now())
		n, err := x.exec(
			`INSERT INTO unmatched_payments (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
			next_check, checks, lease_until, pg) VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, 0, 0, ?) ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE
			SET won = excluded.won, state = excluded.state, created_at = excluded.created_at, updated_at = excluded.updated_at,
			next_check = excluded.next_check, checks = 0, lease_until = 0
			WHERE unmatched_payments.state = 'absent' OR unmatched_payments.state = 'watched' AND excluded.state <> 'watched'`,
			l.AttemptID,
			l.PGTxID,
			int64(l.Won),
			state,
			now,
			now,
			millis(j.unmatchedNext(state, l.NextCheck)),
			a.PG,
		)
		if added = n == 1; err != nil || !added {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(state)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
	return added, err
}

// UnmatchedTouch records a look-up of an unmatched payment that changed nothing: l.NextCheck, and one more in Checks.
// It ends the lease. When the money is not as the looker had it from UnmatchedDue, nothing is written and
// UnmatchedTouch fails with a ConflictError. An event without a kind is not recorded.
func (j *Journal) UnmatchedTouch(ctx context.Context, l Unmatched, ev Event) error {
	return j.write(ctx, string(l.AttemptID), "scheduling the next check of an unmatched payment", func(x *txn) error {
		n, err := x.exec(`UPDATE unmatched_payments SET next_check = ?, checks = checks + 1, lease_until = 0
			WHERE attempt_id = ? AND pg_tx_id = ? AND state = ? AND tries = ? AND checks = ? AND lease_until = ? AND next_check > 0`,
			millis(j.unmatchedNext(l.State, l.NextCheck)), l.AttemptID, l.PGTxID, l.State, l.Tries, l.Checks, millis(l.Lease))
		if err == nil && n == 0 {
			err = &ConflictError{Kind: ConflictOwner, ID: l.AttemptID}
		}
		if err != nil || ev.Kind == "" {
			return err
		}
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(l.State)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
}
