package portonev2_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

func vbankAttempt() payment.Attempt {
	a := attempt()
	a.Method, a.DepositDue = payment.MethodVBank, time.Date(2026, 3, 7, 14, 59, 59, 0, time.UTC)
	return a
}

func refundRequest(acc adapters.Account) adapters.CancelRequest {
	return adapters.CancelRequest{
		Account: acc, Attempt: vbankAttempt(), Amount: 10_000, Remaining: 64_900, Reason: "단순 변심", OperationID: "op-1",
		RefundAccount: &payment.RefundAccount{Bank: "088", Number: "562-111-05948400", Holder: "홍길동", Tel: "010-4242-4242"},
	}
}

// vbank is a payment by virtual account.
func vbank(status, amount, more string) string {
	return strings.Replace(object(status, amount, more), `{"type":"PaymentMethodCard"}`,
		`{"type":"PaymentMethodVirtualAccount","bank":"SHINHAN","accountNumber":"562-111-05948400","accountType":"NORMAL",`+
			`"remitteeName":"케이지이니시스","issuedAt":"2026-03-01T02:15:00Z","expiredAt":"2026-03-07T23:59:59+09:00"}`, 1)
}

const whole = `"total":64900,"paid":0,"cancelled":0`

func issued() payment.VirtualAccount {
	return payment.VirtualAccount{
		Bank: "088", Number: "56211105948400", Holder: "케이지이니시스", Due: time.Date(2026, 3, 7, 14, 59, 59, 0, time.UTC),
	}
}

func TestTheAccountIsReadAsFarAsItIsTold(t *testing.T) {
	t.Parallel()
	with := func(change func(*payment.VirtualAccount)) payment.VirtualAccount {
		v := issued()
		change(&v)
		return v
	}
	tests := []struct {
		name, from, to string
		want           payment.VirtualAccount
	}{
		{"all of it", "", "", issued()},
		{"a bank nobody knows", `"SHINHAN"`, `"SHINHAN_BANK"`, with(func(v *payment.VirtualAccount) { v.Bank = "" })},
		{"no bank", `"bank":"SHINHAN",`, ``, with(func(v *payment.VirtualAccount) { v.Bank = "" })},
		{"no holder", `"remitteeName":"케이지이니시스",`, ``, with(func(v *payment.VirtualAccount) { v.Holder = "" })},
		{"no deadline", `"2026-03-07T23:59:59+09:00"`, `null`, with(func(v *payment.VirtualAccount) { v.Due = time.Time{} })},
		{"a deadline that is none", `"2026-03-07T23:59:59+09:00"`, `"2026-03-07"`, with(func(v *payment.VirtualAccount) { v.Due = time.Time{} })},
		{"the end of all time", `"2026-03-07T23:59:59+09:00"`, `"9999-12-31T23:59:59Z"`, with(func(v *payment.VirtualAccount) { v.Due = time.Time{} })},
		{"a masked number", `05948400`, `*****400`, with(func(v *payment.VirtualAccount) { v.Number = "" })},
	}
	for _, tt := range tests {
		text := strings.Replace(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), tt.from, tt.to, 1)
		r, err := portonev2.ParsePayment([]byte(text), vbankAttempt())
		if err != nil || r.Outcome != payment.OutcomeIssued || r.Method != payment.MethodVBank || r.Amount != 64_900 {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		if r.Account != tt.want {
			t.Errorf("%s: got %+v %q", tt.name, r.Account, r.Account.Number.Reveal())
		}
	}
	for field, text := range map[string]string{
		"amount":  strings.Replace(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), "64900", "64901", 1),
		"mid":     strings.Replace(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), "INIpayTest", "INIpayLive", 1),
		"channel": strings.Replace(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), "channel-key-2", "channel-key-3", 1),
		"test":    strings.Replace(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), `"TEST"`, `"LIVE"`, 1),
	} {
		r, err := portonev2.ParsePayment([]byte(text), vbankAttempt())
		if m := adapters.Mismatch(vbankAttempt(), account("").Merchant, r); err != nil || m != field {
			t.Errorf("another %s: mismatch %q, %v", field, m, err)
		}
	}
	if m := adapters.Mismatch(attempt(), account("").Merchant, mustParse(t, vbank("VIRTUAL_ACCOUNT_ISSUED", whole, ""), attempt())); m != "method" {
		t.Errorf("an account in place of a card: mismatch %q", m)
	}
	for status, want := range map[string]payment.Outcome{"PAID": payment.OutcomeApproved, "CANCELLED": payment.OutcomeCancelled, "FAILED": payment.OutcomeDeclined} {
		r, err := portonev2.ParsePayment([]byte(vbank(status, whole, "")), vbankAttempt())
		if err != nil || r.Outcome != want {
			t.Errorf("%s: got %s, %v", status, r.Outcome, err)
		}
	}
	r, err := portonev2.ParsePayment([]byte(object("PAID", whole, "")), attempt())
	if err != nil || r.Account != (payment.VirtualAccount{}) {
		t.Errorf("a card has the account %+v, %v", r.Account, err)
	}
}

