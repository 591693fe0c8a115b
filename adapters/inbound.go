package adapters

import (
	"errors"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Return is what a window made the browser bring back. Nothing in it is authenticated: it is believed only together
// with our own token, and no further than that.
type Return struct {
	// Token is what Prepare was given to carry the attempt.
	Token string
	// OrderRef and MID are whose it says it is; each is empty when it does not tell.
	OrderRef payment.AttemptID
	MID      string
	// Through tells that the buyer came through the window: he has authenticated, or a billing key was issued.
	Through bool
	// Proof is what the attempt is approved with, as far as it came with the browser.
	Proof Proof
	// Amount is what it says will be approved, in won; zero when it does not tell.
	Amount payment.Won
	// ApproveURL and UndoURL are where it says that the PG approves and undoes. They are compared with where the driver
	// does that, and never called.
	ApproveURL string
	UndoURL    string
	// BillingKey is the key that was issued, and PGTxID the transaction that issued it.
	BillingKey payment.Secret
	PGTxID     string
	// Code is the PG's own word, for logs. Why is a decline's reason as an attempt's, and BuyerCancelled tells that the
	// buyer closed the window; both are for wording only.
	Code           string
	Why            payment.Reason
	BuyerCancelled bool
}

// Returner is implemented by drivers whose windows carry the attempt through the browser and make it post a form
// (DriverSpec.CarriesToken).
type Returner interface {
	// ReadReturn reads the form. A field that matters and comes twice is an error, since one reader would take the
	// first and another the last.
	ReadReturn(body []byte) (Return, error)
	// CheckReturn holds a return of somebody who came through the window against the PG that the attempt is at.
	CheckReturn(pg *payment.PG, r Return) error
}

// ErrForged tells that a return is about another payment than its token.
var ErrForged = errors.New("the return is of another payment")

// PhoneReturner is implemented by Returners whose windows on phones make the browser post another form
// (Routes.PhoneReturn), which names neither the order nor the MID.
type PhoneReturner interface {
	// ReadPhoneReturn reads the form, as ReadReturn does.
	ReadPhoneReturn(body []byte) (Return, error)
	// CheckPhoneReturn is CheckReturn, which holds the return against the attempt, too. Errors match ErrForged when it is
	// of another payment.
	CheckPhoneReturn(pg *payment.PG, a payment.Attempt, r Return) error
}

// KeyReturner is implemented by Returners whose windows for billing keys have the key itself brought by the browser.
type KeyReturner interface {
	// ReadKeyReturn reads the form, as ReadReturn does.
	ReadKeyReturn(body []byte) (Return, error)
}

// Message is what came to one of the addresses where a PG tells and asks by itself.
type Message struct {
	Header http.Header
	Body   []byte
	Now    time.Time
}

// contentType is the header that says how a body is written.
const contentType = "Content-Type"

// ContentType is how the body says that it is written.
func (m Message) ContentType() string { return m.Header.Get(contentType) }

// NotificationKind is what a notification is about.
type NotificationKind string

// The kinds of notification.
const (
	// NotificationPayment: something has become of a payment; it is looked up again.
	NotificationPayment NotificationKind = "payment"
	// NotificationOpened: a window was opened, which is news of a payment that is approved only.
	NotificationOpened NotificationKind = "opened"
	// NotificationKey: a billing key was issued, and the attempt is not named (KeyOwner).
	NotificationKey NotificationKind = "key"
	// NotificationEscrow: an escrow has come further.
	NotificationEscrow NotificationKind = "escrow"
	// NotificationDeposit: money came into a virtual account.
	NotificationDeposit NotificationKind = "deposit"
	// NotificationAsks: it is no notification. It asks whether something may be paid that nobody here waits for, and
	// taking it would be a yes.
	NotificationAsks NotificationKind = "asks"
	// NotificationOther: it is taken, and there is nothing to do.
	NotificationOther NotificationKind = "other"
)

// Notification is what a PG says that happened. It is a hint: what happened is read from the PG.
type Notification struct {
	Kind NotificationKind
	// Attempt and PGTxID are what it is about; PGTxID may be empty.
	Attempt payment.AttemptID
	PGTxID  string
	// Says is what it says has become of the payment; empty when it does not tell.
	Says payment.Outcome
	// BillingKey is what a NotificationKey is about.
	BillingKey payment.Secret
	// Escrow is the PG's number for how far an escrow has come; empty when it is none that is known.
	Escrow string
	// MID, IssueTxID and Amount are a deposit's: whose account, the transaction that issued it (empty when it is not
	// told) and what came in, in won.
	MID       string
	IssueTxID string
	Amount    payment.Won
}

// Notifier is implemented by drivers whose PG tells by itself what happened (Routes.Notifications, Routes.Deposits).
type Notifier interface {
	// ReadNotification reads a notification that came for pg. An error means that it cannot be read in one way only.
	ReadNotification(pg *payment.PG, m Message) (Notification, error)
}

// Verifier is implemented by drivers whose PG signs what it tells and asks. What others tell is believed no further
// than the PG shows it when it is asked.
type Verifier interface {
	// VerifyMessage returns the message's id, which is the same when the PG says it again. An error means that nothing
	// in it may be believed.
	VerifyMessage(pg *payment.PG, m Message) (id string, err error)
}

// Question is what a PG asks just before it has a payment approved.
type Question struct {
	Attempt payment.AttemptID
	PGTxID  string
	// Amount is what is about to be charged, in won.
	Amount payment.Won
	// Elsewhere tells that it is about another contract of ours, so that the answer is no.
	Elsewhere bool
}

// Reply is an answer in a PG's own form: a status and what is written as JSON.
type Reply struct {
	Status int
	Body   map[string]string
}

// Asker is implemented by drivers whose PG asks before it has a payment approved (Routes.Questions).
type Asker interface {
	// ReadQuestion reads a question that came for pg. An error means that it cannot be read in one way only.
	ReadQuestion(pg *payment.PG, m Message) (Question, error)
	// AnswerQuestion writes a yes, or a no and why, in words for the buyer.
	AnswerQuestion(yes bool, why string) Reply
}
