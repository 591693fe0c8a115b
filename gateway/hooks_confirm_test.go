package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// ask puts PortOne's question as PortOne would.
func (h *hookHouse) ask(o *opened, id payment.AttemptID, txID string, amount int64) (int, string) {
	h.t.Helper()
	if o.version == "v1" {
		return h.sendHook(pathHooksV1+"portone1"+hookConfirm, "application/json", nil,
			fmt.Sprintf(`{"imp_uid":%q,"merchant_uid":%q,"amount":%d}`, txID, id, amount))
	}
	body := fmt.Sprintf(`{"type":"Transaction.Confirm","timestamp":"2026-01-01T00:00:00Z","data":{"paymentId":%q,"transactionId":%q,"totalAmount":%d}}`, id, txID, amount)
	return h.sendHook(pathHooksV2+"portone"+hookConfirm, "application/json", signHook("wh_ask", body, time.Now()), body)
}

// Whatever stands against a payment at PortOne's question, it is refused and nobody is charged.
func TestTheConfirmProcessRefuses(t *testing.T) {
	t.Parallel()
	shop := func(m sandbox.ShopMode) func(*hookHouse, *opened) {
		return func(h *hookHouse, _ *opened) {
			if err := h.sandbox.SetShop(m); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name    string
		prepare func(h *hookHouse, o *opened)
		state   payment.State
	}{
		{"the shop says no", shop(sandbox.ShopNo), payment.StateRefused},
		{"the shop is silent", shop(sandbox.ShopDown), payment.StateRefused},
		{"another attempt holds the order", func(h *hookHouse, o *opened) {
			other := h.state(o.attempt)
			other.ID = "another"
			if err := h.journal.Claim(h.t.Context(), other, journal.Claim{To: payment.StateUnknown}); err != nil {
				h.t.Fatal(err)
			}
		}, payment.StateOpened},
		{"the window's time is over", func(h *hookHouse, _ *opened) {
			h.g.machine = h.machineAt(func() time.Time { return time.Now().Add(time.Hour) })
		}, payment.StateOpened},
		{"the journal is down", func(h *hookHouse, _ *opened) {
			h.g.journal = deadJournal{h.g.journal}
			h.g.machine = h.machineAt(time.Now)
		}, payment.StateOpened},
		{"the attempt has ended", func(h *hookHouse, o *opened) {
			_, err := h.journal.Move(h.t.Context(), journal.Transition{ID: o.attempt, From: []payment.State{payment.StateOpened}, To: payment.StateExpired})
			if err != nil {
				h.t.Fatal(err)
			}
		}, payment.StateExpired},
	}
	for _, version := range []string{"v1", "v2"} {
		for _, tt := range tests {
			t.Run(version+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				edit := askingV1
				if version == "v2" {
					edit = askingV2
				}
				h := newHookHouse(t, nil, edit)
				o := h.window(version)
				tt.prepare(h, o)
				h.click(o, "pay")
				if !o.failed {
					t.Error("PortOne went on")
				}
				h.sandbox.WaitNotices()
				if a := h.state(o.attempt); a.State != tt.state {
					t.Errorf("the attempt is %s, %s", a.State, a.Reason)
				}
				if h.counted("confirm_no") != 1 {
					t.Errorf("counted %v refusals", h.counted("confirm_no"))
				}
				if l := h.sandbox.Ledger(); l.Captured != 0 {
					t.Errorf("%d won were charged", l.Captured)
				}
			})
		}
	}
}

func TestTheConfirmProcessComparesWhatItIsAsked(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil, autoV2)
			o := h.window(version)
			tx := map[string]string{"v1": "imp_000000000001", "v2": "tx-1"}[version]
			amount := int64(h.state(o.attempt).Amount)
			other := h.window(map[string]string{"v1": "v2", "v2": "v1"}[version])
			for name, q := range map[string]struct {
				id     payment.AttemptID
				tx     string
				amount int64
			}{
				"more": {o.attempt, tx, amount + 1}, "less": {o.attempt, tx, amount - 1},
				"nobody's": {"nobody", tx, amount}, "no id": {"../x", tx, amount}, "another PG's": {other.attempt, tx, amount},
			} {
				if status, text := h.ask(o, q.id, q.tx, q.amount); status != http.StatusConflict {
					t.Errorf("%s: %d %s", name, status, text)
				}
			}
			if a := h.state(o.attempt); a.State != payment.StateOpened {
				t.Errorf("the attempt is %s", a.State)
			}
			status, text := h.ask(o, o.attempt, tx, amount)
			if a := h.state(o.attempt); status != 200 || a.State != payment.StateApproving || a.PGTxID != tx || a.NextCheck.IsZero() {
				t.Errorf("%d %s: %+v", status, text, a)
			}
			if status, _ := h.ask(o, o.attempt, tx, amount); status != 200 {
				t.Errorf("the same question was answered %d", status)
			}
			if status, _ := h.ask(o, o.attempt, tx+"2", amount); status != http.StatusConflict {
				t.Errorf("another transaction of the attempt was answered %d", status)
			}
			if n := len(h.sandbox.Executions("shop", "confirm", o.order)); n != 1 {
				t.Errorf("the shop was asked %d times", n)
			}
		})
	}
}

