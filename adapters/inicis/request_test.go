package inicis_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/payment"
)

// recorder is a PG that remembers the last request and always gives the same answer.
type recorder struct {
	path, contentType, body string
	calls                   int
}

func record(t *testing.T, answer string) (*recorder, string) {
	t.Helper()
	rec := &recorder{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rec.path, rec.contentType, rec.body = r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body)
		rec.calls++
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return rec, srv.URL
}

func approveRequest(base string) adapters.ApproveRequest {
	return adapters.ApproveRequest{
		Account: account(base), Attempt: attempt(), Proof: adapters.Proof{AuthToken: "SkJ0+7fQ/9aZ==", IDC: "stg"}, Now: at,
	}
}

func TestApproveSendsTheTokenToOurOwnAddress(t *testing.T) {
	t.Parallel()
	rec, base := record(t, approved(""))
	r, err := inicis.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), approveRequest(base))
	if err != nil {
		t.Fatal(err)
	}
	if rec.path != "/inicis/stg/api/payAuth" || rec.calls != 1 {
		t.Errorf("%d calls, the last to %s", rec.calls, rec.path)
	}
	form, err := url.ParseQuery(rec.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"mid": {"INIpayTest"}, "authToken": {"SkJ0+7fQ/9aZ=="}, "timestamp": {"1775106900123"},
		"signature":    {inicis.ApprovalSignature("SkJ0+7fQ/9aZ==", "1775106900123")},
		"verification": {inicis.ApprovalVerification("SkJ0+7fQ/9aZ==", "1775106900123", "SU5JTElURV9UUklQTEVERVNfS0VZU1RS")},
		"charset":      {"UTF-8"}, "format": {"JSON"}, "price": {"64900"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	result := adapters.Result{
		Outcome: payment.OutcomeApproved, PGTxID: tid, OrderRef: "ORD-20260402-0001-A1", MID: "INIpayTest", Amount: 64_900,
		Currency: "KRW", Method: "card", Silent: adapters.FactTest | adapters.FactTaxes, Code: "0000", Message: "정상처리되었습니다",
	}
	if diff := cmp.Diff(result, r); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if m := adapters.Mismatch(attempt(), account(base).Merchant, r); m != "" {
		t.Errorf("mismatch in %s", m)
	}
}

func TestNothingIsSentWhenTheProofIsNotUsable(t *testing.T) {
	t.Parallel()
	rec, base := record(t, approved(""))
	d := inicis.New(onewrite.New(onewrite.Options{}))
	for name, change := range map[string]func(*adapters.ApproveRequest){
		"a foreign data centre": func(r *adapters.ApproveRequest) { r.Proof.IDC = "evil.example.com/x" },
		"no data centre":        func(r *adapters.ApproveRequest) { r.Proof.IDC = "" },
		"no token":              func(r *adapters.ApproveRequest) { r.Proof.AuthToken = "" },
		"no sign key":           func(r *adapters.ApproveRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("sign_key", "") },
	} {
		req := approveRequest(base)
		change(&req)
		for _, call := range []func() (adapters.Result, error){
			func() (adapters.Result, error) { return d.Approve(t.Context(), req) },
			func() (adapters.Result, error) { return d.NetCancel(t.Context(), req) },
		} {
			if _, err := call(); !errors.Is(err, adapters.ErrRejected) {
				t.Errorf("%s: got %v, want ErrRejected", name, err)
			}
		}
	}
	if rec.calls != 0 {
		t.Errorf("%d requests were sent", rec.calls)
	}
}

func TestAnApprovalThatLooksOddIsKeptWithAWarning(t *testing.T) {
	t.Parallel()
	sum := inicis.AuthSignature("1775106900123", "INIpayTest", "ORD-20260402-0001-A1", "64900")
	for signature, want := range map[string]string{
		sum: "", strings.Repeat("0", 64): "authSignature does not match", "": "",
	} {
		_, base := record(t, approved(`,"authSignature":"`+signature+`"`))
		r, err := inicis.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), approveRequest(base))
		if err != nil || r.Warning != want || r.Outcome != payment.OutcomeApproved {
			t.Errorf("signature %q: got warning %q, outcome %s, %v; want warning %q", signature, r.Warning, r.Outcome, err, want)
		}
	}
}

