package gateway

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

var updateGolden = flag.Bool("update", false, "rewrite golden files")

const storeBase = "/api/order/v1/payment/"

// storeHouse is a house whose clock stands at noon of 10 December 2026 in Korea.
func storeHouse(t *testing.T, edits ...fixture.Edit) *house {
	h := newHouse(t, edits...)
	h.g.now = func() time.Time { return time.Date(2026, 12, 10, 12, 0, 0, 0, payment.KST()) }
	return h
}

func (h *house) store(name, body string) answer {
	h.t.Helper()
	return h.post(storeBase+name, "application/json", body)
}

// storeOrder is a good request for an Inicis window of a new order; change what a test is about.
func (h *house) storeOrder() map[string]any {
	h.t.Helper()
	id, amount := h.order("11")
	res, err := http.Get(h.url + "/shop/orders/" + id)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var o struct {
		Name string `json:"order_name"`
	}
	if err := json.NewDecoder(res.Body).Decode(&o); err != nil {
		h.t.Fatal(err)
	}
	return map[string]any{
		"ordNo": id, "mersNo": "1001", "payWayCd": "11", "payAmt": amount, "goodsNm": o.Name, "ordManNm": "홍길동",
		"ordManTelNo": "010-4242-4242", "ordManEmailAddr": "gildong@example.com", "returnUrl": publicURL + "/result",
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestStoreAnswers compares the six answers with testdata/x2bee, letter by letter.
func TestStoreAnswers(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	tests := []struct {
		name string
		ask  func() answer
	}{
		{"payMeanLink", func() answer {
			return h.store("payMeanLink", `{"payInfoList":[{"payWayCd":"11"},{"payWayCd":"32"}],"siteNo":"main","ordMediaCd":"20"}`)
		}},
		{"mersInfo", func() answer {
			return h.store("mersInfo", `{"siteNo":"main","pgGbCd":"10","payWayCd":"11","acqrCd":"101"}`)
		}},
		{"inicisPcParam", func() answer { return h.store("inicisPcParam", encoded(t, h.storeOrder())) }},
		{"noInterestInstallmentGuides", func() answer { return h.get(storeBase + "noInterestInstallmentGuides?siteNo=main") }},
		{"accountCertMid", func() answer { return h.get(storeBase + "accountCertMid") }},
		{"pgInfo", func() answer { return h.store("pgInfo", `{"payWayCdList":["11","15","32"]}`) }},
		{"refused", func() answer { return h.store("payMeanLink", `{"payInfoList":[{"payWayCd":"11"},{"payWayCd":"12"}]}`) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := tt.ask()
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			settleDown(a.json)
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(a.json); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "x2bee", tt.name+".json")
			if *updateGolden {
				if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s is stale; look, then run go test ./gateway -run StoreAnswers -update (-want +got)\n%s", path, diff)
			}
		})
	}
}

// settleDown replaces what differs from run to run.
func settleDown(m map[string]any) {
	for key, v := range m {
		switch v := v.(type) {
		case map[string]any:
			settleDown(v)
		case string:
			switch key {
			case "oid", "attempt_id", "merchantData", "signature", "verification", "trace_id", "jsUrl", "returnUrl", "price", "goodname":
				if v != "" {
					m[key] = "(" + key + ")"
				}
			}
		}
	}
}

func TestStoreRefusals(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	tests := []struct {
		name, function, body string
		status               int
		code, field          string
	}{
		{"an empty list", "payMeanLink", `{}`, 400, "1001", "payInfoList"},
		{"an empty item", "payMeanLink", `{"payInfoList":[{}]}`, 400, "1001", "payInfoList.0.payWayCd"},
		{"an unknown method", "payMeanLink", `{"payInfoList":[{"payWayCd":"99"}]}`, 400, "1002", "payInfoList.0.payWayCd"},
		{"two main means", "payMeanLink", `{"payInfoList":[{"payWayCd":"11"},{"payWayCd":"12"}]}`, 400, "2003", "payInfoList.1.payWayCd"},
		{"an unknown PG", "payMeanLink", `{"payInfoList":[{"payWayCd":"11","pgGbCd":"99"}]}`, 400, "1002", "payInfoList.0.pgGbCd"},
		{"an unknown medium", "payMeanLink", `{"payInfoList":[{"payWayCd":"11"}],"ordMediaCd":"99"}`, 400, "1002", "ordMediaCd"},
		{"a number for a text", "payMeanLink", `{"payInfoList":[{"payWayCd":11}]}`, 400, "1002", "payInfoList.0.payWayCd"},
		{"a key twice", "payMeanLink", `{"payInfoList":[],"payInfoList":[{"payWayCd":"11"}]}`, 400, "1002", "payInfoList"},
		{"broken JSON", "payMeanLink", `{"payInfoList":`, 400, "1002", "payInfoList"},
		{"too many methods", "pgInfo", `{"payWayCdList":[` + strings.Repeat(`"11",`, 50) + `"11"]}`, 400, "1002", "payWayCdList.50"},
		{"too many items", "payMeanLink", `{"payInfoList":[` + strings.Repeat(`{},`, 50) + `{}]}`, 400, "1002", "payInfoList.50"},
		{"no method to look up", "pgInfo", `{"payWayCd":null}`, 400, "1001", "payWayCdList"},
		{"no site", "mersInfo", `{"pgGbCd":"10"}`, 400, "1001", "siteNo"},
		{"no PG", "mersInfo", `{"siteNo":"main"}`, 400, "1001", "pgGbCd"},
		{"no merchant", "mersInfo", `{"siteNo":"main","pgGbCd":"90","payWayCd":"12","acqrCd":"nobody"}`, 400, "1002", "acqrCd"},
		{"an offline merchant", "mersInfo", `{"siteNo":"main","pgGbCd":"10","onoffLineGbCd":"OFF"}`, 404, "2004", "onoffLineGbCd"},
		{"an unknown line", "mersInfo", `{"siteNo":"main","pgGbCd":"10","onoffLineGbCd":"X"}`, 400, "1002", "onoffLineGbCd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkRefusal(t, h.store(tt.function, tt.body), tt.status, tt.code, tt.field)
		})
	}
}

