package portonev2

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Params are the parameters of PortOne.requestPayment, ready to be handed on.
type Params struct {
	StoreID         string           `json:"storeId"`
	ChannelKey      string           `json:"channelKey"`
	PaymentID       string           `json:"paymentId"`
	OrderName       string           `json:"orderName"`
	TotalAmount     payment.Won      `json:"totalAmount"`
	Currency        string           `json:"currency"`
	PayMethod       string           `json:"payMethod"`
	TaxFreeAmount   *payment.Won     `json:"taxFreeAmount,omitempty"`
	VATAmount       *payment.Won     `json:"vatAmount,omitempty"`
	Customer        *Customer        `json:"customer,omitempty"`
	RedirectURL     string           `json:"redirectUrl,omitempty"`
	AppScheme       string           `json:"appScheme,omitempty"`
	NoticeURLs      []string         `json:"noticeUrls,omitempty"`
	ConfirmURL      string           `json:"confirmUrl,omitempty"`
	Locale          string           `json:"locale"`
	ProductType     string           `json:"productType,omitempty"`
	OfferPeriod     *OfferPeriod     `json:"offerPeriod,omitempty"`
	CustomData      json.RawMessage  `json:"customData,omitempty"`
	IsEscrow        bool             `json:"isEscrow,omitempty"`
	Card            *Card            `json:"card,omitempty"`
	EasyPay         *EasyPay         `json:"easyPay,omitempty"`
	GiftCertificate *GiftCertificate `json:"giftCertificate,omitempty"`
	VirtualAccount  *VirtualAccount  `json:"virtualAccount,omitempty"`
	Transfer        *Transfer        `json:"transfer,omitempty"`
	Bypass          *Bypass          `json:"bypass,omitempty"`
}

