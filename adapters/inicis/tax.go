package inicis

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// taxes returns the VAT and the tax-free part to state with an amount, and whether they are stated at all: only
// contracts by which the shop works out its VAT itself (부가세 업체정함) take them, so a plainly taxable sale whose
// shop says nothing goes without. What the shop stated is sent as it is; otherwise the VAT is an eleventh of the
// taxable part, rounded down, since it must not be over a tenth of the supply value.
func taxes(kind payment.TaxKind, amount, taxFree, vat payment.Won, vatSet bool) (tax, free payment.Won, stated bool) {
	// A tax-free merchant's whole sale is tax-free, also where the shop does not say so.
	if kind == payment.TaxFree && taxFree == 0 && vat == 0 {
		taxFree = amount
	}
	switch {
	case vatSet:
		return vat, taxFree, true
	case kind == payment.TaxZeroRated:
		return 0, taxFree, true
	case taxFree > 0, kind == payment.TaxMixed:
		return (amount - taxFree) / 11, taxFree, true
	}
	return 0, 0, false
}

// checkTaxes refuses tax figures that cannot be parts of amount.
func checkTaxes(amount, taxFree, vat payment.Won, vatSet bool) error {
	switch {
	case taxFree < 0 || taxFree > amount:
		return &adapters.FieldError{Field: "tax_free", Msg: "must be a part of the amount"}
	case vatSet && (vat < 0 || vat > amount-taxFree): //guard:vat-is-part-of-the-amount
		return &adapters.FieldError{Field: "vat_amount", Msg: "must be a part of the taxable amount"}
	}
	return nil
}
