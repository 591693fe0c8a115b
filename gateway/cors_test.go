package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// checkoutPaths are where pages of the shop call us.
func checkoutPaths() []string {
	return []string{pathCheckout, pathComplete, "/pg-gateway/checkout", "/pg-gateway/checkout/complete"}
}

// preflightRequest is what a browser asks before a page of the shop posts to path.
func preflightRequest(path string) *http.Request {
	req := httptest.NewRequest(http.MethodOptions, path, nil)
	req.Header.Set("Origin", publicURL)
	req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	return req
}

// refusedOrigins is how many requests of an endpoint were refused for a reason.
func (h *house) refusedOrigins(path string, why metrics.OriginReason) float64 {
	h.t.Helper()
	endpoint := "checkout"
	if strings.HasSuffix(path, pathComplete) {
		endpoint = "complete"
	}
	return h.series(`pg_gateway_origin_refused_total{endpoint="` + endpoint + `",reason="` + string(why) + `"}`)
}

func TestOtherSitesDoNotCheckOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tt := range []struct {
		origin, site string
		// refused is as what it is counted; empty when it is taken.
		refused metrics.OriginReason
	}{
		{"https://evil.example", "cross-site", metrics.OriginCrossSite},
		{"https://evil.example", "", metrics.OriginUnlisted},
		{publicURL + ".evil.example", "none", metrics.OriginUnlisted},
		{"http://m.localhost:8080", "same-site", metrics.OriginSameSite},
		{"null", "cross-site", metrics.OriginOpaque},
		{"null", "", metrics.OriginOpaque},
		{"", "cross-site", metrics.OriginMissing},
		{publicURL, "cross-site", ""},
		{publicURL, "", ""},
		{"https://pay.example", "same-origin", ""},
		{"", "none", ""},
		{"", "", ""},
	} {
		for _, path := range checkoutPaths() {
			req := httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))
			req.Header.Set("Content-Type", "application/json")
			for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
				if value != "" {
					req.Header.Set(name, value)
				}
			}
			before := h.refusedOrigins(path, tt.refused)
			a, want := h.send(h.app, req), payment.CodeMissingField
			if tt.refused != "" {
				want = payment.CodeOriginNotAllowed
			}
			if a.code() != string(want) {
				t.Errorf("POST %s of %q, %q: %d %s, want %s", path, tt.origin, tt.site, a.status, a.code(), want)
			}
			if counted := h.refusedOrigins(path, tt.refused) - before; tt.refused != "" && counted != 1 {
				t.Errorf("POST %s of %q, %q is counted %v times as %s", path, tt.origin, tt.site, counted, tt.refused)
			}
			if star := a.header.Get("Access-Control-Allow-Origin"); star == "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s allows too much: %v", path, a.header)
			}
		}
	}
}

// TestOptionsOfAShopsPage are for the shop when they are no preflight.
func TestOptionsOfAShopsPage(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url))
	if status, _ := ask(t, listening(t, h.app), http.MethodOptions, pathCheckout); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
	if a := h.send(h.app, preflightRequest(pathCheckout)); a.status != http.StatusNoContent {
		t.Errorf("a preflight is answered %d", a.status)
	}
	if seen := shop.requests(); len(seen) != 1 || seen[0] != "OPTIONS /checkout" {
		t.Errorf("the shop saw %q", seen)
	}
}
