package portonev2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Charger = (*Driver)(nil)

// KeyContracts implements adapters.Charger: one for each channel of the key.
func (d *Driver) KeyContracts(
	ctx context.Context, pg *payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	const doing = "asking PortOne where a billing key is"
	if err := checkSecret(pg); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	if !isBillingKey(key) {
		return nil, nil
	}
	o, err := d.readKey(ctx, pg, key)
	if errors.Is(err, errNoKey) {
		return nil, nil
	}
	if err != nil {
		return nil, wire.ReadError(doing, err)
	}
	at, err := contractsOf(o, pg, key)
	if err != nil {
		return nil, wire.ReadError(doing, err)
	}
	return at, nil
}

// contractsOf are those of V2's billing-key object; none of one that was deleted.
func contractsOf(o wire.Object, pg *payment.PG, key payment.Secret) ([]payment.KeyContract, error) {
	status, whose, paysWith := o.Required("status"), o.Required("billingKey"), keyMethod(o)
	var at []payment.KeyContract
	for _, channel := range o.Objects("channels") {
		var r adapters.Result
		readChannel(channel, payment.Attempt{MID: "any"}, &r)
		at = append(at, payment.KeyContract{
			PG: pg.ID, MID: r.MID, ChannelKey: r.ChannelKey, Method: paysWith, Test: r.Test, TestKnown: r.TestKnown,
		})
	}
	switch err := o.Err(); {
	case err != nil:
		return nil, err
	case whose != key.Reveal():
		return nil, fmt.Errorf("%w: another key's answer", wire.ErrShape)
	case status != "ISSUED":
		return nil, nil
	}
	return at, nil
}

// chargeBody is what the gateway says of a charge itself.
type chargeBody struct {
	StoreID     string          `json:"storeId,omitempty"`
	BillingKey  string          `json:"billingKey,omitempty"`
	OrderName   string          `json:"orderName,omitempty"`
	Amount      chargeAmount    `json:"amount"`
	Currency    string          `json:"currency"`
	ChannelKey  string          `json:"channelKey,omitempty"`
	Installment int             `json:"installmentMonth,omitempty"`
	Customer    *chargeCustomer `json:"customer,omitempty"`
	Method      json.RawMessage `json:"method,omitempty"`
}

type chargeAmount struct {
	Total   payment.Won  `json:"total"`
	TaxFree *payment.Won `json:"taxFree,omitempty"`
	VAT     *payment.Won `json:"vat,omitempty"`
}

type chargeCustomer struct {
	Name        *chargeName `json:"name,omitempty"`
	Email       string      `json:"email,omitempty"`
	PhoneNumber string      `json:"phoneNumber,omitempty"`
}

type chargeName struct {
	Full string `json:"full"`
}

// decidedFields are never a caller's.
func decidedFields() []string {
	return []string{
		"storeId", "billingKey", "amount", "currency", "channelKey", "channelGroupId", "installmentMonth", "method",
		"isEscrow",
	}
}

