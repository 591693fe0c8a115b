package portonev2_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// request is what the fake PG was sent.
type request struct{ Line, Auth, Key, Body string }

func record(t *testing.T, status int, answer string) (base string, got *[]request) {
	t.Helper()
	got = &[]request{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, request{
			r.Method + " " + r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), string(body),
		})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, got
}

func prepareRequest(base string) adapters.PrepareRequest {
	return adapters.PrepareRequest{
		Account: account(base), Attempt: attempt(),
		Buyer:        payment.Buyer{Name: "홍길동", Email: "gildong@example.com", Tel: "010-4242-4242"},
		Installments: payment.Installments{Months: []int{2, 3}},
		ReturnURL:    "https://shop.example.com/return/portone",
	}
}

func TestPrepareRegistersTheAmountAndMakesTheWindow(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{}`)
	w, err := portonev2.New(onewrite.New(onewrite.Options{})).Prepare(t.Context(), prepareRequest(base))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]request{{
		"POST /portone/v2/payments/ORD-20260301-0002-A1/pre-register", "PortOne " + apiSecret,
		`"register-ORD-20260301-0002-A1"`, `{"storeId":"store-1","totalAmount":64900,"taxFreeAmount":0,"currency":"KRW"}`,
	}}, *got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"portone_v2","script":"` + base + `/portone/sdk/v2/browser-sdk.js","action":"","params":{"storeId":"store-1",` +
		`"channelKey":"channel-key-2","paymentId":"ORD-20260301-0002-A1","orderName":"노르웨이 회전 의자","totalAmount":64900,` +
		`"currency":"KRW","payMethod":"CARD","customer":{"fullName":"홍길동","phoneNumber":"010-4242-4242",` +
		`"email":"gildong@example.com"},"redirectUrl":"https://shop.example.com/return/portone","locale":"KO_KR",` +
		`"card":{"installment":{"monthOption":{"availableMonthList":[2,3]}}},"bypass":{"inicis_v2":{"acceptmethod":["noeasypay"],"P_RESERVED":["noeasypay=Y"]}}}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPrepareFailsByWhatTheCallerShouldDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		status     int
		want       error
	}{
		{"already paid", `{"type":"ALREADY_PAID"}`, 409, adapters.ErrRejected},
		{"wrong secret", `{"type":"UNAUTHORIZED"}`, 401, adapters.ErrRejected},
		{"bad request", `{"type":"INVALID_REQUEST"}`, 400, adapters.ErrRejected},
		{"no JSON", `<html>`, 200, adapters.ErrUnknownOutcome},
		{"a failing proxy", `<html>`, 502, adapters.ErrUnknownOutcome},
	} {
		base, _ := record(t, tt.status, tt.body)
		_, err := portonev2.New(onewrite.New(onewrite.Options{})).Prepare(t.Context(), prepareRequest(base))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestParamsFollowTheDecision(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*adapters.PrepareRequest)
		want   map[string]string
	}{
		{
			"an easy-pay service", func(r *adapters.PrepareRequest) { r.Attempt.Method = "kakaopay" },
			map[string]string{"payMethod": `"EASY_PAY"`, "easyPay": `{"easyPayProvider":"KAKAOPAY"}`, "card": ""},
		},
		{
			"Samsung Pay", func(r *adapters.PrepareRequest) { r.Attempt.Method = "samsung" },
			map[string]string{"easyPay": `{"easyPayProvider":"SAMSUNGPAY"}`},
		},
		{
			"no Chinese on phones", func(r *adapters.PrepareRequest) {
				r.Attempt.Device, r.Options.Language = payment.DeviceMobile, payment.LanguageChinese
			},
			map[string]string{"locale": `"EN_US"`},
		},
		{
			"a bank transfer", func(r *adapters.PrepareRequest) { r.Attempt.Method = "trans" },
			map[string]string{"payMethod": `"TRANSFER"`, "card": ""},
		},
		{
			"a virtual account", func(r *adapters.PrepareRequest) { r.Attempt.Method = "vbank" },
			map[string]string{"payMethod": `"VIRTUAL_ACCOUNT"`, "virtualAccount": "", "card": ""},
		},
		{
			"a virtual account's deadline", func(r *adapters.PrepareRequest) {
				r.Attempt.Method, r.Attempt.DepositDue = "vbank", time.Date(2026, 3, 7, 14, 59, 59, 0, time.UTC)
			},
			map[string]string{"virtualAccount": `{"accountExpiry":{"dueDate":"2026-03-07T23:59:59+09:00"}}`},
		},
		{
			"which no other method has", func(r *adapters.PrepareRequest) { r.Attempt.DepositDue = time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC) },
			map[string]string{"virtualAccount": ""},
		},
		{
			"a phone bill is for goods", func(r *adapters.PrepareRequest) { r.Attempt.Method = "phone" },
			map[string]string{"payMethod": `"MOBILE"`, "productType": `"REAL"`},
		},
		{
			"a gift certificate", func(r *adapters.PrepareRequest) { r.Attempt.Method = "cultureland" },
			map[string]string{"payMethod": `"GIFT_CERTIFICATE"`, "giftCertificate": `{"giftCertificateType":"CULTURELAND"}`},
		},
		{
			"a tax-free part", func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = 100 },
			map[string]string{"taxFreeAmount": "100", "vatAmount": ""},
		},
		{
			"a VAT that the shop states", func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = 5900, true },
			map[string]string{"taxFreeAmount": "0", "vatAmount": "5900"},
		},
		{
			"a zero-rated merchant states both as 0", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxZeroRated },
			map[string]string{"taxFreeAmount": "0", "vatAmount": "0"},
		},
		{
			"a mixed-tax merchant states even 0", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxMixed },
			map[string]string{"taxFreeAmount": "0"},
		},
		{"and else nothing", func(*adapters.PrepareRequest) {}, map[string]string{"taxFreeAmount": "", "bypass": `{"inicis_v2":{"acceptmethod":["noeasypay"],"P_RESERVED":["noeasypay=Y"]}}`, "isEscrow": ""}},
		{"escrow", func(r *adapters.PrepareRequest) { r.Attempt.Purpose = payment.PurposeEscrow }, map[string]string{"isEscrow": "true"}},
		{
			"under 1,000 won says so in both windows", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 999 },
			map[string]string{"bypass": `{"inicis_v2":{"acceptmethod":["below1000","noeasypay"],"P_RESERVED":["below1000=Y","noeasypay=Y"]}}`, "card": ""},
		},
		{
			"but not to another PG", func(r *adapters.PrepareRequest) { r.Attempt.Amount, r.Merchant.Behind = 999, "kcp" },
			map[string]string{"bypass": ""},
		},
		{
			"only reviewed cards", func(r *adapters.PrepareRequest) {
				r.Installments = payment.Installments{Cards: []string{"kb", "shinhan"}}
			},
			map[string]string{"card": `{"availableCards":["KOOKMIN_CARD","SHINHAN_CARD"]}`},
		},
		{"interest-free plans", func(r *adapters.PrepareRequest) {
			r.Installments = payment.Installments{InterestFree: []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}}}
		}, map[string]string{"card": `{"installment":{"freeInstallmentPlans":[{"cardCompany":"BC_CARD","months":[2,3]}]}}`}},
		{"no instalments under 50,000 won", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 49_999 }, map[string]string{"card": ""}},
		{"a card chosen beforehand takes one plan", func(r *adapters.PrepareRequest) {
			r.Installments.Fixed = &payment.Card{Company: "hyundai", Installment: 3}
		}, map[string]string{"card": `{"cardCompany":"HYUNDAI_CARD","installment":{"monthOption":{"fixedMonth":3}}}`}},
		{"partly interest-free", func(r *adapters.PrepareRequest) {
			r.Installments.PartlyInterestFree = []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}, {Acquirer: "hana", Months: []int{2, 3}}}
		}, map[string]string{"bypass": `{"inicis_v2":{"acceptmethod":["slimquota(11-2:3^34-2:3)","noeasypay"],"P_RESERVED":["noeasypay=Y"]}}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := prepareRequest("http://127.0.0.1:7070")
			tt.change(&req)
			params, err := portonev2.BuildParams(req)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(params)
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(text, &fields); err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got := string(fields[name]); got != want {
					t.Errorf("%s is %s, want %s", name, got, want)
				}
			}
		})
	}
}

