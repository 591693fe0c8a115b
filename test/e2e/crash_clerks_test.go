package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// crashClerks is how many of the shop's people work while the gateway is killed, and subscriber the customer whose
// billing key they charge at V1.
const (
	crashClerks = 2
	subscriber  = "customer-of-the-crash"
)

// withSubscriptions has billing keys' contracts at PortOne V1 and V2, and declined charges tried again.
func withSubscriptions(c *fixture.Config) {
	contract := func(id, pg, channel string) fixture.Merchant {
		return fixture.Merchant{ID: id, PG: pg, MID: "INIBillTst", ChannelKey: channel, Behind: "inicis", Purpose: "recurring", Mode: "test"}
	}
	c.Merchants = append(c.Merchants, contract("2009", "portone", "channel-key-v2-billing"), contract("2109", "portone1", "channel-key-v1-billing"))
	c.Method("card").Purposes = []string{"one_time", "billing_key", "recurring"}
	c.More += "\nbilling: { recovery: { limit: { tries: 2, spacing: [1h] } } }\n"
}

// wishes are what the shop asked PortOne's API for, through the gateway.
type wishes struct {
	// back is how much of an attempt is to go back, once; done tells of which the API said that it is back.
	back map[string]int64
	done map[string]bool
	// later are the charges that PortOne is to make by itself, now those that clerks ask for, retried those of them that are
	// tried again when they are declined.
	later, now, retried []string
}

// work lets clerks give money back, and have charges made later, by PortOne's own API at the gateway's sidecar listener.
func (c *crowd) work(pods []*gatewayProcess) {
	c.wishes = wishes{back: map[string]int64{}, done: map[string]bool{}}
	c.p.register(subscriber)
	c.keyV2 = c.registerV2()
	// Once each before anything is killed, so that there is something to be seen whatever comes.
	calm := rand.New(rand.NewPCG(c.seed, 999))
	c.giveBack(pods, calm, "kakaopay")
	c.giveBack(pods, calm, "tosspay")
	c.schedule(pods, calm, false)
	c.scheduleV2(pods, calm, false)
	c.issuer = c.issue(pods)
	c.chargeByAPI(pods, calm, true)
	c.chargeByAPI(pods, calm, false)
	c.chargeWithRecovery(pods, calm, 1)
	for n := range crashClerks {
		c.wg.Go(func() {
			rng := rand.New(rand.NewPCG(c.seed, uint64(1000+n)))
			for c.ctx.Err() == nil {
				switch rng.IntN(8) {
				case 0:
					c.schedule(pods, rng, rng.IntN(4) == 0)
				case 1:
					c.scheduleV2(pods, rng, rng.IntN(4) == 0)
				case 2, 3:
					c.chargeByAPI(pods, rng, rng.IntN(2) == 0)
				case 4:
					c.chargeWithRecovery(pods, rng, rng.IntN(4))
				default:
					c.giveBack(pods, rng, []string{"kakaopay", "tosspay"}[rng.IntN(2)])
				}
				pause(c.ctx, rng, 100*time.Millisecond)
			}
		})
	}
}

// giveBack sells something at PortOne and gives it back, whole or in part.
func (c *crowd) giveBack(pods []*gatewayProcess, rng *rand.Rand, method string) {
	b := c.p.passer(method)
	defer b.http.CloseIdleConnections()
	v, err := b.buy(c.ctx, "pay")
	if err != nil || v.out.status != "approved" {
		c.count("clerks whose sale was not made")
		return
	}
	id, amount := v.window.Attempt, v.window.Amount
	if rng.IntN(2) == 0 {
		amount = 1000 + rng.Int64N(1000)
	}
	path, body := "/portone/v2/payments/"+id+"/cancel", map[string]any{"reason": "returned", "amount": amount, "currentCancellableAmount": v.window.Amount}
	if method == "tosspay" {
		path, body = "/portone/v1/payments/cancel", map[string]any{"merchant_uid": id, "reason": "returned", "amount": amount, "checksum": v.window.Amount}
	}
	c.mu.Lock()
	c.wishes.back[id] = amount
	c.mu.Unlock()
	// Once more after it was answered, too: an SDK's caller may not have heard.
	for range 2 {
		if c.insist(pods, rng, "cancel", path, body) {
			c.mu.Lock()
			c.wishes.done[id] = true
			c.mu.Unlock()
		}
	}
}

