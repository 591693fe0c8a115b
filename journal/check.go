package journal

import (
	"context"
	"database/sql"
	"fmt"
)

// invariants are questions whose every answer is a fault. The schema forbids most of them already: they are
// asked again because a restored or repaired file may have lost its constraints.
func invariants() []struct{ fault, query string } {
	return []struct{ fault, query string }{
		{"order %s is held by more than one attempt", `SELECT order_id FROM attempts
			WHERE state IN ('claimed', 'approving', 'captured', 'issued', 'unknown', 'approved') GROUP BY order_id HAVING count(*) > 1`},
		{"attempt %s is open without a next check", `SELECT id FROM attempts WHERE next_check <= 0
			AND state IN ('opened', 'claimed', 'approving', 'captured', 'issued', 'unknown', 'cancelling')`},
		{"attempt %s is closed with a next check", `SELECT id FROM attempts WHERE next_check > 0
			AND state IN ('approved', 'declined', 'refused', 'cancelled', 'expired')`},
		{
			"attempt %s is closed and still has its proof",
			`SELECT id FROM attempts WHERE next_check = 0 AND sealed_proof IS NOT NULL
			AND NOT (purpose = 'billing_key' AND state = 'approved')`,
		},
		{
			"an unmatched payment of attempt %s is open without a next check",
			`SELECT attempt_id FROM unmatched_payments WHERE next_check <= 0
			AND state IN ('returning', 'unknown', 'flagged', 'watched')`,
		},
		{"attempt %s has more than one open cancel", `SELECT attempt_id FROM cancels WHERE state IN ('requested', 'unknown')
			GROUP BY attempt_id HAVING count(*) > 1`},
		{
			"cancel %s is open without a next check",
			`SELECT id FROM cancels WHERE next_check <= 0 AND state IN ('requested', 'unknown')`,
		},
		{"more was given back of attempt %s than was paid", `SELECT a.id FROM attempts a JOIN cancels c ON c.attempt_id = a.id
			AND c.state = 'done' GROUP BY a.id, a.amount, a.tax_free HAVING sum(c.amount) > a.amount OR sum(c.tax_free) > a.tax_free`},
		{"order %s is recovered more than once", `SELECT order_id FROM recoveries WHERE state IN ('trying', 'waiting')
			GROUP BY order_id HAVING count(*) > 1`},
		{
			"recovery %s is open without a next check",
			`SELECT id FROM recoveries WHERE next_check <= 0 AND state IN ('trying', 'waiting')`,
		},
		{"recovery %s is closed and still has what was asked for", `SELECT id FROM recoveries WHERE sealed IS NOT NULL
			AND state NOT IN ('trying', 'waiting')`},
		{"recovery %s is paid, and its charge is not", `SELECT r.id FROM recoveries r JOIN attempts a ON a.id = r.attempt_id
			WHERE r.state IN ('recovered', 'unneeded') AND a.state <> 'approved'`},
		{"recovery %s waits beside a charge that is open", `SELECT r.id FROM recoveries r JOIN attempts a ON a.id = r.attempt_id
			WHERE r.state = 'waiting' AND a.next_check > 0`},
		{
			"attempt %s has no event",
			`SELECT id FROM attempts a WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.attempt_id = a.id)`,
		},
		{"proof of attempt %s was used more than once", `SELECT min(id) FROM attempts WHERE proof_hash <> ''
			GROUP BY proof_hash HAVING count(*) > 1`},
		{"the messages of order %s wait for nothing", `SELECT order_id FROM outbox WHERE status <> 'done' GROUP BY order_id
			HAVING sum(head) <> 1 OR min(seq) <> min(CASE WHEN head = 1 THEN seq END)`},
		{"the count of %s is wrong", `SELECT f.what || ' ' || f.state FROM (
			SELECT what, state, sum(n) AS n, sum(won) AS won FROM (
				SELECT what, state, n, won FROM tallies
				UNION ALL SELECT 'attempts', state, -1, -amount FROM attempts WHERE next_check > 0
				UNION ALL SELECT 'unmatched_payments', state, -1, -won FROM unmatched_payments WHERE next_check > 0
				UNION ALL SELECT 'cancels', state, -1, -amount FROM cancels WHERE next_check > 0
				UNION ALL SELECT 'outbox', status, -1, 0 FROM outbox WHERE status <> 'done') AS t GROUP BY what, state) AS f
			WHERE f.n <> 0 OR f.won <> 0 ORDER BY 1`},
		{"attempt %s differs from its last event", `SELECT a.id FROM attempts a JOIN events e
			ON e.seq = (SELECT max(seq) FROM events WHERE attempt_id = a.id) WHERE e.to_state <> a.state`},
	}
}

// Check reads the whole journal and returns every fault it finds, one line each: damage that the database
// reports, and rows that break the journal's rules. None means sound.
func (j *Journal) Check(ctx context.Context) ([]string, error) {
	faults, err := j.d.integrity(ctx, j.r.db)
	if err != nil {
		return nil, unavailable("checking the database", err)
	}
	for _, inv := range invariants() {
		ids, err := textRows(ctx, j.r.db, inv.query)
		if err != nil {
			return nil, unavailable("checking the journal", err)
		}
		for _, id := range ids {
			faults = append(faults, fmt.Sprintf(inv.fault, id))
		}
	}
	return faults, nil
}

// Backup writes a consistent copy of a SQLite journal to a new file at path, while writers go on. It fails
// with ErrUnsupported on PostgreSQL.
func (j *Journal) Backup(ctx context.Context, path string) error { return j.d.backup(ctx, j, path) }

// SchemaVersion returns the number of the last migration that the journal has.
func (j *Journal) SchemaVersion(ctx context.Context) (int, error) {
	rows, err := j.r.query(ctx, `SELECT coalesce(max(version), 0) FROM schema_migrations`)
	if err != nil {
		return 0, unavailable("reading the schema version", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	})
	if err != nil || len(list) != 1 {
		return 0, unavailable("reading the schema version", err)
	}
	return list[0], nil
}