// checkRefusal checks the envelope of a refusal.
func checkRefusal(t *testing.T, a answer, status int, code, field string) {
	t.Helper()
	if a.status != status || a.code() != code || a.json["error"] != true || a.json["isProcess"] != false {
		t.Fatalf("got %d %s, want %d %s", a.status, a.body, status, code)
	}
	got := ""
	if list, _ := a.json["errors"].([]any); len(list) > 0 {
		got, _ = list[0].(map[string]any)["field"].(string)
	}
	if got != field {
		t.Errorf("the field is %q, want %q", got, field)
	}
}

func TestInicisParamRefusals(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	tests := []struct {
		name   string
		change map[string]any
		status int
		code   string
		field  string
	}{
		{"no order", map[string]any{"ordNo": ""}, 400, "1001", "ordNo"},
		{"no merchant", map[string]any{"mersNo": nil}, 400, "1001", "mersNo"},
		{"no method", map[string]any{"payWayCd": ""}, 400, "1001", "payWayCd"},
		{"no amount", map[string]any{"payAmt": 0}, 400, "1001", "payAmt"},
		{"no goods", map[string]any{"goodsNm": ""}, 400, "1001", "goodsNm"},
		{"no buyer", map[string]any{"ordManNm": ""}, 400, "1001", "ordManNm"},
		{"no telephone", map[string]any{"ordManTelNo": ""}, 400, "1001", "ordManTelNo"},
		{"no address", map[string]any{"ordManEmailAddr": ""}, 400, "1001", "ordManEmailAddr"},
		{"an odd order number", map[string]any{"ordNo": "a b"}, 400, "1002", "ordNo"},
		{"an unknown order", map[string]any{"ordNo": "O20990101-000000-000000"}, 400, "1003", "ordNo"},
		{"another amount", map[string]any{"payAmt": 100}, 400, "1002", "payAmt"},
		{"an amount that is no number", map[string]any{"payAmt": "100"}, 400, "1002", "payAmt"},
		{"another name", map[string]any{"goodsNm": "무엇"}, 400, "1002", "goodsNm"},
		{"a secondary means", map[string]any{"payWayCd": "32"}, 400, "1002", "payWayCd"},
		{"an unknown means", map[string]any{"payWayCd": "99"}, 400, "1002", "payWayCd"},
		{"a second main means", map[string]any{"subPayInfoList": []any{map[string]any{"payWayCd": "12", "payAmt": 1}}}, 400, "1002", "subPayInfoList.0.payWayCd"},
		{"an unknown merchant", map[string]any{"mersNo": "9"}, 404, "2004", "mersNo"},
		{"a merchant of another PG", map[string]any{"mersNo": "2001"}, 400, "1002", "mersNo"},
		{"a merchant that the rules do not offer", map[string]any{"mersNo": "1003"}, 404, "2004", "mersNo"},
		{"a page of somebody else", map[string]any{"returnUrl": "https://evil.example/x"}, 400, "1002", "returnUrl"},
		{"a close page of somebody else", map[string]any{"closeUrl": "https://evil.example/x"}, 400, "1002", "closeUrl"},
		{"an unknown card company", map[string]any{"cardCd": "zzz"}, 400, "1002", "cardCd"},
		{"a plan that is too long", map[string]any{"instMonths": 36}, 400, "1002", "instMonths"},
		{"a plan that is absurd", map[string]any{"instMonths": 61}, 400, "1002", "instMonths"},
		{"a method that is off", map[string]any{"payWayCd": "phone"}, 409, "2001", "payWayCd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := h.storeOrder()
			maps.Copy(req, tt.change)
			checkRefusal(t, h.store("inicisPcParam", encoded(t, req)), tt.status, tt.code, tt.field)
		})
	}
}

