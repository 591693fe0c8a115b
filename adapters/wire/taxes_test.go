package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestTaxesOf(t *testing.T) {
	t.Parallel()
	won := func(w payment.Won) *payment.Won { return &w }
	tests := []struct {
		name         string
		kind         payment.TaxKind
		taxFree, vat payment.Won
		vatSet       bool
		want         wire.Taxes
		field        string
	}{
		{name: "nothing stated", kind: payment.TaxTaxable},
		{name: "a tax-free part", taxFree: 100, want: wire.Taxes{TaxFree: won(100)}},
		{name: "mixed states even 0", kind: payment.TaxMixed, want: wire.Taxes{TaxFree: won(0)}},
		{name: "a stated VAT comes with its tax-free part", vat: 91, vatSet: true, want: wire.Taxes{TaxFree: won(0), VAT: won(91)}},
		{name: "a stated VAT of 0", vatSet: true, want: wire.Taxes{TaxFree: won(0), VAT: won(0)}},
		{name: "VAT up to what is taxable", taxFree: 400, vat: 600, vatSet: true, want: wire.Taxes{TaxFree: won(400), VAT: won(600)}},
		{name: "zero-rated states both", kind: payment.TaxZeroRated, want: wire.Taxes{TaxFree: won(0), VAT: won(0)}},

		{name: "tax-free above the amount", taxFree: 1001, field: "tax_free"},
		{name: "tax-free below 0", taxFree: -1, field: "tax_free"},
		{name: "VAT below 0", vat: -1, vatSet: true, field: "vat_amount"},
		{name: "VAT above what is taxable", taxFree: 400, vat: 601, vatSet: true, field: "vat_amount"},
		{name: "VAT that was not stated", vat: 1, field: "vat_amount"},
		{name: "zero-rated with VAT", kind: payment.TaxZeroRated, vat: 1, vatSet: true, field: "vat_amount"},
		{name: "zero-rated with a tax-free part", kind: payment.TaxZeroRated, taxFree: 1, field: "vat_amount"},
	}
	for _, tt := range tests {
		got, err := wire.TaxesOf(tt.kind, 1000, tt.taxFree, tt.vat, tt.vatSet)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
		e, ok := errors.AsType[*adapters.FieldError](err)
		if ok != (tt.field != "") || ok && e.Field != tt.field {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestAccountNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"56211105948400": "56211105948400", "562-111-05 948400": "56211105948400", "": "", "--": "",
		"5621****948400": "", "５６": "", "1;2": "", strings.Repeat("1", 41): "",
	} {
		if got := wire.AccountNumber(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestRefundOf(t *testing.T) {
	t.Parallel()
	got, err := wire.RefundOf(&payment.RefundAccount{Bank: "088", Number: "562-111", Holder: " 홍길동\n", Tel: "010-4242-4242"})
	if diff := cmp.Diff(wire.Refund{Number: "562111", Holder: "홍길동", Tel: "010-4242-4242"}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for field, r := range map[string]*payment.RefundAccount{
		"refund_account":        nil,
		"refund_account.number": {Number: "56x11", Holder: "홍길동"},
		"refund_account.holder": {Number: "56211", Holder: " "},
	} {
		_, err := wire.RefundOf(r)
		e, ok := errors.AsType[*adapters.FieldError](err)
		if !ok || e.Field != field || strings.Contains(err.Error(), "56x11") {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
