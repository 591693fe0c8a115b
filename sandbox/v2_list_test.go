package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// v2Ask sends a question the way the published SDK does, in the query.
func (w *world) v2Ask(path, question string) (int, map[string]any) {
	w.t.Helper()
	return w.json(http.MethodGet, "/portone/v2"+path+"?requestBody="+url.QueryEscape(question), nil, v2Header(""))
}

// v2Events reads the events of a question, in short: kind, payment, amount, and what stands paid and cancelled.
func (w *world) v2Events(question string) (events []string, cursor string) {
	w.t.Helper()
	status, got := w.v2Ask("/payment-events-by-cursor", question)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d %v", question, status, got)
	}
	for _, item := range got["items"].([]any) {
		e := item.(map[string]any)["paymentEvent"].(map[string]any)
		total := e["totalAmount"].(map[string]any)
		events = append(events, fmt.Sprintf("%s %s %s of %s/%s", e["paymentId"], e["type"], e["eventAmount"], total["paid"], total["cancelled"]))
		cursor = item.(map[string]any)["cursor"].(string)
	}
	return events, cursor
}

func TestV2EventsByCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	w.v2Pay(v2Params("A-2", "channel-key-v2-auto", 2000), "fail")
	w.v2Charge("A-3", v2KeySale(w.v2BillingKey("K-1"), 3000), "")
	w.clock.add(time.Hour)
	w.v2Pay(v2AccountParams("A-4", "channel-key-v2-auto", 4000), "pay")
	if err := w.box.Deposit(sandbox.Deposit{Ref: "A-4"}); err != nil {
		t.Fatal(err)
	}
	w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "x", "amount": 400}, v2Header(""))
	w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "x"}, v2Header(""))
	want := []string{
		"A-1 PAID 1000 of 1000/0", "A-3 PAID 3000 of 3000/0", "A-4 PAID 4000 of 4000/0", "A-1 PARTIAL_CANCELLED 400 of 1000/400",
		"A-1 CANCELLED 600 of 1000/1000",
	}
	all, _ := w.v2Events(`{}`)
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	var paged []string
	for cursor := ""; ; {
		page, next := w.v2Events(text(t, map[string]any{"size": 2, "cursor": cursor}))
		if len(page) == 0 {
			break
		}
		paged, cursor = append(paged, page...), next
	}
	if diff := cmp.Diff(want, paged); diff != "" {
		t.Errorf("in pages (-want +got):\n%s", diff)
	}
	if first, _ := w.v2Events(`{"until":"2026-04-02T05:30:00.000Z"}`); !slices.Equal(first, want[:2]) {
		t.Errorf("of the first hour: %v", first)
	}
	if later, _ := w.v2Events(`{"from":"2026-04-02T05:30:00.000Z"}`); !slices.Equal(later, want[2:]) {
		t.Errorf("of the second hour: %v", later)
	}
}

