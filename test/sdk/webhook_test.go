package sdk

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// Secrets that a shop has: of PortOne's webhooks, and of the gateway's messages.
const (
	hookSecret  = "whsec_c2FuZGJveC1wb3J0b25lLXYyLWhvb2tzLTAwMDAwMDE="
	eventSecret = "whsec_ZGVtby1zaG9wLWV2ZW50cy1zZWNyZXQtMDAwMDAwMDE="
)

// message is a webhook as it arrived.
type message struct {
	headers map[string]string
	body    string
}

// inbox is where messages arrive. Whatever else arrives it hands on, if it has somebody to.
type inbox struct {
	url      string
	messages chan message
	// of is the path that messages are posted to.
	of   string
	next chan *httputil.ReverseProxy
}

func newInbox(t *testing.T, path string) *inbox {
	t.Helper()
	in := &inbox{messages: make(chan message, 64), of: path, next: make(chan *httputil.ReverseProxy, 1)}
	server := httptest.NewServer(in)
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != in.of {
		next := <-in.next
		in.next <- next
		next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m := message{headers: map[string]string{}, body: string(body)}
	for name := range r.Header {
		m.headers[name] = r.Header.Get(name)
	}
	in.messages <- m
}

// await is the next message of a type.
func (in *inbox) await(t *testing.T, kind string) message {
	t.Helper()
	for {
		select {
		case m := <-in.messages:
			if strings.Contains(m.body, `"type":"`+kind+`"`) {
				return m
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no message %s came", kind)
		}
	}
}

// TestWebhooksVerify is row "portone.md §4.9, the webhook verifier": it believes PortOne's messages and the gateway's
// own, and no other ones.
func TestWebhooksVerify(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	events, hooks := newInbox(t, "/shop/payment-events"), newInbox(t, "/hooks")
	g := start(t, func(c *fixture.Config) { c.OrderService.URL = events.url + "/shop" })
	at, err := url.Parse(g.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	events.next <- httputil.NewSingleHostReverseProxy(at)
	v2 := shop(t, "v2.cjs", g.v2)
	g.v2Elsewhere("A-1", by("noticeUrls", []string{hooks.url + "/hooks"}))
	p := g.pay("kakaopay", "approved")
	v2.must(t, "payment.cancelPayment", by("paymentId", p.attempt, "reason", "변심"))
	for _, tt := range []struct {
		in           *inbox
		secret, kind string
		want         map[string]any
	}{
		{hooks, hookSecret, "Transaction.Paid", map[string]any{"data.paymentId": "A-1", "data.storeId": "store-sandbox"}},
		{events, eventSecret, "payment.confirmed", map[string]any{"data.attempt_id": p.attempt, "data.order_id": p.order}},
		{events, eventSecret, "payment.cancelled", map[string]any{"data.attempt_id": p.attempt}},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			m := tt.in.await(t, tt.kind)
			got := v2.must(t, "webhook.verify", tt.secret, m.body, m.headers)
			for path, want := range tt.want {
				if !got.is(path, want) {
					t.Errorf("%s is %v, want %v: %s", path, got.at(path), want, got)
				}
			}
			mustDisbelieve(t, v2, tt.secret, m)
		})
	}
}

// mustDisbelieve changes a message in every way that matters.
func mustDisbelieve(t *testing.T, v2 *client, secret string, m message) {
	t.Helper()
	with := func(name, v string) map[string]string {
		headers := map[string]string{}
		for k, old := range m.headers {
			if headers[k] = old; strings.EqualFold(k, name) {
				headers[k] = v
			}
		}
		return headers
	}
	for reason, e := range map[string]*sdkError{
		"NO_MATCHING_SIGNATURE":    v2.fails(t, "webhook.verify", secret, m.body+" ", m.headers),
		"MISSING_REQUIRED_HEADERS": v2.fails(t, "webhook.verify", secret, m.body, with("webhook-id", "")),
		"TIMESTAMP_TOO_OLD":        v2.fails(t, "webhook.verify", secret, m.body, with("webhook-timestamp", "1700000000")),
	} {
		if e.Name != "WebhookVerificationError" || e.Reason != reason {
			t.Errorf("%v, want %s", e, reason)
		}
	}
	other := strings.Replace(secret, "wMDAwMD", "xMDAwMD", 1)
	if e := v2.fails(t, "webhook.verify", other, m.body, m.headers); e.Reason != "NO_MATCHING_SIGNATURE" {
		t.Errorf("by another secret: %v", e)
	}
}
