package inicis_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

const tid = "StdpayCARDINIpayTest20260402141359123456"

var at = time.Date(2026, 4, 2, 5, 15, 0, 123e6, time.UTC)

func account(base string) adapters.Account {
	return adapters.Account{
		PG: &payment.PG{
			ID: "inicis", Driver: inicis.Name, Environment: payment.EnvSandbox, BaseURL: base,
			ApproveTimeout: 300 * time.Millisecond, ReadTimeout: 300 * time.Millisecond,
			Keys: payment.Keys{}.WithText("client_ip", "203.0.113.10"),
		},
		Merchant: &payment.Merchant{
			ID: "1001", PG: "inicis", MID: "INIpayTest", Mode: payment.ModeTest,
			Keys: payment.Keys{}.WithSecret("sign_key", "SU5JTElURV9UUklQTEVERVNfS0VZU1RS").
				WithSecret("api_key", "ItEQKi3rY7uvDS8l").WithSecret("api_iv", "HYb3yQ4f65QL89==").
				WithSecret("hash_key", "3CB8183A4BE283555ACC8363C0360223"),
		},
	}
}

func attempt() payment.Attempt {
	return payment.Attempt{
		ID: "ORD-20260402-0001-A1", OrderID: "ORD-20260402-0001", PG: "inicis", Driver: inicis.Name,
		Merchant: "1001", MID: "INIpayTest", Method: "card", Amount: 64_900, OrderAmount: 64_900,
		Currency: payment.CurrencyKRW, Test: true, OrderName: "노르웨이 회전 의자",
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adapterstest.Run(t, func(_ *testing.T, base string, client *http.Client) adapterstest.Subject {
		d, acc, a := inicis.New(client), account(base), attempt()
		approve := adapters.ApproveRequest{
			Account: acc, Attempt: a, Proof: adapters.Proof{AuthToken: "SkJ0+7fQ/9aZ==", IDC: "stg"}, Now: at,
		}
		return adapterstest.Subject{
			Secrets: []string{
				"SU5JTElURV9UUklQTEVERVNfS0VZU1RS", "ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89==", "3CB8183A4BE283555ACC8363C0360223", "SkJ0+7fQ/9aZ==",
				"11012345678901", "홍길동", "56211102345678", billKey, "rKnPljRn5m6J9Mzz", "buyer@example.com", "01012345678",
			},
			Operations: []adapterstest.Operation{
				{
					Name: "approve", Money: true, Replies: approvals(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.Approve(ctx, approve) },
				},
				{
					Name: "net cancel", Money: true, Replies: netCancels(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.NetCancel(ctx, approve) },
				},
				{
					Name: "approve, mobile", Money: true, Replies: mobileApprovals(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.Approve(ctx, mobileRequest(acc)) },
				},
				{
					Name: "net cancel, mobile", Money: true, Replies: mobileNetCancels(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.NetCancel(ctx, mobileRequest(acc)) },
				},
				{
					Name: "charge a billing key", Money: true, Replies: charges(),
					Do: func(ctx context.Context) (adapters.Result, error) { return d.Charge(ctx, chargeRequest(base)) },
				},
				{
					Name: "charge a billing key by v2", Money: true, Replies: charges(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						req := chargeRequest(base)
						v2(&req)
						return d.Charge(ctx, req)
					},
				},
				{
					Name: "look up", Replies: inquiries(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: tid, Now: at})
					},
				},
				{
					Name: "look up an account", Replies: accountInquiries(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.LookUp(ctx, adapters.LookUpRequest{Account: acc, Attempt: accountAttempt(), PGTxID: accountTID, Now: at})
					},
				},
				{
					Name: "close an account", Money: true, Replies: closings(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.CloseAccount(ctx, closeRequest(acc))
					},
				},
				{
					Name: "give a deposit back", Money: true, Replies: refunds(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, depositCancel(acc))
					},
				},
				{
					Name: "cancel", Money: true, Replies: refunds(),
					Do: func(ctx context.Context) (adapters.Result, error) {
						return d.Cancel(ctx, adapters.CancelRequest{
							Account: acc, Attempt: a, PGTxID: tid, Amount: 64_900, Remaining: 64_900, Reason: "단순 변심",
							OperationID: "op-1", Now: at,
						})
					},
				},
			},
		}
	})
}