func mustParse(t *testing.T, text string, a payment.Attempt) adapters.Result {
	t.Helper()
	r, err := portonev2.ParsePayment([]byte(text), a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What PortOne is asked to give back, and has not, is still paid.
func TestOnlyCancellationsThatSucceededCount(t *testing.T) {
	t.Parallel()
	const done, asked, failed = `{"status":"SUCCEEDED","totalAmount":10000}`, `{"status":"REQUESTED","totalAmount":5000}`, `{"status":"FAILED","totalAmount":700}`
	tests := []struct {
		name, status, cancelled, list string
		want                          payment.Outcome
		sum, later                    payment.Won
	}{
		{"one done", "PARTIAL_CANCELLED", "10000", done, payment.OutcomeApproved, 10_000, 0},
		{"one asked for", "PAID", "0", asked, payment.OutcomeApproved, 0, 5000},
		{"one asked for that the sum counts already", "PARTIAL_CANCELLED", "5000", asked, payment.OutcomeApproved, 0, 5000},
		{"one of each", "PARTIAL_CANCELLED", "15000", done + "," + asked + "," + failed, payment.OutcomeApproved, 10_000, 5000},
		{"the last of several is asked for", "CANCELLED", "64900", `{"status":"SUCCEEDED","totalAmount":59900},` + asked, payment.OutcomeApproved, 59_900, 5000},
		{"all done, one failed on the way", "CANCELLED", "64900", `{"status":"SUCCEEDED","totalAmount":64900},` + failed, payment.OutcomeCancelled, 64_900, 0},
		{"one that failed", "PAID", "0", failed, payment.OutcomeApproved, 0, 0},
		{"an empty list", "PAID", "0", "", payment.OutcomeApproved, 0, 0},
	}
	for _, tt := range tests {
		text := object(tt.status, `"total":64900,"cancelled":`+tt.cancelled, `,"cancellations":[`+tt.list+`]`)
		r, err := portonev2.ParsePayment([]byte(text), attempt())
		if err != nil || r.Outcome != tt.want || r.Cancelled != tt.sum || r.CancelPending != tt.later {
			t.Errorf("%s: got %s, %d and %d later, %v", tt.name, r.Outcome, r.Cancelled, r.CancelPending, err)
		}
	}
}

func closes() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "closed", Status: 200, Body: `{"closedAt":"2026-03-01T02:15:00Z"}`, Want: payment.OutcomeCancelled},
		{Name: "no longer waiting", Status: 409, Body: `{"type":"PAYMENT_NOT_WAITING_FOR_DEPOSIT"}`, Want: payment.OutcomeDeclined},
		{Name: "refused by the PG", Status: 502, Body: `{"type":"PG_PROVIDER","pgCode":"x","pgMessage":"y"}`, Want: payment.OutcomeDeclined},
		{Name: "no such payment", Status: 404, Body: `{"type":"PAYMENT_NOT_FOUND"}`, WantErr: adapters.ErrRejected},
		{Name: "a conflict nobody knows", Status: 409, Body: `{"type":"SOMETHING_NEW"}`, WantErr: lost},
		{Name: "the first request is still running", Status: 409, Body: `{"type":"IDEMPOTENCY_OUTSTANDING_REQUEST"}`, WantErr: lost},
		{Name: "the time twice", Status: 200, Body: `{"closedAt":"a","closedAt":"b"}`, WantErr: lost},
		{Name: "too many requests", Status: 429, Body: `{"type":"RATE_LIMITED"}`, WantErr: adapters.ErrUnavailable},
	}
}

