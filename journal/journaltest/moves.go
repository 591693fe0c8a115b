package journaltest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

func testMove(t *testing.T, open Open) {
	j := open(t)
	mustClaim(t, j, Attempt("a-1", "o-1"), payment.StateClaimed)
	next := epoch().Add(time.Hour)
	a, err := j.Move(t.Context(), journal.Transition{
		ID: "a-1", From: []payment.State{payment.StateClaimed, payment.StateApproving}, To: payment.StateApproving,
		Event: event("approve"), Reason: "gate_yes", PGTxID: "tx-9", NextCheck: next,
	})
	if err != nil || a.State != payment.StateApproving || a.Reason != "gate_yes" || a.PGTxID != "tx-9" ||
		!a.NextCheck.Equal(next) {
		t.Fatalf("got %+v, %v", a, err)
	}
	read, _, err := j.Attempt(t.Context(), "a-1")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(read, a); d != "" {
		t.Errorf("what Move returns is not what is stored (-stored +returned)\n%s", d)
	}

	t.Run("a receipt is stored with the move, and stays", func(t *testing.T) {
		mustClaim(t, j, Attempt("a-3", "o-3"), payment.StateClaimed)
		want := payment.NewReceipt(payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: epoch(), CardCompany: "<신한> & \"카드\"", CardNumber: "427289******0294",
			Installment: new(0), InterestFree: new(false), URL: "https://example.com/?a=1&b=2",
		})
		for _, step := range []struct {
			to      payment.State
			receipt *payment.Receipt
		}{{payment.StateApproving, want}, {payment.StateCaptured, nil}, {payment.StateApproved, nil}} {
			have, _, _ := j.Attempt(t.Context(), "a-3")
			moved, err := j.Move(t.Context(), journal.Transition{
				ID: "a-3", From: []payment.State{have.State}, To: step.to, Event: event("x"), Receipt: step.receipt,
			})
			if d := cmp.Diff(want, moved.Receipt); err != nil || d != "" {
				t.Fatalf("%s: %v (-want +got)\n%s", step.to, err, d)
			}
		}
		list, err := j.AttemptsOf(t.Context(), "o-3")
		if err != nil || len(list) != 1 || cmp.Diff(want, list[0].Receipt) != "" {
			t.Errorf("got %+v, %v", list, err)
		}
	})
	t.Run("from another state than stated is a conflict that names it", func(t *testing.T) {
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "a-1", From: []payment.State{payment.StateClaimed}, To: payment.StateRefused, Event: event("x"),
		})
		wantConflict(t, err, journal.ConflictState, payment.StateApproving)
	})
	t.Run("a move that the state machine does not have is a conflict", func(t *testing.T) {
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "a-1", From: []payment.State{payment.StateApproving}, To: payment.StateExpired, Event: event("x"),
		})
		wantConflict(t, err, journal.ConflictMove, payment.StateApproving)
	})
	t.Run("an attempt that is not there is not found", func(t *testing.T) {
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "nobody", From: []payment.State{payment.StateClaimed}, To: payment.StateApproving, Event: event("x"),
		})
		if !errors.Is(err, journal.ErrNotFound) || errors.Is(err, journal.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a refused move writes neither event nor message", func(t *testing.T) {
		before, _ := j.Events(t.Context(), "a-1")
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "a-1", From: []payment.State{payment.StateClaimed}, To: payment.StateRefused, Event: event("x"),
			Messages: []payment.Message{message("never")},
		})
		wantConflict(t, err, journal.ConflictState, payment.StateApproving)
		after, _ := j.Events(t.Context(), "a-1")
		due, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, epoch().Add(time.Hour), 10, time.Second)
		if err != nil || len(due) != 0 || len(after) != len(before) {
			t.Errorf("%d messages, %d events where %d were, %v", len(due), len(after), len(before), err)
		}
	})
	t.Run("of many movers one moves", func(t *testing.T) {
		errs := make([]error, 32)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = j.Move(t.Context(), journal.Transition{
					ID: "a-1", From: []payment.State{payment.StateApproving}, To: payment.StateCaptured, Event: event("race"),
				})
			})
		}
		wg.Wait()
		wins := 0
		for _, err := range errs {
			if err == nil {
				wins++
			} else {
				wantConflict(t, err, journal.ConflictState, payment.StateCaptured)
			}
		}
		if wins != 1 {
			t.Errorf("%d moved", wins)
		}
	})
	t.Run("a late capture may be cancelled beside the winner", func(t *testing.T) {
		mustInsert(t, j, Attempt("a-2", "o-1"))
		mustMove(t, j, "a-2", payment.StateOpened, payment.StateCancelling)
		mustMove(t, j, "a-2", payment.StateCancelling, payment.StateCancelled)
		wantState(t, j, "a-1", payment.StateCaptured)
	})
}

