package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// sites are the sites that the rules tell apart for a method: those named anywhere, none, and one not named.
func (v *verifier) sites(me *method) []payment.Site {
	if len(me.sites) > 0 {
		return me.sites
	}
	out := []payment.Site{"", elsewhere}
	add := func(sites []payment.Site) {
		for _, s := range sites {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for _, r := range v.s.routes {
		if r.takes(me.code) {
			add(r.when.sites)
		}
	}
	for _, c := range v.s.controls {
		add(c.sites)
	}
	for _, l := range me.links {
		for _, list := range l.pg.merchants {
			for _, m := range list {
				add(m.sites)
			}
		}
	}
	return out
}

// amounts are the first amounts of every class that the rules tell apart for a method, within its limits, and
// the one after, so that expressions over odd and even amounts are met.
func (v *verifier) amounts(me *method) []payment.Won {
	bounds := []payment.Won{me.min, me.max}
	for _, l := range me.links {
		bounds = append(bounds, l.min, l.max+1)
	}
	for _, r := range v.s.routes {
		if r.takes(me.code) {
			bounds = append(bounds, r.when.from, r.when.to+1)
		}
	}
	var out []payment.Won
	for _, b := range bounds {
		for _, a := range []payment.Won{b, b + 1} {
			if a = max(a, 1); a >= me.min && a <= me.max && a <= payment.MaxWon {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// cards are the card companies that the rules tell apart: none chosen, and those named anywhere.
func (v *verifier) cards(me *method) []string {
	out := []string{""}
	add := func(names ...string) {
		for _, n := range names {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, r := range v.s.routes {
		if r.takes(me.code) {
			add(r.when.cards...)
		}
	}
	if me.code != methodCard {
		return out
	}
	for _, c := range v.s.controls {
		add(c.cards...)
	}
	for _, m := range v.s.merchants {
		for _, c := range acquirers() {
			if m.reviewed && !m.takesCard(c) {
				add(c)
			}
		}
	}
	return out
}

func (v *verifier) countries(me *method) []string {
	out := []string{""}
	for _, r := range v.s.routes {
		for _, c := range r.when.countries {
			if r.takes(me.code) && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}
