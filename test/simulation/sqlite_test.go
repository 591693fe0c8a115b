package simulation

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
)

// TestSimulationOnSQLite runs some schedules on the journal that is shipped, each pod with connections of its own
// to one file. They must hold every promise, and go the way they go on the simulation's journal to the letter.
func TestSimulationOnSQLite(t *testing.T) {
	t.Parallel()
	parts := newSimParts(t)
	for seed := uint64(1); seed <= simOnSQLite; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newSimWorld(parts, seed)
			w.verbose, w.noCharges = true, true
			path := filepath.Join(t.TempDir(), "journal.db")
			w.open = func(p *simPod) simBooks {
				j, err := journal.Open(context.Background(), journal.Config{Driver: journal.DriverSQLite, Path: path, Now: p.now})
				if err != nil {
					panic(err)
				}
				p.w.mu.Lock()
				defer p.w.mu.Unlock()
				p.w.closers = append(p.w.closers, j.Close)
				return j
			}
			simRunWorld(t, w)
			report(t, w)
			m := simReplay(t, parts, seed)
			for i := range min(len(w.lines), len(m.lines)) {
				if w.lines[i] != m.lines[i] {
					t.Fatalf("line %d on SQLite:\n  %s\nin memory:\n  %s", i, w.lines[i], m.lines[i])
				}
			}
			if len(w.lines) != len(m.lines) {
				t.Errorf("%d lines on SQLite, %d in memory", len(w.lines), len(m.lines))
			}
		})
	}
}
