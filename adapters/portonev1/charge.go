package portonev1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Charger = (*Driver)(nil)

// maxCustomer bounds a customer_uid, in bytes.
const maxCustomer = 128

// isCustomer tells whether a key may be a customer_uid that can stand in a path: shops choose them freely.
func isCustomer(key payment.Secret) bool {
	text := key.Reveal()
	return text != "" && len(text) <= maxCustomer && text != "." && text != ".." && wire.Clean(text) == text
}

// KeyContracts implements adapters.Charger. V1 names the MID, and for a key of a channel group (a super billing key)
// those of all the channels that took it. What a key pays with it says only by who keeps it.
func (d *Driver) KeyContracts(
	ctx context.Context, pg *payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	const doing = "asking PortOne where a billing key is"
	if !isCustomer(key) {
		return nil, nil
	}
	o, err := d.get(ctx, pg, "/subscribe/customers/"+url.PathEscape(key.Reveal()))
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(doing, err)
	}
	at, err := contractsOf(o, pg, key)
	if err != nil {
		return nil, readError(doing, err)
	}
	return at, nil
}

// contractsOf are those of V1's billing-key object.
func contractsOf(o wire.Object, pg *payment.PG, key payment.Secret) ([]payment.KeyContract, error) {
	whose := o.Required("customer_uid")
	one := payment.KeyContract{PG: pg.ID, MID: o.Text("pg_id"), Method: keyMethod(o)}
	one.Test, one.TestKnown = o.Bool("sandbox")
	at := []payment.KeyContract{one}
	if o.Has("succeededChannels") {
		at = nil
		for _, channel := range o.Objects("succeededChannels") {
			one.MID, one.ChannelKey, one.Method = channel.Text("pg_id"), channel.Text("channel_key"), keyMethod(channel)
			at = append(at, one)
		}
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	if whose != key.Reveal() {
		return nil, errForeign
	}
	return at, nil
}

// keyMethod is what a billing key pays with, where the PG that keeps it has one method alone: Danal's code for phone
// bills is another than its code for cards (portone.md §5.3). Else "".
func keyMethod(o wire.Object) payment.Method {
	if o.Text("pg_provider") == "danal" {
		return "phone"
	}
	return ""
}

// chargeBody is what the gateway says of a charge itself.
type chargeBody struct {
	CustomerUID string       `json:"customer_uid,omitempty"`
	MerchantUID string       `json:"merchant_uid"`
	Amount      payment.Won  `json:"amount"`
	TaxFree     *payment.Won `json:"tax_free,omitempty"`
	VAT         *payment.Won `json:"vat_amount,omitempty"`
	Name        string       `json:"name,omitempty"`
	Quota       int          `json:"card_quota,omitempty"`
	ChannelKey  string       `json:"channel_key,omitempty"`
	BuyerName   string       `json:"buyer_name,omitempty"`
	BuyerEmail  string       `json:"buyer_email,omitempty"`
	BuyerTel    string       `json:"buyer_tel,omitempty"`
	// BrowserIP is the shopper's; without it V1 takes ours for it.
	BrowserIP string `json:"browser_ip,omitempty"`
}

// decidedFields are never a caller's: what the gateway decides, and other words for it.
func decidedFields() []string {
	return []string{
		"customer_uid", "merchant_uid", "amount", "currency", "tax_free", "vat_amount", "vat", "card_quota", "pg",
		"channel_key", "channelGroupId", "channel_group_id", "vbank_code", "vbank_due", "vbank_holder", "vbank_num",
		"vbank_key", "fixed_unlimited_vbank", "escrow_password",
	}
}

// Charge implements adapters.Charger with one POST, which is another for a card or an account than for a key. V1 has no
// idempotency key, and takes a merchant_uid that it has payments under.
func (d *Driver) Charge(ctx context.Context, req adapters.ChargeRequest) (adapters.Result, error) {
	const doing = "charging at PortOne"
	body, err := chargeBodyOf(req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	path := "/subscribe/payments/again"
	switch {
	case req.Card.IsSet():
		path = "/subscribe/payments/onetime"
	case req.VBank.IsSet():
		path = withINIAPI("/vbanks", req.Merchant)
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost, path, body)
	if err != nil {
		return adapters.Result{}, writeError(doing, err)
	}
	r, err := parseCharge(doing, answer, req.Attempt)
	r.Said = wire.SaidOf(answer)
	return r, err
}

// CheckCharge implements adapters.Charger.
func (d *Driver) CheckCharge(req adapters.ChargeRequest) error {
	_, err := chargeBodyOf(req)
	return err
}

func chargeBodyOf(req adapters.ChargeRequest) (any, error) {
	a := req.Attempt
	switch {
	case !isCustomer(req.Key) && (req.Key.IsSet() || req.OfKey()):
		return nil, &adapters.FieldError{Field: "billing_key", Msg: "is no customer_uid"}
	case !payment.ValidID(string(a.ID)):
		return nil, &adapters.FieldError{Field: "attempt_id", Msg: "must be 1 to 40 of [A-Za-z0-9_-]"}
	case a.Amount <= 0 || a.Amount > payment.MaxWon:
		return nil, &adapters.FieldError{Field: "amount", Msg: "must be above zero"}
	}
	taxes, err := wire.TaxesOf(req.Merchant.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet)
	if err != nil {
		return nil, err
	}
	own := chargeBody{
		CustomerUID: req.Key.Reveal(), MerchantUID: string(a.ID), Amount: a.Amount, TaxFree: taxes.TaxFree, VAT: taxes.VAT,
		Name: wire.OrderName(a.OrderName), Quota: req.Installment,
		BuyerName: wire.CutBytes(wire.Clean(req.Buyer.Name), 30), BuyerTel: wire.Phone(req.Buyer.Tel),
		BuyerEmail: wire.Email(req.Buyer.Email, wire.MaxEmail),
	}
	if req.BuyerIP.IsValid() {
		own.BrowserIP = req.BuyerIP.String()
	}
	if req.Several {
		own.ChannelKey = req.Merchant.ChannelKey
	}
	fields, err := wire.Overlay(req.Fields, decidedFields(), own)
	if err != nil {
		return nil, err
	}
	if _, given := fields["notice_url"]; !given && req.NoticeURL != "" {
		var notice any = req.NoticeURL
		if req.VBank.IsSet() {
			notice = []string{req.NoticeURL} // POST /vbanks takes a list of them alone
		}
		if fields["notice_url"], err = json.Marshal(notice); err != nil {
			return nil, fmt.Errorf("encoding the address of webhooks: %w", err)
		}
	}
	if req.VBank.IsSet() {
		return fields, putVBank(fields, req)
	}
	if len(fields["name"]) == 0 {
		return nil, &adapters.FieldError{Field: "order_name", Msg: "is missing"}
	}
	if req.Card.IsSet() {
		return fields, putCard(fields, req)
	}
	return fields, nil
}

// askedCard reads the answer to a request by which a card company is asked: what PortOne shows of it then, or with a
// code the company's no, and o is nil. Errors match ErrUnknownOutcome, but for PortOne's own refusals.
func askedCard(
	doing string, answer wire.Answer, id payment.AttemptID,
) (o *wire.Object, no adapters.Result, err error) {
	e, err := parseEnvelope(answer)
	switch {
	case err != nil:
		return nil, no, lost(doing, err)
	case answer.Status != http.StatusOK:
		return nil, no, refused(doing, e)
	case e.code != 0:
		return nil, adapters.Result{
			Outcome: payment.OutcomeDeclined, OrderRef: id, Code: fmt.Sprint(e.code), Message: e.message,
			Why: wire.Decline(e.message),
		}, nil
	case e.response == nil:
		return nil, no, lost(doing, fmt.Errorf("%w: nothing is shown in the answer", wire.ErrShape))
	}
	return e.response, no, nil
}

// lost is the error of an answer that does not tell what became of a request.
func lost(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
}

// parseCharge reads the answer to a charge. Code 0 says that the card company was reached, and the payment's status
// what it said (portone.md §1.2).
func parseCharge(doing string, answer wire.Answer, a payment.Attempt) (adapters.Result, error) {
	shown, no, err := askedCard(doing, answer, a.ID)
	if shown == nil {
		return no, err
	}
	r, err := parsePayment(*shown, a)
	switch {
	case err != nil:
		return adapters.Result{}, lost(doing, err)
	case !ValidateHint(a, r): //guard:v1-charge-answers-for-its-attempt
		return adapters.Result{}, lost(doing, errForeign)
	}
	r.BuyerCancelled = false // there is no buyer to cancel it
	yes := payment.OutcomeApproved
	if a.Method == payment.MethodVBank {
		yes = payment.OutcomeIssued
	}
	//guard:v1-charge-is-paid-by-its-status
	if r.Outcome != yes && r.Outcome != payment.OutcomeDeclined {
		return adapters.Result{}, lost(doing, fmt.Errorf("%w: neither done nor failed", wire.ErrShape))
	}
	return r, nil
}
