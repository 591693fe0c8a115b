package rules

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// TestAnOrderHasALargestAmount: the whole order, whatever its parts.
func TestAnOrderHasALargestAmount(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(tiny, "a") + "limits: { max_amount: 50000 }\n"
	s, err := Parse("config.yaml", []byte(text), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		amount payment.Won
		code   payment.Code
	}{{50_000, ""}, {50_001, payment.CodeAmountTooLarge}, {payment.MaxWon, payment.CodeAmountTooLarge}} {
		_, err := s.Decide(&payment.Checkout{
			OrderID: "o", Amount: tt.amount, Device: payment.DevicePC, Payments: []payment.MethodAmount{{Method: "card", Amount: tt.amount}},
		}, Options{Now: time.Unix(1_800_000_000, 0)})
		var p *payment.Problem
		if errors.As(err, &p); (p == nil) != (tt.code == "") || p != nil && (p.Code != tt.code || p.Field != "amount") {
			t.Errorf("%d won: %v, want %q", tt.amount, err, tt.code)
		}
	}
}
