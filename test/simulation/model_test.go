package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestSimJournalIsTheJournal makes the same random steps on the simulation's journal and on a real one and wants
// the same answers, refusals and rows, so that what the simulation proves holds for the journal that is shipped.
func TestSimJournalIsTheJournal(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 12, 1, 3, 0, 0, 123_456_789, time.UTC)
			clock := func() time.Time { return now }
			real, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "j.db"), Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := real.Close(); err != nil {
					t.Error(err)
				}
			})
			m := simModel{t: t, r: rand.New(rand.NewPCG(seed, 1)), pair: [2]simBooks{real, &simMemoryView{simMemory: newSimMemory(), now: clock}}, start: now, held: map[string]time.Time{}}
			for range 400 {
				now = now.Add(time.Duration(m.r.Int64N(int64(40 * time.Second))))
				m.now = now
				m.step()
			}
		})
	}
}

// simModel walks two journals side by side.
type simModel struct {
	t          *testing.T
	r          *rand.Rand
	pair       [2]simBooks
	start, now time.Time
	messages   []string
	// held is until when the latest holder of a key has it.
	held map[string]time.Time
	// cancelLease is the end of the latest lease of cancels.
	cancelLease time.Time
}

func (m *simModel) attempt() payment.Attempt {
	n := m.r.IntN(8)
	a := payment.Attempt{
		ID: payment.AttemptID(fmt.Sprintf("a%d", n)), OrderID: payment.OrderID(fmt.Sprintf("o%d", n/3)), PG: "inicis", Driver: inicis.Name,
		Merchant: "1001", MID: "INIpayTest", Method: "card", Amount: 1000, OrderAmount: 1000, Currency: "KRW", Test: true,
		CreatedAt: m.start.Add(time.Duration(n) * time.Microsecond * 700), ExpiresAt: m.start.Add(time.Hour), NextCheck: m.start.Add(time.Minute),
	}
	if m.r.IntN(20) == 0 {
		a.Amount++
	}
	if m.r.IntN(30) == 0 {
		a.OrderID = "o9"
	}
	return a
}

// lane is some lane.
func (m *simModel) lane() journal.Lane { return journal.Lane{PG: "inicis", Urgent: m.r.IntN(2) == 0} }

func (m *simModel) when() time.Time {
	if m.r.IntN(5) == 0 {
		return time.Time{}
	}
	return m.now.Add(time.Duration(m.r.Int64N(int64(3 * time.Minute))))
}

// same runs a step on both journals and compares what they say.
func (m *simModel) same(what string, f func(j simBooks) (any, error)) {
	m.t.Helper()
	a, errA := f(m.pair[0])
	b, errB := f(m.pair[1])
	if d := cmp.Diff(a, b); d != "" {
		m.t.Fatalf("%s: the journals differ (-real +simulated), the real one says %v, the other one %v\n%s", what, errA, errB, d)
	}
	if wordOf(errA) != wordOf(errB) {
		m.t.Fatalf("%s: the real one says %v, the simulated one %v", what, errA, errB)
	}
}

// wordOf is what a caller branches on.
func wordOf(err error) string {
	var claimed *journal.ClaimedError
	var conflict *journal.ConflictError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &claimed):
		return "claimed " + string(claimed.State)
	case errors.As(err, &conflict):
		return "conflict " + string(conflict.Kind) + " " + string(conflict.State)
	case errors.Is(err, journal.ErrNotFound):
		return "not found"
	}
	return err.Error()
}

