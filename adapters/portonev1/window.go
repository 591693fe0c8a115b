package portonev1

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Params are the parameters of IMP.request_pay, ready to be handed on.
type Params struct {
	ChannelKey  string `json:"channelKey"`
	PayMethod   string `json:"pay_method"`
	MerchantUID string `json:"merchant_uid"`
	// CustomerUID makes a window issue a billing key under this name and charge nothing.
	CustomerUID string       `json:"customer_uid,omitempty"`
	Name        string       `json:"name"`
	Amount      payment.Won  `json:"amount"`
	Currency    string       `json:"currency"`
	TaxFree     *payment.Won `json:"tax_free,omitempty"`
	VAT         *payment.Won `json:"vat_amount,omitempty"`
	BuyerName   string       `json:"buyer_name,omitempty"`
	BuyerTel    string       `json:"buyer_tel,omitempty"`
	BuyerEmail  string       `json:"buyer_email,omitempty"`
	BuyerAddr   string       `json:"buyer_addr,omitempty"`
	Postcode    string       `json:"buyer_postcode,omitempty"`
	RedirectURL string       `json:"m_redirect_url,omitempty"`
	AppScheme   string       `json:"app_scheme,omitempty"`
	NoticeURL   string       `json:"notice_url,omitempty"`
	ConfirmURL  string       `json:"confirm_url,omitempty"`
	Escrow      bool         `json:"escrow,omitempty"`
	VBankDue    string       `json:"vbank_due,omitempty"`
	BizNum      string       `json:"biz_num,omitempty"`
	Digital     *bool        `json:"digital,omitempty"`
	Language    string       `json:"language,omitempty"`
	Period      *Period      `json:"period,omitempty"`
	// CustomData comes back with the payment, as text.
	CustomData json.RawMessage `json:"custom_data,omitempty"`
	Display    *Display        `json:"display,omitempty"`
	Card       *Card           `json:"card,omitempty"`
	Bypass     *Bypass         `json:"bypass,omitempty"`
}

// Period is when what is sold is provided: days, YYYYMMDD.
type Period struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Display holds the plans that the window offers; an empty list means lump sum only.
type Display struct {
	CardQuota []int `json:"card_quota"`
}

// Card restricts the window to card companies, or opens one of them at once.
type Card struct {
	Detail []CardDetail `json:"detail,omitempty"`
	Direct *CardDirect  `json:"direct,omitempty"`
	// FreeFromMall goes with CardDetail.MaxMonth: the merchant pays the interest.
	FreeFromMall bool `json:"useFreeInterestFromMall,omitempty"`
}

// CardDetail is the setting of one card company; "*" stands for all.
type CardDetail struct {
	Code     string `json:"card_code"`
	Enabled  bool   `json:"enabled"`
	MaxMonth int    `json:"max_month,omitempty"`
}

// CardDirect opens one card company's own page.
type CardDirect struct {
	Code  string `json:"code"`
	Quota int    `json:"quota"`
}

// Bypass is handed on to KG Inicis: flat, with joined texts.
type Bypass struct {
	AcceptMethod string `json:"acceptmethod,omitempty"`
	Reserved     string `json:"P_RESERVED,omitempty"`
}

// behind is our name for the PG that the channel leads to.
func behind(m *payment.Merchant) string {
	if m.Behind == "" {
		return "inicis"
	}
	return m.Behind
}

// behindInicis tells whether the channel leads to KG Inicis.
func behindInicis(m *payment.Merchant) bool { return behind(m) == "inicis" }

// BuildParams makes the window's parameters. It is pure.
func BuildParams(req adapters.PrepareRequest) (Params, error) {
	a, m := req.Attempt, req.Merchant
	if err := checkPrepare(req); err != nil {
		return Params{}, err
	}
	p := Params{
		ChannelKey: m.ChannelKey, PayMethod: string(a.Method), MerchantUID: string(a.ID),
		Name: wire.OrderName(a.OrderName), Amount: a.Amount, Currency: payment.CurrencyKRW,
		BuyerName: wire.CutBytes(wire.Clean(req.Buyer.Name), 30), BuyerTel: wire.Phone(req.Buyer.Tel),
		BuyerEmail: wire.Email(req.Buyer.Email, wire.MaxEmail), RedirectURL: req.ReturnURL, AppScheme: req.App.String(),
		NoticeURL: req.NoticeURL, ConfirmURL: req.ConfirmURL,
		Escrow: a.Purpose == payment.PurposeEscrow,
	}
	p.told(req)
	if isKey(a) {
		// Nothing is approved, so there is nothing to ask either.
		p.CustomerUID, p.ConfirmURL = string(a.ID), ""
		return p, nil
	}
	taxes, err := wire.TaxesOf(m.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet)
	if err != nil {
		return Params{}, err
	}
	p.TaxFree, p.VAT = taxes.TaxFree, taxes.VAT
	if a.Method == payment.MethodVBank && !a.DepositDue.IsZero() {
		p.VBankDue = a.DepositDue.In(payment.KST()).Format(time.DateTime)
	}
	if p.BizNum, err = bizNum(a, m); err != nil {
		return Params{}, err
	}
	if a.Method == "phone" {
		// V1 wants it stated for phone bills: the fee for digital content is another.
		digital := req.Options.Goods == payment.GoodsDigital
		p.Digital = &digital
	}
	if a.Method == "card" {
		if err := cardParams(&p, a, req.Installments); err != nil {
			return Params{}, err
		}
	}
	if behindInicis(m) {
		p.Bypass = bypass(a, m, req.Installments, req.Options.CashReceipt)
	}
	return p, nil
}

