package journaltest

import (
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testReplan checks that what waits for its time is given another one, and nothing else is.
func testReplan(t *testing.T, open Open) {
	t.Helper()
	j := open(t)
	opened, ended, leased := Attempt("a-1", "o-1"), Attempt("a-2", "o-2"), Attempt("a-3", "o-3")
	leased.PG = "leased"
	reach(t, j, opened, payment.StateOpened)
	reach(t, j, ended, payment.StateDeclined)
	leased.NextCheck = time.Now().Add(-time.Minute)
	reach(t, j, leased, payment.StateOpened)
	taken, err := j.Due(t.Context(), journal.Lane{PG: "leased"}, time.Now().Add(time.Hour), 10, 2*time.Hour)
	if err != nil || len(taken) != 1 {
		t.Fatalf("%d are taken, %v", len(taken), err)
	}
	plan := func(id payment.AttemptID) journal.Plan {
		return journal.Plan{
			ID: id, ExpiresAt: epoch().Add(30 * 24 * time.Hour), NextCheck: epoch().Add(29 * 24 * time.Hour),
			Event: journal.Event{At: epoch(), Kind: journal.EventReplanned, Detail: "later"},
		}
	}
	if err := j.Replan(t.Context(), plan("a-1")); err != nil {
		t.Fatal(err)
	}
	got, _, err := j.Attempt(t.Context(), "a-1")
	if want := plan("a-1"); err != nil || !got.ExpiresAt.Equal(want.ExpiresAt) || !got.NextCheck.Equal(want.NextCheck) ||
		got.State != payment.StateOpened {
		t.Errorf("it is %+v, %v", got, err)
	}
	events, err := j.Events(t.Context(), "a-1")
	if last := events[len(events)-1]; err != nil || last.Kind != journal.EventReplanned || last.Detail != "later" {
		t.Errorf("told as %+v, %v", last, err)
	}
	for id, want := range map[payment.AttemptID]journal.ConflictKind{"a-2": journal.ConflictState, "a-3": journal.ConflictOwner} {
		err := j.Replan(t.Context(), plan(id))
		if c, ok := errors.AsType[*journal.ConflictError](err); !ok || c.Kind != want {
			t.Errorf("%s: %v, want a conflict of %s", id, err, want)
		}
		if got, _, err := j.Attempt(t.Context(), id); err != nil || got.ExpiresAt.Equal(plan(id).ExpiresAt) {
			t.Errorf("%s is moved: %+v, %v", id, got, err)
		}
	}
	if err := j.Replan(t.Context(), plan("a-9")); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}
