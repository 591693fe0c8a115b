package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// plantedCard is a card number that must be found nowhere but in the request.
const plantedCard = "4111118888884242"

func v2Credential(changes map[string]any) map[string]any {
	x := map[string]any{
		"number": plantedCard, "expiryYear": "29", "expiryMonth": "04", "birthOrBusinessRegistrationNumber": "900101",
		"passwordTwoDigits": "12",
	}
	maps.Copy(x, changes)
	return map[string]any{"card": map[string]any{"credential": x}}
}

func v2FixedAccount(changes map[string]any) map[string]any {
	x := map[string]any{
		"bank": "SHINHAN", "expiry": map[string]any{"validHours": 24},
		"option": map[string]any{"type": "FIXED", "fixed": map[string]any{"accountNumber": "56200001111222"}},
	}
	maps.Copy(x, changes)
	return map[string]any{"virtualAccount": x}
}

func v2InstantSale(method map[string]any) map[string]any {
	return map[string]any{
		"channelKey": "channel-key-v2-auto", "orderName": "노르웨이 회전 의자", "currency": "KRW", "amount": map[string]any{"total": 64900},
		"customer": v2Buyer(), "method": method,
	}
}

func TestV2ChargesACardAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := v2InstantSale(v2Credential(nil))
	status, got := w.json(http.MethodPost, v2Root+"A-1/instant", body, v2Header(""))
	if status != http.StatusOK || got["payment"].(map[string]any)["paidAt"] == nil {
		t.Fatalf("instant: %d %v", status, got)
	}
	r := w.must(http.MethodGet, v2Root+"A-1", "", "", v2Header(""))
	p := r.object(t)
	card := p["method"].(map[string]any)["card"].(map[string]any)
	if p["status"] != "PAID" || p["billingKey"] != nil || card["number"] != "411111******4242" || card["bin"] != "411111" {
		t.Errorf("payment: %s", r.body)
	}
	if strings.Contains(r.body, plantedCard) {
		t.Error("the card's number was kept")
	}
	if l := w.box.Ledger(); l.Captured != 64900 || l.Entries[0].By != "instant" {
		t.Errorf("ledger: %+v", l)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-1/instant", body, v2Header("")); status != http.StatusConflict || got["type"] != "ALREADY_PAID" {
		t.Errorf("again: %d %v", status, got)
	}
}

func TestV2InstantRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		method  map[string]any
		changes map[string]any
		status  int
		kind    string
	}{
		{"a card number of letters", v2Credential(map[string]any{"number": "4111-1188-8888-4242"}), nil, 400, "INVALID_REQUEST"},
		{"a month that does not exist", v2Credential(map[string]any{"expiryMonth": "13"}), nil, 400, "INVALID_REQUEST"},
		{"a year of four digits", v2Credential(map[string]any{"expiryYear": "2029"}), nil, 400, "INVALID_REQUEST"},
		{"an expired card", v2Credential(map[string]any{"expiryYear": "26", "expiryMonth": "03"}), nil, 502, "PG_PROVIDER"},
		{"a birth of eight digits", v2Credential(map[string]any{"birthOrBusinessRegistrationNumber": "19900101"}), nil, 400, "INVALID_REQUEST"},
		{"four digits of the password", v2Credential(map[string]any{"passwordTwoDigits": "1234"}), nil, 400, "INVALID_REQUEST"},
		{"no method", map[string]any{}, nil, 400, "INVALID_REQUEST"},
		{"no channel", v2Credential(nil), map[string]any{"channelKey": nil}, 400, "INVALID_REQUEST"},
		{"a recurring channel", v2Credential(nil), map[string]any{"channelKey": "channel-key-v2-billing"}, 404, "CHANNEL_NOT_FOUND"},
		{"a channel group", v2Credential(nil), map[string]any{"channelKey": nil, "channelGroupId": "group"}, 404, "CHANNEL_NOT_FOUND"},
		{"an account that is not fixed", v2FixedAccount(map[string]any{"option": map[string]any{"type": "NORMAL"}}), nil, 400, "INVALID_REQUEST"},
		{"no deadline", v2FixedAccount(map[string]any{"expiry": map[string]any{}}), nil, 400, "INVALID_REQUEST"},
		{"a deadline in the past", v2FixedAccount(map[string]any{"expiry": map[string]any{"dueDate": "2026-01-01T00:00:00Z"}}), nil, 400, "INVALID_REQUEST"},
		{"a bank in V1's words", v2FixedAccount(map[string]any{"bank": "088"}), nil, 400, "INVALID_REQUEST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			body := v2InstantSale(tt.method)
			maps.Copy(body, tt.changes)
			status, got := w.json(http.MethodPost, v2Root+"A-1/instant", body, v2Header(""))
			if status != tt.status || got["type"] != tt.kind || len(w.box.Ledger().Entries) != 0 {
				t.Errorf("got %d %v", status, got)
			}
		})
	}
}

