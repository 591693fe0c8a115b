package lifecycle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// messageBody is what the shop is sent; see the README's table of what the order service offers.
type messageBody struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	// Example is true for one that tells of no payment; see Example.
	Example bool `json:"example,omitempty"`
	Data    any  `json:"data"`
}

type messageData struct {
	OrderID     payment.OrderID    `json:"order_id"`
	AttemptID   payment.AttemptID  `json:"attempt_id"`
	PG          payment.PGID       `json:"pg"`
	Merchant    payment.MerchantID `json:"merchant"`
	Method      payment.Method     `json:"method"`
	Amount      payment.Won        `json:"amount"`
	OrderAmount payment.Won        `json:"order_amount"`
	// Payments is the order's split: what the PG charges first, then what the shop settles itself.
	Payments []payment.MethodAmount `json:"payments"`
	PGTxID   string                 `json:"pg_tx_id,omitempty"`
	// Reason is how the attempt ended, Code and the details what the buyer is told of it.
	Reason   payment.Reason `json:"reason,omitempty"`
	Code     payment.Code   `json:"code,omitempty"`
	DetailKo string         `json:"detail_ko,omitempty"`
	DetailEn string         `json:"detail_en,omitempty"`
	// Receipt is what to print of a payment, as far as the PG said it.
	Receipt *payment.Receipt `json:"receipt,omitempty"`
	// Recovery is where the recovery of a declined charge stands.
	Recovery *payment.RecoveryStanding `json:"recovery,omitempty"`
	// Account is the virtual account to pay into, BillingKey the key that was issued; a message with either is
	// stored sealed.
	Account    *messageAccount `json:"account,omitempty"`
	BillingKey string          `json:"billing_key,omitempty"`
}

type messageAccount struct {
	// Bank is the bank's standard code, Due the deadline in KST, RFC 3339.
	Bank   string `json:"bank,omitempty"`
	Number string `json:"number"`
	Holder string `json:"holder,omitempty"`
	Due    string `json:"due,omitempty"`
}

// accountMessage tells the shop of a virtual account, sealed: the journal holds no account numbers.
func (s *Machine) accountMessage(a payment.Attempt, acc payment.VirtualAccount) (payment.Message, error) {
	data := dataOf(a)
	data.Account = &messageAccount{Bank: acc.Bank, Number: acc.Number.Reveal(), Holder: acc.Holder}
	if due := deadline(a, acc.Due); !due.IsZero() {
		data.Account.Due = due.In(payment.KST()).Format(time.RFC3339)
	}
	m, err := messageOf(
		"msg_"+string(a.ID)+"_"+string(payment.StateIssued), payment.MessageIssued, a.OrderID, data, s.o.Now(),
	)
	if err != nil {
		return payment.Message{}, err
	}
	return s.sealed(m)
}

// sealed is m with its body encrypted for it alone; OpenMessage undoes that before delivery.
func (s *Machine) sealed(m payment.Message) (payment.Message, error) {
	body, err := s.o.Sealer.Seal(MessageName(m.ID), m.Body)
	if err != nil {
		return payment.Message{}, fmt.Errorf("sealing message %s: %w", m.ID, err)
	}
	m.Body, m.Sealed = body, true //guard:account-number-is-sealed
	return m, nil
}

// OpenMessage returns m as it is to be delivered.
func OpenMessage(sealer Sealer, m payment.Message) (payment.Message, error) {
	if !m.Sealed {
		return m, nil
	}
	body, err := sealer.Open(MessageName(m.ID), m.Body)
	if err != nil {
		return m, fmt.Errorf("opening message %s: %w", m.ID, err)
	}
	m.Body, m.Sealed = body, false
	return m, nil
}

func dataOf(a payment.Attempt) messageData {
	return messageData{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method,
		Amount: a.Amount, OrderAmount: a.OrderAmount, Payments: a.Split(), PGTxID: a.PGTxID,
	}
}

// messageOf makes a message about an order of what it is to say, messageData or cancelData.
func messageOf(id, kind string, order payment.OrderID, data any, now time.Time) (payment.Message, error) {
	body, err := json.Marshal(messageBody{Type: kind, Timestamp: now.UTC().Format(time.RFC3339), Data: data})
	if err != nil {
		return payment.Message{}, fmt.Errorf("encoding message %s: %w", id, err)
	}
	return payment.Message{ID: id, OrderID: order, Type: kind, Body: body, CreatedAt: now}, nil
}

// messages makes what the shop must hear when w's attempt ends as to. A shop that said yes to a charge hears
// of its end in any case, so that it can let go of what it reserved.
func (s *Machine) messages(w *work, to payment.State, reason payment.Reason) ([]payment.Message, error) {
	if to != payment.StateApproved && !w.asked {
		return nil, nil
	}
	if to == payment.StateApproved && isKey(w.a) {
		m, err := s.keyMessage(w)
		return []payment.Message{m}, err
	}
	return ending(w.a, to, reason, s.o.Now(), nil)
}

// ending is the message that an attempt has ended as to, with where its recovery stands when it has one.
func ending(
	a payment.Attempt, to payment.State, reason payment.Reason, now time.Time, recovery *payment.RecoveryStanding,
) ([]payment.Message, error) {
	kind, data := payment.MessageFailed, dataOf(a)
	data.Recovery = recovery
	if to == payment.StateApproved {
		data.Receipt = a.Receipt
	}
	recurring := a.Purpose == payment.PurposeRecurring
	if recurring {
		kind = payment.MessageChargeFailed
	}
	data.Reason = reason
	if e, _ := payment.EndingOf(reason); to != payment.StateApproved {
		data.Code, data.DetailKo, data.DetailEn = e.Code, e.Ko, e.En
	}
	if to == payment.StateApproved {
		kind, data.Reason = payment.MessageConfirmed, ""
		switch {
		case recurring:
			kind = payment.MessageCharged
		case a.Method == payment.MethodVBank:
			kind = payment.MessageDeposited
		}
	}
	m, err := messageOf("msg_"+string(a.ID)+"_"+string(to), kind, a.OrderID, data, now)
	if err != nil {
		return nil, err
	}
	return []payment.Message{m}, nil
}
