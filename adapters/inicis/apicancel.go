package inicis

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readCancel reads a refund (inicis.md §5.2, §6). One in part says what is left after it, and with that what was left
// before: so it happens once, however often it is called.
func (p *plain) readCancel(c *adapters.APICancel) error {
	f := p.f
	c.MID, c.PGTxID, c.Reason = p.mid, f.Required("tid"), f.Text("msg")
	switch currency(f.Text("currency")) {
	case payment.CurrencyKRW:
	default:
		f.Refuse("currency", "must be WON")
	}
	if slices.Contains(p.needed, "price") {
		p.readPart(c)
	}
	if p.sealed == fieldAccount {
		p.readRefundAccount(c)
	}
	switch {
	case f.Err() != nil:
		return f.Err()
	case !payment.ValidID(c.PGTxID):
		return &adapters.FieldError{Field: "tid", Msg: "is none of Inicis'"}
	case f.Rest() != nil: //guard:iniapi-refund-has-no-unread-fields
		// A price beside a full refund, for one: Inicis would give everything back.
		return &adapters.FieldError{Field: "body", Msg: "has fields that this kind of refund does not have"}
	}
	return nil
}

// readPart reads how much of a payment goes back.
func (p *plain) readPart(c *adapters.APICancel) {
	f, free := p.f, "taxFree"
	if p.v2 && !slices.Contains(f.Names(), free) {
		free = "taxfree" // v2 is documented with this one
	}
	c.Amount, c.VAT, c.TaxFree = f.Won("price"), f.Won("tax"), f.Won(free)
	rest := f.Won("confirmPrice")
	switch {
	case c.Amount == nil || rest == nil:
		f.Refuse("price", "and confirmPrice are needed")
	case *c.Amount == 0:
		f.Refuse("price", "must be above zero")
	default:
		left := *c.Amount + *rest
		c.Remaining = &left
	}
}

// readRefundAccount reads the buyer's account that a virtual account's money goes to.
func (p *plain) readRefundAccount(c *adapters.APICancel) {
	f := p.f
	number, ok := accountNumber(f.Required(fieldAccount))
	if !ok {
		f.Refuse(fieldAccount, "must be digits: the gateway encrypts them")
	}
	bank := bankCode(f.Required("refundBankCode"))
	if bank == "" {
		f.Refuse("refundBankCode", "must be a bank's two digits")
	}
	c.RefundAccount = &payment.RefundAccount{
		Bank: bank, Number: payment.Secret(number), Holder: payment.Secret(f.Required("refundAcctName")),
	}
}

// FindPayment implements adapters.CancelPassage.
func (d *Driver) FindPayment(ctx context.Context, req adapters.FindRequest) (adapters.Result, error) {
	const doing = "finding the payment of a refund"
	tid := req.Of.PGTxID
	m, err := merchantOf(req.Merchants, req.Of.MID, tid)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	r, err := d.inquire(ctx, adapters.LookUpRequest{
		Account: adapters.Account{PG: req.PG, Merchant: m}, Attempt: payment.Attempt{PGTxID: tid, MID: m.MID},
		Exact: true, Now: req.Now,
	}, payment.OutcomeApproved)
	switch {
	case err != nil:
		return adapters.Result{}, wire.ReadError(doing, err)
	case r.Outcome == payment.OutcomeNotFound:
		return r, nil
	case r.PGTxID != tid: //guard:iniapi-refund-is-of-the-payment-found
		// An inquiry that was refused tells of no payment, so that nobody knows whose it is.
		return adapters.Result{}, fmt.Errorf(
			"%s: %w: the answer is not about it: result code %s", doing, adapters.ErrUnavailable, printable(r.Code),
		)
	}
	return r, nil
}

// CancelOfOther implements adapters.CancelPassage. A full refund happens once by itself, and one in part by what it
// says is left, which must be so.
func (d *Driver) CancelOfOther(
	call adapters.APICall, _ bool, of adapters.APICancel, found adapters.Result,
) (adapters.APICall, error) {
	left := found.Amount - found.Cancelled
	if of.Remaining != nil && *of.Remaining != left { //guard:iniapi-others-refund-fits-what-is-left
		return call, &adapters.FieldError{
			Field: "confirmPrice", Msg: "and price must make up what is left: " + left.String() + " won",
		}
	}
	return call, nil
}

// refundAnswer is what INIAPI answers to a refund. Those from TID on are told of one in part.
type refundAnswer struct {
	Code       string `json:"resultCode"`
	Message    string `json:"resultMsg"`
	Detail     string `json:"detailResultCode"`
	CancelDate string `json:"cancelDate"`
	CancelTime string `json:"cancelTime"`
	TID        string `json:"tid,omitempty"`
	Original   string `json:"prtcTid,omitempty"`
	Price      string `json:"prtcPrice,omitempty"`
	Remains    string `json:"prtcRemains,omitempty"`
	Count      string `json:"prtcCnt,omitempty"`
	Date       string `json:"prtcDate,omitempty"`
	Time       string `json:"prtcTime,omitempty"`
}

// AnswerCancel implements adapters.CancelPassage: from an inquiry. What that does not tell stays empty, since the money
// is back all the same.
func (d *Driver) AnswerCancel(ctx context.Context, req adapters.CancelRequest) (adapters.APIAnswer, error) {
	const doing = "reading a refund"
	c := caller{Account: req.Account, mid: midOf(req.Attempt, req.Merchant), now: req.Now, timeout: req.PG.ReadTimeout}
	got, err := d.callV2(ctx, c, "inquiry", "inquiry", inquiryData{TID: req.PGTxID})
	if err != nil || got.Status != http.StatusOK {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, got.Status)
	}
	o, err := parseAnswer(got.Body, answerCharset(got))
	if err != nil {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: an answer without JSON", doing, adapters.ErrUnavailable)
	}
	out := refundAnswer{
		Code: "00", Message: "정상처리되었습니다.", CancelDate: o.Text("cancelDate"), CancelTime: o.Text("cancelTime"),
	}
	if req.Amount != 0 && req.Amount != req.Attempt.Amount {
		out.Original, out.Price, out.Remains = req.PGTxID, req.Amount.String(), o.Text("availablePartCancelPrice")
		parts := o.Objects("partCancelTransInfo")
		out.Count = strconv.Itoa(len(parts))
		for _, part := range parts {
			day, hour := part.Text("requestDate"), part.Text("requestTime")
			if part.Text("requestPrice") == out.Price && day+hour >= out.Date+out.Time { // of several the newest
				out.TID, out.Date, out.Time = part.Text("tid"), day, hour
			}
		}
	}
	return apicalls.Answer(http.StatusOK, out), nil
}
