package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// scheduled is a payment of 8900 won, so much later.
func (w *world) scheduled(uid string, later time.Duration) map[string]any {
	return map[string]any{
		"merchant_uid": uid, "schedule_at": w.clock.Now().Add(later).Unix(), "amount": 8900, "currency": "KRW", "name": "월간 이용권",
	}
}

// v1Schedule schedules payments of cust-1.
func (w *world) v1Schedule(list ...map[string]any) (code string, results []any) {
	w.t.Helper()
	_, got := w.json(http.MethodPost, v1API+"/subscribe/payments/schedule", map[string]any{"customer_uid": "cust-1", "schedules": list}, w.v1Token())
	results, _ = got["response"].([]any)
	return got["code"].(json.Number).String(), results
}

// v1Plan reads one schedule: its state and its payment's.
func (w *world) v1Plan(uid string) (status, payment string, plan map[string]any) {
	w.t.Helper()
	_, got := w.json(http.MethodGet, v1API+"/subscribe/payments/schedule/"+uid, nil, w.v1Token())
	plan, _ = got["response"].(map[string]any)
	status, _ = plan["schedule_status"].(string)
	payment, _ = plan["payment_status"].(string)
	return status, payment, plan
}

func TestV1ScheduleFiresByTheClock(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	code, results := w.v1Schedule(w.scheduled("S-1", time.Hour), w.scheduled("S-2", 2*time.Hour))
	if code != "0" || len(results) != 2 {
		t.Fatalf("scheduling: %s %v", code, results)
	}
	first := results[0].(map[string]any)
	for name, v := range map[string]any{
		"merchant_uid": "S-1", "customer_uid": "cust-1", "imp_uid": nil, "schedule_status": "scheduled", "payment_status": nil,
		"executed_at": json.Number("0"), "amount": json.Number("8900"), "pg_id": "INIBillTst",
	} {
		if first[name] != v {
			t.Errorf("%s: %v, want %v", name, first[name], v)
		}
	}
	w.clock.add(time.Hour - time.Second)
	if status, _, _ := w.v1Plan("S-1"); status != "scheduled" || w.box.Ledger().Captured != 0 {
		t.Errorf("a second before: %s, captured %d", status, w.box.Ledger().Captured)
	}
	w.clock.add(time.Second)
	status, paid, plan := w.v1Plan("S-1")
	if status != "executed" || paid != "paid" || plan["executed_at"] != json.Number(strconv.FormatInt(w.clock.Now().Unix(), 10)) {
		t.Errorf("on time: %v", plan)
	}
	_, got := w.json(http.MethodGet, v1API+"/payments/"+plan["imp_uid"].(string)+"?include_sandbox=true", nil, w.v1Token())
	if p := got["response"].(map[string]any); p["customer_uid_usage"] != "payment.scheduled" || p["amount"] != json.Number("8900") {
		t.Errorf("the payment: %v", p)
	}
	if status, _, _ := w.v1Plan("S-2"); status != "scheduled" {
		t.Errorf("the other one: %s", status)
	}
	if books := w.box.Ledger(); books.Net != 8900 || books.Entries[0].By != "schedule" {
		t.Errorf("ledger: %+v", books)
	}
	w.v1Post("/payments/cancel", map[string]any{"merchant_uid": "S-1"})
	if _, paid, _ := w.v1Plan("S-1"); paid != "cancelled" || w.box.Ledger().Net != 0 {
		t.Errorf("given back: %s, net %d", paid, w.box.Ledger().Net)
	}
}

func TestV1ScheduleFiresNowAndIsTold(t *testing.T) {
	t.Parallel()
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	w := newWorldWith(t, func(cfg *sandbox.Config) { cfg.HookClient = http.DefaultClient })
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	one, two := w.scheduled("S-1", time.Hour), w.scheduled("S-2", time.Hour)
	one["notice_url"], two["notice_url"] = hooks.URL, hooks.URL
	w.v1Schedule(one, two)
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "fire", Kind: sandbox.FaultDecline, Reason: "funds"}); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"S-1", "S-2"} {
		if status, got := w.json(http.MethodPost, "/_sandbox/schedules/fire", map[string]any{"ref": uid}, nil); status != http.StatusOK {
			t.Errorf("firing %s: %d %v", uid, status, got)
		}
	}
	w.box.WaitNotices()
	told := []string{}
	for _, n := range w.box.Notices() {
		told = append(told, n.Ref+" "+n.Kind)
	}
	slices.Sort(told)
	if fmt.Sprint(told) != "[S-1 failed S-2 paid]" || w.box.Ledger().Net != 8900 {
		t.Errorf("told %v, net %d", told, w.box.Ledger().Net)
	}
	if status, paid, plan := w.v1Plan("S-1"); status != "executed" || paid != "failed" || plan["fail_reason"] != "잔액부족" {
		t.Errorf("the declined one: %v", plan)
	}
	if status, _ := w.json(http.MethodPost, "/_sandbox/schedules/fire", map[string]any{"ref": "S-1"}, nil); status != http.StatusBadRequest {
		t.Errorf("a second time: %d", status)
	}
}

