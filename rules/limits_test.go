package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
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

// TestTenThousandMerchantsLoad, and what is larger than any shop does not.
func TestTenThousandMerchantsLoad(t *testing.T) {
	t.Parallel()
	s, err := Parse("config.yaml", fixture.ManyMerchants(10_000, "a"), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Merchants()); n != 10_000 {
		t.Errorf("%d merchants", n)
	}
	list := "merchants: [" + strings.Repeat("1,", maxItems+1) + "]"
	if _, err := Parse("config.yaml", []byte(list), Sources{}); err == nil || !strings.Contains(err.Error(), "more than 50000 items") {
		t.Errorf("a list without end: %v", err)
	}
}
