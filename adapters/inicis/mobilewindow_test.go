package inicis_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

func mobilePrepare() adapters.PrepareRequest {
	req := prepareRequest()
	req.Attempt.Device, req.ReturnURL = payment.DeviceMobile, "https://shop.example.com/return/inicis/mobile"
	return req
}

func TestPrepareMakesTheMobileForm(t *testing.T) {
	t.Parallel()
	w, err := inicis.New(nil).Prepare(t.Context(), mobilePrepare())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "kind": "inicis_mobile",
 "script": "",
 "action": "http://127.0.0.1:7070/inicis/smart/payment/",
 "params": {
  "P_INI_PAYMENT": "CARD",
  "P_MID": "INIpayTest",
  "P_OID": "ORD-20260402-0001-A1",
  "P_AMT": "64900",
  "P_GOODS": "노르웨이 회전 의자",
  "P_UNAME": "홍길동",
  "P_MOBILE": "010-4242-4242",
  "P_EMAIL": "gildong@example.com",
  "P_NEXT_URL": "https://shop.example.com/return/inicis/mobile",
  "P_NOTI": "v1.c2VhbGVk",
  "P_RESERVED": "centerCd=Y\u0026amt_hash=Y\u0026noeasypay=Y\u0026twotrs_isp=Y\u0026block_isp=Y\u0026twotrs_isp_noti=N",
  "P_TIMESTAMP": "1775106900123",
  "P_CHKFAKE": "` + inicis.ChkFake("64900", "ORD-20260402-0001-A1", "1775106900123", "3CB8183A4BE283555ACC8363C0360223") + `",
  "P_CHARSET": "utf8"
 }
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPhonesGetTheirOwnWindow(t *testing.T) {
	t.Parallel()
	for device, want := range map[payment.Device]payment.WindowKind{
		payment.DevicePC: payment.WindowInicisPC, payment.DeviceMobile: payment.WindowInicisMobile,
		payment.DeviceApp: payment.WindowInicisMobile,
	} {
		req := mobilePrepare()
		req.Attempt.Device = device
		if w, err := inicis.New(nil).Prepare(t.Context(), req); err != nil || w.Kind != want {
			t.Errorf("%s: got %s, %v", device, w.Kind, err)
		}
	}
}

func TestMobileFormFollowsTheDecision(t *testing.T) {
	t.Parallel()
	months := payment.Installments{
		Months:       []int{2, 3, 12},
		InterestFree: []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}, {Acquirer: "hana", Months: []int{5, 6}}},
		Cards:        []string{"shinhan", "kb"},
		Fixed:        &payment.Card{Company: "samsung"},
	}
	tests := []struct {
		name   string
		change func(*adapters.PrepareRequest)
		want   map[string]string
	}{
		{"under 1,000 won, by escrow", func(r *adapters.PrepareRequest) {
			r.Attempt.Amount, r.Attempt.Method, r.Attempt.Purpose = 999, "trans", payment.PurposeEscrow
		}, map[string]string{"P_INI_PAYMENT": "BANK", "P_RESERVED": "centerCd=Y&amt_hash=Y&below1000=Y&useescrow=Y&twotrs_bank=Y"}},
		{"a phone bill is for goods", func(r *adapters.PrepareRequest) {
			r.Attempt.Method, r.NoticeURL = "phone", "https://shop.example.com/hooks/inicis/inicis/deposit"
		}, map[string]string{
			"P_INI_PAYMENT": "MOBILE", "P_HPP_METHOD": "2", "P_RESERVED": "centerCd=Y&amt_hash=Y", "P_NOTI_URL": "",
		}},
		{"one easy-pay service only", func(r *adapters.PrepareRequest) { r.Attempt.Method = "kakaopay" }, map[string]string{
			"P_INI_PAYMENT": "CARD", "P_RESERVED": "centerCd=Y&amt_hash=Y&d_kakaopay=Y",
		}},
		{"instalments", func(r *adapters.PrepareRequest) { r.Installments = months }, map[string]string{
			"P_QUOTABASE": "01:02:03:12", "P_ONLY_CARDCODE": "14:06", "P_CARD_OPTION": "selcode=12",
			"P_RESERVED": "centerCd=Y&amt_hash=Y&noeasypay=Y&merc_noint=Y&noint_quota=11-2:3^34-5:6&twotrs_isp=Y&block_isp=Y&twotrs_isp_noti=N",
		}},
		{"taxes", func(r *adapters.PrepareRequest) {
			r.Attempt.TaxFree, r.Attempt.VAT, r.Attempt.VATSet = 4_900, 5_000, true
		}, map[string]string{
			"P_TAX": "5000", "P_TAXFREE": "4900",
		}},
		{"a virtual account's deadline", func(r *adapters.PrepareRequest) {
			r.Attempt.Method, r.Attempt.DepositDue = "vbank", at.Add(72*time.Hour)
			r.NoticeURL = "https://shop.example.com/hooks/inicis/inicis/deposit"
		}, map[string]string{
			"P_INI_PAYMENT": "VBANK", "P_VBANK_DT": "20260405", "P_VBANK_TM": "1415",
			"P_NOTI_URL": "https://shop.example.com/hooks/inicis/inicis/deposit",
		}},
		{"midnight is the end of the day before", func(r *adapters.PrepareRequest) {
			r.Attempt.Method, r.Attempt.DepositDue = "vbank", time.Date(2026, 4, 5, 15, 0, 30, 0, time.UTC)
			r.NoticeURL = "https://shop.example.com/hooks/inicis/inicis/deposit"
		}, map[string]string{"P_VBANK_DT": "20260405", "P_VBANK_TM": "2359"}},
		{"names that would forge fields, or are not in EUC-KR", func(r *adapters.PrepareRequest) {
			r.Buyer.Name, r.Attempt.OrderName = "홍&P_OID=x%", "의자 🪑 & 책상"
		}, map[string]string{"P_UNAME": "홍 P_OID x", "P_GOODS": "의자    책상"}},
		{"a mail that is too long is not cut into another's", func(r *adapters.PrepareRequest) {
			r.Buyer.Email = strings.Repeat("a", 30) + "@example.com"
		}, map[string]string{"P_EMAIL": ""}},
		{"nor one with what would forge fields", func(r *adapters.PrepareRequest) {
			r.Buyer.Email = "a&P_OID=x@b.kr"
		}, map[string]string{"P_EMAIL": ""}},
		{"a phone that is too long is not cut into another's", func(r *adapters.PrepareRequest) {
			r.Buyer.Tel = "010-4242-4242-4242"
		}, map[string]string{"P_MOBILE": ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := mobilePrepare()
			tt.change(&req)
			form, err := inicis.BuildMobileForm(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(form)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]string
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			for field, want := range tt.want {
				if got[field] != want {
					t.Errorf("%s is %q, want %q", field, got[field], want)
				}
			}
		})
	}
}

