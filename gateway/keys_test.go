package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// newKeyHouse is a house where cards may be registered, at one PG.
func newKeyHouse(t *testing.T, pg string) *hookHouse {
	t.Helper()
	return newHookHouse(t, nil, fixture.KeysBy(pg))
}

// keyCheckout is a checkout that charges nothing and has a card registered.
func (h *hookHouse) keyCheckout() map[string]any {
	h.t.Helper()
	o, err := h.sandbox.MakeOrder(sandbox.OrderSpec{Name: "월간 이용권", Purpose: "billing_key"})
	if err != nil {
		h.t.Fatal(err)
	}
	c := h.checkout("card")
	c["order_id"], c["amount"], c["purpose"] = o.ID, 0, "billing_key"
	c["payments"] = []any{map[string]any{"method": "card", "amount": 0}}
	return c
}

// register has the buyer register a card, and returns the attempt and what the browser is told of the key.
func (h *hookHouse) register(pg string) (id payment.AttemptID, key string) {
	h.t.Helper()
	a := h.postCheckout(h.keyCheckout())
	if a.status != http.StatusOK {
		h.t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	id = payment.AttemptID(a.json["attempt_id"].(string))
	w := a.json["window"].(map[string]any)
	switch pg {
	case "inicis":
		h.inicisKey(w)
	case "portone":
		rsp := h.sdk("v2", "issue", map[string]any{"device": "pc", "params": w["params"]})
		rsp = h.sdk("v2", "issue/act", map[string]any{"key": rsp["key"], "action": "pay"})
		key, _ = rsp["billingKey"].(string)
	case "portone1":
		rsp := h.sdk("v1", "open", map[string]any{"imp_code": w["init_code"], "device": "pc", "params": w["params"]})
		h.sdk("v1", "act", map[string]any{"key": rsp["key"], "action": "pay"})
	}
	return id, key
}

// inicisKey plays Inicis' billing window and its return.
func (h *hookHouse) inicisKey(w map[string]any) {
	h.t.Helper()
	form := url.Values{}
	for k, v := range w["params"].(map[string]any) {
		form.Set(k, v.(string))
	}
	back := h.post(pathInicisKey, "application/x-www-form-urlencoded", h.pressAt(w["action"].(string), form, "pay").Encode())
	if to := back.header.Get("Location"); back.status != http.StatusSeeOther || !strings.Contains(to, "status=approved") {
		h.t.Fatalf("the return answered %d %s %s", back.status, to, back.body)
	}
}

// A key is issued once, told to the shop once, and found nowhere in the journal.
func TestABillingKeyReachesTheShopOnly(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"inicis", "portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := newKeyHouse(t, pg)
			id, hint := h.register(pg)
			h.sandbox.WaitNotices()
			if pg != "inicis" {
				a := h.post(pathComplete, "application/json", `{"attempt_id":"`+string(id)+`","billing_key":"`+hint+`"}`)
				if a.json["status"] != "approved" {
					t.Fatalf("completing answered %d %s", a.status, a.body)
				}
			}
			h.keyIsTold(id)
		})
	}
}

// The browser may never come back: the webhook alone concludes it.
func TestABillingKeyWhoseBuyerNeverCameBack(t *testing.T) {
	t.Parallel()
	h := newKeyHouse(t, "portone")
	id, _ := h.register("portone")
	h.sandbox.WaitNotices()
	h.keyIsTold(id)
}

// keyIsTold wants an attempt approved and its key with the shop, and not in the journal but sealed.
func (h *hookHouse) keyIsTold(id payment.AttemptID) {
	h.t.Helper()
	a := h.state(id)
	if a.State != payment.StateApproved || a.Amount != 0 {
		h.t.Fatalf("state %s (%s), %s won", a.State, a.Reason, a.Amount)
	}
	keys := h.sandbox.BillingKeys()
	if len(keys) != 1 {
		h.t.Fatalf("the PG issued %d keys", len(keys))
	}
	due, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.g.now(), 10, 1)
	if err != nil || len(due) != 1 || due[0].Type != payment.MessageBillingKey || !due[0].Sealed {
		h.t.Fatalf("messages %v, %v", due, err)
	}
	m, err := lifecycle.OpenMessage(h.g.sealer, due[0])
	if err != nil {
		h.t.Fatal(err)
	}
	var told struct {
		Data struct {
			BillingKey string `json:"billing_key"`
		} `json:"data"`
	}
	if err := json.Unmarshal(m.Body, &told); err != nil || told.Data.BillingKey == "" || !slices.ContainsFunc(keys, func(k sandbox.KeyView) bool { return k.Key == told.Data.BillingKey }) {
		h.t.Errorf("the shop is told %s of %+v", m.Body, keys)
	}
	events, err := h.journal.Events(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	plain, err := json.Marshal(struct {
		A, E, M any
	}{a, events, string(due[0].Body)})
	if err != nil || strings.Contains(string(plain), told.Data.BillingKey) && told.Data.BillingKey != string(id) {
		h.t.Errorf("the journal holds the key plainly: %s (%v)", plain, err)
	}
}

