package gateway

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// readOrder is the order in which fields are read: an amount for each method needs the methods.
var readOrder = [...]string{
	"pay_method", "order_id", "amount", "tax_free", "vat_amount", "vbank_due", "order_name", "device", "site",
	"buyer_name", "buyer_email", "buyer_tel", "return_url", "app_scheme", "card_company", "installment", "purpose",
	"country", "digital", "language", "period_from", "period_to", "cash_receipt", "custom_data", "buyer_addr",
	"buyer_postcode", "pay_amount", "pg_amount",
}

// fieldSource is where a field is; at is its number in the plan of its side, -1 when it is not in the body. That of a
// query is where the body has the same name: many servers make parameters of both.
type fieldSource struct {
	field string
	rules.Source
	at int
}

// fieldSources are where the fields of a side are, in the order in which they are read.
type fieldSources []fieldSource

// fieldSourcesOf lists sources, and adds those in the body to paths.
func fieldSourcesOf(sources map[string]rules.Source, paths *[]string) fieldSources {
	var list fieldSources
	for _, field := range readOrder {
		s, ok := sources[field]
		if !ok {
			continue
		}
		p := fieldSource{field: field, Source: s, at: -1}
		switch s.Kind {
		case "body":
			p.at = len(*paths)
			*paths = append(*paths, s.Value)
		case "query":
			p.at = len(*paths)
			*paths = append(*paths, pathOf(s.Value))
		}
		list = append(list, p)
	}
	return list
}

// of is where a field is.
func (list fieldSources) of(field string) (fieldSource, bool) {
	i := slices.IndexFunc(list, func(p fieldSource) bool { return p.field == field })
	if i < 0 {
		return fieldSource{}, false
	}
	return list[i], true
}

// exchange is one side of an intercepted request: the request, or the shop's answer.
type exchange struct {
	// agent is the browser's own word for itself.
	agent []byte
	found *jsonplace.Found
	// request or answer has the headers.
	request *fiber.Ctx
	answer  *upstream.Exchange
	// query is that of the request.
	query string
}

// header is a header of this side; empty when there is none.
func (e exchange) header(name string) string {
	if e.request != nil {
		return e.request.Get(name)
	}
	return string(e.answer.Header(name))
}

// get finds a value by its source.
func (e exchange) get(p fieldSource) jsonplace.Value {
	switch p.Kind {
	case "header":
		if h := e.header(p.Value); h != "" {
			return jsonplace.Text(h)
		}
		return jsonplace.Value{}
	case "query":
		return queryValue(e.query, p.Value)
	case "const":
		return jsonplace.Text(p.Value)
	}
	return e.found.Value(p.at)
}

// read fills a checkout from the configured sources. A value that is absent leaves the field as it is; one of
// the wrong type is a problem that names the source.
func (e exchange) read(v *view, from fieldSources, co *payment.Checkout) error {
	for _, p := range from {
		got := e.get(p)
		if !got.Exists() {
			continue
		}
		if err := e.set(v, p, got, co); err != nil {
			return err
		}
	}
	co.Device = shownOn(co.Device, e.agent)
	return nil
}

// setAmounts gives each method its amount, when there are any. A path passes over items that have none, so that with
// fewer amounts than methods nobody knows whose they are.
func (e exchange) setAmounts(from fieldSources, co *payment.Checkout) error {
	p, ok := from.of("pay_amount")
	if !ok {
		return nil
	}
	got := e.get(p)
	if !got.Exists() {
		return nil
	}
	many := 0
	for range got.Each {
		many++
	}
	if many != 0 && many != len(co.Payments) { //guard:amount-for-each-method
		return fieldProblem(p.Value, "결제수단마다 금액이 하나씩 있어야 합니다", "must hold one amount for each method")
	}
	n := 0
	for amount := range got.Each {
		w, err := jsonWon(p.Value, amount)
		if err != nil {
			return err
		}
		co.Payments[n].Amount = w
		n++
	}
	return nil
}

