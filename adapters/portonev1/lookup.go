package portonev1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// errNotFound tells that PortOne knows no such payment; errForeign that it answered with another attempt's.
var (
	errNotFound = errors.New("no such payment")
	errForeign  = fmt.Errorf("%w: another attempt's payment", wire.ErrShape)
)

// LookUp implements adapters.Driver. A paid payment of the attempt is looked for before anything else is
// believed, since several payments may share its merchant_uid. The browser's imp_uid is a hint: when it belongs
// to another attempt, it is not followed. An attempt that issues a billing key is looked up by that.
func (d *Driver) LookUp(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking PortOne about a payment"
	if isKey(req.Attempt) {
		return d.lookUpKey(ctx, req)
	}
	hinted, err := d.hinted(ctx, req)
	if err != nil && !errors.Is(err, errNotFound) {
		return adapters.Result{}, readError(doing, err)
	}
	if err == nil && req.Exact {
		return hinted, nil
	}
	if err == nil && hinted.Outcome == payment.OutcomeApproved {
		return d.withTaxes(ctx, req, hinted), nil
	}
	if req.Exact { //guard:exact-is-one-payment
		return adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: req.Attempt.ID}, nil
	}
	paid, paidErr := d.read(ctx, req, "/payments/find/"+url.PathEscape(string(req.Attempt.ID))+"/paid")
	if paidErr == nil && !ValidateHint(req.Attempt, paid) {
		paidErr = errForeign
	}
	if paidErr == nil {
		return d.withTaxes(ctx, req, paid), nil
	}
	if !errors.Is(paidErr, errNotFound) {
		return adapters.Result{}, readError(doing, paidErr)
	}
	if err != nil {
		hinted = adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: req.Attempt.ID}
		//guard:v1-open-account-is-seen
	} else if req.Attempt.Method != payment.MethodVBank || weight(hinted.Outcome) >= weight(payment.OutcomeIssued) {
		return hinted, nil
	}
	// A virtual account that another window opened can still be paid into, whatever became of the hinted one.
	result, err := d.newest(ctx, req)
	switch {
	case errors.Is(err, errNotFound):
		return hinted, nil
	case err != nil:
		return adapters.Result{}, readError(doing, err)
	case weight(result.Outcome) > weight(hinted.Outcome):
		return result, nil
	}
	return hinted, nil
}

// hinted reads the payment that the attempt or the browser names. One that belongs to another attempt counts as
// not found: following it could give somebody else's money back.
func (d *Driver) hinted(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	id := req.PGTxID
	if id == "" {
		id = req.Attempt.PGTxID
	}
	if !impUID(id) {
		return adapters.Result{}, errNotFound
	}
	path := "/payments/" + url.PathEscape(id)
	if req.Merchant.Mode == payment.ModeTest { //guard:test-payments-for-test-merchants
		// Only a test merchant asks for test payments; for a live one they stay hidden.
		path += "?include_sandbox=true"
	}
	r, err := d.read(ctx, req, path)
	if err == nil && !ValidateHint(req.Attempt, r) { //guard:hint-to-own-attempt
		return adapters.Result{}, errNotFound
	}
	return r, err
}

// ValidateHint tells whether a payment that was read belongs to the attempt.
func ValidateHint(a payment.Attempt, r adapters.Result) bool { return r.OrderRef == a.ID }

// impUID tells whether s may be an imp_uid; what is not never gets into a path.
func impUID(s string) bool {
	return len(s) <= 64 && strings.HasPrefix(s, "imp") &&
		strings.IndexFunc(s, func(r rune) bool {
			return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) < 0
}

func (d *Driver) read(ctx context.Context, req adapters.LookUpRequest, path string) (adapters.Result, error) {
	o, err := d.get(ctx, req.PG, path)
	if err != nil {
		return adapters.Result{}, err
	}
	return parsePayment(o, req.Attempt)
}

func (d *Driver) get(ctx context.Context, pg *payment.PG, path string) (wire.Object, error) {
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, path, nil)
	if err != nil {
		return wire.Object{}, err
	}
	return responseOf(answer)
}

// responseOf is what an answer to a question holds.
func responseOf(answer wire.Answer) (wire.Object, error) {
	e, err := parseEnvelope(answer)
	if err != nil {
		return wire.Object{}, err
	}
	switch {
	case answer.Status == http.StatusNotFound:
		return wire.Object{}, errNotFound
	case answer.Status == http.StatusUnauthorized:
		return wire.Object{}, &tokenError{fmt.Errorf("%w: PortOne refuses a fresh token", adapters.ErrUnavailable)}
	case answer.Status != http.StatusOK || e.code != 0 || e.response == nil:
		return wire.Object{}, fmt.Errorf("%w: HTTP status %d, code %d", wire.ErrShape, answer.Status, e.code)
	}
	return *e.response, nil
}

// newest picks from all payments of the attempt: one that may still be paid before one that failed, and the
// newest of a kind first.
func (d *Driver) newest(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	list, err := d.list(ctx, req, "")
	if err != nil {
		return adapters.Result{}, err
	}
	var best *adapters.Result
	for _, r := range list {
		if best == nil || weight(r.Outcome) > weight(best.Outcome) {
			best = &r
		}
	}
	if best == nil {
		return adapters.Result{}, errNotFound
	}
	return *best, nil
}

// ListPaid implements adapters.PaidLister.
func (d *Driver) ListPaid(ctx context.Context, req adapters.LookUpRequest) ([]adapters.Result, error) {
	list, err := d.list(ctx, req, "/paid")
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError("listing the payments of an attempt", err)
	}
	// The issue of a billing key is on record as a payment of nothing.
	//guard:v1-payment-of-nothing
	return slices.DeleteFunc(list, func(r adapters.Result) bool { return r.Amount == 0 }), nil
}

// list reads the payments of the attempt, of one status when that is given as the end of a path, newest first.
func (d *Driver) list(ctx context.Context, req adapters.LookUpRequest, status string) ([]adapters.Result, error) {
	path := "/payments/findAll/" + url.PathEscape(string(req.Attempt.ID)) + status + "?limit=100&page=1&sorting=-started"
	o, err := d.get(ctx, req.PG, path)
	if err != nil {
		return nil, err
	}
	items := o.Objects("list")
	if err := o.Err(); err != nil {
		return nil, err
	}
	var list []adapters.Result
	for _, item := range items {
		r, err := parsePayment(item, req.Attempt)
		if err != nil {
			return nil, err
		}
		if !ValidateHint(req.Attempt, r) {
			return nil, errForeign
		}
		list = append(list, r)
	}
	return list, nil
}

func weight(o payment.Outcome) int {
	switch o {
	case payment.OutcomeApproved:
		return 6
	case payment.OutcomeUnknown:
		return 5
	case payment.OutcomeIssued:
		return 4
	case payment.OutcomePending:
		return 3
	case payment.OutcomeCancelled:
		return 2
	case payment.OutcomeDeclined:
		return 1
	case payment.OutcomeNotFound:
		return 0
	}
	return 0
}
