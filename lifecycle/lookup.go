package lifecycle

import "github.com/pg-gateway/pg-gateway/journal"

// lookUpResult is what a look-up of a payment or a cancel came to, as the history has it in an event's detail. The
// words are stable: proof by absence counts them.
type lookUpResult string

const (
	lookUpFailed    lookUpResult = "lookup_failed"
	lookUpNobody    lookUpResult = "merchant_gone"
	lookUpAbsent    lookUpResult = "no_such_payment"
	lookUpUndecided lookUpResult = "outcome_still_unknown"
	// lookUpUnclear is lookUpUndecided of an attempt that is neither unknown nor being undone.
	lookUpUnclear         lookUpResult = "lookup_undecided"
	lookUpNotYet          lookUpResult = "approval_not_seen_yet"
	lookUpNoKey           lookUpResult = "billing_key_not_read"
	lookUpCancelPending   lookUpResult = "a cancel is pending at the PG"
	lookUpAttemptOpen     lookUpResult = "its attempt is open" // of an unmatched payment: nobody was asked
	lookUpOrderTaken      lookUpResult = "order_claimed_by_another_attempt"
	lookUpUndoNotProven   lookUpResult = "undo_not_proven"
	lookUpAwaitsDeposit   lookUpResult = "awaits_deposit"
	lookUpAccountIsNeeded lookUpResult = "refund_account_needed"
)

// Of a cancel.
const (
	lookUpGivenBack lookUpResult = "given_back"
	lookUpUntouched lookUpResult = "nothing_given_back"
	lookUpOdd       lookUpResult = "another_amount_given_back"
)

// blind tells whether a look-up saw nothing at all, and so says nothing.
func (l lookUpResult) blind() bool { return l == lookUpFailed || l == lookUpNobody }

// seenIn is what a look-up of a kind came to; "" when the event is none.
func seenIn(e journal.Event, kind journal.EventKind) lookUpResult {
	if e.Kind != kind {
		return ""
	}
	return lookUpResult(e.Detail)
}
