package wire

import "strings"

// ownCases are about paths that are the gateway's, the order service's own, or intercepted: no reading of a path that the
// shop may have leads past them.
func ownCases() []*wireCase {
	const topic = "guarded and intercepted paths"
	own := func(name, send, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, want: want, own: true}
	}
	var all []*wireCase
	for _, target := range []string{
		"/orders/O1/confirm", "/orders/O1", "/orders/O1/", "/payment-events", "/orders/O1/%63onfirm",
		"/orders/O1/%2563onfirm", "/%6frders/O1/confirm", "/orders//O1/confirm", "//orders/O1/confirm",
		"/orders/O1/confirm/",
		"/orders/O1/confirm;a=1", "/orders;a=1/O1/confirm", "/orders/O1;a=1/confirm;b",
		"/orders/O1/confirm%3Ba=1", "/x/../orders/O1/confirm", "/x/%2e%2e/orders/O1/confirm",
		"/orders/./O1/confirm", "/orders/O1/x/../confirm",
		"/orders%2FO1%2Fconfirm", "/orders/O1%2Fconfirm", "/orders%252FO1%252Fconfirm", `/orders\O1\confirm`,
		"/orders%5CO1%5Cconfirm", "/ORDERS/O1/CONFIRM", "/Orders/O1", "/orders/O1/confirm.json",
		"/orders/O1/confirm.", "/orders/O1/confirm%20",
		"/orders/O1/confirm%00", "/orders/O1/confirm%00.jpg", "/orders/O1/confirm?x=y", "/payment-events/",
		"/Payment-Events", "/payment%2devents", "/payment-events;x", "/a/../payment-events",
	} {
		all = append(all, own("guarded: "+target, get(target), "< 404 by the proxy\nopen"))
	}
	made := ok(
		`{"code":"0000","payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x"}}`,
		"Content-Type: application/json",
	)
	for _, target := range []string{
		"/api/orders", "/api/%6frders", "/api/%256frders", "/api//orders", "//api/orders", "/api/orders/",
		"/api/orders;a=1", "/api;a=1/orders", "/x/../api/orders", "/api/./orders", "/api/x/%2e%2e/orders",
		"/api%2Forders", `/api\orders`,
		"/API/Orders", "/api/orders.json", "/api/orders?x=y",
	} {
		c := own("intercepted: "+target, post(target, order, "Content-Type: application/json"), `
			< 200 length a window
			<   Content-Type: application/json
			<   Cache-Control: no-store
			open
			> POST `+target+` length `+shownBody([]byte(order))+`
			>   Content-Type: application/json
			>   Accept-Encoding: identity`)
		c.shop = shopSays(made)
		all = append(all, c)
	}
	for _, line := range []string{
		"GET /checkout", "HEAD /checkout", "PUT /checkout", "GET /checkout/complete", "GET /checkout/cart",
		"GET /checkout?step=1",
	} {
		want := "< 200 length \"ok\"\nopen\n> " + line
		if strings.HasPrefix(line, "HEAD") {
			want = "< 200 length 2, no body\nopen\n> " + line
		}
		all = append(all, own("the shop's own page: "+line, request(line), want))
	}
	return all
}
