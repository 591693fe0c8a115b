package journal_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// closedRows is how many closed attempts the benchmarks below work among.
const closedRows = 200_000

// fillClosed writes closed attempts straight into the file.
func fillClosed(b *testing.B, path string) {
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(0)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := raw.Close(); err != nil {
			b.Error(err)
		}
	}()
	_, err = raw.ExecContext(b.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO attempts SELECT 'x' || i, 'o' || i, 'inicis', 'inicis', 'm', 'mid', 'card', 1000, 0, 1000, 'KRW', 1, 0, 'pc',
		'main', 'one_time', 'n', 'http://localhost/', 'v', i, i, 'approved', '', '', i, 0, 0, 0, 'p' || i, NULL FROM n`, closedRows)
	if err != nil {
		b.Fatal(err)
	}
}

// What the busy calls cost must not depend on how many attempts are closed.
func BenchmarkAmongClosed(b *testing.B) {
	path := filepath.Join(b.TempDir(), "journal.db")
	j, err := journal.Open(b.Context(), journal.Config{Driver: journal.DriverSQLite, Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	fillClosed(b, path)
	calls := map[string]func() error{
		"attempt":    func() error { _, _, err := j.Attempt(b.Context(), "x4711"); return err },
		"attemptsOf": func() error { _, err := j.AttemptsOf(b.Context(), "o4711"); return err },
		"due":        func() error { _, err := j.Due(b.Context(), time.Now(), 64, time.Second); return err },
		"outboxDue":  func() error { _, err := j.OutboxDue(b.Context(), time.Now(), 64, time.Second); return err },
		"stats":      func() error { _, err := j.Stats(b.Context()); return err },
	}
	for name, call := range calls {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
