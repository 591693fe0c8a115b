package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// shopTrialEvery is how long an address that nobody checks is left alone after it could not be connected to. Then it
	// gets one request that reads: if that fails too, it goes elsewhere.
	shopTrialEvery = 10 * time.Second
	// connectPatience is how long connecting may take before an address that says nothing is taken for away.
	connectPatience = time.Second
	// checkPause is how soon a reload that turns checks on is noticed.
	checkPause = time.Second
)

// health is what is known of how an address is.
type health struct {
	down atomic.Bool
	// trial is when it is tried again, in nanoseconds since 1970, where no checks are made.
	trial atomic.Int64

	// The rest is guarded by shops.mu. listed tells that the rules in force have it.
	listed bool
	// good and bad are how many checks in a row have ended so.
	good, bad int
}

// onTrial takes the one try that an address which is down has every shopTrialEvery.
func (h *health) onTrial(now time.Time) bool {
	due := h.trial.Load()
	return now.UnixNano() >= due && h.trial.CompareAndSwap(due, now.Add(shopTrialEvery).UnixNano())
}

// heard learns from a request: whether it was answered, and whether the address could not be connected to.
func (l *shopList) heard(p *shopPlace, answered, unreachable bool) {
	switch {
	case unreachable:
		l.of.set(p, false, "it cannot be connected to")
	case answered && p.down.Load() && l.view.health.Path == "":
		l.of.set(p, true, "it answers")
	}
}

// set records how an address is, and says so when that is new.
func (s *shops) set(p *shopPlace, up bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.good, p.bad = 0, 0; !up {
		p.trial.Store(time.Now().Add(shopTrialEvery).UnixNano())
	}
	if p.down.Swap(!up) == !up {
		return
	}
	if p.listed {
		s.metrics.OrderServiceUp(p.key.address, up)
	}
	of := []any{slog.String("address", p.key.address), slog.String("why", why)}
	if up {
		s.log.Info("an address of the order service is taken again", of...)
	} else {
		s.log.Warn("an address of the order service is left out", of...)
	}
}

// checked learns from a check.
func (l *shopList) checked(p *shopPlace, well bool) {
	h := l.view.health
	l.of.mu.Lock()
	if well {
		p.good, p.bad = p.good+1, 0
	} else {
		p.good, p.bad = 0, p.bad+1
	}
	up, down := p.good >= h.Successes, p.bad >= h.Failures
	l.of.mu.Unlock()
	switch {
	case up && p.down.Load():
		l.of.set(p, true, "it answers its checks")
	case down && !p.down.Load():
		l.of.set(p, false, "it does not answer its checks")
	}
}

// checkShops asks the addresses of the order service, until ctx ends, whether they are well.
func (g *Gateway) checkShops(ctx context.Context) {
	for {
		pause := checkPause
		v := g.view()
		if l, err := g.shops.listOf(v); err == nil && v.health.Path != "" {
			l.check() //nolint:contextcheck // its end is its deadline
			pause = v.health.Interval
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// check asks each address once, all at the same time.
func (l *shopList) check() {
	var all sync.WaitGroup
	for _, p := range l.places {
		all.Go(func() {
			if well, told := l.isWell(p); told {
				l.checked(p, well)
			}
		})
	}
	all.Wait()
}

// isWell asks an address whether it is well. It is not told when the question could not be asked for a reason of ours.
func (l *shopList) isWell(p *shopPlace) (well, told bool) {
	shop, h := l.view.shop, l.view.health
	var x upstream.Exchange
	began := time.Now()
	err := p.lookUps.Do(&x, &upstream.Request{
		Method: []byte("GET"), Target: []byte(shop.path + h.Path), Host: shop.host, More: []byte(wire.Lines),
		Deadline: time.Now().Add(h.Timeout),
	})
	if err != nil {
		ours := errors.Is(err, upstream.ErrNotSent) && (unasked(err) || !ofTheAddress(err, began))
		return false, !ours || time.Since(began) >= h.Timeout //guard:own-want-is-no-verdict
	}
	defer func() { _ = x.Close() }()
	status := x.Status()
	if _, err = wholeAnswer(&x); err != nil {
		return false, true
	}
	return status >= 200 && status < 400, true
}

// allUp tells whether all addresses of the order service are well.
func (l *shopList) allUp() bool {
	for _, p := range l.places {
		if p.down.Load() {
			return false
		}
	}
	return true
}
