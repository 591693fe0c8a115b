package payment

import "time"

// State is where an attempt stands.
type State string

// The states of an attempt.
const (
	// StateOpened: a window was handed out; the order is not claimed.
	StateOpened State = "opened"
	// StateClaimed: the attempt holds the order's claim; nothing that moves money was sent.
	StateClaimed State = "claimed"
	// StateApproving: the intent to approve is recorded; the request may have been sent.
	StateApproving State = "approving"
	// StateCaptured: the PG has the money and the figures are right; the shop has not said yes yet.
	StateCaptured State = "captured"
	// StateIssued: the PG issued a virtual account and the shop said yes; the deposit is awaited.
	StateIssued State = "issued"
	// StateUnknown: money may or may not have moved. Never the same as failed.
	StateUnknown State = "unknown"
	// StateCancelling: the intent to give the money back is recorded; that is not proven yet.
	StateCancelling State = "cancelling"
	// StateApproved: paid, and the message to the shop is in the outbox. Final.
	StateApproved State = "approved"
	// StateDeclined: the PG or the buyer said no, and nothing was charged. Final.
	StateDeclined State = "declined"
	// StateRefused: the confirm gate said no before anything was charged. Final.
	StateRefused State = "refused"
	// StateCancelled: what was charged, if anything, was given back, and that is proven. Final.
	StateCancelled State = "cancelled"
	// StateExpired: no money moved and none can any more. Final.
	StateExpired State = "expired"
)

// Final tells whether an attempt in state s has come to its end.
func (s State) Final() bool {
	switch s {
	case StateApproved, StateDeclined, StateRefused, StateCancelled, StateExpired:
		return true
	case StateOpened, StateClaimed, StateApproving, StateCaptured, StateIssued, StateUnknown, StateCancelling:
		return false
	}
	return false
}

// Attempt is one try at paying an order. It holds no personal data and no secret.
type Attempt struct {
	ID       AttemptID  `json:"id"`
	OrderID  OrderID    `json:"order_id"`
	PG       PGID       `json:"pg"`
	Driver   DriverName `json:"driver"`
	Merchant MerchantID `json:"merchant"`
	// MID is stored with the attempt: cancels use it, not the configuration of the day.
	MID    string `json:"mid"`
	Method Method `json:"method"`
	// Amount is what the PG is to charge, TaxFree the tax-free part of it, OrderAmount the whole order. VAT is
	// the value added tax within Amount when the shop states it itself (VATSet).
	Amount      Won  `json:"amount"`
	TaxFree     Won  `json:"tax_free"`
	VAT         Won  `json:"vat_amount"`
	VATSet      bool `json:"vat_set"`
	OrderAmount Won  `json:"order_amount"`
	// Secondary is what the shop settles itself (부결제수단), by method; empty when the PG charges the whole order.
	Secondary Parts  `json:"secondary,omitempty"`
	Currency  string `json:"currency"`
	// Test tells that the merchant is in test mode; an answer of the other kind is not ours.
	Test          bool      `json:"test"`
	ManualConfirm bool      `json:"manual_confirm"`
	Device        Device    `json:"device"`
	Site          Site      `json:"site"`
	Purpose       Purpose   `json:"purpose"`
	OrderName     string    `json:"order_name"`
	ReturnURL     string    `json:"return_url"`
	RulesVersion  string    `json:"rules_version"`
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
	// DepositDue is until when a virtual account takes the deposit; zero for every other method.
	DepositDue time.Time `json:"deposit_due,omitzero"`

	State State `json:"state"`
	// PGTxID is the PG's transaction id (Inicis tid, V1 imp_uid, V2 transactionId), once known.
	PGTxID string `json:"pg_tx_id,omitempty"`
	// Reason is a stable code for how the attempt came to its state.
	Reason Reason `json:"reason,omitempty"`
	// Receipt is what the shop prints of it, as far as the PG said; nil where it said nothing.
	Receipt *Receipt `json:"receipt,omitempty"`
	// UpdatedAt is when the state last changed.
	UpdatedAt time.Time `json:"updated_at"`
	// NextCheck is when an open attempt is looked up again; zero for final ones.
	NextCheck time.Time `json:"next_check,omitzero"`
	// Checks counts how often the sweep has looked.
	Checks int `json:"checks,omitempty"`
}

// Outcome is what a PG's answer means for the money, apart from any error on the way to it.
type Outcome string

// The outcomes. A decline is not an error, and a lost answer is not a decline.
const (
	OutcomeApproved  Outcome = "approved"  // the PG has the money
	OutcomeDeclined  Outcome = "declined"  // a definite no: no money moved
	OutcomePending   Outcome = "pending"   // nothing has happened yet (ready), or what was asked is done later
	OutcomeIssued    Outcome = "issued"    // a virtual account is open and waits for its deposit
	OutcomeCancelled Outcome = "cancelled" // what was paid was given back in full, or the account was closed unpaid
	OutcomeNotFound  Outcome = "not_found" // the PG knows no such payment; not proof by itself
	OutcomeUnknown   Outcome = "unknown"   // cannot be told from this answer
)

// Message is something the shop must be told, kept in the outbox until it acknowledges it.
type Message struct {
	// ID is unique and stays the same on every delivery, so that the shop can drop repeats.
	ID      string  `json:"id"`
	OrderID OrderID `json:"order_id"`
	// Type is payment.confirmed, payment.cancelled, ...
	Type string `json:"type"`
	// Body is the JSON to send; encrypted for this message's ID when Sealed, since it holds an account or a
	// billing key.
	Body      []byte    `json:"body"`
	Sealed    bool      `json:"sealed,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Tries     int       `json:"tries"`
}

// The types of message to the shop.
const (
	// MessageConfirmed: the order is paid.
	MessageConfirmed = "payment.confirmed"
	// MessageFailed: an attempt that the shop said yes to has ended without a charge that is kept.
	MessageFailed = "payment.failed"
	// MessageCancelled: a paid order's money was given back, whole or in part.
	MessageCancelled = "payment.cancelled"
	// MessageCancelFailed: a cancel that was asked for, and was not certain, is proven not to have happened.
	MessageCancelFailed = "payment.cancel_failed"
	// MessageIssued: a virtual account was issued; the order is not paid yet.
	MessageIssued = "virtual_account.issued"
	// MessageDeposited: the deposit came in; the order is paid.
	MessageDeposited = "virtual_account.deposited"
	// MessageBillingKey: a billing key was issued; no money moved.
	MessageBillingKey = "billing_key.issued"
	// MessageCharged: a billing key was charged; the order is paid.
	MessageCharged = "recurring.charged"
	// MessageChargeFailed: a billing key's charge has ended without money that is kept.
	MessageChargeFailed = "recurring.failed"
	// MessageRecovered: a declined charge was paid by a later try.
	MessageRecovered = "recurring.recovered"
	// MessageStopped: no other try is made of a charge that was to be recovered.
	MessageStopped = "recurring.stopped"
	// MessageExternal: something happened to a payment at the shop's PG account that the gateway did not make.
	MessageExternal = "external_payment.updated"
)

// MessageTypes are all types of message to the shop.
func MessageTypes() []string {
	return []string{
		MessageConfirmed, MessageFailed, MessageCancelled, MessageCancelFailed, MessageIssued, MessageDeposited,
		MessageBillingKey, MessageCharged, MessageChargeFailed, MessageRecovered, MessageStopped, MessageExternal,
	}
}
