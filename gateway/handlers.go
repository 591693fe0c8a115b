package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Paths of the public listener. Below server.public.prefix there are the same once more.
const (
	pathCheckout = "/checkout"
	pathComplete = "/checkout/complete"
)

// maxReturn is the largest auth result that is read, in bytes: authToken alone may have 8192 characters, and
// three times that percent-encoded (inicis.md §1.7).
const maxReturn = 64 << 10

// publicApp makes the listener for browsers, the storefront and PG callbacks.
func (g *Gateway) publicApp() *fiber.App {
	app := g.newApp(true)
	app.Use(g.observe)
	own := g.view().rules.Server().Public.Prefix
	g.checkoutRoutes(app, own+pathCheckout[1:], own+pathComplete[1:])
	g.checkoutRest(app, own+pathCheckout[1:], own+pathComplete[1:])
	g.appRoute(app, own+pathApp)
	g.checkoutRoutes(app, pathCheckout, pathComplete)
	g.returnRoutes(app)
	g.hookRoutes(app)
	app.Use(g.storeRoute)
	app.Use(named(routeShop, g.shopRoute))
	// What is the shop's own at these paths has been handed on.
	g.checkoutRest(app, pathCheckout, pathComplete)
	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return app
}

// checkoutRoutes adds the endpoints that pages of the shop call. Where they stand makes no other request of one.
func (g *Gateway) checkoutRoutes(app *fiber.App, checkout, complete string) {
	app.Options(checkout, g.preflightOf)
	app.Options(complete, g.preflightOf)
	app.Post(
		checkout,
		named(routeCheckout, g.cors(metrics.EndpointCheckout)),
		g.admitted,
		g.idempotent(
			keyedRequest{
				scope: "POST " + pathCheckout, print: fingerprint, over: g.windowOver, admit: g.checkoutBody,
				run: g.handleCheckout,
			},
			"order_id",
		),
	)
	app.Post(
		complete,
		named(routeComplete, g.cors(metrics.EndpointComplete)),
		g.admitCompletion,
		g.idempotent(
			keyedRequest{scope: "POST " + pathComplete, print: fingerprint, admit: g.completeBody, run: g.handleComplete},
			"attempt_id",
		),
	)
}

// checkoutRest answers what else is asked of those endpoints.
func (g *Gateway) checkoutRest(app *fiber.App, checkout, complete string) {
	app.Options(checkout, named(routePreflight, g.preflight))
	app.Options(complete, named(routePreflight, g.preflight))
	only(app, routeCheckout, "POST, OPTIONS", checkout)
	only(app, routeComplete, "POST, OPTIONS", complete)
}

// only refuses every other method at some paths of a route, and says which are taken.
func only(app *fiber.App, route, methods string, paths ...string) {
	for _, path := range paths {
		app.All(path, named(route, func(c *fiber.Ctx) error { return notAllowed(c, methods) }))
	}
}

func notAllowed(c *fiber.Ctx, methods string) error {
	c.Set(fiber.HeaderAllow, methods)
	return fiber.ErrMethodNotAllowed
}

func (g *Gateway) handleCheckout(c *fiber.Ctx) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	v := g.view()
	raw, err := jsonBody(c, v.rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	if err := g.enterCheckout(c); err != nil {
		return err
	}
	co := requestOf(c).checkout
	if co == nil {
		parsed, err := parseCheckout(raw)
		if err != nil {
			return withOrder(err, parsed.OrderID)
		}
		co = &parsed
	}
	co.Device = shownOn(co.Device, c.Request().Header.UserAgent())
	ans, err := g.checkout(g.payerContext(c), v, co)
	if err != nil {
		return g.guessed(c, v, co.OrderID, err)
	}
	isAbout(c, ans.OrderID, ans.AttemptID)
	c.Set(fiber.HeaderCacheControl, "no-store")
	answerStands(c)
	room := g.passageOf(c).room()
	if room.answer, err = ans.appendJSON(slices.Grow(room.answer[:0], usualAnswer)); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	return answerJSON(c, room.answer)
}

// answerJSON answers with a JSON text, which is the answer's from now on.
func answerJSON(c *fiber.Ctx, text []byte) error {
	c.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Response().SetBodyRaw(text)
	return nil
}