func (m *simModel) step() {
	m.t.Helper()
	ctx, a, states := context.Background(), m.attempt(), payment.States()
	next, ev := m.when(), journal.Event{At: m.when(), Kind: "step", Fold: m.r.IntN(2) == 0}
	switch m.r.IntN(15) {
	case 0:
		bound := []journal.Windows{{Most: 1 + m.r.IntN(3), Now: m.now}}[:m.r.IntN(2)]
		m.same("insert", func(j simBooks) (any, error) { return nil, j.Insert(ctx, a, ev, bound...) })
	case 1:
		c := journal.Claim{
			To: []payment.State{payment.StateClaimed, payment.StateCaptured}[m.r.IntN(2)], Event: ev, NextCheck: next,
			ProofHash: []string{"", "p" + string(a.ID), "p", "q"}[m.r.IntN(4)], SealedProof: []byte("sealed"),
		}
		m.same("claim", func(j simBooks) (any, error) { return nil, j.Claim(ctx, a, c) })
	case 2, 3, 4:
		m.move(ctx, a, states, next, ev)
	case 5:
		look := journal.LookUp{
			ID: a.ID, State: states[m.r.IntN(len(states))], Checks: m.r.IntN(2), NotOwned: m.r.IntN(2) == 0, NextCheck: next, Event: ev,
			Lease: []time.Time{{}, {}, m.now.Add(time.Minute), m.now}[m.r.IntN(4)],
		}
		m.same("touch", func(j simBooks) (any, error) { return nil, j.Touch(ctx, m.known(j, look)) })
	case 6:
		lane := m.lane()
		m.same("due", func(j simBooks) (any, error) { return j.Due(ctx, lane, m.now, 3, time.Minute) })
		m.same("due lanes", func(j simBooks) (any, error) { return j.DueLanes(ctx, m.now) })
	case 7:
		m.outbox(ctx)
	case 8:
		m.key(ctx)
	case 9, 10:
		m.unmatched(ctx, a, ev)
	case 11, 12, 13:
		m.cancel(ctx, a, ev)
	case 14:
		p := journal.Plan{ID: a.ID, ExpiresAt: m.now.Add(time.Hour), NextCheck: next, Event: ev}
		m.same("replan", func(j simBooks) (any, error) { return nil, j.Replan(ctx, p) })
	}
	m.same("attempt", func(j simBooks) (any, error) {
		got, sealed, err := j.Attempt(ctx, a.ID)
		return []any{got, string(sealed)}, err
	})
	m.same("events", func(j simBooks) (any, error) {
		list, err := j.Events(ctx, a.ID)
		return fmt.Sprint(list), err
	})
	m.same("attempts of an order", func(j simBooks) (any, error) {
		list, err := j.AttemptsOf(ctx, a.OrderID)
		return fmt.Sprint(list), err
	})
	m.same("states of an order", func(j simBooks) (any, error) {
		list, err := j.StatesOf(ctx, a.OrderID)
		return fmt.Sprint(list), err
	})
}

// known makes most looks such that the attempt is as the looker says.
func (m *simModel) known(j simBooks, l journal.LookUp) journal.LookUp {
	if a, _, err := j.Attempt(context.Background(), l.ID); err == nil && l.NextCheck.UnixMilli()%4 != 0 {
		l.State, l.Checks = a.State, a.Checks
	}
	return l
}

func (m *simModel) move(ctx context.Context, a payment.Attempt, states []payment.State, next time.Time, ev journal.Event) {
	m.t.Helper()
	t := journal.Transition{ID: a.ID, To: states[m.r.IntN(len(states))], NextCheck: next, Event: ev, Reason: []payment.Reason{"", "why"}[m.r.IntN(2)]}
	for _, s := range states {
		if m.r.IntN(3) > 0 {
			t.From = append(t.From, s)
		}
	}
	if m.r.IntN(2) == 0 {
		id := fmt.Sprintf("m%d", m.r.IntN(12))
		m.messages = append(m.messages, id)
		t.Messages = []payment.Message{{ID: id, Type: payment.MessageConfirmed, Body: []byte("{}"), CreatedAt: m.now}}
	}
	m.same("move", func(j simBooks) (any, error) { return j.Move(ctx, t) })
}

