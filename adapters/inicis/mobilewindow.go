package inicis

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// MobileForm is the mobile window's form, which the browser posts in EUC-KR. Empty fields are left out.
type MobileForm struct {
	Payment      string `json:"P_INI_PAYMENT"`
	MID          string `json:"P_MID"`
	OID          string `json:"P_OID"`
	Amount       string `json:"P_AMT"`
	Goods        string `json:"P_GOODS"`
	UserName     string `json:"P_UNAME"`
	Mobile       string `json:"P_MOBILE,omitempty"`
	Email        string `json:"P_EMAIL,omitempty"`
	NextURL      string `json:"P_NEXT_URL"`
	NoticeURL    string `json:"P_NOTI_URL,omitempty"`
	Notification string `json:"P_NOTI"`
	Reserved     string `json:"P_RESERVED"`
	Timestamp    string `json:"P_TIMESTAMP"`
	ChkFake      string `json:"P_CHKFAKE"`
	Charset      string `json:"P_CHARSET"`
	HPPMethod    string `json:"P_HPP_METHOD,omitempty"`
	QuotaBase    string `json:"P_QUOTABASE,omitempty"`
	OnlyCards    string `json:"P_ONLY_CARDCODE,omitempty"`
	Card         string `json:"P_CARD_OPTION,omitempty"`
	VBankDay     string `json:"P_VBANK_DT,omitempty"`
	VBankTime    string `json:"P_VBANK_TM,omitempty"`
	Tax          string `json:"P_TAX,omitempty"`
	TaxFree      string `json:"P_TAXFREE,omitempty"`
	OfferPeriod  string `json:"P_OFFER_PERIOD,omitempty"`
}

// maxMobileToken is how long P_NOTI may be (inicis.md §2.1, not confirmed).
const maxMobileToken = 800

// mobileMethod maps a canonical method to P_INI_PAYMENT, and to the option that it wants.
func mobileMethod(m payment.Method) (value, option string, ok bool) {
	switch m {
	case "card":
		// ISP cards too end in an approval that we ask for.
		return "CARD", "twotrs_isp=Y&block_isp=Y&twotrs_isp_noti=N", true
	case "trans":
		return "BANK", "twotrs_bank=Y", true
	case payment.MethodVBank:
		return "VBANK", "", true
	case "phone":
		return "MOBILE", "", true
	case "cultureland":
		return "CULTURE", "", true
	case "happymoney":
		return "HPMN", "", true
	case "kakaopay":
		return "CARD", "d_kakaopay=Y", true
	case "naverpay":
		return "CARD", "d_npay=Y", true
	case "tosspay":
		return "CARD", "d_tosspay=Y", true
	case "payco":
		return "CARD", "d_payco=Y", true
	case "lpay":
		return "CARD", "d_lpay=Y", true
	case "samsung", "samsungpay":
		return "CARD", "d_samsungpay=Y", true
	}
	return "", "", false
}

