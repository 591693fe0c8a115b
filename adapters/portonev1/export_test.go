package portonev1

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ParsePayment lets the fuzz test reach the parser of an answer and the payment in it.
func ParsePayment(body []byte, a payment.Attempt) (adapters.Result, error) {
	e, err := parseEnvelope(wire.Answer{Status: 200, ContentType: "application/json", Body: body})
	if err != nil {
		return adapters.Result{}, err
	}
	if e.response == nil {
		return adapters.Result{}, wire.ErrShape
	}
	return parsePayment(*e.response, a)
}

// ParseKey lets the fuzz test reach the parser of billing keys.
func ParseKey(body []byte, a payment.Attempt) (adapters.Result, error) {
	o, err := wire.ParseObject(body)
	if err != nil {
		return adapters.Result{}, err
	}
	return parseKey(o, a, "")
}