func testFinal(t *testing.T, open Open) {
	j := open(t)
	for _, final := range payment.States() {
		if !final.Final() {
			continue
		}
		id := "end-" + string(final)
		reach(t, j, Attempt(id, id), final)
		a, _, err := j.Attempt(t.Context(), payment.AttemptID(id))
		if err != nil || !a.NextCheck.IsZero() {
			t.Errorf("%s has next check %v, %v", final, a.NextCheck, err)
		}
		for _, to := range payment.States() {
			_, err := j.Move(t.Context(), journal.Transition{
				ID: payment.AttemptID(id), From: payment.States(), To: to, Event: event("x"),
			})
			wantConflict(t, err, journal.ConflictMove, final)
		}
		look := journal.LookUp{ID: payment.AttemptID(id), State: final, NextCheck: epoch(), Event: event("x")}
		wantConflict(t, j.Touch(t.Context(), look), journal.ConflictState, final)
		wantState(t, j, id, final)
	}
}

func testEvents(t *testing.T, open Open) {
	j := open(t)
	mustInsert(t, j, Attempt("a-1", "o-1"))
	long := strings.Repeat("가", 400)
	if _, err := j.Move(t.Context(), journal.Transition{
		ID: "a-1", From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Reason: "pg_declined",
		Event: journal.Event{At: epoch(), Kind: "approve", Code: "V012", Actor: "kim", Detail: "line\nbreak\x00 " + long},
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.Note(t.Context(), "a-1", journal.Event{At: epoch(), Kind: "late_webhook"}); err != nil {
		t.Fatal(err)
	}
	events, err := j.Events(t.Context(), "a-1")
	if err != nil || len(events) != 3 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	got := events[1]
	if len(got.Detail) > 300 || strings.ContainsAny(got.Detail, "\n\x00") ||
		!strings.HasPrefix(got.Detail, "line break  가") {
		t.Errorf("detail %q", got.Detail)
	}
	got.Detail = ""
	want := journal.Event{
		At: epoch(), Kind: "approve", Code: "V012", Actor: "kim", Reason: "pg_declined",
		From: payment.StateOpened, To: payment.StateDeclined, Times: 1,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("event (-want +got)\n%s", d)
	}
	if events[2].From != payment.StateDeclined || events[2].To != payment.StateDeclined {
		t.Errorf("a note moved %s to %s", events[2].From, events[2].To)
	}
	if err := j.Note(t.Context(), "nobody", event("x")); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("a note of nobody: %v", err)
	}
}

// testLife walks one order through a decline, a lost answer that is undone, and a success.
func testLife(t *testing.T, open Open) {
	j := open(t)
	mustClaim(t, j, Attempt("l-1", "l"), payment.StateApproving)
	mustMove(t, j, "l-1", payment.StateApproving, payment.StateDeclined)

	mustClaim(t, j, Attempt("l-2", "l"), payment.StateApproving)
	mustMove(t, j, "l-2", payment.StateApproving, payment.StateUnknown)
	wantClaimed(
		t, j.Claim(t.Context(), Attempt("l-3", "l"), claim(payment.StateClaimed, "l-3")), "l-2", payment.StateUnknown,
	)
	mustMove(t, j, "l-2", payment.StateUnknown, payment.StateCancelling)
	mustMove(t, j, "l-2", payment.StateCancelling, payment.StateCancelled)

	mustClaim(t, j, Attempt("l-3", "l"), payment.StateClaimed)
	mustMove(t, j, "l-3", payment.StateClaimed, payment.StateApproving)
	mustMove(t, j, "l-3", payment.StateApproving, payment.StateApproved, message("l-3-confirmed"))
	wantClaimed(
		t, j.Claim(t.Context(), Attempt("l-4", "l"), claim(payment.StateClaimed, "l-4")), "l-3", payment.StateApproved,
	)

	due, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, epoch().Add(time.Hour), 10, time.Minute)
	if err != nil || len(due) != 1 || due[0].ID != "l-3-confirmed" || due[0].OrderID != "l" {
		t.Errorf("got %v, %v", due, err)
	}
	if err := j.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
