package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

const (
	iniapiBilling = "/inicis/iniapi/api/v1/billing"
	billingAPIKey = "rKnPljRn5m6J9Mzz"
)

// liteKey has a buyer register a card at KG Inicis.
func (w *world) liteKey(order string) string {
	w.t.Helper()
	_, result := w.liteClick(w.liteForm(order), "pay")
	return result["billkey"]
}

// billing is a v1 charge that the stand-in takes.
func (w *world) billing(moid, key string) map[string]string {
	return w.signedBilling(map[string]string{
		"type": "Billing", "paymethod": "Card", "timestamp": w.clock.Now().Format("20060102150405"), "clientIp": "203.0.113.10",
		"mid": billingMID, "moid": moid, "price": "1000", "billKey": key, "url": "https://shop.example.com", "goodName": "월간 이용권",
		"buyerName": "홍길동", "buyerEmail": "gildong@example.com", "buyerTel": "010-4242-4242", "currency": "WON",
		"authentification": "00", "cardQuota": "00", "quotaInterest": "0",
	})
}

func (w *world) signedBilling(f map[string]string) map[string]string {
	plain := billingAPIKey
	for _, name := range []string{"type", "paymethod", "timestamp", "clientIp", "mid", "moid", "price", "billKey"} {
		plain += f[name]
	}
	f["hashData"] = sha512x(plain)
	return f
}

// billingV2 is the same at v2, with other members in its envelope or its data.
func (w *world) billingV2(moid, key string, changes map[string]string) map[string]any {
	w.t.Helper()
	at := w.clock.Now().Format("20060102150405")
	data := `{"url":"https://shop.example.com","moid":"` + moid + `","goodName":"월간 이용권","buyerName":"홍길동",` +
		`"buyerEmail":"gildong@example.com","buyerTel":"` + changes["buyerTel"] + `","price":"1000","billKey":"` + key + `"}`
	body, err := json.Marshal(map[string]any{
		"mid": billingMID, "type": "billing", "paymethod": changes["paymethod"], "timestamp": at, "clientIp": "203.0.113.10",
		"data":     json.RawMessage(data),
		"hashData": sha512x(billingAPIKey + billingMID + "billing" + at + data + changes["hash"]),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.must(http.MethodPost, "/inicis/iniapi/v2/pg/billing", "application/json;charset=utf-8", string(body), nil).object(w.t)
}

func TestInicisChargesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.liteKey("K-1")
	paid := w.form(iniapiBilling, w.billing("SUB-1", key)).object(t)
	tid, _ := paid["tid"].(string)
	if paid["resultCode"] != "00" || paid["price"] != "1000" || len(tid) != 40 || tid[10:20] != billingMID || paid["payAuthQuota"] != "00" {
		t.Fatalf("charged: %v", paid)
	}
	if again := w.form(iniapiBilling, w.billing("SUB-1", key)).object(t); again["detailResultCode"] != "500619" {
		t.Errorf("the same order number again: %v", again)
	}
	second := w.billingV2("SUB-2", key, map[string]string{"buyerTel": "010-4242-4242", "paymethod": "card"})
	if second["resultCode"] != "00" || second["tid"] == tid {
		t.Errorf("charged by v2: %v", second)
	}
	f := map[string]string{"type": "Refund", "paymethod": "Card", "tid": tid, "msg": "해지", "timestamp": w.clock.Now().Format("20060102150405"), "clientIp": "203.0.113.10", "mid": billingMID}
	plain := billingAPIKey
	for _, name := range v1Refund {
		plain += f[name]
	}
	f["hashData"] = sha512x(plain)
	if back := w.form("/inicis/iniapi/api/v1/refund", f).object(t); back["resultCode"] != "00" {
		t.Errorf("refunded: %v", back)
	}
	if got := w.box.Ledger(); got.Captured != 2000 || got.Cancelled != 1000 || got.Entries[0].By != "billing" || got.Entries[0].OrderRef != "SUB-1" {
		t.Errorf("the books: %+v", got)
	}
}

func TestInicisChecksACharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.liteKey("K-1")
	for name, tt := range map[string]struct {
		change map[string]string
		code   string
	}{
		"no buyer":            {map[string]string{"buyerName": ""}, "ER0102"},
		"no e-mail":           {map[string]string{"buyerEmail": ""}, "ER0102"},
		"no telephone":        {map[string]string{"buyerTel": ""}, "ER0102"},
		"no shop":             {map[string]string{"url": ""}, "ER0102"},
		"nothing bought":      {map[string]string{"goodName": ""}, "ER0102"},
		"dollars":             {map[string]string{"currency": "USD"}, "ER0102"},
		"no authentication":   {map[string]string{"authentification": ""}, "ER0102"},
		"months in one digit": {map[string]string{"cardQuota": "3"}, "ER0102"},
		"months of too little": {
			map[string]string{"cardQuota": "03"}, "ER0102",
		},
		"a key that is none":  {map[string]string{"billKey": "nobodys"}, "500413"},
		"another kind":        {map[string]string{"type": "Auth"}, "500251"},
		"another method":      {map[string]string{"paymethod": "HPP"}, "500251"},
		"no won":              {map[string]string{"price": "0"}, "500701"},
		"a price with commas": {map[string]string{"price": "1,000"}, "500701"},
		"another MID's key":   {map[string]string{"mid": testMID}, "500202"},
		"no order number":     {map[string]string{"moid": ""}, "500251"},
	} {
		f := w.billing("SUB-1", key)
		maps.Copy(f, tt.change)
		got := w.form(iniapiBilling, w.signedBilling(f)).object(t)
		code := got["resultCode"]
		if code == "01" {
			code = got["detailResultCode"]
		}
		if code != tt.code {
			t.Errorf("%s: %v, want %s", name, got, tt.code)
		}
	}
	f := w.billing("SUB-1", key)
	f["price"] = "2000"
	if got := w.form(iniapiBilling, f).object(t); got["detailResultCode"] != "500202" {
		t.Errorf("another price than was signed: %v", got)
	}
	for name, tt := range map[string]struct {
		change map[string]string
		code   string
	}{
		"v2 with another hash":   {map[string]string{"buyerTel": "1", "hash": "x"}, "500202"},
		"v2 without a telephone": {map[string]string{}, "ER0102"},
		"v2 by phone bill":       {map[string]string{"buyerTel": "1", "paymethod": "hpp"}, "ER0102"},
	} {
		got := w.billingV2("SUB-1", key, tt.change)
		if got["resultCode"] != tt.code && got["detailResultCode"] != tt.code {
			t.Errorf("%s: %v, want %s", name, got, tt.code)
		}
	}
	if err := w.box.Inject(sandbox.Fault{PG: "inicis", Operation: "charge", Kind: sandbox.FaultDecline, Reason: "funds"}); err != nil {
		t.Fatal(err)
	}
	if got := w.form(iniapiBilling, w.billing("SUB-1", key)).object(t); got["resultCode"] != "01" || got["resultMsg"] != "잔액부족" {
		t.Errorf("declined: %v", got)
	}
	if got := w.box.Ledger(); got.Net != 0 {
		t.Errorf("the books: %+v", got)
	}
}
