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

const recoveryColumns = `id, order_id, pg, attempt_id, state, tries, used, class, reason, stopped, stop_asked, sealed,
	created_at, updated_at, next_check`

// urgentRecovery is what is urgent of recoveries: whether a charge is paid is waited for.
const urgentRecovery = `(CASE WHEN state = 'trying' THEN 1 ELSE 0 END)`

// ConflictRecovery is of a recovery that is not where the caller thought.
const ConflictRecovery ConflictKind = "recovery"

// RecoveringError tells that the order is being recovered, so that no other charge of it is begun. It matches
// ErrClaimed.
type RecoveringError struct{ Recovery payment.Recovery }

// Error implements error.
func (e *RecoveringError) Error() string {
	return fmt.Sprintf("%v: its recovery %s is %s", ErrClaimed, e.Recovery.ID, e.Recovery.State)
}

// Is makes it match ErrClaimed.
func (e *RecoveringError) Is(target error) bool { return target == ErrClaimed }

// RecoveryTry says which recovery a charge is claimed for.
type RecoveryTry struct {
	// Row is the recovery: a new one, which is recorded with its first charge, or the one that waits for its next.
	Row payment.Recovery
	New bool
	// NextCheck is when it is looked at whether the charge has ended.
	NextCheck time.Time
}

// claimRecovery begins a recovery's charge in the write that claims its order, and keeps all other charges of an order
// that is being recovered from it.
func (j *Journal) claimRecovery(x *txn, a payment.Attempt, try *RecoveryTry) error {
	if a.Purpose != payment.PurposeRecurring {
		return nil
	}
	open, err := recoveriesIn(x, `WHERE order_id = ? AND next_check > 0`, a.OrderID)
	if err != nil {
		return err
	}
	now := millis(j.now())
	switch {
	case len(open) > 0 && (try == nil || try.New || open[0].ID != try.Row.ID): //guard:recovering-order-is-not-charged
		return &RecoveringError{open[0]}
	case try == nil:
		return nil
	case try.New:
		r := try.Row
		_, err := x.exec(
			`INSERT INTO recoveries (`+recoveryColumns+`, lease_until) VALUES (?, ?, ?, ?, 'trying', 0, 0, '', '', '', ?, ?, ?, ?, ?, 0)`,
			r.ID, a.OrderID, a.PG, a.ID, false, r.Sealed, now, now, millis(try.NextCheck),
		)
		return err
	}
	// One try, whoever makes it: the second finds that it does not wait any more, or that it is another one's turn.
	n, err := x.exec(
		`UPDATE recoveries SET state = 'trying', attempt_id = ?, tries = tries + 1, updated_at = ?, next_check = ?, lease_until = 0
		WHERE id = ? AND state = 'waiting' AND tries = ?`,
		a.ID, now, millis(try.NextCheck), try.Row.ID, try.Row.Tries,
	)
	if err == nil && n != 1 { //guard:stopped-recovery-makes-no-try
		err = &ConflictError{Kind: ConflictRecovery, ID: try.Row.ID, State: payment.StateOpened}
	}
	return err
}

// RecoveryStep says how a recovery moves on. Row is as the caller read it: when it is another by now, nothing is written.
type RecoveryStep struct {
	Row payment.Recovery
	// To is the state after it; Used, Class, Reason, Stopped and StopAsked are set to these.
	To        payment.RecoveryState
	Used      int
	Class     payment.DeclineClass
	Reason    payment.Reason
	Stopped   payment.StopReason
	StopAsked bool
	// NextCheck is when it is gone on with; an end has none.
	NextCheck time.Time
	// Messages go into the outbox in the same write.
	Messages []payment.Message
}

// RecoveryMove moves a recovery on, its messages in the same write, or nothing of it: with a ConflictError (recovery)
// when it has moved since it was read.
func (j *Journal) RecoveryMove(ctx context.Context, s RecoveryStep) (payment.Recovery, error) {
	r := s.Row
	r.State, r.Used, r.Class, r.Reason, r.Stopped = s.To, s.Used, s.Class, s.Reason, s.Stopped
	r.StopAsked, r.NextCheck, r.UpdatedAt = s.StopAsked, at(millis(s.NextCheck)), at(millis(j.now()))
	if !r.State.Open() {
		r.NextCheck, r.Sealed = time.Time{}, nil //guard:ended-recovery-keeps-nothing-sealed
	} else if r.NextCheck.IsZero() {
		r.NextCheck = at(millis(j.now().Add(defaultCheck)))
	}
	err := j.write(ctx, string(r.OrderID), "moving a recovery", func(x *txn) error {
		n, err := x.exec(
			`UPDATE recoveries SET state = ?, used = ?, class = ?, reason = ?, stopped = ?, stop_asked = ?, sealed = ?,
			updated_at = ?, next_check = ?, lease_until = 0
			WHERE id = ? AND next_check > 0 AND state = ? AND tries = ? AND used = ? AND stop_asked = ?`,
			r.State, r.Used, r.Class, r.Reason, r.Stopped, r.StopAsked, r.Sealed, millis(r.UpdatedAt), millis(r.NextCheck),
			r.ID, s.Row.State, s.Row.Tries, s.Row.Used, s.Row.StopAsked,
		)
		if err == nil && n != 1 { //guard:recovery-moves-once
			err = &ConflictError{Kind: ConflictRecovery, ID: r.ID, State: payment.StateOpened}
		}
		if err != nil {
			return err
		}
		return j.addMessages(x, payment.Attempt{ID: r.Attempt, OrderID: r.OrderID}, s.Messages)
	})
	if err != nil {
		return payment.Recovery{}, err
	}
	return r, nil
}

