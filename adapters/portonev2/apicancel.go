package portonev2

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readCancel reads POST /payments/{paymentId}/cancel (portone.md §4.5).
func readCancel(pg *payment.PG, call adapters.APICall, c *adapters.APICancel) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	checkStore(pg, f)
	c.Reason = f.Required("reason")
	c.Amount, c.TaxFree, c.VAT = f.Won("amount"), f.Won("taxFreeAmount"), f.Won("vatAmount")
	c.Remaining = f.Won("currentCancellableAmount")
	if account := f.Object("refundAccount"); account != nil {
		c.RefundAccount = readRefund(f, account)
	}
	c.Extra = f.Rest()
	if err := f.Err(); err != nil {
		return err
	}
	if c.Amount != nil && *c.Amount == 0 { //guard:v2-zero-is-not-everything
		return &adapters.FieldError{Field: "amount", Msg: "must not be 0; leave it out to cancel all that is left"}
	}
	return nil
}

func readRefund(f, account *apicalls.Fields) *payment.RefundAccount {
	name := account.Required("bank")
	bank, ok := banks.ByV2(name)
	if name != "" && !ok {
		f.Refuse("refundAccount.bank", "is not a bank that is known here")
	}
	to := &payment.RefundAccount{
		Bank: bank.Code, Number: payment.Secret(account.Required("number")),
		Holder: payment.Secret(account.Required("holderName")), Tel: payment.Secret(account.Text("holderPhoneNumber")),
	}
	f.Join("refundAccount", account)
	return to
}