func TestPrepareRefusesBeforeItAsks(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{}`)
	for field, change := range map[string]func(*adapters.PrepareRequest){
		"pgs.store_id":          func(r *adapters.PrepareRequest) { r.PG.Keys = r.PG.Keys.WithText("store_id", "") },
		"pgs.api_secret":        func(r *adapters.PrepareRequest) { r.PG.Keys = r.PG.Keys.WithSecret("api_secret", "") },
		"merchants.channel_key": func(r *adapters.PrepareRequest) { r.Merchant.ChannelKey = "" },
		"buyer.name":            func(r *adapters.PrepareRequest) { r.Buyer.Name = "" },
		"buyer.tel":             func(r *adapters.PrepareRequest) { r.Buyer.Tel = "" },
		"buyer.email":           func(r *adapters.PrepareRequest) { r.Buyer.Email = "" },
		"amount":                func(r *adapters.PrepareRequest) { r.Attempt.Amount = 0 },
		"tax_free":              func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = 64_901 },
		"vat_amount":            func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = 64_901, true },
		"attempt_id":            func(r *adapters.PrepareRequest) { r.Attempt.ID = "a/b" },
		"order_name":            func(r *adapters.PrepareRequest) { r.Attempt.OrderName = " " },
		"merchants.cards":       func(r *adapters.PrepareRequest) { r.Installments.Cards = []string{"nobody"} },
	} {
		req := prepareRequest(base)
		change(&req)
		_, err := portonev2.New(onewrite.New(onewrite.Options{})).Prepare(t.Context(), req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	if len(*got) != 0 {
		t.Errorf("asked %v", *got)
	}
}

// The answer to a confirm proves none of it: what PortOne verified it does not say, and what it did it does not name.
func TestApproveHasItsFiguresVerified(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{"pgTxId":"StdpayCARD1","paidAt":"2026-03-01T02:15:00Z"}`)
	req := adapters.ApproveRequest{
		Account: account(base), Attempt: attempt(), Proof: adapters.Proof{AuthToken: "ptok_0f2c6d", PGTxID: "55451513-9763"},
	}
	r, err := portonev2.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]request{{
		"POST /portone/v2/payments/ORD-20260301-0002-A1/confirm", "PortOne " + apiSecret, `"approve-ORD-20260301-0002-A1"`,
		`{"storeId":"store-1","paymentToken":"ptok_0f2c6d","txId":"55451513-9763","currency":"KRW","totalAmount":64900,"taxFreeAmount":0,"isTest":true}`,
	}}, *got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: req.Attempt.ID, PGTxID: "55451513-9763"}
	if diff := cmp.Diff(want, r); diff != "" || adapters.Untold(req.Attempt, req.Merchant, r) == "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestABrowsersTransactionIDIsSentOnlyWhenItLooksLikeOne(t *testing.T) {
	t.Parallel()
	for _, tx := range []string{"", `x","isTest":false`, "a b", strings.Repeat("a", 65)} {
		base, got := record(t, 200, `{"pgTxId":"StdpayCARD1"}`)
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), adapters.ApproveRequest{
			Account: account(base), Attempt: attempt(), Proof: adapters.Proof{AuthToken: "t", PGTxID: tx},
		})
		if err != nil || r.PGTxID != "" || strings.Contains((*got)[0].Body, "txId") {
			t.Errorf("%q: got %q, %v, sent %s", tx, r.PGTxID, err, (*got)[0].Body)
		}
	}
}

