package portonev2

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// LookUp implements adapters.Driver. Only PortOne's own "no such payment" is OutcomeNotFound; a 404 from
// somebody in between is not. An attempt that issues a billing key is looked up by that.
func (d *Driver) LookUp(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	if err := checkSecret(req.PG); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", lookingUp, err)
	}
	if isKey(req.Attempt) {
		return d.lookUpKey(ctx, req)
	}
	result, _, err := d.lookUpPayment(ctx, req)
	return result, err
}

// lookingUp is what is done when an error occurs.
const lookingUp = "asking PortOne about a payment"

// lookUpPayment is LookUp of a payment, with the payment as PortOne shows it, if it does.
func (d *Driver) lookUpPayment(
	ctx context.Context, req adapters.LookUpRequest,
) (adapters.Result, wire.Object, error) {
	const doing = lookingUp
	answer, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet,
		paymentURL(req.PG, req.Attempt.ID, "")+storeQuery(req.PG), "", nil)
	if err != nil {
		return adapters.Result{}, wire.Object{}, wire.ReadError(doing, err)
	}
	if answer.Status != http.StatusOK {
		if f, ok := faultOf(answer); ok && f.status == http.StatusNotFound && f.kind == "PAYMENT_NOT_FOUND" {
			r := adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: req.Attempt.ID, Code: f.kind}
			return r, wire.Object{}, nil
		}
		return adapters.Result{}, wire.Object{}, fmt.Errorf(
			"%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, answer.Status,
		)
	}
	o, ok := answerOf(answer)
	if !ok {
		return adapters.Result{}, wire.Object{}, fmt.Errorf("%s: %w: an answer without JSON", doing, adapters.ErrUnavailable)
	}
	result, err := parsePayment(o, req.Attempt)
	if err != nil {
		return adapters.Result{}, wire.Object{}, wire.ReadError(doing, err)
	}
	return result, o, nil
}

// parsePayment reads a V2 payment object. Amounts are whole numbers of won.
func parsePayment(o wire.Object, a payment.Attempt) (adapters.Result, error) {
	status := o.Required("status")
	r := adapters.Result{
		OrderRef: payment.AttemptID(o.Required("id")), PGTxID: o.Text("transactionId"),
		Currency: o.Required("currency"), Method: methodOf(o, a.Method), Code: status, Account: accountOf(o),
	}
	amount, ok := o.Object("amount")
	if !ok {
		return adapters.Result{}, fmt.Errorf("%w: field amount is missing", wire.ErrShape)
	}
	r.Amount, r.Taxes = amount.Won("total"), taxesOf(amount)
	if amount.Has("cancelled") {
		r.Cancelled = amount.Won("cancelled")
	}
	deposited := r.Amount
	if amount.Has("paid") {
		deposited = amount.Won("paid")
		if amount.Has("discount") {
			deposited += amount.Won("discount")
		}
	}
	if channel, ok := o.Object("channel"); ok {
		readChannel(channel, a, &r)
	}
	if _, r.Escrow = o.Object("escrow"); r.Escrow {
		// It is there for escrow payments; that it is missing tells nothing.
		r.EscrowKnown = true
	}
	r.Installment, r.Receipt = installmentOf(o), receiptOf(o)
	if failure, ok := o.Object("failure"); ok {
		r.Message = failure.Text("reason") + " " + failure.Text("pgMessage")
		if code := failure.Text("pgCode"); code != "" {
			r.Code = code
		}
	}
	later := readCancellations(o, &r)
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	switch {
	case r.OrderRef != a.ID:
		return adapters.Result{}, fmt.Errorf("%w: another payment's answer", wire.ErrShape)
	case r.Cancelled > r.Amount || r.CancelPending > r.Amount-r.Cancelled:
		return adapters.Result{}, fmt.Errorf("%w: more was cancelled than paid", wire.ErrShape)
	}
	r.Outcome = outcome(status)
	if r.Outcome == payment.OutcomeCancelled && later { //guard:v2-to-be-cancelled-is-paid
		// PortOne is to give it back, and has not yet.
		r.Outcome = payment.OutcomeApproved
	}
	if r.Outcome == payment.OutcomeApproved && r.Method == payment.MethodVBank && r.Cancelled == 0 &&
		r.CancelPending == 0 {
		// A bank that took another amount than the account was issued for shows it in paid alone (portone.md §4.6).
		r.Amount = deposited
	}
	if r.Outcome == payment.OutcomeDeclined {
		r.BuyerCancelled, r.Why = strings.Contains(r.Message, "취소"), wire.Decline(r.Message)
	}
	return r, nil
}

// installmentOf reads the plan of a card, which an easy-pay service may stand before.
func installmentOf(o wire.Object) int {
	method, _ := o.Object("method")
	if service, ok := method.Object("easyPayMethod"); ok {
		method = service
	}
	plan, _ := method.Object("installment")
	return wire.Months(plan.Text("month"))
}

// taxesOf reads the parts of an amount, which stay as they were paid when some of it is given back.
func taxesOf(amount wire.Object) adapters.Taxes {
	var t adapters.Taxes
	if t.TaxFreeKnown = amount.Has("taxFree"); t.TaxFreeKnown {
		t.TaxFree = amount.Won("taxFree")
	}
	if t.VATKnown = amount.Has("vat"); t.VATKnown {
		t.VAT = amount.Won("vat")
	}
	return t
}

// readChannel takes over which channel did it.
func readChannel(channel wire.Object, a payment.Attempt, r *adapters.Result) {
	r.ChannelKey = channel.Text("key")
	switch channel.Text("type") {
	case "TEST":
		r.Test, r.TestKnown = true, true
	case "LIVE":
		r.Test, r.TestKnown = false, true
	}
	if a.MID != "" {
		r.MID = channel.Text("pgMerchantId")
	}
}

// readCancellations adds up the payment's cancellations, and tells whether one is only asked for. What was given back
// counts once it succeeded: a sum of PortOne's that has more in it than the cancellations that did is not believed.
func readCancellations(o wire.Object, r *adapters.Result) (later bool) {
	var done payment.Won
	list := o.Objects("cancellations")
	for _, c := range list {
		switch c.Required("status") {
		case "SUCCEEDED":
			done += c.Won("totalAmount")
		case "REQUESTED":
			r.CancelPending += c.Won("totalAmount")
			later = true
		}
	}
	if later {
		r.Cancelled = min(r.Cancelled, done) //guard:v2-asked-for-was-not-given-back
	}
	return later
}

// outcome maps a status. A payment in PAY_PENDING may be paid at any moment, so it is not told to be nothing;
// a status nobody has written down is unknown too.
func outcome(status string) payment.Outcome {
	switch status {
	case "READY":
		return payment.OutcomePending
	case "VIRTUAL_ACCOUNT_ISSUED":
		return payment.OutcomeIssued //guard:v2-waiting-account-is-not-paid
	case "PAID", "PARTIAL_CANCELLED":
		return payment.OutcomeApproved
	case "CANCELLED":
		return payment.OutcomeCancelled
	case "FAILED":
		return payment.OutcomeDeclined
	}
	return payment.OutcomeUnknown
}
