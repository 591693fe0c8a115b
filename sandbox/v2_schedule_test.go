package sandbox_test

import (
	"context"
	"maps"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// v2Schedule schedules a payment of 8,900 won and returns the schedule's id.
func (w *world) v2Schedule(id, key string, in time.Duration) string {
	w.t.Helper()
	status, got := w.json(http.MethodPost, v2Root+id+"/schedule", map[string]any{
		"payment": v2KeySale(key, 8900), "timeToPay": w.clock.Now().Add(in).Format(time.RFC3339),
	}, v2Header(""))
	if status != http.StatusOK {
		w.t.Fatalf("schedule: %d %v", status, got)
	}
	return got["schedule"].(map[string]any)["id"].(string)
}

func (w *world) v2ReadSchedule(id string) map[string]any {
	w.t.Helper()
	_, got := w.json(http.MethodGet, "/portone/v2/payment-schedules/"+id, nil, v2Header(""))
	return got
}

func TestV2ScheduleFiresWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.v2BillingKey("K-1")
	id := w.v2Schedule("A-1", key, time.Hour)
	x := w.v2ReadSchedule(id)
	if x["status"] != "SCHEDULED" || x["paymentId"] != "A-1" || x["billingKey"] != key || x["timeToPay"] != "2026-04-02T06:15:00Z" ||
		x["completedAt"] != nil {
		t.Errorf("scheduled: %v", x)
	}
	w.clock.add(time.Hour - time.Second)
	if r := w.must(http.MethodGet, v2Root+"A-1", "", "", v2Header("")); r.status != http.StatusNotFound || w.box.Ledger().Captured != 0 {
		t.Errorf("before its time: %s", r.body)
	}
	w.clock.add(time.Second)
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if p["status"] != "PAID" || p["scheduleId"] != id || p["billingKey"] != key || w.box.Ledger().Captured != 8900 {
		t.Errorf("at its time: %v", p)
	}
	if x := w.v2ReadSchedule(id); x["status"] != "SUCCEEDED" || x["completedAt"] != "2026-04-02T06:15:00Z" {
		t.Errorf("succeeded: %v", x)
	}
	w.clock.add(time.Hour)
	if w.box.FireDue() != 0 || w.box.Ledger().Captured != 8900 || w.box.Ledger().Entries[0].By != "schedule" {
		t.Errorf("it fired again: %+v", w.box.Ledger())
	}
}

func TestV2ScheduleFiresOnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.v2BillingKey("K-1")
	id := w.v2Schedule("A-1", key, 24*time.Hour)
	w.v2Schedule("A-2", key, 24*time.Hour)
	w.inject(sandbox.Fault{PG: "portone_v2", Operation: "fire", Kind: sandbox.FaultDecline, Reason: "funds"})
	for _, ref := range []string{id, "A-2"} {
		if status, got := w.json(http.MethodPost, "/_sandbox/schedules/fire", map[string]any{"ref": ref}, nil); status != http.StatusOK {
			t.Errorf("%s: %d %v", ref, status, got)
		}
	}
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if p["status"] != "FAILED" || p["failure"].(map[string]any)["reason"] != "잔액부족" || w.v2ReadSchedule(id)["status"] != "FAILED" {
		t.Errorf("declined: %v", p)
	}
	if _, p := w.json(http.MethodGet, v2Root+"A-2", nil, v2Header("")); p["status"] != "PAID" || w.box.Ledger().Captured != 8900 {
		t.Errorf("paid: %v", p)
	}
	if status, _ := w.json(http.MethodPost, "/_sandbox/schedules/fire", map[string]any{"ref": "A-2"}, nil); status != http.StatusBadRequest {
		t.Errorf("what does not wait: %d", status)
	}
}

func TestV2ScheduleOfAPaymentThatWasPaidMeanwhileFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.v2Schedule("A-1", w.v2BillingKey("K-1"), time.Hour)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 8900), "pay")
	w.clock.add(time.Hour)
	w.box.FireDue()
	if x := w.v2ReadSchedule(id); x["status"] != "FAILED" || w.box.Ledger().Captured != 8900 {
		t.Errorf("%v, %+v", x, w.box.Ledger())
	}
}

func TestRunFiresSchedulesByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.box.Run(ctx, ln) }()
	w.v2Schedule("A-1", w.v2BillingKey("K-1"), time.Hour)
	w.clock.add(time.Hour)
	for range 100 {
		if w.box.Ledger().Captured == 8900 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil || w.box.Ledger().Captured != 8900 {
		t.Errorf("%v, %+v", err, w.box.Ledger())
	}
}

