package reload_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
)

// config is a small good file whose PG carries a mark, so that a reload can be seen.
func config(mark string) string {
	return fmt.Sprintf(`order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
pgs: { inicis: { driver: inicis, name: %q } }
merchants: [{ id: "1", pg: inicis, mid: INIpayTest, sign_key: k }]
payment_methods: [{ code: card, links: { inicis: Y } }]
`, mark)
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// loadFile reads configurations for the drivers that there are.
func loadFile(tb testing.TB) func(string) (*rules.Snapshot, error) {
	tb.Helper()
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		tb.Fatal(err)
	}
	return l.LoadFile
}

func mark(st *reload.Store) string {
	p, _ := st.Current().PG("inicis")
	return p.Name
}

// results collects reload results.
type results struct {
	mu   sync.Mutex
	list []reload.Result
}

func (r *results) add(res reload.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, res)
}

func (r *results) failures() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, res := range r.list {
		if res.Err != nil {
			n++
		}
	}
	return n
}

// watched starts a store that watches path, and stops it at the end of the test.
func watched(t *testing.T, path string) (*reload.Store, *results) {
	t.Helper()
	var got results
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t), OnResult: got.add})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.Watch(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watching ended with %v", err)
		}
		goleak.VerifyNone(t)
	})
	time.Sleep(50 * time.Millisecond)
	return st, &got
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}

func wait(t *testing.T, st *reload.Store, want string) {
	t.Helper()
	eventually(t, "the mark becoming "+want, func() bool { return mark(st) == want })
}

func TestWatchFollowsAnEditThatWritesInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, _ := watched(t, path)
	write(t, path, "")
	time.Sleep(1200 * time.Millisecond)
	if mark(st) != "a" {
		t.Fatal("a truncated file took effect")
	}
	write(t, path, config("b"))
	wait(t, st, "b")
}

func TestWatchFollowsAnEditorThatRenames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, config("a"))
	st, got := watched(t, path)
	for _, m := range []string{"b", "c"} {
		write(t, path+".tmp", config(m))
		if err := os.Rename(path+".tmp", path); err != nil {
			t.Fatal(err)
		}
		wait(t, st, m)
	}
	if n := got.failures(); n != 0 {
		t.Errorf("%d reloads failed, want none", n)
	}
}

// TestWatchFollowsAConfigMap swaps the symlink as the kubelet does, twice: a watch on the file itself would
// see the first swap only.
func TestWatchFollowsAConfigMap(t *testing.T) {
	dir := t.TempDir()
	swap := func(n int, m string) {
		version := filepath.Join(dir, fmt.Sprintf("..2026_11_21_%d", n))
		if err := os.Mkdir(version, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(version, "config.yaml"), config(m))
		if err := os.Symlink(filepath.Base(version), filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			_ = os.RemoveAll(filepath.Join(dir, fmt.Sprintf("..2026_11_21_%d", n-1)))
		}
	}
	swap(0, "a")
	path := filepath.Join(dir, "config.yaml")
	if err := os.Symlink("..data/config.yaml", path); err != nil {
		t.Fatal(err)
	}
	st, _ := watched(t, path)
	swap(1, "b")
	wait(t, st, "b")
	swap(2, "c")
	wait(t, st, "c")
}

func TestWatchSurvivesADeletedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, got := watched(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the failure being told", func() bool { return got.failures() > 0 })
	if mark(st) != "a" {
		t.Fatal("the last good rules are gone")
	}
	write(t, path, config("b"))
	wait(t, st, "b")
}

func TestWatchFollowsSecretFiles(t *testing.T) {
	dir, secrets := t.TempDir(), t.TempDir()
	path, key := filepath.Join(dir, "config.yaml"), filepath.Join(secrets, "sign-key")
	write(t, key, "first\n")
	write(t, path, strings.Replace(config("a"), "sign_key: k", fmt.Sprintf("sign_key: \"${file:%s}\"", key), 1))
	st, _ := watched(t, path)
	before := st.Current().Version()
	write(t, key, "second\n")
	eventually(t, "the new key", func() bool {
		m, _ := st.Current().Merchant("1")
		return m.Keys.Secret("sign_key").Reveal() == "second"
	})
	if st.Current().Version() == before {
		t.Error("the version does not tell the new key from the old one")
	}
}

