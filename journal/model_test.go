package journal_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// model is what a journal must do, in its simplest form.
type model struct {
	states map[payment.AttemptID]payment.State
	orders map[payment.AttemptID]payment.OrderID
	proofs map[string]bool
}

func (m *model) blocked(own payment.AttemptID) bool {
	for id, s := range m.states {
		if id != own && m.orders[id] == m.orders[own] && s.Blocks() {
			return true
		}
	}
	return false
}

func (m *model) holders(order payment.OrderID) int {
	n := 0
	for id, s := range m.states {
		if m.orders[id] == order && s.Holds() {
			n++
		}
	}
	return n
}

// verdict is the kind of answer that the model expects.
func verdict(err error) string {
	conflict, isConflict := errors.AsType[*journal.ConflictError](err)
	switch {
	case err == nil:
		return "ok"
	case isConflict:
		return string(conflict.Kind)
	case errors.Is(err, journal.ErrClaimed):
		return "claimed"
	case errors.Is(err, journal.ErrNotFound):
		return "not found"
	}
	return err.Error()
}

func (m *model) claim(id payment.AttemptID, order payment.OrderID, proof string, to payment.State) string {
	state, known := m.states[id]
	switch {
	case known && state != payment.StateOpened:
		return "state"
	case m.proofs[proof]:
		return "replay"
	}
	m.orders[id] = order
	if m.blocked(id) {
		if !known {
			delete(m.orders, id)
		}
		return "claimed"
	}
	m.states[id], m.proofs[proof] = to, true
	return "ok"
}

func (m *model) move(id payment.AttemptID, from []payment.State, to payment.State) string {
	state, known := m.states[id]
	switch {
	case !known:
		return "not found"
	case !slices.Contains(from, state):
		return "state"
	case !payment.CanMove(state, to):
		return "move"
	case to.Holds() && !state.Holds() && m.blocked(id):
		return "claimed"
	}
	m.states[id] = to
	return "ok"
}

// Whatever is asked of it, and in whatever order, the journal answers as the model does.
func TestTheJournalFollowsItsModel(t *testing.T) {
	t.Parallel()
	j := openSQLite(t, filepath.Join(t.TempDir(), "journal.db"))
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{map[payment.AttemptID]payment.State{}, map[payment.AttemptID]payment.OrderID{}, map[string]bool{}}
		attempt := rapid.Custom(func(rt *rapid.T) payment.Attempt {
			order := rapid.IntRange(0, 1).Draw(rt, "order")
			return journaltest.Attempt(
				fmt.Sprintf("r%d-%d-%d", run, order, rapid.IntRange(0, 3).Draw(rt, "attempt")), fmt.Sprintf("r%d-%d", run, order))
		})
		state := rapid.SampledFrom(payment.States())
		holding := rapid.SampledFrom([]payment.State{
			payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateUnknown,
		})
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(rt *rapid.T) {
				a := attempt.Draw(rt, "a")
				if err := j.Insert(t.Context(), a, journal.Event{}); err != nil {
					rt.Fatalf("inserting %s: %v", a.ID, err)
				}
				if _, known := m.states[a.ID]; !known {
					m.states[a.ID], m.orders[a.ID] = payment.StateOpened, a.OrderID
				}
			},
			"claim": func(rt *rapid.T) {
				a, to := attempt.Draw(rt, "a"), holding.Draw(rt, "to")
				proof := fmt.Sprintf("r%d-p%d", run, rapid.IntRange(0, 9).Draw(rt, "proof"))
				want := m.claim(a.ID, a.OrderID, proof, to)
				if got := verdict(j.Claim(t.Context(), a, journal.Claim{To: to, ProofHash: proof})); got != want {
					rt.Fatalf("claiming with %s as %s: %s, want %s", a.ID, to, got, want)
				}
			},
			"move": func(rt *rapid.T) {
				a, to := attempt.Draw(rt, "a"), state.Draw(rt, "to")
				from := payment.States()
				if rapid.Bool().Draw(rt, "narrow") {
					from = []payment.State{state.Draw(rt, "from")}
				}
				want := m.move(a.ID, from, to)
				_, err := j.Move(t.Context(), journal.Transition{ID: a.ID, From: from, To: to})
				if got := verdict(err); got != want {
					rt.Fatalf("moving %s to %s: %s, want %s", a.ID, to, got, want)
				}
			},
			"": func(rt *rapid.T) { m.compare(rt, t, j) },
		})
	})
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
	due := 0
	for _, urgent := range []bool{true, false} {
		list, err := j.Due(t.Context(), journal.Lane{PG: "inicis", Urgent: urgent}, time.Now().Add(time.Hour), 1<<20, time.Second)
		if due += len(list); err != nil {
			t.Error(err)
		}
	}
	open := 0
	err := j.EachOpen(t.Context(), func(payment.Attempt) error {
		open++
		return nil
	})
	if err != nil || open != due {
		t.Errorf("%d attempts are open, %d come up for a check, %v", open, due, err)
	}
}

func (m *model) compare(rt *rapid.T, t *testing.T, j *journal.Journal) {
	for id, want := range m.states {
		got, _, err := j.Attempt(t.Context(), id)
		if err != nil || got.State != want {
			rt.Fatalf("%s is %s, want %s (%v)", id, got.State, want, err)
		}
		if n := m.holders(m.orders[id]); n > 1 {
			rt.Fatalf("order %s has %d holders", m.orders[id], n)
		}
	}
}
