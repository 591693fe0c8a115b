package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// maxIntercepted is the largest body that an intercepted route may have, in bytes, on either side.
const maxIntercepted = 1 << 20

// intercept is one route of the shop that runs through the gateway.
type intercept struct {
	rules.Intercept
	at routePath
	// request and answer find in the bodies what the fields below them are read from, and where the window goes.
	request, answer          *jsonplace.Plan
	readRequest, readRefusal fieldSources
	readAnswer               fieldSources
}

func compileIntercepts(s *rules.Snapshot) []intercept {
	var list []intercept
	for _, i := range s.Intercepts() {
		list = append(list, compileIntercept(i))
	}
	return list
}

func compileIntercept(i rules.Intercept) intercept {
	c := intercept{Intercept: i, at: newRoutePath(i)}
	var inRequest, inAnswer []string
	c.readRequest = fieldSourcesOf(i.ReadRequest, &inRequest)
	c.readRefusal = fieldSourcesOf(i.RefuseBefore, &inRequest)
	c.readAnswer = fieldSourcesOf(i.ReadAnswer, &inAnswer)
	c.request = jsonplace.New(inRequest, "")
	c.answer = jsonplace.New(inAnswer, i.Put)
	return c
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
	found, err := i.readRequestBody(c.Get(fiber.HeaderContentType), body)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	from := exchange{found: found, header: func(name string) string { return c.Get(name) }}
	co := payment.Checkout{Currency: payment.CurrencyKRW, Purpose: payment.PurposeOneTime, Device: payment.DevicePC}
	if err := from.read(v, i.readRequest, &co); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if err := from.read(v, i.readRefusal, &co); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	// The methods may be read in one place and their amounts in the other.
	for _, sources := range []fieldSources{i.readRequest, i.readRefusal} {
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
	p := passageOf(c)
	p.req.Body, p.req.Drop = body, ownOrCoding
	if err := g.exchange(c, v, p); err != nil {
		g.metrics.Intercepted(i.Name, "failed")
		return g.refuseIntercepted(c, i, err)
	}
	return g.putWindow(c, v, i, &co, p)
}

// putWindow reads the order out of the shop's answer, opens its window and puts that into the answer. The
// order exists by then, so a refusal travels in the window's place instead of hiding the order.
func (g *Gateway) putWindow(c *fiber.Ctx, v *view, i intercept, co *payment.Checkout, p *passage) error {
	if status := p.x.Status(); status < 200 || status > 299 || i.Put == "" {
		g.metrics.Intercepted(i.Name, "passed")
		if status >= 500 {
			// The shop's own fault is none of ours.
			requestOf(c).route = routeShop
		}
		return g.passOn(c, p)
	}
	answer, err := p.readAll(maxIntercepted)
	if err != nil {
		return g.refuseIntercepted(c, i, errors.Join(err, p.Close()))
	}
	found, dirty := i.answer.Read(string(answer))
	if dirty != nil {
		g.log.Error("the shop's answer on an intercepted route is not clean JSON",
			slog.String("request_id", requestID(c)), slog.String("route", i.Name), slog.Any("err", dirty))
		c.Set(headerNoWindow, answerNotJSON)
		g.metrics.Intercepted(i.Name, answerNotJSON)
		return g.passWith(c, p, answer, ownAnswerLine)
	}
	from := exchange{found: found, header: func(name string) string { return string(p.x.Header(name)) }}
	if why := i.passes(from); why != "" {
		c.Set(headerNoWindow, why)
		g.metrics.Intercepted(i.Name, why)
		return g.passWith(c, p, answer, ownAnswerLine)
	}
	put, result := g.windowFor(c, v, i, from, co)
	g.metrics.Intercepted(i.Name, result)
	return g.passWith(c, p, found.Put(put), ofTheBody)
}

// windowFor returns the JSON to put into the shop's answer, and a word for the metric.
func (g *Gateway) windowFor(c *fiber.Ctx, v *view, i intercept, from exchange, co *payment.Checkout) ([]byte, string) {
	err := g.orderFrom(g.requestContext(c), v, i, from, co)
	var ans checkoutAnswer
	if err == nil {
		err = g.admitOrder(c, v, co.OrderID, string(firstMethod(co.Payments)))
	}
	if err == nil {
		ans, err = g.openWindow(g.payerContext(c), v, co)
	}
	if err != nil {
		problem := asProblem(err)
		g.report(c, problem, err)
		b, err := json.Marshal(map[string]any{"problem": body(problem, requestID(c))})
		if err != nil {
			return []byte("null"), "refused"
		}
		return b, "refused"
	}
	isAbout(c, ans.OrderID, ans.AttemptID)
	b, err := ans.appendJSON(nil)
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
	if err := from.read(v, i.readAnswer, co); err != nil {
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
	if err := from.setAmounts(i.readAnswer, co); err != nil {
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
