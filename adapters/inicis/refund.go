package inicis

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// refundData is the data of v2's refund and partialRefund. The last three are for virtual accounts.
type refundData struct {
	TID            string `json:"tid"`
	Msg            string `json:"msg"`
	Price          string `json:"price,omitempty"`
	ConfirmPrice   string `json:"confirmPrice,omitempty"`
	Currency       string `json:"currency,omitempty"`
	Tax            string `json:"tax,omitempty"`
	TaxFree        string `json:"taxfree,omitempty"`
	RefundAcctNum  string `json:"refundAcctNum,omitempty"`
	RefundBankCode string `json:"refundBankCode,omitempty"`
	RefundAcctName string `json:"refundAcctName,omitempty"`
}

// Cancel implements adapters.Driver by INIAPI v2's refund or partialRefund, with one POST. There is no
// idempotency key: confirmPrice is what stops a partial refund from happening twice. Result.Outcome is
// OutcomeCancelled when nothing stays approved and OutcomeApproved after a partial refund; Cancelled is the sum
// so far. The money of a virtual account goes to RefundAccount.
func (d *Driver) Cancel(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "refunding at Inicis"
	if err := checkCancel(req); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	kind, data := refundOf(req)
	path := kind
	if req.Attempt.Method == payment.MethodVBank { //guard:deposit-is-not-refunded-as-card
		account, err := sealAccount(req.RefundAccount, req.Merchant)
		if err != nil {
			return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
		}
		path += "/vacct"
		data.RefundAcctNum, data.RefundBankCode, data.RefundAcctName = account.number, account.bank, account.holder
	}
	answer, err := d.callV2(ctx, refunder(req), path, kind, data)
	if err == nil {
		return refunded(doing, answer, req)
	}
	return adapters.Result{}, wire.WriteError(doing, err)
}

// refundOf chooses between giving all back at once and giving back a part, or what is left after parts.
func refundOf(req adapters.CancelRequest) (call string, data refundData) {
	data = refundData{TID: req.PGTxID, Msg: refundMessage(req.Reason)}
	if req.Amount == req.Remaining && req.Remaining == req.Attempt.Amount {
		return "refund", data
	}
	// confirmPrice is what is left afterwards: a part that was given back before makes it wrong, and Inicis refuses.
	data.Price, data.ConfirmPrice = req.Amount.String(), (req.Remaining - req.Amount).String()
	data.Currency = "WON"
	kind := req.Merchant.Tax
	if req.Attempt.TaxFree > 0 && kind != payment.TaxFree {
		// Taxes were stated at the payment, so every part states them, the wholly taxable ones too.
		kind = payment.TaxMixed
	}
	if tax, free, stated := taxes(kind, req.Amount, req.TaxFree, req.VAT, req.VATSet); stated {
		data.Tax, data.TaxFree = tax.String(), free.String()
	}
	return "partialRefund", data
}

func refunder(req adapters.CancelRequest) caller {
	return caller{
		Account: req.Account, mid: midOf(req.Attempt, req.Merchant), now: req.Now, timeout: req.PG.ApproveTimeout,
	}
}

// CloseAccount implements adapters.AccountCloser by INIAPI v1's cancel of a virtual account that was not paid
// into (GVacct), which v2 does not have. No money goes back, so Result.Cancelled stays zero.
func (d *Driver) CloseAccount(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "closing a virtual account at Inicis"
	switch {
	case !keysOf(req.Merchant).api.IsSet():
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, checkINIAPI(req.Merchant))
	case req.PGTxID == "":
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, &adapters.FieldError{Field: "pg_tx_id", Msg: "is missing"})
	case req.Attempt.Method != payment.MethodVBank:
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrRejected, adapters.ErrUnsupported)
	}
	answer, err := d.callV1(ctx, refunder(req), "refund", "Refund", "GVacct",
		map[string]string{"tid": req.PGTxID, "msg": refundMessage(req.Reason)}, "tid")
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	// Nothing was paid in, so nothing of it counts as given back.
	req.Amount, req.Remaining = 0, 0
	r, err := refunded(doing, answer, req)
	r.Cancelled = 0 //guard:closing-gives-nothing-back
	return r, err
}

// refunded makes a result of INIAPI's answer to a refund.
func refunded(doing string, answer wire.Answer, req adapters.CancelRequest) (adapters.Result, error) {
	if answer.Status != http.StatusOK {
		return adapters.Result{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnknownOutcome, answer.Status)
	}
	result, err := parseRefund(answer.Body, answerCharset(answer), req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

func checkCancel(req adapters.CancelRequest) error {
	if err := checkINIAPI(req.Merchant); err != nil {
		return err
	}
	switch {
	case req.PGTxID == "":
		return &adapters.FieldError{Field: "pg_tx_id", Msg: "is missing"}
	case req.Amount <= 0 || req.Amount > req.Remaining || req.Remaining > req.Attempt.Amount:
		return &adapters.FieldError{Field: "amount", Msg: "must be above zero and within what remains"}
	}
	return checkTaxes(req.Amount, req.TaxFree, req.VAT, req.VATSet)
}

func parseRefund(body []byte, charset string, req adapters.CancelRequest) (adapters.Result, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{
		Code: o.Required("resultCode"), Message: o.Text("resultMsg"),
		PGTxID: req.PGTxID, OrderRef: req.Attempt.ID, MID: midOf(req.Attempt, req.Merchant),
		Amount: req.Attempt.Amount, Currency: payment.CurrencyKRW,
		Cancelled: req.Attempt.Amount - req.Remaining,
	}
	detailCode := o.Text("detailResultCode")
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Code != "00" {
		v := judge(r.Code, r.Message, detailCode)
		if v.class == classUnknown {
			return adapters.Result{}, fmt.Errorf("result code %s", printable(cmp.Or(detailCode, r.Code)))
		}
		r.Outcome, r.Refused, r.Warning = payment.OutcomeDeclined, v.refused, v.warning()
		return r, nil
	}
	r.Cancelled += req.Amount
	r.Outcome = payment.OutcomeApproved
	if req.Amount == req.Remaining {
		r.Outcome = payment.OutcomeCancelled
	}
	return r, nil
}

// refundMessage keeps a reason free of what makes the hash differ between us and Inicis.
func refundMessage(reason string) string {
	if reason = strings.TrimSpace(wire.CutBytes(cleanText(reason), 100)); reason == "" {
		return "cancel"
	}
	return reason
}

// cleanText drops control characters and puts spaces in place of what JSON encoders escape differently.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\\"&<>\u2028\u2029", r) {
			return ' '
		}
		return r
	}, wire.Clean(s))
}
