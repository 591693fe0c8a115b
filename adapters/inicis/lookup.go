package inicis

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

type inquiryData struct {
	TID string `json:"tid,omitempty"`
	OID string `json:"oid,omitempty"`
}

// LookUp implements adapters.Driver. A virtual account is asked about at INIAPI v1, everything else at v2. No
// inquiry tells of a billing key. A charge of one is asked about by order number only where the contract has that.
func (d *Driver) LookUp(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking Inicis about a payment"
	if err := checkINIAPI(req.Merchant); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	var result adapters.Result
	var err error
	switch {
	case req.Attempt.Purpose == payment.PurposeBillingKey:
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, adapters.ErrUnsupported)
	// Without the contract for it, what Inicis says of an order number is no word about the charge (inicis.md §5.3).
	//guard:charge-is-asked-about-by-contract
	case isCharge(req.Attempt) && knownTID(req) == "" && req.Merchant.Keys.Text(keyByOrder) != "Y":
		return adapters.Result{}, fmt.Errorf("%s by order number: %w", doing, adapters.ErrUnsupported)
	case req.Attempt.Method == payment.MethodVBank:
		result, err = d.inquireAccount(ctx, req)
	default:
		result, err = d.inquire(ctx, req, payment.OutcomeUnknown)
		if err == nil && result.Method == payment.MethodVBank && result.Outcome == payment.OutcomeUnknown {
			// The window issued an account though something else was decided; whether there is money in it, v1 tells.
			req.PGTxID, req.Attempt.PGTxID = result.PGTxID, result.PGTxID
			result, err = d.inquireAccount(ctx, req)
		}
	}
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	return result, nil
}

// knownTID is the transaction to ask about; "" when only our own number is known.
func knownTID(req adapters.LookUpRequest) string {
	if req.Attempt.PGTxID == "" && tidOK(req.PGTxID, "") {
		return req.PGTxID
	}
	return req.Attempt.PGTxID
}

func inquirer(req adapters.LookUpRequest) caller {
	return caller{
		Account: req.Account, mid: midOf(req.Attempt, req.Merchant), now: req.Now, timeout: req.PG.ReadTimeout,
	}
}

// inquire asks INIAPI v2, by tid when it is known and by oid otherwise. account is what an approved virtual
// account is.
func (d *Driver) inquire(
	ctx context.Context, req adapters.LookUpRequest, account payment.Outcome,
) (adapters.Result, error) {
	data := inquiryData{TID: knownTID(req)}
	if data.TID == "" {
		data.OID = string(req.Attempt.ID)
	}
	answer, err := d.callV2(ctx, inquirer(req), "inquiry", "inquiry", data)
	if err != nil {
		return adapters.Result{}, err
	}
	if answer.Status != http.StatusOK {
		return adapters.Result{}, fmt.Errorf("HTTP status %d", answer.Status)
	}
	return parseInquiry(answer.Body, answerCharset(answer), req.Attempt, account, req.Exact && data.TID != "")
}

// inquireAccount asks INIAPI v1 whether an account was paid into, which v2 does not tell. v1 does not tell what
// was given back in parts, so v2 is asked for the figures once there may be money in the account, and for the
// tid when that is not known.
func (d *Driver) inquireAccount(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	tid, oid := knownTID(req), string(req.Attempt.ID)
	about := map[string]string{"oid": oid}
	if tid != "" {
		// Both, so that a tid which is not this attempt's is refused.
		about["originalTid"] = tid
		if req.Exact {
			delete(about, "oid")
		}
	}
	answer, err := d.callV1(ctx, inquirer(req), "extra", "Extra", "Inquiry", about)
	if err != nil {
		return adapters.Result{}, err
	}
	if answer.Status != http.StatusOK {
		return adapters.Result{}, fmt.Errorf("HTTP status %d", answer.Status)
	}
	r, status, err := parseAccountInquiry(answer.Body, answerCharset(answer), tid, req)
	if err != nil {
		return adapters.Result{}, err
	}
	switch {
	case status == "N" && tid == "":
		return d.inquire(ctx, req, payment.OutcomeIssued)
	case status == "Y":
		return d.inquire(ctx, req, payment.OutcomeApproved)
	case status == "0", status == "1":
		// These are the words for other methods, and for money given back.
		return d.inquire(ctx, req, payment.OutcomeUnknown) //guard:deposit-is-what-v1-says
	}
	return r, nil
}

