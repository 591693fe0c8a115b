package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// LateState is where late money stands.
type LateState string

// The states of late money. Only LateReturned needs nobody's attention.
const (
	LateReturning LateState = "returning"
	LateReturned  LateState = "returned"
	LateUnknown   LateState = "unknown"
	LateFlagged   LateState = "flagged"
)

// Late is money that a PG took for an attempt that had ended without it. The attempt itself stays as it ended.
type Late struct {
	AttemptID payment.AttemptID `json:"attempt_id"`
	PGTxID    string            `json:"pg_tx_id"`
	Won       payment.Won       `json:"won"`
	State     LateState         `json:"state"`
	// Tries is how often giving it back was tried.
	Tries     int       `json:"tries"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// LateTake records that late money is about to be given back, with an event on its attempt, before the request
// is sent. taken is false when somebody else is at it, or it is back or flagged already; one whose owner died
// can be taken again after its hold. It returns the row as it is then.
func (j *Journal) LateTake(ctx context.Context, l Late, now time.Time, hold time.Duration) (row Late, taken bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "taking late money", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		n, err := x.exec(`INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at)
			VALUES (?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE SET state = excluded.state,
			won = excluded.won, tries = late_money.tries + 1, held_until = excluded.held_until, updated_at = excluded.updated_at
			WHERE late_money.state IN ('unknown', 'returning') AND late_money.held_until < ?`,
			l.AttemptID, l.PGTxID, int64(l.Won), LateReturning, millis(now.Add(hold)), millis(now), millis(now), millis(now))
		if err != nil {
			return err
		}
		if taken = n == 1; taken {
			ev := Event{At: now, Kind: "late_money", PGTxID: l.PGTxID, Reason: string(LateReturning), Detail: l.Won.String() + " won, giving it back"}
			if err := j.addEvent(x, l.AttemptID, a.State, a.State, ev); err != nil {
				return err
			}
		}
		row, err = oneLate(x, l.AttemptID, l.PGTxID)
		return err
	})
	return row, taken, err
}

// LateEnd records what came of giving late money back: LateReturned when that is proven, else LateUnknown. Money
// that is back stays so.
func (j *Journal) LateEnd(ctx context.Context, id payment.AttemptID, pgTxID string, to LateState, ev Event) error {
	return j.write(ctx, string(id), "recording what became of late money", func(x *txn) error {
		a, err := one(x, id)
		if err != nil {
			return err
		}
		n, err := x.exec(`UPDATE late_money SET state = ?, held_until = 0, updated_at = ? WHERE attempt_id = ? AND pg_tx_id = ?
			AND state <> 'returned'`, to, millis(j.now()), id, pgTxID)
		if err != nil || n == 0 {
			return err
		}
		ev.PGTxID, ev.Reason = pgTxID, string(to)
		return j.addEvent(x, id, a.State, a.State, ev)
	})
}

// LateFlag records late money that a person must look at. What is recorded already stays as it is; flagged is
// true when it was new.
func (j *Journal) LateFlag(ctx context.Context, l Late, ev Event) (flagged bool, err error) {
	err = j.write(ctx, string(l.AttemptID), "flagging late money", func(x *txn) error {
		a, err := one(x, l.AttemptID)
		if err != nil {
			return err
		}
		now := millis(j.now())
		n, err := x.exec(`INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at)
			VALUES (?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (attempt_id, pg_tx_id) DO NOTHING`,
			l.AttemptID, l.PGTxID, int64(l.Won), LateFlagged, now, now)
		if flagged = n == 1; err != nil || !flagged {
			return err
		}
		ev.PGTxID, ev.Reason = l.PGTxID, string(LateFlagged)
		return j.addEvent(x, l.AttemptID, a.State, a.State, ev)
	})
	return flagged, err
}

const lateColumns = `attempt_id, pg_tx_id, won, state, tries, created_at, updated_at`

// LateOpen returns late money that is not proven to be back, the oldest first.
func (j *Journal) LateOpen(ctx context.Context, limit int) ([]Late, error) {
	rows, err := j.r.query(ctx, `SELECT `+lateColumns+` FROM late_money WHERE state <> 'returned'
		ORDER BY created_at, attempt_id LIMIT ?`, limit)
	if err != nil {
		return nil, unavailable("listing late money", err)
	}
	list, err := collect(rows, scanLate)
	if err != nil {
		return nil, unavailable("listing late money", err)
	}
	return list, nil
}

func oneLate(x *txn, id payment.AttemptID, pgTxID string) (Late, error) {
	rows, err := x.query(`SELECT `+lateColumns+` FROM late_money WHERE attempt_id = ? AND pg_tx_id = ?`, id, pgTxID)
	if err != nil {
		return Late{}, err
	}
	list, err := collect(rows, scanLate)
	if err != nil {
		return Late{}, err
	}
	if len(list) == 0 {
		return Late{}, fmt.Errorf("late money of attempt %s: %w", id, ErrNotFound)
	}
	return list[0], nil
}

func scanLate(r *sql.Rows) (Late, error) {
	var l Late
	var won, created, updated int64
	err := r.Scan(&l.AttemptID, &l.PGTxID, &won, &l.State, &l.Tries, &created, &updated)
	l.Won, l.CreatedAt, l.UpdatedAt = payment.Won(won), at(created), at(updated)
	return l, err
}
