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

// simUnmatched is an unmatched payment in the simulation's journal.
type simUnmatched struct {
	journal.Unmatched
	heldUntil time.Time
}

func (m *simMemoryView) row(id payment.AttemptID) (*simRow, error) {
	r, ok := m.rows[id]
	if !ok {
		return nil, fmt.Errorf("attempt %s: %w", id, journal.ErrNotFound)
	}
	return r, nil
}

func (m *simMemory) unmatchedOf(id payment.AttemptID, pgTxID string) *simUnmatched {
	for _, l := range m.unmatched {
		if l.AttemptID == id && l.PGTxID == pgTxID {
			return l
		}
	}
	return nil
}

func (m *simMemoryView) putUnmatched(l journal.Unmatched, state journal.UnmatchedState, at time.Time) *simUnmatched {
	l.State, l.CreatedAt, l.UpdatedAt, l.Checks, l.Lease = state, simMillis(at), simMillis(at), 0, time.Time{}
	l.NextCheck = m.unmatchedNext(state, l.NextCheck)
	row := &simUnmatched{Unmatched: l}
	m.unmatched = append(m.unmatched, row)
	return row
}

// UnmatchedTake implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedTake(_ context.Context, l journal.Unmatched, now time.Time, hold time.Duration) (journal.Unmatched, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return journal.Unmatched{}, false, err
	}
	row := m.unmatchedOf(l.AttemptID, l.PGTxID)
	if row != nil && (!simTakable(row.State) || row.Tries != l.Tries || !row.heldUntil.Before(simMillis(now))) {
		return row.Unmatched, false, nil
	}
	if row == nil {
		l.Tries = 0
		row = m.putUnmatched(l, journal.UnmatchedReturning, now)
	}
	if row.State == journal.UnmatchedWatched || row.State == journal.UnmatchedAbsent {
		row.CreatedAt = simMillis(now)
	}
	row.State, row.Won, row.heldUntil, row.UpdatedAt = journal.UnmatchedReturning, l.Won, simMillis(now.Add(hold)), simMillis(now)
	row.Tries++
	row.NextCheck, row.Lease = row.heldUntil, time.Time{}
	m.addEvent(r, r.State, r.State, journal.Event{
		At: now, Kind: "unmatched_payment", PGTxID: l.PGTxID, Reason: string(journal.UnmatchedReturning), Detail: l.Won.String() + " won, giving it back",
	})
	m.commits++
	return row.Unmatched, true, nil
}

func simTakable(s journal.UnmatchedState) bool {
	return s == journal.UnmatchedUnknown || s == journal.UnmatchedReturning || s == journal.UnmatchedWatched || s == journal.UnmatchedAbsent
}

// UnmatchedEnd implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedEnd(_ context.Context, l journal.Unmatched, to journal.UnmatchedState, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return err
	}
	row := m.unmatchedOf(l.AttemptID, l.PGTxID)
	if row == nil || !row.State.LookedAt() || to == journal.UnmatchedUnknown && (row.State == journal.UnmatchedFlagged || row.Tries != l.Tries) {
		return nil
	}
	row.State, row.heldUntil, row.UpdatedAt = to, time.Time{}, simMillis(m.now())
	row.NextCheck, row.Lease = m.unmatchedNext(to, l.NextCheck), time.Time{}
	ev.PGTxID, ev.Reason = l.PGTxID, string(to)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return nil
}

func (m *simMemoryView) unmatchedNext(to journal.UnmatchedState, wanted time.Time) time.Time {
	switch {
	case !to.LookedAt():
		return time.Time{}
	case !wanted.IsZero():
		return simMillis(wanted)
	case to == journal.UnmatchedFlagged:
		return simMillis(m.now().Add(time.Hour))
	}
	return simMillis(m.now().Add(time.Minute))
}

// UnmatchedFlag implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedFlag(_ context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	return m.addUnmatched(l, journal.UnmatchedFlagged, ev)
}

// UnmatchedSeen implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedSeen(_ context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	return m.addUnmatched(l, journal.UnmatchedUnknown, ev)
}

