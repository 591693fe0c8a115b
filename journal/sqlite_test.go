package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
)

func openSQLite(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func TestSQLiteConforms(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) *journal.Journal {
		return openSQLite(t, filepath.Join(t.TempDir(), "data", "journal.db"))
	})
}
