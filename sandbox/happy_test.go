package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestEveryPGSellsAndTheBooksAgree buys once through each PG as the gateway and the browser would together.
func TestEveryPGSellsAndTheBooksAgree(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pg   string
		pay  func(w *world, attempt string, amount int64)
	}{
		{"inicis", "inicis", func(w *world, attempt string, amount int64) {
			if got, _ := w.charge(attempt, won(amount)); got["resultCode"] != "0000" {
				w.t.Fatalf("approval: %v", got)
			}
		}},
		{"portone v1", "portone_v1", func(w *world, attempt string, amount int64) {
			if rsp := w.v1Pay(v1Params(attempt, amount), "pay"); rsp["error_code"] != nil {
				w.t.Fatalf("request_pay: %v", rsp)
			}
		}},
		{"portone v2 without manual confirm", "portone_v2", func(w *world, attempt string, amount int64) {
			if rsp := w.v2Pay(v2Params(attempt, "channel-key-v2-auto", amount), "pay"); rsp["code"] != nil {
				w.t.Fatalf("requestPayment: %v", rsp)
			}
		}},
		{"portone v2 with manual confirm", "portone_v2", func(w *world, attempt string, amount int64) {
			rsp := w.v2Pay(v2Params(attempt, "channel-key-v2-inicis", amount), "pay")
			status, got := w.json(http.MethodPost, "/portone/v2/payments/"+attempt+"/confirm", map[string]any{
				"paymentToken": rsp["paymentToken"], "totalAmount": amount, "currency": "KRW", "isTest": true,
			}, v2Header("confirm-"+attempt))
			if status != http.StatusOK || got["pgTxId"] == nil || got["paidAt"] == nil {
				w.t.Fatalf("confirm: %d %v", status, got)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			order, amount := w.order("G001", "11")
			attempt := strings.ReplaceAll(order, "O", "A")
			tt.pay(w, attempt, amount)
			if got := w.box.Audit(); got.OK || len(got.Differences) != 1 {
				t.Errorf("before the shop knows, the audit says %+v", got)
			}
			if r := w.event("evt-1", "payment.confirmed", order, attempt, tt.pg, amount); r.status != http.StatusOK {
				t.Fatalf("event: %d %s", r.status, r.body)
			}
			if got := w.box.Audit(); !got.OK || int64(got.Net) != amount {
				t.Errorf("audit: %+v", got)
			}
			if got := w.box.Shop(); got.Confirmed != 1 || int64(got.ConfirmedAmount) != amount {
				t.Errorf("shop: %+v", got)
			}
			if got := w.box.Ledger(); len(got.Entries) != 1 || got.Entries[0].OrderRef != attempt || int64(got.Captured) != amount {
				t.Errorf("ledger: %+v", got)
			}
		})
	}
}
