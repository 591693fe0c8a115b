package inicis_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/payment"
)

const accountTID = "StdpayVBNKINIpayTest20260402141359654321"

// accountAttempt is an attempt whose virtual account was issued.
func accountAttempt() payment.Attempt {
	a := attempt()
	a.Method, a.PGTxID, a.DepositDue = payment.MethodVBank, accountTID, at.Add(72*time.Hour)
	return a
}

func issued(more string) string {
	return `{"resultCode":"0000","resultMsg":"ok","tid":"` + accountTID + `","mid":"INIpayTest","MOID":"ORD-20260402-0001-A1",` +
		`"TotPrice":"64900","payMethod":"VBank","currency":"WON","VACT_Num":"562-1110-2345678","VACT_BankCode":"88",` +
		`"vactBankName":"신한은행","VACT_Name":"데모상점","VACT_InputName":"홍길동","VACT_Date":"20260405","VACT_Time":"235959"` + more + `}`
}

func accountInquiry(status, more string) string {
	return `{"resultCode":"00","resultMsg":"ok","status":"` + status + `","price":"64900"` + more + `}`
}

func accountInquiries() []adapterstest.Reply {
	lost := adapters.ErrUnavailable
	return []adapterstest.Reply{
		{Name: "waits for the deposit", Status: 200, Body: accountInquiry("N", ""), Want: payment.OutcomeIssued},
		{Name: "waits, and no price is told", Status: 200, Body: `{"resultCode":"00","status":"N","price":null}`, Want: payment.OutcomeIssued},
		{Name: "closed before a deposit", Status: 200, Body: accountInquiry("C", ""), Want: payment.OutcomeCancelled},
		{Name: "not there", Status: 200, Body: accountInquiry("9", ""), Want: payment.OutcomeNotFound},
		{Name: "not there, as a failure", Status: 200, Body: `{"resultCode":"01","status":"9"}`, Want: payment.OutcomeNotFound},
		{Name: "not there, by its code", Status: 200, Body: `{"resultCode":"01","detailResultCode":"504623"}`, Want: payment.OutcomeNotFound},
		{Name: "a failure without a reason", Status: 200, Body: `{"resultCode":"01","status":"N"}`, Want: payment.OutcomeUnknown},
		{Name: "a status nobody knows", Status: 200, Body: accountInquiry("H", ""), Want: payment.OutcomeUnknown},
		{Name: "no status", Status: 200, Body: `{"resultCode":"00"}`, Want: payment.OutcomeUnknown},
		{Name: "the status twice", Status: 200, Body: accountInquiry("N", `,"status":"C"`), WantErr: lost},
		{Name: "another payment's answer", Status: 200, Body: accountInquiry("C", `,"oid":"ORD-OTHER"`), WantErr: lost},
		{Name: "another merchant's answer", Status: 200, Body: accountInquiry("C", `,"mid":"INIother00"`), WantErr: lost},
		{Name: "a price that is none", Status: 200, Body: `{"resultCode":"00","status":"N","price":"64,900"}`, WantErr: lost},
	}
}

func closings() []adapterstest.Reply {
	return []adapterstest.Reply{
		{Name: "closed", Status: 200, Body: `{"resultCode":"00","resultMsg":"ok"}`, Want: payment.OutcomeCancelled},
		{Name: "refused", Status: 200, Body: `{"resultCode":"01","resultMsg":"입금 완료","detailResultCode":"504622"}`, Want: payment.OutcomeDeclined},
		{Name: "closed already is to be looked up", Status: 200, Body: `{"resultCode":"01","detailResultCode":"504626"}`, WantErr: adapters.ErrUnknownOutcome},
		{Name: "another call's success", Status: 200, Body: `{"resultCode":"0000"}`, WantErr: adapters.ErrUnknownOutcome},
	}
}

func closeRequest(acc adapters.Account) adapters.CancelRequest {
	return adapters.CancelRequest{
		Account: acc, Attempt: accountAttempt(), PGTxID: accountTID, Amount: 64_900, Remaining: 64_900, Reason: "만료",
		OperationID: "op-1", Now: at,
	}
}