// key takes, ends, drops or renews an idempotency key.
func (m *simModel) key(ctx context.Context) {
	m.t.Helper()
	key, print := fmt.Sprintf("k%d", m.r.IntN(3)), fmt.Sprintf("f%d", m.r.IntN(4)/3)
	held := m.held[key]
	if m.r.IntN(4) == 0 {
		held = held.Add(time.Second)
	}
	switch m.r.IntN(7) {
	case 6:
		m.same("key renew", func(j simBooks) (any, error) {
			k, begun, err := j.KeyRenew(ctx, "s", key, journal.KeptAnswer{Fingerprint: print, HeldUntil: held}, m.now, time.Minute)
			if begun {
				m.held[key] = k.HeldUntil
			}
			return fmt.Sprint(k, begun), err
		})
	case 0:
		m.same("key done", func(j simBooks) (any, error) {
			return nil, j.KeyDone(ctx, "s", key, journal.KeptAnswer{Status: 200, ContentType: "text/plain", Body: []byte(key), HeldUntil: held})
		})
	case 1:
		m.same("key drop", func(j simBooks) (any, error) { return nil, j.KeyDrop(ctx, "s", key, held) })
	default:
		m.same("key begin", func(j simBooks) (any, error) {
			k, begun, err := j.KeyBegin(ctx, "s", key, print, m.now, time.Minute)
			if begun {
				m.held[key] = k.HeldUntil
			}
			return fmt.Sprint(k, begun), err
		})
	}
}

// late takes, ends or flags an unmatched payment.
func (m *simModel) unmatched(ctx context.Context, a payment.Attempt, ev journal.Event) {
	m.t.Helper()
	l := journal.Unmatched{AttemptID: a.ID, PGTxID: fmt.Sprintf("t%d", m.r.IntN(2)), Won: payment.Won(1 + m.r.IntN(3))}
	if list, err := m.pair[0].UnmatchedOf(ctx, a.ID); err == nil && len(list) > 0 && m.r.IntN(4) > 0 {
		l = list[m.r.IntN(len(list))]
		l.NextCheck = m.when()
	}
	switch m.r.IntN(9) {
	case 8:
		m.same("late watch", func(j simBooks) (any, error) { return j.UnmatchedWatch(ctx, l, ev) })
	case 5:
		m.same("late seen", func(j simBooks) (any, error) { return j.UnmatchedSeen(ctx, l, ev) })
	case 6:
		lane := m.lane()
		m.same("late due", func(j simBooks) (any, error) { return j.UnmatchedDue(ctx, lane, m.now, 2, time.Minute) })
		m.same("late lanes", func(j simBooks) (any, error) { return j.UnmatchedLanes(ctx, m.now) })
	case 7:
		m.same("late touch", func(j simBooks) (any, error) { return nil, j.UnmatchedTouch(ctx, l, ev) })
	case 0, 1:
		m.same("late take", func(j simBooks) (any, error) {
			row, taken, err := j.UnmatchedTake(ctx, l, m.now, time.Minute)
			return []any{row, taken}, err
		})
	case 2:
		to := []journal.UnmatchedState{journal.UnmatchedReturned, journal.UnmatchedUnknown, journal.UnmatchedUnknown, journal.UnmatchedFlagged, journal.UnmatchedKept, journal.UnmatchedAbsent}[m.r.IntN(6)]
		m.same("late end", func(j simBooks) (any, error) { return nil, j.UnmatchedEnd(ctx, l, to, ev) })
	case 3:
		m.same("late flag", func(j simBooks) (any, error) { return j.UnmatchedFlag(ctx, l, ev) })
	case 4:
		m.same("note", func(j simBooks) (any, error) { return nil, j.Note(ctx, l.AttemptID, ev) })
	}
	m.same("late of", func(j simBooks) (any, error) { return j.UnmatchedOf(ctx, a.ID) })
	m.same("late open", func(j simBooks) (any, error) { return j.UnmatchedOpen(ctx, 100) })
}

