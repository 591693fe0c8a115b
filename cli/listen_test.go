package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// log is what a PG lists, page by page.
type log struct {
	payments []adapters.Listed
	err      error
	size     int
}

func (l *log) List(_ context.Context, req adapters.ListRequest) (page adapters.ListPage, err error) {
	first := 0
	_, _ = fmt.Sscan(req.Next, &first)
	n := 0
	for _, p := range l.payments {
		if p.At.Before(req.From) || p.At.After(req.Until) {
			continue
		}
		if n++; n > first && n <= first+l.size {
			page.Payments = append(page.Payments, p)
		}
	}
	if n > first+l.size {
		page.Next = fmt.Sprint(first + l.size)
	}
	return page, l.err
}

// heard is what an address got, and what it answers.
type heard struct {
	mu     sync.Mutex
	bodies []string
	status int
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bodies = append(h.bodies, string(body))
	w.WriteHeader(h.status)
}

func (h *heard) since(n int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.bodies[n:], " ")
}

func paid(id string, at time.Time) adapters.Listed {
	return adapters.Listed{OrderRef: payment.AttemptID(id), PGTxID: "imp_" + id, Outcome: payment.OutcomeApproved, Amount: 1000, At: at}
}

func v1(id, status string) string {
	return fmt.Sprintf(`{"imp_uid":"imp_%s","merchant_uid":"%s","status":"%s"}`, id, id, status)
}

// Each thing that happened is told once, in its turn, from page to page and round to round, and again until it is taken.
func TestARelayTellsOnce(t *testing.T) {
	t.Parallel()
	to := &heard{status: http.StatusOK}
	srv := httptest.NewServer(to)
	t.Cleanup(srv.Close)
	now := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	pg := &log{size: 2}
	var out strings.Builder
	r := relay{
		pg: &payment.PG{ID: "portone1", Driver: portonev1.Name}, lister: pg,
		teller: drivers.New(drivers.Options{})[portonev1.Name].(adapters.Teller),
		to:     srv.URL, client: srv.Client(), out: &out, now: func() time.Time { return now }, from: now.Add(-time.Minute),
	}
	heardSince := 0
	round := func(want string) {
		t.Helper()
		now = now.Add(10 * time.Second)
		out.Reset()
		r.round(t.Context())
		if got := to.since(heardSince); got != want {
			t.Errorf("told %s, want %s; printed %s", got, want, &out)
		}
		heardSince = len(to.bodies)
	}
	pg.payments = []adapters.Listed{
		paid("old", now.Add(-2*time.Minute)),
		paid("c", now), paid("b", now.Add(-time.Second)), paid("a", now.Add(-2*time.Second)),
	}
	round(v1("a", "paid") + " " + v1("b", "paid") + " " + v1("c", "paid"))
	if !strings.Contains(out.String(), "10:00:10 paid of a -> 200 OK (0s)\n") {
		t.Errorf("printed %s", &out)
	}
	round("")
	part := paid("a", now)
	part.Cancelled = 400
	pg.payments = append(pg.payments, part)
	round(v1("a", "cancelled"))
	// A shop that restarts gets it when it is back; nothing is forgotten meanwhile.
	to.status = http.StatusBadGateway
	pg.payments = append(pg.payments, paid("d", now))
	round(v1("d", "paid"))
	pg.payments = append(pg.payments, paid("\x1b[2Je", now))
	round(v1("d", "paid") + ` {"imp_uid":"imp_\u001b[2Je","merchant_uid":"\u001b[2Je","status":"paid"}`)
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), "[2Je -> 502 Bad Gateway (0s), sent again") {
		t.Errorf("printed %q", &out)
	}
	now = now.Add(10 * time.Minute)
	to.status = http.StatusOK
	round(v1("d", "paid") + ` {"imp_uid":"imp_\u001b[2Je","merchant_uid":"\u001b[2Je","status":"paid"}`)
	round("")
	// One that is never taken is given up.
	to.status = http.StatusNotFound
	pg.payments = append(pg.payments, paid("f", now))
	for range relayTries {
		round(v1("f", "paid"))
	}
	if !strings.Contains(out.String(), "given up") {
		t.Errorf("printed %s", &out)
	}
	round("")
	// What is wrong with the PG is said once, and what happened meanwhile is told afterwards.
	to.status = http.StatusOK
	pg.err = adapters.ErrUnavailable
	pg.payments = append(pg.payments, paid("g", now.Add(time.Second)))
	round("")
	if !strings.Contains(out.String(), "PortOne is not heard") {
		t.Errorf("printed %s", &out)
	}
	if round(""); out.String() != "" {
		t.Errorf("printed %s", &out)
	}
	now = now.Add(time.Hour)
	pg.err = nil
	round(v1("g", "paid"))
	for range 20 {
		round("")
	}
	if len(r.told) != 0 || len(r.tries) != 0 {
		t.Errorf("%d and %d are kept for ever", len(r.told), len(r.tries))
	}
}

