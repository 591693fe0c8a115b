package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// moveByAPI gives a charge that the PG is to make by itself another time, and its attempt with it. Before the PG hears
// of it the attempt waits for both times, so that whichever the PG keeps, it is found.
func (g *Gateway) moveByAPI(c *fiber.Ctx, r *apiRequest) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.SchedulePassage)
	if !ok {
		return &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:moved-schedule-is-the-accounts-own
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 예약은 전달하지 않습니다",
			DetailEn: "schedules of sub-merchants (Tier) are not handed on",
		}
	}
	ctx := g.requestContext(c)
	a, err := g.toMove(ctx, r)
	if err != nil {
		return err
	}
	isAbout(c, a.OrderID, a.ID)
	if err := g.mayMove(ctx, r, passage, a); err != nil {
		return err
	}
	to := r.ask.Move.At
	both := plan(a, to)
	both.ExpiresAt, both.NextCheck = latest(both.ExpiresAt, a.ExpiresAt), soonest(both.NextCheck, a.NextCheck)
	if err := g.replan(ctx, both, to); err != nil { //guard:schedule-is-moved-after-its-intent
		return err
	}
	return g.sendMove(c, r, passage, a)
}

// plan is how an attempt waits for a time.
func plan(a payment.Attempt, at time.Time) journal.Plan {
	return journal.Plan{ID: a.ID, ExpiresAt: at.Add(lifecycle.ScheduleGrace), NextCheck: at.Add(time.Minute)}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func soonest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// toMove is the attempt of the schedule that a call is about, if it still waits for its time. The number of any other
// is used up: a charge under it could not be told from the one before.
func (g *Gateway) toMove(ctx context.Context, r *apiRequest) (payment.Attempt, error) {
	none := &payment.Problem{
		Code: payment.CodeAttemptNotFound, DetailKo: "게이트웨이로 만든 예약이 아닙니다. 취소(unschedule)하고 게이트웨이로 새로 예약하세요",
		DetailEn: "it was not made through the gateway: take it back (unschedule), and make another through it",
	}
	if !payment.ValidID(string(r.ask.Move.ID)) {
		return payment.Attempt{}, none
	}
	a, _, err := g.journal.Attempt(ctx, r.ask.Move.ID)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return a, none
	case err != nil:
		return a, err
	case a.PG != r.pg.ID || a.Purpose != payment.PurposeRecurring: //guard:only-schedules-are-moved
		return a, none
	case a.State == payment.StateApproved:
		return a, paidAlready(a)
	case a.State != payment.StateOpened && !a.State.Final():
		return a, &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: a.OrderID, KeySafety: payment.NewKeyUnsafe}
	case a.State != payment.StateOpened || r.ask.Move.Now: //guard:number-of-a-schedule-is-used-up
		return a, usedUp(a)
	case !r.ask.Move.At.After(g.now()):
		return a, fieldProblem("schedule_at", "지난 시각입니다", "schedule_at is in the past")
	}
	return a, nil
}

// usedUp says how else a month is charged whose schedule was declined or taken back.
func usedUp(a payment.Attempt) error {
	return &payment.Problem{
		Code: payment.CodeChargeIDUsed, OrderID: a.OrderID, KeySafety: payment.NewKeySafe,
		DetailKo: "예약에 쓴 번호로는 다시 결제할 수 없습니다. 새 번호로 결제하세요 (POST /subscriptions/charge)",
		DetailEn: "the number of a schedule is used up by it: charge under another one (POST /subscriptions/charge)",
	}
}

