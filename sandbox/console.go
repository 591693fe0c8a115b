package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// ErrConsole is returned for what cannot be done in a PG's console.
var ErrConsole = errors.New("the console refused")

// ConsoleCancel is what an administrator does in the PG's own console: giving money back without the gateway.
type ConsoleCancel struct {
	// Ref is what the PG calls the order.
	Ref string `json:"ref"`
	// Amount is in won; zero gives everything back.
	Amount Won `json:"amount"`
	// Surplus gives back what came into a virtual account after its first deposit.
	Surplus bool `json:"surplus"`
}

// ConsoleCancel gives money back as an administrator of the PG would, with the webhooks that follow. An unpaid
// virtual account is closed. Errors match ErrConsole.
func (s *Sandbox) ConsoleCancel(x ConsoleCancel) error {
	c := &call{}
	err := s.console(c, x)
	s.publish(c.notices)
	return err
}

func (s *Sandbox) console(c *call, x ConsoleCancel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.cfg.Now()
	switch {
	case x.Amount < 0:
		return fmt.Errorf("%w: the amount is below zero", ErrConsole)
	case x.Surplus:
		return s.returnSurplus(x)
	}
	if tx := s.inicisByOID(x.Ref); tx != nil {
		return s.consoleInicis(c, tx, x.Amount)
	}
	if p := s.v1CancelTarget(map[string]string{"merchant_uid": x.Ref}); p != nil {
		return s.consoleV1(c, p, x.Amount)
	}
	if p, ok := s.v2.payments.get(x.Ref); ok && p.paid {
		return s.consoleV2(c, p.current, x.Amount)
	}
	return fmt.Errorf("%w: no such payment", ErrConsole)
}

// inicisByOID finds an order's newest approval, whosever it is.
func (s *Sandbox) inicisByOID(oid string) *inicisTx {
	for mid := range s.cfg.Inicis {
		if tx, ok := s.inicis.byOrder.get(mid + "/" + oid); ok {
			return tx
		}
	}
	return nil
}

// share is how much of what is left is given back.
func share(amount, left Won) (Won, error) {
	if left <= 0 || amount > left {
		return 0, fmt.Errorf("%w: %d is left", ErrConsole, left)
	}
	if amount == 0 {
		return left, nil
	}
	return amount, nil
}

func (s *Sandbox) returnSurplus(x ConsoleCancel) error {
	a, ok := s.accountsByRef.get(x.Ref)
	if !ok {
		return fmt.Errorf("%w: no such account", ErrConsole)
	}
	amount, err := share(x.Amount, a.surplus)
	if err != nil {
		return err
	}
	a.surplus -= amount
	s.book(Entry{PG: a.pg, Kind: EntryCancel, OrderRef: a.ref, TxID: a.txID, Amount: amount, By: "console"})
	return nil
}

// consoleInicis cancels at Inicis, which tells nobody.
func (s *Sandbox) consoleInicis(c *call, tx *inicisTx, amount Won) error {
	if tx.vbankStatus() == "N" {
		tx.account.closed, tx.cancelledAt = c.now, c.now
		return nil
	}
	amount, err := share(amount, tx.remaining)
	if err != nil {
		return err
	}
	if amount < tx.price {
		tid := s.transactionID(tidMethod(tx.method), tx.mid, c.now)
		tx.partials = append(tx.partials, inicisPartial{tid: tid, price: amount, at: c.now})
	}
	tx.back = tx.back.plus(tx.taxes.share(tx.back, amount, tx.remaining))
	s.inicisGiveBack(tx, amount, c.now, "console")
	return nil
}

func (s *Sandbox) consoleV1(c *call, p *v1Payment, amount Won) error {
	left := p.amount - p.cancelled
	amount, err := share(amount, left)
	if err != nil {
		return err
	}
	s.v1GiveBack(c, p, amount, p.taxes.share(p.back, amount, left), "관리자 취소", "console")
	c.notices = append(c.notices, s.v1CancelNotice(p))
	return nil
}

func (s *Sandbox) consoleV2(c *call, a *v2Attempt, amount Won) error {
	left := a.paidAmount - a.cancelled - a.pending
	amount, err := share(amount, left)
	if err != nil {
		return err
	}
	x := s.v2Request(c, a, amount, a.taxes.share(a.back, amount, left), "CONSOLE", "console")
	x.reason = "관리자 취소"
	s.v2End(c, x)
	return nil
}

// Escrow moves an escrow payment on, in PortOne's numbers: 2 shipped, 3, 31 and 32 confirmed, 4 refused, 8
// cancelled, 10 refusal confirmed. V1 tells of it. Errors match ErrConsole.
func (s *Sandbox) Escrow(ref, status string) error {
	c := &call{}
	err := s.escrow(c, ref, status)
	s.publish(c.notices)
	return err
}

func (s *Sandbox) escrow(c *call, ref, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.cfg.Now()
	if !escrowKnown(status) {
		return fmt.Errorf("%w: unknown escrow status %q", ErrConsole, status)
	}
	if tx := s.inicisByOID(ref); tx != nil && tx.escrow != "" {
		tx.escrow = status
		return nil
	}
	if p := s.v1CancelTarget(map[string]string{"merchant_uid": ref}); p != nil && p.escrow != "" {
		p.escrow = status
		c.notices = append(c.notices, s.v1EscrowNotice(p, c.now))
		return nil
	}
	if p, ok := s.v2.payments.get(ref); ok && p.current.escrow != "" {
		p.current.escrow = status
		return nil
	}
	return fmt.Errorf("%w: no such escrow payment", ErrConsole)
}

func (s *Sandbox) routeConsole() {
	s.mux.HandleFunc("POST /_sandbox/console/cancel", func(w http.ResponseWriter, r *http.Request) {
		var x ConsoleCancel
		steer(w, r, &x, func() error { return s.ConsoleCancel(x) }) //nolint:contextcheck // a notice outlives the request it is about
	})
	s.mux.HandleFunc("POST /_sandbox/escrow", func(w http.ResponseWriter, r *http.Request) {
		var x struct {
			Ref    string `json:"ref"`
			Status string `json:"status"`
		}
		steer(w, r, &x, func() error { return s.Escrow(x.Ref, x.Status) }) //nolint:contextcheck // a notice outlives the request it is about
	})
}
