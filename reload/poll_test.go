package reload

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/rules"
)

// loader reads configurations for the drivers that there are.
func loader(tb testing.TB) *rules.Loader {
	tb.Helper()
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// tiny is a small good file whose PG carries a name, so that a reload can be seen.
const tiny = `order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
pgs: { inicis: { driver: inicis, name: %s } }
merchants: [{ id: m, pg: inicis, mid: INIpayTest, sign_key: k }]
payment_methods: [{ code: card, links: { inicis: Y } }]
`

// scripted is a loader whose answers are set by the test.
type scripted struct {
	loader *rules.Loader
	mu     sync.Mutex
	text   string
	err    error
	loads  int
}

func (s *scripted) set(text string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, s.err = text, err
}

func (s *scripted) load(string) (*rules.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loads++; s.err != nil {
		return nil, s.err
	}
	return s.loader.Parse("config.yaml", []byte(s.text), rules.Sources{})
}

func TestThePollCatchesWhatNoEventTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := scripted{loader: loader(t), text: fmt.Sprintf(tiny, "a")}
		var told []Result
		st, err := New(Options{Path: "config.yaml", Load: file.load, OnResult: func(r Result) { told = append(told, r) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- st.watch(ctx, nil, nil, nil) }()
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		if len(told) != 0 {
			t.Errorf("a poll without news was told: %v", told)
		}
		file.set(fmt.Sprintf(tiny, "b"), nil)
		time.Sleep(pollInterval)
		synctest.Wait()
		if p, _ := st.Current().PG("inicis"); p.Name != "b" {
			t.Error("the poll did not see the new file")
		}
		file.set("", errors.New("gone"))
		time.Sleep(10 * pollInterval)
		synctest.Wait()
		if len(told) != 2 || told[1].Err == nil {
			t.Errorf("a failure that lasts is to be told once: %v", told)
		}
		file.set(fmt.Sprintf(tiny, "b"), nil)
		time.Sleep(pollInterval)
		synctest.Wait()
		if len(told) != 3 || told[2].Err != nil || told[2].Changed {
			t.Errorf("the recovery is to be told: %v", told)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestEventsAreGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := scripted{loader: loader(t), text: fmt.Sprintf(tiny, "a")}
		st, err := New(Options{Path: "config.yaml", Load: file.load})
		if err != nil {
			t.Fatal(err)
		}
		events := make(chan fsnotify.Event)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- st.watch(ctx, events, nil, nil) }()
		for range 20 {
			events <- fsnotify.Event{}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if file.loads != 2 {
			t.Errorf("20 events in a burst made %d loads, want 1 after the first", file.loads-1)
		}
		close(events)
		time.Sleep(time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
