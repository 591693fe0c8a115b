package lifecycle

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// What examples are about instead of an order and a payment.
const (
	exampleOrder = "EXAMPLE-NOT-AN-ORDER"
	exampleName  = "example"
	exampleBank  = "000"
	exampleZeros = "00000000000000"
)

// unsealed is a seal that hides nothing, for messages that hold nothing to hide.
type unsealed struct{}

func (unsealed) Seal(_ SealName, plain []byte) ([]byte, error)  { return plain, nil }
func (unsealed) Open(_ SealName, sealed []byte) ([]byte, error) { return sealed, nil }
func (unsealed) Print(...string) string                         { return "" }

// Example makes a message of a type that tells of no payment, by the code that makes the real ones, so that a shop can
// be tried out. It cannot be taken for a real one: it says that it is an example, its order is none, it is about no
// won, and what stands for an account or a key is zeros. No two have the same id.
func Example(kind string, now time.Time) (payment.Message, error) {
	m, err := exampleOf(kind, now)
	if err != nil {
		return payment.Message{}, err
	}
	var told struct {
		Type      string          `json:"type"`
		Timestamp string          `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(m.Body, &told); err != nil {
		return payment.Message{}, fmt.Errorf("reading the example of %s: %w", kind, err)
	}
	m.ID, m.Sealed = "msg_example_"+rand.Text(), false
	m.Body, err = json.Marshal(messageBody{
		Type: told.Type, Timestamp: told.Timestamp, Data: told.Data,
		Example: true, //guard:example-says-so
	})
	if err != nil {
		return payment.Message{}, fmt.Errorf("encoding the example of %s: %w", kind, err)
	}
	return m, nil
}

// exampleOf makes a message as if something had happened to the attempt of the examples.
func exampleOf(kind string, now time.Time) (payment.Message, error) {
	s := New(Options{Sealer: unsealed{}, Now: func() time.Time { return now }})
	a := payment.Attempt{
		ID: exampleName, PG: exampleName, Merchant: exampleName, Method: "card", PGTxID: exampleName,
		OrderID: exampleOrder, //guard:example-has-no-order
	}
	atOnce, no := 0, false
	a.Receipt = payment.NewReceipt(payment.Receipt{
		ApprovalNumber: exampleZeros[:8], ApprovedAt: now, CardCompany: exampleName, CardNumber: "000000******0000",
		Installment: &atOnce, InterestFree: &no,
	})
	c := payment.Cancel{ID: exampleName, AttemptID: a.ID, Origin: payment.CancelByShop}
	switch kind {
	case payment.MessageConfirmed:
		return only(ending(a, payment.StateApproved, payment.ReasonApproved, now, nil))
	case payment.MessageFailed:
		return only(ending(a, payment.StateDeclined, payment.ReasonDeclined, now, nil))
	case payment.MessageIssued:
		a.Method = payment.MethodVBank
		return s.accountMessage(a, payment.VirtualAccount{
			Bank: exampleBank, Number: exampleZeros, Holder: exampleName, Due: now.AddDate(0, 0, 3),
		})
	case payment.MessageDeposited:
		a.Method, a.Receipt = payment.MethodVBank, payment.NewReceipt(payment.Receipt{Bank: exampleBank, ApprovedAt: now})
		return only(ending(a, payment.StateApproved, payment.ReasonApproved, now, nil))
	case payment.MessageCancelled:
		return only(cancelMessage(a, c, payment.CancelRequested, payment.CancelDone, CancelConfirmed, now))
	case payment.MessageCancelFailed:
		return only(cancelMessage(a, c, payment.CancelUnknown, payment.CancelRefused, CancelNotApplied, now))
	case payment.MessageBillingKey:
		a.PGTxID, a.Purpose = "", payment.PurposeBillingKey
		return s.keyMessage(&work{a: a, seen: adapters.Result{BillingKey: exampleZeros}})
	case payment.MessageCharged:
		a.Purpose = payment.PurposeRecurring
		return only(ending(a, payment.StateApproved, payment.ReasonApproved, now, nil))
	case payment.MessageChargeFailed:
		a.Purpose = payment.PurposeRecurring
		return only(ending(a, payment.StateDeclined, payment.DeclinedLimit, now, &payment.RecoveryStanding{
			State: payment.RecoveryWaiting, Class: payment.ClassLimit, NextAt: now.AddDate(0, 0, 1).In(payment.KST()),
			TriesLeft: 1,
		}))
	case payment.MessageRecovered, payment.MessageStopped:
		a.Purpose = payment.PurposeRecurring
		return exampleRecovery(kind, a, now)
	case payment.MessageExternal:
		return externalMessage(
			a.PG, adapters.Listed{OrderRef: exampleOrder, PGTxID: exampleName, Outcome: payment.OutcomeApproved, At: now}, now,
		)
	}
	return payment.Message{}, fmt.Errorf("there is no example of %q", kind)
}

// only is the one message of what makes at most one.
func only(list []payment.Message, err error) (payment.Message, error) {
	if err != nil || len(list) == 0 {
		return payment.Message{}, err
	}
	return list[0], nil
}

// exampleRecovery is a message of a recovery that has ended.
func exampleRecovery(kind string, a payment.Attempt, now time.Time) (payment.Message, error) {
	from := payment.Recovery{
		ID: a.ID, OrderID: a.OrderID, Attempt: a.ID, State: payment.RecoveryTrying, Class: payment.ClassLimit,
		Reason: payment.DeclinedLimit,
	}
	to := from
	if a.State = payment.StateApproved; kind == payment.MessageRecovered {
		to.State = payment.RecoveryRecovered
	} else {
		from.State, to.State, to.Stopped = payment.RecoveryWaiting, payment.RecoveryStopped, payment.StopBudget
	}
	return only(recoveryMessages(from, to, a, payment.RecoveryRules{}, now))
}
