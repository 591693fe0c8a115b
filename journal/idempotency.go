package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// KeptAnswer is what is known of a request that carried an Idempotency-Key.
type KeptAnswer struct {
	// Fingerprint names the body that the key was first used with.
	Fingerprint string
	// Status is the HTTP status of the answer; 0 while the first request runs.
	Status      int
	ContentType string
	Body        []byte
	// HeldUntil is when the hold of whom KeyBegin gave the key ends. It is how KeyDone and KeyDrop know the holder:
	// one whose hold ended can neither finish nor drop what another has taken since.
	HeldUntil time.Time
}

// KeyBegin takes a key for a request, for as long as hold: then begun is true, and the caller must end it with
// KeyDone or KeyDrop and the HeldUntil of kept. Otherwise it returns what is known of the key. A key whose holder
// died can be taken again, by the same body, after its hold. The first use wins, whichever pod it comes to.
func (j *Journal) KeyBegin(
	ctx context.Context, scope, key, fingerprint string, now time.Time, hold time.Duration,
) (kept KeptAnswer, begun bool, err error) {
	until := at(millis(now.Add(hold)))
	err = j.write(ctx, scope+key, "taking an idempotency key", func(x *txn) error {
		// An earlier run may have been undone.
		kept = KeptAnswer{}
		// One statement takes a new key, and one whose holder did not end it in time, so that two who come at once
		// cannot both.
		n, err := x.exec(
			`INSERT INTO idempotency (scope, key, fingerprint, status, content_type, body, held_until, created_at)
			VALUES (?, ?, ?, 0, '', ?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET held_until = excluded.held_until
			WHERE idempotency.status = 0 AND idempotency.held_until < ? AND idempotency.fingerprint = excluded.fingerprint`,
			scope,
			key,
			fingerprint,
			[]byte{},
			millis(until),
			millis(now),
			millis(now),
		)
		if begun = n == 1; err != nil || begun {
			kept.HeldUntil = until
			return err
		}
		rows, err := x.query(
			`SELECT fingerprint, status, content_type, body, held_until FROM idempotency WHERE scope = ? AND key = ?`, scope,
			key,
		)
		if err != nil {
			return err
		}
		list, err := collect(rows, func(r *sql.Rows) (k KeptAnswer, err error) {
			var until int64
			err = r.Scan(&k.Fingerprint, &k.Status, &k.ContentType, &k.Body, &until)
			k.HeldUntil = at(until)
			return k, err
		})
		if err == nil && len(list) == 1 {
			kept = list[0]
		}
		return err
	})
	return kept, begun, err
}

// KeyRenew takes a key again whose kept answer can no longer be used, under kept's fingerprint, and forgets that answer.
// begun is false when somebody else did so first.
func (j *Journal) KeyRenew(
	ctx context.Context, scope, key string, kept KeptAnswer, now time.Time, hold time.Duration,
) (held KeptAnswer, begun bool, err error) {
	held = KeptAnswer{Fingerprint: kept.Fingerprint, HeldUntil: at(millis(now.Add(hold)))}
	err = j.write(ctx, scope+key, "renewing an idempotency key", func(x *txn) error {
		n, err := x.exec(`UPDATE idempotency SET status = 0, content_type = '', body = ?, held_until = ?, fingerprint = ?
			WHERE scope = ? AND key = ? AND `+
			`status <> 0 AND held_until = ?`, //guard:one-takes-a-key-anew
			[]byte{}, millis(held.HeldUntil), held.Fingerprint, scope, key, millis(kept.HeldUntil))
		begun = n == 1
		return err
	})
	return held, begun, err
}

// KeyDone keeps the answer to a request. It fails with ErrNotFound when the key is not held as a.HeldUntil says.
func (j *Journal) KeyDone(ctx context.Context, scope, key string, a KeptAnswer) error {
	return j.write(ctx, scope+key, "keeping an answer", func(x *txn) error {
		n, err := x.exec(`UPDATE idempotency SET status = ?, content_type = ?, body = ?
			WHERE scope = ? AND key = ? AND status = 0 AND `+
			`held_until = ?`, //guard:holder-ends-key
			a.Status, a.ContentType, a.Body, scope, key, millis(a.HeldUntil))
		if err == nil && n == 0 {
			return fmt.Errorf("idempotency key: %w", ErrNotFound)
		}
		return err
	})
}

// KeyDrop forgets a key whose request came to nothing, so that it may be used again. A key that is not held until
// then stays.
func (j *Journal) KeyDrop(ctx context.Context, scope, key string, heldUntil time.Time) error {
	return j.write(ctx, scope+key, "dropping an idempotency key", func(x *txn) error {
		_, err := x.exec(`DELETE FROM idempotency WHERE scope = ? AND key = ? AND status = 0 AND `+
			`held_until = ?`, //guard:holder-drops-key
			scope, key, millis(heldUntil))
		return err
	})
}

// KeyPrune forgets at most limit keys that were taken before then, and returns how many.
func (j *Journal) KeyPrune(ctx context.Context, before time.Time, limit int) (int, error) {
	var gone int64
	err := j.write(ctx, "", "pruning idempotency keys", func(x *txn) error {
		var err error
		gone, err = x.exec(`DELETE FROM idempotency WHERE (scope, key) IN (
			SELECT scope, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)`, millis(before), limit)
		return err
	})
	return int(gone), err
}
