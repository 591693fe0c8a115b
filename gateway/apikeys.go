package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// headerSchedules says what becomes of charges that a PG is still to make with a key that is to be deleted: they are
	// left where they are when it says schedulesKept.
	headerSchedules = "X-Pg-Gateway-Schedules"
	schedulesKept   = "keep"
	// pendingTimeout is how long all of a key's schedules are looked for.
	pendingTimeout = 30 * time.Second
	// maxKeyAnswer is the longest answer of a call about a key that is read, in bytes.
	maxKeyAnswer = 1 << 20
	// maxPending is how many schedules a refusal names.
	maxPending = 100
)

// aboutKey tells whether a call issues or deletes a billing key: what was read before it was read in our account.
func (r *apiRequest) aboutKey() bool {
	return r.ask.Kind == adapters.APIDeletesKey || r.ask.Kind == adapters.APIIssuesKey //guard:keys-are-our-accounts
}

// keyPassageOf is the passage of a call about a billing key, where such a call may be made now.
func (g *Gateway) keyPassageOf(c *fiber.Ctx, r *apiRequest) (adapters.KeyPassage, error) {
	if g.draining.Load() {
		return nil, &payment.Problem{Code: payment.CodeShuttingDown}
	}
	passage, ok := r.passage.(adapters.KeyPassage)
	if !ok {
		return nil, &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	if len(c.Request().Header.Peek(headerTier)) > 0 { //guard:key-is-the-accounts-own
		return nil, &payment.Problem{
			Code: payment.CodeCallNotTaken, DetailKo: "하위 상점(Tier)의 빌링키 호출은 전달하지 않습니다",
			DetailEn: "calls about billing keys of sub-merchants (Tier) are not handed on",
		}
	}
	return passage, nil
}

// deleteKeyByAPI deletes a billing key as the order service asked the PG, which nobody can take back: only a key of a
// contract that the rules know, and only when the PG is to charge it no more. It is sent once, and looked up when the
// answer is lost.
func (g *Gateway) deleteKeyByAPI(c *fiber.Ctx, r *apiRequest) error {
	passage, err := g.keyPassageOf(c, r)
	if err != nil {
		return err
	}
	ctx := g.requestContext(c)
	before, err := passage.StoredKey(ctx, r.pg, r.ask.Key)
	switch {
	case err != nil:
		return fmt.Errorf("reading a billing key that is to be deleted at %s: %w", r.pg.ID, err)
	case len(before.At) == 0:
		g.forgetCard(ctx, r.pg.ID, r.ask.Key)
		return &payment.Problem{
			Code: payment.CodeKeyNotFound, DetailKo: "없거나 이미 삭제된 빌링키입니다",
			DetailEn: "there is no such billing key, or it is deleted already",
		}
	case !r.v.hasContract(r.pg.ID, before.At): //guard:deleted-key-is-a-known-contracts
		return &payment.Problem{
			Code: payment.CodeKeyNotUsable, DetailKo: "빌링키를 발급한 가맹점(purpose: recurring)이 설정에 없거나 결제 모드가 다릅니다",
			DetailEn: "the configuration has no merchant of purpose recurring, in the same mode, that the key was issued for",
		}
	}
	if err := g.mayLoseSchedules(ctx, c, r, passage); err != nil {
		return err
	}
	return g.sendDelete(c, r, passage, before)
}

// hasContract tells whether one of a PG's merchants for billing keys is where a key is.
func (v *view) hasContract(pg payment.PGID, at []payment.KeyContract) bool {
	for _, m := range v.merchants[pg] {
		for _, k := range at {
			if m.Purpose == payment.MerchantRecurring && k.IsOf(m) && !k.IsOther(m) {
				return true
			}
		}
	}
	return false
}

// mayLoseSchedules refuses to delete a key that the PG is still to charge, unless the caller says that he knows. What
// is not known is not none.
func (g *Gateway) mayLoseSchedules(
	ctx context.Context, c *fiber.Ctx, r *apiRequest, passage adapters.KeyPassage,
) error {
	switch c.Get(headerSchedules) {
	case "":
	case schedulesKept:
		return nil
	default:
		return fieldProblem(headerSchedules, "keep만 쓸 수 있습니다", "can only be keep")
	}
	ctx, cancel := context.WithTimeout(ctx, pendingTimeout)
	defer cancel()
	pending, err := passage.PendingCharges(ctx, adapters.PendingRequest{PG: r.pg, Key: r.ask.Key, Now: g.now()})
	switch {
	case err != nil: //guard:unread-schedules-keep-the-key
		return fmt.Errorf("asking %s for the schedules of a billing key: %w", r.pg.ID, err)
	case len(pending) == 0:
		return nil
	}
	//guard:scheduled-key-is-not-deleted
	return &payment.Problem{
		Code: payment.CodeKeyScheduled, Pending: pending[:min(len(pending), maxPending)],
		DetailKo: "예약된 결제가 남아 있습니다. 먼저 취소하거나 X-PG-Gateway-Schedules: keep 헤더를 보내세요: " + textOf(pending),
		DetailEn: "charges are still scheduled; take them back first, or send X-PG-Gateway-Schedules: keep: " +
			textOf(pending),
	}
}

// textOf names the first schedules.
func textOf(pending []payment.PendingCharge) (text string) {
	const shown = 3
	for i, p := range pending {
		if i == shown {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += p.ID + " " + p.At.In(payment.KST()).Format(time.RFC3339)
	}
	return text
}

// sendDelete sends the one request. When it is not clear what became of it, the key is read again: where it is gone,
// the answer is what the PG would have said.
func (g *Gateway) sendDelete(
	c *fiber.Ctx, r *apiRequest, passage adapters.KeyPassage, before adapters.StoredKey,
) error {
	p, err := g.exchangeAPI(c, r)
	if err != nil && notSent(err) {
		return err
	}
	var body []byte
	if err == nil {
		if body, err = p.x.ReadAll(nil, maxKeyAnswer); err != nil {
			_ = p.Close()
		}
	}
	if err == nil && r.passage.Succeeded(p.x.Status(), body) {
		g.forgetCard(g.requestContext(c), r.pg.ID, r.ask.Key)
		return g.passRead(c, p, body, false)
	}
	if err == nil && isDefinite(p.x.Status()) && isJSON(&p.x) {
		return g.passRead(c, p, body, false)
	}
	after, gone := g.isGone(c, r, passage)
	switch {
	case gone: //guard:lost-delete-is-looked-up
		g.forgetCard(g.requestContext(c), r.pg.ID, r.ask.Key)
		if err == nil {
			_ = p.Close()
		}
		return answerAPI(c, passage.AnswerDeleted(before, after))
	case err == nil:
		return g.passRead(c, p, body, false)
	}
	if _, known := payment.AsProblem(err); !known {
		err = fmt.Errorf("%w: %w", &payment.Problem{Code: payment.CodeUpstreamUnavailable}, err)
	}
	return err
}

// isGone reads a key after its delete was sent. One that cannot be read may be there.
func (g *Gateway) isGone(c *fiber.Ctx, r *apiRequest, passage adapters.KeyPassage) (adapters.StoredKey, bool) {
	ctx := context.WithoutCancel(g.requestContext(c))
	after, err := passage.StoredKey(ctx, r.pg, r.ask.Key)
	if err != nil {
		g.log.Warn("a billing key cannot be read whose delete was sent", slog.String("request_id", requestID(c)),
			slog.Any("pg", r.pg.ID), slog.Any("err", err))
	}
	return after, err == nil && len(after.At) == 0
}
