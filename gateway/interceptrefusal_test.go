package gateway

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestARefusalLooksAsTheShopsOwn: values keep their types where they stand alone.
func TestARefusalLooksAsTheShopsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fixture.LinksOff("card"), func(c *fixture.Config) {
		c.Intercepts[0].Errors = map[string]any{"status": 200, "body": map[string]any{
			"a_result": "fail", "b": []any{"{code}", "{status}", "{retry}", "{order_id}", 1.5, nil, true}, "c": "[{code}/{status}/{field}] \"<가>\"",
		}}
	})
	a := h.post("/api/orders", "application/json", plainOrder)
	const want = `{"a_result":"fail","b":["METHOD_NOT_LINKED",409,false,null,1.5,null,true],"c":"[METHOD_NOT_LINKED/409/payments.0.method] \"` +
		"\\u003c가\\u003e" + `\""}`
	if a.status != http.StatusOK || string(a.body) != want || a.header.Get("X-PG-Gateway-Reason") != "METHOD_NOT_LINKED" {
		t.Errorf("got %d %v %s\nwant %s", a.status, a.header, a.body, want)
	}
}

// TestARefusalIsAPageOfTheShop: what a buyer has sent is text in it, and nothing else.
func TestARefusalIsAPageOfTheShop(t *testing.T) {
	t.Parallel()
	const odd = `{"payMeans":[{"payWayCd":"<b>\"'&x"}]}`
	for _, tt := range []struct {
		name                 string
		errors               map[string]any
		status               int
		kind, location, body string
	}{
		{
			"a page",
			map[string]any{"status": 200, "page": map[string]any{
				"type": "text/html", "text": "<script>alert({detail_ko});history.back()</script><p>{detail_ko} {code}</p>",
			}},
			http.StatusOK, "text/html; charset=utf-8", "",
			`<script>alert("알 수 없는 결제수단: \u003cb\u003e\"'\u0026x");history.back()</script>` +
				`<p>알 수 없는 결제수단: &lt;b&gt;&#34;&#39;&amp;x UNKNOWN_METHOD</p>`,
		},
		{
			"XML",
			map[string]any{"page": map[string]any{
				"type": "application/xml", "text": `<r code="{code}">{detail_ko}</r>`,
			}},
			http.StatusUnprocessableEntity, "application/xml; charset=utf-8", "",
			`<r code="UNKNOWN_METHOD">알 수 없는 결제수단: &lt;b&gt;&#34;&#39;&amp;x</r>`,
		},
		{
			"a redirect",
			map[string]any{"redirect": "/order/fail.php?a=1&code={code}&msg={detail_en}"},
			http.StatusSeeOther, "",
			"/order/fail.php?a=1&code=UNKNOWN_METHOD&msg=unknown+payment+method+%3Cb%3E%22%27%26x", "",
		},
		{
			"a redirect to an origin of the shop",
			map[string]any{"redirect": publicURL + "/fail?{code}"},
			http.StatusSeeOther, "",
			publicURL + "/fail?UNKNOWN_METHOD", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *fixture.Config) { c.Intercepts[0].Errors = tt.errors })
			a := h.post("/api/orders", "application/json", odd)
			if a.status != tt.status || string(a.body) != tt.body || a.header.Get("Location") != tt.location {
				t.Errorf("got %d %v\n%s\nwant\n%s", a.status, a.header, a.body, tt.body)
			}
			if kind := a.header.Get("Content-Type"); tt.kind != "" && (kind != tt.kind || len(a.header.Values("X-Content-Type-Options")) != 1) {
				t.Errorf("got %v", a.header)
			}
			if a.header.Get("X-PG-Gateway-Reason") != "UNKNOWN_METHOD" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %v", a.header)
			}
		})
	}
}

// TestAProblemInTheWindowsPlaceLooksAsTheShopsOwn, as a refusal before the order does.
func TestAProblemInTheWindowsPlaceLooksAsTheShopsOwn(t *testing.T) {
	t.Parallel()
	own := func(c *fixture.Config) {
		c.Intercepts[0].Errors = map[string]any{"status": 200, "body": map[string]any{"result": "fail", "code": "{code}", "f": "{field}"}}
	}
	h := newHouse(t, own)
	a := h.post("/api/orders", "application/json", strings.Replace(h.orderBody(`{"payWayCd":"11"}`), publicURL, "https://evil.example", 1))
	payload, _ := a.json["payload"].(map[string]any)
	if a.status/100 != 2 || payload["ordNo"] == nil ||
		!strings.Contains(string(a.body), `"pg":{"problem":{"code":"RETURN_URL_NOT_ALLOWED","f":"return_url","result":"fail"}}`) {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestOfSeveralRoutesTheOneForTheKindOfBodyIsTaken, and a kind that none takes does not go around them.
func TestOfSeveralRoutesTheOneForTheKindOfBodyIsTaken(t *testing.T) {
	t.Parallel()
	asked := 0
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(shop.Close)
	h := newHouse(t, shopAt(shop.URL), func(c *fixture.Config) {
		json, form := c.Intercepts[0], c.Intercepts[0]
		json.ContentTypes = []string{"json"}
		form.Name, form.Errors, form.ContentTypes = "form", "problem", []string{"form", "multipart"}
		form.RefuseBefore = map[string]string{"pay_method": "body:method"}
		c.Intercepts = append([]fixture.Intercept{json, form}, c.Intercepts[1:]...)
	})
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	if err := w.WriteField("method", "99"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	for kind, body := range map[string]string{
		"application/json":                  `{"payMeans":[{"payWayCd":"99"}]}`,
		"application/x-www-form-urlencoded": "method=99",
		w.FormDataContentType():             parts.String(),
	} {
		a := h.post("/api/orders", kind, body)
		if !strings.Contains(string(a.body), "UNKNOWN_METHOD") || (a.json["payload"] != nil) != (kind == "application/json") {
			t.Errorf("%s: got %d %s", kind, a.status, a.body)
		}
	}
	h = newHouse(t, shopAt(shop.URL), func(c *fixture.Config) { c.Intercepts[0].ContentTypes = []string{"form"} })
	for _, kind := range []string{"application/json", "text/plain", "", w.FormDataContentType()} {
		a := h.post("/api/orders", kind, plainOrder)
		payload, _ := a.json["payload"].(map[string]any)
		if a.status != http.StatusUnsupportedMediaType || payload["code"] != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%q: got %d %s", kind, a.status, a.body)
		}
	}
	if asked != 0 {
		t.Errorf("the shop was asked %d times", asked)
	}
}
