package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// registerV2 has a customer's card registered at PortOne V2, and returns the key.
func (c *crowd) registerV2() string {
	c.t.Helper()
	b := c.p.passer("card")
	defer b.http.CloseIdleConnections()
	var window, done map[string]any
	sdk := "http://" + c.p.sandbox + "/portone/sdk/v2/issue"
	err := b.json(c.ctx, sdk, map[string]any{"device": "pc", "params": map[string]any{
		"storeId": "store-sandbox", "channelKey": "channel-key-v2-billing", "billingKeyMethod": "CARD", "issueId": "crash-customer",
		"issueName": "월간 이용권", "customer": v2Customer(),
	}}, &window)
	if err == nil {
		err = b.json(c.ctx, sdk+"/act", map[string]any{"key": window["key"], "action": "pay"}, &done)
	}
	key, _ := done["billingKey"].(string)
	if err != nil || key == "" {
		c.t.Fatalf("no key at V2: %v, %v, %v", err, window, done)
	}
	return key
}

func v2Customer() map[string]any {
	return map[string]any{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"}
}

// issue has a key issued at V1's API, and returns its attempt.
func (c *crowd) issue(pods []*gatewayProcess) string {
	c.t.Helper()
	body := `{"channel_key":"channel-key-v1-billing","card_number":"4287-9077-1188-0294","expiry":"2039-04","birth":"880717",
		"pwd_2digit":"83","customer_name":"홍길동","customer_tel":"010-4242-4242"}`
	url := "http://" + pods[0].side + "/portone/v1/subscribe/customers/card-of-the-crash"
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := noRedirects().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if id := res.Header.Get("X-Pg-Gateway-Attempt"); err == nil && res.StatusCode == http.StatusOK && id != "" {
		return id
	}
	c.t.Fatalf("no key at V1: %d %s, %v", res.StatusCode, answer, err)
	return ""
}

// scheduleV2 is schedule at V2.
func (c *crowd) scheduleV2(pods []*gatewayProcess, rng *rand.Rand, revoke bool) {
	o, ok := c.orderFor(&c.wishes.later)
	if !ok {
		return
	}
	c.insist(pods, rng, "V2 schedule", "/portone/v2/payments/"+o.ID+"/schedule", map[string]any{
		"timeToPay": time.Now().Add(time.Duration(2+rng.IntN(3)) * time.Second).UTC().Format(time.RFC3339), "payment": c.byKeyV2(o),
	})
	if revoke {
		c.insistBy(pods, rng, "V2 unschedule", http.MethodDelete, "/portone/v2/payment-schedules", "", map[string]any{"billingKey": c.keyV2})
	}
}

// orderFor makes an order that a clerk charges, and notes it.
func (c *crowd) orderFor(list *[]string) (order, bool) {
	b := c.p.passer("card")
	defer b.http.CloseIdleConnections()
	o, err := b.order(c.ctx)
	if err != nil {
		return o, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, o.ID)
	return o, true
}

// byKeyV2 is a charge of the customer's key at V2.
func (c *crowd) byKeyV2(o order) map[string]any {
	return map[string]any{
		"billingKey": c.keyV2, "orderName": o.Name, "amount": map[string]any{"total": o.Amount}, "currency": "KRW",
		"customer": map[string]any{"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242"},
	}
}

// chargeByAPI charges a customer's key at PortOne's API, and asks again until something is certain.
func (c *crowd) chargeByAPI(pods []*gatewayProcess, rng *rand.Rand, v2 bool) {
	o, ok := c.orderFor(&c.wishes.now)
	if !ok {
		return
	}
	what, path, body := "V1 charge", "/portone/v1/subscribe/payments/again", map[string]any{
		"customer_uid": subscriber, "merchant_uid": o.ID, "amount": o.Amount, "name": o.Name,
	}
	if v2 {
		what, path, body = "V2 charge", "/portone/v2/payments/"+o.ID+"/billing-key", c.byKeyV2(o)
	}
	for range 2 {
		c.insist(pods, rng, what, path, body)
	}
}

// chargeWithRecovery charges a key whose card is declined so many times at first, until it is paid, or is recovered.
func (c *crowd) chargeWithRecovery(pods []*gatewayProcess, rng *rand.Rand, declined int) {
	o, ok := c.orderFor(&c.wishes.retried)
	if !ok {
		return
	}
	if declined > 0 {
		c.p.fault("portone_v1", "charge", "decline", map[string]any{"reason": "limit", "times": declined})
	}
	c.insistBy(pods, rng, "recovered charge", http.MethodPost, "/subscriptions/charge", "charge of "+o.ID, map[string]any{
		"order_id": o.ID, "attempt_id": c.issuer, "recover": true, "amount": o.Amount, "order_name": "월간 이용권",
		"buyer": map[string]string{"name": "홍길동", "tel": "010-4242-4242", "email": "gildong@example.com"},
	})
}

// aging lets the hours between the tries of recoveries pass at once, in the journal itself.
type aging struct {
	c    *crowd
	db   *sql.DB
	stop context.CancelFunc
	done sync.WaitGroup
}

// ageRecoveries begins.
func (c *crowd) ageRecoveries(db database) *aging {
	c.t.Helper()
	raw, err := sql.Open(db.raw(c.p))
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(c.t.Context())
	a := &aging{c: c, db: raw, stop: stop}
	c.t.Cleanup(a.end)
	a.done.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			select {
			case <-ctx.Done():
			case <-time.After(300 * time.Millisecond):
				a.pass(ctx, n)
			}
		}
	})
	return a
}

