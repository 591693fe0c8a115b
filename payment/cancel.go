package payment

import "time"

// CancelID names one cancel of a paid attempt. It is ours, and stays the same however often it is asked for.
type CancelID string

// CancelState is where a cancel of a paid attempt stands.
type CancelState string

// The states of a cancel. The attempt itself stays approved, which is how it ended.
const (
	// CancelRequested: the intent is recorded; the request may have been sent, or the PG does it later.
	CancelRequested CancelState = "requested"
	// CancelUnknown: the money may or may not have gone back.
	CancelUnknown CancelState = "unknown"
	// CancelDone: the PG confirmed it. Final.
	CancelDone CancelState = "done"
	// CancelRefused: the PG said no, or it is proven that nothing was given back. Final.
	CancelRefused CancelState = "refused"
)

// Final tells whether a cancel in state s has come to its end.
func (s CancelState) Final() bool { return s == CancelDone || s == CancelRefused }

// Cancel is one giving back of money of a paid attempt, whole or in part. It holds no personal data.
type Cancel struct {
	ID        CancelID  `json:"cancel_id"`
	AttemptID AttemptID `json:"attempt_id"`
	OrderID   OrderID   `json:"order_id"`
	// Amount is what is given back, Remaining what stood before it, both in won. TaxFree and VAT are parts of
	// Amount; VAT is stated (VATSet) when it was stated at the payment.
	Amount    Won  `json:"amount"`
	Remaining Won  `json:"remaining"`
	TaxFree   Won  `json:"tax_free"`
	VAT       Won  `json:"vat_amount"`
	VATSet    bool `json:"vat_set"`
	// Reason is the caller's, for the PG and the history; it must hold no personal data.
	Reason string `json:"reason"`
	// Origin is who began it: shop for a request of the order service, pg for one found at the PG (console).
	Origin CancelOrigin `json:"origin"`
	State  CancelState  `json:"state"`
	// Code is a stable code for how it came to its state.
	Code      string    `json:"code,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// NextCheck is when one that is not final is looked up again; zero for final ones.
	NextCheck time.Time `json:"next_check,omitzero"`
	Checks    int       `json:"checks,omitempty"`
}

// CancelOrigin is who began a cancel.
type CancelOrigin string

// The origins of a cancel.
const (
	CancelByShop CancelOrigin = "shop"
	CancelByPG   CancelOrigin = "pg"
)

// CancelTransition is one allowed move of a cancel.
type CancelTransition struct {
	From  CancelState
	To    CancelState
	Event string
	Note  string
}

// CancelTransitions is the whole state machine of a cancel. One that was found at the PG begins as done.
func CancelTransitions() []CancelTransition {
	return []CancelTransition{
		{CancelRequested, CancelDone, "confirmed", "the PG confirmed it, by its answer or by an inquiry"},
		{CancelRequested, CancelRefused, "refused", "a definite no, or the request was surely never sent"},
		{CancelRequested, CancelUnknown, "outcome_lost", "the answer was lost or cannot be believed"},
		{CancelUnknown, CancelDone, "proof_found", "the PG shows that this much was given back"},
		{
			CancelUnknown, CancelRefused, "proof_found",
			"the PG shows, repeatedly and after a grace period, that nothing was given back",
		},
	}
}

// CanMove tells whether a cancel may move from s to another state.
func (s CancelState) CanMove(to CancelState) bool {
	for _, t := range CancelTransitions() {
		if t.From == s && t.To == to {
			return true
		}
	}
	return false
}
