package rules

import "github.com/pg-gateway/pg-gateway/payment"

// DecideFor is Decide for a checkout that asks for one merchant: it must be the one chosen or one of the
// fallbacks. The decision then has no fallbacks of its own. An order that the shop settles itself has none.
func (s *Snapshot) DecideFor(c *payment.Checkout, id payment.MerchantID, opt Options) (payment.Decision, error) {
	dec, err := s.Decide(c, opt)
	if err != nil {
		return dec, err
	}
	fallbacks := dec.Fallbacks
	dec.Fallbacks = nil
	if !dec.Internal && dec.Merchant.ID == id {
		return dec, nil
	}
	for _, f := range fallbacks {
		if f.Merchant != id {
			continue
		}
		m := s.merchantBy[id]
		d := deciding{s: s, in: c, opt: opt, now: momentOf(opt.Now)}
		if p := d.split(); p != nil {
			return payment.Decision{}, p
		}
		offer, p := d.installments(m)
		if p != nil {
			return payment.Decision{}, p
		}
		dec.PG, dec.Merchant, dec.Installments = &m.owner.PG, &m.Merchant, offer
		return dec, nil
	}
	p := problem(payment.CodeMerchantNotFound, "mersNo", "이 결제에 쓸 수 없는 가맹점입니다",
		"the merchant is not offered for this checkout")
	p.OrderID = c.OrderID
	return payment.Decision{}, p
}
