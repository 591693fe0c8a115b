package gateway

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

const recoveryRules = `
billing:
  recovery:
    temporary: { tries: 2, spacing: [1h] }
    limit: { tries: 2, spacing: [1h, 24h] }
`

// recoveryHouse is a chargeHouse whose rules recover declined charges, with a clock that can be put forward.
func recoveryHouse(t *testing.T, pg, more string) *chargeHouse {
	t.Helper()
	return newChargeHouse(t, pg, func(c *fixture.Config) { c.More = more })
}

// recover asks for a charge that is tried again.
func (h *chargeHouse) recover(key string, fields map[string]any) answer {
	h.t.Helper()
	all := map[string]any{"billing_key": nil, "attempt_id": string(h.issuer), "recover": true}
	maps.Copy(all, fields)
	return h.charge(key, all)
}

// later puts the clock forward and has the recoveries gone on with.
func (h *chargeHouse) later(d time.Duration) {
	h.t.Helper()
	h.setNow(func() time.Time { return time.Now().Add(d) })
	h.g.worker.SweepRecoveries(h.t.Context())
}

// recovery is that of the house's order.
func (h *chargeHouse) recovery() payment.Recovery {
	h.t.Helper()
	r, err := h.journal.RecoveryOf(h.t.Context(), payment.OrderID(h.order))
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *chargeHouse) recoveryIs(state payment.RecoveryState, stopped payment.StopReason, tries int) payment.Recovery {
	h.t.Helper()
	r := h.recovery()
	if r.State != state || r.Stopped != stopped || r.Tries != tries {
		h.t.Fatalf("the recovery is %s (%s) after %d tries, want %s (%s) after %d", r.State, r.Stopped, r.Tries, state, stopped, tries)
	}
	return r
}

// told delivers what waits for the order's shop, whenever it is due, and returns the types in turn.
func (h *chargeHouse) told() string {
	h.t.Helper()
	h.setNow(time.Now)
	var all []string
	for {
		list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, time.Now().AddDate(1, 0, 0), 100, time.Second)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(list) == 0 {
			return strings.Join(all, " ")
		}
		for _, m := range list {
			if m.OrderID == payment.OrderID(h.order) {
				all = append(all, m.Type)
			}
			if m.Type == payment.MessageChargeFailed && !strings.Contains(string(m.Body), `"recovery":{"state":"`) {
				h.t.Errorf("a decline is told without what comes next: %s", m.Body)
			}
			if err := errors.Join(h.g.deliver(h.t.Context(), m), h.journal.OutboxDone(h.t.Context(), m.ID)); err != nil && !m.Sealed {
				h.t.Fatal(err)
			}
		}
	}
}

func TestADeclinedChargeIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := recoveryHouse(t, pg, recoveryRules)
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit", Times: 2})
			a := h.recover("k1", nil)
			a.retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "wait")
			if r := a.json["recovery"].(map[string]any); r["state"] != "waiting" || r["tries_left"] != 2.0 || r["next_at"] == nil {
				t.Errorf("the recovery is told as %v", r)
			}
			if h.later(59 * time.Minute); h.sent() != 1 {
				t.Fatal("it was tried before its time")
			}
			h.charge("k2", nil).retries(t, http.StatusConflict, "RECOVERY_IN_PROGRESS", "wait")
			h.later(61 * time.Minute)
			if r := h.recoveryIs(payment.RecoveryWaiting, "", 1); h.sent() != 2 || r.NextCheck.Before(time.Now().Add(24*time.Hour)) {
				t.Fatalf("after the second decline: %d charges, next at %s", h.sent(), r.NextCheck)
			}
			h.later(26 * time.Hour)
			last := h.recoveryIs(payment.RecoveryRecovered, "", 2)
			if h.sent() != 3 || h.state(last.Attempt).State != payment.StateApproved || len(last.Sealed) > 0 {
				t.Errorf("%d charges, %+v", h.sent(), last)
			}
			h.later(1000 * time.Hour)
			h.charge("k3", nil).retries(t, http.StatusConflict, "ORDER_ALREADY_PAID", "never")
			if got := h.told(); got != "recurring.failed recurring.failed recurring.charged recurring.recovered" {
				t.Errorf("the shop was told %s", got)
			}
			h.stands(9900)
		})
	}
}

func TestARecoveryStopsWithItsBudget(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit", Times: -1})
	h.recover("k1", nil).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "wait")
	for day := range 6 {
		h.later(time.Duration(2+26*day) * time.Hour)
	}
	h.recoveryIs(payment.RecoveryStopped, payment.StopBudget, 2)
	if h.sent() != 3 {
		t.Errorf("%d charges were sent, want the first and 2 more", h.sent())
	}
	if got := h.told(); got != "recurring.failed recurring.failed recurring.failed recurring.stopped" {
		t.Errorf("the shop was told %s", got)
	}
	if h.charge("k2", nil); h.sent() != 4 {
		t.Error("the order cannot be charged after its recovery has stopped")
	}
}

func TestWhatIsNotRecovered(t *testing.T) {
	t.Parallel()
	for reason, class := range map[string]payment.DeclineClass{
		"stolen": payment.ClassStolen, "expired": payment.ClassExpired, "suspended": payment.ClassPermanent,
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			h := recoveryHouse(t, "portone", recoveryRules)
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: reason})
			h.recover("k1", nil).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "never")
			if r := h.recoveryIs(payment.RecoveryStopped, payment.StopPermanent, 0); r.Class != class {
				t.Errorf("the class is %s", r.Class)
			}
			if h.later(1000 * time.Hour); h.sent() != 1 {
				t.Errorf("%d charges were sent", h.sent())
			}
			if got := h.told(); got != "recurring.failed recurring.stopped" {
				t.Errorf("the shop was told %s", got)
			}
		})
	}
}

