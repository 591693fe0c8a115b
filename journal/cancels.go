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

// Conflicts of cancels; State is the attempt's.
const (
	// ConflictCancelOpen: another cancel of the attempt has not come to its end.
	ConflictCancelOpen ConflictKind = "open_cancel"
	// ConflictRemaining: something else is left of the attempt than the caller thought.
	ConflictRemaining ConflictKind = "remaining"
)

const cancelColumns = `id, attempt_id, order_id, amount, remaining, tax_free, vat, vat_set, reason, origin, state, code,
	created_at, updated_at, next_check, checks`

// CancelBegin records the intent to give money of an approved attempt back, before the request is sent. begun is
// true for the one caller who may send it; a cancel that is there already is returned as it stands. It fails with
//
//   - ErrNotFound when there is no such attempt;
//   - ConflictError (state) when the attempt is not approved, (open_cancel) when another cancel of it is open,
//     (remaining) when something else is left than c.Remaining, (content) when the id is another attempt's cancel.
func (j *Journal) CancelBegin(
	ctx context.Context, c payment.Cancel, ev Event,
) (row payment.Cancel, begun bool, err error) {
	err = j.write(ctx, string(c.OrderID), "recording a cancel", func(x *txn) error {
		// An earlier run may have been undone.
		row, begun = payment.Cancel{}, false
		a, err := one(x, c.AttemptID)
		if err != nil {
			return err
		}
		have, err := cancelsOf(x, a)
		if err != nil {
			return err
		}
		// Asked for again under its id: what became of it is the answer, and nothing is sent.
		if i := slices.IndexFunc(have, func(h payment.Cancel) bool { return h.ID == c.ID }); i >= 0 {
			row = have[i]
			return nil
		}
		if err := cancellable(a.Attempt, have, c); err != nil {
			return err
		}
		c.State = payment.CancelRequested
		row, begun, err = j.addCancel(x, a, c, ev)
		return err
	})
	if err != nil {
		return payment.Cancel{}, false, err
	}
	return row, begun, nil
}

// CancelFound records a cancel that was made at the PG without us: it is done, and its messages go into the outbox
// in the same write. It fails as CancelBegin does; found is false when it was recorded before.
func (j *Journal) CancelFound(
	ctx context.Context, c payment.Cancel, ev Event, messages []payment.Message,
) (found bool, err error) {
	err = j.write(ctx, string(c.OrderID), "recording a cancel that was found", func(x *txn) error {
		// An earlier run may have been undone.
		found = false
		a, err := one(x, c.AttemptID)
		if err != nil {
			return err
		}
		have, err := cancelsOf(x, a)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(h payment.Cancel) bool { return h.ID == c.ID }) {
			return nil
		}
		if err := cancellable(a.Attempt, have, c); err != nil {
			return err
		}
		c.State = payment.CancelDone
		if _, found, err = j.addCancel(x, a, c, ev); err != nil {
			return err
		}
		return j.addMessages(x, a.Attempt, messages)
	})
	return found && err == nil, err
}

// cancellable holds c against what is there: one open cancel at a time, and never more than is left.
func cancellable(a payment.Attempt, have []payment.Cancel, c payment.Cancel) error {
	if a.State != payment.StateApproved {
		return &ConflictError{Kind: ConflictState, ID: a.ID, State: a.State}
	}
	left := a.Amount
	for _, h := range have {
		if !h.State.Final() { //guard:one-cancel-at-a-time
			return &ConflictError{Kind: ConflictCancelOpen, ID: a.ID, State: a.State}
		}
		if h.State == payment.CancelDone {
			left -= h.Amount
		}
	}
	// Compared, and not bounded alone: who reckons with another rest has not read the last cancel.
	if left != c.Remaining || c.Amount <= 0 || c.Amount > left { //guard:no-more-than-is-left
		return &ConflictError{Kind: ConflictRemaining, ID: a.ID, State: a.State}
	}
	return nil
}

func (j *Journal) addCancel(x *txn, a row, c payment.Cancel, ev Event) (payment.Cancel, bool, error) {
	now := at(millis(j.now()))
	c.OrderID, c.CreatedAt, c.UpdatedAt = a.OrderID, now, now
	c.Reason, c.Code = cleanText(c.Reason), cleanText(c.Code)
	c.NextCheck = j.nextCancelCheck(c.State, c.NextCheck)
	n, err := x.exec(
		`INSERT INTO cancels (`+cancelColumns+`, lease_until, pg) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)
		ON CONFLICT (id) DO NOTHING`,
		c.ID,
		a.ID,
		c.OrderID,
		int64(c.Amount),
		int64(c.Remaining),
		int64(c.TaxFree),
		int64(c.VAT),
		c.VATSet,
		c.Reason,
		c.Origin,
		c.State,
		c.Code,
		millis(now),
		millis(now),
		millis(c.NextCheck),
		a.PG,
	)
	if err != nil {
		return c, false, err
	}
	// The attempt's own cancels were looked through before, so the id is another attempt's.
	if n != 1 {
		return c, false, &ConflictError{Kind: ConflictContent, ID: a.ID, State: a.State}
	}
	return c, true, j.addCancelEvent(x, a, c.ID, ev)
}

