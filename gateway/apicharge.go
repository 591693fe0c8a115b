package gateway

import (
	"context"
	"errors"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// chargeByAPI charges a billing key as the order service asked the PG: held to the rules, written down first, sent
// once, looked up when the answer is lost. The caller's own number is the attempt's and the order's. It is answered
// with the PG's own answer where there is one.
func (g *Gateway) chargeByAPI(c *fiber.Ctx, r *apiRequest) error {
	passage, err := g.chargesByAPI(c, r)
	if err != nil {
		return err
	}
	_, keyed, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	ask, err := r.chargeAsk(r.ask.Charge)
	if err != nil {
		return err
	}
	isAbout(c, ask.Order, ask.ID)
	res, err := g.charge(g.requestContext(c), r.v, ask)
	if err != nil {
		return notChargedProblem(err, ask.Order)
	}
	return g.answerCharged(c, r, passage, res, keyed)
}

// chargesByAPI tells whether a call may charge, and what answers it then.
func (g *Gateway) chargesByAPI(c *fiber.Ctx, r *apiRequest) (adapters.ChargePassage, error) {
	if g.draining.Load() {
		return nil, &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.ChargePassage)
	if !ok {
		return nil, &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:charge-is-the-accounts-own
		return nil, &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 결제는 전달하지 않습니다",
			DetailEn: "charges of sub-merchants (Tier) are not handed on",
		}
	}
	return passage, nil
}

// chargeAsk is what is asked for, in our words.
func (r *apiRequest) chargeAsk(in adapters.APICharge) (chargeAsk, error) {
	ask := chargeAsk{
		ID: in.ID, Order: payment.OrderID(in.ID), Key: in.Key, PG: r.pg.ID, Channel: in.ChannelKey, MID: in.MID,
		Amount: in.Amount,
		Name:   in.Name, Installment: in.Installment, Fields: in.Fields, Call: r.ask.Name,
	}
	if in.TaxFree != nil {
		ask.TaxFree, ask.TaxFreeSet = *in.TaxFree, true
	}
	if in.VAT != nil {
		ask.VAT, ask.VATSet = *in.VAT, true
	}
	switch {
	case !payment.ValidID(string(in.ID)):
		return ask, fieldProblem(
			"id", "merchant_uid, paymentId, moid: 영문, 숫자, - 와 _ 만 40자까지 쓸 수 있습니다",
			"merchant_uid, paymentId or moid has up to 40 letters, digits, - and _",
		)
	case in.Amount == 0:
		return ask, fieldProblem("amount", "1원 이상이어야 합니다", "must be at least 1 won")
	case ask.TaxFree > in.Amount:
		return ask, fieldProblem("tax_free", "결제 금액보다 클 수 없습니다", "must not be more than the amount")
	}
	return ask, nil
}

// answerCharged answers with what a charge came to: of an account, that it is open. One that was made before is refused
// with what is known, but for a repeat that carries an Idempotency-Key, which is answered as the first one was.
func (g *Gateway) answerCharged(
	c *fiber.Ctx, r *apiRequest, passage adapters.ChargePassage, res lifecycle.Charged, keyed bool,
) error {
	a, said := res.Attempt, res.Said
	paid, open := a.State == payment.StateApproved, a.State == payment.StateIssued
	fresh := said != nil && !res.Known
	switch {
	case fresh && a.State == payment.StateDeclined: //guard:decline-is-the-pgs-own-word
		return answerAPI(c, adapters.APIAnswer{Status: said.Status, Body: []byte(said.Body.Reveal())})
	case fresh && (paid || open) && passage.Succeeded(said.Status, []byte(said.Body.Reveal())):
		return answerAPI(c, adapters.APIAnswer{Status: said.Status, Body: []byte(said.Body.Reveal())})
	case paid && res.Known && !keyed: //guard:charged-before-is-said
		return paidAlready(a)
	case open && res.Known && !keyed: //guard:opened-before-is-said
		return &payment.Problem{Code: payment.CodeOrderAwaitsDeposit, OrderID: a.OrderID, KeySafety: payment.NewKeyUnsafe}
	case paid || open:
		return g.answerPaid(c, r, passage, res)
	}
	return chargeProblem(res)
}

func paidAlready(a payment.Attempt) error {
	return &payment.Problem{
		Code: payment.CodeOrderAlreadyPaid, OrderID: a.OrderID, KeySafety: payment.NewKeyNever,
		DetailKo: "이미 결제되었습니다: " + a.Amount.String() + "원, " + a.PGTxID,
		DetailEn: "it is paid already: " + a.Amount.String() + " won, " + a.PGTxID,
	}
}

// answerPaid answers a charge whose answer was lost, or was given before. It is paid, or its account is open, whether
// or not the PG can be asked now.
func (g *Gateway) answerPaid(
	c *fiber.Ctx, r *apiRequest, passage adapters.ChargePassage, res lifecycle.Charged,
) error {
	a, key := res.Attempt, r.ask.Charge.Key
	if !res.Known {
		key = "" // it was charged by this very call
	}
	acc, err := r.v.account(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.requestContext(c), r.pg.ReadTimeout)
	defer cancel()
	answer, err := passage.AnswerCharge(ctx, adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: a.PGTxID}, key)
	switch {
	case err == nil:
		return answerAPI(c, answer)
	case errors.Is(err, adapters.ErrRejected):
		return paidAlready(a)
	}
	g.log.Warn("a charge is paid whose answer the PG does not show", slog.String("request_id", requestID(c)), a.LogAttr(),
		slog.Any("err", err))
	return errors.Join(&payment.Problem{
		Code: payment.CodePaymentUnknown, OrderID: a.OrderID, KeySafety: payment.NewKeyUnsafe,
		DetailKo: "결제는 끝났지만 PG의 답을 다시 읽지 못했습니다", DetailEn: "it is paid, and the PG's answer could not be read again",
	}, err)
}
