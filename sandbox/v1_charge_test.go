package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// againWorld is a world in which a customer_uid has a key.
func againWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	return w
}

func v1KeyParams(merchantUID, customerUID string) map[string]any {
	p := v1Params(merchantUID, 0)
	p["channelKey"], p["customer_uid"] = "channel-key-v1-billing", customerUID
	return p
}

func (w *world) v1Post(path string, body map[string]any) (code string, response map[string]any) {
	w.t.Helper()
	status, got := w.json(http.MethodPost, v1API+path, body, w.v1Token())
	if status != http.StatusOK {
		w.t.Fatalf("POST %s: %d %v", path, status, got)
	}
	response, _ = got["response"].(map[string]any)
	return got["code"].(json.Number).String(), response
}

func again(uid string, amount any) map[string]any {
	return map[string]any{"customer_uid": "cust-1", "merchant_uid": uid, "amount": amount, "name": "월간 이용권"}
}

func TestV1AgainChargesAKey(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	code, p := w.v1Post("/subscribe/payments/again", again("SUB-1", 8900))
	want := map[string]any{
		"merchant_uid": "SUB-1", "status": "paid", "amount": json.Number("8900"), "pay_method": "card", "channel": "api",
		"customer_uid": "cust-1", "customer_uid_usage": "payment", "pg_id": "INIBillTst", "sandbox": true, "card_type": nil,
		"card_number": "428790******0294", "fail_reason": nil, "currency": "KRW",
	}
	for name, v := range want {
		if p[name] != v {
			t.Errorf("%s: %v, want %v", name, p[name], v)
		}
	}
	if code != "0" || w.box.Ledger().Net != 8900 || w.box.Ledger().Entries[0].By != "again" {
		t.Errorf("code %s, ledger %+v", code, w.box.Ledger())
	}
	w.v1Post("/payments/cancel", map[string]any{"imp_uid": p["imp_uid"], "amount": 900, "checksum": 8900})
	if got := w.box.Ledger(); got.Captured != 8900 || got.Cancelled != 900 {
		t.Errorf("after a part was given back: %+v", got)
	}
}

func TestV1AgainDeclinesWithCodeZero(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "again", Kind: sandbox.FaultDecline, Reason: "stolen"}); err != nil {
		t.Fatal(err)
	}
	code, failed := w.v1Post("/subscribe/payments/again", again("SUB-1", 8900))
	if code != "0" || failed["status"] != "failed" || failed["fail_reason"] != "분실·도난 카드" || failed["paid_at"] != json.Number("0") || w.box.Ledger().Captured != 0 {
		t.Errorf("a decline: %s %v, captured %d", code, failed, w.box.Ledger().Captured)
	}
	code, paid := w.v1Post("/subscribe/payments/again", again("SUB-1", 8900))
	if code != "0" || paid["status"] != "paid" || w.box.Ledger().Captured != 8900 {
		t.Errorf("the next try: %s %v", code, paid)
	}
	// Both stand under the one merchant_uid.
	if _, ids, _ := w.v1List("/payments/findAll/SUB-1", "imp_uid"); len(ids) != 2 {
		t.Errorf("payments of the merchant_uid: %v", ids)
	}
	if got := w.box.Executions("portone_v1", "again", "SUB-1"); len(got) != 2 {
		t.Errorf("executions: %v", got)
	}
}

func TestV1AgainRefuses(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	w.v1Post("/subscribe/payments/again", again("PAID", 1000))
	tests := []struct {
		name    string
		changes map[string]any
	}{
		{"a merchant_uid that was paid", map[string]any{"merchant_uid": "PAID"}},
		{"no merchant_uid", map[string]any{"merchant_uid": ""}},
		{"an unknown customer_uid", map[string]any{"customer_uid": "nobody"}},
		{"no name", map[string]any{"name": nil}},
		{"an amount in an object", map[string]any{"amount": map[string]any{"total": 1000}}},
		{"a fraction", map[string]any{"amount": 1000.5}},
		{"zero", map[string]any{"amount": 0}},
		{"instalments of a small amount", map[string]any{"card_quota": 3}},
		{"one month", map[string]any{"amount": 60000, "card_quota": 1}},
		{"more tax-free than there is", map[string]any{"tax_free": 1001}},
	}
	for _, tt := range tests {
		body := again("SUB-1", 1000)
		maps.Copy(body, tt.changes)
		if code, p := w.v1Post("/subscribe/payments/again", body); code != "1" || p != nil {
			t.Errorf("%s: code %s %v", tt.name, code, p)
		}
	}
	if got := w.box.Ledger(); got.Captured != 1000 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestV1AgainAsAForm(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	body := "customer_uid=cust-1&merchant_uid=SUB-1&amount=50000&name=x&card_quota=3&buyer_name=Hong&extra%5BnaverUseCfm%5D=20261231"
	r := w.must(http.MethodPost, v1API+"/subscribe/payments/again", "application/x-www-form-urlencoded", body, w.v1Token())
	p, _ := r.object(t)["response"].(map[string]any)
	if p["status"] != "paid" || p["card_quota"] != json.Number("3") || p["buyer_name"] != "Hong" {
		t.Errorf("answer: %d %s", r.status, r.body)
	}
}

func TestV1AgainDoesNotChargeADeletedKey(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	w.must(http.MethodDelete, v1API+"/subscribe/customers/cust-1", "", "", w.v1Token())
	if code, p := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000)); code != "1" || w.box.Ledger().Captured != 0 {
		t.Errorf("code %s %v", code, p)
	}
}

