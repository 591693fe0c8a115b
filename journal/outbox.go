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

const messageColumns = `seq, id, order_id, type, body, created_at, tries, sealed`

// MessageStatus is where a message stands that was not delivered.
type MessageStatus string

// The states of a message that was not delivered.
const (
	// MessagePending: it is sent again, or waits behind another of its order.
	MessagePending MessageStatus = "pending"
	// MessageParked: it is tried no more until somebody asks for it.
	MessageParked MessageStatus = "parked"
)

// WaitingMessage is a message that the shop has not acknowledged.
type WaitingMessage struct {
	payment.Message
	// Status is MessagePending or MessageParked.
	Status MessageStatus
	// Reason says why the last delivery failed; empty when there was none.
	Reason string
	// NextTry is when it is sent again; it says nothing of one that is parked or Behind.
	NextTry time.Time
	// Behind tells that an older message of its order comes first.
	Behind bool
	seq    int64
}

// queued is a message with its place in the queue.
type queued struct {
	payment.Message
	seq int64
}

func (j *Journal) addMessages(x *txn, a payment.Attempt, messages []payment.Message) error {
	for _, m := range messages {
		created := m.CreatedAt
		if created.IsZero() {
			created = j.now()
		}
		// A step that is made twice brings the same message: the shop hears of it once.
		_, err := x.exec(`INSERT INTO outbox (id, attempt_id, order_id, type, body, created_at, status, tries, next_try,
			lease_until, last_reason, done_at, sealed) VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, ?, 0, '', 0, ?) ON CONFLICT (id) DO NOTHING`,
			m.ID, a.ID, a.OrderID, m.Type, m.Body, millis(created), millis(created), m.Sealed)
		if err != nil {
			return err
		}
	}
	return nil
}

// OutboxLane is a part of the outbox that is delivered apart from the rest, so that messages that the shop has failed
// to take before hold up no others.
type OutboxLane struct {
	// Again tells that it is of the messages that were tried before.
	Again bool
}

// Tell keeps a message for the shop that is about no attempt. The same id is told of once.
func (j *Journal) Tell(ctx context.Context, m payment.Message) error {
	return j.write(Patient(ctx), string(m.OrderID), "keeping a message about no attempt", func(x *txn) error {
		return j.addMessages(x, payment.Attempt{OrderID: m.OrderID}, []payment.Message{m})
	})
}

// OutboxDue returns messages of a lane that are to be delivered now and leases them. Of each order it looks only at
// the oldest that was not delivered, so that the shop hears of an order in sequence; a parked message holds back
// those behind it. What waits behind another costs it nothing.
func (j *Journal) OutboxDue(
	ctx context.Context, l OutboxLane, now time.Time, limit int, lease time.Duration,
) ([]payment.Message, error) {
	again := 0
	if l.Again {
		again = 1
	}
	// The CASE is the index's expression to the letter; in other words the index would not be used.
	return j.takeMessages(ctx, `UPDATE outbox SET lease_until = ? WHERE seq IN (
		SELECT seq FROM outbox WHERE `+
		`head = 1 AND `+ //guard:messages-in-turn
		`status = 'pending' AND (CASE WHEN tries > 0 THEN 1 ELSE 0 END) = ? AND next_try <= ? AND lease_until <= ?
		ORDER BY next_try, seq LIMIT ? /*skip*/) RETURNING `+messageColumns, millis(now.Add(lease)), again, millis(now), millis(now), limit)
}

// OutboxProbe leases the message that is to be tried again the soonest although its time has not come: to see
// whether the shop takes messages again. The first skip of them are passed over; it returns none when no more wait.
func (j *Journal) OutboxProbe(
	ctx context.Context, now time.Time, skip int, lease time.Duration,
) ([]payment.Message, error) {
	return j.takeMessages(ctx, `UPDATE outbox SET lease_until = ? WHERE seq IN (
		SELECT seq FROM outbox WHERE head = 1 AND status = 'pending' AND (CASE WHEN tries > 0 THEN 1 ELSE 0 END) = 1 AND lease_until <= ?
		ORDER BY next_try, seq LIMIT 1 OFFSET ? /*skip*/) RETURNING `+messageColumns, millis(now.Add(lease)), millis(now), skip)
}

func (j *Journal) takeMessages(ctx context.Context, query string, args ...any) ([]payment.Message, error) {
	var due []queued
	err := j.write(ctx, "", "taking due messages", func(x *txn) error {
		rows, err := x.query(query, args...)
		if err != nil {
			return err
		}
		due, err = collect(rows, scanMessage)
		return err
	})
	if err != nil {
		return nil, err
	}
	// RETURNING keeps no order, and the shop hears of an order in sequence.
	slices.SortFunc(due, func(a, b queued) int { return cmp.Compare(a.seq, b.seq) })
	messages := make([]payment.Message, len(due))
	for i, q := range due {
		messages[i] = q.Message
	}
	return messages, nil
}

// OutboxRelease ends the lease of a message that was tried out of turn in vain: nothing else of it changes.
func (j *Journal) OutboxRelease(ctx context.Context, id string) error {
	return j.outboxSet(
		ctx, id, "releasing a message", `UPDATE outbox SET lease_until = 0 WHERE id = ? AND status = 'pending'`, id,
	)
}

