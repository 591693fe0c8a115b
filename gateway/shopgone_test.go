package gateway

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// confirmWithin is how long the shop may take to say whether an order may be charged.
func confirmWithin(timeout string) fixture.Edit {
	return func(c *fixture.Config) { c.OrderService.Confirm.Timeout = timeout }
}

// moveShop points the running gateway at another order service.
func (h *house) moveShop(to string) {
	h.t.Helper()
	h.change(shopAt(to), confirmWithin("30s"))
	if a := h.adminPost("/-/reload", ""); a.status != http.StatusOK {
		h.t.Fatalf("reload: %d %s", a.status, a.body)
	}
}

// TestAnAnswerWithoutTheShopEndsItsConnection on every way that needs the order service, so that whoever asked comes
// back on a connection to another pod.
func TestAnAnswerWithoutTheShopEndsItsConnection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, confirmWithin("200ms"))
	form := h.inicisReturn("pay")
	attempt, token := h.v2Authenticated()
	checkout := h.checkout("card")
	h.change(shopAt("http://127.0.0.1:1"))
	if a := h.adminPost("/-/reload", ""); a.status != http.StatusOK {
		t.Fatalf("reload: %d %s", a.status, a.body)
	}
	for name, a := range map[string]answer{
		"a page":                 h.get("/"),
		"an intercepted order":   h.post("/api/orders", "application/json", h.orderBody(`{"payWayCd":"11"}`)),
		"a checkout":             h.postCheckout(checkout),
		"an authenticated buyer": h.postReturn(form),
		"a window's end":         h.post(pathComplete, "application/json", `{"attempt_id":"`+attempt+`","payment_token":"`+token+`"}`),
	} {
		if !a.closes || a.header.Get(headerRequestID) == "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
	if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 0 {
		t.Errorf("the PG saw %d approvals without the shop", n)
	}
}

// TestAnAuthenticatedBuyerWaitsForTheShop that is away for a moment, as in a rollout.
func TestAnAuthenticatedBuyerWaitsForTheShop(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	form := h.inicisReturn("pay")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	h.moveShop("http://" + at + "/shop")
	back := make(chan answer)
	go func() { back <- h.postReturn(form) }()
	shop := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(to))
	if err := shop.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	if shop.Listener, err = net.Listen("tcp", at); err != nil {
		t.Fatal(err)
	}
	shop.Start()
	defer shop.Close()
	if a := <-back; !strings.Contains(a.header.Get("Location"), "status=approved") {
		t.Errorf("got %d, sent to %s", a.status, a.header.Get("Location"))
	}
}
