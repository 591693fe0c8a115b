package journaltest

import (
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

func testPrune(t *testing.T, open Open) {
	j := open(t)
	reach(t, j, Attempt("open", "open"), payment.StateUnknown)
	reach(t, j, Attempt("closed", "closed"), payment.StateDeclined)
	for _, id := range []string{"told", "untold"} {
		if err := j.Claim(t.Context(), Attempt(id, id), claim(payment.StateCaptured, "")); err != nil {
			t.Fatal(err)
		}
		mustMove(t, j, id, payment.StateCaptured, payment.StateApproved, message(id+"-1"))
	}
	if err := j.OutboxDone(t.Context(), "told-1"); err != nil {
		t.Fatal(err)
	}
	reach(t, j, Attempt("late", "late"), payment.StateDeclined)
	if _, err := j.UnmatchedFlag(
		t.Context(), journal.Unmatched{AttemptID: "late", PGTxID: "tx", Won: 1}, event("unmatched_payment"),
	); err != nil {
		t.Fatal(err)
	}
	if n := pruneAll(t, j, time.Now().Add(-time.Hour), 100); n != 0 {
		t.Fatalf("pruned %d young ones", n)
	}
	if n, _, more, err := j.Prune(
		t.Context(), time.Now().Add(time.Hour), journal.PruneMark{}, 1,
	); err != nil || n != 1 ||
		!more {
		t.Fatalf("pruned %d, want the limit of 1, more %v, %v", n, more, err)
	}
	if n := pruneAll(t, j, time.Now().Add(time.Hour), 100); n != 1 {
		t.Fatalf("pruned %d, want 1", n)
	}
	for id, want := range map[payment.AttemptID]bool{
		"open": true, "closed": false, "told": false, "untold": true, "late": true,
	} {
		_, _, err := j.Attempt(t.Context(), id)
		if got := !errors.Is(err, journal.ErrNotFound); got != want {
			t.Errorf("%s is there: %v, want %v", id, got, want)
		}
		events, err := j.Events(t.Context(), id)
		if err != nil || (len(events) > 0) != want {
			t.Errorf("%s has %d events, %v", id, len(events), err)
		}
	}
	if err := j.UnmatchedEnd(
		t.Context(), journal.Unmatched{AttemptID: "late", PGTxID: "tx"}, journal.UnmatchedReturned,
		event("unmatched_payment_returned"),
	); err != nil {
		t.Fatal(err)
	}
	if n := pruneAll(t, j, time.Now().Add(time.Hour), 100); n != 1 {
		t.Errorf("pruned %d once its unmatched payment was back, want 1", n)
	}
}

func testCheck(t *testing.T, open Open) {
	j := open(t)
	for _, state := range payment.States() {
		reach(t, j, Attempt(string(state), string(state)), state)
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("a sound journal has faults %q, %v", faults, err)
	}
	if v, err := j.SchemaVersion(t.Context()); err != nil || v < 1 {
		t.Errorf("schema version %d, %v", v, err)
	}
}