func TestPrepareRefusesWhatTheMobileWindowWouldRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*adapters.PrepareRequest)
		field  string
	}{
		{"no hash key", func(r *adapters.PrepareRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("hash_key", "") }, "merchants.hash_key"},
		{"a return address with a query", func(r *adapters.PrepareRequest) { r.ReturnURL += "?a=b" }, "return_url"},
		{"a name of signs only", func(r *adapters.PrepareRequest) { r.Buyer.Name = "&=%" }, "buyer.name"},
		{"goods that EUC-KR has not", func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "🪑" }, "order_name"},
		{"only cards without a code", func(r *adapters.PrepareRequest) { r.Installments.Cards = []string{"nobody"} }, "merchants.cards"},
		{"an amount of zero", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 0 }, "amount"},
		{"a token that is too long", func(r *adapters.PrepareRequest) { r.Token = strings.Repeat("a", 801) }, "return_url"},
		{"an account that nobody would tell of", func(r *adapters.PrepareRequest) {
			r.Attempt.Method, r.Attempt.DepositDue = "vbank", at.Add(72*time.Hour)
		}, "server.public.base_url"},
		{"a token that a form would change", func(r *adapters.PrepareRequest) { r.Token = "a+b" }, "merchantData"},
	} {
		req := mobilePrepare()
		tt.change(&req)
		_, err := inicis.New(nil).Prepare(t.Context(), req)
		field, ok := errors.AsType[*adapters.FieldError](err)
		if !ok || field.Field != tt.field {
			t.Errorf("%s: got %v, want a complaint about %s", tt.name, err, tt.field)
		}
	}
	req := mobilePrepare()
	req.Attempt.Method = "booknlife"
	if _, err := inicis.New(nil).Prepare(t.Context(), req); !errors.Is(err, adapters.ErrUnsupported) {
		t.Errorf("a method that the mobile window has not: got %v", err)
	}
}

// TestTheAppOfAPhonesWindow stands in P_RESERVED as name://, once, and nothing of it makes another option.
func TestTheAppOfAPhonesWindow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"myshop", "myshop://", "myshop://pay/result?from=card&x=1"} {
		req := mobilePrepare()
		req.App, _ = payment.ParseAppLink(text)
		form, err := inicis.BuildMobileForm(req)
		options := strings.Split(form.Reserved, "&")
		if err != nil || options[len(options)-1] != "app_scheme=myshop://" || strings.Count(form.Reserved, "app_scheme") != 1 ||
			strings.Contains(form.Reserved, "apprun_check") {
			t.Errorf("%s: P_RESERVED is %q, %v", text, form.Reserved, err)
		}
	}
	form, err := inicis.BuildMobileForm(mobilePrepare())
	if err != nil || strings.Contains(form.Reserved, "app_scheme") {
		t.Errorf("without an app P_RESERVED is %q, %v", form.Reserved, err)
	}
}

func TestAnAppForgesNoOptionsOfAPhonesWindow(t *testing.T) {
	t.Parallel()
	want, err := inicis.BuildMobileForm(mobilePrepare())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		req := mobilePrepare()
		req.App.Scheme = rapid.SampledFrom([]string{"", "my", "myshop"}).Draw(rt, "scheme") + rapid.OneOf(
			rapid.SampledFrom([]string{"", "&amt_hash=N", "=", " ", "://&d_quota=2", "\r\n", "%26", "한", "intent"}), rapid.String(),
		).Draw(rt, "rest")
		req.App.Rest = rapid.String().Draw(rt, "path")
		got, err := inicis.BuildMobileForm(req)
		if err != nil {
			return
		}
		app, there := strings.CutPrefix(got.Reserved, want.Reserved)
		if !there || app != "" && app != "&app_scheme="+req.App.Scheme+"://" || strings.Count(app, "&") > 1 || strings.Count(app, "=") > 1 {
			rt.Fatalf("%+v makes %q", req.App, got.Reserved)
		}
	})
	req := mobilePrepare()
	req.App.Scheme = "my&amt_hash=N"
	if _, err := inicis.BuildMobileForm(req); !errors.Is(err, adapters.ErrRejected) {
		t.Errorf("got %v", err)
	}
}
