package rules

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
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
	f.st, err = NewStore(StoreOptions{Path: f.path, Load: func(p string) (*Snapshot, error) {
		f.loads++
		return LoadFile(p)
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
	st, err := NewStore(StoreOptions{Path: here, Load: LoadFile})
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

// TestWhatIsDerivedIsDerivedBeforeTheSwap: rules from which nothing can be made are never in force, by whichever
// way they come.
func TestWhatIsDerivedIsDerivedBeforeTheSwap(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refuse := "b"
	errUnfit := errors.New("unfit")
	var told []ReloadResult
	o := StoreOptions{Path: path, Load: LoadFile, OnResult: func(r ReloadResult) { told = append(told, r) }, Prepare: func(s *Snapshot) (any, error) {
		p, _ := s.PG("inicis")
		if p.Name == refuse || s.Server().Admin.Listen == "127.0.0.1:9" {
			return nil, errUnfit
		}
		return "made of " + p.Name, nil
	}}
	write(fmt.Sprintf(tiny, "a"))
	st, err := NewStore(o)
	if err != nil {
		t.Fatal(err)
	}
	good := st.Current()
	for _, tt := range []struct {
		what string
		load func() ReloadResult
	}{
		{"a reload", func() ReloadResult { write(fmt.Sprintf(tiny, "b")); return st.Reload("test") }},
		{"a section that only a restart applies", func() ReloadResult {
			write(fmt.Sprintf(tiny, "a") + "server: { admin: { listen: \"127.0.0.1:9\" } }\n")
			return st.Reload("test")
		}},
		{"a rollback", func() ReloadResult {
			write(fmt.Sprintf(tiny, "c"))
			st.Reload("test")
			refuse = "a"
			return st.Rollback(good.Version(), "test")
		}},
	} {
		before := st.Current()
		res := tt.load()
		now := st.Current()
		if !errors.Is(res.Err, errUnfit) || res.Changed || res.Version != now.Version() {
			t.Errorf("%s: %+v", tt.what, res)
		}
		if p, _ := now.PG("inicis"); now.Prepared() != "made of "+p.Name {
			t.Errorf("%s: %v stands with the rules of %s", tt.what, now.Prepared(), p.Name)
		}
		if tt.what != "a rollback" && (now != before || st.Refused() == "" || told[len(told)-1].Err == nil) {
			t.Errorf("%s: refused for %q", tt.what, st.Refused())
		}
	}
	if st.Refused() != "" {
		t.Errorf("a good file is refused for %q", st.Refused())
	}
	if _, err := NewStore(StoreOptions{Path: path, Load: LoadFile, Prepare: func(*Snapshot) (any, error) { return nil, errUnfit }}); !errors.Is(err, errUnfit) {
		t.Errorf("a store was made of rules that nothing can be made of: %v", err)
	}
}

// TestARollbackSaysWhatItSetsAside: until the file changes, or somebody asks for it.
func TestARollbackSaysWhatItSetsAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, key := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "key")
	save := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := func(name string) string {
		return strings.Replace(fmt.Sprintf(tiny, name), "sign_key: k", "sign_key: \"${file:key}\"", 1)
	}
	save(key, "first")
	save(path, text("a"))
	st, err := NewStore(StoreOptions{Path: path, Load: LoadFile})
	if err != nil {
		t.Fatal(err)
	}
	a := st.Current().Version()
	save(path, text("b"))
	b := st.Reload("test").Version
	if st.RolledBack() != nil {
		t.Fatal("a rollback is in force before there was one")
	}
	st.Rollback(a, "rollback by kim")
	back := st.RolledBack()
	if back == nil || back.Version != a || back.SetAside != b || back.Trigger != "rollback by kim" {
		t.Fatalf("the rollback: %+v", back)
	}
	save(key, "second")
	if st.automatic("watch"); st.RolledBack() == nil || st.Current().Version() != a {
		t.Error("a new secret undid the rollback")
	}
	if m, _ := st.Current().Merchant("m"); m.Keys.Secret("sign_key").Reveal() != "first" {
		t.Error("the version that is in force is not the one that was")
	}
	if st.Rollback(b, "test"); st.RolledBack() == nil {
		t.Error("the kept version has the old secret, the file the new one: that is a rollback")
	}
	if st.Reload("api"); st.RolledBack() != nil {
		t.Error("a reload that was asked for leaves the rollback in force")
	}
	st.Rollback(a, "test")
	save(path, text("c"))
	if st.automatic("watch"); st.RolledBack() != nil {
		t.Error("a new file leaves the rollback in force")
	}
	st.Rollback(a, "test")
	save(path, "mode: nonsense")
	if st.automatic("watch"); st.RolledBack() == nil || st.Refused() == "" {
		t.Error("a bad file ended the rollback")
	}
}

// TestVersionsAreKeptAsText reloads a shop of 2,600 merchants twenty times: whole snapshots would be held twenty
// times over.
func TestVersionsAreKeptAsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	save := func(n int) {
		if err := os.WriteFile(path, manyMerchants(2600, fmt.Sprint("v", n)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(0)
	st, err := NewStore(StoreOptions{Path: path, Load: LoadFile})
	if err != nil {
		t.Fatal(err)
	}
	one, first := heap(), st.Current().Version()
	for n := range historySize - 1 {
		save(n + 1)
		if res := st.Reload("test"); !res.Changed {
			t.Fatal(res.Err)
		}
	}
	if after := heap(); after > one+one/2 {
		t.Errorf("%d MB after %d versions, %d MB with one", after>>20, historySize, one>>20)
	}
	if res := st.Rollback(first, "test"); res.Err != nil || st.Current().Version() != first || len(st.Current().Merchants()) != 2600 {
		t.Errorf("the oldest version did not come back: %+v", res)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// manyMerchants is a shop with n contracts, each with keys, fees and a site of its own.
func manyMerchants(n int, mark string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "order_service: { url: \"http://orders:8080\" }\nsandbox: { enabled: Y }\npgs: { inicis: { driver: inicis, name: %s } }\nmerchants:\n", mark)
	for i := range n {
		fmt.Fprintf(&b, `  - id: "m%d"
    pg: inicis
    mid: INIpayTest
    purpose: general
    mode: test
    sites: [site%d]
    devices: [pc, mobile]
    sign_key: SU5JTElURV9UUklQTEVERVNfS0VZU1RS
    api_key: ItEQKi3rY7uvDS8l
    api_iv: HYb3yQ4f65QL89==
    fees: { card: 2.2%% }
    interest_free: Y
    cards: { default: approved }
`, i, i)
	}
	b.WriteString("payment_methods: [{ code: card, links: { inicis: Y } }]\nrouting: [{ name: default, choose: { priority: [inicis] } }]\n")
	return []byte(b.String())
}

// TestTenThousandMerchantsLoad, and what is larger than any shop does not.
func TestTenThousandMerchantsLoad(t *testing.T) {
	t.Parallel()
	s, err := Parse("config.yaml", manyMerchants(10_000, "a"), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Merchants()); n != 10_000 {
		t.Errorf("%d merchants", n)
	}
	list := "merchants: [" + strings.Repeat("1,", maxItems+1) + "]"
	if _, err := Parse("config.yaml", []byte(list), Sources{}); err == nil || !strings.Contains(err.Error(), "more than 50000 items") {
		t.Errorf("a list without end: %v", err)
	}
}

// BenchmarkReload measures a reload of a shop with 10,000 merchants: its time, and the heap in MB with one version
// and after twenty.
func BenchmarkReload(b *testing.B) {
	path := filepath.Join(b.TempDir(), "config.yaml")
	save := func(n int) {
		if err := os.WriteFile(path, manyMerchants(10_000, fmt.Sprint("v", n)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	save(0)
	before := heap()
	st, err := NewStore(StoreOptions{Path: path, Load: LoadFile})
	if err != nil {
		b.Fatal(err)
	}
	one := heap() - before
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		save(n)
		b.StartTimer()
		if res := st.Reload("bench"); !res.Changed {
			b.Fatal(res.Err)
		}
	}
	b.StopTimer()
	for ; n < historySize; n++ {
		save(n + 1)
		st.Reload("bench")
	}
	b.ReportMetric(float64(one)/(1<<20), "MB/one-version")
	b.ReportMetric(float64(heap()-before)/(1<<20), "MB/twenty-versions")
	runtime.KeepAlive(st)
}
