package portonev1_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

const cardData payment.Secret = `{"birth":"880229","card_number":"4111-1188-8877-4242","expiry":"2039-04","pwd_2digit":"73"}`

// keyInRequest is a payment by key-in at a PG behind PortOne.
func keyInRequest(base, behind string) adapters.ChargeRequest {
	req := chargeRequest(base)
	merchant := *req.Merchant
	req.Merchant, req.Attempt.Purpose = &merchant, payment.PurposeKeyIn
	req.Merchant.Purpose, req.Merchant.Behind, req.Merchant.MID = payment.MerchantKeyIn, behind, "MID-1"
	req.Key, req.Card = "", cardData
	return req
}

// TestAKeyInSaysWhatWasDecided: the card goes to PortOne as it came, and the contract is named so that PortOne can take
// no other.
func TestAKeyInSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	const card = `"card_number":"4111-1188-8877-4242","expiry":"2039-04",`
	for _, tt := range []struct {
		name, behind string
		change       func(*adapters.ChargeRequest)
		want, field  string
	}{
		{
			"the least", "kcp", func(*adapters.ChargeRequest) {},
			`{"amount":64900,"birth":"880229",` + card +
				`"merchant_uid":"ORD-20260301-0001-A1","name":"노르웨이 회전 의자","pg":"kcp.MID-1","pwd_2digit":"73"}`, "",
		},
		{
			"all of it", "inicis", func(r *adapters.ChargeRequest) {
				r.Named, r.Key, r.Installment, r.NoticeURL = "html5_inicis.MID-1", customer, 3, "https://gw.example.com/hooks"
				r.Fields = []byte(`{"pg":"other","card_number":"other","cvc":"other","amount":1,"browser_ip":"203.0.113.9"}`)
			},
			`{"amount":64900,"birth":"880229","browser_ip":"203.0.113.9","card_number":"4111-1188-8877-4242","card_quota":3,` +
				`"customer_uid":"cust-77_card-1","expiry":"2039-04","merchant_uid":"ORD-20260301-0001-A1",` +
				`"name":"노르웨이 회전 의자","notice_url":"https://gw.example.com/hooks","pg":"html5_inicis.MID-1","pwd_2digit":"73"}`, "",
		},
		{"a PG with two words is named by the caller", "nice", func(*adapters.ChargeRequest) {}, "", "pg"},
		{"a PG that takes none", "kakaopay", func(r *adapters.ChargeRequest) { r.Named = "kakaopay.MID-1" }, "", "pg"},
		{"another PG's word", "kcp", func(r *adapters.ChargeRequest) { r.Named = "nice.MID-1" }, "", "pg"},
		{"another MID", "kcp", func(r *adapters.ChargeRequest) { r.Named = "kcp.MID-2" }, "", "pg"},
		{"a contract without a MID", "kcp", func(r *adapters.ChargeRequest) { r.Merchant.MID = "" }, "", "merchants.mid"},
		{"no card", "kcp", func(r *adapters.ChargeRequest) { r.Card = `{}` }, "", "card_number"},
		{"no name for a key", "kcp", func(r *adapters.ChargeRequest) { r.Key = ".." }, "", "billing_key"},
	} {
		base, asked := prepareServer(t, object("paid", "64900", "0", ""), "")
		req := keyInRequest(base, tt.behind)
		tt.change(&req)
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Charge(t.Context(), req)
		want := []string{}
		if tt.want != "" {
			want = []string{"POST /portone/v1/subscribe/payments/onetime " + tt.want}
		}
		if diff := cmp.Diff(want, *asked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		e, _ := errors.AsType[*adapters.FieldError](err)
		if tt.field == "" && err != nil || tt.field != "" && (e == nil || e.Field != tt.field || strings.Contains(err.Error(), "4111")) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestAKeyInHandsTheBuyerOn: who the card is said to be of is compared with a verification, and goes to PortOne all the
// same, as all else that is the caller's own.
func TestAKeyInHandsTheBuyerOn(t *testing.T) {
	t.Parallel()
	d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
	ask, err := d.ReadCall(keyInRequest("", "kcp").PG, adapters.APICall{
		Method: "POST", Path: "/subscribe/payments/onetime", ContentType: "application/json",
		Body: []byte(`{"merchant_uid":"O-1","amount":9900,"name":"n","pg":"kcp.MID-1","card_number":"4111","expiry":"2039-04","birth":"880229",` +
			`"buyer_name":"홍길동","buyer_tel":"010-4242-4242"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(ask.KeyIn.Fields), `{"buyer_name":"홍길동","buyer_tel":"010-4242-4242"}`; got != want {
		t.Errorf("handed on is %s, want %s", got, want)
	}
	if h := ask.KeyIn.Holder; h.Name.Reveal() != "홍길동" || h.Birth.Reveal() != "880229" {
		t.Errorf("the holder is read as %q, %q", h.Name.Reveal(), h.Birth.Reveal())
	}
}

const vbankData payment.Secret = `{"vbank_code":"88","vbank_holder":"데모 상점"}`

// accountRequest opens a virtual account at a PG behind PortOne.
func accountRequest(base, behind string) adapters.ChargeRequest {
	req := keyInRequest(base, behind)
	req.Card, req.VBank, req.Merchant.ChannelKey = "", vbankData, "channel-key-1"
	req.Merchant.Keys = req.Merchant.Keys.WithSecret("api_key", iniapiKey)
	req.Attempt.Method, req.Attempt.DepositDue = payment.MethodVBank, time.Unix(1772600000, 0)
	req.Buyer = payment.Buyer{Name: "홍길동", Email: "gildong@example.com"}
	return req
}

// accountObject is a payment by virtual account.
func accountObject(status, more string) string {
	return strings.Replace(object(status, "64900", "0", more), `"pay_method":"card"`, `"pay_method":"vbank"`, 1)
}

// TestAnAccountSaysWhatWasDecided: an account is opened at the channel and until the time that were decided, with the key
// that KG Inicis wants, and is not paid.
func TestAnAccountSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	const body = `{"amount":64900,"buyer_email":"gildong@example.com","buyer_name":"홍길동","channel_key":"channel-key-1",` +
		`"merchant_uid":"ORD-20260301-0001-A1","name":"노르웨이 회전 의자","notice_url":["https://gw.example.com/hooks"],` +
		`"vbank_code":"88","vbank_due":1772600000,"vbank_holder":"데모 상점"}`
	for _, tt := range []struct {
		name, behind string
		change       func(*adapters.ChargeRequest)
		want, field  string
	}{
		{
			"what is decided is no caller's", "toss", func(r *adapters.ChargeRequest) {
				r.Fields = []byte(`{"vbank_due":1,"vbank_code":"04","channel_key":"other","fixed_unlimited_vbank":true,"escrow_password":"1"}`)
			}, "/vbanks " + body, "",
		},
		{"Inicis", "inicis", func(*adapters.ChargeRequest) {}, "/vbanks?pg_api_key=" + iniapiKey + " " + body, ""},
		{"Inicis without its key", "inicis", func(r *adapters.ChargeRequest) { r.Merchant.Keys = payment.Keys{} }, "", "merchants.api_key"},
		{"Inicis without a buyer", "inicis", func(r *adapters.ChargeRequest) { r.Buyer = payment.Buyer{} }, "", "buyer_name"},
		{"Inicis without a holder", "inicis", func(r *adapters.ChargeRequest) { r.VBank = `{"vbank_code":"88"}` }, "", "vbank_holder"},
		{"no bank", "toss", func(r *adapters.ChargeRequest) { r.VBank = `{}` }, "", "vbank_code"},
		{"no channel", "toss", func(r *adapters.ChargeRequest) { r.Merchant.ChannelKey = "" }, "", "merchants.channel_key"},
	} {
		base, asked := prepareServer(t, accountObject("ready", `,"vbank_num":"56210000000008","vbank_code":"088"`), "")
		req := accountRequest(base, tt.behind)
		req.NoticeURL = "https://gw.example.com/hooks"
		tt.change(&req)
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Charge(t.Context(), req)
		want := []string{}
		if tt.want != "" {
			want = []string{"POST /portone/v1" + tt.want}
		}
		if diff := cmp.Diff(want, *asked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		e, _ := errors.AsType[*adapters.FieldError](err)
		if tt.field == "" && (err != nil || r.Outcome != payment.OutcomeIssued) || tt.field != "" && (e == nil || e.Field != tt.field) {
			t.Errorf("%s: %s, %v", tt.name, r.Outcome, err)
		}
	}
}

// TestAnAccountThatIsNoneIsUnknown: a yes without an account, or one that is paid, is looked up.
func TestAnAccountThatIsNoneIsUnknown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		object("ready", "64900", "0", ""), accountObject("ready", ""), accountObject("paid", `,"vbank_num":"1"`),
	} {
		base, _ := prepareServer(t, text, "")
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Charge(t.Context(), accountRequest(base, "toss"))
		if !errors.Is(err, adapters.ErrUnknownOutcome) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
