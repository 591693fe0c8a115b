package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// OwnerlessState is where a payment of no attempt stands.
type OwnerlessState string

// The states of a payment of no attempt.
const (
	// OwnerlessOpen waits for a person.
	OwnerlessOpen OwnerlessState = "open"
	// OwnerlessReturned: it is back with the buyer.
	OwnerlessReturned OwnerlessState = "returned"
	// OwnerlessExplained: people know whose it is, and it stays.
	OwnerlessExplained OwnerlessState = "explained"
)

// UnmatchedOwnerless is the state of a payment of no attempt among unmatched payments.
const UnmatchedOwnerless UnmatchedState = "ownerless"

// Ownerless is money that a PG has and that is no attempt's here. The gateway never gives it back.
type Ownerless struct {
	PG     payment.PGID `json:"pg"`
	PGTxID string       `json:"pg_tx_id"`
	// OrderRef is what it was paid under.
	OrderRef payment.AttemptID `json:"order_ref"`
	Won      payment.Won       `json:"won"`
	State    OwnerlessState    `json:"state"`
	// Finding is what FoundBy found out about it, with Detail; a second person must find the same.
	Finding string `json:"finding,omitempty"`
	FoundBy string `json:"found_by,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// PaidAt is the PG's time.
	PaidAt    time.Time `json:"paid_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

const ownerlessColumns = `pg, pg_tx_id, order_ref, won, state, finding, found_by, detail, paid_at, created_at, updated_at`

// OwnerlessAdd records a payment of no attempt. What is on record stays as it is; added is true when it was new.
func (j *Journal) OwnerlessAdd(ctx context.Context, o Ownerless) (added bool, err error) {
	err = j.write(ctx, "ownerless "+o.PGTxID, "recording a payment of no attempt", func(x *txn) error {
		now := millis(j.now())
		n, err := x.exec(
			`INSERT INTO ownerless_payments (`+ownerlessColumns+`) VALUES (?, ?, ?, ?, 'open', '', '', ?, ?, ?, ?)
			ON CONFLICT (pg, pg_tx_id) DO NOTHING`,
			o.PG, o.PGTxID, eventText(string(o.OrderRef)), int64(o.Won), eventText(o.Detail), millis(o.PaidAt), now, now,
		)
		added = n == 1
		return err
	})
	return added, err
}

// OwnerlessEnd closes a payment of no attempt that is open; ended is false when it is not.
func (j *Journal) OwnerlessEnd(
	ctx context.Context, pg payment.PGID, pgTxID string, to OwnerlessState, detail string,
) (ended bool, err error) {
	err = j.write(ctx, "ownerless "+pgTxID, "closing a payment of no attempt", func(x *txn) error {
		n, err := x.exec(
			`UPDATE ownerless_payments SET state = ?, detail = ?, updated_at = ? WHERE pg = ? AND pg_tx_id = ? AND state = 'open'`,
			to, eventText(detail), millis(j.now()), pg, pgTxID,
		)
		ended = n == 1
		return err
	})
	return ended, err
}

// OwnerlessPropose records what a person found out about a payment of no attempt that is open.
func (j *Journal) OwnerlessPropose(
	ctx context.Context, pg payment.PGID, pgTxID, finding, actor, detail string,
) error {
	return j.write(ctx, "ownerless "+pgTxID, "noting a finding about a payment of no attempt", func(x *txn) error {
		_, err := x.exec(
			`UPDATE ownerless_payments SET finding = ?, found_by = ?, detail = ?, updated_at = ?
			WHERE pg = ? AND pg_tx_id = ? AND state = 'open'`,
			eventText(finding), eventText(actor), eventText(detail), millis(j.now()), pg, pgTxID,
		)
		return err
	})
}

// OwnerlessOpen returns the payments of no attempt that wait for a person, the oldest first.
func (j *Journal) OwnerlessOpen(ctx context.Context, limit int) ([]Ownerless, error) {
	return j.ownerless(ctx, `SELECT `+ownerlessColumns+` FROM ownerless_payments WHERE state = 'open'
		ORDER BY created_at, pg, pg_tx_id LIMIT ?`, limit)
}

// OwnerlessOf returns the payment of no attempt of a transaction; ok is false when there is none on record.
func (j *Journal) OwnerlessOf(ctx context.Context, pg payment.PGID, pgTxID string) (o Ownerless, ok bool, err error) {
	list, err := j.ownerless(
		ctx, `SELECT `+ownerlessColumns+` FROM ownerless_payments WHERE pg = ? AND pg_tx_id = ?`, pg, pgTxID,
	)
	if err != nil || len(list) == 0 {
		return Ownerless{}, false, err
	}
	return list[0], true, nil
}

func (j *Journal) ownerless(ctx context.Context, query string, args ...any) ([]Ownerless, error) {
	rows, err := j.r.query(ctx, query, args...)
	if err != nil {
		return nil, unavailable("listing payments of no attempt", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (o Ownerless, err error) {
		var won, paid, created, updated int64
		err = r.Scan(&o.PG, &o.PGTxID, &o.OrderRef, &won, &o.State, &o.Finding, &o.FoundBy, &o.Detail, &paid, &created, &updated)
		o.Won, o.PaidAt, o.CreatedAt, o.UpdatedAt = payment.Won(won), at(paid), at(created), at(updated)
		return o, err
	})
	if err != nil {
		return nil, unavailable("listing payments of no attempt", err)
	}
	return list, nil
}

// ownerlessStats sums up what waits for a person, as far as anybody counts.
func (j *Journal) ownerlessStats(ctx context.Context) (UnmatchedStats, error) {
	rows, err := j.r.query(ctx, `SELECT count(*), cast(coalesce(sum(won), 0) AS BIGINT), coalesce(min(created_at), 0)
		FROM (SELECT won, created_at FROM ownerless_payments WHERE state = 'open' ORDER BY created_at LIMIT 10000) o`)
	if err != nil {
		return UnmatchedStats{}, unavailable("summing up payments of no attempt", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (UnmatchedStats, error) {
		s := UnmatchedStats{State: UnmatchedOwnerless}
		var won, oldest int64
		err := r.Scan(&s.Count, &won, &oldest)
		s.Won, s.Oldest = payment.Won(won), at(oldest)
		return s, err
	})
	if err != nil {
		return UnmatchedStats{}, unavailable("summing up payments of no attempt", err)
	}
	return list[0], nil
}
