package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// v2Buyer is a customer of a payment without a window.
func v2Buyer() map[string]any {
	return map[string]any{
		"name": map[string]any{"full": "홍길동"}, "phoneNumber": "010-4242-4242", "email": "gildong@example.com",
	}
}

// v2KeySale is a charge that the stand-in accepts.
func v2KeySale(key string, amount any) map[string]any {
	return map[string]any{
		"billingKey": key, "orderName": "월간 이용권", "currency": "KRW", "amount": map[string]any{"total": amount},
		"customer": v2Buyer(),
	}
}

// v2BillingKey issues a key and returns it.
func (w *world) v2BillingKey(issue string) string {
	w.t.Helper()
	return w.v2Issue(v2KeyParams(issue), "pay")["billingKey"].(string)
}

func (w *world) v2Charge(id string, body map[string]any, key string) (int, map[string]any) {
	w.t.Helper()
	return w.json(http.MethodPost, v2Root+id+"/billing-key", body, v2Header(key))
}

func (w *world) inject(f sandbox.Fault) {
	w.t.Helper()
	if err := w.box.Inject(f); err != nil {
		w.t.Fatal(err)
	}
}

func TestV2ChargesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.v2BillingKey("K-1")
	body := v2KeySale(key, 8900)
	body["customData"], body["installmentMonth"] = `{"plan":"monthly"}`, 3
	status, got := w.v2Charge("A-1", body, "")
	pay, ok := got["payment"].(map[string]any)
	if status != http.StatusOK || !ok || len(pay["pgTxId"].(string)) != 40 || pay["paidAt"] != "2026-04-02T05:15:00Z" {
		t.Fatalf("charge: %d %v", status, got)
	}
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	amount, method := p["amount"].(map[string]any), p["method"].(map[string]any)
	if p["status"] != "PAID" || p["billingKey"] != key || p["pgTxId"] != pay["pgTxId"] || amount["paid"] != json.Number("8900") ||
		p["origin"].(map[string]any)["platformType"] != "API" || p["channel"].(map[string]any)["pgMerchantId"] != billingMID ||
		p["customData"] != `{"plan":"monthly"}` || method["installment"].(map[string]any)["month"] != json.Number("3") {
		t.Errorf("payment: %v", p)
	}
	if status, got := w.v2Charge("A-1", body, ""); status != http.StatusConflict || got["type"] != "ALREADY_PAID" {
		t.Errorf("again: %d %v", status, got)
	}
	l := w.box.Ledger()
	if l.Captured != 8900 || len(l.Entries) != 1 || l.Entries[0].By != "charge" || l.Entries[0].OrderRef != "A-1" {
		t.Errorf("ledger: %+v", l)
	}
	if runs := w.box.Executions("portone_v2", "charge", "A-1"); len(runs) != 2 {
		t.Errorf("executions: %+v", runs)
	}
}

func TestV2ChargeRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes map[string]any
		status  int
		kind    string
	}{
		{"no key", map[string]any{"billingKey": nil}, 400, "INVALID_REQUEST"},
		{"an unknown key", map[string]any{"billingKey": "billing-key-none"}, 404, "BILLING_KEY_NOT_FOUND"},
		{"a deleted key", map[string]any{"billingKey": "DELETED"}, 409, "BILLING_KEY_ALREADY_DELETED"},
		{"another channel", map[string]any{"channelKey": "channel-key-v2-auto"}, 404, "CHANNEL_NOT_FOUND"},
		{"another store", map[string]any{"storeId": "store-other"}, 403, "FORBIDDEN"},
		{"no name of the order", map[string]any{"orderName": ""}, 400, "INVALID_REQUEST"},
		{"no amount", map[string]any{"amount": nil}, 400, "INVALID_REQUEST"},
		{"nothing to pay", map[string]any{"amount": map[string]any{"total": 0}}, 400, "INVALID_REQUEST"},
		{"amount as text", map[string]any{"amount": map[string]any{"total": "1000"}}, 400, "INVALID_REQUEST"},
		{"parts above the whole", map[string]any{"amount": map[string]any{"total": 1000, "taxFree": 1001}}, 409, "SUM_OF_PARTS_EXCEEDS_TOTAL_AMOUNT"},
		{"dollars", map[string]any{"currency": "USD"}, 400, "INVALID_REQUEST"},
		{"nobody", map[string]any{"customer": map[string]any{}}, 400, "INVALID_REQUEST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dropped := w.v2BillingKey("K-0")
			w.json(http.MethodDelete, "/portone/v2/billing-keys/"+dropped, nil, v2Header(""))
			body := v2KeySale(w.v2BillingKey("K-1"), 1000)
			maps.Copy(body, tt.changes)
			if body["billingKey"] == "DELETED" {
				body["billingKey"] = dropped
			}
			status, got := w.v2Charge("A-1", body, "")
			if status != tt.status || got["type"] != tt.kind || len(w.box.Ledger().Entries) != 0 {
				t.Errorf("got %d %v", status, got)
			}
			if r := w.must(http.MethodGet, v2Root+"A-1", "", "", v2Header("")); r.status != http.StatusNotFound {
				t.Errorf("a refused charge left a payment: %s", r.body)
			}
		})
	}
}

