package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cancelOf is a cancel of an attempt of the suite.
func cancelOf(attempt, id string, amount, remaining payment.Won) payment.Cancel {
	return payment.Cancel{
		ID: payment.CancelID(id), AttemptID: payment.AttemptID(attempt), OrderID: payment.OrderID(attempt), Amount: amount,
		Remaining: remaining, Reason: "반품", Origin: payment.CancelByShop, NextCheck: epoch(),
	}
}

func paid(t *testing.T, j *journal.Journal, ids ...string) {
	t.Helper()
	for _, id := range ids {
		reach(t, j, Attempt(id, id), payment.StateApproved)
	}
}

func mustBegin(t *testing.T, j *journal.Journal, c payment.Cancel) payment.Cancel {
	t.Helper()
	row, begun, err := j.CancelBegin(t.Context(), c, event("cancel_intended"))
	if err != nil || !begun {
		t.Fatalf("beginning %s: %v, %v", c.ID, begun, err)
	}
	return row
}

func stepTo(id string, from, to payment.CancelState, messages ...payment.Message) journal.CancelStep {
	return journal.CancelStep{
		ID: payment.CancelID(id), From: from, To: to, Code: "code_" + string(to), Event: event("cancel_" + string(to)),
		Messages: messages,
	}
}

func mustStep(t *testing.T, j *journal.Journal, s journal.CancelStep) payment.Cancel {
	t.Helper()
	c, err := j.CancelMove(t.Context(), s)
	if err != nil {
		t.Fatalf("moving %s from %s to %s: %v", s.ID, s.From, s.To, err)
	}
	return c
}

// testCancels checks that an attempt has one open cancel at a time, that no more goes back than is left, and that
// a cancel, its event and its message are one write.
func testCancels(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	j := open(t)
	paid(t, j, "a", "b")
	reach(t, j, Attempt("unpaid", "unpaid"), payment.StateUnknown)
	want := mustBegin(t, j, cancelOf("a", "c-1", 5_000, 15_000))
	if got, err := j.Cancel(
		ctx, "c-1",
	); err != nil || cmp.Diff(want, got) != "" || got.State != payment.CancelRequested ||
		got.OrderID != "a" {
		t.Errorf("read %v, %v", cmp.Diff(want, got), err)
	}
	if row, begun, err := j.CancelBegin(
		ctx, cancelOf("a", "c-1", 5_000, 15_000), event("again"),
	); err != nil || begun ||
		row.ID != "c-1" {
		t.Errorf("the same cancel again: %+v, %v, %v", row, begun, err)
	}
	for _, tt := range []struct {
		name  string
		c     payment.Cancel
		kind  journal.ConflictKind
		state payment.State
	}{
		{
			"a second one while the first is open", cancelOf("a", "c-2", 1_000, 15_000), journal.ConflictCancelOpen,
			payment.StateApproved,
		},
		{"more than is left", cancelOf("b", "c-3", 15_001, 15_000), journal.ConflictRemaining, payment.StateApproved},
		{"nothing", cancelOf("b", "c-3", 0, 15_000), journal.ConflictRemaining, payment.StateApproved},
		{"another rest than there is", cancelOf("b", "c-3", 1_000, 14_000), journal.ConflictRemaining, payment.StateApproved},
		{"one that is not paid", cancelOf("unpaid", "c-3", 1_000, 15_000), journal.ConflictState, payment.StateUnknown},
		{"under the name of another's", cancelOf("b", "c-1", 1_000, 15_000), journal.ConflictContent, payment.StateApproved},
	} {
		_, begun, err := j.CancelBegin(ctx, tt.c, event("cancel_intended"))
		if begun {
			t.Errorf("%s was begun", tt.name)
		}
		wantConflict(t, err, tt.kind, tt.state)
	}
	if _, _, err := j.CancelBegin(ctx, cancelOf("nobody", "c-9", 1, 1), event("x")); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of no attempt: %v", err)
	}
	if c := mustStep(t, j, stepTo("c-1", payment.CancelRequested, payment.CancelUnknown)); c.NextCheck.IsZero() {
		t.Error("an unknown cancel has no next check")
	}
	_, _, err := j.CancelBegin(ctx, cancelOf("a", "c-2", 1_000, 15_000), event("cancel_intended"))
	wantConflict(t, err, journal.ConflictCancelOpen, payment.StateApproved)
	c := mustStep(t, j, stepTo("c-1", payment.CancelUnknown, payment.CancelDone, message("told")))
	if c.State != payment.CancelDone || !c.NextCheck.IsZero() || c.Code != "code_done" {
		t.Errorf("done as %+v", c)
	}
	for _, s := range []journal.CancelStep{
		stepTo("c-1", payment.CancelUnknown, payment.CancelRefused), stepTo("c-1", payment.CancelDone, payment.CancelRefused),
		stepTo("c-1", payment.CancelDone, payment.CancelDone),
	} {
		if _, err := j.CancelMove(ctx, s); !errors.Is(err, journal.ErrConflict) {
			t.Errorf("what has ended moved from %s to %s: %v", s.From, s.To, err)
		}
	}
	if _, err := j.CancelMove(
		ctx, stepTo("nobody", payment.CancelRequested, payment.CancelDone),
	); !errors.Is(
		err, journal.ErrNotFound,
	) {
		t.Errorf("a cancel that is not there: %v", err)
	}
	mustBegin(t, j, cancelOf("a", "c-2", 10_000, 10_000))
	mustStep(t, j, stepTo("c-2", payment.CancelRequested, payment.CancelRefused))
	mustBegin(t, j, cancelOf("a", "c-4", 10_000, 10_000))
	mustStep(t, j, stepTo("c-4", payment.CancelRequested, payment.CancelDone))
	_, _, err = j.CancelBegin(ctx, cancelOf("a", "c-5", 1, 0), event("cancel_intended"))
	wantConflict(t, err, journal.ConflictRemaining, payment.StateApproved)
	wantHistory(t, j, "a", []string{"c-1 done", "c-2 refused", "c-4 done"})
}

