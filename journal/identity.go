package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"
)

// Identity names a journal. Processes that share a journal see the same one; two journals never have the same, but
// for copies of one file.
type Identity struct {
	// ID is random text; empty until the journal could be read for the first time.
	ID string
	// Since is when the journal was made, or when it was first opened by a program that knows of identities.
	Since time.Time
}

// Identity returns the journal's identity; zero while the database has not been reached yet.
func (j *Journal) Identity() Identity {
	if id := j.identity.Load(); id != nil {
		return *id
	}
	return Identity{}
}

// identify reads the identity, making it when there is none. Like schema_migrations its table is no step of the
// schema: a program of before does not know it and is not kept from going back.
func identify(ctx context.Context, tx *sql.Tx, d dialect, now time.Time) (Identity, error) {
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS journal_identity (
		only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1), id TEXT NOT NULL, made_at BIGINT NOT NULL)`); err != nil {
		return Identity{}, unavailable("preparing the journal's identity", err)
	}
	// Of two pods that start at once the first one's stands, and both read it.
	_, err := tx.ExecContext(
		ctx,
		d.rewrite(`INSERT INTO journal_identity (only_one, id, made_at) VALUES (1, ?, ?) ON CONFLICT (only_one) DO NOTHING`),
		rand.Text(), now.UnixMilli(),
	)
	if err != nil {
		return Identity{}, unavailable("making the journal's identity", err)
	}
	var id Identity
	var made int64
	if err := tx.QueryRowContext(ctx, `SELECT id, made_at FROM journal_identity`).Scan(&id.ID, &made); err != nil {
		return Identity{}, unavailable("reading the journal's identity", err)
	}
	id.Since = time.UnixMilli(made)
	return id, nil
}
