package gateway

import (
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// maxPayments is how many methods an order may be paid with.
const maxPayments = 10

// parseCheckout reads the body of POST /checkout. Errors are *payment.Problem that name the field.
func parseCheckout(body []byte) (payment.Checkout, error) {
	c := payment.Checkout{Currency: payment.CurrencyKRW, Purpose: payment.PurposeOneTime}
	r, err := strictjson.NewReader(body)
	if err != nil {
		return c, jsonProblem(err)
	}
	if err := readCheckout(r, body, &c); err != nil {
		return c, jsonProblem(err)
	}
	if err := r.End(); err != nil {
		return c, jsonProblem(err)
	}
	return c, validateCheckout(&c)
}

func readCheckout(r *strictjson.Reader, body []byte, c *payment.Checkout) error {
	return r.Object(func(key string) error {
		switch key {
		case "order_id":
			return text(r, &c.OrderID, maxOrderID)
		case "amount":
			return won(r, &c.Amount)
		case "currency":
			return text(r, &c.Currency, 3)
		case "tax_free":
			c.TaxFreeSet = true
			return won(r, &c.TaxFree)
		case "vat_amount":
			c.VATSet = true
			return won(r, &c.VAT)
		case "vbank_due":
			return depositDue(r, c)
		case "order_name":
			return text(r, &c.OrderName, maxText)
		case "payments":
			return readPayments(r, c)
		case "buyer":
			return readBuyer(r, &c.Buyer)
		case "site":
			return text(r, &c.Site, maxOrderID)
		case "device":
			return text(r, &c.Device, 16)
		case "card":
			return readCard(r, c)
		case "purpose":
			return text(r, &c.Purpose, 16)
		case "return_url":
			return text(r, &c.ReturnURL, maxURL)
		case "app_scheme":
			return text(r, &c.AppScheme, maxAppScheme)
		case "country":
			return text(r, &c.Country, 2)
		}
		return readOption(r, body, key, &c.Window)
	})
}

func readPayments(r *strictjson.Reader, c *payment.Checkout) error {
	c.Payments = make([]payment.MethodAmount, 0, 2)
	return r.Array(func(i int) error {
		if i >= maxPayments {
			return fieldProblem(r.Path(), "결제수단은 10개까지입니다", "at most 10 methods")
		}
		var p payment.MethodAmount
		err := r.Object(func(key string) error {
			switch key {
			case "method":
				return text(r, &p.Method, maxOrderID)
			case "amount":
				return won(r, &p.Amount)
			}
			return unknownField(r)
		})
		c.Payments = append(c.Payments, p)
		return err
	})
}

func readBuyer(r *strictjson.Reader, b *payment.Buyer) error {
	return r.Object(func(key string) error {
		switch key {
		case "name":
			return text(r, &b.Name, maxText)
		case "email":
			return text(r, &b.Email, maxText)
		case "tel":
			return text(r, &b.Tel, maxText)
		case "address":
			return text(r, &b.Address, maxText)
		case "postcode":
			return text(r, &b.Postcode, maxText)
		}
		return unknownField(r)
	})
}

func readCard(r *strictjson.Reader, c *payment.Checkout) error {
	if r.Null() {
		return nil
	}
	c.Card = &payment.Card{}
	return r.Object(func(key string) error {
		switch key {
		case "company":
			return text(r, &c.Card.Company, 32)
		case "installment":
			n, err := r.Int()
			if err != nil {
				return err
			}
			if n > 60 {
				return fieldProblem(r.Path(), "할부는 60개월까지입니다", "at most 60 months")
			}
			c.Card.Installment = int(n)
			return nil
		}
		return unknownField(r)
	})
}

// validateCheckout checks what can be said without the rules.
func validateCheckout(c *payment.Checkout) error {
	switch {
	case c.OrderID == "":
		return missing("order_id")
	case !validOrderID(string(c.OrderID)):
		return fieldProblem("order_id", "영문, 숫자, - 와 _ 만 64자까지 쓸 수 있습니다", "up to 64 letters, digits, - and _")
	case len(c.Payments) == 0:
		return missing("payments")
	case c.Device == "":
		return missing("device")
	case !c.Device.Valid():
		return fieldProblem("device", "pc, mobile, app 가운데 하나여야 합니다", "must be pc, mobile or app")
	case !c.Purpose.Valid():
		return fieldProblem(
			"purpose", "one_time, billing_key, escrow 가운데 하나여야 합니다", "must be one_time, billing_key or escrow",
		)
	case c.Currency != payment.CurrencyKRW:
		return fieldProblem("currency", "KRW만 받습니다", "must be KRW")
	case c.Amount == 0 && c.Purpose != payment.PurposeBillingKey:
		return fieldProblem("amount", "1원 이상이어야 합니다", "must be at least 1 won")
	case c.TaxFree > c.Amount:
		return fieldProblem("tax_free", "amount보다 클 수 없습니다", "must not be more than amount")
	case c.ReturnURL == "":
		return missing("return_url")
	}
	if err := checkOptions(c); err != nil {
		return err
	}
	return sumsUp(c)
}

func sumsUp(c *payment.Checkout) error {
	var sum payment.Won
	for _, p := range c.Payments {
		sum += p.Amount
	}
	if sum != c.Amount {
		return &payment.Problem{
			Code: payment.CodeSumMismatch, Field: "payments",
			DetailKo: "합계 " + sum.String() + "원, 주문 " + c.Amount.String() + "원",
			DetailEn: "the methods add up to " + sum.String() + " won, the order is " + c.Amount.String() + " won",
		}
	}
	return nil
}

func validOrderID(s string) bool {
	return len(s) <= maxOrderID && (len(s) <= payment.MaxIDLength && payment.ValidID(s) ||
		len(s) > payment.MaxIDLength && payment.ValidID(s[:payment.MaxIDLength]) && payment.ValidID(s[payment.MaxIDLength:]))
}

func depositDue(r *strictjson.Reader, c *payment.Checkout) error {
	s, err := r.String()
	if err != nil {
		return err
	}
	c.DepositDue, err = parseDue(r.Path(), s)
	return err
}

// parseDue reads a deposit deadline, or names the forms it may have.
func parseDue(field, s string) (time.Time, error) {
	due, err := payment.ParseDepositDue(s)
	if err != nil {
		return time.Time{}, fieldProblem(field,
			"YYYY-MM-DD, YYYYMMDD, YYYY-MM-DD HH:mm:ss, YYYYMMDDHHmmss 가운데 하나여야 합니다(한국 시간)",
			"must be YYYY-MM-DD, YYYYMMDD, YYYY-MM-DD HH:mm:ss or YYYYMMDDHHmmss, in Korean time")
	}
	return due, nil
}

func unknownField(r *strictjson.Reader) error {
	return fieldProblem(r.Path(), "알 수 없는 필드입니다", "is not a field of a checkout")
}
