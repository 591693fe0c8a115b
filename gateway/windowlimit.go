package gateway

import (
	"context"

	"github.com/pg-gateway/pg-gateway/payment"
)

// noWindow takes back what admitWindow counted for a window that did not open. A buyer who tries again and again
// while the journal or a PG is away would else be refused for long after both are back.
func (g *Gateway) noWindow(ctx context.Context, a payment.Attempt) {
	if client, ok := ctx.Value(clientKey{}).(string); ok {
		g.limits.windows.giveBack(windowKey(a, client), windowRate(), windowBurst, g.now())
	}
}
