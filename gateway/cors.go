package gateway

import (
	"github.com/gofiber/fiber/v2"
)

// cors lets pages of the allowed origins read the answer.
func (g *Gateway) cors(c *fiber.Ctx) error {
	g.allowOrigin(c)
	return c.Next()
}

// allowOrigin sets the headers of an answer that pages of the allowed origins may read.
func (g *Gateway) allowOrigin(c *fiber.Ctx) {
	c.Vary(fiber.HeaderOrigin)
	if o := c.Get(fiber.HeaderOrigin); o != "" && g.view().allowsOrigin(o) {
		c.Set(fiber.HeaderAccessControlAllowOrigin, o)
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