// RecoveryOf returns the recovery of an order that was begun last, open or not, or ErrNotFound.
func (j *Journal) RecoveryOf(ctx context.Context, order payment.OrderID) (payment.Recovery, error) {
	rows, err := j.r.query(ctx, `SELECT `+recoveryColumns+` FROM recoveries WHERE order_id = ?
		ORDER BY created_at DESC, id DESC LIMIT 1`, order)
	if err != nil {
		return payment.Recovery{}, unavailable("reading a recovery", err)
	}
	list, err := collect(rows, scanRecovery)
	switch {
	case err != nil:
		return payment.Recovery{}, unavailable("reading a recovery", err)
	case len(list) == 0:
		return payment.Recovery{}, fmt.Errorf("reading the recovery of order %s: %w", order, ErrNotFound)
	}
	return list[0], nil
}

// Recoveries lists recoveries, the newest first.
func (j *Journal) Recoveries(ctx context.Context, f ListFilter) ([]payment.Recovery, error) {
	where, args := `1 = 1`, f.args()
	if f.Order != "" {
		where, args = `order_id = ?`, append([]any{f.Order}, args...)
	}
	rows, err := j.r.query(ctx, `SELECT `+recoveryColumns+` FROM recoveries WHERE `+where+listConditions, args...)
	if err != nil {
		return nil, unavailable("listing recoveries", err)
	}
	list, err := collect(rows, scanRecovery)
	if err != nil {
		return nil, unavailable("listing recoveries", err)
	}
	return list, nil
}

// RecoveryLanes returns the lanes in which recoveries are due.
func (j *Journal) RecoveryLanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return j.lanes(ctx, "recoveries", urgentRecovery, now)
}

// RecoveriesDue returns the recoveries of a lane whose time has come, the most overdue first, and leases them as Due
// does with attempts.
func (j *Journal) RecoveriesDue(
	ctx context.Context, l Lane, now time.Time, limit int, lease time.Duration,
) ([]payment.Recovery, error) {
	due, err := takeDue(ctx, j, "taking due recoveries", `UPDATE recoveries SET lease_until = ? WHERE id IN (
		SELECT id FROM recoveries WHERE pg = ? AND `+urgentRecovery+` = ? AND next_check > 0 AND next_check <= ? AND lease_until <= ?
		ORDER BY next_check, id LIMIT ? /*skip*/) RETURNING `+recoveryColumns, scanRecovery, l, now, limit, lease)
	// RETURNING keeps no order.
	slices.SortFunc(due, func(a, b payment.Recovery) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.ID, b.ID))
	})
	return due, err
}

// RecoveriesOverdue returns the open recoveries whose time came before a moment, the most overdue first. It leases none.
func (j *Journal) RecoveriesOverdue(ctx context.Context, before time.Time, limit int) ([]payment.Recovery, error) {
	rows, err := j.r.query(ctx, `SELECT `+recoveryColumns+` FROM recoveries WHERE next_check > 0 AND next_check <= ?
		ORDER BY next_check, id LIMIT ?`, millis(before), limit)
	if err != nil {
		return nil, unavailable("listing overdue recoveries", err)
	}
	list, err := collect(rows, scanRecovery)
	if err != nil {
		return nil, unavailable("listing overdue recoveries", err)
	}
	return list, nil
}

// RecoveryStats counts the open recoveries by state.
func (j *Journal) RecoveryStats(ctx context.Context) (map[payment.RecoveryState]int, error) {
	rows, err := j.r.query(ctx, `SELECT state, count(*) FROM recoveries WHERE next_check > 0 GROUP BY state`)
	if err != nil {
		return nil, unavailable("counting recoveries", err)
	}
	counts := map[payment.RecoveryState]int{payment.RecoveryTrying: 0, payment.RecoveryWaiting: 0}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var s payment.RecoveryState
		var n int
		err := r.Scan(&s, &n)
		counts[s] = n
		return struct{}{}, err
	})
	if err != nil {
		return nil, unavailable("counting recoveries", err)
	}
	return counts, nil
}

func recoveriesIn(x *txn, where string, args ...any) ([]payment.Recovery, error) {
	rows, err := x.query(`SELECT `+recoveryColumns+` FROM recoveries `+where, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanRecovery)
}

func scanRecovery(rows *sql.Rows) (payment.Recovery, error) {
	var r payment.Recovery
	var created, updated, next int64
	err := rows.Scan(
		&r.ID, &r.OrderID, &r.PG, &r.Attempt, &r.State, &r.Tries, &r.Used, &r.Class, &r.Reason, &r.Stopped, &r.StopAsked,
		&r.Sealed, &created, &updated, &next,
	)
	r.CreatedAt, r.UpdatedAt, r.NextCheck = at(created), at(updated), at(next)
	return r, err
}
