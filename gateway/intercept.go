package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// maxIntercepted is the largest body that an intercepted route may have, in bytes, on either side.
const maxIntercepted = 1 << 20

// intercept is one route of the shop that runs through the gateway.
type intercept struct{ rules.Intercept }

func compileIntercepts(s *rules.Snapshot) []intercept {
	var list []intercept
	for _, i := range s.Intercepts() {
		list = append(list, intercept{i})
	}
	return list
}

// matches tells whether a request is this route's.
func (i intercept) matches(method, path string) bool {
	if i.Method != "" && i.Method != method {
		return false
	}
	if i.Prefix {
		return strings.HasPrefix(path, i.Path)
	}
	return path == i.Path
}

// shopRoute is the last handler: routes of the shop, in the order of the file; the first match wins.
func (g *Gateway) shopRoute(c *fiber.Ctx) error {
	v := g.view()
	path := c.Path()
	for _, i := range v.intercepts {
		if !i.matches(c.Method(), path) {
			continue
		}
		if i.Forward() {
			return g.forward(c, v, nil)
		}
		requestOf(c).route = routeIntercept
		return g.intercepted(c, v, i)
	}
	return fiber.ErrNotFound
}

// intercepted runs the shop's own checkout through the rules: refused before the order is created when the
// method cannot be used, answered with the window when it can (design flow B).
func (g *Gateway) intercepted(c *fiber.Ctx, v *view, i intercept) error {
	if err := g.admit(c); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	body, err := readBody(c, maxIntercepted)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	read, err := readable(c.Get(fiber.HeaderContentType), body)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	from := exchange{body: read, header: func(name string) string { return c.Get(name) }}
	co := payment.Checkout{Currency: payment.CurrencyKRW, Purpose: payment.PurposeOneTime, Device: payment.DevicePC}
	if err := from.read(v, i.ReadRequest, &co); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if err := from.read(v, i.RefuseBefore, &co); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	// The methods may be read in one place and their amounts in the other.
	for _, sources := range []map[string]rules.Source{i.ReadRequest, i.RefuseBefore} {
		if err := from.setAmounts(sources, &co); err != nil {
			return g.refuseIntercepted(c, i, err)
		}
	}
	keepDue(&co)
	if err := g.closed(co.OrderID); err != nil { //guard:intercepted-needs-the-journal
		// No order is made that could not be paid.
		return g.refuseIntercepted(c, i, err)
	}
	if len(i.RefuseBefore) > 0 {
		if err := v.rules.Usable(&co, g.deciding(nil)); err != nil {
			return g.refuseIntercepted(c, i, err)
		}
	}
	c.Request().Header.Del(fiber.HeaderAcceptEncoding)
	if err := g.forward(c, v, body); err != nil {
		g.metrics.Intercepted(i.Name, "failed")
		return g.refuseIntercepted(c, i, err)
	}
	return g.putWindow(c, v, i, &co)
}

// putWindow reads the order out of the shop's answer, opens its window and puts that into the answer. The
// order exists by then, so a refusal travels in the window's place instead of hiding the order.
func (g *Gateway) putWindow(c *fiber.Ctx, v *view, i intercept, co *payment.Checkout) error {
	res := c.Response()
	if res.StatusCode() < 200 || res.StatusCode() > 299 || i.Put == "" {
		g.metrics.Intercepted(i.Name, "passed")
		if res.StatusCode() >= 500 {
			// The shop's own fault is none of ours.
			requestOf(c).route = routeShop
		}
		return nil
	}
	answer, err := responseBody(c)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if dirty := strictjson.Check(answer); dirty != nil {
		g.log.Error("the shop's answer on an intercepted route is not clean JSON",
			slog.String("request_id", requestID(c)), slog.String("route", i.Name), slog.Any("err", dirty))
		g.metrics.Intercepted(i.Name, "failed")
		res.SetBodyRaw(answer)
		return nil
	}
	put, result := g.windowFor(c, v, i, answer, co)
	mended, err := sjson.SetRawBytes(answer, i.Put, put)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	g.metrics.Intercepted(i.Name, result)
	res.SetBodyRaw(mended)
	return nil
}