func TestApproveIsOnlyForManualConfirmWithAToken(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{"pgTxId":"x"}`)
	d := portonev2.New(onewrite.New(onewrite.Options{}))
	req := adapters.ApproveRequest{Account: account(base), Attempt: attempt(), Proof: adapters.Proof{AuthToken: "t"}}
	req.Attempt.ManualConfirm = false
	if _, err := d.Approve(t.Context(), req); !errors.Is(err, adapters.ErrUnsupported) {
		t.Errorf("without manual confirm: %v", err)
	}
	req.Attempt.ManualConfirm, req.Proof.AuthToken = true, ""
	if _, err := d.Approve(t.Context(), req); !errors.Is(err, adapters.ErrRejected) {
		t.Errorf("without a token: %v", err)
	}
	if len(*got) != 0 {
		t.Errorf("asked %v", *got)
	}
}

func TestLookUpTellsTestFromLiveAndNamesTheChannel(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]struct{ test, known bool }{"TEST": {true, true}, "LIVE": {false, true}, "NEW": {false, false}} {
		base, got := record(t, 200, strings.Replace(object("PAID", `"total":64900`, ""), "TEST", kind, 1))
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: attempt()})
		if err != nil {
			t.Fatal(err)
		}
		if r.Test != want.test || r.TestKnown != want.known || r.ChannelKey != "channel-key-2" || r.MID != "INIpayTest" {
			t.Errorf("%s: got %+v", kind, r)
		}
		if line := (*got)[0].Line; line != "GET /portone/v2/payments/ORD-20260301-0002-A1?storeId=store-1" || (*got)[0].Key != "" {
			t.Errorf("asked %+v", (*got)[0])
		}
	}
}

func TestCancelSendsItsBalanceUnderItsOwnKey(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, `{"cancellation":{"status":"SUCCEEDED","totalAmount":64900}}`)
	req := adapters.CancelRequest{
		Account: account(base), Attempt: attempt(), Amount: 64_900, Remaining: 64_900, OperationID: "a1-refund-1",
	}
	r, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), req)
	if err != nil || r.Outcome != payment.OutcomeCancelled || r.Cancelled != 64_900 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if diff := cmp.Diff([]request{{
		"POST /portone/v2/payments/ORD-20260301-0002-A1/cancel", "PortOne " + apiSecret, `"cancel-a1-refund-1"`,
		`{"storeId":"store-1","amount":64900,"taxFreeAmount":0,"reason":"cancel","currentCancellableAmount":64900}`,
	}}, *got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, change := range map[string]func(*adapters.CancelRequest){
		"nothing":           func(r *adapters.CancelRequest) { r.Amount = 0 },
		"more than remains": func(r *adapters.CancelRequest) { r.Amount = 64_901 },
		"no operation":      func(r *adapters.CancelRequest) { r.OperationID = "" },
	} {
		bad := req
		change(&bad)
		if _, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), bad); !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestIdempotencyKeysAreLongEnoughAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, id := range []string{"a", "b", "a.", "a-", "ab", strings.Repeat("x", 40), strings.Repeat("x", 300), strings.Repeat("x", 301), "주문", `a"b`} {
		for _, op := range []string{"approve", "cancel"} {
			key := portonev2.IdempotencyKey(op, id)
			if len(key) < 16 || len(key) > 256 || strings.ContainsAny(key, "\"\\\r\n") {
				t.Errorf("key %q", key)
			}
			if other, ok := seen[key]; ok {
				t.Errorf("%s %q has the key of %s", op, id, other)
			}
			seen[key] = op + " " + id
			if key != portonev2.IdempotencyKey(op, id) {
				t.Errorf("%s %q has no stable key", op, id)
			}
		}
	}
}

// TestTheAppToComeBackTo is named as the shop wrote it, or its scheme alone (portone.md §4.8).
func TestTheAppToComeBackTo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "myshop": "myshop", "myshop://": "myshop", "myshop://pay?from=card&x=1": "myshop://pay?from=card&x=1",
	} {
		req := prepareRequest("http://127.0.0.1")
		req.App, _ = payment.ParseAppLink(text)
		p, err := portonev2.BuildParams(req)
		if err != nil || p.AppScheme != want {
			t.Errorf("%q: appScheme is %q, %v, want %q", text, p.AppScheme, err, want)
		}
	}
}
