package orders

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Question asks whether an order may be charged now.
type Question struct {
	OrderID   payment.OrderID   `json:"order_id"`
	AttemptID payment.AttemptID `json:"attempt_id"`
	PG        payment.PGID      `json:"pg"`
	Method    payment.Method    `json:"method"`
	// Amount is what the PG is to charge, OrderAmount the whole order: the rest is what the shop settles itself,
	// and the shop must know that it is right.
	Amount      payment.Won `json:"amount"`
	OrderAmount payment.Won `json:"order_amount"`
}

// Answer is the shop's yes or no. The reasons are the shop's words to its own buyer.
type Answer struct {
	Yes      bool
	ReasonKo string
	ReasonEn string
}

// Confirm asks the shop whether the order may be charged. Yes is only HTTP 200 with {"confirm": true}. A
// readable no is an Answer without an error; everything else is an Answer that says no and an error that
// matches ErrUnavailable.
func (c *Client) Confirm(ctx context.Context, q Question) (Answer, error) {
	const doing = "asking the order service to confirm"
	body, err := wire.JSON(q)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConfirmTimeout)
	defer cancel()
	answer, err := wire.Send(ctx, c.client, wire.Request{
		Method: http.MethodPost, URL: c.address(c.cfg.ConfirmPath, q.OrderID),
		ContentType: "application/json", Body: body,
	})
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	if !answer.IsJSON() {
		return Answer{}, fmt.Errorf("%s: %w: HTTP status %d without JSON", doing, ErrUnavailable, answer.Status)
	}
	a, err := parseConfirm(answer.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	if a.Yes && answer.Status != http.StatusOK {
		return Answer{}, fmt.Errorf("%s: %w: a yes with HTTP status %d", doing, ErrUnavailable, answer.Status)
	}
	return a, nil
}

func parseConfirm(text []byte) (Answer, error) {
	o, err := wire.ParseObject(text)
	if err != nil {
		return Answer{}, err
	}
	yes, known := o.Bool("confirm")
	a := Answer{Yes: yes, ReasonKo: reason(o.Text("reason_ko")), ReasonEn: reason(o.Text("reason_en"))}
	if err := o.Err(); err != nil {
		return Answer{}, err
	}
	if !known {
		return Answer{}, fmt.Errorf("%w: field confirm is missing", wire.ErrShape)
	}
	return a, nil
}

func reason(s string) string { return wire.CutBytes(wire.Clean(s), 300) }
