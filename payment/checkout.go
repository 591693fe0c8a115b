package payment

import "time"

// OrderID is the shop's order number. One order may have many attempts and at most one winner.
type OrderID string

// AttemptID names one try at paying an order: at most 40 characters of [A-Za-z0-9_-]. It is sent to the PG
// as Inicis' oid, PortOne V1's merchant_uid and PortOne V2's paymentId.
type AttemptID string

// MerchantID names a merchant of the configuration. It is not the MID that the PG gave out.
type MerchantID string

// PGID names a PG of the configuration.
type PGID string

// Site names one of the shop's store fronts.
type Site string

// Method is a payment method's canonical code, in PortOne V1's pay_method words: card, trans, vbank, phone,
// kakaopay, naverpay, ... and mileage for what the shop settles itself.
type Method string

// Device is what the buyer holds.
type Device string

// The devices.
const (
	DevicePC     Device = "pc"
	DeviceMobile Device = "mobile"
	DeviceApp    Device = "app"
)

// Valid tells whether d is one of the known devices.
func (d Device) Valid() bool { return d == DevicePC || d == DeviceMobile || d == DeviceApp }

// Phone tells whether it is no PC: a phone's browser, or an app's.
func (d Device) Phone() bool { return d == DeviceMobile || d == DeviceApp }

// Purpose is what a checkout is for.
type Purpose string

// The purposes of a checkout.
const (
	PurposeOneTime    Purpose = "one_time"
	PurposeBillingKey Purpose = "billing_key"
	PurposeEscrow     Purpose = "escrow"
	// PurposeRecurring charges a stored billing key. The order service asks for it; no browser can.
	PurposeRecurring Purpose = "recurring"
	// PurposeKeyIn charges a card whose data the order service has (수기결제), or opens a virtual account without a window.
	// The order service asks for it; no browser can.
	PurposeKeyIn Purpose = "key_in"
)

// Valid tells whether a browser may check out for p.
func (p Purpose) Valid() bool {
	return p == PurposeOneTime || p == PurposeBillingKey || p == PurposeEscrow
}

// ByShop tells whether the order service asks for p by itself: there is no buyer, no window and no device then, and its
// asking is its yes.
func (p Purpose) ByShop() bool { return p == PurposeRecurring || p == PurposeKeyIn }

// CurrencyKRW is the only currency that checkout takes.
const CurrencyKRW = "KRW"

// MethodAmount is one payment method of a checkout and what it is to pay.
type MethodAmount struct {
	Method Method `json:"method"`
	Amount Won    `json:"amount"`
}

// Buyer is who pays. It is personal data: it goes to the PG's window and nowhere else, never to a log, a
// metric or the journal.
type Buyer struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Tel   string `json:"tel"`
	// Address and Postcode are where goods go, for those PGs that take note of it.
	Address  string `json:"address,omitempty"`
	Postcode string `json:"postcode,omitempty"`
}

// KeyContract is a contract that a stored billing key may be charged through, as its PG says. What is empty is not
// told.
type KeyContract struct {
	PG         PGID
	MID        string
	ChannelKey string
	// Method is what the key pays with.
	Method Method
	// Test tells that charges through it move no real money, where TestKnown says that the PG tells.
	Test, TestKnown bool
}

// IsOf tells whether a key is at a merchant's contract, as far as both say where they are.
func (k KeyContract) IsOf(m *Merchant) bool {
	return k.PG == m.PG && (k.ChannelKey == "" || m.ChannelKey == "" || k.ChannelKey == m.ChannelKey) &&
		(k.MID == "" || m.MID == "" || k.MID == m.MID)
}

// IsOther tells whether a key and a merchant are not both for test, or both for real money, as far as the PG says.
func (k KeyContract) IsOther(m *Merchant) bool { return k.TestKnown && k.Test == (m.Mode == ModeLive) }

// PendingCharge is a charge of a billing key that its PG is still to make by itself.
type PendingCharge struct {
	// ID is what it will be paid under.
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// Card is the buyer's wish for a card company and an instalment plan, when the shop asked for it beforehand.
type Card struct {
	// Company is the acquirer's word in the configuration: shinhan, hyundai, kb, ...; empty for any.
	Company string `json:"company,omitempty"`
	// Installment is in months; 0 is a lump sum.
	Installment int `json:"installment,omitempty"`
}

// Checkout is what the shop wants paid. Amount, TaxFree and OrderName are the order service's, not the
// browser's, by the time anything is decided from it.
type Checkout struct {
	OrderID   OrderID        `json:"order_id"`
	Amount    Won            `json:"amount"`
	Currency  string         `json:"currency"`
	TaxFree   Won            `json:"tax_free"`
	OrderName string         `json:"order_name"`
	Payments  []MethodAmount `json:"payments"`
	Buyer     Buyer          `json:"buyer"`
	Site      Site           `json:"site"`
	Device    Device         `json:"device"`
	Card      *Card          `json:"card,omitempty"`
	Purpose   Purpose        `json:"purpose"`
	ReturnURL string         `json:"return_url"`
	// TaxFreeSet tells that a tax-free part was stated, be it 0: a mixed-tax merchant needs it stated.
	TaxFreeSet bool `json:"-"`
	// VAT is the value added tax within Amount, in won, for shops that state it themselves (부가세 업체정함);
	// VATSet tells that it was stated, be it 0. Not stated, the PG reckons an eleventh of the taxable part.
	VAT    Won  `json:"vat_amount"`
	VATSet bool `json:"-"`
	// DepositDue is until when a virtual account takes the deposit (vbank_due); zero leaves it to the rules.
	DepositDue time.Time `json:"vbank_due,omitzero"`
	// ByAPI tells that the order service asks for it at a PG's own API: no window is opened, so that there is no device,
	// and the site need not be known.
	ByAPI bool `json:"-"`
	// KeyAt is where the billing key to charge may be charged (PurposeRecurring), through which contracts a card may be,
	// or an account be opened (PurposeKeyIn), or where a key is to be issued; empty when that is not known.
	KeyAt []KeyContract `json:"-"`
	// AppScheme is the shop's app that the PG's apps come back to, as in myshop:// (ParseAppLink); empty for none.
	AppScheme string `json:"app_scheme,omitempty"`
	// Country is the buyer's, ISO 3166-1 alpha-2, for routing conditions; empty when not known.
	Country string `json:"country,omitempty"`
	// Window is what the window is told beside; GoodsByShop tells that its Goods are the order service's word.
	Window      WindowOptions `json:"-"`
	GoodsByShop bool          `json:"-"`
}

// Windowless tells whether no window is opened for a checkout: the order service charges by itself, or has a billing
// key issued by API.
func (c *Checkout) Windowless() bool { return c.Purpose.ByShop() || c.ByAPI }
