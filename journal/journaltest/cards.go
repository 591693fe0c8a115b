package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testCards checks that a card has one billing key at most, from before it is asked for until it is deleted.
func testCards(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	n := 0
	take := func(card, key string, purpose payment.Purpose) (payment.AttemptID, error) {
		t.Helper()
		n++
		a := Attempt(fmt.Sprintf("card-%d", n), fmt.Sprintf("o-card-%d", n))
		a.Purpose = purpose
		c := claim(payment.StateApproving, string(a.ID))
		c.Card = &journal.CardClaim{Card: card, Key: key}
		return a.ID, j.Claim(ctx, a, c)
	}
	taken := func(card, key string, purpose payment.Purpose) payment.AttemptID {
		t.Helper()
		id, err := take(card, key, purpose)
		if err != nil {
			t.Fatalf("card %s for key %q: %v", card, key, err)
		}
		return id
	}
	refused := func(why, card, key string) {
		t.Helper()
		id, err := take(card, key, payment.PurposeBillingKey)
		if !errors.Is(err, journal.ErrCardStored) {
			t.Errorf("%s: card %s for key %q: %v", why, card, key, err)
		}
		if _, _, err := j.Attempt(ctx, id); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("%s: its attempt was left behind: %v", why, err)
		}
	}
	end := func(id payment.AttemptID, to payment.State, stored *journal.StoredKey) {
		t.Helper()
		a, _, err := j.Attempt(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.Move(ctx, journal.Transition{
			ID: id, From: []payment.State{a.State}, To: to, Event: event("ends"), Stored: stored, NextCheck: epoch(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	const key, in = payment.PurposeBillingKey, payment.PurposeKeyIn

	first := taken("c1", "k1", key)
	if err := j.CardsForget(ctx, "k1"); err != nil { // the PG had none of that name yet
		t.Fatal(err)
	}
	refused("while nobody knows", "c1", "k2")
	refused("while nobody knows", "c1", "")
	end(first, payment.StateUnknown, nil)
	refused("unknown", "c1", "k2")
	end(first, payment.StateApproved, &journal.StoredKey{Name: "k1"})
	refused("issued", "c1", "k2")

	end(taken("c1", "k1", key), payment.StateDeclined, nil) // the same card again, in its own place
	refused("its second issue came to nothing", "c1", "k2")
	end(taken("c1", "k1", key), payment.StateApproved, &journal.StoredKey{Name: "k1"})
	refused("issued twice", "c1", "k2")

	end(taken("c2", "k1", key), payment.StateApproved, &journal.StoredKey{Name: "k1"}) // another card in its place
	end(taken("c1", "", key), payment.StateApproved, &journal.StoredKey{Name: "named-by-the-pg"})
	refused("a key that the PG named", "c1", "k2")
	if err := j.CardsForget(ctx, "named-by-the-pg"); err != nil {
		t.Fatal(err)
	}
	end(taken("c1", "k3", key), payment.StateDeclined, nil)
	undone := taken("c1", "k3", key)
	end(undone, payment.StateCancelling, nil)
	refused("being undone", "c1", "k2")
	end(undone, payment.StateCancelled, nil)

	paid := taken("c1", "k4", in)
	end(paid, payment.StateCancelling, nil)
	end(paid, payment.StateCancelled, nil) // the money is back, and the card may be stored
	refused("stored by a payment", "c1", "k2")

	testCardAtOnce(t, j)
	testPrunedCards(t, j, taken, end)
}

// testCardAtOnce has many take one card.
func testCardAtOnce(t *testing.T, j *journal.Journal) {
	t.Helper()
	var got atomic.Int64
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			a := Attempt(numberedID("at-once", i), numberedID("o-at-once", i))
			c := claim(payment.StateApproving, string(a.ID))
			c.Card = &journal.CardClaim{Card: "wanted", Key: numberedID("k", i)}
			switch err := j.Claim(t.Context(), a, c); {
			case err == nil:
				got.Add(1)
			case !errors.Is(err, journal.ErrCardStored):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("a card was taken %d times", got.Load())
	}
}

// testPrunedCards checks that a card whose attempt is removed keeps the key that it got, and none that it did not.
func testPrunedCards(
	t *testing.T, j *journal.Journal, taken func(card, key string, purpose payment.Purpose) payment.AttemptID,
	end func(id payment.AttemptID, to payment.State, stored *journal.StoredKey),
) {
	t.Helper()
	ctx := t.Context()
	end(taken("old", "k-old", payment.PurposeBillingKey), payment.StateApproved, &journal.StoredKey{Name: "k-old"})
	end(taken("none", "k-none", payment.PurposeBillingKey), payment.StateDeclined, nil)
	for mark, more := (journal.PruneMark{}), true; more; {
		var err error
		if _, mark, more, err = j.Prune(ctx, time.Now().AddDate(100, 0, 0), mark, 100); err != nil {
			t.Fatal(err)
		}
	}
	a := Attempt("after-the-pruning", "o-after-the-pruning")
	for card, want := range map[string]error{"old": journal.ErrCardStored, "none": nil} {
		a.ID, a.OrderID = payment.AttemptID("of-"+card), payment.OrderID("o-of-"+card)
		c := claim(payment.StateApproving, card)
		c.Card = &journal.CardClaim{Card: card, Key: "another"}
		if err := j.Claim(ctx, a, c); !errors.Is(err, want) {
			t.Errorf("card %s after its attempt is gone: %v", card, err)
		}
	}
}