func TestV2ChargeIsRefusedWhileADepositIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2AccountParams("A-1", "channel-key-v2-auto", 10000), "pay")
	if status, got := w.v2Charge("A-1", v2KeySale(w.v2BillingKey("K-1"), 10000), ""); status != http.StatusConflict || got["type"] != "ALREADY_PAID" {
		t.Errorf("got %d %v", status, got)
	}
}

func TestV2ChargeIsDeclinedForAReason(t *testing.T) {
	t.Parallel()
	for reason, text := range map[string]string{
		"": "한도초과", "limit": "한도초과", "funds": "잔액부족", "expired": "유효기간 경과 카드", "stolen": "분실·도난 카드",
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.inject(sandbox.Fault{PG: "portone_v2", Operation: "charge", Kind: sandbox.FaultDecline, Reason: reason})
			body := v2KeySale(w.v2BillingKey("K-1"), 8900)
			status, got := w.v2Charge("A-1", body, "")
			if status != http.StatusBadGateway || got["type"] != "PG_PROVIDER" || got["pgMessage"] != text || got["pgCode"] == "" {
				t.Errorf("the decline: %d %v", status, got)
			}
			_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
			if p["status"] != "FAILED" || p["failure"].(map[string]any)["pgMessage"] != text || len(w.box.Ledger().Entries) != 0 {
				t.Errorf("the payment: %v, %+v", p, w.box.Ledger())
			}
			if status, got := w.v2Charge("A-1", body, ""); status != http.StatusOK {
				t.Errorf("a second try under the same paymentId: %d %v", status, got)
			}
		})
	}
}

func TestAFaultThatCannotDeclineIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, f := range map[string]sandbox.Fault{
		"a look-up":         {PG: "portone_v2", Operation: "lookup"},
		"just anything":     {PG: "portone_v2"},
		"an unknown reason": {PG: "portone_v2", Operation: "charge", Reason: "mood"},
	} {
		f.Kind = sandbox.FaultDecline
		if err := w.box.Inject(f); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestV2WindowAndConfirmAreDeclinedByAFault(t *testing.T) {
	t.Parallel()
	for channel, operation := range map[string]string{"channel-key-v2-auto": "pay", "channel-key-v2-inicis": "confirm"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.inject(sandbox.Fault{PG: "portone_v2", Operation: operation, Kind: sandbox.FaultDecline, Reason: "expired"})
			rsp := w.v2Pay(v2Params("A-1", channel, 1000), "pay")
			if operation == "confirm" {
				_, rsp = w.json(http.MethodPost, v2Root+"A-1/confirm", map[string]any{"paymentToken": rsp["paymentToken"]}, v2Header(""))
			}
			if rsp["pgMessage"] != "유효기간 경과 카드" || len(w.box.Ledger().Entries) != 0 {
				t.Errorf("got %v", rsp)
			}
		})
	}
}

func TestV2ChargeUnderAnIdempotencyKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := v2KeySale(w.v2BillingKey("K-1"), 8900)
	w.inject(sandbox.Fault{PG: "portone_v2", Operation: "charge", Kind: sandbox.FaultDropAfterCommit})
	if _, err := w.do(http.MethodPost, v2Root+"A-1/billing-key", "application/json", text(t, body), v2Header("charge-of-A-1-0001")); err == nil {
		t.Fatal("the answer was not lost")
	}
	status, got := w.v2Charge("A-1", body, "charge-of-A-1-0001")
	if status != http.StatusOK || got["payment"] == nil || w.box.Ledger().Captured != 8900 || len(w.box.Ledger().Entries) != 1 {
		t.Errorf("repeated: %d %v, %+v", status, got, w.box.Ledger())
	}
	if status, got := w.v2Charge("A-1", body, "charge-of-A-1-0002"); status != http.StatusConflict || got["type"] != "ALREADY_PAID" {
		t.Errorf("under another key: %d %v", status, got)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
