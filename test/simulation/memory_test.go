package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simMemory is the journal of the simulation: the same promises as the real one without a disk, so that tens of
// thousands of schedules fit into minutes. TestSimJournalIsTheJournal holds it to the real one.
type simMemory struct {
	mu        sync.Mutex
	rows      map[payment.AttemptID]*simRow
	outbox    []*simMessage
	byID      map[string]*simMessage
	keys      map[string]*simKey
	unmatched []*simUnmatched
	cancels   []*simCancel
	// recoveries are in the order in which they were begun.
	recoveries []*simRecovery
	listings   map[payment.PGID]journal.Listing
	ownerless  []*journal.Ownerless
	commits    int
}

type simRow struct {
	payment.Attempt
	proofHash  string
	sealed     []byte
	leaseUntil time.Time
	events     []journal.Event
}

type simMessage struct {
	payment.Message
	seq        int
	status     string
	next       time.Time
	leaseUntil time.Time
}

func newSimMemory() *simMemory {
	return &simMemory{rows: map[payment.AttemptID]*simRow{}, byID: map[string]*simMessage{}, keys: map[string]*simKey{}, listings: map[payment.PGID]journal.Listing{}}
}

// simMemoryView is the journal as one pod opens it, with that pod's clock.
type simMemoryView struct {
	// Journal is nil: what a schedule does not call is not simulated.
	gateway.Journal
	*simMemory
	now func() time.Time
}

// simMillis is a time as the database gives it back.
func simMillis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func simNormal(a payment.Attempt) payment.Attempt {
	a.CreatedAt, a.ExpiresAt, a.NextCheck = simMillis(a.CreatedAt), simMillis(a.ExpiresAt), simMillis(a.NextCheck)
	return a
}

func (m *simMemoryView) fresh(a payment.Attempt) *simRow {
	a.State, a.UpdatedAt = payment.StateOpened, simMillis(m.now())
	if a.NextCheck.IsZero() {
		a.NextCheck = simMillis(m.now().Add(time.Minute))
	}
	return &simRow{Attempt: a}
}

func simSameContent(have, want payment.Attempt) error {
	want.State, want.PGTxID, want.Reason = have.State, have.PGTxID, have.Reason
	want.UpdatedAt, want.NextCheck, want.Checks = have.UpdatedAt, have.NextCheck, have.Checks
	if have != want {
		return &journal.ConflictError{Kind: journal.ConflictContent, ID: have.ID, State: have.State}
	}
	return nil
}

func (m *simMemoryView) addEvent(r *simRow, from, to payment.State, ev journal.Event) {
	if ev.At.IsZero() {
		ev.At = m.now()
	}
	ev.At, ev.From, ev.To, ev.Times = simMillis(ev.At), from, to, 1
	fold := ev.Fold
	ev.Fold = false
	if n := len(r.events); fold && n > 0 {
		last := r.events[n-1]
		last.At, last.Times, last.LastAt = ev.At, 1, time.Time{}
		if last == ev {
			r.events[n-1].Times++
			r.events[n-1].LastAt = ev.At
			return
		}
	}
	r.events = append(r.events, ev)
}

// Insert implements gateway.Journal.
func (m *simMemoryView) Insert(_ context.Context, a payment.Attempt, ev journal.Event, bound ...journal.Windows) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	a = simNormal(a)
	for _, b := range bound {
		open := 0
		for _, r := range m.rows {
			if r.OrderID == a.OrderID && r.PG == a.PG && r.ID != a.ID && r.State == payment.StateOpened && r.ExpiresAt.After(simMillis(b.Now)) {
				open++
			}
		}
		if open >= b.Most {
			return &journal.ConflictError{Kind: journal.ConflictWindows, ID: a.ID, State: payment.StateOpened}
		}
	}
	if have, ok := m.rows[a.ID]; ok {
		return simSameContent(have.Attempt, a)
	}
	r := m.fresh(a)
	m.rows[a.ID] = r
	m.addEvent(r, "", payment.StateOpened, ev)
	m.commits++
	return nil
}

// Claim implements gateway.Journal.
func (m *simMemoryView) Claim(_ context.Context, a payment.Attempt, c journal.Claim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.Card != nil {
		panic("the model knows no cards that may have one billing key only")
	}
	a = simNormal(a)
	r, known := m.rows[a.ID]
	if !known {
		r = m.fresh(a)
	}
	if r.OrderID != a.OrderID {
		return &journal.ConflictError{Kind: journal.ConflictContent, ID: a.ID, State: r.State}
	}
	if err := simSameContent(r.Attempt, a); err != nil {
		return err
	}
	if r.State != payment.StateOpened {
		return &journal.ConflictError{Kind: journal.ConflictState, ID: a.ID, State: r.State}
	}
	for _, o := range m.rows {
		if c.ProofHash != "" && o.proofHash == c.ProofHash {
			return &journal.ConflictError{Kind: journal.ConflictReplay, ID: o.ID, State: o.State}
		}
	}
	if err := m.unblocked(r); err != nil {
		return err
	}
	recovering, err := m.recoverable(r.Attempt, c.Recovery)
	if err != nil {
		return err
	}
	recovering()
	m.rows[a.ID] = r
	r.proofHash, r.sealed = c.ProofHash, c.SealedProof
	m.put(r, journal.Transition{To: c.To, Event: c.Event, NextCheck: c.NextCheck, PGTxID: c.PGTxID})
	return nil
}