// BuildMobileForm makes the mobile window's form of an attempt. It is pure, as BuildForm is.
func BuildMobileForm(req adapters.PrepareRequest) (MobileForm, error) {
	a, m := req.Attempt, req.Merchant
	method, option, ok := mobileMethod(a.Method)
	if !ok {
		return MobileForm{}, fmt.Errorf("preparing the mobile window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	}
	if err := checkMobile(req); err != nil {
		return MobileForm{}, err
	}
	stamp, amount, oid := Millis(req.Now), a.Amount.String(), string(a.ID)
	form := MobileForm{
		Payment: method, MID: midOf(a, m), OID: oid, Amount: amount, Goods: wire.CutBytes(plainText(a.OrderName), 80),
		UserName: wire.CutBytes(plainText(req.Buyer.Name), 30),
		NextURL:  req.ReturnURL, Notification: req.Token, Timestamp: stamp,
		ChkFake: ChkFake(amount, oid, stamp, keysOf(m).hash), Charset: "utf8",
	}
	// Both may be left out here; cut, or without what EUC-KR lacks, they would be somebody else's.
	if tel := wire.Phone(req.Buyer.Tel); len(tel) <= 15 {
		form.Mobile = tel
	}
	if email := wire.Email(req.Buyer.Email, 30); email == plainText(email) {
		form.Email = email
	}
	switch a.Method {
	case "phone":
		form.HPPMethod = strconv.Itoa(goodsCode(req.Options.Goods))
	case payment.MethodVBank:
		form.NoticeURL = req.NoticeURL
		due := KST(a.DepositDue)
		if due[8:12] == "0000" {
			// 0000 means the end of that day, not its beginning.
			due = KST(a.DepositDue.Add(-time.Minute))
		}
		form.VBankDay, form.VBankTime = due[:8], due[8:12]
	}
	if tax, free, stated := taxes(m.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet); stated {
		form.Tax, form.TaxFree = tax.String(), free.String()
	}
	if p := req.Options.Period; p.Valid() {
		form.OfferPeriod = p.From + p.To
	}
	plans := planFor(a, req.Installments)
	form.QuotaBase, form.OnlyCards = mobileQuota(plans.quotaBase), strings.Join(plans.accept.OnlyCards, ":")
	if plans.card != "" {
		form.Card = "selcode=" + plans.card
	}
	form.Reserved = reserved(req, option, plans)
	return form, nil
}

// reserved writes P_RESERVED. centerCd and amt_hash are always among it: without them there is neither an
// idc_name to check nor a check of the amount.
func reserved(req adapters.PrepareRequest, option string, plans plan) string {
	a, app := req.Attempt, req.App
	options := []string{"centerCd=Y", "amt_hash=Y"}
	add := func(on bool, option string) {
		if on {
			options = append(options, option)
		}
	}
	add(a.Amount < 1000, "below1000=Y")
	add(a.Method == "card", "noeasypay=Y")
	add(a.Method == "card" && req.Merchant.Has(payment.ClauseCardPoints), "cp_yn=Y")
	add(a.Purpose == payment.PurposeEscrow, "useescrow=Y")
	add(a.Method == "trans" && req.Options.CashReceipt == payment.CashReceiptNone, "bank_receipt=N")
	add(a.Method == payment.MethodVBank && req.Options.CashReceipt == payment.CashReceiptAsk, "vbank_receipt=Y")
	add(plans.noInterest != "", "merc_noint=Y&noint_quota="+strings.ReplaceAll(plans.noInterest, ",", "^"))
	add(option != "", option)
	// Of the app only the documented name://: it is fetched to the front, with the page that it shows. apprun_check,
	// which app_scheme excludes, is never sent (inicis.md §2.2).
	add(app.Scheme != "", "app_scheme="+app.Scheme+"://")
	return strings.Join(options, "&")
}

// mobileQuota writes the plans with two digits each and the lump sum among them, as the mobile window wants them.
func mobileQuota(quotaBase string) string {
	if quotaBase == "" {
		return ""
	}
	parts := []string{"01"}
	for month := range strings.SplitSeq(quotaBase, ":") {
		if n, err := strconv.Atoi(month); err == nil {
			parts = append(parts, fmt.Sprintf("%02d", n))
		}
	}
	return strings.Join(parts, ":")
}

// plainText keeps what survives the mobile window: its answers are not percent-encoded, so & = and % would forge
// fields in them, and a browser writes what EUC-KR lacks as &#1234;.
func plainText(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune("&=%", r) { //guard:names-forge-no-fields
			return ' '
		}
		if _, err := EncodeEUCKR(string(r)); err != nil {
			return -1
		}
		return r
	}, wire.Clean(s)))
}

func checkMobile(req adapters.PrepareRequest) error {
	a := req.Attempt
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case !keysOf(req.Merchant).hash.IsSet():
		return bad("merchants.hash_key", "is missing")
	// Mobile bodies are not percent-encoded: a query of ours would add fields to them.
	case strings.ContainsAny(req.ReturnURL, "?&"):
		return bad("return_url", "must have no query")
	case len(req.Token) > maxMobileToken:
		return bad("return_url", "is too long for a window on a phone")
	//guard:app-scheme-forges-no-options
	case req.App.Scheme != "" && !payment.ValidAppScheme(req.App.Scheme):
		return bad("app_scheme", "is no scheme of an app")
	case a.Method == payment.MethodVBank && req.NoticeURL == "":
		return bad("server.public.base_url", "must be an https address: the PG tells of deposits there")
	case plainText(a.OrderName) == "":
		return bad("order_name", "is missing")
	case plainText(req.Buyer.Name) == "":
		return bad("buyer.name", "is needed by KG Inicis")
	case len(req.Installments.Cards) > 0 && len(requestCodes(req.Installments.Cards)) == 0:
		return bad("merchants.cards", "name no card that Inicis has a code for")
	}
	return checkPayment(&req)
}
