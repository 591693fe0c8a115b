package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// headerReplace asks for a card to be replaced by another under the same name.
	headerReplace = "X-Pg-Gateway-Replace"
	// headerAttempt names the attempt that a call has become.
	headerAttempt = "X-Pg-Gateway-Attempt"
	// issueTTL is how long an issue whose answer was lost may still be done.
	issueTTL = 10 * time.Minute
)

// issueKeyByAPI has a billing key issued for a card as the order service asked the PG: held to the rules, never in the
// place of a card that is there unless that is wished for, written down first, sent once, looked up when the answer is
// lost. The card's data goes to the PG and nowhere else.
func (g *Gateway) issueKeyByAPI(c *fiber.Ctx, r *apiRequest) error {
	passage, err := g.keyPassageOf(c, r)
	if err != nil {
		return err
	}
	issuer, ok := passage.(adapters.KeyIssuer)
	if !ok {
		return &payment.Problem{Code: payment.CodeCallNotTaken}
	}
	ctx := g.requestContext(c)
	a, err := g.decideIssue(r)
	if err != nil { //guard:issue-is-decided
		return err
	}
	ask := lifecycle.IssueAsk{Key: r.ask.Issue.Key, Mark: r.ask.Issue.Mark, Fields: r.ask.Issue.Fields}
	if r.ask.Issue.Named {
		var leave func()
		if a.ID, ask.Mark, leave, err = g.nameToIssue(c, r, issuer); err != nil {
			return err
		}
		defer leave()
	} else {
		known, err := false, error(nil)
		if a.ID, known, err = g.issueToMake(c, r, issuer); known || err != nil {
			return err
		}
	}
	a.OrderID = payment.OrderID(a.ID)
	isAbout(c, a.OrderID, a.ID)
	ask.Attempt = a
	who := r.ask.Issue.Holder
	if ask.Identity, err = g.identified(ctx, r.v, r.pg, c.Get(headerIdentity), who); err != nil {
		return err
	}
	named := payment.Secret("")
	if r.ask.Issue.Named {
		named = r.ask.Issue.Key
	}
	ask.Card = g.cardToStore(r.v, r.pg.ID, r.ask.Issue.Number, named)
	res, err := g.machine.IssueKey(ctx, ask)
	if err != nil {
		return notIssued(err)
	}
	return g.answerIssued(c, r, issuer, res)
}

// nameToIssue is the attempt that is to issue a key under a name of the order service's, and how the key is before it.
// The name is taken until leave is called.
func (g *Gateway) nameToIssue(
	c *fiber.Ctx, r *apiRequest, issuer adapters.KeyIssuer,
) (id payment.AttemptID, mark string, leave func(), err error) {
	replaces, err := mayReplace(c, r.v)
	if err != nil {
		return "", "", nil, err
	}
	ctx, key := g.requestContext(c), r.ask.Issue.Key
	// Before the key is read: of two calls at once both may find it unused, and one finds its id taken then.
	if id, err = g.machine.FreeIssue(ctx, r.pg.ID, key); err != nil {
		return "", "", nil, err
	}
	name, err := g.claimName(ctx, r.pg.ID, key, id)
	if err != nil {
		return "", "", nil, err
	}
	leave = func() { g.leaveName(ctx, name) }
	had, err := issuer.StoredKey(ctx, r.pg, key)
	if err != nil { //guard:unread-key-is-not-unused
		leave()
		return "", "", nil, fmt.Errorf("reading a billing key before it is issued at %s: %w", r.pg.ID, err)
	}
	if err := g.mayOverwrite(r, had, replaces); err != nil {
		leave()
		return "", "", nil, err
	}
	return id, had.Mark, leave, nil
}

