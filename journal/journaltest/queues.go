package journaltest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

func testDue(t *testing.T, open Open) {
	j := open(t)
	const lease = time.Minute
	for i, after := range []time.Duration{3 * time.Minute, time.Minute, 2 * time.Minute, time.Hour} {
		a := Attempt(numberedID("d", i), numberedID("o", i))
		a.NextCheck = epoch().Add(after)
		mustInsert(t, j, a)
	}
	reach(t, j, Attempt("closed", "closed"), payment.StateDeclined)
	now := epoch().Add(10 * time.Minute)
	wantDue := func(now time.Time, limit int, want ...string) {
		t.Helper()
		list, err := j.Due(t.Context(), rest(), now, limit, lease)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range list {
			got = append(got, string(a.ID))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("due (-want +got)\n%s", d)
		}
	}
	wantDue(epoch(), 10)
	wantDue(now, 2, "d-001", "d-002")
	wantDue(now, 10, "d-000")
	wantDue(now, 10)

	look := journal.LookUp{
		ID: "d-001", State: payment.StateOpened, Lease: now.Add(lease), NextCheck: now.Add(30 * time.Second),
		Event: event("look"),
	}
	testTouch(t, j, look)
	wantDue(now.Add(31*time.Second), 10, "d-001")
	if a, _, err := j.Attempt(t.Context(), "d-001"); err != nil || a.Checks != 1 || a.State != payment.StateOpened {
		t.Errorf("checks %d, state %s, %v", a.Checks, a.State, err)
	}
	wantDue(now.Add(lease), 10, "d-002", "d-000")
	mustMove(t, j, "d-000", payment.StateOpened, payment.StateDeclined)
	wantDue(now.Add(3*lease), 10, "d-002", "d-001")
	if err := j.Touch(
		t.Context(), journal.LookUp{ID: "nobody", NextCheck: now, Event: event("look")},
	); !errors.Is(
		err, journal.ErrNotFound,
	) {
		t.Errorf("touching nobody: %v", err)
	}
	t.Run("many sweepers share the work without overlap", func(t *testing.T) { testSweepers(t, open(t)) })
}

