package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/payment"
)

// defaultCheck is when an open attempt is looked at when nobody said.
const defaultCheck = time.Minute

const attemptColumns = `id, order_id, pg, driver, merchant, mid, method, amount, tax_free, order_amount, currency,
	test, manual_confirm, device, site, purpose, order_name, return_url, rules_version, created_at, expires_at,
	state, pg_tx_id, reason, updated_at, next_check, checks, vat, vat_set, deposit_due, secondary, receipt`

const insertAttempt = `INSERT INTO attempts (` + attemptColumns + `, lease_until, proof_hash, sealed_proof)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', NULL)
	ON CONFLICT (id) DO NOTHING`

// row is an attempt with what only the journal knows of it.
type row struct {
	payment.Attempt
	proofHash   string
	sealedProof []byte
	// proven tells that the proof is another one than the database has.
	proven bool
}

// Windows bounds how many windows of one order may be open at one PG.
type Windows struct {
	Most int
	// Now is the time by which a window has expired and counts no more.
	Now time.Time
}

// Insert records a new attempt as opened. It does nothing when the same attempt is there already, in
// whatever state, and fails with a ConflictError when the id has other content, or (windows) when a bound is given
// and reached. However many checkouts of an order come at once, on however many pods, no more get a window.
func (j *Journal) Insert(ctx context.Context, a payment.Attempt, ev Event, bound ...Windows) error {
	a = normal(a)
	return j.write(ctx, string(a.OrderID), "recording an attempt", func(x *txn) error {
		for _, b := range bound {
			if err := b.hold(x, a); err != nil {
				return err
			}
		}
		inserted, err := j.insert(x, a)
		if err != nil {
			return err
		}
		if inserted {
			return j.addEvent(x, a.ID, "", payment.StateOpened, ev)
		}
		have, err := one(x, a.ID)
		if err != nil {
			return err
		}
		return sameContent(have.Attempt, a)
	})
}

// hold fails when the order of a, itself left out, has as many open windows as it may.
func (b Windows) hold(x *txn, a payment.Attempt) error {
	// What other pods are inserting cannot be counted, so they wait for each other by the order's name.
	if err := x.lockName(string(a.OrderID)); err != nil { //guard:pods-count-windows-in-turn
		return err
	}
	rows, err := x.query(
		`SELECT count(*) FROM attempts WHERE order_id = ? AND pg = ? AND state = 'opened' AND expires_at > ? AND id <> ?`,
		a.OrderID, a.PG, millis(b.Now), a.ID,
	)
	if err != nil {
		return err
	}
	open, err := collect(rows, func(r *sql.Rows) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	})
	if err == nil && open[0] >= b.Most { //guard:so-many-windows
		err = &ConflictError{Kind: ConflictWindows, ID: a.ID, State: payment.StateOpened}
	}
	return err
}

// insert adds a as opened and tells whether it was new.
func (j *Journal) insert(x *txn, a payment.Attempt) (bool, error) {
	next := a.NextCheck
	if next.IsZero() {
		next = j.now().Add(defaultCheck)
	}
	j.known.add(a.OrderID) //guard:order-is-known-before-its-row
	n, err := x.exec(
		insertAttempt, a.ID, a.OrderID, a.PG, a.Driver, a.Merchant, a.MID, a.Method, int64(a.Amount), int64(a.TaxFree),
		int64(a.OrderAmount), a.Currency, a.Test, a.ManualConfirm, a.Device, a.Site, a.Purpose, a.OrderName, a.ReturnURL,
		a.RulesVersion, millis(a.CreatedAt), millis(a.ExpiresAt), payment.StateOpened, a.PGTxID, a.Reason, millis(j.now()),
		millis(next), a.Checks, int64(a.VAT), a.VATSet, millis(a.DepositDue), a.Secondary, "",
	)
	return n == 1, err
}

// Attempt returns an attempt and its sealed proof, or ErrNotFound.
func (j *Journal) Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error) {
	rows, err := j.r.query(ctx, `SELECT `+attemptColumns+`, proof_hash, sealed_proof FROM attempts WHERE id = ?`, id)
	if err != nil {
		return payment.Attempt{}, nil, unavailable("reading an attempt", err)
	}
	list, err := collect(rows, scanRow)
	if err != nil {
		return payment.Attempt{}, nil, unavailable("reading an attempt", err)
	}
	if len(list) == 0 {
		return payment.Attempt{}, nil, fmt.Errorf("reading attempt %s: %w", id, ErrNotFound)
	}
	return list[0].Attempt, list[0].sealedProof, nil
}

// ProofOwner returns the attempt whose proof has a hash, or ErrNotFound.
func (j *Journal) ProofOwner(ctx context.Context, hash string) (payment.Attempt, error) {
	// The second condition is the partial index's, and keeps those out that have none.
	rows, err := j.r.query(
		ctx, `SELECT `+attemptColumns+` FROM attempts WHERE proof_hash = ? AND proof_hash <> ''`, hash,
	)
	if err != nil {
		return payment.Attempt{}, unavailable("reading the attempt of a proof", err)
	}
	list, err := collect(rows, scanAttempt)
	switch {
	case err != nil:
		return payment.Attempt{}, unavailable("reading the attempt of a proof", err)
	case len(list) == 0:
		return payment.Attempt{}, fmt.Errorf("reading the attempt of a proof: %w", ErrNotFound)
	}
	return list[0], nil
}