// windowFor returns the JSON to put into the shop's answer, and a word for the metric.
func (g *Gateway) windowFor(c *fiber.Ctx, v *view, i intercept, answer []byte, co *payment.Checkout) ([]byte, string) {
	from := exchange{body: answer, header: func(name string) string { return string(c.Response().Header.Peek(name)) }}
	err := g.orderFrom(g.requestContext(c), v, i, from, co)
	var ans checkoutAnswer
	if err == nil {
		err = g.admitOrder(c, v, co.OrderID, string(firstMethod(co.Payments)))
	}
	if err == nil {
		ans, err = g.openWindow(withClient(g.requestContext(c), g.payer(c)), v, co)
	}
	if err != nil {
		p := asProblem(err)
		g.report(c, p, err)
		b, err := json.Marshal(map[string]any{"problem": body(p, requestID(c))})
		if err != nil {
			return []byte("null"), "refused"
		}
		return b, "refused"
	}
	isAbout(c, ans.OrderID, ans.AttemptID)
	b, err := json.Marshal(ans)
	if err != nil {
		g.log.Error("an answer cannot be encoded", slog.String("request_id", requestID(c)), slog.Any("err", err))
		return []byte("null"), "refused"
	}
	return b, "window"
}

// orderFrom makes the checkout of what the shop's answer says of the order. The browser's word on it ends here: of
// the request only the wish for a method stays, and its amounts must be the shop's.
func (g *Gateway) orderFrom(ctx context.Context, v *view, i intercept, from exchange, co *payment.Checkout) error {
	asked := co.Payments
	co.OrderID, co.Payments = "", nil
	co.Amount, co.TaxFree, co.TaxFreeSet = 0, 0, false //guard:browsers-amount-never-counts
	co.VAT, co.VATSet = 0, false                       //guard:browsers-vat-never-counts
	if err := from.read(v, i.ReadAnswer, co); err != nil {
		return err
	}
	switch {
	case co.OrderID == "":
		return missing("order_id")
	case co.Amount == 0:
		return missing("amount")
	case co.OrderName == "":
		return missing("order_name")
	}
	if len(co.Payments) == 0 {
		// The buyer's methods; what each pays is for the shop to say.
		for _, p := range asked {
			co.Payments = append(co.Payments, payment.MethodAmount{Method: p.Method})
		}
	}
	if err := from.setAmounts(i.ReadAnswer, co); err != nil {
		return err
	}
	keepDue(co)
	said, err := g.splitFrom(ctx, v, i, from, co)
	if err != nil {
		return err
	}
	v.fill(co, said)
	if err := v.agreed(co.OrderID, co.Payments, co.Amount, said); err != nil { //guard:intercepted-orders-split
		return err
	}
	if err := sumsUp(co); err != nil {
		return err
	}
	if amounts(asked) { //guard:asked-for-is-the-shops
		if err := v.agreed(co.OrderID, asked, co.Amount, said); err != nil {
			return err
		}
	}
	if co.ReturnURL == "" {
		return missing("return_url")
	}
	if !v.allowsReturn(co.ReturnURL) {
		return &payment.Problem{
			Code: payment.CodeReturnURLNotAllowed, Field: "return_url", OrderID: co.OrderID,
			DetailKo: "return_url이 allow_origins에 없습니다", DetailEn: "return_url is not at an origin of allow_origins",
		}
	}
	return nil
}

// refuseIntercepted answers in the shape that the route's front end knows.
func (g *Gateway) refuseIntercepted(c *fiber.Ctx, i intercept, err error) error {
	p := asProblem(err)
	g.metrics.Intercepted(i.Name, "refused")
	if i.Errors != "x2bee" {
		return g.fail(c, err)
	}
	g.report(c, p, err)
	c.Set(headerReason, string(p.Code))
	return c.Status(p.Code.Describe().Status).JSON(x2bee(p, requestID(c), g.now().In(payment.KST()).Format(time.RFC3339)))
}

// responseBody reads the shop's answer, up to a bound.
func responseBody(c *fiber.Ctx) ([]byte, error) {
	res := c.Response()
	var b []byte
	var err error
	if stream := res.BodyStream(); stream != nil {
		b, err = io.ReadAll(io.LimitReader(stream, maxIntercepted+1))
		err = errors.Join(err, res.CloseBodyStream())
	} else {
		b = append(b, res.Body()...)
	}
	switch {
	case err != nil:
		return nil, &payment.Problem{
			Code: payment.CodeUpstreamUnavailable, DetailKo: "쇼핑몰의 응답이 끊겼습니다", DetailEn: "the shop's answer broke off",
		}
	case len(b) > maxIntercepted:
		return nil, &payment.Problem{
			Code: payment.CodeUpstreamUnavailable, DetailKo: "쇼핑몰의 응답이 너무 큽니다", DetailEn: "the shop's answer is too large",
		}
	}
	return b, nil
}

