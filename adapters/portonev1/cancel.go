package portonev1

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

type cancelBody struct {
	ImpUID      string       `json:"imp_uid,omitempty"`
	MerchantUID string       `json:"merchant_uid"`
	Amount      payment.Won  `json:"amount"`
	TaxFree     *payment.Won `json:"tax_free,omitempty"`
	// Checksum is what we believe can still be cancelled; with another figure PortOne does nothing.
	Checksum payment.Won `json:"checksum"`
	Reason   string      `json:"reason,omitempty"`
}

// Cancel implements adapters.Driver with one POST. V1 has no idempotency key: the checksum is what stops a
// cancel from happening twice. Result.Outcome is OutcomeCancelled when nothing stays paid and OutcomeApproved
// after a partial cancel; Cancelled is the sum so far.
func (d *Driver) Cancel(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "cancelling at PortOne"
	if err := checkCancel(req); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	body := cancelBody{
		ImpUID: req.PGTxID, MerchantUID: string(req.Attempt.ID), Amount: req.Amount,
		Checksum: req.Remaining, Reason: wire.CutBytes(wire.Clean(req.Reason), 200),
	}
	if req.TaxFree > 0 || req.Merchant.Tax == payment.TaxMixed {
		body.TaxFree = &req.TaxFree
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
	if e.code != 0 {
		return adapters.Result{
			Outcome: payment.OutcomeDeclined, PGTxID: req.PGTxID, OrderRef: req.Attempt.ID, Amount: req.Attempt.Amount,
			Cancelled: req.Attempt.Amount - req.Remaining, Currency: payment.CurrencyKRW,
			Code: fmt.Sprint(e.code), Message: e.message,
		}, nil
	}
	result, err := parseCancelled(e, req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

func parseCancelled(e envelope, req adapters.CancelRequest) (adapters.Result, error) {
	if e.response == nil {
		return adapters.Result{}, fmt.Errorf("%w: no payment in the answer", wire.ErrShape)
	}
	r, err := parsePayment(*e.response, req.Attempt)
	if err != nil {
		return adapters.Result{}, err
	}
	if !ValidateHint(req.Attempt, r) {
		return adapters.Result{}, fmt.Errorf("%w: another payment's answer", wire.ErrShape)
	}
	if r.Cancelled < req.Attempt.Amount-req.Remaining+req.Amount {
		return adapters.Result{}, fmt.Errorf("%w: less was cancelled than asked", wire.ErrShape)
	}
	return r, nil
}

func checkCancel(req adapters.CancelRequest) error {
	switch {
	case req.PGTxID != "" && !impUID(req.PGTxID):
		return &adapters.FieldError{Field: "pg_tx_id", Msg: "is not an imp_uid"}
	case req.Amount <= 0 || req.Amount > req.Remaining || req.Remaining > req.Attempt.Amount:
		// To V1 an amount of 0 is a full refund.
		return &adapters.FieldError{Field: "amount", Msg: "must be above zero and within what remains"}
	case req.TaxFree < 0 || req.TaxFree > req.Amount:
		return &adapters.FieldError{Field: "tax_free", Msg: "must be a part of the amount"}
	}
	return nil
}
