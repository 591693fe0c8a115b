package gateway

import (
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// A PG that could not be reached this often in a row goes last in routing for a while.
const (
	unhealthyAfter = 5
	unhealthyFor   = 30 * time.Second
)

// health remembers which PGs could not be reached lately. It is safe for concurrent use.
type health struct {
	mu  sync.Mutex
	pgs map[payment.PGID]pgHealth
}

type pgHealth struct {
	failures int
	until    time.Time
}

func newHealth() *health { return &health{pgs: map[payment.PGID]pgHealth{}} }

// saw takes in one answer, or the lack of one.
func (h *health) saw(pg payment.PGID, reached bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reached {
		delete(h.pgs, pg)
		return
	}
	p := h.pgs[pg]
	if p.failures++; p.failures >= unhealthyAfter {
		p.until = now.Add(unhealthyFor)
	}
	h.pgs[pg] = p
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
	return !a.now.Before(a.h.pgs[pg].until)
}
