package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders is how many connections read at once; WAL readers do not wait for the writer.
const sqliteReaders = 4

type sqliteDialect struct{}

func (sqliteDialect) prepares() bool { return true }

func (sqliteDialect) oneProcess() bool { return true }

func (sqliteDialect) rewrite(query string) string {
	query = strings.ReplaceAll(query, "/*in*/", "IN (SELECT value FROM json_each(?))")
	return strings.ReplaceAll(query, "/*each*/", "json_each(?)")
}

// open creates the file for the owner alone before SQLite does; -wal and -shm take over its mode.
func (sqliteDialect) open(_ context.Context, cfg Config) (write, read *sql.DB, err error) {
	if cfg.Path == "" {
		return nil, nil, errors.New("opening the journal: path is empty")
	}
	if cfg.MustExist {
		if _, err := os.Stat(cfg.Path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%w at %s", ErrNoJournal, cfg.Path)
		}
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("creating the journal's folder: %w", err)
	}
	f, err := os.OpenFile(cfg.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("creating the journal: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, nil, fmt.Errorf("creating the journal: %w", err)
	}
	write, err = sqliteOpen(cfg.Path, sqliteWriter())
	if err != nil {
		return nil, nil, err
	}
	// A file has one writer: a second connection would only wait for the first one's lock.
	write.SetMaxOpenConns(1)
	write.SetMaxIdleConns(1)
	read, err = sqliteOpen(cfg.Path, sqliteReader())
	if err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return write, read, nil
}

func (sqliteDialect) hasSchema(ctx context.Context, tx *sql.Tx) (there bool, err error) {
	err = tx.QueryRowContext(
		ctx, `SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'`,
	).Scan(
		&there,
	)
	return there, err
}

// reach needs nothing: the first statement opens the file.
func (sqliteDialect) reach(context.Context, *sql.DB) error { return nil }

// away tells whether the file may be usable later: others hold it, or there is no room.
func (sqliteDialect) away(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errInUse)
	}
	// The low byte says which kind of error, the rest only which one of the kind.
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return true
	}
	return false
}

// sqliteWriter makes every commit reach the disk (synchronous FULL) and takes the write lock at BEGIN, so
// that what a transaction has read is still true when it writes.
func sqliteWriter() url.Values {
	// secure_delete: the bytes of a proof or a message that is removed are overwritten.
	return url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", "journal_size_limit(67108864)",
	}}
}

func sqliteReader() url.Values {
	return url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "query_only(1)"}}
}

func sqliteOpen(path string, q url.Values) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return db, nil
}

func (sqliteDialect) begin(context.Context, *sql.Tx) error { return nil }

// lockMigrations needs nothing: BEGIN IMMEDIATE holds the file's one write lock.
func (sqliteDialect) lockMigrations(context.Context, *sql.Tx) error { return nil }

func (sqliteDialect) nameLock() string { return "" }
func (sqliteDialect) gather() string   { return "" }

func (sqliteDialect) classify(err error) failure {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return failDown
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return failUnique
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return failRow
	}
	return failDown
}

func (sqliteDialect) integrity(ctx context.Context, db *sql.DB) ([]string, error) {
	found, err := textRows(ctx, db, `PRAGMA integrity_check`)
	if err != nil {
		return nil, err
	}
	if len(found) == 1 && found[0] == "ok" {
		found = nil
	}
	broken, err := textRows(
		ctx, db, `SELECT "table" || ': row ' || rowid || ' points at nothing' FROM pragma_foreign_key_check`,
	)
	if err != nil {
		return nil, err
	}
	return append(found, broken...), nil
}

// backup copies the journal as of one moment into a file of its own, without stopping writers, and only then
// gives it its name: a file with that name is a whole backup.
func (sqliteDialect) backup(ctx context.Context, j *Journal, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("backing up the journal: %s exists", path)
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("backing up the journal: %w", err)
	}
	defer f.Close() //nolint:errcheck // synced below; nothing is written through it
	// A connection of its own, so that no reader is taken up for as long as the copy takes.
	db, err := sqliteOpen(j.path, url.Values{"_pragma": {"busy_timeout(5000)"}})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // a reader
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, part); err != nil {
		return errors.Join(unavailable("backing up the journal", err), os.Remove(part))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("backing up the journal: %w", err), os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("backing up the journal: %w", err)
	}
	return nil
}