// ProofOwner implements gateway.Journal.
func (m *simMemoryView) ProofOwner(_ context.Context, hash string) (payment.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if hash != "" && r.proofHash == hash {
			return r.Attempt, nil
		}
	}
	return payment.Attempt{}, journal.ErrNotFound
}

func (m *simMemory) unblocked(own *simRow) error {
	var found *journal.ClaimedError
	for _, o := range m.rows {
		if o.ID == own.ID || o.OrderID != own.OrderID || !o.State.Blocks() {
			continue
		}
		if found == nil || o.State.Holds() {
			found = &journal.ClaimedError{Winner: o.ID, State: o.State}
		}
	}
	if found == nil {
		return nil
	}
	return found
}

// Move implements gateway.Journal.
func (m *simMemoryView) Move(_ context.Context, t journal.Transition) (payment.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[t.ID]
	switch {
	case !ok:
		return payment.Attempt{}, fmt.Errorf("attempt %s: %w", t.ID, journal.ErrNotFound)
	case !slices.Contains(t.From, r.State):
		return payment.Attempt{}, &journal.ConflictError{Kind: journal.ConflictState, ID: t.ID, State: r.State}
	case !payment.CanMove(r.State, t.To):
		return payment.Attempt{}, &journal.ConflictError{Kind: journal.ConflictMove, ID: t.ID, State: r.State}
	}
	if t.To.Holds() && !r.State.Holds() {
		if err := m.unblocked(r); err != nil {
			return payment.Attempt{}, err
		}
	}
	m.put(r, t)
	return r.Attempt, nil
}

func (m *simMemoryView) put(r *simRow, t journal.Transition) {
	from := r.State
	r.State, r.UpdatedAt, r.leaseUntil = t.To, simMillis(m.now()), time.Time{}
	r.PGTxID, r.Reason = cmp.Or(t.PGTxID, r.PGTxID), cmp.Or(t.Reason, r.Reason)
	if t.SealedProof != nil {
		r.sealed = t.SealedProof
	}
	if t.WipeProof || t.To.Final() && !t.KeepProof {
		r.sealed = nil
	}
	r.NextCheck = m.nextCheck(t.To, t.NextCheck)
	ev := t.Event
	ev.PGTxID, ev.Reason = cmp.Or(ev.PGTxID, t.PGTxID), cmp.Or(ev.Reason, string(t.Reason))
	m.addEvent(r, from, t.To, ev)
	m.enqueue(r, t.Messages)
	m.commits++
}

// enqueue puts messages of an attempt into the outbox, each once.
func (m *simMemory) enqueue(r *simRow, messages []payment.Message) {
	for _, msg := range messages {
		if m.byID[msg.ID] != nil {
			continue
		}
		msg.OrderID = r.OrderID
		msg.CreatedAt = simMillis(msg.CreatedAt)
		q := &simMessage{Message: msg, seq: len(m.outbox), status: "pending", next: msg.CreatedAt}
		m.outbox, m.byID[msg.ID] = append(m.outbox, q), q
	}
}

func (m *simMemoryView) nextCheck(to payment.State, wanted time.Time) time.Time {
	switch {
	case to.Final():
		return time.Time{}
	case wanted.IsZero():
		return simMillis(m.now().Add(time.Minute))
	}
	return simMillis(wanted)
}

// Touch implements gateway.Journal.
func (m *simMemoryView) Touch(_ context.Context, l journal.LookUp) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[l.ID]
	switch {
	case !ok:
		return fmt.Errorf("attempt %s: %w", l.ID, journal.ErrNotFound)
	case r.State != l.State || r.State.Final():
		return &journal.ConflictError{Kind: journal.ConflictState, ID: l.ID, State: r.State}
	case !l.NotOwned && (r.Checks != l.Checks || !r.leaseUntil.Equal(simMillis(l.Lease))):
		return &journal.ConflictError{Kind: journal.ConflictOwner, ID: l.ID, State: r.State}
	}
	next := m.nextCheck(r.State, l.NextCheck)
	if !l.NotOwned || next.Before(r.NextCheck) {
		r.NextCheck = next
	}
	if !l.NotOwned {
		r.leaseUntil = time.Time{}
		r.Checks++
	}
	m.addEvent(r, r.State, r.State, l.Event)
	m.commits++
	return nil
}

