package orders

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Question asks whether an order may be charged now.
type Question struct {
	OrderID   payment.OrderID   `json:"order_id"`
	AttemptID payment.AttemptID `json:"attempt_id"`
	PG        payment.PGID      `json:"pg"`
	Method    payment.Method    `json:"method"`
	// Amount is what the PG is to charge, OrderAmount the whole order.
	Amount      payment.Won `json:"amount"`
	OrderAmount payment.Won `json:"order_amount"`
	// Payments is the whole split: what the PG is to charge first, then what the shop settles itself.
	Payments []payment.MethodAmount `json:"payments"`
}

// Answer is the shop's yes or no. The reasons are the shop's words to its own buyer.
type Answer struct {
	Yes      bool
	ReasonKo string
	ReasonEn string
	// Code says why not: OUT_OF_STOCK, PRICE_CHANGED, SHOP_CLOSED, or a word of the shop's own.
	Code string
}

// Confirm asks the shop whether the order may be charged. Yes is only HTTP 200 with {"confirm": true}. A
// readable no is an Answer without an error; everything else is an Answer that says no and an error that
// matches ErrUnavailable. A shop that cannot be connected to is waited for within ConfirmTimeout; one that may have
// heard the question is not asked again.
func (c *Client) Confirm(ctx context.Context, q Question) (Answer, error) {
	const doing = "asking the order service to confirm"
	body, err := wire.JSON(q)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConfirmTimeout)
	defer cancel()
	answer, err := c.ask(ctx, wire.Request{
		Method: http.MethodPost, URL: c.address(c.cfg.ConfirmPath, q.OrderID), Host: c.host,
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
	// A yes in an error page is nobody's word: a cache or a proxy may have written it.
	if a.Yes && answer.Status != http.StatusOK { //guard:unmistakable-yes
		return Answer{}, fmt.Errorf("%s: %w: a yes with HTTP status %d", doing, ErrUnavailable, answer.Status)
	}
	return a, nil
}

// redialPause is between two tries to connect.
const redialPause = 100 * time.Millisecond

// ask sends the question, once. A shop that cannot be connected to, as for a moment of its rollout, is waited for
// until ctx ends: the buyer has authenticated already, and nothing was sent.
func (c *Client) ask(ctx context.Context, r wire.Request) (wire.Answer, error) {
	for {
		answer, err := wire.Send(ctx, c.client, r)
		//guard:asked-again-when-nothing-sent
		if err == nil || !errors.Is(err, onewrite.ErrNotSent) || !pause(ctx, redialPause) {
			return answer, err
		}
	}
}

// pause waits for d and tells whether ctx lasted as long.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func parseConfirm(text []byte) (Answer, error) {
	o, err := wire.ParseObject(text)
	if err != nil {
		return Answer{}, err
	}
	yes, known := o.Bool("confirm")
	a := Answer{
		Yes: yes, ReasonKo: reason(o.Text("reason_ko")), ReasonEn: reason(o.Text("reason_en")), Code: reason(o.Text("code")),
	}
	if err := o.Err(); err != nil {
		return Answer{}, err
	}
	if !known {
		return Answer{}, fmt.Errorf("%w: field confirm is missing", wire.ErrShape)
	}
	return a, nil
}

func reason(s string) string { return wire.CutBytes(wire.Clean(s), 300) }
