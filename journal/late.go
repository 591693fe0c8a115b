package journal

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// LateState is where late money stands.
type LateState string

// The states of late money. LateReturned, LateKept and LateAbsent are closed; the others have a next check.
const (
	// LateReturning: a cancel may be under way.
	LateReturning LateState = "returning"
	// LateReturned: proven to be back with the buyer.
	LateReturned LateState = "returned"
	// LateUnknown: not proven to be back.
	LateUnknown LateState = "unknown"
	// LateFlagged: a person must decide.
	LateFlagged LateState = "flagged"
	// LateKept: it turned out to be the attempt's own.
	LateKept LateState = "kept"
	// LateWatched: we said no to this payment, and the PG may not have heard it. Nothing is known to be there.
	LateWatched LateState = "watched"
	// LateAbsent: the PG showed that nothing is there. When it shows money after all, it is taken up again.
	LateAbsent LateState = "absent"
)

// Open tells whether there is, or may be, money in this state that somebody must deal with.
func (s LateState) Open() bool { return s == LateReturning || s == LateUnknown || s == LateFlagged }

// LookedAt tells whether late money in this state is looked at again.
func (s LateState) LookedAt() bool { return s.Open() || s == LateWatched }

// Late is money that a PG took for an attempt that had ended without it, or a second time. The attempt itself stays
// as it ended.
type Late struct {
	AttemptID payment.AttemptID `json:"attempt_id"`
	PGTxID    string            `json:"pg_tx_id"`
	Won       payment.Won       `json:"won"`
	State     LateState         `json:"state"`
	// Tries is how often giving it back was tried, Checks how often it was looked at otherwise.
	Tries     int       `json:"tries"`
	Checks    int       `json:"checks"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// NextCheck is when it is looked at again; zero when it is closed.
	NextCheck time.Time `json:"next_check,omitzero"`
	// Lease is until when LateDue leased it, zero when nobody has.
	Lease time.Time `json:"-"`
}

// flaggedCheck is when flagged money is looked at when nobody said.
const flaggedCheck = time.Hour

func (j *Journal) lateNext(to LateState, wanted time.Time) time.Time {
	switch {
	case !to.LookedAt():
		return time.Time{}
	case !wanted.IsZero():
		return wanted
	case to == LateFlagged:
		return j.now().Add(flaggedCheck)
	}
	return j.now().Add(defaultCheck)
}

// LateTake records that late money is about to be given back, with an event on its attempt, before the request
// is sent. l.Tries is the number that the caller knew of before it asked the PG whether the money is still there.
// taken is false when there was another try since, or one is under way, or the money is back or flagged already;
// one whose owner died can be taken again after its hold. It returns the row as it is then.
func (j *Journal) LateTake(
	ctx context.Context, l Late, now time.Time, hold time.Duration,
) (row Late, taken bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "taking late money", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		until := millis(now.Add(hold))
		// The number of tries is compared: who asked the PG before another try was made does not know what that try
		// did. What was only watched, or absent, is money from now on, so its age begins here.
		n, err := x.exec(`INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
			next_check, checks, lease_until, pg) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, 0, 0, ?)
			ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE SET state = excluded.state, won = excluded.won,
			tries = late_money.tries + 1, held_until = excluded.held_until, updated_at = excluded.updated_at,
			next_check = excluded.next_check, lease_until = 0, created_at = CASE WHEN late_money.state IN ('watched', 'absent')
				THEN excluded.created_at ELSE late_money.created_at END
			WHERE late_money.state IN ('unknown', 'returning', 'watched', 'absent') AND late_money.held_until < ? AND late_money.tries = ?`,
			l.AttemptID, l.PGTxID, int64(l.Won), LateReturning, until, millis(now), millis(now), until, a.PG, millis(now), l.Tries)
		if err != nil {
			return err
		}
		if taken = n == 1; taken {
			ev := Event{At: now, Kind: EventLate, PGTxID: l.PGTxID, Reason: string(LateReturning), Detail: l.Won.String() + " won, giving it back"}
			if err := j.addEvent(x, l.AttemptID, a.State, a.State, ev); err != nil {
				return err
			}
		}
		rows, err := x.query(`SELECT `+lateColumns+` FROM late_money WHERE attempt_id = ? AND pg_tx_id = ?`, l.AttemptID, l.PGTxID)
		if err != nil {
			return err
		}
		list, err := collect(rows, scanLate)
		if err == nil && len(list) == 1 {
			row = list[0]
		}
		return err
	})
	return row, taken, err
}

// LateEnd records what became of late money: LateReturned when it is proven to be back, LateKept when it is the
// attempt's own, LateAbsent when nothing is there, LateFlagged when a person must decide, else LateUnknown with
// l.NextCheck. What is closed stays so;
// LateUnknown says nothing of money that is flagged, or that was taken up again after l.Tries tries.
func (j *Journal) LateEnd(ctx context.Context, l Late, to LateState, ev Event) error {
	return j.write(ctx, string(l.AttemptID), "recording what became of late money", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		n, err := x.exec(`UPDATE late_money SET state = ?, held_until = 0, updated_at = ?, next_check = ?, lease_until = 0
			WHERE attempt_id = ? AND pg_tx_id = ? AND next_check > 0 AND (? <> 'unknown' OR state <> 'flagged' AND tries = ?)`,
			to, millis(j.now()), millis(j.lateNext(to, l.NextCheck)), l.AttemptID, l.PGTxID, to, l.Tries)
		if err != nil || n == 0 {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(to)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
}

// LateFlag records late money that a person must look at. What is recorded as money already stays as it is; flagged
// is true when it was new.
func (j *Journal) LateFlag(ctx context.Context, l Late, ev Event) (flagged bool, err error) {
	return j.addLate(ctx, l, LateFlagged, ev)
}

// LateSeen records money of which it cannot be said yet whether it is late. What is recorded as money already stays as
// it is; seen is true when it was new.
func (j *Journal) LateSeen(ctx context.Context, l Late, ev Event) (seen bool, err error) {
	return j.addLate(ctx, l, LateUnknown, ev)
}

// LateWatch records a payment that the PG was told not to take, so that somebody looks whether it did. l.Won is what it
// would be about. What is on record already stays as it is, but what was absent is watched again.
func (j *Journal) LateWatch(ctx context.Context, l Late, ev Event) (watched bool, err error) {
	return j.addLate(ctx, l, LateWatched, ev)
}

func (j *Journal) addLate(ctx context.Context, l Late, state LateState, ev Event) (added bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "recording late money", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		now := millis(j.now())
		n, err := x.exec(`INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
			next_check, checks, lease_until, pg) VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, 0, 0, ?) ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE
			SET won = excluded.won, state = excluded.state, created_at = excluded.created_at, updated_at = excluded.updated_at,
			next_check = excluded.next_check, checks = 0, lease_until = 0
			WHERE late_money.state = 'absent' OR late_money.state = 'watched' AND excluded.state <> 'watched'`,
			l.AttemptID, l.PGTxID, int64(l.Won), state, now, now, millis(j.lateNext(state, l.NextCheck)), a.PG)
		if added = n == 1; err != nil || !added {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(state)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
	return added, err
}

// LateTouch records a look at late money that changed nothing: l.NextCheck, and one more in Checks. It ends the
// lease. When the money is not as the looker had it from LateDue, nothing is written and LateTouch fails with a
// ConflictError. An event without a kind is not recorded.
func (j *Journal) LateTouch(ctx context.Context, l Late, ev Event) error {
	return j.write(ctx, string(l.AttemptID), "scheduling the next check of late money", func(x *txn) error {
		n, err := x.exec(`UPDATE late_money SET next_check = ?, checks = checks + 1, lease_until = 0
			WHERE attempt_id = ? AND pg_tx_id = ? AND state = ? AND tries = ? AND checks = ? AND lease_until = ? AND next_check > 0`,
			millis(j.lateNext(l.State, l.NextCheck)), l.AttemptID, l.PGTxID, l.State, l.Tries, l.Checks, millis(l.Lease))
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
