package journaltest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// chargeOf is a charge of a billing key.
func chargeOf(id, order string) payment.Attempt {
	a := Attempt(id, order)
	a.Purpose = payment.PurposeRecurring
	return a
}

// beginRecovery claims an order with a charge that is recovered, and has it declined.
func beginRecovery(t *testing.T, j *journal.Journal, id, order string) payment.Recovery {
	t.Helper()
	c := claim(payment.StateApproving, id)
	c.Recovery = &journal.RecoveryTry{
		New: true, NextCheck: epoch(), Row: payment.Recovery{ID: payment.AttemptID(id), OrderID: payment.OrderID(order), Sealed: []byte("sealed")},
	}
	if err := j.Claim(t.Context(), chargeOf(id, order), c); err != nil {
		t.Fatal(err)
	}
	mustMove(t, j, id, payment.StateApproving, payment.StateDeclined)
	r, err := j.RecoveryOf(t.Context(), payment.OrderID(order))
	if err != nil || r.State != payment.RecoveryTrying || r.Attempt != payment.AttemptID(id) || string(r.Sealed) != "sealed" {
		t.Fatalf("%+v, %v", r, err)
	}
	return r
}

func mustMoveOn(t *testing.T, j *journal.Journal, s journal.RecoveryStep) payment.Recovery {
	t.Helper()
	r, err := j.RecoveryMove(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// testRecoveries checks the way of a recovery, and that nobody else charges its order meanwhile.
func testRecoveries(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	if _, err := j.RecoveryOf(ctx, "o"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	r := beginRecovery(t, j, "first", "o")
	other := func() error { return j.Claim(ctx, chargeOf("other", "o"), claim(payment.StateApproving, "other")) }
	again := func(r payment.Recovery, id string) error {
		c := claim(payment.StateApproving, id)
		c.Recovery = &journal.RecoveryTry{Row: r, NextCheck: epoch()}
		return j.Claim(ctx, chargeOf(id, "o"), c)
	}
	wantRecovering := func(err error, state payment.RecoveryState) {
		t.Helper()
		e, ok := errors.AsType[*journal.RecoveringError](err)
		if !ok || !errors.Is(err, journal.ErrClaimed) || e.Recovery.State != state {
			t.Fatalf("got %v", err)
		}
	}
	wantRecovering(other(), payment.RecoveryTrying)
	wantConflict(t, again(r, "early"), journal.ConflictRecovery, payment.StateOpened)
	next := epoch().Add(time.Hour)
	failed := message("msg_first_declined")
	failed.OrderID = "o"
	waits := journal.RecoveryStep{
		Row: r, To: payment.RecoveryWaiting, Class: payment.ClassLimit, Reason: payment.DeclinedLimit, NextCheck: next,
		Messages: []payment.Message{failed},
	}
	waiting := mustMoveOn(t, j, waits)
	if _, err := j.RecoveryMove(ctx, waits); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("a step was made twice: %v", err)
	}
	wantRecovering(other(), payment.RecoveryWaiting)
	if got, err := j.RecoveryOf(ctx, "o"); err != nil || !got.NextCheck.Equal(next) || got.Class != payment.ClassLimit || got.State != payment.RecoveryWaiting {
		t.Errorf("%+v, %v", got, err)
	}
	if counts, err := j.RecoveryStats(ctx); err != nil || counts[payment.RecoveryWaiting] != 1 || counts[payment.RecoveryTrying] != 0 {
		t.Errorf("%v, %v", counts, err)
	}

	// However many make the next try, one does.
	var made atomic.Int64
	var pods sync.WaitGroup
	for i := range 8 {
		pods.Go(func() {
			switch err := again(waiting, numberedID("try", i)); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, journal.ErrConflict) && !errors.Is(err, journal.ErrClaimed):
				t.Error(err)
			}
		})
	}
	pods.Wait()
	tried, err := j.RecoveryOf(ctx, "o")
	if err != nil || made.Load() != 1 || tried.Tries != 1 || tried.State != payment.RecoveryTrying {
		t.Fatalf("%d tries were made: %+v, %v", made.Load(), tried, err)
	}
	if _, err := j.RecoveryMove(ctx, journal.RecoveryStep{Row: waiting, To: payment.RecoveryStopped}); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("a recovery that makes a try was stopped: %v", err)
	}
	mustMove(t, j, string(tried.Attempt), payment.StateApproving, payment.StateDeclined)
	stopped := mustMoveOn(t, j, journal.RecoveryStep{Row: tried, To: payment.RecoveryStopped, Used: 1, Stopped: payment.StopBudget})
	got, err := j.RecoveryOf(ctx, "o")
	if err != nil || got.Stopped != payment.StopBudget || !got.NextCheck.IsZero() || len(got.Sealed) > 0 || len(stopped.Sealed) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := j.RecoveryMove(ctx, journal.RecoveryStep{Row: got, To: payment.RecoveryWaiting, NextCheck: next}); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("an ended recovery went on: %v", err)
	}
	wantConflict(t, again(waiting, "late"), journal.ConflictRecovery, payment.StateOpened)
	if err := other(); err != nil {
		t.Errorf("the order is not free: %v", err)
	}
	if list, err := j.OutboxDue(ctx, journal.OutboxLane{}, epoch(), 10, 0); err != nil || len(list) != 1 || list[0].ID != failed.ID {
		t.Errorf("the outbox has %v, %v", list, err)
	}
}

// testRecoveriesDue checks the queue, the list and that only what has ended is removed.
func testRecoveriesDue(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	for i := range 3 {
		r := beginRecovery(t, j, numberedID("r", i), numberedID("o", i))
		if i < 2 {
			mustMoveOn(t, j, journal.RecoveryStep{Row: r, To: payment.RecoveryWaiting, NextCheck: epoch().Add(time.Duration(2-i) * time.Hour)})
		}
	}
	now := epoch().Add(3 * time.Hour)
	lanes, err := j.RecoveryLanes(ctx, now)
	if err != nil || len(lanes) != 2 || !lanes[0].Urgent || lanes[1].Urgent {
		t.Fatalf("%v, %v", lanes, err)
	}
	for again := range 2 {
		due, err := j.RecoveriesDue(ctx, lanes[1], now, 10, time.Minute)
		if want := 2 * (1 - again); err != nil || len(due) != want {
			t.Fatalf("%d are due, want %d: %v", len(due), want, err)
		}
		if again == 0 && (due[0].ID != numberedAttempt("r", 1) || due[1].ID != numberedAttempt("r", 0)) {
			t.Errorf("in the order %s, %s", due[0].ID, due[1].ID)
		}
	}
	list, err := j.Recoveries(ctx, journal.ListFilter{Limit: 10, State: "waiting"})
	if err != nil || len(list) != 2 {
		t.Errorf("%d are listed, %v", len(list), err)
	}
	mustMoveOn(t, j, journal.RecoveryStep{Row: list[0], To: payment.RecoveryStopped, Stopped: payment.StopAsked})
	if _, _, _, err := j.Prune(ctx, time.Now().Add(time.Hour), journal.PruneMark{}, 1); err != nil {
		t.Fatal(err)
	}
	if list, err := j.Recoveries(ctx, journal.ListFilter{Limit: 10}); err != nil || len(list) != 2 {
		t.Errorf("%d are left, want those that are open: %v", len(list), err)
	}
}

func numberedAttempt(prefix string, n int) payment.AttemptID {
	return payment.AttemptID(numberedID(prefix, n))
}
