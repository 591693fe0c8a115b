package journaltest

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

func testInsert(t *testing.T, open Open) {
	j := open(t)
	a := Attempt("a-1", "o-1")
	mustInsert(t, j, a)
	got, proof, err := j.Attempt(t.Context(), "a-1")
	if err != nil || proof != nil {
		t.Fatalf("reading: proof %q, %v", proof, err)
	}
	want := a
	want.State, want.UpdatedAt = payment.StateOpened, got.UpdatedAt
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("attempt (-want +got)\n%s", d)
	}
	if got.UpdatedAt.IsZero() {
		t.Error("updated_at is not set")
	}

	t.Run("the same again is no conflict and no second event", func(t *testing.T) {
		mustInsert(t, j, a)
		if events, err := j.Events(t.Context(), "a-1"); err != nil || len(events) != 1 {
			t.Errorf("got %d events, %v, want 1", len(events), err)
		}
	})
	t.Run("the same id with other content is a conflict", func(t *testing.T) {
		other := a
		other.Amount++
		wantConflict(t, j.Insert(t.Context(), other, event("opened")), journal.ConflictContent, payment.StateOpened)
	})
	t.Run("times finer than a millisecond are still the same attempt", func(t *testing.T) {
		fine := Attempt("a-2", "o-2")
		fine.CreatedAt = fine.CreatedAt.Add(123 * time.Microsecond)
		mustInsert(t, j, fine)
		mustInsert(t, j, fine)
	})
	t.Run("an open attempt without a next check gets one", func(t *testing.T) {
		bare := Attempt("a-3", "o-3")
		bare.NextCheck = time.Time{}
		mustInsert(t, j, bare)
		if got, _, err := j.Attempt(t.Context(), "a-3"); err != nil || got.NextCheck.IsZero() {
			t.Errorf("next check %v, %v", got.NextCheck, err)
		}
	})
	t.Run("an unknown attempt is not found", func(t *testing.T) {
		if _, _, err := j.Attempt(t.Context(), "nobody"); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("text that no database stores is cleaned", func(t *testing.T) {
		odd := Attempt("a-4", "o-4")
		odd.OrderName = "a\x00b\xffc"
		mustInsert(t, j, odd)
		mustInsert(t, j, odd)
		if got, _, err := j.Attempt(t.Context(), "a-4"); err != nil || got.OrderName != "abc" {
			t.Errorf("got %q, %v", got.OrderName, err)
		}
	})
	t.Run("attempts of an order come oldest first", func(t *testing.T) {
		second := Attempt("a-0", "o-1")
		second.CreatedAt = second.CreatedAt.Add(time.Second)
		mustInsert(t, j, second)
		list, err := j.AttemptsOf(t.Context(), "o-1")
		if err != nil || len(list) != 2 || list[0].ID != "a-1" || list[1].ID != "a-0" {
			t.Errorf("got %v, %v", list, err)
		}
		var want []journal.AttemptState
		for _, a := range list {
			want = append(want, journal.AttemptState{PG: a.PG, State: a.State})
		}
		if states, err := j.StatesOf(t.Context(), "o-1"); err != nil || !slices.Equal(states, want) {
			t.Errorf("got %v, %v", states, err)
		}
		if states, err := j.StatesOf(t.Context(), "nobody's"); err != nil || len(states) != 0 {
			t.Errorf("got %v, %v", states, err)
		}
	})
}

func testClaim(t *testing.T, open Open) {
	j := open(t)
	t.Run("a claim records an attempt that was not journaled", func(t *testing.T) {
		mustClaim(t, j, Attempt("n-1", "n"), payment.StateClaimed)
		a, proof, err := j.Attempt(t.Context(), "n-1")
		if err != nil || a.State != payment.StateClaimed || string(proof) != "sealed-n-1" {
			t.Errorf("got %s, proof %q, %v", a.State, proof, err)
		}
	})
	t.Run("a claim moves one that was", func(t *testing.T) {
		mustInsert(t, j, Attempt("m-1", "m"))
		c := claim(payment.StateCaptured, "")
		c.PGTxID = "tx-1"
		if err := j.Claim(t.Context(), Attempt("m-1", "m"), c); err != nil {
			t.Fatal(err)
		}
		if a, _, err := j.Attempt(t.Context(), "m-1"); err != nil || a.State != payment.StateCaptured || a.PGTxID != "tx-1" {
			t.Errorf("got %s %q, %v", a.State, a.PGTxID, err)
		}
	})
	t.Run("a second claim of the same attempt is a conflict", func(t *testing.T) {
		err := j.Claim(t.Context(), Attempt("n-1", "n"), claim(payment.StateClaimed, "n-1"))
		wantConflict(t, err, journal.ConflictState, payment.StateClaimed)
	})
	t.Run("a claim with other figures is a conflict", func(t *testing.T) {
		mustInsert(t, j, Attempt("f-1", "f"))
		dear := Attempt("f-1", "f")
		dear.Amount = 1
		wantConflict(
			t, j.Claim(t.Context(), dear, claim(payment.StateClaimed, "f")), journal.ConflictContent, payment.StateOpened,
		)
		wantState(t, j, "f-1", payment.StateOpened)
	})
	t.Run("a claim under another order is a conflict", func(t *testing.T) {
		moved := Attempt("f-1", "elsewhere")
		wantConflict(
			t, j.Claim(t.Context(), moved, claim(payment.StateClaimed, "g")), journal.ConflictContent, payment.StateOpened,
		)
	})
	t.Run("a state that holds nothing cannot be claimed", func(t *testing.T) {
		for _, to := range []payment.State{payment.StateOpened, payment.StateDeclined, payment.StateApproved} {
			if err := j.Claim(t.Context(), Attempt("x-1", "x"), claim(to, "x")); err == nil {
				t.Errorf("%s was claimed", to)
			}
		}
	})
	for _, state := range payment.States() {
		t.Run("another attempt that is "+string(state), func(t *testing.T) { testBlocker(t, j, state) })
	}
}

// testBlocker claims an order that has another attempt in the given state.
func testBlocker(t *testing.T, j *journal.Journal, state payment.State) {
	order := "b-" + string(state)
	reach(t, j, Attempt(order+"-1", order), state)
	second := Attempt(order+"-2", order)
	err := j.Claim(t.Context(), second, claim(payment.StateClaimed, order))
	switch state {
	case payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateIssued, payment.StateUnknown,
		payment.StateApproved, payment.StateCancelling:
		wantClaimed(t, err, order+"-1", state)
		if _, _, err := j.Attempt(t.Context(), second.ID); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("a refused claim left the attempt behind: %v", err)
		}
		mustInsert(t, j, second)
		_, err = j.Move(t.Context(), journal.Transition{
			ID: second.ID, From: []payment.State{payment.StateOpened}, To: payment.StateClaimed, Event: event("test"),
		})
		wantClaimed(t, err, order+"-1", state)
		wantState(t, j, order+"-2", payment.StateOpened)
	case payment.StateOpened, payment.StateDeclined, payment.StateRefused, payment.StateCancelled, payment.StateExpired:
		if err != nil {
			t.Errorf("blocked by %s: %v", state, err)
		}
	}
}

