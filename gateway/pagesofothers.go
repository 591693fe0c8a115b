package gateway

import (
	"net/netip"
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// ofOtherPage tells whether a browser sends a request for a page that is not of this machine. A door without a token
// is safe for who shares the machine, and so for the browser of whoever forwards its port there: any page could have
// it send a cancel, under a name of its own that resolves to the loopback interface even read the answer. Programs
// send no Origin.
func ofOtherPage(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return c.Get("Sec-Fetch-Site") == "cross-site"
	}
	u, err := url.Parse(origin)
	if err != nil {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && (err != nil || !ip.Unmap().IsLoopback())
}
