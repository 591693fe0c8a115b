package rules

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/pg-gateway/pg-gateway/payment"
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
	// Diff says which lines of the file went and came, secrets hidden; empty when nothing changed.
	Diff []string
	// Err says why the file was refused; the last good rules stay in force.
	Err error
}

// Store holds the snapshot in force. Reading it never waits.
type Store struct {
	path     string
	load     func(path string) (*Snapshot, error)
	onResult func(ReloadResult)
	now      func() time.Time
	current  atomic.Pointer[Snapshot]
	first    *Snapshot

	mu      sync.Mutex // one reload at a time
	failed  string     // the last failure told, so that the poll does not repeat it
	history []ReloadResult
	kept    []*Snapshot // what was in force lately, oldest first
	pinned  string      // the file's version that a rollback set aside
}

// historySize is how many versions the store remembers.
const historySize = 20

// NewStore loads path for the first time; without good rules there is no store. onResult, when not nil, is told
// about every reload that changed something or failed, one at a time.
func NewStore(path string, load func(path string) (*Snapshot, error), onResult func(ReloadResult)) (*Store, error) {
	snap, err := load(path)
	if err != nil {
		return nil, err
	}
	st := &Store{path: path, load: load, onResult: onResult, now: time.Now, first: snap}
	st.use(snap)
	st.remember(ReloadResult{At: st.now(), Trigger: "start", Version: snap.version, Changed: true})
	return st, nil
}

// Current is the snapshot in force. A request takes it once and keeps it to its end.
func (st *Store) Current() *Snapshot { return st.current.Load() }

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

// Reload reads the file again. Sections that need a restart keep the values that the process started with. A bad file, or one that is not there, changes nothing.
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
	if err != nil {
		res.Err = fmt.Errorf("loading the configuration: %w", err)
		if news := err.Error() != st.failed; news || asked {
			st.failed = err.Error()
			st.tell(res)
		}
		return res
	}
	recovered := st.failed != ""
	st.failed = ""
	res.RestartNeeded = restartNeeded(st.first, snap)
	snap.server, snap.journal, snap.sandbox = st.first.server, st.first.journal, st.first.sandbox
	if asked || snap.version != st.pinned {
		st.pinned = ""
	}
	if snap.version != old.version && st.pinned == "" {
		st.use(snap)
		res.Version, res.Changed, res.Diff = snap.version, true, lineDiff(old.lines, snap.lines)
	}
	if res.Changed || asked || recovered {
		st.tell(res)
	}
	return res
}

// use puts a snapshot in force and keeps it for a rollback.
func (st *Store) use(snap *Snapshot) {
	st.current.Store(snap)
	st.kept = slices.DeleteFunc(st.kept, func(s *Snapshot) bool { return s.version == snap.version })
	st.kept = append(st.kept, snap)
	if len(st.kept) > historySize {
		st.kept = slices.Clone(st.kept[1:])
	}
}

// Version finds a snapshot that was in force lately.
func (st *Store) Version(version string) (*Snapshot, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.kept {
		if s.version == version {
			return s, true
		}
	}
	return nil, false
}

// ErrNoSuchVersion is returned by Rollback for a version that is not kept.
var ErrNoSuchVersion = errors.New("no such version is kept")

// Rollback puts an earlier version back in force. The file as it is now is set aside until it changes or
// somebody asks for a reload.
func (st *Store) Rollback(version, reason string) ReloadResult {
	snap, ok := st.Version(version)
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.current.Load()
	res := ReloadResult{At: st.now(), Trigger: reason, Version: old.version}
	if !ok {
		res.Err = fmt.Errorf("rolling back to %s: %w", clip(version), ErrNoSuchVersion)
		return res
	}
	if onDisk, err := st.loadSafely(); err == nil {
		st.pinned = onDisk.version
	}
	if snap.version != old.version {
		st.use(snap)
		res.Version, res.Changed, res.Diff = snap.version, true, lineDiff(old.lines, snap.lines)
		st.tell(res)
	}
	return res
}

// loadSafely turns a panic in the loader into an error: no file may take the process down.
func (st *Store) loadSafely() (snap *Snapshot, err error) {
	defer func() {
		if r := recover(); r != nil {
			snap, err = nil, fmt.Errorf("the loader panicked: %v", r)
		}
	}()
	return st.load(st.path)
}

func (st *Store) tell(res ReloadResult) {
	if res.Changed || res.Err != nil {
		st.remember(res)
	}
	if st.onResult != nil {
		st.onResult(res)
	}
}

// restartNeeded names the sections that differ from those the process started with.
func restartNeeded(first, now *Snapshot) []string {
	var out []string
	for _, s := range []struct {
		name string
		a, b any
	}{
		{"server", first.server, now.server},
		{"journal", first.journal, now.journal},
		{"sandbox", first.sandbox, now.sandbox},
		{"pgs.*.sidecar_listen", sidecars(first), sidecars(now)},
	} {
		if !reflect.DeepEqual(s.a, s.b) {
			out = append(out, s.name)
		}
	}
	return out
}

func sidecars(s *Snapshot) map[payment.PGID]string {
	out := make(map[payment.PGID]string)
	for _, p := range s.pgs {
		if p.sidecar != "" {
			out[p.ID] = p.sidecar
		}
	}
	return out
}

// How the watch behaves: events are gathered for a moment, and the poll catches what no event told.
const (
	debounce     = 250 * time.Millisecond
	pollInterval = 30 * time.Second
)

// Watch reloads when the file changes, until ctx is done. It watches the directory, not the file: editors
// rename, and Kubernetes swaps a symlink beside it. Without file system events it still polls.
func (st *Store) Watch(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return st.watch(ctx, nil, nil, nil)
	}
	defer func() { _ = watcher.Close() }()
	arm := func() {
		for _, dir := range st.directories() {
			_ = watcher.Add(dir) // a directory that cannot be watched is left to the poll
		}
	}
	arm()
	return st.watch(ctx, watcher.Events, watcher.Errors, arm)
}

// directories are where the file, what it links to, and the files it references are.
func (st *Store) directories() []string {
	dir := filepath.Dir(st.path)
	dirs := []string{dir}
	if real, err := filepath.EvalSymlinks(st.path); err == nil {
		dirs = append(dirs, filepath.Dir(real))
	}
	for _, f := range st.Current().files {
		if !filepath.IsAbs(f) {
			f = filepath.Join(dir, f)
		}
		dirs = append(dirs, filepath.Dir(f))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// watch is the loop: it gathers events, polls, and re-arms the watch in case its directory was replaced.
func (st *Store) watch(ctx context.Context, events <-chan fsnotify.Event, errs <-chan error, arm func()) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil
			}
			return ctx.Err()
		case _, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if quiet == nil {
				quiet = time.After(debounce)
			}
		case _, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			quiet = time.After(debounce)
		case <-quiet:
			quiet = nil
			st.automatic("watch")
			if arm != nil {
				arm()
			}
		case <-poll.C:
			if arm != nil {
				arm()
			}
			st.automatic("poll")
		}
	}
}

func (st *Store) automatic(reason string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.reload(reason, false)
}
