package inicis

import (
	"cmp"
	"strconv"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// receiptOf reads what a shop prints out of the answer to an approval of a window on PCs (inicis.md §1.10). An account
// that was issued was not paid: of it only the bank is known.
func receiptOf(o wire.Object) *payment.Receipt {
	o = o.Aside()
	said := payment.Receipt{
		ApprovalNumber: cmp.Or(o.Text("applNum"), o.Text("CARD_ApplNum")),
		ApprovedAt:     kstTime(o.Text("applDate") + o.Text("applTime")),
	}
	switch o.Text("payMethod") {
	case "Card", "VCard":
		said.CardCompany = cmp.Or(companyOf(o.Text("CARD_Code")), o.Text("CARD_IssuerName"), o.Text("CARD_PurchaseName"))
		said.CardNumber = o.Text("CARD_Num")
		said.Installment, said.InterestFree = monthsOf(o.Text("CARD_Quota")), flagOf(o.Text("CARD_Interest"))
	case "DirectBank", "iDirectBank":
		said.Bank = bankCode(o.Text("ACCT_BankCode"))
	case "VBank":
		said = payment.Receipt{Bank: bankCode(o.Text("VACT_BankCode")), BankName: o.Text("vactBankName")}
	case "HPP":
		said.Carrier = o.Text("HPP_Corp")
	}
	return payment.NewReceipt(said)
}

// mobileReceiptOf is receiptOf for phones (inicis.md §2.4). Such an answer is not percent-encoded: what is there
// twice may be somebody else's word, and is left out.
func mobileReceiptOf(answer MobileAnswer) *payment.Receipt {
	f := func(name string) string {
		if answer.Twice[name] { //guard:receipts-field-twice
			return ""
		}
		return wire.Clean(answer.First[name])
	}
	said := payment.Receipt{
		ApprovalNumber: cmp.Or(f("P_AUTH_NO"), f("P_APPL_NUM")), ApprovedAt: kstTime(f("P_AUTH_DT")),
	}
	switch f("P_TYPE") {
	case "CARD", "ISP":
		said.CardCompany = cmp.Or(companyOf(f("P_FN_CD1")), f("P_FN_NM"), f("P_CARD_ISSUER_NAME"))
		said.CardNumber = f("P_CARD_NUM")
		said.Installment, said.InterestFree = monthsOf(f("P_RMESG2")), flagOf(f("P_CARD_INTEREST"))
	case "BANK":
		said.Bank, said.BankName = bankCode(f("P_FN_CD1")), f("P_FN_NM")
	case "VBANK":
		said = payment.Receipt{Bank: bankCode(f("P_VACT_BANK_CODE")), BankName: f("P_FN_NM")}
	case "MOBILE":
		said.Carrier = f("P_HPP_CORP")
	}
	return payment.NewReceipt(said)
}

// inquiredReceipt is what an inquiry tells of a payment whose approval's answer was lost (inicis.md §6). An account is
// left out: the time is not told to be the deposit's.
func inquiredReceipt(o wire.Object, m payment.Method) *payment.Receipt {
	if m == payment.MethodVBank {
		return nil
	}
	o = o.Aside()
	card, _ := o.Object("cardInfo")
	return payment.NewReceipt(payment.Receipt{
		ApprovalNumber: card.Text("approvedNumber"), ApprovedAt: kstTime(o.Text("approvedDate") + o.Text("approvedTime")),
	})
}

// monthsOf reads the months of a card; nil when they are not told.
func monthsOf(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil || n != wire.Months(text) {
		return nil
	}
	if n == 1 {
		n = 0 // both are a lump sum
	}
	return &n
}

func flagOf(text string) *bool {
	switch text {
	case "0", "1":
		yes := text == "1"
		return &yes
	}
	return nil
}

// companyOf is what buyers call the company of a code that Inicis answers with, some of which it is never asked with
// (inicis.md §10.1); "" for any other.
func companyOf(code string) string {
	switch code {
	case "01", "17":
		return "하나카드"
	case "15":
		return "씨티카드"
	case "16":
		return "NH농협카드"
	case "21":
		return "해외 VISA"
	case "22":
		return "해외 Master"
	case "23":
		return "해외 JCB"
	case "24":
		return "해외 Amex"
	case "25":
		return "해외 Diners"
	case "26":
		return "중국은련"
	case "38":
		return "우리카드"
	case "81":
		return "하나BC"
	case "91":
		return "네이버포인트"
	case "93":
		return "토스머니"
	case "94":
		return "SSG머니"
	case "96":
		return "엘포인트"
	case "97":
		return "카카오머니"
	case "98":
		return "페이코"
	}
	for c := range payment.CardCompanies() {
		if c.Inicis == code && code != "" {
			return c.Name
		}
	}
	return ""
}