func TestV1ScheduleRefuses(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	w.v1Post("/subscribe/payments/again", again("PAID", 1000))
	w.v1Schedule(w.scheduled("KNOWN", time.Hour))
	changed := func(changes map[string]any) map[string]any {
		s := w.scheduled("S-1", time.Hour)
		maps.Copy(s, changes)
		return s
	}
	for name, list := range map[string][]map[string]any{
		"nothing":               {},
		"the past":              {changed(map[string]any{"schedule_at": w.clock.Now().Unix()})},
		"no time":               {changed(map[string]any{"schedule_at": nil})},
		"a time with letters":   {changed(map[string]any{"schedule_at": "2026-05-01"})},
		"no amount":             {changed(map[string]any{"amount": nil})},
		"one that is scheduled": {changed(map[string]any{"merchant_uid": "KNOWN"})},
		"one that was paid":     {changed(map[string]any{"merchant_uid": "PAID"})},
		"the same one twice":    {changed(nil), changed(nil)},
		"a good one and a bad":  {changed(nil), changed(map[string]any{"merchant_uid": "S-2", "amount": -1})},
	} {
		if code, results := w.v1Schedule(list...); code != "1" || results != nil {
			t.Errorf("%s: %s %v", name, code, results)
		}
	}
	body := map[string]any{"customer_uid": "nobody", "schedules": []any{changed(nil)}}
	if code, _ := w.v1Post("/subscribe/payments/schedule", body); code != "1" {
		t.Errorf("a customer_uid without a key: %s", code)
	}
	if status, _, _ := w.v1Plan("S-1"); status != "" {
		t.Errorf("a refused call left %s", status)
	}
}

func TestV1ScheduleIssuesTheKeyAndChecksTheCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := cardFields(map[string]any{
		"customer_uid": "cust-9", "checking_amount": 100, "schedules": []any{w.scheduled("S-1", time.Hour)},
	})
	status, got := w.json(http.MethodPost, v1API+"/subscribe/payments/schedule", body, w.v1Token())
	if status != http.StatusOK || got["code"] != json.Number("0") {
		t.Fatalf("scheduling: %d %v", status, got)
	}
	if books := w.box.Ledger(); books.Captured != 100 || books.Cancelled != 100 {
		t.Errorf("the check: %+v", books)
	}
	w.clock.add(time.Hour)
	if _, paid, _ := w.v1Plan("S-1"); paid != "paid" || w.box.Ledger().Net != 8900 {
		t.Errorf("fired: %s, net %d", paid, w.box.Ledger().Net)
	}
}

func TestV1ScheduleAsAForm(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	form := url.Values{"customer_uid": {"cust-1"}}
	for i, uid := range []string{"S-1", "S-2"} {
		for name, v := range w.scheduled(uid, time.Hour) {
			form.Set(fmt.Sprintf("schedules[%d][%s]", i, name), fmt.Sprint(v))
		}
	}
	r := w.must(http.MethodPost, v1API+"/subscribe/payments/schedule", "application/x-www-form-urlencoded", form.Encode(), w.v1Token())
	if list, _ := r.object(t)["response"].([]any); len(list) != 2 || list[1].(map[string]any)["merchant_uid"] != "S-2" {
		t.Errorf("answer: %s", r.body)
	}
}

