package inicis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// approvedAt is when the payments of these tests were approved.
var approvedAt = time.Date(2026, 4, 2, 14, 15, 0, 0, payment.KST())

func TestReceiptsOfPCs(t *testing.T) {
	t.Parallel()
	a := payment.Attempt{ID: "a_1", MID: "INIpayTest", Amount: 1000, Currency: payment.CurrencyKRW, Method: "card"}
	card := `"applNum":"30012345","CARD_Num":"427289*********3","CARD_Code":"14","CARD_Quota":"03","CARD_Interest":"1"`
	for name, tt := range map[string]struct {
		method, fields string
		want           *payment.Receipt
	}{
		"a card": {"Card", card, &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, CardCompany: "신한카드", CardNumber: "427289*********3",
			Installment: new(3), InterestFree: new(true),
		}},
		"an ISP card at once": {"VCard", `"CARD_ApplNum":"1","CARD_Code":"16","CARD_Quota":"00","CARD_Interest":"0"`, &payment.Receipt{
			ApprovalNumber: "1", ApprovedAt: approvedAt, CardCompany: "NH농협카드", Installment: new(0), InterestFree: new(false),
		}},
		"money of an easy pay": {"Card", `"applNum":"","CARD_Num":"****************","CARD_Code":"97"`, &payment.Receipt{
			ApprovedAt: approvedAt, CardCompany: "카카오머니", CardNumber: "****************",
		}},
		"a company that nobody knows": {"Card", `"CARD_Code":"77","CARD_IssuerName":"새 카드"`, &payment.Receipt{
			ApprovedAt: approvedAt, CardCompany: "새 카드",
		}},
		"a card that is not masked": {"Card", `"CARD_Num":"4111111111111111","CARD_Code":"14"`, &payment.Receipt{
			ApprovedAt: approvedAt, CardCompany: "신한카드",
		}},
		"fields of another shape": {"Card", `"applNum":{"a":1},"CARD_Num":["x"],"CARD_Interest":"2","CARD_Code":"14"`, &payment.Receipt{
			ApprovedAt: approvedAt, CardCompany: "신한카드",
		}},
		"a field twice": {"Card", `"CARD_Num":"427289*********3","CARD_Num":"427289*********4","CARD_Code":"14"`, &payment.Receipt{
			ApprovedAt: approvedAt, CardCompany: "신한카드",
		}},
		"a transfer":   {"DirectBank", `"ACCT_BankCode":"88","ACCT_Name":"홍길동"`, &payment.Receipt{ApprovedAt: approvedAt, Bank: "088"}},
		"a phone bill": {"HPP", `"HPP_Corp":"SKT","HPP_Num":"01012345678"`, &payment.Receipt{ApprovedAt: approvedAt, Carrier: "SKT"}},
		"an account, issued and not paid": {
			"VBank", `"VACT_Num":"56211102345678","VACT_BankCode":"88","vactBankName":"신한은행"`,
			&payment.Receipt{Bank: "088", BankName: "신한은행"},
		},
	} {
		body := fmt.Sprintf(`{"resultCode":"0000","tid":"t","mid":"INIpayTest","MOID":"a_1","TotPrice":"1000","payMethod":%q,`+
			`"applDate":"20260402","applTime":"141500",%s}`, tt.method, tt.fields)
		r, err := parseApproval([]byte(body), "", "1", a)
		if diff := cmp.Diff(tt.want, r.Receipt); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

func TestReceiptsOfPhones(t *testing.T) {
	t.Parallel()
	a := payment.Attempt{ID: "a_1", MID: "INIpayTest", Amount: 1000, Currency: payment.CurrencyKRW, Method: "card"}
	for name, tt := range map[string]struct {
		kind, fields string
		want         *payment.Receipt
	}{
		"a card": {"CARD", "P_RMESG2=06&P_CARD_NUM=427289*********3&P_FN_CD1=14&P_FN_NM=신한&P_CARD_INTEREST=1", &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, CardCompany: "신한카드", CardNumber: "427289*********3",
			Installment: new(6), InterestFree: new(true),
		}},
		"an ISP card that nobody knows": {"ISP", "P_FN_CD1=77&P_FN_NM=새 카드", &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, CardCompany: "새 카드",
		}},
		"a number twice": {"CARD", "P_CARD_NUM=427289*********3&P_CARD_NUM=427289*********4&P_FN_CD1=14", &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, CardCompany: "신한카드",
		}},
		"a transfer": {"BANK", "P_FN_CD1=88&P_FN_NM=신한은행", &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, Bank: "088", BankName: "신한은행",
		}},
		"a phone bill": {"MOBILE", "P_HPP_CORP=KTF&P_HPP_NUM=01012345678", &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: approvedAt, Carrier: "KTF",
		}},
		"an account": {"VBANK", "P_VACT_NUM=56211102345678&P_VACT_BANK_CODE=88&P_FN_NM=신한은행", &payment.Receipt{Bank: "088", BankName: "신한은행"}},
	} {
		body := "P_STATUS=00&P_AUTH_DT=20260402141500&P_AUTH_NO=30012345&P_TID=t&P_AMT=1000&P_MID=INIpayTest&P_OID=a_1&P_TYPE=" + tt.kind + "&" + tt.fields
		r, err := parseMobileApproval([]byte(body), "", a)
		if diff := cmp.Diff(tt.want, r.Receipt); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

// TestReceiptsOfInquiries are of payments whose approval's answer was lost. An account's time need not be its deposit's.
func TestReceiptsOfInquiries(t *testing.T) {
	t.Parallel()
	a := payment.Attempt{ID: "a_1", MID: "INIpayTest", Amount: 1000, Currency: payment.CurrencyKRW, Method: "card"}
	body := `{"resultCode":"SUCCESS","tid":"t","mid":"INIpayTest","oid":"a_1","price":"1000","paymethod":"Card","transactionStatus":"APPROVAL",` +
		`"approvedDate":"20260402","approvedTime":"141500","cardInfo":{"approvedNumber":"30012345"}}`
	r, err := parseInquiry([]byte(body), "", a, payment.OutcomeApproved, false)
	want := &payment.Receipt{ApprovalNumber: "30012345", ApprovedAt: approvedAt}
	if diff := cmp.Diff(want, r.Receipt); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	r, err = parseInquiry([]byte(strings.Replace(body, `"Card"`, `"VBank"`, 1)), "", a, payment.OutcomeApproved, false)
	if err != nil || r.Receipt != nil {
		t.Errorf("an account: %v, %+v", err, r.Receipt)
	}
}
