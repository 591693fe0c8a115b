package portonev2_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const apiSecret = "TESTONLY-v2-api-secret"

func account(base string) adapters.Account {
	return adapters.Account{
		PG: &payment.PG{
			ID: "portone", Driver: portonev2.Name, Environment: payment.EnvSandbox, BaseURL: base,
			Keys:           payment.Keys{}.WithText("store_id", "store-1").WithSecret("api_secret", apiSecret),
			ApproveTimeout: 300 * time.Millisecond, ReadTimeout: 300 * time.Millisecond,
		},
		Merchant: &payment.Merchant{
			ID: "3001", PG: "portone", MID: "INIpayTest", Mode: payment.ModeTest, ChannelKey: "channel-key-2",
			Behind: "inicis", ManualConfirm: true,
		},
	}
}

func attempt() payment.Attempt {
	return payment.Attempt{
		ID: "ORD-20260301-0002-A1", OrderID: "ORD-20260301-0002", PG: "portone", Driver: portonev2.Name,
		Merchant: "3001", MID: "INIpayTest", Method: "card", Amount: 64_900, OrderAmount: 64_900,
		Currency: payment.CurrencyKRW, Test: true, ManualConfirm: true, OrderName: "노르웨이 회전 의자",
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adapterstest.Run(t, func(_ *testing.T, base string, client *http.Client) adapterstest.Subject {
		d, acc, a := portonev2.New(client), account(base), attempt()
		return adapterstest.Subject{
			Secrets: []string{apiSecret, "ptok_0f2c6d", "56211105948400", "홍길동", "010-4242-4242", keyText},
			Operations: []adapterstest.Operation{
				{
					Name: "approve", Money: true, Replies: confirms(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Approve(ctx, adapters.ApproveRequest{
							Account: acc, Attempt: a, Proof: adapters.Proof{AuthToken: "ptok_0f2c6d"},
						})
					},
				},
				{
					Name: "look up", Replies: lookups(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: a})
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
						req := keyInRequest(base)
						req.Account = acc
						return d.Charge(ctx, req)
					},
				},
				{
					Name: "cancel", Money: true, Replies: cancels(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{
							Account: acc, Attempt: a, Amount: 10_000, Remaining: 64_900, Reason: "단순 변심", OperationID: "op-1",
						})
					},
				},
				{
					Name: "refund a virtual account", Money: true, Replies: cancels(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.Cancel(ctx, refundRequest(acc)) },
				},
				{
					Name: "close a virtual account", Money: true, Replies: closes(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.CloseAccount(ctx, adapters.CancelRequest{Account: acc, Attempt: vbankAttempt(), OperationID: "op-1"})
					},
				},
			},
		}
	})
}

// A key is deleted in one write, after the read that shows that it is the attempt's.
func TestBillingKeyConformance(t *testing.T) {
	t.Parallel()
	adapterstest.Run(t, func(_ *testing.T, base string, client *http.Client) adapterstest.Subject {
		d, acc, a := portonev2.New(client), account(base), keyAttempt()
		var reading bool
		return adapterstest.Subject{
			Secrets: []string{apiSecret, keyText},
			Plumbing: func(w http.ResponseWriter, r *http.Request) bool {
				if reading || r.Method != http.MethodGet {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, keyOf("ISSUED", string(a.ID)))
				return true
			},
			Operations: []adapterstest.Operation{
				{
					Name: "look up a billing key", Replies: keyLookups(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						reading = true
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: keyText})
					},
				},
				{
					Name: "search a billing key", Replies: keySearches(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						reading = true
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: a})
					},
				},
				{
					Name: "delete a billing key", Money: true, Replies: keyDeletes(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{Account: acc, Attempt: a, PGTxID: keyText, OperationID: "op-1"})
					},
				},
			},
		}
	})
}

func confirms() []adapterstest.Reply {
	lost, rejected := adapters.ErrUnknownOutcome, adapters.ErrRejected
	return []adapterstest.Reply{
		{Name: "approved", Status: 200, Body: `{"pgTxId":"Stdpay1","paidAt":"2026-03-01T02:15:00Z"}`, Want: payment.OutcomeApproved},
		{Name: "declined by the PG", Status: 502, Body: `{"type":"PG_PROVIDER","message":"m","pgCode":"V014","pgMessage":"한도초과"}`, Want: payment.OutcomeDeclined},
		{Name: "another 502", Status: 502, Body: `{"type":"CHANNEL_SPECIFIC"}`, WantErr: lost},
		{Name: "already paid", Status: 409, Body: `{"type":"ALREADY_PAID"}`, WantErr: lost},
		{Name: "the first request is still running", Status: 409, Body: `{"type":"IDEMPOTENCY_OUTSTANDING_REQUEST"}`, WantErr: lost},
		{Name: "a conflict nobody knows", Status: 409, Body: `{"type":"SOMETHING_NEW"}`, WantErr: lost},
		{Name: "the figures differ", Status: 409, Body: `{"type":"INFORMATION_MISMATCH"}`, WantErr: rejected},
		{Name: "the token is wrong", Status: 400, Body: `{"type":"INVALID_PAYMENT_TOKEN"}`, WantErr: rejected},
		{Name: "the secret is wrong", Status: 401, Body: `{"type":"UNAUTHORIZED"}`, WantErr: rejected},
		{Name: "no such payment", Status: 404, Body: `{"type":"PAYMENT_NOT_FOUND"}`, WantErr: rejected},
		{Name: "a 404 of somebody in between", Status: 404, ContentType: "text/html", Body: "<h1>404</h1>", WantErr: lost},
		{Name: "too many requests", Status: 429, Body: `{"type":"RATE_LIMITED"}`, WantErr: adapters.ErrUnavailable},
		{Name: "the transaction twice", Status: 200, Body: `{"pgTxId":"a","pgTxId":"b"}`, WantErr: lost},
	}
}

