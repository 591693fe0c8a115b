package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestShopOrdersAtItsOwnPrices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := map[string]any{
		"goods":    []map[string]any{{"goodsNo": "G001", "qty": 2, "price": 1}, {"goodsNo": "G004", "qty": 1}},
		"payMeans": []map[string]string{{"payWayCd": "11"}}, "payAmt": 1,
	}
	status, got := w.json(http.MethodPost, "/shop/api/orders", body, nil)
	if status != http.StatusOK || got["code"] != "0000" || got["error"] != false {
		t.Fatalf("%d %v", status, got)
	}
	p := got["payload"].(map[string]any)
	id := p["ordNo"].(string)
	_, order := w.json(http.MethodGet, "/shop/orders/"+id, nil, nil)
	want := map[string]any{
		"order_id": id, "amount": json.Number("150800"), "tax_free": json.Number("21000"), "currency": "KRW",
		"order_name": "노르웨이 회전 의자 외 1건", "status": "waiting", "pg_amount": json.Number("150800"),
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("lookup (-want +got):\n%s", diff)
	}
	if p["payAmt"] != json.Number("150800") {
		t.Errorf("payAmt = %v", p["payAmt"])
	}
}

func TestShopRefusesBadOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, body := range []string{``, `{}`, `{"goods":[]}`, `{"goods":[{"goodsNo":"G999","qty":1}]}`, `{"goods":[{"goodsNo":"G001","qty":0}]}`, `{"goods":[{"goodsNo":"G001","qty":-5}]}`, `{"goods":[{"goodsNo":"G001","qty":100}]}`} {
		if r := w.must(http.MethodPost, "/shop/api/orders", "application/json", body, nil); r.status != http.StatusBadRequest || strings.Contains(r.body, `"0000"`) {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	if r := w.must(http.MethodGet, "/shop/orders/none", "", "", nil); r.status != http.StatusNotFound {
		t.Errorf("lookup of nothing: %d", r.status)
	}
}

func TestShopConfirmGate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		goods  string
		mode   sandbox.ShopMode
		change map[string]any
		status int
		yes    bool
	}{
		{name: "yes", goods: "G001", status: 200, yes: true},
		{name: "a part of the amount", goods: "G001", change: map[string]any{"amount": 100}, status: 200},
		{name: "a split that the order does not have", goods: "G001", status: 200, change: map[string]any{
			"payments": []any{map[string]any{"method": "card", "amount": 64900}, map[string]any{"method": "mileage", "amount": 100}},
		}},
		{name: "more than the order", goods: "G001", change: map[string]any{"amount": 64901}, status: 200},
		{name: "nothing", goods: "G001", change: map[string]any{"amount": 0}, status: 200},
		{name: "sold out meanwhile", goods: "G005", status: 200},
		{name: "told to say no", goods: "G001", mode: sandbox.ShopNo, status: 200},
		{name: "down", goods: "G001", mode: sandbox.ShopDown, status: 503},
		{name: "another order in the body", goods: "G001", change: map[string]any{"order_id": "x"}, status: 400},
		{name: "no attempt", goods: "G001", change: map[string]any{"attempt_id": ""}, status: 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.mode != "" {
				if r := w.must(http.MethodPost, "/_sandbox/shop", "application/json", `{"confirm":"`+string(tt.mode)+`"}`, nil); r.status != http.StatusOK {
					t.Fatal(r)
				}
			}
			id, amount := w.order(tt.goods, "11")
			body := map[string]any{"order_id": id, "attempt_id": "A-1", "pg": "inicis", "method": "card", "amount": amount}
			maps.Copy(body, tt.change)
			text, _ := json.Marshal(body)
			r := w.must(http.MethodPost, "/shop/orders/"+id+"/confirm", "application/json", string(text), nil)
			if r.status != tt.status || (r.body == `{"confirm":true}`) != tt.yes {
				t.Errorf("got %d %s", r.status, r.body)
			}
			if !tt.yes && r.status == http.StatusOK {
				if got := r.object(t); got["confirm"] != false || got["reason_ko"] == "" || got["reason_en"] == "" {
					t.Errorf("a no needs its reasons: %s", r.body)
				}
			}
		})
	}
}