// completeAnswer is the answer of POST /checkout/complete.
type completeAnswer struct {
	OrderID   payment.OrderID   `json:"order_id"`
	AttemptID payment.AttemptID `json:"attempt_id"`
	Status    string            `json:"status"`
	Amount    payment.Won       `json:"amount"`
	// Reason is how the attempt ended, Code and the details what its buyer may be told.
	Reason      payment.Reason `json:"reason,omitempty"`
	Code        payment.Code   `json:"code,omitempty"`
	DetailKo    string         `json:"detail_ko,omitempty"`
	DetailEn    string         `json:"detail_en,omitempty"`
	RedirectURL string         `json:"redirect_url"`
}

func (g *Gateway) handleComplete(c *fiber.Ctx) error {
	raw, err := jsonBody(c, g.view().rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	if err := g.enterReturn(c); err != nil {
		return err
	}
	req, err := parseComplete(raw)
	if err != nil {
		return err
	}
	isAbout(c, "", req.AttemptID)
	res, err := g.complete(g.payerContext(c), req)
	if err != nil {
		return err
	}
	isAbout(c, res.Attempt.OrderID, res.Attempt.ID)
	if c.Get(headerIdempotencyKey) != "" && res.Status() == string(payment.StateUnknown) {
		// Who repeats requests must not take this for an end and pay anew.
		return &payment.Problem{
			Code: payment.CodePaymentUnknown, OrderID: res.Attempt.OrderID, KeySafety: payment.NewKeyUnsafe,
		}
	}
	if res.Attempt.State.Final() {
		answerStands(c)
	}
	if res.Answer.Reason == payment.ReasonShopSilent {
		leaveThisPod(c)
	}
	end := res.Ending()
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(completeAnswer{
		OrderID: res.Attempt.OrderID, AttemptID: res.Attempt.ID, Status: res.Status(), Amount: res.Attempt.Amount,
		Reason: cmp.Or(res.Attempt.Reason, res.Why), Code: end.Code, DetailKo: end.Ko, DetailEn: end.En,
		RedirectURL: redirectURL(res, end),
	})
}

// parseComplete reads what the SDK's callback said. Members it does not know are left alone: SDKs add some.
func parseComplete(raw []byte) (completeRequest, error) {
	var req completeRequest
	r, err := strictjson.NewReader(raw)
	if err != nil {
		return req, jsonProblem(err)
	}
	optional := func(to *string, limit int) error {
		if r.Null() {
			return nil
		}
		return text(r, to, limit)
	}
	var token string
	err = r.Object(func(key string) error {
		switch key {
		case "attempt_id":
			return text(r, &req.AttemptID, payment.MaxIDLength)
		case "pg_tx_id":
			return optional(&req.PGTxID, maxText)
		case "billing_key":
			// The key is what PortOne V2 finds the issue by.
			return optional(&req.PGTxID, maxText)
		case "payment_token":
			return optional(&token, maxToken)
		case "code":
			return optional(&req.Code, maxText)
		case "success", "imp_success":
			if r.Null() {
				return nil
			}
			success, err := r.Flag()
			req.Refused = req.Refused || !success
			return err
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return req, jsonProblem(err)
	}
	req.PaymentToken = payment.Secret(token)
	if !payment.ValidID(string(req.AttemptID)) {
		return req, missing("attempt_id")
	}
	return req, nil
}

// backToShop sends the browser to the shop's page, so that a reload asks the shop and not us again. Without a
// known shop page it shows our own.
func (g *Gateway) backToShop(c *fiber.Ctx, res lifecycle.Result, err error) error {
	end := res.Ending()
	isAbout(c, res.Attempt.OrderID, res.Attempt.ID)
	if res.Answer.Reason == payment.ReasonShopSilent {
		leaveThisPod(c)
	}
	var p *payment.Problem
	if err != nil {
		p = asProblem(err)
		end = toldToBuyer(p)
	}
	to := redirectURL(res, end)
	switch {
	case to == "":
		return g.page(c, res, err)
	case p != nil:
		g.report(c, p, err)
		c.Set(headerReason, string(p.Code))
	}
	if _, ok := appPage(res.Attempt.ReturnURL); ok {
		return g.backToApp(c, res.Attempt, to)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(to, fiber.StatusSeeOther)
}

// returnWord is the metric's label for what a return came to: a status, or a problem's code.
func returnWord(res lifecycle.Result, err error) string {
	if err != nil {
		return strings.ToLower(string(asProblem(err).Code))
	}
	return res.Status()
}
