package gateway

import (
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// A PG is unwell when this many requests in a row were lost: it could not be reached, or money was asked for and no
// answer came. It then goes last in routing for unwellFor; what is lost after that makes it unwell again at once, for
// twice as long, up to unwellMost.
const (
	unwellAfter = 3
	unwellFor   = 30 * time.Second
	unwellMost  = 4 * time.Minute
)

// health remembers which PGs lost requests lately. It is safe for concurrent use.
type health struct {
	mu  sync.Mutex
	pgs map[healthKey]pgHealth
}

// healthKey parts requests that move money from those that read: a PG that answers look-ups and loses approvals is
// not well.
type healthKey struct {
	pg    payment.PGID
	money bool
}

type pgHealth struct {
	lost  int
	spell time.Duration
	until time.Time
}

func newHealth() *health { return &health{pgs: map[healthKey]pgHealth{}} }

// saw takes in what came of one request. An answer of any kind is a sign of life, a refusal too: a stranger's made-up
// token is refused by a PG that is well.
func (h *health) saw(pg payment.PGID, operation payment.Operation, outcome payment.CallOutcome, now time.Time) {
	key := healthKey{pg, operation.MovesMoney()} //guard:look-ups-make-up-for-nothing
	h.mu.Lock()
	defer h.mu.Unlock()
	if outcome.Answered() || outcome == payment.CallUnknown && !key.money { //guard:lost-answer-counts
		delete(h.pgs, key)
		return
	}
	p := h.pgs[key]
	if p.lost++; p.lost >= unwellAfter && !now.Before(p.until) {
		p.spell = min(max(2*p.spell, unwellFor), unwellMost)
		p.until = now.Add(p.spell)
	}
	h.pgs[key] = p
}

// healthAt is the PGs' health at one moment, as rules.Decide asks for it.
type healthAt struct {
	h   *health
	now time.Time
}

func (h *health) at(now time.Time) healthAt { return healthAt{h: h, now: now} }

// Healthy tells whether pg should be used before others.
func (a healthAt) Healthy(pg payment.PGID) bool {
	a.h.mu.Lock()
	defer a.h.mu.Unlock()
	return !a.now.Before(a.h.pgs[healthKey{pg, false}].until) && !a.now.Before(a.h.pgs[healthKey{pg, true}].until)
}
