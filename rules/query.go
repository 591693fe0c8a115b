package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// queryBudget bounds how many orders one query tries. The first is taken by nearly every method that is usable at all.
const queryBudget = 20_000

// asking is a question of the X2BEE store API: would an order of these methods be taken? It is answered by deciding
// orders, so that no answer says something else than the checkout.
type asking struct {
	s     *Snapshot
	means []*method
	where Where
	card  string
	opt   Options
	// left is how many orders may still be tried.
	left int
}

// taken tries orders of every kind that the rules tell apart and the question leaves open, the plainest first, until
// one is taken in a way that fits accepts: it is given the candidates, the chosen one first, and none for an order that
// the shop settles itself.
func (s *Snapshot) taken(means []*method, w Where, card string, opt Options, fits func([]payment.Candidate) bool) bool {
	opt.Trace = false
	a := asking{s: s, means: means, where: w, card: card, opt: opt, left: queryBudget}
	i := slices.IndexFunc(means, func(me *method) bool { return !me.secondary })
	if i < 0 {
		return a.anywhere(nil, fits)
	}
	return a.anywhere(means[i], fits)
}

func (a *asking) anywhere(me *method, fits func([]payment.Candidate) bool) bool {
	if me != nil && a.plainest(me, fits) {
		return true
	}
	kinds := a.s.kindsOf(me)
	sites := unique[payment.Site]{}
	sites.add(kinds.sites...)
	for _, other := range a.means {
		sites.add(other.sites...) // of secondary means, which may be offered on few
	}
	kinds.sites = sites.list
	if a.where.Site != "" {
		kinds.sites = []payment.Site{a.where.Site}
	}
	if a.card != "" {
		kinds.cards = []string{a.card}
	}
	for _, purpose := range kinds.purposes {
		for _, site := range kinds.sites {
			for _, device := range []payment.Device{payment.DevicePC, payment.DeviceMobile, payment.DeviceApp} {
				if a.where.devices()&deviceBit(device) == 0 {
					continue
				}
				for _, country := range kinds.countries {
					for _, card := range kinds.cards {
						c := payment.Checkout{
							Currency: payment.CurrencyKRW, Purpose: purpose, Site: site, Device: device, Country: country, TaxFreeSet: true,
						}
						if card != "" {
							c.Card = &payment.Card{Company: card}
						}
						if a.amounts(&c, me, kinds.amounts, fits) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

// plainest tries the first of all orders, which is nearly always taken where any is: finding out what the rules tell
// apart takes a hundred times as long.
func (a *asking) plainest(me *method, fits func([]payment.Candidate) bool) bool {
	c := payment.Checkout{
		Currency: payment.CurrencyKRW, Purpose: payment.PurposeOneTime, Site: a.where.Site, Device: payment.DevicePC,
		TaxFreeSet: true,
	}
	if me.purposes&purposeBit(c.Purpose) == 0 || c.Site == "" && len(me.sites) > 0 {
		return false
	}
	if a.where.Device != "" {
		c.Device = a.where.Device
	}
	if a.card != "" {
		c.Card = &payment.Card{Company: a.card}
	}
	return a.amounts(&c, me, []payment.Won{max(me.min, 1)}, fits)
}

// amounts tries one kind of order with every amount that the rules tell apart.
func (a *asking) amounts(
	c *payment.Checkout, me *method, amounts []payment.Won, fits func([]payment.Candidate) bool,
) bool {
	if c.Purpose == payment.PurposeBillingKey {
		amounts = append([]payment.Won{0}, amounts...)
	}
	for _, amount := range amounts {
		if a.left--; a.left < 0 {
			return false
		}
		a.fill(c, me, amount)
		dec, err := a.s.Decide(c, a.opt)
		if err == nil {
			if fits(candidatesOf(dec)) {
				return true
			}
			continue
		}
		if p, ok := payment.AsProblem(err); ok && hopeless(p.Code) || me != nil && closedNow(me, c, a.opt) {
			return false // no other amount helps
		}
	}
	return false
}

// fill makes an order of the methods: the primary one pays amount, each secondary its least.
func (a *asking) fill(c *payment.Checkout, primary *method, amount payment.Won) {
	c.Payments, c.Amount = c.Payments[:0], 0
	for _, me := range a.means {
		part := max(me.min, 1)
		if me == primary {
			part = amount
		}
		c.Payments = append(c.Payments, payment.MethodAmount{Method: me.code, Amount: part})
		c.Amount += part
	}
}

// hopeless tells that a denial does not depend on the amount.
func hopeless(code payment.Code) bool {
	return slices.Contains([]payment.Code{
		payment.CodeMethodNotInUse, payment.CodeSiteNotAllowed, payment.CodeDeviceNotAllowed, payment.CodeCardNotApproved,
	}, code)
}

// closedNow tells that a control closes the method itself.
func closedNow(me *method, c *payment.Checkout, opt Options) bool {
	now := momentOf(opt.Now)
	return slices.ContainsFunc(me.controls, func(ctl *control) bool { return ctl.closes(c, now) })
}

func candidatesOf(d payment.Decision) []payment.Candidate {
	if d.Internal {
		return nil
	}
	return append([]payment.Candidate{{PG: d.PG.ID, Merchant: d.Merchant.ID}}, d.Fallbacks...)
}
