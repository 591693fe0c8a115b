package orders

import (
	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Split is what the order service says of how an order is paid: through a PG, and by what the shop settles
// itself. The zero value says nothing.
type Split struct {
	// Parts are all methods and what each pays, in the shop's own words for them; empty when they are not listed.
	// They add up to the order.
	Parts []payment.MethodAmount
	// PG is what goes through a PG, in won; PGSet tells that it was stated, be it 0.
	PG    payment.Won
	PGSet bool
	// PartsAt and PGAt are where the two stand in the answer, to name them when they do not fit.
	PartsAt, PGAt string
}

// Stated tells whether the order service said anything.
func (s Split) Stated() bool { return s.PGSet || len(s.Parts) > 0 }

// parseSplit reads both shapes: a list of method and amount, and the PG's part alone. An empty list says nothing.
func parseSplit(get func(path string) gjson.Result, f Fields, amount payment.Won) (s Split, err error) {
	s.PartsAt, s.PGAt = f.Payments, f.PGAmount
	if s.PG, s.PGSet, err = stated(f.PGAmount, get(f.PGAmount)); err != nil {
		return Split{}, err
	}
	if s.PG > amount {
		return Split{}, wrong(f.PGAmount, f.Amount+"보다 큽니다", "is more than "+f.Amount)
	}
	if s.Parts, err = parseParts(get(f.Payments), f.Payments); err != nil {
		return Split{}, err
	}
	var sum payment.Won
	for _, p := range s.Parts {
		sum += p.Amount
	}
	if len(s.Parts) > 0 && sum != amount {
		return Split{}, wrong(f.Payments, "금액의 합이 "+f.Amount+"와 다릅니다", "does not add up to "+f.Amount)
	}
	return s, nil
}

func parseParts(list gjson.Result, field string) ([]payment.MethodAmount, error) {
	if !list.Exists() || list.Type == gjson.Null {
		return nil, nil
	}
	if !list.IsArray() {
		return nil, wrong(field, "목록이 아닙니다", "is not a list")
	}
	var parts []payment.MethodAmount
	for i, item := range list.Array() {
		method, amount := item.Get("method"), item.Get("amount")
		if method.Type != gjson.String || method.Str == "" {
			return nil, wrong(under(field, i, "method"), "결제수단이 없습니다", "is not the code of a method")
		}
		w, err := won(under(field, i, "amount"), amount)
		if err != nil {
			return nil, err
		}
		parts = append(parts, payment.MethodAmount{Method: payment.Method(method.Str), Amount: w})
	}
	return parts, nil
}
