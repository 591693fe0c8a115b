package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// changeByAPI changes the amount or the deadline of an account that nobody has paid into, as the order service asked
// the PG. The intent is written down first, and the attempt is what it was until the PG shows the new amount: a deposit
// while that is not known is held against what the PG shows then.
func (g *Gateway) changeByAPI(c *fiber.Ctx, r *apiRequest) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.CancelPassage)
	if !ok {
		return &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:changed-account-is-the-accounts-own
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 가상계좌는 바꾸지 않습니다",
			DetailEn: "accounts of sub-merchants (Tier) are not changed",
		}
	}
	ctx := g.requestContext(c)
	a, found, err := g.toChange(ctx, r, passage)
	if err != nil {
		return err
	}
	isAbout(c, a.OrderID, a.ID)
	to, err := g.mayChange(r, a)
	if err != nil {
		return err
	}
	err = g.journal.IntendChange(ctx, a.ID, to, g.now())
	switch {
	case errors.Is(err, journal.ErrConflict):
		return errors.Join(unknownChange(a), err)
	case err != nil: //guard:account-is-changed-after-its-intent
		return err
	case shows(found, to): // by a call before, whose answer was lost
		g.endChange(ctx, a, to, true)
		return g.answerChanged(c, r, passage, a)
	}
	return g.sendChange(c, r, passage, a, to)
}

// toChange is the attempt of an account that waits for its deposit, and how the PG shows it.
func (g *Gateway) toChange(
	ctx context.Context, r *apiRequest, passage adapters.CancelPassage,
) (payment.Attempt, adapters.Result, error) {
	a, found, err := g.cancelledAttempt(ctx, r, passage)
	switch {
	case err != nil:
		return payment.Attempt{}, found, err
	case a == nil:
		return payment.Attempt{}, found, &payment.Problem{
			Code: payment.CodeAttemptNotFound, DetailKo: "게이트웨이로 발급한 가상계좌가 아닙니다. 닫고 게이트웨이로 새로 발급하세요",
			DetailEn: "it was not opened through the gateway: close it, and open another through it",
		}
	case a.Purpose != payment.PurposeKeyIn || a.Method != payment.MethodVBank: //guard:windows-account-is-not-changed
		return *a, found, &payment.Problem{
			Code: payment.CodeCallNotTaken, OrderID: a.OrderID, DetailKo: "API로 발급한 가상계좌만 바꿀 수 있습니다",
			DetailEn: "only an account that was opened by API is changed",
		}
	case a.TaxFree > 0 || a.VATSet: //guard:stated-parts-are-not-changed
		return *a, found, &payment.Problem{
			Code: payment.CodeCallNotTaken, OrderID: a.OrderID,
			DetailKo: "면세금액이나 부가세를 정한 가상계좌는 바꾸지 않습니다. 닫고 새로 발급하세요",
			DetailEn: "an account whose tax-free part or VAT was stated is not changed: close it, and open another",
		}
	case a.State == payment.StateUnknown || a.State == payment.StateApproving || a.State == payment.StateCancelling:
		return *a, found, &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: a.OrderID}
	case a.State != payment.StateIssued || found.Outcome != payment.OutcomeIssued: //guard:paid-account-is-not-changed
		return *a, found, &payment.Problem{
			Code: payment.CodeNotCancellable, OrderID: a.OrderID, DetailKo: "입금을 기다리는 가상계좌가 아닙니다",
			DetailEn: "this is no account that waits for its deposit",
		}
	}
	return *a, found, nil
}

