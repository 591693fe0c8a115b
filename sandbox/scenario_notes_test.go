package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// noted is a receiver of V2's webhooks that notes what came, in order, and what is wrong with it.
type noted struct {
	url   string
	clock *clock
	mu    sync.Mutex
	list  []string
}

func (n *noted) note(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

func (n *noted) notes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.list...)
}

func (n *noted) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var x struct {
		Type string
		Data struct{ PaymentID string }
	}
	_ = json.Unmarshal(body, &x)
	text := x.Type
	if x.Data.PaymentID != "A-1" {
		text += " of " + x.Data.PaymentID
	}
	secret := strings.TrimPrefix(sandbox.Defaults().V2.WebhookSecret, "whsec_")
	key, _ := base64.StdEncoding.DecodeString(secret)
	stamp := r.Header.Get("Webhook-Timestamp")
	if r.Header.Get("Webhook-Signature") != signEvent(string(key), r.Header.Get("Webhook-Id"), stamp, string(body)) {
		text += " forged"
	}
	sent, _ := strconv.ParseInt(stamp, 10, 64)
	if n.clock.Now().Sub(time.Unix(sent, 0)) > 5*time.Minute {
		text += " stale"
	}
	n.note(text)
}

// notedWorld is a world whose webhooks can reach such a receiver.
func notedWorld(t *testing.T) (*world, *noted) {
	t.Helper()
	c := &clock{now: time.Date(2026, 4, 2, 14, 15, 0, 0, payment.KST())}
	rec := &noted{clock: c}
	receiver := httptest.NewServer(rec)
	t.Cleanup(receiver.Close)
	rec.url = receiver.URL
	cfg := sandbox.Defaults()
	cfg.Now, cfg.HookClient = c.Now, receiver.Client()
	box := sandbox.New(cfg)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	return &world{t: t, box: box, url: server.URL, clock: c, http: server.Client()}, rec
}
