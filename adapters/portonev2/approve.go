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
// it is ErrUnsupported. A yes tells only that something was done under the attempt's id: not with which method or
// channel, and not whether a virtual account was issued instead of a payment. That is LookUp's to tell.
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
		StoreID: storeOf(req.PG), PaymentToken: req.Proof.AuthToken.Reveal(), Currency: payment.CurrencyKRW,
		TotalAmount: a.Amount, TaxFreeAmount: a.TaxFree, IsTest: a.Test,
	}
	// The browser's word: PortOne verifies it, so one that can be no id is better left out than refused.
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
	return result, nil
}

// parseConfirm reads the answer to a confirm. txID is the attempt at paying that PortOne was made to verify. The answer
// names neither the payment nor its figures; whose it is follows from the address that was called.
func parseConfirm(answer wire.Answer, a payment.Attempt, txID string) (adapters.Result, error) {
	r := adapters.Result{OrderRef: a.ID, PGTxID: txID}
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		// The id of the PG behind is not the transaction's here: that it is there shows who wrote the answer.
		if o.Required("pgTxId"); o.Err() != nil {
			return adapters.Result{}, fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, o.Err())
		}
		r.Outcome = payment.OutcomeApproved
		return r, nil
	}
	f, ok := faultOf(answer)
	if !ok {
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	}
	if f.declined() {
		r.Outcome, r.Code, r.Message, r.Why = payment.OutcomeDeclined, f.code(), f.pgMsg, wire.Decline(f.pgMsg)
		return r, nil
	}
	return adapters.Result{}, f.err("reading the answer")
}
