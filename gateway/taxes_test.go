package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// answering is a shop that answers everything with one JSON text.
func answering(t *testing.T, text string) *httptest.Server {
	t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	}))
	t.Cleanup(shop.Close)
	return shop
}

func windowParams(a map[string]any) map[string]any {
	w, _ := a["window"].(map[string]any)
	p, _ := w["params"].(map[string]any)
	return p
}

// TestCheckoutTakesTheOrdersVAT: the browser may repeat it, and cannot change it.
func TestCheckoutTakesTheOrdersVAT(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		order   string // what the order service says beside the amount
		browser map[string]any
		want    string // the window's vat_amount, or the code of the problem and its field
	}{
		{"nobody states one", ``, nil, ""},
		{"the shop states one", `,"vat_amount":5900`, nil, "5900"},
		{"the shop states none", `,"vat_amount":0`, nil, "TAX_NOT_ALLOWED vat_amount"},
		{"null is not stated", `,"vat_amount":null`, nil, ""},
		{"the browser repeats it", `,"vat_amount":5900`, map[string]any{"vat_amount": 5900}, "5900"},
		{"the browser states another", `,"vat_amount":5900`, map[string]any{"vat_amount": 0}, "AMOUNT_MISMATCH vat_amount"},
		{"the browser states one the shop does not", ``, map[string]any{"vat_amount": 5900}, "AMOUNT_MISMATCH vat_amount"},
		{"nothing is not the same as not stated", ``, map[string]any{"vat_amount": 0}, "AMOUNT_MISMATCH vat_amount"},
		{"the browser's is text", ``, map[string]any{"vat_amount": "5900"}, "INVALID_FIELD vat_amount"},
		{"the browser's is below zero", ``, map[string]any{"vat_amount": -1}, "INVALID_FIELD vat_amount"},
		{"more than an eleventh", `,"vat_amount":5901`, nil, "INVALID_FIELD vat_amount"},
		{"the shop's figures do not add up", `,"tax_free":64900,"vat_amount":1`, nil, "ORDER_ANSWER_INVALID tax_free"},
		{"the shop's is text", `,"vat_amount":"5900"`, nil, "ORDER_ANSWER_INVALID vat_amount"},
		{"a deadline for a wallet", ``, map[string]any{"vbank_due": "2026-12-24"}, "INVALID_FIELD vbank_due"},
		{"a deadline in another form", ``, map[string]any{"vbank_due": "24.12.2026"}, "INVALID_FIELD vbank_due"},
		{"a deadline as a number", ``, map[string]any{"vbank_due": 20261224}, "INVALID_FIELD vbank_due"},
		{"an empty deadline", ``, map[string]any{"vbank_due": ""}, "INVALID_FIELD vbank_due"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := answering(t, `{"order_id":"O-1","amount":64900,"currency":"KRW","order_name":"x","status":"waiting"`+tt.order+`}`)
			h := newHouse(t, shopAt(shop.URL))
			body := map[string]any{
				"order_id": "O-1", "amount": 64900, "payments": []any{map[string]any{"method": "tosspay", "amount": 64900}},
				"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
				"site":  "main", "device": "pc", "return_url": publicURL + "/result",
			}
			maps.Copy(body, tt.browser)
			a := h.postCheckout(body)
			field, _ := a.json["field"].(string)
			got := a.code() + " " + field
			if a.status == http.StatusOK {
				got = number(windowParams(a.json)["vat_amount"])
			}
			if got != tt.want {
				t.Errorf("got %q, want %q: %d %s", got, tt.want, a.status, a.body)
			}
		})
	}
}

func number(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprint(f)
	}
	return ""
}

// TestInterceptTakesTaxesAndDeadline: the shop's answer states the taxes, the request may ask for a deadline, and
// a form's deadline does not stand in the way of other methods.
func TestInterceptTakesTaxesAndDeadline(t *testing.T) {
	t.Parallel()
	const amounts = `"ordNo":"O-1","payAmt":11000,"goodsNm":"x"`
	tests := []struct {
		name, code, request, answer, want string
	}{
		{"the answer's VAT", "20", `"vat":null`, amounts + `,"vat":1000`, "1000"},
		{"the browser's VAT never counts", "20", `"vat":500`, amounts, ""},
		{"VAT as text", "20", `"vat":null`, amounts + `,"vat":"1000"`, "INVALID_FIELD payload.vat"},
		{"the answer's VAT does not add up", "20", `"vat":null`, amounts + `,"vat":1001`, "INVALID_FIELD vat_amount"},
		{"the answer's tax-free part needs a contract for it", "20", `"vat":null`, amounts + `,"taxFreeAmt":1000`, ""},
		{"a deadline with another method", "20", `"vbank_due":"20261224"`, amounts, ""},
		{"an empty deadline", "20", `"vbank_due":""`, amounts, ""},
		{"a deadline that is none", "20", `"vbank_due":"soon"`, amounts, "refused INVALID_FIELD"},
		{"a deadline that is over", "vbank", `"vbank_due":"20200101"`, amounts, "refused VBANK_DUE_NOT_ALLOWED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := answering(t, `{"payload":{`+tt.answer+`}}`)
			h := newHouse(t, shopAt(shop.URL), func(c *fixture.Config) {
				c.Intercepts[0].ReadRequest["vat_amount"], c.Intercepts[0].ReadAnswer["vat_amount"] = "body:vat", "body:payload.vat"
			})
			a := h.post("/api/orders", "application/json", `{`+tt.request+`,"payMeans":[{"payWayCd":"`+tt.code+`"}],
				"buyer":{"name":"홍길동","tel":"010-4242-4242","email":"gildong@example.com"},"return_url":"`+publicURL+`/result"}`)
			payload, _ := a.json["payload"].(map[string]any)
			pg, _ := payload["pg"].(map[string]any)
			got := number(windowParams(pg)["vat_amount"])
			if p, ok := pg["problem"].(map[string]any); ok {
				got = fmt.Sprintf("%v %v", p["code"], p["field"])
			} else if a.status != http.StatusOK {
				got = fmt.Sprintf("refused %v", payload["code"])
			}
			if got != tt.want {
				t.Errorf("got %q, want %q: %d %s", got, tt.want, a.status, a.body)
			}
		})
	}
}

// TestCheckoutReadsTheDeadline in the time of Korea, whatever the server's.
func TestCheckoutReadsTheDeadline(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-12-24": "2026-12-24T14:59:59Z", "20261224": "2026-12-24T14:59:59Z",
		"2026-12-24 18:30:00": "2026-12-24T09:30:00Z", "20261224183000": "2026-12-24T09:30:00Z",
	} {
		body, err := json.Marshal(map[string]any{
			"order_id": "O-1", "amount": 1000, "payments": []any{map[string]any{"method": "vbank", "amount": 1000}},
			"device": "pc", "return_url": "https://shop.example/", "vbank_due": in, "vat_amount": 0,
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseCheckout(body)
		if err != nil || c.DepositDue.UTC().Format("2006-01-02T15:04:05Z") != want || !c.VATSet || c.VAT != 0 {
			t.Errorf("%s: got %v (VAT stated: %v), %v", in, c.DepositDue, c.VATSet, err)
		}
	}
	if _, err := parseCheckout([]byte(`{"vbank_due":"2026-12-24T00:00:00Z"}`)); err == nil {
		t.Error("RFC 3339 was taken")
	} else if p, _ := payment.AsProblem(err); p == nil || p.Field != "vbank_due" || !strings.Contains(p.DetailEn, "YYYYMMDDHHmmss") {
		t.Errorf("got %v", err)
	}
}
