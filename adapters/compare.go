package adapters

import "github.com/pg-gateway/pg-gateway/payment"

// Facts are kinds of what a PG may say that it did.
type Facts uint8

// The facts that some PG never states. The order's reference and the amount are stated by every one.
const (
	FactCurrency Facts = 1 << iota
	// FactMerchant is the MID or the channel: who was paid.
	FactMerchant
	FactTest
	FactMethod
	FactTaxes
)

// Taxes are the parts of an amount, in won, and whether they were stated.
type Taxes struct {
	TaxFree      payment.Won
	TaxFreeKnown bool
	VAT          payment.Won
	VATKnown     bool
}

// statedTaxes are the parts that a payment of a must have. A shop that states none has a sale without a tax-free
// part, but for a tax-free merchant, whose PG reckons; the VAT is the PG's to reckon unless it was stated.
func statedTaxes(a payment.Attempt, m *payment.Merchant) Taxes {
	zero := m.Tax == payment.TaxZeroRated
	return Taxes{
		TaxFree: a.TaxFree, TaxFreeKnown: a.TaxFree > 0 || a.VATSet || m.Tax != payment.TaxFree,
		VAT: a.VAT, VATKnown: a.VATSet || zero,
	}
}

// Mismatch compares what a PG says it did with what was decided and names the first difference: order_ref, amount,
// currency, mid, channel, test, cancelled, method, tax_free, vat, escrow, installment. It returns "" when nothing that
// the PG says differs (design promise 2); that it says enough is Untold's to tell.
func Mismatch(a payment.Attempt, m *payment.Merchant, r Result) string {
	switch want := statedTaxes(a, m); {
	case r.OrderRef != "" && r.OrderRef != a.ID: //guard:order-reference-is-compared
		return "order_ref"
	case r.Amount != 0 && r.Amount != a.Amount: //guard:amount-is-compared
		return "amount"
	case r.Currency != "" && r.Currency != a.Currency: //guard:currency-is-compared
		return "currency"
	case r.MID != "" && a.MID != "" && r.MID != a.MID: //guard:mid-is-compared
		return "mid"
	case r.ChannelKey != "" && m.ChannelKey != "" && r.ChannelKey != m.ChannelKey: //guard:channel-is-compared
		return "channel"
	case r.TestKnown && r.Test != a.Test: //guard:test-flag-is-compared
		return "test"
	case r.Outcome == payment.OutcomeApproved && r.Cancelled > 0: //guard:back-in-part-is-not-approved
		// Somebody gave part of it back before the shop was told: what is left does not pay the order.
		return "cancelled"
	case r.Method != "" && !sameMethod(r.Method, a.Method): //guard:method-is-compared
		return "method"
	case r.Taxes.TaxFreeKnown && want.TaxFreeKnown && r.Taxes.TaxFree != want.TaxFree: //guard:tax-free-is-compared
		return "tax_free"
	case r.Taxes.VATKnown && want.VATKnown && r.Taxes.VAT != want.VAT:
		return "vat"
	case otherEscrow(a, r): //guard:other-escrow
		return "escrow"
	case r.Installment > 1 && a.Amount < installmentFrom: //guard:instalment-nobody-offers
		return "installment"
	}
	return ""
}

// installmentFrom is the smallest amount that is paid by instalments, in won: below it no window offers a plan.
const installmentFrom payment.Won = 50_000

// otherEscrow tells whether a PG holds a payment's money otherwise than was decided. A card needs no escrow, so that a
// PG may leave it out of an escrow merchant's card payments.
func otherEscrow(a payment.Attempt, r Result) bool {
	decided := a.Purpose == payment.PurposeEscrow
	switch {
	case !r.EscrowKnown || r.Escrow == decided:
		return false
	case decided:
		return a.Method == "trans" || a.Method == payment.MethodVBank //guard:missing-escrow-of-a-card
	}
	return true
}

// Untold names the first thing that Mismatch compares and that the answer does not tell, though its PG can: such an
// answer proves no approval, whatever it says besides. It returns "" when all of it is there.
func Untold(a payment.Attempt, m *payment.Merchant, r Result) string {
	tells := func(f Facts) bool { return r.Silent&f == 0 }
	switch want := statedTaxes(a, m); {
	case r.OrderRef == "":
		return "order_ref"
	case r.Amount == 0 && a.Amount != 0:
		return "amount"
	case tells(FactCurrency) && r.Currency == "":
		return "currency"
	case tells(FactMerchant) && !namesMerchant(a, m, r):
		return "mid"
	case tells(FactTest) && !r.TestKnown:
		return "test"
	case tells(FactMethod) && r.Method == "":
		return "method"
	// A billing key costs nothing, and nothing has no parts.
	case a.Amount == 0 || !tells(FactTaxes):
		return ""
	case want.TaxFreeKnown && !r.Taxes.TaxFreeKnown:
		return "tax_free"
	case want.VATKnown && !r.Taxes.VATKnown:
		return "vat"
	}
	return ""
}

// namesMerchant tells whether an answer says who was paid in words that can be compared. An attempt without a MID at
// a PG without channels has nothing to compare.
func namesMerchant(a payment.Attempt, m *payment.Merchant, r Result) bool {
	if a.MID == "" && m.ChannelKey == "" {
		return true
	}
	return a.MID != "" && r.MID != "" || m.ChannelKey != "" && r.ChannelKey != ""
}

// sameMethod tells whether two words mean one way of paying. Samsung Pay has two.
func sameMethod(a, b payment.Method) bool {
	plain := func(m payment.Method) payment.Method {
		if m == "samsungpay" {
			return "samsung"
		}
		return m
	}
	return plain(a) == plain(b)
}
