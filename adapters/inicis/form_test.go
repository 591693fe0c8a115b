package inicis_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

func prepareRequest() adapters.PrepareRequest {
	return adapters.PrepareRequest{
		Account: account("http://127.0.0.1:7070"), Attempt: attempt(),
		Buyer:     payment.Buyer{Name: "홍길동", Email: "gildong@example.com", Tel: "010-4242-4242"},
		Token:     "v1.c2VhbGVk",
		ReturnURL: "https://shop.example.com/return/inicis", CloseURL: "https://shop.example.com/return/inicis/close",
		Now: at,
	}
}

func TestPrepareMakesTheWholeFormAndAsksNobody(t *testing.T) {
	t.Parallel()
	// A driver without a client: any request would panic.
	w, err := inicis.New(nil).Prepare(t.Context(), prepareRequest())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "kind": "inicis_pc",
 "script": "http://127.0.0.1:7070/inicis/stdjs/INIStdPay.js",
 "action": "",
 "params": {
  "version": "1.0",
  "mid": "INIpayTest",
  "oid": "ORD-20260402-0001-A1",
  "goodname": "노르웨이 회전 의자",
  "price": "64900",
  "currency": "WON",
  "buyername": "홍길동",
  "buyertel": "010-4242-4242",
  "buyeremail": "gildong@example.com",
  "timestamp": "1775106900123",
  "signature": "` + inicis.Signature("ORD-20260402-0001-A1", "64900", "1775106900123") + `",
  "verification": "` + inicis.Verification("ORD-20260402-0001-A1", "64900", "1775106900123", "SU5JTElURV9UUklQTEVERVNfS0VZU1RS") + `",
  "mKey": "3a9503069192f207491d4b19bd743fc249a761ed94246c8c42fed06c3cd15a33",
  "use_chkfake": "Y",
  "returnUrl": "https://shop.example.com/return/inicis",
  "closeUrl": "https://shop.example.com/return/inicis/close",
  "gopaymethod": "Card",
  "acceptmethod": "centerCd(Y):noeasypay",
  "charset": "UTF-8",
  "languageView": "ko",
  "payViewType": "overlay",
  "merchantData": "v1.c2VhbGVk"
 }
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFormFollowsTheDecision(t *testing.T) {
	t.Parallel()
	months := payment.Installments{
		Months:             []int{2, 3, 4, 5, 6},
		InterestFree:       []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}, {Acquirer: "hana", Months: []int{5, 6}}},
		PartlyInterestFree: []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}, {Acquirer: "hana", Months: []int{2, 3}}},
		Cards:              []string{"shinhan", "kb"},
	}
	tests := []struct {
		name   string
		change func(*adapters.PrepareRequest)
		want   map[string]string
	}{
		{
			"under 1,000 won says so", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 999 },
			map[string]string{"acceptmethod": "centerCd(Y):below1000:noeasypay", "price": "999"},
		},
		{
			"1,000 won does not", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 1000 },
			map[string]string{"acceptmethod": "centerCd(Y):noeasypay"},
		},
		{
			"a phone bill is for goods", func(r *adapters.PrepareRequest) { r.Attempt.Method = "phone" },
			map[string]string{"gopaymethod": "HPP", "acceptmethod": "centerCd(Y):HPP(2)"},
		},
		{
			"one easy-pay service only", func(r *adapters.PrepareRequest) { r.Attempt.Method = "kakaopay" },
			map[string]string{"gopaymethod": "onlykakaopay", "acceptmethod": "centerCd(Y):cardonly"},
		},
		{
			"escrow", func(r *adapters.PrepareRequest) { r.Attempt.Purpose = payment.PurposeEscrow },
			map[string]string{"acceptmethod": "centerCd(Y):noeasypay:useescrow"},
		},
		{
			"instalments and who pays their interest", func(r *adapters.PrepareRequest) { r.Installments = months },
			map[string]string{
				"quotabase": "2:3:4:5:6", "nointerest": "11-2:3,34-5:6",
				"acceptmethod": "centerCd(Y):ini_onlycardcode(14:06):SLIMQUOTA(11-2:3^34-2:3):noeasypay",
			},
		},
		{
			"no instalments under 50,000 won", func(r *adapters.PrepareRequest) { r.Installments, r.Attempt.Amount = months, 49_999 },
			map[string]string{"quotabase": "", "nointerest": "", "acceptmethod": "centerCd(Y):ini_onlycardcode(14:06):noeasypay"},
		},
		{
			"no instalments for a bank transfer", func(r *adapters.PrepareRequest) { r.Installments, r.Attempt.Method = months, "trans" },
			map[string]string{"quotabase": "", "nointerest": "", "acceptmethod": "centerCd(Y)"},
		},
		{"the plan chosen beforehand", func(r *adapters.PrepareRequest) {
			r.Installments = months
			r.Installments.Fixed = &payment.Card{Company: "samsung", Installment: 3}
		}, map[string]string{"quotabase": "3", "ini_cardcode": "12"}},
		{
			"a tax-free part and the VAT of the rest", func(r *adapters.PrepareRequest) { r.Attempt.Amount, r.Attempt.TaxFree = 11_000, 1_000 },
			map[string]string{"taxfree": "1000", "tax": "909"},
		},
		{
			"a virtual account's deadline, in Korea", func(r *adapters.PrepareRequest) {
				r.Attempt.Method, r.Attempt.DepositDue = "vbank", at.Add(72*time.Hour)
			},
			map[string]string{"gopaymethod": "VBank", "acceptmethod": "centerCd(Y):vbank(202604051415):va_ckprice"},
		},
		{
			"an escrow virtual account", func(r *adapters.PrepareRequest) {
				r.Attempt.Method, r.Attempt.DepositDue, r.Attempt.Purpose = "vbank", at.Add(72*time.Hour), payment.PurposeEscrow
			},
			map[string]string{"acceptmethod": "centerCd(Y):vbank(202604051415):va_ckprice:useescrow"},
		},
		{
			"the VAT that the shop states", func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = 5_899, true },
			map[string]string{"tax": "5899", "taxfree": "0"},
		},
		{
			"a zero-rated merchant", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxZeroRated },
			map[string]string{"tax": "0", "taxfree": "0"},
		},
		{
			"a tax-free merchant", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxFree },
			map[string]string{"tax": "0", "taxfree": "64900"},
		},
		{
			"a mixed merchant's wholly taxable sale", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxMixed },
			map[string]string{"tax": "5900", "taxfree": "0"},
		},
		{
			"a mixed merchant's sale", func(r *adapters.PrepareRequest) {
				r.Merchant.Tax, r.Attempt.TaxFree, r.Attempt.VAT, r.Attempt.VATSet = payment.TaxMixed, 4_900, 5_000, true
			},
			map[string]string{"tax": "5000", "taxfree": "4900"},
		},
		{
			"a taxable merchant", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxTaxable },
			map[string]string{"tax": "", "taxfree": ""},
		},
		{"no tax fields without a tax-free part", func(*adapters.PrepareRequest) {}, map[string]string{"taxfree": "", "tax": ""}},
		{
			"a phone number is cleaned", func(r *adapters.PrepareRequest) { r.Buyer.Tel = "+82 (10) 4242-4242" },
			map[string]string{"buyertel": "82104242-4242"},
		},
		{
			"a long name is cut between characters", func(r *adapters.PrepareRequest) { r.Buyer.Name = strings.Repeat("길", 11) },
			map[string]string{"buyername": strings.Repeat("길", 10)},
		},
		{
			"a long order name is cut between characters", func(r *adapters.PrepareRequest) {
				r.Attempt.OrderName = "아이폰 15 프로 맥스 256GB 블루 티타늄 자급제"
			},
			map[string]string{"goodname": "아이폰 15 프로 맥스 256GB 블..."},
		},
		{
			"control characters are dropped", func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "의자\r\n\x00" },
			map[string]string{"goodname": "의자"},
		},
		{
			"the MID of the attempt, not of the day", func(r *adapters.PrepareRequest) { r.Merchant.MID = "another" },
			map[string]string{"mid": "INIpayTest"},
		},
		{
			"a sign key with a trailing newline signs the same", func(r *adapters.PrepareRequest) {
				r.Merchant.Keys = r.Merchant.Keys.WithSecret("sign_key", r.Merchant.Keys.Secret("sign_key")+"\n")
			},
			map[string]string{"mKey": "3a9503069192f207491d4b19bd743fc249a761ed94246c8c42fed06c3cd15a33"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := prepareRequest()
			tt.change(&req)
			got := formOf(t, req)
			for field, want := range tt.want {
				if got[field] != want {
					t.Errorf("%s is %q, want %q", field, got[field], want)
				}
			}
		})
	}
}