// issueToMake is the attempt that is to issue a key of its own. Under an Idempotency-Key the same call is the same
// attempt: what became of the first one is answered then, and it is known.
func (g *Gateway) issueToMake(
	c *fiber.Ctx, r *apiRequest, issuer adapters.KeyIssuer,
) (id payment.AttemptID, known bool, err error) {
	key, keyed, err := idempotencyKey(c)
	switch {
	case err != nil:
		return "", false, err
	case !keyed:
		return lifecycle.UnnamedIssueIDOf(r.pg.ID, rand.Text(), 0), false, nil
	}
	by := g.sealer.Print("issue", string(r.pg.ID), key, string(r.call.Body)) //guard:repeated-issue-is-of-the-same-card
	for n := 0; ; n++ {
		id = lifecycle.UnnamedIssueIDOf(r.pg.ID, by, n)
		a, known, err := g.machine.KnownIssue(g.requestContext(c), id)
		switch {
		case !known || err != nil:
			return id, known, err
		case a.State == payment.StateDeclined && a.Reason == payment.ReasonNotSent:
			continue // it never left: the same call is to be sent now
		}
		isAbout(c, a.OrderID, a.ID)
		return id, true, g.answerIssued(c, r, issuer, lifecycle.Charged{Result: lifecycle.Result{Attempt: a}, Known: true})
	}
}

// mayReplace tells whether a card may be replaced: by the rules, or since this caller wants it.
func mayReplace(c *fiber.Ctx, v *view) (bool, error) {
	switch c.Get(headerReplace) {
	case "true":
		return true, nil
	case "", "false":
		return v.rules.Billing().ReplaceKey, nil
	}
	return false, fieldProblem(headerReplace, "true 또는 false여야 합니다", "must be true or false")
}

// decideIssue is the attempt that an issue is by the rules: of the contract that the caller names, or of the one that
// they choose. It has no id yet.
func (g *Gateway) decideIssue(r *apiRequest) (payment.Attempt, error) {
	in := r.ask.Issue
	checkout := payment.Checkout{
		OrderID: "key", Currency: payment.CurrencyKRW, Purpose: payment.PurposeBillingKey, ByAPI: true, OrderName: "빌링키 발급",
		KeyAt:    []payment.KeyContract{{PG: r.pg.ID, ChannelKey: in.ChannelKey, MID: in.MID}},
		Payments: []payment.MethodAmount{{Method: chargedMethod}},
	}
	opt := g.deciding(nil)
	d, err := r.v.rules.Decide(&checkout, opt)
	g.countDecision(d, err)
	if p, ok := payment.AsProblem(err); ok && p.Code == payment.CodeKeyNotUsable {
		return payment.Attempt{}, noContract()
	}
	if err != nil {
		return payment.Attempt{}, err
	}
	if d.Internal || d.PG.ID != r.pg.ID || in.ChannelKey != "" && d.Merchant.ChannelKey != in.ChannelKey ||
		in.MID != "" && d.Merchant.MID != in.MID {
		return payment.Attempt{}, noContract()
	}
	a := newAttempt("", &checkout, d, opt.Now, issueTTL)
	a.ManualConfirm = false // nothing is confirmed: the one request issues
	return a, nil
}

func noContract() error {
	return &payment.Problem{
		Code: payment.CodeMerchantNotFound, Field: "channel_key",
		DetailKo: "설정에 없는 채널(channel_key)이나 MID(pg)입니다: purpose가 recurring인 가맹점만 빌링키를 발급합니다",
		DetailEn: "the configuration has no merchant of purpose recurring with this channel (channel_key) or MID (pg)",
	}
}

// mayOverwrite refuses to issue a key under a name that has a card: V1 would put the new one in its place without a
// word.
func (g *Gateway) mayOverwrite(r *apiRequest, had adapters.StoredKey, replaces bool) error {
	used := len(had.At) > 0
	switch made := g.sealer.madeID(r.v.environment, payment.AttemptID(r.ask.Issue.Key.Reveal())); {
	case made && !used: //guard:issue-takes-no-attempts-id
		return fieldProblem("customer_uid", "게이트웨이가 만든 번호입니다", "is an id of the gateway's own")
	case used && !replaces: //guard:used-key-is-not-overwritten
		return &payment.Problem{
			Code:     payment.CodeKeyInUse,
			DetailKo: "이미 카드가 등록된 customer_uid입니다. 카드를 바꾸려면 X-PG-Gateway-Replace: true 헤더를 보내세요",
			DetailEn: "the customer_uid has a card already; send X-PG-Gateway-Replace: true to have it replaced",
		}
	case used && !r.v.hasContract(r.pg.ID, had.At): //guard:replaced-key-is-a-known-contracts
		return otherContracts()
	}
	return nil
}