func wantHistory(t *testing.T, j *journal.Journal, id payment.AttemptID, want []string) {
	t.Helper()
	list, err := j.CancelsOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, string(c.ID)+" "+string(c.State))
	}
	if len(got) != len(want) {
		t.Fatalf("cancels %v, want %v", got, want)
	}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g == w
		}
		if !found {
			t.Errorf("cancels %v, want %v", got, want)
		}
	}
	events, err := j.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, e := range events {
		if e.Reason == string(list[0].ID) {
			named++
		}
		if e.To == "" {
			t.Errorf("event %+v", e)
		}
	}
	if named != 3 {
		t.Errorf("%d events name the first cancel, want 3", named)
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
	due, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, epoch().Add(time.Hour), 10, time.Minute)
	if err != nil || len(due) != 1 || due[0].ID != "told" {
		t.Errorf("messages %+v, %v", due, err)
	}
}

// testCancelRace lets many ask at once: one alone may send.
func testCancelRace(t *testing.T, open Open) {
	t.Helper()
	j := open(t)
	paid(t, j, "a")
	var begun atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			_, mine, err := j.CancelBegin(
				t.Context(), cancelOf("a", fmt.Sprintf("c-%d", i/2), 1_000, 15_000), event("cancel_intended"),
			)
			switch {
			case mine:
				begun.Add(1)
			case err != nil && !errors.Is(err, journal.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := begun.Load(); n != 1 {
		t.Errorf("%d cancels were begun", n)
	}
}

// testCancelsDue checks leases, next checks, sums and that what was found at the PG counts.
func testCancelsDue(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	j := open(t)
	paid(t, j, "a", "b", "c")
	mustBegin(t, j, cancelOf("a", "c-a", 1_000, 15_000))
	unmatched := cancelOf("b", "c-b", 2_000, 15_000)
	unmatched.NextCheck = epoch().Add(time.Hour)
	mustBegin(t, j, unmatched)
	now := epoch().Add(time.Minute)
	due, err := j.CancelsDue(ctx, urgent(), now, 10, time.Minute)
	if err != nil || len(due) != 1 || due[0].ID != "c-a" {
		t.Fatalf("due %+v, %v", due, err)
	}
	if again, err := j.CancelsDue(ctx, urgent(), now, 10, time.Minute); err != nil || len(again) != 0 {
		t.Errorf("what is leased is due: %+v, %v", again, err)
	}
	look := stepTo("c-a", payment.CancelRequested, payment.CancelRequested)
	look.NextCheck = now.Add(time.Hour)
	_, err = j.CancelMove(ctx, look)
	wantConflict(t, err, journal.ConflictOwner, payment.StateApproved)
	look.Lease = now.Add(time.Minute)
	if c := mustStep(t, j, look); c.Checks != 1 || !c.NextCheck.Equal(now.Add(time.Hour)) {
		t.Errorf("after a look: %+v", c)
	}
	if rest, err := j.CancelsDue(ctx, urgent(), now.Add(2*time.Hour), 10, time.Minute); err != nil || len(rest) != 2 {
		t.Errorf("due later: %+v, %v", rest, err)
	}
	if list, err := j.CancelsOpen(ctx, 10); err != nil || len(list) != 2 {
		t.Errorf("open %+v, %v", list, err)
	}
	mustStep(t, j, stepTo("c-b", payment.CancelRequested, payment.CancelUnknown))
	stats, err := j.CancelStats(ctx)
	if err != nil || len(stats) != 2 || stats[0].Won != 1_000 || stats[1].Won != 2_000 || stats[1].Count != 1 ||
		stats[1].Oldest.IsZero() {
		t.Errorf("stats %+v, %v", stats, err)
	}
	testCancelFound(t, j)
	if n := pruneAll(t, j, time.Now().Add(time.Hour), 10); n != 1 {
		t.Errorf("pruned %d, want what has no open cancel", n)
	}
}

func testCancelFound(t *testing.T, j *journal.Journal) {
	t.Helper()
	found := cancelOf("c", "c-c", 4_000, 15_000)
	found.Origin = payment.CancelByPG
	for i, want := range []bool{true, false} {
		if got, err := j.CancelFound(
			t.Context(), found, event("cancel_found"), []payment.Message{message("found")},
		); err != nil ||
			got != want {
			t.Errorf("finding it %d: %v, %v", i, got, err)
		}
	}
	if c, err := j.Cancel(
		t.Context(), "c-c",
	); err != nil || c.State != payment.CancelDone || c.Origin != payment.CancelByPG ||
		!c.NextCheck.IsZero() {
		t.Errorf("found %+v, %v", c, err)
	}
	more := cancelOf("c", "c-d", 11_001, 11_000)
	_, err := j.CancelFound(t.Context(), more, event("cancel_found"), nil)
	wantConflict(t, err, journal.ConflictRemaining, payment.StateApproved)
	if err := j.OutboxDone(t.Context(), "found"); err != nil {
		t.Fatal(err)
	}
}
