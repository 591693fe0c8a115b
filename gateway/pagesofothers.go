package gateway

import (
	"net/netip"
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// ofOtherPage tells whether a browser sends a request for a page that is not of this machine. A door without a token
// is safe for who shares the machine, and so for the browser of whoever forwards its port there: any page could have
// it send a cancel, and under a name of its own that resolves to the loopback interface even read the answer. Programs
// send neither Origin nor Sec-Fetch-Site, and may call this machine what they like.
func ofOtherPage(c *fiber.Ctx) bool {
	if origin := c.Get(fiber.HeaderOrigin); origin != "" {
		u, err := url.Parse(origin)
		return err != nil || !isThisMachine(u.Hostname())
	}
	site := c.Get("Sec-Fetch-Site")
	if site == "" {
		return false
	}
	asked, err := url.Parse("http://" + string(c.Request().Header.Host()))
	if err != nil || !isThisMachine(asked.Hostname()) { //guard:no-name-of-others-for-this-machine
		return true
	}
	return site == "cross-site"
}

// isThisMachine tells whether a host is this machine whoever resolves it.
func isThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