// testTouch checks that only its owner can put an attempt off, as it was when the owner read it.
func testTouch(t *testing.T, j *journal.Journal, own journal.LookUp) {
	t.Helper()
	read := func() payment.Attempt {
		t.Helper()
		a, _, err := j.Attempt(t.Context(), own.ID)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	before := read()
	for name, change := range map[string]func(*journal.LookUp){
		"a former lease":                    func(l *journal.LookUp) { l.Lease = l.Lease.Add(-time.Minute) },
		"no lease":                          func(l *journal.LookUp) { l.Lease = time.Time{} },
		"a former count":                    func(l *journal.LookUp) { l.Checks++ },
		"another state":                     func(l *journal.LookUp) { l.State = payment.StateClaimed },
		"one who does not own it, too late": func(l *journal.LookUp) { l.NotOwned, l.State = true, payment.StateClaimed },
	} {
		look := own
		change(&look)
		if err := j.Touch(t.Context(), look); !errors.Is(err, journal.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	notOwned := own
	notOwned.NotOwned, notOwned.Lease, notOwned.NextCheck = true, time.Time{}, own.NextCheck.Add(time.Hour)
	if err := j.Touch(t.Context(), notOwned); err != nil {
		t.Fatal(err)
	}
	if a := read(); !a.NextCheck.Equal(before.NextCheck) || a.Checks != before.Checks {
		t.Errorf("one who does not own it put the next check off to %s, checks %d", a.NextCheck, a.Checks)
	}
	notOwned.NextCheck = before.NextCheck.Add(-time.Second)
	if err := j.Touch(t.Context(), notOwned); err != nil {
		t.Fatal(err)
	}
	if a := read(); !a.NextCheck.Equal(notOwned.NextCheck) {
		t.Errorf("one who does not own it brought the next check to %s, want %s", a.NextCheck, notOwned.NextCheck)
	}
	if err := j.Touch(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if err := j.Touch(t.Context(), own); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("an owner's second look-up: %v", err)
	}
}

func testSweepers(t *testing.T, j *journal.Journal) {
	const attempts = 100
	for i := range attempts {
		mustInsert(t, j, Attempt(numberedID("s", i), numberedID("s", i)))
	}
	var mu sync.Mutex
	seen := map[payment.AttemptID]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				list, err := j.Due(t.Context(), rest(), epoch().Add(time.Hour), 7, time.Hour)
				if err != nil {
					t.Error(err)
				}
				if len(list) == 0 {
					return
				}
				mu.Lock()
				for _, a := range list {
					seen[a.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(seen) != attempts {
		t.Errorf("%d of %d were taken", len(seen), attempts)
	}
}

func testStats(t *testing.T, open Open) {
	j := open(t)
	for i, state := range []payment.State{
		payment.StateUnknown, payment.StateUnknown, payment.StateOpened, payment.StateApproved, payment.StateCancelling,
	} {
		a := Attempt(numberedID("s", i), numberedID("s", i))
		a.CreatedAt = epoch().Add(time.Duration(-i) * time.Hour)
		a.Amount = payment.Won(100 * (i + 1))
		reach(t, j, a, state)
	}
	if err := j.Claim(t.Context(), Attempt("m", "m"), claim(payment.StateCaptured, "")); err != nil {
		t.Fatal(err)
	}
	mustMove(t, j, "m", payment.StateCaptured, payment.StateApproved, message("m-1"), message("m-2"))
	if err := j.OutboxPark(t.Context(), "m-1", "status_500"); err != nil {
		t.Fatal(err)
	}
	got, err := j.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := journal.Stats{
		Open: []journal.StateStats{
			{State: payment.StateOpened, Count: 1, Won: 300, Oldest: epoch().Add(-2 * time.Hour)},
			{State: payment.StateClaimed},
			{State: payment.StateApproving},
			{State: payment.StateCaptured},
			{State: payment.StateIssued},
			{State: payment.StateUnknown, Count: 2, Won: 300, Oldest: epoch().Add(-time.Hour)},
			{State: payment.StateCancelling, Count: 1, Won: 500, Oldest: epoch().Add(-4 * time.Hour)},
		},
		Pending:       1,
		Parked:        1,
		OldestPending: epoch(),
		Unmatched: []journal.UnmatchedStats{
			{State: journal.UnmatchedReturning},
			{State: journal.UnmatchedUnknown},
			{State: journal.UnmatchedFlagged},
			{State: journal.UnmatchedOwnerless},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("stats (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{"s-001", "s-000"}, openIDs(t, j, payment.StateUnknown)); d != "" {
		t.Errorf("unknown, the oldest first (-want +got)\n%s", d)
	}
	if all := openIDs(t, j); len(all) != 4 {
		t.Errorf("open: %v", all)
	}
}

func testOutbox(t *testing.T, open Open) {
	j := open(t)
	for _, order := range []string{"x", "y"} {
		if err := j.Claim(t.Context(), Attempt(order, order), claim(payment.StateCaptured, "")); err != nil {
			t.Fatal(err)
		}
		mustMove(t, j, order, payment.StateCaptured, payment.StateApproved, message(order+"-1"), message(order+"-2"))
	}
	now := epoch().Add(time.Hour)
	const lease = time.Minute
	wantDue := func(now time.Time, want ...string) []payment.Message {
		t.Helper()
		list := allDue(t, j, now, 10, lease)
		var got []string
		for _, m := range list {
			got = append(got, m.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("due messages (-want +got)\n%s", d)
		}
		return list
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantDue(epoch().Add(-time.Second))
	first := wantDue(now, "x-1", "y-1")
	want := message("x-1")
	want.OrderID = "x"
	if d := cmp.Diff(want, first[0]); d != "" {
		t.Errorf("message (-want +got)\n%s", d)
	}
	wantDue(now)
	do(j.OutboxDone(t.Context(), "x-1"))
	do(j.OutboxDone(t.Context(), "x-1"))
	wantDue(now, "x-2")
	do(j.OutboxRetry(t.Context(), "y-1", now.Add(2*lease), "status_503"))
	wantDue(now.Add(lease), "x-2")
	if again := wantDue(now.Add(2*lease), "x-2", "y-1"); again[1].Tries != 1 {
		t.Errorf("tries %d, want 1", again[1].Tries)
	}
	do(j.OutboxPark(t.Context(), "y-1", "gave_up"))
	do(j.OutboxDone(t.Context(), "x-2"))
	wantDue(now.Add(10 * lease))
	parked := waiting(t, j, journal.MessageParked)
	if len(parked) != 1 || parked[0].ID != "y-1" || parked[0].Reason != "gave_up" || parked[0].Tries != 2 ||
		parked[0].Behind {
		t.Errorf("parked %+v", parked)
	}
	do(j.OutboxRetry(t.Context(), "y-1", now, "late answer"))
	wantDue(now.Add(10 * lease))
	do(j.OutboxUnpark(t.Context(), "y-1"))
	soon := time.Now().Add(time.Second)
	wantDue(soon, "y-1")
	do(j.OutboxDone(t.Context(), "y-1"))
	do(j.OutboxRetry(t.Context(), "y-1", now, "late answer"))
	wantDue(soon, "y-2")
	for _, err := range []error{
		j.OutboxDone(t.Context(), "nobody"), j.OutboxRetry(t.Context(), "nobody", now, ""),
		j.OutboxPark(t.Context(), "nobody", ""), j.OutboxUnpark(t.Context(), "nobody"),
	} {
		if !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("got %v, want not found", err)
		}
	}
}
