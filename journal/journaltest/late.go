package journaltest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testLate checks that late money is given back by one alone, stays listed until it is back, and leaves its
// attempt as it ended.
func testLate(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	j := open(t)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if err := j.Insert(ctx, Attempt("late", "o-late"), event("opened")); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(ctx, journal.Transition{ID: "late", From: []payment.State{payment.StateOpened}, To: payment.StateExpired}); err != nil {
		t.Fatal(err)
	}
	l := journal.Late{AttemptID: "late", PGTxID: "tx", Won: 15_000}
	take := func(at time.Time) (journal.Late, bool) {
		t.Helper()
		row, taken, err := j.LateTake(ctx, l, at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return row, taken
	}
	var got atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, taken, err := j.LateTake(ctx, l, now, time.Minute); err != nil {
				t.Error(err)
			} else if taken {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 {
		t.Errorf("late money was taken %d times", got.Load())
	}
	if row, taken := take(now.Add(2 * time.Minute)); !taken || row.Tries != 2 || row.State != journal.LateReturning {
		t.Errorf("after its owner died: %+v, %v", row, taken)
	}
	if err := j.LateEnd(ctx, "late", "tx", journal.LateUnknown, event("late_money_unknown")); err != nil {
		t.Fatal(err)
	}
	if list, err := j.LateOpen(ctx, 10); err != nil || len(list) != 1 || list[0].State != journal.LateUnknown || list[0].Won != 15_000 {
		t.Errorf("open %+v, %v", list, err)
	}
	if _, taken := take(now.Add(3 * time.Minute)); !taken {
		t.Error("what is not proven to be back cannot be tried again")
	}
	for _, to := range []journal.LateState{journal.LateReturned, journal.LateUnknown} {
		if err := j.LateEnd(ctx, "late", "tx", to, event("late_money_"+string(to))); err != nil {
			t.Fatal(err)
		}
	}
	if row, taken := take(now.Add(time.Hour)); taken || row.State != journal.LateReturned {
		t.Errorf("what is back was taken again: %+v, %v", row, taken)
	}
	second := journal.Late{AttemptID: "late", PGTxID: "tx-2", Won: 1}
	for i, want := range []bool{true, false} {
		if flagged, err := j.LateFlag(ctx, second, event("late_money")); err != nil || flagged != want {
			t.Errorf("flagging %d: %v, %v", i, flagged, err)
		}
	}
	if _, taken, err := j.LateTake(ctx, second, now.Add(time.Hour), time.Minute); err != nil || taken {
		t.Errorf("what a person must look at was taken: %v", err)
	}
	if list, err := j.LateOpen(ctx, 10); err != nil || len(list) != 1 || list[0].PGTxID != "tx-2" {
		t.Errorf("open %+v, %v", list, err)
	}
	a, _, err := j.Attempt(ctx, "late")
	if err != nil || a.State != payment.StateExpired {
		t.Errorf("the attempt is %s, %v", a.State, err)
	}
	if faults, err := j.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
	if _, _, err := j.LateTake(ctx, journal.Late{AttemptID: "nobody", PGTxID: "tx", Won: 1}, now, time.Minute); err == nil {
		t.Error("late money of no attempt was taken")
	}
}
