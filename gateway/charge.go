package gateway

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// chargedMethod is how a billing key is charged of which neither the order service nor the PG says anything else, nor
// the contracts that it is at.
const chargedMethod payment.Method = "card"

// chargeAsk is a charge of a stored billing key (정기결제), as the order service asks for it. Its figures are the order
// service's own: there is no browser between it and us.
type chargeAsk struct {
	// ID is the attempt's: V1's merchant_uid, V2's paymentId.
	ID    payment.AttemptID
	Order payment.OrderID
	Key   payment.Secret
	// Issuer is the attempt that issued the key, in the place of the key itself.
	Issuer payment.AttemptID
	// PG is who has the key; empty asks all of them. Channel is the channel to charge through; empty leaves it to the
	// rules.
	PG      payment.PGID
	Channel string
	// Method is empty where the caller names none: what the key pays with, then.
	Method payment.Method
	Amount payment.Won
	// TaxFree and VAT are stated where TaxFreeSet and VATSet say so.
	TaxFree    payment.Won
	TaxFreeSet bool
	VAT        payment.Won
	VATSet     bool
	Name       string
	Buyer      payment.Buyer
	// BuyerIP is whose address the charge is asked for from; not valid when nobody is there.
	BuyerIP netip.Addr
	Site    payment.Site
	// MID is the contract that the caller named; empty leaves it to the rules.
	MID string
	// Card, VBank and Named are of a payment by key-in: the card's data, or what is asked of an account, and the contract
	// as the caller named it. The key is what to store the card under then, and Due until when the account is to take the
	// deposit.
	Card, VBank payment.Secret
	Named       string
	Due         time.Time
	// Number is the card's digits.
	Number payment.Secret
	// Identity is the PG's number of the identity verification of who the card is said to be of.
	Identity string
	Holder   adapters.Person
	// Replace tells that the card may be stored in the place of another.
	Replace bool
	// Installment is in months; 0 is a lump sum.
	Installment int
	// Fields are the caller's own in the PG's words, and Call is by which of its calls: see adapters.ChargeRequest.
	Fields []byte
	Call   string
	// Before is until when it may be begun; zero for ever.
	Before time.Time
	// Recover tells whether it is to be tried again when it is declined; nil leaves it to the rules. Recovery is the
	// recovery that it is made for.
	Recover  *bool
	Recovery *journal.RecoveryTry
}

// charge takes a charge to its end: where the key is, a decision by the rules, one request. What was asked for before
// under the same id is told and not charged again, whatever the rules say by now. Errors are *payment.Problem or match
// an adapters error; nothing was charged then.
func (g *Gateway) charge(ctx context.Context, v *view, ask chargeAsk) (lifecycle.Charged, error) {
	if g.sealer.madeID(v.environment, ask.ID) { //guard:charge-takes-no-attempts-id
		return lifecycle.Charged{}, fieldProblem("id", "게이트웨이가 만든 번호입니다", "is an id of the gateway's own")
	}
	a := payment.Attempt{
		ID: ask.ID, OrderID: ask.Order, Amount: ask.Amount, TaxFree: ask.TaxFree, VAT: ask.VAT, VATSet: ask.VATSet,
		Purpose: ask.purpose(), Method: ask.Method,
	}
	if known, ok, err := g.machine.KnownCharge(ctx, a); ok || err != nil {
		return known, err
	}
	if ask.Issuer != "" {
		var err error
		if ask.Key, ask.PG, err = g.machine.KeyOf(ctx, ask.Issuer); err != nil {
			return lifecycle.Charged{}, err
		}
	}
	all, err := g.chargedAt(ctx, v, ask)
	if err != nil {
		return lifecycle.Charged{}, err
	}
	if a, err = g.decideCharge(v, ask, all); err != nil {
		return lifecycle.Charged{}, err
	}
	acc, err := v.account(a)
	if err != nil {
		return lifecycle.Charged{}, err
	}
	leave, err := g.mayStore(ctx, v, ask, a, acc)
	if err != nil {
		return lifecycle.Charged{}, err
	}
	defer leave()
	var stores *journal.CardClaim
	var identity string
	if ask.Card.IsSet() && ask.Key.IsSet() {
		stores = g.cardToStore(v, a.PG, ask.Number, ask.Key)
		if identity, err = g.identified(ctx, v, acc.PG, ask.Identity, ask.Holder); err != nil {
			return lifecycle.Charged{}, err
		}
	}
	notice := ""
	if driver, ok := g.drivers[a.Driver]; ok {
		notice, _ = hookURLs(v.rules.Server().Public.BaseURL, driver.Spec().Routes, acc.PG, acc.Merchant)
	}
	return g.machine.Charge(ctx, lifecycle.ChargeAsk{
		Attempt: a, Key: ask.Key, Card: ask.Card, VBank: ask.VBank, Named: ask.Named, Several: several(all, a.PG),
		Buyer: ask.Buyer, BuyerIP: ask.BuyerIP, Installment: ask.Installment, NoticeURL: g.others.marked(notice, a),
		SiteURL: v.rules.Server().Public.BaseURL, Call: ask.Call, Fields: ask.Fields, Before: ask.Before,
		Recovery: ask.Recovery, Stores: stores, Identity: identity,
	})
}

