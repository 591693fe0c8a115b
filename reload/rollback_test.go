package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

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
	st, err := New(Options{Path: path, Load: loader(t).LoadFile})
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
		if err := os.WriteFile(path, fixture.ManyMerchants(2600, fmt.Sprint("v", n)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(0)
	st, err := New(Options{Path: path, Load: loader(t).LoadFile})
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

// BenchmarkReload measures a reload of a shop with 10,000 merchants: its time, and the heap in MB with one version
// and after twenty.
func BenchmarkReload(b *testing.B) {
	path := filepath.Join(b.TempDir(), "config.yaml")
	save := func(n int) {
		if err := os.WriteFile(path, fixture.ManyMerchants(10_000, fmt.Sprint("v", n)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	save(0)
	before := heap()
	st, err := New(Options{Path: path, Load: loader(b).LoadFile})
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
