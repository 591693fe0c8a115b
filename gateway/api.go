package gateway

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// maxAPIBody is the largest body of a call to a PG's API that is read and judged, in bytes.
	maxAPIBody = 1 << 20
	// maxLogin is the largest of who has not said who he is: he may only ask for credentials.
	maxLogin = 8 << 10
	// headerToken is what a caller identifies himself with where Authorization is the PG's.
	headerToken = "X-Pg-Gateway-Token" //nolint:gosec // the name of a header
	// headerTier names a sub-merchant of PortOne V1, whose money is another account's.
	headerTier = "Tier"
)

// apiRequest is a call of the order service to a PG's own API (design flow E).
type apiRequest struct {
	v       *view
	pg      *payment.PG
	passage adapters.Passage
	call    adapters.APICall
	ask     adapters.APIAsk
	// raw is the path as it was sent, behind the API's prefix.
	raw []byte
	// stranger is why the caller may not call; nil for one who may.
	stranger error
	// rewritten tells that the body is not as it was sent.
	rewritten bool
}

// ours tells whether a call is made with our credentials: what moves money always is.
func (r *apiRequest) ours() bool {
	if r.aboutKey() || r.ask.Kind == adapters.APIConfirms {
		return true
	}
	if r.ask.Kind == adapters.APIReschedules { //guard:moves-are-our-accounts
		return true
	}
	if r.ask.Kind == adapters.APIChanges { //guard:changes-are-our-accounts
		return true
	}
	return !r.pg.PassCredentials || r.rewritten || r.ask.Kind == adapters.APISchedules //guard:schedules-are-our-accounts
}

// apiPaths hands on what is below the prefix of a driver's API at the sidecar's listener.
func (g *Gateway) apiPaths(who knownCallers) fiber.Handler {
	type prefix struct {
		path   string
		driver payment.DriverName
	}
	var all []prefix
	for name, d := range g.drivers {
		if spec := d.Spec(); spec.API != "" {
			all = append(all, prefix{spec.API, name})
		}
	}
	return func(c *fiber.Ctx) error {
		target, ok := shopTarget(c)
		if !ok {
			return c.Next()
		}
		for _, p := range all {
			rest, ok := bytes.CutPrefix(target, []byte(p.path))
			if !ok || len(rest) > 0 && rest[0] != '/' && rest[0] != '?' {
				continue
			}
			v := g.view()
			pg, err := v.onlyPG(p.driver)
			if err != nil {
				return err
			}
			return g.serveAPI(c, who, v, pg, rest)
		}
		return c.Next()
	}
}

// onlyPG is the one PG of a driver: where there are several, the path does not tell which is meant.
func (v *view) onlyPG(driver payment.DriverName) (*payment.PG, error) {
	var only *payment.PG
	for _, pg := range v.rules.PGs() {
		switch {
		case pg.Driver != driver:
		case only != nil:
			return nil, &payment.Problem{
				Code: payment.CodeNotFound, DetailKo: "이 주소를 쓰는 PG가 여럿입니다. pgs의 sidecar_listen으로 포트를 따로 여세요",
				DetailEn: "several PGs could be meant; give each a port of its own with sidecar_listen",
			}
		default:
			only = pg
		}
	}
	if only == nil {
		return nil, &payment.Problem{
			Code: payment.CodeNotFound, DetailKo: "이 API를 쓰는 PG가 설정에 없습니다", DetailEn: "no PG of this API is configured",
		}
	}
	return only, nil
}

// apiApp makes the listener that is one PG's API alone, for SDKs that know no path in front.
func (g *Gateway) apiApp(id payment.PGID) *fiber.App {
	app := g.newApp(true)
	who := knownCallersOf(g.store.Current().Server().Sidecar.Tokens)
	app.Use(g.observe, func(c *fiber.Ctx) error {
		v := g.view()
		target, ok := shopTarget(c)
		if !ok {
			return &payment.Problem{Code: payment.CodeRequestUnreadable}
		}
		pg, ok := v.rules.PG(id)
		if !ok {
			return &payment.Problem{Code: payment.CodePGNotInUse}
		}
		return g.serveAPI(c, who, v, pg, target)
	})
	return app
}

// serveAPI answers a call of a PG's API: what it asks for is read first, since a call for credentials comes without
// any.
func (g *Gateway) serveAPI(c *fiber.Ctx, who knownCallers, v *view, pg *payment.PG, target []byte) error {
	requestOf(c).route = routeAPI
	passage, ok := g.drivers[pg.Driver].(adapters.Passage)
	if !ok {
		return fiber.ErrNotFound
	}
	r := apiRequest{v: v, pg: pg, passage: passage}
	err := g.answerAPI(c, who, &r, target)
	if err == nil {
		g.metrics.APICall(string(pg.ID), r.name(), metrics.APIAnswered)
		return nil
	}
	p := g.asAPIProblem(err)
	g.report(c, p, err)
	result := metrics.APIRefused
	if p.Code.Describe().Status >= 500 {
		result = metrics.APIFailed
	}
	g.metrics.APICall(string(pg.ID), r.name(), result)
	d := p.Code.Describe()
	ko, en := orElse(p.DetailKo, d.TitleKo), orElse(p.DetailEn, d.TitleEn)
	c.Set(headerReason, string(p.Code))
	return answerAPI(c, passage.Refuse(adapters.Refusal{
		Status: d.Status, Code: p.Code, Reason: p.Reason, Field: p.Field, Ko: ko, En: en, Pending: p.Pending,
	}))
}

