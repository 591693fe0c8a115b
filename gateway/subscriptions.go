package gateway

import (
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// chargeMargin is how long before its key is free again a charge is begun at the latest: longer than the clocks of pods
// differ, and than a claim takes.
const chargeMargin = 30 * time.Second

// maxKeyText bounds a billing key in a request, in bytes.
const maxKeyText = 256

// handleSubscriptionCharge charges a stored billing key once under its key, which is required: a caller who lost the
// answer must have a way to ask again that charges nothing a second time.
func (g *Gateway) handleSubscriptionCharge(c *fiber.Ctx) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	key, given, err := idempotencyKey(c)
	switch {
	case err != nil:
		return err
	case !given: //guard:charge-wants-a-key
		return &payment.Problem{Code: payment.CodeKeyInvalid, Field: headerIdempotencyKey}
	}
	return g.underKey(c, keyedRequest{
		scope: requestOf(c).caller + " POST " + pathSubscriptionCharge, key: key, print: g.cancelPrint,
		run: func(c *fiber.Ctx) error { return g.subscriptionCharge(c, key) },
	})
}

func (g *Gateway) subscriptionCharge(c *fiber.Ctx, key string) error {
	v := g.view()
	raw, err := jsonBody(c, v.rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	req, err := parseSubscriptionCharge(raw)
	if err != nil {
		return withOrder(err, req.Order)
	}
	req.ID = lifecycle.ChargeIDOf(req.Order, key)
	// Once its key is free for the next request, this one must not charge: the next may say that nothing was charged.
	req.Before = requestOf(c).held.Add(-chargeMargin) //guard:charge-is-begun-under-its-key
	isAbout(c, req.Order, req.ID)
	if req.Recovery, err = g.recoveryOf(v, &req); err != nil {
		return notChargedProblem(err, req.Order)
	}
	ctx := g.requestContext(c)
	res, err := g.charge(ctx, v, req)
	if err != nil {
		return notChargedProblem(err, req.Order)
	}
	paid, p := g.recovered(ctx, v, res.Attempt, chargeProblem(res))
	if p != nil {
		return p
	}
	if paid != nil {
		res.Attempt = *paid
	}
	answerStands(c)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(chargeAnswerOf(res.Attempt))
}

// chargeAnswer is what a charge that is paid is answered with.
type chargeAnswer struct {
	OrderID   payment.OrderID    `json:"order_id"`
	AttemptID payment.AttemptID  `json:"attempt_id"`
	PG        payment.PGID       `json:"pg"`
	Merchant  payment.MerchantID `json:"merchant"`
	Method    payment.Method     `json:"method"`
	State     payment.State      `json:"state"`
	Amount    payment.Won        `json:"amount"`
	TaxFree   payment.Won        `json:"tax_free"`
	VAT       *payment.Won       `json:"vat_amount,omitempty"`
	PGTxID    string             `json:"pg_tx_id,omitempty"`
	// Receipt is what to print of it, as far as the PG said it.
	Receipt *payment.Receipt `json:"receipt,omitempty"`
}

func chargeAnswerOf(a payment.Attempt) chargeAnswer {
	return chargeAnswer{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, State: a.State,
		Amount: a.Amount, TaxFree: a.TaxFree, VAT: stated(a.VAT, a.VATSet), PGTxID: a.PGTxID, Receipt: a.Receipt,
	}
}

// parseSubscriptionCharge reads the body of POST /subscriptions/charge. Errors are *payment.Problem that name the
// field.
func parseSubscriptionCharge(body []byte) (chargeAsk, error) {
	var req chargeAsk
	r, err := strictjson.NewReader(body)
	if err != nil {
		return req, jsonProblem(err)
	}
	var keys []string
	err = r.Object(func(name string) error {
		switch name {
		case "order_id":
			return text(r, &req.Order, maxOrderID)
		case "billing_key", "customer_uid":
			keys = append(keys, name)
			return text(r, &req.Key, maxKeyText)
		case "attempt_id":
			keys = append(keys, name)
			return text(r, &req.Issuer, payment.MaxIDLength)
		case "pg":
			return text(r, &req.PG, payment.MaxIDLength)
		case "method":
			return text(r, &req.Method, maxOrderID)
		case "amount":
			return won(r, &req.Amount)
		case "tax_free":
			req.TaxFreeSet = true
			return won(r, &req.TaxFree)
		case "vat_amount":
			req.VATSet = true
			return won(r, &req.VAT)
		case "order_name":
			return text(r, &req.Name, maxText)
		case "buyer":
			return readBuyer(r, &req.Buyer)
		case "buyer_ip":
			return buyerAddress(r, &req.BuyerIP)
		case "site":
			return text(r, &req.Site, maxOrderID)
		case "installment":
			return months(r, &req.Installment)
		case "recover":
			wanted, err := r.Flag()
			req.Recover = &wanted
			return err
		}
		return fieldProblem(r.Path(), "알 수 없는 필드입니다", "is not a field of a charge")
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return req, jsonProblem(err)
	}
	return req, req.validate(keys)
}

// buyerAddress reads an IP address.
func buyerAddress(r *strictjson.Reader, to *netip.Addr) error {
	var s string
	if err := text(r, &s, maxOrderID); err != nil {
		return err
	}
	at, err := netip.ParseAddr(s)
	if err != nil || at.Zone() != "" {
		return fieldProblem(r.Path(), "IP 주소가 아닙니다", "is not an IP address")
	}
	*to = at.Unmap()
	return nil
}

func months(r *strictjson.Reader, to *int) error {
	n, err := r.Int()
	if err == nil && n > 60 {
		return fieldProblem(r.Path(), "할부는 60개월까지입니다", "at most 60 months")
	}
	*to = int(n)
	return err
}

// validate checks what can be said without the rules; keys are the fields that name the key to charge.
func (req *chargeAsk) validate(keys []string) error {
	switch {
	case req.Order == "":
		return missing("order_id")
	case !validOrderID(string(req.Order)):
		return fieldProblem("order_id", "영문, 숫자, - 와 _ 만 64자까지 쓸 수 있습니다", "up to 64 letters, digits, - and _")
	case len(keys) == 0 || !req.Key.IsSet() && req.Issuer == "":
		return missing("billing_key")
	case len(keys) > 1: //guard:charge-names-one-key
		return fieldProblem(
			keys[1], keys[0]+" 값과 함께 보낼 수 없습니다", "cannot be sent beside "+keys[0]+": name one key",
		)
	case req.Issuer != "" && !payment.ValidID(string(req.Issuer)):
		return fieldProblem("attempt_id", "시도 번호가 아닙니다", "is not an attempt's id")
	case req.Amount == 0:
		return fieldProblem("amount", "1원 이상이어야 합니다", "must be at least 1 won")
	case req.TaxFree > req.Amount:
		return fieldProblem("tax_free", "amount보다 클 수 없습니다", "must not be more than amount")
	case strings.TrimSpace(req.Name) == "":
		return missing("order_name")
	}
	return nil
}