// decideCharge is the attempt that a charge is by the rules, given through which contracts its key may be charged. It
// is on no record yet. Errors are *payment.Problem.
func (g *Gateway) decideCharge(v *view, ask chargeAsk, at []payment.KeyContract) (payment.Attempt, error) {
	if ask.Channel != "" { //guard:charged-through-the-named-channel
		at = slices.DeleteFunc(slices.Clone(at), func(k payment.KeyContract) bool { return k.ChannelKey != ask.Channel })
	}
	if ask.MID != "" { //guard:charged-as-the-named-mid
		at = namedMID(at, ask.MID)
	}
	if len(at) == 0 {
		return payment.Attempt{}, &payment.Problem{
			Code: payment.CodeKeyNotFound, Field: "billing_key", OrderID: ask.Order, KeySafety: payment.NewKeyNever,
		}
	}
	ask.Method = cmp.Or(ask.Method, v.rules.KeyMethod(at), chargedMethod) //guard:key-pays-with-its-own-method
	if ask.Installment > 0 && ask.Method != chargedMethod {               //guard:cards-alone-have-instalments
		return payment.Attempt{}, fieldProblem("installment", "카드만 할부로 결제합니다", "only cards are paid in instalments")
	}
	c := ask.checkout(at)
	opt := g.deciding(nil)
	d, err := v.rules.Decide(&c, opt)
	g.countDecision(d, err)
	if err != nil {
		return payment.Attempt{}, withOrder(err, ask.Order)
	}
	if d.Internal {
		return payment.Attempt{}, fieldProblem("method", "PG가 결제하는 수단이어야 합니다", "must be one that a PG charges")
	}
	a := newAttempt(ask.ID, &c, d, opt.Now, v.rules.Limits().AttemptTTL)
	a.ManualConfirm = false // nothing is confirmed: the one request charges
	return a, nil
}

// namedMID are those of a key's contracts that are of a MID, as far as they say.
func namedMID(at []payment.KeyContract, mid string) []payment.KeyContract {
	var of []payment.KeyContract
	for _, k := range at {
		if k.MID == "" {
			k.MID = mid
		}
		if k.MID == mid {
			of = append(of, k)
		}
	}
	return of
}

// checkout is what the rules decide of a charge.
func (ask *chargeAsk) checkout(at []payment.KeyContract) payment.Checkout {
	c := payment.Checkout{
		OrderID: ask.Order, Amount: ask.Amount, Currency: payment.CurrencyKRW, Purpose: ask.purpose(), KeyAt: at,
		TaxFree: ask.TaxFree, TaxFreeSet: ask.TaxFreeSet, VAT: ask.VAT, VATSet: ask.VATSet, OrderName: ask.Name,
		Site: ask.Site, DepositDue: ask.Due, Payments: []payment.MethodAmount{{Method: ask.Method, Amount: ask.Amount}},
	}
	if ask.Installment > 0 {
		c.Card = &payment.Card{Installment: ask.Installment}
	}
	return c
}

