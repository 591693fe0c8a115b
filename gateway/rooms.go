package gateway

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// shedRetry is when who was refused for want of room may come again.
	shedRetry = time.Second
	// lookUpsShare is how much of the checkouts may wait for an order look-up: those that an intercept takes over need
	// none, and a slow look-up must not refuse them.
	lookUpsShare = 0.75
	// forwardedShare is how much of the connections to the order service what is handed on may have: intercepted
	// checkouts need some too.
	forwardedShare = 0.75
)

// room bounds how many requests of one kind are under way at once. Who finds it full is refused at once: a queue would
// make everybody wait for the slowest. It is safe for concurrent use.
type room struct {
	// name is the value of the metrics' label.
	name    metrics.Room
	metrics *metrics.Metrics

	mu            sync.Mutex
	busy, uploads int
	by            map[netip.Addr]int
}

func newRoom(name metrics.Room, m *metrics.Metrics) *room {
	return &room{name: name, metrics: m, by: map[netip.Addr]int{}}
}

// rooms are those of the public listener: none of them takes another's.
type rooms struct{ forwarded, checkouts, returns, lookUps, tunnels *room }

func newRooms(m *metrics.Metrics) *rooms {
	return &rooms{
		newRoom(metrics.RoomForwarded, m), newRoom(metrics.RoomCheckouts, m), newRoom(metrics.RoomReturns, m),
		newRoom(metrics.RoomLookUps, m), newRoom(metrics.RoomTunnels, m),
	}
}

// seat is a request's seat in a room; the zero seat is none.
type seat struct {
	room   *room
	who    netip.Addr
	upload bool
}

// enter takes a seat for a request of a client, which may have perClient of them at once and at most half of all; of
// requests with a body that is still coming there are half of all at most, too. It is empty why not otherwise. The zero
// address has no bound of its own.
func (r *room) enter(p seat, most, perClient int) (seat, metrics.ShedReason) {
	half := max(most/2, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.busy >= most:
		return seat{}, metrics.ShedFull
	case p.who.IsValid() && r.by[p.who] >= min(perClient, half): //guard:one-client-takes-its-share
		return seat{}, metrics.ShedClient
	case p.upload && r.uploads >= half: //guard:slow-uploads-leave-room
		return seat{}, metrics.ShedUploads
	}
	r.busy++
	if p.who.IsValid() {
		r.by[p.who]++
	}
	if p.upload {
		r.uploads++
	}
	r.metrics.InFlight(r.name, r.busy)
	p.room = r
	return p, ""
}

// leave gives the seat back; once is enough, and more does nothing.
func (p *seat) leave() {
	r := p.room
	if r == nil {
		return
	}
	p.room = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	if p.upload {
		r.uploads--
	}
	if p.who.IsValid() {
		if r.by[p.who]--; r.by[p.who] == 0 {
			delete(r.by, p.who)
		}
	}
	r.metrics.InFlight(r.name, r.busy)
}

// enter takes a seat in a room for c, or refuses it.
func (g *Gateway) enter(c *fiber.Ctx, r *room, most int, upload bool) (seat, error) {
	p, why := r.enter(seat{who: g.shareOf(c), upload: upload}, most, g.view().rules.Limits().InFlight.PerClient)
	if why != "" {
		g.metrics.Shed(r.name, why)
		return seat{}, &payment.Problem{Code: payment.CodeOverloaded, RetryAfter: shedRetry}
	}
	return p, nil
}

// enterFor is enter for a request that holds its seat until it is answered. Who calls it has read the body: a seat
// is not for those who send theirs slowly.
func (g *Gateway) enterFor(c *fiber.Ctx, r *room, most int) error {
	held := &requestOf(c).seat
	if held.room != nil {
		return nil
	}
	p, err := g.enter(c, r, most, false)
	*held = p
	return err
}

// enterCheckout takes a seat among the checkouts.
func (g *Gateway) enterCheckout(c *fiber.Ctx) error {
	return g.enterFor(c, g.rooms.checkouts, g.view().rules.Limits().InFlight.Checkouts)
}

// enterReturn takes a seat among the buyers who come back and the messages of PGs.
func (g *Gateway) enterReturn(c *fiber.Ctx) error {
	return g.enterFor(c, g.rooms.returns, g.view().rules.Limits().InFlight.Returns)
}

// enterForwarded takes a seat among what is handed on, which is held until the answer has been.
func (g *Gateway) enterForwarded(c *fiber.Ctx, upload bool) (seat, error) {
	most := min(g.view().rules.Limits().InFlight.Forwarded, max(int(forwardedShare*float64(g.shops.conns)), 1))
	return g.enter(c, g.rooms.forwarded, most, upload)
}

// enterTunnel takes a seat for a connection that is to speak another protocol, which is held until it has closed.
func (g *Gateway) enterTunnel(c *fiber.Ctx) (seat, error) {
	most := min(g.view().rules.Limits().InFlight.Tunnels, shareOf(g.openFiles, tunnelShare))
	return g.enter(c, g.rooms.tunnels, most, false)
}

// enterLookUp takes a seat for a look-up of an order, which a checkout has besides its own.
func (g *Gateway) enterLookUp(v *view, id payment.OrderID) (seat, error) {
	most := min(g.shops.lookUps, max(int(lookUpsShare*float64(v.rules.Limits().InFlight.Checkouts)), 1))
	p, why := g.rooms.lookUps.enter(seat{}, most, 0)
	if why != "" { //guard:slow-look-ups-leave-checkouts
		g.metrics.Shed(g.rooms.lookUps.name, why)
		return seat{}, &payment.Problem{Code: payment.CodeOverloaded, OrderID: id, RetryAfter: shedRetry}
	}
	return p, nil
}

// shareOf is whom c's seat counts for: an address, of IPv6 the network that one customer gets. Of what a trusted proxy
// sends of its own accord, or names nobody for, it is nobody.
func (g *Gateway) shareOf(c *fiber.Ctx) netip.Addr {
	who := g.clientIP(c)
	if who == peerIP(c) && g.trusted(who) {
		return netip.Addr{}
	}
	if who.Is6() {
		if prefix, err := who.WithZone("").Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return who
}
