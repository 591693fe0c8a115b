package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// Adding a PG is a folder. In the place of one, otherpay_test.go holds the driver of a PG that nobody else here has heard
// of; that it is configured, routed to, returned from, told by, asked by and paid through proves that nobody needs to.

// otherPG is Other Pay itself: it shows what it is told that a buyer did.
type otherPG struct {
	mu       sync.Mutex
	payments map[string]otherPayment // by their order numbers
	cancels  int
}

// otherPayment is a payment as Other Pay shows it.
type otherPayment struct {
	State     string      `json:"state"`
	PayNo     string      `json:"payNo"`
	OrderNo   string      `json:"orderNo"`
	Shop      string      `json:"shop"`
	Amount    json.Number `json:"amount"`
	Cancelled json.Number `json:"cancelled"`
	Currency  string      `json:"currency"`
}

// ServeHTTP shows a payment, and cancels the whole of it when it is posted to.
func (p *otherPG) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	orderNo := strings.Split(r.URL.Path, "/")[2]
	paid, ok := p.payments[orderNo]
	if !ok {
		paid = otherPayment{State: "none"}
	}
	if ok && r.Method == http.MethodPost {
		paid.State, paid.Cancelled = "cancelled", paid.Amount
		p.payments[orderNo] = paid
		p.cancels++
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(paid)
}

// cancelled is how often it was told to cancel something.
func (p *otherPG) cancelled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cancels
}

// show has a payment of an order number shown in a state.
func (p *otherPG) show(orderNo, payNo, state, amount string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.payments[orderNo] = otherPayment{
		State: state, PayNo: payNo, OrderNo: orderNo, Shop: "shop-1", Amount: json.Number(amount), Cancelled: "0", Currency: payment.CurrencyKRW,
	}
}

// otherHouse is a whole gateway whose only PG is Other Pay, reached through its sockets.
type otherHouse struct {
	pg      *otherPG
	shop    *sandbox.Sandbox
	journal *journal.Journal
	at      string
}

const otherBase = "https://pay.example.com"

