package rules

import (
	"fmt"

	"github.com/pg-gateway/pg-gateway/payment"
)

// taxes are the tax figures of what the PG is to charge.
type taxes struct {
	free, vat       payment.Won
	freeSet, vatSet bool
}

// taxesOf reckons the tax figures of part, the share of an order that the PG is to charge. What a secondary method
// pays is taken from the taxed goods first, so that the tax-free part stays as long as part holds it; the value
// added tax goes down to what the rest can bear.
func taxesOf(c *payment.Checkout, part payment.Won) taxes {
	free := min(c.TaxFree, part) //guard:tax-free-within-the-charge
	//guard:part-bears-its-own-vat
	return taxes{free: free, vat: min(c.VAT, mostVAT(part-free)), freeSet: c.TaxFreeSet, vatSet: c.VATSet}
}

// mostVAT is the most value added tax in a taxed price: a tenth of the supply value is an eleventh of the price,
// rounded up since shops round as they like.
func mostVAT(taxed payment.Won) payment.Won { return (taxed + 10) / 11 }

// sums checks an order's tax figures by themselves.
func (d *deciding) sums() *payment.Problem {
	c := d.in
	if c.TaxFree < 0 || c.TaxFree > c.Amount {
		return problem(payment.CodeInvalidField, "tax_free", "면세 금액이 주문 금액을 넘습니다",
			"the tax-free part is not within the order's amount")
	}
	if most := mostVAT(c.Amount - c.TaxFree); c.VAT < 0 || c.VAT > most { //guard:vat-at-most-a-tenth
		return problem(payment.CodeInvalidField, "vat_amount",
			fmt.Sprintf("부가세 %d원은 과세 금액 %d원의 한도(공급가액의 10%%) %d원을 넘습니다", c.VAT, c.Amount-c.TaxFree, most),
			fmt.Sprintf("VAT of %d won is not within 10 %% of the supply value: a taxed part of %d won bears at most %d won",
				c.VAT, c.Amount-c.TaxFree, most))
	}
	return nil
}

// taxFault is why a merchant cannot take a payment's tax figures.
type taxFault int

const (
	taxFits taxFault = iota
	// taxNoFree: the PG would tax the tax-free part all the same.
	taxNoFree
	// taxNoVAT: nothing of this merchant's is taxed.
	taxNoVAT
	// taxWholly: all or nothing of this merchant's sale is tax-free.
	taxWholly
	// taxNotZero: the VAT is 0, which only a zero-rated contract may have.
	taxNotZero
	// taxUnstated: the PG would take an unstated tax-free part for the whole.
	taxUnstated
)

// roundedOff is a taxed price, in won, whose VAT may be less than a won.
const roundedOff payment.Won = 10

// fault tells whether a merchant whose sales are taxed as kind says can take a payment of part.
func (t taxes) fault(kind payment.TaxKind, part payment.Won) taxFault {
	taxed := kind == payment.TaxTaxable || kind == payment.TaxMixed
	//guard:zero-vat-by-contract
	if taxed && t.vatSet && t.vat == 0 && part-t.free > roundedOff {
		return taxNotZero
	}
	switch kind {
	case payment.TaxMixed:
		if !t.freeSet { //guard:mixed-contract-states-tax-free
			return taxUnstated
		}
	case payment.TaxFree:
		if t.vat > 0 {
			return taxNoVAT
		}
		if t.free > 0 && t.free < part { //guard:tax-free-contract
			return taxWholly
		}
	case payment.TaxZeroRated:
		if t.vat > 0 { //guard:zero-rated-contract
			return taxNoVAT
		}
		if t.free > 0 {
			return taxNoFree
		}
	case payment.TaxTaxable:
		if t.free > 0 { //guard:taxable-contract
			return taxNoFree
		}
	}
	return taxFits
}

// taxRefused is the denial when every merchant fails on the tax figures: the first of the PG's that does speaks.
func (d *deciding) taxRefused(p *pg) *payment.Problem {
	for _, m := range p.merchants[merchantPurpose(d.in.Purpose)] {
		if how, _ := m.fits(d.in, d.method, d.amount, d.now); how == fitNotTaxes {
			return d.taxDenial(m)
		}
	}
	return problem(payment.CodeTaxNotAllowed, "tax_free", "", "")
}

func (d *deciding) taxDenial(m *merchant) *payment.Problem {
	t := taxesOf(d.in, d.amount)
	deny := func(field, ko, en string) *payment.Problem {
		return problem(payment.CodeTaxNotAllowed, field,
			fmt.Sprintf("가맹점 %s은(는) %s 가맹점입니다: %s", m.ID, kindKo(m.Tax), ko),
			fmt.Sprintf("merchant %s has tax: %s: %s", m.ID, m.Tax, en))
	}
	switch t.fault(m.Tax, d.amount) {
	case taxNoFree:
		return deny("tax_free", fmt.Sprintf("면세 금액 %d원을 받을 수 없습니다. 복합과세(tax: mixed) 가맹점이 필요합니다", t.free),
			fmt.Sprintf("a tax-free part of %d won needs a merchant with tax: mixed", t.free))
	case taxNoVAT:
		return deny("vat_amount", fmt.Sprintf("부가세 %d원을 받을 수 없습니다. vat_amount를 0으로 보내거나 과세 가맹점을 쓰세요", t.vat),
			fmt.Sprintf("VAT of %d won is not taken; send vat_amount 0 or use a merchant that is taxed", t.vat))
	case taxWholly:
		return deny("tax_free", fmt.Sprintf("%d원 가운데 %d원만 면세일 수 없습니다. tax_free는 0이나 전액이어야 합니다", d.amount, t.free),
			fmt.Sprintf("%d of %d won cannot be tax-free alone; tax_free is 0 or the whole, or use a merchant with tax: mixed",
				t.free, d.amount))
	case taxNotZero:
		return deny("vat_amount", fmt.Sprintf("과세 금액 %d원의 부가세가 0원일 수 없습니다. 영세율(tax: zero_rated) 가맹점이 필요합니다",
			d.amount-t.free), fmt.Sprintf("a VAT of 0 for %d won that are taxed needs a merchant with tax: zero_rated",
			d.amount-t.free))
	case taxFits, taxUnstated:
	}
	return deny("tax_free", "세금 금액이 맞지 않습니다", "the tax figures do not fit")
}

// kindKo is a kind of tax in Korean.
func kindKo(k payment.TaxKind) string {
	switch k {
	case payment.TaxTaxable:
		return "과세"
	case payment.TaxFree:
		return "면세"
	case payment.TaxMixed:
		return "복합과세"
	case payment.TaxZeroRated:
		return "영세율"
	}
	return string(k)
}

// String says in the trace what does not fit.
func (f taxFault) String() string {
	switch f {
	case taxNoFree:
		return "it cannot take a tax-free part"
	case taxNoVAT:
		return "it takes no VAT"
	case taxWholly:
		return "it is tax-free as a whole or not at all"
	case taxUnstated:
		return "mixed tax, and the tax-free part is not stated"
	case taxNotZero:
		return "its VAT is not 0"
	case taxFits:
	}
	return "the tax figures fit"
}