// addCancelEvent adds an event to the history of a cancel's attempt; its reason names the cancel.
func (j *Journal) addCancelEvent(x *txn, a row, id payment.CancelID, ev Event) error {
	ev.Reason = string(id)
	return j.addEvent(x, a.ID, a.State, a.State, ev)
}

// nextCancelCheck makes sure that no open cancel is without a next check.
func (j *Journal) nextCancelCheck(to payment.CancelState, wanted time.Time) time.Time {
	switch {
	case to.Final():
		return time.Time{}
	case wanted.IsZero():
		return at(millis(j.now().Add(defaultCheck)))
	}
	return at(millis(wanted))
}

// CancelStep says how a cancel moves on.
type CancelStep struct {
	ID payment.CancelID
	// From is the state that the caller reckons with. To may be the same: then it was looked at, and nothing is known.
	From, To payment.CancelState
	// Lease is the end of the lease that CancelsDue gave to the caller; zero for one that holds none.
	Lease time.Time
	// Code is a stable code for how the cancel came to To; empty keeps the former one.
	Code string
	// NextCheck is when it is looked up again; zero means soon. A final state has none.
	NextCheck time.Time
	Event     Event
	// Messages go into the outbox in the same write.
	Messages []payment.Message
}

// CancelMove moves a cancel on: its state, an event of its attempt and the messages in one write, or nothing of
// it. It fails with ErrNotFound, or with a ConflictError (state) when the cancel is not in s.From, (owner) when a
// look-up is not its own any more, (move) when the state machine has no such move.
func (j *Journal) CancelMove(ctx context.Context, s CancelStep) (payment.Cancel, error) {
	var c payment.Cancel
	err := j.write(ctx, string(s.ID), "moving a cancel", func(x *txn) error {
		have, a, err := oneCancel(x, s.ID)
		if err != nil {
			return err
		}
		switch {
		case have.State != s.From:
			return &ConflictError{Kind: ConflictState, ID: a.ID, State: a.State}
		case s.From.Final(), s.From != s.To && !s.From.CanMove(s.To):
			return &ConflictError{Kind: ConflictMove, ID: a.ID, State: a.State}
		}
		if c, err = j.putCancel(x, have, s); err != nil {
			return err
		}
		if err := j.addCancelEvent(x, a, c.ID, s.Event); err != nil {
			return err
		}
		return j.addMessages(x, a.Attempt, s.Messages)
	})
	return c, err
}

func (j *Journal) putCancel(x *txn, c payment.Cancel, s CancelStep) (payment.Cancel, error) {
	c.NextCheck = j.nextCancelCheck(s.To, s.NextCheck)
	if s.Code != "" {
		c.Code = cleanText(s.Code)
	}
	var n int64
	var err error
	if c.State == s.To {
		// Only whoever holds the lease puts the next check off.
		c.Checks++
		n, err = x.exec(
			`UPDATE cancels SET code = ?, next_check = ?, checks = ?, lease_until = 0 WHERE id = ? AND state = ? AND `+
				`lease_until = ?`, //guard:leased-cancel-is-ones-own
			c.Code,
			millis(c.NextCheck),
			c.Checks,
			c.ID,
			s.From,
			millis(s.Lease),
		)
	} else {
		// What is proven counts, whoever found it: no lease is asked for.
		c.State, c.Checks, c.UpdatedAt = s.To, 0, at(millis(j.now()))
		n, err = x.exec(
			`UPDATE cancels SET state = ?, code = ?, next_check = ?, checks = 0, lease_until = 0, updated_at = ? WHERE id = ? AND state = ?`,
			c.State, c.Code, millis(c.NextCheck), millis(c.UpdatedAt), c.ID, s.From,
		)
	}
	if err == nil && n != 1 {
		err = &ConflictError{Kind: ConflictOwner, ID: c.AttemptID, State: payment.StateApproved}
	}
	return c, err
}

