// Package orders speaks to the shop's order service: what an order really costs, whether it may be charged, and
// what became of it. It must not know PGs or rules.
package orders

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// The errors that callers branch on.
var (
	// ErrOrderNotFound: the order service knows no such order.
	ErrOrderNotFound = errors.New("the order does not exist")
	// ErrUnavailable: the order service gave no usable answer. For a confirmation that is a no.
	ErrUnavailable = errors.New("the order service gave no usable answer")
	// ErrNotAcknowledged: a message was not answered with a 2xx; it must be sent again.
	ErrNotAcknowledged = errors.New("the order service did not acknowledge")
)

// Fields are the gjson paths at which the answer to a lookup holds what is needed. Empty ones take the default,
// the field's own name in snake case.
type Fields struct {
	OrderID   string
	Amount    string
	TaxFree   string
	VAT       string
	OrderName string
	Currency  string
	Status    string
	// Payments is a list of objects with method and amount, PGAmount the part that goes through a PG.
	Payments string
	PGAmount string
	// Digital is true or false: whether digital content is sold, or goods that are sent.
	Digital string
}

// Config says where the order service is. {order_id} in a path is replaced.
type Config struct {
	// URL has no trailing slash.
	URL string
	// LookupPath is /orders/{order_id}, ConfirmPath /orders/{order_id}/confirm and EventsPath /payment-events
	// when empty.
	LookupPath, ConfirmPath, EventsPath string
	// LookupTimeout is 2 s, ConfirmTimeout 5 s and EventsTimeout 10 s when zero.
	LookupTimeout, ConfirmTimeout, EventsTimeout time.Duration
	// Secrets sign the messages, each whsec_ and Base64. While one replaces another, give both.
	Secrets []payment.Secret
	Fields  Fields
}

// Get asks for what is at path under base, which is Config.URL, and reads the answer whole. It gives up at until, and
// follows nothing.
type Get func(ctx context.Context, base, path string, until time.Time) (wire.Answer, error)

// ByHTTP asks by an HTTP client.
func ByHTTP(client *http.Client) Get {
	return func(ctx context.Context, base, path string, until time.Time) (wire.Answer, error) {
		ctx, cancel := context.WithDeadline(ctx, until)
		defer cancel()
		return wire.Send(ctx, client, wire.Request{Method: http.MethodGet, URL: base + path})
	}
}

// Client speaks to one order service. Its methods are safe for concurrent use.
type Client struct {
	cfg    Config
	client *http.Client
	keys   [][]byte
	// host is what it is called, whichever of its addresses is asked.
	host string
}

// New checks cfg and returns a client that sends with client, which must be a one-write client (see onewrite).
func New(cfg Config, client *http.Client) (*Client, error) {
	cfg = withDefaults(cfg)
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("order_service.url must be an absolute http or https address")
	}
	c := &Client{cfg: cfg, client: client, host: base.Host}
	for i, secret := range cfg.Secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			return nil, fmt.Errorf("order_service.events.secret %d: %w", i+1, err)
		}
		c.keys = append(c.keys, key)
	}
	return c, nil
}

// Through is the same client, sending with another HTTP client.
func (c *Client) Through(client *http.Client) *Client {
	through := *c
	through.client = client
	return &through
}

// At is the same client for another address of the same service, which is called by the same name there.
func (c *Client) At(base string) *Client {
	at := *c
	at.cfg.URL = base
	return &at
}

func withDefaults(cfg Config) Config {
	text := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	wait := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	text(&cfg.LookupPath, "/orders/{order_id}")
	text(&cfg.ConfirmPath, "/orders/{order_id}/confirm")
	text(&cfg.EventsPath, "/payment-events")
	wait(&cfg.LookupTimeout, 2*time.Second)
	wait(&cfg.ConfirmTimeout, 5*time.Second)
	wait(&cfg.EventsTimeout, 10*time.Second)
	text(&cfg.Fields.OrderID, "order_id")
	text(&cfg.Fields.Amount, "amount")
	text(&cfg.Fields.TaxFree, "tax_free")
	text(&cfg.Fields.VAT, "vat_amount")
	text(&cfg.Fields.OrderName, "order_name")
	text(&cfg.Fields.Currency, "currency")
	text(&cfg.Fields.Status, "status")
	text(&cfg.Fields.Payments, "payments")
	text(&cfg.Fields.PGAmount, "pg_amount")
	text(&cfg.Fields.Digital, "digital")
	return cfg
}

// errSecret is returned for a secret that is not Base64. It does not show the secret.
var errSecret = errors.New("must be whsec_ and Base64 of at least 16 bytes")

func decodeSecret(secret payment.Secret) ([]byte, error) {
	text := strings.TrimPrefix(strings.TrimSpace(secret.Reveal()), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) < 16 {
		return nil, errSecret
	}
	return key, nil
}

func (c *Client) address(path string, id payment.OrderID) string { return c.cfg.URL + pathOf(path, id) }

func pathOf(path string, id payment.OrderID) string {
	return strings.ReplaceAll(path, "{order_id}", url.PathEscape(string(id)))
}
