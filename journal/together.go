package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// errSpoiled tells that something in a batch was refused after rows were written: the batch is rolled back, and
// run again with each write in a savepoint of its own, which finds out which one it was and answers the others.
var errSpoiled = errors.New("a write of the batch was refused")

// together is what the writes of one batch do as one: they read their attempts at once, and what they write to
// attempts and events is kept until somebody reads, or until the commit. To the database a batch is then a
// handful of statements, however many writes are in it.
type together struct {
	// ids are the attempts that the batch will want; rows are those that were read and not handed out yet.
	ids  []payment.AttemptID
	rows map[payment.AttemptID]row

	moves, looks, events [][]any
	// folds are events that may be counted in their attempt's last one, one of each attempt.
	folds map[payment.AttemptID][]any
}

// attemptsOf is the attempts that the writes of a batch begin with, in order of their ids.
func attemptsOf(batch []*op) []payment.AttemptID {
	var ids []payment.AttemptID
	for _, o := range batch {
		if o.attempt != "" {
			ids = append(ids, o.attempt)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// runTogether runs the batch in x without savepoints. An answer of ours is the result of its write; the error is
// the transaction's, errSpoiled when the batch must be taken apart.
func (x *txn) runTogether(batch []*op) (results []error, wrote bool, err error) {
	x.joint = &together{ids: attemptsOf(batch)}
	results = make([]error, len(batch))
	for i, o := range batch {
		x.wrote = false
		results[i] = o.run(x)
		switch {
		case results[i] == nil:
			wrote = true
		case !logical(results[i]):
			return nil, false, x.spoiled(results[i])
		// Refused after it had written: without a savepoint that cannot be taken back by itself.
		case x.wrote: //guard:refused-write-leaves-nothing
			return nil, false, errSpoiled
		}
	}
	return results, wrote, x.flush()
}

// spoiled is err, or errSpoiled when it is about some row and not about the transaction.
func (x *txn) spoiled(err error) error {
	if errors.Is(err, errSpoiled) {
		return err
	}
	switch x.s.d.classify(err) {
	case failRow, failUnique:
		return errSpoiled
	case failDown, failRetry:
	}
	return err
}

// readOnce hands out an attempt that was read for the whole batch. It is handed out once: whoever comes after
// may have to see what the first one made of it.
func (x *txn) readOnce(id payment.AttemptID) (row, bool, error) {
	// A single attempt is read as fast by its own statement.
	if x.joint == nil || len(x.joint.ids) < 2 {
		return row{}, false, nil
	}
	if x.joint.rows == nil {
		if err := x.readAll(); err != nil {
			return row{}, false, err
		}
	}
	r, ok := x.joint.rows[id]
	delete(x.joint.rows, id)
	return r, ok, nil
}

// forget drops what was read of an attempt that is about to change: its order, not its id, may have led to it.
func (x *txn) forget(id payment.AttemptID) {
	if x.joint != nil {
		delete(x.joint.rows, id)
	}
}

// readAll reads and locks the batch's attempts.
func (x *txn) readAll() error {
	ids, err := json.Marshal(x.joint.ids)
	if err != nil {
		return fmt.Errorf("listing a batch's attempts: %w", err)
	}
	rows, err := x.query(
		`SELECT `+attemptColumns+`, proof_hash, sealed_proof FROM attempts WHERE id /*in*/ ORDER BY id /*lock*/`,
		string(ids),
	)
	if err != nil {
		return err
	}
	list, err := collect(rows, scanRow)
	if err != nil {
		return err
	}
	x.joint.rows = make(map[payment.AttemptID]row, len(list))
	for _, r := range list {
		x.joint.rows[r.ID] = r
	}
	return nil
}

// The statements that write a whole batch's rows. Each row is a JSON array, and the condition that a single
// write would have is in the statement: when it does not hold for every row, the batch is spoiled.
const (
	moveAll = `UPDATE attempts SET state = v.state, pg_tx_id = v.tx, reason = v.reason, updated_at = v.updated, next_check = v.next,
		lease_until = 0, sealed_proof = CASE v.wipe WHEN 1 THEN NULL ELSE attempts.sealed_proof END, receipt = v.receipt
		FROM (SELECT value ->> 0 AS id, value ->> 1 AS was, value ->> 2 AS state, value ->> 3 AS tx, value ->> 4 AS reason,
		CAST(value ->> 5 AS BIGINT) AS updated, CAST(value ->> 6 AS BIGINT) AS next, CAST(value ->> 7 AS BIGINT) AS wipe,
		value ->> 8 AS receipt FROM /*each*/) AS v
		WHERE attempts.id = v.id AND attempts.state = v.was`
	lookAll = `UPDATE attempts SET next_check = v.next, checks = attempts.checks + 1, lease_until = 0
		FROM (SELECT value ->> 0 AS id, CAST(value ->> 1 AS BIGINT) AS next, CAST(value ->> 2 AS BIGINT) AS checks,
		CAST(value ->> 3 AS BIGINT) AS lease FROM /*each*/) AS v
		WHERE attempts.id = v.id AND attempts.checks = v.checks AND attempts.lease_until = v.lease`
	eventAll = `INSERT INTO events (attempt_id, at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail)
		SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
		value ->> 7, value ->> 8, value ->> 9 FROM /*each*/ WHERE true ORDER BY key`
)

// The statements that write events of which each may be counted in the last one of its attempt: first those that
// are, then the others. What was counted has happened twice at least, so the second one knows it.
const (
	foldCounted = `UPDATE events SET times = events.times + 1, last_at = v.at
		FROM (SELECT value ->> 0 AS id, CAST(value ->> 1 AS BIGINT) AS at, value ->> 2 AS kind, value ->> 3 AS was, value ->> 4 AS became,
		value ->> 5 AS actor, value ->> 6 AS reason, value ->> 7 AS code, value ->> 8 AS tx, value ->> 9 AS detail FROM /*each*/) AS v
		WHERE events.attempt_id = v.id` +
		//guard:counted-in-the-last-event-only
		` AND events.seq = (SELECT max(h.seq) FROM events h WHERE h.attempt_id = v.id)` +
		` AND events.kind = v.kind AND events.from_state = v.was AND events.to_state = v.became AND events.actor = v.actor
		AND events.reason = v.reason AND events.code = v.code AND events.pg_tx_id = v.tx AND events.detail = v.detail`
	foldOthers = `INSERT INTO events (attempt_id, at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail)
		SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
		value ->> 7, value ->> 8, value ->> 9 FROM /*each*/ WHERE NOT EXISTS (SELECT 1 FROM events h WHERE h.attempt_id = value ->> 0
		AND h.seq = (SELECT max(l.seq) FROM events l WHERE l.attempt_id = value ->> 0) AND h.times > 1 AND h.kind = value ->> 2
		AND h.from_state = value ->> 3 AND h.to_state = value ->> 4 AND h.actor = value ->> 5 AND h.reason = value ->> 6
		AND h.code = value ->> 7 AND h.pg_tx_id = value ->> 8 AND h.detail = value ->> 9) ORDER BY key`
)

// fold records an event that may be counted in the last one of its attempt.
func (x *txn) fold(id payment.AttemptID, values []any) error {
	if x.joint == nil {
		return x.writeFolds([][]any{values})
	}
	// A statement counts one event of each attempt; the second one counts in what the first one made.
	if x.joint.folds[id] != nil {
		if err := x.flush(); err != nil {
			return err
		}
	}
	if x.joint.folds == nil {
		x.joint.folds = map[payment.AttemptID][]any{}
	}
	x.joint.folds[id], x.wrote = values, true
	return nil
}

func (x *txn) writeFolds(rows [][]any) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("writing a batch: %w", err)
	}
	counted, err := x.exec(foldCounted, string(text))
	if err != nil {
		return err
	}
	added, err := x.exec(foldOthers, string(text))
	if err == nil && counted+added != int64(len(rows)) {
		err = errSpoiled
	}
	return err
}

// flush writes what was kept.
func (x *txn) flush() error {
	if x.joint == nil {
		return nil
	}
	k := x.joint
	for _, part := range []struct {
		statement string
		rows      *[][]any
	}{{moveAll, &k.moves}, {lookAll, &k.looks}, {eventAll, &k.events}} {
		rows := *part.rows
		if len(rows) == 0 {
			continue
		}
		*part.rows = nil
		text, err := json.Marshal(rows)
		if err != nil {
			return fmt.Errorf("writing a batch: %w", err)
		}
		n, err := x.exec(part.statement, string(text))
		if err != nil {
			return x.spoiled(err)
		}
		if n != int64(len(rows)) { //guard:every-row-of-a-batch
			return errSpoiled
		}
	}
	return x.flushFolds()
}

// flushFolds writes the events that may be counted, after the others: those came before them.
func (x *txn) flushFolds() error {
	if len(x.joint.folds) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(x.joint.folds))
	for _, id := range slices.Sorted(maps.Keys(x.joint.folds)) {
		rows = append(rows, x.joint.folds[id])
	}
	clear(x.joint.folds)
	if err := x.writeFolds(rows); err != nil {
		return x.spoiled(err)
	}
	return nil
}
