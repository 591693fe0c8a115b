// Package journaltest is what every database behind the journal must pass.
//
// It knows the journal by its exported methods only, so that SQLite and PostgreSQL are held to the same.
package journaltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Open returns an empty journal that is closed when the test ends.
type Open func(t *testing.T) *journal.Journal

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	t.Run("insert", func(t *testing.T) { testInsert(t, open) })
	t.Run("claim", func(t *testing.T) { testClaim(t, open) })
	t.Run("claim race", func(t *testing.T) { testClaimRace(t, open) })
	t.Run("proof", func(t *testing.T) { testProof(t, open) })
	t.Run("move", func(t *testing.T) { testMove(t, open) })
	t.Run("final", func(t *testing.T) { testFinal(t, open) })
	t.Run("events", func(t *testing.T) { testEvents(t, open) })
	t.Run("due", func(t *testing.T) { testDue(t, open) })
	t.Run("stats", func(t *testing.T) { testStats(t, open) })
	t.Run("outbox", func(t *testing.T) { testOutbox(t, open) })
	t.Run("life", func(t *testing.T) { testLife(t, open) })
	t.Run("prune", func(t *testing.T) { testPrune(t, open) })
	t.Run("check", func(t *testing.T) { testCheck(t, open) })
	t.Run("keys", func(t *testing.T) { testKeys(t, open(t)) })
	t.Run("late", func(t *testing.T) { testUnmatched(t, open) })
	t.Run("late due", func(t *testing.T) { testUnmatchedDue(t, open) })
	t.Run("cancels", func(t *testing.T) { testCancels(t, open) })
	t.Run("cancel race", func(t *testing.T) { testCancelRace(t, open) })
	t.Run("cancels due", func(t *testing.T) { testCancelsDue(t, open) })
	t.Run("lanes", func(t *testing.T) { testLanes(t, open) })
	t.Run("windows", func(t *testing.T) { testWindows(t, open) })
	t.Run("fold", func(t *testing.T) { testFold(t, open) })
	t.Run("heads", func(t *testing.T) { testHeads(t, open) })
	t.Run("push", func(t *testing.T) { testPush(t, open) })
	t.Run("replay", func(t *testing.T) { testReplay(t, open) })
	t.Run("listing", func(t *testing.T) { testListing(t, open) })
	t.Run("cards", func(t *testing.T) { testCards(t, open) })
	t.Run("ownerless", func(t *testing.T) { testOwnerless(t, open) })
	t.Run("tell", func(t *testing.T) { testTell(t, open) })
	t.Run("replan", func(t *testing.T) { testReplan(t, open) })
	t.Run("change", func(t *testing.T) { testChange(t, open) })
	t.Run("recoveries", func(t *testing.T) { testRecoveries(t, open) })
	t.Run("recoveries due", func(t *testing.T) { testRecoveriesDue(t, open) })
	t.Run("subscriptions", func(t *testing.T) { testSubscriptions(t, open) })
	t.Run("prune pass", func(t *testing.T) { testPrunePass(t, open) })
}

// epoch is the moment of the suite's attempts.
func epoch() time.Time { return time.Date(2026, 3, 2, 9, 30, 0, 123_000_000, time.UTC) }

// Attempt returns an opened attempt of an order, for tests of this and other packages.
func Attempt(id, order string) payment.Attempt {
	return payment.Attempt{
		ID:           payment.AttemptID(id),
		OrderID:      payment.OrderID(order),
		PG:           "inicis",
		Driver:       "inicis",
		Merchant:     "shop-card",
		MID:          "INIpayTest",
		Method:       "card",
		Amount:       15_000,
		TaxFree:      1_000,
		OrderAmount:  18_000,
		Secondary:    "mileage:3000",
		Currency:     payment.CurrencyKRW,
		Test:         true,
		Device:       payment.DevicePC,
		Site:         "main",
		Purpose:      payment.PurposeOneTime,
		OrderName:    "연필 세 자루",
		ReturnURL:    "http://localhost:8080/done",
		RulesVersion: "0123456789ab",
		CreatedAt:    epoch(),
		ExpiresAt:    epoch().Add(30 * time.Minute),
		NextCheck:    epoch().Add(time.Minute),
	}
}

func event(kind string) journal.Event { return journal.Event{Kind: journal.EventKind(kind)} }

