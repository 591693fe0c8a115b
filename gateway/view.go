package gateway

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// view is a snapshot of the rules with what the gateway derives from it. A request takes one view at its
// start and keeps it to the end (design promise 6).
type view struct {
	rules      *rules.Snapshot
	orders     *orders.Client // it sends with nothing: see Gateway.orderService
	shop       shopAddress
	shops      []shopAddress // all addresses of it, shop in front
	health     rules.HealthConfig
	intercepts []intercept
	// drop and dropPartial are ownLine and ownOrPartial with the headers of windows besides.
	drop, dropPartial func(name []byte) bool
	origins           []origin
	// store are the functions of the X2BEE store API by path.
	store map[string]storeFunction
	// trustedProxies are whose word on the client's address counts.
	trustedProxies []netip.Prefix
	// environment is that of the windows which are opened under these rules.
	environment environment
	// guarded are the paths of the order service that only the gateway itself may call.
	guarded []guardedPath
	// merchants are each PG's, in file order.
	merchants map[payment.PGID][]*payment.Merchant
	// prefix is what the paths of our own endpoints begin with, in lower case.
	prefix string
}

// origin is one allowed origin of return URLs.
type origin struct {
	scheme, host string
	// root is its URL with the slash that a path begins with.
	root string
}

// Prepare is what reload.Options asks for: it makes all that the gateway derives from a snapshot, before that is
// in force. What can fail fails here, and refuses the file.
func Prepare(s *rules.Snapshot) (any, error) { return newView(s) }

// newView derives a view.
func newView(s *rules.Snapshot) (*view, error) {
	v := &view{rules: s, environment: environmentOf(s.Mode(), s.Server().Public.BaseURL)}
	var err error
	if v.orders, err = NewOrders(s.OrderService()); err != nil {
		return nil, fmt.Errorf("preparing order_service: %w", err)
	}
	if v.shop, err = readShopAddress(s.OrderService().URL); err != nil {
		return nil, err
	}
	v.shop.ownName, v.health = s.OrderService().Host == rules.HostUpstream, s.OrderService().Health
	for _, text := range s.OrderService().URLs {
		a, err := readShopAddress(text)
		if err != nil {
			return nil, err
		}
		v.shops = append(v.shops, a)
	}
	public := s.Server().Public
	for _, o := range public.AllowOrigins {
		u, err := url.Parse(o)
		if err != nil {
			return nil, fmt.Errorf("reading allow_origins: %w", err)
		}
		v.origins = append(v.origins, origin{scheme: u.Scheme, host: u.Host, root: u.Scheme + "://" + u.Host + "/"})
	}
	for _, p := range public.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("reading trusted_proxies: %w", err)
		}
		v.trustedProxies = append(v.trustedProxies, prefix)
	}
	if key := public.TokenKey; key.IsSet() {
		if _, err := decodeKey(key.Reveal()); err != nil {
			return nil, err
		}
	}
	v.merchants = map[payment.PGID][]*payment.Merchant{}
	for _, m := range s.Merchants() {
		v.merchants[m.PG] = append(v.merchants[m.PG], m)
	}
	v.guarded, v.prefix = guardedPaths(s.OrderService()), strings.ToLower(public.Prefix)
	v.intercepts = compileIntercepts(s)
	v.setDrops()
	v.store = storeFunctions(s.X2BEE())
	return v, nil
}

// view returns the view of the rules in force. A request calls it once.
func (g *Gateway) view() *view {
	v, _ := g.store.Prepared().(*view) // New has seen that it is one
	return v
}

// allowsReturn tells whether a return_url is an absolute http(s) URL at a configured origin, without user
// information: anything else would make us an open redirect.
func (v *view) allowsReturn(raw string) bool {
	if strings.ContainsAny(raw, "\\\r\n\t ") {
		return false
	}
	for _, o := range v.origins {
		//guard:plain-return-url-at-allowed-origin
		if rest, ok := strings.CutPrefix(raw, o.root); ok && plainRest(rest) {
			return true
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	for _, o := range v.origins {
		if u.Scheme == o.scheme && u.Host == o.host { //guard:return-url-at-allowed-origin
			return true
		}
	}
	return false
}

// plainRest tells whether nothing in what follows an origin's slash needs reading: nothing that is encoded, and nothing
// beyond ASCII.
func plainRest(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '%' {
			return false
		}
	}
	return true
}

// allowsOrigin tells whether a browser page of this origin may call us.
func (v *view) allowsOrigin(o string) bool {
	for _, a := range v.origins {
		if strings.TrimSuffix(a.root, "/") == o {
			return true
		}
	}
	return false
}

// account finds whom an attempt is concluded as. The contract must still be the one it was opened with.
func (v *view) account(a payment.Attempt) (adapters.Account, error) {
	m, ok := v.rules.Merchant(a.Merchant)
	if !ok || m.MID != a.MID || m.PG != a.PG || a.Test != (m.Mode != payment.ModeLive) {
		return adapters.Account{}, &payment.Problem{
			Code: payment.CodeMerchantNotFound, OrderID: a.OrderID, DetailKo: "이 결제를 시작한 가맹점이 설정에 없습니다",
			DetailEn: "the merchant that this payment began with is gone from the configuration",
		}
	}
	p, ok := v.rules.PG(a.PG)
	if !ok || p.Driver != a.Driver {
		return adapters.Account{}, &payment.Problem{Code: payment.CodePGNotInUse, OrderID: a.OrderID}
	}
	return adapters.Account{PG: p, Merchant: m}, nil
}