func formOf(t *testing.T, req adapters.PrepareRequest) map[string]string {
	t.Helper()
	form, err := inicis.BuildForm(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string // fails when a field is not a string
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestPrepareRefusesWhatTheWindowWouldRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*adapters.PrepareRequest)
		field  string
	}{
		{"no sign key", func(r *adapters.PrepareRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("sign_key", "") }, "merchants.sign_key"},
		{"no MID", func(r *adapters.PrepareRequest) { r.Merchant.MID, r.Attempt.MID = "", "" }, "merchants.mid"},
		{"no buyer name", func(r *adapters.PrepareRequest) { r.Buyer.Name = " " }, "buyer.name"},
		{"no buyer phone", func(r *adapters.PrepareRequest) { r.Buyer.Tel = "전화" }, "buyer.tel"},
		{"no buyer mail", func(r *adapters.PrepareRequest) { r.Buyer.Email = "" }, "buyer.email"},
		{"a mail of 63 bytes", func(r *adapters.PrepareRequest) {
			r.Buyer.Email = "kim.minsu.the.very.long.mail.address.of.one.buyer@mailbox.co.kr"
		}, "buyer.email"},
		{"a mail with a line break", func(r *adapters.PrepareRequest) { r.Buyer.Email = "gil\ndong@example.com" }, "buyer.email"},
		{"a phone of 41 digits", func(r *adapters.PrepareRequest) { r.Buyer.Tel = strings.Repeat("1", 41) }, "buyer.tel"},
		{"an amount of zero", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 0 }, "amount"},
		{"an amount below zero", func(r *adapters.PrepareRequest) { r.Attempt.Amount = -1 }, "amount"},
		{"an amount above all", func(r *adapters.PrepareRequest) { r.Attempt.Amount = payment.MaxWon + 1 }, "amount"},
		{"more tax-free than there is", func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = 64_901 }, "tax_free"},
		{"a tax-free part below zero", func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = -1 }, "tax_free"},
		{"more VAT than there is", func(r *adapters.PrepareRequest) {
			r.Attempt.TaxFree, r.Attempt.VAT, r.Attempt.VATSet = 64_000, 901, true
		}, "vat_amount"},
		{"a VAT below zero", func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = -1, true }, "vat_amount"},
		{"an account without a deadline", func(r *adapters.PrepareRequest) { r.Attempt.Method = "vbank" }, "vbank_due"},
		{"an account whose deadline is over", func(r *adapters.PrepareRequest) {
			r.Attempt.Method, r.Attempt.DepositDue = "vbank", at
		}, "vbank_due"},
		{"an id Inicis would not take", func(r *adapters.PrepareRequest) { r.Attempt.ID = "주문-1" }, "attempt_id"},
		{"an id that is too long", func(r *adapters.PrepareRequest) { r.Attempt.ID = payment.AttemptID(strings.Repeat("a", 41)) }, "attempt_id"},
		{"no return address", func(r *adapters.PrepareRequest) { r.ReturnURL = "" }, "return_url"},
		{"no order name", func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "\n" }, "order_name"},
		{"a token that a form would change", func(r *adapters.PrepareRequest) { r.Token = "a+b" }, "merchantData"},
		{"a token in Korean", func(r *adapters.PrepareRequest) { r.Token = "토큰" }, "merchantData"},
		{"only cards without a code", func(r *adapters.PrepareRequest) { r.Installments.Cards = []string{"nobody"} }, "merchants.cards"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := prepareRequest()
			tt.change(&req)
			_, err := inicis.BuildForm(req)
			field, ok := errors.AsType[*adapters.FieldError](err)
			if !ok || field.Field != tt.field || !errors.Is(err, adapters.ErrRejected) {
				t.Errorf("got %v, want a complaint about %s", err, tt.field)
			}
		})
	}
	for name, change := range map[string]func(*adapters.PrepareRequest){
		"mileage":       func(r *adapters.PrepareRequest) { r.Attempt.Method = "mileage" },
		"a billing key": func(r *adapters.PrepareRequest) { r.Attempt.Purpose = payment.PurposeBillingKey },
	} {
		req := prepareRequest()
		change(&req)
		if _, err := inicis.BuildForm(req); !errors.Is(err, adapters.ErrUnsupported) || !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v, want ErrRejected and ErrUnsupported", name, err)
		}
	}
}