func claim(to payment.State, proof string) journal.Claim {
	c := journal.Claim{To: to, Event: event("return"), NextCheck: epoch().Add(time.Minute)}
	if proof != "" {
		c.ProofHash, c.SealedProof = "hash-"+proof, []byte("sealed-"+proof)
	}
	return c
}

func message(id string) payment.Message {
	return payment.Message{ID: id, Type: payment.MessageConfirmed, Body: []byte(`{"id":"` + id + `"}`), CreatedAt: epoch()}
}

func mustInsert(t *testing.T, j *journal.Journal, a payment.Attempt) {
	t.Helper()
	if err := j.Insert(t.Context(), a, event("opened")); err != nil {
		t.Fatalf("inserting %s: %v", a.ID, err)
	}
}

func mustClaim(t *testing.T, j *journal.Journal, a payment.Attempt, to payment.State) {
	t.Helper()
	if err := j.Claim(t.Context(), a, claim(to, string(a.ID))); err != nil {
		t.Fatalf("claiming with %s: %v", a.ID, err)
	}
}

func mustMove(
	t *testing.T, j *journal.Journal, id string, from, to payment.State, messages ...payment.Message,
) payment.Attempt {
	t.Helper()
	a, err := j.Move(t.Context(), journal.Transition{
		ID: payment.AttemptID(id), From: []payment.State{from}, To: to, Event: event("test"), Messages: messages,
	})
	if err != nil {
		t.Fatalf("moving %s from %s to %s: %v", id, from, to, err)
	}
	return a
}

// reach brings a new attempt to a state by moves that the state machine allows.
func reach(t *testing.T, j *journal.Journal, a payment.Attempt, state payment.State) {
	t.Helper()
	mustInsert(t, j, a)
	id := string(a.ID)
	for _, step := range pathTo(state) {
		have, _, err := j.Attempt(t.Context(), a.ID)
		if err != nil {
			t.Fatalf("reading %s: %v", a.ID, err)
		}
		mustMove(t, j, id, have.State, step)
	}
}

func pathTo(state payment.State) []payment.State {
	switch state {
	case payment.StateOpened:
		return nil
	case payment.StateApproved,
		payment.StateCaptured,
		payment.StateIssued,
		payment.StateUnknown,
		payment.StateApproving,
		payment.StateClaimed:
		path := []payment.State{payment.StateClaimed}
		if state == payment.StateClaimed {
			return path
		}
		path = append(path, payment.StateApproving)
		if state == payment.StateApproving {
			return path
		}
		if state == payment.StateApproved {
			path = append(path, payment.StateCaptured)
		}
		return append(path, state)
	case payment.StateCancelling,
		payment.StateDeclined,
		payment.StateRefused,
		payment.StateCancelled,
		payment.StateExpired:
		return []payment.State{state}
	}
	return nil
}

func wantState(t *testing.T, j *journal.Journal, id string, want payment.State) {
	t.Helper()
	a, _, err := j.Attempt(t.Context(), payment.AttemptID(id))
	if err != nil {
		t.Fatalf("reading %s: %v", id, err)
	}
	if a.State != want {
		t.Fatalf("%s is %s, want %s", id, a.State, want)
	}
}

func wantConflict(t *testing.T, err error, kind journal.ConflictKind, state payment.State) {
	t.Helper()
	e, ok := errors.AsType[*journal.ConflictError](err)
	if !ok || !errors.Is(err, journal.ErrConflict) || errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("got %v, want a conflict (%s)", err, kind)
	}
	if e.Kind != kind || e.State != state {
		t.Fatalf("got conflict %s with %s, want %s with %s", e.Kind, e.State, kind, state)
	}
}

func wantClaimed(t *testing.T, err error, winner string, state payment.State) {
	t.Helper()
	e, ok := errors.AsType[*journal.ClaimedError](err)
	if !ok || !errors.Is(err, journal.ErrClaimed) || errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("got %v, want claimed by %s", err, winner)
	}
	if string(e.Winner) != winner || e.State != state {
		t.Fatalf("claimed by %s (%s), want %s (%s)", e.Winner, e.State, winner, state)
	}
}

func numberedID(prefix string, n int) string { return fmt.Sprintf("%s-%03d", prefix, n) }

// urgent and rest are the lanes of the suite's PG.
func urgent() journal.Lane { return journal.Lane{PG: "inicis", Urgent: true} }
func rest() journal.Lane   { return journal.Lane{PG: "inicis"} }
