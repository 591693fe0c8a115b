package gateway

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// giveBack puts into key's bucket what take took from it.
func (b *buckets) giveBack(key string, r rules.Rate, burst int, now time.Time) {
	// Fewer than none are taken; what is more than the bucket holds is lost.
	b.of(key, r, burst).AllowN(now, -1) //guard:unopened-window-not-counted
}

// noWindow takes back what admitWindow counted for a window that did not open. A buyer who tries again and again
// while the journal or a PG is away would else be refused for long after both are back.
func (g *Gateway) noWindow(ctx context.Context, a payment.Attempt) {
	if client, ok := ctx.Value(clientKey{}).(string); ok {
		g.limits.windows.giveBack(windowKey(a, client), windowRate(), windowBurst, g.now())
	}
}