// bizNum is the business registration number that Danal wants of a virtual account (portone.md §2.2).
func bizNum(a payment.Attempt, m *payment.Merchant) (string, error) {
	if a.Method != payment.MethodVBank || behind(m) != "danal" {
		return "", nil
	}
	number := strings.ReplaceAll(m.Keys.Text(channels.KeyBizNum), "-", "")
	if len(number) != 10 || strings.Trim(number, "0123456789") != "" {
		return "", &adapters.FieldError{Field: "merchants.biz_num", Msg: "must have 10 digits"}
	}
	return number, nil
}

// told adds what changes nothing of the payment.
func (p *Params) told(req adapters.PrepareRequest) {
	p.BuyerAddr, p.Postcode = wire.Clean(req.Buyer.Address), wire.Clean(req.Buyer.Postcode)
	o := req.Options
	p.Language = string(o.Language)
	if o.Language == payment.LanguageChinese && behindInicis(req.Merchant) {
		// Inicis has Korean and English alone here (portone.md §2.2).
		p.Language = string(payment.LanguageEnglish)
	}
	if o.Period.Valid() {
		p.Period = &Period{From: o.Period.From, To: o.Period.To}
	}
	if o.CustomData != "" {
		p.CustomData = json.RawMessage(o.CustomData)
	}
}

func checkPrepare(req adapters.PrepareRequest) error {
	a := req.Attempt
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case keysOf(req.PG).code == "":
		return bad("pgs.imp_code", "is missing")
	case req.Merchant.ChannelKey == "":
		return bad("merchants.channel_key", "is missing")
	case !payment.ValidID(string(a.ID)):
		return bad("attempt_id", "must be 1 to 40 of [A-Za-z0-9_-]")
	case isKey(a):
		if err := checkKeyWindow(req); err != nil {
			return err
		}
	case a.Amount <= 0 || a.Amount > payment.MaxWon:
		return bad("amount", "must be above zero")
	}
	switch {
	case wire.Clean(a.OrderName) == "":
		return bad("order_name", "is missing")
	case wire.Phone(req.Buyer.Tel) == "" && behindInicis(req.Merchant):
		return bad("buyer.tel", "is needed by KG Inicis")
	}
	return nil
}

func cardParams(p *Params, a payment.Attempt, in payment.Installments) error {
	quota := []int{}
	if a.Amount >= 50_000 {
		quota = append(quota, in.Months...)
		if in.Fixed != nil && in.Fixed.Installment >= 2 {
			quota = []int{in.Fixed.Installment}
		}
	}
	p.Display = &Display{CardQuota: quota}
	card := Card{Detail: cardDetail(in, quota)}
	if len(in.Cards) > 0 && len(card.Detail) < 2 {
		return &adapters.FieldError{Field: "merchants.cards", Msg: "name no card that PortOne has a code for"}
	}
	card.FreeFromMall = slices.ContainsFunc(card.Detail, func(d CardDetail) bool { return d.MaxMonth > 0 })
	if in.Fixed != nil {
		if c, ok := payment.CardCompanyOf(in.Fixed.Company); ok && c.V1 != "" {
			direct := CardDirect{Code: c.V1}
			if a.Amount >= 50_000 && in.Fixed.Installment >= 2 {
				direct.Quota = in.Fixed.Installment
			}
			card.Direct = &direct
		}
	}
	if card.Detail != nil || card.Direct != nil {
		p.Card = &card
	}
	return nil
}

// cardDetail lists the reviewed cards behind a closed "*", and the interest-free ceiling per card.
func cardDetail(in payment.Installments, quota []int) []CardDetail {
	var list []CardDetail
	add := func(word string) int {
		c, ok := payment.CardCompanyOf(word)
		if !ok || c.V1 == "" {
			return -1
		}
		if i := slices.IndexFunc(list, func(d CardDetail) bool { return d.Code == c.V1 }); i >= 0 {
			return i
		}
		list = append(list, CardDetail{Code: c.V1, Enabled: true})
		return len(list) - 1
	}
	if len(in.Cards) > 0 {
		list = append(list, CardDetail{Code: "*"})
		for _, word := range in.Cards {
			add(word)
		}
	}
	for _, free := range in.InterestFree {
		month := ceiling(quota, free.Months)
		if month == 0 || len(in.Cards) > 0 && !slices.Contains(in.Cards, free.Acquirer) {
			continue
		}
		if i := add(free.Acquirer); i >= 0 {
			list[i].MaxMonth = month
		}
	}
	return list
}

