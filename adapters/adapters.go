// Package adapters says what the gateway needs of a PG. One folder per driver implements it; the drivers are
// the only code that opens connections to PGs.
//
// Nothing in here or below knows rules, journals or Fiber. No driver retries a request that may move money:
// each is written to the PG exactly once per call (see onewrite).
package adapters

import (
	"context"
	"errors"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Errors by what the caller should do. A decline is not an error, and neither is an unknown outcome of a
// lookup; both are outcomes.
var (
	// ErrRejected: the PG refused the request as such and nothing happened; fix the request or the keys.
	ErrRejected = errors.New("the PG rejected the request")
	// ErrUnavailable: the PG could not be asked and nothing happened; a read may be tried again.
	ErrUnavailable = errors.New("the PG is unavailable")
	// ErrUnknownOutcome: the request was, or may have been, sent, and its effect is not known; look it up.
	ErrUnknownOutcome = errors.New("the outcome is unknown")
	// ErrUnsupported: this driver has no such operation.
	ErrUnsupported = errors.New("the driver does not support this")
)

// FieldError names a field that a PG needs and that is missing or cannot be sent. It matches ErrRejected.
type FieldError struct {
	// Field is the path in the checkout (buyer.tel) or in the configuration (merchants.sign_key).
	Field string
	// Msg says what is wrong with it, without its value.
	Msg string
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + " " + e.Msg }

// Is makes errors.Is(err, ErrRejected) true.
func (e *FieldError) Is(target error) bool { return target == ErrRejected }

// Account is whom a request is made as: the PG and the merchant of one snapshot.
type Account struct {
	PG       *payment.PG
	Merchant *payment.Merchant
}

// PrepareRequest asks for the window of an attempt.
type PrepareRequest struct {
	Account
	Attempt      payment.Attempt
	Buyer        payment.Buyer
	Installments payment.Installments
	// Options are what the window is told beside.
	Options payment.WindowOptions
	// Token is the sealed attempt that Inicis carries through the browser (merchantData).
	Token string
	// ReturnURL is the gateway's own address that the PG sends the browser back to; CloseURL the one it
	// calls when the buyer closes the window.
	ReturnURL string
	CloseURL  string
	// NoticeURL is where the PG reports what becomes of the payment, ConfirmURL where PortOne asks before it has
	// the payment approved; empty leaves both to the PG's console.
	NoticeURL  string
	ConfirmURL string
	// App is the shop's app that the apps of card companies and banks come back to; zero for none.
	App payment.AppLink
	Now time.Time
}

// Proof is what the browser brought back from the PG's window: enough to approve, worthless without our keys.
// It is secret: seal it before it is stored, never log it.
type Proof struct {
	// AuthToken is Inicis' authToken or PortOne V2's paymentToken.
	AuthToken payment.Secret `json:"auth_token"`
	// IDC is Inicis' idc_name, checked against those of the configuration.
	IDC string `json:"idc,omitempty"`
	// PGTxID is V1's imp_uid or V2's txId as the browser tells it: a hint, never trusted.
	PGTxID string `json:"pg_tx_id,omitempty"`
	// Key and Mark are a LookUpRequest's.
	Key  payment.Secret `json:"key"`
	Mark string         `json:"mark,omitempty"`
	// Mobile tells that AuthToken is the auth TID of Inicis' mobile window.
	Mobile bool `json:"mobile,omitempty"`
	// AuthenticatedAt starts the clock of the net cancel's window (10 minutes, inicis.md §1.12).
	AuthenticatedAt time.Time `json:"authenticated_at"`
}

// ApproveRequest asks the PG to move the money of an authenticated attempt, or to undo that (NetCancel).
type ApproveRequest struct {
	Account
	Attempt payment.Attempt
	Proof   Proof
	Now     time.Time
}

// LookUpRequest asks what the PG knows of an attempt. It moves no money and may be repeated.
type LookUpRequest struct {
	Account
	Attempt payment.Attempt
	// PGTxID is the attempt's, or the browser's hint when the attempt has none yet. For a billing key it is a hint
	// at the key, which is a secret.
	PGTxID string
	// Key is the billing key of an attempt that issues one under a name that is not its own, or what its driver finds that
	// key by (IssueRequest.Key); empty for any other. Mark is how the key was before it (StoredKey.Mark): one that still
	// is so was not issued. Of a key that the PG names itself it is what the driver's ReadCall said (APIKeyIssue.Mark).
	Key  payment.Secret
	Mark string
	// Exact asks about that transaction alone: another payment of the attempt is no answer. Whose it is, the result
	// tells.
	Exact bool
	Now   time.Time
}

// CancelRequest asks the PG to give money back.
type CancelRequest struct {
	Account
	Attempt payment.Attempt
	PGTxID  string
	// Key is as in LookUpRequest.
	Key payment.Secret
	// Amount is what to give back now and Remaining what is left approved before this cancel, both in won.
	// Amount equal to Remaining is a full cancel.
	Amount    payment.Won
	Remaining payment.Won
	TaxFree   payment.Won
	// VAT is the value added tax of Amount, stated (VATSet) when it was stated at the payment.
	VAT    payment.Won
	VATSet bool
	Reason string
	// Unstated leaves the parts of a cancel of all that remains to the PG, for a payment whose buyer stated others in the
	// window than were decided: what was decided is refused then. A driver whose full cancel states no parts ignores it.
	Unstated bool
	// RefundAccount is where a virtual account's money goes back to; nil for every other method.
	RefundAccount *payment.RefundAccount
	// Extra are fields of the order service's in the PG's own words, as a JSON object; nil for none. They are sent along
	// where the driver has no word of its own. They may be personal: they go nowhere else.
	Extra []byte
	// OperationID names this cancel and stays the same when it is sent again: Idempotency-Key where the PG
	// has one.
	OperationID string
	Now         time.Time
}

// Result is a PG's answer. Driver compares nothing with the decision; that is the gateway's Mismatch. A field holds
// what the answer says and nothing else: what was asked for is never filled in, or it would agree with itself.
type Result struct {
	Outcome payment.Outcome
	// PGTxID is the PG's transaction id.
	PGTxID string
	// OrderRef, MID, ChannelKey, Amount, Currency, Test, Method and Taxes are what the PG says it did; each is empty
	// when the answer does not tell (Untold). A method that the PG cannot tell from the one that was asked for
	// counts as that one.
	OrderRef   payment.AttemptID
	MID        string
	ChannelKey string
	Amount     payment.Won
	// Cancelled is what was given back so far, in won.
	Cancelled payment.Won
	// CancelPending is what the PG says it will give back later, beside Cancelled; it still has that money.
	CancelPending payment.Won
	// CancelledAlike is when the amount that was asked about was last given back (CancelPassage.FindPayment); zero for
	// never.
	CancelledAlike time.Time
	Currency       string
	Test           bool
	// TestKnown tells that the PG states the test flag.
	TestKnown bool
	Method    payment.Method
	// Taxes are the parts of the amount.
	Taxes Taxes
	// Escrow tells whether the PG holds the money for the buyer, where EscrowKnown says that it tells.
	Escrow, EscrowKnown bool
	// Installment is in months, 0 being a lump sum or not told.
	Installment int
	// Silent is what no answer of this PG to this kind of question states.
	Silent Facts
	// Code and Message are the PG's own words: for logs and cases, never for the buyer.
	Code    string
	Message string
	// BuyerCancelled tells that the buyer closed the window, for wording only.
	BuyerCancelled bool
	// Why is a decline's reason as an attempt's (payment.DeclinedLimit, ...), for wording and for whether a charge is
	// tried again; empty when it is not told.
	Why payment.Reason
	// Refused is a declined cancel's code (payment.CancelTooLate, ...); empty when it is not told.
	Refused string
	// Account is the virtual account that was issued, as far as the answer tells.
	Account payment.VirtualAccount
	// Receipt is what a shop prints of the payment; nil where the answer says nothing of it.
	Receipt *payment.Receipt
	// BillingKey is the key that was issued, for attempts with that purpose.
	BillingKey payment.Secret
	// Said is the PG's own answer, where it is to be handed on.
	Said *Said
	// Warning names something odd that is no reason to lose the payment (authSignature mismatch).
	Warning string
}

// Driver speaks to one kind of PG. Its methods are safe for concurrent use.
type Driver interface {
	// Spec says what everybody else needs to know of the driver. It asks nobody, and says the same every time.
	Spec() payment.DriverSpec
	// Prepare makes the window of an attempt; where the PG has pre-registration it registers the amount
	// first. Errors match ErrRejected, ErrUnavailable or ErrUnknownOutcome.
	Prepare(ctx context.Context, req PrepareRequest) (payment.Window, error)
	// Approve moves the money, with exactly one request. err == nil means a definite answer (approved or
	// declined, or not found: the PG refused the proof itself, as one that it does not know or that was used before, so
	// that nothing was approved by it now, and nothing may be undone with it). Errors match ErrUnavailable when surely
	// nothing was sent, ErrRejected when the PG refused the request as such, ErrUnknownOutcome for everything else, a
	// timeout and an unreadable answer included.
	Approve(ctx context.Context, req ApproveRequest) (Result, error)
	// LookUp reads what the PG knows. OutcomeIssued is a virtual account that waits for its deposit; once it is
	// paid into, the outcome is OutcomeApproved. Errors match ErrUnavailable or ErrUnsupported.
	LookUp(ctx context.Context, req LookUpRequest) (Result, error)
	// Cancel gives money back, with exactly one request. Errors as Approve's.
	Cancel(ctx context.Context, req CancelRequest) (Result, error)
}

// PaidLister is implemented by drivers whose PG can hold several payments of one attempt.
type PaidLister interface {
	// ListPaid returns the attempt's payments that are paid, the newest first. Errors match ErrUnavailable.
	ListPaid(ctx context.Context, req LookUpRequest) ([]Result, error)
}

// NetCanceller is implemented by drivers whose PG can undo an approval whose answer was lost. OutcomeCancelled
// means undone, or nothing to undo; everything else is not proof.
type NetCanceller interface {
	NetCancel(ctx context.Context, req ApproveRequest) (Result, error)
}

// AccountCloser is implemented by drivers whose PG can close a virtual account that nobody has paid into.
// OutcomeCancelled means closed, OutcomeDeclined that the PG refused (it may have been paid into meanwhile). It is
// a write: exactly one request. Errors as Approve's.
type AccountCloser interface {
	CloseAccount(ctx context.Context, req CancelRequest) (Result, error)
}

// KeyOwner is implemented by drivers whose PG's webhooks name a billing key and not the attempt it was issued for.
type KeyOwner interface {
	// KeyOwner returns the attempt that a key was issued for, or "" when that is none of the gateway's. It reads
	// only. Errors match ErrUnavailable.
	KeyOwner(ctx context.Context, pg *payment.PG, key payment.Secret) (payment.AttemptID, error)
}