func TestClosingAnAccountIsOneRequestUnderItsOwnKey(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{"closedAt":"2026-03-01T02:15:00Z"}`)
	d := portonev2.New(onewrite.New(onewrite.Options{}))
	req := adapters.CancelRequest{Account: account(base), Attempt: vbankAttempt(), PGTxID: "55451513-9763", OperationID: "a1-close-1"}
	r, err := d.CloseAccount(t.Context(), req)
	if err != nil || r.Outcome != payment.OutcomeCancelled || r.Cancelled != 0 || r.PGTxID != "55451513-9763" {
		t.Errorf("got %+v, %v", r, err)
	}
	if diff := cmp.Diff([]request{{
		"POST /portone/v2/payments/ORD-20260301-0002-A1/virtual-account/close?storeId=store-1", "PortOne " + apiSecret,
		`"close-a1-close-1"`, "",
	}}, *got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for field, change := range map[string]func(*adapters.CancelRequest){
		"operation_id":   func(r *adapters.CancelRequest) { r.OperationID = "" },
		"pgs.api_secret": func(r *adapters.CancelRequest) { r.PG.Keys = r.PG.Keys.WithSecret("api_secret", "") },
	} {
		bad := req
		bad.Account = account(base)
		change(&bad)
		_, err := d.CloseAccount(t.Context(), bad)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
}

// The body is the reference's example 7.11 with our store, and without the requester, whom nobody here knows.
func TestCancelBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*adapters.CancelRequest)
		want   string
	}{
		{
			"in part", func(*adapters.CancelRequest) {},
			`{"storeId":"store-1","amount":10000,"taxFreeAmount":0,"reason":"단순 변심","currentCancellableAmount":64900}`,
		},
		{
			"a VAT that was stated at the payment is stated again", func(r *adapters.CancelRequest) { r.TaxFree, r.VAT, r.VATSet = 1000, 818, true },
			`{"storeId":"store-1","amount":10000,"taxFreeAmount":1000,"vatAmount":818,"reason":"단순 변심","currentCancellableAmount":64900}`,
		},
		{
			"in part, which has no parts that only PortOne knows", func(r *adapters.CancelRequest) { r.Unstated = true },
			`{"storeId":"store-1","amount":10000,"taxFreeAmount":0,"reason":"단순 변심","currentCancellableAmount":64900}`,
		},
		{
			"whole, in the parts that only PortOne knows", func(r *adapters.CancelRequest) {
				r.Attempt.Amount, r.Remaining, r.TaxFree, r.VAT, r.VATSet, r.Unstated = 10_000, 10_000, 1000, 818, true, true
			},
			`{"storeId":"store-1","reason":"단순 변심","currentCancellableAmount":10000}`,
		},
		{
			"zero-rated", func(r *adapters.CancelRequest) { r.Merchant.Tax = payment.TaxZeroRated },
			`{"storeId":"store-1","amount":10000,"taxFreeAmount":0,"vatAmount":0,"reason":"단순 변심","currentCancellableAmount":64900}`,
		},
		{
			"a virtual account", func(r *adapters.CancelRequest) { *r = refundRequest(r.Account) },
			`{"storeId":"store-1","amount":10000,"taxFreeAmount":0,"reason":"단순 변심","currentCancellableAmount":64900,` +
				`"refundAccount":{"bank":"SHINHAN","number":"56211105948400","holderName":"홍길동","holderPhoneNumber":"010-4242-4242"}}`,
		},
	}
	for _, tt := range tests {
		base, got := record(t, 200, `{"cancellation":{"status":"REQUESTED","id":"5b0f3f5e","totalAmount":10000}}`)
		req := adapters.CancelRequest{
			Account: account(base), Attempt: attempt(), Amount: 10_000, Remaining: 64_900, Reason: "단순 변심", OperationID: "op-1",
		}
		tt.change(&req)
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), req)
		if err != nil || r.Outcome != payment.OutcomePending || r.Cancelled != 0 || r.CancelPending != 10_000 {
			t.Errorf("%s: got %+v, %v", tt.name, r, err)
		}
		if len(*got) != 1 || (*got)[0].Body != tt.want {
			t.Errorf("%s: sent %+v, want %s", tt.name, *got, tt.want)
		}
	}
}

func TestARefundIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{}`)
	for field, change := range map[string]func(*adapters.CancelRequest){
		"refund_account":        func(r *adapters.CancelRequest) { r.RefundAccount = nil },
		"refund_account.number": func(r *adapters.CancelRequest) { r.RefundAccount.Number = "56211****" },
		"refund_account.holder": func(r *adapters.CancelRequest) { r.RefundAccount.Holder = "" },
		"refund_account.bank":   func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "SHINHAN" },
		"tax_free":              func(r *adapters.CancelRequest) { r.TaxFree = 10_001 },
		"vat_amount":            func(r *adapters.CancelRequest) { r.VAT, r.VATSet = 10_001, true },
	} {
		req := refundRequest(account(base))
		change(&req)
		_, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	if len(*got) != 0 {
		t.Errorf("asked %v", *got)
	}
}

// What came into an account shows in paid alone; with another amount it is not what was decided.
func TestAnAccountShowsWhatCameIn(t *testing.T) {
	t.Parallel()
	for figures, want := range map[string]payment.Won{
		`"total":64900,"paid":64900,"cancelled":0`:                  64900,
		`"total":64900,"discount":900,"paid":64000,"cancelled":0`:   64900,
		`"total":64900,"discount":0,"paid":64901,"cancelled":0`:     64901,
		`"total":64900,"discount":0,"paid":100,"cancelled":0`:       100,
		`"total":64900,"discount":0,"paid":54900,"cancelled":10000`: 64900,
	} {
		a := attempt()
		a.Method = payment.MethodVBank
		r, err := portonev2.ParsePayment([]byte(vbank("PAID", figures, "")), a)
		if err != nil || r.Amount != want {
			t.Errorf("%s: %s won, %v, want %s", figures, r.Amount, err, want)
		}
	}
}
