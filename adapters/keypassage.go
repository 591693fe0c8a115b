package adapters

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// KeyPassage is implemented by Passages whose API deletes billing keys.
type KeyPassage interface {
	Passage
	// StoredKey reads a billing key as the PG has it. Without a contract there is none: it was never issued, or is
	// deleted. Errors match ErrUnavailable.
	StoredKey(ctx context.Context, pg *payment.PG, key payment.Secret) (StoredKey, error)
	// PendingCharges reads what the PG is still to charge a key by itself, the earliest first where it says so. It reads
	// until it has found some. Errors match ErrUnavailable; then nobody knows whether there are any.
	PendingCharges(ctx context.Context, req PendingRequest) ([]payment.PendingCharge, error)
	// AnswerDeleted is what the PG would have answered to a delete that is done, from how the key was read before it and
	// after.
	AnswerDeleted(before, after StoredKey) APIAnswer
}

// KeyIssuer is implemented by KeyPassages whose API issues billing keys for cards whose numbers the order service has.
type KeyIssuer interface {
	KeyPassage
	// CheckIssue says what of a request could not be sent, without sending anything. Errors match ErrRejected, and name
	// the field as a FieldError.
	CheckIssue(req IssueRequest) error
	// IssueKey has a key issued, with exactly one request. Outcomes and errors are Driver.Approve's, but for not found,
	// which it never is. Result.Said is set wherever the PG answered, beside an error too.
	IssueKey(ctx context.Context, req IssueRequest) (Result, error)
	// AnswerIssued is what the PG would have answered, from how the key is read.
	AnswerIssued(key StoredKey) APIAnswer
}

// IssueRequest asks a PG for a billing key.
type IssueRequest struct {
	Account
	Attempt payment.Attempt
	// Key is the name that the order service chose for it: V1's customer_uid. Where the PG names each key itself, it is a
	// mark by which the key can be found again.
	Key payment.Secret
	// Fields is a JSON object of the caller's own in the PG's words, the card's data among them. It lives as long as its
	// request. What the gateway says itself, or must have decided, is not taken from it.
	Fields payment.Secret
	Now    time.Time
}

// APIKeyIssue is what an APIIssuesKey asks for.
type APIKeyIssue struct {
	// Key is as in IssueRequest. Named tells that the order service chose it: it may have a card already, which a second
	// one would replace. Otherwise each call makes a key of its own.
	Key   payment.Secret
	Named bool
	// Mark is a LookUpRequest's, of a key that is not Named.
	Mark string
	// ChannelKey and MID say at which contract, as far as the caller does.
	ChannelKey, MID string
	Fields          payment.Secret
	// Number is the card's: its digits alone. Holder is whose card the call says that it is.
	Number payment.Secret
	Holder Person
}

// StoredKey is a billing key as its PG has it.
type StoredKey struct {
	// At are the contracts through which it may be charged.
	At []payment.KeyContract
	// Body is the PG's own answer. It may hold personal data: it goes to the caller and nowhere else.
	Body []byte
	// Mark changes with the key: another card under the same name has another one.
	Mark string
}

// PendingRequest asks what a PG is still to charge a billing key.
type PendingRequest struct {
	PG  *payment.PG
	Key payment.Secret
	Now time.Time
}
