package simulation

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
	l.State, l.CreatedAt, l.UpdatedAt, l.Checks, l.Lease = state, simMillis(at), simMillis(at), 0, time.Time{}
	l.NextCheck = m.lateNext(state, l.NextCheck)
	row := &simLate{Late: l}
	m.late = append(m.late, row)
	return row
}

// LateTake implements lifecycle.LateJournal.
func (m *simMemoryView) LateTake(_ context.Context, l journal.Late, now time.Time, hold time.Duration) (journal.Late, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return journal.Late{}, false, err
	}
	row := m.lateOf(l.AttemptID, l.PGTxID)
	if row != nil && (!simTakable(row.State) || row.Tries != l.Tries || !row.heldUntil.Before(simMillis(now))) {
		return row.Late, false, nil
	}
	if row == nil {
		l.Tries = 0
		row = m.putLate(l, journal.LateReturning, now)
	}
	if row.State == journal.LateWatched || row.State == journal.LateAbsent {
		row.CreatedAt = simMillis(now)
	}
	row.State, row.Won, row.heldUntil, row.UpdatedAt = journal.LateReturning, l.Won, simMillis(now.Add(hold)), simMillis(now)
	row.Tries++
	row.NextCheck, row.Lease = row.heldUntil, time.Time{}
	m.addEvent(r, r.State, r.State, journal.Event{
		At: now, Kind: "late_money", PGTxID: l.PGTxID, Reason: string(journal.LateReturning), Detail: l.Won.String() + " won, giving it back",
	})
	m.commits++
	return row.Late, true, nil
}

func simTakable(s journal.LateState) bool {
	return s == journal.LateUnknown || s == journal.LateReturning || s == journal.LateWatched || s == journal.LateAbsent
}

// LateEnd implements lifecycle.LateJournal.
func (m *simMemoryView) LateEnd(_ context.Context, l journal.Late, to journal.LateState, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return err
	}
	row := m.lateOf(l.AttemptID, l.PGTxID)
	if row == nil || !row.State.LookedAt() || to == journal.LateUnknown && (row.State == journal.LateFlagged || row.Tries != l.Tries) {
		return nil
	}
	row.State, row.heldUntil, row.UpdatedAt = to, time.Time{}, simMillis(m.now())
	row.NextCheck, row.Lease = m.lateNext(to, l.NextCheck), time.Time{}
	ev.PGTxID, ev.Reason = l.PGTxID, string(to)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return nil
}

func (m *simMemoryView) lateNext(to journal.LateState, wanted time.Time) time.Time {
	switch {
	case !to.LookedAt():
		return time.Time{}
	case !wanted.IsZero():
		return simMillis(wanted)
	case to == journal.LateFlagged:
		return simMillis(m.now().Add(time.Hour))
	}
	return simMillis(m.now().Add(time.Minute))
}

// LateFlag implements lifecycle.LateJournal.
func (m *simMemoryView) LateFlag(_ context.Context, l journal.Late, ev journal.Event) (bool, error) {
	return m.addLate(l, journal.LateFlagged, ev)
}

// LateSeen implements lifecycle.LateJournal.
func (m *simMemoryView) LateSeen(_ context.Context, l journal.Late, ev journal.Event) (bool, error) {
	return m.addLate(l, journal.LateUnknown, ev)
}

func (m *simMemoryView) addLate(l journal.Late, state journal.LateState, ev journal.Event) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return false, err
	}
	row := m.lateOf(l.AttemptID, l.PGTxID)
	switch {
	case row == nil:
		l.Tries = 0
		m.putLate(l, state, m.now())
	case row.State == journal.LateAbsent, row.State == journal.LateWatched && state != journal.LateWatched:
		row.State, row.Won, row.CreatedAt, row.UpdatedAt = state, l.Won, simMillis(m.now()), simMillis(m.now())
		row.NextCheck, row.Checks, row.Lease = m.lateNext(state, l.NextCheck), 0, time.Time{}
	default:
		return false, nil
	}
	ev.PGTxID, ev.Reason = l.PGTxID, string(state)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return true, nil
}

// LateWatch implements lifecycle.Journal.
func (m *simMemoryView) LateWatch(_ context.Context, l journal.Late, ev journal.Event) (bool, error) {
	return m.addLate(l, journal.LateWatched, ev)
}

// LateOpen returns late money that is looked at again.
func (m *simMemoryView) LateOpen(_ context.Context, limit int) ([]journal.Late, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []journal.Late
	for _, l := range m.late {
		if l.State.LookedAt() {
			list = append(list, l.Late)
		}
	}
	slices.SortFunc(list, func(a, b journal.Late) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.AttemptID), string(b.AttemptID)), strings.Compare(a.PGTxID, b.PGTxID))
	})
	return list[:min(limit, len(list))], nil
}

// LateOf implements lifecycle.LateJournal.
func (m *simMemoryView) LateOf(_ context.Context, id payment.AttemptID) ([]journal.Late, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []journal.Late
	for _, l := range m.late {
		if l.AttemptID == id {
			list = append(list, l.Late)
		}
	}
	slices.SortFunc(list, func(a, b journal.Late) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.PGTxID, b.PGTxID))
	})
	return list, nil
}

// laneOfLate is the lane of late money.
func (m *simMemory) laneOfLate(l *simLate) journal.Lane {
	return journal.Lane{PG: m.rows[l.AttemptID].PG, Urgent: l.State != journal.LateFlagged && l.Checks < 5}
}

// LateLanes implements lifecycle.LateQueue.
func (m *simMemoryView) LateLanes(_ context.Context, now time.Time) ([]journal.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []journal.Lane
	for _, l := range m.late {
		if l.State.LookedAt() && !l.NextCheck.After(simMillis(now)) {
			due = append(due, m.laneOfLate(l))
		}
	}
	return simLanes(due), nil
}

// LateDue returns late money whose next check has come, and leases it.
func (m *simMemoryView) LateDue(_ context.Context, lane journal.Lane, now time.Time, limit int, lease time.Duration) ([]journal.Late, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	var due []*simLate
	for _, l := range m.late {
		if m.laneOfLate(l) == lane && l.State.LookedAt() && !l.NextCheck.After(now) && !l.Lease.After(now) {
			due = append(due, l)
		}
	}
	slices.SortFunc(due, func(a, b *simLate) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), strings.Compare(string(a.AttemptID), string(b.AttemptID)), strings.Compare(a.PGTxID, b.PGTxID))
	})
	var list []journal.Late
	for _, l := range due[:min(limit, len(due))] {
		l.Lease = simMillis(now.Add(lease))
		list = append(list, l.Late)
	}
	return list, nil
}

// LateTouch implements lifecycle.LateJournal.
func (m *simMemoryView) LateTouch(_ context.Context, l journal.Late, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.lateOf(l.AttemptID, l.PGTxID)
	if row == nil || !row.State.LookedAt() || row.State != l.State || row.Tries != l.Tries || row.Checks != l.Checks || !row.Lease.Equal(simMillis(l.Lease)) {
		return &journal.ConflictError{Kind: journal.ConflictOwner, ID: l.AttemptID}
	}
	row.NextCheck, row.Lease = m.lateNext(row.State, l.NextCheck), time.Time{}
	row.Checks++
	m.commits++
	if ev.Kind != "" {
		r := m.rows[l.AttemptID]
		ev.PGTxID, ev.Reason = l.PGTxID, string(l.State)
		m.addEvent(r, r.State, r.State, ev)
	}
	return nil
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