func TestARecoveryIsAskedFor(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.charge("k1", map[string]any{"recover": true}).want(t, http.StatusBadRequest, "INVALID_FIELD")
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	h.charge("k2", nil).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "safe")
	h.change(func(c *fixture.Config) {
		c.More = strings.Replace(recoveryRules, "recovery:", "recovery:\n    by_default: Y", 1)
	})
	h.g.store.Reload("test")
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit", Times: 2})
	h.recover("k3", map[string]any{"recover": false}).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "safe")
	h.recover("k4", map[string]any{"recover": nil}).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "wait")
	off := recoveryHouse(t, "portone", "")
	off.recover("k1", nil).want(t, http.StatusBadRequest, "INVALID_FIELD")
	if off.sent() != 0 {
		t.Error("a charge was sent whose recovery is not configured")
	}
}

func TestARecoveryIsStopped(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	remove := func() answer {
		return h.send(h.sidecar, httptest.NewRequest(http.MethodDelete, pathRecoveries+"/"+h.order, nil))
	}
	remove().want(t, http.StatusNotFound, "RECOVERY_NOT_FOUND")
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
	h.list("recoveries", url.Values{"state": {"waiting"}}).items(t, 1)
	for range 2 {
		if a := remove(); a.status != http.StatusOK || a.json["state"] != "stopped" || a.json["stop_reason"] != "asked_to_stop" {
			t.Errorf("answered %d %s", a.status, a.body)
		}
	}
	if h.later(1000 * time.Hour); h.sent() != 1 {
		t.Error("it was tried after it was stopped")
	}
	if one := h.list("recoveries", url.Values{"order_id": {h.order}}).items(t, 1)[0].(map[string]any); one["state"] != "stopped" {
		t.Errorf("listed as %v", one)
	}
	if got := h.told(); got != "recurring.failed recurring.stopped" {
		t.Errorf("the shop was told %s", got)
	}
	h.charge("k2", nil).want(t, http.StatusOK, "")
	h.told()
	h.stands(9900)
}

// TestATryWhoseAnswerIsLostIsMadeOnce loses the answer of a try: it is looked up, and nothing else is charged.
func TestATryWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
	for day := range 5 {
		h.later(time.Duration(2+24*day) * time.Hour)
	}
	if h.recoveryIs(payment.RecoveryRecovered, "", 1); h.sent() != 2 {
		t.Fatalf("%d charges were sent", h.sent())
	}
	h.told()
	h.stands(9900)
}

// TestOnlyOnePodMakesATry has several go on with one recovery at once, as after a lease that has ended.
func TestOnlyOnePodMakesATry(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit", Times: 2})
	h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
	r := h.recovery()
	var pods sync.WaitGroup
	for range 8 {
		pods.Go(func() {
			if err := h.g.recoverer.Resume(h.t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	pods.Wait()
	if h.recoveryIs(payment.RecoveryWaiting, "", 1); h.sent() != 2 {
		t.Errorf("%d charges were sent", h.sent())
	}
}

func TestATryGoesByTheRulesOfItsTime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit  fixture.Edit
		state payment.RecoveryState
		why   payment.StopReason
	}{
		"no recovery any more": {func(c *fixture.Config) { c.More = "" }, payment.RecoveryStopped, payment.StopRules},
		"method off":           {func(c *fixture.Config) { c.Method("card").InUse = false }, payment.RecoveryStopped, payment.StopRules},
		"quiet now": {func(c *fixture.Config) {
			now := time.Now().In(payment.KST()).Add(2 * time.Hour)
			c.More = recoveryRules + "    quiet_hours: \"" + now.Add(-2*time.Hour).Format("15:04") + "-" + now.Add(2*time.Hour).Format("15:04") + "\"\n"
		}, payment.RecoveryWaiting, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := recoveryHouse(t, "portone", recoveryRules)
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
			h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
			h.change(tt.edit)
			if res := h.g.store.Reload("test"); res.Err != nil {
				t.Fatal(res.Err)
			}
			h.later(2 * time.Hour)
			if h.recoveryIs(tt.state, tt.why, 0); h.sent() != 1 {
				t.Errorf("%d charges were sent", h.sent())
			}
		})
	}
}

// TestASilentPGUsesNoBudget keeps a PG away for longer than the budget would last.
func TestASilentPGUsesNoBudget(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
	h.fault("", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: -1})
	for i := range 5 {
		h.later(time.Duration(2+i) * time.Hour)
	}
	if r := h.recoveryIs(payment.RecoveryWaiting, "", 0); r.Used != 0 || h.sent() != 1 {
		t.Fatalf("%+v after %d charges", r, h.sent())
	}
	h.sandbox.ClearFaults()
	h.later(10 * time.Hour)
	h.recoveryIs(payment.RecoveryRecovered, "", 1)
}

func TestWhatARecoveryKeepsIsSealed(t *testing.T) {
	t.Parallel()
	h := recoveryHouse(t, "portone", recoveryRules)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	h.recover("k1", nil).want(t, http.StatusPaymentRequired, "CHARGE_DECLINED")
	r := h.recovery()
	for _, plain := range []string{"4242", "gildong", "홍길동", h.key} {
		if len(r.Sealed) == 0 || strings.Contains(string(r.Sealed), plain) {
			t.Errorf("%q is kept in the clear", plain)
		}
	}
	if _, err := h.g.sealer.Open(lifecycle.RecoveryName("another"), r.Sealed); err == nil {
		t.Error("it opens under another's name")
	}
}