// OutboxPush makes up to limit messages that wait for another try due at now, the longest pauses last, and returns
// how many; call it until that is less than limit. Those behind them in their orders follow by themselves.
func (j *Journal) OutboxPush(ctx context.Context, now time.Time, limit int) (int, error) {
	var n int64
	err := j.write(ctx, "", "bringing messages forward", func(x *txn) (err error) {
		n, err = x.exec(`UPDATE outbox SET next_try = ? WHERE seq IN (
			SELECT seq FROM outbox WHERE head = 1 AND status = 'pending' AND (CASE WHEN tries > 0 THEN 1 ELSE 0 END) = 1 AND next_try > ?
			ORDER BY next_try, seq LIMIT ? /*skip*/)`, millis(now), millis(now), limit)
		return err
	})
	return int(n), err
}

// OutboxDone marks a message as acknowledged by the shop. Doing so twice is no harm.
func (j *Journal) OutboxDone(ctx context.Context, id string) error {
	return j.outboxSet(
		ctx, id, "marking a message as delivered",
		`UPDATE outbox SET status = 'done', tries = tries + 1, done_at = ?, lease_until = 0, last_reason = '' WHERE id = ? AND status <> 'done'`,
		millis(j.now()), id,
	)
}

// OutboxRetry schedules the next delivery of a message after one that failed, and ends its lease. A message
// that was delivered or parked meanwhile stays so.
func (j *Journal) OutboxRetry(ctx context.Context, id string, next time.Time, reason string) error {
	return j.outboxSet(
		ctx, id, "scheduling a message",
		`UPDATE outbox SET tries = tries + 1, next_try = ?, lease_until = 0, last_reason = ? WHERE id = ? AND status = 'pending'`,
		millis(next), eventText(reason), id,
	)
}

// OutboxPark gives a message up until somebody asks for it.
func (j *Journal) OutboxPark(ctx context.Context, id, reason string) error {
	return j.outboxSet(
		ctx, id, "parking a message",
		`UPDATE outbox SET status = 'parked', tries = tries + 1, lease_until = 0, last_reason = ? WHERE id = ? AND status = 'pending'`,
		eventText(reason), id,
	)
}

// OutboxUnpark puts a parked message back to be delivered at once.
func (j *Journal) OutboxUnpark(ctx context.Context, id string) error {
	return j.outboxSet(ctx, id, "taking a message up again",
		`UPDATE outbox SET status = 'pending', next_try = ?, lease_until = 0 WHERE id = ? AND status = 'parked'`,
		millis(j.now()), id)
}

// OutboxUnparkAll puts up to limit parked messages back to be delivered at once, the oldest first, and returns how
// many; call it until that is less than limit.
func (j *Journal) OutboxUnparkAll(ctx context.Context, limit int) (int, error) {
	var n int64
	err := j.write(ctx, "", "taking messages up again", func(x *txn) (err error) {
		// The first condition is the partial index's.
		n, err = x.exec(`UPDATE outbox SET status = 'pending', next_try = ?, lease_until = 0 WHERE seq IN (
			SELECT seq FROM outbox WHERE status <> 'done' AND status = 'parked' ORDER BY created_at, seq LIMIT ? /*skip*/)`, millis(j.now()), limit)
		return err
	})
	return int(n), err
}

// messagePage is how many messages OutboxEach reads at once.
const messagePage = 1000

// OutboxEach hands out every message in a state (MessagePending, MessageParked), the oldest first, however many
// there are, without its body. It stops at the first error of yield.
func (j *Journal) OutboxEach(ctx context.Context, status MessageStatus, yield func(WaitingMessage) error) error {
	var last WaitingMessage
	for {
		rows, err := j.r.query(
			ctx,
			`SELECT seq, id, order_id, type, created_at, tries, sealed, status, last_reason, next_try, head FROM outbox
			WHERE status <> 'done' AND status = ? AND (created_at, seq) > (?, ?) ORDER BY created_at, seq LIMIT ?`,
			status,
			millis(last.CreatedAt),
			last.seq,
			messagePage,
		)
		if err != nil {
			return unavailable("listing messages", err)
		}
		page, err := collect(rows, scanWaiting)
		if err != nil {
			return unavailable("listing messages", err)
		}
		for _, m := range page {
			if err := yield(m); err != nil {
				return err
			}
			last = m
		}
		if len(page) < messagePage {
			return nil
		}
	}
}

func scanWaiting(rows *sql.Rows) (WaitingMessage, error) {
	var m WaitingMessage
	var created, next int64
	var head int
	err := rows.Scan(&m.seq, &m.ID, &m.OrderID, &m.Type, &created, &m.Tries, &m.Sealed, &m.Status, &m.Reason, &next, &head)
	m.CreatedAt, m.NextTry, m.Behind = at(created), at(next), head == 0
	return m, err
}

// outboxSet runs an update of one message; ErrNotFound when there is no such message at all.
func (j *Journal) outboxSet(ctx context.Context, id, doing, update string, args ...any) error {
	return j.write(ctx, id, doing, func(x *txn) error {
		n, err := x.exec(update, args...)
		if err != nil || n == 1 {
			return err
		}
		// It is there in another state, which is no harm, or it is not there at all.
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
	err := rows.Scan(&q.seq, &q.ID, &q.OrderID, &q.Type, &q.Body, &created, &q.Tries, &q.Sealed)
	q.CreatedAt = at(created)
	return q, err
}
