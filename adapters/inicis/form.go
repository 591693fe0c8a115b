package inicis

import (
	"fmt"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Form is the PC window's form: every field a string, marshalled in this order. Empty ones are left out.
type Form struct {
	Version       string `json:"version"`
	MID           string `json:"mid"`
	OID           string `json:"oid"`
	GoodName      string `json:"goodname"`
	Price         string `json:"price"`
	Currency      string `json:"currency"`
	BuyerName     string `json:"buyername"`
	BuyerTel      string `json:"buyertel"`
	BuyerEmail    string `json:"buyeremail"`
	Timestamp     string `json:"timestamp"`
	Signature     string `json:"signature"`
	Verification  string `json:"verification"`
	MKey          string `json:"mKey"`
	UseChkFake    string `json:"use_chkfake"`
	ReturnURL     string `json:"returnUrl"`
	CloseURL      string `json:"closeUrl,omitempty"`
	GoPayMethod   string `json:"gopaymethod"`
	AcceptMethod  string `json:"acceptmethod"`
	Charset       string `json:"charset"`
	LanguageView  string `json:"languageView"`
	PayViewType   string `json:"payViewType"`
	QuotaBase     string `json:"quotabase,omitempty"`
	NoInterest    string `json:"nointerest,omitempty"`
	PreferredCard string `json:"ini_cardcode,omitempty"`
	OfferPeriod   string `json:"offerPeriod,omitempty"`
	Tax           string `json:"tax,omitempty"`
	TaxFree       string `json:"taxfree,omitempty"`
	MerchantData  string `json:"merchantData,omitempty"`
}

// AppendJSON appends the form as encoding/json writes it.
func (f *Form) AppendJSON(dst []byte) []byte {
	return strictjson.NewObject(dst).Text("version", f.Version).Text("mid", f.MID).Text("oid", f.OID).
		Text("goodname", f.GoodName).Text("price", f.Price).Text("currency", f.Currency).
		Text("buyername", f.BuyerName).Text("buyertel", f.BuyerTel).Text("buyeremail", f.BuyerEmail).
		Text("timestamp", f.Timestamp).Text("signature", f.Signature).Text("verification", f.Verification).
		Text("mKey", f.MKey).Text("use_chkfake", f.UseChkFake).Text("returnUrl", f.ReturnURL).
		Filled("closeUrl", f.CloseURL).Text("gopaymethod", f.GoPayMethod).Text("acceptmethod", f.AcceptMethod).
		Text("charset", f.Charset).Text("languageView", f.LanguageView).Text("payViewType", f.PayViewType).
		Filled("quotabase", f.QuotaBase).Filled("nointerest", f.NoInterest).Filled("ini_cardcode", f.PreferredCard).
		Filled("offerPeriod", f.OfferPeriod).
		Filled("tax", f.Tax).Filled("taxfree", f.TaxFree).Filled("merchantData", f.MerchantData).End()
}

// BuildForm makes the form of an attempt. It is pure: the same request gives the same bytes.
func BuildForm(req adapters.PrepareRequest) (Form, error) {
	if err := checkPrepare(&req); err != nil {
		return Form{}, err
	}
	a, m := req.Attempt, req.Merchant
	goPay, direct, ok := GoPayMethod(a.Method)
	if !ok {
		return Form{}, fmt.Errorf("preparing the window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	}
	plans := planFor(a, req.Installments)
	if len(req.Installments.Cards) > 0 && len(requestCodes(req.Installments.Cards)) == 0 {
		// An empty restriction would open the window to every card.
		return Form{}, &adapters.FieldError{Field: "merchants.cards", Msg: "name no card that Inicis has a code for"}
	}
	accept := plans.accept
	accept.Below1000 = a.Amount < 1000
	accept.CardOnly = direct
	// What is paid by another service than was decided is undone, so the card's window offers none.
	accept.NoEasyPay = a.Method == "card"
	accept.CardPoint = a.Method == "card" && m.Has(payment.ClauseCardPoints)
	accept.Escrow = a.Purpose == payment.PurposeEscrow
	switch a.Method {
	case "phone":
		accept.HPP = goodsCode(req.Options.Goods)
	case "trans":
		accept.NoReceipt = req.Options.CashReceipt == payment.CashReceiptNone
	case payment.MethodVBank:
		accept.VAReceipt = req.Options.CashReceipt == payment.CashReceiptAsk
		// Twelve digits: to the minute.
		accept.VBankDue = KST(a.DepositDue)[:12]
		// A deposit of another amount can only be given back by hand, so the bank is to refuse it.
		accept.VACheckPrice = true
	}
	acceptText, err := accept.Text()
	if err != nil {
		return Form{}, fmt.Errorf("preparing the window: %w", err)
	}
	stamp, price, oid, key := Millis(req.Now), a.Amount.String(), string(a.ID), keysOf(m).sign
	form := Form{
		Version: "1.0", MID: midOf(a, m), OID: oid, GoodName: wire.OrderName(a.OrderName),
		Price: price, Currency: "WON",
		BuyerName:  wire.CutBytes(wire.Clean(req.Buyer.Name), 30),
		BuyerTel:   wire.Phone(req.Buyer.Tel),
		BuyerEmail: wire.Email(req.Buyer.Email, maxEmail),
		Timestamp:  stamp, Signature: Signature(oid, price, stamp),
		Verification: Verification(oid, price, stamp, key),
		MKey:         MKey(key), UseChkFake: "Y",
		ReturnURL: req.ReturnURL, CloseURL: req.CloseURL,
		GoPayMethod: goPay, AcceptMethod: acceptText,
		Charset: "UTF-8", LanguageView: languageView(req.Options.Language), PayViewType: "overlay",
		QuotaBase: plans.quotaBase, NoInterest: plans.noInterest, PreferredCard: plans.card,
		MerchantData: req.Token,
	}
	if p := req.Options.Period; p.Valid() {
		form.OfferPeriod = p.From + "-" + p.To
	}
	if tax, free, stated := taxes(m.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet); stated {
		form.Tax, form.TaxFree = tax.String(), free.String()
	}
	return form, nil
}

func checkPrepare(req *adapters.PrepareRequest) error {
	if !keysOf(req.Merchant).sign.IsSet() {
		return &adapters.FieldError{Field: "merchants.sign_key", Msg: "is missing"}
	}
	if err := checkPayment(req); err != nil {
		return err
	}
	return checkReach(req.Buyer)
}

// checkPayment holds what a window that moves money demands.
func checkPayment(req *adapters.PrepareRequest) error {
	a := &req.Attempt
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case a.Amount <= 0 || a.Amount > payment.MaxWon:
		return bad("amount", "must be above zero")
	case a.Method == payment.MethodVBank && !a.DepositDue.After(req.Now): //guard:account-has-a-deadline
		return bad("vbank_due", "must be in the future")
	case a.Purpose == payment.PurposeBillingKey:
		return fmt.Errorf("preparing a payment window for a billing key: %w: %w",
			adapters.ErrRejected, adapters.ErrUnsupported)
	}
	if err := checkTaxes(a.Amount, a.TaxFree, a.VAT, a.VATSet); err != nil {
		return err
	}
	return checkWindow(req)
}

// checkWindow holds what every window demands.
func checkWindow(req *adapters.PrepareRequest) error {
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case midOf(req.Attempt, req.Merchant) == "":
		return bad("merchants.mid", "is missing")
	case !payment.ValidID(string(req.Attempt.ID)):
		return bad("attempt_id", "must be 1 to 40 of [A-Za-z0-9_-]")
	case req.ReturnURL == "":
		return bad("return_url", "is missing")
	case !tokenOK(req.Token):
		return bad("merchantData", "must be URL-safe ASCII")
	case wire.Clean(req.Attempt.OrderName) == "":
		return bad("order_name", "is missing")
	}
	return checkBuyer(req.Buyer)
}

// The longest e-mail address and phone number that the windows take, in bytes (inicis.md §1.2, §4).
const (
	maxEmail = 60
	maxPhone = 40
)

// checkReach holds an e-mail address and a phone number to what the windows take whole: a name may be cut, these
// would be another's.
func checkReach(b payment.Buyer) error {
	switch {
	case wire.Email(b.Email, maxEmail) == "":
		return &adapters.FieldError{
			Field: "buyer.email", Msg: "is no address of at most 60 bytes, which is what KG Inicis takes",
		}
	case len(wire.Phone(b.Tel)) > maxPhone:
		return &adapters.FieldError{Field: "buyer.tel", Msg: "is longer than the 40 digits that KG Inicis takes"}
	}
	return nil
}

// checkBuyer holds what the windows demand of a buyer.
func checkBuyer(b payment.Buyer) error {
	for _, f := range []struct{ field, value string }{
		{"buyer.name", wire.Clean(b.Name)}, {"buyer.tel", wire.Phone(b.Tel)}, {"buyer.email", wire.Clean(b.Email)},
	} {
		if f.value == "" {
			return &adapters.FieldError{Field: f.field, Msg: "is needed by KG Inicis"}
		}
		if !utf8.ValidString(f.value) {
			return &adapters.FieldError{Field: f.field, Msg: "is not UTF-8"}
		}
	}
	return nil
}

// tokenOK tells whether a token comes through the window unchanged: letters, digits and -_.~:= do.
func tokenOK(token string) bool {
	// A bit for each such byte, and no branch: the bytes of a token are random, which makes branches slow.
	const (
		below64 = 0x3ff<<'0' | 1<<'-' | 1<<'.' | 1<<':' | 1<<'='
		above64 = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) | 1<<('_'-64) | 1<<('~'-64)
	)
	fine := [4]uint64{below64, above64}
	all := uint64(1)
	for i := range len(token) {
		all &= fine[token[i]>>6] >> (token[i] & 63)
	}
	return all == 1
}

