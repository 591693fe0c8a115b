package sdk

import (
	"testing"
)

// lost is a way in which the answer to a cancel is lost.
type lost struct {
	name, kind string
	more       map[string]any
	// done tells that the PG did what was asked all the same.
	done bool
}

func waysToLose() []lost {
	late := map[string]any{"delay_ms": 2500} // the gateway waits for 2 s
	bare := map[string]any{"status": 502}
	return []lost{
		{"lost after commit", "drop_after_commit", nil, true},
		{"lost before commit", "drop_before_commit", nil, false},
		{"late", "delay", late, true},
		{"done late", "delay_before_commit", late, true},
		{"502 bare", "status", bare, false},
		{"502 after commit", "status_after_commit", bare, true},
		{"half body", "half_body", nil, true},
		{"a page", "garbage", nil, true},
	}
}

// cancels is how a shop cancels by an SDK: what the call is named, and what it is asked.
type cancels struct {
	client *client
	pg     string
	name   string
	method string
	// full and part are the calls' arguments; part gives so many won back and says what is left before.
	full func(paid) map[string]any
	part func(p paid, won, left int) map[string]any
	// back is what an answer says went back in all, or by this cancel.
	back string
}

// lose cancels two payments under a fault, all of one and a part of the other, and repeats as a shop does.
func (c cancels) lose(t *testing.T, g *gateway, l lost) {
	t.Helper()
	before, kept := g.net(), 0
	for _, all := range []bool{true, false} {
		if all && l.more["delay_ms"] != nil {
			continue // it is slow, and once is enough
		}
		p := g.pay(c.method, "approved")
		ask, won := c.full(p), p.amount
		if !all {
			ask, won = c.part(p, 4900, p.amount), 4900
		}
		sent := g.writes(c.pg, "cancel", "")
		g.fault(c.pg, "cancel", l.kind, l.more)
		if l.done {
			answer := c.client.persist(t, c.name, ask)
			again := c.client.must(t, c.name, ask)
			if answer.int(c.back) != won || again.int(c.back) != won {
				t.Errorf("%d won should go back, and it is answered %s, then %s", won, answer, again)
			}
		} else {
			// It may still be done: until the gateway has proof, a repeat is answered that nobody knows.
			for range 3 {
				if e := c.client.fails(t, c.name, ask); code(e) != "CANCEL_UNKNOWN" || e.Message == "" {
					t.Errorf("%v", e)
				}
			}
			won = 0
		}
		if wrote := g.writes(c.pg, "cancel", "") - sent; wrote != 1 {
			t.Errorf("%d cancels were written", wrote)
		}
		kept += p.amount - won
	}
	if got := g.net() - before; got != kept {
		t.Errorf("the PG holds %d won of these payments, want %d", got, kept)
	}
}

// TestV1CancelsUnderFaults is row "portone.md §1.6, cancel, its answer lost".
func TestV1CancelsUnderFaults(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	c := cancels{
		client: shop(t, "v1.cjs", g.v1), pg: "portone_v1", name: "Payments.cancel", method: "tosspay", back: "response.cancel_amount",
		full: func(p paid) map[string]any { return by("imp_uid", p.txID, "reason", "변심") },
		part: func(p paid, won, left int) map[string]any {
			return by("merchant_uid", p.attempt, "amount", won, "checksum", left)
		},
	}
	c.loseAll(t, g)
}

// TestV2CancelsUnderFaults is row "portone.md §4.5, cancel, its answer lost".
func TestV2CancelsUnderFaults(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	c := cancels{
		client: shop(t, "v2.cjs", g.v2), pg: "portone_v2", name: "payment.cancelPayment", method: "kakaopay",
		back: "cancellation.totalAmount",
		full: func(p paid) map[string]any { return by("paymentId", p.attempt, "reason", "변심") },
		part: func(p paid, won, left int) map[string]any {
			return by("paymentId", p.attempt, "amount", won, "currentCancellableAmount", left, "reason", "하나 반품")
		},
	}
	c.loseAll(t, g)
}

func (c cancels) loseAll(t *testing.T, g *gateway) {
	t.Helper()
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) { c.lose(t, g, l) })
	}
	g.mustBalance(t, g.net())
}

// TestOthersAreCancelledOnce is row "portone.md §1.6 and §4.5, cancel, of a payment that is not the gateway's": a shop
// that repeats one whose answer was lost, as its SDK makes it, gets nothing back twice.
func TestOthersAreCancelledOnce(t *testing.T) {
	t.Parallel()
	g := start(t)
	v1, v2 := shop(t, "v1.cjs", g.v1), shop(t, "v2.cjs", g.v2)
	first, second := g.v1Elsewhere("OLD-1", nil), g.v1Elsewhere("OLD-2", nil)
	g.v2Elsewhere("OLD-3", nil)
	g.v2Elsewhere("OLD-4", nil)
	const one, two = "Payments.cancel", "payment.cancelPayment"
	for name, tt := range map[string]struct {
		client   *client
		pg, call string
		ask      map[string]any
		again    string
	}{
		"V1, a part": {v1, "portone_v1", one, by("imp_uid", first, "amount", 1000), "CANCEL_REPEATED"},
		"V1, all":    {v1, "portone_v1", one, by("imp_uid", second), ""},
		"V2, a part": {v2, "portone_v2", two, by("paymentId", "OLD-3", "amount", 1000, "reason", "r"), "CANCEL_REPEATED"},
		"V2, all":    {v2, "portone_v2", two, by("paymentId", "OLD-4", "reason", "r"), ""},
	} {
		g.fault(tt.pg, "cancel", "drop_after_commit", nil)
		if e := tt.client.fails(t, tt.call, tt.ask); code(e) != "UPSTREAM_UNAVAILABLE" {
			t.Errorf("%s, lost: %v", name, e)
		}
		if e := tt.client.fails(t, tt.call, tt.ask); code(e) != tt.again || e.Message == "" && e.Data == nil {
			t.Errorf("%s, again: %v", name, e)
		}
	}
	if got, want := g.net(), 2*4000; got != want {
		t.Errorf("PortOne holds %d won, want %d", got, want)
	}
}