func TestShopConfirmIsIdempotentAndPaidOrdersRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, amount := w.order("G001", "11")
	ask := func(attempt string) string {
		body, _ := json.Marshal(map[string]any{"order_id": id, "attempt_id": attempt, "amount": amount})
		return w.must(http.MethodPost, "/shop/orders/"+id+"/confirm", "application/json", string(body), nil).body
	}
	for range 2 {
		if got := ask("A-1"); got != `{"confirm":true}` {
			t.Errorf("A-1: %s", got)
		}
	}
	w.event("evt-1", "payment.confirmed", id, "A-1", "inicis", amount)
	if got := ask("A-1"); got != `{"confirm":true}` {
		t.Errorf("A-1 after payment: %s", got)
	}
	if got := ask("A-2"); !strings.Contains(got, `"confirm":false`) {
		t.Errorf("A-2 after payment: %s", got)
	}
}

func TestShopEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, amount := w.order("G001", "11")
	status := func() string {
		_, got := w.json(http.MethodGet, "/shop/api/orders/"+id, nil, nil)
		return got["payload"].(map[string]any)["status"].(string)
	}
	if r := w.must(http.MethodPost, "/shop/payment-events", "application/json", `{"type":"payment.confirmed","data":{"order_id":"`+id+`"}}`, nil); r.status != http.StatusUnauthorized || status() != "waiting" {
		t.Errorf("unsigned: %d, order %s", r.status, status())
	}
	if r := w.event("evt-0", "payment.confirmed", "nobody", "A-1", "inicis", amount); r.status != http.StatusNotFound {
		t.Errorf("unknown order: %d", r.status)
	}
	if r := w.event("evt-k", "billing_key.issued", "k_1", "k_1", "portone1", 0); r.status != http.StatusOK {
		t.Errorf("a key that was issued without an order: %d", r.status)
	}
	if r := w.event("evt-m", "payment.failed", "k_1", "k_1", "portone1", 0); r.status != http.StatusOK {
		t.Errorf("a key that was not issued: %d", r.status)
	}
	if r := w.event("evt-n", "payment.confirmed", "k_1", "k_1", "portone1", 100); r.status != http.StatusNotFound {
		t.Errorf("money of no order: %d", r.status)
	}
	if r := w.event("evt-l", "billing_key.issued", "nobody", "k_1", "portone1", 0); r.status != http.StatusNotFound {
		t.Errorf("a key of an unknown order: %d", r.status)
	}
	if r := w.event("evt-1", "payment.cancelled", id, "A-0", "inicis", amount); r.status != http.StatusOK || status() != "waiting" {
		t.Errorf("a cancel of another attempt: %d, order %s", r.status, status())
	}
	if r := w.event("evt-2", "payment.confirmed", id, "A-1", "inicis", amount); r.status != http.StatusOK || status() != "paid" {
		t.Errorf("confirmed: %d, order %s", r.status, status())
	}
	if r := w.event("evt-3", "payment.cancelled", id, "A-1", "inicis", amount); r.status != http.StatusOK || status() != "cancelled" {
		t.Errorf("cancelled: %d, order %s", r.status, status())
	}
	if r := w.event("evt-2", "payment.confirmed", id, "A-1", "inicis", amount); r.status != http.StatusOK || !strings.Contains(r.body, "duplicate") || status() != "cancelled" {
		t.Errorf("a replayed event: %d %s, order %s", r.status, r.body, status())
	}
	if r := w.event("evt-4", "payment.something_new", id, "A-1", "inicis", amount); r.status != http.StatusOK {
		t.Errorf("an unknown type must be acknowledged: %d", r.status)
	}
	example := w.signed("evt-5", `{"type":"payment.confirmed","example":true,"data":{"order_id":"`+id+`","attempt_id":"A-1"}}`)
	if example.status != http.StatusOK || status() != "cancelled" {
		t.Errorf("an example: %d, order %s", example.status, status())
	}
}

