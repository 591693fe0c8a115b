package portonev1_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

func prepareRequest(base string) adapters.PrepareRequest {
	return adapters.PrepareRequest{
		Account: account(base), Attempt: attempt(),
		Buyer:        payment.Buyer{Name: "홍길동", Email: "gildong@example.com", Tel: "010-4242-4242"},
		Installments: payment.Installments{Months: []int{2, 3, 4, 5, 6}},
		ReturnURL:    "https://shop.example.com/return/portone",
	}
}

// prepareServer answers registration and its reading, and notes what was asked.
func prepareServer(t *testing.T, post, get string) (base string, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if getToken(w, r) {
			return
		}
		body, _ := io.ReadAll(r.Body)
		*asked = append(*asked, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, get)
			return
		}
		_, _ = io.WriteString(w, post)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

const registered = `{"code":0,"message":null,"response":{"merchant_uid":"ORD-20260301-0001-A1","amount":64900,"currency":"KRW"}}`

func TestPrepareRegistersTheAmountAndMakesTheWindow(t *testing.T) {
	t.Parallel()
	base, asked := prepareServer(t, registered, "")
	w, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Prepare(t.Context(), prepareRequest(base))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		`POST /portone/v1/payments/prepare {"merchant_uid":"ORD-20260301-0001-A1","amount":64900,"currency":"KRW"}`,
	}, *asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"portone_v1","script":"` + base + `/portone/sdk/v1/iamport.js","action":"","init_code":"imp00000000",` +
		`"params":{"channelKey":"channel-key-1","pay_method":"card","merchant_uid":"ORD-20260301-0001-A1",` +
		`"name":"노르웨이 회전 의자","amount":64900,"currency":"KRW","buyer_name":"홍길동","buyer_tel":"010-4242-4242",` +
		`"buyer_email":"gildong@example.com","m_redirect_url":"https://shop.example.com/return/portone",` +
		`"display":{"card_quota":[2,3,4,5,6]},"bypass":{"acceptmethod":"noeasypay","P_RESERVED":"noeasypay=Y"}}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnAmountThatIsRegisteredAlreadyMustBeTheSame(t *testing.T) {
	t.Parallel()
	const again = `{"code":1,"message":"결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).","response":null}`
	tests := []struct {
		name, get string
		want      error
	}{
		{"the same", registered, nil},
		{"the same without a currency", `{"code":0,"response":{"merchant_uid":"x","amount":64900,"currency":null}}`, nil},
		{"another amount", `{"code":0,"response":{"merchant_uid":"x","amount":100,"currency":"KRW"}}`, adapters.ErrRejected},
		{"another currency", `{"code":0,"response":{"merchant_uid":"x","amount":64900,"currency":"USD"}}`, adapters.ErrRejected},
		{"nothing is registered after all", `{"code":-1,"message":"없음","response":null}`, adapters.ErrRejected},
		{"garbage", `<html>`, adapters.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, asked := prepareServer(t, again, tt.get)
			_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Prepare(t.Context(), prepareRequest(base))
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			for _, a := range *asked {
				if a[:3] == "PUT" {
					t.Errorf("the registration was changed: %s", a)
				}
			}
		})
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
			"lump sum only is said", func(r *adapters.PrepareRequest) { r.Installments.Months = nil },
			map[string]string{"display": `{"card_quota":[]}`},
		},
		{
			"no instalments under 50,000 won", func(r *adapters.PrepareRequest) { r.Attempt.Amount = 49_999 },
			map[string]string{"display": `{"card_quota":[]}`, "amount": `49999`},
		},
		{
			"a bank transfer has no cards, and works on mobile", func(r *adapters.PrepareRequest) { r.Attempt.Method = "trans" },
			map[string]string{"display": "", "bypass": `{"P_RESERVED":"twotrs_bank=Y"}`},
		},
		{
			"a phone bill is for goods", func(r *adapters.PrepareRequest) { r.Attempt.Method = "phone" },
			map[string]string{"digital": "false"},
		},
		{
			"a PG that has Chinese speaks it", func(r *adapters.PrepareRequest) {
				r.Options.Language, r.Merchant.Behind = payment.LanguageChinese, "toss"
			},
			map[string]string{"language": `"zh"`},
		},
		{
			"Danal's virtual account has the business number", func(r *adapters.PrepareRequest) {
				r.Attempt.Method, r.Merchant.Behind = payment.MethodVBank, "danal"
				r.Merchant.Keys = r.Merchant.Keys.WithText("biz_num", "123-45-67890")
			},
			map[string]string{"biz_num": `"1234567890"`},
		},
		{
			"nobody else's has", func(r *adapters.PrepareRequest) {
				r.Attempt.Method = payment.MethodVBank
				r.Merchant.Keys = r.Merchant.Keys.WithText("biz_num", "123-45-67890")
			},
			map[string]string{"biz_num": ""},
		},
		{
			"a mixed-tax merchant always states the tax-free part", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxMixed },
			map[string]string{"tax_free": "0"},
		},
		{
			"a tax-free part is stated", func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = 100 },
			map[string]string{"tax_free": "100", "vat_amount": ""},
		},
		{
			"a VAT that the shop states goes with the tax-free part", func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = 5900, true },
			map[string]string{"tax_free": "0", "vat_amount": "5900"},
		},
		{
			"a zero-rated merchant states both as 0", func(r *adapters.PrepareRequest) { r.Merchant.Tax = payment.TaxZeroRated },
			map[string]string{"tax_free": "0", "vat_amount": "0"},
		},
		{
			"a virtual account's deadline is in Korean time", func(r *adapters.PrepareRequest) {
				r.Attempt.Method, r.Attempt.DepositDue = "vbank", time.Date(2026, 3, 7, 14, 59, 59, 0, time.UTC)
			},
			map[string]string{"pay_method": `"vbank"`, "vbank_due": `"2026-03-07 23:59:59"`, "display": ""},
		},
		{
			"without one the PG's own holds", func(r *adapters.PrepareRequest) { r.Attempt.Method = "vbank" },
			map[string]string{"vbank_due": ""},
		},
		{
			"and no other method has one", func(r *adapters.PrepareRequest) { r.Attempt.DepositDue = time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC) },
			map[string]string{"vbank_due": ""},
		},
		{"and else left out", func(*adapters.PrepareRequest) {}, map[string]string{"tax_free": "", "escrow": "", "bypass": `{"acceptmethod":"noeasypay","P_RESERVED":"noeasypay=Y"}`}},
		{"escrow", func(r *adapters.PrepareRequest) { r.Attempt.Purpose = payment.PurposeEscrow }, map[string]string{"escrow": "true"}},
		{
			"only reviewed cards", func(r *adapters.PrepareRequest) { r.Installments.Cards = []string{"hyundai", "kb"} },
			map[string]string{"card": `{"detail":[{"card_code":"*","enabled":false},{"card_code":"367","enabled":true},{"card_code":"381","enabled":true}]}`},
		},
		{"an interest-free ceiling never gives away more than decided", func(r *adapters.PrepareRequest) {
			r.Installments.InterestFree = []payment.AcquirerMonths{{Acquirer: "shinhan", Months: []int{2, 3, 5}}, {Acquirer: "bc", Months: []int{6}}}
		}, map[string]string{"card": `{"detail":[{"card_code":"366","enabled":true,"max_month":3}],"useFreeInterestFromMall":true}`}},
		{"a card chosen beforehand", func(r *adapters.PrepareRequest) {
			r.Installments.Fixed = &payment.Card{Company: "hyundai", Installment: 3}
		}, map[string]string{"card": `{"direct":{"code":"367","quota":3}}`, "display": `{"card_quota":[3]}`}},
		{"partly interest-free through Inicis", func(r *adapters.PrepareRequest) {
			r.Installments.PartlyInterestFree = []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}}
		}, map[string]string{"bypass": `{"acceptmethod":"slimquota(11-2:3):noeasypay","P_RESERVED":"noeasypay=Y"}`}},
		{"but not through another PG", func(r *adapters.PrepareRequest) {
			r.Merchant.Behind = "kcp"
			r.Installments.PartlyInterestFree = []payment.AcquirerMonths{{Acquirer: "bc", Months: []int{2, 3}}}
		}, map[string]string{"bypass": ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := prepareRequest("http://127.0.0.1:7070")
			tt.change(&req)
			params, err := portonev1.BuildParams(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(params)
			if err != nil {
				t.Fatal(err)
			}
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
	base, asked := prepareServer(t, registered, registered)
	for field, change := range map[string]func(*adapters.PrepareRequest){
		"pgs.imp_code":          func(r *adapters.PrepareRequest) { r.PG.Keys = r.PG.Keys.WithText("imp_code", "") },
		"merchants.channel_key": func(r *adapters.PrepareRequest) { r.Merchant.ChannelKey = "" },
		"buyer.tel":             func(r *adapters.PrepareRequest) { r.Buyer.Tel = "" },
		"amount":                func(r *adapters.PrepareRequest) { r.Attempt.Amount = 0 },
		"tax_free":              func(r *adapters.PrepareRequest) { r.Attempt.TaxFree = -1 },
		"vat_amount":            func(r *adapters.PrepareRequest) { r.Attempt.VAT, r.Attempt.VATSet = 64_901, true },
		"attempt_id":            func(r *adapters.PrepareRequest) { r.Attempt.ID = "a b" },
		"order_name":            func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "" },
		"merchants.cards":       func(r *adapters.PrepareRequest) { r.Installments.Cards = []string{"nobody"} },
	} {
		req := prepareRequest(base)
		change(&req)
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Prepare(t.Context(), req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	if len(*asked) != 0 {
		t.Errorf("asked %v", *asked)
	}
}

// payments answers by path: which is how a hint, a paid payment and a list can be told apart.
func payments(t *testing.T, answers map[string]string) (base string, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if getToken(w, r) {
			return
		}
		*asked = append(*asked, r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/json")
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			body = `{"code":-1,"message":"없음","response":null}`
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func one(uid, order, status string) string {
	return `{"imp_uid":"` + uid + `","merchant_uid":"` + order + `","status":"` + status + `","amount":64900,"cancel_amount":0,` +
		`"currency":"KRW","sandbox":true,"pg_id":"INIpayTest","pay_method":"card"}`
}

func TestLookUpFindsThePaidPaymentWhateverTheBrowserSays(t *testing.T) {
	t.Parallel()
	const order = "ORD-20260301-0001-A1"
	wrap := func(s string) string { return `{"code":0,"response":` + s + `}` }
	list := func(items string) string { return wrap(`{"total":2,"list":[` + items + `]}`) }
	const hintPath, paidPath, allPath = "/portone/v1/payments/imp_1", "/portone/v1/payments/find/" + order + "/paid", "/portone/v1/payments/findAll/" + order
	tests := []struct {
		name, hint string
		answers    map[string]string
		want       payment.Outcome
		wantID     string
	}{
		{"the hint is paid", "imp_1", map[string]string{hintPath: wrap(one("imp_1", order, "paid"))}, payment.OutcomeApproved, "imp_1"},
		{"the hint is another order's", "imp_1", map[string]string{hintPath: wrap(one("imp_1", "ORD-OTHER", "paid"))}, payment.OutcomeNotFound, ""},
		{"the hint is another order's, ours is paid", "imp_1", map[string]string{
			hintPath: wrap(one("imp_1", "ORD-OTHER", "paid")), paidPath: wrap(one("imp_2", order, "paid")),
		}, payment.OutcomeApproved, "imp_2"},
		{"the hint failed, another window was paid", "imp_1", map[string]string{
			hintPath: wrap(one("imp_1", order, "failed")), paidPath: wrap(one("imp_2", order, "paid")),
		}, payment.OutcomeApproved, "imp_2"},
		{"the hint failed", "imp_1", map[string]string{hintPath: wrap(one("imp_1", order, "failed"))}, payment.OutcomeDeclined, "imp_1"},
		{"the hint is a path", "../users/getToken", map[string]string{}, payment.OutcomeNotFound, ""},
		{"no hint, one waits and a newer one failed", "", map[string]string{
			allPath: list(one("imp_2", order, "failed") + "," + one("imp_1", order, "ready")),
		}, payment.OutcomePending, "imp_1"},
		{"no hint, the newest of the failed", "", map[string]string{
			allPath: list(one("imp_2", order, "failed") + "," + one("imp_1", order, "failed")),
		}, payment.OutcomeDeclined, "imp_2"},
		{"nothing at all", "", map[string]string{allPath: list("")}, payment.OutcomeNotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, asked := payments(t, tt.answers)
			r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).LookUp(t.Context(),
				adapters.LookUpRequest{Account: account(base), Attempt: attempt(), PGTxID: tt.hint})
			if err != nil {
				t.Fatalf("%v after %v", err, *asked)
			}
			if r.Outcome != tt.want || r.PGTxID != tt.wantID || r.OrderRef != order {
				t.Errorf("got %s %s of %s after %v", r.Outcome, r.PGTxID, r.OrderRef, *asked)
			}
		})
	}
}

func TestOnlyATestMerchantAsksForTestPayments(t *testing.T) {
	t.Parallel()
	for mode, want := range map[payment.Mode]string{
		payment.ModeTest: "/portone/v1/payments/imp_1?include_sandbox=true", payment.ModeLive: "/portone/v1/payments/imp_1",
	} {
		base, asked := payments(t, nil)
		acc := account(base)
		acc.Merchant.Mode = mode
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).LookUp(t.Context(),
			adapters.LookUpRequest{Account: acc, Attempt: attempt(), PGTxID: "imp_1"})
		if err != nil || !slices.Contains(*asked, want) {
			t.Errorf("mode %s asked %v, %v", mode, *asked, err)
		}
	}
}

func TestCancelAlwaysSendsItsChecksum(t *testing.T) {
	t.Parallel()
	base, asked := prepareServer(t, object("paid", "64900", "10000", ""), "")
	_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Cancel(t.Context(), adapters.CancelRequest{
		Account: account(base), Attempt: attempt(), PGTxID: impUID, Amount: 10_000, Remaining: 64_900, TaxFree: 10,
		Reason: "단순 변심", OperationID: "op-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`POST /portone/v1/payments/cancel {"imp_uid":"` + impUID + `",` +
		`"amount":10000,"tax_free":10,"checksum":64900,"reason":"단순 변심"}`}
	if diff := cmp.Diff(want, *asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, change := range map[string]func(*adapters.CancelRequest){
		"0, which is a full refund to V1": func(r *adapters.CancelRequest) { r.Amount = 0 },
		"more than remains":               func(r *adapters.CancelRequest) { r.Amount = 64_901 },
		"an id that is no imp_uid":        func(r *adapters.CancelRequest) { r.PGTxID = "x/../y" },
	} {
		req := adapters.CancelRequest{Account: account(base), Attempt: attempt(), PGTxID: impUID, Amount: 1, Remaining: 64_900}
		change(&req)
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Cancel(t.Context(), req)
		if !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(*asked) != 1 {
		t.Errorf("asked %v", *asked)
	}
}

// TestTheAppToComeBackTo is named as the shop wrote it, or its scheme alone (portone.md §2.2).
func TestTheAppToComeBackTo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "myshop": "myshop", "myshop://": "myshop", "myshop://pay?from=card&x=1": "myshop://pay?from=card&x=1",
	} {
		req := prepareRequest("http://127.0.0.1")
		req.App, _ = payment.ParseAppLink(text)
		p, err := portonev1.BuildParams(req)
		if err != nil || p.AppScheme != want {
			t.Errorf("%q: app_scheme is %q, %v, want %q", text, p.AppScheme, err, want)
		}
	}
}