// Cancel returns a cancel, or ErrNotFound.
func (j *Journal) Cancel(ctx context.Context, id payment.CancelID) (payment.Cancel, error) {
	list, err := j.readCancels(ctx, "reading a cancel", `SELECT `+cancelColumns+` FROM cancels WHERE id = ?`, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("reading cancel %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return payment.Cancel{}, err
	}
	return list[0], nil
}

// CancelsOf returns the cancels of an attempt, oldest first.
func (j *Journal) CancelsOf(ctx context.Context, id payment.AttemptID) ([]payment.Cancel, error) {
	return j.readCancels(ctx, "reading the cancels of an attempt",
		`SELECT `+cancelColumns+` FROM cancels WHERE attempt_id = ? ORDER BY created_at, remaining DESC, id`, id)
}

// CancelsOpen returns cancels that have not come to their end, the oldest first.
func (j *Journal) CancelsOpen(ctx context.Context, limit int) ([]payment.Cancel, error) {
	return j.readCancels(ctx, "listing open cancels",
		`SELECT `+cancelColumns+` FROM cancels WHERE next_check > 0 ORDER BY created_at, id LIMIT ?`, limit)
}

func (j *Journal) readCancels(ctx context.Context, doing, query string, arg any) ([]payment.Cancel, error) {
	rows, err := j.r.query(ctx, query, arg)
	if err != nil {
		return nil, unavailable(doing, err)
	}
	list, err := collect(rows, scanCancel)
	if err != nil {
		return nil, unavailable(doing, err)
	}
	return list, nil
}

// CancelLanes returns the lanes in which cancels are due.
func (j *Journal) CancelLanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return j.lanes(ctx, "cancels", urgentCancel, now)
}

// CancelsDue returns the open cancels of a lane whose next check has come, the most overdue first, and leases them
// as Due does with attempts.
func (j *Journal) CancelsDue(
	ctx context.Context, l Lane, now time.Time, limit int, lease time.Duration,
) ([]payment.Cancel, error) {
	due, err := takeDue(ctx, j, "taking due cancels", `UPDATE cancels SET lease_until = ? WHERE id IN (
		SELECT id FROM cancels WHERE pg = ? AND `+urgentCancel+` = ? AND next_check > 0 AND next_check <= ? AND lease_until <= ?
		ORDER BY next_check, id LIMIT ? /*skip*/) RETURNING `+cancelColumns, scanCancel, l, now, limit, lease)
	// RETURNING keeps no order.
	slices.SortFunc(due, func(a, b payment.Cancel) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.ID, b.ID))
	})
	return due, err
}

// CancelStats sums up the open cancels in one state.
type CancelStats struct {
	State payment.CancelState
	Count int
	Won   payment.Won
	// Oldest is when the oldest of them began; zero when there is none.
	Oldest time.Time
}

// CancelStats sums up the open cancels, states without any included. However many there are costs it nothing.
func (j *Journal) CancelStats(ctx context.Context) ([]CancelStats, error) {
	found, err := j.tallies(ctx, "cancels", "state", "next_check > 0")
	if err != nil {
		return nil, err
	}
	all := []CancelStats{{State: payment.CancelRequested}, {State: payment.CancelUnknown}}
	for i := range all {
		t := found[string(all[i].State)]
		all[i].Count, all[i].Won, all[i].Oldest = t.count, t.won, t.oldest
	}
	return all, nil
}

// oneCancel reads a cancel inside a transaction, and locks its attempt first, as everybody who writes cancels does.
func oneCancel(x *txn, id payment.CancelID) (payment.Cancel, row, error) {
	rows, err := x.query(`SELECT attempt_id FROM cancels WHERE id = ?`, id)
	if err != nil {
		return payment.Cancel{}, row{}, err
	}
	owners, err := collect(rows, func(r *sql.Rows) (a payment.AttemptID, err error) {
		err = r.Scan(&a)
		return a, err
	})
	if err != nil {
		return payment.Cancel{}, row{}, err
	}
	if len(owners) == 0 {
		return payment.Cancel{}, row{}, fmt.Errorf("cancel %s: %w", id, ErrNotFound)
	}
	// The attempt is what is locked. The cancel is read again behind the lock: somebody may have moved it since.
	a, err := one(x, owners[0])
	if err != nil {
		return payment.Cancel{}, row{}, err
	}
	list, err := cancelsOf(x, a)
	if err != nil {
		return payment.Cancel{}, row{}, err
	}
	i := slices.IndexFunc(list, func(c payment.Cancel) bool { return c.ID == id })
	if i < 0 {
		return payment.Cancel{}, row{}, fmt.Errorf("cancel %s: %w", id, ErrNotFound)
	}
	return list[i], a, nil
}

// cancelsOf reads the cancels of an attempt that the caller has locked.
func cancelsOf(x *txn, a row) ([]payment.Cancel, error) {
	rows, err := x.query(
		`SELECT `+cancelColumns+` FROM cancels WHERE attempt_id = ? ORDER BY created_at, remaining DESC, id`, a.ID,
	)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanCancel)
}

func scanCancel(r *sql.Rows) (payment.Cancel, error) {
	var c payment.Cancel
	var created, updated, next int64
	err := r.Scan(
		&c.ID, &c.AttemptID, &c.OrderID, &c.Amount, &c.Remaining, &c.TaxFree, &c.VAT, &c.VATSet, &c.Reason, &c.Origin,
		&c.State, &c.Code, &created, &updated, &next, &c.Checks,
	)
	c.CreatedAt, c.UpdatedAt, c.NextCheck = at(created), at(updated), at(next)
	return c, err
}
