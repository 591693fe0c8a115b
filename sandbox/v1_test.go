package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestV1TokenRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	get := func() (token string, left int64) {
		status, got := w.json(http.MethodPost, "/portone/v1/users/getToken", map[string]string{"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"}, nil)
		if status != http.StatusOK || got["code"].(json.Number) != "0" || got["message"] != nil {
			t.Fatalf("getToken: %d %v", status, got)
		}
		r := got["response"].(map[string]any)
		expires, _ := r["expired_at"].(json.Number).Int64()
		now, _ := r["now"].(json.Number).Int64()
		return r["access_token"].(string), expires - now
	}
	first, left := get()
	if left != 1800 {
		t.Errorf("a new token lives %d s", left)
	}
	w.clock.add(28 * time.Minute)
	if token, left := get(); token != first || left != 120 {
		t.Errorf("with two minutes left: same token %v, %d s", token == first, left)
	}
	w.clock.add(90 * time.Second)
	if token, left := get(); token != first || left != 330 {
		t.Errorf("in the last minute: same token %v, %d s", token == first, left)
	}
	w.clock.add(331 * time.Second)
	if r := w.must(http.MethodGet, "/portone/v1/payments/imp_1", "", "", map[string]string{"Authorization": first}); r.status != http.StatusUnauthorized {
		t.Errorf("an expired token answers %d", r.status)
	}
	if token, left := get(); token == first || left != 1800 {
		t.Errorf("after expiry: same token %v, %d s", token == first, left)
	}
}

func TestV1Unauthorized(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.form("/portone/v1/users/getToken", map[string]string{"imp_key": "sandbox-imp-key", "imp_secret": "x"}); r.status != http.StatusUnauthorized ||
		r.body != `{"code":-1,"message":"인증에 실패하였습니다. API키와 secret을 확인하세요.","response":null}` {
		t.Errorf("wrong secret: %d %s", r.status, r.body)
	}
	for _, auth := range []string{"", "Bearer ", "Bearer x"} {
		if r := w.must(http.MethodGet, "/portone/v1/payments/imp_1", "", "", map[string]string{"Authorization": auth}); r.status != http.StatusUnauthorized ||
			r.body != `{"code":-1,"message":"Unauthorized","response":null}` {
			t.Errorf("%q: %d %s", auth, r.status, r.body)
		}
	}
}

func TestV1Prepare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	body := map[string]any{"merchant_uid": "A-1", "amount": 64900, "currency": "KRW"}
	post := func(method string, body any) (int, string) {
		status, got := w.json(method, "/portone/v1/payments/prepare", body, auth)
		b, _ := json.Marshal(got)
		return status, string(b)
	}
	const ok = `{"code":0,"message":null,"response":{"amount":64900,"currency":"KRW","merchant_uid":"A-1"}}`
	if status, got := post(http.MethodPut, body); status != http.StatusNotFound {
		t.Errorf("changing what is not registered: %d %s", status, got)
	}
	if status, got := post(http.MethodPost, body); status != http.StatusOK || got != ok {
		t.Errorf("first: %d %s", status, got)
	}
	if status, got := post(http.MethodPost, body); status != http.StatusOK || got != `{"code":1,"message":"결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).","response":null}` {
		t.Errorf("second: %d %s", status, got)
	}
	if r := w.must(http.MethodGet, "/portone/v1/payments/prepare/A-1", "", "", auth); r.status != http.StatusOK || !strings.Contains(r.body, `"amount":64900`) {
		t.Errorf("read: %d %s", r.status, r.body)
	}
	if r := w.must(http.MethodGet, "/portone/v1/payments/prepare/A-2", "", "", auth); r.status != http.StatusNotFound {
		t.Errorf("read of nothing: %d %s", r.status, r.body)
	}
	body["amount"] = 100
	if status, _ := post(http.MethodPut, body); status != http.StatusOK {
		t.Errorf("change: %d", status)
	}
	if rsp := w.v1Pay(v1Params("A-1", 64900), "pay"); rsp["error_code"] == nil {
		t.Errorf("the window opened for an amount that is no longer registered")
	}
	if rsp := w.v1Pay(v1Params("A-1", 100), "pay"); rsp["error_code"] != nil {
		t.Errorf("the registered amount was refused: %v", rsp)
	}
	for _, bad := range []map[string]any{{"amount": 100}, {"merchant_uid": "A-9"}, {"merchant_uid": "A-9", "amount": 1.5}, {"merchant_uid": strings.Repeat("a", 41), "amount": 1}} {
		if _, got := post(http.MethodPost, bad); !strings.Contains(got, `"code":1`) {
			t.Errorf("%v was registered: %s", bad, got)
		}
	}
}

