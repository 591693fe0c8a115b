package lifecycle_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestCancelsAtAnAPIAreNamed: the same cancel has the same name, another one another, and one that cannot be told from
// a repeat is refused.
func TestCancelsAtAnAPIAreNamed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	a := payment.Attempt{ID: "A1", Amount: 5000, State: payment.StateApproved}
	name := func(have []payment.Cancel, ask lifecycle.CancelAsk, key string) payment.CancelID {
		t.Helper()
		named, err := lifecycle.NameAPICancel(a, have, ask, key, now)
		if err != nil {
			t.Fatal(err)
		}
		return named.ID
	}
	won := func(w payment.Won) *payment.Won { return &w }
	cancel := func(id payment.CancelID, amount, remaining payment.Won, state payment.CancelState, ago time.Duration) payment.Cancel {
		return payment.Cancel{
			ID: id, AttemptID: "A1", Amount: amount, Remaining: remaining, State: state, Origin: payment.CancelByShop,
			Reason: "said then", CreatedAt: now.Add(-ago), UpdatedAt: now.Add(-ago),
		}
	}
	first := name(nil, lifecycle.CancelAsk{Amount: won(1000)}, "")
	done := []payment.Cancel{cancel(first, 1000, 5000, payment.CancelDone, time.Minute)}
	open := []payment.Cancel{cancel(first, 1000, 5000, payment.CancelUnknown, time.Minute)}
	refused := []payment.Cancel{cancel(first, 1000, 5000, payment.CancelRefused, time.Minute)}
	if name(open, lifecycle.CancelAsk{Amount: won(1000)}, "") != first {
		t.Error("a repeat while the first is open is another cancel")
	}
	if name(done, lifecycle.CancelAsk{Amount: won(1000), Remaining: won(5000)}, "") != first {
		t.Error("a repeat that says what was left is another cancel")
	}
	if name(done, lifecycle.CancelAsk{Amount: won(1000), Remaining: won(4000)}, "") == first {
		t.Error("a second cancel that says what is left is the first")
	}
	if name(refused, lifecycle.CancelAsk{Amount: won(1000)}, "") == first {
		t.Error("what was refused can never be asked for again")
	}
	_, err := lifecycle.NameAPICancel(a, done, lifecycle.CancelAsk{Amount: won(1000)}, "", now)
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeCancelRepeated {
		t.Errorf("a repeat that says nothing: %v", err)
	}
	late := []payment.Cancel{cancel(first, 1000, 5000, payment.CancelDone, 11*time.Minute)}
	if name(late, lifecycle.CancelAsk{Amount: won(1000)}, "") == first {
		t.Error("long after, it is the first")
	}
	// Its caller was told that nobody knows, and asks again once it is done.
	late[0].UpdatedAt = late[0].CreatedAt.Add(time.Minute)
	_, err = lifecycle.NameAPICancel(a, late, lifecycle.CancelAsk{Amount: won(1000)}, "", now)
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeCancelRepeated {
		t.Errorf("a repeat of one that was certain late: %v", err)
	}
	key := name(done, lifecycle.CancelAsk{Amount: won(1000)}, "a key of its own")
	if key != lifecycle.CancelIDOf("A1", "a key of its own") {
		t.Error("a key does not name it")
	}
	all := slices.Concat(done, []payment.Cancel{cancel("c_rest", 4000, 4000, payment.CancelDone, time.Minute)})
	named, err := lifecycle.NameAPICancel(a, all, lifecycle.CancelAsk{Reason: "another word"}, "", now)
	if err != nil || named.ID != "c_rest" || named.Reason != "said then" {
		t.Errorf("all of it again is %+v, %v", named, err)
	}
}
