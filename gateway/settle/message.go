package settle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// messageBody is what the shop is sent; see the README's table of what the order service offers.
type messageBody struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	OrderID     payment.OrderID    `json:"order_id"`
	AttemptID   payment.AttemptID  `json:"attempt_id"`
	PG          payment.PGID       `json:"pg"`
	Merchant    payment.MerchantID `json:"merchant"`
	Method      payment.Method     `json:"method"`
	Amount      payment.Won        `json:"amount"`
	OrderAmount payment.Won        `json:"order_amount"`
	PGTxID      string             `json:"pg_tx_id,omitempty"`
	Reason      string             `json:"reason,omitempty"`
}

// messages makes what the shop must hear when w's attempt ends as to. A shop that said yes to a charge hears
// of its end in any case, so that it can let go of what it reserved.
func (s *Settler) messages(w *work, to payment.State, reason string) ([]payment.Message, error) {
	if to != payment.StateApproved && !w.asked {
		return nil, nil
	}
	return ending(w.a, to, reason, s.o.Now())
}

// ending is the message that an attempt has ended as to.
func ending(a payment.Attempt, to payment.State, reason string, now time.Time) ([]payment.Message, error) {
	kind := payment.MessageFailed
	data := messageData{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method,
		Amount: a.Amount, OrderAmount: a.OrderAmount, PGTxID: a.PGTxID, Reason: reason,
	}
	if to == payment.StateApproved {
		kind, data.Reason = payment.MessageConfirmed, ""
	}
	body, err := json.Marshal(messageBody{Type: kind, Timestamp: now.UTC().Format(time.RFC3339), Data: data})
	if err != nil {
		return nil, fmt.Errorf("encoding the message of attempt %s: %w", a.ID, err)
	}
	return []payment.Message{{
		ID: "msg_" + string(a.ID) + "_" + string(to), OrderID: a.OrderID, Type: kind, Body: body, CreatedAt: now,
	}}, nil
}
