package rules

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ReloadResult says how a reload went.
type ReloadResult struct {
	At time.Time
	// Trigger is who asked: start, watch, poll, SIGHUP, http, ...
	Trigger string
	// Version is the version in force afterwards.
	Version string
	// Changed tells that other rules are in force than before.
	Changed bool
	// RestartNeeded names what changed in the file but only a restart applies.
	RestartNeeded []string
	// Diff is a unified diff of the file, a line each and secrets hidden; empty when nothing changed.
	Diff []string
	// Err says why the file was refused; the last good rules stay in force.
	Err error
}

// StoreOptions are what a store is made of.
type StoreOptions struct {
	// Path is the file; Load reads and checks it.
	Path string
	Load func(path string) (*Snapshot, error)
	// Prepare derives what must stand with a snapshot before it is in force: what it returns is the snapshot's
	// Prepared, and its error refuses the file. Nil derives nothing.
	Prepare func(*Snapshot) (any, error)
	// OnResult, when not nil, is told about every reload that changed something or failed, one at a time.
	OnResult func(ReloadResult)
}

// Store holds the snapshot in force. Reading it never waits.
type Store struct {
	o       StoreOptions
	now     func() time.Time
	current atomic.Pointer[Snapshot]
	first   static

	mu       sync.Mutex // one reload at a time
	stamp    stamp      // the files as the last good load read them
	failed   string     // the last failure told, so that the poll does not repeat it
	history  []ReloadResult
	kept     []keptText // what was in force lately, oldest first
	rollback atomic.Pointer[Rollback]
	refused  atomic.Pointer[string] // why the file on disk is not in force, or nil
}

// static are the sections that only a restart applies.
type static struct {
	server  ServerConfig
	journal JournalConfig
	sandbox SandboxConfig
}

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

// historySize is how many versions the store remembers.
const historySize = 20

// NewStore loads the file for the first time; without good rules there is no store.
func NewStore(o StoreOptions) (*Store, error) {
	st := &Store{o: o, now: time.Now}
	snap, err := st.loadSafely()
	if err != nil {
		return nil, err
	}
	st.first = snap.static()
	if err := st.prepare(snap); err != nil {
		return nil, err
	}
	st.saw(snap)
	st.use(snap)
	st.remember(ReloadResult{At: st.now(), Trigger: "start", Version: snap.version, Changed: true})
	return st, nil
}

// Current is the snapshot in force. A request takes it once and keeps it to its end.
func (st *Store) Current() *Snapshot { return st.current.Load() }

// RolledBack is the rollback in force, or nil.
func (st *Store) RolledBack() *Rollback { return st.rollback.Load() }

// Refused says why the file on disk is not in force; empty when nothing is wrong with it.
func (st *Store) Refused() string {
	if why := st.refused.Load(); why != nil {
		return *why
	}
	return ""
}

// History are the last results that changed something or failed, newest first.
func (st *Store) History() []ReloadResult {
	st.mu.Lock()
	defer st.mu.Unlock()
	out := make([]ReloadResult, len(st.history))
	for i, r := range st.history {
		out[len(out)-1-i] = r
	}
	return out
}

func (st *Store) remember(r ReloadResult) {
	st.history = append(st.history, r)
	if len(st.history) > historySize {
		st.history = st.history[1:]
	}
}

// Reload reads the file again. Sections that need a restart keep the values that the process started with. A bad
// file, or one that is not there, changes nothing.
func (st *Store) Reload(reason string) ReloadResult {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.reload(reason, true)
}

// reload does the work. The automatic triggers say nothing when nothing is new.
func (st *Store) reload(reason string, asked bool) ReloadResult {
	old := st.current.Load()
	res := ReloadResult{At: st.now(), Trigger: reason, Version: old.version}
	snap, err := st.loadSafely()
	if err == nil {
		st.saw(snap)
		res.RestartNeeded = st.first.differs(snap)
		err = st.prepare(snap)
	}
	if err != nil {
		return st.refuse(res, err, asked)
	}
	recovered := st.failed != ""
	st.failed = ""
	st.refused.Store(nil)
	back := st.rollback.Load()
	// The poll must not undo a rollback: another text does, or somebody who asks.
	ended := back != nil && (asked || snap.source.hash != back.file)
	if ended {
		st.rollback.Store(nil)
	}
	if snap.version != old.version && st.rollback.Load() == nil {
		st.use(snap)
		res.Version, res.Changed, res.Diff = snap.version, true, lineDiff(old.lines, snap.lines)
	}
	if res.Changed || asked || recovered || ended {
		st.tell(res)
	}
	return res
}

