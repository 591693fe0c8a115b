package portonev2

import (
	"cmp"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// receiptOf reads what a shop prints out of a payment (portone.md §4.6).
func receiptOf(o wire.Object) *payment.Receipt {
	o = o.Aside()
	said := payment.Receipt{URL: o.Text("receiptUrl")}
	said.ApprovedAt, _ = time.Parse(time.RFC3339, o.Text("paidAt"))
	method, _ := o.Object("method")
	if service, ok := method.Object("easyPayMethod"); ok {
		method = service
	}
	said.ApprovalNumber = method.Text("approvalNumber")
	if card, ok := method.Object("card"); ok {
		said.CardCompany = cmp.Or(companyOf(card.Text("issuer")), companyOf(card.Text("publisher")), card.Text("name"))
		said.CardNumber = card.Text("number")
	}
	if plan, ok := method.Object("installment"); ok {
		text := plan.Text("month")
		if months, err := strconv.Atoi(text); err == nil && months == wire.Months(text) {
			said.Installment = &months
		}
		if free, known := plan.Bool("isInterestFree"); known {
			said.InterestFree = &free
		}
	}
	if bank, ok := banks.ByV2(method.Text("bank")); ok {
		said.Bank = bank.Code
	}
	return payment.NewReceipt(said)
}

// companyOf is what buyers call a card company of PortOne's; "" for one that is not known.
func companyOf(name string) string {
	for c := range payment.CardCompanies() {
		if name != "" && c.V2 == name {
			return c.Name
		}
	}
	return ""
}