// languageView is the PC window's word for a language (inicis.md §1.2). Windows on phones have none.
func languageView(l payment.Language) string {
	switch l {
	case payment.LanguageEnglish:
		return "en"
	case payment.LanguageChinese:
		return "cn"
	case payment.LanguageKorean:
	}
	return "ko"
}

type plan struct {
	quotaBase, noInterest, card string
	accept                      AcceptMethod
}

// planFor turns the decided instalments into the window's fields. Under 50,000 won there are none, whatever
// was decided.
func planFor(a payment.Attempt, in payment.Installments) plan {
	var p plan
	if _, direct, _ := GoPayMethod(a.Method); a.Method != "card" && !direct {
		return p
	}
	p.accept.OnlyCards = requestCodes(in.Cards)
	if in.Fixed != nil {
		if card, ok := payment.CardCompanyOf(in.Fixed.Company); ok {
			p.card = card.Inicis
		}
	}
	if a.Amount < installmentFrom {
		return p
	}
	p.quotaBase = channels.InicisQuotaBase(in.Months)
	if in.Fixed != nil && in.Fixed.Installment >= 2 {
		p.quotaBase = channels.InicisQuotaBase([]int{in.Fixed.Installment})
	}
	p.noInterest = channels.InicisNoInterest(in.InterestFree)
	p.accept.SlimQuota = channels.InicisSlimQuota(in.PartlyInterestFree)
	return p
}

// midOf prefers the MID stored with the attempt over the configuration of the day.
func midOf(a payment.Attempt, m *payment.Merchant) string {
	if a.MID != "" {
		return a.MID
	}
	return m.MID
}
