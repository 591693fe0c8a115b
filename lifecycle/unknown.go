package lifecycle

import (
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Total is how many payments it is about, and how much money.
type Total struct {
	Count int
	Won   payment.Won
}

// UnknownOf is the money of which nobody knows whether it moved, or whether it is back: what the gauge, the alert,
// the dashboard's first number and the total of `cases list` all say. cancels may be nil where there are none.
func UnknownOf(s journal.Stats, cancels []journal.CancelStats) Total {
	var u Total
	for _, row := range s.Open {
		if InTheAir(row.State) {
			u.add(row.Count, row.Won)
		}
	}
	for _, row := range s.Unmatched {
		if row.State == journal.UnmatchedUnknown {
			u.add(row.Count, row.Won)
		}
	}
	for _, row := range cancels {
		if row.State == payment.CancelUnknown {
			u.add(row.Count, row.Won)
		}
	}
	return u
}

func (u *Total) add(count int, won payment.Won) { u.Count, u.Won = u.Count+count, u.Won+won }

// InTheAir tells that it is not known of an attempt in a state whether its money moved, or whether it is back: an
// undo that was not confirmed leaves it as unknown as a lost approval.
func InTheAir(s payment.State) bool {
	return s == payment.StateUnknown || s == payment.StateCancelling //guard:undo-unanswered-is-unknown
}
