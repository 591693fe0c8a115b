package sandbox_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

const (
	billingMID = "INIBillTst"
	liteKey    = "b09LVzhuTGZVaEY1WmJoQnZzdXpRdz09"
)

// liteForm is a billing window's form that the stand-in accepts.
func (w *world) liteForm(order string) map[string]string {
	ts := w.clock.Now().Format("20060102150405")
	return map[string]string{
		"mid": billingMID, "buyerTel": "010-4242-4242", "buyerEmail": "gildong@example.com", "buyerName": "홍길동",
		"goodName": "월간 이용권", "orderId": order, "price": "0", "timestamp": ts, "returnUrl": "http://gateway.test/return/inicis/key",
		"merchantRedirectData": "opaque-token", "hashdata": sha512x("0" + billingMID + order + ts + liteKey),
	}
}

const litePath = "/inicis/pay/card/billing"

func (w *world) liteClick(form map[string]string, click string) (action string, result map[string]string) {
	w.t.Helper()
	window := w.form(litePath, form)
	if window.status != http.StatusOK {
		w.t.Fatalf("the window refused: %d %s", window.status, window.body)
	}
	act, fields := inputs(window.body)
	fields["action"] = click
	return inputs(w.form(act, fields).body)
}

func TestInicisIssuesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for click, code := range map[string]string{"cancel": "01", "fail": "01", "pay": "SUCCESS"} {
		action, result := w.liteClick(w.liteForm("A-1"), click)
		if action != "http://gateway.test/return/inicis/key" || result["resultCode"] != code || result["orderId"] != "A-1" ||
			result["mid"] != billingMID || result["merchantRedirectData"] != "opaque-token" || (result["billkey"] != "") != (click == "pay") {
			t.Errorf("%s: %s %v", click, action, result)
		}
		if click == "pay" {
			break
		}
	}
	if _, result := w.liteClick(w.liteForm("A-2"), "pay"); len(result["tid"]) != 40 || result["cardNumber"] == "" {
		t.Errorf("the second: %v", result)
	}
	if r := w.form(litePath, w.liteForm("A-2")); r.status == http.StatusOK {
		t.Error("one orderId was used twice")
	}
	if l := w.box.Ledger(); len(l.Entries) != 0 {
		t.Errorf("money moved: %+v", l)
	}
}

func TestInicisBillingWindowIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]map[string]string{
		"another price":      {"price": "1000"},
		"another order":      {"orderId": "A-2"},
		"a foreign hash":     {"hashdata": sha512x("x")},
		"no lite key":        {"mid": testMID},
		"an old timestamp":   {"timestamp": "20260101000000"},
		"no timestamp":       {"timestamp": "now"},
		"no e-mail":          {"buyerEmail": ""},
		"no telephone":       {"buyerTel": ""},
		"nobody":             {"buyerName": ""},
		"a relative address": {"returnUrl": "/return"},
		"nothing":            {"goodName": ""},
	} {
		if r := w.form(litePath, with(w.liteForm("A-1"), change)); r.status == http.StatusOK {
			t.Errorf("%s opened the window", name)
		}
	}
	if len(w.box.BillingKeys()) != 0 {
		t.Error("a key was issued")
	}
}

func TestV1IssuesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	p := v1Params("A-1", 1000)
	p["channelKey"], p["customer_uid"] = "channel-key-v1-billing", "cust-1"
	read := func(method string) (int, map[string]any) {
		return w.json(method, "/portone/v1/subscribe/customers/cust-1", nil, auth)
	}
	if status, _ := read(http.MethodGet); status != http.StatusNotFound {
		t.Errorf("before it was issued: %d", status)
	}
	if rsp := w.v1Pay(p, "fail"); rsp["error_code"] == nil {
		t.Errorf("a failed one: %v", rsp)
	}
	if status, _ := read(http.MethodGet); status != http.StatusNotFound {
		t.Errorf("after a failure: %d", status)
	}
	rsp := w.v1Pay(p, "pay")
	if rsp["error_code"] != nil || len(w.box.Ledger().Entries) != 0 {
		t.Fatalf("issued: %v, %+v", rsp, w.box.Ledger())
	}
	_, got := w.json(http.MethodGet, "/portone/v1/payments/"+rsp["imp_uid"].(string)+"?include_sandbox=true", nil, auth)
	if pay := got["response"].(map[string]any); pay["amount"] != json.Number("0") || pay["customer_uid"] != "cust-1" || pay["customer_uid_usage"] != "issue" {
		t.Errorf("the record: %v", pay)
	}
	_, got = read(http.MethodGet)
	if key := got["response"].(map[string]any); key["customer_uid"] != "cust-1" || key["pg_id"] != billingMID || key["sandbox"] != true {
		t.Errorf("the key: %v", got)
	}
	if status, _ := read(http.MethodDelete); status != http.StatusOK {
		t.Errorf("delete: %d", status)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if status, _ := read(method); status != http.StatusNotFound {
			t.Errorf("%s after it was deleted: %d", method, status)
		}
	}
}

