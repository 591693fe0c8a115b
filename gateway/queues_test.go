package gateway

import "context"

// once works on everything that is due now, and waits for it.
func (p *pool[L, T]) once(ctx context.Context) {
	p.look(ctx)
	p.running.Wait()
}

func (g *Gateway) sweepOnce(ctx context.Context)        { g.queues.attempts.once(ctx) }
func (g *Gateway) sweepLateOnce(ctx context.Context)    { g.queues.late.once(ctx) }
func (g *Gateway) sweepCancelsOnce(ctx context.Context) { g.queues.cancels.once(ctx) }

// deliverOnce delivers everything that is due now, also what comes up in its order meanwhile.
func (g *Gateway) deliverOnce(ctx context.Context) {
	for more := true; more; {
		g.queues.outbox.once(ctx)
		select {
		case <-g.wake:
		default:
			more = false
		}
	}
}
