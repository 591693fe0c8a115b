package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// The journal's pulse.
const (
	// pulseEvery is the pause between two writes that only see whether the journal can be written; pulseAgain is it
	// while it cannot.
	pulseEvery = 10 * time.Second
	pulseAgain = time.Second
	// pulseTimeout is how long one of them may take.
	pulseTimeout = 5 * time.Second
	// pulseMemory is how long a request that the journal failed is remembered.
	pulseMemory = 15 * time.Second
)

// pulse is what is known of the journal's health: whether it could be written when last tried, and whether it failed
// a request lately, which a write that succeeds in between does not make undone. It is safe for concurrent use.
type pulse struct {
	mu     sync.Mutex
	down   bool
	failed time.Time
}

// beat takes in whether the journal could be written.
func (p *pulse) beat(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = err != nil
}

// fail takes in that the journal failed a request.
func (p *pulse) fail(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = now
}

// isDown tells whether the journal could not be written when last tried.
func (p *pulse) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

// healthy tells whether checkouts are not known to fail for the journal's sake.
func (p *pulse) healthy(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.down && (p.failed.IsZero() || now.Sub(p.failed) > pulseMemory)
}

// feelPulse tries to write the journal until ctx ends, more often while it cannot be.
func (g *Gateway) feelPulse(ctx context.Context) {
	for {
		g.feelPulseOnce(ctx)
		pause := pulseEvery
		if !g.pulse.healthy(g.now()) {
			pause = pulseAgain
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

func (g *Gateway) feelPulseOnce(ctx context.Context) {
	tryCtx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	err := g.journal.Ping(tryCtx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	was := g.pulse.isDown()
	g.pulse.beat(err)
	g.metrics.JournalUp(err == nil)
	switch {
	case err != nil && !was:
		g.log.Error("the journal cannot be written; checkouts are refused until it can", slog.Any("err", err))
	case err == nil && was:
		g.log.Info("the journal can be written again")
	}
}

// closed is why nothing may be sold just now, nil when something may. A checkout is refused by it before an order is
// made or a buyer has waited for a database that is away; what really guards the order is the journal itself.
func (g *Gateway) closed(order payment.OrderID) error {
	if err := g.others.problem(order); err != nil {
		return err
	}
	if g.pulse.isDown() {
		return &payment.Problem{Code: payment.CodeJournalDown, OrderID: order}
	}
	return nil
}

// checkJournal is the journal's line in readyz.
func (g *Gateway) checkJournal() string {
	switch {
	case g.others.problem("") != nil:
		return "another process of this shop keeps a journal of its own: checkouts are refused"
	case !g.pulse.healthy(g.now()):
		return "it cannot be used: checkouts are refused"
	}
	return checkPass
}
