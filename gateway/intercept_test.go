package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// orderBody is what the demo shop's page posts to its own server.
func (h *house) orderBody(codes string) string {
	return `{"goods":[{"goodsNo":"` + h.goods() + `","qty":1}],"payMeans":[` + codes + `],
		"buyer":{"name":"홍길동","tel":"010-4242-4242","email":"gildong@example.com"},"return_url":"` + publicURL + `/result"}`
}

func TestInterceptPutsTheWindowIntoTheShopsAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for code, kind := range map[string]string{"11": "inicis_pc", "15": "portone_v2", "20": "portone_v1"} {
		a := h.post("/api/orders", "application/json", h.orderBody(`{"payWayCd":"`+code+`"}`))
		payload, _ := a.json["payload"].(map[string]any)
		pg, _ := payload["pg"].(map[string]any)
		window, _ := pg["window"].(map[string]any)
		if a.status/100 != 2 || window["kind"] != kind || payload["ordNo"] == nil || pg["amount"] != payload["payAmt"] {
			t.Errorf("%s: got %d %s", code, a.status, a.body)
		}
	}
}

func TestInterceptRefusesBeforeTheOrderExists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit fixture.Edit
		body func(h *house) string
		code string
	}{
		{"the link is off", fixture.LinksOff("card"), func(h *house) string { return h.orderBody(`{"payWayCd":"11"}`) }, "METHOD_NOT_LINKED"},
		{"an unknown method", nil, func(h *house) string { return h.orderBody(`{"payWayCd":"99"}`) }, "UNKNOWN_METHOD"},
		{"two primaries", nil, func(h *house) string { return h.orderBody(`{"payWayCd":"11"},{"payWayCd":"12"}`) }, "TWO_PRIMARIES"},
		{"a duplicate key", nil, func(h *house) string {
			return strings.Replace(h.orderBody(`{"payWayCd":"11"}`), `{"payWayCd":"11"}`, `{"payWayCd":"11","payWayCd":"15"}`, 1)
		}, "DUPLICATE_KEY"},
		{"not JSON", nil, func(*house) string { return `{"payMeans":` }, "INVALID_JSON"},
		{"not UTF-8", nil, func(h *house) string { return strings.Replace(h.orderBody(`{"payWayCd":"11"}`), "홍", "\xff", 1) }, "NOT_UTF8"},
		{"too large", nil, func(h *house) string {
			return h.orderBody(`{"payWayCd":"11","x":"` + strings.Repeat("x", 1<<20) + `"}`)
		}, "BODY_TOO_LARGE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, tt.edit)
			before := len(h.sandbox.Shop().Orders)
			a := h.post("/api/orders", "application/json", tt.body(h))
			payload, _ := a.json["payload"].(map[string]any)
			if a.status/100 != 4 || payload["code"] != tt.code || a.json["error"] != true || a.json["message"] == "" {
				t.Errorf("got %d %s, want %s in X2BEE's envelope", a.status, a.body, tt.code)
			}
			if n := len(h.sandbox.Shop().Orders); n != before {
				t.Error("the order was created all the same")
			}
		})
	}
}

// TestInterceptKeepsTheOrderWhenTheWindowCannotOpen: the shop's order exists by then, so its answer goes
// through, with the problem where the window would be.
func TestInterceptKeepsTheOrderWhenTheWindowCannotOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for returnURL, want := range map[string]string{"https://evil.example/": "RETURN_URL_NOT_ALLOWED", "": "MISSING_FIELD"} {
		body := strings.Replace(h.orderBody(`{"payWayCd":"11"}`), publicURL+"/result", returnURL, 1)
		a := h.post("/api/orders", "application/json", body)
		payload, _ := a.json["payload"].(map[string]any)
		pg, _ := payload["pg"].(map[string]any)
		problem, _ := pg["problem"].(map[string]any)
		if a.status/100 != 2 || payload["ordNo"] == nil || problem["code"] != want || problem["field"] != "return_url" {
			t.Errorf("return_url %q: got %d %s, want %s", returnURL, a.status, a.body, want)
		}
	}
}