// object is a payment object.
func object(status, amount, more string) string {
	return `{"status":"` + status + `","id":"ORD-20260301-0002-A1","transactionId":"55451513-9763","amount":{` + amount + `},` +
		`"currency":"KRW","method":{"type":"PaymentMethodCard"},` +
		`"channel":{"type":"TEST","key":"channel-key-2","pgProvider":"INICIS_V2","pgMerchantId":"INIpayTest"}` + more + `}`
}

func lookups() []adapterstest.Reply {
	away, full := adapters.ErrUnavailable, `"total":64900,"paid":64900,"cancelled":0`
	return []adapterstest.Reply{
		{Name: "paid", Status: 200, Body: object("PAID", full, ""), Want: payment.OutcomeApproved},
		{Name: "partly cancelled", Status: 200, Body: object("PARTIAL_CANCELLED", `"total":64900,"cancelled":100`, ""), Want: payment.OutcomeApproved},
		{Name: "cancelled", Status: 200, Body: object("CANCELLED", `"total":64900,"cancelled":64900`, ""), Want: payment.OutcomeCancelled},
		{Name: "failed", Status: 200, Body: object("FAILED", full, `,"failure":{"reason":"x","pgCode":"V014"}`), Want: payment.OutcomeDeclined},
		{Name: "nothing has happened", Status: 200, Body: object("READY", full, ""), Want: payment.OutcomePending},
		{Name: "an account was issued", Status: 200, Body: object("VIRTUAL_ACCOUNT_ISSUED", full, ""), Want: payment.OutcomeIssued},
		{Name: "about to be paid is not nothing", Status: 200, Body: object("PAY_PENDING", full, ""), Want: payment.OutcomeUnknown},
		{Name: "a status nobody knows", Status: 200, Body: object("DISPUTED", full, ""), Want: payment.OutcomeUnknown},
		{Name: "no such payment", Status: 404, Body: `{"type":"PAYMENT_NOT_FOUND"}`, Want: payment.OutcomeNotFound},
		{Name: "a 404 of somebody in between", Status: 404, ContentType: "text/html", Body: "<h1>404</h1>", WantErr: away},
		{Name: "a 404 of another kind", Status: 404, Body: `{"type":"CHANNEL_NOT_FOUND"}`, WantErr: away},
		{
			Name: "another payment's answer", Status: 200, WantErr: away,
			Body: strings.ReplaceAll(object("PAID", full, ""), "0002-A1", "0002-A2"),
		},
		{Name: "the amount as text", Status: 200, Body: object("PAID", `"total":"64900"`, ""), WantErr: away},
		{Name: "a fraction of a won", Status: 200, Body: object("PAID", `"total":64900.0`, ""), WantErr: away},
		{Name: "the total twice", Status: 200, Body: object("PAID", `"total":64900,"total":1`, ""), WantErr: away},
		{Name: "the status twice", Status: 200, Body: object("PAID", full, `,"status":"FAILED"`), WantErr: away},
		{Name: "more cancelled than paid", Status: 200, Body: object("PAID", `"total":1,"cancelled":2`, ""), WantErr: away},
		{
			Name: "a full cancel that is only asked for", Status: 200, Want: payment.OutcomeApproved,
			Body: object("CANCELLED", `"total":64900,"cancelled":64900`, `,"cancellations":[{"status":"REQUESTED","totalAmount":64900}]`),
		},
		{
			Name: "more is to be cancelled than is left", Status: 200, WantErr: away,
			Body: object("PARTIAL_CANCELLED", `"total":64900,"cancelled":100`, `,"cancellations":[{"status":"SUCCEEDED","totalAmount":100},{"status":"REQUESTED","totalAmount":64801}]`),
		},
		{
			Name: "a cancellation's amount as text", Status: 200, WantErr: away,
			Body: object("PARTIAL_CANCELLED", `"total":64900,"cancelled":100`, `,"cancellations":[{"status":"SUCCEEDED","totalAmount":"100"}]`),
		},
	}
}

func cancels() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "cancelled in part", Status: 200, Body: `{"cancellation":{"status":"SUCCEEDED","totalAmount":10000}}`, Want: payment.OutcomeApproved},
		{Name: "the PG cancels later", Status: 200, Body: `{"cancellation":{"status":"REQUESTED","totalAmount":10000}}`, Want: payment.OutcomePending},
		{Name: "200 with a failed cancel", Status: 200, Body: `{"cancellation":{"status":"FAILED","totalAmount":10000}}`, Want: payment.OutcomeDeclined},
		{Name: "another amount was cancelled", Status: 200, Body: `{"cancellation":{"status":"SUCCEEDED","totalAmount":64900}}`, WantErr: lost},
		{Name: "a status nobody knows", Status: 200, Body: `{"cancellation":{"status":"HELD","totalAmount":10000}}`, WantErr: lost},
		{Name: "refused by the PG", Status: 502, Body: `{"type":"PG_PROVIDER","pgCode":"x","pgMessage":"y"}`, Want: payment.OutcomeDeclined},
		{Name: "our balance is stale", Status: 409, Body: `{"type":"CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"}`, WantErr: adapters.ErrRejected},
		{Name: "already cancelled is to be looked up", Status: 409, Body: `{"type":"PAYMENT_ALREADY_CANCELLED"}`, WantErr: lost},
		{Name: "the status twice", Status: 200, Body: `{"cancellation":{"status":"FAILED","status":"SUCCEEDED","totalAmount":10000}}`, WantErr: lost},
	}
}