// Without the shop's yes a key is deleted at PortOne, and forgotten for Inicis, which has no deleting.
func TestAKeyThatTheShopRefuses(t *testing.T) {
	t.Parallel()
	for pg, want := range map[string]payment.State{"portone": payment.StateCancelled, "portone1": payment.StateCancelled} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := newKeyHouse(t, pg)
			if err := h.sandbox.SetShop(sandbox.ShopNo); err != nil {
				t.Fatal(err)
			}
			id, hint := h.register(pg)
			h.sandbox.WaitNotices()
			h.post(pathComplete, "application/json", `{"attempt_id":"`+string(id)+`","billing_key":"`+hint+`"}`)
			if a := h.state(id); a.State != want {
				t.Errorf("state %s (%s), want %s", a.State, a.Reason, want)
			}
			for _, k := range h.sandbox.BillingKeys() {
				if !k.Deleted {
					t.Errorf("the key stays: %+v", k)
				}
			}
		})
	}
}

func TestAForgedKeyReturnChangesNothing(t *testing.T) {
	t.Parallel()
	h := newKeyHouse(t, "inicis")
	payWindow := h.inicisReturnToken(h.checkout("card"))
	keyWindow := h.inicisReturnToken(h.keyCheckout())
	tests := []struct {
		name, path string
		form       url.Values
	}{
		{"no token", pathInicisKey, url.Values{"resultCode": {"SUCCESS"}, "mid": {"INIBillTst"}, "orderId": {"x"}, "tid": {"t"}, "billkey": {"k"}}},
		{"a payment's token", pathInicisKey, url.Values{"resultCode": {"SUCCESS"}, "mid": {"INIpayTest"}, "orderId": {payWindow.id}, "tid": {"t"}, "billkey": {"k"}, "merchantRedirectData": {payWindow.token}}},
		{"a key's token at the payment's return", pathInicisReturn, url.Values{"resultCode": {"0000"}, "mid": {"INIBillTst"}, "orderNumber": {keyWindow.id}, "authToken": {"t"}, "merchantData": {keyWindow.token}}},
		{"another attempt's", pathInicisKey, url.Values{"resultCode": {"SUCCESS"}, "mid": {"INIBillTst"}, "orderId": {payWindow.id}, "tid": {"t"}, "billkey": {"k"}, "merchantRedirectData": {keyWindow.token}}},
		{"another MID", pathInicisKey, url.Values{"resultCode": {"SUCCESS"}, "mid": {"INIpayTest"}, "orderId": {keyWindow.id}, "tid": {"t"}, "billkey": {"k"}, "merchantRedirectData": {keyWindow.token}}},
	}
	for _, tt := range tests {
		a := h.post(tt.path, "application/x-www-form-urlencoded", tt.form.Encode())
		if a.status != http.StatusBadRequest || a.header.Get(headerReason) != string(payment.CodeReturnForged) {
			t.Errorf("%s: answered %d %s", tt.name, a.status, a.header.Get(headerReason))
		}
	}
	for _, id := range []string{payWindow.id, keyWindow.id} {
		if _, _, err := h.journal.Attempt(t.Context(), payment.AttemptID(id)); err == nil {
			t.Errorf("attempt %s is in the journal", id)
		}
	}
}

// tokenOf is an Inicis window's attempt and token.
type tokenOf struct{ id, token string }

func (h *hookHouse) inicisReturnToken(checkout map[string]any) tokenOf {
	h.t.Helper()
	a := h.postCheckout(checkout)
	if a.status != http.StatusOK {
		h.t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	params := a.json["window"].(map[string]any)["params"].(map[string]any)
	for _, name := range []string{"merchantData", "merchantRedirectData"} {
		if s, ok := params[name].(string); ok {
			return tokenOf{a.json["attempt_id"].(string), s}
		}
	}
	h.t.Fatalf("the window carries no token: %v", params)
	return tokenOf{}
}
