package journaltest

import (
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testChange checks that an account that waits is changed once it is known that it was, one change at a time, and that
// nothing else is changed.
func testChange(t *testing.T, open Open) {
	t.Helper()
	j := open(t)
	waits, ended := Attempt("a-1", "o-1"), Attempt("a-2", "o-2")
	reach(t, j, waits, payment.StateIssued)
	reach(t, j, ended, payment.StateDeclined)
	now := epoch().Truncate(time.Second) // deadlines are kept to the second
	more, other := journal.Change{Amount: 70_000, Due: now.Add(72 * time.Hour)}, journal.Change{Amount: 1, Due: now}
	conflict := func(what string, err error, want journal.ConflictKind) {
		t.Helper()
		if c, ok := errors.AsType[*journal.ConflictError](err); !ok || c.Kind != want {
			t.Errorf("%s: %v, want a conflict of %s", what, err, want)
		}
	}
	pending := func() (journal.Change, bool) {
		t.Helper()
		events, err := j.Events(t.Context(), "a-1")
		if err != nil {
			t.Fatal(err)
		}
		return journal.OpenChange(events)
	}
	for range 2 {
		if err := j.IntendChange(t.Context(), "a-1", more, now); err != nil {
			t.Fatal(err)
		}
	}
	conflict("another one", j.IntendChange(t.Context(), "a-1", other, now), journal.ConflictOwner)
	conflict("of what has ended", j.IntendChange(t.Context(), "a-2", more, now), journal.ConflictState)
	if err := j.IntendChange(t.Context(), "a-9", more, now); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if c, open := pending(); !open || c.Amount != more.Amount || !c.Due.Equal(more.Due) {
		t.Errorf("open is %+v, %t", c, open)
	}
	if got, _, err := j.Attempt(t.Context(), "a-1"); err != nil || got.Amount != waits.Amount {
		t.Errorf("before anything is known it is %+v, %v", got, err)
	}
	if err := j.EndChange(t.Context(), "a-1", more, false, now); err != nil {
		t.Fatal(err)
	}
	if got, _, err := j.Attempt(t.Context(), "a-1"); err != nil || got.Amount != waits.Amount {
		t.Errorf("refused it is %+v, %v", got, err)
	}
	if c, open := pending(); open {
		t.Errorf("refused, %+v is open", c)
	}
	if err := errors.Join(
		j.IntendChange(t.Context(), "a-1", other, now), j.EndChange(t.Context(), "a-1", other, true, now),
	); err != nil {
		t.Fatal(err)
	}
	got, _, err := j.Attempt(t.Context(), "a-1")
	if err != nil || got.Amount != 1 || got.OrderAmount != 1 || !got.DepositDue.Equal(now) || got.State != payment.StateIssued {
		t.Errorf("done it is %+v, %v", got, err)
	}
	if c, open := pending(); open {
		t.Errorf("done, %+v is open", c)
	}
	conflict("the end of what has ended", j.EndChange(t.Context(), "a-2", more, true, now), journal.ConflictState)
}
