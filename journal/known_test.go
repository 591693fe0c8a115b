package journal_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

func aloneAt(path string) journal.Config {
	return journal.Config{Driver: journal.DriverSQLite, Path: path, Alone: true}
}

func openAlone(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), aloneAt(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func TestSQLiteAloneConforms(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) *journal.Journal {
		return openAlone(t, filepath.Join(t.TempDir(), "journal.db"))
	})
}

// mustHave fails when an order is said to have no attempt.
func mustHave(t *testing.T, j *journal.Journal, order payment.OrderID) {
	t.Helper()
	if list, err := j.AttemptsOf(t.Context(), order); err != nil || len(list) == 0 {
		t.Errorf("order %s has %d attempts: %v", order, len(list), err)
	}
	if list, err := j.StatesOf(t.Context(), order); err != nil || len(list) == 0 {
		t.Errorf("order %s has attempts in %d states: %v", order, len(list), err)
	}
}

// What another reader of the file can see, the memory knows of, whoever is writing meanwhile.
func TestAnOrderIsKnownBeforeItsAttemptIsSeen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	j := openAlone(t, path)
	if err := j.Recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := openSQLite(t, path)
	const orders = 200
	name := func(i int) string { return fmt.Sprintf("O-%04d", i) }
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < orders; i += 4 {
				a := journaltest.Attempt(name(i), name(i))
				var err error
				if i%8 < 4 {
					err = j.Insert(t.Context(), a, journal.Event{Kind: "opened"})
				} else {
					err = j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving, ProofHash: name(i)})
				}
				if err != nil {
					t.Error(err)
				}
				mustHave(t, j, a.OrderID)
			}
		})
	}
	wg.Go(func() {
		for i := range orders {
			if list, err := other.AttemptsOf(t.Context(), payment.OrderID(name(i))); err == nil && len(list) > 0 {
				mustHave(t, j, payment.OrderID(name(i)))
			}
		}
	})
	wg.Wait()
}

// What the journal had before is found from the first moment on, and after its orders were recalled.
func TestOrdersOfBeforeAreKnown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	const orders = 2000
	before := make([]payment.Attempt, orders)
	for i := range before {
		before[i] = journaltest.Attempt(fmt.Sprintf("A-%04d", i), fmt.Sprintf("O-%04d", i))
	}
	j := openAlone(t, path)
	for some := range slices.Chunk(before, 200) {
		if err := errors.Join(j.CommitTogether(some...)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openAlone(t, path)
	for i := range 20 {
		mustHave(t, j, before[orders-1-i].OrderID)
	}
	if err := j.Recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, a := range before {
		mustHave(t, j, a.OrderID)
	}
}

// An order without attempts costs no look into the file, and one with attempts is never answered without.
func TestOrdersWithoutAttemptsAreAnsweredFromMemory(t *testing.T) {
	t.Parallel()
	j := openAlone(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := j.Insert(t.Context(), journaltest.Attempt("A1", "O1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Recall(t.Context()), j.CloseReaders()); err != nil {
		t.Fatal(err)
	}
	if list, err := j.AttemptsOf(t.Context(), "O2"); err != nil || len(list) > 0 {
		t.Errorf("an order that nobody knows has %d attempts: %v", len(list), err)
	}
	if _, err := j.AttemptsOf(t.Context(), "O1"); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("an order with attempts is answered without the file: %v", err)
	}
	// While nothing can be written the file is asked, which says why.
	if _, err := j.Writer().ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := j.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("the journal was written: %v", err)
	}
	if _, err := j.AttemptsOf(t.Context(), "O2"); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a journal that cannot be written is trusted: %v", err)
	}
	if _, err := j.Writer().ExecContext(t.Context(), "PRAGMA query_only = 0"); err != nil {
		t.Fatal(err)
	}
	if err := j.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := j.AttemptsOf(t.Context(), "O2"); err != nil {
		t.Errorf("a journal that can be written again is not trusted: %v", err)
	}
}

// A second process that would serve from the file waits until the first one is gone.
func TestOneProcessServesAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	first := openAlone(t, path)
	if _, err := journal.Open(t.Context(), aloneAt(path)); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("two serve from one file: %v", err)
	}
	// Who only looks after it may come at any time.
	if err := openSQLite(t, path).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	heard := make(chan error, 100)
	cfg := aloneAt(path)
	cfg.Waiting = func(err error) { heard <- err }
	second, err := journal.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	if err := <-heard; !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("it does not wait: %v", err)
	}
	if err := second.Ping(t.Context()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("it writes while the first one serves: %v", err)
	}
	if err := first.Insert(t.Context(), journaltest.Attempt("A1", "O1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for err := range heard {
		if err == nil {
			break
		}
	}
	mustHave(t, second, "O1")
}

// A set of a million orders takes two bytes for each, forgets none, and takes few others for its own.
func TestOrdersAreRememberedInAFewBits(t *testing.T) {
	t.Parallel()
	const orders = 1_000_000
	s := journal.NewOrders()
	name := func(i int) payment.OrderID { return payment.OrderID(fmt.Sprintf("20261201-%07d", i)) }
	for i := range orders {
		s.Add(name(i))
		s.Add(name(i))
	}
	wrong := 0
	for i := range orders {
		if !s.Has(name(i)) {
			t.Fatalf("%s is forgotten", name(i))
		}
		if s.Has(name(orders + i)) {
			wrong++
		}
	}
	if wrong > orders/50 {
		t.Errorf("%d of %d others are taken for its own", wrong, orders)
	}
	if s.Size() > 4*orders {
		t.Errorf("it takes %d bytes", s.Size())
	}
	t.Logf("%d bytes, %d of %d wrong", s.Size(), wrong, orders)
}