func TestAcceptMethodRefusesArgumentsThatBreakItsGrammar(t *testing.T) {
	t.Parallel()
	for _, bad := range []inicis.AcceptMethod{
		{HPP: 3},
		{HPP: -1},
		{VBankDue: "2026-04-02"},
		{VBankDue: "202604"},
		{VBankDue: "20260402):cardonly("},
		{OnlyCards: []string{"14)"}},
		{OnlyCards: []string{"14 06"}},
		{SlimQuota: "11-2:3):cardonly("},
	} {
		if text, err := bad.Text(); err == nil {
			t.Errorf("%+v was written as %q", bad, text)
		}
	}
	good := inicis.AcceptMethod{
		HPP: 1, Below1000: true, VBankDue: "202604022359", VACheckPrice: true, NoReceipt: true, VAReceipt: true, OnlyCards: []string{"01", "03"},
		SlimQuota: "11-2:3^34-2:3", CardOnly: true, NoEasyPay: true, Escrow: true,
	}
	got, err := good.Text()
	want := "centerCd(Y):HPP(1):below1000:vbank(202604022359):va_receipt:va_ckprice:no_receipt:ini_onlycardcode(01:03):" +
		"SLIMQUOTA(11-2:3^34-2:3):noeasypay:cardonly:useescrow"
	if err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestNamesAreAlwaysCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		req := prepareRequest()
		req.Attempt.OrderName = "x" + rapid.String().Draw(rt, "order name")
		req.Buyer.Name = "x" + rapid.String().Draw(rt, "buyer name")
		form, err := inicis.BuildForm(req)
		if err != nil {
			rt.Fatal(err)
		}
		if len(form.GoodName) > 40 || len(form.BuyerName) > 30 || !utf8.ValidString(form.GoodName+form.BuyerName) {
			rt.Fatalf("goodname %q, buyername %q", form.GoodName, form.BuyerName)
		}
	})
}
