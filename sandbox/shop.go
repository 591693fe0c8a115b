package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ShopMode is how the demo shop answers the confirm gate.
type ShopMode string

// The modes of the confirm gate.
const (
	ShopYes  ShopMode = "yes"
	ShopNo   ShopMode = "no"
	ShopSlow ShopMode = "slow"
	ShopDown ShopMode = "down"
)

// shopSlow is how long a slow shop takes: longer than any gateway should wait.
const shopSlow = 30_000

// Goods is something that the demo shop sells.
type Goods struct {
	No    string `json:"goodsNo"`
	Name  string `json:"goodsNm"`
	Price Won    `json:"price"`
	// TaxFree marks goods that carry no VAT.
	TaxFree bool `json:"taxFree"`
	// SoldOut goods can be ordered, but the confirm gate says no: stock ran out while the buyer was paying.
	SoldOut bool `json:"soldOut"`
	// Note is a line for the page.
	Note string `json:"note"`
}

func goodsList() []Goods {
	return []Goods{
		{No: "G001", Name: "노르웨이 회전 의자", Price: 64900, Note: "5만원 이상: 할부 가능"},
		{No: "G002", Name: "린넨 앞치마", Price: 18000},
		{No: "G003", Name: "핸드드립 원두 200g", Price: 9900},
		{No: "G004", Name: "유기농 쌀 4kg", Price: 21000, TaxFree: true, Note: "면세"},
		{No: "G005", Name: "한정판 머그 (품절 임박)", Price: 12000, SoldOut: true, Note: "승인 직전에 품절로 거절됩니다"},
	}
}

// Order is an order of the demo shop.
type Order struct {
	ID      string `json:"order_id"`
	Amount  Won    `json:"amount"`
	TaxFree Won    `json:"tax_free"`
	// VAT is stated by the shop when it is there.
	VAT      *Won     `json:"vat_amount,omitempty"`
	Currency string   `json:"currency"`
	Name     string   `json:"order_name"`
	Status   string   `json:"status"`
	Methods  []string `json:"methods"`
	// Mileage is the part that the shop settles itself; the rest goes through a PG.
	Mileage Won `json:"mileage"`
	// session is the browser's that made it, where the shop's server makes the pages.
	session string
	// member is whose mileage it is; spent tells that it was taken from his balance.
	member string
	spent  bool
	// refunds counts the cancels that the buyer asked for and that gave nothing back.
	refunds   int
	SoldOut   bool      `json:"sold_out"`
	CreatedAt time.Time `json:"created_at"`
	// Purpose is what the order's checkout is for; empty for an ordinary sale.
	Purpose string `json:"purpose,omitempty"`
	// Paid are the attempts that the gateway reported as confirmed and not cancelled, in won; more than one
	// is a double charge.
	Paid map[string]Won `json:"paid"`
	// Cancelled are the attempts of which money was reported as given back, and how much.
	Cancelled map[string]Won `json:"cancelled"`
	// Cancels are the cancels of paid attempts that were reported, by their id.
	Cancels map[string]OrderCancel `json:"cancels,omitempty"`
	// CancelsFailed are the cancels that were reported as not done.
	CancelsFailed []string `json:"cancels_failed,omitempty"`
	// Accounts are the virtual accounts that the buyer may pay into, by attempt.
	Accounts map[string]OrderAccount `json:"accounts,omitempty"`
	// Failed are the attempts that were reported as failed or expired.
	Failed []string `json:"failed,omitempty"`
	// BillingKey is the key that was issued for an order with that purpose.
	BillingKey string `json:"billing_key,omitempty"`
	// Confirmed are the attempts that the confirm gate said yes to.
	Confirmed []string `json:"confirmed"`
	// Internal tells that the order was settled inside the shop, without a PG.
	Internal bool `json:"internal"`
	// Events counts the events taken for the order.
	Events int `json:"events"`
}

// OrderCancel is one giving back of money of an attempt.
type OrderCancel struct {
	AttemptID string `json:"attempt_id"`
	Amount    Won    `json:"amount"`
}

// OrderAccount is a virtual account as the gateway told the shop of it.
type OrderAccount struct {
	Bank   string `json:"bank"`
	Number string `json:"number"`
	Holder string `json:"holder"`
	Due    string `json:"due"`
	// State is waiting, paid or closed.
	State string `json:"state"`
}

