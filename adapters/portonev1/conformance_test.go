package portonev1_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	impUID    = "imp_740012345678"
	tokenText = "a9ace025c90c0da2161075da6ddd3492a2fca776"
)

func account(base string) adapters.Account {
	return adapters.Account{
		PG: &payment.PG{
			ID: "portone1", Driver: portonev1.Name, Environment: payment.EnvSandbox, BaseURL: base,
			Keys: payment.Keys{}.WithText("imp_code", "imp00000000").WithSecret("imp_key", "1234567890123456").
				WithSecret("imp_secret", "TESTONLY-not-a-real-secret"),
			ApproveTimeout: 300 * time.Millisecond, ReadTimeout: 300 * time.Millisecond,
		},
		Merchant: &payment.Merchant{
			ID: "2001", PG: "portone1", MID: "INIpayTest", Mode: payment.ModeTest, ChannelKey: "channel-key-1",
			Behind: "inicis",
		},
	}
}

func attempt() payment.Attempt {
	return payment.Attempt{
		ID: "ORD-20260301-0001-A1", OrderID: "ORD-20260301-0001", PG: "portone1", Driver: portonev1.Name,
		Merchant: "2001", MID: "INIpayTest", Method: "card", Amount: 64_900, OrderAmount: 64_900,
		Currency: payment.CurrencyKRW, Test: true, OrderName: "노르웨이 회전 의자",
	}
}

// getToken answers a token request and returns true, or returns false.
func getToken(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/users/getToken") {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"code":0,"message":null,"response":{"access_token":"`+tokenText+`","now":1769400000,"expired_at":1769401800}}`)
	return true
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adapterstest.Run(t, func(_ *testing.T, base string, client *http.Client) adapterstest.Subject {
		d, acc, a := portonev1.New(client, nil), account(base), attempt()
		acc.Merchant.Keys = acc.Merchant.Keys.WithSecret("api_key", iniapiKey)
		account := vbankAttempt()
		return adapterstest.Subject{
			Plumbing: getToken,
			Secrets: []string{
				tokenText, "TESTONLY-not-a-real-secret", "1234567890123456", iniapiKey, "56211105948400", "홍길동", "010-4242-4242", string(customer),
			},
			Operations: []adapterstest.Operation{
				{
					Name: "look up", Replies: lookups(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: impUID})
					},
				},
				{
					Name: "charge a billing key", Money: true, Replies: charges(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						req := chargeRequest(base)
						req.Account = acc
						return d.Charge(ctx, req)
					},
				},
				{
					Name: "charge by key-in", Money: true, Replies: charges(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						req := keyInRequest(base, "inicis")
						req.Account, req.Named = acc, "html5_inicis."+acc.Merchant.MID
						return d.Charge(ctx, req)
					},
				},
				{
					Name: "cancel", Money: true, Replies: cancels(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{
							Account: acc, Attempt: a, PGTxID: impUID, Amount: 10_000, Remaining: 64_900, Reason: "단순 변심",
							OperationID: "op-1",
						})
					},
				},
				{
					Name: "look up a billing key", Replies: keyLookups(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: keyAttempt(), PGTxID: impUID})
					},
				},
				{
					Name: "delete a billing key", Money: true, Replies: keyDeletes(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{Account: acc, Attempt: keyAttempt(), Reason: "approval withdrawn", OperationID: "op-1"})
					},
				},
				{
					Name: "look up a virtual account", Replies: accountLookups(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: account, PGTxID: impUID})
					},
				},
				{
					Name: "refund a virtual account", Money: true, Replies: cancels(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.Cancel(ctx, refundRequest(acc)) },
				},
				{
					Name: "close a virtual account", Money: true, Replies: closes(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.CloseAccount(ctx, adapters.CancelRequest{
							Account: acc, Attempt: account, PGTxID: impUID, Amount: 64_900, Remaining: 64_900, OperationID: "op-1",
						})
					},
				},
			},
		}
	})
}

// object is a payment object in its envelope.
func object(status, amount, cancelled, more string) string {
	return `{"code":0,"message":null,"response":{"imp_uid":"` + impUID + `","merchant_uid":"ORD-20260301-0001-A1",` +
		`"status":"` + status + `","amount":` + amount + `,"cancel_amount":` + cancelled + `,"currency":"KRW",` +
		`"sandbox":true,"pg_id":"INIpayTest","pay_method":"card","paid_at":1772327700` + more + `}}`
}

