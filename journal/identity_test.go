package journal_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
)

// Who shares a journal sees one identity, whoever came first; another journal has another.
func TestIdentity(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, _ *sql.DB) {
		first := mustOpen(t, cfg).Identity()
		if first.ID == "" || first.Since.IsZero() {
			t.Fatalf("the identity is %+v", first)
		}
		if again := mustOpen(t, cfg).Identity(); again != first {
			t.Errorf("a second process sees %+v, the first %+v", again, first)
		}
		other := mustOpen(t, journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "other.db")}).Identity()
		if other.ID == first.ID {
			t.Error("another journal has the same identity")
		}
	})
}
