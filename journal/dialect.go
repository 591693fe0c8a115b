package journal

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// failure says what to do about an error of the database.
type failure int

const (
	// failDown: the database cannot be used now; everything in the transaction failed.
	failDown failure = iota
	// failUnique: a unique index refused the row; look again and the reason is there to be read.
	failUnique
	// failRetry: the database gave up this transaction for the sake of another one.
	failRetry
	// failRow: this one statement was refused; the others of its transaction may be fine.
	failRow
)

// dialect is where SQLite and PostgreSQL differ.
type dialect interface {
	// open opens the pool for writing and the one for reading.
	open(ctx context.Context, cfg Config) (write, read *sql.DB, err error)
	// hasSchema tells whether there is a journal in the database.
	hasSchema(ctx context.Context, tx *sql.Tx) (bool, error)
	// oneProcess tells whether a journal may be one process's alone.
	oneProcess() bool
	// reach asks the database for an answer, once it is open.
	reach(ctx context.Context, db *sql.DB) error
	// away tells whether the database may come back by itself after an error.
	away(err error) bool
	// rewrite turns ? placeholders and the marks into the database's own words: /*lock*/ and /*skip*/ lock what is
	// read, /*in*/ is one of a JSON array's texts, /*each*/ is a JSON array's elements as value and key.
	rewrite(query string) string
	// prepares tells whether statements are to be prepared by us once per connection.
	prepares() bool
	// begin prepares a fresh write transaction.
	begin(ctx context.Context, tx *sql.Tx) error
	// lockMigrations keeps two processes from migrating at once.
	lockMigrations(ctx context.Context, tx *sql.Tx) error
	// nameLock is the query that locks a name until the transaction ends; empty where there is one writer only.
	nameLock() string
	// gather is the statement that puts together what connections that are gone have counted in tallies; empty where
	// there is nothing to put together.
	gather() string
	// classify says what to do about an error.
	classify(err error) failure
	// backup writes a consistent copy to path.
	backup(ctx context.Context, j *Journal, path string) error
	// integrity asks the database for damage, one line each.
	integrity(ctx context.Context, db *sql.DB) ([]string, error)
}

// numbered turns ? placeholders into $1, $2, ... Queries of this package have no ? in literals.
func numbered(query string) string {
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for i := range len(query) {
		if query[i] != '?' {
			b.WriteByte(query[i])
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
