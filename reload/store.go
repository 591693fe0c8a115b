package reload

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/rules"
)

// Result says how a reload went.
type Result struct {
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

// Options are what a store is made of.
type Options struct {
	// Path is the file; Load reads and checks it.
	Path string
	Load func(path string) (*rules.Snapshot, error)
	// Prepare derives what must stand with a snapshot before it is in force: what it returns is what Prepared answers,
	// and its error refuses the file. Nil derives nothing.
	Prepare func(*rules.Snapshot) (any, error)
	// OnResult, when not nil, is told about every reload that changed something or failed, one at a time.
	OnResult func(Result)
}

// Store holds the snapshot in force. Reading it never waits.
type Store struct {
	o       Options
	now     func() time.Time
	current atomic.Pointer[ruleset]
	first   rules.StartOnly

	mu       sync.Mutex // one reload at a time
	stamp    stamp      // the files as the last good load read them
	failed   string     // the last failure told, so that the poll does not repeat it
	history  []Result
	kept     []rules.KeptText // what was in force lately, oldest first
	rollback atomic.Pointer[Rollback]
	refused  atomic.Pointer[string] // why the file on disk is not in force, or nil
}

// ruleset is a snapshot and what was derived from it; the two come into force as one.
type ruleset struct {
	rules    *rules.Snapshot
	prepared any
}

// historySize is how many versions the store remembers.
const historySize = 20

// New loads the file for the first time; without good rules there is no store.
func New(o Options) (*Store, error) {
	st := &Store{o: o, now: time.Now}
	snap, err := st.loadSafely()
	if err != nil {
		return nil, err
	}
	st.first = snap.StartOnly()
	ready, err := st.prepare(snap)
	if err != nil {
		return nil, err
	}
	st.saw(snap)
	st.use(ready)
	st.remember(Result{At: st.now(), Trigger: "start", Version: snap.Version(), Changed: true})
	return st, nil
}

// Current is the snapshot in force. A request takes it once and keeps it to its end.
func (st *Store) Current() *rules.Snapshot { return st.current.Load().rules }

// Prepared is what Prepare derived from the snapshot in force.
func (st *Store) Prepared() any { return st.current.Load().prepared }

// Refused says why the file on disk is not in force; empty when nothing is wrong with it.
func (st *Store) Refused() string {
	if why := st.refused.Load(); why != nil {
		return *why
	}
	return ""
}

// History are the last results that changed something or failed, newest first.
func (st *Store) History() []Result {
	st.mu.Lock()
	defer st.mu.Unlock()
	out := make([]Result, len(st.history))
	for i, r := range st.history {
		out[len(out)-1-i] = r
	}
	return out
}

func (st *Store) remember(r Result) {
	st.history = append(st.history, r)
	if len(st.history) > historySize {
		st.history = st.history[1:]
	}
}

// Reload reads the file again. Sections that need a restart keep the values that the process started with. A bad
// file, or one that is not there, changes nothing.
func (st *Store) Reload(reason string) Result {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.reload(reason, true)
}

// reload does the work. The automatic triggers say nothing when nothing is new.
func (st *Store) reload(reason string, asked bool) Result {
	old := st.Current()
	res := Result{At: st.now(), Trigger: reason, Version: old.Version()}
	var ready *ruleset
	snap, err := st.loadSafely()
	if err == nil {
		st.saw(snap)
		res.RestartNeeded = differing(st.first, snap.StartOnly())
		ready, err = st.prepare(snap) //guard:prepared-before-the-swap
	}
	if err != nil {
		return st.refuse(res, err, asked)
	}
	recovered := st.failed != ""
	st.failed = ""
	st.refused.Store(nil)
	back := st.rollback.Load()
	// The poll must not undo a rollback: another text does, or somebody who asks.
	ended := back != nil && (asked || snap.Text().Hash() != back.file)
	if ended {
		st.rollback.Store(nil)
	}
	if snap.Version() != old.Version() && st.rollback.Load() == nil {
		st.use(ready)
		res.Version, res.Changed, res.Diff = snap.Version(), true, lineDiff(old.Lines(), snap.Lines())
	}
	if res.Changed || asked || recovered || ended {
		st.tell(res)
	}
	return res
}

// refuse keeps what is in force.
func (st *Store) refuse(res Result, err error, asked bool) Result {
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
func (st *Store) saw(snap *rules.Snapshot) {
	if st.stamp = snap.Files(); len(st.stamp) == 0 {
		st.stamp = stamp{{Path: st.o.Path}}
	}
}

// prepare derives what stands with a snapshot. What the file says is tried as a restart would take it; what comes
// into force has the sections that the process started with.
func (st *Store) prepare(snap *rules.Snapshot) (*ruleset, error) {
	if st.o.Prepare == nil {
		return &ruleset{rules: snap.With(st.first)}, nil
	}
	if len(differing(st.first, snap.StartOnly())) > 0 {
		if _, err := st.o.Prepare(snap); err != nil {
			return nil, err
		}
	}
	ready := &ruleset{rules: snap.With(st.first)}
	var err error
	ready.prepared, err = st.o.Prepare(ready.rules)
	return ready, err
}

// use puts a snapshot in force, with all that was derived from it, and keeps its text for a rollback.
func (st *Store) use(ready *ruleset) {
	st.current.Store(ready)
	text := ready.rules.Text()
	st.kept = slices.DeleteFunc(st.kept, func(k rules.KeptText) bool { return k.Version() == text.Version() })
	st.kept = append(st.kept, text)
	if len(st.kept) > historySize {
		// Cloned, or the array below would keep the texts that were dropped.
		st.kept = slices.Clone(st.kept[1:])
	}
}

// loadSafely turns a panic in the loader into an error: no file may take the process down.
func (st *Store) loadSafely() (snap *rules.Snapshot, err error) {
	defer func() {
		if r := recover(); r != nil {
			snap, err = nil, fmt.Errorf("the loader panicked: %v", r)
		}
	}()
	return st.o.Load(st.o.Path)
}

func (st *Store) tell(res Result) {
	if res.Changed || res.Err != nil {
		st.remember(res)
	}
	if st.o.OnResult != nil {
		st.o.OnResult(res)
	}
}
