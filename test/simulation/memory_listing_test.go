package simulation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Standings implements lifecycle.ListingJournal.
func (m *simMemoryView) Standings(_ context.Context, ids []payment.AttemptID) (map[payment.AttemptID]journal.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[payment.AttemptID]journal.Standing{}
	for _, id := range ids {
		r, ok := m.rows[id]
		if !ok {
			continue
		}
		s := journal.Standing{
			ID: id, PG: r.PG, Driver: r.Driver, State: r.State, PGTxID: r.PGTxID, Purpose: r.Purpose, Amount: r.Amount,
		}
		for _, c := range m.cancels {
			if c.AttemptID == id && c.State == payment.CancelDone {
				s.GivenBack += c.Amount
			}
		}
		found[id] = s
	}
	return found, nil
}

// ListingTake implements lifecycle.ListingJournal.
func (m *simMemoryView) ListingTake(_ context.Context, pg payment.PGID, holder string, now time.Time, hold time.Duration) (journal.Listing, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.listings[pg]
	if l.Holder != holder && l.HeldUntil.After(now) {
		return l, false, nil
	}
	l.Holder, l.HeldUntil = holder, simMillis(now.Add(hold))
	m.listings[pg] = l
	return l, true, nil
}

// ListingDone implements lifecycle.ListingJournal.
func (m *simMemoryView) ListingDone(_ context.Context, pg payment.PGID, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.listings[pg]; l.Until.Before(simMillis(until)) {
		l.Until = simMillis(until)
		m.listings[pg] = l
	}
	return nil
}

func (m *simMemory) ownerlessOf(pg payment.PGID, pgTxID string) *journal.Ownerless {
	i := slices.IndexFunc(m.ownerless, func(o *journal.Ownerless) bool { return o.PG == pg && o.PGTxID == pgTxID })
	if i < 0 {
		return nil
	}
	return m.ownerless[i]
}

// OwnerlessAdd implements lifecycle.ListingJournal.
func (m *simMemoryView) OwnerlessAdd(_ context.Context, o journal.Ownerless) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ownerlessOf(o.PG, o.PGTxID) != nil {
		return false, nil
	}
	o.State, o.CreatedAt, o.UpdatedAt = journal.OwnerlessOpen, simMillis(m.now()), simMillis(m.now())
	m.ownerless = append(m.ownerless, &o)
	return true, nil
}

// OwnerlessOf implements lifecycle.ListingJournal.
func (m *simMemoryView) OwnerlessOf(_ context.Context, pg payment.PGID, pgTxID string) (journal.Ownerless, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.ownerlessOf(pg, pgTxID); o != nil {
		return *o, true, nil
	}
	return journal.Ownerless{}, false, nil
}

// Tell implements lifecycle.ListingJournal.
func (m *simMemoryView) Tell(_ context.Context, msg payment.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.enqueue(&simRow{Attempt: payment.Attempt{OrderID: msg.OrderID}}, []payment.Message{msg})
	return nil
}

// OwnerlessEnd implements lifecycle.ListingJournal.
func (m *simMemoryView) OwnerlessEnd(_ context.Context, pg payment.PGID, pgTxID string, to journal.OwnerlessState, detail string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.ownerlessOf(pg, pgTxID)
	if o == nil || o.State != journal.OwnerlessOpen {
		return false, nil
	}
	o.State, o.Detail, o.UpdatedAt = to, detail, simMillis(m.now())
	return true, nil
}

// OwnerlessOpen implements lifecycle.CasesJournal.
func (m *simMemoryView) OwnerlessOpen(_ context.Context, limit int) ([]journal.Ownerless, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var open []journal.Ownerless
	for _, o := range m.ownerless {
		if o.State == journal.OwnerlessOpen {
			open = append(open, *o)
		}
	}
	slices.SortFunc(open, func(a, b journal.Ownerless) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.PGTxID, b.PGTxID))
	})
	return open[:min(len(open), limit)], nil
}
