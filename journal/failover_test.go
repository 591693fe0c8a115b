package journal_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/journal/pgtest"
	"github.com/pg-gateway/pg-gateway/test/short"
)

// newServer starts a PostgreSQL of the test's own. With -short it leaves the test out.
func newServer(t *testing.T) *pgtest.Server {
	t.Helper()
	short.Out(t, "a real database")
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func execAll(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// until asks again until ok, which other processes bring about in their own time.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s has not come about", what)
}

func backend(t *testing.T, db *sql.DB) (pid int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

// The server behind the pooled connections becomes a standby and stays up; new connections lead to one that takes
// writes. Nothing may go on over the old ones: they refuse every write, and read what is of the past.
func TestAStandbysConnectionsAreDropped(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dsn := server.Database(t)
	j := openPostgres(t, dsn)
	if err := j.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader := backend(t, j.Reader())
	execAll(t, dsn, `ALTER SYSTEM SET default_transaction_read_only = on`, `SELECT pg_reload_conf()`)
	until(t, "the server's new role", func() bool { return errors.Is(j.Ping(t.Context()), journal.ErrUnavailable) })
	execAll(t, dsn, `SET default_transaction_read_only = off`, `ALTER ROLE gateway SET default_transaction_read_only = off`)
	if err := j.Ping(t.Context()); err != nil {
		t.Errorf("a new connection takes writes, and the first write after that: %v", err)
	}
	if now := backend(t, j.Reader()); now == reader {
		t.Error("reads still go to the server of before")
	}
	if now := backend(t, j.Reader()); now != backend(t, j.Reader()) {
		t.Error("new connections are dropped as well")
	}
}

// Of the servers that a dsn names, the one that takes writes is used.
func TestTheServerThatTakesWritesIsUsed(t *testing.T) {
	t.Parallel()
	standby, primary := newServer(t), newServer(t)
	first, second := standby.Database(t), primary.Database(t)
	execAll(t, first, `ALTER SYSTEM SET default_transaction_read_only = on`, `SELECT pg_reload_conf()`)
	until(t, "the server's new role", func() bool {
		db, err := sql.Open("pgx", first)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var role string
		return db.QueryRowContext(t.Context(), `SHOW default_transaction_read_only`).Scan(&role) == nil && role == "on"
	})
	a, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := url.Parse(second)
	if err != nil {
		t.Fatal(err)
	}
	dsn := fmt.Sprintf("host=127.0.0.1,127.0.0.1 port=%s,%s user=gateway dbname=%s sslmode=disable", a.Port(), b.Port(), strings.TrimPrefix(b.Path, "/"))
	if err := openPostgres(t, dsn).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A process that starts while its database is away waits for it.
func TestOpenWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dsn := server.Database(t)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	var told, reached atomic.Int64
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverPostgres, DSN: dsn, Waiting: func(err error) {
		if err == nil {
			reached.Add(1)
			return
		}
		told.Add(1)
		if strings.Contains(err.Error(), "gateway") {
			t.Errorf("told %q, which names the user", err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if told.Load() != 1 || j.Identity().ID != "" {
		t.Errorf("told %d times, identity %+v", told.Load(), j.Identity())
	}
	if err := j.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a write: %v", err)
	}
	if _, err := j.AttemptsOf(t.Context(), "o-1"); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a read: %v", err)
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	until(t, "the database", func() bool { return reached.Load() == 1 })
	if err := j.Claim(t.Context(), journaltest.Attempt("a-1", "o-1"), journal.Claim{To: "claimed"}); err != nil {
		t.Error(err)
	}
	if j.Identity().ID == "" {
		t.Error("the journal has no identity")
	}
}

// A schema that turns out to be newer is neither read nor written, and is not waited for when it is seen at once.
func TestANewerSchemaIsWaitedOutUntouched(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dsn := server.Database(t)
	openPostgres(t, dsn)
	execAll(t, dsn, `INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'future', 1)`)
	var newer atomic.Int64
	cfg := journal.Config{Driver: journal.DriverPostgres, DSN: dsn, Waiting: func(err error) {
		if errors.Is(err, journal.ErrSchemaTooNew) {
			newer.Add(1)
		}
	}}
	if _, err := journal.Open(t.Context(), cfg); !errors.Is(err, journal.ErrSchemaTooNew) {
		t.Errorf("opened with %v", err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	until(t, "the schema", func() bool { return newer.Load() > 0 })
	if err := j.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a write: %v", err)
	}
	if _, err := j.AttemptsOf(t.Context(), "o-1"); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a read: %v", err)
	}
}

// What does not heal by waiting is not waited for.
func TestOpenDoesNotWaitForMistakes(t *testing.T) {
	t.Parallel()
	waiting := func(err error) { t.Errorf("waits after %v", err) }
	here := t.TempDir()
	tests := []struct {
		name string
		cfg  journal.Config
	}{
		{"a database that does not exist", journal.Config{Driver: journal.DriverPostgres, DSN: strings.Replace(database(t), "/t", "/nowhere", 1)}},
		{"an unreadable dsn", journal.Config{Driver: journal.DriverPostgres, DSN: "postgres://[::1"}},
		{"a folder that is none", journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(here, "file", "journal.db")}},
		{"a file that is no journal", journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(here, "file")}},
	}
	writeFile(t, filepath.Join(here, "file"), strings.Repeat("not a database ", 1000))
	for _, tt := range tests {
		tt.cfg.Waiting = waiting
		j, err := journal.Open(t.Context(), tt.cfg)
		if err == nil {
			t.Errorf("%s: opened", tt.name)
			_ = j.Close()
		}
	}
}

// A journal that is closed while it waits ends at once.
func TestAWaitingJournalCloses(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(t.Context(), journal.Config{
		Driver: journal.DriverPostgres, DSN: "postgres://gateway@127.0.0.1:1/j", Waiting: func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
