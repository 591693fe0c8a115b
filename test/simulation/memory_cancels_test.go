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

// simCancel is a cancel in the simulation's journal.
type simCancel struct {
	payment.Cancel
	lease time.Time
}

func (m *simMemory) cancelsOf(id payment.AttemptID) []payment.Cancel {
	var list []payment.Cancel
	for _, c := range m.cancels {
		if c.AttemptID == id {
			list = append(list, c.Cancel)
		}
	}
	slices.SortFunc(list, func(a, b payment.Cancel) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(b.Remaining, a.Remaining), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list
}

func (m *simMemory) cancel(id payment.CancelID) *simCancel {
	i := slices.IndexFunc(m.cancels, func(c *simCancel) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return m.cancels[i]
}

// cancellable holds c against what is there.
func (m *simMemory) cancellable(r *simRow, c payment.Cancel) error {
	if r.State != payment.StateApproved {
		return &journal.ConflictError{Kind: journal.ConflictState, ID: r.ID, State: r.State}
	}
	left := r.Amount
	for _, h := range m.cancelsOf(r.ID) {
		if !h.State.Final() {
			return &journal.ConflictError{Kind: journal.ConflictCancelOpen, ID: r.ID, State: r.State}
		}
		if h.State == payment.CancelDone {
			left -= h.Amount
		}
	}
	if left != c.Remaining || c.Amount <= 0 || c.Amount > left {
		return &journal.ConflictError{Kind: journal.ConflictRemaining, ID: r.ID, State: r.State}
	}
	return nil
}

// addCancel begins a cancel in a state; added is false when it is there already.
func (m *simMemoryView) addCancel(c payment.Cancel, state payment.CancelState, ev journal.Event, messages []payment.Message) (row payment.Cancel, added bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.row(c.AttemptID)
	if err != nil {
		return payment.Cancel{}, false, err
	}
	have := m.cancel(c.ID)
	if have != nil && have.AttemptID == c.AttemptID {
		return have.Cancel, false, nil
	}
	if err := m.cancellable(r, c); err != nil {
		return payment.Cancel{}, false, err
	}
	if have != nil {
		return payment.Cancel{}, false, &journal.ConflictError{Kind: journal.ConflictContent, ID: r.ID, State: r.State}
	}
	c.State, c.OrderID, c.CreatedAt, c.UpdatedAt, c.Checks = state, r.OrderID, simMillis(m.now()), simMillis(m.now()), 0
	c.NextCheck = m.nextCancel(state, c.NextCheck)
	m.cancels = append(m.cancels, &simCancel{Cancel: c})
	ev.Reason = string(c.ID)
	m.addEvent(r, r.State, r.State, ev)
	m.enqueue(r, messages)
	m.commits++
	return c, true, nil
}

func (m *simMemoryView) nextCancel(to payment.CancelState, wanted time.Time) time.Time {
	switch {
	case to.Final():
		return time.Time{}
	case wanted.IsZero():
		return simMillis(m.now().Add(time.Minute))
	}
	return simMillis(wanted)
}

// CancelBegin implements lifecycle.CancelJournal.
func (m *simMemoryView) CancelBegin(_ context.Context, c payment.Cancel, ev journal.Event) (payment.Cancel, bool, error) {
	return m.addCancel(c, payment.CancelRequested, ev, nil)
}

// CancelFound implements lifecycle.CancelJournal.
func (m *simMemoryView) CancelFound(_ context.Context, c payment.Cancel, ev journal.Event, messages []payment.Message) (bool, error) {
	_, found, err := m.addCancel(c, payment.CancelDone, ev, messages)
	return found, err
}

// CancelMove implements lifecycle.CancelJournal.
func (m *simMemoryView) CancelMove(_ context.Context, s journal.CancelStep) (payment.Cancel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cancel(s.ID)
	if c == nil {
		return payment.Cancel{}, fmt.Errorf("cancel %s: %w", s.ID, journal.ErrNotFound)
	}
	r := m.rows[c.AttemptID]
	switch {
	case c.State != s.From:
		return payment.Cancel{}, &journal.ConflictError{Kind: journal.ConflictState, ID: r.ID, State: r.State}
	case s.From.Final(), s.From != s.To && !s.From.CanMove(s.To):
		return payment.Cancel{}, &journal.ConflictError{Kind: journal.ConflictMove, ID: r.ID, State: r.State}
	case s.From == s.To && !c.lease.Equal(simMillis(s.Lease)):
		return payment.Cancel{}, &journal.ConflictError{Kind: journal.ConflictOwner, ID: r.ID, State: r.State}
	case s.From == s.To:
		c.Checks++
	default:
		c.State, c.Checks, c.UpdatedAt = s.To, 0, simMillis(m.now())
	}
	c.Code, c.NextCheck, c.lease = cmp.Or(s.Code, c.Code), m.nextCancel(s.To, s.NextCheck), time.Time{}
	ev := s.Event
	ev.Reason = string(c.ID)
	m.addEvent(r, r.State, r.State, ev)
	m.enqueue(r, s.Messages)
	m.commits++
	return c.Cancel, nil
}

// Cancel implements lifecycle.CancelJournal.
func (m *simMemoryView) Cancel(_ context.Context, id payment.CancelID) (payment.Cancel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cancel(id)
	if c == nil {
		return payment.Cancel{}, fmt.Errorf("reading cancel %s: %w", id, journal.ErrNotFound)
	}
	return c.Cancel, nil
}

// CancelsOf implements lifecycle.CancelJournal.
func (m *simMemoryView) CancelsOf(_ context.Context, id payment.AttemptID) ([]payment.Cancel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cancelsOf(id), nil
}

// CancelsOpen returns cancels that have not come to their end.
func (m *simMemoryView) CancelsOpen(_ context.Context, limit int) ([]payment.Cancel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []payment.Cancel
	for _, c := range m.cancels {
		if !c.State.Final() {
			list = append(list, c.Cancel)
		}
	}
	slices.SortFunc(list, func(a, b payment.Cancel) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list[:min(limit, len(list))], nil
}

// laneOf is the lane of a cancel.
func (m *simMemory) laneOf(c *simCancel) journal.Lane {
	return journal.Lane{PG: m.rows[c.AttemptID].PG, Urgent: c.Checks < 5}
}

// CancelLanes implements lifecycle.CancelQueue.
func (m *simMemoryView) CancelLanes(_ context.Context, now time.Time) ([]journal.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []journal.Lane
	for _, c := range m.cancels {
		if !c.State.Final() && !c.NextCheck.After(simMillis(now)) {
			due = append(due, m.laneOf(c))
		}
	}
	return simLanes(due), nil
}

// CancelsDue implements lifecycle.CancelQueue.
func (m *simMemoryView) CancelsDue(_ context.Context, lane journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Cancel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	var due []*simCancel
	for _, c := range m.cancels {
		if m.laneOf(c) == lane && !c.State.Final() && !c.NextCheck.After(now) && !c.lease.After(now) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b *simCancel) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), strings.Compare(string(a.ID), string(b.ID)))
	})
	var list []payment.Cancel
	for _, c := range due[:min(limit, len(due))] {
		c.lease = simMillis(now.Add(lease))
		list = append(list, c.Cancel)
	}
	return list, nil
}
