package journal_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/journal/pgtest"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/short"
)

// postgres is the server that TestMain starts; every test gets a database of its own.
var postgres *pgtest.Server

func TestMain(m *testing.M) {
	code := pgtest.Main(m, func(s *pgtest.Server) { postgres = s })
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// database is an empty one on the server. With -short the test is left out.
func database(tb testing.TB) string {
	tb.Helper()
	short.Out(tb, "a real database")
	return postgres.Database(tb)
}

func openPostgres(t *testing.T, dsn string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverPostgres, DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) *journal.Journal { return openPostgres(t, database(t)) })
}

func TestPodsStartTogether(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverPostgres, DSN: dsn})
			if err != nil {
				t.Error(err)
				return
			}
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Four pods race for the same orders, each attempt its own; every order has one winner, seen alike by all.
func TestPodsShareOneWinner(t *testing.T) {
	t.Parallel()
	const orders, attemptsPerPod = 20, 4
	dsn := database(t)
	pods := make([]*journal.Journal, 4)
	for i := range pods {
		pods[i] = openPostgres(t, dsn)
	}
	var mu sync.Mutex
	winners := map[payment.OrderID]payment.AttemptID{}
	losers := map[payment.AttemptID]*journal.ClaimedError{}
	attempts := map[payment.AttemptID]payment.OrderID{}
	var wg sync.WaitGroup
	for p, pod := range pods {
		for n := range orders * attemptsPerPod {
			a := journaltest.Attempt(string(claimID("pod", p*1000+n)), string(claimID("order", n%orders)))
			wg.Go(func() {
				err := pod.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving, ProofHash: string(a.ID)})
				mu.Lock()
				defer mu.Unlock()
				attempts[a.ID] = a.OrderID
				var taken *journal.ClaimedError
				switch {
				case err == nil && winners[a.OrderID] != "":
					t.Errorf("%s was won by %s and %s", a.OrderID, winners[a.OrderID], a.ID)
				case err == nil:
					winners[a.OrderID] = a.ID
				case errors.As(err, &taken):
					losers[a.ID] = taken
				default:
					t.Errorf("claiming with %s: %v", a.ID, err)
				}
			})
		}
	}
	wg.Wait()
	if len(winners) != orders {
		t.Errorf("%d of %d orders were won", len(winners), orders)
	}
	for id, taken := range losers {
		if taken.Winner != winners[attempts[id]] {
			t.Errorf("%s lost to %s, but %s holds the order", id, taken.Winner, winners[attempts[id]])
		}
	}
}

