package portonev1_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

func keyAttempt() payment.Attempt {
	a := attempt()
	a.Purpose, a.Amount, a.OrderAmount, a.MID = payment.PurposeBillingKey, 0, 0, "INIBillTst"
	return a
}

const billingKey = `{"code":0,"message":null,"response":{"customer_uid":"ORD-20260301-0001-A1","pg_provider":"html5_inicis",` +
	`"pg_id":"INIBillTst","sandbox":true,"card_name":"신한카드","card_code":"366","card_number":"428790******0294",` +
	`"customer_name":null,"inserted":1772327700,"updated":1772327700}}`

const noCustomer = `{"code":1,"message":"등록된 구매자가 아닙니다.","response":null}`

func keyLookups() []adapterstest.Reply {
	away := adapters.ErrUnavailable
	return []adapterstest.Reply{
		{Name: "issued", Status: 200, Body: billingKey, Want: payment.OutcomeApproved},
		{Name: "not there yet", Status: 404, Body: noCustomer, Want: payment.OutcomePending},
		{Name: "a 404 of somebody in between", Status: 404, ContentType: "text/html", Body: "<h1>404</h1>", WantErr: away},
		{Name: "another attempt's key", Status: 200, Body: strings.ReplaceAll(billingKey, "0001-A1", "0001-A2"), WantErr: away},
		{Name: "a failure with status 200", Status: 200, Body: noCustomer, WantErr: away},
		{Name: "the name twice", Status: 200, Body: strings.Replace(billingKey, `"pg_provider"`, `"customer_uid":"x","pg_provider"`, 1), WantErr: away},
	}
}

func keyDeletes() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "deleted", Status: 200, Body: billingKey, Want: payment.OutcomeCancelled},
		{Name: "refused with status 200", Status: 200, Body: noCustomer, Want: payment.OutcomeDeclined},
		{Name: "no such key", Status: 404, Body: noCustomer, WantErr: adapters.ErrRejected},
		{Name: "success without the key", Status: 200, Body: `{"code":0,"message":null,"response":null}`, WantErr: lost},
		{Name: "another attempt's key", Status: 200, Body: strings.ReplaceAll(billingKey, "0001-A1", "0001-A2"), WantErr: lost},
	}
}

func keyRequest(base string) adapters.PrepareRequest {
	req := prepareRequest(base)
	req.Attempt, req.Merchant.Purpose = keyAttempt(), payment.MerchantRecurring
	req.NoticeURL, req.ConfirmURL = "https://gw.example.com/hooks/portone/v1/portone1", "https://gw.example.com/hooks/portone/v1/portone1/confirm"
	return req
}

