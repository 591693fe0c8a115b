package gateway

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// routePath is the path of a route of the file.
type routePath struct {
	// forms are it as configured, and decoded; folded is decoded and in lower case, bare that without slashes at its end.
	forms        []string
	folded, bare string
	prefix       bool
	// page tells that it is a file's, which may have a path behind it.
	page bool
}

func newRoutePath(i rules.Intercept) routePath {
	decoded := decodePath(i.Path)
	folded := strings.ToLower(decoded)
	return routePath{
		forms: []string{i.Path, decoded}, folded: folded, bare: strings.TrimRight(folded, "/"), prefix: i.Prefix,
		page: isPage(decoded),
	}
}

// is tells whether a path is this route's as it stands.
func (r *routePath) is(path string) bool {
	for _, form := range r.forms {
		if path == form || r.prefix && strings.HasPrefix(path, form) {
			return true
		}
	}
	return false
}

// mayBe tells whether a path is this route's to a server that ignores case, what follows a dot at the end, slashes
// behind it, and a path behind a page.
func (r *routePath) mayBe(path string) bool {
	if r.prefix {
		_, ok := cutFolded(path, r.folded)
		return ok
	}
	if _, ok := cutFolded(path, r.bare); !ok {
		return false
	}
	rest, ok := cutFolded(strings.TrimRight(path, "/."), r.bare)
	return ok && isTail(rest, r.page)
}

// interceptOf is the first route of the file that one reading of a path belongs to; nil for none. A route that is
// looked into also has the paths that are its own only to some servers, unless another route names them.
func (v *view) interceptOf(method, path string) *intercept {
	var found *intercept
	for n := range v.intercepts {
		if i := &v.intercepts[n]; i.takes(method) && i.at.is(path) {
			found = i
			break
		}
	}
	if found != nil && (!found.Prefix || !found.Forward()) {
		return found
	}
	for n := range v.intercepts {
		if i := &v.intercepts[n]; !i.Forward() && i.takes(method) && !i.at.is(path) && i.at.mayBe(path) {
			return i
		}
	}
	return found
}

func (i *intercept) takes(method string) bool { return i.Method == "" || i.Method == method }

// route finds the route of the shop that a request belongs to by any reading of its path; nil for none. It refuses a
// path that some reading turns into an endpoint of the order service's own or out of the routes, or that two routes
// would look into.
func (v *view) route(method, path string) (*intercept, error) {
	var room [4]reading
	list, ok := readPath(room[:0], path)
	if !ok { //guard:readings-are-bounded
		return nil, refusedPath()
	}
	var looked, forwarded *intercept
	out := false
	for _, r := range list {
		if v.guards(r.path) { //guard:own-endpoints-not-forwarded
			return nil, refusedPath()
		}
		if v.isOurs(r.path) { //guard:nothing-below-prefix-forwarded
			return nil, notBelowPrefix(r.path == path)
		}
		if v.answersFor(r.path) { //guard:store-functions-have-all-readings
			return nil, refusedPath()
		}
		i := v.interceptOf(method, r.path)
		switch {
		case i == nil:
			out = out || r.end
		case i.Forward():
			forwarded = i
		case looked != nil && looked != i: //guard:one-intercept-looks-into-it
			return nil, refusedPath()
		default:
			looked = i
		}
	}
	if out && (looked != nil || forwarded != nil) { //guard:no-way-out-of-the-routes
		return nil, refusedPath()
	}
	if looked != nil { //guard:intercept-has-all-readings
		return looked, nil
	}
	return forwarded, nil
}

func refusedPath() error { return &payment.Problem{Code: payment.CodePathNotForwarded} }

// isOurs tells whether a path is server.public.prefix, or below it, to a server that ignores case. What is an endpoint
// there has been answered before any route of the shop is looked for.
func (v *view) isOurs(path string) bool {
	if _, below := cutFolded(path, v.prefix); below {
		return true
	}
	rest, ok := cutFolded(path, v.prefix[:len(v.prefix)-1])
	return ok && strings.Trim(rest, "/.") == ""
}

// notBelowPrefix refuses what is below the prefix, be it as it stands or in another reading.
func notBelowPrefix(plain bool) error {
	if plain {
		return fiber.ErrNotFound
	}
	return refusedPath()
}

