package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Change is a group of orders that two rule sets decide differently in the same way. From and To are what
// decided: a PG and merchant, settled by the shop, or a denial's code.
type Change struct {
	From, To string
	// Refused tells that these orders were accepted and no longer are; Opened that it is the other way round.
	Refused bool
	Opened  bool
	Orders  int
	Won     payment.Won
	// Examples are the first few order ids.
	Examples []payment.OrderID
}

// DiffReport says what a change of rules does to orders of the past.
type DiffReport struct {
	Orders  int
	Won     payment.Won
	Changes []Change
}

// maxExamples is how many order ids a change names.
const maxExamples = 3

// Moved is how many orders, and won, are decided differently.
func (r DiffReport) Moved() (orders int, won payment.Won) {
	for _, c := range r.Changes {
		orders, won = orders+c.Orders, won+c.Won
	}
	return orders, won
}

// Refused is how many orders, and won, were accepted and no longer are.
func (r DiffReport) Refused() (orders int, won payment.Won) {
	for _, c := range r.Changes {
		if c.Refused {
			orders, won = orders+c.Orders, won+c.Won
		}
	}
	return orders, won
}

// Diff decides orders by two rule sets and groups those that come out differently, by won, the most first.
// Orders without a time are decided at now.
func Diff(before, after *Snapshot, orders []Order, now time.Time) DiffReport {
	rep := DiffReport{Orders: len(orders)}
	groups := make(map[[2]string]*Change)
	for i := range orders {
		c, at := &orders[i].Checkout, orders[i].At
		if at.IsZero() {
			at = now
		}
		rep.Won += c.Amount
		from, ok1 := verdict(before, c, at)
		to, ok2 := verdict(after, c, at)
		if from == to {
			continue
		}
		g := groups[[2]string{from, to}]
		if g == nil {
			g = &Change{From: from, To: to, Refused: ok1 && !ok2, Opened: !ok1 && ok2}
			groups[[2]string{from, to}] = g
		}
		g.Orders++
		g.Won += c.Amount
		if len(g.Examples) < maxExamples {
			g.Examples = append(g.Examples, c.OrderID)
		}
	}
	for _, g := range groups {
		rep.Changes = append(rep.Changes, *g)
	}
	slices.SortFunc(rep.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Won, a.Won), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return rep
}

// verdict is what a rule set makes of an order, in a word or two, and whether it may be paid.
func verdict(s *Snapshot, c *payment.Checkout, at time.Time) (string, bool) {
	dec, err := s.Decide(c, Options{Now: at})
	if p, ok := payment.AsProblem(err); ok {
		return "denied " + string(p.Code), false
	}
	if dec.Internal {
		return "settled by the shop", true
	}
	return string(dec.PG.ID) + "/" + string(dec.Merchant.ID), true
}

// String writes the report for people.
func (r DiffReport) String() string {
	var b strings.Builder
	moved, won := r.Moved()
	fmt.Fprintf(&b, "%d of %d orders change, %d of %d won\n", moved, r.Orders, won, r.Won)
	for _, c := range r.Changes {
		mark := " "
		switch {
		case c.Refused:
			mark = "!"
		case c.Opened:
			mark = "+"
		}
		ids := make([]string, len(c.Examples))
		for i, id := range c.Examples {
			ids[i] = string(id)
		}
		fmt.Fprintf(&b, "%s %s -> %s: %d orders, %d won (%s)\n", mark, c.From, c.To, c.Orders, c.Won, strings.Join(ids, ", "))
	}
	return b.String()
}