// ceiling is the largest month up to which every offered plan is interest-free: V1 knows only a ceiling, and
// it must not give away more than was decided.
func ceiling(offered, free []int) int {
	top := 0
	for _, m := range offered {
		if !slices.Contains(free, m) {
			break
		}
		top = m
	}
	return top
}

// bypass writes what only Inicis understands; both forms are sent, since the page may open either window.
func bypass(
	a payment.Attempt, m *payment.Merchant, in payment.Installments, cash payment.CashReceipt,
) *Bypass {
	var b Bypass
	switch {
	case a.Method == "trans" && cash == payment.CashReceiptNone:
		b.AcceptMethod, b.Reserved = "no_receipt", "twotrs_bank=Y&bank_receipt=N"
	case a.Method == "trans":
		b.Reserved = "twotrs_bank=Y"
	case a.Method == payment.MethodVBank && cash == payment.CashReceiptAsk:
		b.Reserved = "vbank_receipt=Y" // on PCs there is no word for it (portone.md §2.5)
	}
	if a.Method == "card" {
		// What is paid by another service than was decided is undone, so the card's window offers none.
		b.AcceptMethod, b.Reserved = "noeasypay", "noeasypay=Y"
		if m.Has(payment.ClauseCardPoints) {
			b.AcceptMethod, b.Reserved = "cardpoint:"+b.AcceptMethod, "cp_yn=Y&"+b.Reserved
		}
		if slim := channels.InicisSlimQuota(in.PartlyInterestFree); slim != "" && a.Amount >= 50_000 {
			b.AcceptMethod = "slimquota(" + slim + "):" + b.AcceptMethod
		}
	}
	if b == (Bypass{}) {
		return nil
	}
	return &b
}

type prepareBody struct {
	MerchantUID string      `json:"merchant_uid"`
	Amount      payment.Won `json:"amount"`
	Currency    string      `json:"currency"`
}

// Prepare implements adapters.Driver: it registers the amount with PortOne, so that a window with another one
// does not open, and makes the window. A billing key has no amount to register.
func (d *Driver) Prepare(ctx context.Context, req adapters.PrepareRequest) (payment.Window, error) {
	params, err := BuildParams(req)
	if err != nil {
		return payment.Window{}, err
	}
	if !isKey(req.Attempt) {
		if err := d.register(ctx, req.PG, req.Attempt); err != nil {
			return payment.Window{}, err
		}
	}
	return payment.Window{
		Kind: payment.WindowPortOneV1, Script: script(req.PG), InitCode: keysOf(req.PG).code, Params: params,
	}, nil
}

func (d *Driver) register(ctx context.Context, pg *payment.PG, a payment.Attempt) error {
	const doing = "registering the amount at PortOne"
	body := prepareBody{MerchantUID: string(a.ID), Amount: a.Amount, Currency: payment.CurrencyKRW}
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodPost, "/payments/prepare", body)
	if err != nil {
		return writeError(doing, err)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return wire.WriteError(doing, err)
	}
	if answer.Status != http.StatusOK {
		return refused(doing, e)
	}
	if e.code == 0 && e.response != nil && e.response.Won("amount") == a.Amount && e.response.Err() == nil {
		return nil
	}
	// Most likely it is registered already. It is read back, and never changed: another amount under the same
	// attempt is somebody else's mistake or attack.
	return d.checkRegistered(ctx, pg, a)
}

func (d *Driver) checkRegistered(ctx context.Context, pg *payment.PG, a payment.Attempt) error {
	const doing = "reading the amount registered at PortOne"
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, "/payments/prepare/"+url.PathEscape(string(a.ID)), nil)
	if err != nil {
		return readError(doing, err)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return wire.ReadError(doing, err)
	}
	if answer.Status != http.StatusOK || e.code != 0 || e.response == nil {
		return fmt.Errorf("%s: %w: HTTP status %d, code %d", doing, adapters.ErrRejected, e.status, e.code)
	}
	amount, currency := e.response.Won("amount"), e.response.Text("currency")
	if err := e.response.Err(); err != nil {
		return wire.ReadError(doing, err)
	}
	if amount != a.Amount || currency != "" && currency != payment.CurrencyKRW {
		return fmt.Errorf("%s: %w: another amount is registered", doing, adapters.ErrRejected)
	}
	return nil
}
