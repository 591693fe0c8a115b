package portonev2

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
	StoreID string `json:"storeId,omitempty"`
	// Amount and TaxFreeAmount are left out to cancel all that Cancellable says in the parts that PortOne has.
	Amount        *payment.Won `json:"amount,omitempty"`
	TaxFreeAmount *payment.Won `json:"taxFreeAmount,omitempty"`
	VATAmount     *payment.Won `json:"vatAmount,omitempty"`
	Reason        string       `json:"reason"`
	// Cancellable is what we believe can still be cancelled; with another figure PortOne does nothing.
	Cancellable   payment.Won    `json:"currentCancellableAmount"`
	RefundAccount *refundAccount `json:"refundAccount,omitempty"`
}

// refundAccount is where the money of a virtual account goes back to.
type refundAccount struct {
	Bank   string `json:"bank"`
	Number string `json:"number"`
	Holder string `json:"holderName"`
	Phone  string `json:"holderPhoneNumber,omitempty"`
}

// Cancel implements adapters.Driver with one POST under an Idempotency-Key made of the operation's id. The
// result is OutcomeCancelled when nothing stays paid, OutcomeApproved after a partial cancel, OutcomePending
// when the PG cancels later, and OutcomeDeclined when it refused; Cancelled is the sum so far, CancelPending what
// this cancel is to give back later. What an attempt that issues a billing key has to give back is the key.
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
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost,
		paymentURL(req.PG, req.Attempt.ID, "/cancel"), IdempotencyKey("cancel", req.OperationID), body)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	result, err := parseCancel(answer, req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	return result, nil
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
		StoreID: storeOf(req.PG), Amount: &req.Amount, TaxFreeAmount: &req.TaxFree, VATAmount: taxes.VAT,
		Reason: reasonOf(req), Cancellable: req.Remaining,
	}
	if req.Unstated && req.Amount == req.Remaining {
		body.Amount, body.TaxFreeAmount, body.VATAmount = nil, nil, nil
	}
	if req.RefundAccount == nil && req.Attempt.Method != payment.MethodVBank { //guard:v2-account-money-to-named-account
		return body, nil
	}
	refund, err := wire.RefundOf(req.RefundAccount)
	if err != nil {
		return cancelBody{}, err
	}
	bank, ok := banks.ByCode(req.RefundAccount.Bank)
	if !ok {
		return cancelBody{}, &adapters.FieldError{
			Field: "refund_account.bank", Msg: "is not a bank's standard code that is known here",
		}
	}
	body.RefundAccount = &refundAccount{Bank: bank.V2, Number: refund.Number, Holder: refund.Holder, Phone: refund.Tel}
	return body, nil
}

// reasonOf is the reason to give, which V2 wants in any case.
func reasonOf(req adapters.CancelRequest) string {
	if reason := wire.CutBytes(wire.Clean(req.Reason), 200); reason != "" {
		return reason
	}
	return "cancel"
}

func checkCancel(req adapters.CancelRequest) error {
	if err := checkSecret(req.PG); err != nil {
		return err
	}
	switch {
	case req.OperationID == "":
		return &adapters.FieldError{Field: "operation_id", Msg: "is missing"}
	case req.Amount <= 0 || req.Amount > req.Remaining || req.Remaining > req.Attempt.Amount:
		return &adapters.FieldError{Field: "amount", Msg: "must be above zero and within what remains"}
	}
	return nil
}

func parseCancel(answer wire.Answer, req adapters.CancelRequest) (adapters.Result, error) {
	r := adapters.Result{
		OrderRef: req.Attempt.ID, PGTxID: req.PGTxID, Amount: req.Attempt.Amount, Currency: payment.CurrencyKRW,
		Cancelled: req.Attempt.Amount - req.Remaining,
	}
	if answer.Status != http.StatusOK {
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
	o, ok := answerOf(answer)
	if !ok {
		return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
	}
	cancellation, _ := o.Object("cancellation")
	status, total := cancellation.Required("status"), cancellation.Won("totalAmount")
	if err := o.Err(); err != nil {
		return adapters.Result{}, fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, err)
	}
	r.Code = status
	switch {
	case status == "FAILED":
		r.Outcome = payment.OutcomeDeclined
	case status == "REQUESTED":
		r.Outcome, r.CancelPending = payment.OutcomePending, total
	// Another amount under our key would be the answer to another cancel.
	case status != "SUCCEEDED" || total != req.Amount:
		return adapters.Result{}, fmt.Errorf("%w: not the cancel that was asked for", adapters.ErrUnknownOutcome)
	default:
		r.Cancelled += req.Amount
		r.Outcome = payment.OutcomeApproved
		if req.Amount == req.Remaining {
			r.Outcome = payment.OutcomeCancelled
		}
	}
	return r, nil
}