// Replan implements gateway.Journal.
func (m *simMemoryView) Replan(_ context.Context, p journal.Plan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[p.ID]
	switch {
	case !ok:
		return fmt.Errorf("attempt %s: %w", p.ID, journal.ErrNotFound)
	case r.State != payment.StateOpened:
		return &journal.ConflictError{Kind: journal.ConflictState, ID: p.ID, State: r.State}
	case r.leaseUntil.After(simMillis(m.now())):
		return &journal.ConflictError{Kind: journal.ConflictOwner, ID: p.ID, State: r.State}
	}
	r.ExpiresAt, r.NextCheck = simMillis(p.ExpiresAt), m.nextCheck(r.State, p.NextCheck)
	r.UpdatedAt, r.leaseUntil = simMillis(m.now()), time.Time{}
	m.addEvent(r, r.State, r.State, p.Event)
	m.commits++
	return nil
}

// Attempt implements gateway.Journal.
func (m *simMemoryView) Attempt(_ context.Context, id payment.AttemptID) (payment.Attempt, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[id]
	if !ok {
		return payment.Attempt{}, nil, fmt.Errorf("reading attempt %s: %w", id, journal.ErrNotFound)
	}
	return r.Attempt, r.sealed, nil
}

// AttemptsOf implements gateway.Journal.
func (m *simMemoryView) AttemptsOf(_ context.Context, order payment.OrderID) ([]payment.Attempt, error) {
	return m.where(func(r *simRow) bool { return r.OrderID == order }, func(a, b payment.Attempt) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	}), nil
}

// StatesOf implements gateway.Journal.
func (m *simMemoryView) StatesOf(ctx context.Context, order payment.OrderID) ([]journal.AttemptState, error) {
	list, err := m.AttemptsOf(ctx, order)
	var states []journal.AttemptState
	for _, a := range list {
		states = append(states, journal.AttemptState{PG: a.PG, State: a.State})
	}
	return states, err
}

// EachOpen hands out the open attempts.
func (m *simMemoryView) EachOpen(_ context.Context, yield func(payment.Attempt) error, _ ...payment.State) error {
	open := m.where(func(r *simRow) bool { return !r.State.Final() }, func(a, b payment.Attempt) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	for _, a := range open {
		if err := yield(a); err != nil {
			return err
		}
	}
	return nil
}

// simOpen are the open attempts of a journal.
func simOpen(ctx context.Context, books simBooks) (open []payment.Attempt, err error) {
	err = books.EachOpen(ctx, func(a payment.Attempt) error {
		open = append(open, a)
		return nil
	})
	return open, err
}

func (m *simMemory) where(keep func(*simRow) bool, by func(a, b payment.Attempt) int) []payment.Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []payment.Attempt
	for _, r := range m.rows {
		if keep(r) {
			list = append(list, r.Attempt)
		}
	}
	slices.SortFunc(list, by)
	return list
}

// lane is an attempt's.
func (r *simRow) lane() journal.Lane {
	moving := slices.Contains([]payment.State{payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateUnknown, payment.StateCancelling}, r.State)
	return journal.Lane{PG: r.PG, Urgent: moving && r.Checks < 5}
}

// simLanes are the lanes of what is due, as the journal orders them.
func simLanes(due []journal.Lane) []journal.Lane {
	slices.SortFunc(due, func(a, b journal.Lane) int {
		if a.Urgent != b.Urgent {
			return map[bool]int{true: -1, false: 1}[a.Urgent]
		}
		return strings.Compare(string(a.PG), string(b.PG))
	})
	return slices.Compact(due)
}

// DueLanes implements gateway.Journal.
func (m *simMemoryView) DueLanes(_ context.Context, now time.Time) ([]journal.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []journal.Lane
	for _, r := range m.rows {
		if !r.State.Final() && !r.NextCheck.After(simMillis(now)) {
			due = append(due, r.lane())
		}
	}
	return simLanes(due), nil
}

// Due implements gateway.Journal.
func (m *simMemoryView) Due(_ context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Attempt, error) {
	now = simMillis(now)
	due := m.where(func(r *simRow) bool {
		return r.lane() == l && !r.State.Final() && !r.NextCheck.After(now) && !r.leaseUntil.After(now)
	}, func(a, b payment.Attempt) int {
		return cmp.Or(a.NextCheck.Compare(b.NextCheck), strings.Compare(string(a.ID), string(b.ID)))
	})
	due = due[:min(limit, len(due))]
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range due {
		m.rows[a.ID].leaseUntil = simMillis(now.Add(lease))
	}
	return due, nil
}

// Events returns the history of an attempt.
func (m *simMemoryView) Events(_ context.Context, id payment.AttemptID) ([]journal.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[id]
	if !ok {
		return nil, nil
	}
	return slices.Clone(r.events), nil
}