// Customer is the buyer.
type Customer struct {
	FullName    string `json:"fullName,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
	Email       string `json:"email,omitempty"`
	// Address and Zipcode are where goods go.
	Address *Address `json:"address,omitempty"`
	Zipcode string   `json:"zipcode,omitempty"`
}

// Address is an address in two lines, of which the second may be empty.
type Address struct {
	Line1 string `json:"addressLine1"`
	Line2 string `json:"addressLine2"`
}

// Card holds what the card window may offer.
type Card struct {
	CardCompany string `json:"cardCompany,omitempty"`
	// UseCardPoint has buyers pay with their card's points, by contract.
	UseCardPoint bool `json:"useCardPoint,omitempty"`
	// AvailableCards restricts the window to the cards whose review is done.
	AvailableCards []string     `json:"availableCards,omitempty"`
	Installment    *Installment `json:"installment,omitempty"`
}

// Installment holds the plans.
type Installment struct {
	MonthOption *MonthOption `json:"monthOption,omitempty"`
	FreePlans   []FreePlan   `json:"freeInstallmentPlans,omitempty"`
}

// MonthOption is either one plan or a list of them.
type MonthOption struct {
	FixedMonth         *int  `json:"fixedMonth,omitempty"`
	AvailableMonthList []int `json:"availableMonthList,omitempty"`
}

// FreePlan lists the months whose interest the merchant pays for one card company.
type FreePlan struct {
	CardCompany string `json:"cardCompany"`
	Months      []int  `json:"months"`
}

// EasyPay opens one easy-pay service.
type EasyPay struct {
	Provider string `json:"easyPayProvider"`
}

// GiftCertificate opens one kind of gift certificate.
type GiftCertificate struct {
	Type string `json:"giftCertificateType"`
}

// VirtualAccount says until when a virtual account takes the deposit, and which cash receipt is issued.
type VirtualAccount struct {
	CashReceipt string         `json:"cashReceiptType,omitempty"`
	Expiry      *AccountExpiry `json:"accountExpiry,omitempty"`
}

// Transfer says which cash receipt is issued.
type Transfer struct {
	CashReceipt string `json:"cashReceiptType"`
}

// AccountExpiry is a point in time, in RFC 3339.
type AccountExpiry struct {
	DueDate string `json:"dueDate"`
}

// Bypass is handed on to the PG: nested, with lists.
type Bypass struct {
	InicisV2 *InicisBypass `json:"inicis_v2,omitempty"`
}

// InicisBypass is what only Inicis understands, for its PC and its mobile window.
type InicisBypass struct {
	AcceptMethod []string `json:"acceptmethod,omitempty"`
	Reserved     []string `json:"P_RESERVED,omitempty"`
}

// customerOf is what the window is told of the buyer; nil when that is nothing.
func customerOf(b payment.Buyer) *Customer {
	c := Customer{
		FullName: wire.CutBytes(wire.Clean(b.Name), 30), PhoneNumber: wire.Phone(b.Tel),
		Email: wire.Email(b.Email, wire.MaxEmail), Zipcode: wire.Clean(b.Postcode),
	}
	if address := wire.Clean(b.Address); address != "" {
		c.Address = &Address{Line1: address}
	}
	if c == (Customer{}) {
		return nil
	}
	return &c
}

// verifies tells whether there is anything to verify webhooks with. Where there is not, none is asked for: nothing in
// it could be believed.
func verifies(pg *payment.PG) bool { return len(webhookSecretsOf(pg)) > 0 }

// noticeURLs is where PortOne is to report what becomes of a window.
func noticeURLs(req adapters.PrepareRequest) []string {
	if req.NoticeURL == "" || !verifies(req.PG) { //guard:only-verifiable-notices
		return nil
	}
	return []string{req.NoticeURL}
}

func behindInicis(m *payment.Merchant) bool { return m.Behind == "" || m.Behind == "inicis" }

// BuildParams makes the window's parameters. It is pure.
func BuildParams(req adapters.PrepareRequest) (Params, error) {
	if err := checkPrepare(req); err != nil {
		return Params{}, err
	}
	a, m := req.Attempt, req.Merchant
	method, provider, ok := payMethod(a.Method)
	if !ok {
		return Params{}, fmt.Errorf("preparing the window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	}
	p := Params{
		StoreID: storeOf(req.PG), ChannelKey: m.ChannelKey, PaymentID: string(a.ID),
		OrderName: wire.OrderName(a.OrderName), TotalAmount: a.Amount, Currency: payment.CurrencyKRW,
		PayMethod: method, RedirectURL: req.ReturnURL, AppScheme: req.App.String(),
		Locale: locale(req), OfferPeriod: offerPeriod(req.Options.Period), CustomData: customData(req.Options.CustomData),
		Customer: customerOf(req.Buyer),
		IsEscrow: a.Purpose == payment.PurposeEscrow,
	}
	p.NoticeURLs = noticeURLs(req)
	if !a.ManualConfirm && verifies(req.PG) { //guard:only-verifiable-questions
		// Where nothing is approved until we say so, there is nothing to ask.
		p.ConfirmURL = req.ConfirmURL
	}
	taxes, err := wire.TaxesOf(m.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet)
	if err != nil {
		return Params{}, err
	}
	p.TaxFreeAmount, p.VATAmount = taxes.TaxFree, taxes.VAT
	if err := methodParams(&p, req, provider); err != nil {
		return Params{}, err
	}
	if behindInicis(m) {
		p.Bypass = bypass(a, req.Installments)
	}
	return p, nil
}

// methodParams adds what belongs to the way of paying alone.
func methodParams(p *Params, req adapters.PrepareRequest, provider string) error {
	a := req.Attempt
	switch p.PayMethod {
	case easyPay:
		p.EasyPay = &EasyPay{Provider: provider}
	case giftCertificate:
		p.GiftCertificate = &GiftCertificate{Type: provider}
	case "MOBILE":
		if p.ProductType = "REAL"; req.Options.Goods == payment.GoodsDigital {
			p.ProductType = "DIGITAL"
		}
	case "CARD":
		card, err := cardParams(a, req.Installments)
		if err != nil {
			return err
		}
		if req.Merchant.Has(payment.ClauseCardPoints) {
			card = cmp.Or(card, &Card{})
			card.UseCardPoint = true
		}
		p.Card = card
	case "TRANSFER":
		if hidden := cashReceipt(req); hidden != "" {
			p.Transfer = &Transfer{CashReceipt: hidden}
		}
	case virtualAccount:
		v := VirtualAccount{CashReceipt: cashReceipt(req)}
		if !a.DepositDue.IsZero() {
			v.Expiry = &AccountExpiry{DueDate: a.DepositDue.In(payment.KST()).Format(time.RFC3339)}
		}
		if v != (VirtualAccount{}) {
			p.VirtualAccount = &v
		}
	}
	return nil
}

func checkPrepare(req adapters.PrepareRequest) error {
	a := req.Attempt
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case storeOf(req.PG) == "":
		return bad("pgs.store_id", "is missing")
	case !apiSecretOf(req.PG).IsSet():
		return bad("pgs.api_secret", "is missing")
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
	case !behindInicis(req.Merchant):
		return nil
	case wire.Clean(req.Buyer.Name) == "":
		return bad("buyer.name", "is needed by KG Inicis")
	case wire.Phone(req.Buyer.Tel) == "":
		return bad("buyer.tel", "is needed by KG Inicis")
	case wire.Email(req.Buyer.Email, wire.MaxEmail) == "":
		return bad("buyer.email", "is needed by KG Inicis")
	}
	return nil
}

func cardParams(a payment.Attempt, in payment.Installments) (*Card, error) {
	var c Card
	for _, word := range in.Cards {
		if card, ok := payment.CardCompanyOf(word); ok && card.V2 != "" {
			c.AvailableCards = append(c.AvailableCards, card.V2)
		}
	}
	if len(in.Cards) > 0 && len(c.AvailableCards) == 0 {
		return nil, &adapters.FieldError{Field: "merchants.cards", Msg: "name no card that PortOne has a name for"}
	}
	c.Installment = installment(a, in)
	if in.Fixed != nil {
		if card, ok := payment.CardCompanyOf(in.Fixed.Company); ok {
			c.CardCompany = card.V2
		}
	}
	if c.CardCompany == "" && c.AvailableCards == nil && c.Installment == nil {
		return nil, nil //nolint:nilnil // nothing to say about cards
	}
	return &c, nil
}

func installment(a payment.Attempt, in payment.Installments) *Installment {
	if a.Amount < 50_000 {
		return nil
	}
	var i Installment
	switch {
	case in.Fixed != nil && (in.Fixed.Company != "" || in.Fixed.Installment >= 2):
		// A card company opened at once takes one plan; a list is an error there.
		i.MonthOption = &MonthOption{FixedMonth: &in.Fixed.Installment}
	case len(in.Months) > 0:
		i.MonthOption = &MonthOption{AvailableMonthList: in.Months}
	}
	for _, free := range in.InterestFree {
		if card, ok := payment.CardCompanyOf(free.Acquirer); ok && card.V2 != "" && len(free.Months) > 0 {
			i.FreePlans = append(i.FreePlans, FreePlan{CardCompany: card.V2, Months: free.Months})
		}
	}
	if i.MonthOption == nil && i.FreePlans == nil {
		return nil
	}
	return &i
}

func bypass(a payment.Attempt, in payment.Installments) *Bypass {
	var b InicisBypass
	if a.Amount < 1000 {
		b.AcceptMethod = append(b.AcceptMethod, "below1000")
		b.Reserved = append(b.Reserved, "below1000=Y")
	}
	if slim := channels.InicisSlimQuota(in.PartlyInterestFree); slim != "" && a.Method == "card" && a.Amount >= 50_000 {
		b.AcceptMethod = append(b.AcceptMethod, "slimquota("+slim+")")
	}
	if a.Method == "card" {
		// What is paid by another service than was decided is undone, so the card's window offers none.
		b.AcceptMethod = append(b.AcceptMethod, "noeasypay")
		b.Reserved = append(b.Reserved, "noeasypay=Y")
	}
	if b.AcceptMethod == nil && b.Reserved == nil {
		return nil
	}
	return &Bypass{InicisV2: &b}
}

type registerBody struct {
	StoreID       string      `json:"storeId,omitempty"`
	TotalAmount   payment.Won `json:"totalAmount"`
	TaxFreeAmount payment.Won `json:"taxFreeAmount"`
	Currency      string      `json:"currency"`
}

// Prepare implements adapters.Driver: it registers the amount with PortOne, so that a window with another one
// does not open, and makes the window. A billing key has no amount to register.
func (d *Driver) Prepare(ctx context.Context, req adapters.PrepareRequest) (payment.Window, error) {
	const doing = "registering the amount at PortOne"
	if isKey(req.Attempt) {
		params, err := BuildKeyParams(req)
		if err != nil {
			return payment.Window{}, err
		}
		return payment.Window{Kind: payment.WindowPortOneV2Key, Script: script(req.PG), Params: params}, nil
	}
	params, err := BuildParams(req)
	if err != nil {
		return payment.Window{}, err
	}
	answer, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodPost,
		paymentURL(req.PG, req.Attempt.ID, "/pre-register"), IdempotencyKey("register", string(req.Attempt.ID)),
		registerBody{
			StoreID: storeOf(req.PG), TotalAmount: req.Attempt.Amount, TaxFreeAmount: req.Attempt.TaxFree,
			Currency: payment.CurrencyKRW,
		})
	if err != nil {
		return payment.Window{}, wire.WriteError(doing, err)
	}
	if answer.Status != http.StatusOK {
		f, ok := faultOf(answer)
		switch {
		case !ok:
			return payment.Window{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnknownOutcome, answer.Status)
		case f.kind == "ALREADY_PAID":
			return payment.Window{}, fmt.Errorf("%s: %w: already paid", doing, adapters.ErrRejected)
		}
		return payment.Window{}, f.err(doing)
	}
	if _, ok := answerOf(answer); !ok {
		return payment.Window{}, fmt.Errorf("%s: %w: an answer without JSON", doing, adapters.ErrUnknownOutcome)
	}
	return payment.Window{Kind: payment.WindowPortOneV2, Script: script(req.PG), Params: params}, nil
}
