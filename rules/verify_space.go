package rules

import (
	"cmp"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// space is every kind of checkout of one method: the product of its axes.
type space struct {
	me      *method
	devices []payment.Device
	kinds   kinds
	// size is how many kinds there are, at most maxSpace, and part how many of them are tried.
	size, part int
}

const maxSpace = 1 << 40

func (v *verifier) space(me *method) *space {
	sp := &space{me: me, kinds: v.s.kindsOf(me)}
	for _, d := range []payment.Device{payment.DevicePC, payment.DeviceMobile, payment.DeviceApp} {
		if me.devices&deviceBit(d) != 0 {
			sp.devices = append(sp.devices, d)
		}
	}
	sp.size = 1
	for _, n := range sp.lengths(len(v.states)) {
		// The product of many axes leaves the range of numbers; so many are never tried.
		sp.size = min(sp.size*n, maxSpace)
	}
	return sp
}

// lengths are those of the axes: the time first, so that it changes last.
func (sp *space) lengths(states int) [7]int {
	k := &sp.kinds
	return [7]int{states, len(k.purposes), len(sp.devices), len(k.sites), len(k.countries), len(k.cards), len(k.amounts)}
}

// share tries of every method as many kinds as of any other, as far as it has so many, and tells whether that was all.
func (v *verifier) share(spaces []*space, budget int) bool {
	bySize := slices.SortedStableFunc(slices.Values(spaces), func(a, b *space) int { return cmp.Compare(a.size, b.size) })
	for i, sp := range bySize {
		// The smallest first: what they leave of their share goes to the larger ones.
		sp.part = min(budget/(len(spaces)-i), sp.size)
		budget -= sp.part
	}
	complete := true
	for _, sp := range spaces {
		v.rep.Kinds += sp.size
		v.rep.Cells += sp.part
		complete = complete && sp.part == sp.size
		v.try(sp)
	}
	return complete
}

// try decides some kinds of a method.
func (v *verifier) try(sp *space) {
	n, over := 0, false
	visit(sp.size, sp.part, func(number int) {
		// Asking the context costs more than deciding.
		if n++; n%1024 == 0 {
			over = v.ctx.Err() != nil
		}
		if !over {
			v.nth(sp, number)
		}
	})
}

// visit calls do with some of the numbers below size. When they are not all, they are spread over the whole: the step
// has no factor in common with the size, so that none comes twice, and is near the golden section of it, so that every
// axis is met evenly.
func visit(size, part int, do func(number int)) {
	step := 1
	if part < size {
		// The golden section leaves the most even gaps, however few are tried.
		step = max(1, int(float64(size)*0.6180339887498949))
		for gcd(step, size) != 1 {
			step++
		}
	}
	for n, at := 0, 0; n < part; n++ {
		do(at)
		at = (at + step) % size
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// nth decides one kind of a method, by its number.
func (v *verifier) nth(sp *space, number int) {
	lengths := sp.lengths(len(v.states))
	var at [len(lengths)]int
	for i := len(lengths) - 1; i >= 0; i-- {
		at[i], number = number%lengths[i], number/lengths[i]
	}
	k := &sp.kinds
	c := payment.Checkout{
		OrderID: "verify", Amount: k.amounts[at[6]], Currency: payment.CurrencyKRW, Device: sp.devices[at[2]],
		Site:    k.sites[at[3]],
		Purpose: k.purposes[at[1]], Country: k.countries[at[4]], TaxFreeSet: true,
		Payments: []payment.MethodAmount{{Method: sp.me.code, Amount: k.amounts[at[6]]}},
	}
	if card := k.cards[at[5]]; card != "" {
		c.Card = &payment.Card{Company: card}
	}
	v.cell(sp.me, &c, at[0], v.states[at[0]])
}

// aim tries for every rule a few checkouts that it asks for itself, so that also among more kinds than can be tried a
// rule that acts is seen acting. They are among the kinds of the method, and so are not counted twice.
func (v *verifier) aim(sp *space) {
	for i, r := range v.s.routes {
		if !r.inUse || !r.takes(sp.me.code) || i%64 == 0 && v.ctx.Err() != nil {
			continue
		}
		for n, state := range v.states {
			if r.when.when.holds(momentOf(state.at)) {
				v.aimed(sp, r, n, state)
				break
			}
		}
	}
}

// aimed tries a rule at one time, on every device and for every purpose that it is for.
func (v *verifier) aimed(sp *space, r *route, n int, state timeState) {
	amount := max(r.when.from, sp.me.min, 1)
	if amount > min(r.when.to, sp.me.max) {
		return
	}
	for _, purpose := range sp.kinds.purposes {
		for _, device := range sp.devices {
			if r.when.purposes&purposeBit(purpose) == 0 || r.when.devices&deviceBit(device) == 0 {
				continue
			}
			for _, site := range sitesOr(r.when.sites, sp.me.sites) {
				c := payment.Checkout{
					OrderID: "verify", Amount: amount, Currency: payment.CurrencyKRW, Device: device, Site: site, Purpose: purpose,
					ByAPI: purpose == payment.PurposeBillingKey &&
						r.when.integrations&integrationBit(payment.IntegrationWindow) == 0,
					Country: first(r.when.countries), TaxFreeSet: true, Payments: []payment.MethodAmount{{
						Method: sp.me.code, Amount: amount,
					}},
				}
				if card := first(r.when.cards); card != "" {
					c.Card = &payment.Card{Company: card}
				}
				v.cell(sp.me, &c, n, state)
			}
		}
	}
}

// sitesOr are the first sites named, or none.
func sitesOr(lists ...[]payment.Site) []payment.Site {
	for _, list := range lists {
		if len(list) > 0 {
			return list[:min(len(list), 3)]
		}
	}
	return []payment.Site{""}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
