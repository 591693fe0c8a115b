package journal

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// EventKind is what happened to an attempt. The words are stable: rows are kept and compared by them.
type EventKind string

// The kinds of the way of an attempt.
const (
	EventOpened        EventKind = "opened"
	EventNoWindow      EventKind = "window_not_opened"
	EventWindowLeft    EventKind = "window_left" // the buyer came back without having paid
	EventAuthenticated EventKind = "authenticated"
	EventAsked         EventKind = "asked_by_pg" // whether it may approve
	EventIntended      EventKind = "approval_intended"
	EventCaptured      EventKind = "captured"
	EventUnknown       EventKind = "outcome_unknown"
	EventUndo          EventKind = "undo_intended"
	EventLookedUp      EventKind = "looked_up" // and nothing changed; Detail says what was seen
	EventIssued        EventKind = "issued"
	EventAccountFound  EventKind = "account_found"
	EventDeposit       EventKind = "deposit_noticed" // Code is the deposit's TID
	EventReplanned     EventKind = "replanned"       // the PG is to charge at another time
	// Of an account that waits for its deposit; Code is what it is to be changed to.
	EventChangeIntended EventKind = "account_change_intended"
	EventChanged        EventKind = "account_changed"
	EventChangeRefused  EventKind = "account_change_refused"
	EventKeyIssued      EventKind = "key_issued"
	EventKeyTaken       EventKind = "key_taken"
	EventEscrow         EventKind = "escrow_changed" // Code is PortOne's number for how far it has come
	EventProposed       EventKind = "resolution_proposed"
	EventResolved       EventKind = "resolved_by_hand"
)

// The kinds of an unmatched payment.
const (
	EventUnmatched         EventKind = "unmatched_payment"
	EventUnmatchedReturned EventKind = "unmatched_payment_returned"
	EventUnmatchedUnknown  EventKind = "unmatched_payment_unknown"
	EventUnmatchedFlagged  EventKind = "unmatched_payment_flagged"
	EventUnmatchedKept     EventKind = "unmatched_payment_kept"
	EventUnmatchedLookedUp EventKind = "unmatched_payment_looked_up"
	EventUnmatchedAbsent   EventKind = "unmatched_payment_absent"
	EventUnmatchedWatched  EventKind = "refused_payment_watched"
	EventUnmatchedProposed EventKind = "unmatched_payment_resolution_proposed"
	EventUnmatchedResolved EventKind = "unmatched_payment_resolved_by_hand"
)

// The kinds of a cancel; Reason is its id. EventCancel has those of its states.
const (
	EventCancelIntended EventKind = "cancel_intended"
	EventCancelPending  EventKind = "cancel_pending"
	EventCancelLookedUp EventKind = "cancel_looked_up"
	EventCancelFound    EventKind = "cancel_found"
	EventCancelProposed EventKind = "cancel_resolution_proposed"
	EventCancelResolved EventKind = "cancel_resolved_by_hand"
)

// EventCancel is the kind of a cancel that came to a state.
func EventCancel(to payment.CancelState) EventKind { return "cancel_" + EventKind(to) }

// EventEnd is the kind of an attempt's end.
func EventEnd(to payment.State) EventKind { return EventKind(to) }

// now is the kind's present name: rows that an older version wrote have the names of then, and are compared with
// those of now. They stay as they are, since there may be many millions of them.
func (k EventKind) now() EventKind {
	switch string(k) {
	case "looked":
		return EventLookedUp
	case "cancel_looked":
		return EventCancelLookedUp
	case "late_money_looked":
		return EventUnmatchedLookedUp
	}
	if rest, ok := strings.CutPrefix(string(k), "late_money"); ok {
		return EventUnmatched + EventKind(rest)
	}
	return k
}
