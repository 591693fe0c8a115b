package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const messageColumns = `seq, id, order_id, type, body, created_at, tries, last_reason, sealed`

// ParkedMessage is a message that is tried no more until somebody asks for it.
type ParkedMessage struct {
	payment.Message
	// Reason says why the last delivery failed.
	Reason string
}

// queued is a message with its place in the queue.
type queued struct {
	ParkedMessage
	seq int64
}

func (j *Journal) addMessages(x *txn, a payment.Attempt, messages []payment.Message) error {
	for _, m := range messages {
		created := m.CreatedAt
		if created.IsZero() {
			created = j.now()
		}
		_, err := x.exec(`INSERT INTO outbox (id, attempt_id, order_id, type, body, created_at, status, tries, next_try,
			lease_until, last_reason, done_at, sealed) VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, ?, 0, '', 0, ?) ON CONFLICT (id) DO NOTHING`,
			m.ID, a.ID, a.OrderID, m.Type, m.Body, millis(created), millis(created), m.Sealed)
		if err != nil {
			return err
		}
	}
	return nil
}

// OutboxDue returns messages that are to be delivered now and leases them. Of each order it returns only the
// oldest that was not delivered, so that the shop hears of an order in sequence; a parked message holds back
// those behind it.
func (j *Journal) OutboxDue(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]payment.Message, error) {
	var due []queued
	err := j.write(ctx, "", "taking due messages", func(x *txn) error {
		rows, err := x.query(`UPDATE outbox SET lease_until = ? WHERE seq IN (
			SELECT o.seq FROM outbox o WHERE o.status = 'pending' AND o.next_try <= ? AND o.lease_until <= ?
			AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_id = o.order_id AND e.status <> 'done' AND e.seq < o.seq)
			ORDER BY o.next_try, o.seq LIMIT ? /*skip*/) RETURNING `+messageColumns,
			millis(now.Add(lease)), millis(now), millis(now), limit)
		if err != nil {
			return err
		}
		due, err = collect(rows, scanMessage)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(due, func(a, b queued) int { return int(a.seq - b.seq) })
	messages := make([]payment.Message, len(due))
	for i, q := range due {
		messages[i] = q.Message
	}
	return messages, nil
}

// OutboxDone marks a message as acknowledged by the shop. Doing so twice is no harm.
func (j *Journal) OutboxDone(ctx context.Context, id string) error {
	return j.outboxSet(ctx, id, "marking a message as delivered",
		`UPDATE outbox SET status = 'done', tries = tries + 1, done_at = ?, lease_until = 0, last_reason = '' WHERE id = ? AND status <> 'done'`,
		millis(j.now()), id)
}

// OutboxRetry schedules the next delivery of a message after one that failed, and ends its lease. A message
// that was delivered or parked meanwhile stays so.
func (j *Journal) OutboxRetry(ctx context.Context, id string, next time.Time, reason string) error {
	return j.outboxSet(ctx, id, "scheduling a message",
		`UPDATE outbox SET tries = tries + 1, next_try = ?, lease_until = 0, last_reason = ? WHERE id = ? AND status = 'pending'`,
		millis(next), eventText(reason), id)
}

// OutboxPark gives a message up until somebody asks for it.
func (j *Journal) OutboxPark(ctx context.Context, id, reason string) error {
	return j.outboxSet(ctx, id, "parking a message",
		`UPDATE outbox SET status = 'parked', tries = tries + 1, lease_until = 0, last_reason = ? WHERE id = ? AND status = 'pending'`,
		eventText(reason), id)
}

// OutboxUnpark puts a parked message back to be delivered at once.
func (j *Journal) OutboxUnpark(ctx context.Context, id string) error {
	return j.outboxSet(ctx, id, "taking a message up again",
		`UPDATE outbox SET status = 'pending', next_try = ?, lease_until = 0 WHERE id = ? AND status = 'parked'`,
		millis(j.now()), id)
}

// OutboxParked returns the parked messages, oldest first.
func (j *Journal) OutboxParked(ctx context.Context, limit int) ([]ParkedMessage, error) {
	rows, err := j.r.query(ctx, `SELECT `+messageColumns+` FROM outbox WHERE status <> 'done' AND status = 'parked' ORDER BY created_at, seq LIMIT ?`, limit)
	if err != nil {
		return nil, unavailable("listing parked messages", err)
	}
	list, err := collect(rows, scanMessage)
	if err != nil {
		return nil, unavailable("listing parked messages", err)
	}
	parked := make([]ParkedMessage, len(list))
	for i, q := range list {
		parked[i] = q.ParkedMessage
	}
	return parked, nil
}

// outboxSet runs an update of one message; ErrNotFound when there is no such message at all.
func (j *Journal) outboxSet(ctx context.Context, id, doing, update string, args ...any) error {
	return j.write(ctx, id, doing, func(x *txn) error {
		n, err := x.exec(update, args...)
		if err != nil || n == 1 {
			return err
		}
		rows, err := x.query(`SELECT id FROM outbox WHERE id = ?`, id)
		if err != nil {
			return err
		}
		have, err := collect(rows, func(r *sql.Rows) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		})
		if err == nil && len(have) == 0 {
			return fmt.Errorf("message %s: %w", id, ErrNotFound)
		}
		return err
	})
}

func scanMessage(rows *sql.Rows) (queued, error) {
	var q queued
	var created int64
	err := rows.Scan(&q.seq, &q.ID, &q.OrderID, &q.Type, &q.Body, &created, &q.Tries, &q.Reason, &q.Sealed)
	q.CreatedAt = at(created)
	return q, err
}
