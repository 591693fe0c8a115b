package journaltest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testUnmatched checks that an unmatched payment is given back by one alone, stays listed until it is back, and
// leaves its attempt as it ended.
func testUnmatched(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	j := open(t)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if err := j.Insert(ctx, Attempt("late", "o-late"), event("opened")); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(
		ctx, journal.Transition{ID: "late", From: []payment.State{payment.StateOpened}, To: payment.StateExpired},
	); err != nil {
		t.Fatal(err)
	}
	l := journal.Unmatched{AttemptID: "late", PGTxID: "tx", Won: 15_000}
	take := func(at time.Time, tries int) (journal.Unmatched, bool) {
		t.Helper()
		l.Tries = tries
		row, taken, err := j.UnmatchedTake(ctx, l, at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return row, taken
	}
	var got atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, taken, err := j.UnmatchedTake(ctx, l, now, time.Minute); err != nil {
				t.Error(err)
			} else if taken {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 {
		t.Errorf("an unmatched payment was taken %d times", got.Load())
	}
	if _, taken := take(now.Add(2*time.Minute), 0); taken {
		t.Error("who asked the PG before the last try took it again")
	}
	row, taken := take(now.Add(2*time.Minute), 1)
	if !taken || row.Tries != 2 || row.State != journal.UnmatchedReturning ||
		!row.NextCheck.Equal(now.Add(3*time.Minute)) {
		t.Errorf("after its owner died: %+v, %v", row, taken)
	}
	end := func(tries int, to journal.UnmatchedState) {
		t.Helper()
		ended := journal.Unmatched{AttemptID: "late", PGTxID: "tx", Tries: tries, NextCheck: now.Add(time.Hour)}
		if err := j.UnmatchedEnd(ctx, ended, to, event("unmatched_payment_"+string(to))); err != nil {
			t.Fatal(err)
		}
	}
	end(1, journal.UnmatchedUnknown)
	if list, err := j.UnmatchedOpen(ctx, 10); err != nil || len(list) != 1 || list[0].State != journal.UnmatchedReturning {
		t.Errorf("a former owner's word counted: %+v, %v", list, err)
	}
	end(2, journal.UnmatchedUnknown)
	if list, err := j.UnmatchedOpen(
		ctx, 10,
	); err != nil || len(list) != 1 || list[0].State != journal.UnmatchedUnknown || list[0].Won != 15_000 ||
		!list[0].NextCheck.Equal(now.Add(time.Hour)) {
		t.Errorf("open %+v, %v", list, err)
	}
	if _, taken := take(now.Add(3*time.Minute), 2); !taken {
		t.Error("what is not proven to be back cannot be tried again")
	}
	end(3, journal.UnmatchedReturned)
	end(3, journal.UnmatchedUnknown)
	if row, taken := take(
		now.Add(time.Hour), 3,
	); taken || row.State != journal.UnmatchedReturned ||
		!row.NextCheck.IsZero() {
		t.Errorf("what is back was taken again: %+v, %v", row, taken)
	}
	second := journal.Unmatched{AttemptID: "late", PGTxID: "tx-2", Won: 1}
	for i, want := range []bool{true, false} {
		if flagged, err := j.UnmatchedFlag(ctx, second, event("unmatched_payment")); err != nil || flagged != want {
			t.Errorf("flagging %d: %v, %v", i, flagged, err)
		}
	}
	if err := j.UnmatchedEnd(ctx, second, journal.UnmatchedUnknown, event("unmatched_payment_unknown")); err != nil {
		t.Fatal(err)
	}
	if _, taken, err := j.UnmatchedTake(ctx, second, now.Add(time.Hour), time.Minute); err != nil || taken {
		t.Errorf("what a person must look at was taken: %v", err)
	}
	if list, err := j.UnmatchedOpen(
		ctx, 10,
	); err != nil || len(list) != 1 || list[0].PGTxID != "tx-2" || list[0].State != journal.UnmatchedFlagged ||
		list[0].NextCheck.IsZero() {
		t.Errorf("open %+v, %v", list, err)
	}
	a, _, err := j.Attempt(ctx, "late")
	if err != nil || a.State != payment.StateExpired {
		t.Errorf("the attempt is %s, %v", a.State, err)
	}
	if faults, err := j.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
	testWatched(t, j, now)
	if _, _, err := j.UnmatchedTake(
		ctx, journal.Unmatched{AttemptID: "nobody", PGTxID: "tx", Won: 1}, now, time.Minute,
	); err == nil {
		t.Error("an unmatched payment of no attempt was taken")
	}
}

// testWatched checks that a payment that is watched counts as no money until it shows, and can be taken up from there
// and from its end.
func testWatched(t *testing.T, j *journal.Journal, now time.Time) {
	t.Helper()
	ctx := t.Context()
	l := journal.Unmatched{AttemptID: "late", PGTxID: "tx-3", Won: 5}
	step := func(
		name string, f func(context.Context, journal.Unmatched, journal.Event) (bool, error), want bool,
		state journal.UnmatchedState,
	) {
		t.Helper()
		if did, err := f(ctx, l, event(name)); err != nil || did != want {
			t.Fatalf("%s: %v, %v", name, did, err)
		}
		list, err := j.UnmatchedOf(ctx, "late")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list {
			if row.PGTxID == "tx-3" && (row.State != state || row.State.LookedAt() == row.NextCheck.IsZero()) {
				t.Fatalf("after %s: %+v, want it %s", name, row, state)
			}
		}
		if faults, err := j.Check(ctx); err != nil || len(faults) > 0 {
			t.Errorf("after %s: faults %v, %v", name, faults, err)
		}
	}
	absent := func(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
		return true, j.UnmatchedEnd(ctx, l, journal.UnmatchedAbsent, ev)
	}
	take := func(ctx context.Context, l journal.Unmatched, _ journal.Event) (bool, error) {
		_, taken, err := j.UnmatchedTake(ctx, l, now, time.Minute)
		return taken, err
	}
	step("watched", j.UnmatchedWatch, true, journal.UnmatchedWatched)
	step("watched again", j.UnmatchedWatch, false, journal.UnmatchedWatched)
	step("absent", absent, true, journal.UnmatchedAbsent)
	step("watched after all", j.UnmatchedWatch, true, journal.UnmatchedWatched)
	step("seen", j.UnmatchedSeen, true, journal.UnmatchedUnknown)
	step("no longer watched", j.UnmatchedWatch, false, journal.UnmatchedUnknown)
	step("absent again", absent, true, journal.UnmatchedAbsent)
	step("taken up", take, true, journal.UnmatchedReturning)
	l.PGTxID = "tx-4"
	if _, err := j.UnmatchedWatch(ctx, l, event("watched")); err != nil {
		t.Fatal(err)
	}
	if flagged, err := j.UnmatchedFlag(ctx, l, event("flagged")); err != nil || !flagged {
		t.Errorf("a watched payment was not flagged: %v", err)
	}
}

// testUnmatchedDue checks that everything open comes up when its check is due, for one sweeper at a time.
func testUnmatchedDue(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	j := open(t)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if err := j.Insert(ctx, Attempt("late", "o-late"), event("opened")); err != nil {
		t.Fatal(err)
	}
	add := func(f func(context.Context, journal.Unmatched, journal.Event) (bool, error), tx string, after time.Duration) {
		t.Helper()
		l := journal.Unmatched{AttemptID: "late", PGTxID: tx, Won: 1000, NextCheck: now.Add(after)}
		if added, err := f(ctx, l, event("unmatched_payment")); err != nil || !added {
			t.Fatalf("%s: %v, %v", tx, added, err)
		}
	}
	add(j.UnmatchedSeen, "seen", 2*time.Minute)
	add(j.UnmatchedFlag, "flagged", time.Minute)
	add(j.UnmatchedSeen, "later", time.Hour)
	add(j.UnmatchedSeen, "kept", time.Minute)
	if added, err := j.UnmatchedSeen(
		ctx, journal.Unmatched{AttemptID: "late", PGTxID: "flagged", Won: 1}, event("x"),
	); err != nil ||
		added {
		t.Errorf("what was flagged was seen anew: %v, %v", added, err)
	}
	if err := j.UnmatchedEnd(
		ctx, journal.Unmatched{AttemptID: "late", PGTxID: "kept"}, journal.UnmatchedKept, event("unmatched_payment_kept"),
	); err != nil {
		t.Fatal(err)
	}
	due := func(at time.Time, limit int, want ...string) []journal.Unmatched {
		t.Helper()
		var list []journal.Unmatched
		for _, l := range []journal.Lane{rest(), urgent()} {
			found, err := j.UnmatchedDue(ctx, l, at, limit-len(list), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, found...)
		}
		var got []string
		for _, l := range list {
			got = append(got, l.PGTxID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("due (-want +got)\n%s", d)
		}
		return list
	}
	due(now, 10)
	at := now.Add(10 * time.Minute)
	first := due(at, 1, "flagged")[0]
	second := due(at, 10, "seen")[0]
	due(at, 10)
	touch := func(l journal.Unmatched, after time.Duration, ev journal.Event) error {
		l.NextCheck = at.Add(after)
		return j.UnmatchedTouch(ctx, l, ev)
	}
	stale := first
	stale.Lease = stale.Lease.Add(-time.Second)
	if err := touch(stale, time.Hour, event("looked_up")); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("a former owner's look-up: %v", err)
	}
	if err := touch(first, 30*time.Second, journal.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := touch(first, time.Hour, journal.Event{}); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("an owner's second look-up: %v", err)
	}
	if again := due(at.Add(31*time.Second), 10, "flagged")[0]; again.Checks != 1 ||
		again.State != journal.UnmatchedFlagged {
		t.Errorf("looked at %+v", again)
	}
	if err := touch(second, time.Hour, event("unmatched_payment_looked_up")); err != nil {
		t.Fatal(err)
	}
	if list, err := j.UnmatchedOf(ctx, "late"); err != nil || len(list) != 4 {
		t.Errorf("an unmatched payment of the attempt: %+v, %v", list, err)
	}
	stats, err := j.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range stats.Unmatched {
		want := map[journal.UnmatchedState]int{journal.UnmatchedUnknown: 2, journal.UnmatchedFlagged: 1}[row.State]
		if row.Count != want || row.Won != payment.Won(1000*want) || row.Oldest.IsZero() != (want == 0) {
			t.Errorf("stats %+v, want %d", row, want)
		}
	}
	if faults, err := j.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
}
