package journal

import "github.com/pg-gateway/pg-gateway/payment"

// EventKind is what happened to an attempt. The words are stable: rows are kept and compared by them.
type EventKind string

// The kinds of the way of an attempt.
const (
	EventOpened        EventKind = "opened"
	EventWindowLeft    EventKind = "window_left" // the buyer came back without having paid
	EventAuthenticated EventKind = "authenticated"
	EventAsked         EventKind = "asked_by_pg" // whether it may approve
	EventIntended      EventKind = "approval_intended"
	EventCaptured      EventKind = "captured"
	EventUnknown       EventKind = "outcome_unknown"
	EventUndo          EventKind = "undo_intended"
	EventLooked        EventKind = "looked" // and nothing changed; Detail says what was seen
	EventIssued        EventKind = "issued"
	EventAccountFound  EventKind = "account_found"
	EventDeposit       EventKind = "deposit_noticed" // Code is the deposit's TID
	EventKeyIssued     EventKind = "key_issued"
	EventKeyTaken      EventKind = "key_taken"
	EventEscrow        EventKind = "escrow_changed" // Code is PortOne's number for how far it has come
	EventProposed      EventKind = "resolution_proposed"
	EventResolved      EventKind = "resolved_by_hand"
)

// The kinds of money that came late.
const (
	EventLate         EventKind = "late_money"
	EventLateReturned EventKind = "late_money_returned"
	EventLateUnknown  EventKind = "late_money_unknown"
	EventLateFlagged  EventKind = "late_money_flagged"
	EventLateKept     EventKind = "late_money_kept"
	EventLateLooked   EventKind = "late_money_looked"
	EventLateAbsent   EventKind = "late_money_absent"
	EventLateWatched  EventKind = "refused_payment_watched"
	EventLateProposed EventKind = "late_money_resolution_proposed"
	EventLateResolved EventKind = "late_money_resolved_by_hand"
)

// The kinds of a cancel; Reason is its id. EventCancel has those of its states.
const (
	EventCancelIntended EventKind = "cancel_intended"
	EventCancelPending  EventKind = "cancel_pending"
	EventCancelLooked   EventKind = "cancel_looked"
	EventCancelFound    EventKind = "cancel_found"
	EventCancelProposed EventKind = "cancel_resolution_proposed"
	EventCancelResolved EventKind = "cancel_resolved_by_hand"
)

// EventCancel is the kind of a cancel that came to a state.
func EventCancel(to payment.CancelState) EventKind { return "cancel_" + EventKind(to) }

// EventEnd is the kind of an attempt's end.
func EventEnd(to payment.State) EventKind { return EventKind(to) }