// ShopView is a copy of the demo shop's books, for audits.
type ShopView struct {
	Orders []Order `json:"orders"`
	// Created and Confirmed count orders; ConfirmedAmount is what confirmed orders were paid through PGs.
	Created         int `json:"created"`
	Confirmed       int `json:"confirmed"`
	ConfirmedAmount Won `json:"confirmed_amount"`
}

type shopState struct {
	orders *shelf[*Order]
	seen   *shelf[bool]
	// mileage is what members have spent of their mileage, in won.
	mileage *shelf[Won]
	mode    ShopMode
	// slow is how long a slow shop takes, in milliseconds.
	slow    int
	created int
}

func newShopState(limit int) *shopState {
	return &shopState{
		orders: newShelf[*Order](limit), seen: newShelf[bool](limit), mileage: newShelf[Won](limit), mode: ShopYes,
		slow: shopSlow,
	}
}

// routeShop registers the shop's public pages and, apart from them, the endpoints for the gateway alone.
func (s *Sandbox) routeShop() {
	s.mux.HandleFunc("GET /shop", func(w http.ResponseWriter, _ *http.Request) {
		answer{status: http.StatusPermanentRedirect, contentType: "text/plain", location: "/shop/"}.write(w)
	})
	s.mux.HandleFunc("GET /shop/{$}", s.shopIndex)
	s.mux.HandleFunc("GET /shop/result", s.shopResult)
	s.mux.HandleFunc("GET /shop/shop.css", serveAsset("assets/shop.css"))
	s.mux.HandleFunc("GET /shop/shop.js", serveAsset("assets/shop.js"))
	s.mux.HandleFunc("GET /shop/result.js", serveAsset("assets/result.js"))
	s.mux.HandleFunc("GET /shop/favicon.ico", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	s.handle("POST /shop/api/orders", pgShop, "create", s.shopCreate)
	s.handle("POST /shop/api/orders/direct", pgShop, "create", s.shopCreate)
	s.mux.HandleFunc("GET /shop/api/orders/{id}", s.shopOrderStatus)
	s.mux.HandleFunc("POST /shop/api/orders/{id}/internal", s.shopInternal)
	s.mux.HandleFunc("POST /shop/api/orders/{id}/refund", s.shopRefund)

	s.handle("GET /shop/orders/{id}", pgShop, "lookup", s.shopLookUp)
	s.mux.HandleFunc("POST /shop/orders/{id}/confirm", s.shopConfirmGate)
	s.handle("POST /shop/payment-events", pgShop, "events", s.shopEvent)
}

func (s *Sandbox) shopIndex(w http.ResponseWriter, _ *http.Request) {
	page(http.StatusOK, "shop.html", map[string]any{"Goods": goodsList()}).write(w)
}

func (s *Sandbox) shopResult(w http.ResponseWriter, _ *http.Request) {
	page(http.StatusOK, "result.html", nil).write(w)
}

// createOrder is the shop's own checkout request, in the shape that X2BEE storefronts send.
type createOrder struct {
	Goods []struct {
		No  string `json:"goodsNo"`
		Qty int    `json:"qty"`
	} `json:"goods"`
	// PayMeans may say what each means pays; mileage beside another means must.
	PayMeans []payMeans `json:"payMeans"`
	Buyer    struct {
		Tel string `json:"tel"`
	} `json:"buyer"`
}

type payMeans struct {
	Code   string `json:"payWayCd"`
	Amount Won    `json:"payAmt"`
}

// envelope is an X2BEE answer.
func (s *Sandbox) envelope(status int, code, message string, payload any) answer {
	failed := code != "0000"
	return jsonAnswer(status, map[string]any{
		"timestamp": s.cfg.Now().UTC().Format(time.RFC3339), "code": code, "message": message, "error": failed,
		"isProcess": !failed, "payload": payload, "errors": []any{},
	})
}

// shopCreate makes an order at the shop's own prices.
func (s *Sandbox) shopCreate(c *call) answer {
	var req createOrder
	if err := json.Unmarshal(c.body, &req); err != nil {
		return s.envelope(http.StatusBadRequest, "1002", "주문 정보가 올바르지 않습니다", nil)
	}
	o := s.newOrder()
	for _, line := range req.Goods {
		i := slices.IndexFunc(goodsList(), func(g Goods) bool { return g.No == line.No })
		if i < 0 || line.Qty < 1 || line.Qty > 99 {
			return s.envelope(http.StatusBadRequest, "1002", "상품 또는 수량이 올바르지 않습니다", nil)
		}
		o.add(goodsList()[i], line.Qty)
	}
	if o.Amount == 0 {
		return s.envelope(http.StatusBadRequest, "1001", "상품을 골라 주세요", nil)
	}
	if o.member = req.Buyer.Tel; o.member == "" {
		o.member = o.ID
	}
	if message := s.shop.split(o, req.PayMeans); message != "" {
		return s.envelope(http.StatusConflict, "2001", message, nil)
	}
	if n := len(req.Goods); n > 1 {
		o.Name = fmt.Sprintf("%s 외 %d건", o.Name, n-1)
	}
	c.ref = o.ID
	s.keepOrder(o)
	return s.envelope(http.StatusOK, "0000", "SUCCESS", map[string]any{
		"ordNo": o.ID, "payAmt": o.Amount, "goodsNm": o.Name, "taxFreeAmt": o.TaxFree,
		"pgAmt": o.pgAmount(), "mileageAmt": o.Mileage, "mileageBalance": s.shop.balance(o.member),
	})
}

func (o *Order) add(g Goods, qty int) {
	o.Amount += g.Price * Won(qty)
	if g.TaxFree {
		o.TaxFree += g.Price * Won(qty)
	}
	if o.Name == "" {
		o.Name = g.Name
	}
	o.SoldOut = o.SoldOut || g.SoldOut
}

// shopOrderStatus is what the buyer's page polls: no more than it needs to know.
func (s *Sandbox) shopOrderStatus(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o, ok := s.shop.orders.get(r.PathValue("id"))
	a := s.envelope(http.StatusNotFound, "1003", "주문을 찾을 수 없습니다", nil)
	if ok {
		_, refundable := s.refundable(o)
		a = s.envelope(http.StatusOK, "0000", "SUCCESS", map[string]any{
			"ordNo": o.ID, "status": o.Status, "payAmt": o.Amount, "goodsNm": o.Name, "paidAmt": o.paidAmount(),
			"refundable": refundable,
			"account":    o.openAccount(), "failed": len(o.Failed) > 0, "billingKey": o.BillingKey != "",
		})
	}
	s.mu.Unlock()
	a.write(w)
}

// internalMeans are the X2BEE codes and method words that need no PG.
func internalMeans() []string { return []string{"32", "mileage"} }

// shopInternal settles an order that is paid without a PG. Only an order that asked for nothing else can be.
func (s *Sandbox) shopInternal(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o, ok := s.shop.orders.get(r.PathValue("id"))
	a := s.envelope(http.StatusConflict, "2001", "내부 결제로 끝낼 수 없는 주문입니다", nil)
	outside := func(m string) bool { return !slices.Contains(internalMeans(), m) }
	if ok && o.Status == "waiting" && len(o.Methods) > 0 && !slices.ContainsFunc(o.Methods, outside) && s.shop.spend(o) {
		o.Status, o.Internal = "paid", true
		a = s.envelope(http.StatusOK, "0000", "SUCCESS", map[string]any{"ordNo": o.ID, "status": o.Status})
	}
	s.mu.Unlock()
	a.write(w)
}

// Shop returns a copy of the demo shop's books.
func (s *Sandbox) Shop() ShopView {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := ShopView{Orders: []Order{}, Created: s.shop.created}
	for _, o := range s.shop.orders.all() {
		view.Orders = append(view.Orders, o.copy())
		if o.Status == "paid" {
			view.Confirmed++
			view.ConfirmedAmount += o.paidAmount()
		}
	}
	return view
}

func (o *Order) paidAmount() Won {
	var sum Won
	for _, amount := range o.Paid {
		sum += amount
	}
	return sum
}

func (o *Order) copy() Order {
	out := *o
	out.Paid, out.Cancelled = map[string]Won{}, map[string]Won{}
	maps.Copy(out.Paid, o.Paid)
	maps.Copy(out.Cancelled, o.Cancelled)
	out.Cancels, out.Accounts = maps.Clone(o.Cancels), maps.Clone(o.Accounts)
	out.CancelsFailed, out.Failed = slices.Clone(o.CancelsFailed), slices.Clone(o.Failed)
	out.Methods = slices.Clone(o.Methods)
	out.Confirmed = slices.Clone(o.Confirmed)
	return out
}

// SetShop tells the demo shop how to answer the confirm gate.
func (s *Sandbox) SetShop(mode ShopMode) error {
	if !slices.Contains([]ShopMode{ShopYes, ShopNo, ShopSlow, ShopDown}, mode) {
		return fmt.Errorf("%w: unknown shop mode %q", ErrFault, strings.ToValidUTF8(string(mode), ""))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shop.mode = mode
	return nil
}