func TestV1Unschedule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body map[string]any
		want []string // what is revoked
	}{
		{"one by name", map[string]any{"merchant_uid": "S-1"}, []string{"S-1"}},
		{"several by name", map[string]any{"merchant_uid": []string{"S-1", "S-2"}}, []string{"S-1", "S-2"}},
		{"all of a key", map[string]any{"customer_uid": "cust-1"}, []string{"S-1", "S-2"}},
		{"some of a key", map[string]any{"customer_uid": "cust-1", "merchant_uid": []string{"S-2", "OTHER"}}, []string{"S-2"}},
		{"what is another key's", map[string]any{"customer_uid": "nobody", "merchant_uid": []string{"S-1"}}, nil},
		{"what is unknown", map[string]any{"merchant_uid": []string{"NONE"}}, nil},
		{"nothing named", map[string]any{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := againWorld(t)
			w.v1Schedule(w.scheduled("S-1", time.Hour), w.scheduled("S-2", time.Hour))
			_, got := w.json(http.MethodPost, v1API+"/subscribe/payments/unschedule", tt.body, w.v1Token())
			list, _ := got["response"].([]any)
			revoked := []string{}
			for _, item := range list {
				revoked = append(revoked, item.(map[string]any)["merchant_uid"].(string))
			}
			if (got["code"] == json.Number("0")) != (tt.want != nil) || !slices.Equal(revoked, append([]string{}, tt.want...)) {
				t.Errorf("answer: %v", got)
			}
			w.clock.add(time.Hour)
			for _, uid := range []string{"S-1", "S-2"} {
				want := "executed"
				if slices.Contains(tt.want, uid) {
					want = "revoked"
				}
				if status, _, _ := w.v1Plan(uid); status != want {
					t.Errorf("%s is %s, want %s", uid, status, want)
				}
			}
			if got, want := int64(w.box.Ledger().Net), int64(8900*(2-len(tt.want))); got != want {
				t.Errorf("net %d, want %d", got, want)
			}
		})
	}
}

// v1Call asks about one schedule and returns the HTTP status and the answer's state.
func (w *world) v1Call(method, path string, at time.Duration) (int, map[string]any) {
	w.t.Helper()
	status, got := w.json(method, v1API+"/subscribe/payments/schedule/"+path, map[string]any{"schedule_at": w.clock.Now().Add(at).Unix()}, w.v1Token())
	r, _ := got["response"].(map[string]any)
	return status, r
}

func TestV1SchedulesAreMovedRescheduledAndRetried(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	fail := func() {
		if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "fire", Kind: sandbox.FaultDecline}); err != nil {
			t.Fatal(err)
		}
	}
	w.v1Schedule(w.scheduled("S-1", time.Hour))
	for path, want := range map[string]int{"NONE": 404, "NONE/reschedule": 404, "NONE/retry": 404, "S-1/reschedule": 400, "S-1/retry": 400} {
		method := http.MethodPost
		if !strings.Contains(path, "/") {
			method = http.MethodPut
		}
		if status, _ := w.v1Call(method, path, time.Hour); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := w.v1Call(http.MethodPut, "S-1", -time.Hour); status != http.StatusBadRequest {
		t.Errorf("to the past: %d", status)
	}
	if status, r := w.v1Call(http.MethodPut, "S-1", 3*time.Hour); status != http.StatusOK || r["schedule_status"] != "scheduled" {
		t.Errorf("moved: %d %v", status, r)
	}
	w.clock.add(2 * time.Hour)
	if status, _, _ := w.v1Plan("S-1"); status != "scheduled" {
		t.Errorf("at its old time: %s", status)
	}
	fail()
	w.clock.add(time.Hour)
	if _, paid, _ := w.v1Plan("S-1"); paid != "failed" {
		t.Fatalf("the first try: %s", paid)
	}
	if status, _ := w.v1Call(http.MethodPut, "S-1", time.Hour); status != http.StatusBadRequest {
		t.Errorf("moving what was executed: %d", status)
	}
	status, r := w.v1Call(http.MethodPost, "S-1/reschedule", time.Hour)
	if status != http.StatusOK || r["schedule_status"] != "scheduled" || r["payment_status"] != nil || r["imp_uid"] != nil {
		t.Errorf("rescheduled: %d %v", status, r)
	}
	fail()
	w.clock.add(time.Hour)
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "retry", Kind: sandbox.FaultDecline}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"failed", "paid"} {
		if status, p := w.v1Call(http.MethodPost, "S-1/retry", 0); status != http.StatusOK || p["status"] != want {
			t.Errorf("retry: %d %v, want %s", status, p["status"], want)
		}
	}
	if status, _ := w.v1Call(http.MethodPost, "S-1/retry", 0); status != http.StatusBadRequest {
		t.Errorf("retrying what was paid: %d", status)
	}
	if _, ids, _ := w.v1List("/payments/findAll/S-1", "imp_uid"); len(ids) != 4 || w.box.Ledger().Net != 8900 {
		t.Errorf("tries %v, net %d", ids, w.box.Ledger().Net)
	}
}

