package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// quick makes PGs and the shop be waited for no longer than a test likes to.
func quick(c *fixture.Config) {
	c.PGs["inicis"].ApproveTimeout = "2s"
	c.OrderService.Confirm.Timeout = "1s"
}

func TestAnApprovalThatCannotBeBelievedIsUndone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind string
		more       map[string]any
	}{
		{"the answer is lost", "drop_after_commit", nil},
		{"half the answer is lost", "half_body", nil},
		{"the answer is a page", "garbage", nil},
		{"the answer is an error", "status_after_commit", map[string]any{"status": 502}},
		{"the answer is too late", "delay", map[string]any{"delay_ms": 3000}},
		{"another amount was charged", "wrong_amount", nil},
		{"another merchant was paid", "wrong_mid", nil},
		{"another order was paid", "wrong_order", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// A process each: one that lost three approvals in a row sends the next buyer to another PG.
			p := start(t, quick)
			b := p.buyer("card")
			p.fault("inicis", "approve", tt.kind, tt.more)
			v := b.mustBuy(t, "pay", "cancelled")
			p.mustBalance(0)
			b.mustBecome(t, v.order.ID, "waiting", time.Second)
			// What was undone may be paid again.
			if err := b.reopen(t.Context(), &v, "pay"); err != nil {
				t.Fatal(err)
			}
			if out, err := b.bring(t.Context(), v.ret); err != nil || out.status != "approved" {
				t.Fatalf("paying again ended as %+v: %v", out, err)
			}
			p.mustBalance(v.order.Amount)
		})
	}
}

// Money that may have moved keeps its order closed until the sweep has proof.
func TestADoubtfulApprovalIsParkedAndSwept(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	tests := []struct {
		name, method string
		faults       [][3]string
		want         string // how the shop sees the order in the end
	}{
		{
			"neither the approval nor its undoing is answered", "card",
			[][3]string{{"inicis", "approve", "drop_after_commit"}, {"inicis", "net_cancel", "drop_before_commit"}},
			"waiting",
		},
		{
			"the undoing worked and was not answered", "card",
			[][3]string{{"inicis", "approve", "drop_after_commit"}, {"inicis", "net_cancel", "drop_after_commit"}},
			"waiting",
		},
		{
			"the confirmation is lost and cannot be looked up", "kakaopay",
			[][3]string{{"portone_v2", "confirm", "drop_after_commit"}, {"portone_v2", "lookup", "status"}},
			"paid",
		},
	}
	var visits []visit
	var confirmed int64
	for _, tt := range tests {
		for _, f := range tt.faults {
			p.fault(f[0], f[1], f[2], nil)
		}
		b := p.buyer(tt.method)
		v := b.mustBuy(t, "pay", "unknown")
		visits = append(visits, v)
		_, err := b.checkout(t.Context(), v.order)
		if refusal, ok := problemOf(err); !ok || refusal.Code != "PAYMENT_UNKNOWN" || refusal.Status != http.StatusConflict {
			t.Errorf("%s: another checkout was answered with %v, want PAYMENT_UNKNOWN", tt.name, err)
		}
		if tt.want == "paid" {
			confirmed += v.order.Amount
		}
	}
	p.mustBalanceWithin(90*time.Second, confirmed)
	for i, tt := range tests {
		b := p.buyer(tt.method)
		b.mustBecome(t, visits[i].order.ID, tt.want, 40*time.Second)
		if tt.want == "waiting" {
			b.mustBeOpen(t, visits[i], 40*time.Second)
		}
	}
	p.mustBalance(confirmed)
}

// mustBeOpen waits until the order of v may be paid again, and pays nothing.
func (b *buyer) mustBeOpen(t *testing.T, v visit, patience time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, err := b.checkout(t.Context(), v.order)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s order %s cannot be paid again: %v", patience, v.order.ID, err)
		}
	}
}

func TestWithoutTheShopsYesNothingIsCharged(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	for _, mode := range []string{"no", "down", "slow"} {
		p.shop(mode)
		for method, want := range map[string]string{"card": "refused", "kakaopay": "refused", "tosspay": "cancelled"} {
			v := p.buyer(method).mustBuy(t, "pay", want)
			p.buyer(method).mustBecome(t, v.order.ID, "waiting", time.Second)
		}
		p.mustBalance(0)
	}
	p.shop("yes")
	p.fault("shop", "confirm", "garbage", nil)
	p.buyer("card").mustBuy(t, "pay", "refused")
	p.fault("shop", "confirm", "half_body", nil)
	p.buyer("kakaopay").mustBuy(t, "pay", "refused")
	p.mustBalance(0)
	if captured := p.audit().Captured; captured > 3*64900 {
		t.Errorf("%d won were captured without the shop's yes; only PortOne V1 takes money before it asks", captured)
	}

	soldOut := p.buyer("card")
	soldOut.goods = "G005"
	soldOut.mustBuy(t, "pay", "refused")
	v := p.buyer("card").mustBuy(t, "pay", "approved")
	p.mustBalance(v.order.Amount)
}