func TestInterceptPassesTheShopsOwnRefusalOn(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"code":"1003","message":"품절"}`)
	}))
	defer shop.Close()
	h := newHouse(t, nil)
	body := h.orderBody(`{"payWayCd":"11"}`)
	h = newHouse(t, shopAt(shop.URL))
	a := h.post("/api/orders", "application/json", body)
	if a.status != http.StatusConflict || a.code() != "1003" || a.header.Get("X-PG-Gateway-Reason") != "" {
		t.Errorf("got %d %s %v", a.status, a.body, a.header)
	}
}

// TestInterceptTakesTheAmountFromTheAnswer: whatever the browser claims, the order service's word counts.
func TestInterceptTakesTheAmountFromTheAnswer(t *testing.T) {
	t.Parallel()
	answers := []struct {
		name, body, want string
	}{
		{"an amount as text", `{"payload":{"ordNo":"O-1","payAmt":"1000","goodsNm":"x"}}`, "INVALID_FIELD"},
		{"no amount", `{"payload":{"ordNo":"O-1","goodsNm":"x"}}`, "MISSING_FIELD"},
		{"a fraction", `{"payload":{"ordNo":"O-1","payAmt":1000.5}}`, "INVALID_FIELD"},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, tt.body)
			}))
			defer shop.Close()
			real := newHouse(t, nil)
			body := real.orderBody(`{"payWayCd":"11"}`)
			h := newHouse(t, shopAt(shop.URL))
			a := h.post("/api/orders", "application/json", body)
			payload, _ := a.json["payload"].(map[string]any)
			pg, _ := payload["pg"].(map[string]any)
			problem, _ := pg["problem"].(map[string]any)
			if problem["code"] != tt.want {
				t.Errorf("got %d %s, want %s", a.status, a.body, tt.want)
			}
		})
	}
}

// TestTheBrowsersAmountNeverCounts, not even where the shop's answer has none.
func TestTheBrowsersAmountNeverCounts(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"payload":{"ordNo":"O-1","payAmt":null,"goodsNm":"x"}}`)
	}))
	defer shop.Close()
	body := newHouse(t, nil).orderBody(`{"payWayCd":"11"}`)
	h := newHouse(t, shopAt(shop.URL), func(c *fixture.Config) { c.Intercepts[0].ReadRequest["amount"] = "body:claimed" })
	a := h.post("/api/orders", "application/json", strings.Replace(body, "{", `{"claimed":1000,`, 1))
	payload, _ := a.json["payload"].(map[string]any)
	pg, _ := payload["pg"].(map[string]any)
	problem, _ := pg["problem"].(map[string]any)
	if problem["code"] != "MISSING_FIELD" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// shopSaying is a shop that answers every request with body, of a content type.
func shopSaying(t *testing.T, contentType, body string) *httptest.Server {
	t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(shop.Close)
	return shop
}

const plainOrder = `{"payMeans":[{"payWayCd":"11"}],"buyer":{"name":"홍길동","tel":"010-4242-4242","email":"gildong@example.com"},` +
	`"return_url":"` + publicURL + `/result"}`

// TestWhatCannotHoldAWindowPassesAsItIs: the shop's refusal in its own words, and what has no place for a window, which
// may tell of an order that exists.
func TestWhatCannotHoldAWindowPassesAsItIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, kind, body, why string }{
		{"a refusal without a payload", "application/json", `{"code":"2001","message":"품절","payload":null}`, "no_order"},
		{"a refusal with a payload", "application/json", `{"code":"1003", "payload":{"left":0, "payAmt":1000}}`, "no_order"},
		{"a refusal in other words", "application/json", `{"result":"fail"}`, "no_order"},
		{"an order in a list", "application/json", `{"code":"0000","payload":[{"ordNo":"O-9","payAmt":1000}]}`, "no_order"},
		{"a list", "application/json", `[{"payload":{"ordNo":"O-9"}}]`, "no_order"},
		{"a text", "application/json", `"ok"`, "no_order"},
		{"a page", "text/html; charset=utf-8", "<p>점검 중입니다</p>", "not_json"},
		{"two names", "application/json", `{"payload":{"ordNo":"O-9","ordNo":"O-8"}}`, "not_json"},
		{"nothing", "application/json", "", "not_json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, shopAt(shopSaying(t, tt.kind, tt.body).URL))
			a := h.post("/api/orders", "application/json", plainOrder)
			if a.status != http.StatusOK || string(a.body) != tt.body || a.header.Get("Content-Type") != tt.kind {
				t.Errorf("got %d %s %q", a.status, a.header.Get("Content-Type"), a.body)
			}
			if got := a.header.Get("X-PG-Gateway-Unchanged"); got != tt.why {
				t.Errorf("the reason is %q, want %q", got, tt.why)
			}
			if line := `pg_gateway_intercepts_total{name="order",result="` + tt.why + `"} 1`; !h.counted(line) {
				t.Errorf("not counted: %s", line)
			}
		})
	}
}

// TestAnOrderWithoutAPlaceForItsWindowPasses, and no attempt is begun whose window nobody sees.
func TestAnOrderWithoutAPlaceForItsWindowPasses(t *testing.T) {
	t.Parallel()
	const body = `{"list":[1],"payload":{"ordNo":"O-9","payAmt":64900,"goodsNm":"x"}}`
	h := newHouse(t, shopAt(shopSaying(t, "application/json", body).URL), func(c *fixture.Config) { c.Intercepts[0].Put = "list.pg" })
	a := h.post("/api/orders", "application/json", plainOrder)
	if a.status != http.StatusOK || string(a.body) != body || a.header.Get("X-PG-Gateway-Unchanged") != "no_place" {
		t.Errorf("got %d %q %s", a.status, a.header.Get("X-PG-Gateway-Unchanged"), a.body)
	}
}

// TestTheShopsBytesStayAsTheyAre: numbers, escapes, spaces and the order of members around the window.
func TestTheShopsBytesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	const before = "{\"code\" : \"0000\",\r\n\t\"n\":1.50e+2, \"u\":\"\\u00e9\\/<&>\", \"payload\" : {\"ordNo\":\"O-1\",\"payAmt\":64900," +
		"\"goodsNm\":\"x\", \"big\":12345678901234567890"
	const behind = " } ,\"z\":[ ]}\n"
	h := newHouse(t, shopAt(shopSaying(t, "application/json", before+behind).URL))
	a := h.post("/api/orders", "application/json", plainOrder)
	got := string(a.body)
	if !strings.HasPrefix(got, before+` ,"pg":{"order_id":"O-1"`) || !strings.HasSuffix(got, "}"+strings.TrimPrefix(behind, " ")) {
		t.Errorf("got %s", got)
	}
}
