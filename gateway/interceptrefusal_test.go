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