// shop tells the demo shop how to answer the confirm gate.
func (p *gatewayProcess) shop(mode string) {
	p.t.Helper()
	if status, answer := p.postJSON("http://"+p.sandbox+"/_sandbox/shop", map[string]string{"confirm": mode}); status != http.StatusOK {
		p.t.Fatalf("telling the shop to answer %s: %d %v", mode, status, answer)
	}
}

func TestAPaymentThatCannotBeLookedUpWaitsUntilItCan(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	var confirmed int64

	// V1 has the money before we are told: until it can be asked, the buyer waits, and nothing is lost.
	b := p.buyer("tosspay")
	p.fault("portone_v1", "lookup", "status", map[string]any{"times": 3, "status": 503})
	v, err := b.buy(t.Context(), "pay")
	if err != nil || v.out.status == "approved" || v.out.status == "declined" {
		t.Fatalf("a V1 payment that cannot be looked up ended as %+v: %v", v.out, err)
	}
	for range 8 {
		if out, err := b.bring(t.Context(), v.ret); err == nil && out.status == "approved" {
			break
		}
	}
	b.mustBecome(t, v.order.ID, "paid", 5*time.Second)
	confirmed += v.order.Amount

	// V2's confirmation is lost, but its lookup tells what happened.
	b = p.buyer("kakaopay")
	p.fault("portone_v2", "confirm", "drop_after_commit", nil)
	v = b.mustBuy(t, "pay", "approved")
	b.mustBecome(t, v.order.ID, "paid", 5*time.Second)
	confirmed += v.order.Amount
	if n := p.executions(v.window); n != 1 {
		t.Errorf("V2 was asked to confirm %d times", n)
	}
	p.mustBalance(confirmed)
}

func TestTheShopHearsOfAPaymentOnceItListens(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	b := p.buyer("card")
	p.fault("shop", "events", "status", map[string]any{"times": 2, "status": 503})
	p.fault("shop", "events", "drop_after_commit", nil)
	v := b.mustBuy(t, "pay", "approved")
	if state, err := b.state(t.Context(), v.order.ID); err != nil || state != "waiting" {
		t.Errorf("the shop was told at once although it did not listen: %q %v", state, err)
	}
	b.mustBecome(t, v.order.ID, "paid", 30*time.Second)
	p.mustBalance(v.order.Amount)
	p.waitFor("the outbox to be empty", 30*time.Second, func() bool {
		return p.metric(`pg_gateway_outbox_deliveries_total{result="delivered"}`) == 1
	})
	if n := p.metric(`pg_gateway_outbox_deliveries_total{result="failed"}`); n != 3 {
		t.Errorf("%v failed deliveries were counted, want 3", n)
	}
}

func TestWithoutTheOrderServiceNoWindowOpens(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	for _, kind := range []string{"drop_before_commit", "status", "garbage"} {
		b := p.buyer("card")
		o, err := b.order(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.fault("shop", "lookup", kind, nil)
		_, err = b.checkout(t.Context(), o)
		refusal, ok := problemOf(err)
		if !ok || refusal.Code != "ORDER_SERVICE_UNAVAILABLE" || refusal.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: the checkout was answered with %v", kind, err)
		}
		if _, err := b.checkout(t.Context(), o); err != nil {
			t.Errorf("%s: with the order service back: %v", kind, err)
		}
	}
	p.mustBalance(0)
}

// Whatever strangers post to the return address changes nothing.
func TestAForgedReturnChangesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	b := p.buyer("card")
	mine, err := b.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	set := func(name, value string) string {
		v := mustForm(t, mine.ret.body)
		v.Set(name, value)
		return v.Encode()
	}
	token := mustForm(t, mine.ret.body).Get("merchantData")
	tests := []struct {
		name, body string
		http       int
	}{
		{"an empty form", "", http.StatusBadRequest},
		{"no form at all", "{\"a\":1}", http.StatusBadRequest},
		{"no token", set("merchantData", ""), http.StatusBadRequest},
		{"a token that was cut", set("merchantData", token[:len(token)/2]), http.StatusBadRequest},
		{"a token with another end", set("merchantData", token[:len(token)-4]+"AAAA"), http.StatusBadRequest},
		{"a token of our length", set("merchantData", strings.Repeat("A", len(token))), http.StatusBadRequest},
		{"another attempt's order number", set("orderNumber", other.window.Attempt), http.StatusBadRequest},
		{"another merchant", set("mid", "iniescrow0"), http.StatusBadRequest},
		{"no auth token", set("authToken", ""), http.StatusBadRequest},
		{"an approval address elsewhere", set("authUrl", "https://evil.example/api/payAuth"), http.StatusBadRequest},
		{"an unknown data centre", set("idc_name", "xx"), http.StatusBadRequest},
		{"the order number twice", mine.ret.body + "&orderNumber=" + other.window.Attempt, http.StatusBadRequest},
		{"an oversize body", set("authToken", strings.Repeat("A", 200_000)), http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		out, err := b.bring(t.Context(), ret{url: mine.ret.url, contentType: mine.ret.contentType, body: tt.body})
		if err != nil || out.http != tt.http || out.status == "approved" {
			t.Errorf("%s: answered with %+v (%v), want %d", tt.name, out, err, tt.http)
		}
	}
	if a := p.audit(); a.Captured != 0 {
		t.Fatalf("%d won were captured by forged returns", a.Captured)
	}

	// The true return still works after all that, and only once.
	if out, err := b.bring(t.Context(), mine.ret); err != nil || out.status != "approved" {
		t.Fatalf("the true return ended as %+v: %v", out, err)
	}
	p.mustBalance(mine.order.Amount)
	// A proof that was used does not pay for another attempt.
	stolen := mustForm(t, other.ret.body)
	stolen.Set("authToken", mustForm(t, mine.ret.body).Get("authToken"))
	out, err := b.bring(t.Context(), ret{url: mine.ret.url, contentType: mine.ret.contentType, body: stolen.Encode()})
	if err != nil || out.code != "RETURN_REPLAYED" || out.status == "approved" {
		t.Errorf("a replayed proof was answered with %+v: %v", out, err)
	}
	p.mustBalance(mine.order.Amount)
	if n := p.metric("pg_gateway_panics_total"); n != 0 {
		t.Errorf("%v panics", n)
	}
	if n := p.metric(`pg_gateway_problems_total{code="RETURN_FORGED"}`); n < 5 {
		t.Errorf("%v forged returns were counted", n)
	}
}

