package portonev1_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

const customer payment.Secret = "cust-77_card-1"

func chargeRequest(base string) adapters.ChargeRequest {
	a := attempt()
	a.Purpose = payment.PurposeRecurring
	return adapters.ChargeRequest{Account: account(base), Attempt: a, Key: customer, OperationID: string(a.ID)}
}

func charges() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "paid", Status: 200, Body: object("paid", "64900", "0", `,"customer_uid":"cust-77_card-1"`), Want: payment.OutcomeApproved},
		{Name: "declined by the card company", Status: 200, Body: object("failed", "64900", "0", `,"fail_reason":"한도초과"`), Want: payment.OutcomeDeclined},
		{Name: "refused with status 200", Status: 200, Body: `{"code":1,"message":"등록되지 않은 구매자입니다.","response":null}`, Want: payment.OutcomeDeclined},
		{Name: "a code beside a paid payment", Status: 200, Body: strings.Replace(object("paid", "64900", "0", ""), `"code":0`, `"code":1`, 1), Want: payment.OutcomeDeclined},
		{Name: "code 0 is no payment", Status: 200, Body: object("ready", "64900", "0", ""), WantErr: lost},
		{Name: "a status nobody knows", Status: 200, Body: object("held", "64900", "0", ""), WantErr: lost},
		{Name: "given back already", Status: 200, Body: object("cancelled", "64900", "64900", ""), WantErr: lost},
		{Name: "code 0 without a payment", Status: 200, Body: `{"code":0,"message":null,"response":null}`, WantErr: lost},
		{Name: "another id's payment", Status: 200, Body: strings.ReplaceAll(object("paid", "64900", "0", ""), "0001-A1", "0001-A2"), WantErr: lost},
		{Name: "the status twice", Status: 200, Body: object("paid", "64900", "0", `,"status":"failed"`), WantErr: lost},
		{Name: "bad parameters", Status: 400, Body: `{"code":-1,"message":"x","response":null}`, WantErr: adapters.ErrRejected},
		{Name: "too many requests", Status: 429, Body: `{"code":-1,"message":"x","response":null}`, WantErr: adapters.ErrUnavailable},
		{Name: "a failure after the work", Status: 500, Body: `{"code":-1,"message":"x","response":null}`, WantErr: lost},
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
			`{"amount":64900,"customer_uid":"cust-77_card-1","merchant_uid":"ORD-20260301-0001-A1","name":"노르웨이 회전 의자"}`,
		},
		{
			"all of it", func(r *adapters.ChargeRequest) {
				r.Attempt.TaxFree, r.Attempt.VAT, r.Attempt.VATSet, r.Merchant.Tax = 1000, 5809, true, payment.TaxMixed
				r.Buyer = payment.Buyer{Name: "홍길동", Email: "gildong@example.com", Tel: "010-4242-4242"}
				r.Installment, r.Several, r.NoticeURL = 3, true, "https://gw.example.com/hooks"
				r.BuyerIP = netip.MustParseAddr("203.0.113.7")
			},
			`{"amount":64900,"browser_ip":"203.0.113.7","buyer_email":"gildong@example.com","buyer_name":"홍길동","buyer_tel":"010-4242-4242","card_quota":3,` +
				`"channel_key":"channel-key-1","customer_uid":"cust-77_card-1","merchant_uid":"ORD-20260301-0001-A1",` +
				`"name":"노르웨이 회전 의자","notice_url":"https://gw.example.com/hooks","tax_free":1000,"vat_amount":5809}`,
		},
		{
			"a caller's fields beside ours, and never in their place", func(r *adapters.ChargeRequest) {
				r.NoticeURL = "https://gw.example.com/hooks"
				r.Fields = []byte(`{"customer_uid":"other","merchant_uid":"other","amount":1,"name":"theirs","tax_free":64900,"vat":0,` +
					`"vat_amount":0,"currency":"USD","pg":"other","channel_key":"other","card_quota":12,"custom_data":"{\"a\":1}",` +
					`"notice_url":"https://shop.example.com/n","extra":{"naverUseCfm":"20261231"},"buyer_name":"김"}`)
			},
			`{"amount":64900,"buyer_name":"김","custom_data":"{\"a\":1}","customer_uid":"cust-77_card-1",` +
				`"extra":{"naverUseCfm":"20261231"},"merchant_uid":"ORD-20260301-0001-A1","name":"노르웨이 회전 의자",` +
				`"notice_url":"https://shop.example.com/n"}`,
		},
		{
			"a caller's name where we know none", func(r *adapters.ChargeRequest) {
				r.Attempt.OrderName, r.Fields = "", []byte(`{"name":"월간 이용권"}`)
			},
			`{"amount":64900,"customer_uid":"cust-77_card-1","merchant_uid":"ORD-20260301-0001-A1","name":"월간 이용권"}`,
		},
	} {
		base, asked := prepareServer(t, object("paid", "64900", "0", ""), "")
		req := chargeRequest(base)
		tt.change(&req)
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Charge(t.Context(), req)
		if err != nil || r.PGTxID != impUID || r.Said == nil || r.Said.Status != 200 || r.Said.Body.Reveal() != object("paid", "64900", "0", "") {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		if diff := cmp.Diff([]string{"POST /portone/v1/subscribe/payments/again " + tt.want}, *asked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

// What a decline is told with is handed on, too.
func TestADeclinedChargeHasItsReasonAndItsAnswer(t *testing.T) {
	t.Parallel()
	text := object("failed", "64900", "0", `,"fail_reason":"한도초과 취소"`)
	base, _ := prepareServer(t, text, "")
	r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Charge(t.Context(), chargeRequest(base))
	if err != nil || r.Outcome != payment.OutcomeDeclined || r.Why != payment.DeclinedLimit || r.BuyerCancelled || r.Said.Body.Reveal() != text {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAChargeThatCannotBeSentIsRejected(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*adapters.ChargeRequest){
		"billing_key": func(r *adapters.ChargeRequest) { r.Key = ".." },
		"attempt_id":  func(r *adapters.ChargeRequest) { r.Attempt.ID = "한글" },
		"amount":      func(r *adapters.ChargeRequest) { r.Attempt.Amount = 0 },
		"order_name":  func(r *adapters.ChargeRequest) { r.Attempt.OrderName = "" },
		"vat_amount":  func(r *adapters.ChargeRequest) { r.Attempt.VAT, r.Attempt.VATSet = 64901, true },
		"fields":      func(r *adapters.ChargeRequest) { r.Fields = []byte(`{"name":"a","name":"b"}`) },
	} {
		base, asked := prepareServer(t, "", "")
		req := chargeRequest(base)
		change(&req)
		d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
		_, err := d.Charge(t.Context(), req)
		if checked := d.CheckCharge(req); !errors.Is(checked, adapters.ErrRejected) || err == nil || !strings.HasSuffix(err.Error(), checked.Error()) {
			t.Errorf("checking says %v, charging %v", checked, err)
		}
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field || len(*asked) > 0 {
			t.Errorf("got %v, want a complaint about %s; sent %q", err, field, *asked)
		}
	}
}

func TestWhereAKeyIs(t *testing.T) {
	t.Parallel()
	const super = `{"code":0,"message":null,"response":{"customer_uid":"cust-77_card-1","channelGroupId":"g",` +
		`"succeededChannels":[{"pg_provider":"html5_inicis","pg_id":"MID-1"},{"pg_provider":"nice","pg_id":"MID-2"}]}}`
	mine := strings.ReplaceAll(billingKey, "ORD-20260301-0001-A1", string(customer))
	for _, tt := range []struct {
		name, answer string
		key          payment.Secret
		want         []payment.KeyContract
		err          error
		asked        int
	}{
		{"a card's", mine, customer, []payment.KeyContract{{PG: "portone1", MID: "INIBillTst", Test: true, TestKnown: true}}, nil, 1},
		{"of a channel group", super, customer, []payment.KeyContract{{PG: "portone1", MID: "MID-1"}, {PG: "portone1", MID: "MID-2"}}, nil, 1},
		{
			"a phone's", strings.Replace(mine, "html5_inicis", "danal", 1), customer,
			[]payment.KeyContract{{PG: "portone1", MID: "INIBillTst", Method: "phone", Test: true, TestKnown: true}},
			nil, 1,
		},
		{
			"a card's at the same company", strings.Replace(mine, "html5_inicis", "danal_tpay", 1), customer,
			[]payment.KeyContract{{PG: "portone1", MID: "INIBillTst", Test: true, TestKnown: true}},
			nil, 1,
		},
		{"of a channel group in part a phone's", strings.Replace(super, "nice", "danal", 1), customer, []payment.KeyContract{
			{PG: "portone1", MID: "MID-1"}, {PG: "portone1", MID: "MID-2", Method: "phone"},
		}, nil, 1},
		{"another customer's", billingKey, customer, nil, adapters.ErrUnavailable, 1},
		{"no answer of PortOne's", `{"code":1,"message":"x","response":null}`, customer, nil, adapters.ErrUnavailable, 1},
		{"a path", mine, "..", nil, nil, 0},
	} {
		base, asked := prepareServer(t, "", tt.answer)
		d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
		got, err := d.KeyContracts(t.Context(), account(base).PG, tt.key)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) || len(*asked) != tt.asked {
			t.Errorf("%s: %v, asked %q (-want +got)\n%s", tt.name, err, *asked, diff)
		}
	}
}
