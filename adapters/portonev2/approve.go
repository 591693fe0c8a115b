package portonev2

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// confirmBody is a manual confirm. All but the token are there to be verified: PortOne refuses with
// INFORMATION_MISMATCH when one differs from the payment.
type confirmBody struct {
	StoreID       string      `json:"storeId,omitempty"`
	PaymentToken  string      `json:"paymentToken"`
	TxID          string      `json:"txId,omitempty"`
	Currency      string      `json:"currency"`
	TotalAmount   payment.Won `json:"totalAmount"`
	TaxFreeAmount payment.Won `json:"taxFreeAmount"`
	IsTest        bool        `json:"isTest"`
}

// Approve implements adapters.Driver by a manual confirm, for attempts of channels that have it on; for others
// it is ErrUnsupported. The figures of the result are those that PortOne verified.
func (d *Driver) Approve(ctx context.Context, req adapters.ApproveRequest) (adapters.Result, error) {
	const doing = "confirming at PortOne"
	a := req.Attempt
	if !a.ManualConfirm || isKey(a) {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, adapters.ErrUnsupported)
	}
	if err := checkSecret(req.PG); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	if !req.Proof.AuthToken.IsSet() {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, &adapters.FieldError{Field: "payment_token", Msg: "is missing"})
	}
	body := confirmBody{
		StoreID: req.PG.StoreID, PaymentToken: req.Proof.AuthToken.Reveal(), Currency: payment.CurrencyKRW,
		TotalAmount: a.Amount, TaxFreeAmount: a.TaxFree, IsTest: a.Test,
	}
	if tx := req.Proof.PGTxID; len(tx) <= 64 && plain(tx) {
		body.TxID = tx
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost,
		paymentURL(req.PG, a.ID, "/confirm"), IdempotencyKey("approve", string(a.ID)), body)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	result, err := parseConfirm(answer, a, body.TxID)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	if result.Outcome == payment.OutcomeIssued {
		return d.withAccount(ctx, req, result), nil
	}
	return result, nil
}

// withAccount reads the account that a confirm has issued, which its answer does not tell. The issue is certain and
// a read is no reason to lose it: when nothing can be read, or something else is, what the confirm told stands, with
// a warning and without the account, which a later look-up will find.
func (d *Driver) withAccount(ctx context.Context, req adapters.ApproveRequest, issued adapters.Result) adapters.Result {
	r, err := d.LookUp(ctx, adapters.LookUpRequest{Account: req.Account, Attempt: req.Attempt, PGTxID: issued.PGTxID, Now: req.Now})
	if err == nil && (r.Outcome == payment.OutcomeIssued || r.Outcome == payment.OutcomeApproved) {
		return r
	}
	issued.Warning = "the issued account could not be read"
	return issued
}

// parseConfirm reads the answer to a confirm. txID is the attempt at paying that PortOne was made to verify.
func parseConfirm(answer wire.Answer, a payment.Attempt, txID string) (adapters.Result, error) {
	r := adapters.Result{
		OrderRef: a.ID, Amount: a.Amount, Currency: payment.CurrencyKRW, Test: a.Test, TestKnown: true, PGTxID: txID,
	}
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		pgTxID := o.Required("pgTxId")
		if err := o.Err(); err != nil {
			return adapters.Result{}, fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, err)
		}
		if r.PGTxID == "" {
			r.PGTxID = pgTxID
		}
		r.Outcome = payment.OutcomeApproved
		if a.Method == payment.MethodVBank {
			// An account was issued; the money comes later.
			r.Outcome = payment.OutcomeIssued
		}
		return r, nil
	}
	f, ok := faultOf(answer)
	if !ok {
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	}
	if f.declined() {
		r.Outcome, r.Code, r.Message = payment.OutcomeDeclined, f.code(), f.pgMsg
		return r, nil
	}
	return adapters.Result{}, f.err("reading the answer")
}
