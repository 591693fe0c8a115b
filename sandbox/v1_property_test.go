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

// TestV1BooksWhatItsPaymentsSay plays random charges, schedules, declines, lost answers and cancels by API: the ledger
// must hold what V1's own list says of its payments, to the won, and a merchant_uid is paid at most once.
func TestV1BooksWhatItsPaymentsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.box.Reset()
		w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
		auth := w.v1Token()
		uid := func() string { return fmt.Sprintf("M-%d", rapid.IntRange(1, 6).Draw(rt, "uid")) }
		amount := func() int64 { return rapid.Int64Range(1, 100_000).Draw(rt, "amount") }
		post := func(path string, body map[string]any) {
			text, _ := json.Marshal(body)
			// An answer may be lost.
			_, _ = w.do(http.MethodPost, v1API+path, "application/json", string(text), auth)
		}
		fault := func() {
			_ = w.box.Inject(sandbox.Fault{
				PG: "portone_v1", Operation: rapid.SampledFrom([]string{"again", "onetime", "retry", "fire"}).Draw(rt, "operation"),
				Kind: rapid.SampledFrom([]sandbox.FaultKind{sandbox.FaultDecline, sandbox.FaultDropAfterCommit, sandbox.FaultDropBeforeCommit}).Draw(rt, "kind"),
			})
		}
		steps := []func(){
			func() { post("/subscribe/payments/again", again(uid(), amount())) },
			func() { post("/subscribe/payments/onetime", onetime(uid(), map[string]any{"amount": amount()})) },
			func() {
				s := w.scheduled(uid(), time.Minute)
				s["amount"] = amount()
				post("/subscribe/payments/schedule", map[string]any{"customer_uid": "cust-1", "schedules": []any{s}, "checking_amount": 100})
			},
			func() { _ = w.box.FireNow(uid()) },
			func() { post("/subscribe/payments/schedule/"+uid()+"/retry", map[string]any{}) },
			func() { post("/subscribe/payments/unschedule", map[string]any{"merchant_uid": uid()}) },
			func() { post("/payments/cancel", map[string]any{"merchant_uid": uid(), "amount": amount()}) },
			func() { post("/payments/cancel", map[string]any{"merchant_uid": uid()}) },
			fault,
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
		}
		w.box.ClearFaults()
		w.v1BooksAgree(rt)
	})
}

// v1BooksAgree compares the ledger with V1's list of payments.
func (w *world) v1BooksAgree(rt *rapid.T) {
	_, _, page := w.v1List("/payments/status/all?limit=1000", "imp_uid")
	var captured, cancelled int64
	paid := map[any]int{}
	for _, item := range page["list"].([]any) {
		p := item.(map[string]any)
		if p["paid_at"] == json.Number("0") {
			continue
		}
		in, _ := p["amount"].(json.Number).Int64()
		out, _ := p["cancel_amount"].(json.Number).Int64()
		captured, cancelled = captured+in, cancelled+out
		paid[p["merchant_uid"]]++
	}
	for uid, times := range paid {
		if times > 1 {
			rt.Errorf("%v was paid %d times", uid, times)
		}
	}
	if got := w.box.Ledger(); int64(got.Captured) != captured || int64(got.Cancelled) != cancelled {
		rt.Errorf("the ledger says %d and %d, the payments %d and %d", got.Captured, got.Cancelled, captured, cancelled)
	}
}
