package portonev1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readCancel reads POST /payments/cancel (portone.md §1.6).
func readCancel(call adapters.APICall, c *adapters.APICancel) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	c.PGTxID, c.ID = f.Text("imp_uid"), payment.AttemptID(f.Text("merchant_uid"))
	c.Amount, c.TaxFree, c.VAT, c.Remaining = f.Won("amount"), f.Won("tax_free"), f.Won("vat_amount"), f.Won("checksum")
	c.Reason = f.Text("reason")
	readRefund(f, c)
	c.Extra = f.Rest()
	switch err := f.Err(); {
	case err != nil:
		return err
	case c.PGTxID == "" && c.ID == "":
		return &adapters.FieldError{Field: "imp_uid", Msg: "or merchant_uid is needed"}
	case c.PGTxID != "" && !impUID(c.PGTxID):
		return &adapters.FieldError{Field: "imp_uid", Msg: "is none of PortOne's"}
	case c.Amount != nil && *c.Amount == 0: //guard:v1-zero-is-not-everything
		// PortOne would give everything back.
		return &adapters.FieldError{Field: "amount", Msg: "must not be 0; leave it out to cancel all that is left"}
	case c.Remaining != nil && *c.Remaining == 0:
		return &adapters.FieldError{Field: "checksum", Msg: "must not be 0; leave it out or state what is left"}
	}
	return nil
}

// readClose reads DELETE /vbanks/{imp_uid}. KG Inicis wants its INIAPI key there, which the shop need not have.
func readClose(account string, c *adapters.APICancel) error {
	if !impUID(account) {
		return &adapters.FieldError{Field: "imp_uid", Msg: "is none of PortOne's"}
	}
	c.PGTxID, c.Close = account, true
	return nil
}

// readRefund reads the account that money goes back to. Its bank is in the PG's own code (portone.md §5.5).
func readRefund(f *apicalls.Fields, c *adapters.APICancel) {
	holder, bank := f.Text("refund_holder"), f.Text("refund_bank")
	number, tel := f.Text("refund_account"), f.Text("refund_tel")
	if holder == "" && bank == "" && number == "" {
		return
	}
	c.RefundAccount = &payment.RefundAccount{
		Bank: banks.Standard(bank), Number: payment.Secret(number), Holder: payment.Secret(holder), Tel: payment.Secret(tel),
	}
}

// FindPayment implements adapters.CancelPassage. Of several payments under one merchant_uid it is the paid one.
func (d *Driver) FindPayment(ctx context.Context, req adapters.FindRequest) (adapters.Result, error) {
	const doing = "finding the payment of a cancel"
	of := req.Of
	paths := []string{
		"/payments/find/" + url.PathEscape(string(of.ID)) + "/paid", "/payments/find/" + url.PathEscape(string(of.ID)),
	}
	if of.PGTxID != "" {
		paths = []string{"/payments/" + url.PathEscape(of.PGTxID)}
		if !req.Live {
			paths[0] += "?" + sandboxQuery + "=true"
		}
	}
	for _, path := range paths {
		o, err := d.get(ctx, req.PG, path)
		if errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			return adapters.Result{}, readError(doing, err)
		}
		r, err := parsePayment(o, payment.Attempt{})
		if err == nil && (of.PGTxID != "" && r.PGTxID != of.PGTxID || of.PGTxID == "" && r.OrderRef != of.ID) {
			err = errForeign
		}
		if err != nil {
			return adapters.Result{}, readError(doing, err)
		}
		r.CancelledAlike = cancelledAlike(o, of)
		return r, nil
	}
	return adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: of.ID, PGTxID: of.PGTxID}, nil
}

// cancelledAlike is when the amount of a cancel was last given back. What cannot be read was not.
func cancelledAlike(o wire.Object, of adapters.APICancel) (last time.Time) {
	for _, c := range o.Objects("cancel_history") {
		at, err := strconv.ParseInt(c.Text("cancelled_at"), 10, 64)
		if of.Amount == nil || c.Won("amount") != *of.Amount || err != nil {
			continue
		}
		if when := time.Unix(at, 0); when.After(last) {
			last = when
		}
	}
	return last
}

// CancelOfOther implements adapters.CancelPassage: the checksum has PortOne cancel nothing when something was cancelled
// meanwhile.
func (d *Driver) CancelOfOther(
	call adapters.APICall, _ bool, of adapters.APICancel, found adapters.Result,
) (adapters.APICall, error) {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return call, err
	}
	more := map[string]any{"imp_uid": found.PGTxID}
	if of.Remaining == nil { //guard:v1-others-cancel-has-a-checksum
		more["checksum"] = found.Amount - found.Cancelled
	}
	call.ContentType = "application/json"
	call.Body, err = f.With(more)
	return call, err
}

// AnswerCancel implements adapters.CancelPassage: V1 answers a cancel with the payment.
func (d *Driver) AnswerCancel(ctx context.Context, req adapters.CancelRequest) (adapters.APIAnswer, error) {
	path := "/payments/" + url.PathEscape(req.PGTxID)
	if req.Merchant.Mode == payment.ModeTest {
		path += "?" + sandboxQuery + "=true"
	}
	return d.readAnswer(ctx, req.PG, req.Attempt, path, "reading a payment that was cancelled")
}

// readAnswer reads the payment of an attempt, which is answered with.
func (d *Driver) readAnswer(
	ctx context.Context, pg *payment.PG, of payment.Attempt, path, doing string,
) (adapters.APIAnswer, error) {
	a, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, path, nil)
	if err != nil {
		return adapters.APIAnswer{}, readError(doing, err)
	}
	e, err := parseEnvelope(a)
	if err != nil || a.Status != http.StatusOK || e.code != 0 || e.response == nil {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, a.Status)
	}
	if payment.AttemptID(e.response.Text("merchant_uid")) != of.ID { //guard:v1-answer-read-again-is-the-attempts
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: it is another payment's", doing, adapters.ErrUnavailable)
	}
	return adapters.APIAnswer{Status: http.StatusOK, Body: a.Body}, nil
}
