package inicis_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	authTID   = "INIMX_AUTHINIpayTest20260402141459111111"
	mobileTID = "INIMX_CARDINIpayTest20260402141500123456"
)

func mobileRequest(acc adapters.Account) adapters.ApproveRequest {
	a := attempt()
	a.Device = payment.DeviceMobile
	return adapters.ApproveRequest{Account: acc, Attempt: a, Proof: adapters.Proof{AuthToken: authTID, IDC: "stg", Mobile: true}, Now: at}
}

// mobileApproved is a good approval with more put behind its fields.
func mobileApproved(more string) string {
	return "P_STATUS=00&P_AUTH_DT=20260402141500&P_AUTH_NO=30012345&P_RMESG1=정상완료&P_RMESG2=00&P_TID=" + mobileTID +
		"&P_FN_CD1=06&P_AMT=64900&P_TYPE=CARD&P_UNAME=홍길동&P_MID=INIpayTest&P_OID=ORD-20260402-0001-A1&P_NOTI=n" +
		"&P_NEXT_URL=https://shop.example.com/m&P_MNAME=&P_NOTEURL=" + more
}

func mobileIssued() string {
	return strings.Replace(mobileApproved("&P_VACT_NUM=56211102345678&P_VACT_BANK_CODE=88&P_VACT_DATE=20260405&P_VACT_TIME=235959"+
		"&P_VACT_NAME=데모상점"), "P_TYPE=CARD", "P_TYPE=VBANK", 1)
}

