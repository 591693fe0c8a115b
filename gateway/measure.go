package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// Concluded counts what became of an attempt.
func (g *Gateway) Concluded(ctx context.Context, a payment.Attempt) {
	g.rate(a)
	g.metrics.Payment(string(a.PG), string(a.Method), string(a.State), int64(a.Amount))
	g.log.InfoContext(
		ctx, "attempt", a.LogAttr(), slog.Any("method", a.Method), slog.Int64("amount", int64(a.Amount)),
		slog.String("state", string(a.State)), slog.Any("reason", a.Reason),
	)
}

// Upstream counts one request to a PG.
func (g *Gateway) Upstream(
	pg payment.PGID, operation payment.Operation, outcome payment.CallOutcome, took time.Duration,
) {
	g.metrics.Upstream(string(pg), string(operation), string(outcome), took)
}

// keptBack counts a request to a PG that was not sent.
func (g *Gateway) keptBack(pg payment.PGID, class circuitClass, why string) {
	g.metrics.KeptBack(string(pg), string(class), why)
}

// Delivered counts one try to deliver a message to the shop.
func (g *Gateway) Delivered(result lifecycle.Delivery) {
	switch result {
	case lifecycle.Delivered:
		g.metrics.Delivered(metrics.ResultDelivered)
	case lifecycle.DeliveryFailed:
		g.metrics.Delivered(metrics.ResultFailed)
	case lifecycle.DeliveryParked:
		g.metrics.Delivered(metrics.ResultParked)
	}
}

// cancelEnded counts a cancel that came to a state.
func (g *Gateway) cancelEnded(a payment.Attempt, c payment.Cancel) {
	g.metrics.Cancelled(string(a.PG), string(c.State), int64(c.Amount))
}

// countDecision counts a decision by its reason.
func (g *Gateway) countDecision(d payment.Decision, err error) {
	switch {
	case err != nil:
		g.metrics.Decision(metrics.DecisionDenied, string(asProblem(err).Code), "", "")
	case d.Internal:
		g.metrics.Decision(metrics.DecisionForwarded, metrics.ReasonInternal, "", "")
	default:
		g.metrics.Decision(metrics.DecisionForwarded, metrics.ReasonRouted, string(d.Merchant.ID), d.Rule)
	}
}

// PublishRules tells the metrics which rules are in force and which names they have. Call it at the start and
// after every reload that was taken.
func PublishRules(s *rules.Snapshot, m *metrics.Metrics) {
	var n metrics.Names
	for _, p := range s.PGs() {
		n.PGs = append(n.PGs, string(p.ID))
	}
	for _, x := range s.Merchants() {
		n.Merchants = append(n.Merchants, string(x.ID))
	}
	for _, x := range s.Methods() {
		n.Methods = append(n.Methods, string(x))
	}
	n.Rules = s.Routes()
	m.SetRules(s.Version(), n)
}
