package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// firstCheck is when the sweep looks at a window that was opened for the first time.
const firstCheck = 2 * time.Minute

// checkoutAnswer is the answer of POST /checkout.
type checkoutAnswer struct {
	OrderID      payment.OrderID    `json:"order_id"`
	AttemptID    payment.AttemptID  `json:"attempt_id,omitempty"`
	PG           payment.PGID       `json:"pg,omitempty"`
	Merchant     payment.MerchantID `json:"merchant,omitempty"`
	Method       payment.Method     `json:"method,omitempty"`
	Amount       payment.Won        `json:"amount"`
	ExpiresAt    string             `json:"expires_at,omitempty"`
	RulesVersion string             `json:"rules_version"`
	Window       *payment.Window    `json:"window"`
	SettledBy    string             `json:"settled_by,omitempty"`
	// recorded is the attempt, where it is in the journal already.
	recorded *payment.Attempt
}

// checkout takes what the browser wants to pay to an open window: true figures from the order service, a
// decision by the rules, an attempt, the window's parameters. Errors are *payment.Problem for the user or
// match an adapters or journal error; nothing was charged in any case.
func (g *Gateway) checkout(ctx context.Context, v *view, c *payment.Checkout) (checkoutAnswer, error) {
	if err := v.checkAddresses(c); err != nil { //guard:checkout-returns-to-the-shop
		return checkoutAnswer{}, err
	}
	asked := g.askEarlier(ctx, c.OrderID)
	if err := g.trueFigures(ctx, v, c); err != nil {
		return checkoutAnswer{}, err
	}
	return g.openWindow(ctx, v, c, asked)
}

// deciding is what a decision depends on now, beside the rules and the checkout.
func (g *Gateway) deciding(failed []payment.PGID) rules.Options {
	now := g.now()
	w := &worldAt{g.circuits.at(now), g.rates.At(now)}
	return rules.Options{Now: now, Health: w, Rates: w, FailedPGs: failed, Warn: g.expressionFailed}
}

// worldAt is how the PGs do at the moment of one decision.
type worldAt struct {
	healthAt
	rules.RatesAt
}

// ruleFailed hears of a rule's expression that failed while running; the rule counted as not matching.
func (g *Gateway) ruleFailed(rule string, err error) {
	g.metrics.ExpressionFailed(rule)
	g.log.Warn("a rule's expression failed; the rule does not match", slog.String("rule", rule), slog.Any("err", err))
}

// openWindow decides a checkout whose figures are the order service's and prepares the window.
func (g *Gateway) openWindow(ctx context.Context, v *view, c *payment.Checkout, asked earlier) (checkoutAnswer, error) {
	failed, err := g.earlierAttempts(ctx, c.OrderID, asked)
	if err != nil {
		return checkoutAnswer{}, err
	}
	opt := g.deciding(failed)
	d, err := v.rules.Decide(c, opt)
	g.countDecision(d, err)
	if err != nil {
		return checkoutAnswer{}, withOrder(err, c.OrderID)
	}
	if d.Internal {
		return checkoutAnswer{OrderID: c.OrderID, Amount: c.Amount, RulesVersion: d.RulesVersion, SettledBy: "internal"}, nil
	}
	return g.prepareFirst(ctx, v, c, d, opt)
}

// prepareFirst prepares the decided window, or a fallback's when the PG cannot be reached: no window was
// handed out then, so nobody can have paid.
func (g *Gateway) prepareFirst(
	ctx context.Context, v *view, c *payment.Checkout, d payment.Decision, opt rules.Options,
) (checkoutAnswer, error) {
	ans, err := g.prepare(ctx, v, c, d, opt.Now)
	for _, f := range d.Fallbacks {
		if !mayElsewhere(err) {
			break
		}
		// Decided again for this merchant: its instalments and cards are its own.
		other, denied := v.rules.DecideFor(c, f.Merchant, opt)
		if denied != nil {
			continue
		}
		g.log.WarnContext(ctx, "a PG does not open its window; taking the fallback",
			slog.Any("order_id", c.OrderID), slog.Any("pg", d.PG.ID), slog.Any("fallback", f.PG), slog.Any("err", err))
		ans, err = g.prepare(ctx, v, c, other, opt.Now)
	}
	return ans, err
}

// mayElsewhere tells whether a window that was not opened may be at another PG: this one cannot be reached, or others
// have opened all the windows that the order may have there. Who has opened them himself is told when he may again.
func mayElsewhere(err error) bool {
	if p, ok := payment.AsProblem(err); ok && p.Code == payment.CodeTooManyAttempts {
		return p.RetryAfter == 0 //guard:all-windows-at-one-pg
	}
	return errors.Is(err, adapters.ErrUnavailable) || errors.Is(err, adapters.ErrUnknownOutcome)
}

