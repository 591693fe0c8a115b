package adapters

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Lister is implemented by drivers whose PG can list the payments of an account (DriverSpec.Lists). It only reads, and
// what it says is a hint: whoever acts on it asks the PG about that payment first.
type Lister interface {
	// List reads one page of the payments whose money moved in a period. Which clock that is goes by the PG's own
	// records, so that periods must overlap. A payment may come twice, and one of nobody here may come as well. Errors
	// match ErrUnavailable or ErrRejected.
	List(ctx context.Context, req ListRequest) (ListPage, error)
}

// ListRequest asks for a page.
type ListRequest struct {
	PG *payment.PG
	// From and Until bound the period.
	From, Until time.Time
	// Next is what the page before said; empty for the first page. It goes with the same period only.
	Next string
	Now  time.Time
}

// ListPage is a page of a list.
type ListPage struct {
	Payments []Listed
	// Next asks for the page after this one; empty behind the last one.
	Next string
	// Odd is how many entries could not be read, as of a kind that nobody has written down.
	Odd int
	// Detour says why the PG's first way of listing was not gone; empty when it was.
	Detour string
}

// Listed is a payment as a list shows it.
type Listed struct {
	// OrderRef is the id that it was paid under. It need not be one of ours.
	OrderRef payment.AttemptID
	PGTxID   string
	// Outcome is what became of it: OutcomeApproved while the PG has any of its money, OutcomeCancelled when all of it
	// went back, OutcomeIssued for an account that waits for its deposit.
	Outcome payment.Outcome
	// Amount was paid and Cancelled of it given back by then, in won.
	Amount    payment.Won
	Cancelled payment.Won
	// Foreign tells that it was paid in another currency, so that neither is told.
	Foreign bool
	// At is when that happened, by the PG's clock; zero when it does not tell.
	At time.Time
	// Test tells that it is test money.
	Test bool
}

// Won is what the PG has of it, in won; 1 when it has some of it in another currency.
func (l Listed) Won() payment.Won {
	switch {
	case l.Outcome != payment.OutcomeApproved:
		return 0
	case l.Foreign:
		return 1
	}
	return l.Amount - l.Cancelled
}
