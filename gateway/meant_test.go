package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

// TestNoHeaderNamesAnotherPath: frameworks that were made for IIS take the path from one.
func TestNoHeaderNamesAnotherPath(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	for n, target := range []string{"/goods/1", "/api/orders", "/pay"} {
		method, body := http.MethodPost, plainOrder
		if target == "/pay" {
			body = `{"x":1}`
		}
		req := httptest.NewRequest(method, target, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Original-Host", "kept")
		for _, name := range []string{"X-Original-URL", "x_original_url", "X-Rewrite-Url", "X_REWRITE_URL", "SCRIPT_NAME", "Script-Name"} {
			req.Header[name] = []string{"/orders/O-1/confirm"}
		}
		h.send(h.app, req)
		asked, got, _ := shop.seen()
		if asked != n+1 || got.Header.Get("X-Original-Host") != "kept" {
			t.Fatalf("%s: the shop was asked %d times", target, asked)
		}
		for name := range got.Header {
			switch strings.ReplaceAll(strings.ToLower(name), "_", "-") {
			case "x-original-url", "x-rewrite-url", "script-name":
				t.Errorf("%s: the shop was told %s", target, name)
			}
		}
	}
}

// TestNoMethodStandsForAnother: what frameworks take for the method of an intercept does not go around it.
func TestNoMethodStandsForAnother(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPut, "body:pg_window"))
	type lines = map[string][]string
	for _, tt := range []struct {
		method, target string
		lines          lines
		refused        bool
	}{
		{http.MethodPost, "/pay", nil, false},
		{http.MethodPost, "/pay?a_method=PUT&_methods=PUT", nil, false},
		{http.MethodPost, "/pay?_method=DELETE", lines{"X-Http-Method-Override": {"PATCH"}}, false},
		{http.MethodPost, "/goods?_method=PUT", lines{"X-Http-Method-Override": {"PUT"}}, false},
		{http.MethodPost, "/pay", lines{"X-Http-Method-Override": {"PUT"}}, true},
		{http.MethodPost, "/pay", lines{"X-Http-Method-Override": {"GET", "put"}}, true},
		{http.MethodPost, "/pay", lines{"X_HTTP_METHOD_OVERRIDE": {"PUT"}}, true},
		{http.MethodPost, "/pay", lines{"X-Http-Method": {"PUT"}}, true},
		{http.MethodPost, "/pay", lines{"X-Method-Override": {"PUT"}}, true},
		{http.MethodPost, "/%70ay/", lines{"X-Method-Override": {"PUT"}}, true},
		{http.MethodPost, "/pay?x=1&%5Fmethod=put", nil, true},
		{http.MethodPost, "/pay?_method=GET&_method=PUT", nil, true},
		{http.MethodGet, "/pay?_method=PUT", nil, true},
		{http.MethodGet, "/api/orders?_method=POST", nil, true},
	} {
		before, _, _ := shop.seen()
		req := httptest.NewRequest(tt.method, tt.target, nil)
		maps.Copy(req.Header, tt.lines)
		a := h.send(h.app, req)
		n, _, _ := shop.seen()
		refused := a.status == http.StatusNotFound && a.json["code"] == string(payment.CodePathNotForwarded)
		if refused != tt.refused || refused == (n == before+1) {
			t.Errorf("%s %s %v: got %d %s", tt.method, tt.target, tt.lines, a.status, a.body)
		}
	}
}
