package settle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// messageBody is what the shop is sent; see docs/order-service.md.
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
	var kind string
	switch {
	case to == payment.StateApproved:
		kind = payment.MessageConfirmed
	case w.asked:
		kind = payment.MessageFailed
	default:
		return nil, nil
	}
	now := s.o.Now()
	data := messageData{
		OrderID: w.a.OrderID, AttemptID: w.a.ID, PG: w.a.PG, Merchant: w.a.Merchant, Method: w.a.Method,
		Amount: w.a.Amount, OrderAmount: w.a.OrderAmount, PGTxID: w.a.PGTxID,
	}
	if kind != payment.MessageConfirmed {
		data.Reason = reason
	}
	body, err := json.Marshal(messageBody{Type: kind, Timestamp: now.UTC().Format(time.RFC3339), Data: data})
	if err != nil {
		return nil, fmt.Errorf("encoding the message of attempt %s: %w", w.a.ID, err)
	}
	return []payment.Message{{
		ID: "msg_" + string(w.a.ID) + "_" + string(to), OrderID: w.a.OrderID, Type: kind, Body: body, CreatedAt: now,
	}}, nil
}
