package rules

import (
	"bytes"
	"errors"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// rawCheckout is a checkout as rule tests, explain and diff write it: YAML or JSON.
type rawCheckout struct {
	orderID   string
	amount    payment.Won
	amountSet bool
	payments  []rawPart
	site      string
	device    payment.Device
	purpose   payment.Purpose
	country   string
	name      string
	taxFree   payment.Won
	taxSet    bool
	vat       payment.Won
	vatSet    bool
	due       time.Time
	company   string
	months    int
	cardSet   bool
	ignored   string
	byAPI     bool
	at        time.Time
}

type rawPart struct {
	method word
	amount payment.Won
}

// set notes that a value was there.
func set(dst *bool, r reader) reader {
	return func(v value) {
		if v.schema == nil {
			*dst = true
		}
		r(v)
	}
}

func checkoutReader(c *rawCheckout) reader {
	c.orderID, c.device, c.purpose = "order-1", payment.DevicePC, payment.PurposeOneTime
	var pairs []entry[payment.Won]
	long := list(&c.payments, func(p *rawPart, _ value) reader {
		return object(fields{
			"method": {name(&p.method), "Payment method, canonical or X2BEE code."},
			"amount": {won(&p.amount), "What it is to pay, in won."},
		}, "method", "amount")
	})
	short := dict(&pairs, func(n *payment.Won, _ value) reader { return won(n) })
	parts := func(v value) {
		if v.schema != nil || v.n.Kind != mappingKind {
			long(v)
			return
		}
		short(v)
		for _, e := range pairs {
			c.payments = append(c.payments, rawPart{method: e.key, amount: e.val})
		}
	}
	anything := object(fields{
		"name": {text(&c.ignored), "Not looked at."}, "email": {text(&c.ignored), "Not looked at."},
		"tel": {text(&c.ignored), "Not looked at."}, "address": {text(&c.ignored), "Not looked at."},
		"postcode": {text(&c.ignored), "Not looked at."},
	})
	return object(fields{
		"order_id":   {filled(&c.orderID), "Order number; weighted routing depends on it."},
		"amount":     {set(&c.amountSet, won(&c.amount)), "Amount of the order; the sum of payments when left out."},
		"currency":   {choice(&c.ignored, payment.CurrencyKRW), "KRW."},
		"tax_free":   {set(&c.taxSet, won(&c.taxFree)), "Tax-free part."},
		"vat_amount": {set(&c.vatSet, won(&c.vat)), "Value added tax within the amount, when the shop states it."},
		"vbank_due": {
			depositDue(&c.due),
			"Deposit deadline of a virtual account: 2026-12-24, \"2026-12-24 18:00:00\" or without the marks, KST.",
		},
		"order_name": {text(&c.name), "What is bought."},
		"payments":   {parts, "Methods and what each is to pay: { card: 10000, mileage: 500 }."},
		"buyer":      {anything, "Not looked at."},
		"site":       {text(&c.site), "Site."},
		"device": {
			choice(&c.device, payment.DevicePC, payment.DeviceMobile, payment.DeviceApp), "pc, mobile or app; pc when left out.",
		},
		"card": {unlessNull(set(&c.cardSet, object(fields{
			"company":     {text(&c.company), "Card company chosen beforehand."},
			"installment": {whole(&c.months, 0, 60), "Months chosen beforehand."},
		}))), "Card chosen beforehand."},
		"purpose": {
			choice(
				&c.purpose, payment.PurposeOneTime, payment.PurposeBillingKey, payment.PurposeEscrow, payment.PurposeRecurring,
				payment.PurposeKeyIn,
			),
			"What for; one_time when left out. recurring is the charge of a billing key, key_in that of a card by its data or " +
				"an account without a window.",
		},
		"country":    {text(&c.country), "Buyer's country."},
		"by_api":     {flag(&c.byAPI), "Y for a billing key that the order service has issued without a window."},
		"at":         {instant(&c.at, false), "When it happened, for diff."},
		"return_url": {text(&c.ignored), "Not looked at."},
		"app_scheme": {text(&c.ignored), "Not looked at."},
		"digital":    {flag(new(bool)), "Not looked at."},
		"language":   {text(&c.ignored), "Not looked at."},
		"period": {object(fields{
			"from": {text(&c.ignored), "Not looked at."}, "to": {text(&c.ignored), "Not looked at."},
		}), "Not looked at."},
		"cash_receipt": {text(&c.ignored), "Not looked at."},
		"custom_data":  {func(value) {}, "Not looked at."},
	}, "payments")
}

// unlessNull leaves a value out that is null.
func unlessNull(r reader) reader {
	return func(v value) {
		if v.schema == nil && v.n.ShortTag() == "!!null" {
			return
		}
		r(v)
	}
}

func depositDue(dst *time.Time) reader {
	return func(v value) {
		var s string
		if filled(&s)(v); s == "" {
			return
		}
		due, err := payment.ParseDepositDue(s)
		if err != nil {
			v.fail("YYYY-MM-DD, YYYYMMDD, \"YYYY-MM-DD HH:mm:ss\" or YYYYMMDDHHmmss", "%q is not a deposit deadline", clip(s))
			return
		}
		*dst = due
	}
}

func (c *rawCheckout) checkout() payment.Checkout {
	out := payment.Checkout{
		OrderID: payment.OrderID(c.orderID), Amount: c.amount, Currency: payment.CurrencyKRW,
		TaxFree: c.taxFree, TaxFreeSet: c.taxSet, VAT: c.vat, VATSet: c.vatSet, DepositDue: c.due, OrderName: c.name,
		Site: payment.Site(c.site), Device: c.device, Purpose: c.purpose, Country: c.country, ByAPI: c.byAPI,
	}
	for _, p := range c.payments {
		out.Payments = append(out.Payments, payment.MethodAmount{Method: payment.Method(p.method.text), Amount: p.amount})
		if !c.amountSet {
			out.Amount += p.amount
		}
	}
	if c.cardSet {
		out.Card = &payment.Card{Company: c.company, Installment: c.months}
	}
	return out
}

// ParseCheckout reads one checkout, YAML or JSON, in the shape of POST /checkout. Errors join *Error.
func ParseCheckout(name string, text []byte) (*payment.Checkout, error) {
	d := &decoder{file: name, data: true}
	root := d.jsonDocument(text)
	if root == nil {
		root = d.document(text)
	}
	var c rawCheckout
	if root != nil {
		checkoutReader(&c)(value{d: d, n: root})
	}
	if err := joinErrors(d.errs); err != nil {
		return nil, err
	}
	out := c.checkout()
	return &out, nil
}

// Order is a checkout of the past, and when it happened.
type Order struct {
	Checkout payment.Checkout
	At       time.Time
}

// ParseOrders reads checkouts of the past, one JSON object a line, each with at (RFC 3339). Blank lines are
// passed over. Errors join *Error with the line in the file.
func ParseOrders(name string, text []byte) ([]Order, error) {
	var orders []Order
	var errs []*Error
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		d := &decoder{file: name, data: true}
		var c rawCheckout
		root := d.jsonDocument(line)
		if root == nil {
			root = d.document(line)
		}
		if root != nil {
			checkoutReader(&c)(value{d: d, n: root})
		}
		for _, e := range d.errs {
			e.Line = i + 1
			errs = append(errs, e)
		}
		orders = append(orders, Order{Checkout: c.checkout(), At: c.at})
	}
	if err := joinErrors(errs); err != nil {
		return nil, err
	}
	if len(orders) == 0 {
		return nil, errors.New("there are no orders")
	}
	return orders, nil
}