func TestV2EventObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "단순 변심"}, v2Header(""))
	_, got := w.v2Ask("/payment-events-by-cursor", "")
	items := got["items"].([]any)
	paid, back := items[0].(map[string]any)["paymentEvent"].(map[string]any), items[1].(map[string]any)["paymentEvent"].(map[string]any)
	for _, name := range []string{
		"type", "id", "paymentId", "transactionId", "merchantId", "storeId", "channel", "version", "requestedAt", "createdAt", "orderName",
		"totalAmount", "currency", "customer", "eventAmount", "origin", "method", "pgTxId",
	} {
		if paid[name] == nil || back[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if paid["disputes"] == nil || paid["status"] != nil || paid["amount"] != nil || paid["id"] == back["id"] {
		t.Errorf("paid: %v", paid)
	}
	if x := back["cancellation"].(map[string]any); x["status"] != "SUCCEEDED" || x["reason"] != "단순 변심" {
		t.Errorf("cancelled: %v", back)
	}
}

func TestV2PaymentsByCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.v2Pay(v2Params(fmt.Sprintf("A-%d", i), "channel-key-v2-auto", 1000), []string{"pay", "fail"}[i%2])
	}
	// A second window under one paymentId makes no second payment.
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	var seen []string
	for cursor, calls := "", 0; calls < 4; calls++ {
		_, got := w.v2Ask("/payments-by-cursor", text(t, map[string]any{"size": 2, "cursor": cursor}))
		for _, item := range got["items"].([]any) {
			p := item.(map[string]any)["payment"].(map[string]any)
			seen, cursor = append(seen, p["id"].(string)+" "+p["status"].(string)), item.(map[string]any)["cursor"].(string)
		}
	}
	if diff := cmp.Diff([]string{"A-0 PAID", "A-1 PAID", "A-2 PAID", "A-3 FAILED", "A-4 PAID"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestV2PaymentsSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	w.v2Pay(v2Params("A-2", "channel-key-v2-auto", 1000), "fail")
	w.clock.add(time.Hour)
	w.v2Pay(v2AccountParams("A-3", "channel-key-v2-auto", 1000), "pay")
	w.clock.add(time.Minute)
	w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "x"}, v2Header(""))
	tests := []struct {
		question string
		want     []string
		total    string
	}{
		{`{}`, []string{"A-3", "A-2", "A-1"}, "3"},
		{`{"page":{"number":1,"size":2}}`, []string{"A-1"}, "3"},
		{`{"filter":{"sortOrder":"ASC"}}`, []string{"A-1", "A-2", "A-3"}, "3"},
		{`{"filter":{"sortBy":"STATUS_CHANGED_AT"}}`, []string{"A-1", "A-3", "A-2"}, "3"},
		{`{"filter":{"status":["FAILED","CANCELLED"]}}`, []string{"A-2", "A-1"}, "2"},
		{`{"filter":{"methods":["VIRTUAL_ACCOUNT"]}}`, []string{"A-3"}, "1"},
		{`{"filter":{"until":"2026-04-02T05:30:00Z"}}`, []string{"A-2", "A-1"}, "2"},
		{`{"filter":{"timestampType":"STATUS_CHANGED_AT","from":"2026-04-02T05:30:00Z"}}`, []string{"A-3", "A-1"}, "2"},
		{`{"filter":{"isTest":false}}`, nil, "0"},
		{`{"filter":{"version":"V1"}}`, nil, "0"},
		{`{"filter":{"textSearch":[{"field":"PAYMENT_ID","value":"A-2"}]}}`, []string{"A-2"}, "1"},
	}
	for _, tt := range tests {
		status, got := w.v2Ask("/payments", tt.question)
		var ids []string
		for _, p := range got["items"].([]any) {
			ids = append(ids, p.(map[string]any)["id"].(string))
		}
		if page := got["page"].(map[string]any); status != http.StatusOK || !slices.Equal(ids, tt.want) || page["totalCount"] != json.Number(tt.total) {
			t.Errorf("%s: %v %v", tt.question, ids, page)
		}
	}
	if _, got := w.json(http.MethodGet, "/portone/v2/payments", map[string]any{"page": map[string]any{"size": 1}}, v2Header("")); len(got["items"].([]any)) != 1 {
		t.Errorf("asked in the body: %v", got)
	}
}

func TestV2ListRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		path, question string
		status         int
	}{
		{"/payments", `{"page":{"size":0}}`, 400},
		{"/payments", `{"page":{"number":-1}}`, 400},
		{"/payments", `{"page":{"number":60,"size":1000}}`, 400},
		{"/payments", `{"filter":{"from":"yesterday"}}`, 400},
		{"/payments", `{"filter":{"storeId":"store-other"}}`, 403},
		{"/payments-by-cursor", `{"cursor":"mine"}`, 400},
		{"/payments-by-cursor", `{"storeId":"store-other"}`, 403},
		{"/payment-events-by-cursor", `{"size":1001}`, 400},
		{"/payment-events-by-cursor", `{"size":0}`, 400},
		{"/payment-events-by-cursor", `[]`, 400},
	}
	for _, tt := range tests {
		if status, got := w.v2Ask(tt.path, tt.question); status != tt.status || got["type"] == nil {
			t.Errorf("%s %s: %d %v", tt.path, tt.question, status, got)
		}
	}
	for _, path := range []string{"/payments", "/payments-by-cursor", "/payment-events-by-cursor"} {
		if r := w.must(http.MethodGet, "/portone/v2"+path, "", "", nil); r.status != http.StatusUnauthorized {
			t.Errorf("%s without a secret: %d", path, r.status)
		}
	}
}

// v2AskDelete deletes schedules the way the published SDK does.
func (w *world) v2AskDelete(question string) (int, map[string]any) {
	w.t.Helper()
	return w.json(http.MethodDelete, "/portone/v2/payment-schedules?requestBody="+url.QueryEscape(question), nil, v2Header(""))
}