// name is the operation's, for metrics.
func (r *apiRequest) name() string { return orElse(r.ask.Name, "unread") }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// asAPIProblem is asProblem of a call to a PG's API, whose fields are the PG's own.
func (g *Gateway) asAPIProblem(err error) *payment.Problem {
	if f, ok := errors.AsType[*adapters.FieldError](err); ok {
		return &payment.Problem{
			Code: payment.CodeInvalidField, Field: f.Field, DetailKo: f.Field + ": 값을 확인하세요 (" + f.Msg + ")",
			DetailEn: f.Field + " " + f.Msg,
		}
	}
	return asProblem(err)
}

// answerAPI answers in the PG's own form.
func answerAPI(c *fiber.Ctx, a adapters.APIAnswer) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(a.Status)
	return answerJSON(c, a.Body)
}

func (g *Gateway) answerAPI(c *fiber.Ctx, who knownCallers, r *apiRequest, target []byte) error {
	if err := r.readHead(c, target); err != nil {
		return err
	}
	r.stranger = who.admit(c, g.grants(r.pg.ID))
	if err := readAPIBody(c, r); err != nil {
		return err
	}
	var err error
	if r.ask, err = r.passage.ReadCall(r.pg, r.call); err != nil {
		return err
	}
	if granter, ok := r.passage.(adapters.Granter); ok && r.ask.Kind == adapters.APILogin && !r.pg.PassCredentials {
		return g.grant(c, who, r, granter)
	}
	if r.stranger != nil {
		return r.stranger
	}
	switch r.ask.Kind {
	case adapters.APICancels:
		return g.cancelByAPI(c, r)
	case adapters.APICharges:
		return g.chargeByAPI(c, r)
	case adapters.APIKeysIn:
		return g.keyInByAPI(c, r)
	case adapters.APISchedules:
		return g.scheduleByAPI(c, r)
	case adapters.APIIssuesKey:
		return g.issueKeyByAPI(c, r)
	case adapters.APIDeletesKey:
		return g.deleteKeyByAPI(c, r)
	case adapters.APIReschedules:
		return g.moveByAPI(c, r)
	case adapters.APIChanges:
		return g.changeByAPI(c, r)
	case adapters.APIConfirms:
		return g.confirmByAPI(c, r)
	case adapters.APIRegisters:
		if err := g.mayRegister(c, r); err != nil {
			return err
		}
	case adapters.APIMoves:
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "이 호출은 돈을 움직이는데 게이트웨이가 아직 그 결과를 지켜볼 수 없습니다",
			DetailEn: "this call moves money, or will, in a way that the gateway does not follow",
		}
	case adapters.APIUnknown:
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "게이트웨이가 모르는 호출입니다: 무엇을 바꾸는지 알 수 없어 전달하지 않습니다",
			DetailEn: "the gateway does not know this call, and what changes something is not handed on unread",
		}
	case adapters.APILists:
		// What a sub-merchant has is his, and what is read with a caller's credentials is the caller's.
		plain := r.call.Method == fiber.MethodGet && len(r.call.Body) == 0 && r.ours()
		if plain && len(c.Request().Header.Peek(headerTier)) == 0 { //guard:lists-are-nobodys-own
			return g.listOfAPI(c, r)
		}
	case adapters.APIPasses, adapters.APILogin:
	}
	return g.passAPI(c, r)
}

// readHead reads the method, path and query of a call.
func (r *apiRequest) readHead(c *fiber.Ctx, target []byte) error {
	path, query, _ := bytes.Cut(target, []byte("?"))
	if len(path) == 0 {
		path = []byte("/")
	}
	decoded, ok := onePath(string(path))
	if !ok { //guard:api-path-is-read-in-one-way
		return &payment.Problem{
			Code: payment.CodeRequestUnreadable, DetailKo: "주소를 두 가지로 읽을 수 있습니다", DetailEn: "the path can be read in two ways",
		}
	}
	if saidTwice(c.Request().Header.RawHeaders()) { //guard:api-head-is-read-in-one-way
		return &payment.Problem{
			Code: payment.CodeRequestUnreadable, DetailKo: "같은 헤더가 두 번 있습니다", DetailEn: "a header is there twice",
		}
	}
	r.raw = path
	r.call = adapters.APICall{
		Method: c.Method(), Path: decoded, Query: string(query),
		ContentType: string(c.Request().Header.ContentType()),
	}
	switch r.call.Method {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete:
		return nil
	}
	return fiber.ErrMethodNotAllowed
}

