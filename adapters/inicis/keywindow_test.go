package inicis_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

const liteKey = "b09LVzhuTGZVaEY1WmJoQnZzdXpRdz09"

func keyRequest() adapters.PrepareRequest {
	req := prepareRequest()
	req.Merchant.MID, req.Merchant.Purpose = "INIBillTst", payment.MerchantRecurring
	req.Merchant.Keys = req.Merchant.Keys.WithSecret("lite_key", liteKey)
	req.Attempt.ID, req.Attempt.MID, req.Attempt.Amount = "KEY-20260402-0001", "INIBillTst", 0
	req.Attempt.Purpose, req.Attempt.OrderName = payment.PurposeBillingKey, "정기구독"
	req.ReturnURL = "https://shop.example.com/return/inicis/key"
	return req
}

func TestPrepareMakesTheBillingKeyForm(t *testing.T) {
	t.Parallel()
	w, err := inicis.New(nil).Prepare(t.Context(), keyRequest())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	// The hash is that of vector lite-01.
	want := `{
 "kind": "inicis_billing_key",
 "script": "",
 "action": "http://127.0.0.1:7070/inicis/pay/card/billing",
 "params": {
  "mid": "INIBillTst",
  "buyerTel": "010-4242-4242",
  "buyerEmail": "gildong@example.com",
  "buyerName": "홍길동",
  "goodName": "정기구독",
  "orderId": "KEY-20260402-0001",
  "price": "0",
  "timestamp": "20260402141500",
  "returnUrl": "https://shop.example.com/return/inicis/key",
  "hashdata": "3b799a0dbb9fa3b87a9529ca76a2be55e7a075d61ab57680cf6ef338a1ef073bdab4c6373655aa0468de21a572c4ab7ff5ecc648a41854dd6c356bc94f370a33",
  "merchantRedirectData": "v1.c2VhbGVk"
 }
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheBillingKeyWindowHasOneHost(t *testing.T) {
	t.Parallel()
	for _, env := range []payment.Environment{payment.EnvTest, payment.EnvLive} {
		if got := inicis.Endpoints(&payment.PG{Environment: env}).KeyWindow; got != "https://inilitepay.inicis.com/pay/card/billing" {
			t.Errorf("%s: %s", env, got)
		}
	}
}

func TestPrepareRefusesWhatTheBillingKeyWindowWouldRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*adapters.PrepareRequest)
		field  string
	}{
		{"no INILite key", func(r *adapters.PrepareRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("lite_key", "") }, "merchants.lite_key"},
		{"a merchant for single payments", func(r *adapters.PrepareRequest) { r.Merchant.Purpose = payment.MerchantGeneral }, "merchants.purpose"},
		{"no MID", func(r *adapters.PrepareRequest) { r.Merchant.MID, r.Attempt.MID = "", "" }, "merchants.mid"},
		{"an id Inicis would not take", func(r *adapters.PrepareRequest) { r.Attempt.ID = "주문-1" }, "attempt_id"},
		{"no return address", func(r *adapters.PrepareRequest) { r.ReturnURL = "" }, "return_url"},
		{"a token that a form would change", func(r *adapters.PrepareRequest) { r.Token = "a+b" }, "merchantData"},
		{"no order name", func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "" }, "order_name"},
		{"no buyer name", func(r *adapters.PrepareRequest) { r.Buyer.Name = "" }, "buyer.name"},
		{"no buyer phone", func(r *adapters.PrepareRequest) { r.Buyer.Tel = "" }, "buyer.tel"},
		{"no buyer mail", func(r *adapters.PrepareRequest) { r.Buyer.Email = "" }, "buyer.email"},
		{"a mail of 61 bytes", func(r *adapters.PrepareRequest) { r.Buyer.Email = strings.Repeat("a", 49) + "@example.com" }, "buyer.email"},
		{"a phone of 41 digits", func(r *adapters.PrepareRequest) { r.Buyer.Tel = strings.Repeat("1", 41) }, "buyer.tel"},
	}
	for _, tt := range tests {
		req := keyRequest()
		tt.change(&req)
		_, err := inicis.New(nil).Prepare(t.Context(), req)
		field, ok := errors.AsType[*adapters.FieldError](err)
		if !ok || field.Field != tt.field || !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v, want a complaint about %s", tt.name, err, tt.field)
		}
	}
	req := keyRequest()
	req.Attempt.Method = "phone"
	if _, err := inicis.New(nil).Prepare(t.Context(), req); !errors.Is(err, adapters.ErrUnsupported) || !errors.Is(err, adapters.ErrRejected) {
		t.Errorf("a phone bill's key: got %v", err)
	}
}

func TestNoInquiryTellsOfABillingKey(t *testing.T) {
	t.Parallel()
	rec, base := record(t, inquiry("APPROVAL", ""))
	a := attempt()
	a.Purpose = payment.PurposeBillingKey
	_, err := driver().LookUp(t.Context(), adapters.LookUpRequest{Account: account(base), Attempt: a, PGTxID: tid, Now: at})
	if !errors.Is(err, adapters.ErrUnsupported) || rec.calls != 0 {
		t.Errorf("got %v after %d requests", err, rec.calls)
	}
}

func keyReturnForm() url.Values {
	return url.Values{
		"resultCode": {"SUCCESS"}, "resultMessage": {"성공"}, "mid": {"INIBillTst"}, "orderId": {"KEY-20260402-0001"},
		"tid": {"INILITCARDINIBillTst20260402141559123456"}, "billkey": {"0123456789abcdef0123456789abcdef01234567"},
		"cardNumber": {"527289*********3"}, "cardCode": {"14"}, "cardCompanyName": {"신한"}, "cardType": {"0"}, "cardKind": {"0"},
		"merchantRedirectData": {"v1.c2VhbGVk"}, "soonToCome": {"x", "y"},
	}
}

func TestParseKeyReturn(t *testing.T) {
	t.Parallel()
	whole := inicis.KeyReturn{
		ResultCode: "SUCCESS", ResultMsg: "성공", MID: "INIBillTst", OrderID: "KEY-20260402-0001",
		TID: "INILITCARDINIBillTst20260402141559123456", BillKey: "0123456789abcdef0123456789abcdef01234567", CardCode: "14",
		MerchantData: "v1.c2VhbGVk",
	}
	silent := whole
	silent.ResultMsg = ""
	full := keyReturnForm().Encode()
	tests := []struct {
		name, body string
		want       inicis.KeyReturn
		issued     bool
	}{
		{"a key", full, whole, true},
		{
			"a message that is not UTF-8", strings.Replace(full, url.QueryEscape("성공"), "%FF%FE", 1),
			silent, true,
		},
		{
			"a failure", "resultCode=01&resultMessage=x&orderId=KEY-20260402-0001&merchantRedirectData=v1.c2VhbGVk",
			inicis.KeyReturn{ResultCode: "01", ResultMsg: "x", OrderID: "KEY-20260402-0001", MerchantData: "v1.c2VhbGVk"},
			false,
		},
		{
			"a buyer who gave up", "resultCode=01&resultMessage=" + url.QueryEscape("사용자 취소") + "&orderId=KEY-20260402-0001",
			inicis.KeyReturn{ResultCode: "01", ResultMsg: "사용자 취소", OrderID: "KEY-20260402-0001", BuyerCancelled: true},
			false,
		},
		{
			"a failure brings no key", "resultCode=01&orderId=KEY-20260402-0001&billkey=0123",
			inicis.KeyReturn{ResultCode: "01", OrderID: "KEY-20260402-0001"},
			false,
		},
		{
			"another call's success is none here", "resultCode=0000&orderId=KEY-20260402-0001&billkey=0123",
			inicis.KeyReturn{ResultCode: "0000", OrderID: "KEY-20260402-0001"},
			false,
		},
	}
	for _, tt := range tests {
		got, err := inicis.ParseKeyReturn([]byte(tt.body))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
		if got.Issued() != tt.issued {
			t.Errorf("%s: issued is %v", tt.name, got.Issued())
		}
	}
}

func TestAKeyReturnPrintsNoKey(t *testing.T) {
	t.Parallel()
	ret, err := inicis.ParseKeyReturn([]byte(keyReturnForm().Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", ret, ret, ret); strings.Contains(text, "0123456789abcdef") {
		t.Error("the key is printed")
	}
}

func TestParseKeyReturnRefusesWhatTwoReadersWouldReadTwoWays(t *testing.T) {
	t.Parallel()
	full := keyReturnForm().Encode()
	without := func(name string) string {
		form := keyReturnForm()
		form.Del(name)
		return form.Encode()
	}
	tests := []struct{ name, body string }{
		{"nothing", ""},
		{"something else", "hello=world"},
		{"too much", full + "&x=" + strings.Repeat("x", 64<<10)},
		{"the result twice", full + "&resultCode=01"},
		{"the key twice", full + "&billkey=1"},
		{"the key twice, once encoded", full + "&bill%6Bey=1"},
		{"the order twice", full + "&orderId=KEY-20260402-0001"},
		{"the merchant twice", full + "&mid=x"},
		{"the transaction twice", full + "&tid=x"},
		{"the token twice", full + "&merchantRedirectData=x"},
		{"an issue without a key", without("billkey")},
		{"an issue without an order", without("orderId")},
		{"an issue without a merchant", without("mid")},
		{"an issue without a transaction", without("tid")},
		{"a key in Korean", strings.Replace(full, "billkey=0", "billkey=%C8%AB", 1)},
		{"a key that is too long", strings.Replace(full, "billkey=", "billkey="+strings.Repeat("0", 4096), 1)},
	}
	for _, tt := range tests {
		got, err := inicis.ParseKeyReturn([]byte(tt.body))
		if !errors.Is(err, inicis.ErrReturn) || got != (inicis.KeyReturn{}) {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("%s: the key is in the error", tt.name)
		}
	}
}

func FuzzParseKeyReturn(f *testing.F) {
	f.Add([]byte(keyReturnForm().Encode()))
	f.Add([]byte("resultCode=01&orderId=1"))
	f.Add([]byte("resultCode=SUCCESS&billkey=%"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := inicis.ParseKeyReturn(body)
		if err != nil {
			if !errors.Is(err, inicis.ErrReturn) || r != (inicis.KeyReturn{}) {
				t.Fatalf("got %+v, %v", r, err)
			}
			return
		}
		if r.Issued() != r.BillKey.IsSet() || r.Issued() && (r.MID == "" || r.OrderID == "" || r.TID == "") {
			t.Errorf("read as %+v", r)
		}
	})
}
