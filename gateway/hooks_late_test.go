package gateway

import (
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// Money that is given back in the PG's console while the answer to our approval is still on its way is not forgotten over
// the approval: the notification of it comes once.
func TestANotificationOfMoneyGivenBackDuringTheApproval(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	o := h.window("v2")
	h.click(o, "pay")
	if err := h.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: "approve", Kind: sandbox.FaultDelay, DelayMS: 1500}); err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() { done <- h.complete(o) }()
	for h.sandbox.Audit().Captured == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if a := h.state(o.attempt); a.State != payment.StateApproving {
		t.Fatalf("state %s, want approving", a.State)
	}
	if err := h.sandbox.ConsoleCancel(sandbox.ConsoleCancel{Ref: string(o.attempt), Amount: 1000}); err != nil {
		t.Fatal(err)
	}
	body := `{"type":"Transaction.PartialCancelled","timestamp":"2026-12-01T00:00:00Z","data":{"storeId":"store-sandbox","paymentId":"` +
		string(o.attempt) + `","transactionId":"` + o.txID + `"}}`
	if status, text := h.sendHook(pathHooksV2+o.pg, "application/json", signHook("hook-1", body, time.Now()), body); status != http.StatusOK {
		t.Fatalf("answered %d %s", status, text)
	}
	h.balanced(<-done == "approved")
}
