package journal_test

import (
	"database/sql"
	"errors"
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

// Who only looks after a journal neither makes nor changes one.
func TestMustExistMakesAndChangesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		look := cfg
		look.MustExist = true
		if _, err := journal.Open(t.Context(), look); !errors.Is(err, journal.ErrNoJournal) {
			t.Errorf("none is there: %v", err)
		}
		old, err := journal.OpenAt(t.Context(), cfg, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Open(t.Context(), look); !errors.Is(err, journal.ErrSchemaTooOld) {
			t.Errorf("an older one: %v", err)
		}
		var version int
		if err := raw.QueryRowContext(t.Context(), `SELECT max(version) FROM schema_migrations`).Scan(&version); err != nil || version != 1 {
			t.Errorf("it was brought to version %d, %v", version, err)
		}
		id := mustOpen(t, cfg).Identity()
		if got := mustOpen(t, look).Identity(); got != id {
			t.Errorf("looked at %+v, not at %+v", got, id)
		}
		if _, err := raw.ExecContext(t.Context(), `INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'future', 1)`); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Open(t.Context(), look); !errors.Is(err, journal.ErrSchemaTooNew) {
			t.Errorf("a newer one: %v", err)
		}
	})
}