func TestV1PrepareTakesAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.must(http.MethodPost, "/portone/v1/payments/prepare", "application/x-www-form-urlencoded", "merchant_uid=A-1&amount=64900", w.v1Token())
	if r.body != `{"code":0,"message":null,"response":{"amount":64900,"currency":null,"merchant_uid":"A-1"}}` {
		t.Errorf("answer: %s", r.body)
	}
}

func TestV1WindowRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes map[string]any
		code    string
	}{
		{"amount as text", map[string]any{"amount": "64900"}, "F400"},
		{"amount with a fraction", map[string]any{"amount": 1.5}, "F400"},
		{"negative amount", map[string]any{"amount": -1}, "F400"},
		{"no amount", map[string]any{"amount": nil}, "F400"},
		{"no telephone", map[string]any{"buyer_tel": ""}, "F400"},
		{"merchant_uid of 41 characters", map[string]any{"merchant_uid": strings.Repeat("a", 41)}, "F400"},
		{"unknown channel", map[string]any{"channelKey": "channel-key-v2-inicis"}, "F400"},
		{"unknown method", map[string]any{"pay_method": "CARD"}, "F400"},
		{"billing key", map[string]any{"customer_uid": "c-1"}, "F400"},
		{"a paid merchant_uid", map[string]any{"merchant_uid": "PAID"}, "F1002"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.v1Pay(v1Params("PAID", 1000), "pay")
			params := v1Params("A-1", 64900)
			maps.Copy(params, tt.changes)
			if rsp := w.v1Pay(params, "pay"); rsp["error_code"] != tt.code || rsp["imp_uid"] != nil {
				t.Errorf("got %v, want %s", rsp, tt.code)
			}
			if got := w.box.Ledger(); got.Captured != 1000 {
				t.Errorf("ledger: %+v", got)
			}
		})
	}
}

