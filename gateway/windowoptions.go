package gateway

import (
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// readOption reads a field of a checkout that only its window is told.
func readOption(r *strictjson.Reader, key string, o *payment.WindowOptions) error {
	switch key {
	case "digital":
		digital, err := r.Flag()
		if err != nil {
			return err
		}
		o.Goods = payment.GoodsOf(digital)
		return nil
	}
	return unknownField(r)
}

// setOption is readOption for a value of an intercepted exchange. An empty text, as of a form's empty box, says nothing.
func setOption(s fieldSource, got jsonplace.Value, o *payment.WindowOptions) error {
	str := got.String()
	if str == "" {
		return nil
	}
	switch s.field {
	case "digital":
		if str != "true" && str != "false" {
			return fieldProblem(s.Value, "true 또는 false여야 합니다", "must be true or false")
		}
		o.Goods = payment.GoodsOf(str == "true")
	}
	return nil
}