func newOtherHouse(t *testing.T) *otherHouse {
	t.Helper()
	h := &otherHouse{pg: &otherPG{payments: map[string]otherPayment{}}, shop: sandbox.New(sandbox.Defaults())}
	pg, shop := httptest.NewServer(h.pg), httptest.NewServer(h.shop.Handler())
	t.Cleanup(pg.Close)
	t.Cleanup(shop.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte(`
server:
  public: { listen: "127.0.0.1:0", base_url: "`+otherBase+`", allow_origins: ["https://shop.example.com"] }
  sidecar: { listen: "127.0.0.1:0" }
  admin: { listen: "127.0.0.1:0" }
order_service: { url: "`+shop.URL+`/shop", lookup: { path: "/orders/{order_id}" }, confirm: { path: "/orders/{order_id}/confirm" }, events: { path: /payment-events, secret: "whsec_ZGVtby1zaG9wLWV2ZW50cy1zZWNyZXQtMDAwMDAwMDE=" } }
pgs: { other: { driver: otherpay, environment: sandbox, base_url: "`+pg.URL+`", otherpay_secret: theirSecret } }
merchants: [{ id: "1", pg: other, mid: shop-1, mode: test, confirm_hook: Y }]
payment_methods: [{ code: card, links: { other: Y } }]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	client := onewrite.New(onewrite.Options{})
	driver := otherPay{client}
	load, err := rules.NewLoader([]payment.DriverSpec{driver.Spec()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := reload.New(reload.Options{Path: config, Load: load.LoadFile, Prepare: gateway.Prepare})
	if err != nil {
		t.Fatal(err)
	}
	if h.journal, err = journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(dir, "journal.db")}); err != nil {
		t.Fatal(err)
	}
	registry := metrics.NewRegistry()
	g, err := gateway.New(gateway.Options{
		Store: store, Journal: h.journal,
		Drivers: map[payment.DriverName]adapters.Driver{"otherpay": driver}, OrderHTTP: client,
		Metrics: metrics.New(registry), Registry: registry, Log: slog.New(slog.DiscardHandler), Now: time.Now, Identity: h.journal.Identity, DataDir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := gateway.Listen(store.Current())
	if err != nil {
		t.Fatal(err)
	}
	h.at = "http://" + l.Public.Addr().String()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ran, h.journal.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// window opens one for a new order, and returns what its page was given.
func (h *otherHouse) window(t *testing.T) map[string]string {
	t.Helper()
	order, err := h.shop.MakeOrder(sandbox.OrderSpec{Amount: 64_900, Name: "의자", Methods: []string{"card"}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Window struct {
			Kind   string            `json:"kind"`
			Params map[string]string `json:"params"`
		} `json:"window"`
	}
	status, body, _ := h.send(t, http.MethodPost, "/checkout", http.Header{"Content-Type": {"application/json"}},
		`{"order_id":"`+order.ID+`","amount":64900,"payments":[{"method":"card","amount":64900}],"buyer":{"name":"홍길동"},"site":"main","device":"pc","return_url":"https://shop.example.com/done"}`)
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Window.Kind != "otherpay" {
		t.Fatalf("the checkout answered %d %s: %v", status, body, err)
	}
	return got.Window.Params
}

// send sends a request to the gateway, at an address of its own or a path, and returns what came back and where it leads.
func (h *otherHouse) send(t *testing.T, method, to string, header http.Header, body string) (status int, text, leads string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.at+strings.TrimPrefix(to, otherBase), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(read), res.Header.Get("Location")
}

// signed sends what Other Pay signs.
func (h *otherHouse) signed(t *testing.T, to, id, body string) (status int, text string) {
	t.Helper()
	status, text, _ = h.send(t, http.MethodPost, to, signedByOther(id, body, time.Now()), body)
	return status, text
}

func (h *otherHouse) wantState(t *testing.T, id string, want payment.State) {
	t.Helper()
	a, _, err := h.journal.Attempt(t.Context(), payment.AttemptID(id))
	if err != nil || a.State != want || a.Driver != "otherpay" {
		t.Errorf("the attempt is %s at %s, want %s: %v", a.State, a.Driver, want, err)
	}
}

// TestAThirdPartysDriverIsPaidThrough by a browser that comes back, and by what its PG tells and asks.
func TestAThirdPartysDriverIsPaidThrough(t *testing.T) {
	t.Parallel()
	h := newOtherHouse(t)

	t.Run("a buyer comes back", func(t *testing.T) {
		t.Parallel()
		w := h.window(t)
		h.pg.show(w["orderNo"], "P1", "paid", w["amount"])
		status, body, leads := h.send(t, http.MethodGet, w["back"]+"&orderNo="+w["orderNo"]+"&payNo=P1", nil, "")
		if status != http.StatusSeeOther || !strings.HasPrefix(leads, "https://shop.example.com/done?") || !strings.Contains(leads, "status=approved") {
			t.Errorf("he is answered %d to %s: %s", status, leads, body)
		}
		h.wantState(t, w["orderNo"], payment.StateApproved)
	})
	t.Run("a buyer gives up", func(t *testing.T) {
		t.Parallel()
		w := h.window(t)
		if status, body, leads := h.send(t, http.MethodGet, w["back"]+"&error=E1", nil, ""); status != http.StatusSeeOther || !strings.Contains(leads, "status=declined") {
			t.Errorf("he is answered %d to %s: %s", status, leads, body)
		}
		h.wantState(t, w["orderNo"], payment.StateOpened)
	})
	t.Run("the PG tells", func(t *testing.T) {
		t.Parallel()
		w := h.window(t)
		h.pg.show(w["orderNo"], "P2", "paid", w["amount"])
		body := `{"orderNo":"` + w["orderNo"] + `","payNo":"P2","amount":` + w["amount"] + `}`
		if status, text, _ := h.send(t, http.MethodPost, w["tell"], signedByOther("m1", body+" ", time.Now()), body); status != http.StatusUnauthorized {
			t.Errorf("a forger is answered %d %s", status, text)
		}
		h.wantState(t, w["orderNo"], payment.StateOpened)
		for range 2 {
			if status, text := h.signed(t, w["tell"], "m1", body); status != http.StatusOK {
				t.Errorf("it is answered %d %s", status, text)
			}
		}
		h.wantState(t, w["orderNo"], payment.StateApproved)
	})
	t.Run("the PG asks", func(t *testing.T) {
		t.Parallel()
		w := h.window(t)
		h.pg.show(w["orderNo"], "P3", "open", w["amount"])
		about := `{"orderNo":"` + w["orderNo"] + `","payNo":"P3","amount":`
		if status, text := h.signed(t, w["ask"], "m1", about+"1}"); status != http.StatusForbidden || !strings.Contains(text, `"because":"`) {
			t.Errorf("another amount is answered %d %s", status, text)
		}
		if status, text := h.signed(t, w["ask"], "m2", about+w["amount"]+"}"); status != http.StatusOK || text != `{"may":"Y"}` {
			t.Errorf("it is answered %d %s", status, text)
		}
		h.wantState(t, w["orderNo"], payment.StateApproving)
		h.pg.show(w["orderNo"], "P3", "paid", w["amount"])
		if status, text := h.signed(t, w["tell"], "m3", about+w["amount"]+"}"); status != http.StatusOK {
			t.Errorf("that it is paid is answered %d %s", status, text)
		}
		h.wantState(t, w["orderNo"], payment.StateApproved)
	})
	t.Run("what is paid otherwise than it was decided goes back", func(t *testing.T) {
		t.Parallel()
		w := h.window(t)
		h.pg.show(w["orderNo"], "P4", "paid", "1000")
		if status, body, leads := h.send(t, http.MethodGet, w["back"], nil, ""); status != http.StatusSeeOther || strings.Contains(leads, "status=approved") {
			t.Errorf("its buyer is answered %d to %s: %s", status, leads, body)
		}
		h.wantState(t, w["orderNo"], payment.StateCancelled)
		if n := h.pg.cancelled(); n != 1 {
			t.Errorf("the PG was told to cancel %d times", n)
		}
	})
	t.Run("nothing else is there", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/hooks/otherpay", "/hooks/otherpay/other/else", "/hooks/otherpay/nobody"} {
			if status, text := h.signed(t, path, "m1", "{}"); status != http.StatusNotFound {
				t.Errorf("%s is answered %d %s", path, status, text)
			}
		}
	})
}