func (g *Gateway) prepare(
	ctx context.Context, v *view, c *payment.Checkout, d payment.Decision, now time.Time,
) (checkoutAnswer, error) {
	if c.Purpose == payment.PurposeBillingKey && d.Merchant.ManualConfirm {
		return checkoutAnswer{}, &payment.Problem{
			Code: payment.CodePurposeNotSupported, Field: "purpose", OrderID: c.OrderID,
			DetailKo: "수동 승인 채널로는 빌링키를 발급하지 않습니다", DetailEn: "a channel with manual confirmation issues no billing keys",
		}
	}
	driver, ok := g.drivers[d.PG.Driver]
	if !ok {
		return checkoutAnswer{}, fmt.Errorf("PG %s: no driver %q", d.PG.ID, d.PG.Driver)
	}
	id := g.sealer.newAttemptID(v.environment, now)
	a := newAttempt(id, c, d, now, v.rules.Limits().AttemptTTL)
	var room [maxPayments]payment.MethodAmount
	_, settled := v.sides(room[:0], c.Payments)
	a.Secondary = payment.PartsOf(settled)
	base := v.rules.Server().Public.BaseURL
	req := adapters.PrepareRequest{
		Account: adapters.Account{PG: d.PG, Merchant: d.Merchant}, Attempt: a, Buyer: c.Buyer,
		Installments: d.Installments, Options: c.Window, Now: now,
	}
	if c.AppScheme != "" {
		req.App, _ = payment.ParseAppLink(c.AppScheme) // checkAddresses has read it
	}
	req.Options.Goods = c.GoodsAt(d.Merchant)
	spec := driver.Spec()
	req.ReturnURL = base + spec.Routes.ReturnOf(c.Purpose, c.Device)
	if spec.CarriesToken {
		// Without a closeUrl the window posts a buyer's cancel to the return address, where we can send him
		// back to the shop (inicis.md §1.2).
		var err error
		if req.Token, err = g.carried(a, spec); err != nil {
			return checkoutAnswer{}, err
		}
		req.NoticeURL = depositURL(base, spec.Routes, d.PG)
	} else {
		// The money can move there without passing us, so the attempt is on record before the PG hears of it.
		if err := g.record(ctx, a, now); err != nil {
			return checkoutAnswer{}, err
		}
		req.ReturnURL = g.others.marked(req.ReturnURL+"?"+returnParam+"="+string(a.ID), a)
		notice, confirm := hookURLs(base, spec.Routes, d.PG, d.Merchant)
		req.NoticeURL, req.ConfirmURL = g.others.marked(notice, a), g.others.marked(confirm, a)
	}
	w, err := g.window(ctx, driver, req)
	if err != nil {
		g.rateWindow(a, err)
		if !spec.CarriesToken {
			g.abandon(ctx, a)
		}
		return checkoutAnswer{}, fmt.Errorf("preparing the window of attempt %s: %w", a.ID, err)
	}
	var recorded *payment.Attempt
	if !spec.CarriesToken {
		of := a // a itself stays where it is for the others
		recorded = &of
	}
	return checkoutAnswer{
		OrderID: c.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, Amount: a.Amount,
		ExpiresAt: a.ExpiresAt.In(payment.KST()).Format(time.RFC3339), RulesVersion: a.RulesVersion, Window: &w,
		recorded: recorded,
	}, nil
}

// carried seals an attempt for its window. Where a window on a phone carries less than that, the goods' name stays
// behind: it is for reading alone.
func (g *Gateway) carried(a payment.Attempt, spec payment.DriverSpec) (string, error) {
	token := g.sealer.sealAttempt(a, g.others.here())
	onPhone := a.Device.Phone() && a.Purpose != payment.PurposeBillingKey
	if spec.PhoneToken == 0 || !onPhone || len(token) <= spec.PhoneToken {
		return token, nil
	}
	a.OrderName = ""
	if token = g.sealer.sealAttempt(a, g.others.here()); len(token) > spec.PhoneToken { //guard:phones-token-fits
		return "", &payment.Problem{
			Code: payment.CodeInvalidField, Field: "return_url", OrderID: a.OrderID,
			DetailKo: "return_url이 휴대폰 결제창에 담기에 너무 깁니다", DetailEn: "return_url is too long for the window on a phone",
		}
	}
	return token, nil
}

// record writes an attempt down whose window is about to be opened, as far as its client and its order may open more.
func (g *Gateway) record(ctx context.Context, a payment.Attempt, now time.Time) error {
	if err := g.admitWindow(ctx, a); err != nil {
		return err
	}
	err := g.journal.Insert(
		ctx, a, journal.Event{At: now, Kind: journal.EventOpened}, journal.Windows{Most: maxOpened, Now: now},
	)
	if err == nil {
		return nil
	}
	g.noWindow(ctx, a)
	if conflict, ok := errors.AsType[*journal.ConflictError](err); ok && conflict.Kind == journal.ConflictWindows {
		return &payment.Problem{Code: payment.CodeTooManyAttempts, OrderID: a.OrderID}
	}
	return err
}

