package sandbox

import "time"

// EntryKind says which way the money went.
type EntryKind string

// The kinds of ledger entry.
const (
	EntryCapture EntryKind = "capture"
	EntryCancel  EntryKind = "cancel"
)

// Entry is one movement of money.
type Entry struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// PG is inicis, portone_v1 or portone_v2.
	PG   string    `json:"pg"`
	Kind EntryKind `json:"kind"`
	// OrderRef is what the PG calls the order: oid, merchant_uid or paymentId.
	OrderRef string `json:"order_ref"`
	TxID     string `json:"tx_id"`
	Amount   Won    `json:"amount"`
	// By names what caused it: approve, pay, confirm, charge, again, billing, instant, onetime, schedule, retry,
	// deposit, console, net_cancel, refund or cancel.
	By string `json:"by"`
}

// Ledger is a copy of the books: all money that was captured and given back.
type Ledger struct {
	Entries   []Entry `json:"entries"`
	Captured  Won     `json:"captured"`
	Cancelled Won     `json:"cancelled"`
	Net       Won     `json:"net"`
}

// books is the ledger in the making. Sums and balances cover every entry ever made, entries only the newest.
type books struct {
	limit     int
	entries   []Entry
	captured  Won
	cancelled Won
	balances  *shelf[*balance]
}

// balance is what an order reference was charged and given back.
type balance struct {
	ref       string
	pg        string
	captured  Won
	cancelled Won
	captures  int
}

func newBooks(limit int) *books {
	return &books{limit: limit, balances: newShelf[*balance](limit)}
}

func (b *books) add(e Entry) {
	bal, ok := b.balances.get(e.OrderRef)
	if !ok {
		bal = &balance{ref: e.OrderRef, pg: e.PG}
		b.balances.put(e.OrderRef, bal)
	}
	switch e.Kind {
	case EntryCapture:
		b.captured += e.Amount
		bal.captured += e.Amount
		bal.captures++
	case EntryCancel:
		b.cancelled += e.Amount
		bal.cancelled += e.Amount
	}
	b.entries = append(b.entries, e)
	// Cut at twice the bound, so that each entry is copied once on average.
	if len(b.entries) >= 2*b.limit {
		b.entries = append([]Entry(nil), b.entries[len(b.entries)-b.limit:]...)
	}
}

// book writes a movement of money down; callers hold the mutex.
func (s *Sandbox) book(e Entry) {
	e.Seq = s.next()
	e.At = s.cfg.Now()
	s.books.add(e)
}

// Ledger returns a copy of the books.
func (s *Sandbox) Ledger() Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := s.books.entries
	if len(entries) > s.books.limit {
		entries = entries[len(entries)-s.books.limit:]
	}
	return Ledger{
		Entries:   append([]Entry{}, entries...),
		Captured:  s.books.captured,
		Cancelled: s.books.cancelled,
		Net:       s.books.captured - s.books.cancelled,
	}
}
