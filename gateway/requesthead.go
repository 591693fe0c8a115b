package gateway

import (
	"bytes"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// methods are those that a request may have: Fiber's but CONNECT, since a shop is no tunnel, and the registered ones
// that shops may know beyond them.
func methods() []string {
	all := slices.DeleteFunc(slices.Clone(fiber.DefaultMethods), func(m string) bool { return m == fiber.MethodConnect })
	return append(all, "QUERY", "PURGE", "REPORT", "SEARCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK")
}

// refuseOtherMethods has app answer a method that is none of those as it answers whatever else it cannot read. Fiber
// answers it before any handler, in a text of its own.
func (g *Gateway) refuseOtherMethods(app *fiber.App) {
	known, handle := app.Config().RequestMethods, app.Server().Handler
	app.Server().Handler = func(ctx *fasthttp.RequestCtx) {
		if slices.Contains(known, string(ctx.Method())) { //guard:method-is-known
			handle(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		ctx.SetConnectionClose()
		_ = app.ErrorHandler(c, &payment.Problem{Code: payment.CodeRequestUnreadable})
	}
}

// unreadable tells whether a request's head is one that the parser lets pass and nobody should answer: two readers
// could see different requests in it, or it is for no server like this one. What stands in Host ends up in links and
// logs.
func unreadable(h *fasthttp.RequestHeader) bool {
	return ambiguous(h) ||
		bytes.ContainsFunc(h.Host(), notOfHost) || //guard:host-is-a-host
		ofAnotherScheme(h) //guard:target-is-of-http
}

// ofAnotherScheme tells whether the target is neither a path nor an address of the web.
func ofAnotherScheme(h *fasthttp.RequestHeader) bool {
	target := h.RequestURI()
	if bytes.HasPrefix(target, []byte("/")) || bytes.Equal(target, []byte("*")) {
		return false
	}
	scheme, _, _ := bytes.Cut(target, []byte("://"))
	return !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https"))
}

// notOfHost tells whether a host and port has no such character (RFC 3986 §3.2.2; of the delimiters that a name may
// have there are none in the names of this world).
func notOfHost(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return r != '.' && r != '-' && r != '_' && r != ':' && r != '[' && r != ']' && r != '%' && r != '~'
}
