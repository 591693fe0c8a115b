package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// The card that tests key in: its number must be nowhere afterwards.
const (
	keyedCard  = "4287-9012-3456-0294"
	keyedShort = "428790******0294"
)

func cardFields(changes map[string]any) map[string]any {
	b := map[string]any{"card_number": keyedCard, "expiry": "2030-12", "birth": "881231", "pwd_2digit": "73"}
	maps.Copy(b, changes)
	return b
}

func onetime(uid string, changes map[string]any) map[string]any {
	b := cardFields(map[string]any{"merchant_uid": uid, "amount": 30000, "name": "연필", "buyer_name": "홍길동"})
	maps.Copy(b, changes)
	return b
}

func TestV1OnetimeChargesACard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, p := w.v1Post("/subscribe/payments/onetime", onetime("OT-1", nil))
	want := map[string]any{
		"status": "paid", "amount": json.Number("30000"), "channel": "api", "card_number": keyedShort, "customer_uid": nil,
		"customer_uid_usage": nil, "pg_id": "INIBillTst", "buyer_name": "홍길동",
	}
	for name, v := range want {
		if p[name] != v {
			t.Errorf("%s: %v, want %v", name, p[name], v)
		}
	}
	if books := w.box.Ledger(); code != "0" || books.Net != 30000 || books.Entries[0].By != "onetime" || len(w.box.BillingKeys()) != 0 {
		t.Errorf("code %s, ledger %+v, keys %v", code, books, w.box.BillingKeys())
	}
	if code, _ := w.v1Post("/subscribe/payments/onetime", onetime("OT-1", nil)); code != "1" || w.box.Ledger().Net != 30000 {
		t.Errorf("a second time: code %s, net %d", code, w.box.Ledger().Net)
	}
	if code, _ := w.v1Post("/payments/cancel", map[string]any{"imp_uid": p["imp_uid"]}); code != "0" || w.box.Ledger().Net != 0 {
		t.Errorf("given back: code %s, net %d", code, w.box.Ledger().Net)
	}
}

func TestV1OnetimeStoresAKeyWhenItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, failed := w.v1Post("/subscribe/payments/onetime", onetime("OT-1", map[string]any{"customer_uid": "cust-1", "expiry": "2026-03"}))
	if failed["status"] != "failed" || failed["fail_reason"] != "유효기간 경과 카드" || len(w.box.BillingKeys()) != 0 {
		t.Errorf("an expired card: %v, keys %v", failed, w.box.BillingKeys())
	}
	// The month that is printed on it still counts.
	_, paid := w.v1Post("/subscribe/payments/onetime", onetime("OT-1", map[string]any{"customer_uid": "cust-1", "expiry": "2026-04"}))
	if paid["status"] != "paid" || paid["customer_uid"] != "cust-1" || paid["customer_uid_usage"] != "payment" {
		t.Errorf("paid: %v", paid)
	}
	if code, p := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000)); code != "0" || p["status"] != "paid" || p["card_number"] != keyedShort {
		t.Errorf("the key: %s %v", code, p)
	}
}

