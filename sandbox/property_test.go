package sandbox_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestMoneyIsNeverGivenBackTwice plays random requests against one payment per PG and checks that each is
// captured at most once and that no more is given back than was captured.
func TestMoneyIsNeverGivenBackTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.box.Reset()
		auth = w.v1Token()
		round++
		oid := fmt.Sprintf("R-%d", round)
		_, result := w.authenticate(w.inicisForm(oid, "1000"), "pay")
		token, tid := result["authToken"], ""
		rsp := w.v2Pay(v2Params(oid+"-v2", "channel-key-v2-inicis", 1000), "pay")
		part := func() int { return rapid.IntRange(0, 1200).Draw(rt, "part") }
		steps := []func(){
			func() {
				if got := w.form(approvePath, w.approval(token)).object(t); got["resultCode"] == "0000" {
					tid = got["tid"].(string)
				}
			},
			func() { w.form(netCancelPath, w.approval(token)) },
			func() { w.iniapiV2("refund", "refund", `{"tid":"`+tid+`","msg":"x"}`) },
			func() {
				n := part()
				w.iniapiV2("partialRefund", "partialRefund", fmt.Sprintf(`{"tid":%q,"msg":"x","price":"%d","confirmPrice":"%d"}`, tid, n, max(0, 1000-n)))
			},
			func() { w.v1Pay(v1Params(oid+"-v1", 1000), "pay") },
			func() {
				w.json(http.MethodPost, "/portone/v1/payments/cancel", map[string]any{"merchant_uid": oid + "-v1", "amount": part()}, auth)
			},
			func() {
				w.json(http.MethodPost, v2Root+oid+"-v2/confirm", map[string]any{"paymentToken": rsp["paymentToken"]}, v2Header(""))
			},
			func() {
				w.json(http.MethodPost, v2Root+oid+"-v2/cancel", map[string]any{"reason": "x", "amount": part()}, v2Header(""))
			},
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
		}
		captured, cancelled := map[string]int64{}, map[string]int64{}
		for _, e := range w.box.Ledger().Entries {
			if e.Amount <= 0 {
				rt.Fatalf("an entry of nothing: %+v", e)
			}
			if e.Kind == "capture" {
				captured[e.OrderRef] += int64(e.Amount)
			} else {
				cancelled[e.OrderRef] += int64(e.Amount)
			}
			if captured[e.OrderRef] > 1000 || cancelled[e.OrderRef] > captured[e.OrderRef] {
				rt.Fatalf("%s: captured %d, cancelled %d", e.OrderRef, captured[e.OrderRef], cancelled[e.OrderRef])
			}
		}
	})
}

// TestRacingApprovalsMoveMoneyOnce sends the same approval from many clients at once.
func TestRacingApprovalsMoveMoneyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, result := w.authenticate(w.inicisForm("A-1", "1000"), "pay")
	rsp := w.v2Pay(v2Params("A-2", "channel-key-v2-inicis", 1000), "pay")
	confirm := `{"paymentToken":"` + rsp["paymentToken"].(string) + `"}`
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := w.do(http.MethodPost, approvePath, "application/x-www-form-urlencoded", encode(w.approval(result["authToken"])), nil)
			if err != nil {
				t.Error(err)
			}
			if _, err := w.do(http.MethodPost, v2Root+"A-2/confirm", "application/json", confirm, v2Header("")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := w.box.Ledger(); got.Captured != 2000 || len(got.Entries) != 2 {
		t.Errorf("ledger: %+v", got)
	}
	if got := len(w.box.Executions("inicis", "approve", "A-1")); got != 16 {
		t.Errorf("%d executions were counted", got)
	}
}
