package payment

import "cmp"

// WindowOptions are what a shop says of a payment's window beside what is paid, how and by whom. None of it changes the
// amount. It goes to the PG's window and nowhere else: never to the journal, a log or a metric.
type WindowOptions struct {
	// Goods is what is sold; empty where nobody says, which PGs are told as GoodsPhysical.
	Goods Goods
}

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

// GoodsAt is what is sold by a checkout through a merchant: as the order service says, else as the contract is for, else
// as the page says. A fee hangs on it, so that the page comes last: a buyer can change what it says.
func (c *Checkout) GoodsAt(m *Merchant) Goods {
	if c.GoodsByShop { //guard:shops-word-on-goods-wins
		return c.Window.Goods
	}
	return cmp.Or(m.Goods, c.Window.Goods, GoodsPhysical)
}