// approved is a good approval with more put behind its fields.
func approved(more string) string {
	return `{"resultCode":"0000","resultMsg":"정상처리되었습니다","tid":"` + tid + `","mid":"INIpayTest",` +
		`"MOID":"ORD-20260402-0001-A1","TotPrice":"64900","payMethod":"Card","currency":"WON","applNum":""` + more + `}`
}

func approvals() []adapterstest.Reply {
	ok, no, lost := payment.OutcomeApproved, payment.OutcomeDeclined, adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "approved", Status: 200, Body: approved(""), Want: ok},
		{Name: "approved with fields nobody knows", Status: 200, Body: approved(`,"new":{"a":[1,{"b":null}]}`), Want: ok},
		{Name: "approved under another content type", Status: 200, ContentType: "text/html;charset=UTF-8", Body: approved(""), Want: ok},
		{
			Name: "approved in EUC-KR that says so", Status: 200, ContentType: "text/html;charset=EUC-KR",
			Body: `{"resultCode":"0000","resultMsg":"` + "\xb0\xe1\xc1\xa6" + `","tid":"` + tid + `","mid":"INIpayTest",` +
				`"MOID":"ORD-20260402-0001-A1","TotPrice":64900,"payMethod":"VCard"}`, Want: ok,
		},
		{Name: "numbers instead of texts", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest",` +
			`"MOID":"ORD-20260402-0001-A1","TotPrice":64900,"payMethod":"Card"}`, Want: ok},
		{Name: "an account was issued, not paid", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest",` +
			`"MOID":"ORD-20260402-0001-A1","TotPrice":"64900","payMethod":"VBank","VACT_Num":"56211102345678"}`, Want: payment.OutcomeIssued},
		{Name: "an account without a number", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest",` +
			`"MOID":"ORD-20260402-0001-A1","TotPrice":"64900","payMethod":"VBank"}`, WantErr: lost},
		{Name: "an account whose number is hidden", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest",` +
			`"MOID":"ORD-20260402-0001-A1","TotPrice":"64900","payMethod":"VBank","VACT_Num":"5621110****678"}`, WantErr: lost},
		{Name: "limit exceeded", Status: 200, Body: `{"resultCode":"500644","resultMsg":"한도초과"}`, Want: no},
		{Name: "a card company's no", Status: 200, Body: `{"resultCode":"120054","resultMsg":"잔액부족"}`, Want: no},
		{Name: "the plain failure code", Status: 200, Body: `{"resultCode":"01","resultMsg":"실패"}`, Want: no},
		{Name: "already requested", Status: 200, Body: `{"resultCode":"R201","resultMsg":"이미 요청"}`, Want: payment.OutcomeNotFound},
		{Name: "already requested, for another payment", Status: 200, Body: `{"resultCode":"R201","MOID":"ORD-OTHER"}`, Want: payment.OutcomeNotFound},
		{Name: "an authentication that nobody knows", Status: 200, Body: `{"resultCode":"500263"}`, Want: payment.OutcomeNotFound},
		{Name: "time-out at the card company", Status: 200, Body: `{"resultCode":"120055","resultMsg":"시간초과"}`, WantErr: lost},
		{Name: "communication failure", Status: 200, Body: `{"resultCode":"500051","resultMsg":"수신 실패"}`, WantErr: lost},
		{Name: "communication failure told in the message", Status: 200, Body: `{"resultCode":"01","resultMsg":"[550106] 통신"}`, WantErr: lost},
		{Name: "a duplicate request", Status: 200, Body: `{"resultCode":"500630"}`, WantErr: lost},
		{Name: "a code with no meaning to anybody", Status: 200, Body: `{"resultCode":"V801"}`, WantErr: lost},
		{Name: "a code that is no code", Status: 200, Body: `{"resultCode":"실패"}`, WantErr: lost},
		{Name: "another payment's decline", Status: 200, Body: `{"resultCode":"01","MOID":"ORD-OTHER"}`, WantErr: lost},
		{Name: "no result code", Status: 200, Body: `{"tid":"` + tid + `","TotPrice":"64900"}`, WantErr: lost},
		{Name: "the amount twice", Status: 200, Body: approved(`,"TotPrice":"1"`), WantErr: lost},
		{Name: "the result twice", Status: 200, Body: approved(`,"resultCode":"01"`), WantErr: lost},
		{Name: "the amount twice, once escaped", Status: 200, Body: approved(`,"\u0054otPrice":"1"`), WantErr: lost},
		{Name: "no amount", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest","MOID":"ORD-20260402-0001-A1","payMethod":"Card"}`, WantErr: lost},
		{Name: "a fraction of a won", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","mid":"INIpayTest","MOID":"ORD-20260402-0001-A1","payMethod":"Card","TotPrice":64900.5}`, WantErr: lost},
		{Name: "approved with another status", Status: 201, Body: approved(""), WantErr: lost},
	}
}

