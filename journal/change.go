package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Change is what a virtual account that waits for its deposit is to be changed to.
type Change struct {
	Amount payment.Won
	Due    time.Time
}

// code is how an event has a change, to the second.
func (c Change) code() string { return fmt.Sprintf("%d %d", c.Amount, c.Due.Unix()) }

func parseChange(code string) (c Change, ok bool) {
	var due int64
	n, err := fmt.Sscanf(code, "%d %d", &c.Amount, &due)
	c.Due = time.Unix(due, 0).UTC()
	return c, err == nil && n == 2
}

// OpenChange is the change of an account of which nobody knows yet whether the PG made it; open is false when there is
// none. The events are the attempt's, oldest first.
func OpenChange(events []Event) (c Change, open bool) {
	for _, e := range events {
		if e.Kind == EventChangeIntended {
			c, open = parseChange(e.Code)
		}
		if e.Kind == EventChanged || e.Kind == EventChangeRefused {
			c, open = Change{}, false
		}
	}
	return c, open
}

// IntendChange writes down that an account is to be changed, before its PG hears of it: until that has ended the attempt
// is what it was, and may turn out to be what it was changed to. It fails with a ConflictError when the attempt does not
// wait for a deposit, or while nobody knows what became of another change.
func (j *Journal) IntendChange(ctx context.Context, id payment.AttemptID, c Change, now time.Time) error {
	return j.writeTo(ctx, id, "changing an account", func(x *txn) error {
		r, err := one(x, id)
		if err != nil {
			return err
		}
		if r.State != payment.StateIssued { //guard:only-open-accounts-are-changed
			return &ConflictError{Kind: ConflictState, ID: id, State: r.State}
		}
		code, err := x.openChange(id)
		if err != nil {
			return err
		}
		if code != "" && code != c.code() { //guard:one-change-at-a-time
			return &ConflictError{Kind: ConflictOwner, ID: id, State: r.State}
		}
		return j.addEvent(x, id, r.State, r.State, Event{
			At: now, Kind: EventChangeIntended, Code: c.code(),
			Detail: fmt.Sprintf("%s won until %s", c.Amount, c.Due.In(payment.KST()).Format(time.RFC3339)),
		})
	})
}

// openChange is the code of the change that has not ended; empty for none.
func (x *txn) openChange(id payment.AttemptID) (string, error) {
	if err := x.flush(); err != nil {
		return "", err
	}
	rows, err := x.query(
		`SELECT kind, code FROM events WHERE attempt_id = ? AND kind IN (?, ?, ?) ORDER BY seq DESC LIMIT 1`,
		id, EventChangeIntended, EventChanged, EventChangeRefused,
	)
	if err != nil {
		return "", err
	}
	last, err := collect(rows, func(r *sql.Rows) (e Event, err error) {
		err = r.Scan(&e.Kind, &e.Code)
		return e, err
	})
	if err != nil || len(last) == 0 || last[0].Kind != EventChangeIntended {
		return "", err
	}
	return last[0].Code, nil
}

// EndChange ends a change: done, the attempt is what its account was changed to; not done, it is what it was. It fails
// with a ConflictError when the attempt does not wait for a deposit any more.
func (j *Journal) EndChange(ctx context.Context, id payment.AttemptID, c Change, done bool, now time.Time) error {
	return j.writeTo(ctx, id, "ending a change of an account", func(x *txn) error {
		r, err := one(x, id)
		if err != nil {
			return err
		}
		if r.State != payment.StateIssued {
			return &ConflictError{Kind: ConflictState, ID: id, State: r.State}
		}
		if !done {
			return j.addEvent(x, id, r.State, r.State, Event{At: now, Kind: EventChangeRefused, Code: c.code()})
		}
		x.forget(id)
		n, err := x.exec(
			`UPDATE attempts SET amount = ?, order_amount = ?, deposit_due = ?, updated_at = ? WHERE id = ? AND state = 'issued'`,
			c.Amount, c.Amount, millis(c.Due), millis(j.now()), id,
		)
		if err != nil {
			return err
		}
		if n != 1 {
			return &ConflictError{Kind: ConflictState, ID: id, State: r.State}
		}
		return j.addEvent(x, id, r.State, r.State, Event{At: now, Kind: EventChanged, Code: c.code()})
	})
}
