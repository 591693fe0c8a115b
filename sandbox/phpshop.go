package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// routePHPShop registers a second demo shop, of another shape than the first: its page posts a form, its answers are
// flat, a refusal is answered with 200, and its paths end in .php. Both shops keep the same books.
func (s *Sandbox) routePHPShop() {
	s.mux.HandleFunc("GET /phpshop/{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(http.StatusOK, "phpshop.html", map[string]any{"Goods": goodsList()}).write(w)
	})
	s.mux.HandleFunc("GET /phpshop/phpshop.js", serveAsset("assets/phpshop.js"))
	s.mux.HandleFunc("GET /phpshop/shop.css", serveAsset("assets/shop.css"))
	s.mux.HandleFunc("GET /phpshop/result.js", serveAsset("assets/result.js"))
	s.mux.HandleFunc("GET /phpshop/result", s.shopResult)
	s.mux.HandleFunc("GET /phpshop/api/orders/{id}", s.shopOrderStatus)
	s.handle("POST /phpshop/order/checkout.php", pgShop, "create", s.phpCreate)
	s.handle("POST /phpshop/order/orderform.php", pgShop, "create", s.phpOrderForm)
	s.handle("POST /phpshop/order/pay.php", pgShop, "page", s.phpPay)

	s.handle("GET /phpshop/pg/{id}/order.php", pgShop, "lookup", s.phpLookUp)
	s.mux.HandleFunc("POST /phpshop/pg/{id}/confirm.php", s.shopConfirmGate)
	s.handle("POST /phpshop/pg/events.php", pgShop, "events", s.shopEvent)
}

// phpMethods are what the shop calls its payment methods.
func phpMethods() []string { return []string{"신용카드", "카카오페이", "토스페이"} }

// phpCreate makes an order of a form's lines.
func (s *Sandbox) phpCreate(c *call) answer {
	form, _ := url.ParseQuery(string(c.body))
	o, why := s.phpOrder(c, form)
	if why != "" {
		return jsonAnswer(http.StatusOK, map[string]any{"result": "fail", "msg": why})
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"result": "ok", "od_id": o.ID, "od_price": o.Amount, "od_free_mny": o.TaxFree, "good_name": o.Name, "pay": nil,
	})
}

// phpOrderForm makes an order, and answers with a page from which the buyer goes on to pay it.
func (s *Sandbox) phpOrderForm(c *call) answer {
	form, _ := url.ParseQuery(string(c.body))
	o, why := s.phpOrder(c, form)
	if why != "" {
		return page(http.StatusOK, "phppay.html", phpPage{Message: why})
	}
	p := phpPage{Order: o}
	for _, name := range []string{"od_settle_case", "od_name", "od_tel", "od_email"} {
		p.Fields = append(p.Fields, [2]string{name, form.Get(name)})
	}
	a := page(http.StatusOK, "phppay.html", p)
	o.session = randomHex(16)
	a.session = o.session
	return a
}

// sessionCookie names the cookie of the shop's session.
const sessionCookie = "od_session"

// phpPage is what phppay.html shows.
type phpPage struct {
	Order   *Order
	Fields  [][2]string
	Window  string
	Message string
}

// phpPay is the page that opens the window: whoever stands before the shop has put it into the form. An order's number
// alone gets there, so that the page first asks whether it is this browser's order.
func (s *Sandbox) phpPay(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	o, ok := s.shop.orders.get(form.Get("od_id"))
	session, missing := c.r.Cookie(sessionCookie)
	if !ok || missing != nil || o.session == "" || session.Value != o.session {
		return page(http.StatusForbidden, "phppay.html", phpPage{Message: "이 브라우저에서 한 주문이 아닙니다"})
	}
	if window := form.Get("pg_window"); err == nil && json.Valid([]byte(window)) {
		return page(http.StatusOK, "phppay.html", phpPage{Window: window})
	}
	return page(http.StatusOK, "phppay.html", phpPage{Message: "결제창이 없습니다"})
}

// phpOrder makes an order of a form's lines, or tells why not.
func (s *Sandbox) phpOrder(c *call, form url.Values) (o *Order, why string) {
	if len(form["ct_qty[]"]) != len(form["it_id[]"]) {
		return nil, "주문 정보가 올바르지 않습니다"
	}
	if !slices.Contains(phpMethods(), form.Get("od_settle_case")) {
		return nil, "결제수단을 골라 주세요"
	}
	o = s.newOrder()
	for n, no := range form["it_id[]"] {
		i := slices.IndexFunc(goodsList(), func(g Goods) bool { return g.No == no })
		qty, err := strconv.Atoi(form["ct_qty[]"][n])
		if i < 0 || err != nil || qty < 1 || qty > 99 {
			return nil, "상품 또는 수량이 올바르지 않습니다"
		}
		o.add(goodsList()[i], qty)
	}
	if o.Amount == 0 {
		return nil, "상품을 골라 주세요"
	}
	o.Methods, o.member = []string{form.Get("od_settle_case")}, cmp.Or(form.Get("od_tel"), o.ID)
	c.ref = o.ID
	s.keepOrder(o)
	return o, ""
}

// phpLookUp tells the gateway the truth about an order.
func (s *Sandbox) phpLookUp(c *call) answer {
	c.ref = c.r.PathValue("id")
	o, ok := s.shop.orders.get(c.ref)
	if !ok {
		return jsonAnswer(http.StatusNotFound, map[string]string{"result": "fail"})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"result": "ok", "od": map[string]any{
		"id": o.ID, "price": o.Amount, "free_mny": o.TaxFree, "name": o.Name, "status": o.Status, "currency": o.Currency,
	}})
}
