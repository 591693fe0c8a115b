package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// TestV2BooksWhatItsListsSay plays random charges, schedules, declines, lost answers, repeats under one
// Idempotency-Key and cancels: the ledger must hold what V2's list of payments says, and what its list of events says,
// to the won.
func TestV2BooksWhatItsListsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.box.Reset()
		key, requests := w.v2BillingKey("K-1"), 0
		id := func() string { return fmt.Sprintf("P-%d", rapid.IntRange(1, 6).Draw(rt, "id")) }
		amount := func() int64 { return rapid.Int64Range(1, 100_000).Draw(rt, "amount") }
		send := func(method, path string, body map[string]any) {
			requests++
			text, _ := json.Marshal(body)
			header := v2Header(fmt.Sprintf("request-%016d", requests))
			for range rapid.IntRange(1, 2).Draw(rt, "times") {
				// An answer may be lost, and the request is then sent again.
				_, _ = w.do(method, "/portone/v2"+path, "application/json", string(text), header)
			}
		}
		steps := []func(){
			func() { send(http.MethodPost, "/payments/"+id()+"/billing-key", v2KeySale(key, amount())) },
			func() {
				sale := v2InstantSale(v2Credential(nil))
				sale["amount"] = map[string]any{"total": amount()}
				send(http.MethodPost, "/payments/"+id()+"/instant", sale)
			},
			func() {
				at := w.clock.Now().Add(time.Minute).Format(time.RFC3339)
				send(http.MethodPost, "/payments/"+id()+"/schedule", map[string]any{"payment": v2KeySale(key, amount()), "timeToPay": at})
			},
			func() { _ = w.box.FireNow(id()) },
			func() { send(http.MethodDelete, "/payment-schedules", map[string]any{"billingKey": key}) },
			func() {
				send(http.MethodPost, "/payments/"+id()+"/cancel", map[string]any{"reason": "x", "amount": amount()})
			},
			func() { send(http.MethodPost, "/payments/"+id()+"/cancel", map[string]any{"reason": "x"}) },
			func() { w.box.FinishCancels("") },
			func() {
				modes := []sandbox.CancelMode{sandbox.CancelAtOnce, sandbox.CancelLater, sandbox.CancelLaterFails}
				_ = w.box.SetCancels(rapid.SampledFrom(modes).Draw(rt, "mode"), 0)
			},
			func() {
				_ = w.box.Inject(sandbox.Fault{
					PG: "portone_v2", Operation: rapid.SampledFrom([]string{"charge", "instant", "cancel", "fire"}).Draw(rt, "operation"),
					Kind: rapid.SampledFrom([]sandbox.FaultKind{sandbox.FaultDecline, sandbox.FaultDropAfterCommit, sandbox.FaultDropBeforeCommit}).Draw(rt, "kind"),
				})
			},
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
		}
		w.box.ClearFaults()
		w.v2BooksAgree(rt)
	})
}

// v2BooksAgree compares the ledger with V2's lists.
func (w *world) v2BooksAgree(rt *rapid.T) {
	_, list := w.v2Ask("/payments", `{"page":{"size":1000}}`)
	var captured, cancelled int64
	for _, item := range list["items"].([]any) {
		p := item.(map[string]any)
		sums := p["amount"].(map[string]any)
		in, _ := sums["paid"].(json.Number).Int64()
		out, _ := sums["cancelled"].(json.Number).Int64()
		captured, cancelled = captured+in, cancelled+out
		if total, _ := sums["total"].(json.Number).Int64(); in != 0 && in != total {
			rt.Errorf("%s: %d of %d was paid", p["id"], in, total)
		}
	}
	moved := map[bool]int64{}
	_, list = w.v2Ask("/payment-events-by-cursor", `{"size":1000}`)
	for _, item := range list["items"].([]any) {
		e := item.(map[string]any)["paymentEvent"].(map[string]any)
		n, _ := e["eventAmount"].(json.Number).Int64()
		moved[e["type"] == "PAID"] += n
	}
	got := w.box.Ledger()
	if int64(got.Captured) != captured || int64(got.Cancelled) != cancelled {
		rt.Errorf("the ledger says %d and %d, the payments %d and %d", got.Captured, got.Cancelled, captured, cancelled)
	}
	if int64(got.Captured) != moved[true] || int64(got.Cancelled) != moved[false] {
		rt.Errorf("the ledger says %d and %d, the events %d and %d", got.Captured, got.Cancelled, moved[true], moved[false])
	}
}