// exchange is one side of an intercepted request: the request, or the shop's answer.
type exchange struct {
	body   []byte
	header func(name string) string
}

// get finds a value by its source.
func (e exchange) get(s rules.Source) gjson.Result {
	switch s.Kind {
	case "header":
		if h := e.header(s.Value); h != "" {
			return gjson.Result{Type: gjson.String, Str: h}
		}
		return gjson.Result{}
	case "const":
		return gjson.Result{Type: gjson.String, Str: s.Value}
	}
	return gjson.GetBytes(e.body, s.Value)
}

// read fills a checkout from the configured sources. A value that is absent leaves the field as it is; one of
// the wrong type is a problem that names the source.
func (e exchange) read(v *view, sources map[string]rules.Source, co *payment.Checkout) error {
	for _, field := range []string{
		"pay_method", "order_id", "amount", "tax_free", "vat_amount", "vbank_due", "order_name", "device", "site",
		"buyer_name", "buyer_email", "buyer_tel", "return_url", "card_company", "installment", "purpose", "country",
	} {
		s, ok := sources[field]
		if !ok {
			continue
		}
		got := e.get(s)
		if !got.Exists() || got.Type == gjson.Null {
			continue
		}
		if err := e.set(v, field, s, got, co); err != nil {
			return err
		}
	}
	return nil
}

// setAmounts gives each method its amount, when there are any. A path passes over items that have none, so that with
// fewer amounts than methods nobody knows whose they are.
func (e exchange) setAmounts(sources map[string]rules.Source, co *payment.Checkout) error {
	s, ok := sources["pay_amount"]
	if !ok {
		return nil
	}
	got := e.get(s)
	if !got.Exists() || got.Type == gjson.Null {
		return nil
	}
	list := asArray(got)
	if len(list) != 0 && len(list) != len(co.Payments) { //guard:amount-for-each-method
		return fieldProblem(s.Value, "결제수단마다 금액이 하나씩 있어야 합니다", "must hold one amount for each method")
	}
	for n, amount := range list {
		w, err := jsonWon(s.Value, amount)
		if err != nil {
			return err
		}
		co.Payments[n].Amount = w
	}
	return nil
}

func (e exchange) set(v *view, field string, s rules.Source, got gjson.Result, co *payment.Checkout) (err error) {
	str := got.String()
	switch field {
	case "pay_method":
		co.Payments = nil
		for _, m := range asArray(got) {
			method, ok := v.rules.ResolveMethod(m.String())
			if !ok {
				return &payment.Problem{
					Code: payment.CodeUnknownMethod, Field: s.Value, DetailKo: "알 수 없는 결제수단: " + clipText(m.String(), 32),
					DetailEn: "unknown payment method " + clipText(m.String(), 32),
				}
			}
			co.Payments = append(co.Payments, payment.MethodAmount{Method: method})
		}
	case "order_id":
		co.OrderID = payment.OrderID(str)
		if str == "" || !validOrderID(str) {
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
	case "return_url":
		co.ReturnURL = str
	case "country":
		co.Country = str
	case "purpose":
		if co.Purpose = payment.Purpose(str); !co.Purpose.Valid() {
			err = fieldProblem(s.Value, "결제 목적이 아닙니다", "is not a purpose")
		}
	case "card_company", "installment":
		err = setCard(field, s, got, co)
	}
	return err
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

func setCard(field string, s rules.Source, got gjson.Result, co *payment.Checkout) error {
	if co.Card == nil {
		co.Card = &payment.Card{}
	}
	if field == "card_company" {
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

func asArray(r gjson.Result) []gjson.Result {
	if r.IsArray() {
		return r.Array()
	}
	return []gjson.Result{r}
}

// jsonWon reads an amount from JSON: a number that is a plain integer.
func jsonWon(field string, r gjson.Result) (payment.Won, error) {
	if r.Type != gjson.Number {
		return 0, fieldProblem(field, "정수 금액이어야 합니다", "must be an amount as an integer")
	}
	w, err := payment.ParseWon(r.Raw)
	if err != nil {
		return 0, fieldProblem(field, "정수 금액이어야 합니다", "must be an amount as an integer")
	}
	return w, nil
}