func TestV1TwoWindowsOfOneOrderPayOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func() any {
		_, win := w.json(http.MethodPost, "/portone/sdk/v1/open", map[string]any{"imp_code": "imp00000000", "params": v1Params("A-1", 1000)}, nil)
		return win["key"]
	}
	for i, key := range []any{open(), open()} {
		_, rsp := w.json(http.MethodPost, "/portone/sdk/v1/act", map[string]any{"key": key, "action": "pay"}, nil)
		if refused := rsp["error_code"] == "F1002"; refused != (i == 1) {
			t.Errorf("window %d: %v", i, rsp)
		}
	}
	if got := w.box.Ledger(); got.Captured != 1000 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestV1PaymentObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	params := v1Params("A-1", 64900)
	params["custom_data"] = map[string]string{"order": "O-1"}
	rsp := w.v1Pay(params, "pay")
	uid := rsp["imp_uid"].(string)
	if diff := cmp.Diff(map[string]any{"imp_uid": uid, "merchant_uid": "A-1"}, rsp); diff != "" {
		t.Errorf("callback (-want +got):\n%s", diff)
	}
	if r := w.must(http.MethodGet, "/portone/v1/payments/"+uid, "", "", auth); r.status != http.StatusNotFound {
		t.Errorf("a test payment without include_sandbox answers %d", r.status)
	}
	_, got := w.json(http.MethodGet, "/portone/v1/payments/"+uid+"?include_sandbox=true", nil, auth)
	p := got["response"].(map[string]any)
	at := json.Number("1775106900")
	want := map[string]any{
		"imp_uid": uid, "merchant_uid": "A-1", "pay_method": "card", "channel": "pc", "pg_provider": "html5_inicis",
		"pg_id": testMID, "sandbox": true, "amount": json.Number("64900"), "cancel_amount": json.Number("0"), "currency": "KRW",
		"status": "paid", "paid_at": at, "failed_at": json.Number("0"), "cancelled_at": json.Number("0"),
		"fail_reason": nil, "card_quota": json.Number("0"), "custom_data": `{"order":"O-1"}`, "cancel_history": []any{}, "customer_uid": nil,
	}
	for name, v := range want {
		if diff := cmp.Diff(v, p[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestV1LivePaymentsAreNotHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	params := v1Params("A-1", 64900)
	params["channelKey"] = "channel-key-v1-live"
	rsp := w.v1Pay(params, "pay")
	status, got := w.json(http.MethodGet, "/portone/v1/payments/"+rsp["imp_uid"].(string), nil, w.v1Token())
	if status != http.StatusOK || got["response"].(map[string]any)["sandbox"] != false {
		t.Errorf("live payment: %d %v", status, got)
	}
}

func TestV1Lookups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	failed := w.v1Pay(v1Params("A-1", 1000), "fail")
	w.clock.add(time.Second)
	cancelled := w.v1Pay(v1Params("A-1", 1000), "cancel")
	w.clock.add(time.Second)
	paid := w.v1Pay(v1Params("A-1", 1000), "pay")
	if failed["error_msg"] != "한도초과" || !strings.Contains(cancelled["error_msg"].(string), "취소") {
		t.Errorf("callbacks: %v %v", failed, cancelled)
	}
	tests := []struct {
		path   string
		status int
		first  any
		total  int
	}{
		{"find/A-1", 200, paid["imp_uid"], 0},
		{"find/A-1?sorting=started", 200, failed["imp_uid"], 0},
		{"find/A-1/paid", 200, paid["imp_uid"], 0},
		{"find/A-1/failed", 200, cancelled["imp_uid"], 0},
		{"find/A-1/cancelled", 404, nil, 0},
		{"find/A-1/unknown", 400, nil, 0},
		{"find/A-2", 404, nil, 0},
		{"findAll/A-1", 200, paid["imp_uid"], 3},
		{"findAll/A-1/failed", 200, cancelled["imp_uid"], 2},
		{"findAll/A-1?limit=1&page=2", 200, cancelled["imp_uid"], 3},
		{"findAll/A-1?limit=1001", 400, nil, 0},
		{"findAll/A-2/paid", 404, nil, 0},
	}
	for _, tt := range tests {
		status, got := w.json(http.MethodGet, "/portone/v1/payments/"+tt.path, nil, auth)
		if status != tt.status {
			t.Errorf("%s: status %d, want %d", tt.path, status, tt.status)
		}
		r, _ := got["response"].(map[string]any)
		if list, ok := r["list"].([]any); ok {
			if n, _ := r["total"].(json.Number).Int64(); int(n) != tt.total {
				t.Errorf("%s: total %d, want %d", tt.path, n, tt.total)
			}
			r = list[0].(map[string]any)
		}
		if tt.first != nil && r["imp_uid"] != tt.first {
			t.Errorf("%s: first %v, want %v", tt.path, r["imp_uid"], tt.first)
		}
	}
	query := url.Values{"imp_uid[]": {paid["imp_uid"].(string), "imp_none"}}.Encode()
	if status, got := w.json(http.MethodGet, "/portone/v1/payments?"+query, nil, auth); status != http.StatusMultiStatus || len(got["response"].([]any)) != 1 {
		t.Errorf("list with a missing one: %d %v", status, got)
	}
}

func TestV1Cancel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		body    map[string]any
		code    string
		message string
		net     int64
	}{
		{"without an amount: everything", map[string]any{}, "0", "", 0},
		{"an amount of zero: everything", map[string]any{"amount": 0}, "0", "", 0},
		{"a part", map[string]any{"amount": 400}, "0", "", 600},
		{"a part with the right checksum", map[string]any{"amount": 400, "checksum": 1000}, "0", "", 600},
		{"a part with a stale checksum", map[string]any{"amount": 400, "checksum": 900}, "1", "취소 가능 잔액이 일치하지 않습니다.", 1000},
		{"more than there is", map[string]any{"amount": 1001}, "1", "취소 금액이 취소 가능 잔액보다 큽니다.", 1000},
		{"a fraction", map[string]any{"amount": 1.5}, "1", "취소 금액이 올바르지 않습니다.", 1000},
		{"an unknown imp_uid wins over a right merchant_uid", map[string]any{"imp_uid": "imp_none", "merchant_uid": "A-1"}, "1", "취소할 결제건이 존재하지 않습니다.", 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.v1Pay(v1Params("A-1", 1000), "pay")
			tt.body["merchant_uid"] = "A-1"
			tt.body["reason"] = "단순 변심"
			status, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", tt.body, w.v1Token())
			message, _ := got["message"].(string)
			if status != http.StatusOK || got["code"].(json.Number).String() != tt.code || message != tt.message || int64(w.box.Ledger().Net) != tt.net {
				t.Errorf("got %d %v, net %d", status, got, w.box.Ledger().Net)
			}
		})
	}
}

