package gateway

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestWhatOnlyWindowsAreToldIsChecked: a PG would refuse it in its window, or show the buyer nonsense.
func TestWhatOnlyWindowsAreToldIsChecked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tt := range []struct {
		name  string
		said  map[string]any
		field string // of the problem; empty for a window
	}{
		{"all of it", map[string]any{
			"digital": false, "language": "en", "period": map[string]any{"from": "20261201", "to": "20261201"},
			"custom_data": map[string]any{"a": []any{1, "나"}},
		}, ""},
		{"an unknown language", map[string]any{"language": "fr"}, "language"},
		{"a language in another case", map[string]any{"language": "KO"}, "language"},
		{"a language that is no text", map[string]any{"language": 1}, "language"},
		{"a cash receipt", map[string]any{"cash_receipt": "none"}, ""},
		{"a cash receipt for somebody", map[string]any{"cash_receipt": "personal"}, "cash_receipt"},
		{"a cash receipt that is an object", map[string]any{"cash_receipt": map[string]any{"type": "business"}}, "cash_receipt"},
		{"a period without an end", map[string]any{"period": map[string]any{"from": "20261201"}}, "period"},
		{"a period that ends before it begins", map[string]any{"period": map[string]any{"from": "20261202", "to": "20261201"}}, "period"},
		{"a day that there is not", map[string]any{"period": map[string]any{"from": "20260230", "to": "20261201"}}, "period"},
		{"a day with dashes", map[string]any{"period": map[string]any{"from": "2026-12-01", "to": "20261231"}}, "period"},
		{"a word that is none of a period's", map[string]any{"period": map[string]any{"since": "20261201"}}, "period.since"},
		{"a period that is a text", map[string]any{"period": "M2"}, "period"},
		{"a list", map[string]any{"custom_data": []any{1}}, "custom_data"},
		{"a number", map[string]any{"custom_data": 1}, "custom_data"},
		{"null", map[string]any{"custom_data": nil}, "custom_data"},
		{"too much", map[string]any{"custom_data": strings.Repeat("가", 333)}, "custom_data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := h.checkout("card")
			maps.Copy(body, tt.said)
			a := h.postCheckout(body)
			if field, _ := a.json["field"].(string); field != tt.field || (a.status == http.StatusOK) != (tt.field == "") {
				t.Errorf("got %d %s, want a problem with %q", a.status, a.body, tt.field)
			}
		})
	}
	for _, postcode := range []string{"03142&P_AMT=1", strings.Repeat("1", 17)} {
		body := h.checkout("card")
		body["buyer"].(map[string]any)["postcode"] = postcode
		if a := h.postCheckout(body); a.json["field"] != "buyer.postcode" {
			t.Errorf("the postcode %s is answered %d %s", postcode, a.status, a.body)
		}
	}
}

// TestInterceptsTellWindows: a form says them in fields of its own, and the shop's answer has the last word.
func TestInterceptsTellWindows(t *testing.T) {
	t.Parallel()
	const sources = "language period_from period_to custom_data buyer_addr buyer_postcode"
	const form = `"language":"en","period_from":"20261201","period_to":"20261231","custom_data":"{\"ref\":\"A-1\"}",` +
		`"buyer_addr":"서울시 종로구 1","buyer_postcode":"03142",`
	for _, tt := range []struct {
		name, request, answer string
		want                  map[string]string // by path; code is that of a problem
	}{
		{"the request", form, ``, map[string]string{
			"language": "en", "period.from": "20261201", "period.to": "20261231", "custom_data.ref": "A-1",
			"buyer_addr": "서울시 종로구 1", "buyer_postcode": "03142",
		}},
		{"the answer", form, `,"language":"ko","custom_data":{"ref":"B-2"}`, map[string]string{
			"language": "ko", "period.from": "20261201", "custom_data.ref": "B-2",
		}},
		{"a text that is no JSON", `"custom_data":"{A-1",`, ``, map[string]string{"custom_data": "{A-1"}},
		{"the answer is wrong", form, `,"period_to":"20261131"`, map[string]string{"code": "INVALID_FIELD", "field": "period"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := answering(t, `{"payload":{"ordNo":"O-1","payAmt":11000,"goodsNm":"x"`+tt.answer+`}}`)
			h := newHouse(t, shopAt(shop.URL), func(c *fixture.Config) {
				for name := range strings.SplitSeq(sources, " ") {
					c.Intercepts[0].ReadRequest[name] = "body:" + name
					c.Intercepts[0].ReadAnswer[name] = "body:payload." + name
				}
				c.Method("card").Links = fixture.Links("portone1")
			})
			a := h.post("/api/orders", "application/json", `{`+tt.request+plainOrder[1:])
			payload, _ := a.json["payload"].(map[string]any)
			pg, _ := payload["pg"].(map[string]any)
			got := windowParams(pg)
			if problem, ok := pg["problem"].(map[string]any); ok {
				got = problem
			}
			for path, want := range tt.want {
				if !isTold(t, got, path+": "+want) {
					t.Errorf("not told %s: %s, but %s", path, want, a.body)
				}
			}
		})
	}
	h := newHouse(t, nil, func(c *fixture.Config) { c.Intercepts[0].ReadRequest["language"] = "body:language" })
	if a := h.post("/api/orders", "application/json", `{"language":"fr",`+plainOrder[1:]); a.status/100 != 4 {
		t.Errorf("an unknown language is answered %d %s", a.status, a.body)
	}
}