// AttemptsOf returns the attempts of an order, oldest first.
func (j *Journal) AttemptsOf(ctx context.Context, order payment.OrderID) ([]payment.Attempt, error) {
	if j.known.surelyNone(order) {
		return nil, nil
	}
	rows, err := j.r.query(
		ctx, `SELECT `+attemptColumns+` FROM attempts WHERE order_id = ? ORDER BY created_at, id`, order,
	)
	if err != nil {
		return nil, unavailable("reading the attempts of an order", err)
	}
	list, err := collect(rows, scanAttempt)
	if err != nil {
		return nil, unavailable("reading the attempts of an order", err)
	}
	return list, nil
}

// AttemptState is where an attempt of an order is.
type AttemptState struct {
	PG    payment.PGID
	State payment.State
}

// StatesOf returns where the attempts of an order are, oldest first. Every checkout asks, and gets no row of nearly every
// order.
func (j *Journal) StatesOf(ctx context.Context, order payment.OrderID) ([]AttemptState, error) {
	if j.known.surelyNone(order) {
		return nil, nil
	}
	rows, err := j.r.query(ctx, `SELECT pg, state FROM attempts WHERE order_id = ? ORDER BY created_at, id`, order)
	if err != nil {
		return nil, unavailable("reading the attempts of an order", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (a AttemptState, err error) {
		err = r.Scan(&a.PG, &a.State)
		return a, err
	})
	if err != nil {
		return nil, unavailable("reading the attempts of an order", err)
	}
	return list, nil
}

// Remembers tells whether the orders that have attempts are known in memory, so that StatesOf need not ask the database
// about most.
func (j *Journal) Remembers() bool { return j.known != nil }

// one reads an attempt inside a transaction and locks it.
func one(x *txn, id payment.AttemptID) (row, error) {
	if r, ok, err := x.readOnce(id); ok || err != nil {
		return r, err
	}
	rows, err := x.query(`SELECT `+attemptColumns+`, proof_hash, sealed_proof FROM attempts WHERE id = ? /*lock*/`, id)
	if err != nil {
		return row{}, err
	}
	list, err := collect(rows, scanRow)
	if err != nil {
		return row{}, err
	}
	if len(list) == 0 {
		return row{}, fmt.Errorf("attempt %s: %w", id, ErrNotFound)
	}
	return list[0], nil
}

func scanRow(rows *sql.Rows) (row, error) {
	var r row
	a, err := scanInto(rows, &r.proofHash, &r.sealedProof)
	r.Attempt = a
	return r, err
}

func scanAttempt(rows *sql.Rows) (payment.Attempt, error) { return scanInto(rows) }

func scanInto(rows *sql.Rows, more ...any) (payment.Attempt, error) {
	var a payment.Attempt
	var created, expires, updated, next, due int64
	var receipt string
	dest := append([]any{
		&a.ID, &a.OrderID, &a.PG, &a.Driver, &a.Merchant, &a.MID, &a.Method, &a.Amount, &a.TaxFree, &a.OrderAmount,
		&a.Currency, &a.Test, &a.ManualConfirm, &a.Device, &a.Site, &a.Purpose, &a.OrderName, &a.ReturnURL,
		&a.RulesVersion, &created, &expires, &a.State, &a.PGTxID, &a.Reason, &updated, &next, &a.Checks,
		&a.VAT, &a.VATSet, &due, &a.Secondary, &receipt,
	}, more...)
	if err := rows.Scan(dest...); err != nil {
		return payment.Attempt{}, err
	}
	a.CreatedAt, a.ExpiresAt, a.UpdatedAt = at(created), at(expires), at(updated)
	a.NextCheck, a.DepositDue = at(next), at(due)
	var err error
	a.Receipt, err = receiptOf(receipt)
	return a, err
}

// receiptOf reads a receipt as receiptText writes it.
func receiptOf(text string) (*payment.Receipt, error) {
	if text == "" {
		return nil, nil
	}
	r := new(payment.Receipt)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("reading a receipt: %w", err)
	}
	return r, nil
}

func receiptText(r *payment.Receipt) (string, error) {
	if r == nil {
		return "", nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("writing a receipt: %w", err)
	}
	return string(text), nil
}

// sameContent compares what never changes of an attempt.
func sameContent(have, want payment.Attempt) error {
	state := have.State
	// What a life changes is taken over, so that every other field is compared, also one that is added later.
	want.State, want.PGTxID, want.Reason = have.State, have.PGTxID, have.Reason
	want.UpdatedAt, want.NextCheck, want.Checks = have.UpdatedAt, have.NextCheck, have.Checks
	want.Receipt = have.Receipt
	if have != want {
		return &ConflictError{Kind: ConflictContent, ID: have.ID, State: state}
	}
	return nil
}

// normal brings an attempt to the form in which the database gives it back, so that comparing works.
func normal(a payment.Attempt) payment.Attempt {
	a.CreatedAt, a.ExpiresAt, a.NextCheck = at(millis(a.CreatedAt)), at(millis(a.ExpiresAt)), at(millis(a.NextCheck))
	a.DepositDue = at(millis(a.DepositDue))
	a.OrderName, a.ReturnURL = cleanText(a.OrderName), cleanText(a.ReturnURL)
	a.PGTxID, a.Reason = cleanText(a.PGTxID), payment.Reason(cleanText(string(a.Reason)))
	return a
}

// cleanText drops what PostgreSQL cannot store: bytes that are not UTF-8, and NUL.
func cleanText(s string) string {
	if utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// millis is the form in which times are stored; 0 is the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
