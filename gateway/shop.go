package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// askShop asks the order service, as a view knows it, at one of its addresses. Whatever becomes of that, no other one
// is asked: what is asked here may change something there.
func (g *Gateway) askShop(v *view, ask func(*orders.Client) error) error {
	l, err := g.shops.listOf(v)
	if err != nil {
		return err
	}
	i := l.pick(false, 0)
	p := l.places[i]
	began := time.Now()
	p.waiting.Add(1)
	err = ask(v.orders.Through(g.orderHTTP).At(v.shops[i].url))
	p.waiting.Add(-1)
	l.heard(p, err == nil, errors.Is(err, onewrite.ErrNotSent) && ofTheAddress(err, began))
	return err
}

// deliver sends a message of the outbox to the order service; nil means that it has acknowledged it.
func (g *Gateway) deliver(ctx context.Context, m payment.Message) error {
	return g.askShop(g.view(), func(c *orders.Client) error { return c.Deliver(ctx, m, g.now()) })
}

// NewOrders is the client of the order service that a configuration names. It sends once it has an HTTP client, which
// its Through takes.
func NewOrders(c rules.OrderServiceConfig) (*orders.Client, error) {
	return orders.New(orders.Config{
		URL: c.URL, LookupPath: c.LookupPath, LookupTimeout: c.LookupTimeout,
		ConfirmPath: c.ConfirmPath, ConfirmTimeout: c.ConfirmTimeout,
		EventsPath: c.EventsPath, EventsTimeout: c.EventsTimeout, Secrets: c.EventsSecrets,
		Fields: orders.Fields{
			OrderID: c.LookupFields["order_id"], Amount: c.LookupFields["amount"], TaxFree: c.LookupFields["tax_free"],
			VAT: c.LookupFields["vat_amount"], OrderName: c.LookupFields["order_name"], Currency: c.LookupFields["currency"],
			Status: c.LookupFields["status"], Payments: c.LookupFields["payments"], PGAmount: c.LookupFields["pg_amount"],
			Digital: c.LookupFields["digital"],
		},
	}, nil)
}

// Confirm asks the order service whether an attempt may be charged. No answer is a no (design promise 8). A shop
// that chose not to be asked (order_service.confirm: none) has said yes beforehand.
func (g *Gateway) Confirm(ctx context.Context, a payment.Attempt) lifecycle.Answer {
	v := g.view()
	if v.rules.OrderService().ConfirmNone {
		g.metrics.Confirmed(metrics.AnswerNotAsked)
		return lifecycle.Answer{Yes: true}
	}
	start := time.Now()
	var ans orders.Answer
	err := g.askShop(v, func(c *orders.Client) (err error) {
		ans, err = c.Confirm(ctx, orders.Question{
			OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Method: a.Method, Amount: a.Amount, OrderAmount: a.OrderAmount,
			Payments: a.Split(),
		})
		return err
	})
	waited(ctx, start)
	switch {
	case err != nil:
		g.metrics.Confirmed(metrics.AnswerSilent)
		g.log.WarnContext(ctx, "the order service did not confirm", a.LogAttr(), slog.Any("err", err))
		return lifecycle.Answer{ //guard:shops-silence-is-no
			Reason: payment.ReasonShopSilent, DetailKo: "쇼핑몰이 응답하지 않아 결제하지 않았습니다",
			DetailEn: "the shop did not answer, so nothing was charged",
		}
	case !ans.Yes:
		g.metrics.Confirmed(metrics.AnswerNo)
		reason := cmp.Or(payment.RefusedFor(ans.Code), payment.ReasonShopRefused)
		g.log.InfoContext(ctx, "the order service refused", a.LogAttr(), slog.Any("reason", reason))
		return lifecycle.Answer{
			Reason: reason, DetailKo: clipText(ans.ReasonKo, maxText), DetailEn: clipText(ans.ReasonEn, maxText),
		}
	}
	g.metrics.Confirmed(metrics.AnswerYes)
	return lifecycle.Answer{Yes: true}
}