func lookups() []adapterstest.Reply {
	away := adapters.ErrUnavailable
	return []adapterstest.Reply{
		{Name: "paid", Status: 200, Body: object("paid", "64900", "0", ""), Want: payment.OutcomeApproved},
		{Name: "waiting", Status: 200, Body: object("ready", "64900", "0", ""), Want: payment.OutcomePending},
		{Name: "failed", Status: 200, Body: object("failed", "64900", "0", `,"fail_reason":"한도초과"`), Want: payment.OutcomeDeclined},
		{Name: "cancelled", Status: 200, Body: object("cancelled", "64900", "64900", ""), Want: payment.OutcomeCancelled},
		{Name: "cancelled in full though the status says paid", Status: 200, Body: object("paid", "64900", "64900", ""), Want: payment.OutcomeCancelled},
		{Name: "cancelled in part though the status says cancelled", Status: 200, Body: object("cancelled", "64900", "100", ""), Want: payment.OutcomeApproved},
		{Name: "a status nobody knows", Status: 200, Body: object("held", "64900", "0", ""), Want: payment.OutcomeUnknown},
		{Name: "no such payment", Status: 404, Body: `{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}`, Want: payment.OutcomeNotFound},
		{
			Name: "another attempt's payment is not believed", Status: 200, WantErr: away,
			Body: strings.ReplaceAll(object("paid", "64900", "0", ""), "0001-A1", "0001-A2"),
		},
		{Name: "a 404 of somebody in between", Status: 404, ContentType: "text/html", Body: "<h1>404</h1>", WantErr: away},
		{Name: "a failure with status 200", Status: 200, Body: `{"code":1,"message":"오류","response":null}`, WantErr: away},
		{Name: "the amount as text", Status: 200, Body: object("paid", `"64900"`, "0", ""), WantErr: away},
		{Name: "a fraction of a won", Status: 200, Body: object("paid", "64900.5", "0", ""), WantErr: away},
		{Name: "an exponent", Status: 200, Body: object("paid", "649e2", "0", ""), WantErr: away},
		{Name: "a negative amount", Status: 200, Body: object("paid", "-64900", "0", ""), WantErr: away},
		{Name: "more cancelled than paid", Status: 200, Body: object("paid", "64900", "64901", ""), WantErr: away},
		{Name: "the amount twice", Status: 200, Body: object("paid", "64900", "0", `,"amount":1`), WantErr: away},
		{Name: "the amount beside the payment", Status: 200, Body: `{"code":0,"amount":64900,"response":{"imp_uid":"` + impUID + `","merchant_uid":"ORD-20260301-0001-A1","status":"paid","currency":"KRW","cancel_amount":0}}`, WantErr: away},
	}
}

func cancels() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "cancelled in part", Status: 200, Body: object("paid", "64900", "10000", ""), Want: payment.OutcomeApproved},
		{Name: "cancelled in full", Status: 200, Body: object("cancelled", "64900", "64900", ""), Want: payment.OutcomeCancelled},
		{Name: "refused with status 200", Status: 200, Body: `{"code":1,"message":"취소 가능 잔액이 일치하지 않습니다.","response":null}`, Want: payment.OutcomeDeclined},
		{Name: "unknown payment", Status: 404, Body: `{"code":-1,"message":"없음","response":null}`, WantErr: adapters.ErrRejected},
		{Name: "a failure inside", Status: 500, Body: `{"code":-1,"message":"오류","response":null}`, WantErr: lost},
		{Name: "success without the payment", Status: 200, Body: `{"code":0,"message":null,"response":null}`, WantErr: lost},
		{Name: "success but less than asked", Status: 200, Body: object("paid", "64900", "9999", ""), WantErr: lost},
		{
			Name: "another payment's answer", Status: 200, WantErr: lost,
			Body: strings.ReplaceAll(object("cancelled", "64900", "64900", ""), "0001-A1", "0001-A2"),
		},
		{Name: "the code twice", Status: 200, Body: `{"code":1,"code":0,"message":null,"response":null}`, WantErr: lost},
	}
}
