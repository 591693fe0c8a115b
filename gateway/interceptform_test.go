package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAFormIsIntercepted: a shop whose page posts a form gets it as it came, and its answer gets the window.
func TestAFormIsIntercepted(t *testing.T) {
	t.Parallel()
	const form = "payMeans%5B0%5D%5BpayWayCd%5D=11&buyer[name]=%ED%99%8D%EA%B8%B8%EB%8F%99&buyer[tel]=01012345678&buyer[email]=a%40example.com&return_url=http%3A%2F%2Flocalhost%3A8080%2Fresult"
	got := ""
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = r.Header.Get("Content-Type") + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x"}}`)
	}))
	t.Cleanup(shop.Close)
	h := newHouse(t, shopAt(shop.URL))
	const kind = "application/x-www-form-urlencoded; charset=utf-8"
	a := h.post("/api/orders", kind, form)
	payload, _ := a.json["payload"].(map[string]any)
	pg, _ := payload["pg"].(map[string]any)
	window, _ := pg["window"].(map[string]any)
	params, _ := window["params"].(map[string]any)
	if a.status != http.StatusOK || window["kind"] != "inicis_pc" || params["buyername"] != "홍길동" || params["buyertel"] != "01012345678" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if got != kind+" "+form {
		t.Errorf("the shop got %s", got)
	}
}

func TestAFormIsRefusedBeforeTheOrder(t *testing.T) {
	t.Parallel()
	asked := 0
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(shop.Close)
	h := newHouse(t, shopAt(shop.URL))
	for form, want := range map[string]string{
		"payMeans[0][payWayCd]=99":                                "UNKNOWN_METHOD",
		"payMeans[0][payWayCd]=11&payMeans[1][payWayCd]=12":       "TWO_PRIMARIES",
		"payMeans[0][payWayCd]=11&payMeans%5B0][payWayCd]=15":     "DUPLICATE_KEY",
		"payMeans[0][payWayCd]=11&payMeans[0][PAYWAYCD]=15":       "DUPLICATE_KEY",
		"payMeans[0][payWayCd]=11&buyer[name]=%C8%AB%B1%E6%B5%BF": "NOT_UTF8",
		"payMeans[0=11": "INVALID_JSON",
	} {
		a := h.post("/api/orders", "application/x-www-form-urlencoded", form)
		payload, _ := a.json["payload"].(map[string]any)
		if a.status/100 != 4 || payload["code"] != want {
			t.Errorf("%s: got %d %s, want %s", form, a.status, a.body, want)
		}
	}
	if asked != 0 {
		t.Errorf("the shop was asked %d times", asked)
	}
	if a := h.post("/api/orders", "text/plain", "payMeans[0][payWayCd]=11"); !strings.Contains(string(a.body), "INVALID_JSON") {
		t.Errorf("what is neither form nor JSON: %d %s", a.status, a.body)
	}
}