func (m *simMemoryView) addUnmatched(l journal.Unmatched, state journal.UnmatchedState, ev journal.Event) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(l.AttemptID)
	if err != nil {
		return false, err
	}
	row := m.unmatchedOf(l.AttemptID, l.PGTxID)
	switch {
	case row == nil:
		l.Tries = 0
		m.putUnmatched(l, state, m.now())
	case row.State == journal.UnmatchedAbsent, row.State == journal.UnmatchedWatched && state != journal.UnmatchedWatched:
		row.State, row.Won, row.CreatedAt, row.UpdatedAt = state, l.Won, simMillis(m.now()), simMillis(m.now())
		row.NextCheck, row.Checks, row.Lease = m.unmatchedNext(state, l.NextCheck), 0, time.Time{}
	default:
		return false, nil
	}
	ev.PGTxID, ev.Reason = l.PGTxID, string(state)
	m.addEvent(r, r.State, r.State, ev)
	m.commits++
	return true, nil
}

// UnmatchedWatch implements lifecycle.Journal.
func (m *simMemoryView) UnmatchedWatch(_ context.Context, l journal.Unmatched, ev journal.Event) (bool, error) {
	return m.addUnmatched(l, journal.UnmatchedWatched, ev)
}

// UnmatchedOpen returns the unmatched payments that are looked up again.
func (m *simMemoryView) UnmatchedOpen(_ context.Context, limit int) ([]journal.Unmatched, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []journal.Unmatched
	for _, l := range m.unmatched {
		if l.State.LookedAt() {
			list = append(list, l.Unmatched)
		}
	}
	slices.SortFunc(list, func(a, b journal.Unmatched) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.AttemptID), string(b.AttemptID)), strings.Compare(a.PGTxID, b.PGTxID))
	})
	return list[:min(limit, len(list))], nil
}

// UnmatchedOf implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedOf(_ context.Context, id payment.AttemptID) ([]journal.Unmatched, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []journal.Unmatched
	for _, l := range m.unmatched {
		if l.AttemptID == id {
			list = append(list, l.Unmatched)
		}
	}
	slices.SortFunc(list, func(a, b journal.Unmatched) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.PGTxID, b.PGTxID))
	})
	return list, nil
}

// laneOfUnmatched is the lane of an unmatched payment.
func (m *simMemory) laneOfUnmatched(l *simUnmatched) journal.Lane {
	return journal.Lane{PG: m.rows[l.AttemptID].PG, Urgent: l.State != journal.UnmatchedFlagged && l.Checks < 5}
}

// UnmatchedLanes implements lifecycle.UnmatchedQueue.
func (m *simMemoryView) UnmatchedLanes(_ context.Context, now time.Time) ([]journal.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []journal.Lane
	for _, l := range m.unmatched {
		if l.State.LookedAt() && !l.NextCheck.After(simMillis(now)) {
			due = append(due, m.laneOfUnmatched(l))
		}
	}
	return simLanes(due), nil
}

// UnmatchedDue returns the unmatched payments whose next check has come, and leases them.
func (m *simMemoryView) UnmatchedDue(_ context.Context, lane journal.Lane, now time.Time, limit int, lease time.Duration) ([]journal.Unmatched, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	var due []*simUnmatched
	for _, l := range m.unmatched {
		if m.laneOfUnmatched(l) == lane && l.State.LookedAt() && !l.NextCheck.After(now) && !l.Lease.After(now) {
			due = append(due, l)
		}
	}
	slices.SortFunc(due, func(a, b *simUnmatched) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), strings.Compare(string(a.AttemptID), string(b.AttemptID)), strings.Compare(a.PGTxID, b.PGTxID))
	})
	var list []journal.Unmatched
	for _, l := range due[:min(limit, len(due))] {
		l.Lease = simMillis(now.Add(lease))
		list = append(list, l.Unmatched)
	}
	return list, nil
}

// UnmatchedTouch implements lifecycle.UnmatchedJournal.
func (m *simMemoryView) UnmatchedTouch(_ context.Context, l journal.Unmatched, ev journal.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.unmatchedOf(l.AttemptID, l.PGTxID)
	if row == nil || !row.State.LookedAt() || row.State != l.State || row.Tries != l.Tries || row.Checks != l.Checks || !row.Lease.Equal(simMillis(l.Lease)) {
		return &journal.ConflictError{Kind: journal.ConflictOwner, ID: l.AttemptID}
	}
	row.NextCheck, row.Lease = m.unmatchedNext(row.State, l.NextCheck), time.Time{}
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
