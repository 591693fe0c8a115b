package gateway

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// forwardTimeout is how long a client may take to send the head of its request.
const forwardTimeout = 60 * time.Second

// forward hands the request on to the order service, and its answer back as it is.
func (g *Gateway) forward(c *fiber.Ctx, v *view) error {
	p := g.passageOf(c)
	p.req.Drop = v.drop
	if stream, length := requestOf(c).wire, c.Request().Header.ContentLength(); stream == nil {
		p.req.Body = c.Request().Body()
	} else if length != 0 {
		p.req.Stream, p.req.Length = stream, int64(max(length, upstream.Chunked))
	}
	if p.req.Stream == nil && len(p.req.Body) == 0 {
		p.req.Upgrade = upgradeOf(c)
	}
	var err error
	if p.seat, err = g.enterForwarded(c, p.req.Stream != nil); err != nil {
		return err
	}
	if p.req.Upgrade != nil {
		// Until the shop has agreed it is a page like others, and takes a page's place.
		p.tunnel, err = g.enterTunnel(c)
	}
	if err == nil {
		err = g.exchange(c, v, p)
	}
	if err != nil {
		p.leave()
		return err
	}
	return g.passOn(c, p)
}

// exchange sends p's request to the order service and reads the head of the answer. The path and the header lines are
// those of c, as they came.
func (g *Gateway) exchange(c *fiber.Ctx, v *view, p *passage) error {
	p.unsent = true
	target, ok := shopTarget(c)
	if !ok {
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	shops, err := g.shops.listOf(v)
	if err != nil {
		return err
	}
	p.target = append(append(p.target[:0], v.shop.path...), target...)
	a := g.asked(c)
	p.more = g.appendForwarded(p.more[:0], c, &a)
	if p.plain {
		p.more = append(p.more, "Accept-Encoding: identity\r\n"...)
	}
	p.more = append(p.more, p.say...)
	p.req.Method, p.req.Target = c.Request().Header.Method(), p.target
	if v.shop.ownName { //guard:shop-is-asked-by-its-own-name
		p.back = nameBack{shop: &v.shop, proto: a.proto, host: a.host}
	}
	p.req.Host = v.shop.host
	if name := requestHost(c); !v.shop.ownName && len(name) > 0 {
		p.req.Host = name
	}
	p.req.Lines, p.req.More = c.Request().Header.RawHeaders(), p.more
	err = shops.do(forPages, &p.x, &p.req)
	p.unsent = errors.Is(err, upstream.ErrNotSent)
	if err != nil {
		return g.notForwarded(c, err)
	}
	took := p.x.Took()
	requestOf(c).handedOn += took
	g.metrics.Forwarded(took)
	return nil
}

// notForwarded tells the caller, and the log, why the shop gave no answer.
func (g *Gateway) notForwarded(c *fiber.Ctx, err error) error {
	if errors.Is(err, upstream.ErrBody) || errors.Is(err, upstream.ErrRequest) {
		c.Context().SetConnectionClose()
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	if errors.Is(err, upstream.ErrBusy) {
		g.metrics.Shed(metrics.RoomShop, metrics.ShedFull)
		return &payment.Problem{Code: payment.CodeOverloaded, RetryAfter: shedRetry}
	}
	g.log.Warn("the shop cannot be reached", slog.String("request_id", requestID(c)), slog.Any("err", err))
	if errors.Is(err, upstream.ErrTimeout) {
		return &payment.Problem{Code: payment.CodeUpstreamTimeout}
	}
	return &payment.Problem{Code: payment.CodeUpstreamUnavailable}
}

// ownLine tells whether a header line of a request is ours to say: what a client says there, however often, is not
// handed on. A client that waits to go on has been told to by us.
func ownLine(name []byte) bool {
	switch len(name) {
	case 4:
		return upstream.Is(name, "host")
	case 6:
		return upstream.Is(name, "expect")
	case 7:
		// Of a request none is handed on.
		return upstream.Is(name, "trailer")
	case 9:
		return upstream.Is(name, "x-real-ip") || upstream.Is(name, "forwarded")
	case 11, 13, 14:
		return namesPath(name)
	case 12:
		return upstream.Is(name, "x-request-id")
	case 15:
		return upstream.Is(name, "x-forwarded-for")
	case 16:
		return upstream.Is(name, "x-forwarded-host")
	case 17:
		return upstream.Is(name, "x-forwarded-proto")
	}
	return false
}

// namesPath tells whether some server takes a header for the path that it is asked for, in place of the one that our
// routes were looked for by: IIS and what was made for it (Symfony and Zend of then), and gunicorn.
func namesPath(name []byte) bool {
	return sameToCGI(name, "x-original-url") || sameToCGI(name, "x-rewrite-url") || //guard:no-header-names-another-path
		sameToCGI(name, "script-name")
}

// ownOrPartial is ownLine for a request whose answer is to be read: it must come whole, and as it is now. What the
// client has kept of an earlier one holds a window or methods of then.
func ownOrPartial(name []byte) bool {
	switch len(name) {
	case 5:
		return upstream.Is(name, "range")
	case 8:
		return upstream.Is(name, "if-range")
	case 13:
		return upstream.Is(name, "if-none-match") || namesPath(name) //guard:no-stale-window
	case 15:
		return upstream.Is(name, "accept-encoding") || ownLine(name)
	case 17:
		return upstream.Is(name, "if-modified-since") || ownLine(name)
	}
	return ownLine(name)
}

// upgradeOf is the protocol that a request asks to change to; nil for none.
func upgradeOf(c *fiber.Ctx) []byte {
	h := &c.Request().Header
	if !h.IsHTTP11() || !h.ConnectionUpgrade() {
		return nil
	}
	return h.Peek(fiber.HeaderUpgrade)
}