func (e exchange) set(v *view, s fieldSource, got jsonplace.Value, co *payment.Checkout) (err error) {
	if s.field == "pay_method" {
		return setMethods(v, s, got, co)
	}
	str := got.String()
	switch s.field {
	case "order_id":
		co.OrderID = payment.OrderID(str)
		odd := e.request != nil && !plainID(got) //guard:an-order-id-is-one-to-all
		if str == "" || !validOrderID(str) || odd {
			return fieldProblem(s.Value, "주문 번호가 아닙니다", "is not an order id")
		}
	case "amount":
		co.Amount, err = jsonWon(s.Value, got)
	case "tax_free":
		co.TaxFreeSet = true
		co.TaxFree, err = jsonWon(s.Value, got)
	case "vat_amount":
		co.VATSet = true
		co.VAT, err = jsonWon(s.Value, got)
	case "vbank_due":
		if str != "" { // an empty box of a form
			co.DepositDue, err = parseDue(s.Value, str)
		}
	case "order_name":
		co.OrderName = clipText(str, maxText)
	case "device":
		co.Device = device(str)
	case "site":
		co.Site = payment.Site(str)
	case "buyer_name":
		co.Buyer.Name = clipText(str, maxText)
	case "buyer_email":
		co.Buyer.Email, err = whole(s.Value, str)
	case "buyer_tel":
		co.Buyer.Tel, err = whole(s.Value, str)
	case "buyer_addr":
		co.Buyer.Address = clipText(str, maxText)
	case "buyer_postcode":
		co.Buyer.Postcode, err = whole(s.Value, str)
	case "return_url":
		co.ReturnURL = str
	case "app_scheme":
		co.AppScheme = str
	case "country":
		co.Country = str
	case "purpose":
		if co.Purpose = payment.Purpose(str); !co.Purpose.Valid() {
			err = fieldProblem(s.Value, "결제 목적이 아닙니다", "is not a purpose")
		}
	case "card_company", "installment":
		err = setCard(s, got, co)
	default:
		err = setOption(s, got, &co.Window)
	}
	return err
}

// plainID tells whether every reader makes the same text of a value: 1e3 is 1000 to some, true is 1, and of more than
// 15 digits JavaScript changes the last.
func plainID(v jsonplace.Value) bool {
	return v.IsText() || formjson.IsWhole(v.Raw)
}

func setMethods(v *view, s fieldSource, got jsonplace.Value, co *payment.Checkout) error {
	co.Payments = nil
	for m := range got.Each {
		method, ok := v.rules.ResolveMethod(m.String())
		if !ok {
			return &payment.Problem{
				Code: payment.CodeUnknownMethod, Field: s.Value, DetailKo: "알 수 없는 결제수단: " + clipText(m.String(), 32),
				DetailEn: "unknown payment method " + clipText(m.String(), 32),
			}
		}
		co.Payments = append(co.Payments, payment.MethodAmount{Method: method})
	}
	return nil
}

// whole is a text that must not be cut: an address or a number would be somebody else's.
func whole(field, s string) (string, error) {
	if len(s) > maxText {
		return "", fieldProblem(field, "너무 깁니다", "is too long")
	}
	return s, nil
}

// keepDue drops a deposit deadline that no virtual account needs: a shop's own form may send one with every method.
func keepDue(co *payment.Checkout) {
	if !slices.ContainsFunc(co.Payments, func(p payment.MethodAmount) bool { return p.Method == payment.MethodVBank }) {
		co.DepositDue = time.Time{}
	}
}

func setCard(s fieldSource, got jsonplace.Value, co *payment.Checkout) error {
	if co.Card == nil {
		co.Card = &payment.Card{}
	}
	if s.field == "card_company" {
		co.Card.Company = got.String()
		return nil
	}
	months, err := strconv.Atoi(got.String())
	if err != nil || months < 0 || months > 60 {
		return fieldProblem(s.Value, "할부 개월이 아닙니다", "is not a number of months")
	}
	co.Card.Installment = months
	return nil
}

// device reads our own words and X2BEE's OM007 codes (x2bee.md §4.3); what is neither is a PC.
func device(s string) payment.Device {
	switch strings.ToLower(s) {
	case "mobile", "30":
		return payment.DeviceMobile
	case "app", "40", "50":
		return payment.DeviceApp
	}
	return payment.DevicePC
}

// jsonWon reads an amount from JSON: a number that is a plain integer.
func jsonWon(field string, v jsonplace.Value) (payment.Won, error) {
	raw, isNumber := v.Number()
	if !isNumber {
		return 0, fieldProblem(field, "정수 금액이어야 합니다", "must be an amount as an integer")
	}
	w, err := payment.ParseWon(raw)
	if err != nil {
		return 0, fieldProblem(field, "정수 금액이어야 합니다", "must be an amount as an integer")
	}
	return w, nil
}
