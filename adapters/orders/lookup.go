package orders

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Order is what the order service says about an order.
type Order struct {
	ID     payment.OrderID
	Amount payment.Won
	// TaxFree is the tax-free part; TaxFreeSet tells that one was stated, be it 0.
	TaxFree    payment.Won
	TaxFreeSet bool
	// VAT is the value added tax; VATSet tells that one was stated, be it 0.
	VAT      payment.Won
	VATSet   bool
	Name     string
	Currency string
	// Status is waiting, paid or cancelled, or what else the shop calls it; empty when it does not tell.
	Status string
}

// Lookup reads an order. Errors match ErrOrderNotFound or ErrUnavailable.
func (c *Client) Lookup(ctx context.Context, id payment.OrderID) (Order, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.LookupTimeout)
	defer cancel()
	answer, err := wire.Send(ctx, c.client, wire.Request{Method: http.MethodGet, URL: c.address(c.cfg.LookupPath, id)})
	if err != nil {
		return Order{}, fmt.Errorf("looking up an order: %w: %w", ErrUnavailable, err)
	}
	switch {
	case answer.Status == http.StatusNotFound:
		return Order{}, fmt.Errorf("looking up an order: %w", ErrOrderNotFound)
	case answer.Status != http.StatusOK:
		return Order{}, fmt.Errorf("looking up an order: %w: HTTP status %d", ErrUnavailable, answer.Status)
	case !answer.IsJSON():
		return Order{}, fmt.Errorf("looking up an order: %w: an answer without JSON", ErrUnavailable)
	}
	order, err := parseOrder(answer.Body, c.cfg.Fields)
	if err != nil {
		return Order{}, fmt.Errorf("looking up an order: %w: %w", ErrUnavailable, err)
	}
	if order.ID != id {
		return Order{}, fmt.Errorf("looking up an order: %w: the answer is another order's", ErrUnavailable)
	}
	return order, nil
}

// parseOrder reads an order by path. A text in which any name occurs twice is refused: another reader would see
// another price.
func parseOrder(text []byte, f Fields) (Order, error) {
	if err := wire.CheckUnique(text); err != nil {
		return Order{}, err
	}
	get := func(path string) gjson.Result { return gjson.GetBytes(text, path) }
	o := Order{
		ID: payment.OrderID(get(f.OrderID).String()), Name: get(f.OrderName).String(),
		Status: get(f.Status).String(), Currency: payment.CurrencyKRW,
	}
	if o.ID == "" {
		return Order{}, fmt.Errorf("%w: no %s", wire.ErrShape, f.OrderID)
	}
	if c := get(f.Currency); c.Exists() && c.Type != gjson.Null {
		o.Currency = c.String()
	}
	var err error
	if o.Amount, err = won(get(f.Amount)); err != nil {
		return Order{}, fmt.Errorf("%w: %s: %w", wire.ErrShape, f.Amount, err)
	}
	if o.TaxFree, o.TaxFreeSet, err = stated(get(f.TaxFree)); err != nil {
		return Order{}, fmt.Errorf("%w: %s: %w", wire.ErrShape, f.TaxFree, err)
	}
	if o.VAT, o.VATSet, err = stated(get(f.VAT)); err != nil {
		return Order{}, fmt.Errorf("%w: %s: %w", wire.ErrShape, f.VAT, err)
	}
	if o.TaxFree+o.VAT > o.Amount {
		return Order{}, fmt.Errorf("%w: %s and %s are more than %s", wire.ErrShape, f.TaxFree, f.VAT, f.Amount)
	}
	return o, nil
}

// stated reads an amount that may be absent or null, and tells whether it is there.
func stated(v gjson.Result) (payment.Won, bool, error) {
	if !v.Exists() || v.Type == gjson.Null {
		return 0, false, nil
	}
	w, err := won(v)
	return w, err == nil, err
}

// won takes a whole JSON number only: no text (its quotes are part of Raw), fraction, exponent or sign.
func won(v gjson.Result) (payment.Won, error) { return payment.ParseWon(v.Raw) }
