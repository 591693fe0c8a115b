package sdk

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// charges is how a shop charges a billing key by an SDK: what the call is named, and what it is asked for an order.
type charges struct {
	client       *client
	pg, op, name string
	ask          func(order string) map[string]any
	// paid is what an answer shows of a payment, by its path.
	paid map[string]any
}

const subscription = 9900 // won

// order makes an order of the shop's, to be charged.
func (g *gateway) order() string {
	g.t.Helper()
	return g.control("orders", by("amount", subscription, "order_name", "월간 이용권")).text("order_id")
}

// v1Charges charges by V1's SDK.
func v1Charges(t *testing.T) (*gateway, charges) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone1"))
	g.v1Card("cust-1")
	return g, charges{
		client: shop(t, "v1.cjs", g.v1), pg: "portone_v1", op: "again", name: "Subscribe.again",
		ask: func(order string) map[string]any {
			return by("customer_uid", "cust-1", "merchant_uid", order, "amount", subscription, "name", "월간 이용권",
				"buyer_tel", "010-4242-4242", "custom_data", `{"n":1}`)
		},
		paid: map[string]any{"response.status": "paid", "response.amount": subscription, "response.custom_data": `{"n":1}`},
	}
}

// v2Charges charges by V2's SDK.
func v2Charges(t *testing.T) (*gateway, charges) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone"))
	client := shop(t, "v2.cjs", g.v2)
	key := client.v2Key(t)
	return g, charges{
		client: client, pg: "portone_v2", op: "charge", name: "payment.payWithBillingKey",
		ask: func(order string) map[string]any {
			return v2Sale("paymentId", order, "billingKey", key, "amount", by("total", subscription))
		},
	}
}

// mustShow checks that an answer is that of a payment.
func (c charges) mustShow(t *testing.T, answer value) {
	t.Helper()
	for path, want := range c.paid {
		if !answer.is(path, want) {
			t.Errorf("%s is %v, want %v: %s", path, answer.at(path), want, answer)
		}
	}
	if c.paid == nil && answer.text("payment.paidAt") == "" {
		t.Errorf("it is answered %s", answer)
	}
}

// run charges an order, and again; and one whose card is declined.
func (c charges) run(t *testing.T, g *gateway) {
	t.Helper()
	first := g.order()
	c.mustShow(t, c.client.must(t, c.name, c.ask(first)))
	if e := c.client.fails(t, c.name, c.ask(first)); code(e) != "ORDER_ALREADY_PAID" || e.Message == "" {
		t.Errorf("again: %v", e)
	}
	g.fault(c.pg, c.op, "decline", by("reason", "limit"))
	declined := g.order()
	if c.pg == "portone_v1" { // V1 says it with code 0
		if a := c.client.must(t, c.name, c.ask(declined)); !a.is("response.status", "failed") || a.text("response.fail_reason") == "" {
			t.Errorf("declined: %s", a)
		}
	} else if e := c.client.fails(t, c.name, c.ask(declined)); (value{e.Data}).text("type") != "PG_PROVIDER" || !isTyped(e) {
		t.Errorf("declined: %v", e)
	}
	if e := c.client.fails(t, c.name, c.ask(declined)); code(e) != "CHARGE_DECLINED" {
		t.Errorf("declined, again: %v", e)
	}
	if n := g.writes(c.pg, c.op, ""); n != 2 {
		t.Errorf("%d charges were written, want 2", n)
	}
	g.mustBalance(t, subscription)
}

// lose charges an order while the answer is lost, and repeats as a shop does.
func (c charges) lose(t *testing.T, g *gateway, l lost) {
	t.Helper()
	// A PG that never answers is asked no more for a while: this one answers in between.
	c.client.must(t, c.name, c.ask(g.order()))
	order, before, sent := g.order(), g.net(), g.writes(c.pg, c.op, "")
	g.fault(c.pg, c.op, l.kind, l.more)
	answered := false
	for range 3 {
		answered = c.answered(t, order) || answered
	}
	want := 0
	if l.done {
		want = subscription
	}
	g.waitFor("a charge that is done late", func() bool { return g.net()-before >= want })
	if answered = c.answered(t, order) || answered; answered != l.done || g.net()-before != want {
		t.Errorf("%d won were charged, want %d; the shop was told so: %t", g.net()-before, want, answered)
	}
	if wrote := g.writes(c.pg, c.op, "") - sent; wrote != 1 {
		t.Errorf("%d charges were written", wrote)
	}
}

// answered asks for a charge and tells whether the shop hears that it is paid. Else it hears that nobody knows yet.
func (c charges) answered(t *testing.T, order string) bool {
	t.Helper()
	answer, err := c.client.call(c.name, c.ask(order))
	e, _ := err.(*sdkError) //nolint:errorlint // made by call
	switch {
	case err == nil:
		c.mustShow(t, answer)
		return true
	case code(e) == "ORDER_ALREADY_PAID":
		return true
	case code(e) != "PAYMENT_UNKNOWN" || e.Message == "":
		t.Errorf("%v", e)
	}
	return false
}

// TestV1Charges is row "portone.md §1.7, again": a stored card is charged by V1's SDK.
func TestV1Charges(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, c := v1Charges(t)
	c.run(t, g)
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) { c.lose(t, g, l) })
	}
	g.mustBalance(t, g.net())
}

// TestV2Charges is row "portone.md §4.2, billing-key": a stored card is charged by V2's SDK.
func TestV2Charges(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, c := v2Charges(t)
	c.run(t, g)
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) { c.lose(t, g, l) })
	}
	g.mustBalance(t, g.net())
}
