package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// ReasonReplayed stands as the reason of a message that was delivered before and is in line again.
const ReasonReplayed = "replayed"

// clocksApart is by how much the clock of the pod that delivered a message may be behind that of the one that made it.
const clocksApart = time.Hour

// MessageFilter says which messages are meant. What is left out bounds nothing.
type MessageFilter struct {
	// Since and Until bound when a message was made, which its body says too: from Since on, and before Until.
	Since, Until time.Time
	Order        payment.OrderID
	Types        []string
}

// MessageCounts is how many messages there are: delivered, to be delivered, and given up.
type MessageCounts struct{ Delivered, Pending, Parked int }

// DeliveredMessage is a message that the shop has acknowledged, without its body.
type DeliveredMessage struct {
	payment.Message
	// DeliveredAt is when the shop acknowledged it, the last time if it was more than once.
	DeliveredAt time.Time
}

// Replayed is what became of delivered messages that were to be put in line again.
type Replayed struct {
	// Again is how many of them are in line.
	Again int
	// Changed is how many were not as the caller has read them: somebody else has put them in line since.
	Changed int
	// Gone are the ids of those that were removed from the journal since.
	Gone []string
}

// where is the condition of f on the messages that were delivered, or on the others, and its arguments.
func (f MessageFilter) where(delivered bool) (condition string, args []any, err error) {
	// The first condition is the partial index's, the second says the same as its columns do.
	condition = `status <> 'done' AND status IN ('pending', 'parked')`
	if delivered {
		condition = `status = 'done'`
	}
	and := func(more string, arg any) { condition, args = condition+" AND "+more, append(args, arg) }
	if !f.Since.IsZero() {
		if delivered {
			// It says nothing new, but there is an index of it: what was made since was delivered since.
			and(`done_at >= ?`, millis(f.Since.Add(-clocksApart)))
		}
		and(`created_at >= ?`, millis(f.Since))
	}
	if !f.Until.IsZero() {
		and(`created_at < ?`, millis(f.Until))
	}
	if f.Order != "" {
		// Delivered messages are found by their attempts; of their orders there is no index.
		and(`attempt_id IN (SELECT id FROM attempts WHERE order_id = ?)`, f.Order)
	}
	if len(f.Types) > 0 {
		var list string
		if list, err = asJSON(f.Types); err == nil {
			and(`type /*in*/`, list)
		}
	}
	return condition, args, err
}

// OutboxCount counts the messages that f means.
func (j *Journal) OutboxCount(ctx context.Context, f MessageFilter) (MessageCounts, error) {
	delivered, args, err := f.where(true)
	if err != nil {
		return MessageCounts{}, err
	}
	others, more, err := f.where(false)
	if err != nil {
		return MessageCounts{}, err
	}
	rows, err := j.r.query(ctx, `SELECT status, count(*) FROM (SELECT status FROM outbox WHERE `+delivered+
		` UNION ALL SELECT status FROM outbox WHERE `+others+`) AS u GROUP BY status`, append(args, more...)...)
	if err != nil {
		return MessageCounts{}, unavailable("counting messages", err)
	}
	var counts MessageCounts
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var status MessageStatus
		var n int
		err := r.Scan(&status, &n)
		switch status {
		case MessagePending:
			counts.Pending = n
		case MessageParked:
			counts.Parked = n
		default:
			counts.Delivered = n
		}
		return struct{}{}, err
	})
	if err != nil {
		return MessageCounts{}, unavailable("counting messages", err)
	}
	return counts, nil
}

// OutboxDelivered returns up to limit of the delivered messages that f means, in the order in which they were made.
func (j *Journal) OutboxDelivered(ctx context.Context, f MessageFilter, limit int) ([]DeliveredMessage, error) {
	condition, args, err := f.where(true)
	if err != nil {
		return nil, err
	}
	// By the bare column SQLite would read all messages there are, to have them in this order without sorting.
	rows, err := j.r.query(ctx, `SELECT id, order_id, type, created_at, tries, sealed, done_at FROM outbox WHERE `+
		condition+` ORDER BY seq + 0 LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, unavailable("reading delivered messages", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (m DeliveredMessage, err error) {
		var created, done int64
		err = r.Scan(&m.ID, &m.OrderID, &m.Type, &created, &m.Tries, &m.Sealed, &done)
		m.CreatedAt, m.DeliveredAt = at(created), at(done)
		return m, err
	})
	if err != nil {
		return nil, unavailable("reading delivered messages", err)
	}
	return list, nil
}

// OutboxReplay puts delivered messages of one order in line again, all in one write, to be delivered at once and as
// they are: id, body and time stay what they were. The order's messages go out in the order in which they were made,
// those that wait anyway among them. A message that is not as the caller has read it is left alone: two who replay at
// the same time put it in line once.
func (j *Journal) OutboxReplay(
	ctx context.Context, order payment.OrderID, list []DeliveredMessage,
) (Replayed, error) {
	var done Replayed
	err := j.write(ctx, string(order), "putting messages in line again", func(x *txn) error {
		done = Replayed{} // an earlier try was undone
		// Who removes what ended long ago locks its attempts first, and leaves what somebody else has locked.
		if _, err := lockOrder(x, order); err != nil { //guard:replayed-is-not-removed
			return err
		}
		now := j.now()
		for _, m := range list {
			if err := replayOne(x, order, m, now, &done); err != nil {
				return err
			}
		}
		return headAnew(x, order) //guard:replayed-comes-to-its-turn
	})
	return done, err
}

// replayOne puts one message in line again, and notes in done what became of it.
func replayOne(x *txn, order payment.OrderID, m DeliveredMessage, now time.Time, done *Replayed) error {
	// One try: it has a whole day of tries before it, and goes beside what the shop has not seen, not before it.
	n, err := x.exec(`UPDATE outbox SET status = 'pending', tries = 1, next_try = ?, lease_until = 0, last_reason = ?
		WHERE id = ? AND order_id = ? AND status = 'done' AND `+
		`done_at = ?`, //guard:replayed-by-one
		millis(now), ReasonReplayed, m.ID, order, millis(m.DeliveredAt))
	if err != nil {
		return err
	}
	if n == 1 {
		done.Again++
		return nil
	}
	rows, err := x.query(`SELECT id FROM outbox WHERE id = ?`, m.ID)
	if err != nil {
		return err
	}
	have, err := collect(rows, scanText)
	switch {
	case err != nil:
		return err
	case len(have) == 0:
		done.Gone = append(done.Gone, m.ID)
	default:
		done.Changed++
	}
	return nil
}

// headAnew makes the oldest undelivered message of an order the one that is delivered next. The first statement also
// waits for a pod that is just marking the former one as delivered, and would name a successor without these.
func headAnew(x *txn, order payment.OrderID) error {
	if _, err := x.exec(`UPDATE outbox SET head = 0 WHERE order_id = ? AND head = 1`, order); err != nil {
		return err
	}
	_, err := x.exec(`UPDATE outbox SET head = 1 WHERE seq =
		(SELECT min(seq) FROM outbox WHERE order_id = ? AND status <> 'done')`, order)
	return err
}
