package gateway

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// shopTimeout is how long the shop, or a client, may let no byte move.
	shopTimeout = 60 * time.Second
	// maxShopConns is how many requests the shop gets at once; more are refused, and do not wait.
	maxShopConns = 1024
)

// shopAddress is where the order service is.
type shopAddress struct {
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
	a := shopAddress{secure: u.Scheme == "https", host: []byte(u.Host), path: strings.TrimSuffix(u.EscapedPath(), "/")}
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

// shops are the clients of the order services that the configuration has named: requests under way go on with the one
// they began with. It is safe for concurrent use.
type shops struct {
	// tls is nil for the system's certificates.
	tls   *tls.Config
	conns int

	mu   sync.Mutex
	by   map[shopKey]*upstream.Client
	last shopKey
}

type shopKey struct {
	secure  bool
	address string
}

func newShops(config *tls.Config, conns int) *shops {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &shops{tls: config, conns: conns, by: map[shopKey]*upstream.Client{}}
}

// of returns the client for an address.
func (s *shops) of(a shopAddress) (*upstream.Client, error) {
	key := shopKey{a.secure, a.address}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.by[key]; c != nil {
		return c, nil
	}
	o := upstream.Options{Address: a.address, Timeout: shopTimeout, MaxConns: s.conns}
	if a.secure {
		o.TLS = s.tls
	}
	c, err := upstream.New(o)
	if err != nil {
		return nil, fmt.Errorf("making a client of the shop: %w", err)
	}
	if before := s.by[s.last]; before != nil {
		before.CloseIdle()
	}
	s.by[key], s.last = c, key
	return c, nil
}

// closeIdle closes the connections that are kept for later.
func (s *shops) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.by {
		c.CloseIdle()
	}
}