// TestInicisParamPays: the window of the store API leads to an attempt like any other.
func TestInicisParamPays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	req := h.storeOrder()
	req["closeUrl"], req["cardCd"] = publicURL+"/closed", "101"
	a := h.store("inicisPcParam", encoded(t, req))
	if a.status != http.StatusOK || a.code() != "0000" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	p, _ := a.json["payload"].(map[string]any)
	want := map[string]string{
		"mid": "INIpayTest", "gopaymethod": "Card", "closeUrl": publicURL + "/closed", "returnUrl": publicURL + pathInicisReturn,
		"jsUrl": h.url + "/inicis/stdjs/INIStdPay.js", "buyername": "홍길동", "currency": "WON",
	}
	for k, v := range want {
		if p[k] != v {
			t.Errorf("%s is %v, want %s", k, p[k], v)
		}
	}
	if p["oid"] != p["attempt_id"] || p["signature"] == "" || p["mKey"] == "" {
		t.Errorf("got %s", a.body)
	}
	if s := string(a.body); strings.Contains(s, "SU5JTElURV9UUklQTEVERVNfS0VZU1RS") || strings.Contains(s, "ItEQKi3rY7uvDS8l") {
		t.Error("a key is in the answer")
	}
}

func TestInicisParamWithMileage(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	req := h.storeOrder()
	o, err := h.sandbox.MakeOrder(sandbox.OrderSpec{Amount: 64900, Mileage: 1000, Name: req["goodsNm"].(string)})
	if err != nil {
		t.Fatal(err)
	}
	req["ordNo"], req["payAmt"] = o.ID, 63900.0
	req["subPayInfoList"] = []any{map[string]any{"payWayCd": "32", "payAmt": 1000}}
	a := h.store("inicisPcParam", encoded(t, req))
	p, _ := a.json["payload"].(map[string]any)
	if a.code() != "0000" || p["price"] != payment.Won(req["payAmt"].(float64)).String() {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestStoreOptions(t *testing.T) {
	t.Parallel()
	const query = `{"payInfoList":[]}`
	t.Run("900 for business errors", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, func(c *fixture.Config) { c.X2BEE.BusinessErrorStatus = "900" })
		checkRefusal(t, h.store("payMeanLink", query), 900, "1001", "payInfoList")
		if a := h.get(storeBase + "accountCertMid"); a.status != http.StatusOK {
			t.Errorf("got %d", a.status)
		}
	})
	t.Run("other paths", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, func(c *fixture.Config) { c.X2BEE.Paths["pg_info"] = "/v9/pg" })
		if a := h.post("/api/order/v9/pg", "application/json", `{"payWayCd":"11"}`); a.code() != "0000" {
			t.Errorf("got %d %s", a.status, a.body)
		}
		if a := h.store("pgInfo", `{"payWayCd":"11"}`); a.code() == "0000" {
			t.Error("the old path still answers")
		}
	})
	t.Run("switched off, the shop's own service answers", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, func(c *fixture.Config) { c.X2BEE.Enabled = false })
		if a := h.store("payMeanLink", query); a.code() == "1001" {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("no MID for accounts", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, func(c *fixture.Config) { c.Verification.MID = "" })
		checkRefusal(t, h.get(storeBase+"accountCertMid"), 500, "2006", "")
	})
	t.Run("no page to return to", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, func(c *fixture.Config) { c.X2BEE.ReturnURL = "" })
		req := h.storeOrder()
		delete(req, "returnUrl")
		checkRefusal(t, h.store("inicisPcParam", encoded(t, req)), 400, "1001", "returnUrl")
	})
	t.Run("the configured page to return to", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, nil)
		req := h.storeOrder()
		delete(req, "returnUrl")
		if a := h.store("inicisPcParam", encoded(t, req)); a.code() != "0000" {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("shutting down", func(t *testing.T) {
		t.Parallel()
		h := storeHouse(t, nil)
		h.g.draining.Store(true)
		checkRefusal(t, h.store("inicisPcParam", encoded(t, h.storeOrder())), 503, "9000", "")
	})
}

