package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// PruneMark is how far a pass over what ended long ago has come; the zero mark is its beginning.
type PruneMark struct {
	updated int64
	id      string
}

// Prune takes one step of a pass: it looks at the next limit attempts that have ended and not changed since before,
// and removes those that nothing waits for, with their events, delivered messages, ended cancels and closed late
// money. Attempts that are open, whose outcome is not known, or that have a message that the shop has not
// acknowledged, an open cancel or open unmatched payments stay, and so does what changed since before. The proofs
// that it forgets are long too old to be used.
//
// It returns how many are gone and where the next step begins; more is false when the pass has come to its end. No
// writer waits for longer than one small step takes.
func (j *Journal) Prune(
	ctx context.Context, before time.Time, from PruneMark, limit int,
) (gone int, next PruneMark, more bool, err error) {
	ids, next, err := j.ended(ctx, before, from, limit)
	if err != nil {
		return 0, from, false, err
	}
	err = j.write(ctx, "", "pruning", func(x *txn) (err error) {
		gone = 0 // an earlier try was undone
		// Once a pass is often enough.
		if from == (PruneMark{}) {
			if together := x.s.d.gather(); together != "" {
				if _, err := x.exec(together); err != nil {
					return err
				}
			}
			if _, err := x.exec(`DELETE FROM outbox WHERE attempt_id = '' AND `+
				`status = 'done' AND `+ //guard:untold-of-no-attempt-is-not-removed
				`done_at < ?`, millis(before)); err != nil {
				return err
			}
			if _, err := x.exec(`DELETE FROM ownerless_payments WHERE `+
				`state <> 'open' AND `+ //guard:open-ownerless-is-not-removed
				`updated_at < ?`, millis(before)); err != nil {
				return err
			}
			if _, err := x.exec(`DELETE FROM recoveries WHERE `+
				`next_check = 0 AND `+ //guard:open-recovery-is-not-removed
				`updated_at < ?`, millis(before)); err != nil {
				return err
			}
		}
		// They are locked first and judged by a statement after that: whatever another pod has written about one of
		// them until then is seen. What it has locked is left for a later pass.
		locked, err := lockEach(x, ids)
		if err == nil {
			gone, err = remove(x, before, locked) //guard:in-hand-is-not-removed
		}
		return err
	})
	return gone, next, len(ids) == limit, err
}

// ended returns the ids of the next attempts that ended before.
func (j *Journal) ended(ctx context.Context, before time.Time, from PruneMark, limit int) ([]string, PruneMark, error) {
	rows, err := j.r.query(ctx, `SELECT updated_at, id FROM attempts WHERE next_check = 0 AND updated_at < ?
		AND updated_at >= ? AND (updated_at, id) > (?, ?) ORDER BY updated_at, id LIMIT ?`,
		millis(before), from.updated, from.updated, from.id, limit)
	if err != nil {
		return nil, from, unavailable("looking for what ended long ago", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (m PruneMark, err error) {
		err = r.Scan(&m.updated, &m.id)
		return m, err
	})
	if err != nil {
		return nil, from, unavailable("looking for what ended long ago", err)
	}
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i], from = m.id, m
	}
	return ids, from, nil
}

// remove deletes those of some locked attempts that nothing waits for.
func remove(x *txn, before time.Time, locked []string) (int, error) {
	if len(locked) == 0 {
		return 0, nil
	}
	list, err := asJSON(locked)
	if err != nil {
		return 0, err
	}
	rows, err := x.query(`SELECT a.id FROM attempts a WHERE a.id /*in*/ AND a.next_check = 0 AND a.updated_at < ?
		AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.attempt_id = a.id AND (`+
		`o.status <> 'done' OR `+ //guard:untold-is-not-removed
		`o.done_at >= ?))
		AND NOT EXISTS (SELECT 1 FROM unmatched_payments l WHERE l.attempt_id = a.id AND (`+
		`l.next_check > 0 OR `+ //guard:open-unmatched-is-not-removed
		`l.updated_at >= ?))
		AND NOT EXISTS (SELECT 1 FROM cancels c WHERE c.attempt_id = a.id AND (`+
		`c.next_check > 0 OR `+ //guard:open-cancel-is-not-removed
		`c.updated_at >= ?))
		ORDER BY a.id`, list, millis(before), millis(before), millis(before), millis(before))
	if err != nil {
		return 0, err
	}
	free, err := collect(rows, scanText)
	if err != nil || len(free) == 0 {
		return 0, err
	}
	if list, err = asJSON(free); err != nil {
		return 0, err
	}
	// Events and cancels go with their attempt, by their foreign key. These have none. A card that has its key stays.
	for _, statement := range []string{
		`DELETE FROM outbox WHERE attempt_id /*in*/`, `DELETE FROM unmatched_payments WHERE attempt_id /*in*/`,
		`DELETE FROM stored_cards WHERE attempt_id /*in*/ AND ` +
			noKeyCame, //guard:card-outlives-its-attempt
	} {
		if _, err := x.exec(statement, list); err != nil {
			return 0, err
		}
	}
	n, err := x.exec(`DELETE FROM attempts WHERE id /*in*/`, list)
	return int(n), err
}

// lockEach locks those of ids that nobody else has locked, and returns them.
func lockEach(x *txn, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	rows, err := x.query(`SELECT id FROM attempts WHERE id /*in*/ ORDER BY id /*skip*/`, list)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanText)
}

func scanText(r *sql.Rows) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

func asJSON(ids []string) (string, error) {
	text, err := json.Marshal(ids)
	if err != nil {
		return "", fmt.Errorf("listing attempts: %w", err)
	}
	return string(text), nil
}
