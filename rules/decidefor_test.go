package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

func TestDecideFor(t *testing.T) {
	t.Parallel()
	s := store(t)
	checkout := func(method payment.Method) *payment.Checkout {
		return &payment.Checkout{
			OrderID: "o-1", Amount: 60000, Device: payment.DevicePC, Site: "main",
			Payments: []payment.MethodAmount{{Method: method, Amount: 60000}},
		}
	}
	tests := []struct {
		name   string
		in     *payment.Checkout
		id     payment.MerchantID
		err    string
		months int
	}{
		{"the merchant that is chosen", checkout("card"), "999", "", 0},
		{"a merchant of a fallback, with its own offer", checkout("card"), "2001", "", 0},
		{"a merchant that is not offered", checkout("card"), "5001", "MERCHANT_NOT_FOUND mersNo", 0},
		{"an unknown merchant", checkout("card"), "nobody", "MERCHANT_NOT_FOUND mersNo", 0},
		{"nothing left for a PG", checkout("mileage"), "999", "MERCHANT_NOT_FOUND mersNo", 0},
		{"a denial stays a denial", checkout("lpay"), "999", "METHOD_NOT_LINKED payments.0.method", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.DecideFor(tt.in, tt.id, rules.Options{Now: storeTime()})
			if codeOf(err) != tt.err {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			if err == nil && (got.Merchant.ID != tt.id || got.PG.ID != got.Merchant.PG || got.Fallbacks != nil) {
				t.Errorf("got %s of %s, fallbacks %v", got.Merchant.ID, got.PG.ID, got.Fallbacks)
			}
		})
	}
	// The second PG hides KB, so its window must, although another PG was chosen first.
	got, err := s.DecideFor(checkout("card"), "2001", rules.Options{Now: storeTime()})
	if err != nil || len(got.Installments.Cards) == 0 || cmp.Diff([]payment.AcquirerMonths(nil), got.Installments.InterestFree) != "" {
		t.Errorf("the offer is another merchant's: %+v, %v", got.Installments, err)
	}
}