func TestV1BillingWindowIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]map[string]any{
		"a sale on the recurring channel":  {"channelKey": "channel-key-v1-billing"},
		"a key on the ordinary channel":    {"customer_uid": "cust-1"},
		"a key for something but a card":   {"channelKey": "channel-key-v1-billing", "customer_uid": "cust-1", "pay_method": "trans"},
		"a sale of nothing":                {"amount": 0},
		"a negative amount to be shown":    {"channelKey": "channel-key-v1-billing", "customer_uid": "cust-1", "amount": -1},
		"more VAT than a tenth":            {"vat_amount": 100},
		"more tax-free than there is":      {"tax_free": 1001},
		"VAT and tax-free, more than all":  {"tax_free": 950, "vat_amount": 51},
		"VAT of what is free of it":        {"tax_free": 1000, "vat_amount": 2},
		"a VAT that is no whole number":    {"vat_amount": 1.5},
		"a VAT that is text and no number": {"vat_amount": "91"},
	} {
		p := v1Params("A-1", 1000)
		maps.Copy(p, change)
		if rsp := w.v1Pay(p, "pay"); rsp["error_code"] == nil {
			t.Errorf("%s: %v", name, rsp)
		}
	}
}

func v2KeyParams(id string) map[string]any {
	return map[string]any{
		"storeId": "store-sandbox", "channelKey": "channel-key-v2-billing", "billingKeyMethod": "CARD", "issueId": id, "issueName": "월간 이용권",
		"customer": map[string]string{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
	}
}

func (w *world) v2Issue(params map[string]any, click string) map[string]any {
	w.t.Helper()
	_, win := w.json(http.MethodPost, "/portone/sdk/v2/issue", map[string]any{"device": "pc", "params": params}, nil)
	if win["code"] != nil {
		return win
	}
	_, rsp := w.json(http.MethodPost, "/portone/sdk/v2/issue/act", map[string]any{"key": win["key"], "action": click}, nil)
	return rsp
}

func TestV2IssuesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, click := range []string{"cancel", "fail"} {
		if rsp := w.v2Issue(v2KeyParams("A-0"), click); rsp["code"] == nil || rsp["billingKey"] != nil {
			t.Errorf("%s: %v", click, rsp)
		}
	}
	key := w.v2Issue(v2KeyParams("A-1"), "pay")["billingKey"].(string)
	const root = "/portone/v2/billing-keys"
	_, got := w.json(http.MethodGet, root+"/"+key, nil, v2Header(""))
	if got["status"] != "ISSUED" || got["issueId"] != "A-1" || got["billingKey"] != key || got["storeId"] != "store-sandbox" ||
		got["channels"].([]any)[0].(map[string]any)["key"] != "channel-key-v2-billing" {
		t.Errorf("the key: %v", got)
	}
	if status, got := w.json(http.MethodGet, root+"/billing-key-none", nil, v2Header("")); status != http.StatusNotFound || got["type"] != "BILLING_KEY_NOT_FOUND" {
		t.Errorf("no such key: %d %v", status, got)
	}
	w.v2Issue(v2KeyParams("A-2"), "pay")
	list := func(q string) []any {
		status, got := w.json(http.MethodGet, root+"?requestBody="+url.QueryEscape(q), nil, v2Header(""))
		if status != http.StatusOK {
			t.Fatalf("%s: %d %v", q, status, got)
		}
		return got["items"].([]any)
	}
	if all := list(`{"page":{"number":0,"size":1},"sort":{"by":"ISSUED_AT","order":"DESC"}}`); len(all) != 1 || all[0].(map[string]any)["issueId"] != "A-2" {
		t.Errorf("the newest: %v", all)
	}
	if none := list(`{"filter":{"timeRangeField":"ISSUED_AT","from":"2026-04-03T00:00:00Z","until":"2026-04-04T00:00:00Z"}}`); len(none) != 0 {
		t.Errorf("of another day: %v", none)
	}
	if status, _ := w.json(http.MethodGet, root+"?requestBody="+url.QueryEscape(`{"page":{"size":-1}}`), nil, v2Header("")); status != http.StatusBadRequest {
		t.Errorf("a page of nothing: %d", status)
	}
	for _, want := range []int{http.StatusOK, http.StatusConflict} {
		if status, got := w.json(http.MethodDelete, root+"/"+key, nil, v2Header("")); status != want {
			t.Errorf("delete: %d %v, want %d", status, got, want)
		}
	}
	if _, got := w.json(http.MethodGet, root+"/"+key, nil, v2Header("")); got["status"] != "DELETED" || got["deletedAt"] == nil {
		t.Errorf("deleted: %v", got)
	}
	if gone := list(`{"filter":{"timeRangeField":"DELETED_AT","status":["DELETED"]}}`); len(gone) != 1 {
		t.Errorf("the deleted ones: %v", gone)
	}
}

