package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// chargeAtAPI charges the house's key for its order at the PG's own API. change may alter the body.
func (h *chargeHouse) chargeAtAPI(change func(body map[string]any), headers ...string) answer {
	h.t.Helper()
	path := "/portone/v1/subscribe/payments/again"
	body := map[string]any{
		"customer_uid": h.key, "merchant_uid": h.order, "amount": 9900, "name": "월간 이용권", "buyer_tel": "010-4242-4242",
		"custom_data": map[string]any{"n": 1},
	}
	if h.pg == "portone_v2" {
		path = "/portone/v2/payments/" + h.order + "/billing-key"
		body = map[string]any{
			"billingKey": h.key, "orderName": "월간 이용권", "amount": map[string]any{"total": 9900}, "currency": "KRW",
			"customer": map[string]any{
				"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242",
			},
		}
	}
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", path, string(text), headers...)
}

// paidIn tells whether an answer in the PG's own form says that it is paid.
func (h *chargeHouse) paidIn(a answer) bool {
	h.t.Helper()
	if h.pg == "portone_v2" {
		p, _ := a.json["payment"].(map[string]any)
		return a.status == 200 && p["pgTxId"] != nil && p["paidAt"] != nil
	}
	p, _ := a.json["response"].(map[string]any)
	return a.status == 200 && a.json["code"] == 0.0 && p["status"] == "paid" && p["merchant_uid"] == h.order
}

// TestChargesAtAnAPIAreOurs: a charge through PortOne's own API is an attempt: decided, written down, sent once, told, and
// answered as PortOne answers.
func TestChargesAtAnAPIAreOurs(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		if a := h.chargeAtAPI(nil); !h.paidIn(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		if st := h.state(payment.AttemptID(h.order)); st.State != payment.StateApproved || st.Purpose != payment.PurposeRecurring || st.Amount != 9900 {
			t.Errorf("on record %+v", st)
		}
		if a := h.chargeAtAPI(nil); code(a) != string(payment.CodeOrderAlreadyPaid) || a.status != 409 {
			t.Errorf("again: %d %s", a.status, a.body)
		}
		if a := h.chargeAtAPI(nil, headerIdempotencyKey, `"one-key-for-this-charge"`); !h.paidIn(a) {
			t.Errorf("again under a key: %d %s", a.status, a.body)
		}
		if a := h.chargeAtAPI(func(b map[string]any) {
			if b["customer_uid"] = "another-card"; h.pg == "portone_v2" {
				b["billingKey"] = "billing-key-of-another-card"
			}
		}, headerIdempotencyKey, `"one-key-for-this-charge"`); code(a) != string(payment.CodeOrderAlreadyPaid) {
			t.Errorf("by another card: %d %s", a.status, a.body)
		}
		if a := h.chargeAtAPI(func(b map[string]any) {
			if b["amount"] = 5000; h.pg == "portone_v2" {
				b["amount"] = map[string]any{"total": 5000}
			}
		}); code(a) != string(payment.CodeChargeIDUsed) {
			t.Errorf("another amount: %d %s", a.status, a.body)
		}
		if h.sent() != 1 {
			t.Errorf("sent %d", h.sent())
		}
		h.stands(9900)
	})
}

// TestDeclinesAtAnAPI: a decline is the PG's own answer the first time, and known afterwards.
func TestDeclinesAtAnAPI(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
		a := h.chargeAtAPI(nil)
		p, _ := a.json["response"].(map[string]any)
		own := a.status == 200 && p["status"] == "failed"
		if h.pg == "portone_v2" {
			own = a.status == 502 && a.json["type"] == "PG_PROVIDER"
		}
		if !own {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if a := h.chargeAtAPI(nil); code(a) != string(payment.CodeChargeDeclined) || h.sent() != 1 {
			t.Errorf("again: %d %s, sent %d", a.status, a.body, h.sent())
		}
		h.newOrder()
		if a := h.chargeAtAPI(nil); !h.paidIn(a) {
			t.Errorf("another order: %d %s", a.status, a.body)
		}
		h.stands(9900)
	})
}

// TestLostChargesAtAnAPI: whatever becomes of the answer, the charge is made once and in the end its caller is told.
func TestLostChargesAtAnAPI(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
			sandbox.FaultWrongOrder,
		} {
			t.Run(fmt.Sprintf("%s %s", pg, kind), func(t *testing.T) {
				t.Parallel()
				h := newChargeHouse(t, pg)
				h.fault(h.op, sandbox.Fault{Kind: kind, Status: 502})
				if a := h.chargeAtAPI(nil); !h.paidIn(a) {
					t.Errorf("answered %d %s", a.status, a.body)
				}
				if h.sent() != 1 {
					t.Errorf("sent %d", h.sent())
				}
				h.stands(9900)
			})
		}
		t.Run(pg+" before it was charged", func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, pg)
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
			for range 2 {
				if a := h.chargeAtAPI(nil); code(a) != string(payment.CodePaymentUnknown) {
					t.Errorf("answered %d %s", a.status, a.body)
				}
			}
			if a := h.chargeAtAPI(nil, headerIdempotencyKey, `"one-key-for-this-charge"`); code(a) != string(payment.CodePaymentUnknown) || h.sent() != 1 {
				t.Errorf("under a key: %d %s, sent %d", a.status, a.body, h.sent())
			}
			h.stands(0)
		})
	}
}

