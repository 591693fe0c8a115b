package journal

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Plan is another time for an attempt that waits for its own.
type Plan struct {
	ID payment.AttemptID
	// ExpiresAt is until when it may still be paid, and NextCheck when the sweep looks at it.
	ExpiresAt, NextCheck time.Time
	Event                Event
}

// Replan gives an opened attempt another time. It fails with a ConflictError when the attempt is not opened any more, or
// somebody is looking at it just now, who would go on with the time that it had.
func (j *Journal) Replan(ctx context.Context, p Plan) error {
	return j.writeTo(ctx, p.ID, "moving a schedule", func(x *txn) error {
		r, err := one(x, p.ID)
		if err != nil {
			return err
		}
		if r.State != payment.StateOpened { //guard:only-what-waits-is-moved
			return &ConflictError{Kind: ConflictState, ID: p.ID, State: r.State}
		}
		x.forget(p.ID)
		now := millis(j.now())
		n, err := x.exec(`UPDATE attempts SET expires_at = ?, next_check = ?, updated_at = ?, lease_until = 0
			WHERE id = ? AND state = 'opened' AND `+
			`lease_until <= ?`, //guard:moved-while-nobody-looks
			millis(p.ExpiresAt), millis(j.nextCheck(r.State, p.NextCheck)), now, p.ID, now)
		if err != nil {
			return err
		}
		if n != 1 {
			return &ConflictError{Kind: ConflictOwner, ID: p.ID, State: r.State}
		}
		return j.addEvent(x, p.ID, r.State, r.State, p.Event)
	})
}
