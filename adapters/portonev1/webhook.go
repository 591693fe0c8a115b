package portonev1

import (
	"bytes"
	"fmt"
	"mime"
	"net/url"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxNoticeText bounds what is taken over of a notice, in bytes.
const maxNoticeText = 128

// The events that are no payment's change of status.
const (
	// EventCvsConfirm asks whether a convenience-store barcode may be paid; a 200 would be a yes.
	EventCvsConfirm = "Galaxia.Cvs.Confirm"
	// EventEscrow tells how far an escrow through KG Inicis has come.
	EventEscrow = "Inicis.Escrow.Changed"
)

// The statuses of an escrow, as EventEscrow tells them.
const (
	EscrowDelivering    = "2"
	EscrowConfirmed     = "3"
	EscrowAutoConfirmed = "31"
	EscrowForced        = "32"
	EscrowDenied        = "4"
	EscrowCancelled     = "8"
	EscrowDenialTaken   = "10"
)

// Notification is what a V1 webhook says. It is unsigned: a hint to look at the payment again, and nothing more.
type Notification struct {
	ImpUID      string
	MerchantUID payment.AttemptID
	Status      string
	// CancellationID names the cancel of a notice about one; empty otherwise.
	CancellationID string
	// Event is set for what is no payment's change of status (escrow, convenience stores).
	Event string
	// EscrowStatus comes with EventEscrow; empty when that does not tell.
	EscrowStatus string
}

// Says is what a notice says has become of the payment; empty when that is no status of a payment.
func (n Notification) Says() payment.Outcome {
	switch n.Status {
	case "paid":
		return payment.OutcomeApproved
	case "ready":
		// Nothing is sent of a window that was opened: this is a virtual account that was issued.
		return payment.OutcomeIssued
	case "failed":
		return payment.OutcomeDeclined
	case "cancelled":
		return payment.OutcomeCancelled
	}
	return ""
}

// KnownEscrow tells whether a notice says how far an escrow has come, in a word that is known.
func (n Notification) KnownEscrow() bool {
	switch n.EscrowStatus {
	case EscrowDelivering, EscrowConfirmed, EscrowAutoConfirmed, EscrowForced, EscrowDenied, EscrowCancelled,
		EscrowDenialTaken:
		return true
	}
	return false
}

// Question is what V1 asks just before it has a payment approved.
type Question struct {
	ImpUID      string
	MerchantUID payment.AttemptID
	Amount      payment.Won
}

// ParseNotice reads a webhook, which is JSON or a form by a switch in PortOne's console. Errors match
// wire.ErrShape.
func ParseNotice(contentType string, body []byte) (Notification, error) {
	f, err := readFields(contentType, body)
	if err != nil {
		return Notification{}, err
	}
	n := Notification{
		ImpUID: f.text("imp_uid"), MerchantUID: payment.AttemptID(f.text("merchant_uid")),
		Status: f.text("status"), Event: f.text("event"), CancellationID: f.text("cancellation_id"),
	}
	if n.Event == EventEscrow {
		n.EscrowStatus = f.inner("extra", "escrow_status")
	}
	if err := f.err(); err != nil {
		return Notification{}, err
	}
	switch {
	// What is no change of status need not name a payment; who reads it asks for what it needs.
	case n.Event != "":
		return n, nil
	case !impUID(n.ImpUID):
		return Notification{}, fmt.Errorf("%w: field imp_uid is missing or odd", wire.ErrShape)
	case n.MerchantUID == "" || n.Status == "":
		return Notification{}, fmt.Errorf("%w: field merchant_uid or status is missing", wire.ErrShape)
	}
	return n, nil
}

// ParseQuestion reads what is posted to the confirm address. Errors match wire.ErrShape.
func ParseQuestion(contentType string, body []byte) (Question, error) {
	f, err := readFields(contentType, body)
	if err != nil {
		return Question{}, err
	}
	q := Question{
		ImpUID: f.text("imp_uid"), MerchantUID: payment.AttemptID(f.text("merchant_uid")), Amount: f.won("amount"),
	}
	if err := f.err(); err != nil {
		return Question{}, err
	}
	if !impUID(q.ImpUID) || q.MerchantUID == "" || q.Amount <= 0 {
		return Question{}, fmt.Errorf("%w: field imp_uid, merchant_uid or amount is missing or odd", wire.ErrShape)
	}
	return q, nil
}

// fieldsOf is a flat body, whichever way it was written. Complaints are kept until err is asked for.
type fieldsOf struct {
	object *wire.Object
	form   url.Values
	sticky error
}

func readFields(contentType string, body []byte) (*fieldsOf, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	// The content type of the confirm question is not documented: an object is JSON whatever it calls itself.
	if err == nil && kind == "application/json" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		// Of a name that comes twice one reader takes the first, another the last.
		if err := wire.CheckUnique(body); err != nil {
			return nil, err
		}
		o, err := wire.ParseObject(body)
		if err != nil {
			return nil, err
		}
		return &fieldsOf{object: &o}, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("%w: neither JSON nor a form", wire.ErrShape)
	}
	return &fieldsOf{form: form}, nil
}

func (f *fieldsOf) text(name string) string {
	var s string
	if f.object != nil {
		s = f.object.Text(name)
	} else {
		if len(f.form[name]) > 1 {
			f.fail(name, "occurs twice")
		}
		s = f.form.Get(name)
	}
	if len(s) > maxNoticeText || !utf8.ValidString(s) {
		f.fail(name, "is too long or no text")
		return ""
	}
	return s
}

// inner is text for a field within a field, which a form writes with brackets.
func (f *fieldsOf) inner(outer, name string) string {
	if f.object == nil {
		return f.text(outer + "[" + name + "]")
	}
	o, _ := f.object.Object(outer)
	in := fieldsOf{object: &o}
	s := in.text(name)
	// The first fault is the one that is told.
	if f.sticky == nil {
		f.sticky = in.sticky
	}
	return s
}

// won reads an amount: a JSON number, or digits in a form.
func (f *fieldsOf) won(name string) payment.Won {
	if f.object != nil {
		return f.object.Won(name)
	}
	amount, err := payment.ParseWon(f.text(name))
	if err != nil {
		f.fail(name, "is not an amount of won")
	}
	return amount
}

func (f *fieldsOf) fail(name, why string) {
	if f.sticky == nil {
		f.sticky = fmt.Errorf("%w: field %s %s", wire.ErrShape, name, why)
	}
}

func (f *fieldsOf) err() error {
	if f.object != nil && f.object.Err() != nil {
		return f.object.Err()
	}
	return f.sticky
}