func TestV2BillingWindowIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]map[string]any{
		"another store":       {"storeId": "store-other"},
		"an ordinary channel": {"channelKey": "channel-key-v2-auto"},
		"no card":             {"billingKeyMethod": "MOBILE"},
		"no issueId":          {"issueId": ""},
		"no name":             {"issueName": ""},
		"nobody":              {"customer": map[string]string{}},
		"dollars":             {"currency": "USD"},
		"a weekly period":     {"offerPeriod": map[string]any{"interval": "1w"}},
		"nowhere to go":       {"forceRedirect": true},
	} {
		p := v2KeyParams("A-1")
		maps.Copy(p, change)
		if rsp := w.v2Issue(p, "pay"); rsp["code"] == nil {
			t.Errorf("%s: %v", name, rsp)
		}
	}
	if rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-billing", 1000), "pay"); rsp["code"] != "ChannelNotFound" {
		t.Errorf("a sale on the recurring channel: %v", rsp)
	}
}

func TestV2BillingKeyByRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := v2KeyParams("A-1")
	p["redirectUrl"], p["offerPeriod"] = "http://gateway.test/return/portone?from=v2", map[string]any{"interval": "1m"}
	_, win := w.json(http.MethodPost, "/portone/sdk/v2/issue", map[string]any{"device": "mobile", "redirect": true, "params": p}, nil)
	address, err := url.Parse(win["window"].(string))
	if err != nil {
		t.Fatal(err)
	}
	window := w.must(http.MethodGet, address.RequestURI(), "", "", nil)
	act, fields := inputs(window.body)
	fields["action"] = "pay"
	back, err := url.Parse(w.form(act, fields).header.Get("Location"))
	if err != nil || back.Query().Get("billing_key") == "" || back.Query().Get("from") != "v2" {
		t.Errorf("went to %v", back)
	}
	if r := w.form(act, fields); r.status != http.StatusGone {
		t.Errorf("clicked twice: %d", r.status)
	}
	if r := w.must(http.MethodGet, "/portone/window/v2/key?key=x", "", "", nil); r.status != http.StatusGone {
		t.Errorf("no such window: %d", r.status)
	}
}

// A phone's key is charged as one at either PortOne, and says as much as PortOne does of what it pays with.
func TestPhoneKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, p := range []sandbox.PhoneKey{
		{Channel: "channel-key-v1-phone", Key: "phone-1"}, {Channel: "channel-key-v2-billing", Key: "phone-2"},
	} {
		if status, got := w.json(http.MethodPost, "/_sandbox/phone-keys", map[string]any{"channel": p.Channel, "key": p.Key}, nil); status != http.StatusOK {
			t.Fatalf("%s: %d %v", p.Key, status, got)
		}
	}
	for _, p := range []sandbox.PhoneKey{
		{Channel: "channel-key-v1-phone", Key: "phone-1"},
		{Channel: "channel-key-v1-phone"},
		{Channel: "channel-key-v1-billing", Key: "x"},
		{Channel: "channel-key-v2-identity", Key: "x"},
		{Channel: "none", Key: "x"},
	} {
		if err := w.box.AddPhoneKey(p); !errors.Is(err, sandbox.ErrPhoneKey) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	_, got := w.json(http.MethodGet, v1API+"/subscribe/customers/phone-1", nil, w.v1Token())
	if k := got["response"].(map[string]any); k["pg_provider"] != "danal" || k["card_number"] != nil || k["pg_id"] != "A010002002" {
		t.Errorf("V1's key: %v", k)
	}
	body := again("SUB-1", 8900)
	body["customer_uid"] = "phone-1"
	if code, p := w.v1Post("/subscribe/payments/again", body); code != "0" || p["pay_method"] != "phone" || p["status"] != "paid" || p["card_name"] != nil {
		t.Errorf("V1's payment: %v", p)
	}
	_, k := w.json(http.MethodGet, "/portone/v2/billing-keys/phone-2", nil, v2Header(""))
	if m := k["methods"].([]any)[0].(map[string]any); m["type"] != "BillingKeyPaymentMethodMobile" || m["card"] != nil {
		t.Errorf("V2's key: %v", k)
	}
	w.v2Charge("A-1", v2KeySale("phone-2", 8900), "")
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if m := p["method"].(map[string]any); p["status"] != "PAID" || m["type"] != "PaymentMethodMobile" {
		t.Errorf("V2's payment: %v", p)
	}
}
