package reload

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/pg-gateway/pg-gateway/rules"
)

// How the watch behaves. A writer may write in two goes, so a file is read when it has stood still for settleTime;
// the poll catches what no event told.
const (
	settleTime   = 850 * time.Millisecond
	pollInterval = 30 * time.Second
)

// stamp is how the file, and those it references, looked at one moment. The first is the file itself.
type stamp []rules.SeenFile

// again looks at the same paths now.
func (s stamp) again() stamp {
	out := make(stamp, len(s))
	for i, f := range s {
		info, err := os.Stat(f.Path)
		if err != nil {
			info = nil
		}
		out[i] = rules.SeenFile{Path: f.Path, Info: info}
	}
	return out
}

// still tells that nothing was written, renamed or removed in between.
func (s stamp) still(o stamp) bool {
	return slices.EqualFunc(s, o, func(a, b rules.SeenFile) bool {
		if a.Info == nil || b.Info == nil {
			return a.Path == b.Path && a.Info == nil && b.Info == nil
		}
		return a.Path == b.Path && os.SameFile(a.Info, b.Info) &&
			a.Info.Size() == b.Info.Size() && a.Info.ModTime().Equal(b.Info.ModTime())
	})
}

// complete tells that every file was there.
func (s stamp) complete() bool {
	return !slices.ContainsFunc(s, func(f rules.SeenFile) bool { return f.Info == nil })
}

// Watch reloads when the file changes, until ctx is done. It watches the directory, because editors rename and
// Kubernetes swaps a symlink beside the file; and the file's own inode, because a single file that is mounted into
// a container is written elsewhere. Without file system events it still polls.
func (st *Store) Watch(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return st.watch(ctx, nil, nil, nil)
	}
	defer func() { _ = watcher.Close() }()
	arm := func() {
		for _, p := range st.watched() {
			_ = watcher.Add(p) // what cannot be watched is left to the poll
		}
	}
	arm()
	return st.watch(ctx, watcher.Events, watcher.Errors, arm)
}

// watched are the file and those it references, their directories, and the directories that they link to.
func (st *Store) watched() []string {
	var out []string
	for _, f := range st.lookedAt() {
		out = append(out, f.Path, filepath.Dir(f.Path))
		if real, err := filepath.EvalSymlinks(f.Path); err == nil {
			out = append(out, filepath.Dir(real))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// watch is the loop: it waits until the files stand still, polls, and re-arms the watch in case something was
// replaced.
func (st *Store) watch(ctx context.Context, events <-chan fsnotify.Event, errs <-chan error, arm func()) error {
	w := watching{st: st, arm: arm}
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	// What was written between the first load and the arming told nobody.
	w.look("watch")
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil
			}
			return ctx.Err()
		case _, ok := <-events:
			if !ok {
				// A nil channel is never ready; the poll goes on.
				events = nil
				continue
			}
			w.look("watch")
		case _, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			w.look("watch")
		case <-w.quiet:
			w.settled()
		case <-poll.C:
			w.rearm()
			w.look("poll")
		}
	}
}

// watching is what the loop remembers between events.
type watching struct {
	st      *Store
	arm     func()
	trigger string
	seen    stamp
	quiet   <-chan time.Time
}

func (w *watching) rearm() {
	if w.arm != nil {
		w.arm()
	}
}

// look starts the wait when a file changed, or starts it anew. What else happens in the directory costs no more
// than this.
func (w *watching) look(trigger string) {
	loaded, good := w.st.last()
	now := loaded.again()
	if w.quiet == nil {
		if good && now.complete() && now.still(loaded) {
			return
		}
	} else if now.still(w.seen) {
		return
	}
	// Another inode may be there now, and be written to from here on.
	w.rearm()
	w.trigger, w.seen, w.quiet = trigger, loaded.again(), time.After(settleTime)
}

// settled loads when nothing was written during the wait, else it waits again.
func (w *watching) settled() {
	if now := w.seen.again(); !now.still(w.seen) { //guard:file-stands-still
		w.seen, w.quiet = now, time.After(settleTime)
		return
	}
	w.quiet = nil
	w.st.automatic(w.trigger)
	w.rearm()
	// As at the start: a file that is referenced only now was not watched while it was read.
	if now := w.st.lookedAt().again(); !now.still(w.seen) {
		w.look(w.trigger)
	}
}

// last is what the last good load read, and whether no load has failed since.
func (st *Store) last() (stamp, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.stamp, st.failed == ""
}

func (st *Store) lookedAt() stamp {
	s, _ := st.last()
	return s
}

func (st *Store) automatic(reason string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.reload(reason, false)
}
