package journaltest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testListing checks that one process lists a PG at a time, that how far it came never goes back, and what a list is
// held against.
func testListing(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	now := epoch()
	take := func(holder string, at time.Time, want bool, until time.Time) {
		t.Helper()
		l, taken, err := j.ListingTake(ctx, "pg", holder, at, time.Minute)
		if err != nil || taken != want || !l.Until.Equal(until) {
			t.Errorf("%s at %s: %v up to %s, want %v up to %s, %v", holder, at, taken, l.Until, want, until, err)
		}
	}
	take("one", now, true, time.Time{})
	take("two", now.Add(time.Second), false, time.Time{})
	take("one", now.Add(30*time.Second), true, time.Time{})
	take("two", now.Add(61*time.Second), false, time.Time{})
	for _, until := range []time.Time{now, now.Add(-time.Hour)} {
		if err := j.ListingDone(ctx, "pg", until); err != nil {
			t.Fatal(err)
		}
	}
	take("two", now.Add(90*time.Second), true, now)
	take("one", now.Add(91*time.Second), false, now)

	var got atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if _, taken, err := j.ListingTake(ctx, "another", numberedID("pod", i), now, time.Minute); err != nil {
				t.Error(err)
			} else if taken {
				got.Add(1)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("a listing was taken %d times", got.Load())
	}

	for _, id := range []string{"listed", "other"} {
		mustInsert(t, j, Attempt(id, "o-"+id))
	}
	reach(t, j, Attempt("paid", "o-paid"), payment.StateApproved)
	found, err := j.Standings(ctx, []payment.AttemptID{"listed", "paid", "none", "' OR 1=1", "주문"})
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	a, _, err := j.Attempt(ctx, "paid")
	if err != nil {
		t.Fatal(err)
	}
	want := journal.Standing{
		ID: a.ID, PG: a.PG, Driver: a.Driver, State: a.State, PGTxID: a.PGTxID, Purpose: a.Purpose, Amount: a.Amount,
	}
	if diff := cmp.Diff(want, found["paid"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if none, err := j.Standings(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}

// testOwnerless checks that a payment of no attempt is on record once, and open until it is closed.
func testOwnerless(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	o := journal.Ownerless{PG: "pg", PGTxID: "tx", OrderRef: "somebody's", Won: 5000, PaidAt: epoch()}
	for _, want := range []bool{true, false} {
		if added, err := j.OwnerlessAdd(ctx, o); err != nil || added != want {
			t.Errorf("added %v, %v", added, err)
		}
	}
	stats, err := j.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	row := stats.Unmatched[len(stats.Unmatched)-1]
	if row.State != journal.UnmatchedOwnerless || row.Count != 1 || row.Won != 5000 || row.Oldest.IsZero() {
		t.Errorf("%+v", row)
	}
	if err := j.OwnerlessPropose(ctx, "pg", "tx", "given-back", "kim", "seen"); err != nil {
		t.Fatal(err)
	}
	list, err := j.OwnerlessOpen(ctx, 10)
	if err != nil || len(list) != 1 || list[0].Finding != "given-back" || list[0].FoundBy != "kim" ||
		list[0].OrderRef != "somebody's" || !list[0].PaidAt.Equal(epoch()) {
		t.Errorf("%+v, %v", list, err)
	}
	if gone, _, _, err := j.Prune(ctx, time.Now().Add(1000*time.Hour), journal.PruneMark{}, 10); err != nil || gone != 0 {
		t.Errorf("%d gone, %v", gone, err)
	}
	for _, want := range []bool{true, false} {
		if ended, err := j.OwnerlessEnd(ctx, "pg", "tx", journal.OwnerlessReturned, "back"); err != nil || ended != want {
			t.Errorf("ended %v, %v", ended, err)
		}
	}
	if added, err := j.OwnerlessAdd(ctx, o); err != nil || added {
		t.Errorf("what was closed is open again: %v, %v", added, err)
	}
	if o, ok, err := j.OwnerlessOf(ctx, "pg", "tx"); err != nil || !ok || o.State != journal.OwnerlessReturned {
		t.Errorf("%+v, %v, %v", o, ok, err)
	}
	if _, _, _, err := j.Prune(ctx, time.Now().Add(1000*time.Hour), journal.PruneMark{}, 10); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := j.OwnerlessOf(ctx, "pg", "tx"); err != nil || ok {
		t.Errorf("what was closed long ago is kept: %v", err)
	}
}
