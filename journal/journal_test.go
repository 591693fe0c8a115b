package journal_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

func claimID(prefix string, n int) payment.AttemptID {
	return payment.AttemptID(fmt.Sprintf("%s-%04d", prefix, n))
}

// claimMany claims n orders of their own, 16 at a time.
func claimMany(t *testing.T, j *journal.Journal, prefix string, n int) {
	t.Helper()
	room := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			id := string(claimID(prefix, i))
			if err := j.Claim(context.Background(), journaltest.Attempt(id, id), journal.Claim{To: payment.StateApproving}); err != nil {
				t.Errorf("claiming with %s: %v", id, err)
			}
		})
	}
	wg.Wait()
}

func TestACancelledCallerWritesNothing(t *testing.T) {
	t.Parallel()
	j := openSQLite(t, filepath.Join(t.TempDir(), "journal.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answers := map[payment.AttemptID]error{}
	for i := range 100 {
		id := claimID("gone", i)
		answers[id] = j.Insert(ctx, journaltest.Attempt(string(id), string(id)), journal.Event{Kind: "opened"})
	}
	// Whatever was queued before this is committed when this is.
	if err := j.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, err := range answers {
		_, _, readErr := j.Attempt(t.Context(), id)
		// Whether a write was taken before its caller was gone is open; that the answer is the truth is not.
		if (err == nil) != (readErr == nil) {
			t.Errorf("%s: wrote %v, read %v", id, err, readErr)
		}
		if err != nil && (!errors.Is(err, journal.ErrUnavailable) || !errors.Is(err, context.Canceled)) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAClosedJournalIsUnavailable(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 64 {
		id := string(claimID("late", i))
		wg.Go(func() {
			err := j.Insert(t.Context(), journaltest.Attempt(id, id), journal.Event{Kind: "opened"})
			if err != nil && !errors.Is(err, journal.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := j.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("writing: %v", err)
	}
	if _, _, err := j.Attempt(t.Context(), "late-0001"); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("reading: %v", err)
	}
}

func TestWritersShareCommits(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) *journal.Journal{
		"sqlite":   func(t *testing.T) *journal.Journal { return openSQLite(t, filepath.Join(t.TempDir(), "journal.db")) },
		"postgres": func(t *testing.T) *journal.Journal { return openPostgres(t, database(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t)
			var wg sync.WaitGroup
			for w := range 64 {
				wg.Go(func() {
					for i := range 10 {
						id := fmt.Sprintf("w%d-%d", w, i)
						if err := j.Claim(t.Context(), journaltest.Attempt(id, id), journal.Claim{To: payment.StateApproving}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			writes, commits := j.Commits()
			if writes != 640 {
				t.Errorf("%d writes", writes)
			}
			if commits*4 > writes {
				t.Errorf("%d writes took %d commits", writes, commits)
			}
		})
	}
}

// A settle of a good payment is three writes: claim, captured, approved with its message.
func benchmarkConclude(b *testing.B, cfg journal.Config) {
	j, err := journal.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	b.SetParallelism(32)
	var mu sync.Mutex
	next := 0
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			next++
			id := fmt.Sprintf("b%d", next)
			mu.Unlock()
			if err := concludeOne(b.Context(), j, id); err != nil {
				b.Error(err)
				return
			}
		}
	})
	writes, commits := j.Commits()
	b.ReportMetric(float64(commits)/float64(b.N), "commits/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "settles/s")
	b.ReportMetric(float64(writes)/float64(b.N), "writes/op")
}

func concludeOne(ctx context.Context, j *journal.Journal, id string) error {
	c := journal.Claim{To: payment.StateApproving, ProofHash: id, SealedProof: []byte(id), Event: journal.Event{Kind: "return"}}
	if err := j.Claim(ctx, journaltest.Attempt(id, id), c); err != nil {
		return err
	}
	steps := []journal.Transition{
		{From: []payment.State{payment.StateApproving}, To: payment.StateCaptured, PGTxID: "tx-" + id, WipeProof: true},
		{
			From: []payment.State{payment.StateCaptured}, To: payment.StateApproved,
			Messages: []payment.Message{{ID: "m-" + id, Type: payment.MessageConfirmed, Body: []byte(`{}`)}},
		},
	}
	for _, step := range steps {
		step.ID, step.Event = payment.AttemptID(id), journal.Event{Kind: "approve"}
		if _, err := j.Move(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkConcludeSQLite(b *testing.B) {
	benchmarkConclude(b, journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(b.TempDir(), "journal.db")})
}

func BenchmarkConcludePostgres(b *testing.B) {
	benchmarkConclude(b, journal.Config{Driver: journal.DriverPostgres, DSN: database(b)})
}

// replayAll puts the delivered messages that f means in line again.
func replayAll(ctx context.Context, j *journal.Journal, f journal.MessageFilter) error {
	if _, err := j.OutboxCount(ctx, f); err != nil {
		return err
	}
	list, err := j.OutboxDelivered(ctx, f, 10)
	if err != nil {
		return err
	}
	_, err = j.OutboxReplay(ctx, f.Order, list)
	return err
}