func TestV1DeletingAKeyLeavesItsSchedules(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	w.v1Schedule(w.scheduled("S-1", time.Hour))
	w.must(http.MethodDelete, v1API+"/subscribe/customers/cust-1", "", "", w.v1Token())
	w.clock.add(time.Hour)
	if status, paid, _ := w.v1Plan("S-1"); status != "executed" || paid != "failed" || w.box.Ledger().Captured != 0 {
		t.Errorf("%s %s, captured %d", status, paid, w.box.Ledger().Captured)
	}
	if status, _ := w.v1Call(http.MethodPost, "S-1/retry", 0); status != http.StatusNotFound {
		t.Errorf("retrying without a key: %d", status)
	}
}

func TestV1ListsSchedules(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	now := w.clock.Now()
	w.v1Schedule(w.scheduled("S-1", time.Hour), w.scheduled("S-2", 2*time.Hour), w.scheduled("S-3", 3*time.Hour))
	w.json(http.MethodPost, v1API+"/subscribe/payments/unschedule", map[string]any{"merchant_uid": "S-2"}, w.v1Token())
	w.clock.add(time.Hour)
	span := func(prefix string, from, to time.Duration) string {
		return fmt.Sprintf("%sfrom=%d&%sto=%d", prefix, now.Add(from).Unix(), prefix, now.Add(to).Unix())
	}
	day, month := 24*time.Hour, 30*24*time.Hour
	tests := []struct {
		name, path, want string
	}{
		{"all, the latest first", "/subscribe/payments/schedule?" + span("schedule_", 0, day), "[S-3 S-2 S-1]"},
		{"the earliest first", "/subscribe/payments/schedule?sorting=scheduled&" + span("schedule_", 0, day), "[S-1 S-2 S-3]"},
		{"to come", "/subscribe/payments/schedule?schedule_status=scheduled&" + span("schedule_", 0, day), "[S-3]"},
		{"the end is out", "/subscribe/payments/schedule?" + span("schedule_", time.Hour, 3*time.Hour), "[S-2 S-1]"},
		{"a page", "/subscribe/payments/schedule?limit=2&page=2&" + span("schedule_", 0, day), "[S-1]"},
		{"of a key", "/subscribe/payments/schedule/customers/cust-1?" + span("", 0, day), "[S-3 S-2 S-1]"},
		{"of a key, executed", "/subscribe/payments/schedule/customers/cust-1?schedule-status=executed&" + span("", 0, day), "[S-1]"},
		{"of a key, by its other path", "/subscribe/customers/cust-1/schedules?schedule-status=revoked&" + span("", 0, day), "[S-2]"},
		{"of nobody", "/subscribe/payments/schedule/customers/nobody?" + span("", 0, day), "[]"},
	}
	for _, tt := range tests {
		if status, ids, _ := w.v1List(tt.path, "merchant_uid"); status != http.StatusOK || fmt.Sprint(ids) != tt.want {
			t.Errorf("%s: %d %v, want %s", tt.name, status, ids, tt.want)
		}
	}
	for _, path := range []string{
		"schedule", "schedule?" + span("schedule_", day, 0), "schedule?" + span("schedule_", 0, 4*month),
		"schedule?schedule_status=paid&" + span("schedule_", 0, day), "schedule?sorting=x&" + span("schedule_", 0, day),
		"schedule/customers/cust-1",
	} {
		if status, _ := w.json(http.MethodGet, v1API+"/subscribe/payments/"+path, nil, w.v1Token()); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestAFaultOfAnyOperationWaitsForARequest: what fires by itself must not use it up.
func TestAFaultOfAnyOperationWaitsForARequest(t *testing.T) {
	t.Parallel()
	w := againWorld(t)
	auth := w.v1Token()
	w.v1Schedule(w.scheduled("S-1", time.Hour))
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Kind: sandbox.FaultStatus}); err != nil {
		t.Fatal(err)
	}
	w.clock.add(25 * time.Minute)
	if err := w.box.FireNow("S-1"); err != nil {
		t.Fatal(err)
	}
	if r := w.must(http.MethodGet, v1API+"/payments/status/paid", "", "", auth); r.status != http.StatusInternalServerError {
		t.Errorf("the request: %d %s", r.status, r.body)
	}
}
