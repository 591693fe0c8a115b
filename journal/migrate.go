package journal

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrationFiles embed.FS

// migration is one numbered step of the schema. Steps go forward only.
type migration struct {
	version int
	name    string
	text    string
}

// migrations reads the steps of a driver from files named 0001_what.sql, in order and without gaps.
func migrations(driver string) ([]migration, error) {
	names, err := fs.Glob(migrationFiles, path.Join("migrations", driver, "*.sql"))
	if err != nil {
		return nil, fmt.Errorf("listing migrations: %w", err)
	}
	list := make([]migration, 0, len(names))
	for i, name := range names {
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("listing migrations: %s is not number %d", base, i+1)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading migration %s: %w", base, err)
		}
		list = append(list, migration{version: version, name: base, text: string(text)})
	}
	return list, nil
}

// migrate brings the database to the newest schema in one transaction, and refuses one from the future. It returns
// which journal this is. One that must exist already is left as it is.
func migrate(
	ctx context.Context, db *sql.DB, d dialect, list []migration, now time.Time, exists bool,
) (Identity, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return Identity{}, unavailable("migrating the journal", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	bring := migrateIn
	if exists { //guard:command-makes-no-journal
		bring = mustBeUpToDate
	}
	if err := bring(ctx, tx, d, list, now); err != nil {
		return Identity{}, err
	}
	id, err := identify(ctx, tx, d, now)
	if err != nil {
		return Identity{}, err
	}
	if err := tx.Commit(); err != nil {
		return Identity{}, unavailable("migrating the journal", err)
	}
	return id, nil
}

func migrateIn(ctx context.Context, tx *sql.Tx, d dialect, list []migration, now time.Time) error {
	// Before the version is read, so that who waits here sees what the other process has applied.
	if err := d.lockMigrations(ctx, tx); err != nil {
		return unavailable("locking the journal's schema", err)
	}
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
		return unavailable("migrating the journal", err)
	}
	var have int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_migrations`).Scan(&have); err != nil {
		return unavailable("reading the journal's schema version", err)
	}
	if have > len(list) {
		return fmt.Errorf("%w: it is at %d, this program knows %d", ErrSchemaTooNew, have, len(list))
	}
	for _, m := range list[have:] {
		if err := apply(ctx, tx, d, m, now); err != nil {
			return err
		}
	}
	return nil
}

// mustBeUpToDate wants the schema that this program knows.
func mustBeUpToDate(ctx context.Context, tx *sql.Tx, d dialect, list []migration, _ time.Time) error {
	there, err := d.hasSchema(ctx, tx)
	if err != nil {
		return unavailable("looking for the journal", err)
	}
	if !there {
		return ErrNoJournal
	}
	var have int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_migrations`).Scan(&have); err != nil {
		return unavailable("reading the journal's schema version", err)
	}
	switch {
	case have > len(list):
		return fmt.Errorf("%w: it is at %d, this program knows %d", ErrSchemaTooNew, have, len(list))
	case have < len(list): //guard:command-changes-no-schema
		return fmt.Errorf(
			"%w: it is at %d, this program knows %d; the gateway brings it up to date when it starts", ErrSchemaTooOld, have,
			len(list),
		)
	}
	return nil
}

func apply(ctx context.Context, tx *sql.Tx, d dialect, m migration, now time.Time) error {
	if _, err := tx.ExecContext(ctx, m.text); err != nil {
		return unavailable("applying migration "+m.name, err)
	}
	_, err := tx.ExecContext(ctx, d.rewrite(`INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)`),
		m.version, m.name, now.UnixMilli())
	if err != nil {
		return unavailable("recording migration "+m.name, err)
	}
	return nil
}
