package journal

import (
	"context"
	"database/sql"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// known remembers which orders have attempts, where this process is the only one that adds any. It may only say that an
// order surely has none: almost every checkout is of such an order, and the database need not be asked. What keeps an
// order from being charged twice is the claim, which never asks here. It is safe for concurrent use.
type known struct {
	orders *orderSet
	// complete tells that the orders of before are in as well.
	complete atomic.Bool
	// failing tells that the last commit failed: then the database is asked, which says why.
	failing atomic.Bool
}

// add remembers an order, before a row of it can be seen.
func (k *known) add(order payment.OrderID) {
	if k != nil {
		k.orders.add(order)
	}
}

// surelyNone tells whether the order certainly has no attempts.
func (k *known) surelyNone(order payment.OrderID) bool {
	return k != nil &&
		k.complete.Load() && //guard:memory-is-complete
		!k.failing.Load() && //guard:memory-of-a-failing-journal
		!k.orders.has(order)
}

// committed takes in how a commit ended.
func (k *known) committed(err error) {
	if k != nil {
		k.failing.Store(err != nil)
	}
}

// forget ends all that was certain.
func (k *known) forget() {
	if k != nil {
		k.complete.Store(false)
	}
}

// recallPage is how many orders are read at once: no reader keeps the log of writes from being folded in for long.
const recallPage = 10_000

// recall adds the orders that the journal had before. Orders of attempts that are written meanwhile add themselves, and
// an order that is there all the while is on some page.
func (j *Journal) recall(ctx context.Context) error {
	for last := ""; ; {
		rows, err := j.r.query(ctx, `SELECT DISTINCT order_id FROM attempts WHERE order_id > ? ORDER BY order_id LIMIT ?`,
			last, recallPage)
		if err != nil {
			return err
		}
		page, err := collect(rows, func(r *sql.Rows) (order string, err error) {
			err = r.Scan(&order)
			return order, err
		})
		if err != nil {
			return err
		}
		for _, order := range page {
			j.known.add(payment.OrderID(order))
		}
		if len(page) < recallPage {
			return nil
		}
		last = page[len(page)-1]
	}
}

// remember recalls what the journal had before, until it succeeds or the journal is closed. Until then every order is
// asked for.
func (j *Journal) remember() {
	ctx, cancel := context.WithCancel(context.Background())
	j.waiting.Go(func() {
		<-j.closing
		cancel()
	})
	for {
		if j.recall(ctx) == nil {
			j.known.complete.Store(true)
			return
		}
		select {
		case <-time.After(awaitEvery):
		case <-j.closing:
			return
		}
	}
}

// The sizes of an orderSet. With 12 bits for an order and 8 of them set, about one order in 300 that is not in it is
// taken for one that is.
const (
	bitsEach = 12
	setEach  = 8
	// firstLayer is the size of the first layer in words of 64 bits: 128 KiB, for 87,000 orders. Each one that follows
	// is twice as large, up to lastLayer: 32 MiB. All of them hold 44 million orders in 64 MiB; what comes after that is
	// put into the last one, which is wrong more often then.
	firstLayer = 1 << 14
	lastLayer  = 1 << 22
)

// orderSet is a set of orders in a few bits each (a Bloom filter in layers). What was added is always found; what was
// not is found now and then. It is safe for concurrent use. Make it with newOrderSet.
type orderSet struct {
	// seed keeps anybody from choosing orders that are all taken for one another.
	seed   maphash.Seed
	mu     sync.RWMutex
	layers []layer
}

type layer struct {
	words []uint64
	room  int
}

func newOrderSet() *orderSet { return &orderSet{seed: maphash.MakeSeed()} }

// hash makes where an order's first bit is, and how far apart its others are.
func (s *orderSet) hash(order payment.OrderID) (first, step uint64) {
	h := maphash.String(s.seed, string(order))
	return h, h>>32 | 1
}

// add puts an order in.
func (s *orderSet) add(order payment.OrderID) {
	first, step := s.hash(order)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in(first, step) {
		return
	}
	n := len(s.layers) - 1
	if n < 0 || s.layers[n].room <= 0 && len(s.layers[n].words) < lastLayer {
		words := firstLayer
		if n >= 0 {
			words = 2 * len(s.layers[n].words)
		}
		s.layers = append(s.layers, layer{words: make([]uint64, words), room: words * 64 / bitsEach})
		n++
	}
	s.layers[n].set(first, step)
}

// has tells whether an order is in, or may be.
func (s *orderSet) has(order payment.OrderID) bool {
	first, step := s.hash(order)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.in(first, step)
}

func (s *orderSet) in(first, step uint64) bool {
	for _, l := range s.layers {
		if l.has(first, step) {
			return true
		}
	}
	return false
}

func (l *layer) set(first, step uint64) {
	mask := uint64(len(l.words)*64 - 1)
	for range setEach {
		bit := first & mask
		l.words[bit/64] |= 1 << (bit % 64)
		first += step
	}
	l.room--
}

func (l *layer) has(first, step uint64) bool {
	mask := uint64(len(l.words)*64 - 1)
	for range setEach {
		bit := first & mask
		if l.words[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
		first += step
	}
	return true
}
