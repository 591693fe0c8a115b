package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Standing is as much of an attempt as a list of its PG's payments is held against.
type Standing struct {
	ID      payment.AttemptID
	PG      payment.PGID
	Driver  payment.DriverName
	State   payment.State
	PGTxID  string
	Purpose payment.Purpose
	Amount  payment.Won
	// GivenBack is what cancels that are done gave back of it.
	GivenBack payment.Won
}

// Standings returns where the attempts of some ids stand, those that the journal has. It is one query for all of them.
func (j *Journal) Standings(
	ctx context.Context, ids []payment.AttemptID,
) (map[payment.AttemptID]Standing, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	list, err := asJSON(texts)
	if err != nil {
		return nil, err
	}
	rows, err := j.r.query(ctx, `SELECT id, pg, driver, state, pg_tx_id, purpose, amount,
		coalesce((SELECT cast(sum(c.amount) AS BIGINT) FROM cancels c WHERE c.attempt_id = a.id AND c.state = 'done'), 0)
		FROM attempts a WHERE id /*in*/`, list)
	if err != nil {
		return nil, unavailable("reading where attempts stand", err)
	}
	found := make(map[payment.AttemptID]Standing, len(ids))
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var s Standing
		var amount, back int64
		err := r.Scan(&s.ID, &s.PG, &s.Driver, &s.State, &s.PGTxID, &s.Purpose, &amount, &back)
		s.Amount, s.GivenBack = payment.Won(amount), payment.Won(back)
		found[s.ID] = s
		return struct{}{}, err
	})
	if err != nil {
		return nil, unavailable("reading where attempts stand", err)
	}
	return found, nil
}

// Listing is how far the payments of a PG have been listed.
type Listing struct {
	// Until is up to when all that happened there is dealt with; zero when nothing was listed yet.
	Until time.Time
	// Holder lists them, until HeldUntil.
	Holder    string
	HeldUntil time.Time
}

// ListingTake takes the listing of a PG for a holder, who has it until now and hold. taken is false while it is
// another's, which costs a read alone.
func (j *Journal) ListingTake(
	ctx context.Context, pg payment.PGID, holder string, now time.Time, hold time.Duration,
) (l Listing, taken bool, err error) {
	l, err = j.listing(ctx, pg)
	if err != nil || l.Holder != holder && l.HeldUntil.After(now) {
		return l, false, err
	}
	until := at(millis(now.Add(hold)))
	err = j.write(Patient(ctx), "listing "+string(pg), "taking the listing of a PG", func(x *txn) error {
		n, err := x.exec(
			`INSERT INTO listings (pg, listed_until, holder, held_until) VALUES (?, 0, ?, ?) ON CONFLICT (pg) DO UPDATE
			SET holder = excluded.holder, held_until = excluded.held_until
			WHERE `+
				`listings.holder = excluded.holder OR listings.held_until <= ?`, //guard:one-pod-lists
			pg, holder, millis(until), millis(now),
		)
		taken = n == 1
		return err
	})
	if taken {
		l.Holder, l.HeldUntil = holder, until
	}
	return l, taken, err
}

// listing reads how far a PG's payments have been listed.
func (j *Journal) listing(ctx context.Context, pg payment.PGID) (Listing, error) {
	rows, err := j.r.query(ctx, `SELECT listed_until, holder, held_until FROM listings WHERE pg = ?`, pg)
	if err != nil {
		return Listing{}, unavailable("reading how far a PG was listed", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (l Listing, err error) {
		var until, held int64
		err = r.Scan(&until, &l.Holder, &held)
		l.Until, l.HeldUntil = at(until), at(held)
		return l, err
	})
	if err != nil {
		return Listing{}, unavailable("reading how far a PG was listed", err)
	}
	if len(list) == 0 {
		return Listing{}, nil
	}
	return list[0], nil
}

// ListingDone records up to when the payments of a PG are dealt with. It never goes back, whoever had it meanwhile.
func (j *Journal) ListingDone(ctx context.Context, pg payment.PGID, until time.Time) error {
	return j.write(Patient(ctx), "listing "+string(pg), "recording how far a PG was listed", func(x *txn) error {
		_, err := x.exec(`UPDATE listings SET listed_until = ? WHERE pg = ? AND `+
			`listed_until < ?`, //guard:listing-never-goes-back
			millis(until), pg, millis(until))
		return err
	})
}
