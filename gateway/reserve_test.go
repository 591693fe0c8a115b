package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// hangingShop is the demo shop whose pages and orders nobody gets to read until release is closed. It takes orders, and
// says whether they may be charged.
func (h *house) hangingShop(release <-chan struct{}) string {
	h.t.Helper()
	demo, err := url.Parse(h.url + "/shop")
	if err != nil {
		h.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(demo) }}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			<-release
		}
		proxy.ServeHTTP(w, r)
	}))
	h.t.Cleanup(shop.Close)
	return shop.URL
}

// TestASlowShopLeavesReturnsAndNotices: pages and order look-ups that hang use up what is theirs, and nothing else.
// Orders are intercepted, buyers come back from their windows and notices of deposits are heard.
func TestASlowShopLeavesReturnsAndNotices(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis", autoV2, func(c *fixture.Config) {
		c.Limits.InFlight = map[string]int{"forwarded": 4, "checkouts": 8}
		c.Limits.Rates = rates{"client": "1000/s"}
		c.OrderService.Lookup.Timeout = "10s"
	})
	account := h.issue("inicis")
	back := h.inicisReturn("pay")
	redirected := h.window("v2")
	h.click(redirected, "pay")
	var checkouts [][]byte
	for range 8 {
		body, err := json.Marshal(h.checkout("card"))
		if err != nil {
			t.Fatal(err)
		}
		checkouts = append(checkouts, body)
	}
	order := h.orderBody(`{"payWayCd":"11"}`)
	release := make(chan struct{})
	h.moveShop(h.hangingShop(release))

	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer close(release)
	ask := func(from string, body []byte) {
		waiting.Go(func() {
			method, path := http.MethodGet, "/"
			if body != nil {
				method, path = http.MethodPost, pathCheckout
			}
			req, err := http.NewRequestWithContext(t.Context(), method, h.base+path, bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			res, err := clientAt(from).Do(req)
			if err != nil {
				return // it waited for longer than this client does
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		})
	}
	// One address has half at most.
	for n := range 6 {
		ask([]string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}[n%3], nil)
	}
	for n, body := range checkouts {
		ask([]string{"127.0.0.5", "127.0.0.6"}[n%2], body)
	}
	eventually(t, "the shop to hang", func() bool {
		return h.house.counted(`pg_gateway_in_flight_requests{room="forwarded"} 4`) &&
			h.house.counted(`pg_gateway_in_flight_requests{room="order_lookups"} 6`) &&
			h.house.counted(`pg_gateway_in_flight_requests{room="checkouts"} 6`) &&
			h.house.counted(`pg_gateway_requests_shed_total{reason="full",room="order_lookups"} 2`)
	})

	if a := h.post("/api/orders", "application/json", order); a.status != http.StatusOK || a.header.Get(headerReason) != "" {
		t.Errorf("an intercepted order: %d %v", a.status, a.header)
	}
	refused := h.post(pathCheckout, "application/json", string(checkouts[0]))
	if refused.status != http.StatusServiceUnavailable || refused.code() != string(payment.CodeOverloaded) ||
		refused.header.Get("Retry-After") != "1" {
		t.Errorf("one look-up too many: %d %s", refused.status, refused.body)
	}
	if a := h.postReturn(back); a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "status=approved") {
		t.Errorf("a return: %d %s", a.status, a.header.Get("Location"))
	}
	to := pathPortOneReturn + "?" + returnParam + "=" + string(redirected.attempt)
	if a := h.get(to); a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "status=approved") {
		t.Errorf("a redirect: %d %s", a.status, a.header.Get("Location"))
	}
	if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(account)}); err != nil {
		t.Fatal(err)
	}
	h.sandbox.WaitNotices()
	if a := h.state(account); a.State != payment.StateApproved {
		t.Errorf("after its deposit an account is %s", a.State)
	}
}

// TestReturnsAndNoticesHaveSeats of the returns' room, and are told to come again where there is none.
func TestReturnsAndNoticesHaveSeats(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis", autoV2, func(c *fixture.Config) { c.Limits.InFlight = map[string]int{"returns": 8} })
	account := h.state(h.issue("inicis"))
	back := h.inicisReturn("pay")
	redirected := h.window("v2")
	h.click(redirected, "pay")
	to := pathPortOneReturn + "?" + returnParam + "=" + string(redirected.attempt)
	notice := url.Values{
		"no_tid": {"ININPGVBNKINIpayTest20261201100000000001"}, "no_oid": {string(account.ID)}, "id_merchant": {account.MID},
		"amt_input": {account.Amount.String()}, "no_vacct": {"56211105948400"}, "type_msg": {"0200"}, "no_req_tid": {account.PGTxID},
	}
	deposit := func() (int, string) {
		return h.sendHook(pathHooksInicis+"inicis"+hookDeposit, "application/x-www-form-urlencoded", nil, notice.Encode())
	}
	free := func() {
		eventually(t, "all seats to be free", func() bool {
			return h.house.counted(`pg_gateway_in_flight_requests{room="returns"} 0`)
		})
	}
	var taken []seat
	for range 8 {
		s, why := h.g.rooms.returns.enter(seat{}, 8, 0)
		if why != "" {
			t.Fatal(why)
		}
		taken = append(taken, s)
	}
	for name, a := range map[string]answer{"a return": h.postReturn(back), "a redirect": h.get(to)} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" ||
			a.header.Get(headerReason) != string(payment.CodeOverloaded) {
			t.Errorf("%s without a seat: %d %v", name, a.status, a.header)
		}
	}
	if status, body := deposit(); status != http.StatusServiceUnavailable || body != "FAIL" ||
		h.counted(metrics.WebhookLimited) == 0 {
		t.Errorf("a notice without a seat: %d %s", status, body)
	}
	for i := range taken {
		taken[i].leave()
	}
	for name, a := range map[string]answer{"a return": h.postReturn(back), "a redirect": h.get(to)} {
		if a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "status=approved") {
			t.Errorf("%s afterwards: %d %s", name, a.status, a.header.Get("Location"))
		}
	}
	free()
	// Nobody has paid into it.
	if status, body := deposit(); status != http.StatusServiceUnavailable || h.counted(metrics.WebhookFailed) == 0 {
		t.Errorf("a notice afterwards: %d %s, %v failed", status, body, h.counted(metrics.WebhookFailed))
	}
	free()
}
