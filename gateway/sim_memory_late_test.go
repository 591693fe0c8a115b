package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simLate is late money in the simulation's journal.
type simLate struct {
	journal.Late
	heldUntil time.Time
}

func (m *simMemoryView) row(id payment.AttemptID) (*simRow, error) {
	r, ok := m.rows[id]
	if !ok {
		return nil, fmt.Errorf("attempt %s: %w", id, journal.ErrNotFound)
	}
	return r, nil
}

func (m *simMemory) lateOf(id payment.AttemptID, pgTxID string) *simLate {
	for _, l := range m.late {
		if l.AttemptID == id && l.PGTxID == pgTxID {
			return l
		}
	}
	return nil
}

func (m *simMemoryView) putLate(l journal.Late, state journal.LateState, at time.Time) *simLate {
	l.State, l.CreatedAt, l.UpdatedAt = state, simMillis(at), simMillis(at)
	row := &simLate{Late: l}
	m.late = append(m.late, row)
	return row
}

// LateTake implements settle.LateJournal.
func (m *simMemoryView) LateTake(_ context.Context, l journal.Late, now time.Time, hold time.Duration) (journal.Late, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return journal.Late{}, false, err
	}
	row := m.lateOf(l.AttemptID, l.PGTxID)
	if row != nil && (row.State != journal.LateUnknown && row.State != journal.LateReturning || !row.heldUntil.Before(simMillis(now))) {
		return row.Late, false, nil
	}
	if row == nil {
		l.Tries = 0
		row = m.putLate(l, journal.LateReturning, now)
	}
	row.State, row.Won, row.heldUntil, row.UpdatedAt = journal.LateReturning, l.Won, simMillis(now.Add(hold)), simMillis(now)
	row.Tries++
	m.addEvent(r, r.State, r.State, journal.Event{
		At: now, Kind: "late_money", PGTxID: l.PGTxID, Reason: string(journal.LateReturning), Detail: l.Won.String() + " won, giving it back",
	})
	m.commits++
	return row.Late, true, nil
}

// LateEnd implements settle.LateJournal.
func (m *simMemoryView) LateEnd(_ context.Context, id payment.AttemptID, pgTxID string, to journal.LateState, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(id)
	if err != nil {
		return err
	}
	row := m.lateOf(id, pgTxID)
	if row == nil || row.State == journal.LateReturned {
		return nil
	}
	row.State, row.heldUntil, row.UpdatedAt = to, time.Time{}, simMillis(m.now())
	ev.PGTxID, ev.Reason = pgTxID, string(to)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return nil
}

// LateFlag implements settle.LateJournal.
func (m *simMemoryView) LateFlag(_ context.Context, l journal.Late, ev journal.Event) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil || m.lateOf(l.AttemptID, l.PGTxID) != nil {
		return false, err
	}
	l.Tries = 0
	m.putLate(l, journal.LateFlagged, m.now())
	ev.PGTxID, ev.Reason = l.PGTxID, string(journal.LateFlagged)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return true, nil
}

// LateOpen returns late money that is not proven to be back.
func (m *simMemoryView) LateOpen(_ context.Context, limit int) ([]journal.Late, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []journal.Late
	for _, l := range m.late {
		if l.State != journal.LateReturned {
			list = append(list, l.Late)
		}
	}
	slices.SortFunc(list, func(a, b journal.Late) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.AttemptID), string(b.AttemptID)), strings.Compare(a.PGTxID, b.PGTxID))
	})
	return list[:min(limit, len(list))], nil
}

// Note records an event of an attempt.
func (m *simMemoryView) Note(_ context.Context, id payment.AttemptID, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(id)
	if err != nil {
		return err
	}
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return nil
}
