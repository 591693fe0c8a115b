package portonev2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// operations are those of the API that change something (portone.md §4.2). Everything else that is read is handed on.
func operations() apicalls.Table {
	return apicalls.NewTable(
		apicalls.Of(adapters.APILogin,
			"POST /login/api-secret",
			"POST /token/refresh",
		),
		apicalls.Of(adapters.APICancels,
			"POST /payments/:paymentId/cancel",
		),
		apicalls.Of(adapters.APICharges,
			"POST /payments/:paymentId/billing-key",
		),
		apicalls.Of(adapters.APISchedules,
			"POST /payments/:paymentId/schedule",
		),
		apicalls.Of(adapters.APIIssuesKey,
			"POST /billing-keys",
		),
		apicalls.Of(adapters.APIDeletesKey,
			"DELETE /billing-keys/:billingKey",
		),
		apicalls.Of(adapters.APIKeysIn,
			"POST /payments/:paymentId/instant",
		),
		apicalls.Of(adapters.APIConfirms,
			"POST /payments/:paymentId/confirm",
		),
		apicalls.Of(adapters.APIRegisters,
			"POST /payments/:paymentId/pre-register",
		),
		apicalls.Of(adapters.APIMoves,
			"POST /payments/:paymentId/capture",
			"POST /billing-keys/confirm-issue-and-pay",
		),
		apicalls.Of(adapters.APILists,
			"GET /banks",
		),
		apicalls.Of(adapters.APIPasses,
			"POST /payments/:paymentId/cancellations/:cancellationId/stop",
			"POST /payments/:paymentId/virtual-account/close",
			"POST /payments/:paymentId/escrow/logistics",
			"PATCH /payments/:paymentId/escrow/logistics",
			"POST /payments/:paymentId/escrow/complete",
			"POST /payments/:paymentId/register-store-receipt",
			"POST /payments/:paymentId/resend-webhook",
			"POST /payments/:paymentId/cash-receipt/cancel",
			"DELETE /payment-schedules",
			"POST /billing-keys/confirm",
			"POST /cash-receipts",
			"POST /identity-verifications/:identityVerificationId/send",
			"POST /identity-verifications/:identityVerificationId/resend",
			"POST /identity-verifications/:identityVerificationId/confirm",
			"POST /payment-sessions/:sessionId/close",
			"POST /paymentwall/delivery/confirm",
		),
	)
}

var (
	_ adapters.CancelPassage = (*Driver)(nil)
	_ adapters.Granter       = (*Driver)(nil)
)

// Root implements adapters.Passage.
func (d *Driver) Root(pg *payment.PG) string { return root(pg) }

// ReadCall implements adapters.Passage.
func (d *Driver) ReadCall(pg *payment.PG, call adapters.APICall) (adapters.APIAsk, error) {
	m := d.operations.Find(call.Method, call.Path)
	ask := adapters.APIAsk{Kind: m.Kind, Name: m.Name}
	switch m.Kind {
	case adapters.APICancels:
		ask.Cancel.ID = payment.AttemptID(m.Arg("paymentId"))
		return ask, readCancel(pg, call, &ask.Cancel)
	case adapters.APICharges:
		ask.Charge.ID = payment.AttemptID(m.Arg("paymentId"))
		return ask, readCharge(pg, call, &ask.Charge)
	case adapters.APIKeysIn:
		ask.KeyIn.ID = payment.AttemptID(m.Arg("paymentId"))
		return ask, readKeyIn(pg, call, &ask.KeyIn)
	case adapters.APISchedules:
		return ask, readSchedule(pg, call, payment.AttemptID(m.Arg("paymentId")), &ask)
	case adapters.APIIssuesKey:
		return ask, readIssue(pg, call, &ask.Issue)
	case adapters.APIDeletesKey:
		return ask, readDelete(pg, call, m.Arg("billingKey"), &ask)
	case adapters.APIConfirms:
		ask.Confirm.ID = payment.AttemptID(m.Arg("paymentId"))
		return ask, readConfirm(pg, call, &ask.Confirm)
	case adapters.APIRegisters:
		ask.ID = payment.AttemptID(m.Arg("paymentId"))
		return ask, readRegistration(pg, call, &ask)
	case adapters.APIPasses, adapters.APILists, adapters.APILogin, adapters.APIMoves, adapters.APIReschedules,
		adapters.APIUnknown,
		adapters.APIChanges:
	}
	return ask, nil
}

