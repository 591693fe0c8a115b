package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// shopTimeout is how long the shop, or a client, may let no byte move.
	shopTimeout = 60 * time.Second
	// maxShopConns is how many requests an address of the shop gets at once; more are refused, and do not wait.
	maxShopConns = 1024
)

// shopAddress is where the order service is.
type shopAddress struct {
	// url is the address as the rules have it.
	url string
	// secure tells that it is spoken to by TLS; address is its host and port, host what to say in Host.
	secure  bool
	address string
	host    []byte
	// ownName tells that it is asked for by that name, whatever its clients say.
	ownName bool
	// path stands before every path of it; it does not end with a slash.
	path string
}

func readShopAddress(text string) (shopAddress, error) {
	u, err := url.Parse(text)
	if err != nil {
		return shopAddress{}, fmt.Errorf("reading the order service's address: %w", err)
	}
	a := shopAddress{
		url: text, secure: u.Scheme == "https", host: []byte(u.Host), path: strings.TrimSuffix(u.EscapedPath(), "/"),
	}
	port := u.Port()
	switch {
	case port != "":
	case a.secure:
		port = "443"
	default:
		port = "80"
	}
	a.address = net.JoinHostPort(u.Hostname(), port)
	return a, nil
}

// shopsOptions are what shops are made of.
type shopsOptions struct {
	// tls is nil for the system's certificates.
	tls *tls.Config
	// conns is how many requests each address gets at once, lookUps how many look-ups of orders. These have connections
	// of their own: what fills the others with slow requests keeps no order from being looked up.
	conns, lookUps int
	// inForce tells whether a view is that of the rules in force; nil holds every view for it.
	inForce func(*view) bool
	metrics *metrics.Metrics
	log     *slog.Logger
}

// shops are the addresses of the order service, with the clients that speak to them and what is known of how they are.
// Requests under way go on with the addresses that they began with, whatever the rules say meanwhile. It is safe for
// concurrent use.
type shops struct {
	shopsOptions

	// turn is whose turn it is among addresses that have as much to do.
	turn atomic.Uint32
	// calls holds what a look-up needs.
	calls sync.Pool
	// current is the list of the rules in force, before that of those before them.
	current, before atomic.Pointer[shopList]

	mu sync.Mutex
	by map[shopKey]*shopPlace
}

type shopKey struct {
	secure  bool
	address string
}

// shopPlace is one address of the order service.
type shopPlace struct {
	key shopKey
	// pages is for what is handed on, lookUps for look-ups of orders.
	pages, lookUps *upstream.Client
	// waiting is how many requests have not been answered yet.
	waiting atomic.Int32
	health
}

// shopList are the addresses that one configuration names.
type shopList struct {
	of     *shops
	view   *view
	places []*shopPlace
	// lookUp is get, made once.
	lookUp orders.Get
}

func newShops(o shopsOptions) *shops {
	if o.tls == nil {
		o.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &shops{shopsOptions: o, by: map[shopKey]*shopPlace{}, calls: sync.Pool{New: newOrderCall}}
}

// listOf returns the addresses of a view. A request that began long ago may ask for one that is out of force: it gets a
// list, and what is said and kept of the addresses stays that of the rules in force.
func (s *shops) listOf(v *view) (*shopList, error) {
	for _, known := range [...]*shopList{s.current.Load(), s.before.Load()} {
		if known != nil && known.view == v {
			return known, nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.current.Load()
	if last != nil && last.view == v {
		return last, nil
	}
	l := &shopList{of: s, view: v, places: make([]*shopPlace, len(v.shops))}
	for i, a := range v.shops {
		p, err := s.placeOf(a)
		if err != nil {
			return nil, err
		}
		l.places[i] = p
	}
	l.lookUp = l.get
	if last != nil && s.inForce != nil && !s.inForce(v) { //guard:old-addresses-are-not-in-force
		return l, nil
	}
	s.before.Store(last)
	s.current.Store(l)
	s.forget(l, last)
	return l, nil
}

// placeOf returns the place at an address; s.mu is held.
func (s *shops) placeOf(a shopAddress) (*shopPlace, error) {
	key := shopKey{a.secure, a.address}
	if p := s.by[key]; p != nil {
		return p, nil
	}
	p := &shopPlace{key: key}
	for _, c := range []struct {
		client **upstream.Client
		conns  int
	}{{&p.pages, s.conns}, {&p.lookUps, s.lookUps}} {
		o := upstream.Options{Address: a.address, Timeout: shopTimeout, MaxConns: c.conns}
		if a.secure {
			o.TLS = s.tls
		}
		var err error
		if *c.client, err = upstream.New(o); err != nil {
			return nil, fmt.Errorf("making a client of the shop: %w", err)
		}
	}
	s.by[key] = p
	return p, nil
}

// forget gives up what neither the list in force nor the last one has; s.mu is held.
func (s *shops) forget(now, last *shopList) {
	for key, p := range s.by {
		if p.listed = now.has(p); p.listed {
			s.metrics.OrderServiceUp(key.address, !p.down.Load())
			continue
		}
		s.metrics.OrderServiceGone(key.address)
		p.closeIdle()
		if last == nil || !last.has(p) {
			delete(s.by, key)
		}
	}
}

func (l *shopList) has(p *shopPlace) bool { return slices.Contains(l.places, p) }

func (p *shopPlace) closeIdle() {
	p.pages.CloseIdle()
	p.lookUps.CloseIdle()
}

// closeIdle closes the connections that are kept for later.
func (s *shops) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.by {
		p.closeIdle()
	}
}
