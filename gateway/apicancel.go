package gateway

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// defaultReason is said where the API does not want a reason.
const defaultReason = "order service"

// cancelByAPI gives money back as the order service asked the PG. A payment of an attempt is cancelled as by
// POST /attempts/.../cancels: with its own figures, written down first, once. One that is none of ours (it was made
// before, or elsewhere) is handed on, with what is left of it, so that it happens once too.
func (g *Gateway) cancelByAPI(c *fiber.Ctx, r *apiRequest) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.CancelPassage)
	if !ok {
		return &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:cancel-is-the-accounts-own
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 취소는 전달하지 않습니다",
			DetailEn: "cancels of sub-merchants (Tier) are not handed on",
		}
	}
	ctx := g.requestContext(c)
	a, found, err := g.cancelledAttempt(ctx, r, passage)
	if err != nil {
		return err
	}
	closes := r.ask.Cancel.Close
	if a == nil {
		if err := g.mayCancelOther(r, found); err != nil {
			return err
		}
	}
	switch {
	case a == nil && closes:
		return g.passAPI(c, r)
	case a == nil:
		return g.cancelOther(c, r, passage, found)
	}
	isAbout(c, a.OrderID, a.ID)
	//guard:close-by-api-gives-nothing-back
	if closes && a.State != payment.StateIssued && a.Reason != payment.ReasonClosedByShop {
		return &payment.Problem{
			Code: payment.CodeNotCancellable, OrderID: a.OrderID, DetailKo: "입금을 기다리는 가상계좌가 아닙니다",
			DetailEn: "this is no account that waits for its deposit",
		}
	}
	return g.cancelAttempt(c, r, passage, *a)
}

// cancelledAttempt is the attempt that a cancel is about, or nil and the payment as the PG shows it.
func (g *Gateway) cancelledAttempt(
	ctx context.Context, r *apiRequest, passage adapters.CancelPassage,
) (*payment.Attempt, adapters.Result, error) {
	id := r.ask.Cancel.ID
	var found adapters.Result
	if r.ask.Cancel.PGTxID != "" {
		// Whose it is, only the PG can say: where both are named, this is what it goes by.
		var err error
		if found, err = g.findAtPG(ctx, r, passage); err != nil {
			return nil, found, err
		}
		id = found.OrderRef
	}
	if payment.ValidID(string(id)) {
		a, _, err := g.journal.Attempt(ctx, id)
		err = notFoundAs(err, payment.CodeAttemptNotFound)
		p, isProblem := payment.AsProblem(err)
		switch {
		case err == nil && a.PG != r.pg.ID: //guard:cancel-goes-to-its-own-pg
			return nil, found, &payment.Problem{
				Code: payment.CodeNotCancellable, OrderID: a.OrderID, DetailKo: "다른 PG의 결제입니다: " + string(a.PG),
				DetailEn: "the payment is at another PG: " + string(a.PG),
			}
		//guard:second-payment-is-no-attempts-cancel
		case err == nil && r.ask.Cancel.PGTxID != "" && a.PGTxID != "" && a.PGTxID != found.PGTxID:
			// Another payment under the attempt's id: not the one that was approved.
			return nil, found, nil
		case err == nil:
			return &a, found, nil
		case !isProblem || p.Code != payment.CodeAttemptNotFound:
			return nil, found, err
		}
	}
	said := found.OrderRef
	found, err := g.findAtPG(ctx, r, passage)
	if err != nil {
		return nil, found, err
	}
	// What is nobody's here is given back unfollowed: one wrong word of the PG's would make it so.
	if r.ask.Cancel.PGTxID != "" && found.OrderRef != said { //guard:others-payment-is-said-twice
		return nil, found, fmt.Errorf("finding whose payment a cancel is about: %w: the PG says two things",
			adapters.ErrUnavailable)
	}
	return nil, found, nil
}

func (g *Gateway) findAtPG(
	ctx context.Context, r *apiRequest, passage adapters.CancelPassage,
) (adapters.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.pg.ReadTimeout)
	defer cancel()
	found, err := passage.FindPayment(ctx, adapters.FindRequest{
		PG: r.pg, Merchants: r.v.merchants[r.pg.ID], Live: r.v.rules.Mode() == payment.ModeLive, Of: r.ask.Cancel,
		Now: g.now(),
	})
	if err != nil {
		return found, fmt.Errorf("finding the payment at %s: %w", r.pg.ID, err)
	}
	if found.Outcome == payment.OutcomeNotFound {
		return found, &payment.Problem{
			Code: payment.CodeAttemptNotFound, DetailKo: "PG에 없는 결제입니다", DetailEn: "the PG knows no such payment",
		}
	}
	return found, nil
}

