package orders

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

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
	Split    Split
	// Goods is what is sold; empty when the order service does not tell.
	Goods payment.Goods
	// Status is waiting, paid or cancelled, or what else the shop calls it; empty when it does not tell.
	Status string
}

// Lookup reads an order by get. Errors match ErrOrderNotFound or ErrUnavailable; an answer that says what is wrong
// with it is an *AnswerError.
func (c *Client) Lookup(ctx context.Context, get Get, id payment.OrderID) (Order, error) {
	order, err := c.lookup(ctx, get, id)
	if err != nil {
		return Order{}, fmt.Errorf("looking up an order: %w", err)
	}
	return order, nil
}

func (c *Client) lookup(ctx context.Context, get Get, id payment.OrderID) (Order, error) {
	answer, err := get(ctx, c.cfg.URL, pathOf(c.cfg.LookupPath, id), time.Now().Add(c.cfg.LookupTimeout))
	switch {
	case err != nil:
		return Order{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	case answer.Status == http.StatusNotFound:
		return Order{}, ErrOrderNotFound
	case busy(answer.Status):
		return Order{}, fmt.Errorf("%w: HTTP status %d", ErrUnavailable, answer.Status)
	case answer.Status != http.StatusOK:
		return Order{}, elsewhere(fmt.Sprintf("HTTP 상태 코드가 %d입니다", answer.Status),
			fmt.Sprintf("has HTTP status %d", answer.Status))
	case !answer.IsJSON():
		return Order{}, elsewhere("Content-Type이 application/json이 아닙니다", "does not have the content type application/json")
	}
	order, err := parseOrder(answer.Body, c.cfg.Fields)
	// A cache or a wrong route would have us charge another order's price.
	if err == nil && order.ID != id {
		err = wrong(c.cfg.Fields.OrderID, "다른 주문의 번호입니다", "is another order's")
	}
	if err != nil {
		return Order{}, err
	}
	return order, nil
}

// busy tells whether a status means that the service cannot answer now, rather than that it answers wrongly.
func busy(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		status == http.StatusRequestTimeout
}

// parseOrder reads an order by path. A text in which any name occurs twice is refused: another reader would see
// another price.
func parseOrder(text []byte, f Fields) (Order, error) {
	if err := checkText(text); err != nil {
		return Order{}, err
	}
	// One copy for all that is read of it.
	whole := string(text)
	get := func(path string) gjson.Result { return gjson.Get(whole, path) }
	o := Order{
		ID: payment.OrderID(get(f.OrderID).String()), Name: get(f.OrderName).String(),
		Status: get(f.Status).String(), Currency: payment.CurrencyKRW,
	}
	switch "" {
	case string(o.ID):
		return Order{}, wrong(f.OrderID, "값이 없습니다", "is missing")
	case wire.Clean(o.Name): // every PG's window needs one
		return Order{}, wrong(f.OrderName, "값이 없습니다", "is missing")
	}
	if c := get(f.Currency); c.Exists() && c.Type != gjson.Null {
		o.Currency = c.String()
	}
	var err error
	if o.Amount, err = won(f.Amount, get(f.Amount)); err != nil {
		return Order{}, err
	}
	if o.TaxFree, o.TaxFreeSet, err = stated(f.TaxFree, get(f.TaxFree)); err != nil {
		return Order{}, err
	}
	if o.VAT, o.VATSet, err = stated(f.VAT, get(f.VAT)); err != nil {
		return Order{}, err
	}
	if o.Goods, err = goods(f.Digital, get(f.Digital)); err != nil {
		return Order{}, err
	}
	if o.TaxFree+o.VAT > o.Amount {
		return Order{}, wrong(f.TaxFree, f.VAT+"와 더하면 "+f.Amount+"보다 큽니다", "and "+f.VAT+" are more than "+f.Amount)
	}
	if o.Split, err = parseSplit(get, f, o.Amount); err != nil {
		return Order{}, err
	}
	return o, nil
}

// goods reads whether digital content is sold; null, or nothing, does not tell.
func goods(field string, v gjson.Result) (payment.Goods, error) {
	switch {
	case !v.Exists() || v.Type == gjson.Null:
		return "", nil
	case !v.IsBool():
		return "", wrong(field, "true 또는 false여야 합니다", "must be true or false")
	}
	return payment.GoodsOf(v.Bool()), nil
}

// checkText tells what is wrong with an answer as text.
func checkText(text []byte) error {
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		return wrong("", "BOM(byte order mark)으로 시작합니다", "begins with a byte order mark (BOM)")
	}
	switch err := wire.CheckUnique(text); {
	case err == nil:
		return nil
	case !utf8.Valid(text):
		return wrong("", "UTF-8이 아닙니다", "is not UTF-8")
	case !json.Valid(text):
		return elsewhere("올바른 JSON이 아닙니다", "is not valid JSON")
	}
	return wrong("", "같은 이름이 두 번 들어 있거나 너무 깊습니다", "has a name twice, or nests too deeply")
}
