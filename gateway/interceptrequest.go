package gateway

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/strictjson"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// putsRequest tells whether the window goes into the request.
func (i *intercept) putsRequest() bool { return i.PutRequest.Kind != "" }

// putWindow puts the window of the order that a request names into the request, for a shop whose own page opens it.
// What the client has put there by itself is left out, also when there is no order and no window. It returns the
// attempt of the window when that is on record. The error is what the client is told; the shop has not been asked then.
func (g *Gateway) putWindow(
	c *fiber.Ctx, v *view, i *intercept, co *payment.Checkout, found *jsonplace.Found, p *passage,
) (recorded *payment.Attempt, err error) {
	defer func() {
		if err != nil && recorded != nil { //guard:windows-without-a-place-are-abandoned
			g.abandon(g.payerContext(c), *recorded)
		}
	}()
	var window []byte
	result := answerNoOrder
	if co.OrderID != "" {
		ans, err := g.windowOf(c, v, co)
		if err != nil {
			return nil, err
		}
		recorded = ans.recorded
		isAbout(c, ans.OrderID, ans.AttemptID)
		if window, err = ans.appendJSON(make([]byte, 0, usualAnswer)); err != nil {
			return recorded, err
		}
		result = "window"
	}
	changed := false
	if i.PutRequest.Kind == "header" {
		if window != nil {
			p.say = append(append(append(p.say, i.PutRequest.Value...), ": "...), ascii(window)...)
			p.say = append(p.say, "\r\n"...)
		}
	} else {
		body, err := i.putIntoBody(c.Request().Header.ContentType(), p.req.Body, found, window)
		if err != nil {
			return recorded, err
		}
		changed = !bytes.Equal(body, p.req.Body)
		p.req.Body = body
	}
	p.req.Drop = func(name []byte) bool { return v.leavesOut(name, changed) }
	g.metrics.Intercepted(i.Name, result)
	return recorded, nil
}

// windowOf opens the window of an order that the shop has already. What it costs is the order service's word; the
// request need not say it.
func (g *Gateway) windowOf(c *fiber.Ctx, v *view, co *payment.Checkout) (checkoutAnswer, error) {
	if err := g.admitOrder(c, v, co.OrderID, string(firstMethod(co.Payments))); err != nil {
		return checkoutAnswer{}, err
	}
	ctx := g.payerContext(c)
	asked := g.askEarlier(ctx, co.OrderID)
	if err := g.orderOf(ctx, v, co); err != nil {
		return checkoutAnswer{}, g.guessed(c, v, co.OrderID, err)
	}
	return g.openWindow(ctx, v, co, asked)
}

// orderOf makes a checkout of an order that the shop has already, as that of POST /checkout is made.
func (g *Gateway) orderOf(ctx context.Context, v *view, co *payment.Checkout) error {
	switch {
	case len(co.Payments) == 0:
		return missing("payments")
	case co.ReturnURL == "":
		return missing("return_url")
	}
	if err := v.checkAddresses(co); err != nil { //guard:request-window-returns-to-the-shop
		return err
	}
	o, err := g.lookUp(ctx, v, co.OrderID)
	if err != nil {
		return err
	}
	if co.Amount == 0 {
		co.Amount = o.Amount
	}
	v.fill(co, o.Split)
	if err := validateCheckout(co); err != nil {
		return withOrder(err, co.OrderID)
	}
	return v.takeFigures(co, o) //guard:request-window-is-of-the-order
}

// putIntoBody puts a window at its place in a request's body, or only leaves out what is there when there is none.
func (i *intercept) putIntoBody(contentType, body []byte, found *jsonplace.Found, window []byte) ([]byte, error) {
	name := i.PutRequest.Value
	var err error
	switch said, _ := kindOf(contentType); said.kind {
	case kindForm:
		body, err = formjson.Put(body, name, window)
	case kindMultipart:
		body, err = formjson.PutMultipart(body, said.boundary, name, window)
	default:
		return putIntoJSON(name, body, found, window)
	}
	if err != nil {
		return nil, formProblem(err)
	}
	return body, nil
}

// putIntoJSON puts a window into an object. Some servers ignore the case of a name: with another that they would read
// in its place the request is refused.
func putIntoJSON(name string, body []byte, found *jsonplace.Found, window []byte) ([]byte, error) {
	if found == nil || !found.CanPut() {
		if window == nil {
			return body, nil
		}
		return nil, fieldProblem(name, "결제창을 넣을 JSON 객체가 본문에 없습니다", "needs a JSON object as the body to be put into")
	}
	value := window
	if value == nil {
		value = []byte("null")
	}
	put := found.Put(value)
	if err := strictjson.Check(put); err != nil { //guard:no-window-in-another-case
		return nil, jsonProblem(err)
	}
	if window == nil && !found.Taken() {
		return body, nil
	}
	return put, nil
}

