package journal_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestSQLiteWritesReachTheDisk(t *testing.T) {
	t.Parallel()
	j := openSQLite(t, filepath.Join(t.TempDir(), "journal.db"))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "secure_delete": "1",
	} {
		var got string
		if err := j.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	if n := j.Writer().Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections write", n)
	}
}

// A full disk stands for every error of the file: max_page_count makes SQLite answer as it does when a write
// finds no room.
func TestAFullDiskIsUnavailableAndRecovers(t *testing.T) {
	t.Parallel()
	j := openSQLite(t, filepath.Join(t.TempDir(), "journal.db"))
	claimMany(t, j, "before", 20)
	var pages int
	if err := j.Writer().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		t.Helper()
		if _, err := j.Writer().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	var refused payment.AttemptID
	written := map[payment.AttemptID]bool{}
	for i := range 500 {
		a := journaltest.Attempt(string(claimID("full", i)), string(claimID("full", i)))
		a.OrderName = strings.Repeat("x", 3000)
		err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving})
		if err == nil {
			written[a.ID] = true
			continue
		}
		if !errors.Is(err, journal.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		refused = a.ID
		break
	}
	if refused == "" {
		t.Fatal("the disk was never full")
	}
	if _, _, err := j.Attempt(t.Context(), refused); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("a write that failed left something behind: %v", err)
	}
	limit(1 << 30)
	a := journaltest.Attempt(string(refused), string(refused))
	if err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving}); err != nil {
		t.Errorf("it does not recover: %v", err)
	}
	for id := range written {
		if _, _, err := j.Attempt(t.Context(), id); err != nil {
			t.Errorf("%s was answered and is lost: %v", id, err)
		}
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
}

// leased is the one unmatched payment that is due.
func leased(t *testing.T, j *journal.Journal, now time.Time) journal.Unmatched {
	t.Helper()
	list, err := j.UnmatchedDue(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, now.Add(2*time.Hour), 1, time.Second)
	if err != nil || len(list) != 1 {
		t.Fatalf("due unmatched payments: %+v, %v", list, err)
	}
	return list[0]
}