func TestEasyPayIsRecognisedByItsChannel(t *testing.T) {
	t.Parallel()
	for channel, want := range map[string]payment.Method{"O": "kakaopay", "I": "naverpay", "H": "tosspay", "": "card", "K": "card"} {
		_, base := record(t, approved(`,"CARD_SrcCode":"`+channel+`"`))
		r, err := inicis.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), approveRequest(base))
		if err != nil || r.Method != want {
			t.Errorf("channel %q: got %q, %v; want %q", channel, r.Method, err, want)
		}
	}
}

type sentV2 struct {
	MID       string          `json:"mid"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	ClientIP  string          `json:"clientIp"`
	Data      json.RawMessage `json:"data"`
	HashData  string          `json:"hashData"`
}

func TestCancelChoosesTheCallAndHashesWhatItSends(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                       string
		amount, remaining, taxFree payment.Won
		reason, path, data         string
		want                       adapters.Result
	}{
		{
			"all of it", 64_900, 64_900, 0, "고객 요청", "/inicis/iniapi/v2/pg/refund", `{"tid":"` + tid + `","msg":"고객 요청"}`,
			adapters.Result{Outcome: payment.OutcomeCancelled, Cancelled: 64_900},
		},
		{
			"a part", 300, 64_900, 0, "부분", "/inicis/iniapi/v2/pg/partialRefund",
			`{"tid":"` + tid + `","msg":"부분","price":"300","confirmPrice":"64600","currency":"WON"}`,
			adapters.Result{Outcome: payment.OutcomeApproved, Cancelled: 300},
		},
		{
			"the rest after a part", 60_000, 60_000, 0, "나머지", "/inicis/iniapi/v2/pg/partialRefund",
			`{"tid":"` + tid + `","msg":"나머지","price":"60000","confirmPrice":"0","currency":"WON"}`,
			adapters.Result{Outcome: payment.OutcomeCancelled, Cancelled: 64_900},
		},
		{
			"a part that is partly tax-free", 1_100, 64_900, 0, "x", "/inicis/iniapi/v2/pg/partialRefund",
			`{"tid":"` + tid + `","msg":"x","price":"1100","confirmPrice":"63800","currency":"WON"}`,
			adapters.Result{Outcome: payment.OutcomeApproved, Cancelled: 1_100},
		},
		{
			"tax-free and VAT of the rest", 1_200, 64_900, 100, "x", "/inicis/iniapi/v2/pg/partialRefund",
			`{"tid":"` + tid + `","msg":"x","price":"1200","confirmPrice":"63700","currency":"WON","tax":"100","taxfree":"100"}`,
			adapters.Result{Outcome: payment.OutcomeApproved, Cancelled: 1_200},
		},
		{
			"a reason that would break the hash", 64_900, 64_900, 0, "A\\B \"<x>\" & y\n", "/inicis/iniapi/v2/pg/refund",
			`{"tid":"` + tid + `","msg":"A B   x     y"}`,
			adapters.Result{Outcome: payment.OutcomeCancelled, Cancelled: 64_900},
		},
		{
			"no reason", 64_900, 64_900, 0, "", "/inicis/iniapi/v2/pg/refund", `{"tid":"` + tid + `","msg":"cancel"}`,
			adapters.Result{Outcome: payment.OutcomeCancelled, Cancelled: 64_900},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec, base := record(t, `{"resultCode":"00","resultMsg":"ok"}`)
			r, err := inicis.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), adapters.CancelRequest{
				Account: account(base), Attempt: attempt(), PGTxID: tid, Amount: tt.amount, Remaining: tt.remaining,
				TaxFree: tt.taxFree, Reason: tt.reason, OperationID: "op-1", Now: at,
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != tt.want.Outcome || r.Cancelled != tt.want.Cancelled {
				t.Errorf("got %s and %d cancelled, want %s and %d", r.Outcome, r.Cancelled, tt.want.Outcome, tt.want.Cancelled)
			}
			var sent sentV2
			if err := json.Unmarshal([]byte(rec.body), &sent); err != nil {
				t.Fatal(err)
			}
			if rec.path != tt.path || string(sent.Data) != tt.data {
				t.Errorf("sent %s to %s\nwant %s to %s", sent.Data, rec.path, tt.data, tt.path)
			}
			hash := inicis.HashV2("ItEQKi3rY7uvDS8l", "INIpayTest", sent.Type, "20260402141500", string(sent.Data))
			if sent.HashData != hash || sent.Timestamp != "20260402141500" || sent.ClientIP != "203.0.113.10" {
				t.Errorf("envelope %+v", sent)
			}
		})
	}
}

func TestCancelRefusesFiguresThatCannotBe(t *testing.T) {
	t.Parallel()
	rec, base := record(t, `{"resultCode":"00"}`)
	for name, change := range map[string]func(*adapters.CancelRequest){
		"nothing":                 func(r *adapters.CancelRequest) { r.Amount = 0 },
		"less than nothing":       func(r *adapters.CancelRequest) { r.Amount = -1 },
		"more than remains":       func(r *adapters.CancelRequest) { r.Amount = 64_901 },
		"more remains than paid":  func(r *adapters.CancelRequest) { r.Remaining = 64_901 },
		"more tax-free than that": func(r *adapters.CancelRequest) { r.TaxFree = 64_901 },
		"no transaction":          func(r *adapters.CancelRequest) { r.PGTxID = "" },
		"no INIAPI key":           func(r *adapters.CancelRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("api_key", "") },
	} {
		req := adapters.CancelRequest{
			Account: account(base), Attempt: attempt(), PGTxID: tid, Amount: 64_900, Remaining: 64_900, OperationID: "op", Now: at,
		}
		change(&req)
		_, err := inicis.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), req)
		if !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if rec.calls != 0 {
		t.Errorf("%d requests were sent", rec.calls)
	}
}

func TestLookUpAsksByTIDAndElseByOID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, stored, hint, data string }{
		{"the attempt's own", tid, "", `{"tid":"` + tid + `"}`},
		{"the hint", "", tid, `{"tid":"` + tid + `"}`},
		{"a hint that is no tid", "", "x", `{"oid":"ORD-20260402-0001-A1"}`},
		{"none", "", "", `{"oid":"ORD-20260402-0001-A1"}`},
	} {
		rec, base := record(t, inquiry("APPROVAL", ""))
		a := attempt()
		a.PGTxID = tt.stored
		_, err := inicis.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: a, PGTxID: tt.hint, Now: at})
		var sent sentV2
		if err2 := json.Unmarshal([]byte(rec.body), &sent); err != nil || err2 != nil || string(sent.Data) != tt.data {
			t.Errorf("%s: asked %s, %v, want %s", tt.name, sent.Data, err, tt.data)
		}
	}
}

func TestOnlyTheWonIsTakenForTheWon(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"WON": "KRW", "KRW": "KRW", "410": "KRW", "": "KRW", "USD": "USD"} {
		_, base := record(t, inquiry("APPROVAL", `,"cardInfo":{"currencyCode":"`+code+`"}`))
		r, err := inicis.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: attempt(), PGTxID: tid, Now: at})
		if err != nil || r.Currency != want {
			t.Errorf("%q: got %q, %v", code, r.Currency, err)
		}
	}
}

func FuzzApprovalAnswer(f *testing.F) {
	f.Add([]byte(approved("")))
	f.Add([]byte(approved(`,"TotPrice":"1"`)))
	f.Add([]byte(`{"resultCode":"R201"}`))
	f.Add([]byte(issued("")))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := inicis.ParseApproval(body, "", "1775106900123", attempt())
		if err != nil {
			return
		}
		switch r.Outcome { //nolint:exhaustive // the rest cannot come from an approval
		case payment.OutcomeApproved, payment.OutcomeIssued:
			if (r.Outcome == payment.OutcomeIssued) != r.Account.Number.IsSet() {
				t.Errorf("outcome %s with an account %v", r.Outcome, r.Account.Number.IsSet())
			}
			if r.Amount < 0 || r.Amount > payment.MaxWon || r.PGTxID == "" || r.OrderRef == "" || r.MID == "" || r.Code != "0000" {
				t.Errorf("approved with %+v", r)
			}
		case payment.OutcomeNotFound:
			if r.Code == "0000" || r.Code == "" || r.PGTxID != "" {
				t.Errorf("the authentication refused with %+v", r)
			}
		case payment.OutcomeDeclined:
			if r.Code == "0000" || r.Code == "" || r.Code == "R201" {
				t.Errorf("declined with code %q", r.Code)
			}
		default:
			t.Errorf("outcome %q", r.Outcome)
		}
	})
}