func mobileApprovals() []adapterstest.Reply {
	text, lost := "text/html; charset=UTF-8", adapters.ErrUnknownOutcome
	swap := func(from, to string) string { return strings.Replace(mobileApproved(""), from, to, 1) }
	return []adapterstest.Reply{
		{Name: "approved", Status: 200, ContentType: text, Body: mobileApproved(""), Want: payment.OutcomeApproved},
		{Name: "an ISP card", Status: 200, ContentType: text, Body: swap("P_TYPE=CARD", "P_TYPE=ISP"), Want: payment.OutcomeApproved},
		{Name: "an account was issued, not paid", Status: 200, ContentType: text, Body: mobileIssued(), Want: payment.OutcomeIssued},
		{Name: "an account without a number", Status: 200, ContentType: text, Body: swap("P_TYPE=CARD", "P_TYPE=VBANK"), WantErr: lost},
		{Name: "declined", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=한도초과", Want: payment.OutcomeDeclined},
		{Name: "communication failure told in the message", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=[500051] 통신", WantErr: lost},
		{Name: "a time-out told in words", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=카드사 응답 시간 초과", WantErr: lost},
		{Name: "a line that was down, in words", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=카드사 통신 장애", WantErr: lost},
		{Name: "a card company's time-out in the message", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=승인 실패 (120055)", WantErr: lost},
		{Name: "a card company's no in the message", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=승인 거절 (120016)", Want: payment.OutcomeDeclined},
		{Name: "a telephone company's no", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=통신사 한도 초과", Want: payment.OutcomeDeclined},
		{Name: "already requested", Status: 200, ContentType: text, Body: "P_STATUS=R201&P_OID=ORD-OTHER", Want: payment.OutcomeNotFound},
		{Name: "an authentication that nobody knows", Status: 200, ContentType: text, Body: "P_STATUS=500263", Want: payment.OutcomeNotFound},
		{Name: "another payment's decline", Status: 200, ContentType: text, Body: "P_STATUS=01&P_OID=ORD-OTHER", WantErr: lost},
		{Name: "no status", Status: 200, ContentType: text, Body: swap("P_STATUS=00", "P_STATUS="), WantErr: lost},
		{Name: "a buyer's name that forges a status", Status: 200, ContentType: text, Body: swap("홍길동", "홍&P_STATUS=01"), WantErr: lost},
		{Name: "a buyer's name that forges an order", Status: 200, ContentType: text, Body: swap("홍길동", "홍&P_OID=ORD-OTHER"), WantErr: lost},
		{Name: "an address that forges an amount", Status: 200, ContentType: text, Body: swap("/m&", "/m?a=b&P_AMT=1&"), WantErr: lost},
		{Name: "an account twice", Status: 200, ContentType: text, Body: mobileIssued() + "&P_VACT_NUM=1", WantErr: lost},
		{Name: "a buyer's name that forges another easy pay", Status: 200, ContentType: text, Body: strings.Replace(mobileApproved("&P_SRC_CODE=O"), "홍길동", "홍&P_SRC_CODE=", 1), WantErr: lost},
		{Name: "no amount", Status: 200, ContentType: text, Body: swap("P_AMT=64900", "P_AMT="), WantErr: lost},
		{Name: "no transaction", Status: 200, ContentType: text, Body: swap("P_TID="+mobileTID, "P_TID="), WantErr: lost},
		{Name: "no order", Status: 200, ContentType: text, Body: swap("P_OID=ORD-20260402-0001-A1", "P_OID="), WantErr: lost},
	}
}

func mobileNetCancels() []adapterstest.Reply {
	text := "text/html; charset=UTF-8"
	return []adapterstest.Reply{
		{Name: "undone", Status: 200, ContentType: text, Body: "P_STATUS=00&P_RMESG1=ok&P_TID=" + authTID, Want: payment.OutcomeCancelled},
		{Name: "refused is no proof", Status: 200, ContentType: text, Body: "P_STATUS=01&P_RMESG1=no", Want: payment.OutcomeUnknown},
		{Name: "the status twice", Status: 200, ContentType: text, Body: "P_STATUS=00&P_STATUS=01", WantErr: adapters.ErrUnknownOutcome},
		{Name: "another window's payment, by the TID that was sent", Status: 200, ContentType: text, Body: "P_STATUS=00&P_OID=ORD-OTHER", Want: payment.OutcomeCancelled},
	}
}

func TestMobileApproveSendsTheAuthTIDToOurOwnAddress(t *testing.T) {
	t.Parallel()
	rec, base := record(t, mobileApproved("&P_SRC_CODE=O"))
	req := mobileRequest(account(base))
	req.Attempt.Method = "kakaopay"
	r, err := driver().Approve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := adapters.Result{
		Outcome: payment.OutcomeApproved, PGTxID: mobileTID, OrderRef: "ORD-20260402-0001-A1", MID: "INIpayTest", Amount: 64_900,
		Method: "kakaopay", Silent: adapters.FactTest | adapters.FactTaxes | adapters.FactCurrency, Code: "00", Message: "정상완료",
		Receipt: &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: time.Date(2026, 4, 2, 5, 15, 0, 0, time.UTC), CardCompany: "KB국민카드", Installment: new(0),
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rec.path != "/inicis/stg/smart/payReq.ini" || rec.body != "P_MID=INIpayTest&P_TID="+authTID || rec.calls != 1 {
		t.Errorf("%d calls, the last %s to %s", rec.calls, rec.body, rec.path)
	}
	if field := adapters.Mismatch(req.Attempt, req.Merchant, r); field != "" {
		t.Errorf("mismatch in %s", field)
	}
}

func TestMobileNetCancelIsSigned(t *testing.T) {
	t.Parallel()
	rec, base := record(t, "P_STATUS=00")
	if _, err := driver().NetCancel(t.Context(), mobileRequest(account(base))); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(rec.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"P_MID": {"INIpayTest"}, "P_TID": {authTID}, "P_AMT": {"64900"}, "P_OID": {"ORD-20260402-0001-A1"}, "P_TIMESTAMP": {"1775106900123"},
		"P_CHKFAKE": {inicis.ChkFake("64900", "ORD-20260402-0001-A1", "1775106900123", "3CB8183A4BE283555ACC8363C0360223")},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rec.path != "/inicis/stg/smart/payNetCancel.ini" {
		t.Errorf("sent to %s", rec.path)
	}
}

func TestNothingIsSentWhenTheMobileProofIsNotUsable(t *testing.T) {
	t.Parallel()
	rec, base := record(t, mobileApproved(""))
	for name, change := range map[string]func(*adapters.ApproveRequest){
		"a foreign data centre": func(r *adapters.ApproveRequest) { r.Proof.IDC = "evil.example.com/x" },
		"no auth TID":           func(r *adapters.ApproveRequest) { r.Proof.AuthToken = "" },
		// The rules were changed while the buyer was in his window: what could not be net cancelled is not approved.
		"no hash key": func(r *adapters.ApproveRequest) {
			m := *r.Merchant
			m.Keys = m.Keys.WithSecret("hash_key", "")
			r.Merchant = &m
		},
	} {
		req := mobileRequest(account(base))
		change(&req)
		_, err1 := driver().Approve(t.Context(), req)
		_, err2 := driver().NetCancel(t.Context(), req)
		if !errors.Is(err1, adapters.ErrRejected) || !errors.Is(err2, adapters.ErrRejected) {
			t.Errorf("%s: got %v and %v", name, err1, err2)
		}
	}
	if rec.calls != 0 {
		t.Errorf("%d requests were sent", rec.calls)
	}
}

func TestAMobileAccountIsReadAsThePCWindowsIs(t *testing.T) {
	t.Parallel()
	r, err := inicis.ParseMobileApproval([]byte(mobileIssued()), "", accountAttempt())
	want := payment.VirtualAccount{
		Bank: "088", Number: "56211102345678", Holder: "데모상점", Due: time.Date(2026, 4, 5, 14, 59, 59, 0, time.UTC),
	}
	if diff := cmp.Diff(want, r.Account); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func mobileReturnForm() url.Values {
	return url.Values{
		"P_STATUS": {"00"}, "P_RMESG1": {"인증완료"}, "P_TID": {authTID}, "P_REQ_URL": {"https://fcmobile.inicis.com/smart/payReq.ini"},
		"P_NOTI": {"v1.c2VhbGVk"}, "P_AMT": {"64900"}, "idc_name": {"fc"}, "soonToCome": {"x", "y"},
	}
}

func TestParseMobileReturn(t *testing.T) {
	t.Parallel()
	got, err := inicis.ParseMobileReturn([]byte(mobileReturnForm().Encode()))
	want := inicis.MobileReturn{
		Status: "00", Message: "인증완료", TID: authTID, IDC: "fc", ReqURL: "https://fcmobile.inicis.com/smart/payReq.ini", Amount: "64900",
		MerchantData: "v1.c2VhbGVk",
	}
	if err != nil || got != want || !got.Authenticated() {
		t.Errorf("got %+v, %v", got, err)
	}
	cancelled, err := inicis.ParseMobileReturn([]byte("P_STATUS=01&P_NOTI=n&P_RMESG1=" + url.QueryEscape("사용자가 결제를 취소하였습니다.")))
	if err != nil || !cancelled.BuyerCancelled || cancelled.Authenticated() {
		t.Errorf("got %+v, %v", cancelled, err)
	}
	if r, err := inicis.ParseMobileReturn([]byte("P_STATUS=01&P_NOTI=n&P_RMESG1=%B8%C0")); err != nil || r.Message != "맛" {
		t.Errorf("a message in EUC-KR: got %+v, %v", r, err)
	}
	full := mobileReturnForm().Encode()
	for name, body := range map[string]string{
		"nothing": "", "something else": "hello=world", "too much": full + "&x=" + strings.Repeat("x", 64<<10),
		"the status twice": full + "&P_STATUS=01", "the TID twice": full + "&P_TID=x", "the address twice": full + "&P_REQ_URL=x",
		"the token twice": full + "&P_NOTI=x", "the amount twice": full + "&P_AMT=1", "the data centre twice": full + "&idc%5Fname=ks",
		"a TID in Korean": strings.Replace(full, "P_TID=", "P_TID=%C8%AB", 1),
	} {
		if r, err := inicis.ParseMobileReturn([]byte(body)); !errors.Is(err, inicis.ErrReturn) || r != (inicis.MobileReturn{}) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

func TestCheckMobileReturn(t *testing.T) {
	t.Parallel()
	pg := &payment.PG{Environment: payment.EnvLive}
	for _, tt := range []struct {
		name   string
		change func(url.Values)
		want   error
	}{
		{"as it should be", func(url.Values) {}, nil},
		{"another host", func(v url.Values) { v.Set("P_REQ_URL", "https://evil.example.com/smart/payReq.ini") }, inicis.ErrAuthURL},
		{"another data centre", func(v url.Values) { v.Set("idc_name", "ks") }, inicis.ErrAuthURL},
		{"no data centre", func(v url.Values) { v.Del("idc_name") }, inicis.ErrAuthURL},
		{"another merchant's TID", func(v url.Values) { v.Set("P_TID", strings.Replace(authTID, "INIpayTest", "INIother00", 1)) }, inicis.ErrReturn},
		{"no TID", func(v url.Values) { v.Del("P_TID") }, inicis.ErrReturn},
		{"another amount", func(v url.Values) { v.Set("P_AMT", "1") }, inicis.ErrReturn},
		{"no amount", func(v url.Values) { v.Del("P_AMT") }, inicis.ErrReturn},
	} {
		form := mobileReturnForm()
		tt.change(form)
		r, err := inicis.ParseMobileReturn([]byte(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if err := inicis.CheckMobileReturn(pg, attempt(), r); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func FuzzMobileApproval(f *testing.F) {
	f.Add([]byte(mobileApproved("")))
	f.Add([]byte(mobileIssued()))
	f.Add([]byte("P_STATUS=01&P_RMESG1=x"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := inicis.ParseMobileApproval(body, "", attempt())
		if err != nil {
			return
		}
		switch r.Outcome { //nolint:exhaustive // the rest cannot come from an approval
		case payment.OutcomeApproved, payment.OutcomeIssued:
			if r.Amount < 0 || r.Amount > payment.MaxWon || r.PGTxID == "" || r.OrderRef == "" || r.MID == "" || r.Code != "00" {
				t.Errorf("approved with %+v", r)
			}
		case payment.OutcomeDeclined:
			if r.Code == "00" || r.Code == "" {
				t.Errorf("declined with code %q", r.Code)
			}
		default:
			t.Errorf("outcome %q", r.Outcome)
		}
	})
}

func FuzzParseMobileReturn(f *testing.F) {
	f.Add([]byte(mobileReturnForm().Encode()))
	f.Add([]byte("P_STATUS=00&P_TID=%"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := inicis.ParseMobileReturn(body)
		if err != nil {
			if !errors.Is(err, inicis.ErrReturn) || r != (inicis.MobileReturn{}) {
				t.Fatalf("got %+v, %v", r, err)
			}
			return
		}
		if r.Status == "" || r.Authenticated() && r.BuyerCancelled {
			t.Errorf("read as %+v", r)
		}
	})
}
