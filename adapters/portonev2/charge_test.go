package portonev2_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const charged = `{"payment":{"pgTxId":"INIBILL1","paidAt":"2026-03-01T02:15:00Z"}}`

func chargeRequest(base string) adapters.ChargeRequest {
	a := attempt()
	a.Purpose, a.ManualConfirm = payment.PurposeRecurring, false
	return adapters.ChargeRequest{Account: account(base), Attempt: a, Key: keyText, OperationID: string(a.ID), Buyer: buyer()}
}

func buyer() payment.Buyer {
	return payment.Buyer{Name: "홍길동", Email: "gildong@example.com", Tel: "010-4242-4242"}
}

func charges() []adapterstest.Reply {
	lost, rejected := adapters.ErrUnknownOutcome, adapters.ErrRejected
	return []adapterstest.Reply{
		{Name: "charged", Status: 200, Body: charged, Want: payment.OutcomeApproved},
		{Name: "declined by the PG", Status: 502, Body: `{"type":"PG_PROVIDER","pgCode":"V014","pgMessage":"한도초과"}`, Want: payment.OutcomeDeclined},
		{Name: "another 502", Status: 502, Body: `{"type":"CHANNEL_SPECIFIC"}`, WantErr: lost},
		{Name: "already paid is no yes", Status: 409, Body: `{"type":"ALREADY_PAID"}`, WantErr: lost},
		{Name: "the first request is still running", Status: 409, Body: `{"type":"IDEMPOTENCY_OUTSTANDING_REQUEST"}`, WantErr: lost},
		{Name: "a deleted key", Status: 409, Body: `{"type":"BILLING_KEY_ALREADY_DELETED"}`, WantErr: rejected},
		{Name: "no such key", Status: 404, Body: `{"type":"BILLING_KEY_NOT_FOUND"}`, WantErr: rejected},
		{Name: "too many tries under one id", Status: 400, Body: `{"type":"MAX_TRANSACTION_COUNT_REACHED"}`, WantErr: rejected},
		{Name: "too many requests", Status: 429, Body: `{"type":"RATE_LIMITED"}`, WantErr: adapters.ErrUnavailable},
		{Name: "a yes without its number", Status: 200, Body: `{"payment":{"paidAt":"2026-03-01T02:15:00Z"}}`, WantErr: lost},
		{Name: "a confirm's answer", Status: 200, Body: `{"pgTxId":"x","paidAt":"2026-03-01T02:15:00Z"}`, WantErr: lost},
	}
}

func TestAChargeSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*adapters.ChargeRequest)
		want   string
	}{
		{
			"the least", func(*adapters.ChargeRequest) {},
			`{"amount":{"total":64900},"billingKey":"` + keyText + `","currency":"KRW",` +
				`"customer":{"name":{"full":"홍길동"},"email":"gildong@example.com","phoneNumber":"010-4242-4242"},` +
				`"orderName":"노르웨이 회전 의자","storeId":"store-1"}`,
		},
		{
			"all of it", func(r *adapters.ChargeRequest) {
				r.Attempt.TaxFree, r.Attempt.VAT, r.Attempt.VATSet, r.Merchant.Tax = 1000, 5809, true, payment.TaxMixed
				r.Installment, r.Several, r.NoticeURL = 3, true, "https://gw.example.com/hooks"
				r.PG.Keys = r.PG.Keys.WithSecret("webhook_secrets", "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=")
			},
			`{"amount":{"total":64900,"taxFree":1000,"vat":5809},"billingKey":"` + keyText + `","channelKey":"channel-key-2",` +
				`"currency":"KRW","customer":{"name":{"full":"홍길동"},"email":"gildong@example.com","phoneNumber":"010-4242-4242"},` +
				`"installmentMonth":3,"noticeUrls":["https://gw.example.com/hooks"],"orderName":"노르웨이 회전 의자","storeId":"store-1"}`,
		},
		{
			"a caller's fields beside ours, and never in their place", func(r *adapters.ChargeRequest) {
				r.Buyer, r.NoticeURL = payment.Buyer{}, "https://gw.example.com/hooks" // whose webhooks could not be verified
				r.Fields = []byte(`{"billingKey":"other","storeId":"other","amount":{"total":1,"taxFree":1},"currency":"USD",` +
					`"channelKey":"other","installmentMonth":12,"orderName":"theirs","customer":{"id":"c-1"},"customData":"x","skipWebhook":true}`)
			},
			`{"amount":{"total":64900},"billingKey":"` + keyText + `","currency":"KRW","customData":"x","customer":{"id":"c-1"},` +
				`"orderName":"노르웨이 회전 의자","skipWebhook":true,"storeId":"store-1"}`,
		},
	} {
		base, got := record(t, 200, charged)
		req := chargeRequest(base)
		tt.change(&req)
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).Charge(t.Context(), req)
		if err != nil || r.Outcome != payment.OutcomeApproved || r.PGTxID != "" || r.Amount != 0 || r.Said.Body.Reveal() != charged {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		if diff := cmp.Diff([]request{{
			"POST /portone/v2/payments/ORD-20260301-0002-A1/billing-key", "PortOne " + apiSecret,
			`"charge-ORD-20260301-0002-A1"`, tt.want,
		}}, *got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

// A refusal's answer is handed on as well.
func TestARefusedChargeHasItsAnswer(t *testing.T) {
	t.Parallel()
	base, _ := record(t, 404, `{"type":"BILLING_KEY_NOT_FOUND"}`)
	r, err := portonev2.New(onewrite.New(onewrite.Options{})).Charge(t.Context(), chargeRequest(base))
	if !errors.Is(err, adapters.ErrRejected) || r.Said == nil || r.Said.Status != 404 || r.Said.Body.Reveal() != `{"type":"BILLING_KEY_NOT_FOUND"}` {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAChargeThatCannotBeSentIsRejected(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*adapters.ChargeRequest){
		"billing_key":    func(r *adapters.ChargeRequest) { r.Key = "../x" },
		"attempt_id":     func(r *adapters.ChargeRequest) { r.Attempt.ID = "" },
		"operation_id":   func(r *adapters.ChargeRequest) { r.OperationID = "" },
		"buyer.name":     func(r *adapters.ChargeRequest) { r.Buyer = payment.Buyer{} },
		"buyer.tel":      func(r *adapters.ChargeRequest) { r.Buyer.Tel = "" },
		"buyer.email":    func(r *adapters.ChargeRequest) { r.Buyer.Email = "" },
		"amount":         func(r *adapters.ChargeRequest) { r.Attempt.Amount = -1 },
		"order_name":     func(r *adapters.ChargeRequest) { r.Attempt.OrderName = "" },
		"tax_free":       func(r *adapters.ChargeRequest) { r.Attempt.TaxFree = 64901 },
		"fields":         func(r *adapters.ChargeRequest) { r.Fields = []byte(`[]`) },
		"pgs.api_secret": func(r *adapters.ChargeRequest) { r.PG.Keys = payment.Keys{} },
	} {
		base, got := record(t, 200, charged)
		req := chargeRequest(base)
		change(&req)
		d := portonev2.New(onewrite.New(onewrite.Options{}))
		_, err := d.Charge(t.Context(), req)
		if checked := d.CheckCharge(req); !errors.Is(checked, adapters.ErrRejected) || err == nil || !strings.HasSuffix(err.Error(), checked.Error()) {
			t.Errorf("checking says %v, charging %v", checked, err)
		}
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field || len(*got) > 0 {
			t.Errorf("got %v, want a complaint about %s; sent %v", err, field, *got)
		}
	}
}

func TestWhereAKeyIs(t *testing.T) {
	t.Parallel()
	two := strings.Replace(keyOf("ISSUED", "x"), `"channels":[`, `"channels":[{"type":"LIVE","key":"channel-key-9","pgMerchantId":"MID-9"},`, 1)
	here := payment.KeyContract{
		PG: "portone", MID: "INIBillTst", ChannelKey: "channel-key-2", Method: "card", Test: true, TestKnown: true,
	}
	paysWith := func(methods string) string {
		return strings.Replace(keyOf("ISSUED", "x"), `[{"type":"BillingKeyPaymentMethodCard"}]`, methods, 1)
	}
	with := func(m payment.Method) []payment.KeyContract {
		k := here
		k.Method = m
		return []payment.KeyContract{k}
	}
	for _, tt := range []struct {
		name, answer string
		status       int
		key          payment.Secret
		want         []payment.KeyContract
		err          error
		asked        int
	}{
		{"one channel", keyOf("ISSUED", "x"), 200, keyText, []payment.KeyContract{here}, nil, 1},
		{"two channels", two, 200, keyText, []payment.KeyContract{
			{PG: "portone", MID: "MID-9", ChannelKey: "channel-key-9", Method: "card", TestKnown: true}, here,
		}, nil, 1},
		{"a phone's", paysWith(`[{"type":"BillingKeyPaymentMethodMobile","phoneNumber":"010"}]`), 200, keyText, with("phone"), nil, 1},
		{"an account's", paysWith(`[{"type":"BillingKeyPaymentMethodTransfer"}]`), 200, keyText, with("trans"), nil, 1},
		{"a wallet's", paysWith(`[{"type":"BillingKeyPaymentMethodEasyPay","provider":"KAKAOPAY"}]`), 200, keyText, with("kakaopay"), nil, 1},
		{
			"a word that is none of ours", paysWith(`[{"type":"BillingKeyPaymentMethodPaypal"}]`), 200, keyText,
			with("PaymentMethodPaypal"), nil, 1,
		},
		{
			"two ways to pay", paysWith(`[{"type":"BillingKeyPaymentMethodCard"},{"type":"BillingKeyPaymentMethodMobile"}]`), 200, keyText,
			with(""), nil, 1,
		},
		{"no way to pay is told", paysWith(`[]`), 200, keyText, with(""), nil, 1},
		{"a deleted one", keyOf("DELETED", "x"), 200, keyText, nil, nil, 1},
		{"no such key", `{"type":"BILLING_KEY_NOT_FOUND"}`, 404, keyText, nil, nil, 1},
		{"a 404 of somebody in between", `<h1>404</h1>`, 404, keyText, nil, adapters.ErrUnavailable, 1},
		{"another key's answer", keyOf("ISSUED", "x"), 200, "billing-key-other", nil, adapters.ErrUnavailable, 1},
		{"a path", keyOf("ISSUED", "x"), 200, "../x", nil, nil, 0},
	} {
		base, got := record(t, tt.status, tt.answer)
		at, err := portonev2.New(onewrite.New(onewrite.Options{})).KeyContracts(t.Context(), account(base).PG, tt.key)
		if diff := cmp.Diff(tt.want, at); diff != "" || !errors.Is(err, tt.err) || len(*got) != tt.asked {
			t.Errorf("%s: %v, asked %v (-want +got)\n%s", tt.name, err, *got, diff)
		}
	}
}