// leavesOut tells whether a header line of a request with a window stays behind: what a browser has kept of an earlier
// answer holds a window of then, and what is said of a changed body is wrong.
func (v *view) leavesOut(name []byte, changed bool) bool {
	return !upstream.Is(name, "accept-encoding") && v.dropPartial(name) || changed && ofRequestBody(name)
}

// setDrops chooses what stays behind of requests to the shop. A header that some route puts a window into is left out
// on all of them: the page behind a GET with a window may take a POST of the same path, too, and believe what is there.
// Where no route has one nobody looks for it.
func (v *view) setDrops() {
	v.drop, v.dropPartial = ownLine, ownOrPartial
	var windows []string
	for _, i := range v.intercepts {
		if i.PutRequest.Kind == "header" {
			windows = append(windows, i.PutRequest.Value)
		}
	}
	if len(windows) == 0 {
		return
	}
	isWindow := func(name []byte) bool {
		for _, w := range windows {
			if sameToCGI(name, w) { //guard:the-windows-header-is-ours
				return true
			}
		}
		return false
	}
	v.drop = func(name []byte) bool { return ownLine(name) || isWindow(name) }
	v.dropPartial = func(name []byte) bool { return ownOrPartial(name) || isWindow(name) }
}

// sameToCGI tells whether servers that hand headers on as variables call two alike (X_Pay as X-Pay).
func sameToCGI(name []byte, other string) bool {
	if len(name) != len(other) {
		return false
	}
	plain := func(c byte) byte {
		switch {
		case c >= 'A' && c <= 'Z':
			return c | 0x20
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return '_'
	}
	for n := range name {
		if plain(name[n]) != plain(other[n]) {
			return false
		}
	}
	return true
}

func ofRequestBody(name []byte) bool {
	return upstream.Is(name, "content-md5") || upstream.Is(name, "digest") || upstream.Is(name, "content-digest") ||
		upstream.Is(name, "repr-digest")
}

// ascii writes a JSON text as one that a header can hold.
func ascii(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r < 0x7f {
			out = append(out, text[0])
		} else {
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		text = text[size:]
	}
	return out
}

// queryValue is what a query says under a name.
func queryValue(query, name string) jsonplace.Value {
	value, n := formjson.Find(query, name)
	switch {
	case n == 0:
		return jsonplace.Value{}
	case formjson.IsWhole(value):
		return jsonplace.Value{Raw: value, From: -1}
	}
	return jsonplace.Text(value)
}

// queryOf is a request's query, where the route reads it. It refuses one in which two readers could find different
// values of what is read, or which has a window of its own: some servers read the query before the body.
func (i *intercept) queryOf(c *fiber.Ctx) (string, error) {
	if !i.readsQuery {
		return "", nil
	}
	_, query, _ := strings.Cut(string(c.Context().RequestURI()), "?")
	if i.PutRequest.Kind == "body" {
		if _, n := formjson.Find(query, i.PutRequest.Value); n > 0 { //guard:no-window-in-the-query
			return "", fieldProblem(i.PutRequest.Value, "결제창은 게이트웨이가 넣습니다", "is for the gateway to say")
		}
		if !formjson.IsClear(query, i.PutRequest.Value) { //guard:no-window-in-half-a-name
			return "", unclearQuery()
		}
	}
	for _, list := range []fieldSources{i.readRequest, i.readRefusal} {
		for _, s := range list {
			if s.Kind != "query" {
				continue
			}
			value, n := formjson.Find(query, s.Value)
			switch {
			case n > 1: //guard:a-query-says-one-thing
				return "", &payment.Problem{
					Code: payment.CodeDuplicateKey, Field: s.Value, DetailKo: "같은 이름이 두 번 있습니다: " + s.Value,
					DetailEn: "the query has the name twice: " + s.Value,
				}
			case !formjson.IsClear(query, s.Value): //guard:a-query-is-read-in-one-way
				return "", unclearQuery()
			case !utf8.ValidString(value):
				return "", &payment.Problem{Code: payment.CodeNotUTF8, Field: s.Value}
			}
		}
	}
	return query, nil
}

func unclearQuery() error {
	return &payment.Problem{
		Code: payment.CodeRequestUnreadable, DetailKo: "주소의 ? 뒤를 한 가지로만 읽을 수 있어야 합니다",
		DetailEn: "the query can be read in two ways",
	}
}

// readsQuery tells whether something on the route depends on a request's query.
func readsQuery(i rules.Intercept) bool {
	inQuery := func(s rules.Source) bool { return s.Kind == "query" }
	return i.PutRequest.Kind == "body" || slices.ContainsFunc(slices.Collect(maps.Values(i.ReadRequest)), inQuery) ||
		slices.ContainsFunc(slices.Collect(maps.Values(i.RefuseBefore)), inQuery)
}
