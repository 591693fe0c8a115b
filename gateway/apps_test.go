package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// withApps allows apps, of which one is for another site, on phones and in apps.
func withApps(c *fixture.Config) {
	c.More = "app_schemes: [myshop, { scheme: outlet, sites: [outlet] }]\n"
	for i := range c.Merchants {
		c.Merchants[i].Devices = nil
	}
	for i := range c.Methods {
		c.Methods[i].Devices = nil
	}
}

// appCheckout is a checkout of an app, with more or other fields than usual.
func (h *house) appCheckout(method string, more map[string]any) map[string]any {
	c := h.checkout(method)
	c["device"] = "app"
	for name, v := range more {
		c[name] = v
	}
	return c
}

// TestTheAppReachesEveryWindow of a phone, where the checkout names it.
func TestTheAppReachesEveryWindow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps)
	for method, want := range map[string]string{
		"card": `&app_scheme=myshop://"`, "kakaopay": `"appScheme":"myshop://pay?x=1"`, "tosspay": `"app_scheme":"myshop://pay?x=1"`,
	} {
		for _, device := range []string{"mobile", "app"} {
			a := h.postCheckout(h.appCheckout(method, map[string]any{"app_scheme": "myshop://pay?x=1", "device": device}))
			window, err := json.Marshal(a.json["window"])
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.ReplaceAll(string(window), `\u0026`, "&"); a.status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("%s on %s: answered %d %s, want %s", method, device, a.status, a.body, want)
			}
		}
	}
}

// TestAppsThatACheckoutMayNotName: refused before the order service or a PG hears of it, with the field and the cure.
func TestAppsThatACheckoutMayNotName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps)
	body := h.appCheckout("card", nil)
	for _, tt := range []struct {
		name  string
		field string
		value string
		other map[string]any
		code  string
	}{
		{"an app of nobody", "app_scheme", "othershop", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"an app of another site", "app_scheme", "outlet://", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"on a pc", "app_scheme", "myshop", map[string]any{"device": "pc"}, "APP_SCHEME_NOT_ALLOWED"},
		{"in capitals", "app_scheme", "MyShop://", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a page", "app_scheme", publicURL + "/", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a script", "app_scheme", "javascript://%0aalert(1)", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"an intent", "app_scheme", "intent://x#Intent;scheme=myshop;end", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"another option", "app_scheme", "myshop&amt_hash=N", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a value", "app_scheme", "myshop=x://", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a space", "app_scheme", "myshop://a b", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"Korean", "app_scheme", "myshop://결과", nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a quote", "app_scheme", `myshop://"`, nil, "APP_SCHEME_NOT_ALLOWED"},
		{"a line", "app_scheme", "myshop://a\nb", nil, "INVALID_FIELD"},
		{"too long", "app_scheme", "myshop://" + strings.Repeat("a", 300), nil, "INVALID_FIELD"},
		{"back to an app of nobody", "return_url", "othershop://result", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to an app of another site", "return_url", "outlet://result", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to an app on a pc", "return_url", "myshop://result", map[string]any{"device": "pc"}, "RETURN_URL_NOT_ALLOWED"},
		{"back to a scheme alone", "return_url", "myshop", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to an app without //", "return_url", "myshop:result", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to a script", "return_url", "javascript://" + "localhost:8080/%0aalert(1)", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to data", "return_url", "data:text/html,x", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to an intent", "return_url", "intent://x#Intent;scheme=myshop;end", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to a foreign page", "return_url", "https://evil.example/?myshop://", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to a page behind a scheme", "return_url", "https:myshop://", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to two headers", "return_url", "myshop://x%0d%0aSet-Cookie:%20a=b", nil, "RETURN_URL_NOT_ALLOWED"},
		{"back to a fragment", "return_url", "myshop://x#y", nil, "RETURN_URL_NOT_ALLOWED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := h.appCheckout("card", tt.other)
			asked["order_id"], asked[tt.field] = body["order_id"], tt.value
			a := h.postCheckout(asked)
			if a.status/100 != 4 || a.code() != tt.code || a.json["field"] != tt.field || a.json["fix"] == nil {
				t.Errorf("answered %d %s", a.status, a.body)
			}
		})
	}
	if a := h.postCheckout(h.appCheckout("card", map[string]any{"app_scheme": "outlet", "site": "outlet"})); a.status != http.StatusOK {
		t.Errorf("the other site's own app: %d %s", a.status, a.body)
	}
}

// TestAnAppIsReadFromTheShopsOwnRequest, and held to the same rules.
func TestAnAppIsReadFromTheShopsOwnRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps, func(c *fixture.Config) {
		c.Intercepts[0].ReadRequest["app_scheme"] = "header:X-App"
	})
	for app, want := range map[string]string{
		"myshop://": "app_scheme=myshop://", "": `"window"`, "outlet": "APP_SCHEME_NOT_ALLOWED", "myshop&x=y": "APP_SCHEME_NOT_ALLOWED",
	} {
		req := newJSONRequest("/api/orders", h.orderBody(`{"payWayCd":"11"}`))
		req.Header.Set("X-Device", "mobile")
		if app != "" {
			req.Header.Set("X-App", app)
		}
		a := h.send(h.app, req)
		if text := strings.ReplaceAll(string(a.body), `\u0026`, "&"); !strings.Contains(text, want) {
			t.Errorf("%q: answered %d %s, want %s", app, a.status, text, want)
		}
	}
}

func newJSONRequest(path, body string) *http.Request {
	req, err := http.NewRequest(http.MethodPost, publicURL+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}
