package portonev2_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const cardData payment.Secret = `{"credential":{"number":"4111118888774242"},"installmentMonth":12,"useCardPoint":true}`

func keyInRequest(base string) adapters.ChargeRequest {
	req := chargeRequest(base)
	req.Attempt.Purpose, req.Key, req.Card = payment.PurposeKeyIn, "", cardData
	return req
}

// TestAKeyInSaysWhatWasDecided: the card goes to PortOne as it came, but for the instalments, which were decided, as the
// channel was.
func TestAKeyInSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	const rest = `"orderName":"노르웨이 회전 의자","storeId":"store-1"}`
	const first = `{"amount":{"total":64900},"channelKey":"channel-key-2","currency":"KRW",` +
		`"customer":{"name":{"full":"홍길동"},"email":"gildong@example.com","phoneNumber":"010-4242-4242"},"method":{"card":{"credential":`
	for _, tt := range []struct {
		name   string
		change func(*adapters.ChargeRequest)
		want   string
		field  string
	}{
		{"a lump sum", func(*adapters.ChargeRequest) {}, first + `{"number":"4111118888774242"},"useCardPoint":true}},` + rest, ""},
		{
			"instalments", func(r *adapters.ChargeRequest) {
				r.Installment = 3
				r.Fields = []byte(`{"method":{"card":{}},"channelKey":"other","isEscrow":true,"billingKey":"other","installmentMonth":9}`)
			},
			first + `{"number":"4111118888774242"},"installmentMonth":3,"useCardPoint":true}},` + rest, "",
		},
		{"no card", func(r *adapters.ChargeRequest) { r.Card = `{}` }, "", "method.card.credential"},
	} {
		base, got := record(t, 200, charged)
		req := keyInRequest(base)
		tt.change(&req)
		_, err := portonev2.New(onewrite.New(onewrite.Options{})).Charge(t.Context(), req)
		e, _ := errors.AsType[*adapters.FieldError](err)
		if tt.field == "" && err != nil || tt.field != "" && (e == nil || e.Field != tt.field || strings.Contains(err.Error(), "4111")) {
			t.Errorf("%s: %v", tt.name, err)
		}
		want := []request{}
		if tt.want != "" {
			want = []request{{
				"POST /portone/v2/payments/ORD-20260301-0002-A1/instant", "PortOne " + apiSecret, `"charge-ORD-20260301-0002-A1"`, tt.want,
			}}
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

// TestAnAccountSaysWhatWasDecided: an account is opened as the caller sent it, at the channel that was decided, and is not
// paid.
func TestAnAccountSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	const asked = `{"bank":"SHINHAN","expiry":{"validHours":3},"option":{"type":"NORMAL"}}`
	base, got := record(t, 200, charged)
	req := keyInRequest(base)
	req.Card, req.VBank, req.Attempt.Method = "", asked, payment.MethodVBank
	req.Fields = []byte(`{"method":{"card":{}},"channelKey":"other","isEscrow":true}`)
	r, err := portonev2.New(onewrite.New(onewrite.Options{})).Charge(t.Context(), req)
	if err != nil || r.Outcome != payment.OutcomeIssued {
		t.Errorf("%s, %v", r.Outcome, err)
	}
	want := []request{{
		"POST /portone/v2/payments/ORD-20260301-0002-A1/instant", "PortOne " + apiSecret, `"charge-ORD-20260301-0002-A1"`,
		`{"amount":{"total":64900},"channelKey":"channel-key-2","currency":"KRW",` +
			`"customer":{"name":{"full":"홍길동"},"email":"gildong@example.com","phoneNumber":"010-4242-4242"},` +
			`"method":{"virtualAccount":` + asked + `},"orderName":"노르웨이 회전 의자","storeId":"store-1"}`,
	}}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
