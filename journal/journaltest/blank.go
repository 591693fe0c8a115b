package journaltest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
)

// Blank writes an SQLite journal that has its tables and nothing else, not even an identity, to path. Opening it costs a
// tenth of making one: for tests that open many, and are not about that.
func Blank(t testing.TB, path string) {
	t.Helper()
	text, err := blank()
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatalf("writing a blank journal: %v", err)
	}
}

// blank is the file, made once for all tests of a process.
var blank = sync.OnceValues(func() (_ []byte, err error) { //nolint:gochecknoglobals // made once
	dir, err := os.MkdirTemp("", "pg-gateway-journal-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "journal.db")
	ctx := context.Background() // of no one test
	j, err := journal.Open(ctx, journal.Config{Driver: journal.DriverSQLite, Path: path})
	if err != nil {
		return nil, err
	}
	if err := j.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, fmt.Errorf("opening the file: %w", err)
	}
	// Every journal that is opened of it has one of its own.
	for _, statement := range []string{`DELETE FROM journal_identity`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		return nil, fmt.Errorf("closing the file: %w", err)
	}
	return os.ReadFile(path)
})