// refuse keeps what is in force.
func (st *Store) refuse(res ReloadResult, err error, asked bool) ReloadResult {
	res.Err = fmt.Errorf("loading the configuration: %w", err)
	why := err.Error()
	st.refused.Store(&why)
	// The poll would say the same every 30 seconds.
	if why != st.failed || asked {
		st.failed = why
		st.tell(res)
	}
	return res
}

// saw remembers which files a snapshot was read from.
func (st *Store) saw(snap *Snapshot) {
	if st.stamp = snap.read; len(st.stamp) == 0 {
		st.stamp = stamp{{path: st.o.Path}}
	}
}

// prepare derives what stands with a snapshot. What the file says is tried as a restart would take it; what comes
// into force has the sections that the process started with.
func (st *Store) prepare(snap *Snapshot) error {
	if st.o.Prepare == nil {
		snap.take(st.first)
		return nil
	}
	if len(st.first.differs(snap)) > 0 {
		if _, err := st.o.Prepare(snap); err != nil {
			return err
		}
	}
	snap.take(st.first)
	var err error
	snap.prepared, err = st.o.Prepare(snap)
	return err
}

// use puts a snapshot in force, with all that was derived from it, and keeps its text for a rollback.
func (st *Store) use(snap *Snapshot) {
	st.current.Store(snap)
	st.kept = slices.DeleteFunc(st.kept, func(s keptText) bool { return s.version == snap.version })
	st.kept = append(st.kept, snap.source)
	if len(st.kept) > historySize {
		// Cloned, or the array below would keep the texts that were dropped.
		st.kept = slices.Clone(st.kept[1:])
	}
}

// Kept tells whether a version was in force lately, so that a rollback to it is possible.
func (st *Store) Kept(version string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.ContainsFunc(st.kept, func(s keptText) bool { return s.version == version })
}

// ErrNoSuchVersion is returned by Rollback for a version that is not kept.
var ErrNoSuchVersion = errors.New("no such version is kept")

// Rollback puts an earlier version back in force. The file as it is now is set aside until it changes or
// somebody asks for a reload.
func (st *Store) Rollback(version, reason string) ReloadResult {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.current.Load()
	res := ReloadResult{At: st.now(), Trigger: reason, Version: old.version}
	snap, err := st.rebuild(version)
	if err != nil {
		res.Err = fmt.Errorf("rolling back to %s: %w", clip(version), err)
		return res
	}
	back := &Rollback{At: res.At, Trigger: reason, Version: snap.version, file: hashOf(st.o.Path)}
	if onDisk, err := st.loadSafely(); err == nil {
		back.SetAside, back.file = onDisk.version, onDisk.source.hash
	}
	if back.SetAside == snap.version {
		back = nil // the file says the same: nothing is set aside
	}
	st.rollback.Store(back)
	if snap.version != old.version {
		st.use(snap)
		res.Version, res.Changed, res.Diff = snap.version, true, lineDiff(old.lines, snap.lines)
	}
	st.tell(res)
	return res
}

// rebuild compiles a version that is kept, with the values that its references stood for.
func (st *Store) rebuild(version string) (*Snapshot, error) {
	i := slices.IndexFunc(st.kept, func(s keptText) bool { return s.version == version })
	if i < 0 {
		return nil, ErrNoSuchVersion
	}
	snap, err := st.kept[i].parse()
	if err != nil {
		return nil, err
	}
	snap.take(st.first)
	return snap, st.prepare(snap)
}

// loadSafely turns a panic in the loader into an error: no file may take the process down.
func (st *Store) loadSafely() (snap *Snapshot, err error) {
	defer func() {
		if r := recover(); r != nil {
			snap, err = nil, fmt.Errorf("the loader panicked: %v", r)
		}
	}()
	return st.o.Load(st.o.Path)
}

func (st *Store) tell(res ReloadResult) {
	if res.Changed || res.Err != nil {
		st.remember(res)
	}
	if st.o.OnResult != nil {
		st.o.OnResult(res)
	}
}

// static are the snapshot's sections that only a restart applies.
func (s *Snapshot) static() static { return static{s.server, s.journal, s.sandbox} }

// take replaces those sections.
func (s *Snapshot) take(f static) { s.server, s.journal, s.sandbox = f.server, f.journal, f.sandbox }

// differs names the sections in which a snapshot differs from what the process started with.
func (f static) differs(now *Snapshot) []string {
	var out []string
	for _, s := range []struct {
		name string
		a, b any
	}{
		{"server", f.server, now.server},
		{"journal", f.journal, now.journal},
		{"sandbox", f.sandbox, now.sandbox},
	} {
		if !reflect.DeepEqual(s.a, s.b) {
			out = append(out, s.name)
		}
	}
	return out
}
