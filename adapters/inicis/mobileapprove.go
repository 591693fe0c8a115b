package inicis

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// MobileReturn is the auth result that the mobile window makes the browser post. Nothing in it is authenticated.
type MobileReturn struct {
	Status string
	// Message is the PG's text: for a person, never for the buyer.
	Message string
	// TID is the auth TID: what the approval is asked for with.
	TID    payment.Secret
	IDC    string
	ReqURL string
	Amount string
	// MerchantData is the token that Prepare was given (P_NOTI).
	MerchantData string
	// BuyerCancelled tells that the buyer closed the window. It is for wording only.
	BuyerCancelled bool
}

// Authenticated tells whether the buyer came through the window.
func (r MobileReturn) Authenticated() bool { return r.Status == "00" }

// ParseMobileReturn reads the body of the mobile window's return POST, under the rules of ParseReturn. Errors
// match ErrReturn.
func ParseMobileReturn(body []byte) (MobileReturn, error) {
	if len(body) > maxReturn {
		return MobileReturn{}, fmt.Errorf("%w: longer than %d bytes", ErrReturn, maxReturn)
	}
	f, err := splitPairs(string(body), loose)
	if err != nil {
		return MobileReturn{}, fmt.Errorf("%w: %w", ErrReturn, err)
	}
	if err := checkValues(f, "P_STATUS", "P_TID", "P_REQ_URL", "P_NOTI", "P_AMT", "idc_name"); err != nil {
		return MobileReturn{}, err
	}
	r := MobileReturn{
		Status: f.first["P_STATUS"], TID: payment.Secret(f.first["P_TID"]), IDC: f.first["idc_name"],
		ReqURL: f.first["P_REQ_URL"], Amount: f.first["P_AMT"], MerchantData: f.first["P_NOTI"],
	}
	if r.Status == "" {
		return MobileReturn{}, fmt.Errorf("%w: P_STATUS is missing", ErrReturn)
	}
	r.Message = freeText(f.first["P_RMESG1"])
	r.BuyerCancelled = !r.Authenticated() && strings.Contains(r.Message, "취소")
	return r, nil
}

// CheckMobileReturn applies the idc rule to an authenticated return of a, and holds its TID to a's MID and its
// amount to a's. Errors match ErrAuthURL, or ErrReturn for the others.
func CheckMobileReturn(pg *payment.PG, a payment.Attempt, r MobileReturn) error {
	switch {
	case !Endpoints(pg).ReqURLAllowed(r.IDC, r.ReqURL): //guard:idc-rule-of-mobile-approval
		return fmt.Errorf("%w: idc_name or P_REQ_URL", ErrAuthURL)
	case !tidOK(r.TID.Reveal(), a.MID): //guard:mobile-tid-is-the-merchants
		return fmt.Errorf("%w: P_TID is another merchant's", ErrReturn)
	case r.Amount != a.Amount.String(): //guard:mobile-amount-is-compared
		return fmt.Errorf("%w: P_AMT is another amount", ErrReturn)
	}
	return nil
}

// approveMobile asks for the approval of what the mobile window authenticated.
func (d *Driver) approveMobile(ctx context.Context, req adapters.ApproveRequest) (adapters.Result, error) {
	const doing = "approving at Inicis, mobile"
	// The approval itself wants no key, and its net cancel does: what could not be undone is not asked for.
	if !keysOf(req.Merchant).hash.IsSet() { //guard:phones-approval-can-be-undone
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, errNoHashKey())
	}
	form := url.Values{"P_MID": {midOf(req.Attempt, req.Merchant)}, "P_TID": {req.Proof.AuthToken.Reveal()}}
	answer, err := d.post(ctx, req, URLs.MobileApprove, form.Encode(), doing)
	if err != nil {
		return adapters.Result{}, err
	}
	result, err := parseMobileApproval(answer.Body, answerCharset(answer), req.Attempt)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

func errNoHashKey() error {
	return &adapters.FieldError{Field: "merchants.hash_key", Msg: "is missing"}
}

// mobileFields reads an answer in which nothing critical came twice, and which has a status.
func mobileFields(body []byte, charset string) (MobileAnswer, error) {
	answer, err := ParseMobileAnswer(body, charset)
	if err != nil {
		return MobileAnswer{}, err
	}
	if !answer.Trusted() { //guard:forged-mobile-answer
		return MobileAnswer{}, fmt.Errorf("%w: %s occurs twice", wire.ErrShape, strings.Join(answer.Duplicates, " and "))
	}
	if !codeLike(answer.First["P_STATUS"]) || answer.First["P_STATUS"] == "" {
		return MobileAnswer{}, fmt.Errorf("%w: P_STATUS is missing", wire.ErrShape)
	}
	return answer, nil
}

