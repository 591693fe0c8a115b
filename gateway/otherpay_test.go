package gateway_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// otherPay is the driver of Other Pay, which takes money in its own window, and signs what it tells and asks.
type otherPay struct{ client *http.Client }

// Spec implements adapters.Driver.
func (d otherPay) Spec() payment.DriverSpec {
	return payment.DriverSpec{
		Name: "otherpay", Title: "Other Pay", Company: "Other",
		Routes: payment.Routes{
			Return: "/return/otherpay", Notifications: "/hooks/otherpay/:pg", Questions: "/hooks/otherpay/:pg/may",
			Redirect: payment.Redirect{Attempt: []string{"orderNo"}, PGTxID: []string{"payNo"}, Code: []string{"error"}},
		},
		Windows: []payment.WindowKind{"otherpay"},
		PGKeys: []payment.KeySpec{
			{Name: "otherpay_secret", Kind: payment.KeySecret, Doc: "What Other Pay signs with.", Required: true},
		},
		MID:         payment.MIDSpec{Required: true},
		Methods:     []payment.Method{"card"},
		ConfirmHook: true, ConfirmKey: "otherpay_secret",
	}
}

// Prepare implements adapters.Driver. It asks nobody.
func (d otherPay) Prepare(_ context.Context, r adapters.PrepareRequest) (payment.Window, error) {
	return payment.Window{Kind: "otherpay", Action: r.PG.BaseURL + "/window", Params: map[string]string{
		"shop": r.Attempt.MID, "orderNo": string(r.Attempt.ID), "amount": r.Attempt.Amount.String(),
		"back": r.ReturnURL, "tell": r.NoticeURL, "ask": r.ConfirmURL,
	}}, nil
}

// Approve implements adapters.Driver: the money moves in the window.
func (d otherPay) Approve(context.Context, adapters.ApproveRequest) (adapters.Result, error) {
	return adapters.Result{}, adapters.ErrUnsupported
}

// LookUp implements adapters.Driver.
func (d otherPay) LookUp(ctx context.Context, r adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "looking a payment up at Other Pay"
	ctx, cancel := context.WithTimeout(ctx, r.PG.ReadTimeout)
	defer cancel()
	a, err := wire.Send(ctx, d.client, wire.Request{Method: http.MethodGet, URL: r.PG.BaseURL + "/payments/" + url.PathEscape(string(r.Attempt.ID))})
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	result, err := readPayment(a)
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	return result, nil
}

// Cancel implements adapters.Driver with one POST.
func (d otherPay) Cancel(ctx context.Context, r adapters.CancelRequest) (adapters.Result, error) {
	const doing = "cancelling at Other Pay"
	ctx, cancel := context.WithTimeout(ctx, r.PG.ApproveTimeout)
	defer cancel()
	a, err := wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: r.PG.BaseURL + "/payments/" + url.PathEscape(string(r.Attempt.ID)) + "/cancel",
		ContentType: "application/json", Body: `{"amount":` + r.Amount.String() + `,"left":` + r.Remaining.String() + `}`,
	})
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	result, err := readPayment(a)
	if err != nil || result.Outcome == payment.OutcomeNotFound {
		return adapters.Result{}, wire.WriteError(doing, cmp.Or(err, errors.New("the payment is not found")))
	}
	return result, nil
}

// readPayment reads a payment as Other Pay shows it.
func readPayment(a wire.Answer) (adapters.Result, error) {
	if a.Status != http.StatusOK || !a.IsJSON() {
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, a.Status)
	}
	if err := wire.CheckUnique(a.Body); err != nil {
		return adapters.Result{}, err
	}
	o, err := wire.ParseObject(a.Body)
	if err != nil {
		return adapters.Result{}, err
	}
	outcomes := map[string]payment.Outcome{
		"none": payment.OutcomeNotFound, "open": payment.OutcomePending, "paid": payment.OutcomeApproved,
		"refused": payment.OutcomeDeclined, "cancelled": payment.OutcomeCancelled,
	}
	outcome, known := outcomes[o.Required("state")]
	if !known || outcome == payment.OutcomeNotFound {
		return adapters.Result{Outcome: cmp.Or(outcome, payment.OutcomeUnknown)}, errors.Join(o.Err(), unknownState(known))
	}
	return adapters.Result{
		Outcome: outcome, PGTxID: o.Required("payNo"), OrderRef: payment.AttemptID(o.Required("orderNo")), MID: o.Required("shop"),
		Amount: o.Won("amount"), Cancelled: o.Won("cancelled"), Currency: o.Required("currency"), Method: "card",
		Silent: adapters.FactTest | adapters.FactTaxes,
	}, o.Err()
}

func unknownState(known bool) error {
	if known {
		return nil
	}
	return fmt.Errorf("%w: field state is none that is known", wire.ErrShape)
}

// VerifyMessage implements adapters.Verifier.
func (d otherPay) VerifyMessage(pg *payment.PG, m adapters.Message) (string, error) {
	id, at, sum := m.Header["Other-Id"], m.Header["Other-At"], m.Header["Other-Sum"]
	secret := pg.Keys.Secret("otherpay_secret")
	if len(id) != 1 || len(at) != 1 || len(sum) != 1 || id[0] == "" || !secret.IsSet() {
		return "", errors.New("the message is not signed once")
	}
	sec, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil || m.Now.Sub(time.Unix(sec, 0)).Abs() > time.Minute {
		return "", errors.New("the message is not of now")
	}
	if !hmac.Equal([]byte(sum[0]), []byte(otherSum(secret.Reveal(), id[0], at[0], string(m.Body)))) {
		return "", errors.New("the signature is another")
	}
	return id[0], nil
}

