package lifecycle

import "github.com/pg-gateway/pg-gateway/journal"

// look is what a look at a payment or a cancel came to, as the history has it in an event's detail. The words are
// stable: proof by absence counts them.
type look string

const (
	lookFailed    look = "lookup_failed"
	lookNobody    look = "merchant_gone"
	lookAbsent    look = "no_such_payment"
	lookUndecided look = "outcome_still_unknown"
	// lookUnclear is lookUndecided of an attempt that is neither unknown nor being undone.
	lookUnclear         look = "lookup_undecided"
	lookNotYet          look = "approval_not_seen_yet"
	lookNoKey           look = "billing_key_not_read"
	lookCancelPending   look = "a cancel is pending at the PG"
	lookAttemptOpen     look = "its attempt is open" // of late money: nobody was asked
	lookOrderTaken      look = "order_claimed_by_another_attempt"
	lookUndoNotProven   look = "undo_not_proven"
	lookAwaitsDeposit   look = "awaits_deposit"
	lookAccountIsNeeded look = "refund_account_needed"
)

// Of a cancel.
const (
	lookGivenBack look = "given_back"
	lookUntouched look = "nothing_given_back"
	lookOdd       look = "another_amount_given_back"
)

// blind tells whether a look saw nothing at all, and so says nothing.
func (l look) blind() bool { return l == lookFailed || l == lookNobody }

// seenIn is what a look of a kind came to; "" when the event is none.
func seenIn(e journal.Event, kind journal.EventKind) look {
	if e.Kind != kind {
		return ""
	}
	return look(e.Detail)
}
