package sdk

import (
	"fmt"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// keys is how a shop deletes a billing key by an SDK.
type keys struct {
	client *client
	// pg and op are the sandbox's words for a delete.
	pg, op, name string
	// issue has a card stored and returns the key; ask is what a delete of one is asked; gone is in its answer.
	issue    func() string
	ask      func(key string) map[string]any
	gone     string
	schedule func(key string)
}

func v1Keys(t *testing.T) (*gateway, keys) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone1"))
	client, n := shop(t, "v1.cjs", g.v1), 0
	return g, keys{
		client: client, pg: "portone_v1", op: "cancel", name: "Customers.deleteBillingKey", gone: "response.customer_uid",
		issue: func() string {
			n++
			uid := fmt.Sprintf("cust-%d", n)
			g.v1Card(uid)
			return uid
		},
		ask: func(key string) map[string]any { return by("customer_uid", key, "reason", "탈퇴") },
		schedule: func(key string) {
			client.must(t, "Subscribe.schedule", by("customer_uid", key, "schedules", []any{
				by("merchant_uid", "SUB-"+key, "schedule_at", time.Now().AddDate(0, 7, 0).Unix(), "amount", subscription, "name", "이용권"),
			}))
		},
	}
}

func v2Keys(t *testing.T) (*gateway, keys) {
	t.Helper()
	g := start(t, fixture.KeysBy("portone"))
	client := shop(t, "v2.cjs", g.v2)
	return g, keys{
		client: client, pg: "portone_v2", op: "drop_key", name: "payment.billingKey.deleteBillingKey", gone: "deletedAt",
		issue: func() string { return client.v2Key(t) },
		ask:   func(key string) map[string]any { return by("billingKey", key, "reason", "탈퇴") },
		schedule: func(key string) {
			client.must(t, "payment.paymentSchedule.createPaymentSchedule", by("paymentId", "SUB-1",
				"payment", v2Sale("billingKey", key), "timeToPay", time.Now().AddDate(0, 7, 0).Format(time.RFC3339)))
		},
	}
}

// run deletes keys: one that is scheduled for, and others while answers are lost.
func (k keys) run(t *testing.T, g *gateway) {
	t.Helper()
	scheduled := k.issue()
	k.schedule(scheduled)
	e := k.client.fails(t, k.name, k.ask(scheduled))
	pending := value{e.Data}.text("problem.pending.0.id") + value{e.Data}.text("pending.0.id")
	if code(e) != "BILLING_KEY_SCHEDULED" || e.Message == "" || pending == "" || g.writes(k.pg, k.op, "") != 0 {
		t.Errorf("one that is scheduled for: %v", e)
	}
	for _, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) {
			key, sent := k.issue(), g.writes(k.pg, k.op, "")
			g.fault(k.pg, k.op, l.kind, l.more)
			answer, err := k.client.call(k.name, k.ask(key))
			if done := err == nil && answer.text(k.gone) != ""; done != l.done {
				t.Errorf("answered %s, %v", answer, err)
			}
			if n := g.writes(k.pg, k.op, "") - sent; n != 1 {
				t.Errorf("%d deletes were written", n)
			}
			if !l.done { // the caller may say it again
				k.client.must(t, k.name, k.ask(key))
			}
			if e := k.client.fails(t, k.name, k.ask(key)); code(e) != "BILLING_KEY_NOT_FOUND" {
				t.Errorf("after it is gone: %v", e)
			}
		})
	}
}

// TestV1KeysAreDeleted is row "portone.md §1.7, a billing key deleted", under faults.
func TestV1KeysAreDeleted(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, k := v1Keys(t)
	k.run(t, g)
}

// TestV2KeysAreDeleted is row "portone.md §4.2, a billing key deleted", under faults.
func TestV2KeysAreDeleted(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g, k := v2Keys(t)
	k.run(t, g)
}

// TestV1KeysAreIssued is row "portone.md §1.7, a billing key issued", under faults.
func TestV1KeysAreIssued(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t, fixture.KeysBy("portone1"))
	v1 := shop(t, "v1.cjs", g.v1)
	const name = "Customers.postBillingKey"
	card := func(uid string) map[string]any {
		return by("customer_uid", uid, "channel_key", "channel-key-v1-billing", "card_number", "4111-1188-8888-4242",
			"expiry", "2039-04", "birth", "900101", "pwd_2digit", "12")
	}
	if a := v1.must(t, name, card("cust-0")); !a.is("response.customer_uid", "cust-0") {
		t.Errorf("answered %s", a)
	}
	if e := v1.fails(t, name, card("cust-0")); code(e) != "BILLING_KEY_IN_USE" || e.Message == "" {
		t.Errorf("a second card: %v", e)
	}
	for i, l := range waysToLose() {
		t.Run(l.name, func(t *testing.T) {
			// A PG that never answers is asked no more for a while: this one answers in between.
			v1.must(t, name, card(fmt.Sprintf("cust-between-%d", i)))
			uid, sent := fmt.Sprintf("cust-%d", i+1), g.writes("portone_v1", "issue", "")
			g.fault("portone_v1", "issue", l.kind, l.more)
			for range 3 {
				a, err := v1.call(name, card(uid))
				e, _ := err.(*sdkError) //nolint:errorlint // made by call
				if err != nil && code(e) != "BILLING_KEY_UNKNOWN" && code(e) != "BILLING_KEY_IN_USE" || err == nil && !a.is("response.customer_uid", uid) {
					t.Errorf("answered %s, %v", a, err)
				}
			}
			stored := func() bool {
				_, err := v1.call("Customers.getBillingKey", by("customer_uid", uid))
				return err == nil
			}
			if l.done {
				g.waitFor("a key that is issued late", stored)
			} else if stored() {
				t.Error("it is issued all the same")
			}
			if n := g.writes("portone_v1", "issue", "") - sent; n != 1 {
				t.Errorf("%d issues were written", n)
			}
		})
	}
}
