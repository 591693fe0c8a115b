package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// maxScheduleAnswer is the longest answer to a schedule that is read, in bytes.
const maxScheduleAnswer = 1 << 20

// scheduleByAPI has the PG charge a billing key by itself, later, as the order service asked it: each of the charges is
// held to the rules of now and written down as an attempt that waits for its time, before the PG hears of it. When it
// fires, the attempt is found by a webhook or by the sweep, and the shop is told as of any other charge.
func (g *Gateway) scheduleByAPI(c *fiber.Ctx, r *apiRequest) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:schedule-is-the-accounts-own
		return &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 예약은 전달하지 않습니다",
			DetailEn: "schedules of sub-merchants (Tier) are not handed on",
		}
	}
	ctx := g.requestContext(c)
	attempts, err := g.scheduled(ctx, r)
	if err != nil {
		return err
	}
	isAbout(c, attempts[0].OrderID, attempts[0].ID)
	for i, a := range attempts {
		err := g.journal.Insert(ctx, a, journal.Event{
			At: g.now(), Kind: journal.EventOpened,
			Detail: "to be charged by the PG at " + r.ask.Schedules[i].At.In(payment.KST()).Format(time.RFC3339),
		})
		if err != nil { //guard:schedule-after-its-intent
			g.unschedule(ctx, attempts[:i])
			return scheduledBefore(a, err)
		}
	}
	return g.sendSchedule(c, r, attempts)
}

// scheduled are the attempts that a call asks for, by the rules. They are on no record yet.
func (g *Gateway) scheduled(ctx context.Context, r *apiRequest) ([]payment.Attempt, error) {
	key := r.ask.Schedules[0].Key
	at, err := g.machine.KeyContracts(ctx, r.v.pgsOf(r.pg.ID), key)
	if err != nil {
		return nil, err
	}
	var attempts []payment.Attempt
	for _, s := range r.ask.Schedules {
		ask, err := r.chargeAsk(s.APICharge)
		switch {
		case err != nil:
			return nil, err
		case !s.At.After(g.now()):
			return nil, fieldProblem("schedule_at", "지난 시각입니다", "schedule_at, timeToPay: is in the past")
		case g.sealer.madeID(r.v.environment, ask.ID): //guard:schedule-takes-no-attempts-id
			return nil, fieldProblem("id", "게이트웨이가 만든 번호입니다", "is an id of the gateway's own")
		}
		a, err := g.decideCharge(r.v, ask, at)
		if err != nil {
			return nil, err
		}
		if err := g.machine.UnusedAtPG(ctx, a); err != nil { //guard:scheduled-id-is-unused
			return nil, err
		}
		a.ExpiresAt, a.NextCheck = s.At.Add(lifecycle.ScheduleGrace), s.At.Add(time.Minute)
		attempts = append(attempts, a)
	}
	return attempts, nil
}

// scheduledBefore says that an id has an attempt already.
func scheduledBefore(a payment.Attempt, err error) error {
	if errors.Is(err, journal.ErrConflict) {
		return &payment.Problem{
			Code: payment.CodeChargeIDUsed, OrderID: a.OrderID, KeySafety: payment.NewKeySafe,
			DetailKo: "이 번호는 이미 쓰였습니다: " + string(a.ID), DetailEn: "this id is used already: " + string(a.ID),
		}
	}
	return err
}

// sendSchedule sends the one request, and takes back what was written down when the PG says for certain that it will
// not charge.
func (g *Gateway) sendSchedule(c *fiber.Ctx, r *apiRequest, attempts []payment.Attempt) error {
	after := context.WithoutCancel(g.requestContext(c))
	p, err := g.exchangeAPI(c, r)
	if err != nil {
		if notSent(err) {
			g.unschedule(after, attempts)
		}
		return err
	}
	body, err := p.x.ReadAll(nil, maxScheduleAnswer)
	if err != nil {
		_ = p.Close()
		g.log.Warn(
			"the answer to a schedule was lost; it is looked up at its time", attempts[0].LogAttr(), slog.Any("err", err),
		)
		return &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: attempts[0].OrderID}
	}
	status := p.x.Status()
	//guard:refused-schedule-is-taken-back
	if !r.passage.Succeeded(status, body) && isDefinite(status) && isJSON(&p.x) {
		g.unschedule(after, attempts)
	}
	return g.passRead(c, p, body, false)
}

// isDefinite tells whether an answer of this status says for certain that nothing was done: not one that somebody in
// between gives when he has waited, or has enough.
func isDefinite(status int) bool {
	return status < fiber.StatusInternalServerError && status != fiber.StatusRequestTimeout &&
		status != fiber.StatusTooManyRequests
}

// isJSON tells whether an answer says of itself that it is JSON: one of somebody in between seldom does.
func isJSON(x *upstream.Exchange) bool {
	kind, _, _ := bytes.Cut(x.Header("content-type"), []byte(";"))
	return upstream.Is(bytes.TrimSpace(kind), fiber.MIMEApplicationJSON)
}

// notSent tells of a call that was not handed on that not one byte of it was sent: there were no credentials for it, or
// no connection.
func notSent(err error) bool {
	if p, ok := payment.AsProblem(err); ok {
		return slices.Contains([]payment.Code{
			payment.CodePGUnavailable, payment.CodeOverloaded, payment.CodeRequestUnreadable,
		}, p.Code)
	}
	return errors.Is(err, adapters.ErrUnavailable) || errors.Is(err, adapters.ErrRejected)
}

// unschedule ends attempts that the PG will not charge.
func (g *Gateway) unschedule(ctx context.Context, attempts []payment.Attempt) {
	for _, a := range attempts {
		_, err := g.journal.Move(ctx, journal.Transition{
			ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateExpired, Reason: payment.ReasonRejected,
			Event: journal.Event{At: g.now(), Kind: journal.EventNoWindow, Detail: "the PG takes no such schedule"},
		})
		if err != nil {
			g.log.WarnContext(
				ctx, "a schedule that was not taken is looked at by the sweep", a.LogAttr(), slog.Any("err", err),
			)
		}
	}
}