func TestAKeysWindowChargesNothing(t *testing.T) {
	t.Parallel()
	base, asked := prepareServer(t, registered, registered)
	w, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Prepare(t.Context(), keyRequest(base))
	if err != nil || len(*asked) != 0 {
		t.Fatalf("%v, asked %v", err, *asked)
	}
	got, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"portone_v1","script":"` + base + `/portone/sdk/v1/iamport.js","action":"","init_code":"imp00000000",` +
		`"params":{"channelKey":"channel-key-1","pay_method":"card","merchant_uid":"ORD-20260301-0001-A1",` +
		`"customer_uid":"ORD-20260301-0001-A1","name":"노르웨이 회전 의자","amount":0,"currency":"KRW","buyer_name":"홍길동",` +
		`"buyer_tel":"010-4242-4242","buyer_email":"gildong@example.com","m_redirect_url":"https://shop.example.com/return/portone",` +
		`"notice_url":"https://gw.example.com/hooks/portone/v1/portone1"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAKeysWindowIsForACardOfARecurringContract(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*adapters.PrepareRequest){
		"merchants.purpose":     func(r *adapters.PrepareRequest) { r.Merchant.Purpose = payment.MerchantGeneral },
		"amount":                func(r *adapters.PrepareRequest) { r.Attempt.Amount = 100 },
		"order_name":            func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "" },
		"buyer.tel":             func(r *adapters.PrepareRequest) { r.Buyer.Tel = "" },
		"merchants.channel_key": func(r *adapters.PrepareRequest) { r.Merchant.ChannelKey = "" },
	} {
		req := keyRequest("http://127.0.0.1:1")
		change(&req)
		_, err := portonev1.BuildParams(req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	req := keyRequest("http://127.0.0.1:1")
	req.Attempt.Method = "trans"
	if _, err := portonev1.BuildParams(req); !errors.Is(err, adapters.ErrUnsupported) || !errors.Is(err, adapters.ErrRejected) {
		t.Errorf("a bank account's key: %v", err)
	}
}

func TestAKeyIsLookedUpAndDeletedByTheAttemptsOwnName(t *testing.T) {
	t.Parallel()
	base, asked := prepareServer(t, billingKey, billingKey)
	d, acc, a := portonev1.New(onewrite.New(onewrite.Options{}), nil), account(base), keyAttempt()
	r, err := d.LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: impUID})
	if err != nil || r.BillingKey.Reveal() != string(a.ID) || r.PGTxID != "" || r.Amount != 0 || !r.TestKnown || r.MID != "INIBillTst" {
		t.Errorf("got %+v, %v", r, err)
	}
	if m := adapters.Mismatch(a, acc.Merchant, r); m != "" {
		t.Errorf("mismatch %q", m)
	}
	if _, err := d.Cancel(t.Context(), adapters.CancelRequest{Account: acc, Attempt: a, Reason: "해지 & 환불"}); err != nil {
		t.Error(err)
	}
	if _, err := d.Cancel(t.Context(), adapters.CancelRequest{Account: acc, Attempt: a}); err != nil {
		t.Error(err)
	}
	const path = " /portone/v1/subscribe/customers/ORD-20260301-0001-A1"
	want := []string{"GET" + path + " ", "DELETE" + path + "?reason=%ED%95%B4%EC%A7%80+%26+%ED%99%98%EB%B6%88 ", "DELETE" + path + " "}
	if diff := cmp.Diff(want, *asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The issue of a key is on record as a payment of nothing, and must not look like money that came late.
func TestPaymentsOfNothingAreNotListedAsPaid(t *testing.T) {
	t.Parallel()
	bare := func(amount string) string {
		text := object("paid", amount, "0", "")
		return text[strings.Index(text, `{"imp_uid"`) : len(text)-1]
	}
	base, _ := payments(t, map[string]string{
		"/portone/v1/payments/findAll/ORD-20260301-0001-A1/paid": `{"code":0,"response":{"list":[` + bare("0") + "," + bare("100") + `]}}`,
	})
	list, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).ListPaid(t.Context(),
		adapters.LookUpRequest{Account: account(base), Attempt: keyAttempt()})
	if err != nil || len(list) != 1 || list[0].Amount != 100 {
		t.Errorf("got %+v, %v", list, err)
	}
}

// A key under a name that the order service chose is its attempt's when it has that name, and another card than before.
func TestAKeyUnderAChosenName(t *testing.T) {
	t.Parallel()
	const key = `{"code":0,"response":{"customer_uid":"cust-1","pg_id":"INIBillTst","sandbox":true,"card_number":"1*1","updated":7}}`
	base, _ := payments(t, map[string]string{
		"/portone/v1/subscribe/customers/cust-1": key, "/portone/v1/subscribe/customers/cust-2": key,
	})
	d, acc, a := portonev1.New(onewrite.New(onewrite.Options{}), nil), account(base), keyAttempt()
	stored, err := d.StoredKey(t.Context(), acc.PG, "cust-1")
	if err != nil || len(stored.At) != 1 || stored.Mark == "" {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	for _, tt := range []struct {
		key  payment.Secret
		mark string
		want payment.Outcome
		err  error
	}{
		{"cust-1", "", payment.OutcomeApproved, nil},
		{"cust-1", "another", payment.OutcomeApproved, nil},
		{"cust-1", stored.Mark, payment.OutcomeNotFound, nil},
		{"cust-2", "", "", adapters.ErrUnavailable},
		{"cust-3", "", payment.OutcomeNotFound, nil},
		{"", "", payment.OutcomePending, nil},
	} {
		r, err := d.LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: a, Key: tt.key, Mark: tt.mark})
		if r.Outcome != tt.want || !errors.Is(err, tt.err) || r.Outcome == payment.OutcomeApproved && (r.OrderRef != a.ID || r.BillingKey != tt.key) {
			t.Errorf("%+v: %+v, %v", tt, r, err)
		}
	}
}
