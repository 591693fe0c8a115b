package adapters

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// APICall is a call of the order service to a PG's own API, whole and not sent yet.
type APICall struct {
	Method string
	// Path is what follows the root of the API, decoded: each of its segments can be read in one way only. It begins
	// with a slash.
	Path string
	// Query is as it was sent, without the question mark.
	Query       string
	ContentType string
	Body        []byte
	// Key is an Idempotency-Key to say besides, where the PG has one and the caller said none; empty otherwise.
	Key string
}

// APIKind is what a call of a PG's API does.
type APIKind string

// The kinds of call.
const (
	// APIPasses: it moves no money, and is handed on as it is.
	APIPasses APIKind = "passes"
	// APILists: it reads a list that is the same for every caller and changes seldom. It may be answered with what was
	// read a while ago.
	APILists APIKind = "lists"
	// APILogin: it asks for credentials, which are ours (Granter).
	APILogin APIKind = "login"
	// APICancels: it gives money of a payment back.
	APICancels APIKind = "cancels"
	// APICharges: it charges a stored billing key.
	APICharges APIKind = "charges"
	// APIKeysIn: it charges a card whose data the call brings, or opens a virtual account without a window.
	APIKeysIn APIKind = "keys_in"
	// APISchedules: it has the PG charge a stored billing key by itself, later.
	APISchedules APIKind = "schedules"
	// APIIssuesKey: it has a billing key issued for a card whose data the call brings.
	APIIssuesKey APIKind = "issues_key"
	// APIDeletesKey: it deletes a stored billing key.
	APIDeletesKey APIKind = "deletes_key"
	// APIReschedules: it gives a charge that the PG is to make by itself another time.
	APIReschedules APIKind = "reschedules"
	// APIChanges: it changes the amount or the deadline of a virtual account that waits for its deposit.
	APIChanges APIKind = "changes"
	// APIConfirms: it has a payment approved whose buyer came through a window.
	APIConfirms APIKind = "confirms"
	// APIRegisters: it registers what may be paid under an id.
	APIRegisters APIKind = "registers"
	// APIMoves: it moves money, or has it moved later, in a way that the gateway does not follow. It is not handed on.
	APIMoves APIKind = "moves"
	// APIUnknown: no such call is known here. What changes something is not handed on then.
	APIUnknown APIKind = "unknown"
)

// APIAsk is what a call asks for.
type APIAsk struct {
	Kind APIKind
	// Name names the operation in metrics and logs, as in payments_cancel. There are as many as the driver knows.
	Name string
	// Cancel is what an APICancels asks for.
	Cancel APICancel
	// Charge is what an APICharges asks for, and KeyIn an APIKeysIn.
	Charge APICharge
	KeyIn  APIKeyIn
	// Schedules are what an APISchedules asks for: at least one, all of one key.
	Schedules []APISchedule
	// Move is what an APIReschedules asks for, and Confirm an APIConfirms.
	Move    APIMove
	Confirm APIConfirm
	// Change is what an APIChanges asks for; whose account it is stands in Cancel.PGTxID.
	Change APIChange
	// Issue is what an APIIssuesKey asks for.
	Issue APIKeyIssue
	// Key is the billing key that an APIDeletesKey is about.
	Key payment.Secret
	// ID and Amount are what an APIRegisters registers, in won.
	ID     payment.AttemptID
	Amount payment.Won
}

// APICancel is what is to be given back of which payment. What is nil was left out.
type APICancel struct {
	// PGTxID is the PG's transaction, ID what it was paid under. Where both are said, PGTxID counts.
	PGTxID string
	ID     payment.AttemptID
	// MID is whose payment it is, where the PG wants that said and the caller did.
	MID string
	// Amount, TaxFree, VAT and Remaining are in won. Without an amount it is all that is left.
	Amount, TaxFree, VAT, Remaining *payment.Won
	Reason                          string
	RefundAccount                   *payment.RefundAccount
	// Close tells that an account is to be closed which nobody has paid into, and that nothing is to go back.
	Close bool
	// Extra are fields of the caller's that have no word here, as a JSON object; nil for none. They go to the PG as they
	// are.
	Extra []byte
}

