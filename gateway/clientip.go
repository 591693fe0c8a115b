package gateway

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// clientIP is the address of who is calling: the last entry of X-Forwarded-For, or of Forwarded where there is
// none, that a trusted proxy did not add, or the peer itself. It is the zero address when nobody knows.
func (g *Gateway) clientIP(c *fiber.Ctx) netip.Addr {
	r := requestOf(c)
	if !r.from.IsValid() {
		r.from = g.findClient(c)
	}
	return r.from
}

func (g *Gateway) findClient(c *fiber.Ctx) netip.Addr {
	peer := peerIP(c)
	if !g.trusted(peer) {
		return peer
	}
	if named := forwardedHops(&c.Request().Header); len(named) > 0 {
		if ip, ok := hopAddr(g.clientHop(named).client); ok && !g.trusted(ip) {
			return ip
		}
		return peer
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for _, hop := range slices.Backward(hops) {
		ip, ok := hopAddr(hop)
		if !ok {
			break
		}
		if !g.trusted(ip) {
			return ip
		}
	}
	return peer
}

// hopAddr reads an address as proxies write it into X-Forwarded-For: alone, with a port, or in brackets with or
// without one.
func hopAddr(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if at, err := netip.ParseAddrPort(hop); err == nil {
		return at.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(hop, "["); ok {
		hop, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(hop, ":") {
			return netip.Addr{}, false
		}
	}
	ip, err := netip.ParseAddr(hop)
	return ip.Unmap(), err == nil
}

func peerIP(c *fiber.Ctx) netip.Addr {
	if a, ok := c.Context().RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (g *Gateway) trusted(ip netip.Addr) bool {
	for _, p := range g.view().trustedProxies {
		if p.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}
