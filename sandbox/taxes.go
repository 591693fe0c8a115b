package sandbox

// taxes are the parts of an amount that its merchant stated.
type taxes struct {
	taxFree Won
	vat     Won
	// vatSet tells that the VAT was stated, be it 0, and not left to be reckoned as an eleventh.
	vatSet bool
}

// possible tells whether an amount can hold these parts. VAT is at most a tenth of the supply; a merchant that
// rounds may be one won above.
func (t taxes) possible(amount Won) bool {
	supply := amount - t.taxFree - t.vat
	return t.taxFree >= 0 && t.vat >= 0 && supply >= 0 && 10*(t.vat-1) <= supply
}

// vatOf is the VAT inside a taxable amount, rounded to the won.
func vatOf(taxable Won) Won { return (taxable + 5) / 11 }

// vatIn is the VAT in an amount: as stated, else an eleventh of the taxable part.
func (t taxes) vatIn(amount Won) Won {
	if t.vatSet {
		return t.vat
	}
	return vatOf(amount - t.taxFree)
}

// covers tells whether a payment of these parts, of which back was given back already, can give back now in a
// cancel of price: the tax-free, the taxable and the stated VAT each never go above what is left of them.
func (t taxes) covers(back, now taxes, remaining, price Won) bool {
	leftFree := t.taxFree - back.taxFree
	return now.taxFree <= leftFree && price-now.taxFree <= remaining-leftFree && (!t.vatSet || now.vat <= t.vat-back.vat)
}

// share are the parts of a cancel whose own nobody stated: of the rest everything, of less the taxable money first.
func (t taxes) share(back taxes, amount, left Won) taxes {
	free := t.taxFree - back.taxFree
	if amount == left {
		return taxes{taxFree: free, vat: t.vat - back.vat, vatSet: t.vatSet}
	}
	free = max(0, amount-(left-free))
	out := taxes{taxFree: free}
	if t.vatSet {
		out.vat, out.vatSet = min(vatOf(amount-free), t.vat-back.vat), true
	}
	return out
}

// fit is t for a deposit of another amount than was asked for: parts that it cannot hold are dropped.
func (t taxes) fit(amount Won) taxes {
	if t.possible(amount) {
		return t
	}
	return taxes{taxFree: min(t.taxFree, amount)}
}

// plus adds what is given back now.
func (t taxes) plus(back taxes) taxes {
	return taxes{taxFree: t.taxFree + back.taxFree, vat: t.vat + back.vat, vatSet: t.vatSet}
}

// optionalWon reads an amount that need not be there.
func optionalWon(text string) (won Won, set bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	won, err = parseWon(text)
	return won, true, err
}