func otherContracts() *payment.Problem {
	return &payment.Problem{
		Code: payment.CodeKeyNotUsable, DetailKo: "등록된 카드의 가맹점이 설정에 없거나 결제 모드가 다릅니다",
		DetailEn: "the card that is there is at a merchant that the configuration does not have, or of the other mode",
	}
}

// notIssued is an issue's error as who asked for it is told. Nothing was sent.
func notIssued(err error) error {
	f, ok := errors.AsType[*adapters.FieldError](err)
	if _, known := payment.AsProblem(err); known || !ok {
		return err
	}
	return &payment.Problem{
		Code: payment.CodeInvalidField, Field: f.Field, DetailKo: f.Field + " 값을 결제사가 받지 않습니다", DetailEn: f.Error(),
	}
}

// answerIssued answers with what an issue came to: in the PG's own words where it said any.
func (g *Gateway) answerIssued(c *fiber.Ctx, r *apiRequest, issuer adapters.KeyIssuer, res lifecycle.Charged) error {
	a, said := res.Attempt, res.Said
	c.Set(headerAttempt, string(a.ID))
	issued := a.State == payment.StateApproved
	own := said != nil && (a.State == payment.StateDeclined ||
		issued && issuer.Succeeded(said.Status, []byte(said.Body.Reveal())))
	switch {
	case own:
		return answerAPI(c, adapters.APIAnswer{Status: said.Status, Body: []byte(said.Body.Reveal())})
	case issued:
		key, err := g.issuedKey(c, r, issuer, a)
		if err == nil && len(key.At) > 0 {
			return answerAPI(c, issuer.AnswerIssued(key))
		}
		g.log.Warn("a billing key is issued that the PG does not show", slog.String("request_id", requestID(c)), a.LogAttr(),
			slog.Any("err", err))
	case a.State == payment.StateDeclined && a.Reason == payment.ReasonNotSent:
		return &payment.Problem{Code: payment.CodePGUnavailable}
	case a.State == payment.StateDeclined:
		return &payment.Problem{
			Code: payment.CodePGRefused, DetailKo: "이 Idempotency-Key의 카드는 이미 거절되었습니다. 다시 시도하려면 다른 키를 쓰세요",
			DetailEn: "the card of this Idempotency-Key was declined before; use another key to try again",
		}
	case a.State.Final(): // what came is not what was decided, and was taken back
		return &payment.Problem{
			Code: payment.CodePGRefused, DetailKo: "PG가 정한 것과 다른 빌링키를 발급해 삭제했습니다",
			DetailEn: "the PG issued another key than was decided, and it was deleted",
		}
	}
	return &payment.Problem{Code: payment.CodeKeyUnknown, AttemptID: a.ID, KeySafety: payment.NewKeyUnsafe}
}

// issuedKey reads a key whose issue was not answered to this call.
func (g *Gateway) issuedKey(
	c *fiber.Ctx, r *apiRequest, issuer adapters.KeyIssuer, a payment.Attempt,
) (adapters.StoredKey, error) {
	ctx, key := context.WithoutCancel(g.requestContext(c)), r.ask.Issue.Key
	if !r.ask.Issue.Named {
		var err error
		if key, _, err = g.machine.KeyOf(ctx, a.ID); err != nil {
			return adapters.StoredKey{}, err
		}
	}
	return issuer.StoredKey(ctx, r.pg, key)
}