// onePath decodes a path whose segments every server reads alike. A slash at the end is taken off: some leave it out of
// account.
func onePath(raw string) (string, bool) {
	if raw == "/" {
		return raw, true
	}
	raw = strings.TrimSuffix(raw, "/")
	if !strings.HasPrefix(raw, "/") || strings.ContainsAny(raw, ";\\") {
		return "", false
	}
	if saysItself(raw) {
		return raw, true
	}
	parts := strings.Split(raw[1:], "/")
	for i, part := range parts {
		decoded, err := url.PathUnescape(part)
		if err != nil || decoded == "" || decoded == "." || decoded == ".." || !plainSegment(decoded) {
			return "", false
		}
		parts[i] = decoded
	}
	return "/" + strings.Join(parts, "/"), true
}

// saysItself tells whether a path is as it is when decoded: letters, digits, - and _ in segments that are not empty.
func saysItself(raw string) bool {
	for i := range len(raw) {
		c := raw[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		case c == '/' && i+1 < len(raw) && raw[i+1] != '/':
		default:
			return false
		}
	}
	return true
}

// plainSegment tells whether nothing in a decoded segment of a path would end it, or be decoded once more, elsewhere.
func plainSegment(s string) bool {
	odd := func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune("/\\;%?#", r) }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, odd)
}

// readAPIBody reads the body of a call. From who may not call it is a short one, since what it asks for is not known
// before.
func readAPIBody(c *fiber.Ctx, r *apiRequest) error {
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return &payment.Problem{Code: payment.CodeUnsupportedMediaType}
	}
	limit := maxAPIBody
	if r.stranger != nil {
		limit = maxLogin //guard:strangers-fill-no-memory
	}
	body, err := readBody(c, limit)
	if err != nil {
		return cmp.Or(r.stranger, err)
	}
	r.call.Body = body
	return nil
}

// saidTwice tells whether a header line that says what a call does, or for whom, is there twice: others could go by
// another of the two than we do.
func saidTwice(head []byte) bool {
	words := [...]string{"content-type", "content-encoding", "tier", "idempotency-key", "authorization"}
	var seen [len(words)]bool
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		for i, word := range words {
			if !upstream.Is(name, word) {
				continue
			}
			if seen[i] {
				return true
			}
			seen[i] = true
		}
	}
	return false
}

// mayRegister refuses to register another amount for an attempt of ours than was decided for it.
func (g *Gateway) mayRegister(c *fiber.Ctx, r *apiRequest) error {
	if !payment.ValidID(string(r.ask.ID)) {
		return nil // none of ours
	}
	a, _, err := g.journal.Attempt(g.requestContext(c), r.ask.ID)
	switch err = notFoundAs(err, payment.CodeAttemptNotFound); {
	case err == nil && a.Amount != r.ask.Amount: //guard:registered-amount-is-the-decided-one
		return &payment.Problem{
			Code: payment.CodeAmountMismatch, Field: "amount", OrderID: a.OrderID,
			DetailKo: "이 결제는 " + a.Amount.String() + "원으로 정해졌습니다",
			DetailEn: "this payment was decided to be " + a.Amount.String() + " won",
		}
	case err == nil:
		return nil
	}
	if p, ok := payment.AsProblem(err); ok && p.Code == payment.CodeAttemptNotFound {
		return nil
	}
	return err
}

// toAuthorise asks for our credentials in a call.
func (g *Gateway) toAuthorise(r *apiRequest) adapters.AuthoriseRequest {
	return adapters.AuthoriseRequest{
		PG: r.pg, Merchants: r.v.merchants[r.pg.ID], Live: r.v.rules.Mode() == payment.ModeLive, Call: r.call,
		Operation: r.ask.Name, Now: g.now(),
	}
}

// passAPI hands a call on with our credentials, once, and the answer back as it comes.
func (g *Gateway) passAPI(c *fiber.Ctx, r *apiRequest) error {
	p, err := g.exchangeAPI(c, r)
	if err != nil {
		return err
	}
	return g.passOn(c, p)
}

// exchangeAPI sends a call with our credentials, once, and reads the head of the answer.
func (g *Gateway) exchangeAPI(c *fiber.Ctx, r *apiRequest) (*passage, error) {
	p := g.passageOf(c)
	for try := 1; ; try++ {
		a := adapters.Authorised{Query: r.call.Query}
		if r.ours() {
			var err error
			a, err = r.passage.Authorise(g.requestContext(c), g.toAuthorise(r))
			if err != nil {
				return nil, fmt.Errorf("handing a call on to %s: %w", r.pg.ID, err)
			}
		}
		if err := g.askPG(c, p, r, a); err != nil {
			_ = p.Close()
			return nil, err
		}
		// A 401 means that nothing was done, so that this once a write may be sent again.
		if p.x.Status() != fiber.StatusUnauthorized || !r.ours() || try > 1 || !r.passage.Unauthorised(r.pg, a) {
			return p, nil
		}
		if err := p.x.Close(); err != nil {
			g.log.Debug("closing an answer of a PG's", slog.Any("err", err))
		}
	}
}