func (g *Gateway) window(
	ctx context.Context, driver adapters.Driver, req adapters.PrepareRequest,
) (payment.Window, error) {
	if driver.Spec().CarriesToken {
		return driver.Prepare(ctx, req)
	}
	ctx, cancel := context.WithTimeout(ctx, req.PG.ReadTimeout)
	defer cancel()
	came, err := g.circuits.exit(req.PG.ID, payment.OperationPrepare)
	if err != nil { //guard:kept-back-opens-no-window
		return payment.Window{}, err
	}
	outcome := payment.CallUnknown // of a driver that panics
	defer func() { came(outcome) }()
	start := time.Now()
	w, err := driver.Prepare(ctx, req)
	outcome = wire.Outcome("", err)
	g.Upstream(req.PG.ID, payment.OperationPrepare, outcome, waited(ctx, start))
	return w, err
}

// abandon closes an attempt on record whose window never left this process.
func (g *Gateway) abandon(ctx context.Context, a payment.Attempt) {
	_, err := g.journal.Move(context.WithoutCancel(ctx), journal.Transition{
		ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateExpired, Reason: payment.ReasonNoWindow,
		Event: journal.Event{At: g.now(), Kind: journal.EventNoWindow},
	})
	if err != nil {
		g.log.WarnContext(
			ctx, "an attempt without a window stays open until the sweep ends it", a.LogAttr(), slog.Any("err", err),
		)
		return
	}
	g.noWindow(ctx, a)
}

// trueFigures replaces what the browser says of the order by what the order service says, and refuses a
// browser that said otherwise.
func (g *Gateway) trueFigures(ctx context.Context, v *view, c *payment.Checkout) error {
	o, err := g.lookUp(ctx, v, c.OrderID)
	if err != nil {
		return err
	}
	return v.takeFigures(c, o)
}

// takeFigures is trueFigures of an order that has been looked up.
func (v *view) takeFigures(c *payment.Checkout, o orders.Order) error {
	mismatch := func(field string) error {
		return &payment.Problem{
			Code: payment.CodeAmountMismatch, Field: field, OrderID: c.OrderID,
			DetailKo: field + " 값이 쇼핑몰의 주문과 다릅니다", DetailEn: field + " differs from the shop's order",
		}
	}
	switch {
	case c.Amount != o.Amount: //guard:browsers-amount-is-the-orders
		return mismatch("amount")
	case c.TaxFreeSet && c.TaxFree != o.TaxFree:
		return mismatch("tax_free")
	//guard:browsers-vat-is-the-orders
	case c.VATSet && (!o.VATSet || c.VAT != o.VAT): // not stated is an eleventh, not 0
		return mismatch("vat_amount")
	case c.OrderName != "" && c.OrderName != o.Name:
		return mismatch("order_name")
	}
	c.TaxFree, c.TaxFreeSet, c.OrderName = o.TaxFree, o.TaxFreeSet, o.Name
	c.VAT, c.VATSet = o.VAT, o.VATSet
	if o.Goods != "" {
		c.Window.Goods, c.GoodsByShop = o.Goods, true
	}
	return v.agreed(c.OrderID, c.Payments, o.Amount, o.Split) //guard:checkouts-split
}

// maxOpened is how many windows of one order may be open at one PG: each is a registration there and a row that is
// looked at for a day. The journal holds it in the write itself, however many checkouts of an order come at once; who
// opens them all at one PG leaves the order's other PGs as they are.
const maxOpened = 20

func newAttempt(
	id payment.AttemptID, c *payment.Checkout, d payment.Decision, now time.Time, ttl time.Duration,
) payment.Attempt {
	amount := d.Amount
	if c.Purpose == payment.PurposeBillingKey {
		// Nothing is charged for a key, whatever amount the window shows.
		amount = 0
	}
	return payment.Attempt{
		ID: id, OrderID: c.OrderID, PG: d.PG.ID, Driver: d.PG.Driver, Merchant: d.Merchant.ID, MID: d.Merchant.MID,
		Method: d.Method, Amount: amount, TaxFree: min(d.TaxFree, amount), VAT: d.VAT, VATSet: d.VATSet,
		OrderAmount: c.Amount, Currency: payment.CurrencyKRW, Test: d.Merchant.Mode != payment.ModeLive,
		ManualConfirm: d.Merchant.ManualConfirm, Device: c.Device, Site: c.Site, Purpose: c.Purpose, OrderName: c.OrderName,
		ReturnURL: c.ReturnURL, RulesVersion: d.RulesVersion, CreatedAt: now, ExpiresAt: now.Add(ttl),
		DepositDue: d.DepositDue, State: payment.StateOpened, UpdatedAt: now, NextCheck: now.Add(firstCheck),
	}
}

func withOrder(err error, id payment.OrderID) error {
	if p, ok := payment.AsProblem(err); ok {
		p.OrderID = id
	}
	return err
}
