package planted

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal/pgtest"
)

// Check fails a test when a text holds anything that was planted, by its name.
func Check(t testing.TB, where string, text []byte) {
	t.Helper()
	for _, l := range Find(text) {
		from, to := max(0, l.At-120), min(len(text), l.At+120)
		t.Errorf("%s holds %s: ...%q...", where, l, text[from:to])
	}
}

// Metrics checks what a running gateway's admin listener shows to Prometheus. One that has ended shows nothing.
func Metrics(t testing.TB, admin string) {
	t.Helper()
	res, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return // it ended meanwhile
	}
	Check(t, "the list of metrics", text)
}

// Files checks what a gateway keeps in its data folder, byte for byte: an SQLite journal and what stands beside it.
func Files(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ignoreGone(err)
		}
		text, err := os.ReadFile(path) //nolint:gosec // the test's own folder
		if err == nil {
			Check(t, d.Name(), text)
		}
		return ignoreGone(err)
	})
	if err != nil {
		t.Errorf("reading what the gateway keeps: %v", err)
	}
}

// ignoreGone is nil for a file that was removed meanwhile, as SQLite's are when it is closed.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// Postgres checks every row of every table of a journal. One that a test has stopped is left out.
func Postgres(t testing.TB, dsn string) {
	t.Helper()
	tables, err := pgtest.Tables(context.Background(), dsn)
	if errors.Is(err, pgtest.ErrAway) {
		return
	}
	if err != nil || len(tables) == 0 {
		t.Errorf("the journal's %d tables: %v", len(tables), err)
	}
	for name, rows := range tables {
		Check(t, "the table "+name, []byte(rows))
	}
}
