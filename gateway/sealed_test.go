package gateway

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// A message that was sealed with another token_key says so where an operator looks: nothing is wrong with the shop,
// and only the former key delivers it.
func TestAMessageOfAnotherKeySaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a := payment.Attempt{
		ID: "A1", OrderID: "ORDER-1", PG: "inicis", Driver: payment.DriverInicis, Merchant: "m", Method: payment.MethodVBank,
		Amount: 1000, OrderAmount: 1000, Currency: payment.CurrencyKRW, CreatedAt: h.g.now(), ExpiresAt: h.g.now(),
	}
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	m := payment.Message{ID: "msg_1", OrderID: a.OrderID, Type: payment.MessageIssued, Body: []byte("sealed with another key"), Sealed: true}
	if _, err := h.journal.Move(t.Context(), journal.Transition{
		ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: []payment.Message{m},
	}); err != nil {
		t.Fatal(err)
	}
	m.Tries = outboxGiveUp - 1
	h.g.deliverMessage(t.Context(), m)
	var parked []journal.WaitingMessage
	err := h.journal.OutboxEach(t.Context(), journal.MessageParked, func(m journal.WaitingMessage) error {
		parked = append(parked, m)
		return nil
	})
	if err != nil || len(parked) != 1 || parked[0].Reason != sealedReason {
		t.Errorf("parked %+v, %v; want one that says %q", parked, err, sealedReason)
	}
}
