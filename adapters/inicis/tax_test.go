package inicis_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestPartialRefundsStateTheirTaxes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		kind         payment.TaxKind
		taxFree, vat payment.Won
		vatSet       bool
		tax, free    string
	}{
		{"a taxable merchant states none", payment.TaxTaxable, 0, 0, false, "", ""},
		{"what was stated is stated", payment.TaxTaxable, 0, 90, true, "90", "0"},
		{"be it zero", payment.TaxTaxable, 0, 0, true, "0", "0"},
		{"a tax-free part takes the VAT along", payment.TaxMixed, 100, 0, false, "81", "100"},
		{"a mixed merchant always states both", payment.TaxMixed, 0, 0, false, "90", "0"},
		{"the shop's VAT is not reckoned again", payment.TaxMixed, 100, 82, true, "82", "100"},
		{"a tax-free merchant", payment.TaxFree, 0, 0, false, "0", "1000"},
		{"a tax-free merchant whose shop states no VAT", payment.TaxFree, 0, 0, true, "0", "1000"},
		{"a tax-free merchant whose shop states it all", payment.TaxFree, 1_000, 0, true, "0", "1000"},
		{"a zero-rated merchant", payment.TaxZeroRated, 0, 0, false, "0", "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec, base := record(t, `{"resultCode":"00"}`)
			acc := account(base)
			acc.Merchant.Tax = tt.kind
			_, err := driver().Cancel(t.Context(), adapters.CancelRequest{
				Account: acc, Attempt: attempt(), PGTxID: tid, Amount: 1_000, Remaining: 64_900,
				TaxFree: tt.taxFree, VAT: tt.vat, VATSet: tt.vatSet, OperationID: "op-1", Now: at,
			})
			if err != nil {
				t.Fatal(err)
			}
			var sent struct {
				Data map[string]string `json:"data"`
			}
			if err := json.Unmarshal([]byte(rec.body), &sent); err != nil {
				t.Fatal(err)
			}
			if sent.Data["tax"] != tt.tax || sent.Data["taxfree"] != tt.free {
				t.Errorf("sent tax %q, taxfree %q; want %q, %q", sent.Data["tax"], sent.Data["taxfree"], tt.tax, tt.free)
			}
		})
	}
}

func TestATaxablePartOfASaleThatWasPartlyTaxFreeStatesItsVAT(t *testing.T) {
	t.Parallel()
	rec, base := record(t, `{"resultCode":"00"}`)
	a := attempt()
	a.TaxFree = 4_900
	_, err := driver().Cancel(t.Context(), adapters.CancelRequest{
		Account: account(base), Attempt: a, PGTxID: tid, Amount: 1_100, Remaining: 64_900, OperationID: "op-1", Now: at,
	})
	if err != nil || !strings.Contains(rec.body, `"tax":"100","taxfree":"0"`) {
		t.Errorf("sent %s, %v", rec.body, err)
	}
}

// However a sale is split, the VAT that is worked out is never over a tenth of the supply value.
func TestTheVATIsNeverOverATenth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		req := prepareRequest()
		req.Attempt.Amount = payment.Won(rapid.Int64Range(1, int64(payment.MaxWon)).Draw(rt, "amount"))
		req.Attempt.TaxFree = payment.Won(rapid.Int64Range(0, int64(req.Attempt.Amount)).Draw(rt, "tax-free part"))
		req.Merchant.Tax = payment.TaxMixed
		form := formOf(t, req)
		vat, err := payment.ParseWon(form["tax"])
		if err != nil || form["taxfree"] != req.Attempt.TaxFree.String() {
			rt.Fatalf("tax %q, taxfree %q, %v", form["tax"], form["taxfree"], err)
		}
		if supply := req.Attempt.Amount - req.Attempt.TaxFree - vat; 10*vat > supply {
			rt.Fatalf("VAT of %d on %d", vat, supply)
		}
	})
}
