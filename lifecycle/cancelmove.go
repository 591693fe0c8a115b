package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cancelData is what the shop is told of a cancel.
type cancelData struct {
	OrderID   payment.OrderID    `json:"order_id"`
	AttemptID payment.AttemptID  `json:"attempt_id"`
	PG        payment.PGID       `json:"pg"`
	Merchant  payment.MerchantID `json:"merchant"`
	Method    payment.Method     `json:"method"`
	CancelID  payment.CancelID   `json:"cancel_id"`
	// Amount is this cancel's; CancelledTotal is what went back in all, and Remaining what still stands.
	Amount         payment.Won `json:"amount"`
	CancelledTotal payment.Won `json:"cancelled_total"`
	Remaining      payment.Won `json:"remaining"`
	OrderAmount    payment.Won `json:"order_amount"`
	// Payments is the split with which the order was paid.
	Payments []payment.MethodAmount `json:"payments"`
	Origin   payment.CancelOrigin   `json:"origin"`
	PGTxID   string                 `json:"pg_tx_id,omitempty"`
	// Reason is why a cancel did not happen, the details what it means.
	Reason   string `json:"reason,omitempty"`
	DetailKo string `json:"detail_ko,omitempty"`
	DetailEn string `json:"detail_en,omitempty"`
}

// cancelMessage is what the shop must hear when a cancel leaves a state for another: that money went back, or that
// a cancel that was not certain has not happened. A no that the caller is just being told needs no message.
func cancelMessage(
	a payment.Attempt, c payment.Cancel, from, to payment.CancelState, code string, now time.Time,
) ([]payment.Message, error) {
	before := a.Amount - c.Remaining
	data := cancelData{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, CancelID: c.ID,
		Amount: c.Amount, CancelledTotal: before + c.Amount, Remaining: c.Remaining - c.Amount, OrderAmount: a.OrderAmount,
		Payments: a.Split(), Origin: c.Origin, PGTxID: a.PGTxID,
	}
	kind := payment.MessageCancelled
	switch {
	case to == payment.CancelDone:
	case to == payment.CancelRefused && from == payment.CancelUnknown:
		kind, data.CancelledTotal, data.Remaining, data.Reason = payment.MessageCancelFailed, before, c.Remaining, code
		data.DetailKo, data.DetailEn, _ = payment.CancelText(code)
	default:
		return nil, nil
	}
	m, err := messageOf("msg_"+string(c.ID)+"_"+string(to), kind, a.OrderID, data, now)
	if err != nil {
		return nil, err
	}
	return []payment.Message{m}, nil
}

// move takes a cancel to another state; what the shop must hear goes into the outbox in the same write. When it
// cannot be written the sweep finds the cancel by its last written state.
func (c *Canceller) move(
	ctx context.Context, a payment.Attempt, row payment.Cancel, to payment.CancelState, code string, ev journal.Event,
) (Cancelled, error) {
	now := c.s.o.Now()
	ev.At, ev.Kind, ev.Detail = now, journal.EventCancel(to), code
	messages, err := cancelMessage(a, row, row.State, to, code, now)
	if err != nil {
		return Cancelled{Attempt: a, Cancel: row}, err
	}
	moved, err := c.write(ctx, row, journal.CancelStep{
		ID: row.ID, From: row.State, To: to, Code: code, Event: ev, NextCheck: now.Add(c.s.backoff(row.AttemptID, 0)),
		Messages: messages, //guard:message-with-the-cancels-end
	})
	if errors.Is(err, journal.ErrConflict) {
		return c.overtaken(ctx, a, row, to, code, ev)
	}
	if err != nil {
		return c.notWritten(ctx, a, row, err)
	}
	c.ended(a, moved)
	c.s.o.Log.InfoContext(
		ctx, "cancel", a.LogAttr(), slog.Any("cancel_id", row.ID), slog.Int64("amount", int64(row.Amount)),
		slog.String("state", string(to)), slog.String("code", code),
	)
	if len(messages) > 0 {
		c.s.o.Wake()
	}
	return Cancelled{Attempt: a, Cancel: moved}, nil
}

// overtaken goes on when somebody else moved the cancel first. The sweep may have called it unknown while the PG's
// answer was on its way: that answer still ends it.
func (c *Canceller) overtaken(
	ctx context.Context, a payment.Attempt, row payment.Cancel, to payment.CancelState, code string, ev journal.Event,
) (Cancelled, error) {
	have, err := c.j.Cancel(ctx, row.ID)
	switch {
	case err != nil:
		return c.notWritten(ctx, a, row, err)
	case have.State == row.State || have.State == to || !have.State.CanMove(to):
		return Cancelled{Attempt: a, Cancel: have}, nil
	}
	return c.move(ctx, a, have, to, code, ev)
}

// notWritten answers when the journal is down after the request was sent: nobody knows, until the sweep does.
func (c *Canceller) notWritten(
	ctx context.Context, a payment.Attempt, row payment.Cancel, err error,
) (Cancelled, error) {
	if errors.Is(err, journal.ErrConflict) {
		if have, reading := c.j.Cancel(ctx, row.ID); reading == nil {
			return Cancelled{Attempt: a, Cancel: have}, nil
		}
	}
	c.s.o.Log.ErrorContext(
		ctx, "what became of a cancel was not written; the sweep takes over", a.LogAttr(), slog.Any("cancel_id", row.ID),
		slog.Any("err", err),
	)
	row.State = payment.CancelUnknown
	return Cancelled{Attempt: a, Cancel: row}, nil
}

// write moves a cancel, trying again for a while when the journal cannot be written: its guard makes that harmless.
func (c *Canceller) write(ctx context.Context, of payment.Cancel, s journal.CancelStep) (payment.Cancel, error) {
	deadline := c.s.o.Now().Add(journalPatience)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		row, err := c.j.CancelMove(ctx, s)
		if err == nil || !errors.Is(err, journal.ErrUnavailable) || c.s.o.Now().Add(wait).After(deadline) {
			return row, err
		}
		c.s.o.Log.ErrorContext(
			ctx, "the journal cannot be written; trying again", of.LogAttr(), slog.Any("to", s.To), slog.Any("err", err),
		)
		if !sleep(ctx, wait) {
			return row, err
		}
	}
}
