package rules

import "github.com/pg-gateway/pg-gateway/payment"

// Usable tells whether a checkout's methods could be paid now, before its amount is known: each method without
// an amount counts with its minimum. It looks at methods, controls, links and merchants, not at routing. The
// denial is a *payment.Problem.
func (s *Snapshot) Usable(c *payment.Checkout, opt Options) error {
	in := *c
	var parts [4]payment.MethodAmount // few pay with more
	in.Payments = append(parts[:0], c.Payments...)
	// What of it is taxed is not known before the amount is.
	in.Amount, in.TaxFree, in.TaxFreeSet, in.VAT, in.VATSet = 0, 0, true, 0, false
	for i, part := range in.Payments {
		if me, ok := s.methodBy[part.Method]; ok && part.Amount == 0 {
			in.Payments[i].Amount = max(me.min, 1)
		}
		in.Amount += in.Payments[i].Amount
	}
	d := deciding{s: s, in: &in, opt: opt, now: momentOf(opt.Now)}
	if p := d.split(); p != nil {
		return p
	}
	if _, p := d.deadline(); p != nil {
		return p
	}
	if d.method == nil {
		return nil
	}
	var room [maxCandidates]candidate
	if _, p := d.candidates(room[:0]); p != nil {
		return p
	}
	return nil
}
