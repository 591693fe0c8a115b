package inicis

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.ChargePassage = (*Driver)(nil)

// readCharge reads a charge of a billing key (inicis.md §5.3, §6). What of it has no word of ours goes along.
func (p *plain) readCharge(c *adapters.APICharge) error {
	f := p.f
	c.MID, c.ID, c.Key = p.mid, payment.AttemptID(f.Required("moid")), payment.Secret(f.Required("billKey"))
	c.Name = f.Required("goodName")
	if quota := f.Number("cardQuota"); quota != "" { // two digits, 00 being a lump sum
		months, err := strconv.ParseUint(quota, 10, 8)
		if err != nil {
			f.Refuse("cardQuota", "must be a number of months")
		}
		c.Installment = int(months)
	}
	if won := f.Won("price"); won != nil {
		c.Amount = *won
	}
	c.VAT, c.TaxFree = f.Won("tax"), f.Won("taxFree")
	for name, only := range map[string]string{
		"currency": "WON", "authentification": "00", "quotaInterest": "0", "paymethod": p.payMethod,
	} {
		if said := f.Text(name); said != "" && said != only { //guard:iniapi-charge-says-nothing-else
			f.Refuse(name, "must be "+only+" or left out")
		}
	}
	own := map[string]string{}
	for _, name := range []string{"url", "buyerName", "buyerEmail", "buyerTel", "regNo", "cardPw"} {
		if text := f.Text(name); text != "" {
			own[name] = text
		}
	}
	switch {
	case f.Err() != nil:
		return f.Err()
	case f.Rest() != nil: //guard:iniapi-charge-has-no-unread-fields
		return &adapters.FieldError{Field: "body", Msg: "has fields that a charge by the gateway does not have"}
	}
	var err error
	if c.Fields, err = json.Marshal(own); err != nil {
		return &adapters.FieldError{Field: "body", Msg: "cannot be read"}
	}
	return nil
}

// chargeAnswer is what INIAPI answers to a charge.
type chargeAnswer struct {
	Code     string `json:"resultCode"`
	Message  string `json:"resultMsg"`
	TID      string `json:"tid"`
	PayDate  string `json:"payDate"`
	PayTime  string `json:"payTime"`
	AuthCode string `json:"payAuthCode"`
	Price    string `json:"price"`
}

// AnswerCharge implements adapters.ChargePassage: from an inquiry, which tells neither the card nor which key was
// charged.
func (d *Driver) AnswerCharge(
	ctx context.Context, req adapters.LookUpRequest, key payment.Secret,
) (adapters.APIAnswer, error) {
	const doing = "reading a charge"
	if key.IsSet() { //guard:iniapi-charge-is-answered-for-no-key
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: whose key it was is not told", doing, adapters.ErrRejected)
	}
	got, err := d.callV2(ctx, inquirer(req), "inquiry", "inquiry", inquiryData{TID: knownTID(req)})
	if err != nil || got.Status != http.StatusOK {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, got.Status)
	}
	r, err := parseInquiry(got.Body, answerCharset(got), req.Attempt, payment.OutcomeUnknown, false)
	if err != nil || r.Outcome != payment.OutcomeApproved || r.Amount != req.Attempt.Amount {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: it is not shown as it was charged", doing, adapters.ErrUnavailable)
	}
	o, err := parseAnswer(got.Body, answerCharset(got))
	if err != nil {
		return adapters.APIAnswer{}, wire.ReadError(doing, err)
	}
	out := chargeAnswer{
		Code: "00", Message: "정상처리되었습니다.", TID: r.PGTxID, PayDate: o.Text("approvedDate"), PayTime: o.Text("approvedTime"),
		Price: r.Amount.String(),
	}
	if card, ok := o.Object("cardInfo"); ok {
		out.AuthCode = card.Text("approvedNumber")
	}
	return apicalls.Answer(http.StatusOK, out), nil
}