func TestV2OpensAFixedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, got := w.json(http.MethodPost, v2Root+"A-1/instant", v2InstantSale(v2FixedAccount(nil)), v2Header(""))
	if status != http.StatusOK || got["payment"].(map[string]any)["pgTxId"] == "" {
		t.Fatalf("instant: %d %v", status, got)
	}
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	method := p["method"].(map[string]any)
	if p["status"] != "VIRTUAL_ACCOUNT_ISSUED" || method["accountNumber"] != "56200001111222" || method["accountType"] != "FIXED" ||
		len(w.box.Ledger().Entries) != 0 {
		t.Errorf("issued: %v", p)
	}
	if err := w.box.Deposit(sandbox.Deposit{Account: "56200001111222"}); err != nil {
		t.Fatal(err)
	}
	if _, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header("")); p["status"] != "PAID" || w.box.Ledger().Captured != 64900 {
		t.Errorf("paid: %v", p)
	}
}

func TestV2IssuesABillingKeyOfACard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := map[string]any{
		"channelKey": "channel-key-v2-billing", "method": v2Credential(nil), "customer": v2Buyer(), "customData": "of-77",
	}
	status, got := w.json(http.MethodPost, "/portone/v2/billing-keys", body, v2Header(""))
	info, ok := got["billingKeyInfo"].(map[string]any)
	if status != http.StatusOK || !ok || info["issuedAt"] == nil || len(info["channels"].([]any)) != 1 {
		t.Fatalf("issue: %d %v", status, got)
	}
	key := info["billingKey"].(string)
	r := w.must(http.MethodGet, "/portone/v2/billing-keys/"+key, "", "", v2Header(""))
	if !strings.Contains(r.body, "411111******4242") || strings.Contains(r.body, plantedCard) ||
		!strings.Contains(r.body, `"customData":"of-77"`) || strings.Contains(r.body, "issueId") {
		t.Errorf("the key: %s", r.body)
	}
	if status, got := w.v2Charge("A-1", v2KeySale(key, 8900), ""); status != http.StatusOK {
		t.Fatalf("charge: %d %v", status, got)
	}
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if p["method"].(map[string]any)["card"].(map[string]any)["number"] != "411111******4242" || p["amount"].(map[string]any)["paid"] != json.Number("8900") {
		t.Errorf("paid with another card: %v", p)
	}
}

func TestV2KeyOfACardIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]struct {
		changes map[string]any
		status  int
	}{
		"an ordinary channel": {map[string]any{"channelKey": "channel-key-v2-auto"}, 404},
		"nobody":              {map[string]any{"customer": map[string]any{}}, 400},
		"no card":             {map[string]any{"method": map[string]any{}}, 400},
		"an expired card":     {map[string]any{"method": v2Credential(map[string]any{"expiryYear": "20"})}, 502},
	}
	for name, tt := range tests {
		body := map[string]any{"channelKey": "channel-key-v2-billing", "method": v2Credential(nil), "customer": v2Buyer()}
		maps.Copy(body, tt.changes)
		if status, got := w.json(http.MethodPost, "/portone/v2/billing-keys", body, v2Header("")); status != tt.status {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	w.inject(sandbox.Fault{PG: "portone_v2", Operation: "issue", Kind: sandbox.FaultDecline, Reason: "stolen"})
	body := map[string]any{"channelKey": "channel-key-v2-billing", "method": v2Credential(nil), "customer": v2Buyer()}
	if status, got := w.json(http.MethodPost, "/portone/v2/billing-keys", body, v2Header("")); status != http.StatusBadGateway || got["pgMessage"] != "분실·도난 카드" {
		t.Errorf("declined: %d %v", status, got)
	}
	if len(w.box.BillingKeys()) != 0 {
		t.Error("a key was issued")
	}
}
