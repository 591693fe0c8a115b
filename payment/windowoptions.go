package payment

import (
	"cmp"
	"time"
)

// WindowOptions are what a shop says of a payment's window beside what is paid, how and by whom. None of it changes the
// amount. It goes to the PG's window and nowhere else: never to the journal, a log or a metric.
type WindowOptions struct {
	// Goods is what is sold; empty where nobody says, which PGs are told as GoodsPhysical.
	Goods Goods
	// Language is what the window speaks; empty is Korean.
	Language Language
	// Period is when what is sold is provided (서비스 제공기간); zero is not told.
	Period Period
	// CashReceipt is whether the window asks the buyer of a transfer or a virtual account for a cash receipt (현금영수증);
	// empty leaves that to the PG. Whom it is issued to, and under which number, the buyer says in the window alone.
	CashReceipt CashReceipt
	// CustomData is the shop's own, as JSON: an object or a text. It may be personal. Empty is none.
	CustomData string
}

// MaxCustomData is how long WindowOptions.CustomData may be, in bytes.
const MaxCustomData = 1000

// Goods is what is sold: carriers charge a phone bill another fee for digital content than for goods that are sent.
type Goods string

// The kinds of goods.
const (
	GoodsPhysical Goods = "physical" // 실물
	GoodsDigital  Goods = "digital"  // 컨텐츠
)

// GoodsOf is the kind of goods that the word digital says.
func GoodsOf(digital bool) Goods {
	if digital {
		return GoodsDigital
	}
	return GoodsPhysical
}

// GoodsAt is what is sold by a checkout through a merchant: as the order service says, else as the contract is for,
// else as the page says. A fee hangs on it, so that the page comes last: a buyer can change what it says.
func (c *Checkout) GoodsAt(m *Merchant) Goods {
	if c.GoodsByShop { //guard:shops-word-on-goods-wins
		return c.Window.Goods
	}
	return cmp.Or(m.Goods, c.Window.Goods, GoodsPhysical)
}

// CashReceipt is whether a window asks for a cash receipt.
type CashReceipt string

// What a window does.
const (
	CashReceiptAsk  CashReceipt = "ask"
	CashReceiptNone CashReceipt = "none"
)

// Valid tells whether c is one of the known words.
func (c CashReceipt) Valid() bool { return c == CashReceiptAsk || c == CashReceiptNone }

// Language is one that windows speak.
type Language string

// The languages.
const (
	LanguageKorean  Language = "ko"
	LanguageEnglish Language = "en"
	LanguageChinese Language = "zh"
)

// Valid tells whether l is one of the known languages.
func (l Language) Valid() bool {
	return l == LanguageKorean || l == LanguageEnglish || l == LanguageChinese
}

// Period is from a day to a day, both of them in it and both YYYYMMDD, in Korean time.
type Period struct {
	From string
	To   string
}

// Valid tells whether both ends are days, in order.
func (p Period) Valid() bool {
	if p == (Period{}) {
		return false // by far the most, and an error of time's costs an allocation
	}
	from, errFrom := time.Parse(periodDay, p.From)
	to, errTo := time.Parse(periodDay, p.To)
	return errFrom == nil && errTo == nil && !to.Before(from)
}

// Times are the first and the last second of a valid period, in Korean time.
func (p Period) Times() (first, last time.Time) {
	first, _ = time.ParseInLocation(periodDay, p.From, KST())
	last, _ = time.ParseInLocation(periodDay, p.To, KST())
	return first, last.Add(24*time.Hour - time.Second)
}

const periodDay = "20060102"

// Clause is what a contract with a PG may have besides, when it was agreed with it.
type Clause string

// The clauses.
const (
	// ClauseCardPoints: buyers may pay with their card's points (카드 포인트).
	ClauseCardPoints Clause = "card_points"
)
