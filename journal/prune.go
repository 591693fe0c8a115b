package journal

import (
	"context"
	"time"
)

// Prune removes final attempts that have not changed since before, with their events and delivered messages,
// at most limit of them per call, so that no writer waits long. Attempts with a message that the shop has not
// acknowledged, or with late money, stay; late money goes once it is closed. The proofs that it forgets are long too old to be used. It returns how many are gone;
// call it until that is less than limit.
func (j *Journal) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var gone int64
	err := j.write(ctx, "", "pruning", func(x *txn) error {
		_, err := x.exec(`DELETE FROM outbox WHERE seq IN (
			SELECT seq FROM outbox WHERE status = 'done' AND done_at < ? ORDER BY done_at LIMIT ?)`, millis(before), limit)
		if err != nil {
			return err
		}
		_, err = x.exec(`DELETE FROM late_money WHERE (attempt_id, pg_tx_id) IN (
			SELECT attempt_id, pg_tx_id FROM late_money WHERE next_check = 0 AND updated_at < ? ORDER BY updated_at LIMIT ?)`, millis(before), limit)
		if err != nil {
			return err
		}
		gone, err = x.exec(`DELETE FROM attempts WHERE id IN (
			SELECT a.id FROM attempts a WHERE a.next_check = 0 AND a.updated_at < ?
			AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.attempt_id = a.id)
			AND NOT EXISTS (SELECT 1 FROM late_money l WHERE l.attempt_id = a.id)
			AND NOT EXISTS (SELECT 1 FROM cancels c WHERE c.attempt_id = a.id AND (c.next_check > 0 OR c.updated_at >= ?))
			ORDER BY a.updated_at LIMIT ?)`, millis(before), millis(before), limit)
		return err
	})
	return int(gone), err
}