// readRegistration reads the registration of an amount, which may be left out.
func readRegistration(pg *payment.PG, call adapters.APICall, ask *adapters.APIAsk) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	checkStore(pg, f)
	if won := f.Won("totalAmount"); won != nil {
		ask.Amount = *won
	}
	return f.Err()
}

// checkStore refuses another store than the PG's: its payments are none that the rules know of.
func checkStore(pg *payment.PG, f *apicalls.Fields) {
	if store := f.Text("storeId"); store != "" && store != storeOf(pg) { //guard:v2-no-other-store
		f.Refuse("storeId", "is another store's")
	}
}

// Authorise implements adapters.Passage.
func (d *Driver) Authorise(_ context.Context, req adapters.AuthoriseRequest) (adapters.Authorised, error) {
	if err := checkSecret(req.PG); err != nil {
		return adapters.Authorised{}, err
	}
	return adapters.Authorised{Authorization: "PortOne " + apiSecretOf(req.PG), Query: req.Call.Query}, nil
}

// Unauthorised implements adapters.Passage: there is only the one secret.
func (d *Driver) Unauthorised(*payment.PG, adapters.Authorised) bool { return false }

// Succeeded implements adapters.Passage.
func (d *Driver) Succeeded(status int, body []byte) bool {
	if _, err := wire.ParseObject(body); err != nil { //guard:v2-answers-are-json
		return false
	}
	return status/100 == 2
}

// refusal is an error answer of ours in V2's form, with what we have to say besides.
type refusal struct {
	Type     string       `json:"type"`
	Message  string       `json:"message"`
	Code     payment.Code `json:"code"`
	DetailKo string       `json:"detail_ko"`
	DetailEn string       `json:"detail_en"`
	// Pending are charges that stand in the way.
	Pending []payment.PendingCharge `json:"pending,omitempty"`
}

// Refuse implements adapters.Passage. Where V2 has a type of its own for it, that is said: shops tell errors by it.
func (d *Driver) Refuse(r adapters.Refusal) adapters.APIAnswer {
	return apicalls.Answer(r.Status, refusal{
		Type: typeOf(r), Message: r.En, Code: r.Code, DetailKo: r.Ko, DetailEn: r.En, Pending: r.Pending,
	})
}

// typeOf is V2's word for a no of ours, or our own code.
func typeOf(r adapters.Refusal) string {
	switch {
	case r.Code == payment.CodeAttemptNotFound:
		return "PAYMENT_NOT_FOUND"
	case r.Code == payment.CodeKeyScheduled:
		return "PAYMENT_SCHEDULE_ALREADY_EXISTS"
	case r.Code == payment.CodeCancelTooMuch && r.Field == "remaining":
		return "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"
	case r.Code == payment.CodeCancelTooMuch && r.Field == "amount":
		return "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"
	case r.Code == payment.CodeCancelTooMuch && r.Field == "tax_free":
		return "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT"
	case r.Status == http.StatusBadRequest, r.Status == http.StatusUnprocessableEntity:
		return "INVALID_REQUEST"
	case r.Status == http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case r.Status == http.StatusForbidden:
		return "FORBIDDEN"
	}
	return string(r.Code)
}

// ReadLogin implements adapters.Granter: the caller's own secret stands where PortOne's would.
func (d *Driver) ReadLogin(call adapters.APICall) (adapters.Login, error) {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return adapters.Login{}, err
	}
	if strings.HasSuffix(strings.ToLower(call.Path), "/refresh") {
		return adapters.Login{Refresh: payment.Secret(f.Required("refreshToken"))}, f.Err()
	}
	return adapters.Login{Secret: payment.Secret(f.Required("apiSecret"))}, f.Err()
}

