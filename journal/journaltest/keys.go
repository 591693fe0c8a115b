package journaltest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// testKeys checks that an idempotency key is taken once, keeps its answer, and is freed when nothing came of it.
func testKeys(t *testing.T, j *journal.Journal) {
	t.Helper()
	ctx := t.Context()
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	begin := func(key, fingerprint string, at time.Time) (journal.KeptAnswer, bool) {
		t.Helper()
		kept, begun, err := j.KeyBegin(ctx, "scope", key, fingerprint, at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return kept, begun
	}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, begun, err := j.KeyBegin(ctx, "scope", "race", "f", now, time.Minute); err != nil {
				t.Error(err)
			} else if begun {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("a key was taken %d times", taken.Load())
	}
	if kept, begun := begin("race", "other", now); begun || kept.Fingerprint != "f" || kept.Status != 0 {
		t.Errorf("another body got %+v, %v", kept, begun)
	}
	if _, begun := begin("race", "other", now.Add(2*time.Minute)); begun {
		t.Error("another body took over a key whose holder died")
	}
	held, begun := begin("race", "f", now.Add(2*time.Minute))
	if want := now.Add(3 * time.Minute); !begun || !held.HeldUntil.Equal(want) {
		t.Errorf("a key whose holder died was taken again %v until %s, want until %s", begun, held.HeldUntil, want)
	}
	testFormerHolder(t, j, now.Add(time.Minute))
	answer := journal.KeptAnswer{
		Status: 200, ContentType: "application/json", Body: []byte(`{"a":1}`), HeldUntil: held.HeldUntil,
	}
	if err := j.KeyDone(ctx, "scope", "race", answer); err != nil {
		t.Fatal(err)
	}
	kept, begun := begin("race", "f", now.Add(time.Hour))
	if begun || kept.Status != 200 || string(kept.Body) != `{"a":1}` || kept.ContentType != "application/json" {
		t.Errorf("kept %+v, %v", kept, begun)
	}
	if err := j.KeyDrop(ctx, "scope", "race", held.HeldUntil); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin("race", "f", now); begun {
		t.Error("a kept answer was dropped")
	}
	testRenewal(t, j, kept, now.Add(time.Hour))
	held, begun = begin("dropped", "f", now)
	if !begun {
		t.Fatal("a new key was not taken")
	}
	if err := j.KeyDrop(ctx, "scope", "dropped", held.HeldUntil); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin("dropped", "g", now); !begun {
		t.Error("a dropped key cannot be used again")
	}
	if n, err := j.KeyPrune(ctx, now.Add(time.Second), 100); err != nil || n != 2 {
		t.Errorf("pruned %d, %v, want 2", n, err)
	}
	if _, begun := begin("race", "g", now); !begun {
		t.Error("a pruned key cannot be used again")
	}
}

// testRenewal checks that one alone takes a key anew whose answer was kept, and that the answer is gone then.
func testRenewal(t *testing.T, j *journal.Journal, kept journal.KeptAnswer, now time.Time) {
	t.Helper()
	ctx := t.Context()
	var renewed atomic.Int64
	var until atomic.Value
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			held, begun, err := j.KeyRenew(ctx, "scope", "race", kept, now, time.Minute)
			if err != nil {
				t.Error(err)
			} else if begun {
				renewed.Add(1)
				until.Store(held.HeldUntil)
			}
		})
	}
	wg.Wait()
	if renewed.Load() != 1 {
		t.Fatalf("a key was renewed %d times", renewed.Load())
	}
	if got, begun, err := j.KeyBegin(
		ctx, "scope", "race", "f", now, time.Minute,
	); err != nil || begun || got.Status != 0 || len(got.Body) != 0 ||
		got.Fingerprint != "f" {
		t.Errorf("a renewed key still has %+v, %v, %v", got, begun, err)
	}
	held, _ := until.Load().(time.Time)
	if err := j.KeyDone(
		ctx, "scope", "race", journal.KeptAnswer{Status: 201, Body: []byte("new"), HeldUntil: held},
	); err != nil {
		t.Errorf("who renewed a key does not hold it: %v", err)
	}
	if _, begun, err := j.KeyRenew(ctx, "scope", "race", kept, now, time.Minute); err != nil || begun {
		t.Errorf("a new answer was taken for the old one: %v, %v", begun, err)
	}
}

// testFormerHolder checks that who held the key race until then can do nothing to whom it was given since.
func testFormerHolder(t *testing.T, j *journal.Journal, until time.Time) {
	t.Helper()
	if err := j.KeyDone(
		t.Context(), "scope", "race", journal.KeptAnswer{Status: 500, HeldUntil: until},
	); !errors.Is(
		err, journal.ErrNotFound,
	) {
		t.Errorf("a former holder's answer was kept: %v", err)
	}
	if err := j.KeyDrop(t.Context(), "scope", "race", until); err != nil {
		t.Error(err)
	}
	if kept, begun, err := j.KeyBegin(
		t.Context(), "scope", "race", "f", until, time.Minute,
	); err != nil || begun ||
		kept.Fingerprint != "f" {
		t.Errorf("a former holder dropped another's key: %+v, %v, %v", kept, begun, err)
	}
}