// A proof that belongs to another attempt, and was never used, pays for neither.
func TestAStolenProofPaysForNothing(t *testing.T) {
	t.Parallel()
	p := start(t, quick)
	b := p.buyer("card")
	victim, err := b.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	thief, err := b.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	stolen := mustForm(t, thief.ret.body)
	stolen.Set("authToken", mustForm(t, victim.ret.body).Get("authToken"))
	out, err := b.bring(t.Context(), ret{url: thief.ret.url, contentType: thief.ret.contentType, body: stolen.Encode()})
	if err != nil || out.status == "approved" {
		t.Errorf("a stolen proof ended as %+v: %v", out, err)
	}
	p.mustBalance(0)
}

func TestAnExpiredReturnApprovesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, quick, func(c *fixture.Config) { c.Limits.AttemptTTL = "1m" })
	card, kakao := p.buyer("card"), p.buyer("kakaopay")
	unmatched, err := card.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	later, err := kakao.open(t.Context(), "pay")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(62 * time.Second)
	for b, v := range map[*buyer]visit{card: unmatched, kakao: later} {
		out, err := b.bring(t.Context(), v.ret)
		if err != nil || out.code != "RETURN_EXPIRED" || out.status == "approved" {
			t.Errorf("%s: a return after its time ended as %+v: %v", b.method, out, err)
		}
	}
	if a := p.audit(); a.Captured != 0 {
		t.Errorf("%d won were captured after the windows had expired", a.Captured)
	}
}

// SIGTERM with a slow payment in flight answers it.
func TestShuttingDownAnswersWhatIsInFlight(t *testing.T) {
	t.Parallel()
	p := startApart(t, func(c *fixture.Config) { c.PGs["inicis"].ApproveTimeout = "10s" })
	card, kakao := p.buyer("card"), p.buyer("kakaopay")
	p.fault("inicis", "approve", "delay", map[string]any{"delay_ms": 3000})
	p.fault("portone_v2", "confirm", "delay_before_commit", map[string]any{"delay_ms": 3000})
	var confirmed int64
	var inFlight sync.WaitGroup
	for _, b := range []*buyer{card, kakao} {
		v, err := b.open(t.Context(), "pay")
		if err != nil {
			t.Fatal(err)
		}
		confirmed += v.order.Amount
		inFlight.Go(func() {
			if out, err := b.bring(t.Context(), v.ret); err != nil || out.status != "approved" {
				t.Errorf("%s: a payment in flight at SIGTERM ended as %+v: %v", b.method, out, err)
			}
		})
	}
	p.waitFor("both approvals to be at their PG", 10*time.Second, func() bool {
		var list struct {
			Count int `json:"count"`
		}
		count := 0
		for _, q := range []string{"pg=inicis&operation=approve", "pg=portone_v2&operation=confirm"} {
			p.getJSON("http://"+p.sandbox+"/_sandbox/executions?"+q, &list)
			count += list.Count
		}
		return count == 2
	})
	p.stop()
	inFlight.Wait()
	if !p.cmd.ProcessState.Success() {
		t.Errorf("the gateway ended with %s", p.cmd.ProcessState)
	}
	if a := p.audit(); a.Net != confirmed {
		t.Errorf("the PGs hold %d won after the shutdown, want %d", a.Net, confirmed)
	}
	// What the shop was not told yet, the next process tells it.
	p.run()
	p.mustBalanceWithin(75*time.Second, confirmed)
}
