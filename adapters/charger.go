package adapters

import (
	"context"
	"net/netip"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Charger is implemented by drivers that charge stored billing keys (DriverSpec.ChargesKeys), and cards by their data
// and open virtual accounts without a window (DriverSpec.KeyInMethods).
type Charger interface {
	// KeyContracts reads through which contracts a key may be charged. None is a definite answer: the PG has no such
	// key, or not any more. It reads only. Errors match ErrUnavailable.
	KeyContracts(ctx context.Context, pg *payment.PG, key payment.Secret) ([]payment.KeyContract, error)
	// CheckCharge says what of a charge could not be sent, without sending anything. Errors match ErrRejected, and name
	// the field as a FieldError.
	CheckCharge(req ChargeRequest) error
	// Charge charges a key or a card, or opens an account, with exactly one request. Outcomes and errors are Approve's,
	// but for not found, which it never is. The attempt's id must be one that the PG has nothing under: what a PG says of
	// an id that it knows is not about this charge. Result.Said is set wherever the PG answered, beside an error too.
	Charge(ctx context.Context, req ChargeRequest) (Result, error)
}

// ChargeRequest asks a PG to charge a stored billing key, or a card by its data, or to open a virtual account.
type ChargeRequest struct {
	Account
	Attempt payment.Attempt
	// Key is V1's customer_uid, or V2's billing key. Beside a card it is what to store the card under; empty for nothing.
	Key payment.Secret
	// Card is the data of the card to charge, a JSON object in the PG's words, where the attempt is of PurposeKeyIn. It
	// goes to the PG and nowhere else.
	Card payment.Secret
	// VBank is what is asked of the account to open, a JSON object in the PG's words, where the attempt is of PurposeKeyIn
	// and its method vbank. It names who pays, and goes to the PG and nowhere else.
	VBank payment.Secret
	// Named is the contract as the caller named it in the PG's words; empty when he named none.
	Named string
	// Several tells that the key is at more than one contract, so that the PG must be told which.
	Several bool
	Buyer   payment.Buyer
	// BuyerIP is the shopper's address, for PGs that ask for it; not valid when he is not there.
	BuyerIP netip.Addr
	// Installment is in months; 0 is a lump sum.
	Installment int
	// NoticeURL is where PortOne reports what becomes of the payment, unless the caller's fields say another place; empty
	// leaves it to PortOne's console.
	NoticeURL string
	// SiteURL is the shop's address, for PGs that want it said; empty where the configuration says none.
	SiteURL string
	// Call is by which call of the PG's own API the order service asks for it (APIAsk.Name); empty when by none.
	Call string
	// Fields is a JSON object of the caller's own in the PG's words, or empty. Whatever the gateway says itself, or must
	// have decided, is not taken from it.
	Fields []byte
	// OperationID names this charge: Idempotency-Key where the PG has one.
	OperationID string
	Now         time.Time
}

// OfKey tells whether it charges a stored billing key.
func (r *ChargeRequest) OfKey() bool { return !r.Card.IsSet() && !r.VBank.IsSet() }

// Said is a PG's own answer to a request, to be handed on to who made it. It may hold personal data: its body shows
// nothing of itself, and is kept nowhere.
type Said struct {
	Status      int
	ContentType string
	Body        payment.Secret
}
