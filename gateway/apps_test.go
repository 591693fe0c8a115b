package gateway

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
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
	maps.Copy(c, more)
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
		asked := h.appCheckout("card", tt.other)
		asked["order_id"], asked[tt.field] = body["order_id"], tt.value
		a := h.postCheckout(asked)
		if a.status/100 != 4 || a.code() != tt.code || a.json["field"] != tt.field || a.json["fix"] == nil {
			t.Errorf("%s: answered %d %s", tt.name, a.status, a.body)
		}
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

// appReturn opens a window of an app's checkout at KG Inicis, presses a button and brings back what the browser brings.
func (h *house) appReturn(more map[string]any, button string) answer {
	h.t.Helper()
	return h.postPhone(h.phonePress(h.formOf(h.appCheckout("card", more)), button))
}

// leadsTo reads an answer that leads to an app: its address, with the query that a page would get.
func leadsTo(t *testing.T, to, app string) url.Values {
	t.Helper()
	page, query, _ := strings.Cut(to, "?")
	q, err := url.ParseQuery(query)
	if page != app || err != nil || q.Get("order_id") == "" || q.Get("attempt_id") == "" {
		t.Errorf("led to %s, want %s", to, app)
	}
	return q
}

// TestAnAppsWindowEndsInTheApp: its WebView hears of the address at once, and who does not know it has a page.
func TestAnAppsWindowEndsInTheApp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ returnURL, app, button, status, code string }{
		{"myshop://pay/result", "myshop://pay/result", "pay", "approved", ""},
		{"myshop://", "myshop://", "pay", "approved", ""},
		{"myshop://a:b/%EC%A0%95?from=card&status=mine&x=1+2", "myshop://a:b/%EC%A0%95", "pay", "approved", ""},
		{"myshop://pay", "myshop://pay", "cancel", "declined", "BUYER_CANCELLED"},
	} {
		t.Run(tt.returnURL+" "+tt.button, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, withApps)
			a := h.appReturn(map[string]any{"return_url": tt.returnURL}, tt.button)
			to := a.header.Get("Location")
			q := leadsTo(t, to, tt.app)
			if a.status != http.StatusSeeOther || q["status"][0] != tt.status || len(q["status"]) != 1 || q.Get("code") != tt.code {
				t.Errorf("answered %d %s", a.status, to)
			}
			if strings.Contains(tt.returnURL, "from=card") && (q.Get("from") != "card" || q.Get("x") != "1 2") {
				t.Errorf("the app's own query is lost: %s", to)
			}
			mustLead(t, a, to)
		})
	}
}

// mustLead holds a page to its one way on, which is into the app, and to its policy.
func mustLead(t *testing.T, a answer, to string) {
	t.Helper()
	policy := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(policy, "default-src 'none'") ||
		strings.Contains(policy, "script-src") || a.header.Get("Cache-Control") != "no-store" ||
		a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page has %v", a.header)
	}
	body := string(a.body)
	if !strings.Contains(html.UnescapeString(body), `<a id="app" href="`+to+`">앱으로 돌아가기<span lang="en">Back to the app</span>`) ||
		strings.Count(body, "<a ") != 1 || strings.Contains(body, "<script") || strings.Contains(body, "ZgotmplZ") {
		t.Errorf("the page is %s, want a way to %s", body, to)
	}
}

// TestABrowserGetsAPageBeforeTheApp: it would stay at the PG's otherwise, where it does not know the scheme.
func TestABrowserGetsAPageBeforeTheApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps, prefixed("/pg/own/"))
	a := h.appReturn(map[string]any{"return_url": "myshop://pay?x=1", "device": "mobile"}, "pay")
	first := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(first, "/pg/own/app?to=") {
		t.Fatalf("answered %d %s", a.status, first)
	}
	page := h.get(first)
	to, ok := strings.CutPrefix(page.header.Get("Refresh"), "0;url=")
	if page.status != http.StatusOK || !ok {
		t.Fatalf("the page is %d %v", page.status, page.header)
	}
	if q := leadsTo(t, to, "myshop://pay"); q.Get("status") != "approved" || q.Get("x") != "1" {
		t.Errorf("led to %s", to)
	}
	mustLead(t, page, to)
	if again := h.get(first); again.status != http.StatusOK {
		t.Errorf("a reload is answered %d", again.status)
	}
}

