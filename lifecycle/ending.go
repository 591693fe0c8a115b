package lifecycle

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// declined is the reason of a PG's no.
func declined(r adapters.Result) payment.Reason {
	switch {
	case r.BuyerCancelled:
		return payment.DeclinedByBuyer
	case r.Why != "":
		return r.Why
	}
	return payment.ReasonDeclined
}

// Ending is what the buyer and the shop are told of a result that is no payment; nothing while it may still become
// one. The shop's own words to its buyer come before ours.
func (r Result) Ending() payment.Ending {
	reason := r.Attempt.Reason
	switch payment.State(r.Status()) { //nolint:exhaustive // all others are told by their reason
	case payment.StateApproved, payment.StateIssued, statusPending:
		return payment.Ending{}
	case payment.StateUnknown:
		return payment.UnknownEnding()
	case payment.StateDeclined:
		// What came back with the browser just now says more than what was written before it came.
		switch {
		case r.BuyerCancelled:
			reason = payment.DeclinedByBuyer
		case r.Why != "":
			reason = r.Why
		}
	}
	e, known := payment.EndingOf(reason)
	if !known || e.Code == "" {
		e, _ = payment.EndingOf(payment.ReasonDeclined)
	}
	if r.Answer.DetailKo != "" {
		e.Ko = r.Answer.DetailKo
	}
	if r.Answer.DetailEn != "" {
		e.En = r.Answer.DetailEn
	}
	return e
}

// statusPending is the status of a result that is none yet.
const statusPending payment.State = "pending"
