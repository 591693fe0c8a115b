package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// twice opens two V1 windows of one attempt and pays in both.
func (h *hookHouse) twice() (first, second *opened) {
	h.t.Helper()
	a := h.postCheckout(h.checkout("tosspay"))
	if a.status != http.StatusOK {
		h.t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	w := a.json["window"].(map[string]any)
	open := func() *opened {
		rsp := h.sdk("v1", "open", map[string]any{"imp_code": w["init_code"], "device": "pc", "params": w["params"]})
		key, _ := rsp["key"].(string)
		return &opened{attempt: payment.AttemptID(a.json["attempt_id"].(string)), version: "v1", key: key}
	}
	first, second = open(), open()
	for _, o := range []*opened{first, second} {
		if h.click(o, "pay"); o.failed {
			h.t.Fatal("PortOne refused a payment")
		}
	}
	return first, second
}

// Whichever of two payments a webhook names, and whether or not it comes before the attempt is settled, one stands
// and the other goes back, or is left to a person where the rules say so.
func TestASecondV1PaymentGoesBack(t *testing.T) {
	t.Parallel()
	park := func(c *fixture.Config) { c.Limits.UnmatchedPayments = "park" }
	tests := []struct {
		name      string
		words     []int
		edit      fixture.Edit
		unmatched journal.UnmatchedState
	}{
		{"both are told of", []int{0, 1}, nil, journal.UnmatchedReturned},
		{"the second first", []int{1, 0}, nil, journal.UnmatchedReturned},
		{"the second alone", []int{1}, nil, journal.UnmatchedReturned},
		{"the first alone, twice", []int{0, 0}, nil, journal.UnmatchedReturned},
		{"parked by rule", []int{0, 1}, park, journal.UnmatchedFlagged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, func(c *sandbox.Config) { c.V1.PaysTwice = true }, tt.edit)
			if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
				t.Fatal(err)
			}
			first, second := h.twice()
			for _, i := range tt.words {
				o := []*opened{first, second}[i]
				body := fmt.Sprintf(`{"imp_uid":%q,"merchant_uid":%q,"status":"paid"}`, o.txID, o.attempt)
				if status, text := h.sendHook(pathHooksV1+"portone1", "application/json", nil, body); status != http.StatusOK {
					t.Fatalf("answered %d %s", status, text)
				}
			}
			a := h.state(first.attempt)
			list, err := h.journal.UnmatchedOf(t.Context(), first.attempt)
			if err != nil || a.State != payment.StateApproved || len(list) != 1 || list[0].State != tt.unmatched || list[0].PGTxID == a.PGTxID {
				t.Fatalf("the attempt is %s by %s; unmatched payments %+v, %v", a.State, a.PGTxID, list, err)
			}
			want := int64(a.Amount)
			if tt.unmatched == journal.UnmatchedFlagged {
				want *= 2
			}
			if l := h.sandbox.Ledger(); int64(l.Net) != want {
				t.Errorf("the ledger: %+v, want %d won there", l, want)
			}
			if h.counted("unmatched_payment") == 0 {
				t.Error("an unmatched payment was not counted")
			}
		})
	}
}

// An unmatched payment whose cancel was lost goes back by the sweep, without another notification.
func TestTheSweepGivesUnmatchedPaymentsBack(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, autoV2)
	o := h.window("v2")
	if _, err := h.journal.Move(t.Context(), journal.Transition{ID: o.attempt, From: []payment.State{payment.StateOpened}, To: payment.StateExpired}); err != nil {
		t.Fatal(err)
	}
	if err := h.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: "cancel", Kind: "drop_before_commit"}); err != nil {
		t.Fatal(err)
	}
	h.click(o, "pay")
	h.sandbox.WaitNotices()
	if list, err := h.journal.UnmatchedOpen(t.Context(), 10); err != nil || len(list) != 1 || list[0].State != journal.UnmatchedUnknown {
		t.Fatalf("unmatched payments %+v, %v", list, err)
	}
	h.g.worker.SweepUnmatched(t.Context())
	if l := h.sandbox.Ledger(); l.Net == 0 {
		t.Error("the sweep did not wait for the next check")
	}
	h.g.now = func() time.Time { return time.Now().Add(time.Hour) }
	h.g.worker.SweepUnmatched(t.Context())
	if list, err := h.journal.UnmatchedOpen(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("unmatched payments %+v, %v", list, err)
	}
	if l := h.sandbox.Ledger(); l.Net != 0 {
		t.Errorf("the ledger: %+v", l)
	}
}
