package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// kinds are the values that the rules tell apart for a method, field by field; one of each stands for all others.
type kinds struct {
	purposes  []payment.Purpose
	sites     []payment.Site
	amounts   []payment.Won
	cards     []string
	countries []string
}

// kindsOf finds the kinds of a method; without one, those of an order that the shop settles itself.
func (s *Snapshot) kindsOf(me *method) kinds {
	if me == nil {
		return kinds{
			purposes: []payment.Purpose{payment.PurposeOneTime}, sites: s.namedSites(), amounts: []payment.Won{0},
			cards: []string{""}, countries: []string{""},
		}
	}
	k := kinds{sites: s.sitesOf(me), amounts: s.amountsOf(me), cards: s.cardsOf(me), countries: s.countriesOf(me)}
	for _, p := range []payment.Purpose{
		payment.PurposeOneTime, payment.PurposeBillingKey, payment.PurposeEscrow, payment.PurposeRecurring,
		payment.PurposeKeyIn,
	} {
		if me.purposes&purposeBit(p) != 0 {
			k.purposes = append(k.purposes, p)
		}
	}
	return k
}

// unique collects values in the order in which they come up first.
type unique[T comparable] struct {
	list []T
	seen map[T]bool
}

func (u *unique[T]) add(values ...T) {
	if u.seen == nil {
		u.seen = make(map[T]bool)
	}
	for _, v := range values {
		if !u.seen[v] {
			u.seen[v] = true
			u.list = append(u.list, v)
		}
	}
}

// sitesOf are the sites that the rules tell apart for a method: none, one not named, and those named anywhere.
func (s *Snapshot) sitesOf(me *method) []payment.Site {
	if len(me.sites) > 0 {
		return me.sites
	}
	var out unique[payment.Site]
	out.add("", elsewhere)
	for _, r := range s.routes {
		if r.takes(me.code) {
			out.add(r.when.sites...)
		}
	}
	for _, c := range s.controls {
		out.add(c.sites...)
	}
	for _, l := range me.links {
		for _, purpose := range merchantPurposes() {
			for _, m := range l.pg.merchants[purpose] {
				out.add(m.sites...)
			}
		}
	}
	return out.list
}

// namedSites are none, one not named, and those that methods and controls name.
func (s *Snapshot) namedSites() []payment.Site {
	var out unique[payment.Site]
	out.add("", elsewhere)
	for _, me := range s.methods {
		out.add(me.sites...)
	}
	for _, c := range s.controls {
		out.add(c.sites...)
	}
	return out.list
}

// amountsOf are the first amounts of every class that the rules tell apart for a method, within its limits, and
// the one after, so that expressions over odd and even amounts are met.
func (s *Snapshot) amountsOf(me *method) []payment.Won {
	most := min(me.max, s.limits.MaxAmount)
	bounds := []payment.Won{me.min, most}
	for _, l := range me.links {
		// A class begins behind the end of the one before.
		bounds = append(bounds, l.min, l.max+1)
	}
	for _, r := range s.routes {
		if r.takes(me.code) {
			bounds = append(bounds, r.when.from, r.when.to+1)
		}
	}
	var out []payment.Won
	for _, b := range bounds {
		for _, a := range []payment.Won{b, b + 1} {
			if a = max(a, 1); a >= me.min && a <= most {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// cardsOf are the card companies that the rules tell apart: none chosen, and those named anywhere.
func (s *Snapshot) cardsOf(me *method) []string {
	var out unique[string]
	out.add("")
	for _, r := range s.routes {
		if r.takes(me.code) {
			out.add(r.when.cards...)
		}
	}
	// Other methods know no card; a rule may name one all the same.
	if me.code != methodCard {
		return out.list
	}
	for _, c := range s.controls {
		out.add(c.cards...)
	}
	for _, m := range s.merchants {
		for _, c := range acquirers() {
			if m.reviewed && !m.takesCard(c) {
				out.add(c)
			}
		}
	}
	return out.list
}

func (s *Snapshot) countriesOf(me *method) []string {
	var out unique[string]
	out.add("")
	for _, r := range s.routes {
		if r.takes(me.code) {
			out.add(r.when.countries...)
		}
	}
	return out.list
}

func merchantPurposes() []payment.MerchantPurpose {
	return []payment.MerchantPurpose{
		payment.MerchantGeneral, payment.MerchantRecurring, payment.MerchantEscrow, payment.MerchantAccountVerification,
		payment.MerchantKeyIn,
	}
}