// APICharge is what is to be charged to which billing key. What is nil was left out.
type APICharge struct {
	ID  payment.AttemptID
	Key payment.Secret
	// Amount, TaxFree and VAT are in won.
	Amount       payment.Won
	TaxFree, VAT *payment.Won
	Name         string
	// Installment is in months; 0 is a lump sum.
	Installment int
	// ChannelKey is the channel to charge through, where the key is at several; empty leaves it to the rules. So does an
	// empty MID.
	ChannelKey, MID string
	// Fields are those of the caller's that have no word here, as a JSON object; nil for none.
	Fields []byte
}

// APIKeyIn is what is to be charged to which card, or which virtual account is to be opened for it. The key is what to
// store the card under; empty for nothing.
type APIKeyIn struct {
	APICharge
	// Card is the card's data, VBank what is asked of the account, and Named the contract that the caller named, as MID
	// is: see ChargeRequest. One of Card and VBank is set.
	Card, VBank payment.Secret
	Named       string
	// Due is until when the account is to take the deposit, or DueIn how long from now.
	Due   time.Time
	DueIn time.Duration
	// Number is the digits of a card that is stored. Holder is whose card the call says that it is.
	Number payment.Secret
	Holder Person
}

// APISchedule is a charge that the PG is to make by itself at a time.
type APISchedule struct {
	APICharge
	At time.Time
}

// APIMove is another time for a charge that the PG is to make by itself.
type APIMove struct {
	ID payment.AttemptID
	At time.Time
	// Anew tells that it is for one that was taken back or declined, and Now that it is to be made at once.
	Anew, Now bool
}

// APIChange is what an account is to be changed to. What was left out stays: the amount is nil then, Due zero.
type APIChange struct {
	Amount *payment.Won
	Due    time.Time
}

// APIConfirm is which payment is to be approved, and what it must be. What is nil was left out.
type APIConfirm struct {
	ID              payment.AttemptID
	Token           payment.Secret
	TxID            string
	Amount, TaxFree *payment.Won
	Test            *bool
	// Whole tells that amount, currency and test were all said.
	Whole bool
}

// APIAnswer is an answer in the PG's own form.
type APIAnswer struct {
	Status int
	// Body is JSON. It may hold personal data and secrets: it goes to the caller and nowhere else.
	Body []byte
}

// AuthoriseRequest asks for our credentials in a call.
type AuthoriseRequest struct {
	PG *payment.PG
	// Merchants are the PG's, in file order: one of them is whom the call is made as, where the PG wants that said.
	Merchants []*payment.Merchant
	// Live tells that the configuration is for real money.
	Live bool
	Call APICall
	// Operation is what ReadCall named the call.
	Operation string
	Now       time.Time
}

// Authorised is what a call is sent with.
type Authorised struct {
	// Authorization is the header of that name; empty for none.
	Authorization payment.Secret
	// Query is what to ask with, without the question mark.
	Query string
	// Body is sent in the place of the call's, as ContentType, where credentials are a part of it; nil leaves the call's.
	Body        []byte
	ContentType string
}

// FindRequest asks for the payment that a cancel is about.
type FindRequest struct {
	PG        *payment.PG
	Merchants []*payment.Merchant
	// Live tells that the configuration is for real money.
	Live bool
	Of   APICancel
	Now  time.Time
}

// Refusal is a no of ours.
type Refusal struct {
	Status int
	Code   payment.Code
	// Reason is why a PG refused a cancel, as its code (payment.CancelTooLate, ...); empty where it does not tell.
	Reason payment.Reason
	// Field is what of the call is wrong, in our words; empty where it is no single one.
	Field  string
	Ko, En string
	// Pending are charges that stand in the way.
	Pending []payment.PendingCharge
}