// pass makes all open recoveries due. Now and then it ends the leases of those that are due already, as ten minutes would:
// those that a killed pod held, and those that one holds still. Several pods go on with one at once then, and one may try.
func (a *aging) pass(ctx context.Context, n int) {
	which := `next_check > 1`
	if n%10 == 0 {
		which = `next_check > 0`
	}
	_, err := a.db.ExecContext(ctx, `UPDATE recoveries SET next_check = 1, lease_until = 0 WHERE `+which)
	if err != nil && ctx.Err() == nil {
		a.c.count("the journal was not aged")
	}
}

// finish waits until no recovery is open, with people who close what nobody can know.
func (a *aging) finish() {
	t, n := a.c.t, 0
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log("recoveries that are open: ", a.open())
		}
		a.end()
	}()
	a.c.p.waitFor("recoveries to end", 8*time.Minute, func() bool {
		if n++; n%20 == 0 {
			a.c.p.resolveCases()
		}
		var open int
		if err := a.db.QueryRowContext(t.Context(), `SELECT count(*) FROM recoveries WHERE next_check > 0`).Scan(&open); err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
}

// end lets no more time pass.
func (a *aging) end() {
	a.stop()
	a.done.Wait()
	if err := a.db.Close(); err != nil {
		a.c.t.Error(err)
	}
}

// open tells of the recoveries that are open, each with its charge: what holds them up.
func (a *aging) open() string {
	rows, err := a.db.QueryContext(context.Background(), `SELECT r.order_id || ' is ' || r.state || ' after ' || r.tries ||
		' tries, due ' || r.next_check || ', held until ' || r.lease_until || ', moved ' || r.updated_at || '; ' || t.id ||
		' is ' || t.state || ' ' || t.reason || ', due ' || t.next_check || ', held until ' || t.lease_until || ', looked at ' ||
		t.checks || ' times' FROM recoveries r JOIN attempts t ON t.id = r.attempt_id WHERE r.next_check > 0`)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	lines := []string{fmt.Sprint("at ", time.Now().UnixMilli())}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err.Error()
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}

// mustRecover holds the recoveries against the charges of their orders: the last one is paid or none is, and there are no
// more than the budget has.
func (c *crowd) mustRecover(db database) {
	c.t.Helper()
	j, err := journal.Open(c.t.Context(), db.open(c.p))
	if err != nil {
		c.t.Fatal(err)
	}
	defer j.Close()
	ends := map[string]int{}
	tries := 0
	for _, id := range c.wishes.retried {
		r, err := j.RecoveryOf(c.t.Context(), payment.OrderID(id))
		if errors.Is(err, journal.ErrNotFound) {
			ends["none"]++
			continue
		}
		if err != nil {
			c.t.Fatal(err)
		}
		ends[strings.TrimSpace(fmt.Sprint(r.State, " ", r.Stopped))]++
		tries += r.Tries
		attempts, err := j.AttemptsOf(c.t.Context(), r.OrderID)
		if err != nil {
			c.t.Fatal(err)
		}
		paid, last := 0, payment.Attempt{}
		for _, a := range attempts {
			if a.ID == r.Attempt {
				last = a
			}
			if a.State == payment.StateApproved {
				paid++
			}
		}
		won := r.State == payment.RecoveryRecovered || r.State == payment.RecoveryUnneeded
		if r.State.Open() || len(attempts) != r.Tries+1 || r.Used > 2 || won != (paid == 1) ||
			won != (last.State == payment.StateApproved) {
			text, _ := json.Marshal(attempts)
			c.t.Errorf("the recovery of %s is %s (%s) after %d tries, %d used; its last charge is %s: %s", id, r.State, r.Stopped,
				r.Tries, r.Used, last.State, text)
		}
	}
	if tries == 0 {
		c.t.Errorf("no declined charge was tried again: %v", ends)
	}
	c.t.Logf("%d charges with recovery, %d tries; %v", len(c.wishes.retried), tries, ends)
}
