package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestSimRecoveriesAreTheJournals takes random steps with charges that are tried again, on the simulation's journal and
// on SQLite.
func TestSimRecoveriesAreTheJournals(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
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
			m := simModel{t: t, r: rand.New(rand.NewPCG(seed, 2)), pair: [2]simBooks{real, &simMemoryView{simMemory: newSimMemory(), now: clock}}, start: now}
			for range 300 {
				now = now.Add(time.Duration(m.r.Int64N(int64(40 * time.Second))))
				m.now = now
				m.recovery()
			}
		})
	}
}

// recovery begins, moves, takes or stops a recovery.
func (m *simModel) recovery() {
	m.t.Helper()
	ctx, order := context.Background(), payment.OrderID(fmt.Sprintf("o%d", m.r.IntN(3)))
	a := payment.Attempt{
		ID: payment.AttemptID(fmt.Sprintf("%s-%d", order, m.r.IntN(6))), OrderID: order, PG: "portone1", Driver: portonev1.Name,
		Merchant: "2109", Method: "card", Amount: 1000, OrderAmount: 1000, Currency: "KRW", Test: true, Purpose: payment.PurposeRecurring,
		CreatedAt: m.start, ExpiresAt: m.start.Add(time.Hour), NextCheck: m.start.Add(time.Minute),
	}
	ev := journal.Event{At: m.now, Kind: "step"}
	row, _ := m.pair[0].RecoveryOf(ctx, order)
	if m.r.IntN(6) == 0 {
		row.Tries++ // somebody who read it before
	}
	switch m.r.IntN(6) {
	case 0, 1:
		c := journal.Claim{To: payment.StateApproving, Event: ev, NextCheck: m.when()}
		switch m.r.IntN(4) {
		case 0:
			c.Recovery = &journal.RecoveryTry{New: true, Row: payment.Recovery{ID: a.ID, Sealed: []byte("sealed")}, NextCheck: m.when()}
		case 1, 2:
			c.Recovery = &journal.RecoveryTry{Row: row, NextCheck: m.when()}
		}
		if c.Recovery != nil && c.Recovery.NextCheck.IsZero() {
			c.Recovery.NextCheck = m.now.Add(time.Minute)
		}
		if c.Recovery != nil && !c.Recovery.New && row.ID == "" {
			return
		}
		m.same("claim", func(j simBooks) (any, error) { return nil, j.Claim(ctx, a, c) })
	case 2:
		to := []payment.State{payment.StateDeclined, payment.StateDeclined, payment.StateApproved}[m.r.IntN(3)]
		m.same("move", func(j simBooks) (any, error) {
			return j.Move(ctx, journal.Transition{ID: a.ID, From: []payment.State{payment.StateApproving}, To: to, Event: ev})
		})
	case 3, 4:
		s := journal.RecoveryStep{
			Row: row, To: payment.RecoveryStates()[m.r.IntN(5)], Used: min(row.Used+m.r.IntN(2), row.Tries), Class: payment.ClassLimit,
			StopAsked: m.r.IntN(4) == 0, NextCheck: m.when(),
		}
		id := fmt.Sprintf("m%s%d", row.ID, m.r.IntN(5))
		s.Messages = []payment.Message{{ID: id, Type: payment.MessageStopped, Body: []byte("{}"), CreatedAt: m.now}}
		m.same("recovery move", func(j simBooks) (any, error) { return j.RecoveryMove(ctx, s) })
	case 5:
		lane := journal.Lane{PG: "portone1", Urgent: m.r.IntN(2) == 0}
		m.same("recoveries due", func(j simBooks) (any, error) { return j.RecoveriesDue(ctx, lane, m.now, 2, time.Minute) })
		m.same("recovery lanes", func(j simBooks) (any, error) { return j.RecoveryLanes(ctx, m.now) })
	}
	m.same("recovery of", func(j simBooks) (any, error) {
		r, err := j.RecoveryOf(ctx, order)
		return fmt.Sprintf("%+v", r), err
	})
	m.same("recoveries", func(j simBooks) (any, error) {
		list, err := j.Recoveries(ctx, journal.ListFilter{Limit: 3})
		return fmt.Sprintf("%+v", list), err
	})
	m.same("stats", func(j simBooks) (any, error) {
		s, err := j.Stats(ctx)
		return []int{s.Pending, s.Parked}, err
	})
}
