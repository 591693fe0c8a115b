package journal

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Subscriptions is what of recurring payments (정기결제) is listed, and which of it.
type Subscriptions string

// What is listed.
const (
	// SubscriptionKeys are the attempts that issue billing keys.
	SubscriptionKeys Subscriptions = "keys"
	// SubscriptionCharges are the charges of billing keys that were begun.
	SubscriptionCharges Subscriptions = "charges"
	// SubscriptionSchedules are the charges that the PG is to make by itself, until it is known what came of them.
	SubscriptionSchedules Subscriptions = "schedules"
)

// Listed is one place in a list that goes from the newest to the oldest; the zero place is its beginning.
type Listed struct {
	At time.Time
	ID string
}

// ListFilter says what is wanted of a list; what is left out does not matter.
type ListFilter struct {
	Order payment.OrderID
	// State is a state of what is listed.
	State string
	// Since and Until bound when it was made: from Since on, before Until.
	Since, Until time.Time
	// After is the last of the page before.
	After Listed
	Limit int
}

// listConditions are those of every list; its args go with them.
const listConditions = ` AND (? = '' OR state = ?) AND created_at >= ? AND created_at < ? AND (created_at, id) < (?, ?)
	ORDER BY created_at DESC, id DESC LIMIT ?`

// endOfTime is later than anything that is listed, in milliseconds.
const endOfTime = int64(1) << 52

func (f ListFilter) args() []any {
	until, last := endOfTime, endOfTime
	if !f.Until.IsZero() {
		until = millis(f.Until)
	}
	if !f.After.At.IsZero() {
		last = millis(f.After.At)
	}
	return []any{f.State, f.State, millis(f.Since), until, last, f.After.ID, f.Limit}
}

// Subscriptions lists attempts of recurring payments, the newest first. An index gives them in this order; with an
// order in the filter only its attempts are read.
func (j *Journal) Subscriptions(ctx context.Context, what Subscriptions, f ListFilter) ([]payment.Attempt, error) {
	where, args := `purpose = 'recurring' AND state <> 'opened'`, f.args()
	switch what {
	case SubscriptionKeys:
		where = `purpose = 'billing_key'`
	case SubscriptionSchedules:
		// Read from what is open: nearly all that is recurring was charged long ago.
		where = `next_check > 0 AND state = 'opened' AND purpose = 'recurring'`
	case SubscriptionCharges:
	}
	if f.Order != "" {
		where, args = `order_id = ? AND `+where, append([]any{f.Order}, args...)
	}
	rows, err := j.r.query(ctx, `SELECT `+attemptColumns+` FROM attempts WHERE `+where+listConditions, args...)
	if err != nil {
		return nil, unavailable("listing recurring payments", err)
	}
	list, err := collect(rows, scanAttempt)
	if err != nil {
		return nil, unavailable("listing recurring payments", err)
	}
	return list, nil
}