// Charge implements adapters.Charger with one POST, which is another for a card or an account than for a key. A yes
// names neither the payment nor its figures: that is LookUp's to tell.
func (d *Driver) Charge(ctx context.Context, req adapters.ChargeRequest) (adapters.Result, error) {
	const doing = "charging at PortOne"
	body, err := chargeBodyOf(req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	path := "/billing-key"
	if !req.OfKey() {
		path = "/instant"
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost,
		paymentURL(req.PG, req.Attempt.ID, path), IdempotencyKey("charge", req.OperationID), body)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	r, err := parseCharge(answer, req.Attempt)
	r.Said = wire.SaidOf(answer)
	if err != nil {
		return r, fmt.Errorf("%s: %w", doing, err)
	}
	return r, nil
}

// CheckCharge implements adapters.Charger.
func (d *Driver) CheckCharge(req adapters.ChargeRequest) error {
	_, err := chargeBodyOf(req)
	return err
}

func chargeBodyOf(req adapters.ChargeRequest) (any, error) {
	if err := checkSecret(req.PG); err != nil {
		return nil, err
	}
	a := req.Attempt
	switch {
	case req.OperationID == "":
		return nil, &adapters.FieldError{Field: "operation_id", Msg: "is missing"}
	case !isBillingKey(req.Key) && req.OfKey():
		return nil, &adapters.FieldError{Field: "billing_key", Msg: "is no billing key"}
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
		StoreID: storeOf(req.PG), BillingKey: req.Key.Reveal(), OrderName: wire.OrderName(a.OrderName),
		Amount:   chargeAmount{Total: a.Amount, TaxFree: taxes.TaxFree, VAT: taxes.VAT},
		Currency: payment.CurrencyKRW, Installment: req.Installment, Customer: chargedCustomer(req.Buyer),
	}
	if req.Several || !req.OfKey() {
		own.ChannelKey = req.Merchant.ChannelKey
	}
	if !req.OfKey() {
		own.BillingKey, own.Installment = "", 0 // it stands in the method
		if own.Method, err = paidWith(req); err != nil {
			return nil, err
		}
	}
	fields, err := wire.Overlay(req.Fields, decidedFields(), own)
	if err != nil {
		return nil, err
	}
	if _, given := fields["noticeUrls"]; !given && req.NoticeURL != "" && verifies(req.PG) {
		if fields["noticeUrls"], err = json.Marshal([]string{req.NoticeURL}); err != nil {
			return nil, fmt.Errorf("encoding the address of webhooks: %w", err)
		}
	}
	if len(fields["orderName"]) == 0 {
		return nil, &adapters.FieldError{Field: "order_name", Msg: "is missing"}
	}
	if own.Customer != nil || len(fields["customer"]) == 0 {
		return fields, checkBuyer(req.Merchant, own.Customer)
	}
	return fields, nil
}

// paidWith is what is paid with where no key is charged.
func paidWith(req adapters.ChargeRequest) (json.RawMessage, error) {
	if req.VBank.IsSet() {
		return methodOfVBank(req.VBank)
	}
	return methodOfCard(req.Card, req.Installment)
}

// checkBuyer wants of a buyer what Inicis does not charge a card without (portone.md §4.8). A caller's own customer is
// PortOne's to check.
func checkBuyer(m *payment.Merchant, c *chargeCustomer) error {
	missing := func(field string) error { return &adapters.FieldError{Field: field, Msg: "is missing"} }
	switch {
	case !behindInicis(m):
	case c == nil || c.Name == nil:
		return missing("buyer.name")
	case c.PhoneNumber == "":
		return missing("buyer.tel")
	case c.Email == "":
		return missing("buyer.email")
	}
	return nil
}

// chargedCustomer is whom the shop says is charged; nil when it says nothing.
func chargedCustomer(b payment.Buyer) *chargeCustomer {
	c := customerOf(b)
	if c == nil {
		return nil
	}
	out := &chargeCustomer{Email: c.Email, PhoneNumber: c.PhoneNumber}
	if c.FullName != "" {
		out.Name = &chargeName{Full: c.FullName}
	}
	return out
}

// parseCharge reads the answer to a charge. An id that is paid already is no yes to this charge: what is under it is
// looked up.
func parseCharge(answer wire.Answer, a payment.Attempt) (adapters.Result, error) {
	r := adapters.Result{OrderRef: a.ID}
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		paid, _ := o.Object("payment")
		// That the PG's number is there shows who wrote the answer.
		if paid.Required("pgTxId"); o.Err() != nil {
			return adapters.Result{}, fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, o.Err())
		}
		if r.Outcome = payment.OutcomeApproved; a.Method == payment.MethodVBank {
			r.Outcome = payment.OutcomeIssued //guard:v2-opened-account-is-not-paid
		}
		return r, nil
	}
	f, ok := faultOf(answer)
	switch {
	case !ok:
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	case f.declined():
		r.Outcome, r.Code, r.Message, r.Why = payment.OutcomeDeclined, f.code(), f.pgMsg, wire.Decline(f.pgMsg)
		return r, nil
	case f.status == http.StatusConflict && f.kind == "BILLING_KEY_ALREADY_DELETED":
		return adapters.Result{}, fmt.Errorf("reading the answer: %w: the key is deleted", adapters.ErrRejected)
	}
	return adapters.Result{}, f.err("reading the answer")
}