func TestV1CancelTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	rsp := w.v1Pay(v1Params("A-1", 1000), "pay")
	part := map[string]any{"imp_uid": rsp["imp_uid"], "amount": 400, "checksum": 1000}
	_, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", part, auth)
	p := got["response"].(map[string]any)
	if p["status"] != "paid" || p["cancel_amount"] != json.Number("400") || len(p["cancel_history"].([]any)) != 1 {
		t.Errorf("after a part: %v", p)
	}
	if _, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", part, auth); got["code"] != json.Number("1") {
		t.Errorf("the same part again: %v", got)
	}
	all := map[string]any{"imp_uid": rsp["imp_uid"]}
	_, got = w.json(http.MethodPost, "/portone/v1/payments/cancel", all, auth)
	if p := got["response"].(map[string]any); p["status"] != "cancelled" || p["cancel_amount"] != json.Number("1000") {
		t.Errorf("after all: %v", p)
	}
	_, got = w.json(http.MethodPost, "/portone/v1/payments/cancel", all, auth)
	if got["code"] != json.Number("1") || got["message"] != "이미 전액취소된 주문입니다." {
		t.Errorf("all again: %v", got)
	}
	if got := w.box.Ledger(); got.Net != 0 || got.Cancelled != 1000 || len(got.Entries) != 3 {
		t.Errorf("ledger: %+v", got)
	}
	if rsp := w.v1Pay(v1Params("A-1", 1000), "pay"); rsp["error_code"] != "F1002" {
		t.Errorf("a cancelled merchant_uid can be paid again: %v", rsp)
	}
}

func TestV1RedirectKeepsTheQuery(t *testing.T) {
	t.Parallel()
	for click, failed := range map[string]bool{"pay": false, "cancel": true} {
		w := newWorld(t)
		_, win := w.json(http.MethodPost, "/portone/sdk/v1/open", map[string]any{"imp_code": "imp00000000", "device": "mobile", "redirect": true, "params": v1Params("A-1", 1000)}, nil)
		window, err := url.Parse(win["window"].(string))
		if err != nil {
			t.Fatal(err)
		}
		act, fields := inputs(w.must(http.MethodGet, window.RequestURI(), "", "", nil).body)
		fields["action"] = click
		r := w.form(act, fields)
		to, err := url.Parse(r.header.Get("Location"))
		if err != nil || r.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %v", click, r.status, err)
		}
		q := to.Query()
		if to.Host != "gateway.test" || q.Get("from") != "v1" || q.Get("merchant_uid") != "A-1" || q.Get("imp_uid") == "" || (q.Get("error_code") != "") != failed {
			t.Errorf("%s: %s", click, to)
		}
	}
}
