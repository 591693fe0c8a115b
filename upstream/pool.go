package upstream

import (
	"sync"
	"time"
)

// pool keeps connections for later. It is safe for concurrent use.
type pool struct {
	max int

	mu sync.Mutex
	// ready are those that may be used, the last put aside in the end.
	ready []*conn
	// resting are those that must be left alone for a while, the first put aside in front.
	resting []resting
	sweep   *time.Timer
}

type resting struct {
	*conn
	until time.Time
}

// get takes out the connection that was used last, or nil.
func (p *pool) get(now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake(now)
	n := len(p.ready) - 1
	if n < 0 {
		return nil
	}
	c := p.ready[n]
	p.ready[n] = nil
	p.ready = p.ready[:n]
	return c
}

// wake makes those ready that have rested. p.mu is held.
func (p *pool) wake(now time.Time) {
	n := 0
	for n < len(p.resting) && !p.resting[n].until.After(now) {
		p.ready = append(p.ready, p.resting[n].conn)
		n++
	}
	if n > 0 {
		rest := copy(p.resting, p.resting[n:])
		clear(p.resting[rest:])
		p.resting = p.resting[:rest]
	}
}

// put keeps c for later, after it has rested for rest, or closes it.
func (p *pool) put(c *conn, now time.Time, keep, rest time.Duration) {
	c.since, c.keep = now, keep
	p.mu.Lock()
	full := len(p.ready)+len(p.resting) >= p.max
	switch {
	case full:
	case rest > 0:
		p.resting = append(p.resting, resting{c, now.Add(rest)})
	default:
		p.ready = append(p.ready, c)
	}
	if p.sweep == nil {
		p.sweep = time.AfterFunc(keep, p.sweepOut)
	}
	p.mu.Unlock()
	if full {
		_ = c.Close()
	}
}

// stale tells whether the upstream may be about to close c.
func (c *conn) stale(now time.Time) bool { return now.Sub(c.since) >= c.keep }

// sweepOut closes what has been kept for too long, and comes again while there is something left.
func (p *pool) sweepOut() {
	now := time.Now()
	var old []*conn
	p.mu.Lock()
	p.wake(now)
	kept := p.ready[:0]
	next := time.Hour
	for _, c := range p.ready {
		if c.stale(now) {
			old = append(old, c)
			continue
		}
		kept = append(kept, c)
		next = min(next, c.keep-now.Sub(c.since))
	}
	clear(p.ready[len(kept):])
	p.ready = kept
	for _, r := range p.resting {
		next = min(next, r.until.Sub(now))
	}
	if p.sweep = nil; len(p.ready)+len(p.resting) > 0 {
		p.sweep = time.AfterFunc(max(next, time.Millisecond), p.sweepOut)
	}
	p.mu.Unlock()
	for _, c := range old {
		_ = c.Close()
	}
}

func (p *pool) closeAll() {
	p.mu.Lock()
	all := p.ready
	for _, r := range p.resting {
		all = append(all, r.conn)
	}
	p.ready, p.resting = nil, nil
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
	p.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}
