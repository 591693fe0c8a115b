package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// journalCommands are the commands that work on a journal.
func journalCommands(dir string) [][]string {
	return [][]string{
		{"cases", "list"},
		{"cases", "resolve", "A1", "--as", "charged", "--by", "kim", "--reason", "seen"},
		{"journal", "check"},
		{"journal", "backup", filepath.Join(dir, "copy.db")},
		{"journal", "prune"},
		{"outbox", "list"},
		{"outbox", "retry", "M1"},
		{"outbox", "push"},
	}
}

// run calls the program in this process, from this folder, with a configuration that is in another one.
func run(t *testing.T, config string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := rootCommand("dev")
	root.SetOut(&out)
	root.SetArgs(append(args, "--config.file="+config))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// From wherever a command is called, it works on the journal beside the configuration file, also while the rest of that
// file is refused.
func TestCommandsFindTheJournalOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(dir, "data", "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	a := payment.Attempt{ID: "A1", OrderID: "O1", PG: "inicis", Amount: 15_000, CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateUnknown, ProofHash: "p", NextCheck: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	good := fixture.Text()
	put(t, config, good)
	copied := filepath.Join(dir, "copy.db")
	if out, err := run(t, config, "journal", "backup", copied); err != nil || !strings.Contains(out, "copied to "+copied) {
		t.Errorf("backup: %v %s", err, out)
	}
	for name, text := range map[string]string{
		"a good file":       good,
		"refused elsewhere": fixture.Text(func(c *fixture.Config) { c.Mode = "tset" }),
		"no YAML elsewhere": good + "routing: [\n",
	} {
		put(t, config, text)
		if out, err := run(t, config, "cases", "list"); err != nil || !strings.Contains(out, "A1") {
			t.Errorf("%s: %v %s", name, err, out)
		}
		if out, err := run(t, config, "journal", "check"); err != nil || !strings.Contains(out, "sound") {
			t.Errorf("%s: %v %s", name, err, out)
		}
		if out, err := run(t, config, "outbox", "list"); err != nil || !strings.Contains(out, "no message") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

// No command makes a journal: an empty one says that no case is open.
func TestCommandsMakeNoJournal(t *testing.T) {
	t.Parallel()
	for _, args := range journalCommands(t.TempDir()) {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config := filepath.Join(dir, "config.yaml")
			if out, err := run(t, config, args...); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "--config.file") {
				t.Errorf("without a configuration it ended with %v: %s", err, out)
			}
			put(t, config, fixture.Text())
			if out, err := run(t, config, args...); !errors.Is(err, journal.ErrNoJournal) || !strings.Contains(err.Error(), "--config.file") {
				t.Errorf("ended with %v: %s", err, out)
			}
			if found, err := os.ReadDir(dir); err != nil || len(found) != 1 {
				t.Errorf("made %v, %v", found, err)
			}
			// A file that is there and empty is no journal either.
			if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "data", "journal.db"), "")
			if out, err := run(t, config, args...); !errors.Is(err, journal.ErrNoJournal) {
				t.Errorf("ended with %v: %s", err, out)
			}
		})
	}
}

// A journal that an earlier version kept in the folder it was started in is not left behind for an empty one.
func TestServeLeavesNoJournalBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	here, there := filepath.Join(dir, "old.db"), filepath.Join(dir, "new.db")
	relative := func(path string) string {
		wd, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(wd, path)
		if err != nil {
			t.Fatal(err)
		}
		return rel
	}
	sqlite := rules.JournalConfig{Driver: journal.DriverSQLite, Path: relative(here)}
	if err := notLeftBehind(sqlite, there); err != nil {
		t.Errorf("a first start: %v", err)
	}
	put(t, here, "x")
	if err := notLeftBehind(sqlite, there); err == nil || !strings.Contains(err.Error(), there) {
		t.Errorf("a journal is left behind: %v", err)
	}
	if err := notLeftBehind(rules.JournalConfig{Driver: journal.DriverPostgres, Path: relative(here)}, there); err != nil {
		t.Errorf("with PostgreSQL: %v", err)
	}
	put(t, there, "x")
	if err := notLeftBehind(sqlite, there); err != nil {
		t.Errorf("once it was moved: %v", err)
	}
}
