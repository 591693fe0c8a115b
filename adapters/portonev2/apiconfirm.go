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

var _ adapters.ConfirmPassage = (*Driver)(nil)

// readConfirm reads POST /payments/{paymentId}/confirm (portone.md §4.5).
func readConfirm(pg *payment.PG, call adapters.APICall, k *adapters.APIConfirm) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	checkStore(pg, f)
	k.Token, k.TxID = payment.Secret(f.Required("paymentToken")), f.Text("txId")
	k.Amount, k.TaxFree = f.Won("totalAmount"), f.Won("taxFreeAmount")
	currency := f.Text("currency")
	if currency != "" && currency != payment.CurrencyKRW { //guard:v2-confirms-in-won
		f.Refuse("currency", "must be KRW")
	}
	if f.Has("isTest") {
		test := f.Flag("isTest")
		k.Test = &test
	}
	k.Whole = currency != "" && k.Amount != nil && k.Test != nil
	return f.Err()
}

// AnswerConfirm implements adapters.ConfirmPassage. An account that was issued has no paidAt of its own.
func (d *Driver) AnswerConfirm(ctx context.Context, req adapters.LookUpRequest) (adapters.APIAnswer, error) {
	const doing = "reading a payment that was confirmed"
	paid, body, err := d.shownPaid(ctx, doing, req)
	if err != nil {
		return adapters.APIAnswer{}, err
	}
	if paid.PaidAt == "" {
		var shown struct {
			ChangedAt string `json:"statusChangedAt"`
		}
		if err := json.Unmarshal(body, &shown); err != nil {
			return adapters.APIAnswer{}, fmt.Errorf("%s: %w: it does not say when", doing, adapters.ErrUnavailable)
		}
		paid.PaidAt = shown.ChangedAt
	}
	return apicalls.Answer(http.StatusOK, paid), nil
}
