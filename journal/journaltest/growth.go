package journaltest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// openIDs are the open attempts in some states, in the order in which they are handed out.
func openIDs(t *testing.T, j *journal.Journal, states ...payment.State) []string {
	t.Helper()
	var ids []string
	err := j.EachOpen(t.Context(), func(a payment.Attempt) error {
		ids = append(ids, string(a.ID))
		return nil
	}, states...)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// waiting are the messages in a state.
func waiting(t *testing.T, j *journal.Journal, status journal.MessageStatus) []journal.WaitingMessage {
	t.Helper()
	var list []journal.WaitingMessage
	err := j.OutboxEach(t.Context(), status, func(m journal.WaitingMessage) error {
		list = append(list, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// allDue takes the messages of both lanes, as they were made.
func allDue(t *testing.T, j *journal.Journal, now time.Time, limit int, lease time.Duration) []payment.Message {
	t.Helper()
	var all []payment.Message
	for _, again := range []bool{false, true} {
		list, err := j.OutboxDue(t.Context(), journal.OutboxLane{Again: again}, now, limit, lease)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b payment.Message) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// pruneAll makes whole passes until nothing goes any more, and returns how many are gone.
func pruneAll(t *testing.T, j *journal.Journal, before time.Time, limit int) int {
	t.Helper()
	total, mark := 0, journal.PruneMark{}
	for {
		n, next, more, err := j.Prune(t.Context(), before, mark, limit)
		if err != nil {
			t.Fatal(err)
		}
		total, mark = total+n, next
		if !more {
			return total
		}
	}
}

func wantSound(t *testing.T, j *journal.Journal) {
	t.Helper()
	if faults, err := j.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
}

// testLanes checks that what is due is taken PG by PG, and what is pressing apart from the rest.
func testLanes(t *testing.T, open Open) {
	j := open(t)
	now := epoch().Add(time.Hour)
	put := func(id, pg string, state payment.State) {
		a := Attempt(id, id)
		a.PG = payment.PGID(pg)
		reach(t, j, a, state)
	}
	put("a-opened", "a", payment.StateOpened)
	put("b-issued", "b", payment.StateIssued)
	put("b-unknown", "b", payment.StateUnknown)
	put("b-undo", "b", payment.StateCancelling)
	put("c-claimed", "c", payment.StateClaimed)
	put("d-closed", "d", payment.StateDeclined)
	unmatched := time.Now().Add(time.Hour)
	lanes, err := j.DueLanes(t.Context(), unmatched)
	want := []journal.Lane{{PG: "b", Urgent: true}, {PG: "c", Urgent: true}, {PG: "a"}, {PG: "b"}}
	if d := gocmp.Diff(want, lanes); d != "" || err != nil {
		t.Fatalf("lanes (-want +got) %v\n%s", err, d)
	}
	if lanes, err := j.DueLanes(t.Context(), now); err != nil || len(lanes) != 1 || lanes[0].PG != "a" {
		t.Errorf("lanes of what is due now: %v, %v", lanes, err)
	}
	take := func(l journal.Lane, limit int, want ...string) {
		t.Helper()
		list, err := j.Due(t.Context(), l, unmatched, limit, time.Minute)
		var got []string
		for _, a := range list {
			got = append(got, string(a.ID))
		}
		slices.Sort(got)
		if d := gocmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%+v (-want +got) %v\n%s", l, err, d)
		}
	}
	take(journal.Lane{PG: "b", Urgent: true}, 10, "b-undo", "b-unknown")
	take(journal.Lane{PG: "b"}, 10, "b-issued")
	take(journal.Lane{PG: "b"}, 10)
	take(journal.Lane{PG: "nobody"}, 10)
	// Looked at often enough, it is not pressing any more.
	for n := range 5 {
		a, _, err := j.Attempt(t.Context(), "c-claimed")
		if err != nil {
			t.Fatal(err)
		}
		take(journal.Lane{PG: "c"}, 10)
		look := journal.LookUp{ID: a.ID, State: a.State, Checks: n, NextCheck: now, Event: event("looked_up")}
		if err := j.Touch(t.Context(), look); err != nil {
			t.Fatal(err)
		}
	}
	take(journal.Lane{PG: "c", Urgent: true}, 10)
	take(journal.Lane{PG: "c"}, 10, "c-claimed")
	testSideLanes(t, open(t))
}

// testSideLanes is testLanes for unmatched payments and cancels.
func testSideLanes(t *testing.T, j *journal.Journal) {
	t.Helper()
	ctx, unmatched := t.Context(), time.Now().Add(24*time.Hour)
	for _, id := range []string{"x", "y"} {
		a := Attempt(id, id)
		a.PG = payment.PGID(id)
		reach(t, j, a, payment.StateApproved)
		if _, err := j.UnmatchedSeen(
			ctx, journal.Unmatched{AttemptID: a.ID, PGTxID: "seen", Won: 1}, event("unmatched_payment"),
		); err != nil {
			t.Fatal(err)
		}
		if _, err := j.UnmatchedFlag(
			ctx, journal.Unmatched{AttemptID: a.ID, PGTxID: "flagged", Won: 1}, event("unmatched_payment"),
		); err != nil {
			t.Fatal(err)
		}
		mustBegin(t, j, cancelOf(id, "c-"+id, 1_000, 15_000))
	}
	lanes, err := j.UnmatchedLanes(ctx, unmatched)
	want := []journal.Lane{{PG: "x", Urgent: true}, {PG: "y", Urgent: true}, {PG: "x"}, {PG: "y"}}
	if d := gocmp.Diff(want, lanes); d != "" || err != nil {
		t.Errorf("lanes of unmatched payments (-want +got) %v\n%s", err, d)
	}
	if list, err := j.UnmatchedDue(
		ctx, journal.Lane{PG: "y"}, unmatched, 10, time.Minute,
	); err != nil || len(list) != 1 ||
		list[0].PGTxID != "flagged" {
		t.Errorf("flagged at y: %+v, %v", list, err)
	}
	lanes, err = j.CancelLanes(ctx, unmatched)
	if d := gocmp.Diff(want[:2], lanes); d != "" || err != nil {
		t.Errorf("lanes of cancels (-want +got) %v\n%s", err, d)
	}
	list, err := j.CancelsDue(ctx, journal.Lane{PG: "x", Urgent: true}, unmatched, 10, time.Minute)
	if err != nil || len(list) != 1 || list[0].ID != "c-x" {
		t.Errorf("cancels at x: %+v, %v", list, err)
	}
}

// testWindows checks that an order gets so many windows at a PG and no more, however many ask at once.
func testWindows(t *testing.T, open Open) {
	j := open(t)
	bound := journal.Windows{Most: 20, Now: epoch()}
	ask := func(id, pg string, now time.Time) error {
		a := Attempt(id, "o")
		a.PG = payment.PGID(pg)
		return j.Insert(t.Context(), a, event("opened"), journal.Windows{Most: bound.Most, Now: now})
	}
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		wg.Go(func() { errs[i] = ask(fmt.Sprintf("w-%03d", i), "inicis", epoch()) })
	}
	wg.Wait()
	opened, first := 0, ""
	for i, err := range errs {
		if err == nil {
			opened++
			first = fmt.Sprintf("w-%03d", i)
			continue
		}
		wantConflict(t, err, journal.ConflictWindows, payment.StateOpened)
	}
	if list, err := j.AttemptsOf(t.Context(), "o"); err != nil || opened != 20 || len(list) != 20 {
		t.Errorf("%d of 200 windows were opened, %d are there, %v", opened, len(list), err)
	}
	if err := ask(first, "inicis", epoch()); err != nil {
		t.Errorf("one that is there already: %v", err)
	}
	if err := ask("elsewhere", "another", epoch()); err != nil {
		t.Errorf("at another PG: %v", err)
	}
	mustMove(t, j, first, payment.StateOpened, payment.StateExpired)
	if err := ask("after one ended", "inicis", epoch()); err != nil {
		t.Errorf("after one ended: %v", err)
	}
	wantConflict(t, ask("one too many", "inicis", epoch()), journal.ConflictWindows, payment.StateOpened)
	if err := ask("after they expired", "inicis", epoch().Add(time.Hour)); err != nil {
		t.Errorf("after they expired: %v", err)
	}
	wantSound(t, j)
}

// testFold checks that look-ups which say the same add one row, in the place that they have in the history.
func testFold(t *testing.T, open Open) {
	j := open(t)
	mustInsert(t, j, Attempt("a", "a"))
	look := func(n int, detail string, at time.Time) {
		t.Helper()
		l := journal.LookUp{
			ID: "a", State: payment.StateOpened, Checks: n, NextCheck: epoch(),
			Event: journal.Event{At: at, Kind: "looked_up", Detail: detail, Fold: true},
		}
		if err := j.Touch(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	minute := func(n int) time.Time { return epoch().Add(time.Duration(n) * time.Minute) }
	for n := range 3 {
		look(n, "nothing", minute(n))
	}
	look(3, "failed", minute(3))
	look(4, "nothing", minute(4))
	if err := j.Note(t.Context(), "a", journal.Event{At: minute(5), Kind: "noted"}); err != nil {
		t.Fatal(err)
	}
	look(5, "nothing", minute(6))
	look(6, "nothing", minute(7))
	events, err := j.Events(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events[1:] {
		got = append(
			got, fmt.Sprintf("%s %s %s x%d %s", e.At.Format("15:04"), e.Kind, e.Detail, e.Times, e.LastAt.Format("15:04")),
		)
	}
	want := []string{
		"09:30 looked_up nothing x3 09:32", "09:33 looked_up failed x1 00:00", "09:34 looked_up nothing x1 00:00",
		"09:35 noted  x1 00:00", "09:36 looked_up nothing x2 09:37",
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("history (-want +got)\n%s", d)
	}
	wantSound(t, j)
}

// testHeads checks that of each order the oldest message alone is looked at, whoever writes at the same time, and
// that the next one comes up when it is delivered.
func testHeads(t *testing.T, open Open) {
	j := open(t)
	const orders, each = 8, 5
	var wg sync.WaitGroup
	for o := range orders {
		order := fmt.Sprintf("o-%d", o)
		mustClaim(t, j, Attempt(order, order), payment.StateCaptured)
		mustMove(t, j, order, payment.StateCaptured, payment.StateApproved)
		for n := range each {
			c := cancelOf(order, fmt.Sprintf("%s-c%d", order, n), 1_000, payment.Won(15_000-1_000*n))
			c.Origin = payment.CancelByPG
			if found, err := j.CancelFound(
				t.Context(), c, event("cancel_found"), []payment.Message{message(fmt.Sprintf("%s-%d", order, n))},
			); err != nil ||
				!found {
				t.Fatalf("%v, %v", found, err)
			}
		}
	}
	var mu sync.Mutex
	told := map[payment.OrderID][]string{}
	for range 4 {
		wg.Go(func() {
			for {
				list, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, epoch().Add(time.Hour), 3, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) == 0 {
					return
				}
				for _, m := range list {
					mu.Lock()
					told[m.OrderID] = append(told[m.OrderID], m.ID)
					mu.Unlock()
					if err := j.OutboxDone(t.Context(), m.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for o := range orders {
		order := payment.OrderID(fmt.Sprintf("o-%d", o))
		if len(told[order]) != each || !slices.IsSorted(told[order]) {
			t.Errorf("%s was told %v", order, told[order])
		}
	}
	wantSound(t, j)
}

// testPush checks that what waits can be listed to the last, brought forward and taken up again in bulk.
func testPush(t *testing.T, open Open) {
	j := open(t)
	ctx, now := t.Context(), epoch().Add(time.Hour)
	const orders = 30
	for o := range orders {
		id := numberedID("p", o)
		mustClaim(t, j, Attempt(id, id), payment.StateCaptured)
		mustMove(t, j, id, payment.StateCaptured, payment.StateApproved, message(id+"-1"), message(id+"-2"))
	}
	if probe, err := j.OutboxProbe(ctx, now, 0, time.Minute); err != nil || len(probe) != 0 {
		t.Errorf("what was never tried is probed: %v, %v", probe, err)
	}
	for _, m := range allDue(t, j, now, orders, time.Minute) {
		if err := j.OutboxRetry(ctx, m.ID, now.Add(time.Hour), "not acknowledged"); err != nil {
			t.Fatal(err)
		}
	}
	probe, err := j.OutboxProbe(ctx, now, 0, time.Minute)
	if err != nil || len(probe) != 1 || probe[0].ID != "p-000-1" || probe[0].Tries != 1 {
		t.Fatalf("probe %+v, %v", probe, err)
	}
	if second, err := j.OutboxProbe(
		ctx, now, 0, time.Minute,
	); err != nil || len(second) != 1 ||
		second[0].ID != "p-001-1" {
		t.Fatalf("a second probe %+v, %v", second, err)
	}
	if third, err := j.OutboxProbe(ctx, now, 3, time.Minute); err != nil || len(third) != 1 || third[0].ID != "p-005-1" {
		t.Fatalf("a probe that passes three over %+v, %v", third, err)
	}
	if none, err := j.OutboxProbe(ctx, now, 100, time.Minute); err != nil || len(none) != 0 {
		t.Fatalf("a probe that passes all over %+v, %v", none, err)
	}
	if err := j.OutboxRelease(ctx, "p-000-1"); err != nil {
		t.Fatal(err)
	}
	again, err := j.OutboxProbe(ctx, now, 0, time.Minute)
	if err != nil || len(again) != 1 || again[0].ID != "p-000-1" || again[0].Tries != 1 {
		t.Fatalf("after its release %+v, %v", again, err)
	}
	list := waiting(t, j, journal.MessagePending)
	if len(list) != 2*orders || list[0].Behind || !list[1].Behind || !list[0].NextTry.Equal(now.Add(time.Hour)) ||
		list[0].Reason != "not acknowledged" {
		t.Errorf("%d wait, the first %+v", len(list), list[0])
	}
	pushed := 0
	for n := 7; n == 7; pushed += n {
		if n, err = j.OutboxPush(ctx, now, 7); err != nil {
			t.Fatal(err)
		}
	}
	if due := allDue(t, j, now.Add(time.Minute), 100, time.Minute); pushed != orders || len(due) != orders {
		t.Errorf("%d were brought forward, %d are due", pushed, len(due))
	}
	for o := range orders {
		if err := j.OutboxPark(ctx, numberedID("p", o)+"-1", "gave_up"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := j.OutboxUnparkAll(ctx, orders-1); err != nil || n != orders-1 {
		t.Errorf("%d were taken up, %v", n, err)
	}
	if n, err := j.OutboxUnparkAll(ctx, orders); err != nil || n != 1 {
		t.Errorf("then %d, %v", n, err)
	}
	if due := allDue(
		t, j, time.Now().Add(time.Second), 100, time.Minute,
	); len(due) != orders ||
		len(waiting(t, j, journal.MessageParked)) != 0 {
		t.Errorf("%d are due again", len(due))
	}
	if err := j.OutboxRelease(ctx, "nobody"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	wantSound(t, j)
}

// testPrunePass checks that a pass goes on behind what must stay, and that what must stay is what waits for somebody.
func testPrunePass(t *testing.T, open Open) {
	j := open(t)
	ctx := t.Context()
	stay := []string{"s-untold", "s-late", "s-cancel", "s-unknown", "s-opened"}
	for _, id := range stay[:1] {
		mustClaim(t, j, Attempt(id, id), payment.StateCaptured)
		mustMove(t, j, id, payment.StateCaptured, payment.StateApproved, message(id))
	}
	reach(t, j, Attempt("s-late", "s-late"), payment.StateDeclined)
	if _, err := j.UnmatchedFlag(
		ctx, journal.Unmatched{AttemptID: "s-late", PGTxID: "tx", Won: 1}, event("unmatched_payment"),
	); err != nil {
		t.Fatal(err)
	}
	paid(t, j, "s-cancel")
	mustBegin(t, j, cancelOf("s-cancel", "c", 1_000, 15_000))
	reach(t, j, Attempt("s-unknown", "s-unknown"), payment.StateUnknown)
	reach(t, j, Attempt("s-opened", "s-opened"), payment.StateOpened)
	const gone = 9
	for n := range gone {
		reach(t, j, Attempt(numberedID("gone", n), numberedID("gone", n)), payment.StateRefused)
	}
	if n := pruneAll(t, j, time.Now().Add(time.Hour), 2); n != gone {
		t.Errorf("%d are gone, want %d", n, gone)
	}
	for _, id := range stay {
		if _, _, err := j.Attempt(ctx, payment.AttemptID(id)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	wantSound(t, j)
}
