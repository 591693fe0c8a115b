package gateway

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// How far an escrow has come is written down once, whoever repeats it, and changes nothing else.
func TestAnEscrowsWayIsWrittenDown(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	o := h.changed("v1", h.checkout("tosspay"), map[string]any{"merchant_uid": "escrow", "escrow": true})
	h.click(o, "pay")
	like := h.state(o.attempt)
	for _, a := range []payment.Attempt{{ID: "escrow", Purpose: payment.PurposeEscrow, PG: "portone1"}, {ID: "plain", Purpose: payment.PurposeOneTime, PG: "portone1"}, {ID: "other", Purpose: payment.PurposeEscrow, PG: "portone"}} {
		a.Merchant, a.MID, a.Method, a.Amount, a.Test = like.Merchant, like.MID, like.Method, like.Amount, like.Test
		a.OrderID, a.Driver, a.Currency, a.CreatedAt, a.ExpiresAt = payment.OrderID(a.ID), portonev1.Name, payment.CurrencyKRW, time.Now(), time.Now().Add(time.Hour)
		if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, attempt, status, result string
		events                        int
	}{
		{"a payment that the PG does not show", "escrow", "2", "failed", 1},
		{"a word that nobody knows", "escrow", "99", "unknown_payment", 1},
		{"shipped", "escrow", "2", "accepted", 2},
		{"shipped again", "escrow", "2", "duplicate", 2},
		{"confirmed", "escrow", "3", "accepted", 3},
		{"no escrow", "plain", "3", "unknown_payment", 1},
		{"another PG's", "other", "3", "unknown_payment", 1},
		{"nobody's", "nobody", "3", "unknown_payment", 0},
	}
	for _, tt := range tests {
		before := h.counted(tt.result)
		tx, answer := o.txID, 200
		if tt.result == "failed" {
			tx, answer = "imp_000000000001", 500
		}
		body := `{"event":"Inicis.Escrow.Changed","imp_uid":"` + tx + `","merchant_uid":"` + tt.attempt + `","status":"paid","extra":{"escrow_status":"` + tt.status + `"}}`
		status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", nil, body)
		events, err := h.journal.Events(t.Context(), payment.AttemptID(tt.attempt))
		if err != nil || status != answer || len(events) != tt.events || h.counted(tt.result) != before+1 {
			t.Errorf("%s: answered %d, %d events, counted %v more, %v", tt.name, status, len(events), h.counted(tt.result)-before, err)
		}
	}
}