// TestThePageOfAnAppLeadsWhereWeSentIt alone: it is no way into apps for whoever writes links.
func TestThePageOfAnAppLeadsWhereWeSentIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps)
	good := h.g.sealer.sealPage("myshop://pay?order_id=O-1")
	token := h.g.sealer.sealAttempt(payment.Attempt{ID: "A-1", ReturnURL: "myshop://x"}, h.g.others.here())
	proof, err := h.g.sealer.Seal("a", []byte("myshop://x"))
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"nothing": "", "in clear": "myshop://pay", "a page": "https://evil.example/", "a script": "javascript://%250aalert(1)",
		"bent": bend(good), "cut": good[:len(good)-4], "a token": token, "too long": strings.Repeat("A", 12<<10),
		"what the journal keeps":     base64.RawURLEncoding.EncodeToString(proof),
		"a page that we have sealed": h.g.sealer.sealPage("https://evil.example/"),
		"a script that we have":      h.g.sealer.sealPage("javascript://%0aalert(1)"),
	} {
		a := h.get("/pg-gateway/app?to=" + url.QueryEscape(to))
		if a.status != http.StatusBadRequest || a.header.Get("Refresh") != "" || strings.Contains(string(a.body), `id="app"`) ||
			a.header.Get(headerReason) != string(payment.CodeReturnForged) {
			t.Errorf("%s: answered %d %v", name, a.status, a.header)
		}
	}
	if a := h.get("/pg-gateway/app?to=" + good); a.status != http.StatusOK || !strings.Contains(string(a.body), "주문 O-1") {
		t.Errorf("ours is answered %d %s", a.status, a.body)
	}
	if a := h.post("/pg-gateway/app?to="+good, "text/plain", ""); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("a POST is answered %d %v", a.status, a.header)
	}
	// A page shows what it was sealed with, whatever that is.
	hostile := h.g.sealer.sealPage(`myshop://"><script>alert(1)</script>?order_id=<b>`)
	if a := h.get("/pg-gateway/app?to=" + hostile); strings.Contains(string(a.body), "<script") || strings.Contains(string(a.body), "<b>") {
		t.Errorf("the page holds %s", a.body)
	}
}

// TestPortOnesWindowsEndInTheApp by redirect, and tell a page's callback the app's address.
func TestPortOnesWindowsEndInTheApp(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"kakaopay", "tosspay"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, withApps)
			opened := h.postCheckout(h.appCheckout(method, map[string]any{"return_url": "myshop://pay"}))
			attempt, _ := opened.json["attempt_id"].(string)
			back := h.get(pathPortOneReturn + "?attempt_id=" + attempt + "&code=FAILURE_TYPE_PG&error_code=F1")
			to := back.header.Get("Location")
			if leadsTo(t, to, "myshop://pay"); back.status != http.StatusSeeOther {
				t.Errorf("answered %d %s", back.status, back.body)
			}
			mustLead(t, back, to)
			told := h.post(pathComplete, "application/json", `{"attempt_id":"`+attempt+`","code":"FAILURE_TYPE_PG"}`)
			if url, _ := told.json["redirect_url"].(string); !strings.HasPrefix(url, "myshop://pay?") {
				t.Errorf("the callback is told %s", told.body)
			}
		})
	}
}

// TestAnInterceptedOrderEndsInTheApp: its return_url is held to the same rules.
func TestAnInterceptedOrderEndsInTheApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withApps)
	ordered := func(returnURL string) answer {
		req := newJSONRequest("/api/orders", strings.Replace(h.orderBody(`{"payWayCd":"11"}`), publicURL+"/result", returnURL, 1))
		req.Header.Set("X-Device", "app")
		return h.send(h.app, req)
	}
	if a := ordered("othershop://x"); !strings.Contains(string(a.body), "RETURN_URL_NOT_ALLOWED") {
		t.Errorf("another's app: %d %s", a.status, a.body)
	}
	a := ordered("myshop://done")
	payload, _ := a.json["payload"].(map[string]any)
	pg, _ := payload["pg"].(map[string]any)
	back := h.postPhone(h.phonePress(formIn(answer{json: pg}), "pay"))
	if q := leadsTo(t, back.header.Get("Location"), "myshop://done"); q.Get("status") != "approved" {
		t.Errorf("led to %s", back.header.Get("Location"))
	}
}
