package journal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// meanwhile lets another pod's transaction run statements, runs act while that is not committed, commits it, and
// returns what act answered.
func meanwhile(t *testing.T, dsn string, act func() error, statements ...string) error {
	t.Helper()
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	answer := make(chan error, 1)
	go func() { answer <- act() }()
	select {
	case err := <-answer:
		t.Errorf("it did not wait for the other pod: %v", err)
		answer <- err
	case <-time.After(300 * time.Millisecond):
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-answer
}

func TestAClaimWaitsForAnotherPodsCancel(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	if err := j.Insert(t.Context(), journaltest.Attempt("first", "o"), journal.Event{}); err != nil {
		t.Fatal(err)
	}
	err := meanwhile(t, dsn, func() error {
		return j.Claim(t.Context(), journaltest.Attempt("second", "o"), journal.Claim{To: payment.StateClaimed})
	}, `UPDATE attempts SET state = 'cancelling', next_check = 1 WHERE id = 'first'`)
	taken, ok := errors.AsType[*journal.ClaimedError](err)
	if !ok || taken.Winner != "first" || taken.State != payment.StateCancelling {
		t.Errorf("got %v", err)
	}
}

func TestAMoveNamesTheStateThatAnotherPodMade(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	if err := j.Claim(t.Context(), journaltest.Attempt("a", "o"), journal.Claim{To: payment.StateApproving}); err != nil {
		t.Fatal(err)
	}
	err := meanwhile(t, dsn, func() error {
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "a", From: []payment.State{payment.StateApproving}, To: payment.StateCaptured,
		})
		return err
	}, `UPDATE attempts SET state = 'declined', next_check = 0 WHERE id = 'a'`)
	conflict, ok := errors.AsType[*journal.ConflictError](err)
	if !ok || conflict.State != payment.StateDeclined {
		t.Errorf("got %v", err)
	}
}

// A pod that is frozen or cut off within a write must not hold its orders until the server misses it.
func TestAFrozenPodsLocksEnd(t *testing.T) {
	t.Parallel()
	j := openPostgres(t, database(t))
	for name, want := range map[string]string{"idle_in_transaction_session_timeout": "15s", "lock_timeout": "2s", "jit": "off"} {
		if got, err := j.Setting(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
}

// A pod counts an order's windows only when another one that opens one for it has committed.
func TestAWindowWaitsForAnotherPodsWindow(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	bound := journal.Windows{Most: 2, Now: journaltest.Attempt("a", "o").CreatedAt}
	if err := j.Insert(t.Context(), journaltest.Attempt("first", "o"), journal.Event{}, bound); err != nil {
		t.Fatal(err)
	}
	err := meanwhile(t, dsn, func() error {
		return j.Insert(t.Context(), journaltest.Attempt("third", "o"), journal.Event{}, bound)
	},
		`SELECT pg_advisory_xact_lock(hashtextextended('o', 7319002418))`,
		`CREATE TEMPORARY TABLE copy ON COMMIT DROP AS SELECT * FROM attempts`,
		`UPDATE copy SET id = 'second'`, `INSERT INTO attempts SELECT * FROM copy`)
	conflict, ok := errors.AsType[*journal.ConflictError](err)
	if !ok || conflict.Kind != journal.ConflictWindows {
		t.Errorf("got %v", conflict)
	}
}

// What another pod has in hand is not removed, be it free again a moment later: what was written of it meanwhile may
// not be seen yet.
func TestPruneLeavesWhatAnotherPodHasInHand(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	for _, id := range []string{"held", "ended"} {
		if err := j.Claim(t.Context(), journaltest.Attempt(id, id), journal.Claim{To: payment.StateApproving}); err != nil {
			t.Fatal(err)
		}
		_, err := j.Move(t.Context(), journal.Transition{ID: payment.AttemptID(id), From: []payment.State{payment.StateApproving}, To: payment.StateDeclined})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The table keeps the pruning waiting when it has locked what it can and judges it.
	err := meanwhile(t, dsn, func() error {
		_, _, _, err := j.Prune(t.Context(), time.Now().Add(time.Hour), journal.PruneMark{}, 10)
		return err
	}, `SELECT 1 FROM attempts WHERE id = 'held' FOR UPDATE`, `LOCK TABLE cancels IN ACCESS EXCLUSIVE MODE`)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[payment.AttemptID]bool{"held": true, "ended": false} {
		if _, _, err := j.Attempt(t.Context(), id); (err == nil) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
	if n, _, _, err := j.Prune(t.Context(), time.Now().Add(time.Hour), journal.PruneMark{}, 10); err != nil || n != 1 {
		t.Errorf("a later pass removed %d, %v", n, err)
	}
}