// Passage is implemented by drivers whose PG has an API that the order service calls through us (design flow E).
type Passage interface {
	// Root is where the API is: a URL without a slash at its end.
	Root(pg *payment.PG) string
	// ReadCall says what a call asks for. It asks nobody. An error is a FieldError that names what cannot be read; then
	// nothing may be handed on.
	ReadCall(pg *payment.PG, call APICall) (APIAsk, error)
	// Authorise says what to send a call with. It may fetch a token, and changes nothing. Errors match ErrUnavailable or
	// ErrRejected.
	Authorise(ctx context.Context, req AuthoriseRequest) (Authorised, error)
	// Unauthorised tells that the PG did not take a call's credentials, so that it did nothing, and whether others may
	// be had now.
	Unauthorised(pg *payment.PG, a Authorised) bool
	// Succeeded tells whether an answer is what was asked for: a PG may answer 200 to say no.
	Succeeded(status int, body []byte) bool
	// Refuse writes a no of ours as the PG would.
	Refuse(r Refusal) APIAnswer
}

// CancelPassage is implemented by Passages whose API cancels.
type CancelPassage interface {
	Passage
	// FindPayment reads the payment that a cancel is about. OutcomeNotFound is a definite answer. Errors match
	// ErrUnavailable, or are a FieldError.
	FindPayment(ctx context.Context, req FindRequest) (Result, error)
	// CancelOfOther is a cancel as it is sent for a payment that is none of the gateway's: with what is left of it, so
	// that it happens once at most. keyed tells that the caller said an Idempotency-Key.
	CancelOfOther(call APICall, keyed bool, of APICancel, found Result) (APICall, error)
	// AnswerCancel reads what the PG would have answered to a cancel that has been done. Errors match ErrUnavailable.
	AnswerCancel(ctx context.Context, req CancelRequest) (APIAnswer, error)
}

// ChargePassage is implemented by Passages whose API charges stored billing keys, or cards by their data, or opens
// virtual accounts.
type ChargePassage interface {
	Passage
	// AnswerCharge reads what the PG would have answered to a charge that is paid, or whose account waits for its
	// deposit. Errors match ErrUnavailable, or ErrRejected where a key is named and the PG does not say that it was that
	// one.
	AnswerCharge(ctx context.Context, req LookUpRequest, key payment.Secret) (APIAnswer, error)
}

// Planned is what a PG says of a charge that it is to make by itself: it waits for its time, or was taken back, or else
// was made or tried.
type Planned struct {
	At             time.Time
	Waits, Revoked bool
	// Answer is how the PG says it.
	Answer APIAnswer
}

// SchedulePassage is implemented by Passages whose API moves charges that the PG is to make by itself.
type SchedulePassage interface {
	Passage
	// Planned reads such a charge. Errors match ErrUnavailable, or ErrRejected where the PG has no such one.
	Planned(ctx context.Context, pg *payment.PG, id payment.AttemptID) (Planned, error)
}

// ConfirmPassage is implemented by Passages whose API approves what windows left to be confirmed.
type ConfirmPassage interface {
	Passage
	// AnswerConfirm reads what the PG would have answered to a confirm that was made. Errors match ErrUnavailable.
	AnswerConfirm(ctx context.Context, req LookUpRequest) (APIAnswer, error)
}

// Login is what a call for credentials brings. One of them is set.
type Login struct {
	// Secret is the caller's own, Refresh what it was granted before.
	Secret, Refresh payment.Secret
}

// Grant is what a caller calls with from now on, in the place of the PG's credentials.
type Grant struct {
	Access, Refresh payment.Secret
	Now, Until      time.Time
}

// Granter is implemented by Passages whose API hands out tokens for a secret.
type Granter interface {
	// ReadLogin reads a call for credentials. An error is a FieldError.
	ReadLogin(call APICall) (Login, error)
	// AnswerLogin writes a grant as the PG would.
	AnswerLogin(g Grant) APIAnswer
}
