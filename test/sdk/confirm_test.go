package sdk

import (
	"testing"
)

// TestV2Confirms is row "portone.md §4.7, manual confirm": what a buyer's window left to be confirmed is confirmed by V2's
// SDK, once, whatever becomes of the answer.
func TestV2Confirms(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v2 := shop(t, "v2.cjs", g.v2)
	const call = "payment.confirmPayment"
	p, back := g.through("kakaopay")
	ask := by("paymentId", p.attempt, "paymentToken", back["payment_token"], "totalAmount", p.amount, "currency", "KRW", "isTest", true)
	for range 2 {
		if a := v2.must(t, call, ask); a.text("pgTxId") == "" || a.text("paidAt") == "" {
			t.Errorf("it is answered %s", a)
		}
	}
	ask["totalAmount"] = p.amount + 1
	if e := v2.fails(t, call, ask); code(e) != "AMOUNT_MISMATCH" || !isTyped(e) {
		t.Errorf("another amount: %v", e)
	}
	g.mustBalance(t, g.net())
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) {
			g.pay("kakaopay", "approved") // a PG that does not answer is asked no more for a while: this one answers in between
			before := g.net()
			p, back := g.through("kakaopay")
			sent := g.writes("portone_v2", "confirm", "")
			g.fault("portone_v2", "confirm", l.kind, l.more)
			answered, want := false, 0
			for range 3 {
				_, err := v2.call(call, by("paymentId", p.attempt, "paymentToken", back["payment_token"]))
				answered = answered || err == nil
				if e, ok := err.(*sdkError); ok && code(e) != "PAYMENT_UNKNOWN" { //nolint:errorlint // made by call
					t.Errorf("%v", e)
				}
			}
			if l.done {
				want = p.amount
			}
			g.waitFor("a confirm that is done late", func() bool { return g.net()-before >= want })
			if wrote := g.writes("portone_v2", "confirm", "") - sent; wrote != 1 || answered && !l.done || g.net()-before != want {
				t.Errorf("%d confirms were written, %d won taken, want %d; the shop was told so: %t", wrote, g.net()-before, want, answered)
			}
		})
	}
	g.mustBalance(t, g.net())
}
