package sdk

import (
	"net/http"
)

// paid is a payment of an order of the shop's that went through the gateway.
type paid struct {
	// attempt is its merchant_uid or paymentId, txID its imp_uid or transactionId, order the shop's.
	attempt, txID, order string
	// amount is in won.
	amount int
}

// pay has a buyer pay an order by a method: tosspay goes to PortOne V1, kakaopay to V2, vbank to where the test says.
func (g *gateway) pay(method, status string) paid {
	g.t.Helper()
	p, back := g.through(method)
	if done := g.ask(http.MethodPost, g.public+"/checkout/complete", back); done.text("status") != status {
		g.t.Fatalf("paying by %s ended as %s", method, done)
	}
	return p
}

// through has a buyer come through the window of an order, and returns what his page would tell the gateway of it.
func (g *gateway) through(method string) (p paid, back map[string]any) {
	g.t.Helper()
	order := g.ask(http.MethodPost, g.public+"/api/orders", map[string]any{
		"goods":    []map[string]any{{"goodsNo": "G001", "qty": 1}},
		"payMeans": []map[string]any{{"payWayCd": method}},
	}).at("payload")
	p = paid{order: order.text("ordNo"), amount: order.int("payAmt")}
	window := g.ask(http.MethodPost, g.public+"/checkout", map[string]any{
		"order_id": p.order, "amount": p.amount, "currency": "KRW", "order_name": order.text("goodsNm"),
		"tax_free": order.int("taxFreeAmt"), "site": "main", "device": "pc", "return_url": g.public + "/result",
		"payments": []map[string]any{{"method": method, "amount": p.amount}},
		"buyer":    map[string]string{"name": "구매자", "email": "buyer@example.com", "tel": "010-0000-0000"},
	})
	p.attempt = window.text("attempt_id")
	sdk, open := "/portone/sdk/v2", map[string]any{"device": "pc", "params": window.at("window.params").any}
	if window.text("window.kind") == "portone_v1" {
		sdk, open["imp_code"] = "/portone/sdk/v1", window.text("window.init_code")
	}
	key := g.ask(http.MethodPost, g.sandbox+sdk+"/open", open).text("key")
	rsp := g.ask(http.MethodPost, g.sandbox+sdk+"/act", map[string]any{"key": key, "action": "pay"})
	back = map[string]any{"attempt_id": p.attempt, "pg_tx_id": rsp.text("imp_uid")}
	if p.txID = rsp.text("imp_uid"); p.txID == "" {
		p.txID = rsp.text("txId")
		back["pg_tx_id"], back["payment_token"] = p.txID, rsp.text("paymentToken")
	}
	for name, v := range back {
		if v == "" {
			delete(back, name)
		}
	}
	return p, back
}
