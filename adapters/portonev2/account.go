package portonev2

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.AccountCloser = (*Driver)(nil)

// accountOf reads the virtual account of a payment. What is odd about its bank, number or deadline is left out:
// that says nothing about the money, which an account without them still takes.
func accountOf(o wire.Object) payment.VirtualAccount {
	m, ok := o.Object("method")
	if !ok || m.Text("type") != methodVirtualAccount {
		return payment.VirtualAccount{}
	}
	v := payment.VirtualAccount{
		Number: payment.Secret(wire.AccountNumber(m.Text("accountNumber"))),
		Holder: wire.CutBytes(wire.Clean(m.Text("remitteeName")), 60),
	}
	if bank, ok := banks.ByV2(m.Text("bank")); ok {
		v.Bank = bank.Code
	}
	if due, err := time.Parse(time.RFC3339, m.Text("expiredAt")); err == nil && due.Year() > 1970 && due.Year() < 9999 {
		v.Due = due.UTC()
	}
	return v
}

// CloseAccount implements adapters.AccountCloser with one POST under an Idempotency-Key made of the operation's id.
func (d *Driver) CloseAccount(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "closing a virtual account at PortOne"
	if err := checkSecret(req.PG); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	if req.OperationID == "" {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, &adapters.FieldError{Field: "operation_id", Msg: "is missing"})
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost,
		paymentURL(req.PG, req.Attempt.ID, "/virtual-account/close")+storeQuery(req.PG),
		IdempotencyKey("close", req.OperationID), nil)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	result, err := parseClose(answer, req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	return result, nil
}

func parseClose(answer wire.Answer, req adapters.CancelRequest) (adapters.Result, error) {
	r := adapters.Result{
		OrderRef: req.Attempt.ID, PGTxID: req.PGTxID, Amount: req.Attempt.Amount, Currency: payment.CurrencyKRW,
		Method: payment.MethodVBank,
	}
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		if o.Required("closedAt"); o.Err() != nil {
			return adapters.Result{}, fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, o.Err())
		}
		r.Outcome = payment.OutcomeCancelled
		return r, nil
	}
	f, ok := faultOf(answer)
	if !ok {
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	}
	if f.declined() || f.status == http.StatusConflict && f.kind == "PAYMENT_NOT_WAITING_FOR_DEPOSIT" {
		r.Outcome, r.Code, r.Message, r.Why = payment.OutcomeDeclined, f.code(), f.pgMsg, wire.Decline(f.pgMsg)
		return r, nil
	}
	return adapters.Result{}, f.err("reading the answer")
}
