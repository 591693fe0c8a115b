package portonev1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// methodCard is the only method whose billing keys KG Inicis issues through a window (portone.md 2.3).
const methodCard payment.Method = "card"

// isKey tells whether an attempt issues a billing key. V1 keeps the key under a name of our choice, the customer_uid,
// which is the attempt's id: so every attempt has its own, and no key is overwritten by another.
func isKey(a payment.Attempt) bool { return a.Purpose == payment.PurposeBillingKey }

func checkKeyWindow(req adapters.PrepareRequest) error {
	a := req.Attempt
	switch {
	case a.Method != methodCard:
		return fmt.Errorf("preparing a billing-key window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	case req.Merchant.Purpose != payment.MerchantRecurring:
		return &adapters.FieldError{Field: "merchants.purpose", Msg: "must be recurring"}
	case a.Amount != 0:
		return &adapters.FieldError{Field: "amount", Msg: "must be 0 for a billing key"}
	}
	return nil
}

// keyOf is the attempt's customer_uid: its own id, unless the order service chose another.
func keyOf(a payment.Attempt, chosen payment.Secret) payment.Secret {
	if chosen.IsSet() {
		return chosen
	}
	return payment.Secret(a.ID)
}

func keyPath(key payment.Secret) string {
	return "/subscribe/customers/" + url.PathEscape(key.Reveal())
}

// lookUpKey tells whether the attempt's key is there. While it is not, it may still be issued.
func (d *Driver) lookUpKey(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking PortOne about a billing key"
	o, err := d.get(ctx, req.PG, keyPath(keyOf(req.Attempt, req.Key)))
	if req.Key.IsSet() && (errors.Is(err, errNotFound) || err == nil && req.Mark != "" && markOf(o) == req.Mark) {
		// Nobody has a page open that could still have it issued.
		return adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: req.Attempt.ID}, nil
	}
	if errors.Is(err, errNotFound) {
		return adapters.Result{
			Outcome: payment.OutcomePending, OrderRef: req.Attempt.ID, Currency: payment.CurrencyKRW, Method: methodCard,
		}, nil
	}
	if err != nil {
		return adapters.Result{}, readError(doing, err)
	}
	r, err := parseKey(o, req.Attempt, req.Key)
	if err != nil {
		return adapters.Result{}, readError(doing, err)
	}
	return r, nil
}

// parseKey reads a V1 billing-key object. What charges it is its name, together with our API keys.
func parseKey(o wire.Object, a payment.Attempt, chosen payment.Secret) (adapters.Result, error) {
	uid := o.Required("customer_uid")
	r := adapters.Result{
		Outcome: payment.OutcomeApproved, OrderRef: payment.AttemptID(uid), Currency: payment.CurrencyKRW,
		Method: methodCard, BillingKey: payment.Secret(uid), Silent: adapters.FactTaxes,
	}
	r.Test, r.TestKnown = o.Bool("sandbox")
	if a.MID != "" {
		r.MID = o.Text("pg_id")
	}
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.BillingKey != keyOf(a, chosen) { //guard:v1-key-is-its-attempts
		return adapters.Result{}, errForeign
	}
	if chosen.IsSet() {
		r.OrderRef = a.ID // the name that was chosen for it is its own
	}
	return r, nil
}

// deleteKey has the attempt's key forgotten, with one DELETE.
func (d *Driver) deleteKey(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "deleting a billing key at PortOne"
	path := keyPath(keyOf(req.Attempt, req.Key))
	if reason := wire.CutBytes(wire.Clean(req.Reason), 200); reason != "" {
		path += "?" + url.Values{"reason": {reason}}.Encode()
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodDelete, path, nil)
	if err != nil {
		return adapters.Result{}, writeError(doing, err)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	switch {
	case answer.Status != http.StatusOK:
		return adapters.Result{}, refused(doing, e)
	case e.code != 0:
		return declined(req, e), nil
	case e.response == nil:
		return adapters.Result{}, fmt.Errorf("%s: %w: no key in the answer", doing, adapters.ErrUnknownOutcome)
	}
	r, err := parseKey(*e.response, req.Attempt, req.Key)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	r.Outcome = payment.OutcomeCancelled
	return r, nil
}