// However many pods are asked at once, and however many of their writes share a commit, an order gets so many windows.
func TestPodsShareTheBoundOfWindows(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	var wg sync.WaitGroup
	var opened atomic.Int64
	for p := range 4 {
		pod := openPostgres(t, dsn)
		for n := range 60 {
			wg.Go(func() {
				a := journaltest.Attempt(string(claimID("w", p*1000+n)), "one-order")
				insert := func() error {
					return pod.Insert(t.Context(), a, journal.Event{Kind: "opened"}, journal.Windows{Most: 20, Now: a.CreatedAt})
				}
				err := insert()
				for errors.Is(err, journal.ErrUnavailable) && t.Context().Err() == nil {
					err = insert() // on a busy machine one waits too long for the others' locks
				}
				switch conflict, ok := errors.AsType[*journal.ConflictError](err); {
				case err == nil:
					opened.Add(1)
				case !ok || conflict.Kind != journal.ConflictWindows:
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := opened.Load(); n != 20 {
		t.Errorf("%d windows were opened, want 20", n)
	}
}

// While pods end attempts of the same orders and others deliver, every message comes to its turn, one of an order at a
// time.
func TestPodsDeliverOneMessageOfAnOrderAtATime(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	const orders, each = 6, 12
	pods := []*journal.Journal{openPostgres(t, dsn), openPostgres(t, dsn), openPostgres(t, dsn)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	underWay, told := map[payment.OrderID]string{}, 0
	for p, pod := range pods {
		wg.Go(func() {
			for n := range orders * each / len(pods) {
				id := string(claimID("m", p*1000+n))
				if err := pod.Insert(t.Context(), journaltest.Attempt(id, fmt.Sprintf("o-%d", n%orders)), journal.Event{}); err != nil {
					t.Error(err)
				}
				_, err := pod.Move(t.Context(), journal.Transition{
					ID: payment.AttemptID(id), From: []payment.State{payment.StateOpened}, To: payment.StateDeclined,
					Messages: []payment.Message{{ID: "m-" + id, Type: payment.MessageFailed, Body: []byte("{}"), CreatedAt: time.UnixMilli(1)}},
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for t.Context().Err() == nil {
				mu.Lock()
				all := told == orders*each
				mu.Unlock()
				if all {
					return
				}
				list, err := pod.OutboxDue(t.Context(), journal.OutboxLane{}, time.Now(), 4, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				for _, m := range list {
					mu.Lock()
					if other := underWay[m.OrderID]; other != "" {
						t.Errorf("%s and %s of %s are under way", m.ID, other, m.OrderID)
					}
					underWay[m.OrderID] = m.ID
					mu.Unlock()
				}
				for _, m := range list {
					mu.Lock()
					underWay[m.OrderID] = ""
					told++
					mu.Unlock()
					if err := pod.OutboxDone(t.Context(), m.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if faults, err := pods[0].Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
}

func TestPodsSweepWithoutOverlap(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	first := openPostgres(t, dsn)
	claimMany(t, first, "sweep", 120)
	pods := []*journal.Journal{first, openPostgres(t, dsn), openPostgres(t, dsn)}
	var mu sync.Mutex
	seen := map[payment.AttemptID]int{}
	var wg sync.WaitGroup
	for _, pod := range pods {
		wg.Go(func() {
			for {
				due, err := pod.Due(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, time.Now().Add(time.Hour), 5, 2*time.Hour)
				if err != nil {
					t.Error(err)
				}
				if len(due) == 0 {
					return
				}
				mu.Lock()
				for _, a := range due {
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
	if len(seen) != 120 {
		t.Errorf("%d of 120 were taken", len(seen))
	}
}

func TestPostgresThatStopsIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	j := openPostgres(t, server.Database(t))
	claimMany(t, j, "up", 10)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err := j.Claim(t.Context(), journaltest.Attempt("down", "down"), journal.Claim{To: payment.StateClaimed})
	if !errors.Is(err, journal.ErrUnavailable) || errors.Is(err, journal.ErrClaimed) || errors.Is(err, journal.ErrConflict) {
		t.Errorf("claiming without a server: %v", err)
	}
	if _, _, err := j.Attempt(t.Context(), claimID("up", 0)); !errors.Is(err, journal.ErrUnavailable) || errors.Is(err, journal.ErrNotFound) {
		t.Errorf("reading without a server: %v", err)
	}
	if err := j.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("pinging without a server: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to notice", took)
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	claimMany(t, j, "again", 10)
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
	if _, _, err := j.Attempt(t.Context(), "down"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("a claim that failed is there: %v", err)
	}
}

func TestPostgresHasItsOwnBackup(t *testing.T) {
	t.Parallel()
	j := openPostgres(t, database(t))
	if err := j.Backup(t.Context(), "unused"); !errors.Is(err, journal.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// Somebody else's transaction holds the rows of an attempt: the write waits, and when the lock is not given up
// in time it fails by itself, without taking the writes beside it down.
func TestALockedRowFailsAlone(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	claimMany(t, j, "row", 3)
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT 1 FROM attempts WHERE id = $1 FOR UPDATE", claimID("row", 1)); err != nil {
		t.Fatal(err)
	}
	move := func(n int) error {
		_, err := j.Move(t.Context(), journal.Transition{
			ID: claimID("row", n), From: []payment.State{payment.StateApproving}, To: payment.StateDeclined,
		})
		return err
	}
	start := time.Now()
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			if err := move(n); (n == 1) != errors.Is(err, journal.ErrUnavailable) {
				t.Errorf("row %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > 6*time.Second {
		t.Errorf("it held everybody up for %v", took)
	}
	if err := errors.Join(tx.Rollback(t.Context()), other.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := move(1); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
}

// Two transactions that wait for each other: PostgreSQL gives one up, and it is run again.
func TestADeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j := openPostgres(t, dsn)
	claimMany(t, j, "dead", 2)
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	const lock = "UPDATE attempts SET checks = checks + 1 WHERE id = $1"
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The other transaction has the second row and then wants the first; the journal has the first, because
	// both moves are one batch, and wants the second.
	if _, err := tx.Exec(t.Context(), lock, claimID("dead", 1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan []error)
	go func() { done <- j.MoveTogether(payment.StateDeclined, claimID("dead", 0), claimID("dead", 1)) }()
	time.Sleep(300 * time.Millisecond)
	_, lockErr := tx.Exec(t.Context(), lock, claimID("dead", 0))
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, err := range <-done {
		if err != nil {
			t.Errorf("move %d: %v (the other transaction: %v)", i, err, lockErr)
		}
	}
}
