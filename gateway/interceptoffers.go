package gateway

import (
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// offered takes out of the shop's answer, such as an order sheet, the payment methods that a checkout would be refused
// with now, or marks them.
func (g *Gateway) offered(v *view, i *intercept, from exchange, co *payment.Checkout) (changed []byte, why string) {
	items, ok := from.found.List(i.offersAt, i.Offers.Code, i.Offers.Mark)
	if !ok {
		return nil, answerNoList
	}
	if err := from.read(v, i.readAnswer, co); err != nil {
		// The amount is of no form that an order may have, and the order will be refused for it by itself.
		co.Amount = 0
	}
	gone := make([]bool, len(items))
	var marks []jsonplace.Change
	for n := range items {
		if gone[n] = !g.takes(v, items[n].Member(0).String(), co); gone[n] && i.Offers.Mark != "" && items[n].Object {
			marks = append(marks, items[n].Set(1, i.Offers.Mark, jsonText(i.Offers.MarkAs)))
		}
	}
	g.metrics.Intercepted(i.Name, "offered")
	if i.Offers.Mark != "" {
		return from.found.Change(marks), ""
	}
	return from.found.Change(jsonplace.Without(items, func(n int) bool { return gone[n] })), ""
}

// takes tells whether a checkout with this method would be taken now, as far as is known of it: the link check of the
// X2BEE store API says so too, and the amount is inside the method's limits where there is one.
func (g *Gateway) takes(v *view, code string, co *payment.Checkout) bool {
	now := g.deciding(nil)
	where := rules.Where{Site: co.Site, Device: co.Device}
	links, err := v.rules.CheckLinks([]rules.Means{{Method: code}}, where, now)
	method, known := v.rules.ResolveMethod(code)
	if err != nil || !known {
		return false
	}
	if !links.Usable { //guard:sheets-offer-what-is-taken
		return false
	}
	one := *co
	one.Payments = []payment.MethodAmount{{Method: method, Amount: co.Amount}}
	return v.rules.Usable(&one, now) == nil
}