func TestShopInternalSettlement(t *testing.T) {
	t.Parallel()
	for means, want := range map[string]int{"32": 200, "mileage": 200, "11": 409, "card": 409, "": 409} {
		w := newWorld(t)
		var list []string
		if means != "" {
			list = []string{means}
		}
		id, _ := w.order("G001", list...)
		if status, got := w.json(http.MethodPost, "/shop/api/orders/"+id+"/internal", map[string]any{}, nil); status != want {
			t.Errorf("%q: %d %v", means, status, got)
		}
		if got := w.box.Audit(); !got.OK {
			t.Errorf("%q: audit %+v", means, got)
		}
	}
	w := newWorld(t)
	if status, _ := w.json(http.MethodPost, "/shop/api/orders/none/internal", nil, nil); status != http.StatusConflict {
		t.Errorf("unknown order: %d", status)
	}
}

func TestAuditNamesEveryDifference(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		play func(w *world, order string, amount int64)
		want string
	}{
		{"charged, not confirmed", func(w *world, _ string, _ int64) { w.charge("A-1", "64900") }, "charged, but not confirmed by the shop"},
		{"confirmed, never charged", func(w *world, order string, amount int64) {
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", amount)
		}, "confirmed by the shop, but never charged"},
		{"another amount", func(w *world, order string, _ int64) {
			w.charge("A-1", "1000")
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", 64900)
		}, "charged and confirmed amounts differ"},
		{"confirmed, but given back", func(w *world, order string, amount int64) {
			_, token := w.charge("A-1", "64900")
			w.form(netCancelPath, w.approval(token))
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", amount)
		}, "charged and confirmed amounts differ"},
		{"two attempts of one order", func(w *world, order string, amount int64) {
			w.charge("A-1", "64900")
			w.charge("A-2", "64900")
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", amount)
			w.event("e2", "payment.confirmed", order, "A-2", "inicis", amount)
		}, "confirmed by 2 attempts"},
		{"one attempt captured twice", func(w *world, order string, amount int64) {
			w.charge("A-1", "32400")
			w.charge("A-1", "32500")
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", amount)
		}, "captured 2 times"},
		{"less than the order", func(w *world, order string, _ int64) {
			w.charge("A-1", "100")
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", 100)
		}, "paid less than the order costs"},
		{"more than the order", func(w *world, order string, _ int64) {
			w.charge("A-1", "65000")
			w.event("e1", "payment.confirmed", order, "A-1", "inicis", 65000)
		}, "paid more than the order costs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			order, amount := w.order("G001", "11")
			tt.play(w, order, amount)
			got := w.box.Audit()
			if got.OK || len(got.Differences) != 1 || got.Differences[0].Reason != tt.want {
				t.Errorf("audit: %+v, want %q", got, tt.want)
			}
			if r := w.must(http.MethodGet, "/_sandbox/audit", "", "", nil); r.object(t)["ok"] != false {
				t.Errorf("/_sandbox/audit: %s", r.body)
			}
		})
	}
}

func TestAuditAcceptsACancelledOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, amount := w.order("G001", "11")
	_, token := w.charge("A-1", "64900")
	w.event("e1", "payment.confirmed", order, "A-1", "inicis", amount)
	w.form(netCancelPath, w.approval(token))
	w.event("e2", "payment.cancelled", order, "A-1", "inicis", amount)
	if got := w.box.Audit(); !got.OK || got.Net != 0 || got.Captured != 64900 {
		t.Errorf("audit: %+v", got)
	}
}

func TestShopPagesUseRelativeAddressesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/shop/", "/shop/result?order_id=x"} {
		r := w.must(http.MethodGet, path, "", "", nil)
		if r.status != http.StatusOK || !strings.Contains(r.body, `lang="ko"`) || !strings.Contains(r.body, "width=device-width") {
			t.Errorf("%s: %d", path, r.status)
		}
		for _, bad := range []string{`href="/`, `src="/`, "http://", "https://"} {
			if strings.Contains(r.body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
	}
	for _, path := range []string{"/shop/shop.js", "/shop/result.js", "/shop/shop.css", "/inicis/stdjs/INIStdPay.js", "/inicis/stdjs/INIStdPay_close.js", "/portone/sdk/v1/iamport.js", "/portone/sdk/v2/browser-sdk.js"} {
		if r := w.must(http.MethodGet, path, "", "", nil); r.status != http.StatusOK || r.body == "" {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}
