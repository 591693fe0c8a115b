package journal_test

import (
	"os"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/journal/pgtest"
)

// postgres is the server that TestMain starts; every test gets a database of its own.
var postgres *pgtest.Server

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, func(s *pgtest.Server) { postgres = s }))
}

func openPostgres(t *testing.T, dsn string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverPostgres, DSN: dsn})
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

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) *journal.Journal { return openPostgres(t, postgres.Database(t)) })
}
