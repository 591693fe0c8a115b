package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simRecovery is a recovery in the simulation's journal.
type simRecovery struct {
	payment.Recovery
	leaseUntil time.Time
}

// recoverable keeps all other charges from an order that is being recovered, and begins or goes on with a recovery: what
// it returns is done once the charge is claimed.
func (m *simMemoryView) recoverable(a payment.Attempt, try *journal.RecoveryTry) (begin func(), err error) {
	nothing := func() {}
	if a.Purpose != payment.PurposeRecurring {
		return nothing, nil
	}
	var open *simRecovery
	for _, r := range m.recoveries {
		if r.OrderID == a.OrderID && r.State.Open() {
			open = r
		}
	}
	now := simMillis(m.now())
	switch {
	case open != nil && (try == nil || try.New || open.ID != try.Row.ID):
		return nil, &journal.RecoveringError{Recovery: open.Recovery}
	case try == nil:
		return nothing, nil
	case try.New:
		return func() {
			m.recoveries = append(m.recoveries, &simRecovery{Recovery: payment.Recovery{
				ID: try.Row.ID, OrderID: a.OrderID, PG: a.PG, Attempt: a.ID, State: payment.RecoveryTrying, Sealed: try.Row.Sealed,
				CreatedAt: now, UpdatedAt: now, NextCheck: simMillis(try.NextCheck),
			}})
		}, nil
	case open == nil || open.State != payment.RecoveryWaiting || open.Tries != try.Row.Tries:
		return nil, &journal.ConflictError{Kind: journal.ConflictRecovery, ID: try.Row.ID, State: payment.StateOpened}
	}
	return func() {
		open.State, open.Attempt, open.UpdatedAt, open.NextCheck = payment.RecoveryTrying, a.ID, now, simMillis(try.NextCheck)
		open.Tries++
		open.leaseUntil = time.Time{}
	}, nil
}

// RecoveryMove implements gateway.Journal.
func (m *simMemoryView) RecoveryMove(_ context.Context, s journal.RecoveryStep) (payment.Recovery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.recoveries, func(r *simRecovery) bool {
		return r.ID == s.Row.ID && r.State.Open() && r.State == s.Row.State && r.Tries == s.Row.Tries && r.Used == s.Row.Used &&
			r.StopAsked == s.Row.StopAsked
	})
	if i < 0 {
		return payment.Recovery{}, &journal.ConflictError{Kind: journal.ConflictRecovery, ID: s.Row.ID, State: payment.StateOpened}
	}
	r := m.recoveries[i]
	r.State, r.Used, r.Class, r.Reason, r.Stopped, r.StopAsked = s.To, s.Used, s.Class, s.Reason, s.Stopped, s.StopAsked
	r.NextCheck, r.UpdatedAt, r.leaseUntil = simMillis(s.NextCheck), simMillis(m.now()), time.Time{}
	switch {
	case !r.State.Open():
		r.NextCheck, r.Sealed = time.Time{}, nil
	case r.NextCheck.IsZero():
		r.NextCheck = simMillis(m.now().Add(time.Minute))
	}
	m.enqueue(&simRow{Attempt: payment.Attempt{ID: r.Attempt, OrderID: r.OrderID}}, s.Messages)
	m.commits++
	return r.Recovery, nil
}

// RecoveryOf implements gateway.Journal.
func (m *simMemoryView) RecoveryOf(_ context.Context, order payment.OrderID) (payment.Recovery, error) {
	list := m.recoveriesWhere(func(r *simRecovery) bool { return r.OrderID == order })
	if len(list) == 0 {
		return payment.Recovery{}, fmt.Errorf("recovery of %s: %w", order, journal.ErrNotFound)
	}
	return list[0], nil
}

// Recoveries implements gateway.Journal, for a filter that has nothing but a limit.
func (m *simMemoryView) Recoveries(_ context.Context, f journal.ListFilter) ([]payment.Recovery, error) {
	list := m.recoveriesWhere(func(*simRecovery) bool { return true })
	return list[:min(f.Limit, len(list))], nil
}

// recoveriesWhere are some recoveries, the newest first.
func (m *simMemory) recoveriesWhere(keep func(*simRecovery) bool) (list []payment.Recovery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.recoveries {
		if keep(r) {
			list = append(list, r.Recovery)
		}
	}
	slices.SortFunc(list, func(a, b payment.Recovery) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return list
}

func (r *simRecovery) lane() journal.Lane {
	return journal.Lane{PG: r.PG, Urgent: r.State == payment.RecoveryTrying}
}

// RecoveryLanes implements gateway.Journal.
func (m *simMemoryView) RecoveryLanes(_ context.Context, now time.Time) ([]journal.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []journal.Lane
	for _, r := range m.recoveries {
		if r.State.Open() && !r.NextCheck.After(simMillis(now)) {
			due = append(due, r.lane())
		}
	}
	return simLanes(due), nil
}

// RecoveriesDue implements gateway.Journal.
func (m *simMemoryView) RecoveriesDue(_ context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Recovery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = simMillis(now)
	var due []*simRecovery
	for _, r := range m.recoveries {
		if r.lane() == l && r.State.Open() && !r.NextCheck.After(now) && !r.leaseUntil.After(now) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b *simRecovery) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), cmp.Compare(a.ID, b.ID))
	})
	var rows []payment.Recovery
	for _, r := range due[:min(limit, len(due))] {
		r.leaseUntil = simMillis(now.Add(lease))
		rows = append(rows, r.Recovery)
	}
	return rows, nil
}