// However many attempts are closed, nothing that a busy journal asks reads them all.
func TestNoBusyQueryScansATable(t *testing.T) {
	t.Parallel()
	j := openSQLite(t, filepath.Join(t.TempDir(), "journal.db"))
	now := time.Now()
	if err := concludeOne(t.Context(), j, "a"); err != nil {
		t.Fatal(err)
	}
	calls := []func() error{
		func() error { return j.Insert(t.Context(), journaltest.Attempt("b", "b"), journal.Event{}) },
		func() error { return j.Insert(t.Context(), journaltest.Attempt("b", "b"), journal.Event{}) },
		func() error {
			return j.Touch(t.Context(), journal.LookUp{ID: "b", State: payment.StateOpened, NextCheck: now})
		},
		func() error {
			return j.Touch(t.Context(), journal.LookUp{ID: "b", State: payment.StateOpened, NotOwned: true, NextCheck: time.UnixMilli(1)})
		},
		func() error { return j.Note(t.Context(), "b", journal.Event{}) },
		func() error {
			_, err := j.Due(t.Context(), journal.Lane{PG: "inicis"}, now, 10, time.Second)
			return err
		},
		func() error {
			_, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, now, 10, time.Second)
			return err
		},
		func() error { _, err := j.OutboxProbe(t.Context(), now, 0, time.Second); return err },
		func() error { return j.OutboxRelease(t.Context(), "m-a") },
		func() error { _, err := j.OutboxPush(t.Context(), now, 10); return err },
		func() error { return j.OutboxRetry(t.Context(), "m-a", now, "") },
		func() error { return j.OutboxPark(t.Context(), "m-a", "") },
		func() error {
			return j.OutboxEach(t.Context(), journal.MessageParked, func(journal.WaitingMessage) error { return nil })
		},
		func() error { _, err := j.OutboxUnparkAll(t.Context(), 10); return err },
		func() error { return j.OutboxUnpark(t.Context(), "m-a") },
		func() error { return j.OutboxDone(t.Context(), "m-a") },
		func() error { return j.OutboxDone(t.Context(), "m-a") },
		func() error { return replayAll(t.Context(), j, journal.MessageFilter{Since: now.Add(-time.Hour)}) },
		func() error {
			return replayAll(t.Context(), j, journal.MessageFilter{Order: "a", Types: []string{payment.MessageConfirmed}})
		},
		func() error { _, err := j.Stats(t.Context()); return err },
		func() error { return j.EachOpen(t.Context(), func(payment.Attempt) error { return nil }) },
		func() error { _, err := j.CancelStats(t.Context()); return err },
		func() error { _, err := j.DueLanes(t.Context(), now); return err },
		func() error { _, err := j.UnmatchedLanes(t.Context(), now); return err },
		func() error { _, err := j.CancelLanes(t.Context(), now); return err },
		func() error {
			_, err := j.CancelsDue(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, now, 10, time.Second)
			return err
		},
		func() error {
			return j.Insert(t.Context(), journaltest.Attempt("c", "c"), journal.Event{}, journal.Windows{Most: 20, Now: now})
		},
		func() error {
			return j.Touch(t.Context(), journal.LookUp{ID: "c", State: payment.StateOpened, NextCheck: now, Event: journal.Event{Fold: true}})
		},
		func() error { _, err := j.AttemptsOf(t.Context(), "a"); return err },
		func() error { _, err := j.Events(t.Context(), "a"); return err },
		func() error { _, _, err := j.Attempt(t.Context(), "a"); return err },
		func() error {
			_, err := j.UnmatchedSeen(t.Context(), journal.Unmatched{AttemptID: "b", PGTxID: "x", Won: 1}, journal.Event{})
			return err
		},
		func() error {
			_, err := j.UnmatchedDue(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, now.Add(time.Hour), 10, 0)
			return err
		},
		func() error { return j.UnmatchedTouch(t.Context(), leased(t, j, now), journal.Event{Kind: "x"}) },
		func() error {
			_, _, err := j.UnmatchedTake(t.Context(), journal.Unmatched{AttemptID: "b", PGTxID: "x", Won: 1}, now, time.Second)
			return err
		},
		func() error {
			return j.UnmatchedEnd(t.Context(), journal.Unmatched{AttemptID: "b", PGTxID: "x"}, journal.UnmatchedReturned, journal.Event{})
		},
		func() error { _, err := j.UnmatchedOpen(t.Context(), 10); return err },
		func() error { _, err := j.UnmatchedOf(t.Context(), "b"); return err },
		func() error { _, err := j.Standings(t.Context(), []payment.AttemptID{"a", "b"}); return err },
		func() error { _, _, err := j.ListingTake(t.Context(), "pg", "one", now, time.Second); return err },
		func() error { return j.ListingDone(t.Context(), "pg", now) },
		func() error {
			_, err := j.OwnerlessAdd(t.Context(), journal.Ownerless{PG: "pg", PGTxID: "x", Won: 1})
			return err
		},
		func() error { return j.OwnerlessPropose(t.Context(), "pg", "x", "given-back", "kim", "") },
		func() error { _, err := j.OwnerlessOpen(t.Context(), 10); return err },
		func() error { _, _, err := j.OwnerlessOf(t.Context(), "pg", "x"); return err },
		func() error {
			_, err := j.OwnerlessEnd(t.Context(), "pg", "x", journal.OwnerlessReturned, "")
			return err
		},
		func() error {
			_, _, _, err := j.Prune(t.Context(), now.Add(time.Hour), journal.PruneMark{}, 10)
			return err
		},
	}
	for i, call := range calls {
		if err := call(); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	plans, err := j.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 20 {
		t.Errorf("only %d queries were seen", len(plans))
	}
	// Constants, what a list of lanes is made of, and indexes of what is open and of heads, of which a few entries are read.
	allowed := []string{
		"SCAN CONSTANT ROW", "SCAN p", "SCAN u", "SCAN json_each", "SCAN attempts USING INDEX attempts_due", "SCAN unmatched_payments USING INDEX unmatched_payments_",
		"SCAN ownerless_payments USING INDEX ownerless_payments_open", "SCAN o",
	}
	for query, steps := range plans {
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(step, a) }) {
				t.Errorf("%s\n\tin %s", step, strings.Join(strings.Fields(query), " "))
			}
		}
	}
}
