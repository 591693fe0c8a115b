package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// apiTimeout is how long a PG may let no byte move: PortOne asks clients to wait a minute at least (portone.md §4.4).
	apiTimeout = 90 * time.Second
	// maxAPIConns is how many calls an API gets at once.
	maxAPIConns = 512
)

// apiPlace is where a PG's API is, and the client that calls are handed on by.
type apiPlace struct {
	shopAddress
	client *upstream.Client
}

// apiPlaces are the places of PGs' APIs by their URLs. Names are resolved anew for each connection, and a connection is
// kept for seconds. It is safe for concurrent use.
type apiPlaces struct {
	// tls is nil for the system's certificates, dial for TCP.
	tls  *tls.Config
	dial func(address string) (net.Conn, error)
	mu   sync.Mutex
	by   map[string]*apiPlace
}

// at is the place of a URL.
func (s *apiPlaces) at(root string) (*apiPlace, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.by[root]; p != nil {
		return p, nil
	}
	a, err := readShopAddress(root)
	if err != nil {
		return nil, err
	}
	p := &apiPlace{shopAddress: a}
	o := upstream.Options{Address: a.address, Dial: s.dial, Timeout: apiTimeout, MaxConns: maxAPIConns}
	if a.secure {
		if o.TLS = s.tls; o.TLS == nil {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	if p.client, err = upstream.New(o); err != nil {
		return nil, fmt.Errorf("making a client of a PG's API: %w", err)
	}
	if s.by == nil {
		s.by = map[string]*apiPlace{}
	}
	s.by[root] = p
	return p, nil
}

func (s *apiPlaces) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.by {
		p.client.CloseIdle()
	}
}

// askPG sends a call to the PG, and reads the head of the answer. Nothing but what cannot change anything is ever sent
// twice (upstream).
func (g *Gateway) askPG(c *fiber.Ctx, p *passage, r *apiRequest, a adapters.Authorised) error {
	at, err := g.apis.at(r.passage.Root(r.pg))
	if err != nil {
		return err
	}
	p.target = append(append(p.target[:0], at.path...), r.raw...)
	if a.Query != "" {
		p.target = append(append(p.target, '?'), a.Query...)
	}
	p.more = p.more[:0]
	if a.Authorization.IsSet() {
		p.more = append(append(append(p.more, "Authorization: "...), a.Authorization.Reveal()...), "\r\n"...)
	}
	p.req.Drop = dropFromAPI
	if r.ours() {
		p.req.Drop = dropOfCaller
	}
	body, kind := r.call.Body, ""
	switch {
	case a.Body != nil: //guard:signed-body-is-sent
		body, kind = a.Body, a.ContentType
	case r.rewritten:
		kind = r.call.ContentType
	}
	if kind != "" {
		p.req.Drop = dropWithType
		p.more = append(append(append(p.more, "Content-Type: "...), kind...), "\r\n"...)
	}
	if r.call.Key != "" {
		p.more = append(append(append(p.more, headerIdempotencyKey+": \""...), r.call.Key...), "\"\r\n"...)
	}
	p.req.Method, p.req.Target, p.req.Host = c.Request().Header.Method(), p.target, at.host
	p.req.Lines, p.req.More, p.req.Body = c.Request().Header.RawHeaders(), p.more, body
	if err := at.client.Do(&p.x, &p.req); err != nil {
		return g.notAsked(c, r, err)
	}
	requestOf(c).handedOn += p.x.Took()
	return nil
}

// notAsked says why a PG's API gave no answer. Of a request that was sent nobody knows what it did.
func (g *Gateway) notAsked(c *fiber.Ctx, r *apiRequest, err error) error {
	g.log.Warn("a PG's API cannot be reached", slog.String("request_id", requestID(c)), slog.Any("pg", r.pg.ID),
		slog.String("operation", r.name()), slog.Any("err", err))
	switch {
	case errors.Is(err, upstream.ErrBusy):
		return &payment.Problem{Code: payment.CodeOverloaded, RetryAfter: shedRetry}
	case errors.Is(err, upstream.ErrRequest):
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	case errors.Is(err, upstream.ErrNotSent):
		return &payment.Problem{Code: payment.CodePGUnavailable}
	case errors.Is(err, upstream.ErrTimeout):
		return &payment.Problem{Code: payment.CodeUpstreamTimeout}
	}
	return &payment.Problem{Code: payment.CodeUpstreamUnavailable}
}

// dropOfCaller tells whether a header line of a caller is not handed on to a PG: his credentials, in whose place are
// ours, and what dropFromAPI tells of.
func dropOfCaller(name []byte) bool {
	return upstream.Is(name, "authorization") || dropFromAPI(name) //guard:callers-credentials-stay
}

// dropFromAPI tells whether a header line says more of a caller than a PG should hear, or names another method than the
// one that was judged.
func dropFromAPI(name []byte) bool {
	for _, word := range [...]string{
		"cookie", "x-http-method", "x-method-override", "x-http-method-override", "x-pg-gateway-token",
		"x-pg-gateway-schedules", "x-pg-gateway-replace",
	} {
		if upstream.Is(name, word) { //guard:no-other-method-behind-one
			return true
		}
	}
	return ownLine(name)
}

// dropWithType is dropOfCaller for a body that was written anew.
func dropWithType(name []byte) bool { return upstream.Is(name, "content-type") || dropOfCaller(name) }
