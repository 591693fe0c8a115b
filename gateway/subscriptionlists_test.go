package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

func (h *chargeHouse) list(what string, query url.Values) answer {
	h.t.Helper()
	return h.send(h.sidecar, httptest.NewRequest(http.MethodGet, "/subscriptions/"+what+"?"+query.Encode(), nil))
}

// items are those of a page.
func (a answer) items(t *testing.T, want int) []any {
	t.Helper()
	items, _ := a.json["items"].([]any)
	if a.status != http.StatusOK || len(items) != want {
		t.Fatalf("answered %d %s, want %d items", a.status, a.body, want)
	}
	return items
}

func TestKeysAndChargesAreListed(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone")
	keys := h.list("keys", nil)
	if key := keys.items(t, 1)[0].(map[string]any); key["attempt_id"] != string(h.issuer) || key["state"] != "approved" {
		t.Errorf("listed %v", key)
	}
	if strings.Contains(string(keys.body), h.key) || strings.Contains(string(keys.body), "pg_tx_id") {
		t.Errorf("the key is in its list: %s", keys.body)
	}
	if s := subscriptionOf(payment.Attempt{Purpose: payment.PurposeBillingKey, PGTxID: h.key}); s.PGTxID != "" {
		t.Errorf("a key is listed with %q", s.PGTxID)
	}
	h.list("charges", nil).items(t, 0)
	h.list("schedules", nil).items(t, 0)
	first := h.order
	h.charge("k1", nil).want(t, http.StatusOK, "")
	h.newOrder()
	h.charge("k2", nil).want(t, http.StatusOK, "")
	page := h.list("charges", url.Values{"limit": {"1"}})
	if c := page.items(t, 1)[0].(map[string]any); c["order_id"] != h.order || c["amount"] != 9900.0 {
		t.Errorf("the newest is %v", c)
	}
	next := h.list("charges", url.Values{"limit": {"1"}, "cursor": {page.json["next_cursor"].(string)}})
	if c := next.items(t, 1)[0].(map[string]any); c["order_id"] != first {
		t.Errorf("the next is %v", c)
	}
	h.list("charges", url.Values{"order_id": {first}, "state": {"approved"}}).items(t, 1)
	h.list("charges", url.Values{"state": {"declined"}}).items(t, 0)
	h.list("charges", url.Values{"since": {time.Now().Add(time.Hour).Format(time.RFC3339)}}).items(t, 0)
}

func TestListsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone")
	for name, value := range map[string]string{
		"order_id": "' OR 1=1", "state": "paid", "since": "yesterday", "until": "2026-12-01", "limit": "1001",
		"cursor": "0.a", "customer": "hong",
	} {
		if a := h.list("charges", url.Values{name: {value}}); a.status != http.StatusBadRequest || a.json["field"] != name {
			t.Errorf("%s=%s answered %d %s", name, value, a.status, a.body)
		}
	}
	req := httptest.NewRequest(http.MethodDelete, pathSubscriptionKeys, nil)
	if a := h.send(h.sidecar, req); a.status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE answered %d", a.status)
	}
}