// cancel begins, finds, moves or leases a cancel.
func (m *simModel) cancel(ctx context.Context, a payment.Attempt, ev journal.Event) {
	m.t.Helper()
	c := payment.Cancel{
		ID: payment.CancelID(fmt.Sprintf("c%d", m.r.IntN(24))), AttemptID: a.ID, Amount: payment.Won(m.r.IntN(500)), Remaining: 1000,
		Reason: "returned", Origin: payment.CancelByShop, NextCheck: m.when(),
	}
	list, err := m.pair[0].CancelsOf(ctx, a.ID)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, h := range list {
		if h.State == payment.CancelDone && m.r.IntN(10) > 0 {
			c.Remaining -= h.Amount
		}
	}
	var messages []payment.Message
	if m.r.IntN(2) == 0 {
		messages = []payment.Message{{ID: "m" + string(c.ID), Type: payment.MessageCancelled, Body: []byte("{}"), CreatedAt: m.now}}
		m.messages = append(m.messages, messages[0].ID)
	}
	states := []payment.CancelState{payment.CancelRequested, payment.CancelUnknown, payment.CancelDone, payment.CancelRefused}
	switch m.r.IntN(5) {
	case 0:
		m.same("cancel begin", func(j simBooks) (any, error) {
			row, begun, err := j.CancelBegin(ctx, c, ev)
			return []any{row, begun}, err
		})
	case 1:
		m.same("cancel found", func(j simBooks) (any, error) { return j.CancelFound(ctx, c, ev, messages) })
	case 2, 3:
		s := journal.CancelStep{
			ID: c.ID, From: states[m.r.IntN(4)], To: states[m.r.IntN(4)], Code: []string{"", "why"}[m.r.IntN(2)], NextCheck: c.NextCheck, Event: ev,
			Lease: []time.Time{{}, m.cancelLease}[m.r.IntN(2)], Messages: messages,
		}
		if len(list) > 0 && m.r.IntN(4) > 0 {
			h := list[m.r.IntN(len(list))]
			s.ID, s.From = h.ID, h.State
		}
		m.same("cancel move", func(j simBooks) (any, error) {
			row, err := j.CancelMove(ctx, s)
			if err != nil {
				row = payment.Cancel{}
			}
			return row, err
		})
	case 4:
		m.cancelLease = m.now.Add(time.Minute)
		lane := m.lane()
		m.same("cancels due", func(j simBooks) (any, error) { return j.CancelsDue(ctx, lane, m.now, 2, time.Minute) })
		m.same("cancel lanes", func(j simBooks) (any, error) { return j.CancelLanes(ctx, m.now) })
	}
	m.same("cancel", func(j simBooks) (any, error) { return j.Cancel(ctx, c.ID) })
	m.same("cancels of", func(j simBooks) (any, error) { return j.CancelsOf(ctx, a.ID) })
	m.same("cancels open", func(j simBooks) (any, error) { return j.CancelsOpen(ctx, 100) })
}

func (m *simModel) outbox(ctx context.Context) {
	m.t.Helper()
	again := m.r.IntN(2) == 0
	m.same("outbox due", func(j simBooks) (any, error) {
		list, err := j.OutboxDue(ctx, journal.OutboxLane{Again: again}, m.now, 2, time.Minute)
		var ids []string
		for _, msg := range list {
			ids = append(ids, fmt.Sprint(msg.ID, msg.OrderID, msg.Tries, msg.CreatedAt))
		}
		return ids, err
	})
	if len(m.messages) == 0 {
		return
	}
	id := m.messages[m.r.IntN(len(m.messages))]
	switch m.r.IntN(4) {
	case 3:
		m.same("outbox push", func(j simBooks) (any, error) { return j.OutboxPush(ctx, m.now, 2) })
	case 0:
		m.same("outbox done", func(j simBooks) (any, error) { return nil, j.OutboxDone(ctx, id) })
	case 1:
		next := m.when()
		m.same("outbox retry", func(j simBooks) (any, error) { return nil, j.OutboxRetry(ctx, id, next, "no") })
	case 2:
		if m.r.IntN(4) == 0 {
			m.same("outbox park", func(j simBooks) (any, error) { return nil, j.OutboxPark(ctx, id, "no") })
		}
	}
	m.same("stats", func(j simBooks) (any, error) {
		s, err := j.Stats(ctx)
		return []int{s.Pending, s.Parked}, err
	})
}
