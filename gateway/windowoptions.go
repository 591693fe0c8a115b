package gateway

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// maxPostcode is the longest postcode in the world, with room to spare.
const maxPostcode = 16

const postcodeLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -"

// readOption reads a field of a checkout that only its window is told. body is what r reads.
func readOption(r *strictjson.Reader, body []byte, key string, o *payment.WindowOptions) error {
	switch key {
	case "digital":
		digital, err := r.Flag()
		if err != nil {
			return err
		}
		o.Goods = payment.GoodsOf(digital)
		return nil
	case "language":
		return text(r, &o.Language, maxOrderID)
	case "cash_receipt":
		return text(r, &o.CashReceipt, maxOrderID)
	case "period":
		return r.Object(func(key string) error {
			switch key {
			case "from":
				return text(r, &o.Period.From, maxOrderID)
			case "to":
				return text(r, &o.Period.To, maxOrderID)
			}
			return unknownField(r)
		})
	case "custom_data":
		from := r.Mark()
		if err := r.Skip(); err != nil {
			return err
		}
		o.CustomData = string(body[from:r.Offset()])
		return nil
	}
	return unknownField(r)
}

// setOption is readOption for a value of an intercepted exchange. An empty text, as of a form's empty box, says
// nothing.
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
	case "language":
		o.Language = payment.Language(str)
	case "cash_receipt":
		o.CashReceipt = payment.CashReceipt(str)
	case "period_from":
		o.Period.From = str
	case "period_to":
		o.Period.To = str
	case "custom_data":
		// A form's field holds an object as text.
		if o.CustomData = str; str[0] != '{' || strictjson.Check([]byte(str)) != nil {
			o.CustomData = string(strictjson.AppendString(nil, str))
		}
	}
	return nil
}

// checkOptions checks what only windows are told.
func checkOptions(c *payment.Checkout) error {
	o := &c.Window
	switch {
	case o.Language != "" && !o.Language.Valid():
		return fieldProblem("language", "ko, en, zh 가운데 하나여야 합니다", "must be ko, en or zh")
	case o.CashReceipt != "" && !o.CashReceipt.Valid():
		return fieldProblem("cash_receipt", "ask 또는 none이어야 합니다: 발급 정보는 구매자가 결제창에서 입력합니다",
			"must be ask or none: whom it is issued to the buyer says in the window")
	case o.Period != (payment.Period{}) && !o.Period.Valid():
		return fieldProblem("period", "from과 to는 YYYYMMDD인 날짜이고 from이 to보다 늦을 수 없습니다",
			"from and to must be days, YYYYMMDD, and from not after to")
	case len(o.CustomData) > payment.MaxCustomData:
		return fieldProblem("custom_data", "1,000바이트까지입니다", "must have at most 1,000 bytes")
	case o.CustomData != "" && o.CustomData[0] != '{' && o.CustomData[0] != '"':
		return fieldProblem("custom_data", "객체 또는 문자열이어야 합니다", "must be an object or a text")
	case len(c.Buyer.Postcode) > maxPostcode || strings.Trim(c.Buyer.Postcode, postcodeLetters) != "":
		return fieldProblem("buyer.postcode", "영문, 숫자, 빈칸, - 만 16자까지 쓸 수 있습니다",
			"must have at most 16 letters, digits, spaces and -")
	}
	return nil
}
