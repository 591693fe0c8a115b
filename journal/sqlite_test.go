package journal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
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

func TestSQLiteFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	j := openSQLite(t, filepath.Join(dir, "journal.db"))
	if err := j.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		"data": 0o700, "data/journal.db": 0o600, "data/journal.db-wal": 0o600, "data/journal.db-shm": 0o600,
	}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(filepath.Dir(dir), name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%s has mode %o, want %o", name, got, mode)
		}
	}
}

func TestSQLiteReopenedKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	a := journaltest.Attempt("a-1", "o-1")
	c := journal.Claim{
		To: payment.StateUnknown, ProofHash: "hash", SealedProof: []byte("sealed"), PGTxID: "tx",
		Event: journal.Event{Kind: "return", Detail: "the answer was lost"},
	}
	if err := j.Claim(t.Context(), a, c); err != nil {
		t.Fatal(err)
	}
	before, _, err := j.Attempt(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openSQLite(t, path)
	after, proof, err := j.Attempt(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("attempt (-before +after)\n%s", d)
	}
	if string(proof) != "sealed" {
		t.Errorf("proof %q", proof)
	}
	if events, err := j.Events(t.Context(), a.ID); err != nil || len(events) != 1 || events[0].Detail != "the answer was lost" {
		t.Errorf("events %v, %v", events, err)
	}
	err = j.Claim(t.Context(), journaltest.Attempt("a-2", "o-1"), journal.Claim{To: payment.StateClaimed})
	if !errors.Is(err, journal.ErrClaimed) {
		t.Errorf("an unknown attempt no longer blocks its order: %v", err)
	}
}

func TestSQLiteBackupIsAWholeJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openSQLite(t, filepath.Join(dir, "journal.db"))
	claimMany(t, j, "before", 50)
	var wg sync.WaitGroup
	wg.Go(func() { claimMany(t, j, "during", 200) })
	copied := filepath.Join(dir, "backup.db")
	if err := j.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup's mode: %v, %v", info.Mode(), err)
	}
	b := openSQLite(t, copied)
	if faults, err := b.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("the backup has faults %q, %v", faults, err)
	}
	for i := range 50 {
		if _, _, err := b.Attempt(t.Context(), claimID("before", i)); err != nil {
			t.Fatalf("the backup lacks %s: %v", claimID("before", i), err)
		}
	}
	if err := j.Backup(t.Context(), copied); err == nil {
		t.Error("a backup was written over another file")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  journal.Config
		want string
	}{
		{"an unknown driver", journal.Config{Driver: "mysql"}, "driver"},
		{"no driver", journal.Config{}, "driver"},
		{"no path", journal.Config{Driver: journal.DriverSQLite}, "path is empty"},
		{"no dsn", journal.Config{Driver: journal.DriverPostgres}, "dsn is empty"},
		{"a file that is no database", journal.Config{Driver: journal.DriverSQLite, Path: garbage}, "not a database"},
		{"a folder", journal.Config{Driver: journal.DriverSQLite, Path: dir}, "is a directory"},
		{"a dsn that cannot be read", journal.Config{Driver: journal.DriverPostgres, DSN: "postgres://u:hush@h:port/x"}, "dsn cannot be read"},
		{"a server that is not there", journal.Config{Driver: journal.DriverPostgres, DSN: "postgres://u:hush@127.0.0.1:1/x"}, "unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j, err := journal.Open(t.Context(), tt.cfg)
			if err == nil {
				t.Fatal("opened", j.Close())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to say %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}