func TestV1AgainTwiceWherePortOneIsOutrun(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, func(cfg *sandbox.Config) { cfg.V1.PaysTwice = true })
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	_, one := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	_, two := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	if one["status"] != "paid" || two["status"] != "paid" || one["imp_uid"] == two["imp_uid"] || w.box.Ledger().Captured != 2000 {
		t.Errorf("%v %v, captured %d", one["status"], two["status"], w.box.Ledger().Captured)
	}
}

func TestV1AgainLosesItsAnswer(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "again", Kind: sandbox.FaultDropAfterCommit}); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(again("SUB-1", 1000))
	if r, err := w.do(http.MethodPost, v1API+"/subscribe/payments/again", "application/json", string(text), w.v1Token()); err == nil {
		t.Errorf("answered %d %s", r.status, r.body)
	}
	if _, ids, _ := w.v1List("/payments/findAll/SUB-1/paid", "imp_uid"); len(ids) != 1 || w.box.Ledger().Captured != 1000 {
		t.Errorf("found %v, captured %d", ids, w.box.Ledger().Captured)
	}
}

func TestADeclineNeedsAnOperationThatCharges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, operation := range []string{"", "lookup", "cancel", "prepare"} {
		if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: operation, Kind: sandbox.FaultDecline}); err == nil {
			t.Errorf("%q can be declined", operation)
		}
	}
}

func TestV1AgainTellsOfWhatItPaid(t *testing.T) {
	t.Parallel()
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	w := newWorldWith(t, func(cfg *sandbox.Config) {
		cfg.HookClient, cfg.V1.NoticeURL = http.DefaultClient, hooks.URL+"/console"
	})
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "again", Kind: sandbox.FaultDecline}); err != nil {
		t.Fatal(err)
	}
	w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	own := again("SUB-2", 1000)
	own["notice_url"] = hooks.URL + "/own"
	w.v1Post("/subscribe/payments/again", own)
	w.box.WaitNotices()
	got := map[string]string{}
	for _, n := range w.box.Notices() {
		got[n.Ref+" "+n.Kind] += strings.TrimPrefix(n.URL, hooks.URL)
	}
	if fmt.Sprint(got) != "map[SUB-1 paid:/console SUB-2 paid:/own]" {
		t.Errorf("webhooks: %v", got)
	}
}

func TestV1NoticeAddressOfTheConsoleCanBeChanged(t *testing.T) {
	t.Parallel()
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	w := newWorldWith(t, func(cfg *sandbox.Config) { cfg.HookClient = http.DefaultClient })
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	for _, bad := range []map[string]any{{"pg": "portone_v1", "url": "nowhere"}, {"pg": "shop", "url": hooks.URL}} {
		if status, _ := w.json(http.MethodPost, "/_sandbox/notices", bad, nil); status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, status)
		}
	}
	set := map[string]any{"pg": "portone_v1", "url": hooks.URL}
	if status, got := w.json(http.MethodPost, "/_sandbox/notices", set, nil); status != http.StatusOK {
		t.Fatalf("%d %v", status, got)
	}
	w.v1Post("/subscribe/payments/again", again("SUB-2", 1000))
	w.box.WaitNotices()
	if got := w.box.Notices(); len(got) != 1 || got[0].Ref != "SUB-2" || got[0].Status != http.StatusOK {
		t.Errorf("webhooks: %+v", got)
	}
}