// cancelAttempt cancels a payment of ours. Its name is made of what is asked and of what is left, so that the same
// cancel asked for again, after an answer that was lost, is the first one and not a second.
func (g *Gateway) cancelAttempt(
	c *fiber.Ctx, r *apiRequest, passage adapters.CancelPassage, a payment.Attempt,
) error {
	ctx, of := g.requestContext(c), r.ask.Cancel
	have, err := g.cancels.CancelsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	ask := lifecycle.CancelAsk{
		Amount: of.Amount, Remaining: of.Remaining, TaxFree: of.TaxFree, VAT: of.VAT, RefundAccount: of.RefundAccount,
		Reason: orElse(wire.CutBytes(wire.Clean(of.Reason), maxReason), defaultReason), Extra: of.Extra,
	}
	key, _, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	if ask, err = lifecycle.NameAPICancel(a, have, ask, key, g.now()); err != nil {
		return err
	}
	res, err := g.canceller.Cancel(ctx, a.ID, ask)
	if err != nil {
		return err
	}
	row := res.Cancel
	later := row.State == payment.CancelRequested && row.Code == lifecycle.CancelLater
	switch {
	case res.Closed, row.State == payment.CancelDone, later:
		return g.answerCancelled(c, r, passage, res)
	case row.State == payment.CancelRequested:
		return &payment.Problem{Code: payment.CodeCancelInProgress, OrderID: a.OrderID}
	case row.State == payment.CancelUnknown:
		return &payment.Problem{Code: payment.CodeCancelUnknown, OrderID: a.OrderID}
	case row.Code == lifecycle.CancelNotSent:
		return &payment.Problem{Code: payment.CodePGUnavailable, OrderID: a.OrderID}
	}
	return cancelRefused(row)
}

// answerCancelled answers as the PG would. The money is back whether or not the PG can be asked now.
func (g *Gateway) answerCancelled(
	c *fiber.Ctx, r *apiRequest, passage adapters.CancelPassage, res lifecycle.Cancelled,
) error {
	acc, err := r.v.account(res.Attempt)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.requestContext(c), r.pg.ReadTimeout)
	defer cancel()
	answer, err := passage.AnswerCancel(ctx, adapters.CancelRequest{
		Account: acc, Attempt: res.Attempt, PGTxID: res.Attempt.PGTxID, Amount: res.Cancel.Amount,
		Now: g.now(),
	})
	if err != nil {
		g.log.Warn("a cancel was done whose answer the PG does not show", slog.String("request_id", requestID(c)),
			res.Attempt.LogAttr(), slog.Any("err", err))
		return &payment.Problem{
			Code: payment.CodeCancelUnknown, OrderID: res.Attempt.OrderID,
			DetailKo: "취소는 끝났지만 PG의 답을 다시 읽지 못했습니다. 같은 요청을 다시 보내면 결과를 받습니다",
			DetailEn: "the cancel is done, and the PG's answer could not be read again; the same call gets it",
		}
	}
	return answerAPI(c, answer)
}

// mayCancelOther refuses what would give back real money in test mode, and what may be the last cancel once more: that
// one's answer may have been lost, and what was left then is not what is left now.
func (g *Gateway) mayCancelOther(r *apiRequest, found adapters.Result) error {
	of := r.ask.Cancel
	switch {
	//guard:test-mode-gives-no-real-money-back
	case r.v.rules.Mode() != payment.ModeLive && found.TestKnown && !found.Test:
		return &payment.Problem{
			Code: payment.CodeNotCancellable, DetailKo: "실제 결제입니다: 테스트 모드에서는 취소하지 않습니다",
			DetailEn: "this is a real payment, and the gateway is in test mode",
		}
	//guard:blind-repeat-of-others-gives-nothing-back
	case of.Amount != nil && of.Remaining == nil && g.now().Sub(found.CancelledAlike) < lifecycle.RepeatedWithin:
		return &payment.Problem{Code: payment.CodeCancelRepeated}
	}
	return nil
}

// cancelOther hands on a cancel of a payment that is none of ours.
func (g *Gateway) cancelOther(
	c *fiber.Ctx, r *apiRequest, passage adapters.CancelPassage, found adapters.Result,
) error {
	call, err := passage.CancelOfOther(r.call, c.Get(headerIdempotencyKey) != "", r.ask.Cancel, found)
	if err != nil {
		return err
	}
	g.log.Info("a cancel of a payment that is none of the gateway's is handed on",
		slog.String("request_id", requestID(c)), slog.Any("pg", r.pg.ID))
	call.Query = "" // a second reader of it could find another payment there
	r.call, r.rewritten = call, true
	return g.passAPI(c, r)
}
