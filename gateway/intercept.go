package gateway

import (
	"context"

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
	// readsQuery tells whether a request's query counts.
	readsQuery bool
	// names are what the sources in the body and in the query are called at the top of a form.
	names []string
	// accepted is where the answer says that the shop took the order.
	accepted fieldSource
	// offersAt is the number of the list of payment methods in the plan of the answer.
	offersAt int
}

// sells tells whether orders are made on the route.
func (i *intercept) sells() bool { return i.Put != "" || len(i.RefuseBefore) > 0 || i.putsRequest() }

// decides tells whether what the request says decides something.
func (i *intercept) decides() bool { return i.putsRequest() || len(i.RefuseBefore) > 0 }

// changes tells whether answers on the route are changed.
func (i *intercept) changes() bool { return i.Put != "" || i.Offers.List != "" }

func compileIntercepts(s *rules.Snapshot) []intercept {
	var list []intercept
	for _, i := range s.Intercepts() {
		list = append(list, compileIntercept(i))
	}
	return list
}

func compileIntercept(i rules.Intercept) intercept {
	c := intercept{Intercept: i, at: newRoutePath(i), readsQuery: readsQuery(i)}
	var inRequest, inAnswer []string
	c.readRequest = fieldSourcesOf(i.ReadRequest, &inRequest)
	c.readRefusal = fieldSourcesOf(i.RefuseBefore, &inRequest)
	c.names = namesOf(c.readRequest, c.readRefusal)
	c.readAnswer = fieldSourcesOf(i.ReadAnswer, &inAnswer)
	putRequest := ""
	if i.PutRequest.Kind == "body" {
		putRequest = i.PutRequest.Value
	}
	c.request = jsonplace.New(inRequest, putRequest)
	if c.accepted.at = -1; i.Accepted.Kind == "body" {
		c.accepted.at = len(inAnswer)
		inAnswer = append(inAnswer, i.Accepted.Value)
	}
	c.accepted.Source = i.Accepted
	if i.Offers.List != "" {
		c.offersAt = len(inAnswer)
		inAnswer = append(inAnswer, i.Offers.List)
	}
	c.answer = jsonplace.New(inAnswer, i.Put)
	return c
}

// intercepted runs the shop's own checkout through the rules: refused before the order is created when the
// method cannot be used, answered with the window when it can (design flow B).
func (g *Gateway) intercepted(c *fiber.Ctx, v *view, i *intercept) error {
	if i.sells() {
		if err := g.admit(c); err != nil {
			return g.refuseIntercepted(c, i, err)
		}
	}
	if err := i.readsAlike(&c.Request().Header); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	p := g.passageOf(c)
	room := p.room()
	body, err := readBodyInto(room.body, c, maxIntercepted)
	if err == nil {
		room.body = body
		err = g.enterCheckout(c)
	}
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	found, err := i.readRequestBody(c.Request().Header.ContentType(), body, &room.inBody)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	query, err := i.queryOf(c)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if err := i.saysOnce(c, len(body) > 0, found); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	from := exchange{agent: c.Request().Header.UserAgent(), found: found, query: query, request: c}
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
	if err := checkOptions(&co); err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if i.sells() {
		if err := g.closed(co.OrderID); err != nil { //guard:intercepted-needs-the-journal
			// No order is made that could not be paid.
			return g.refuseIntercepted(c, i, err)
		}
	}
	if len(i.RefuseBefore) > 0 {
		if err := v.rules.Usable(&co, g.deciding(nil)); err != nil {
			return g.refuseIntercepted(c, i, err)
		}
	}
	p.req.Body, p.req.Drop, p.plain = body, v.drop, i.changes()
	if p.plain {
		p.req.Drop = v.dropPartial
	}
	var recorded *payment.Attempt
	if i.putsRequest() {
		if recorded, err = g.putWindow(c, v, i, &co, found, p); err != nil {
			return g.refuseIntercepted(c, i, err)
		}
	}
	if err := g.exchange(c, v, p); err != nil {
		// Of what was sent the shop may have made a page, which may have reached the buyer another way: that window may be
		// paid in, and stays open until the sweep has asked its PG.
		if recorded != nil && p.unsent { //guard:windows-that-were-sent-stay-open
			g.abandon(g.payerContext(c), *recorded)
		}
		g.metrics.Intercepted(i.Name, "failed")
		return g.tellRefusal(c, i, err)
	}
	return g.answered(c, v, i, &co, p)
}

// orderFrom makes the checkout of what the shop's answer says of the order. The browser's word on it ends here: of
// the request only the wish for a method stays, and its amounts must be the shop's.
func (g *Gateway) orderFrom(ctx context.Context, v *view, i *intercept, from exchange, co *payment.Checkout) error {
	asked, page := co.Payments, co.Window
	co.OrderID, co.Payments = "", nil
	co.Amount, co.TaxFree, co.TaxFreeSet = 0, 0, false //guard:browsers-amount-never-counts
	co.VAT, co.VATSet = 0, false                       //guard:browsers-vat-never-counts
	co.Window.Goods = ""
	if err := from.read(v, i.readAnswer, co); err != nil {
		return err
	}
	if co.GoodsByShop = co.Window.Goods != ""; !co.GoodsByShop {
		co.Window.Goods = page.Goods
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
	if err := checkOptions(co); err != nil {
		return err
	}
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
	return v.checkAddresses(co) //guard:intercepted-returns-to-the-shop
}