func TestV1CardsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, changes := range map[string]map[string]any{
		"no card":               {"card_number": nil},
		"a number without dash": {"card_number": "4287901234560294"},
		"letters":               {"card_number": "4287-9012-3456-029x"},
		"an expiry of two":      {"expiry": "30-12"},
		"a thirteenth month":    {"expiry": "2030-13"},
		"a birth of eight":      {"birth": "19881231"},
		"a PIN of four":         {"pwd_2digit": "7351"},
		"no amount":             {"amount": nil},
		"a long customer_uid":   {"customer_uid": strings.Repeat("c", 81)},
	} {
		if code, p := w.v1Post("/subscribe/payments/onetime", onetime("OT-1", changes)); code != "1" || p != nil {
			t.Errorf("%s: code %s %v", name, code, p)
		}
	}
	if got := w.box.Ledger(); got.Captured != 0 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestV1IssuesAndOverwritesAKeyForACard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := func(changes map[string]any) (string, map[string]any) {
		return w.v1Post("/subscribe/customers/cust-1", cardFields(changes))
	}
	code, k := issue(map[string]any{"customer_name": "홍길동", "customer_addr": "서울", "customer_postcode": "06018"})
	want := map[string]any{
		"customer_uid": "cust-1", "card_number": keyedShort, "pg_provider": "html5_inicis", "sandbox": true,
		"customer_name": "홍길동", "customer_addr": "서울", "customer_postcode": "06018",
	}
	for name, v := range want {
		if k[name] != v {
			t.Errorf("%s: %v, want %v", name, k[name], v)
		}
	}
	w.clock.add(time.Hour)
	code2, other := issue(map[string]any{"card_number": "5555-6666-7777-8888"})
	if code != "0" || code2 != "0" || other["card_number"] != "555566******8888" || other["inserted"] != k["inserted"] || other["updated"] == k["updated"] {
		t.Errorf("overwritten: %s %v", code2, other)
	}
	if _, p := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000)); p["card_number"] != "555566******8888" {
		t.Errorf("charged: %v", p["card_number"])
	}
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "issue", Kind: sandbox.FaultDecline}); err != nil {
		t.Fatal(err)
	}
	if code, k := issue(nil); code != "1" || k != nil {
		t.Errorf("a card that is refused: %s %v", code, k)
	}
	for name, changes := range map[string]map[string]any{"an unknown channel": {"channel_key": "x"}, "an expired card": {"expiry": "2026-03"}} {
		if code, k := issue(changes); code != "1" || k != nil {
			t.Errorf("%s: %s %v", name, code, k)
		}
	}
	if code, k := issue(map[string]any{"pg": "nobody"}); code != "0" || k["pg_id"] != "INIBillTst" {
		t.Errorf("an unknown pg must be the default one: %s %v", code, k)
	}
}

func TestV1ReadsSeveralKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, uid := range []string{"c-1", "c-2"} {
		w.v1Post("/subscribe/customers/"+uid, cardFields(nil))
	}
	for query, want := range map[string]int{
		"customer_uid[]=c-1&customer_uid[]=c-2": http.StatusOK,
		"customer_uid[]=c-1&customer_uid[]=x":   http.StatusMultiStatus,
		"customer_uid[]=x":                      http.StatusNotFound,
		"":                                      http.StatusBadRequest,
	} {
		if status, got := w.json(http.MethodGet, v1API+"/subscribe/customers?"+query, nil, w.v1Token()); status != want {
			t.Errorf("%q: %d %v, want %d", query, status, got, want)
		}
	}
}

func TestV1ListsThePaymentsOfAKey(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	_, first := w.v1Post("/subscribe/payments/again", again("SUB-1", 1000))
	w.clock.add(time.Minute)
	_, second := w.v1Post("/subscribe/payments/again", again("SUB-2", 1000))
	w.v1Pay(v1Params("OTHER", 1000), "pay")
	status, ids, page := w.v1List("/subscribe/customers/cust-1/payments", "imp_uid")
	if status != http.StatusOK || len(ids) != 2 || ids[0] != second["imp_uid"] || ids[1] != first["imp_uid"] || page["next"] != json.Number("0") {
		t.Errorf("%d %v %v", status, ids, page)
	}
	if status, _, _ := w.v1List("/subscribe/customers/nobody/payments", "imp_uid"); status != http.StatusNotFound {
		t.Errorf("nobody's: %d", status)
	}
}

func TestV1TablesOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kinds := map[string]string{}
	_, got := w.json(http.MethodGet, v1API+"/users/pg", nil, w.v1Token())
	for _, item := range got["response"].([]any) {
		ch := item.(map[string]any)
		kinds[ch["channel_key"].(string)] = ch["type"].(string) + " " + ch["pg_id"].(string)
	}
	want := map[string]string{
		"channel-key-v1-inicis": "payment INIpayTest", "channel-key-v1-billing": "api_payment INIBillTst",
		"channel-key-v1-live": "payment MOIlive000",
	}
	if !maps.Equal(kinds, want) {
		t.Errorf("channels: %v", kinds)
	}
	for path, want := range map[string]string{
		"/cards/366": `{"code":"366","name":"신한카드"}`, "/banks/088": `{"code":"088","name":"신한은행"}`,
		"/cards": `{"code":"381","name":"국민카드"}`, "/banks": `{"code":"004","name":"국민은행"}`,
	} {
		if r := w.must(http.MethodGet, v1API+path, "", "", w.v1Token()); r.status != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := w.must(http.MethodGet, v1API+"/cards/999", "", "", w.v1Token()); r.status != http.StatusNotFound {
		t.Errorf("an unknown code: %d", r.status)
	}
}