// Asked many times at once, the shop is asked once and every answer is the same.
func TestTheSameQuestionAtOnceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	o := h.window("v1")
	amount := int64(h.state(o.attempt).Amount)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if status, text := h.ask(o, o.attempt, "imp_000000000001", amount); status != 200 {
				t.Errorf("%d %s", status, text)
			}
		})
	}
	wg.Wait()
	if n := len(h.sandbox.Executions("shop", "confirm", o.order)); n != 1 {
		t.Errorf("the shop was asked %d times", n)
	}
}

// The shop's reason reaches PortOne, and nothing of ours does.
func TestARefusalTellsTheShopsReason(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, autoV2)
	if err := h.sandbox.SetShop(sandbox.ShopNo); err != nil {
		t.Fatal(err)
	}
	for version, member := range map[string]string{"v1": `{"reason":"`, "v2": `{"errorMessage":"`} {
		o := h.window(version)
		tx := map[string]string{"v1": "imp_000000000001", "v2": "tx-1"}[version]
		status, text := h.ask(o, o.attempt, tx, int64(h.state(o.attempt).Amount))
		if status != http.StatusConflict || !strings.HasPrefix(text, member) {
			t.Errorf("%s: %d %s", version, status, text)
		}
		again, same := h.ask(o, o.attempt, tx, int64(h.state(o.attempt).Amount))
		if again != status || !strings.HasPrefix(same, member) {
			t.Errorf("%s, asked again: %d %s", version, again, same)
		}
	}
}

// A yes of ours is no approval: what PortOne made of it is read, and the shop hears of either.
func TestAfterAYesPortOneIsFollowed(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, askingV2)
	o := h.window("v2")
	h.click(o, "pay")
	if got := h.complete(o); got != "approved" {
		t.Errorf("told %s", got)
	}
	h.sandbox.WaitNotices()
	h.balanced(true)

	failed := h.window("v2")
	tx := "tx-failed"
	if status, text := h.ask(failed, failed.attempt, tx, int64(h.state(failed.attempt).Amount)); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	h.click(failed, "fail")
	h.complete(failed)
	if a := h.state(failed.attempt); a.State != payment.StateApproving {
		t.Errorf("another transaction's failure ended it as %s", a.State)
	}
}

// Money that comes in for an attempt that has ended goes back, once, and is listed until it is.
func TestUnmatchedMoneyGoesBack(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil, autoV2)
			end := func(o *opened) {
				t.Helper()
				_, err := h.journal.Move(t.Context(), journal.Transition{ID: o.attempt, From: []payment.State{payment.StateOpened}, To: payment.StateExpired})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := h.sandbox.SetNotices(sandbox.NoticeTwice); err != nil {
				t.Fatal(err)
			}
			o := h.window(version)
			end(o)
			h.click(o, "pay")
			h.sandbox.WaitNotices()
			if a := h.state(o.attempt); a.State != payment.StateExpired {
				t.Errorf("the attempt is %s", a.State)
			}
			pg := map[string]string{"v1": "portone_v1", "v2": "portone_v2"}[version]
			if l := h.sandbox.Ledger(); l.Captured == 0 || l.Net != 0 || len(h.sandbox.Executions(pg, "cancel", "")) != 1 {
				t.Errorf("the ledger: %+v, %d cancels", l, len(h.sandbox.Executions(pg, "cancel", "")))
			}
			if list, err := h.journal.UnmatchedOpen(t.Context(), 10); err != nil || len(list) != 0 {
				t.Errorf("still listed: %+v, %v", list, err)
			}
			if h.counted("unmatched_payment") == 0 {
				t.Error("an unmatched payment was not counted")
			}

			if err := h.sandbox.SetNotices(sandbox.NoticeAfter); err != nil {
				t.Fatal(err)
			}
			lost := h.window(version)
			end(lost)
			if err := h.sandbox.Inject(sandbox.Fault{PG: pg, Operation: "cancel", Kind: "drop_before_commit"}); err != nil {
				t.Fatal(err)
			}
			h.click(lost, "pay")
			h.sandbox.WaitNotices()
			list, err := h.journal.UnmatchedOpen(t.Context(), 10)
			if err != nil || len(list) != 1 || list[0].State != journal.UnmatchedUnknown || list[0].AttemptID != lost.attempt || list[0].Won != h.state(lost.attempt).Amount {
				t.Fatalf("listed %+v, %v", list, err)
			}
			if _, err := h.g.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: lost.attempt, PGTxID: lost.txID}); err != nil {
				t.Fatal(err)
			}
			if l := h.sandbox.Ledger(); l.Net != 0 {
				t.Errorf("the ledger after another word: %+v", l)
			}
			if list, err := h.journal.UnmatchedOpen(t.Context(), 10); err != nil || len(list) != 0 {
				t.Errorf("still listed: %+v, %v", list, err)
			}
		})
	}
}

// machineAt is the gateway's machine with another clock, on whatever journal the gateway has by now.
func (h *hookHouse) machineAt(now func() time.Time) *lifecycle.Machine {
	return lifecycle.New(lifecycle.Options{
		Journal: h.g.journal, Drivers: h.g.drivers, Sealer: h.g.sealer, Observer: h.g, Log: h.g.log, Now: now,
		Account: func(a payment.Attempt) (adapters.Account, error) { return h.g.view().account(a) },
		Shop:    h.g, Wake: h.g.worker.Wake,
	})
}