// AnswerLogin implements adapters.Granter.
func (d *Driver) AnswerLogin(g adapters.Grant) adapters.APIAnswer {
	return apicalls.Answer(http.StatusOK, struct {
		Access  string `json:"accessToken"`
		Refresh string `json:"refreshToken"`
	}{g.Access.Reveal(), g.Refresh.Reveal()})
}

// FindPayment implements adapters.CancelPassage.
func (d *Driver) FindPayment(ctx context.Context, req adapters.FindRequest) (adapters.Result, error) {
	pg, of := req.PG, req.Of
	if err := checkSecret(pg); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", lookingUp, err)
	}
	r, o, err := d.lookUpPayment(ctx, adapters.LookUpRequest{
		Account: adapters.Account{PG: pg}, Attempt: payment.Attempt{ID: of.ID},
	})
	if err == nil && r.Outcome != payment.OutcomeNotFound && of.Amount != nil {
		r.CancelledAlike = cancelledAlike(o, *of.Amount)
	}
	return r, err
}

// cancelledAlike is when an amount was last given back, or asked to be. What cannot be read was not.
func cancelledAlike(o wire.Object, amount payment.Won) (last time.Time) {
	for _, c := range o.Objects("cancellations") {
		at, err := time.Parse(time.RFC3339, c.Text("requestedAt"))
		if c.Text("status") == "FAILED" || c.Won("totalAmount") != amount || err != nil {
			continue
		}
		if at.After(last) {
			last = at
		}
	}
	return last
}

// CancelOfOther implements adapters.CancelPassage: with what can still be cancelled, PortOne cancels nothing when
// something was cancelled meanwhile.
func (d *Driver) CancelOfOther(
	call adapters.APICall, keyed bool, of adapters.APICancel, found adapters.Result,
) (adapters.APICall, error) {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return call, err
	}
	var more map[string]any
	if of.Remaining == nil { //guard:v2-others-cancel-states-what-is-left
		more = map[string]any{"currentCancellableAmount": found.Amount - found.Cancelled - found.CancelPending}
	}
	call.ContentType = "application/json"
	call.Body, err = f.With(more)
	if !keyed {
		// What is left is part of the name: the same cancel again gets the first one's answer.
		sum := sha256.Sum256(call.Body)
		call.Key = IdempotencyKey("cancel", string(of.ID)+"-"+hex.EncodeToString(sum[:8]))
	}
	return call, err
}

// AnswerCancel implements adapters.CancelPassage: V2 answers with the cancellation, which is found in the payment.
func (d *Driver) AnswerCancel(ctx context.Context, req adapters.CancelRequest) (adapters.APIAnswer, error) {
	const doing = "reading a cancellation"
	a, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet,
		paymentURL(req.PG, req.Attempt.ID, "")+storeQuery(req.PG), "", nil)
	if err != nil || a.Status != http.StatusOK || !a.IsJSON() {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, a.Status)
	}
	var payment struct {
		Cancellations []json.RawMessage `json:"cancellations"`
	}
	if err := json.Unmarshal(a.Body, &payment); err != nil {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: an answer without JSON", doing, adapters.ErrUnavailable)
	}
	if !isOf(a.Body, req.Attempt) {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: it is another payment's", doing, adapters.ErrUnavailable)
	}
	newest := cancellationOf(payment.Cancellations, req)
	if newest == nil {
		return adapters.APIAnswer{}, fmt.Errorf("%s: %w: there is none of this amount", doing, adapters.ErrUnavailable)
	}
	return apicalls.Answer(http.StatusOK, struct {
		Cancellation json.RawMessage `json:"cancellation"`
	}{newest}), nil
}

// cancellationOf is the newest cancellation of an amount; nil when there is none.
func cancellationOf(list []json.RawMessage, req adapters.CancelRequest) json.RawMessage {
	var newest json.RawMessage
	var at string
	for _, raw := range list {
		var c struct {
			Status string      `json:"status"`
			Total  payment.Won `json:"totalAmount"`
			At     string      `json:"requestedAt"`
		}
		if err := json.Unmarshal(raw, &c); err != nil || c.Total != req.Amount || c.Status == "FAILED" || c.At < at {
			continue
		}
		newest, at = raw, c.At
	}
	return newest
}
