package inicis

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// defaultTimeout bounds a request when the configuration says nothing.
const defaultTimeout = 30 * time.Second

// ApprovalBody is the body of an approval and of a net cancel, sorted by name.
func ApprovalBody(mid string, token payment.Secret, timestamp string, signKey payment.Secret, price string) string {
	form := url.Values{
		"mid": {mid}, "authToken": {token.Reveal()}, "timestamp": {timestamp},
		"signature":    {ApprovalSignature(token, timestamp)},
		"verification": {ApprovalVerification(token, timestamp, signKey)},
		"charset":      {"UTF-8"}, "format": {"JSON"},
	}
	if price != "" {
		form.Set("price", price)
	}
	return form.Encode()
}

// Approve implements adapters.Driver with one POST to the address that follows from the data centre's name.
func (d *Driver) Approve(ctx context.Context, req adapters.ApproveRequest) (adapters.Result, error) {
	if req.Proof.Mobile {
		return d.approveMobile(ctx, req)
	}
	stamp := Millis(req.Now)
	answer, err := d.send(ctx, req, URLs.Approve, stamp, "approving at Inicis")
	if err != nil {
		return adapters.Result{}, err
	}
	result, err := parseApproval(answer.Body, answerCharset(answer), stamp, req.Attempt)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("approving at Inicis: %w: %w", adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

// NetCancel implements adapters.NetCanceller: it undoes an approval whose answer was lost, within ten minutes
// of the authentication. Only 0000 is proof; every other answer is OutcomeUnknown.
func (d *Driver) NetCancel(ctx context.Context, req adapters.ApproveRequest) (adapters.Result, error) {
	if req.Proof.Mobile {
		return d.netCancelMobile(ctx, req)
	}
	answer, err := d.send(ctx, req, URLs.NetCancel, Millis(req.Now), "net cancelling at Inicis")
	if err != nil {
		return adapters.Result{}, err
	}
	result, err := parseNetCancel(answer.Body, answerCharset(answer), req.Attempt)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("net cancelling at Inicis: %w: %w", adapters.ErrUnknownOutcome, err)
	}
	return result, nil
}

func (d *Driver) send(
	ctx context.Context, req adapters.ApproveRequest, address func(URLs, string) string, stamp, doing string,
) (wire.Answer, error) {
	key := keysOf(req.Merchant).sign
	if !key.IsSet() {
		return wire.Answer{}, fmt.Errorf("%s: %w",
			doing, &adapters.FieldError{Field: "merchants.sign_key", Msg: "is missing"})
	}
	return d.post(ctx, req, address, ApprovalBody(
		midOf(req.Attempt, req.Merchant), req.Proof.AuthToken, stamp, key, req.Attempt.Amount.String(),
	), doing)
}

// post sends a form to one of the addresses of the proof's data centre, which is one that we know.
func (d *Driver) post(
	ctx context.Context, req adapters.ApproveRequest, address func(URLs, string) string, form, doing string,
) (wire.Answer, error) {
	urls := Endpoints(req.PG)
	switch {
	// It came with the browser, and may only choose among addresses that are ours.
	case !urls.Allowed(req.Proof.IDC): //guard:known-data-centre-only
		return wire.Answer{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrRejected, ErrAuthURL)
	case !req.Proof.AuthToken.IsSet():
		return wire.Answer{}, fmt.Errorf("%s: %w", doing, &adapters.FieldError{Field: "auth_token", Msg: "is missing"})
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(req.PG.ApproveTimeout))
	defer cancel()
	answer, err := wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: address(urls, req.Proof.IDC),
		ContentType: "application/x-www-form-urlencoded; charset=UTF-8", Body: form,
	})
	if err != nil {
		return wire.Answer{}, wire.WriteError(doing, err)
	}
	// Whoever wrote another status, Inicis may have approved before.
	if answer.Status != http.StatusOK {
		return wire.Answer{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnknownOutcome, answer.Status)
	}
	return answer, nil
}

func timeoutOf(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultTimeout
	}
	return d
}
