package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// keyInByAPI charges a card by its data (수기결제), or opens a virtual account without a window, as the order service asked
// the PG: an attempt like the charge of a billing key, through contracts for key-in alone. The card's data is in memory
// until the one request is sent, and nowhere else. An account waits for its deposit as a window's does.
func (g *Gateway) keyInByAPI(c *fiber.Ctx, r *apiRequest) error {
	passage, err := g.chargesByAPI(c, r)
	if err != nil {
		return err
	}
	_, keyed, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	in := r.ask.KeyIn
	ask, err := r.chargeAsk(in.APICharge)
	if err != nil {
		return err
	}
	ask.Card, ask.VBank, ask.Named = in.Card, in.VBank, in.Named
	ask.Number, ask.Method = in.Number, chargedMethod
	if ask.VBank.IsSet() {
		ask.Method, ask.Due = payment.MethodVBank, in.Due
	}
	if in.DueIn > 0 {
		ask.Due = g.now().Add(in.DueIn)
	}
	ask.Identity, ask.Holder = c.Get(headerIdentity), in.Holder
	if ask.Replace, err = mayReplace(c, r.v); err != nil {
		return err
	}
	isAbout(c, ask.Order, ask.ID)
	res, err := g.charge(g.requestContext(c), r.v, ask)
	if err != nil {
		return notChargedProblem(err, ask.Order)
	}
	// Nothing is kept of a card by which a repeat could be held against it, whatever key it carries.
	keyed = keyed && !ask.Card.IsSet() //guard:key-in-is-not-repeated
	return g.answerCharged(c, r, passage, res, keyed)
}

// keyedIn tells whether it is paid with what the order service brings, and not with a stored key.
func (ask *chargeAsk) keyedIn() bool { return ask.Card.IsSet() || ask.VBank.IsSet() }

// purpose is what a charge is for.
func (ask *chargeAsk) purpose() payment.Purpose {
	if ask.keyedIn() {
		return payment.PurposeKeyIn
	}
	return payment.PurposeRecurring
}

// chargedAt are the contracts that a charge may go through: those that its key is at, or the one that the caller named
// for a card or an account.
func (g *Gateway) chargedAt(ctx context.Context, v *view, ask chargeAsk) ([]payment.KeyContract, error) {
	if ask.keyedIn() {
		return []payment.KeyContract{{PG: ask.PG, MID: ask.MID, ChannelKey: ask.Channel}}, nil
	}
	return g.machine.KeyContracts(ctx, v.pgsOf(ask.PG), ask.Key)
}

// mayStore refuses to have a card stored where the rules let no cards be registered, or could not charge it later; or
// under a key that has one, which would overwrite it silently (portone.md §1.7), unless that is wished for. The key's
// name is taken until what it returns is called.
func (g *Gateway) mayStore(
	ctx context.Context, v *view, ask chargeAsk, a payment.Attempt, acc adapters.Account,
) (leave func(), err error) {
	if !ask.Card.IsSet() || !ask.Key.IsSet() {
		return func() {}, nil
	}
	at := []payment.KeyContract{{PG: a.PG, MID: acc.Merchant.MID, ChannelKey: acc.Merchant.ChannelKey}}
	for _, p := range []payment.Purpose{payment.PurposeBillingKey, payment.PurposeRecurring} {
		c := ask.checkout(at)
		if c.Purpose = p; p == payment.PurposeBillingKey {
			c.Amount, c.TaxFree, c.VAT, c.ByAPI = 0, 0, 0, true
			c.Payments[0].Amount = 0
		}
		if _, err := v.rules.Decide(&c, g.deciding(nil)); err != nil { //guard:stored-by-key-in-as-registered
			return nil, withOrder(err, ask.Order)
		}
	}
	name, err := g.claimName(ctx, a.PG, ask.Key, a.ID)
	if err != nil { //guard:key-in-stores-after-its-claim
		return nil, err
	}
	leave = func() { g.leaveName(ctx, name) }
	if err := g.isToStore(ctx, v, ask, a.PG); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// isToStore refuses to have a card stored under a key by what the key is now.
func (g *Gateway) isToStore(ctx context.Context, v *view, ask chargeAsk, pg payment.PGID) error {
	if _, err := g.machine.FreeIssue(ctx, pg, ask.Key); err != nil { //guard:key-in-beside-no-unknown-issue
		return err
	}
	has, err := g.machine.KeyContracts(ctx, v.pgsOf(pg), ask.Key)
	switch {
	case err != nil: //guard:unasked-key-is-not-overwritten
		return err
	case len(has) > 0 && !ask.Replace: //guard:key-in-overwrites-no-key
		return &payment.Problem{
			Code: payment.CodeKeyInUse, OrderID: ask.Order, KeySafety: payment.NewKeySafe,
			DetailKo: "이미 카드가 등록된 customer_uid입니다. 카드를 바꾸려면 X-PG-Gateway-Replace: true 헤더를 보내세요",
			DetailEn: "the customer_uid has a card already; send X-PG-Gateway-Replace: true to have it replaced",
		}
	case len(has) > 0 && !v.hasContract(pg, has): //guard:key-in-replaces-a-known-contracts-key
		return otherContracts()
	case len(has) > 0:
		return nil
	case g.sealer.madeID(v.environment, payment.AttemptID(ask.Key.Reveal())): //guard:key-in-takes-no-attempts-id
		return fieldProblem("customer_uid", "게이트웨이가 만든 번호입니다", "is an id of the gateway's own")
	}
	return nil
}
