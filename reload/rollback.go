package reload

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/rules"
)

// Rollback is a rollback in force: the file on disk holds other rules, and they would be taken by a restart.
type Rollback struct {
	// At is since when, Trigger who asked.
	At      time.Time
	Trigger string
	// Version is in force; SetAside is the version of the file on disk, empty when it could not be read.
	Version  string
	SetAside string
	// file is the hash of the text on disk: as long as it stays, the rollback does.
	file string
}

// RolledBack is the rollback in force, or nil.
func (st *Store) RolledBack() *Rollback { return st.rollback.Load() }

// Kept tells whether a version was in force lately, so that a rollback to it is possible.
func (st *Store) Kept(version string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.keptAt(version) >= 0
}

// keptAt is where a version's text is kept; below 0 when it is not.
func (st *Store) keptAt(version string) int {
	return slices.IndexFunc(st.kept, func(k rules.KeptText) bool { return k.Version() == version })
}

// ErrNoSuchVersion is returned by Rollback for a version that is not kept.
var ErrNoSuchVersion = errors.New("no such version is kept")

// Rollback puts an earlier version back in force. The file as it is now is set aside until it changes or
// somebody asks for a reload.
func (st *Store) Rollback(version, reason string) Result {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.Current()
	res := Result{At: st.now(), Trigger: reason, Version: old.Version()}
	ready, err := st.rebuild(version)
	if err != nil {
		res.Err = fmt.Errorf("rolling back to %.40s: %w", version, err)
		return res
	}
	snap := ready.rules
	back := &Rollback{At: res.At, Trigger: reason, Version: snap.Version(), file: rules.HashFile(st.o.Path)}
	if onDisk, err := st.loadSafely(); err == nil {
		back.SetAside, back.file = onDisk.Version(), onDisk.Text().Hash()
	}
	if back.SetAside == snap.Version() {
		back = nil // the file says the same: nothing is set aside
	}
	st.rollback.Store(back)
	if snap.Version() != old.Version() {
		st.use(ready)
		res.Version, res.Changed, res.Diff = snap.Version(), true, lineDiff(old.Lines(), snap.Lines())
	}
	st.tell(res)
	return res
}

// rebuild compiles a version that is kept, with the values that its references stood for.
func (st *Store) rebuild(version string) (*ruleset, error) {
	i := st.keptAt(version)
	if i < 0 {
		return nil, ErrNoSuchVersion
	}
	snap, err := st.kept[i].Parse()
	if err != nil {
		return nil, err
	}
	// The text may be of before a restart-only section changed on disk; the process keeps its own all the same.
	return st.prepare(snap.With(st.first))
}
