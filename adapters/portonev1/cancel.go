package portonev1

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

type cancelBody struct {
	ImpUID string `json:"imp_uid,omitempty"`
	// MerchantUID is sent in the place of an unknown ImpUID, which would win over it.
	MerchantUID string `json:"merchant_uid,omitempty"`
	// Amount is left out to cancel all that Checksum says in the parts that PortOne has.
	Amount  payment.Won  `json:"amount,omitempty"`
	TaxFree *payment.Won `json:"tax_free,omitempty"`
	VAT     *payment.Won `json:"vat_amount,omitempty"`
	// Checksum is what we believe can still be cancelled; with another figure PortOne does nothing.
	Checksum      payment.Won `json:"checksum"`
	Reason        string      `json:"reason,omitempty"`
	RefundHolder  string      `json:"refund_holder,omitempty"`
	RefundBank    string      `json:"refund_bank,omitempty"`
	RefundAccount string      `json:"refund_account,omitempty"`
	RefundTel     string      `json:"refund_tel,omitempty"`
}

// Cancel implements adapters.Driver with one POST. V1 has no idempotency key: the checksum is what stops a
// cancel from happening twice. No webhook is asked for, as the answer tells. Result.Outcome is OutcomeCancelled
// when nothing stays paid and OutcomeApproved after a partial cancel; Cancelled is the sum so far. What an attempt that
// issues a billing key has to give back is the key.
func (d *Driver) Cancel(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "cancelling at PortOne"
	if isKey(req.Attempt) {
		return d.deleteKey(ctx, req)
	}
	own, err := cancelBodyOf(req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	body, err := wire.With(own, req.Extra)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost, "/payments/cancel", body)
	if err != nil {
		return adapters.Result{}, writeError(doing, err)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	if answer.Status != http.StatusOK {
		return adapters.Result{}, refused(doing, e)
	}
	// 200 with a code: the PG behind PortOne said no, and nothing was given back.
	if e.code != 0 {
		return declined(req, e), nil
	}
	result, err := parseCancelled(e, req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

// declined is the result of a write that PortOne, or the PG behind it, said no to.
func declined(req adapters.CancelRequest, e envelope) adapters.Result {
	return adapters.Result{
		Outcome: payment.OutcomeDeclined, PGTxID: req.PGTxID, OrderRef: req.Attempt.ID, Amount: req.Attempt.Amount,
		Cancelled: req.Attempt.Amount - req.Remaining, Currency: payment.CurrencyKRW,
		Code: fmt.Sprint(e.code), Message: e.message,
	}
}

func cancelBodyOf(req adapters.CancelRequest) (cancelBody, error) {
	if err := checkCancel(req); err != nil {
		return cancelBody{}, err
	}
	taxes, err := wire.TaxesOf(req.Merchant.Tax, req.Amount, req.TaxFree, req.VAT, req.VATSet)
	if err != nil {
		return cancelBody{}, err
	}
	body := cancelBody{
		ImpUID: req.PGTxID, Amount: req.Amount, TaxFree: taxes.TaxFree, VAT: taxes.VAT,
		Checksum: req.Remaining, Reason: wire.CutBytes(wire.Clean(req.Reason), 200),
	}
	if req.Unstated && req.Amount == req.Remaining {
		body.Amount, body.TaxFree, body.VAT = 0, nil, nil
	}
	if body.ImpUID == "" {
		body.MerchantUID = string(req.Attempt.ID)
	}
	if req.RefundAccount == nil && req.Attempt.Method != payment.MethodVBank { //guard:v1-account-money-to-named-account
		return body, nil
	}
	refund, err := wire.RefundOf(req.RefundAccount)
	if err != nil {
		return cancelBody{}, err
	}
	body.RefundHolder, body.RefundAccount, body.RefundTel = refund.Holder, refund.Number, refund.Tel
	body.RefundBank, err = banks.Refund(behind(req.Merchant), req.RefundAccount.Bank)
	return body, err
}

func parseCancelled(e envelope, req adapters.CancelRequest) (adapters.Result, error) {
	if e.response == nil {
		return adapters.Result{}, fmt.Errorf("%w: no payment in the answer", wire.ErrShape)
	}
	r, err := parsePayment(*e.response, req.Attempt)
	if err != nil {
		return adapters.Result{}, err
	}
	if !isAbout(req, r) {
		return adapters.Result{}, fmt.Errorf("%w: another payment's answer", wire.ErrShape)
	}
	// More is no fault: a cancel in PortOne's console may have come on top of ours.
	if r.Cancelled < req.Attempt.Amount-req.Remaining+req.Amount {
		return adapters.Result{}, fmt.Errorf("%w: less was cancelled than asked", wire.ErrShape)
	}
	return r, nil
}

// isAbout tells whether an answer is about the very payment that was sent: an attempt may have two at V1.
func isAbout(req adapters.CancelRequest, r adapters.Result) bool {
	//guard:v1-cancel-by-its-own-payment
	return ValidateHint(req.Attempt, r) && (req.PGTxID == "" || r.PGTxID == req.PGTxID)
}

func checkCancel(req adapters.CancelRequest) error {
	switch {
	case req.PGTxID != "" && !impUID(req.PGTxID):
		return &adapters.FieldError{Field: "pg_tx_id", Msg: "is not an imp_uid"}
	case req.Amount <= 0 || req.Amount > req.Remaining || req.Remaining > req.Attempt.Amount:
		// To V1 an amount of 0 is a full refund.
		return &adapters.FieldError{Field: "amount", Msg: "must be above zero and within what remains"}
	}
	return nil
}
