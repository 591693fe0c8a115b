package gateway

import (
	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// maxMeans bounds the payment methods that one query names.
const maxMeans = 50

// storeRequest reads the JSON object of a request to the X2BEE store API. Members that field does not know it must
// skip: shops send more than we read.
func storeRequest(c *fiber.Ctx, v *view, field func(r *strictjson.Reader, key string) error) error {
	raw, err := jsonBody(c, v.rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	r, err := strictjson.NewReader(raw)
	if err != nil {
		return jsonProblem(err)
	}
	if err := r.Object(func(key string) error { return field(r, key) }); err != nil {
		return jsonProblem(err)
	}
	if err := r.End(); err != nil {
		return jsonProblem(err)
	}
	return nil
}

// items reads a list of objects; done is told how many there are so far, also of those that are empty.
func items(r *strictjson.Reader, field func(key string, i int) error, done func(n int)) error {
	if r.Null() {
		return nil
	}
	return r.Array(func(i int) error {
		if i >= maxMeans {
			return fieldProblem(r.Path(), "결제수단이 너무 많습니다", "too many payment methods")
		}
		done(i + 1)
		return r.Object(func(key string) error { return field(key, i) })
	})
}

// grown is a list with room for its i-th item.
func grown[T any](list []T, i int) []T {
	for len(list) <= i {
		list = append(list, *new(T))
	}
	return list
}

// place is where a buyer is, with X2BEE's names.
type place struct {
	site   payment.Site
	medium string
}

func (p *place) read(r *strictjson.Reader, key string) error {
	switch key {
	case "siteNo":
		return optional(r, &p.site, maxOrderID)
	case "ordMediaCd":
		return optional(r, &p.medium, maxOrderID)
	}
	return r.Skip()
}

func (p place) where() (rules.Where, error) {
	d, ok := rules.DeviceOf(p.medium)
	if !ok {
		return rules.Where{}, fieldProblem("ordMediaCd", "알 수 없는 주문매체입니다", "is not a known order medium")
	}
	return rules.Where{Site: p.site, Device: d}, nil
}