func TestStoreTransport(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	checkRefusal(t, h.get(storeBase+"pgInfo"), 405, "1002", "")
	checkRefusal(t, h.post(storeBase+"accountCertMid", "application/json", ""), 405, "1002", "")
	checkRefusal(t, h.post(storeBase+"pgInfo", "text/plain", `{"payWayCd":"11"}`), 415, "1002", "")
	checkRefusal(t, h.store("pgInfo", `{"payWayCd":"`+strings.Repeat("1", 70_000)+`"}`), 413, "1002", "")
	req := httptest.NewRequest(http.MethodOptions, storeBase+"pgInfo", nil)
	req.Header.Set("Origin", publicURL)
	if a := h.send(h.app, req); a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != publicURL {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	req = httptest.NewRequest(http.MethodGet, storeBase+"accountCertMid", nil)
	req.Header.Set("Origin", publicURL)
	if a := h.send(h.app, req); a.header.Get("Access-Control-Allow-Origin") != publicURL {
		t.Errorf("no CORS: %v", a.header)
	}
}

// TestStoreFollowsReloads: the answers change with the rules, as a checkout does.
func TestStoreFollowsReloads(t *testing.T) {
	t.Parallel()
	h := storeHouse(t, nil)
	usable := func() any {
		a := h.store("payMeanLink", `{"payInfoList":[{"payWayCd":"11"}]}`)
		p, _ := a.json["payload"].(map[string]any)
		return p["usableYn"]
	}
	if got := usable(); got != "Y" {
		t.Fatalf("before: %v", got)
	}
	h.change(fixture.LinksOff("card"))
	if a := h.send(h.admin, httptest.NewRequest(http.MethodPost, "/-/reload", nil)); a.status != http.StatusOK {
		t.Fatalf("reload: %s", a.body)
	}
	if got := usable(); got != "N" {
		t.Errorf("after: %v", got)
	}
	checkRefusal(t, h.store("inicisPcParam", encoded(t, h.storeOrder())), 409, "2001", "payWayCd")
}

// TestInicisParamOfABusyOrder: an order that is being paid, or is paid, gets no second window.
func TestInicisParamOfABusyOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	req := h.storeOrder()
	a := payment.Attempt{
		ID: "busy-attempt", OrderID: payment.OrderID(req["ordNo"].(string)), PG: "portone", Driver: portonev2.Name,
		Merchant: "2001", MID: "INIpayTest", Method: "kakaopay", Amount: 1000, OrderAmount: 1000, Currency: payment.CurrencyKRW,
		State: payment.StateOpened, CreatedAt: time.Now(), UpdatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
	if err := h.journal.Insert(t.Context(), a, journal.Event{At: time.Now(), Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	err := h.journal.Claim(t.Context(), a, journal.Claim{To: payment.StateClaimed, Event: journal.Event{At: time.Now(), Kind: "authenticated"}, NextCheck: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	got := h.store("inicisPcParam", encoded(t, req))
	checkRefusal(t, got, http.StatusBadRequest, "1002", "")
	if p, _ := got.json["payload"].(map[string]any); p["code"] != string(payment.CodeOrderInProgress) {
		t.Errorf("got %s", got.body)
	}
}