func otherSum(secret, id, at, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id + "." + at + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

// ReadNotification implements adapters.Notifier.
func (d otherPay) ReadNotification(_ *payment.PG, m adapters.Message) (adapters.Notification, error) {
	o, err := otherObject(m.Body)
	return adapters.Notification{Kind: adapters.NotificationPayment, Attempt: o.attempt, PGTxID: o.payNo}, err
}

// ReadQuestion implements adapters.Asker.
func (d otherPay) ReadQuestion(_ *payment.PG, m adapters.Message) (adapters.Question, error) {
	o, err := otherObject(m.Body)
	return adapters.Question{Attempt: o.attempt, PGTxID: o.payNo, Amount: o.amount}, err
}

// AnswerQuestion implements adapters.Asker.
func (d otherPay) AnswerQuestion(yes bool, why string) adapters.Reply {
	if yes {
		return adapters.Reply{Status: http.StatusOK, Body: map[string]string{"may": "Y"}}
	}
	return adapters.Reply{Status: http.StatusForbidden, Body: map[string]string{"may": "N", "because": why}}
}

// told is what Other Pay tells and asks about.
type told struct {
	attempt payment.AttemptID
	payNo   string
	amount  payment.Won
}

func otherObject(body []byte) (told, error) {
	if err := wire.CheckUnique(body); err != nil {
		return told{}, err
	}
	o, err := wire.ParseObject(body)
	if err != nil {
		return told{}, err
	}
	t := told{attempt: payment.AttemptID(o.Required("orderNo")), payNo: o.Required("payNo"), amount: o.Won("amount")}
	if err := o.Err(); err != nil {
		return told{}, err
	}
	return t, nil
}

// TestAThirdPartysDriverConforms lets it pass what every driver passes.
func TestAThirdPartysDriverConforms(t *testing.T) {
	t.Parallel()
	account := func(base string) adapters.Account {
		return adapters.Account{
			PG:       &payment.PG{ID: "other", Driver: "otherpay", BaseURL: base, ApproveTimeout: 300 * time.Millisecond, ReadTimeout: 300 * time.Millisecond},
			Merchant: &payment.Merchant{ID: "1", PG: "other", MID: "shop-1"},
		}
	}
	shown := func(state, amount, cancelled string) string {
		return `{"state":"` + state + `","payNo":"P1","orderNo":"A1","shop":"shop-1","amount":` + amount + `,"cancelled":` + cancelled + `,"currency":"KRW"}`
	}
	t.Run("what it asks", func(t *testing.T) {
		t.Parallel()
		adapterstest.Run(t, func(_ *testing.T, base string, client *http.Client) adapterstest.Subject {
			d, a := otherPay{client}, payment.Attempt{ID: "A1", PG: "other", Driver: "otherpay", MID: "shop-1", Amount: 1000}
			return adapterstest.Subject{Operations: []adapterstest.Operation{
				{
					Name: "look up",
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: account(base), Attempt: a})
					},
					Replies: []adapterstest.Reply{
						{Name: "paid", Status: 200, Body: shown("paid", "1000", "0"), Want: payment.OutcomeApproved},
						{Name: "none", Status: 200, Body: `{"state":"none"}`, Want: payment.OutcomeNotFound},
						{Name: "something new", Status: 200, Body: shown("new", "1000", "0"), WantErr: adapters.ErrUnavailable},
						{Name: "the amount twice", Status: 200, Body: shown("paid", `1000,"amount":1`, "0"), WantErr: adapters.ErrUnavailable},
					},
				},
				{
					Name: "cancel", Money: true,
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{Account: account(base), Attempt: a, PGTxID: "P1", Amount: 1000, Remaining: 1000})
					},
					Replies: []adapterstest.Reply{
						{Name: "done", Status: 200, Body: shown("cancelled", "1000", "1000"), Want: payment.OutcomeCancelled},
						{Name: "none", Status: 200, Body: `{"state":"none"}`, WantErr: adapters.ErrUnknownOutcome},
					},
				},
			}}
		})
	})
	t.Run("what comes to it", func(t *testing.T) {
		t.Parallel()
		const body = `{"orderNo":"A1","payNo":"P1","amount":1000}`
		now, pg := time.Unix(1_772_000_000, 0), account("").PG
		pg.Keys = pg.Keys.WithSecret("otherpay_secret", "theirSecret")
		header := signedByOther("m1", body, now)
		adapterstest.RunInbound(t, adapterstest.Inbound{
			Driver: otherPay{}, PG: pg, Now: now,
			Notifications: []adapterstest.Letter[adapters.Notification]{
				{Name: "of a payment", Header: header, Body: body, Want: adapters.Notification{Kind: adapters.NotificationPayment, Attempt: "A1", PGTxID: "P1"}},
			},
			Questions: []adapterstest.Letter[adapters.Question]{
				{Name: "of a payment", Header: header, Body: body, Want: adapters.Question{Attempt: "A1", PGTxID: "P1", Amount: 1000}},
			},
		})
	})
}

func signedByOther(id, body string, now time.Time) http.Header {
	at := strconv.FormatInt(now.Unix(), 10)
	return http.Header{"Other-Id": {id}, "Other-At": {at}, "Other-Sum": {otherSum("theirSecret", id, at, body)}}
}