func TestV2ScheduleRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, dropped := w.v2BillingKey("K-1"), w.v2BillingKey("K-2")
	w.json(http.MethodDelete, "/portone/v2/billing-keys/"+dropped, nil, v2Header(""))
	w.v2Schedule("WAITS", key, time.Hour)
	w.v2Charge("PAID", v2KeySale(key, 1000), "")
	tests := []struct {
		name, id string
		body     map[string]any
		sale     map[string]any
		status   int
		kind     string
	}{
		{"no payment", "A-1", map[string]any{"payment": nil}, nil, 400, "INVALID_REQUEST"},
		{"a time without a zone", "A-1", map[string]any{"timeToPay": "2027-01-01 09:00:00"}, nil, 400, "INVALID_REQUEST"},
		{"a time that has passed", "A-1", map[string]any{"timeToPay": "2026-01-01T00:00:00Z"}, nil, 400, "INVALID_REQUEST"},
		{"an unknown key", "A-1", nil, map[string]any{"billingKey": "x"}, 404, "BILLING_KEY_NOT_FOUND"},
		{"a deleted key", "A-1", nil, map[string]any{"billingKey": dropped}, 409, "BILLING_KEY_ALREADY_DELETED"},
		{"another store", "A-1", nil, map[string]any{"storeId": "store-other"}, 403, "FORBIDDEN"},
		{"a paid payment", "PAID", nil, nil, 409, "ALREADY_PAID_OR_WAITING"},
		{"a scheduled payment", "WAITS", nil, nil, 409, "PAYMENT_SCHEDULE_ALREADY_EXISTS"},
	}
	for _, tt := range tests {
		sale := v2KeySale(key, 8900)
		maps.Copy(sale, tt.sale)
		body := map[string]any{"payment": sale, "timeToPay": "2027-01-01T00:00:00Z"}
		maps.Copy(body, tt.body)
		if status, got := w.json(http.MethodPost, v2Root+tt.id+"/schedule", body, v2Header("")); status != tt.status || got["type"] != tt.kind {
			t.Errorf("%s: %d %v", tt.name, status, got)
		}
	}
	if status, got := w.v2Charge("WAITS", v2KeySale(key, 1000), ""); status != http.StatusConflict || got["type"] != "PAYMENT_SCHEDULE_ALREADY_EXISTS" {
		t.Errorf("charging what is scheduled: %d %v", status, got)
	}
	if status, got := w.json(http.MethodDelete, "/portone/v2/billing-keys/"+key, nil, v2Header("")); status != http.StatusConflict || got["type"] != "PAYMENT_SCHEDULE_ALREADY_EXISTS" {
		t.Errorf("deleting a key that a schedule needs: %d %v", status, got)
	}
}

func TestV2Revoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, other := w.v2BillingKey("K-1"), w.v2BillingKey("K-2")
	first, second, third := w.v2Schedule("A-1", mine, time.Hour), w.v2Schedule("A-2", mine, time.Hour), w.v2Schedule("A-3", other, time.Hour)
	revoke := func(body map[string]any) (int, map[string]any) {
		return w.json(http.MethodDelete, "/portone/v2/payment-schedules", body, v2Header(""))
	}
	for name, tt := range map[string]struct {
		body   map[string]any
		status int
	}{
		"nothing named":         {map[string]any{}, 400},
		"an unknown schedule":   {map[string]any{"scheduleIds": []string{first, "none"}}, 404},
		"another key's":         {map[string]any{"billingKey": other, "scheduleIds": []string{first}}, 404},
		"of an unknown key":     {map[string]any{"billingKey": "none"}, 404},
		"of somebody else shop": {map[string]any{"storeId": "store-other", "billingKey": mine}, 403},
	} {
		if status, got := revoke(tt.body); status != tt.status || w.v2ReadSchedule(first)["status"] != "SCHEDULED" {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := revoke(map[string]any{"scheduleIds": []string{first}}); status != http.StatusOK || len(got["revokedScheduleIds"].([]any)) != 1 {
		t.Errorf("one: %d %v", status, got)
	}
	if status, got := revoke(map[string]any{"scheduleIds": []string{first}}); status != http.StatusConflict || got["type"] != "PAYMENT_SCHEDULE_ALREADY_REVOKED" {
		t.Errorf("again: %d %v", status, got)
	}
	// The published SDK asks in the query.
	status, got := w.v2AskDelete(`{"billingKey":"` + mine + `"}`)
	if ids := got["revokedScheduleIds"].([]any); status != http.StatusOK || len(ids) != 1 || ids[0] != second {
		t.Errorf("all of a key: %d %v", status, got)
	}
	w.clock.add(time.Hour)
	w.box.FireDue()
	if w.box.Ledger().Captured != 8900 || w.v2ReadSchedule(first)["status"] != "REVOKED" || w.v2ReadSchedule(third)["status"] != "SUCCEEDED" {
		t.Errorf("a revoked one was paid: %+v", w.box.Ledger())
	}
	if status, got := revoke(map[string]any{"scheduleIds": []string{third}}); status != http.StatusConflict || got["type"] != "PAYMENT_SCHEDULE_ALREADY_PROCESSED" {
		t.Errorf("of what was paid: %d %v", status, got)
	}
}

func TestV2ScheduleList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.v2BillingKey("K-1")
	w.v2Schedule("A-1", key, 2*time.Hour)
	w.v2Schedule("A-2", key, time.Hour)
	w.clock.add(90 * time.Minute)
	w.box.FireDue()
	for question, want := range map[string]string{
		`{}`: "A-2 ",
		`{"filter":{"until":"2027-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z"}}`:                                            "A-2 A-1 ",
		`{"sort":{"by":"TIME_TO_PAY","order":"DESC"},"filter":{"until":"2027-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z"}}`: "A-1 A-2 ",
		`{"filter":{"status":["SCHEDULED"],"until":"2027-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z"}}`:                     "A-1 ",
		`{"filter":{"billingKey":"none","until":"2027-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z"}}`:                        "",
	} {
		_, got := w.v2Ask("/payment-schedules", question)
		ids := ""
		for _, x := range got["items"].([]any) {
			ids += x.(map[string]any)["paymentId"].(string) + " "
		}
		if ids != want {
			t.Errorf("%s: %s", question, ids)
		}
	}
}