// testClaimRace lets 64 attempts of one order, half of them journaled before, claim it at once.
func testClaimRace(t *testing.T, open Open) {
	const racers = 64
	j := open(t)
	for round := range 4 {
		order := numberedID("race", round)
		attempts := make([]payment.Attempt, racers)
		for i := range attempts {
			attempts[i] = Attempt(numberedID(order, i), order)
			if i%2 == 0 {
				mustInsert(t, j, attempts[i])
			}
		}
		errs := make([]error, racers)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range attempts {
			wg.Go(func() {
				<-start
				errs[i] = j.Claim(t.Context(), attempts[i], claim(payment.StateApproving, string(attempts[i].ID)))
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for i, err := range errs {
			if err == nil && winner >= 0 {
				t.Fatalf("%s and %s both won", attempts[winner].ID, attempts[i].ID)
			}
			if err == nil {
				winner = i
			}
		}
		if winner < 0 {
			t.Fatalf("nobody won: %v", errs[0])
		}
		for i, err := range errs {
			if i != winner {
				wantClaimed(t, err, string(attempts[winner].ID), payment.StateApproving)
			}
		}
	}
}

func testProof(t *testing.T, open Open) {
	j := open(t)
	mustClaim(t, j, Attempt("p-1", "p"), payment.StateClaimed)
	t.Run("a proof is used once, whichever order it comes with", func(t *testing.T) {
		err := j.Claim(t.Context(), Attempt("q-1", "q"), claim(payment.StateClaimed, "p-1"))
		wantConflict(t, err, journal.ConflictReplay, payment.StateClaimed)
		if e, _ := errors.AsType[*journal.ConflictError](err); e.ID != "p-1" {
			t.Errorf("names %s", e.ID)
		}
	})
	t.Run("it stays used when its attempt is over and the proof is wiped", func(t *testing.T) {
		mustMove(t, j, "p-1", payment.StateClaimed, payment.StateRefused)
		if _, proof, err := j.Attempt(t.Context(), "p-1"); err != nil || proof != nil {
			t.Errorf("proof %q, %v: a final state keeps no proof", proof, err)
		}
		err := j.Claim(t.Context(), Attempt("p-2", "p"), claim(payment.StateClaimed, "p-1"))
		wantConflict(t, err, journal.ConflictReplay, payment.StateRefused)
		if a, err := j.ProofOwner(t.Context(), "hash-p-1"); err != nil || a.ID != "p-1" || a.State != payment.StateRefused {
			t.Errorf("its owner is %s (%s), %v", a.ID, a.State, err)
		}
	})
	t.Run("claims without a proof do not clash", func(t *testing.T) {
		for _, id := range []string{"r", "s"} {
			if err := j.Claim(t.Context(), Attempt(id+"-1", id), claim(payment.StateCaptured, "")); err != nil {
				t.Error(err)
			}
		}
		for _, hash := range []string{"", "hash-of-nobodys"} {
			if a, err := j.ProofOwner(t.Context(), hash); !errors.Is(err, journal.ErrNotFound) {
				t.Errorf("the owner of %q is %s, %v", hash, a.ID, err)
			}
		}
	})
	t.Run("a move keeps, replaces or wipes the sealed proof", func(t *testing.T) {
		mustClaim(t, j, Attempt("k-1", "k"), payment.StateClaimed)
		move := func(from, to payment.State, sealed []byte, wipe bool, want string) {
			t.Helper()
			_, err := j.Move(t.Context(), journal.Transition{
				ID: "k-1", From: []payment.State{from}, To: to, Event: event("x"), SealedProof: sealed, WipeProof: wipe,
			})
			_, proof, readErr := j.Attempt(t.Context(), "k-1")
			if err != nil || readErr != nil || string(proof) != want {
				t.Fatalf("proof %q, want %q; %v %v", proof, want, err, readErr)
			}
		}
		move(payment.StateClaimed, payment.StateApproving, nil, false, "sealed-k-1")
		move(payment.StateApproving, payment.StateUnknown, []byte("new"), false, "new")
		move(payment.StateUnknown, payment.StateCaptured, nil, true, "")
	})
	t.Run("an issued billing key stays sealed when its attempt has ended", func(t *testing.T) {
		mustClaim(t, j, Attempt("kept-1", "kept"), payment.StateApproving)
		for _, kept := range []string{"sealed-kept-1", "the key"} {
			id := payment.AttemptID("kept-" + map[string]string{"sealed-kept-1": "1", "the key": "2"}[kept])
			var sealed []byte
			if id == "kept-2" {
				mustClaim(t, j, Attempt("kept-2", "kept-too"), payment.StateApproving)
				sealed = []byte(kept)
			}
			_, err := j.Move(t.Context(), journal.Transition{
				ID: id, From: []payment.State{payment.StateApproving}, To: payment.StateApproved, Event: event("x"),
				SealedProof: sealed, KeepProof: true,
			})
			if _, proof, readErr := j.Attempt(t.Context(), id); err != nil || readErr != nil || string(proof) != kept {
				t.Errorf("proof %q, want %q; %v %v", proof, kept, err, readErr)
			}
		}
	})
	t.Run("the same proof in many hands at once wins once", func(t *testing.T) {
		errs := make([]error, 16)
		var wg sync.WaitGroup
		for i := range errs {
			a := Attempt(numberedID("same", i), numberedID("order", i))
			wg.Go(func() { errs[i] = j.Claim(t.Context(), a, claim(payment.StateClaimed, "shared")) })
		}
		wg.Wait()
		wins := 0
		for _, err := range errs {
			if err == nil {
				wins++
				continue
			}
			wantConflict(t, err, journal.ConflictReplay, payment.StateClaimed)
		}
		if wins != 1 {
			t.Errorf("%d won", wins)
		}
	})
}
