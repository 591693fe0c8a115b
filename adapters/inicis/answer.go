package inicis

import (
	"cmp"
	"fmt"
	"mime"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// answerCharset is the character set that an answer states; UTF-8, which we ask for, when it states none.
func answerCharset(a wire.Answer) string {
	_, params, err := mime.ParseMediaType(a.ContentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

func parseAnswer(body []byte, charset string) (wire.Object, error) {
	text, err := Decode(string(body), charset)
	if err != nil {
		return wire.Object{}, err
	}
	return wire.ParseObject([]byte(text))
}

// parseApproval reads the answer to an approval. An error means that the outcome is unknown. stamp is the
// timestamp of the request.
func parseApproval(body []byte, charset, stamp string, a payment.Attempt) (adapters.Result, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{Code: o.Required("resultCode"), Message: o.Text("resultMsg")}
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Code != "0000" {
		if proofRefused(r.Code, r.Message) { //guard:used-authentication-is-anothers
			// Whose payment the authentication was used for, MOID may tell; it is not this one.
			r.Outcome = payment.OutcomeNotFound
			return r, nil
		}
		v := judge(r.Code, r.Message)
		if v.class != classDeclined {
			return adapters.Result{}, fmt.Errorf("result code %s", printable(r.Code))
		}
		// A no about another payment proves nothing of this one.
		if moid := o.Text("MOID"); moid != "" && moid != string(a.ID) {
			return adapters.Result{}, fmt.Errorf("%w: MOID is another payment's", wire.ErrShape)
		}
		r.Outcome, r.OrderRef, r.MID = payment.OutcomeDeclined, a.ID, o.Text("mid")
		r.Why, r.Warning = v.why, v.warning()
		return r, o.Err()
	}
	r.PGTxID, r.MID = o.Required("tid"), o.Required("mid")
	r.OrderRef = payment.AttemptID(o.Required("MOID"))
	r.Amount, r.Silent = o.WonText("TotPrice"), silent
	if o.Has("currency") {
		r.Currency = currency(o.Text("currency"))
	}
	payMethod := o.Required("payMethod")
	r.Method, r.Installment = method(a.Method, payMethod, o.Text("CARD_SrcCode")), wire.Months(o.Text("CARD_Quota"))
	signature := o.Text("authSignature")
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	r.Outcome, r.Receipt = payment.OutcomeApproved, receiptOf(o)
	if r.Method == payment.MethodVBank {
		// An account was issued; the money comes later.
		r.Account, err = parseAccount(
			o.Text("VACT_Num"), o.Text("VACT_BankCode"), o.Text("VACT_Name"), o.Text("VACT_Date")+o.Text("VACT_Time"))
		if err := cmp.Or(o.Err(), err); err != nil {
			return adapters.Result{}, err
		}
		r.Outcome = payment.OutcomeIssued //guard:issued-is-not-money
	}
	r.Warning = warning(signature, stamp, r, o.Text("TotPrice"))
	return r, nil
}

// silent is what no answer of Inicis' states: the MID tells test money from real, and the parts of an amount that the
// window stated are never told again.
const silent = adapters.FactTest | adapters.FactTaxes

// warning names what is odd about an approval but no reason to lose it.
func warning(signature, stamp string, r adapters.Result, totPrice string) string {
	switch {
	case signature != "" && signature != AuthSignature(stamp, r.MID, string(r.OrderRef), totPrice):
		return "authSignature does not match"
	case !tidOK(r.PGTxID, r.MID):
		return "tid is not of the known form"
	}
	return ""
}

// tidOK tells whether a tid has the layout that has been observed; the layout is not documented.
func tidOK(tid, mid string) bool {
	if len(tid) != 40 || !payment.ValidID(tid) {
		return false
	}
	return len(mid) != 10 || tid[10:20] == mid
}

// parseNetCancel reads the answer to a net cancel. What is undone is whatever was approved with the token that was
// sent, also when that turns out to be another window's payment: then its MOID is that one's, and the undoing is no
// less certain.
func parseNetCancel(body []byte, charset string, a payment.Attempt) (adapters.Result, error) {
	o, err := parseAnswer(body, charset)
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{
		Outcome: payment.OutcomeUnknown, Code: o.Required("resultCode"), Message: o.Text("resultMsg"),
		PGTxID: o.Text("tid"), MID: o.Text("mid"), OrderRef: payment.AttemptID(o.Text("MOID")),
	}
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.OrderRef == "" {
		r.OrderRef = a.ID
	}
	if r.Code == "0000" {
		r.Outcome, r.Amount, r.Cancelled, r.Currency = payment.OutcomeCancelled, a.Amount, a.Amount, a.Currency
	}
	return r, nil
}

// currency maps the spellings of the won; 410 is its ISO number.
func currency(s string) string {
	switch s {
	case "", "WON", "KRW", "410":
		return payment.CurrencyKRW
	}
	return s
}

// printable keeps a code of unknown origin short and harmless in errors.
func printable(code string) string {
	if codeLike(code) {
		return code
	}
	return "(unreadable)"
}