func netCancels() []adapterstest.Reply {
	return []adapterstest.Reply{
		{Name: "undone", Status: 200, Body: `{"resultCode":"0000","tid":"` + tid + `","MOID":"ORD-20260402-0001-A1"}`, Want: payment.OutcomeCancelled},
		{Name: "refused is no proof", Status: 200, Body: `{"resultCode":"01","resultMsg":"취소할 거래가 없습니다"}`, Want: payment.OutcomeUnknown},
		{Name: "not found is no proof", Status: 200, Body: `{"resultCode":"500623"}`, Want: payment.OutcomeUnknown},
		{Name: "another window's payment, by the token that was sent", Status: 200, Body: `{"resultCode":"0000","MOID":"ORD-OTHER"}`, Want: payment.OutcomeCancelled},
	}
}

func inquiry(status, more string) string {
	return `{"resultCode":"SUCCESS","mid":"INIpayTest","tid":"` + tid + `","oid":"ORD-20260402-0001-A1","price":"64900",` +
		`"paymethod":"Card","transactionStatus":"` + status + `"` + more + `}`
}

func inquiries() []adapterstest.Reply {
	return []adapterstest.Reply{
		{Name: "approved", Status: 200, Body: inquiry("APPROVAL", ""), Want: payment.OutcomeApproved},
		{Name: "cancelled", Status: 200, Body: inquiry("CANCEL", ""), Want: payment.OutcomeCancelled},
		{Name: "partly cancelled stays approved", Status: 200, Body: inquiry("PART_CANCEL", `,"availablePartCancelPrice":"60000"`), Want: payment.OutcomeApproved},
		{
			Name: "cancelled in parts to the end", Status: 200, Want: payment.OutcomeCancelled,
			Body: inquiry("PART_CANCEL", `,"partCancelTransInfo":[{"requestPrice":"60000"},{"requestPrice":"4900"}]`),
		},
		{Name: "partly cancelled, nobody says how much", Status: 200, Body: inquiry("PART_CANCEL", ""), Want: payment.OutcomeUnknown},
		{Name: "a status nobody knows", Status: 200, Body: inquiry("HELD", ""), Want: payment.OutcomeUnknown},
		{Name: "no such payment", Status: 200, Body: `{"resultCode":"01","resultMsg":"거래 없음","detailResultCode":"500623"}`, Want: payment.OutcomeNotFound},
		{Name: "a failure without a reason", Status: 200, Body: `{"resultCode":"01","resultMsg":"실패"}`, Want: payment.OutcomeUnknown},
		{Name: "another payment's answer", Status: 200, Body: `{"resultCode":"SUCCESS","mid":"INIpayTest","tid":"` + tid + `","oid":"ORD-OTHER","price":"64900","transactionStatus":"CANCEL"}`, WantErr: adapters.ErrUnavailable},
		{Name: "the status twice", Status: 200, Body: inquiry("APPROVAL", `,"transactionStatus":"CANCEL"`), WantErr: adapters.ErrUnavailable},
	}
}

func refunds() []adapterstest.Reply {
	return []adapterstest.Reply{
		{Name: "refunded", Status: 200, Body: `{"resultCode":"00","resultMsg":"ok","cancelDate":"20260402"}`, Want: payment.OutcomeCancelled},
		{Name: "refused", Status: 200, Body: `{"resultCode":"01","resultMsg":"기간 경과","detailResultCode":"500667"}`, Want: payment.OutcomeDeclined},
		{Name: "already cancelled is to be looked up", Status: 200, Body: `{"resultCode":"01","detailResultCode":"500626"}`, WantErr: adapters.ErrUnknownOutcome},
		{Name: "the inquiry's success is not the refund's", Status: 200, Body: `{"resultCode":"SUCCESS"}`, WantErr: adapters.ErrUnknownOutcome},
	}
}