// parseAccountInquiry reads v1's answer about a virtual account and its status: N waits for the deposit, Y was
// paid, C was closed before, 9 is not there. The rest is OutcomeUnknown.
func parseAccountInquiry(
	body []byte, charset, tid string, req adapters.LookUpRequest,
) (adapters.Result, string, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, "", err
	}
	r := adapters.Result{
		Outcome: payment.OutcomeUnknown, Code: o.Required("resultCode"), Message: o.Text("resultMsg"), PGTxID: tid,
		// Inicis was asked about this order of this MID, and answers about no other.
		OrderRef: req.Attempt.ID, MID: midOf(req.Attempt, req.Merchant),
		Method: payment.MethodVBank, Silent: silent | adapters.FactCurrency,
	}
	status := o.Text("status")
	if r.Code != "00" {
		if status == "9" || judge(r.Code, r.Message, o.Text("detailResultCode")).class == classNotFound {
			r.Outcome = payment.OutcomeNotFound
		}
		return r, "", o.Err()
	}
	if o.Has("price") { //guard:accounts-price-is-seen
		r.Amount = o.WonText("price")
	}
	for name, want := range map[string]string{"oid": string(req.Attempt.ID), "mid": r.MID} {
		got := o.Text(name)
		switch {
		case got == "" || got == want: //guard:v1-about-this-payment
		case name == "oid" && req.Exact:
			r.OrderRef = payment.AttemptID(got)
		default:
			return adapters.Result{}, "", fmt.Errorf("%w: %s is another payment's", wire.ErrShape, name)
		}
	}
	switch status {
	case "N":
		r.Outcome = payment.OutcomeIssued
	case "C":
		r.Outcome = payment.OutcomeCancelled
	case "9":
		r.Outcome = payment.OutcomeNotFound
	}
	return r, status, o.Err()
}

// parseInquiry reads v2's answer to an inquiry; exact lets the transaction be another order's. A status nobody has
// written down is OutcomeUnknown; account is what an approved virtual account is, which v2 does not tell.
func parseInquiry(
	body []byte, charset string, a payment.Attempt, account payment.Outcome, exact bool,
) (adapters.Result, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{Outcome: payment.OutcomeUnknown, Code: o.Required("resultCode"), Message: o.Text("resultMsg")}
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Code != "SUCCESS" && r.Code != "00" {
		if judge(r.Code, r.Message, o.Text("detailResultCode")).class == classNotFound {
			r.Outcome = payment.OutcomeNotFound
		}
		return r, o.Err()
	}
	r.PGTxID, r.MID = o.Required("tid"), o.Required("mid")
	r.OrderRef = payment.AttemptID(o.Required("oid"))
	r.Amount, r.Silent = o.WonText("price"), silent|adapters.FactCurrency
	if info, ok := o.Object("cardInfo"); ok && info.Has("currencyCode") {
		r.Currency = currency(info.Text("currencyCode"))
	}
	//guard:no-method-is-no-paid-account
	if r.Method = method(a.Method, o.Text("paymethod"), ""); r.Method == "" && a.Method == payment.MethodVBank {
		// Left unsaid, it must not turn an issued account into a paid one.
		r.Method = payment.MethodVBank
	}
	status := o.Required("transactionStatus")
	r.Cancelled = cancelledSoFar(o, r.Amount, status)
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.OrderRef != a.ID && !exact {
		return adapters.Result{}, fmt.Errorf("%w: oid is another payment's", wire.ErrShape)
	}
	r.Outcome, r.Receipt = inquiryOutcome(status, r, account), inquiredReceipt(o, r.Method)
	return r, nil
}

func inquiryOutcome(status string, r adapters.Result, account payment.Outcome) payment.Outcome {
	switch {
	case status == "CANCEL":
		return payment.OutcomeCancelled
	case status == "APPROVAL" && r.Method == payment.MethodVBank:
		return account
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