// schedule has PortOne charge an order by itself in a moment, or takes that back.
func (c *crowd) schedule(pods []*gatewayProcess, rng *rand.Rand, revoke bool) {
	b := c.p.passer("card")
	defer b.http.CloseIdleConnections()
	o, err := b.order(c.ctx)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.wishes.later = append(c.wishes.later, o.ID)
	c.mu.Unlock()
	c.insist(pods, rng, "schedule", "/portone/v1/subscribe/payments/schedule", map[string]any{
		"customer_uid": subscriber, "schedules": []any{map[string]any{
			"merchant_uid": o.ID, "schedule_at": time.Now().Unix() + 2 + rng.Int64N(3), "amount": o.Amount, "name": o.Name,
		}},
	})
	if revoke {
		c.insist(pods, rng, "unschedule", "/portone/v1/subscribe/payments/unschedule", map[string]any{"customer_uid": subscriber, "merchant_uid": []string{o.ID}})
	}
}

// insist asks until the API says yes or no for certain; true is yes.
func (c *crowd) insist(pods []*gatewayProcess, rng *rand.Rand, what, path string, body map[string]any) bool {
	return c.insistBy(pods, rng, what, http.MethodPost, path, "", body)
}

// insistBy is insist by another method, or under an Idempotency-Key.
func (c *crowd) insistBy(pods []*gatewayProcess, rng *rand.Rand, what, method, path, key string, body map[string]any) bool {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Errorf("%s: %v", what, err)
	}
	for range 60 {
		status, answer := ask(c.ctx, method, "http://"+pods[rng.IntN(len(pods))].side+path, key, text)
		var said struct {
			Code json.Number `json:"code"`
		}
		v1 := json.Unmarshal(answer, &said) == nil && said.Code != ""
		c.count(fmt.Sprintf("%s %d", what, status))
		switch {
		case status == http.StatusOK:
			return !v1 || said.Code == "0"
		case status >= 400 && status < 500 && status != http.StatusConflict:
			return false
		case status == http.StatusConflict && what != "cancel":
			return false // it is on record
		case c.ctx.Err() != nil:
			return false
		}
		pause(c.ctx, rng, 300*time.Millisecond)
	}
	return false
}

// ask posts once; 0 is no answer.
func ask(ctx context.Context, method, url, key string, body []byte) (status int, answer []byte) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", `"`+key+`"`)
	}
	res, err := noRedirects().Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// mustBeGranted holds what the clerks asked for against the PGs' books: a wish came true once or, where nobody said that
// it did, not at all.
func (c *crowd) mustBeGranted() {
	c.t.Helper()
	var books struct {
		Entries []struct {
			Ref    string `json:"order_ref"`
			Kind   string `json:"kind"`
			Amount int64  `json:"amount"`
		} `json:"entries"`
	}
	c.p.getJSON("http://"+c.p.sandbox+"/_sandbox/ledger", &books)
	back, charged := map[string]int64{}, map[string]int{}
	for _, e := range books.Entries {
		if e.Kind == "cancel" {
			back[e.Ref] += e.Amount
		} else {
			charged[e.Ref]++
		}
	}
	for id, won := range c.wishes.back {
		if got := back[id]; got != won && (got != 0 || c.wishes.done[id]) {
			c.t.Errorf("%d won of %s were asked for once, PortOne gave %d back (answered as done: %t)", won, id, got, c.wishes.done[id])
		}
	}
	for _, id := range c.wishes.now {
		if charged[id] > 1 {
			c.t.Errorf("%s was charged %d times", id, charged[id])
		}
	}
	made := 0
	for _, id := range c.wishes.later {
		made += charged[id]
		if charged[id] > 1 {
			c.t.Errorf("a schedule of %s was charged %d times", id, charged[id])
		}
	}
	if len(c.wishes.done) == 0 || made == 0 {
		c.t.Errorf("the clerks gave %d payments back, and PortOne made %d charges by itself: too little is shown", len(c.wishes.done), made)
	}
	for _, q := range []string{
		"pg=portone_v1&operation=cancel", "pg=portone_v1&operation=schedule", "pg=portone_v1&operation=again",
		"pg=portone_v2&operation=cancel", "pg=portone_v2&operation=schedule", "pg=portone_v2&operation=charge",
	} {
		var list struct {
			Executions []struct {
				Ref  string `json:"ref"`
				Done bool   `json:"done"`
			} `json:"executions"`
		}
		c.p.getJSON("http://"+c.p.sandbox+"/_sandbox/executions?"+q, &list)
		times := map[string]int{}
		for _, e := range list.Executions {
			if e.Done {
				times[e.Ref]++
			}
		}
		for ref, n := range times {
			// Of other attempts a cancel is the gateway's own, which may be refused and sent again.
			_, wished := c.wishes.back[ref]
			cancels := strings.HasSuffix(q, "=cancel")
			if n > 1 && (wished || !cancels) {
				c.t.Errorf("%s was done %d times for %s", q, n, ref)
			}
		}
	}
}
