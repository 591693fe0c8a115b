package sandbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// paymentEvent is a message of the gateway to the shop.
type paymentEvent struct {
	Type string `json:"type"`
	// Example: it tells of no payment.
	Example bool `json:"example"`
	Data    struct {
		OrderID   string `json:"order_id"`
		AttemptID string `json:"attempt_id"`
		PG        string `json:"pg"`
		Amount    Won    `json:"amount"`
		// CancelID names a cancel of a paid attempt; the undoing of an attempt that was never paid has none.
		CancelID   string        `json:"cancel_id"`
		Account    *OrderAccount `json:"account"`
		BillingKey string        `json:"billing_key"`
	} `json:"data"`
}

// open makes an order ready for events.
func (o *Order) open() {
	o.Paid, o.Cancelled = map[string]Won{}, map[string]Won{}
	o.Cancels, o.Accounts = map[string]OrderCancel{}, map[string]OrderAccount{}
}

// take applies an event. Events of types that the shop does not know are acknowledged and ignored.
func (o *Order) take(ev paymentEvent) {
	o.Events++
	attempt := ev.Data.AttemptID
	switch ev.Type {
	case "payment.confirmed", "virtual_account.deposited", "recurring.charged":
		o.confirm(ev)
	case "virtual_account.issued":
		if account := ev.Data.Account; account != nil {
			account.State = "waiting"
			o.Accounts[attempt] = *account
		}
	case "payment.cancelled":
		o.giveBack(ev)
	case "payment.cancel_failed":
		o.CancelsFailed = append(o.CancelsFailed, ev.Data.CancelID)
	case "payment.failed", "recurring.failed":
		o.Failed = append(o.Failed, attempt)
		o.account(attempt, "closed")
	case "billing_key.issued":
		o.BillingKey = ev.Data.BillingKey
	}
}

// confirm books an attempt as paid, less what was reported as given back before.
func (o *Order) confirm(ev paymentEvent) {
	attempt := ev.Data.AttemptID
	o.Status = "paid"
	o.account(attempt, "paid")
	if ev.Data.PG == "" {
		o.Internal = true
		return
	}
	amount := ev.Data.Amount
	for _, x := range o.Cancels {
		if x.AttemptID == attempt {
			amount -= x.Amount
		}
	}
	o.hold(attempt, amount)
}

// giveBack books a cancel: with an id so much of what was paid, once, and without one the whole attempt.
func (o *Order) giveBack(ev paymentEvent) {
	attempt, id := ev.Data.AttemptID, ev.Data.CancelID
	_, seen := o.Cancels[id]
	paid, wasPaid := o.Paid[attempt]
	switch {
	case seen:
	case id == "":
		o.Cancelled[attempt] = ev.Data.Amount
		o.account(attempt, "closed")
		if wasPaid {
			o.hold(attempt, 0)
		}
	default:
		o.Cancels[id] = OrderCancel{AttemptID: attempt, Amount: ev.Data.Amount}
		o.Cancelled[attempt] += ev.Data.Amount
		if wasPaid {
			o.hold(attempt, paid-ev.Data.Amount)
		}
	}
}

// hold sets what the shop believes it holds of an attempt. An order of which nothing is left is cancelled.
func (o *Order) hold(attempt string, amount Won) {
	if amount != 0 {
		o.Paid[attempt] = amount
		return
	}
	delete(o.Paid, attempt)
	if len(o.Paid) == 0 {
		o.Status = "cancelled"
	}
}

// account notes what became of an attempt's virtual account, if it had one.
func (o *Order) account(attempt, state string) {
	if account, ok := o.Accounts[attempt]; ok {
		account.State = state
		o.Accounts[attempt] = account
	}
}

// openAccount is the account that the buyer is to pay into, or nil.
func (o *Order) openAccount() *OrderAccount {
	for _, account := range o.Accounts {
		if account.State == "waiting" {
			return &account
		}
	}
	return nil
}

// free tells whether an order's checkout moves no money.
func (o *Order) free() bool { return o.Purpose == "billing_key" && o.Amount == 0 }

// ErrOrder is returned for an order that cannot be.
var ErrOrder = errors.New("no such order can be made")

// OrderSpec is an order of any kind, for tests and operators.
type OrderSpec struct {
	Amount  Won    `json:"amount"`
	TaxFree Won    `json:"tax_free"`
	VAT     *Won   `json:"vat_amount"`
	Name    string `json:"order_name"`
	// Purpose is one_time, billing_key or escrow; empty for one_time. Only a billing key's order may be of nothing.
	Purpose string   `json:"purpose"`
	Methods []string `json:"methods"`
	// Mileage is the part that the shop settles itself.
	Mileage Won `json:"mileage"`
}

// MakeOrder puts an order into the demo shop. Errors match ErrOrder.
func (s *Sandbox) MakeOrder(spec OrderSpec) (Order, error) {
	parts := taxes{taxFree: spec.TaxFree}
	if spec.VAT != nil {
		parts.vat = *spec.VAT
	}
	key := spec.Purpose == "billing_key"
	switch {
	case !slices.Contains([]string{"", "one_time", "billing_key", "escrow"}, spec.Purpose):
		return Order{}, fmt.Errorf("%w: unknown purpose", ErrOrder)
	case spec.Mileage < 0 || spec.Mileage > spec.Amount || spec.Mileage > mileageAtFirst:
		return Order{}, fmt.Errorf("%w: the mileage does not fit", ErrOrder)
	case spec.Amount < 0 || (spec.Amount == 0 && !key) || !parts.possible(spec.Amount):
		return Order{}, fmt.Errorf("%w: the amounts do not fit", ErrOrder)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.newOrder()
	o.Amount, o.TaxFree, o.VAT, o.Purpose, o.Methods = spec.Amount, spec.TaxFree, spec.VAT, spec.Purpose, spec.Methods
	o.Name, o.Mileage, o.member = spec.Name, spec.Mileage, o.ID
	if o.Name == "" {
		o.Name = "주문 제작 상품"
	}
	s.keepOrder(o)
	return o.copy(), nil
}

// newOrder begins an order; callers hold the mutex.
func (s *Sandbox) newOrder() *Order {
	now := s.cfg.Now()
	o := &Order{
		ID:       fmt.Sprintf("O%s-%06d-%s", now.In(payment.KST()).Format("20060102"), s.next()%1_000_000, randomHex(3)),
		Currency: "KRW", Status: "waiting", CreatedAt: now,
	}
	o.open()
	return o
}

func (s *Sandbox) keepOrder(o *Order) {
	s.shop.created++
	s.shop.orders.put(o.ID, o)
}
