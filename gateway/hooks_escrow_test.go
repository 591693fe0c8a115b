package gateway

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// How far an escrow has come is written down once, whoever repeats it, and changes nothing else.
func TestAnEscrowsWayIsWrittenDown(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	for _, a := range []payment.Attempt{{ID: "escrow", Purpose: payment.PurposeEscrow, PG: "portone1"}, {ID: "plain", Purpose: payment.PurposeOneTime, PG: "portone1"}, {ID: "other", Purpose: payment.PurposeEscrow, PG: "portone"}} {
		a.OrderID, a.Driver, a.Currency, a.CreatedAt, a.ExpiresAt = payment.OrderID(a.ID), payment.DriverPortOneV1, payment.CurrencyKRW, time.Now(), time.Now().Add(time.Hour)
		if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, attempt, status, result string
		events                        int
	}{
		{"shipped", "escrow", "2", "accepted", 2},
		{"shipped again", "escrow", "2", "duplicate", 2},
		{"confirmed", "escrow", "3", "accepted", 3},
		{"no escrow", "plain", "3", "unknown_payment", 1},
		{"another PG's", "other", "3", "unknown_payment", 1},
		{"nobody's", "nobody", "3", "unknown_payment", 0},
	}
	for _, tt := range tests {
		before := h.counted(tt.result)
		body := `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"` + tt.attempt + `","status":"paid","extra":{"escrow_status":"` + tt.status + `"}}`
		status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", nil, body)
		events, err := h.journal.Events(t.Context(), payment.AttemptID(tt.attempt))
		if err != nil || status != 200 || len(events) != tt.events || h.counted(tt.result) != before+1 {
			t.Errorf("%s: answered %d, %d events, counted %v more, %v", tt.name, status, len(events), h.counted(tt.result)-before, err)
		}
	}
}