// parseMobileApproval reads the answer to a mobile approval. An error means that the outcome is unknown.
func parseMobileApproval(body []byte, charset string, a payment.Attempt) (adapters.Result, error) {
	answer, err := mobileFields(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	f := answer.First
	r := adapters.Result{
		Code: f["P_STATUS"], Message: f["P_RMESG1"], MID: f["P_MID"], Silent: silent | adapters.FactCurrency,
	}
	if r.Code != "00" {
		if proofRefused(r.Code, r.Message) {
			r.Outcome = payment.OutcomeNotFound
			return r, nil
		}
		v := judge(r.Code, r.Message)
		if v.class != classDeclined {
			return adapters.Result{}, fmt.Errorf("result code %s", printable(r.Code))
		}
		// A no about another payment proves nothing of this one.
		if oid := f["P_OID"]; oid != "" && oid != string(a.ID) {
			return adapters.Result{}, fmt.Errorf("%w: P_OID is another payment's", wire.ErrShape)
		}
		r.Outcome, r.OrderRef = payment.OutcomeDeclined, a.ID
		r.Why, r.Warning = v.why, v.warning()
		return r, nil
	}
	for _, name := range []string{"P_TID", "P_MID", "P_OID", "P_TYPE"} {
		if f[name] == "" {
			return adapters.Result{}, fmt.Errorf("%w: %s is missing", wire.ErrShape, name)
		}
	}
	if r.Amount, err = payment.ParseWon(f["P_AMT"]); err != nil {
		return adapters.Result{}, fmt.Errorf("%w: P_AMT is not an amount of won", wire.ErrShape)
	}
	r.PGTxID, r.OrderRef = f["P_TID"], payment.AttemptID(f["P_OID"])
	r.Method = method(a.Method, f["P_TYPE"], f["P_SRC_CODE"])
	// The months are told of cards; what other methods write there is not documented.
	if f["P_TYPE"] == "CARD" || f["P_TYPE"] == "ISP" {
		r.Installment = wire.Months(f["P_RMESG2"])
	}
	r.Outcome, r.Warning = payment.OutcomeApproved, warning("", "", r, "")
	r.Receipt = mobileReceiptOf(answer)
	if r.Method == payment.MethodVBank {
		// An account was issued; the money comes later.
		r.Outcome = payment.OutcomeIssued
		r.Account, err = parseAccount(
			f["P_VACT_NUM"], f["P_VACT_BANK_CODE"], f["P_VACT_NAME"], f["P_VACT_DATE"]+f["P_VACT_TIME"])
		if err != nil {
			return adapters.Result{}, err
		}
	}
	return r, nil
}

// netCancelMobile undoes a mobile approval whose answer was lost. Only 00 is proof, whichever payment it names: what is
// undone is what was approved with the TID that was sent.
func (d *Driver) netCancelMobile(ctx context.Context, req adapters.ApproveRequest) (adapters.Result, error) {
	const doing = "net cancelling at Inicis, mobile"
	a, m := req.Attempt, req.Merchant
	key := keysOf(m).hash
	if !key.IsSet() {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, errNoHashKey())
	}
	amount, oid, stamp := a.Amount.String(), string(a.ID), Millis(req.Now)
	form := url.Values{
		"P_MID": {midOf(a, m)}, "P_TID": {req.Proof.AuthToken.Reveal()}, "P_AMT": {amount}, "P_OID": {oid},
		"P_TIMESTAMP": {stamp}, "P_CHKFAKE": {ChkFake(amount, oid, stamp, key)},
	}
	answer, err := d.post(ctx, req, URLs.MobileNetCancel, form.Encode(), doing)
	if err != nil {
		return adapters.Result{}, err
	}
	said, err := mobileFields(answer.Body, answerCharset(answer))
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	f := said.First
	r := adapters.Result{
		Outcome: payment.OutcomeUnknown, Code: f["P_STATUS"], Message: f["P_RMESG1"], OrderRef: a.ID, MID: midOf(a, m),
	}
	if r.Code == "00" {
		r.Outcome, r.Amount, r.Cancelled, r.Currency = payment.OutcomeCancelled, a.Amount, a.Amount, a.Currency
	}
	return r, nil
}
