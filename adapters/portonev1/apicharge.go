package portonev1

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.ChargePassage = (*Driver)(nil)

// readCharge reads POST /subscribe/payments/again (portone.md §1.7).
func readCharge(call adapters.APICall, c *adapters.APICharge) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	c.Key = payment.Secret(f.Required("customer_uid"))
	return readChargeFields(f, c)
}

// readChargeFields reads what a charge and each of a list of schedules say alike.
func readChargeFields(f *apicalls.Fields, c *adapters.APICharge) error {
	notTaken(f, "pg", "channelGroupId", "channel_group_id", "vat")
	c.ChannelKey = f.Text("channel_key")
	readCharged(f, c)
	return f.Err()
}

// notTaken refuses words for whom it is charged at, which the key or the rules decide, and a deprecated one for the
// VAT, which would say a second one.
func notTaken(f *apicalls.Fields, names ...string) {
	for _, name := range names {
		if f.Has(name) { //guard:v1-charge-names-no-other-pg
			f.Refuse(name, "is not taken: the billing key or the rules decide, and vat_amount is the VAT")
		}
	}
}

// readCharged reads what is charged to a card or a key.
func readCharged(f *apicalls.Fields, c *adapters.APICharge) {
	c.Name, c.Installment = f.Required("name"), f.Count("card_quota")
	readFigures(f, c)
}

// readFigures reads what is to be paid under which number, and what of the call nobody else has read, which goes along:
// without browser_ip PortOne would take our address for the shopper's.
func readFigures(f *apicalls.Fields, c *adapters.APICharge) {
	c.ID = payment.AttemptID(f.Required("merchant_uid"))
	if won := f.Won("amount"); won != nil {
		c.Amount = *won
	} else {
		f.Refuse("amount", "is missing")
	}
	c.TaxFree, c.VAT = f.Won("tax_free"), f.Won("vat_amount")
	inWon(f, "currency")
	c.Fields = f.Rest()
}

// inWon refuses another currency.
func inWon(f *apicalls.Fields, name string) {
	if currency := f.Text(name); currency != "" && currency != payment.CurrencyKRW { //guard:api-charges-in-won
		f.Refuse(name, "must be KRW")
	}
}

// AnswerCharge implements adapters.ChargePassage: V1 answers a charge with the payment.
func (d *Driver) AnswerCharge(
	ctx context.Context, req adapters.LookUpRequest, key payment.Secret,
) (adapters.APIAnswer, error) {
	const doing = "reading a payment that was charged"
	path := "/payments/" + url.PathEscape(req.PGTxID)
	if req.Merchant.Mode == payment.ModeTest {
		path += "?" + sandboxQuery + "=true"
	}
	a, err := d.readAnswer(ctx, req.PG, req.Attempt, path, doing)
	if err != nil {
		return a, err
	}
	var paid struct {
		Response struct {
			Customer payment.Secret `json:"customer_uid"`
			Amount   payment.Won    `json:"amount"`
		} `json:"response"`
	}
	err = json.Unmarshal(a.Body, &paid)
	if err != nil || paid.Response.Amount != req.Attempt.Amount { //guard:v1-charge-is-answered-with-its-amount
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: it is of another amount", doing, adapters.ErrUnavailable)
	}
	if key.IsSet() && paid.Response.Customer != key { //guard:v1-charge-is-answered-for-its-key
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: another key's", doing, adapters.ErrRejected)
	}
	return a, nil
}
