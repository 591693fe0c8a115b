package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// OutboxDue implements gateway.Journal.
func (m *simMemoryView) OutboxDue(_ context.Context, l journal.OutboxLane, now time.Time, limit int, lease time.Duration) ([]payment.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	behind := map[payment.OrderID]bool{}
	var due []*simMessage
	for _, q := range m.outbox {
		if q.status == "done" {
			continue
		}
		first := !behind[q.OrderID]
		behind[q.OrderID] = true
		if first && l.Again == (q.Tries > 0) && q.status == "pending" && !q.next.After(now) && !q.leaseUntil.After(now) {
			due = append(due, q)
		}
	}
	slices.SortStableFunc(due, func(a, b *simMessage) int { return a.next.Compare(b.next) })
	due = due[:min(limit, len(due))]
	slices.SortFunc(due, func(a, b *simMessage) int { return a.seq - b.seq })
	var messages []payment.Message
	for _, q := range due {
		q.leaseUntil = simMillis(now.Add(lease))
		messages = append(messages, q.Message)
	}
	return messages, nil
}

// heads are the pending messages that no older one of their order holds back and that are not leased, the soonest
// first.
func (m *simMemory) heads(now time.Time) []*simMessage {
	behind := map[payment.OrderID]bool{}
	var free []*simMessage
	for _, q := range m.outbox {
		if q.status == "done" {
			continue
		}
		if !behind[q.OrderID] && q.status == "pending" && !q.leaseUntil.After(now) {
			free = append(free, q)
		}
		behind[q.OrderID] = true
	}
	slices.SortStableFunc(free, func(a, b *simMessage) int { return a.next.Compare(b.next) })
	return free
}

// OutboxProbe implements gateway.Journal.
func (m *simMemoryView) OutboxProbe(_ context.Context, now time.Time, skip int, lease time.Duration) ([]payment.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	tried := slices.DeleteFunc(m.heads(now), func(q *simMessage) bool { return q.Tries == 0 })
	if skip >= len(tried) {
		return nil, nil
	}
	tried[skip].leaseUntil = simMillis(now.Add(lease))
	return []payment.Message{tried[skip].Message}, nil
}

// OutboxRelease implements gateway.Journal.
func (m *simMemoryView) OutboxRelease(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.byID[id]; q != nil && q.status == "pending" {
		q.leaseUntil = time.Time{}
	}
	return nil
}

// OutboxPush implements gateway.Journal.
func (m *simMemoryView) OutboxPush(_ context.Context, now time.Time, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	behind := map[payment.OrderID]bool{}
	var waiting []*simMessage
	for _, q := range m.outbox {
		if q.status == "done" {
			continue
		}
		if !behind[q.OrderID] && q.status == "pending" && q.Tries > 0 && q.next.After(simMillis(now)) {
			waiting = append(waiting, q)
		}
		behind[q.OrderID] = true
	}
	slices.SortStableFunc(waiting, func(a, b *simMessage) int { return a.next.Compare(b.next) })
	waiting = waiting[:min(limit, len(waiting))]
	for _, q := range waiting {
		q.next = simMillis(now)
	}
	return len(waiting), nil
}

func (m *simMemory) message(id, status string, change func(q *simMessage)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, ok := m.byID[id]
	if !ok {
		return fmt.Errorf("message %s: %w", id, journal.ErrNotFound)
	}
	if q.status == "done" || status != "done" && q.status != "pending" {
		return nil
	}
	q.Tries++
	q.status, q.leaseUntil = status, time.Time{}
	change(q)
	m.commits++
	return nil
}

// OutboxDone implements gateway.Journal.
func (m *simMemoryView) OutboxDone(_ context.Context, id string) error {
	return m.message(id, "done", func(*simMessage) {})
}

// OutboxRetry implements gateway.Journal.
func (m *simMemoryView) OutboxRetry(_ context.Context, id string, next time.Time, _ string) error {
	return m.message(id, "pending", func(q *simMessage) { q.next = simMillis(next) })
}

// OutboxPark implements gateway.Journal.
func (m *simMemoryView) OutboxPark(_ context.Context, id, _ string) error {
	return m.message(id, "parked", func(*simMessage) {})
}

// Ping implements gateway.Journal.
func (m *simMemoryView) Ping(context.Context) error { return nil }

// Stats implements Journal, as far as the simulation asks.
func (m *simMemoryView) Stats(context.Context) (journal.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s journal.Stats
	for _, q := range m.outbox {
		switch q.status {
		case "pending":
			s.Pending++
		case "parked":
			s.Parked++
		}
	}
	return s, nil
}
