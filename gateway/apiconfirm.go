package gateway

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// confirmByAPI has a payment approved whose buyer came through a window of manual confirm. One of the gateway's is
// concluded as when the browser brings the token; one that is not is handed on, once, with all that PortOne can verify.
func (g *Gateway) confirmByAPI(c *fiber.Ctx, r *apiRequest) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.ConfirmPassage)
	if !ok {
		return &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	k, ctx := r.ask.Confirm, g.requestContext(c)
	a, err := g.toConfirm(ctx, r)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return g.confirmOfOther(c, r)
	case err != nil:
		return err
	}
	isAbout(c, a.OrderID, a.ID)
	if k.Amount != nil && *k.Amount != a.Amount || k.TaxFree != nil && *k.TaxFree != a.TaxFree ||
		k.Test != nil && *k.Test != a.Test { //guard:confirmed-as-it-was-decided
		return &payment.Problem{
			Code: payment.CodeAmountMismatch, Field: "totalAmount", OrderID: a.OrderID,
			DetailKo: "이 결제는 " + a.Amount.String() + "원으로 정해졌습니다",
			DetailEn: "this payment was decided to be " + a.Amount.String() + " won",
		}
	}
	res, err := g.complete(ctx, completeRequest{AttemptID: a.ID, PGTxID: k.TxID, PaymentToken: k.Token})
	if err != nil {
		return err
	}
	a = res.Attempt
	//guard:only-approved-is-confirmed
	if a.State != payment.StateApproved && a.State != payment.StateIssued {
		return chargeProblem(lifecycle.Charged{Result: res})
	}
	return g.answerConfirmed(ctx, c, r, passage, a)
}

// toConfirm is the attempt that a confirm is about. journal.ErrNotFound tells that it is about none of the gateway's.
func (g *Gateway) toConfirm(ctx context.Context, r *apiRequest) (payment.Attempt, error) {
	id := r.ask.Confirm.ID
	if !payment.ValidID(string(id)) {
		return payment.Attempt{}, journal.ErrNotFound
	}
	a, _, err := g.journal.Attempt(ctx, id)
	missing := errors.Is(err, journal.ErrNotFound)
	switch {
	case missing && g.sealer.madeID(r.v.environment, id), //guard:forgotten-attempt-is-not-confirmed
		err == nil && (a.PG != r.pg.ID || a.Purpose == payment.PurposeBillingKey):
		return a, &payment.Problem{Code: payment.CodeAttemptNotFound}
	}
	return a, err
}

// confirmOfOther hands a confirm on of a payment that no window of the gateway's was opened for.
func (g *Gateway) confirmOfOther(c *fiber.Ctx, r *apiRequest) error {
	k := r.ask.Confirm
	switch {
	case !k.Whole: //guard:others-confirm-says-what
		return fieldProblem(
			"totalAmount", "currency, totalAmount, isTest: 게이트웨이가 만들지 않은 결제에는 모두 필요합니다",
			"currency, totalAmount, isTest: all are needed for a payment that is not the gateway's",
		)
	case *k.Test == (r.v.rules.Mode() == payment.ModeLive): //guard:others-confirm-in-our-mode
		return fieldProblem("isTest", "설정의 mode와 다릅니다", "isTest is not as the configuration's mode")
	}
	return g.passAPI(c, r)
}

// answerConfirmed answers as the PG would to the first confirm.
func (g *Gateway) answerConfirmed(
	ctx context.Context, c *fiber.Ctx, r *apiRequest, passage adapters.ConfirmPassage, a payment.Attempt,
) error {
	acc, err := r.v.account(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.pg.ReadTimeout)
	defer cancel()
	answer, err := passage.AnswerConfirm(ctx, adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: a.PGTxID})
	if err != nil {
		return errors.Join(paidAlready(a), err)
	}
	return answerAPI(c, answer)
}