// guards tells whether a reading of a path is one of the order service's own endpoints.
func (v *view) guards(path string) bool {
	for _, g := range v.guarded {
		if g.matches(path) {
			return true
		}
	}
	return false
}

// answersFor tells whether a path is, to a server that ignores case, what follows a dot at the end and slashes behind
// it, one of the shop's functions that we answer in its place.
func (v *view) answersFor(path string) bool {
	path = strings.TrimRight(path, "/.")
	for own := range v.store {
		if len(path) >= len(own) && strings.EqualFold(path[:len(own)], own) && isSuffix(path[len(own):]) {
			return true
		}
	}
	return false
}

// shopRoute hands on what is for the shop, along the routes of the file.
func (g *Gateway) shopRoute(c *fiber.Ctx) error {
	v := g.view()
	target, ok := shopTarget(c)
	if !ok {
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	path := c.Path()
	if raw, _, _ := bytes.Cut(target, []byte("?")); string(raw) != path {
		path = string(raw)
	}
	i, err := v.route(c.Method(), path)
	switch {
	case err != nil:
		return err
	case v.meansOther(c, path, i): //guard:no-method-in-place-of-another
		return refusedPath()
	case i == nil:
		return c.Next()
	case i.Forward():
		return g.forward(c, v)
	}
	requestOf(c).route = routeIntercept
	forBody, err := v.forBodyOf(c, i)
	if err != nil {
		return g.refuseIntercepted(c, i, err)
	}
	if forBody == nil { //guard:other-kinds-go-around-nothing
		return g.refuseIntercepted(c, i, &payment.Problem{Code: payment.CodeUnsupportedMediaType})
	}
	return g.intercepted(c, v, forBody)
}

// meansOther tells whether a request says that its method means another one, for which an intercept would look into it
// that does not now. One that says so in its form (_method) is not found: its body is nobody's business here.
func (v *view) meansOther(c *fiber.Ctx, path string, now *intercept) bool {
	var meant []string
	asked, plain := false, plainPath(path)
	for n := range v.intercepts {
		i := &v.intercepts[n]
		if i == now || i.Forward() || i.Method == "" || i.Method == c.Method() {
			continue
		}
		if plain && !i.at.is(path) && !i.at.mayBe(path) {
			continue // nearly always
		}
		if other, err := v.route(i.Method, path); err != nil || other != i {
			continue
		}
		if !asked {
			meant, asked = meantMethods(c), true
		}
		if slices.ContainsFunc(meant, func(m string) bool { return strings.EqualFold(m, i.Method) }) {
			return true
		}
	}
	return false
}

// meantMethods are the methods that frameworks take in place of a request's own.
func meantMethods(c *fiber.Ctx) (methods []string) {
	for lines := upstream.NewLines(c.Request().Header.RawHeaders()); lines.Next(); {
		for _, name := range [...]string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			if sameToCGI(lines.Name, name) {
				methods = append(methods, string(lines.Value))
			}
		}
	}
	_, query, _ := strings.Cut(string(c.Context().RequestURI()), "?")
	for pair := range strings.SplitSeq(query, "&") {
		if method, n := formjson.Find(pair, "_method"); n > 0 {
			methods = append(methods, strings.TrimSpace(method))
		}
	}
	return methods
}

// shopTarget is what the shop is asked for: the request's target byte for byte, or what follows the authority of an
// absolute one. It is not ok when that could not be handed on as it came: a blank or a control character would end it
// for some readers of the request line (RFC 9112 §3.2).
func shopTarget(c *fiber.Ctx) ([]byte, bool) {
	target := c.Context().RequestURI()
	if len(target) == 0 || target[0] != '/' {
		_, rest, absolute := bytes.Cut(target, []byte("://"))
		if !absolute {
			return nil, false
		}
		target = []byte("/")
		if at := bytes.IndexAny(rest, "/?"); at >= 0 {
			target = append(target, bytes.TrimPrefix(rest[at:], target)...)
		}
	}
	for _, b := range target {
		if b <= ' ' || b == 0x7f {
			return nil, false
		}
	}
	return target, true
}
