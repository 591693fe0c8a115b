package sdk

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// v1KeyIn charges cards by their data with V1's SDK.
func v1KeyIn(t *testing.T) (*gateway, charges) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone1"), fixture.KeyIn())
	return g, charges{
		client: shop(t, "v1.cjs", g.v1), pg: "portone_v1", op: "onetime", name: "Subscribe.onetime",
		ask: func(order string) map[string]any {
			return by("merchant_uid", order, "amount", subscription, "name", "전화 주문", "pg", "html5_inicis.INIBillTst",
				"card_number", "4111-1188-8888-4242", "expiry", "2039-04", "birth", "900101", "pwd_2digit", "12",
				"buyer_name", "홍길동", "buyer_tel", "010-4242-4242", "buyer_email", "gildong@example.com")
		},
		paid: map[string]any{"response.status": "paid", "response.amount": subscription},
	}
}

// v2KeyIn charges cards by their data with V2's SDK.
func v2KeyIn(t *testing.T) (*gateway, charges) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone"), fixture.KeyIn())
	card := by("card", by("credential", by("number", "4111118888884242", "expiryYear", "39", "expiryMonth", "04",
		"birthOrBusinessRegistrationNumber", "900101", "passwordTwoDigits", "12")))
	return g, charges{
		client: shop(t, "v2.cjs", g.v2), pg: "portone_v2", op: "instant", name: "payment.payInstantly",
		ask: func(order string) map[string]any {
			return v2Sale("paymentId", order, "channelKey", "channel-key-v2-auto", "method", card, "amount", by("total", subscription))
		},
	}
}

// TestV1KeyIn is row "portone.md §1.7, onetime": a card is charged by its data with V1's SDK.
func TestV1KeyIn(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, c := v1KeyIn(t)
	c.run(t, g)
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) { c.lose(t, g, l) })
	}
	g.mustBalance(t, g.net())
}

// TestV2KeyIn is row "portone.md §4.2, instant": a card is charged by its data with V2's SDK.
func TestV2KeyIn(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, c := v2KeyIn(t)
	c.run(t, g)
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) { c.lose(t, g, l) })
	}
	g.mustBalance(t, g.net())
}

// openAccount is what an order service says to V1's SDK for an account without a window.
func openAccount(order string) map[string]any {
	return by("merchant_uid", order, "amount", 64900, "channel_key", "channel-key-v1-inicis", "vbank_code", "88",
		"vbank_due", time.Now().Add(48*time.Hour).Unix(), "vbank_holder", "데모 상점", "buyer_name", "홍길동", "buyer_email", "gildong@example.com")
}

// TestV1Accounts is row "portone.md §1.8, vbanks": accounts are opened with V1's SDK, each once.
func TestV1Accounts(t *testing.T) {
	t.Parallel()
	g := start(t, fixture.AccountsByAPI)
	v1 := shop(t, "v1.cjs", g.v1)
	a := v1.must(t, "Vbanks.post", openAccount("V-1"))
	if a.text("response.status") != "ready" || a.text("response.vbank_num") == "" || g.writes("portone_v1", "vbank", "V-1") != 1 {
		t.Errorf("it is answered %s", a)
	}
	if e := v1.fails(t, "Vbanks.post", openAccount("V-1")); code(e) != "ORDER_AWAITS_DEPOSIT" || g.writes("portone_v1", "vbank", "V-1") != 1 {
		t.Errorf("again: %v", e)
	}
	changed := v1.must(t, "Vbanks.put", by("imp_uid", a.text("response.imp_uid"), "amount", 70000))
	if !changed.is("response.amount", 70000) || g.writes("portone_v1", "vbank", "V-1") != 2 {
		t.Errorf("changed: %s", changed)
	}
}
