package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Bounds of the texts of a cancel, in bytes.
const (
	maxReason  = 200
	maxHolder  = 60
	maxAccount = 20
)

// handleCancel gives money of a paid attempt back. The key is required: a caller who lost the answer must have a way
// to ask again that cannot give the money back twice.
func (g *Gateway) handleCancel(c *fiber.Ctx) error {
	if g.draining.Load() {
		return &payment.Problem{Code: payment.CodeShuttingDown}
	}
	id, err := attemptParam(c)
	if err != nil {
		return err
	}
	key, given, err := idempotencyKey(c)
	switch {
	case err != nil:
		return err
	case !given:
		return &payment.Problem{Code: payment.CodeKeyInvalid, Field: headerIdempotencyKey}
	}
	return g.underKey(c, keyedRequest{
		scope: requestOf(c).caller + " POST " + string(id) + "/cancels", key: key, print: g.cancelPrint,
		run: func(c *fiber.Ctx) error { return g.cancel(c, id, key) },
	})
}

func (g *Gateway) cancel(c *fiber.Ctx, id payment.AttemptID, key string) error {
	raw, err := jsonBody(c, g.view().rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	ask, err := parseCancel(raw)
	if err != nil {
		return err
	}
	ask.ID = lifecycle.CancelIDOf(id, key)
	isAbout(c, "", id)
	res, err := g.canceller.Cancel(g.requestContext(c), id, ask)
	isAbout(c, res.Attempt.OrderID, id)
	if err != nil {
		return err
	}
	return answerCancel(c, res)
}

// cancelAnswer is what a cancel that was taken is answered with.
type cancelAnswer struct {
	CancelID  payment.CancelID    `json:"cancel_id"`
	OrderID   payment.OrderID     `json:"order_id"`
	AttemptID payment.AttemptID   `json:"attempt_id"`
	State     payment.CancelState `json:"state"`
	Amount    payment.Won         `json:"amount"`
	// RemainingAfter is what stands once this cancel is done, CancelledTotal what went back by then.
	RemainingAfter payment.Won `json:"remaining_after"`
	CancelledTotal payment.Won `json:"cancelled_total"`
}

// answerCancel says where a cancel stands. Only what is done is kept for a repeat; everything else may still change,
// or is found again by the cancel's id.
func answerCancel(c *fiber.Ctx, res lifecycle.Cancelled) error {
	row, order := res.Cancel, res.Attempt.OrderID
	later := row.State == payment.CancelRequested && row.Code == lifecycle.CancelLater
	switch {
	case row.State == payment.CancelDone, later:
	case row.State == payment.CancelRequested:
		return &payment.Problem{Code: payment.CodeKeyInProgress, OrderID: order, KeySafety: payment.NewKeyUnsafe}
	case row.State == payment.CancelUnknown:
		return &payment.Problem{Code: payment.CodeCancelUnknown, OrderID: order, KeySafety: payment.NewKeyUnsafe}
	case row.Code == lifecycle.CancelNotSent:
		return &payment.Problem{Code: payment.CodePGUnavailable, OrderID: order, KeySafety: payment.NewKeySafe}
	default:
		p := cancelRefused(row)
		p.KeySafety = payment.NewKeySafe
		return p
	}
	ans := cancelAnswer{
		CancelID: row.ID, OrderID: order, AttemptID: res.Attempt.ID, State: row.State, Amount: row.Amount,
		RemainingAfter: row.Remaining - row.Amount, CancelledTotal: res.Attempt.Amount - row.Remaining + row.Amount,
	}
	if res.Closed {
		ans.CancelledTotal = 0
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if later {
		c.Status(fiber.StatusAccepted)
	} else {
		answerStands(c)
	}
	return c.JSON(ans)
}

// cancelRefused is what is told of a cancel that did not happen: why, and what to do, as far as the PG told.
func cancelRefused(row payment.Cancel) *payment.Problem {
	p := &payment.Problem{
		Code: payment.CodeCancelRefused, OrderID: row.OrderID, AttemptID: row.AttemptID, Reason: payment.Reason(row.Code),
	}
	p.DetailKo, p.DetailEn, _ = payment.CancelText(row.Code)
	return p
}

// cancelPrint names the body of a cancel. It may hold the buyer's account, which could be guessed from a plain hash,
// so it is made with a key.
func (g *Gateway) cancelPrint(body []byte) (string, error) {
	plain, err := fingerprint(body)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, g.printKey)
	mac.Write([]byte(plain))
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// parseCancel reads the body of a cancel. Errors are *payment.Problem that name the field.
func parseCancel(body []byte) (lifecycle.CancelAsk, error) {
	var ask lifecycle.CancelAsk
	r, err := strictjson.NewReader(body)
	if err != nil {
		return ask, jsonProblem(err)
	}
	err = r.Object(func(key string) error {
		switch key {
		case "amount":
			return optionalWon(r, &ask.Amount)
		case "remaining":
			return optionalWon(r, &ask.Remaining)
		case "tax_free":
			return optionalWon(r, &ask.TaxFree)
		case "vat_amount":
			return optionalWon(r, &ask.VAT)
		case "reason":
			return text(r, &ask.Reason, maxReason)
		case "refund_account":
			ask.RefundAccount = &payment.RefundAccount{}
			return readRefundAccount(r, ask.RefundAccount)
		}
		return strangeField(r)
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return ask, jsonProblem(err)
	}
	if strings.TrimSpace(ask.Reason) == "" {
		return ask, missing("reason")
	}
	return ask, nil
}

func readRefundAccount(r *strictjson.Reader, a *payment.RefundAccount) error {
	return r.Object(func(key string) error {
		switch key {
		case "bank":
			return text(r, &a.Bank, 3)
		case "number":
			return text(r, &a.Number, maxAccount)
		case "holder":
			return text(r, &a.Holder, maxHolder)
		case "tel":
			return text(r, &a.Tel, maxAccount)
		}
		return strangeField(r)
	})
}

func strangeField(r *strictjson.Reader) error {
	return fieldProblem(r.Path(), "알 수 없는 필드입니다", "is not a field of a cancel")
}

// attemptParam reads the attempt that a path names.
func attemptParam(c *fiber.Ctx) (payment.AttemptID, error) {
	id := c.Params("attempt")
	if !payment.ValidID(id) {
		return "", &payment.Problem{Code: payment.CodeAttemptNotFound}
	}
	return payment.AttemptID(id), nil
}

// attemptAnswer is where an attempt and its cancels stand. It holds no personal data.
type attemptAnswer struct {
	OrderID   payment.OrderID    `json:"order_id"`
	AttemptID payment.AttemptID  `json:"attempt_id"`
	PG        payment.PGID       `json:"pg"`
	Merchant  payment.MerchantID `json:"merchant"`
	Method    payment.Method     `json:"method"`
	State     payment.State      `json:"state"`
	Reason    payment.Reason     `json:"reason,omitempty"`
	// Code and the details are what the buyer is told of an attempt that ended without a payment.
	Code        payment.Code `json:"code,omitempty"`
	DetailKo    string       `json:"detail_ko,omitempty"`
	DetailEn    string       `json:"detail_en,omitempty"`
	Amount      payment.Won  `json:"amount"`
	TaxFree     payment.Won  `json:"tax_free"`
	VAT         *payment.Won `json:"vat_amount,omitempty"`
	OrderAmount payment.Won  `json:"order_amount"`
	// Payments is the order's split: what the PG charges first, then what the shop settles itself.
	Payments []payment.MethodAmount `json:"payments"`
	// Cancelled is what went back for certain, Remaining what is left of Amount then.
	Cancelled payment.Won `json:"cancelled"`
	Remaining payment.Won `json:"remaining"`
	PGTxID    string      `json:"pg_tx_id,omitempty"`
	// Receipt is what to print of the payment, as far as the PG said it.
	Receipt   *payment.Receipt `json:"receipt,omitempty"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	Cancels   []cancelListing  `json:"cancels"`
}

type cancelListing struct {
	CancelID  payment.CancelID     `json:"cancel_id"`
	State     payment.CancelState  `json:"state"`
	Amount    payment.Won          `json:"amount"`
	TaxFree   payment.Won          `json:"tax_free"`
	VAT       *payment.Won         `json:"vat_amount,omitempty"`
	Origin    payment.CancelOrigin `json:"origin"`
	Reason    string               `json:"reason"`
	Code      string               `json:"code,omitempty"`
	CreatedAt time.Time            `json:"created_at"`
	UpdatedAt time.Time            `json:"updated_at"`
}

func (g *Gateway) handleAttempt(c *fiber.Ctx) error {
	id, err := attemptParam(c)
	if err != nil {
		return err
	}
	a, _, err := g.journal.Attempt(g.requestContext(c), id)
	if err != nil {
		return notFoundAs(err, payment.CodeAttemptNotFound)
	}
	ans, err := g.attemptAnswer(c, a)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(ans)
}

func (g *Gateway) handleOrderAttempts(c *fiber.Ctx) error {
	order := c.Params("order")
	if !validOrderID(order) {
		return &payment.Problem{Code: payment.CodeOrderNotFound}
	}
	list, err := g.journal.AttemptsOf(g.requestContext(c), payment.OrderID(order))
	if err != nil {
		return err
	}
	ans := struct {
		OrderID  string          `json:"order_id"`
		Attempts []attemptAnswer `json:"attempts"`
	}{order, make([]attemptAnswer, 0, len(list))}
	for _, a := range list {
		one, err := g.attemptAnswer(c, a)
		if err != nil {
			return err
		}
		ans.Attempts = append(ans.Attempts, one)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(ans)
}

func (g *Gateway) attemptAnswer(c *fiber.Ctx, a payment.Attempt) (attemptAnswer, error) {
	ans := attemptAnswer{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, State: a.State,
		Reason: a.Reason, Amount: a.Amount, TaxFree: a.TaxFree, VAT: stated(a.VAT, a.VATSet), OrderAmount: a.OrderAmount,
		Payments: a.Split(), PGTxID: a.PGTxID, Receipt: a.Receipt, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
		Cancels: []cancelListing{},
	}
	end := lifecycle.Result{Attempt: a}.Ending()
	ans.Code, ans.DetailKo, ans.DetailEn = end.Code, end.Ko, end.En
	list, err := g.cancels.CancelsOf(g.requestContext(c), a.ID)
	if err != nil {
		return ans, err
	}
	for _, row := range list {
		if row.State == payment.CancelDone {
			ans.Cancelled += row.Amount
		}
		ans.Cancels = append(ans.Cancels, cancelListing{
			CancelID: row.ID, State: row.State, Amount: row.Amount, TaxFree: row.TaxFree, VAT: stated(row.VAT, row.VATSet),
			Origin: row.Origin, Reason: row.Reason, Code: row.Code, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
		})
	}
	if a.State == payment.StateApproved {
		ans.Remaining = a.Amount - ans.Cancelled
	}
	return ans, nil
}

// stated is a VAT that was stated, and nil for one that was not.
func stated(vat payment.Won, set bool) *payment.Won {
	if !set {
		return nil
	}
	return &vat
}
