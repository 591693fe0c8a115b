package reload

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/pg-gateway/pg-gateway/rules"
)

// folder is a configuration on disk whose loads are counted, watched in a world where time does not pass by itself.
type folder struct {
	t      *testing.T
	path   string
	loads  int
	st     *Store
	events chan fsnotify.Event
}

func watchFolder(t *testing.T) *folder {
	t.Helper()
	return watchFolderAfter(t, func(*folder) {})
}

// watchFolderAfter has something happen between the first load and the watch.
func watchFolderAfter(t *testing.T, happen func(*folder)) *folder {
	t.Helper()
	f := &folder{t: t, path: filepath.Join(t.TempDir(), "config.yaml"), events: make(chan fsnotify.Event)}
	f.write(fmt.Sprintf(tiny, "a"))
	var err error
	load := loader(t).LoadFile
	f.st, err = New(Options{Path: f.path, Load: func(p string) (*rules.Snapshot, error) {
		f.loads++
		return load(p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	happen(f)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.st.watch(ctx, f.events, nil, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *folder) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// tell is one file system event; which one does not matter.
func (f *folder) tell() { f.events <- fsnotify.Event{} }

func (f *folder) name() string {
	synctest.Wait()
	p, _ := f.st.Current().PG("inicis")
	return p.Name
}

// TestAWriteBeforeTheWatchIsNotMissed writes when the rules are loaded and nothing is watched yet: no event tells of it.
func TestAWriteBeforeTheWatchIsNotMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := watchFolderAfter(t, func(f *folder) { f.write(fmt.Sprintf(tiny, "early")) })
		time.Sleep(time.Second)
		if got := f.name(); got != "early" {
			t.Fatalf("%q decides a second after the watch began, want what was written before it", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if f.loads != 2 {
			t.Errorf("%d loads, want 2", f.loads)
		}
	})
}

// TestAHalfWrittenFileNeverGoesLive writes in two goes, and the first is a good file by itself.
func TestAHalfWrittenFileNeverGoesLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := watchFolder(t)
		f.write(fmt.Sprintf(tiny, "half"))
		f.tell()
		time.Sleep(800 * time.Millisecond)
		f.write(fmt.Sprintf(tiny, "the-whole"))
		f.tell()
		time.Sleep(800 * time.Millisecond)
		if got := f.name(); got != "a" {
			t.Fatalf("%q went live while the file was being written", got)
		}
		time.Sleep(200 * time.Millisecond)
		if got := f.name(); got != "the-whole" {
			t.Errorf("a second after the last write %q decides", got)
		}
	})
}

// TestAWriteThatNoEventTellsOfIsSeenBeforeTheLoad: between the event and the load somebody wrote on.
func TestAWriteThatNoEventTellsOfIsSeenBeforeTheLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := watchFolder(t)
		f.write(fmt.Sprintf(tiny, "half"))
		f.tell()
		time.Sleep(settleTime - time.Millisecond)
		f.write(fmt.Sprintf(tiny, "the-whole"))
		time.Sleep(settleTime)
		if got := f.name(); got != "a" {
			t.Fatalf("%q went live while the file was being written", got)
		}
		time.Sleep(settleTime)
		if got := f.name(); got != "the-whole" {
			t.Errorf("%q decides in the end", got)
		}
	})
}

// TestABusyFolderCostsNothing: other files there neither make a load nor keep one from happening.
func TestABusyFolderCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := watchFolder(t)
		for range 500 {
			f.tell()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * pollInterval)
		synctest.Wait()
		if f.loads != 1 {
			t.Errorf("writes to other files made %d loads", f.loads-1)
		}
		f.write(fmt.Sprintf(tiny, "news"))
		for range 100 {
			f.tell()
			time.Sleep(10 * time.Millisecond)
		}
		if got := f.name(); got != "news" || f.loads != 2 {
			t.Errorf("after a second of other events %q decides, after %d loads", got, f.loads)
		}
	})
}

// TestWatchFollowsAFileThatIsWrittenElsewhere: a single file mounted into a container is the same inode under
// another name, and what happens to it is no event of the folder that we see.
func TestWatchFollowsAFileThatIsWrittenElsewhere(t *testing.T) {
	here, host := filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "config.yaml")
	write := func(name string) {
		if err := os.WriteFile(host, fmt.Appendf(nil, tiny, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a")
	if err := os.Link(host, here); err != nil {
		t.Fatal(err)
	}
	st, err := New(Options{Path: here, Load: loader(t).LoadFile})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- st.Watch(ctx) }()
	time.Sleep(50 * time.Millisecond)
	for _, name := range []string{"b", "another"} {
		write(name)
		for range 500 {
			if p, _ := st.Current().PG("inicis"); p.Name == name {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if p, _ := st.Current().PG("inicis"); p.Name != name {
			t.Errorf("%q decides, the file says %q", p.Name, name)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