// several tells whether a key is at several contracts of a PG, which must be told then through which to charge.
func several(at []payment.KeyContract, pg payment.PGID) bool {
	n := 0
	for _, k := range at {
		if k.PG == pg {
			n++
		}
	}
	return n > 1
}

// pgsOf are the PGs to ask for a billing key: one, or all.
func (v *view) pgsOf(id payment.PGID) []*payment.PG {
	if id == "" {
		return v.rules.PGs()
	}
	pg, ok := v.rules.PG(id)
	if !ok {
		return nil
	}
	return []*payment.PG{pg}
}

// chargeProblem is what is told of a charge that is not paid; nil for one that is. Nothing was charged for certain
// where another try is safe, or never makes sense with this key.
func chargeProblem(res lifecycle.Charged) *payment.Problem {
	a, end := res.Attempt, res.Ending()
	p := &payment.Problem{
		Code: payment.CodeChargeDeclined, OrderID: a.OrderID, AttemptID: a.ID, Reason: a.Reason,
		DetailKo: end.Ko, DetailEn: end.En, KeySafety: payment.NewKeySafe,
	}
	switch a.State {
	case payment.StateApproved:
		return nil
	case payment.StateDeclined, payment.StateCancelled, payment.StateExpired, payment.StateRefused:
	case payment.StateOpened, payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateIssued,
		payment.StateUnknown, payment.StateCancelling:
		//guard:unknown-charge-is-not-tried-again
		p.Code, p.Reason, p.KeySafety = payment.CodePaymentUnknown, "", payment.NewKeyUnsafe
		p.DetailKo, p.DetailEn = "", ""
		return p
	}
	switch {
	case a.Reason == payment.ReasonNotSent:
		p.Code = payment.CodePGUnavailable
	case a.Reason == payment.ReasonRejected:
		p.Code, p.KeySafety = payment.CodePGRefused, payment.NewKeyNever
	case a.Reason == payment.DeclinedCard, a.Reason == payment.DeclinedExpired, a.Reason == payment.DeclinedStolen,
		isMismatch(a.Reason):
		p.KeySafety = payment.NewKeyNever //guard:unusable-card-is-never-tried-again
	}
	return p
}

// isMismatch tells whether a charge was undone because the PG did something else than was decided, as it would again.
func isMismatch(r payment.Reason) bool {
	return strings.HasPrefix(string(r), string(payment.ReasonMismatch))
}

// notChargedProblem is a charge's error as who asked for it is told: a field that a PG wants is one of the request.
// Nothing was sent for it, so that another try is safe, unless somebody knows better, or journal or PG did not answer:
// who asks again with the same key goes on where this ended.
func notChargedProblem(err error, order payment.OrderID) error {
	p, known := payment.AsProblem(err)
	if f, ok := errors.AsType[*adapters.FieldError](err); ok && !known {
		p, known = &payment.Problem{
			Code: payment.CodeInvalidField, Field: f.Field, DetailKo: f.Field + " 값을 결제사가 받지 않습니다",
			DetailEn: f.Error(),
		}, true
	}
	if !known {
		p = asProblem(err)
	}
	told := *p
	switch {
	case told.KeySafety != "":
	case told.Code == payment.CodeJournalDown, told.Code == payment.CodeInternal, told.Code == payment.CodePGUnavailable:
		told.KeySafety = payment.NewKeyUnsafe //guard:untold-charge-is-not-safe
	default:
		told.KeySafety = payment.NewKeySafe
	}
	if told.OrderID == "" {
		told.OrderID = order
	}
	if known {
		return &told
	}
	return errors.Join(&told, err)
}
