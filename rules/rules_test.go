package rules_test

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

func TestShippedConfig(t *testing.T) {
	t.Parallel()
	s, err := rules.LoadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method payment.Method
		pg     payment.PGID
	}{{"card", "inicis"}, {"kakaopay", "portone"}, {"tosspay", "portone1"}, {"11", "inicis"}} {
		d, err := s.Decide(&payment.Checkout{
			OrderID: "o-1", Amount: 1000, Device: "pc",
			Payments: []payment.MethodAmount{{Method: tt.method, Amount: 1000}},
		},
			rules.Options{Now: time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatalf("%s: %v", tt.method, err)
		}
		if d.PG.ID != tt.pg {
			t.Errorf("%s goes to %s, want %s", tt.method, d.PG.ID, tt.pg)
		}
	}
}
