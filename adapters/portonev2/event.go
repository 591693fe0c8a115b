package portonev2

import (
	"fmt"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// The types of event that somebody may want to tell apart; every one of a transaction is a hint to look again.
const (
	EventReady         = "Transaction.Ready"
	EventFailed        = "Transaction.Failed"
	EventConfirm       = "Transaction.Confirm"
	EventIssued        = "Transaction.VirtualAccountIssued"
	EventPaid          = "Transaction.Paid"
	EventPartCancelled = "Transaction.PartialCancelled"
	EventCancelled     = "Transaction.Cancelled"
	EventKeyIssued     = "BillingKey.Issued"
	EventKeyDeleted    = "BillingKey.Deleted"
)

// maxEventText bounds what is taken over of an event, in bytes.
const maxEventText = 128

// Event is what a verified webhook says. It is a hint at most: what happened is read from PortOne.
type Event struct {
	// Type is the type of body version 2024-04-25; an event of the older version is given the same name.
	Type string
	// StoreID is empty in the older version.
	StoreID string
	// PaymentID is empty for what is no payment, such as a billing key.
	PaymentID payment.AttemptID
	TxID      string
	// CancellationID names the cancel of an event about one; the older version does not tell it.
	CancellationID string
	// BillingKey is what an event of a billing key is about. It pays without its owner: never log or store it plainly.
	BillingKey payment.Secret
	// Amount is what is about to be charged, of EventConfirm only.
	Amount payment.Won
}

// Says is what an event says has become of the payment; empty when it is about something else, or not known.
func (ev Event) Says() payment.Outcome {
	switch ev.Type {
	case EventReady:
		return payment.OutcomePending
	case EventIssued:
		return payment.OutcomeIssued
	case EventPaid:
		return payment.OutcomeApproved
	case EventFailed:
		return payment.OutcomeDeclined
	case EventCancelled, EventPartCancelled:
		return payment.OutcomeCancelled
	}
	return ""
}

// ParseEvent reads the body of a webhook in either body version; only the older one may be a form. confirm
// tells that it came to the confirm address, where the older version does not say so itself. Errors match
// wire.ErrShape.
func ParseEvent(contentType string, body []byte, confirm bool) (Event, error) {
	if kind, _, err := mime.ParseMediaType(contentType); err == nil && kind == "application/x-www-form-urlencoded" {
		return formEvent(body, confirm)
	}
	if err := wire.CheckUnique(body); err != nil {
		return Event{}, err
	}
	o, err := wire.ParseObject(body)
	if err != nil {
		return Event{}, err
	}
	var ev Event
	if o.Has("type") {
		ev = dataEvent(o)
	} else {
		ev = Event{Type: oldType(o.Text("status")), PaymentID: payment.AttemptID(o.Text("payment_id")), TxID: o.Text("tx_id")}
		if confirm {
			ev.Type, ev.Amount = EventConfirm, o.Won("total_amount")
		}
	}
	if err := o.Err(); err != nil {
		return Event{}, err
	}
	return ev.checked(confirm)
}

// dataEvent reads body version 2024-04-25.
func dataEvent(o wire.Object) Event {
	ev := Event{Type: o.Required("type")}
	isKey := strings.HasPrefix(ev.Type, "BillingKey.")
	// PortOne adds types without notice; what they hold is not guessed.
	if !isKey && !strings.HasPrefix(ev.Type, "Transaction.") {
		return ev
	}
	data, _ := o.Object("data")
	ev.StoreID = data.Text("storeId")
	if isKey {
		ev.BillingKey = payment.Secret(data.Text("billingKey"))
		return ev
	}
	ev.TxID, ev.CancellationID = data.Text("transactionId"), data.Text("cancellationId")
	ev.PaymentID = payment.AttemptID(data.Text("paymentId"))
	if ev.Type == EventConfirm {
		ev.Amount = data.Won("totalAmount")
	}
	return ev
}

// formEvent reads body version 2024-01-01 as a form.
func formEvent(body []byte, confirm bool) (Event, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return Event{}, fmt.Errorf("%w: not a form", wire.ErrShape)
	}
	get := func(name string) string {
		if len(form[name]) > 1 {
			err = fmt.Errorf("%w: field %s occurs twice", wire.ErrShape, name)
		}
		return form.Get(name)
	}
	ev := Event{Type: oldType(get("status")), PaymentID: payment.AttemptID(get("payment_id")), TxID: get("tx_id")}
	amount := get("total_amount")
	if err != nil {
		return Event{}, err
	}
	if confirm {
		ev.Type = EventConfirm
		if ev.Amount, err = payment.ParseWon(amount); err != nil {
			return Event{}, fmt.Errorf("%w: field total_amount is not an amount of won", wire.ErrShape)
		}
	}
	return ev.checked(confirm)
}

// oldType gives a status of the older version its newer name.
func oldType(status string) string {
	if status == "" {
		return ""
	}
	return "Transaction." + status
}

// checked refuses an event that cannot be followed up. Types that are not known are fine: PortOne adds some
// without notice.
func (ev Event) checked(confirm bool) (Event, error) {
	longest := max(len(ev.Type), len(ev.StoreID), len(ev.TxID), len(ev.PaymentID), len(ev.CancellationID),
		len(ev.BillingKey))
	switch {
	case ev.Type == "" || longest > maxEventText:
		return Event{}, fmt.Errorf("%w: a field is missing or too long", wire.ErrShape)
	case (ev.Type == EventKeyIssued || ev.Type == EventKeyDeleted) && !isBillingKey(ev.BillingKey):
		return Event{}, fmt.Errorf("%w: the billing key is not named", wire.ErrShape)
	case strings.HasPrefix(ev.Type, "Transaction.") && ev.PaymentID == "":
		return Event{}, fmt.Errorf("%w: the payment is not named", wire.ErrShape)
	case confirm != (ev.Type == EventConfirm):
		return Event{}, fmt.Errorf("%w: a question at the address for events, or the other way round", wire.ErrShape)
	case confirm && (ev.TxID == "" || ev.Amount <= 0):
		return Event{}, fmt.Errorf("%w: the transaction or its amount is not named", wire.ErrShape)
	}
	return ev, nil
}
