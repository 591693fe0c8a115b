package gateway

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cors lets pages of the allowed origins read the answer, and takes nothing that a page of another origin sends: a form
// needs no preflight.
func (g *Gateway) cors(endpoint metrics.Endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		from := c.Get(fiber.HeaderOrigin)
		g.allowOrigin(c, from)
		if why := g.sentByAnotherSite(c, from); why != "" { //guard:other-sites-do-not-check-out
			g.metrics.OriginRefused(endpoint, why)
			return &payment.Problem{Code: payment.CodeOriginNotAllowed}
		}
		return c.Next()
	}
}

// sentByAnotherSite tells why a request with this Origin is taken for that of a page which is neither of an allowed
// origin nor of our own address; empty for all others. Programs send no Origin, and no page can write what is in
// Sec-Fetch-Site.
func (g *Gateway) sentByAnotherSite(c *fiber.Ctx, from string) metrics.OriginReason {
	site := c.Get("Sec-Fetch-Site")
	switch {
	case site == "same-origin":
		return ""
	case from == "" && site == "cross-site":
		return metrics.OriginMissing
	case from == "":
		return ""
	}
	if v := g.view(); v.allowsOrigin(from) || from == originOf(v.rules.Server().Public.BaseURL) {
		return ""
	}
	switch {
	case from == "null":
		return metrics.OriginOpaque
	case site == "same-site":
		return metrics.OriginSameSite
	case site == "cross-site":
		return metrics.OriginCrossSite
	}
	return metrics.OriginUnlisted
}

// originOf is the origin of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// preflightOf answers a preflight where POST is ours; any other OPTIONS is for the shop.
func (g *Gateway) preflightOf(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderOrigin) == "" || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		return c.Next()
	}
	requestOf(c).route = routePreflight
	return g.preflight(c)
}

// allowOrigin sets the headers of an answer that pages of the allowed origins may read.
func (g *Gateway) allowOrigin(c *fiber.Ctx, from string) {
	c.Vary(fiber.HeaderOrigin)
	if from != "" && g.view().allowsOrigin(from) {
		c.Set(fiber.HeaderAccessControlAllowOrigin, from)
		c.Set(fiber.HeaderAccessControlExposeHeaders, headerRequestID+", "+headerReason+", "+headerUnchanged)
	}
}

func (g *Gateway) preflight(c *fiber.Ctx) error {
	c.Vary(fiber.HeaderOrigin)
	if o := c.Get(fiber.HeaderOrigin); o != "" && g.view().allowsOrigin(o) {
		c.Set(fiber.HeaderAccessControlAllowOrigin, o)
		c.Set(fiber.HeaderAccessControlAllowMethods, fiber.MethodPost)
		c.Set(fiber.HeaderAccessControlAllowHeaders, fiber.HeaderContentType+", "+headerRequestID+", "+headerIdempotencyKey)
		c.Set(fiber.HeaderAccessControlMaxAge, "600")
	}
	return c.SendStatus(fiber.StatusNoContent)
}
