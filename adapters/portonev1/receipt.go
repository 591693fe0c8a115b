package portonev1

import (
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// receiptOf reads what a shop prints out of a payment (portone.md §1.5). V1 tells neither of interest nor of carriers.
func receiptOf(o wire.Object) *payment.Receipt {
	o = o.Aside()
	said := payment.Receipt{
		ApprovalNumber: o.Text("apply_num"), CardCompany: o.Text("card_name"), CardNumber: o.Text("card_number"),
		Bank: banks.Standard(o.Text("bank_code")), BankName: o.Text("bank_name"), URL: o.Text("receipt_url"),
	}
	if payment.Method(o.Text("pay_method")) == payment.MethodVBank {
		said.Bank, said.BankName = banks.Standard(o.Text("vbank_code")), o.Text("vbank_name")
	}
	if at, err := strconv.ParseInt(o.Text("paid_at"), 10, 64); err == nil && at > 0 && at < maxUnix {
		said.ApprovedAt = time.Unix(at, 0)
	}
	// A payment without a card has 0 months too.
	quota := o.Text("card_quota")
	if months, err := strconv.Atoi(quota); err == nil && said.CardCompany != "" && months == wire.Months(quota) {
		said.Installment = &months
	}
	return payment.NewReceipt(said)
}