// mayChange holds what an account is to be changed to against the rules of now, as a new one.
func (g *Gateway) mayChange(r *apiRequest, a payment.Attempt) (journal.Change, error) {
	to := journal.Change{Amount: a.Amount, Due: a.DepositDue}
	if r.ask.Change.Amount != nil {
		to.Amount = *r.ask.Change.Amount
	}
	acc, err := r.v.account(a)
	if err != nil {
		return to, err
	}
	ask := chargeAsk{
		ID: a.ID, Order: a.OrderID, PG: a.PG, Method: a.Method, Amount: to.Amount, Name: a.OrderName, Site: a.Site,
		VBank: "{}", Due: r.ask.Change.Due, // nothing is opened with it: it is what makes it key-in
	}
	at := []payment.KeyContract{{PG: a.PG, MID: acc.Merchant.MID, ChannelKey: acc.Merchant.ChannelKey}}
	decided, err := g.decideCharge(r.v, ask, at)
	if err != nil { //guard:changed-account-is-decided-anew
		return to, err
	}
	if !ask.Due.IsZero() {
		to.Due = decided.DepositDue
	}
	return to, nil
}

// shows tells whether the PG shows an account as it was to be changed. Deadlines are cut to the minute.
func shows(found adapters.Result, to journal.Change) bool {
	return found.Amount == to.Amount && found.Account.Due.Sub(to.Due).Abs() < time.Minute
}

func unknownChange(a payment.Attempt) error {
	return &payment.Problem{
		Code: payment.CodePaymentUnknown, OrderID: a.OrderID,
		DetailKo: "가상계좌가 바뀌었는지 아직 알 수 없습니다. 먼저 보낸 요청을 다시 보내세요",
		DetailEn: "whether the account was changed is not known yet: send the same as before again",
	}
}

// sendChange sends the one request, and has the attempt be what the PG shows. What nobody knows stays open: a deposit
// of either amount is told by the PG.
func (g *Gateway) sendChange(
	c *fiber.Ctx, r *apiRequest, passage adapters.CancelPassage, a payment.Attempt, to journal.Change,
) error {
	ctx := context.WithoutCancel(g.requestContext(c))
	r.call.Query = "" // a second reader of it could find other words there
	p, err := g.exchangeAPI(c, r)
	if err != nil && notSent(err) {
		g.endChange(ctx, a, to, false)
		return err
	}
	var body []byte
	if err == nil {
		if body, err = p.x.ReadAll(nil, maxScheduleAnswer); err != nil {
			_ = p.Close()
		}
	}
	done := err == nil && r.passage.Succeeded(p.x.Status(), body)
	if err == nil && !done && isDefinite(p.x.Status()) && isJSON(&p.x) { //guard:refused-change-is-taken-back
		g.endChange(ctx, a, to, false)
		return g.passRead(c, p, body, false)
	}
	found, lookErr := g.findAtPG(ctx, r, passage)
	shown := lookErr == nil && (shows(found, to) || done && found.Amount == to.Amount) //guard:change-is-shown
	if shown {
		g.endChange(ctx, a, to, true)
	}
	if done && (shown || lookErr != nil) {
		return g.passRead(c, p, body, false)
	}
	if err == nil {
		_ = p.Close()
	}
	if shown {
		return g.answerChanged(c, r, passage, a)
	}
	g.log.Warn("whether an account was changed is not known", a.LogAttr(), slog.Any("err", errors.Join(err, lookErr)))
	return unknownChange(a)
}

// endChange writes down what became of a change. What is not written stays open, and is told by the deposit.
func (g *Gateway) endChange(ctx context.Context, a payment.Attempt, to journal.Change, done bool) {
	if err := g.journal.EndChange(ctx, a.ID, to, done, g.now()); err != nil {
		g.log.WarnContext(ctx, "the end of an account's change was not written", a.LogAttr(), slog.Any("err", err))
	}
}

// answerChanged answers a change whose answer was lost with the payment, as V1 does.
func (g *Gateway) answerChanged(
	c *fiber.Ctx, r *apiRequest, passage adapters.CancelPassage, a payment.Attempt,
) error {
	acc, err := r.v.account(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.requestContext(c), r.pg.ReadTimeout)
	defer cancel()
	answer, err := passage.AnswerCancel(ctx, adapters.CancelRequest{
		Account: acc, Attempt: a, PGTxID: a.PGTxID, Now: g.now(),
	})
	if err != nil {
		return errors.Join(unknownChange(a), err) // the same call again gets it
	}
	return answerAPI(c, answer)
}
