package gateway

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// answered reads the shop's answer and changes it as the route says; what it cannot change passes as it is, with the
// reason in a header.
func (g *Gateway) answered(c *fiber.Ctx, v *view, i *intercept, co *payment.Checkout, p *passage) error {
	if status := p.x.Status(); status < 200 || status > 299 || !i.changes() || p.x.Ruled() {
		if !i.putsRequest() {
			g.metrics.Intercepted(i.Name, "passed")
		}
		if status >= 500 {
			// The shop's own fault is none of ours.
			requestOf(c).route = routeShop
		}
		if i.putsRequest() {
			c.Set(fiber.HeaderCacheControl, "no-store") //guard:pages-with-windows-are-not-kept
			return g.passOnWithout(c, p, ofCaches)
		}
		return g.passOn(c, p)
	}
	if p.x.Length() > maxIntercepted {
		g.unchanged(c, i, answerTooLarge)
		return g.passOn(c, p)
	}
	if isEventStream(p.x.Header("content-type")) { //guard:event-streams-flow
		g.unchanged(c, i, answerNotJSON)
		return g.passOn(c, p)
	}
	answer, more, err := p.readAll(maxIntercepted)
	switch {
	case err != nil:
		g.metrics.Intercepted(i.Name, "failed")
		return g.tellRefusal(c, i, errors.Join(err, p.Close()))
	case more: //guard:large-answers-pass-whole
		g.unchanged(c, i, answerTooLarge)
		return g.passRead(c, p, answer, true)
	}
	plain, why := decoded(p.x.Lines(), answer)
	var found *jsonplace.Found
	if why == "" {
		if found, err = i.answer.ReadInto(&p.room().inShops, plain); err != nil {
			g.log.Warn("the shop's answer on an intercepted route is not clean JSON",
				slog.String("request_id", requestID(c)), slog.String("route", i.Name), slog.Any("err", err))
			why = answerNotJSON
		}
	}
	var changed []byte
	if why == "" {
		from := exchange{agent: c.Request().Header.UserAgent(), found: found, answer: &p.x}
		changed, why = g.change(c, v, i, from, co, p.room())
	}
	if why != "" {
		g.unchanged(c, i, why)
		return g.passRead(c, p, answer, false)
	}
	c.Set(fiber.HeaderCacheControl, "no-store") //guard:windows-are-not-kept
	return g.passWith(c, p, changed, ofTheBody)
}

// isEventStream tells whether an answer comes bit by bit, for as long as the shop has something to say.
func isEventStream(contentType []byte) bool {
	media, _, _ := bytes.Cut(contentType, []byte(";"))
	return upstream.Is(bytes.TrimSpace(media), "text/event-stream")
}

// unchanged says that the shop's answer is handed on as it is, and why.
func (g *Gateway) unchanged(c *fiber.Ctx, i *intercept, why string) {
	c.Set(headerUnchanged, why)
	g.metrics.Intercepted(i.Name, why)
}

// change makes of the shop's answer what the route says, or tells why not.
func (g *Gateway) change(
	c *fiber.Ctx, v *view, i *intercept, from exchange, co *payment.Checkout, room *texts,
) (changed []byte, why string) {
	if why := i.passes(from); why != "" {
		return nil, why
	}
	if i.Put == "" {
		return g.offered(v, i, from, co)
	}
	var result string
	room.answer = from.found.AppendPut(room.answer[:0], func(dst []byte) []byte {
		dst, result = g.appendWindowFor(dst, c, v, i, from, co)
		return dst
	})
	g.metrics.Intercepted(i.Name, result)
	return room.answer, ""
}

// appendWindowFor appends the JSON to put into the shop's answer, and returns a word for the metric. The order exists
// by then, so a refusal travels in the window's place instead of hiding the order.
func (g *Gateway) appendWindowFor(
	dst []byte, c *fiber.Ctx, v *view, i *intercept, from exchange, co *payment.Checkout,
) ([]byte, string) {
	ctx := g.payerContext(c)
	err := g.orderFrom(ctx, v, i, from, co)
	var ans checkoutAnswer
	if err == nil {
		err = g.admitOrder(c, v, co.OrderID, string(firstMethod(co.Payments)))
	}
	if err == nil {
		ans, err = g.openWindow(ctx, v, co, earlier{})
	}
	if err != nil {
		problem := asProblem(err)
		g.report(c, problem, err)
		b, err := g.problemInPlace(c, i, problem)
		if err != nil {
			return append(dst, "null"...), "refused"
		}
		return append(dst, b...), "refused"
	}
	isAbout(c, ans.OrderID, ans.AttemptID)
	b, err := ans.appendJSON(slices.Grow(dst, usualAnswer))
	if err != nil {
		g.log.Error("an answer cannot be encoded", slog.String("request_id", requestID(c)), slog.Any("err", err))
		return append(dst, "null"...), "refused"
	}
	return b, "window"
}
