package rules

import (
	"fmt"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// reach says how far a method's links got before they failed; the denial names the farthest.
type reach int

const (
	reachNothing  reach = iota // no link is on
	reachAmount                // a link is on, but not for this amount
	reachPG                    // a link is on, its PG is not in use
	reachControl               // the PG is in use, but closed now
	reachPurpose               // the PG is open, but has no contract for the purpose
	reachMerchant              // the PG is open, but no merchant fits
	reachKey                   // a merchant fits, but the billing key is elsewhere
	reachTaxes                 // a merchant would fit, were its sales taxed otherwise
	reachTaxFree               // a merchant would fit, had the tax-free part been stated
	reachCard                  // a merchant fits, but not for this card company
)

// candidates are the links that are on, whose PG is in use and open, each with its merchant (linkage and
// merchant rules: design 6, steps 3 and 4).
func (d *deciding) candidates(out []candidate) ([]candidate, *payment.Problem) {
	far, at, closed := reachNothing, (*link)(nil), (*control)(nil)
	for _, l := range d.method.links {
		m, got, by := d.follow(l)
		if m != nil {
			out = append(out, candidate{pg: l.pg, merchant: m})
			continue
		}
		// Of several failures the one closest to a payment helps whoever has to put it right.
		if got > far {
			far, at = got, l
		}
		if by != nil && closed == nil {
			closed = by
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, d.unlinked(far, at, closed)
}

// follow tries one link: a merchant when it leads to one, or how far it got.
func (d *deciding) follow(l *link) (*merchant, reach, *control) {
	got, why := reachNothing, ""
	switch {
	case !l.on || !l.span.holds(d.now.unix):
		why = "the link is off"
	case d.amount < l.min || d.amount > l.max:
		got, why = reachAmount, "the amount is outside the link's limits"
	case !l.pg.on(d.now):
		got, why = reachPG, "the PG is not in use"
	}
	if why != "" {
		if d.trace != nil {
			d.step("link", string(l.pg.ID), false, why)
		}
		return nil, got, nil
	}
	for _, c := range l.pg.controls {
		if c.stops(d.method.code) && c.closes(d.in, d.now) {
			if d.trace != nil {
				d.step("control", string(l.pg.ID), false, "closed by "+c.name)
			}
			return nil, reachControl, c
		}
	}
	if d.trace != nil {
		d.step("link", string(l.pg.ID), true, "the link is on and the PG in use")
	}
	m, got := d.findMerchant(l.pg)
	return m, got, nil
}

// stops tells whether a control of a PG is for a method.
func (c *control) stops(code payment.Method) bool {
	return len(c.methods) == 0 || slices.Contains(c.methods, code)
}

// findMerchant is the first merchant of a PG that fits; those of one site come before general ones.
func (d *deciding) findMerchant(p *pg) (*merchant, reach) {
	purpose := merchantPurpose(d.in.Purpose)
	// A trace names every merchant, and a charge whose site is not known takes any site's. Otherwise those of other sites
	// are not looked at; the first that fits is the same.
	if d.trace != nil || d.in.Windowless() && d.in.Site == "" {
		m, how := d.firstFit(p, p.merchants[purpose])
		return d.reached(p, m, how)
	}
	all := p.served[purpose]
	m, how := d.firstFit(p, all.listed[d.in.Site])
	if m == nil {
		var general fit
		m, general = d.firstFit(p, all.general)
		how = max(how, general)
	}
	return d.reached(p, m, how)
}

// firstFit is the first of some merchants that fits, or how close the closest comes.
func (d *deciding) firstFit(p *pg, list []*merchant) (*merchant, fit) {
	best := fitNot
	for _, m := range list {
		how, why := m.fits(d.in, d.method, d.amount, d.now)
		if d.trace != nil {
			d.step("merchant", string(m.ID), how == fitYes, fmt.Sprintf("%s: %s", p.ID, why))
		}
		if how == fitYes {
			return m, how
		}
		best = max(best, how)
	}
	return nil, best
}

// reached says how far the link to a PG leads, from what its merchants say.
func (d *deciding) reached(p *pg, m *merchant, how fit) (*merchant, reach) {
	switch how {
	case fitYes:
		return m, reachMerchant
	case fitNotCard:
		return nil, reachCard
	case fitNotTaxes:
		return nil, reachTaxes
	case fitNeedsTaxFree:
		return nil, reachTaxFree
	case fitNotKey:
		return nil, reachKey
	case fitNot:
	}
	if d.in.Purpose != payment.PurposeOneTime && !p.served[merchantPurpose(d.in.Purpose)].methods.has(d.method.index) ||
		d.in.Purpose == payment.PurposeBillingKey && !p.issues(d.method) {
		return nil, reachPurpose
	}
	return nil, reachMerchant
}

// unlinked is the denial when no candidate is left.
func (d *deciding) unlinked(far reach, at *link, closed *control) *payment.Problem {
	i := d.nth
	switch far {
	case reachAmount:
		if d.amount < at.min {
			return d.deny(payment.CodeAmountTooSmall, i, "amount", fmt.Sprintf("최소 %d원", at.min),
				fmt.Sprintf("the minimum is %d won", at.min))
		}
		return d.deny(payment.CodeAmountTooLarge, i, "amount", fmt.Sprintf("최대 %d원", at.max),
			fmt.Sprintf("the maximum is %d won", at.max))
	case reachPG:
		return d.deny(payment.CodePGNotInUse, i, "method", "연결된 PG의 사용여부가 N입니다", "no linked PG is in use")
	case reachControl:
		return d.blocked(i, closed)
	case reachPurpose:
		p := d.deny(payment.CodePurposeNotSupported, i, "method", "이 목적에 쓸 수 있는 계약이 없습니다: "+string(d.in.Purpose),
			"no contract takes it for purpose "+string(d.in.Purpose))
		p.Field = "purpose"
		return p
	case reachMerchant:
		return d.deny(payment.CodeMerchantNotFound, i, "method", "조건에 맞는 가맹점이 없습니다",
			"no merchant for this site, device and purpose")
	case reachKey:
		return problem(payment.CodeKeyNotUsable, "billing_key", "빌링키를 발급한 계약이 설정에 없거나, 빌링키의 결제수단이 다릅니다",
			"the configuration has no contract that the billing key is at, or the key pays with another method")
	case reachTaxes:
		return d.taxRefused(at.pg)
	case reachTaxFree:
		return problem(payment.CodeTaxFreeRequired, "tax_free", "복합과세 가맹점입니다", "the merchant is a mixed-tax one")
	case reachCard:
		return problem(payment.CodeCardNotApproved, "card.company", cardOf(d.in)+" 카드는 심사 중이거나 거절되었습니다",
			"card company "+cardOf(d.in)+" is not approved")
	case reachNothing:
	}
	return d.deny(payment.CodeMethodNotLinked, i, "method", "연결여부가 모두 N입니다", "every link is off")
}
