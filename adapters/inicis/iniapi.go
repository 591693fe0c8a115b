package inicis

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// envelope is INIAPI v2's request. Data holds the very bytes that were hashed.
type envelope struct {
	MID       string          `json:"mid"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	ClientIP  string          `json:"clientIp"`
	Data      json.RawMessage `json:"data"`
	HashData  string          `json:"hashData"`
}

type inquiryData struct {
	TID string `json:"tid,omitempty"`
	OID string `json:"oid,omitempty"`
}

type refundData struct {
	TID          string `json:"tid"`
	Msg          string `json:"msg"`
	Price        string `json:"price,omitempty"`
	ConfirmPrice string `json:"confirmPrice,omitempty"`
	Currency     string `json:"currency,omitempty"`
	Tax          string `json:"tax,omitempty"`
	TaxFree      string `json:"taxfree,omitempty"`
}

// call sends one INIAPI v2 request. The error is that of sending; nothing is read into the answer yet.
func (d *Driver) call(
	ctx context.Context, acc adapters.Account, mid, kind string, data any, now time.Time, timeout time.Duration,
) (wire.Answer, error) {
	text, err := wire.JSON(data)
	if err != nil {
		return wire.Answer{}, err
	}
	stamp := KST(now)
	ip := acc.PG.ClientIP
	if ip == "" {
		ip = "127.0.0.1"
	}
	body, err := wire.JSON(envelope{
		MID: mid, Type: kind, Timestamp: stamp, ClientIP: ip, Data: json.RawMessage(text),
		HashData: HashV2(acc.Merchant.APIKey, mid, kind, stamp, text),
	})
	if err != nil {
		return wire.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(timeout))
	defer cancel()
	return wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: Endpoints(acc.PG).INIAPI + "/v2/pg/" + kind,
		ContentType: "application/json;charset=utf-8", Body: body,
	})
}

func checkINIAPI(m *payment.Merchant) error {
	if !m.APIKey.IsSet() {
		return &adapters.FieldError{Field: "merchants.api_key", Msg: "is missing"}
	}
	return nil
}

// LookUp implements adapters.Driver by INIAPI v2's inquiry, by tid when it is known and by oid otherwise.
func (d *Driver) LookUp(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking Inicis about a payment"
	if err := checkINIAPI(req.Merchant); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	data := inquiryData{TID: req.Attempt.PGTxID}
	if data.TID == "" && tidOK(req.PGTxID, "") {
		data.TID = req.PGTxID
	}
	if data.TID == "" {
		data.OID = string(req.Attempt.ID)
	}
	mid := midOf(req.Attempt, req.Merchant)
	answer, err := d.call(ctx, req.Account, mid, "inquiry", data, req.Now, req.PG.ReadTimeout)
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	if answer.Status != http.StatusOK {
		return adapters.Result{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, answer.Status)
	}
	result, err := parseInquiry(answer.Body, answerCharset(answer), req.Attempt)
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	return result, nil
}

// parseInquiry reads the answer to an inquiry. A status nobody has written down is OutcomeUnknown.
func parseInquiry(body []byte, charset string, a payment.Attempt) (adapters.Result, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{Outcome: payment.OutcomeUnknown, Code: o.Required("resultCode"), Message: o.Text("resultMsg")}
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Code != "SUCCESS" && r.Code != "00" {
		if classify(r.Code, r.Message+" "+o.Text("detailResultCode")) == classNotFound {
			r.Outcome = payment.OutcomeNotFound
		}
		return r, o.Err()
	}
	r.PGTxID, r.MID = o.Required("tid"), o.Required("mid")
	r.OrderRef = payment.AttemptID(o.Required("oid"))
	r.Amount = o.WonText("price")
	r.Currency = payment.CurrencyKRW
	if info, ok := o.Object("cardInfo"); ok {
		r.Currency = currency(info.Text("currencyCode"))
	}
	r.Method = method(a.Method, o.Text("paymethod"), "")
	status := o.Required("transactionStatus")
	r.Cancelled = cancelledSoFar(o, r.Amount, status)
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.OrderRef != a.ID {
		return adapters.Result{}, fmt.Errorf("%w: oid is another payment's", wire.ErrShape)
	}
	r.Outcome = inquiryOutcome(status, r)
	return r, nil
}

func inquiryOutcome(status string, r adapters.Result) payment.Outcome {
	switch {
	case status == "CANCEL":
		return payment.OutcomeCancelled
	case status == "APPROVAL" && r.Method == "vbank":
		// v2 does not tell an issued account from a paid one.
		return payment.OutcomeUnknown
	case status == "APPROVAL":
		return payment.OutcomeApproved
	case status == "PART_CANCEL" && r.Cancelled == r.Amount:
		return payment.OutcomeCancelled
	case status == "PART_CANCEL" && r.Cancelled > 0:
		return payment.OutcomeApproved
	}
	return payment.OutcomeUnknown
}

// cancelledSoFar sums what was given back: from what is left, or from the list of partial cancels.
func cancelledSoFar(o wire.Object, amount payment.Won, status string) payment.Won {
	switch status {
	case "CANCEL":
		return amount
	case "PART_CANCEL":
	default:
		return 0
	}
	if o.Has("availablePartCancelPrice") {
		if left := o.WonText("availablePartCancelPrice"); left <= amount {
			return amount - left
		}
	}
	var sum payment.Won
	for _, part := range o.Objects("partCancelTransInfo") {
		sum += part.WonText("requestPrice")
	}
	return min(sum, amount)
}

// Cancel implements adapters.Driver by INIAPI v2's refund or partialRefund, with one POST. There is no
// idempotency key: confirmPrice is what stops a partial refund from happening twice. Result.Outcome is
// OutcomeCancelled when nothing stays approved and OutcomeApproved after a partial refund; Cancelled is the sum
// so far.
func (d *Driver) Cancel(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "refunding at Inicis"
	if err := checkCancel(req); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	kind, data := "refund", refundData{TID: req.PGTxID, Msg: refundMessage(req.Reason)}
	if req.Amount != req.Remaining || req.Remaining != req.Attempt.Amount {
		kind = "partialRefund"
		data.Price, data.ConfirmPrice = req.Amount.String(), (req.Remaining - req.Amount).String()
		data.Currency = "WON"
		if req.TaxFree > 0 {
			data.Tax, data.TaxFree = ((req.Amount - req.TaxFree) / 11).String(), req.TaxFree.String()
		}
	}
	mid := midOf(req.Attempt, req.Merchant)
	answer, err := d.call(ctx, req.Account, mid, kind, data, req.Now, req.PG.ApproveTimeout)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
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
	case req.TaxFree < 0 || req.TaxFree > req.Amount:
		return &adapters.FieldError{Field: "tax_free", Msg: "must be a part of the amount"}
	}
	return nil
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
		if classify(r.Code, r.Message+" "+detailCode) == classUnknown {
			return adapters.Result{}, fmt.Errorf("result code %s", printable(r.Code))
		}
		r.Outcome = payment.OutcomeDeclined
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
	reason = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\\"&<>\u2028\u2029", r) {
			return ' '
		}
		return r
	}, wire.Clean(reason))
	if reason = strings.TrimSpace(wire.CutBytes(reason, 100)); reason == "" {
		return "cancel"
	}
	return reason
}