// depositCancel gives the money of a paid account back to the buyer's.
func depositCancel(acc adapters.Account) adapters.CancelRequest {
	req := closeRequest(acc)
	req.Reason = "환불"
	req.RefundAccount = &payment.RefundAccount{Bank: "088", Number: "110-1234-5678901", Holder: "홍길동"}
	return req
}

func driver() *inicis.Driver { return inicis.New(onewrite.New(onewrite.Options{})) }

func TestAnIssuedAccountIsNotMoney(t *testing.T) {
	t.Parallel()
	_, base := record(t, issued(""))
	req := approveRequest(base)
	req.Attempt = accountAttempt()
	req.Attempt.PGTxID = ""
	got, err := driver().Approve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := adapters.Result{
		Outcome: payment.OutcomeIssued, PGTxID: accountTID, OrderRef: "ORD-20260402-0001-A1", MID: "INIpayTest", Amount: 64_900,
		Currency: "KRW", Method: "vbank", Silent: adapters.FactTest | adapters.FactTaxes, Code: "0000", Message: "ok",
		Account: payment.VirtualAccount{
			Bank: "088", Number: "56211102345678", Holder: "데모상점", Due: time.Date(2026, 4, 5, 14, 59, 59, 0, time.UTC),
		},
		Receipt: &payment.Receipt{Bank: "088", BankName: "신한은행"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if field := adapters.Mismatch(req.Attempt, req.Merchant, got); field != "" {
		t.Errorf("mismatch in %s", field)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "56211102345678") {
		t.Error("the account's number is printed")
	}
}

func TestAnAccountsBankAndDeadlineMayBeLeftOut(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, bank, date, clock, wantBank, wantDue string }{
		{"as documented", "88", "20260405", "235959", "088", "2026-04-05T23:59:59+09:00"},
		{"to the minute", "88", "20260405", "2359", "088", "2026-04-05T23:59:00+09:00"},
		{"padded with zeros", "00000004", "20260405", "000000", "004", "2026-04-05T00:00:00+09:00"},
		{"one digit", "4", "20260405", "000000", "004", "2026-04-05T00:00:00+09:00"},
		{"a securities firm", "D3", "20260405", "000000", "", "2026-04-05T00:00:00+09:00"},
		{"three digits", "209", "", "", "", ""},
		{"nothing", "", "", "", "", ""},
		{"zeros", "00", "00000000", "000000", "", ""},
		{"no clock", "88", "20260405", "", "088", ""},
		{"no day", "88", "20260431", "235959", "088", ""},
		{"a fraction", "88", "20260405", "23595", "088", ""},
	}
	for _, tt := range tests {
		body := fmt.Sprintf(`{"resultCode":"0000","tid":%q,"mid":"INIpayTest","MOID":"ORD-20260402-0001-A1","TotPrice":"64900",`+
			`"payMethod":"VBANK","VACT_Num":"1","VACT_BankCode":%q,"VACT_Date":%q,"VACT_Time":%q}`, accountTID, tt.bank, tt.date, tt.clock)
		r, err := inicis.ParseApproval([]byte(body), "", "1775106900123", accountAttempt())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		due := ""
		if !r.Account.Due.IsZero() {
			due = r.Account.Due.Format(time.RFC3339)
		}
		if r.Account.Bank != tt.wantBank || due != tt.wantDue {
			t.Errorf("%s: got bank %q, due %q", tt.name, r.Account.Bank, due)
		}
	}
}

// inquiryPG answers v1 and v2 inquiries and remembers what was asked.
type inquiryPG struct {
	v1, v2 string
	asked  []string
	form   url.Values
}

func (d *inquiryPG) open(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.asked = append(d.asked, r.URL.Path)
		answer := d.v2
		if strings.HasSuffix(r.URL.Path, "/api/v1/extra") {
			d.form, _ = url.ParseQuery(string(body))
			answer = d.v1
		}
		if answer == "" {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func accountV2(payMethod, status, more string) string {
	return `{"resultCode":"SUCCESS","mid":"INIpayTest","tid":"` + accountTID + `","oid":"ORD-20260402-0001-A1","price":"64900",` +
		`"paymethod":"` + payMethod + `","transactionStatus":"` + status + `"` + more + `}`
}

func TestLookUpOfAnAccountTellsADepositFromAnIssue(t *testing.T) {
	t.Parallel()
	approval := accountV2("VBank", "APPROVAL", "")
	tests := []struct {
		name, tid, v1, v2 string
		want              payment.Outcome
		cancelled         payment.Won
		asked             int
	}{
		{"waiting", accountTID, accountInquiry("N", ""), "", payment.OutcomeIssued, 0, 1},
		{"waiting, the tid unknown", "", accountInquiry("N", ""), approval, payment.OutcomeIssued, 0, 2},
		{"paid", accountTID, accountInquiry("Y", ""), approval, payment.OutcomeApproved, 0, 2},
		{"paid, and v2 names no method", accountTID, accountInquiry("Y", ""), accountV2("", "APPROVAL", ""), payment.OutcomeApproved, 0, 2},
		{"paid, and a part given back", accountTID, accountInquiry("Y", ""), accountV2("VBank", "PART_CANCEL", `,"availablePartCancelPrice":"60000"`), payment.OutcomeApproved, 4_900, 2},
		{"paid, and all given back", accountTID, accountInquiry("Y", ""), accountV2("VBank", "CANCEL", ""), payment.OutcomeCancelled, 64_900, 2},
		{"cancelled, and v2 says so", accountTID, accountInquiry("1", ""), accountV2("VBank", "CANCEL", ""), payment.OutcomeCancelled, 64_900, 2},
		{"cancelled, and v2 says otherwise", accountTID, accountInquiry("1", ""), approval, payment.OutcomeUnknown, 0, 2},
		{"another method's word proves no deposit", accountTID, accountInquiry("0", ""), approval, payment.OutcomeUnknown, 0, 2},
		{"nor does v2 without a method", accountTID, accountInquiry("0", ""), accountV2("", "APPROVAL", ""), payment.OutcomeUnknown, 0, 2},
		{"paid with a card instead", accountTID, accountInquiry("0", ""), accountV2("Card", "APPROVAL", ""), payment.OutcomeApproved, 0, 2},
		{"closed before a deposit", accountTID, accountInquiry("C", ""), "", payment.OutcomeCancelled, 0, 1},
		{"not there", "", accountInquiry("9", ""), "", payment.OutcomeNotFound, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &inquiryPG{v1: tt.v1, v2: tt.v2}
			base, a := pg.open(t), accountAttempt()
			a.PGTxID = tt.tid
			r, err := driver().LookUp(t.Context(), adapters.LookUpRequest{Account: account(base), Attempt: a, Now: at})
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != tt.want || r.Cancelled != tt.cancelled || len(pg.asked) != tt.asked {
				t.Errorf("got %s, %d cancelled, asked %v; want %s, %d, %d requests", r.Outcome, r.Cancelled, pg.asked, tt.want, tt.cancelled, tt.asked)
			}
			if field := adapters.Mismatch(a, account(base).Merchant, r); field != "" && field != "method" && (field != "cancelled" || tt.cancelled == 0) {
				t.Errorf("mismatch in %s", field)
			}
			if pg.asked[0] != "/inicis/iniapi/api/v1/extra" {
				t.Errorf("asked %s first", pg.asked[0])
			}
		})
	}
}

func TestLookUpOfAPaidAccountNeedsBothAnswers(t *testing.T) {
	t.Parallel()
	for name, v2 := range map[string]string{
		"no answer":         "",
		"another payment's": strings.Replace(accountV2("VBank", "APPROVAL", ""), "ORD-20260402-0001-A1", "ORD-OTHER", 1),
	} {
		pg := &inquiryPG{v1: accountInquiry("Y", ""), v2: v2}
		r, err := driver().LookUp(t.Context(), adapters.LookUpRequest{Account: account(pg.open(t)), Attempt: accountAttempt(), Now: at})
		if !errors.Is(err, adapters.ErrUnavailable) || r.Outcome != "" {
			t.Errorf("%s: got %q, %v", name, r.Outcome, err)
		}
	}
}

func TestLookUpOfAnAccountShowsAnotherPrice(t *testing.T) {
	t.Parallel()
	pg := &inquiryPG{v1: strings.Replace(accountInquiry("N", ""), "64900", "64800", 1)}
	acc := account(pg.open(t))
	r, err := driver().LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: accountAttempt(), Now: at})
	if err != nil || adapters.Mismatch(accountAttempt(), acc.Merchant, r) != "amount" {
		t.Errorf("got %d won, %v", r.Amount, err)
	}
}

func TestV1InquiryIsAskedByBothNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, stored, hint, tid string }{
		{"the attempt's own", accountTID, "", accountTID},
		{"the hint", "", accountTID, accountTID},
		{"a hint that is no tid", "", "x", ""},
		{"none", "", "", ""},
	} {
		pg := &inquiryPG{v1: accountInquiry("C", "")}
		a := accountAttempt()
		a.PGTxID = tt.stored
		if _, err := driver().LookUp(t.Context(), adapters.LookUpRequest{Account: account(pg.open(t)), Attempt: a, PGTxID: tt.hint, Now: at}); err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"type": {"Extra"}, "paymethod": {"Inquiry"}, "timestamp": {"20260402141500"}, "clientIp": {"203.0.113.10"},
			"mid": {"INIpayTest"}, "oid": {"ORD-20260402-0001-A1"},
			"hashData": {inicis.HashV1("ItEQKi3rY7uvDS8l", "Extra", "Inquiry", "20260402141500", "203.0.113.10", "INIpayTest")},
		}
		if tt.tid != "" {
			want.Set("originalTid", tt.tid)
		}
		if diff := cmp.Diff(want, pg.form); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestCloseAccountSendsV1sCancelOfAnUnpaidAccount(t *testing.T) {
	t.Parallel()
	rec, base := record(t, `{"resultCode":"00","resultMsg":"ok"}`)
	r, err := driver().CloseAccount(t.Context(), closeRequest(account(base)))
	if err != nil || r.Outcome != payment.OutcomeCancelled || r.Cancelled != 0 || r.Amount != 64_900 || r.OrderRef != attempt().ID {
		t.Errorf("got %+v, %v", r, err)
	}
	form, err := url.ParseQuery(rec.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"type": {"Refund"}, "paymethod": {"GVacct"}, "timestamp": {"20260402141500"}, "clientIp": {"203.0.113.10"},
		"mid": {"INIpayTest"}, "tid": {accountTID}, "msg": {"만료"},
		"hashData": {inicis.HashV1("ItEQKi3rY7uvDS8l", "Refund", "GVacct", "20260402141500", "203.0.113.10", "INIpayTest", accountTID)},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rec.path != "/inicis/iniapi/api/v1/refund" || rec.calls != 1 || rec.contentType != "application/x-www-form-urlencoded; charset=UTF-8" {
		t.Errorf("%d calls, the last to %s as %s", rec.calls, rec.path, rec.contentType)
	}
}

func TestCloseAccountIsForAccountsOnly(t *testing.T) {
	t.Parallel()
	rec, base := record(t, `{"resultCode":"00"}`)
	for name, change := range map[string]func(*adapters.CancelRequest){
		"a card payment": func(r *adapters.CancelRequest) { r.Attempt.Method = "card" },
		"no transaction": func(r *adapters.CancelRequest) { r.PGTxID = "" },
		"no INIAPI key":  func(r *adapters.CancelRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("api_key", "") },
	} {
		req := closeRequest(account(base))
		change(&req)
		if _, err := driver().CloseAccount(t.Context(), req); !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if rec.calls != 0 {
		t.Errorf("%d requests were sent", rec.calls)
	}
}

func TestADepositGoesBackToTheBuyersAccount(t *testing.T) {
	t.Parallel()
	// The ciphertext is that of vector aes-02, as in v2-vacct-01.
	const to = `"refundAcctNum":"Pgc+KMLQbOEuvyCwb0ia9Q==","refundBankCode":"88","refundAcctName":"홍길동"}`
	tests := []struct {
		name, path, data string
		change           func(*adapters.CancelRequest)
		want             payment.Outcome
		cancelled        payment.Won
	}{
		{
			"all of it", "refund/vacct", `{"tid":"` + accountTID + `","msg":"환불",` + to,
			func(*adapters.CancelRequest) {}, payment.OutcomeCancelled, 64_900,
		},
		{
			"a part", "partialRefund/vacct",
			`{"tid":"` + accountTID + `","msg":"환불","price":"900","confirmPrice":"64000","currency":"WON",` + to,
			func(r *adapters.CancelRequest) { r.Amount = 900 }, payment.OutcomeApproved, 900,
		},
		{
			"a part with its taxes", "partialRefund/vacct",
			`{"tid":"` + accountTID + `","msg":"환불","price":"1200","confirmPrice":"63700","currency":"WON","tax":"99","taxfree":"100",` + to,
			func(r *adapters.CancelRequest) { r.Amount, r.TaxFree, r.VAT, r.VATSet = 1_200, 100, 99, true },
			payment.OutcomeApproved, 1_200,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec, base := record(t, `{"resultCode":"00","resultMsg":"ok"}`)
			req := depositCancel(account(base))
			tt.change(&req)
			r, err := driver().Cancel(t.Context(), req)
			if err != nil || r.Outcome != tt.want || r.Cancelled != tt.cancelled {
				t.Errorf("got %s, %d cancelled, %v", r.Outcome, r.Cancelled, err)
			}
			var sent sentV2
			if err := json.Unmarshal([]byte(rec.body), &sent); err != nil {
				t.Fatal(err)
			}
			if rec.path != "/inicis/iniapi/v2/pg/"+tt.path || sent.Type != strings.TrimSuffix(tt.path, "/vacct") {
				t.Errorf("sent type %s to %s", sent.Type, rec.path)
			}
			if diff := cmp.Diff(tt.data, string(sent.Data)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if hash := inicis.HashV2("ItEQKi3rY7uvDS8l", "INIpayTest", sent.Type, "20260402141500", string(sent.Data)); sent.HashData != hash {
				t.Errorf("hash %s", sent.HashData)
			}
		})
	}
}

func TestADepositGoesNowhereWithoutAGoodAccount(t *testing.T) {
	t.Parallel()
	rec, base := record(t, `{"resultCode":"00"}`)
	tests := []struct {
		name, field string
		change      func(*adapters.CancelRequest)
	}{
		{"no account", "refund_account", func(r *adapters.CancelRequest) { r.RefundAccount = nil }},
		{"Inicis' two digits", "refund_account.bank", func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "88" }},
		{"a bank above ninety-nine", "refund_account.bank", func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "209" }},
		{"a bank by name", "refund_account.bank", func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "0신" }},
		{"no bank", "refund_account.bank", func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "000" }},
		{"no number", "refund_account.number", func(r *adapters.CancelRequest) { r.RefundAccount.Number = "" }},
		{"a number with letters", "refund_account.number", func(r *adapters.CancelRequest) { r.RefundAccount.Number = "1101234567890x" }},
		{"a number too long", "refund_account.number", func(r *adapters.CancelRequest) {
			r.RefundAccount.Number = payment.Secret(strings.Repeat("1", 21))
		}},
		{"no holder", "refund_account.holder", func(r *adapters.CancelRequest) { r.RefundAccount.Holder = "" }},
		{"a holder that would break the hash", "refund_account.holder", func(r *adapters.CancelRequest) { r.RefundAccount.Holder = "홍\"길동" }},
		{"no IV", "merchants.api_iv", func(r *adapters.CancelRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("api_iv", "") }},
		{"an IV of the wrong size", "merchants.api_iv", func(r *adapters.CancelRequest) { r.Merchant.Keys = r.Merchant.Keys.WithSecret("api_iv", "short") }},
		{"a VAT that cannot be", "vat_amount", func(r *adapters.CancelRequest) { r.Amount, r.VAT, r.VATSet = 900, 901, true }},
	}
	for _, tt := range tests {
		req := depositCancel(account(base))
		tt.change(&req)
		_, err := driver().Cancel(t.Context(), req)
		field, ok := errors.AsType[*adapters.FieldError](err)
		if !ok || field.Field != tt.field || !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: got %v, want a complaint about %s", tt.name, err, tt.field)
		}
		if ok && tt.field != "refund_account" && strings.Contains(err.Error(), "1101234") {
			t.Errorf("%s: the account is in the error", tt.name)
		}
	}
	if rec.calls != 0 {
		t.Errorf("%d requests were sent", rec.calls)
	}
}
