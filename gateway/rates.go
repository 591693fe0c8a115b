package gateway

import (
	"errors"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// verdict is what the end of an attempt says about its PG, for routing by success_rate.
type verdict int

const (
	// verdictNone: it says nothing; the buyer or the shop ended it.
	verdictNone verdict = iota
	verdictGood
	verdictFault
)

// judge tells the PG's faults from what others did: a card over its limit, a closed window, a shop that refused, or a
// request that the PG rejected, as it does a stranger's made-up token, say nothing about the PG.
func judge(a payment.Attempt) verdict {
	switch a.State {
	case payment.StateIssued:
		return verdictGood
	case payment.StateApproved:
		if a.Method == payment.MethodVBank {
			// Issuing the account was the PG's part, and was counted then.
			return verdictNone
		}
		return verdictGood
	case payment.StateDeclined:
		if a.Reason == payment.ReasonNotSent {
			return verdictFault
		}
	case payment.StateCancelled, payment.StateUnknown:
		// While it is being given back an attempt is reported again and again; it counts at the end, once.
		if a.Reason == payment.ReasonLost {
			return verdictFault
		}
	case payment.StateOpened, payment.StateClaimed, payment.StateApproving, payment.StateCaptured,
		payment.StateCancelling, payment.StateRefused, payment.StateExpired:
	}
	return verdictNone
}

// rate counts the end of an attempt for its PG.
func (g *Gateway) rate(a payment.Attempt) {
	if v := judge(a); v != verdictNone {
		g.rates.Record(a.PG, a.Method, v == verdictGood, g.now())
	}
}

// rateWindow counts a window that its PG did not open. What the request lacked is no fault of the PG, and of a request
// that was kept back it does not know.
func (g *Gateway) rateWindow(a payment.Attempt, err error) {
	if errors.Is(err, errKeptBack) {
		return
	}
	if !errors.Is(err, adapters.ErrUnavailable) && !errors.Is(err, adapters.ErrUnknownOutcome) &&
		!errors.Is(err, adapters.ErrRejected) {
		return
	}
	if _, ours := errors.AsType[*adapters.FieldError](err); ours || errors.Is(err, adapters.ErrUnsupported) {
		return
	}
	g.rates.Record(a.PG, a.Method, false, g.now())
}
