package portonev2

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.ChargePassage = (*Driver)(nil)

// readCharge reads POST /payments/{paymentId}/billing-key (portone.md §4.5).
func readCharge(pg *payment.PG, call adapters.APICall, c *adapters.APICharge) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	return readChargeFields(pg, f, c)
}

// readChargeFields reads the members of a charge of a billing key.
func readChargeFields(pg *payment.PG, f *apicalls.Fields, c *adapters.APICharge) error {
	c.Key, c.Installment = payment.Secret(f.Required("billingKey")), f.Count("installmentMonth")
	return readSale(pg, f, c)
}

// readSale reads what is charged, and what of the call nobody else has read.
func readSale(pg *payment.PG, f *apicalls.Fields, c *adapters.APICharge) error {
	checkStore(pg, f)
	c.Name, c.ChannelKey = f.Required("orderName"), f.Text("channelKey")
	amount := f.Object("amount")
	if amount == nil {
		f.Refuse("amount", "is missing")
		return f.Err()
	}
	if total := amount.Won("total"); total != nil {
		c.Amount = *total
	} else {
		f.Refuse("amount.total", "is missing")
	}
	c.TaxFree, c.VAT = amount.Won("taxFree"), amount.Won("vat")
	f.Join("amount", amount)
	//guard:v2-api-charges-in-won
	if currency := f.Required("currency"); currency != "" && currency != payment.CurrencyKRW {
		f.Refuse("currency", "must be KRW")
	}
	if f.Has("channelGroupId") { //guard:v2-charge-names-no-other-pg
		f.Refuse("channelGroupId", "is not taken: name the channel, or leave it to the rules")
	}
	c.Fields = f.Rest()
	return f.Err()
}

// paidAnswer is what V2 says of a payment that it was asked to take: its number, and when it was paid.
type paidAnswer struct {
	PGTxID string `json:"pgTxId"`
	PaidAt string `json:"paidAt"`
}

// isOf tells whether a payment that V2 shows is an attempt's.
func isOf(body []byte, a payment.Attempt) bool {
	var shown struct {
		ID payment.AttemptID `json:"id"`
	}
	err := json.Unmarshal(body, &shown)
	return err == nil && shown.ID == a.ID //guard:v2-answer-read-again-is-the-attempts
}

// shownPaid reads a payment to answer with. Errors match ErrUnavailable.
func (d *Driver) shownPaid(
	ctx context.Context, doing string, req adapters.LookUpRequest,
) (p paidAnswer, body []byte, err error) {
	a, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet,
		paymentURL(req.PG, req.Attempt.ID, "")+storeQuery(req.PG), "", nil)
	if err != nil || a.Status != http.StatusOK || !a.IsJSON() {
		return p, nil, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, a.Status)
	}
	if err := json.Unmarshal(a.Body, &p); err != nil || p.PGTxID == "" {
		return p, nil, fmt.Errorf("%s: %w: it does not say how", doing, adapters.ErrUnavailable)
	}
	if !isOf(a.Body, req.Attempt) {
		return p, nil, fmt.Errorf("%s: %w: it is another payment's", doing, adapters.ErrUnavailable)
	}
	return p, a.Body, nil
}

// AnswerCharge implements adapters.ChargePassage: V2 answers with the PG's number and when it was paid, which of an
// account is when it was opened (portone.md §4.5).
func (d *Driver) AnswerCharge(
	ctx context.Context, req adapters.LookUpRequest, key payment.Secret,
) (adapters.APIAnswer, error) {
	const doing = "reading a payment that was charged"
	paid, body, err := d.shownPaid(ctx, doing, req)
	if err != nil {
		return adapters.APIAnswer{}, err
	}
	var by struct {
		Key    payment.Secret `json:"billingKey"`
		Method struct {
			IssuedAt string `json:"issuedAt"`
		} `json:"method"`
	}
	//guard:v2-charge-is-answered-for-its-key
	if err := json.Unmarshal(body, &by); err != nil || key.IsSet() && by.Key != key {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: another key's", doing, adapters.ErrRejected)
	}
	if by.Method.IssuedAt != "" {
		paid.PaidAt = by.Method.IssuedAt
	}
	return apicalls.Answer(http.StatusOK, struct {
		Payment paidAnswer `json:"payment"`
	}{paid}), nil
}
