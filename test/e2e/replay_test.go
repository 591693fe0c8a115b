package e2e

import (
	"strings"
	"testing"
	"time"
)

// What the shop has taken comes to it again while the gateway runs, under the id that it knows; and an example gets
// there, and changes nothing.
func TestAReplayReachesTheShop(t *testing.T) {
	t.Parallel()
	p := start(t)
	delivered := func() int { return int(p.metric(`pg_gateway_outbox_deliveries_total{result="delivered"}`)) }
	b := p.buyer("card")
	v := b.mustBuy(t, "pay", "approved")
	b.mustBecome(t, v.order.ID, "paid", 5*time.Second)
	p.waitFor("the event's delivery", 5*time.Second, func() bool { return delivered() == 1 })
	if out := p.command("outbox", "replay", "--order", v.order.ID, "--dry-run"); !strings.Contains(out, "1 messages would be put in line") {
		t.Errorf("a dry run prints %s", out)
	}
	if out := p.command("outbox", "replay", "--order", v.order.ID); !strings.Contains(out, "1 messages put in line again") {
		t.Errorf("a replay prints %s", out)
	}
	p.waitFor("the event's second delivery", 5*time.Second, func() bool { return delivered() == 2 })
	p.waitFor("the end of it", 5*time.Second, func() bool {
		return strings.Contains(p.command("outbox", "list"), "no message waits")
	})
	if out := p.command("outbox", "send-example", "payment.cancelled"); !strings.Contains(out, "acknowledged") {
		t.Errorf("sending an example prints %s", out)
	}
	if o := p.order(v.order.ID); o.Status != "paid" || o.Events != 1 {
		t.Errorf("the shop has the order as %s, with %d events", o.Status, o.Events)
	}
	if n := delivered(); n != 2 {
		t.Errorf("%d deliveries, so the dry run or the example came through the outbox", n)
	}
	p.mustBalance(v.order.Amount)
}
