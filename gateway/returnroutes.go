package gateway

import (
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// returnParam names the attempt in the addresses that windows send browsers back to.
const returnParam = "attempt_id"

// returnRoutes adds the addresses where browsers come back to from PGs' windows.
func (g *Gateway) returnRoutes(app *fiber.App) {
	redirects := map[string]payment.Redirect{}
	for _, name := range slices.Sorted(maps.Keys(g.drivers)) {
		spec := g.drivers[name].Spec()
		if !spec.CarriesToken {
			for _, path := range []string{spec.Routes.Return, spec.Routes.KeyReturn, spec.Routes.PhoneReturn} {
				redirects[path] = redirects[path].And(spec.Routes.Redirect)
			}
			continue
		}
		for _, r := range g.carriedReturns(name, spec.Routes) {
			app.Post(r.path, named(payment.RouteName(r.path), g.handleReturn(r)))
			app.Get(r.path, named(payment.RouteName(r.path), g.handleStatusPage))
			only(app, payment.RouteName(r.path), "GET, HEAD, POST", r.path)
		}
	}
	delete(redirects, "")
	for _, path := range slices.Sorted(maps.Keys(redirects)) {
		app.Get(path, named(payment.RouteName(path), g.handleRedirect(path, redirects[path])))
		only(app, payment.RouteName(path), "GET, HEAD", path)
	}
}

// whoseReturn is whom a return is counted under: what comes first in its path behind /return/.
func whoseReturn(path string) string {
	who, _, _ := strings.Cut(strings.TrimPrefix(path, adapters.ReturnsAt), "/")
	return who
}

// handleReturn takes what a window that carries its attempt made the browser post.
func (g *Gateway) handleReturn(route returnRoute) fiber.Handler {
	who := whoseReturn(route.path)
	return func(c *fiber.Ctx) error {
		raw, err := readBody(c, maxReturn)
		sealed := func() (payment.AttemptID, bool) { return g.sealedReturn(route, raw) }
		if admitted := g.admitWindowOf(c, sealed); admitted != nil {
			err = admitted
		}
		if err == nil {
			err = g.enterReturn(c)
		}
		if err != nil {
			return g.page(c, lifecycle.Result{}, err)
		}
		res, err := g.carriedReturn(g.payerContext(c), g.view(), route, raw)
		g.metrics.Returned(who, returnWord(res, err))
		return g.backToShop(c, res, err)
	}
}

// handleRedirect concludes an attempt on record whose buyer was sent back to us. The query is a hint, as the SDK's
// callback is.
func (g *Gateway) handleRedirect(path string, names payment.Redirect) fiber.Handler {
	who := whoseReturn(path)
	return func(c *fiber.Ctx) error {
		q := func(names []string) string {
			for _, n := range names {
				if s := c.Query(n); s != "" {
					return clipText(s, maxToken)
				}
			}
			return ""
		}
		id := payment.AttemptID(q(append([]string{returnParam}, names.Attempt...)))
		if !payment.ValidID(string(id)) {
			return g.page(c, lifecycle.Result{}, &payment.Problem{Code: payment.CodeAttemptNotFound})
		}
		sealed := func() (payment.AttemptID, bool) {
			by, ours := g.others.read(id, c.Query(journalParam))
			return id, ours && !g.others.elsewhere(by) || g.sealer.madeID(g.view().environment, id)
		}
		err := g.admitWindowOf(c, sealed)
		if err == nil { //guard:redirects-have-seats
			err = g.enterReturn(c)
		}
		if err != nil {
			return g.page(c, lifecycle.Result{}, err)
		}
		failed := func(name string) bool { return strings.EqualFold(c.Query(name), "false") }
		res, err := g.complete(g.payerContext(c), completeRequest{
			AttemptID: id, PGTxID: clipText(q(names.PGTxID), maxText), PaymentToken: payment.Secret(q(names.Token)),
			Code: q(names.Code), Refused: slices.ContainsFunc(names.Success, failed),
		})
		if asked, ok := payment.AsProblem(err); ok && asked.Code == payment.CodeAttemptNotFound {
			g.others.notFound(id, c.Query(journalParam))
		}
		g.metrics.Returned(who, returnWord(res, err))
		return g.backToShop(c, res, err)
	}
}
