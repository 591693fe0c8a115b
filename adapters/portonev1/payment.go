package portonev1

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxUnix is the end of the year 9999: no deadline is later.
const maxUnix = 253_402_300_800

// parsePayment reads a V1 payment object. Amounts are whole numbers of won; a fraction, a text or a negative
// number is refused.
func parsePayment(o wire.Object, a payment.Attempt) (adapters.Result, error) {
	status := o.Required("status")
	r := adapters.Result{
		PGTxID: o.Required("imp_uid"), OrderRef: payment.AttemptID(o.Required("merchant_uid")),
		Amount: o.Won("amount"), Cancelled: o.Won("cancel_amount"), Currency: o.Required("currency"),
		Method: methodOf(o, a.Method), Code: status, Message: o.Text("fail_reason"),
		Silent: adapters.FactTaxes,
	}
	r.Test, r.TestKnown = o.Bool("sandbox")
	r.Escrow, r.EscrowKnown = o.Bool("escrow")
	r.Installment, r.Receipt = wire.Months(o.Text("card_quota")), receiptOf(o)
	// Where the configuration names no MID there is nothing to compare it with; the channel stands for it.
	if a.MID != "" {
		r.MID = o.Text("pg_id")
	}
	paidAt := o.Text("paid_at")
	issued := virtualAccount(o, &r)
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Cancelled > r.Amount {
		return adapters.Result{}, fmt.Errorf("%w: more was cancelled than paid", wire.ErrShape)
	}
	// V1 writes 0 for a payment that was never paid.
	r.Outcome = outcome(status, r, paidAt != "" && paidAt != "0", issued)
	if r.Outcome == payment.OutcomeDeclined {
		r.BuyerCancelled, r.Why = strings.Contains(r.Message, "취소"), wire.Decline(r.Message)
	}
	return r, nil
}

// methodOf is how a payment was paid: by the easy-pay service that the PG's window handed on to, when V1 names one. A
// payment from an easy-pay service's money (point) that names none cannot be told from the service that was asked for.
func methodOf(o wire.Object, asked payment.Method) payment.Method {
	method, service := payment.Method(o.Text("pay_method")), payment.Method(o.Text("emb_pg_provider"))
	switch {
	case isEasyPay(service) && method != payment.MethodVBank:
		return service
	case method == "point" && isEasyPay(asked):
		return asked
	}
	return method
}

func isEasyPay(m payment.Method) bool {
	return slices.Contains([]payment.Method{
		"kakaopay", "naverpay", "payco", "samsung", "samsungpay", "ssgpay", "lpay", "tosspay", "applepay",
	}, m)
}

// virtualAccount reads the account of a vbank payment, and tells whether there is one. What is odd about its bank,
// number or deadline is left out: that says nothing about the money, which an account without them still takes.
func virtualAccount(o wire.Object, r *adapters.Result) bool {
	number := o.Text("vbank_num")
	if r.Method != payment.MethodVBank || number == "" {
		return false
	}
	r.Account = payment.VirtualAccount{
		Bank: banks.Standard(o.Text("vbank_code")), Number: payment.Secret(wire.AccountNumber(number)),
		Holder: wire.CutBytes(wire.Clean(o.Text("vbank_holder")), 60),
	}
	if due, err := strconv.ParseInt(o.Text("vbank_date"), 10, 64); err == nil && due > 0 && due < maxUnix {
		r.Account.Due = time.Unix(due, 0).UTC()
	}
	return true
}

// outcome decides by what was cancelled of how much; V1 has no status for a partial cancel. issued tells that
// there is a virtual account: while ready, it waits for its deposit.
func outcome(status string, r adapters.Result, paid, issued bool) payment.Outcome {
	switch status {
	case "ready":
		if issued {
			return payment.OutcomeIssued //guard:v1-waiting-account-is-not-paid
		}
		return payment.OutcomePending
	case "failed":
		return payment.OutcomeDeclined
	case "paid", "cancelled":
		switch {
		case r.Cancelled == r.Amount && r.Amount > 0:
			return payment.OutcomeCancelled
		case status == "paid" || r.Cancelled > 0:
			return payment.OutcomeApproved
		case !paid && r.Method == payment.MethodVBank: //guard:v1-cancelled-with-deposit
			// The account was closed before anybody paid into it.
			return payment.OutcomeCancelled
		case !paid:
			return payment.OutcomeDeclined
		}
	}
	return payment.OutcomeUnknown
}