func TestARelayTellsWhyNobodyTakesIt(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var out strings.Builder
	r := relay{
		pg: &payment.PG{ID: "portone1", Driver: portonev1.Name}, lister: &log{size: 1, payments: []adapters.Listed{paid("a", now)}},
		teller: drivers.New(drivers.Options{})[portonev1.Name].(adapters.Teller),
		to:     "http://127.0.0.1:1", client: &http.Client{}, out: &out, now: time.Now, from: now.Add(-time.Minute),
	}
	r.round(t.Context())
	if !strings.Contains(out.String(), "paid of a -> Post \"http://127.0.0.1:1\"") || !strings.Contains(out.String(), "sent again") {
		t.Errorf("printed %s", &out)
	}
	many := &log{size: 1}
	for i := range relayPages + 1 {
		many.payments = append(many.payments, paid(fmt.Sprint(i), now))
	}
	r.lister = many
	out.Reset()
	r.round(t.Context())
	if !strings.Contains(out.String(), "begin later") || len(r.told) != 0 {
		t.Errorf("printed %s", &out)
	}
}

// A payment of V2's reaches an address of this machine, signed as V2 signs.
func TestListen(t *testing.T) {
	t.Parallel()
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	portone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/portone/v2/payment-events-by-cursor" || r.Header.Get("Authorization") != "PortOne sandbox-v2-secret" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"items":[{"cursor":"c1","paymentEvent":{"type":"PAID","id":"e1","paymentId":"A1","transactionId":"tx-1",`+
			`"storeId":"store-sandbox","version":"V2","channel":{"type":"TEST"},"createdAt":"%s","currency":"KRW","totalAmount":{"total":1000}}}]}`, at)
	}))
	t.Cleanup(portone.Close)
	config := filepath.Join(t.TempDir(), "config.yaml")
	put(t, config, fixture.Text(func(c *fixture.Config) { c.PGs["portone"].BaseURL = portone.URL }))
	ctx, stop := context.WithCancel(t.Context())
	var head http.Header
	var body string
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		head, body = r.Header, string(text)
		stop()
	}))
	t.Cleanup(shop.Close)
	out, failed := runOn(ctx, config, "listen", "--pg", "portone", "--forward-to", shop.URL+"/hook", "--since", "1m")
	if failed != "" || !strings.HasPrefix(out, "listening to portone, every 5s; what happens is posted to "+shop.URL+"/hook\n") {
		t.Errorf("%s: %s", failed, out)
	}
	want := `{"type":"Transaction.Paid","timestamp":"` + at + `","data":{"storeId":"store-sandbox","paymentId":"A1","transactionId":"tx-1"}}`
	if body != want || !regexp.MustCompile(`^v1,[A-Za-z0-9+/]{43}=$`).MatchString(head.Get("Webhook-Signature")) ||
		!strings.HasPrefix(head.Get("Webhook-Id"), "msg_listen_") || head.Get("Content-Type") != "application/json" {
		t.Errorf("got %s with %v", body, head)
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yaml")
	put(t, config, fixture.Text())
	to := "--forward-to=http://127.0.0.1:1/hook"
	for _, tt := range []struct {
		args  string
		fails string
	}{
		{"", `required flag(s) "forward-to" not set`},
		{"--forward-to=localhost:3000", "is no address such as"},
		{"--forward-to=ftp://localhost/hook", "is no address such as"},
		{"--forward-to=http://a:b@localhost/hook", "neither a user"},
		{to, "say which by --pg: portone, portone1"},
		{to + " --pg=inicis", "--pg inicis is none that can list its payments: portone, portone1"},
		{to + " --pg=portone --every=1s", "--every must be 2s at least"},
		{to + " --pg=portone --since=25h", "--since must be between 0 and 24h0m0s"},
		{to + " --pg=portone --since=-1s", "--since must be"},
	} {
		if _, failed := runOn(t.Context(), config, append([]string{"listen"}, strings.Fields(tt.args)...)...); !strings.Contains(failed, tt.fails) {
			t.Errorf("%s: %s, want %s", tt.args, failed, tt.fails)
		}
	}
	put(t, config, fixture.Text(func(c *fixture.Config) { c.PGs["portone"].WebhookSecret = "" }))
	if _, failed := runOn(t.Context(), config, "listen", to, "--pg=portone"); !strings.Contains(failed, "pgs.portone.webhook_secrets") {
		t.Errorf("without a secret: %s", failed)
	}
}
