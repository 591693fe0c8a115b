package portonev2

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ParsePayment lets the fuzz test reach the parser of payments.
func ParsePayment(body []byte, a payment.Attempt) (adapters.Result, error) {
	o, ok := answerOf(wire.Answer{Status: 200, ContentType: "application/json", Body: body})
	if !ok {
		return adapters.Result{}, wire.ErrShape
	}
	return parsePayment(o, a)
}

// ParseKey lets the fuzz test reach the parser of billing keys.
func ParseKey(body []byte, req adapters.LookUpRequest) (adapters.Result, error) {
	o, err := wire.ParseObject(body)
	if err != nil {
		return adapters.Result{}, err
	}
	return parseKey(o, req)
}