// TestChargesAtAnAPIAreDecided: what the rules, or sense, do not allow is not sent.
func TestChargesAtAnAPIAreDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	for _, tt := range []struct {
		name, pg string
		change   func(map[string]any)
		headers  []string
		code     payment.Code
	}{
		{"over the method's limit", "portone1", set("amount", 10_000_001), nil, payment.CodeAmountTooLarge},
		{"over the method's limit", "portone", set("amount", map[string]any{"total": 10_000_001}), nil, payment.CodeAmountTooLarge},
		{"instalments that nobody offers", "portone1", set("card_quota", 3), nil, payment.CodeInstallmentRefused},
		{"no such key", "portone1", set("customer_uid", "nobody-has-it"), nil, payment.CodeKeyNotFound},
		{"another channel", "portone", set("channelKey", "channel-key-v2-other"), nil, payment.CodeKeyNotFound},
		{"dollars", "portone1", set("currency", "USD"), nil, payment.CodeInvalidField},
		{"dollars", "portone", set("currency", "USD"), nil, payment.CodeInvalidField},
		{"another PG by name", "portone1", set("pg", "html5_inicis"), nil, payment.CodeInvalidField},
		{"a channel group", "portone", set("channelGroupId", "g"), nil, payment.CodeInvalidField},
		{"nothing", "portone1", set("amount", 0), nil, payment.CodeInvalidField},
		{"too long an id", "portone1", set("merchant_uid", strings.Repeat("a", 41)), nil, payment.CodeInvalidField},
		{"more tax-free than all", "portone1", set("tax_free", 9901), nil, payment.CodeInvalidField},
		{"a sub-merchant", "portone1", nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(tt.name+" "+tt.pg, func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, tt.pg)
			if a := h.chargeAtAPI(tt.change, tt.headers...); code(a) != string(tt.code) {
				t.Errorf("answered %d %s, want %s", a.status, a.body, tt.code)
			}
			if h.sent() != 0 {
				t.Errorf("sent %d", h.sent())
			}
		})
	}
}

// TestALostChargeOfAnUntoldKey: a charge of this very call that was lost and found is answered as paid, whether or not
// PortOne tells which key it was.
func TestALostChargeOfAnUntoldKey(t *testing.T) {
	t.Parallel()
	var charged atomic.Bool
	h, _ := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			charged.Store(true)
			w.WriteHeader(http.StatusBadGateway)
		case strings.Contains(r.URL.Path, "/billing-keys/"):
			fmt.Fprint(w, `{"status":"ISSUED","billingKey":"billing-key-1","channels":[{"key":"channel-key-v2-billing","type":"TEST","pgMerchantId":"INIBillTst"}]}`)
		case !charged.Load():
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"type":"PAYMENT_NOT_FOUND"}`)
		default:
			fmt.Fprint(w, `{"status":"PAID","id":"SUB-1","transactionId":"tx-1","pgTxId":"pg-1","paidAt":"2026-12-01T00:00:00Z","currency":"KRW",`+
				`"method":{"type":"PaymentMethodCard"},"channel":{"type":"TEST","key":"channel-key-v2-billing","pgMerchantId":"INIBillTst"},`+
				`"amount":{"total":9900,"taxFree":0,"vat":900,"paid":9900,"cancelled":0}}`)
		}
	}, fixture.KeysBy("portone"))
	body := `{"billingKey":"billing-key-1","orderName":"n","amount":{"total":9900},"currency":"KRW",` +
		`"customer":{"name":{"full":"n"},"email":"a@example.com","phoneNumber":"010-4242-4242"}}`
	const path = "/portone/v2/payments/SUB-1/billing-key"
	if a := h.call("POST", path, body); a.status != 200 || !strings.Contains(string(a.body), `"pgTxId":"pg-1"`) {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	if a := h.call("POST", path, body, headerIdempotencyKey, `"one-key-for-this-charge"`); code(a) != string(payment.CodeOrderAlreadyPaid) {
		t.Errorf("a repeat cannot be held against its key: %d %s", a.status, a.body)
	}
}

// TestAnswersReadAgainAreTheAttempts: a repeat is answered with what the PG shows, which must be of the very attempt.
func TestAnswersReadAgainAreTheAttempts(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		key := []string{headerIdempotencyKey, `"a-key-of-the-order-service"`}
		if a := h.chargeAtAPI(nil, key...); !h.paidIn(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		kinds := []sandbox.FaultKind{sandbox.FaultWrongOrder}
		if h.pg == "portone_v1" {
			kinds = append(kinds, sandbox.FaultWrongAmount) // V2's answer says no amount
		}
		for _, kind := range kinds {
			h.fault("lookup", sandbox.Fault{Kind: kind, Times: -1})
			if a := h.chargeAtAPI(nil, key...); a.status == http.StatusOK || code(a) != string(payment.CodePaymentUnknown) {
				t.Errorf("%s: answered %d %s", kind, a.status, a.body)
			}
			h.sandbox.ClearFaults()
		}
		if a := h.chargeAtAPI(nil, key...); !h.paidIn(a) || h.sent() != 1 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
		}
	})
}
