package wire

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Taxes are the parts of an amount that a PG is told. What is nil is left for the PG to reckon.
type Taxes struct {
	TaxFree *payment.Won
	VAT     *payment.Won
}

// TaxesOf says which parts of amount to state to a merchant's PG. A stated VAT comes with the tax-free part, so
// that nothing is left to reckon; a mixed-tax contract has its tax-free part stated even when it is 0, as the
// whole sale would be tax-free without it; a zero-rated one states both as 0. Errors are an adapters.FieldError.
func TaxesOf(kind payment.TaxKind, amount, taxFree, vat payment.Won, vatSet bool) (Taxes, error) {
	switch {
	case taxFree < 0 || taxFree > amount:
		return Taxes{}, &adapters.FieldError{Field: "tax_free", Msg: "must be a part of the amount"}
	case vat < 0 || vat > amount-taxFree || vat > 0 && !vatSet: //guard:vat-is-part-of-taxable
		return Taxes{}, &adapters.FieldError{Field: "vat_amount", Msg: "must be a part of what is taxable"}
	case kind == payment.TaxZeroRated && (taxFree > 0 || vat > 0):
		return Taxes{}, &adapters.FieldError{
			Field: "vat_amount", Msg: "and the tax-free part must be 0 for a zero-rated merchant",
		}
	}
	var t Taxes
	if vatSet || kind == payment.TaxZeroRated {
		t.VAT = &vat
	}
	if taxFree > 0 || t.VAT != nil || kind == payment.TaxMixed {
		t.TaxFree = &taxFree
	}
	return t, nil
}
