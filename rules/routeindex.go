package rules

import (
	"math/bits"
	"slices"
	"sort"

	"github.com/pg-gateway/pg-gateway/payment"
)

// routeIndex finds the rules that may hold for a checkout without asking each of them. For everything that
// conditions name it keeps, by value, the set of rules that allow it; the rules to ask are those in every set.
type routeIndex struct {
	methods      axis[payment.Method]
	sites        axis[payment.Site]
	cards        axis[string]
	countries    axis[string]
	devices      axis[deviceSet]
	purposes     axis[purposeSet]
	integrations axis[integrationSet]
	week         week
	bounds       []bounds
}

// axis is the sets of rules by one field's value; others is the set for every value that no rule names.
type axis[K comparable] struct {
	others bitset
	by     map[K]bitset
}

func (a *axis[K]) of(k K) bitset {
	if set, ok := a.by[k]; ok {
		return set
	}
	return a.others
}

// bounds is what of a rule is compared and not looked up.
type bounds struct {
	from, to payment.Won
	span     period
}

// week is the sets of rules by part of the week: starts are the first minutes of the parts, from Sunday midnight.
type week struct {
	starts []int
	sets   []bitset
}

func (w *week) of(m moment) bitset {
	// The part that began last, at this minute or before.
	return w.sets[sort.SearchInts(w.starts, m.weekday*minutesPerDay+m.minute+1)-1]
}

func indexRoutes(all []*route) routeIndex {
	ix := routeIndex{
		methods:      newAxis(all, func(r *route) []payment.Method { return r.methods }),
		sites:        newAxis(all, func(r *route) []payment.Site { return r.when.sites }),
		cards:        newAxis(all, func(r *route) []string { return r.when.cards }),
		countries:    newAxis(all, func(r *route) []string { return r.when.countries }),
		devices:      newSetAxis(all, allDevices, func(r *route) deviceSet { return r.when.devices }),
		purposes:     newSetAxis(all, allPurposes, func(r *route) purposeSet { return r.when.purposes }),
		integrations: newSetAxis(all, allIntegrations, func(r *route) integrationSet { return r.when.integrations }),
		week:         newWeek(all),
		bounds:       make([]bounds, len(all)),
	}
	ix.devices.by[noDevice] = setOf(all, func(r *route) bool { return r.when.devices == allDevices })
	for i, r := range all {
		ix.bounds[i] = bounds{from: r.when.from, to: r.when.to, span: r.when.when.span}
	}
	return ix
}

// setOf is the set of the rules in use that keep says yes to. All sets are of one length.
func setOf(all []*route, keep func(*route) bool) bitset {
	set := make(bitset, (len(all)+63)/64)
	for i, r := range all {
		if r.inUse && keep(r) {
			set.add(i)
		}
	}
	return set
}

// newAxis indexes a field of which a rule names the values it allows, or none for all.
func newAxis[K comparable](all []*route, named func(*route) []K) axis[K] {
	a := axis[K]{by: make(map[K]bitset), others: setOf(all, func(r *route) bool { return len(named(r)) == 0 })}
	for i, r := range all {
		for _, k := range named(r) {
			// A value that one rule names is allowed as well by all rules that name none.
			set, ok := a.by[k]
			if !ok {
				set = slices.Clone(a.others) //guard:index-keeps-rules-without-site
			}
			if r.inUse {
				set.add(i)
			}
			a.by[k] = set
		}
	}
	return a
}

// newSetAxis indexes a field of which a rule keeps the allowed values as bits; a value that is no bit is allowed by
// none.
func newSetAxis[K deviceSet | purposeSet | integrationSet](all []*route, every K, allowed func(*route) K) axis[K] {
	a := axis[K]{by: make(map[K]bitset), others: setOf(all, func(*route) bool { return false })}
	for bit := K(1); bit <= every; bit <<= 1 {
		a.by[bit] = setOf(all, func(r *route) bool { return allowed(r)&bit != 0 })
	}
	return a
}

const (
	minutesPerDay = 24 * 60
	// maxWeekWork bounds how many times a rule's calendar is asked while a file is loaded.
	maxWeekWork = 2_000_000
)

// newWeek cuts the week where a rule's part of the day starts or ends. Where these are too many, every rule is in
// the one set, and is asked itself.
func newWeek(all []*route) week {
	day := []int{0}
	for _, r := range all {
		for _, w := range r.when.when.windows {
			day = append(day, w.from%minutesPerDay, w.to%minutesPerDay)
		}
	}
	slices.Sort(day)
	day = slices.Compact(day)
	if 7*len(day)*len(all) > maxWeekWork {
		return week{starts: []int{0}, sets: []bitset{setOf(all, func(*route) bool { return true })}}
	}
	var out week
	for weekday := range 7 {
		for _, minute := range day {
			out.starts = append(out.starts, weekday*minutesPerDay+minute)
			out.sets = append(out.sets, setOf(all, func(r *route) bool {
				c := r.when.when
				// The week comes again and the rule's period does not: that is compared as a bound.
				c.span = period{}
				return c.holds(moment{minute: minute, weekday: weekday})
			}))
		}
	}
	return out
}

// mayHold goes through the rules that may hold for what is being decided, in order.
type mayHold struct {
	s    *Snapshot
	d    *deciding
	axes [8]bitset
	// word is the next word of the sets, set what is left of the one before it.
	word int
	set  uint64
}

func (s *Snapshot) mayHold(d *deciding) mayHold {
	ix := &s.index
	return mayHold{s: s, d: d, axes: [...]bitset{
		ix.methods.of(d.method.code), ix.sites.of(d.in.Site), ix.cards.of(cardOf(d.in)), ix.countries.of(d.in.Country),
		ix.devices.of(deviceOf(d.in)), ix.purposes.of(purposeBit(d.in.Purpose)),
		ix.integrations.of(integrationBit(d.in.Integration())), ix.week.of(d.now),
	}}
}

// next is the index of the next rule, or -1 behind the last.
func (m *mayHold) next() int {
	for {
		for m.set == 0 {
			if m.word == len(m.axes[0]) {
				return -1
			}
			m.set = m.axes[0][m.word]
			for i := 1; i < len(m.axes); i++ {
				m.set &= m.axes[i][m.word]
			}
			m.word++
		}
		i := (m.word-1)*64 + bits.TrailingZeros64(m.set)
		// Takes the lowest bit away.
		m.set &= m.set - 1
		if b := &m.s.index.bounds[i]; m.d.amount >= b.from && m.d.amount <= b.to && b.span.holds(m.d.now.unix) {
			return i
		}
	}
}

// match finds the first rule that holds, and orders into out the candidates that it chooses among.
func (s *Snapshot) match(d *deciding, pool []candidate, out []candidate) (*route, []candidate) {
	if d.trace != nil {
		return s.matchSlowly(d, pool, out)
	}
	may := s.mayHold(d)
	for i := may.next(); i >= 0; i = may.next() {
		r := s.routes[i]
		if s.holds(d, r) != "" {
			continue
		}
		if out = r.pick(d, pool, out[:0]); len(out) > 0 || !r.next {
			return r, out
		}
	}
	return nil, nil
}