func TestReloadAlternatingGoodAndBad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("v0"))
	var got results
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t), OnResult: got.add})
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				decideOnce(t, st.Current())
			}
		}
	}()
	for i := 1; i <= 200; i++ {
		bad := i%2 == 0
		text := config(fmt.Sprintf("v%d", i))
		if bad {
			text = strings.Replace(text, "inicis: Y", "inicsi: Y", 1)
		}
		write(t, path, text)
		before := st.Current()
		res := st.Reload("test")
		if bad != (res.Err != nil) || bad == res.Changed || (bad && st.Current() != before) {
			t.Fatalf("reload %d: %+v", i, res)
		}
		if res.Version != st.Current().Version() {
			t.Fatalf("reload %d reports version %s, in force is %s", i, res.Version, st.Current().Version())
		}
	}
	close(stop)
	<-done
	if n := len(st.History()); n != 20 {
		t.Errorf("the history has %d entries, want 20", n)
	}
}

// decideOnce checks that a decision comes from one snapshot only.
func decideOnce(t *testing.T, s *rules.Snapshot) {
	d, err := s.Decide(&payment.Checkout{
		OrderID: "o", Amount: 1000, Device: payment.DevicePC,
		Payments: []payment.MethodAmount{{Method: "card", Amount: 1000}},
	}, rules.Options{Now: time.Unix(0, 0)})
	if err != nil {
		t.Errorf("deciding during reloads: %v", err)
		return
	}
	if p, _ := s.PG("inicis"); d.PG != p || d.RulesVersion != s.Version() {
		t.Error("a decision mixes two snapshots")
	}
}

func TestReloadTellsWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, config("a")+"server: { admin: { listen: \"127.0.0.1:9\" } }\njournal: { path: other.db }\n")
	res := st.Reload("test")
	if got := strings.Join(res.RestartNeeded, " "); got != "server journal" {
		t.Errorf("restart needed for %q, want server and journal", got)
	}
	if got := st.Current().Server().Admin.Listen; got == "127.0.0.1:9" {
		t.Error("a change that needs a restart was applied")
	}
	write(t, path, config("a"))
	if res := st.Reload("test"); len(res.RestartNeeded) != 0 {
		t.Errorf("restart needed for %v after the change was undone", res.RestartNeeded)
	}
}

func TestReloadOfTheSameTextChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	before := st.Current()
	if res := st.Reload("test"); res.Changed || st.Current() != before {
		t.Errorf("the same text was taken for a change: %+v", res)
	}
}

func TestReloadSurvivesAPanickingLoader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	calls, load := 0, loadFile(t)
	st, err := reload.New(reload.Options{Path: path, Load: func(p string) (*rules.Snapshot, error) {
		if calls++; calls > 1 {
			panic("boom")
		}
		return load(p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if res := st.Reload("test"); res.Err == nil || mark(st) != "a" {
		t.Errorf("the panic was not turned into an error: %+v", res)
	}
}

func TestStartNeedsGoodRules(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "mode: nonsense\n")
	if _, err := reload.New(reload.Options{Path: path, Load: loadFile(t)}); err == nil {
		t.Error("a store was made from a bad file")
	}
}

func TestRollbackStaysUntilTheFileChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	first := st.Current().Version()
	write(t, path, config("b"))
	st.Reload("test")
	if res := st.Rollback("nonsense", "test"); !errors.Is(res.Err, reload.ErrNoSuchVersion) || mark(st) != "b" {
		t.Errorf("rolling back to nonsense: %+v", res)
	}
	if res := st.Rollback(first, "test"); res.Err != nil || !res.Changed || res.Version != first || mark(st) != "a" {
		t.Fatalf("rolling back: %+v", res)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- st.Watch(ctx) }()
	time.Sleep(50 * time.Millisecond)
	write(t, path, config("b"))
	time.Sleep(1500 * time.Millisecond)
	if mark(st) != "a" {
		t.Error("saving the same file again undid the rollback")
	}
	write(t, path, config("c"))
	wait(t, st, "c")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !st.Kept(first) {
		t.Error("the first version is not kept")
	}
}

func TestAskingForAReloadEndsARollback(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, config("a"))
	st, err := reload.New(reload.Options{Path: path, Load: loadFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	first := st.Current().Version()
	write(t, path, config("b"))
	st.Reload("test")
	st.Rollback(first, "test")
	if res := st.Reload("SIGHUP"); !res.Changed || mark(st) != "b" {
		t.Errorf("a reload that was asked for: %+v", res)
	}
}