// mayMove holds a moved schedule to the rules of now, as a new one, and asks the PG whether it still has it to make.
func (g *Gateway) mayMove(
	ctx context.Context, r *apiRequest, passage adapters.SchedulePassage, a payment.Attempt,
) error {
	acc, err := r.v.account(a)
	if err != nil {
		return err
	}
	ask := chargeAsk{
		ID: a.ID, Order: a.OrderID, PG: a.PG, Method: a.Method, Amount: a.Amount, TaxFree: a.TaxFree,
		TaxFreeSet: true, VAT: a.VAT, VATSet: a.VATSet, Name: a.OrderName, Site: a.Site,
	}
	at := []payment.KeyContract{{PG: a.PG, MID: acc.Merchant.MID, ChannelKey: acc.Merchant.ChannelKey}}
	if _, err := g.decideCharge(r.v, ask, at); err != nil { //guard:moved-schedule-is-decided-anew
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.pg.ReadTimeout)
	defer cancel()
	p, err := passage.Planned(ctx, r.pg, a.ID)
	switch {
	case errors.Is(err, adapters.ErrRejected):
		return usedUp(a)
	case err != nil:
		return err
	case !p.Waits && !p.Revoked, p.Revoked != r.ask.Move.Anew: //guard:fired-schedule-is-not-moved
		return usedUp(a)
	}
	return nil
}

// replan writes down for when an attempt waits.
func (g *Gateway) replan(ctx context.Context, p journal.Plan, to time.Time) error {
	p.Event = journal.Event{
		At: g.now(), Kind: journal.EventReplanned,
		Detail: "to be charged by the PG at " + to.In(payment.KST()).Format(time.RFC3339),
	}
	err := g.journal.Replan(ctx, p)
	if errors.Is(err, journal.ErrConflict) {
		return errors.Join(&payment.Problem{Code: payment.CodeOrderInProgress, KeySafety: payment.NewKeyUnsafe}, err)
	}
	return err
}

// sendMove sends the one request, and has the attempt wait for the time that the PG keeps. What nobody knows is waited
// for at both.
func (g *Gateway) sendMove(c *fiber.Ctx, r *apiRequest, passage adapters.SchedulePassage, a payment.Attempt) error {
	after, to := context.WithoutCancel(g.requestContext(c)), r.ask.Move.At
	back := journal.Plan{ID: a.ID, ExpiresAt: a.ExpiresAt, NextCheck: a.NextCheck}
	settle := func(p journal.Plan, at time.Time) {
		if err := g.replan(after, p, at); err != nil {
			g.log.WarnContext(after, "a moved schedule is waited for at both times", a.LogAttr(), slog.Any("err", err))
		}
	}
	p, err := g.exchangeAPI(c, r)
	if err != nil && notSent(err) {
		settle(back, a.ExpiresAt.Add(-lifecycle.ScheduleGrace))
		return err
	}
	var body []byte
	if err == nil {
		if body, err = p.x.ReadAll(nil, maxScheduleAnswer); err != nil {
			_ = p.Close()
		}
	}
	if err == nil {
		status := p.x.Status()
		switch {
		case r.passage.Succeeded(status, body):
			settle(plan(a, to), to)
			return g.passRead(c, p, body, false)
		case isDefinite(status) && isJSON(&p.x): //guard:refused-move-is-taken-back
			settle(back, a.ExpiresAt.Add(-lifecycle.ScheduleGrace))
			return g.passRead(c, p, body, false)
		}
		_ = p.Close()
	}
	g.log.Warn("the answer to a moved schedule was lost; it is read", a.LogAttr(), slog.Any("err", err))
	ctx, cancel := context.WithTimeout(after, r.pg.ReadTimeout)
	defer cancel()
	if shown, err := passage.Planned(ctx, r.pg, a.ID); err == nil && shown.Waits && shown.At.Equal(to) {
		settle(plan(a, to), to)
		return answerAPI(c, shown.Answer)
	}
	return &payment.Problem{
		Code: payment.CodePaymentUnknown, OrderID: a.OrderID, KeySafety: payment.NewKeyUnsafe,
		DetailKo: "예약 시각이 바뀌었는지 아직 알 수 없습니다. 같은 요청을 다시 보내세요",
		DetailEn: "whether the schedule was moved is not known yet: send the same again",
	}
}
