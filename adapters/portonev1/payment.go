package portonev1

import (
	"fmt"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// parsePayment reads a V1 payment object. Amounts are whole numbers of won; a fraction, a text or a negative
// number is refused.
func parsePayment(o wire.Object, a payment.Attempt) (adapters.Result, error) {
	status := o.Required("status")
	r := adapters.Result{
		PGTxID: o.Required("imp_uid"), OrderRef: payment.AttemptID(o.Required("merchant_uid")),
		Amount: o.Won("amount"), Cancelled: o.Won("cancel_amount"), Currency: o.Required("currency"),
		Method: payment.Method(o.Text("pay_method")), Code: status, Message: o.Text("fail_reason"),
	}
	r.Test, r.TestKnown = o.Bool("sandbox")
	if a.MID != "" {
		r.MID = o.Text("pg_id")
	}
	paidAt := o.Text("paid_at")
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Cancelled > r.Amount {
		return adapters.Result{}, fmt.Errorf("%w: more was cancelled than paid", wire.ErrShape)
	}
	r.Outcome = outcome(status, r, paidAt != "" && paidAt != "0")
	r.BuyerCancelled = r.Outcome == payment.OutcomeDeclined && strings.Contains(r.Message, "취소")
	return r, nil
}

// outcome decides by what was cancelled of how much; V1 has no status for a partial cancel.
func outcome(status string, r adapters.Result, paid bool) payment.Outcome {
	switch status {
	case "ready":
		return payment.OutcomePending
	case "failed":
		return payment.OutcomeDeclined
	case "paid", "cancelled":
		switch {
		case r.Cancelled == r.Amount && r.Amount > 0:
			return payment.OutcomeCancelled
		case status == "paid" || r.Cancelled > 0:
			return payment.OutcomeApproved
		case !paid:
			return payment.OutcomeDeclined
		}
	}
	return payment.OutcomeUnknown
}
