package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is where the PGs' books and the shop's do not agree.
type Difference struct {
	OrderID string `json:"order_id"`
	// OrderRef is the attempt, when one is concerned.
	OrderRef string `json:"order_ref"`
	PG       string `json:"pg"`
	// Charged is what the PG holds, Confirmed what the shop believes.
	Charged   Won    `json:"charged"`
	Confirmed Won    `json:"confirmed"`
	Reason    string `json:"reason"`
}

// Audit is the comparison of both books, to the won.
type Audit struct {
	OK          bool         `json:"ok"`
	Captured    Won          `json:"captured"`
	Cancelled   Won          `json:"cancelled"`
	Net         Won          `json:"net"`
	Confirmed   Won          `json:"confirmed"`
	Differences []Difference `json:"differences"`
}

// Audit compares the ledger with the shop's confirmed orders: money captured, less cancels, must be money that
// the shop confirmed, attempt by attempt; no order may be paid by two, and a paid one is paid whole: by a PG and by
// its own mileage.
func (s *Sandbox) Audit() Audit {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Audit{
		Captured: s.books.captured, Cancelled: s.books.cancelled, Net: s.books.captured - s.books.cancelled,
		Differences: []Difference{},
	}
	believed := make(map[string]Won)
	owner := make(map[string]string)
	for _, o := range s.shop.orders.all() {
		for ref := range o.Cancelled {
			owner[ref] = o.ID
		}
		for _, ref := range o.Confirmed {
			owner[ref] = o.ID
		}
		for ref, amount := range o.Paid {
			believed[ref], owner[ref] = amount, o.ID
			a.Confirmed += amount
		}
		if len(o.Paid) > 1 {
			a.Differences = append(a.Differences, Difference{
				OrderID: o.ID, Confirmed: o.paidAmount(), Reason: fmt.Sprintf("confirmed by %d attempts", len(o.Paid)),
			})
		} else if reason := o.misfit(); reason != "" {
			a.Differences = append(a.Differences, Difference{OrderID: o.ID, Confirmed: o.paidAmount(), Reason: reason})
		}
	}
	s.compareBalances(&a, believed, owner)
	slices.SortFunc(a.Differences, func(x, y Difference) int {
		return strings.Compare(x.OrderID+x.OrderRef, y.OrderID+y.OrderRef)
	})
	a.OK = len(a.Differences) == 0 && a.Net == a.Confirmed
	return a
}

// misfit says how what a paid order was paid differs from what it costs; partial cancels do not count, as they came
// after.
func (o *Order) misfit() string {
	paid := o.paidAmount() + o.Mileage
	for _, x := range o.Cancels {
		if _, stands := o.Paid[x.AttemptID]; stands {
			paid += x.Amount
		}
	}
	switch {
	case o.Status != "paid" || paid == o.Amount:
		return ""
	case paid < o.Amount:
		return "paid less than the order costs"
	}
	return "paid more than the order costs"
}

// compareBalances compares what each attempt was charged with what the shop believes of it.
func (s *Sandbox) compareBalances(a *Audit, believed map[string]Won, owner map[string]string) {
	differ := func(ref, pg string, charged Won, reason string) {
		a.Differences = append(a.Differences, Difference{
			OrderID: owner[ref], OrderRef: ref, PG: pg, Charged: charged, Confirmed: believed[ref], Reason: reason,
		})
	}
	charged := make(map[string]bool)
	for _, b := range s.books.balances.all() {
		charged[b.ref] = true
		net := b.captured - b.cancelled
		_, confirmed := believed[b.ref]
		switch {
		case net < 0:
			differ(b.ref, b.pg, net, "more given back than captured")
		case net > 0 && !confirmed:
			differ(b.ref, b.pg, net, "charged, but not confirmed by the shop")
		case net != believed[b.ref]:
			differ(b.ref, b.pg, net, "charged and confirmed amounts differ")
		case net > 0 && b.captures > 1:
			differ(b.ref, b.pg, net, fmt.Sprintf("captured %d times", b.captures))
		}
	}
	for ref := range believed {
		if !charged[ref] {
			differ(ref, "", 0, "confirmed by the shop, but never charged")
		}
	}
}
