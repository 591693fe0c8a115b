package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const v1API = "/portone/v1"

// v1List reads a page of payments or schedules; ids are what the field says of each.
func (w *world) v1List(path, field string) (status int, ids []any, page map[string]any) {
	w.t.Helper()
	status, got := w.json(http.MethodGet, v1API+path, nil, w.v1Token())
	page, _ = got["response"].(map[string]any)
	list, _ := page["list"].([]any)
	for _, item := range list {
		ids = append(ids, item.(map[string]any)[field])
	}
	return status, ids, page
}

// v1Payments makes payments a minute apart: declined, paid, and cancelled a day later.
func (w *world) v1Payments() (failed, paid, cancelled string) {
	w.t.Helper()
	failed = w.v1Pay(v1Params("L-1", 1000), "fail")["imp_uid"].(string)
	w.clock.add(time.Minute)
	cancelled = w.v1Pay(v1Params("L-2", 1000), "pay")["imp_uid"].(string)
	w.clock.add(time.Minute)
	paid = w.v1Pay(v1Params("L-3", 1000), "pay")["imp_uid"].(string)
	w.clock.add(24 * time.Hour)
	w.json(http.MethodPost, v1API+"/payments/cancel", map[string]any{"imp_uid": cancelled}, w.v1Token())
	return failed, paid, cancelled
}

func TestV1ListsByStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now().Unix()
	failed, paid, cancelled := w.v1Payments()
	day := int64(24 * 60 * 60)
	tests := []struct {
		name string
		path string
		want string
	}{
		{"everything, the newest first", "all", paid + cancelled + failed},
		{"the oldest first", "all?sorting=started", failed + cancelled + paid},
		{"by when they were paid", "all?sorting=-paid", paid + cancelled + failed},
		{"by when they changed", "all?sorting=-updated", cancelled + paid + failed},
		{"paid", "paid", paid},
		{"failed", "failed", failed},
		{"cancelled", "cancelled", cancelled},
		{"ready", "ready", ""},
		{"a cancelled one is found by when it was cancelled", fmt.Sprintf("cancelled?from=%d", start+day), cancelled},
		{"and not by when it was paid", fmt.Sprintf("cancelled?to=%d", start+day-1), ""},
		{"both ends count", fmt.Sprintf("paid?from=%d&to=%d", start+120, start+120), paid},
		{"a second later it is out", fmt.Sprintf("paid?from=%d", start+121), ""},
		{"90 days", fmt.Sprintf("paid?from=%d&to=%d", start-89*day, start+day), paid},
	}
	for _, tt := range tests {
		status, ids, page := w.v1List("/payments/status/"+tt.path, "imp_uid")
		got := ""
		for _, id := range ids {
			got += id.(string)
		}
		if status != http.StatusOK || got != tt.want || page["total"].(json.Number).String() != strconv.Itoa(len(ids)) {
			t.Errorf("%s: %d %v of %v, want %s", tt.name, status, ids, page["total"], tt.want)
		}
	}
	for _, path := range []string{
		"none", "paid?limit=1001", "paid?limit=0", "paid?page=0", "paid?page=2", "paid?sorting=newest", "paid?from=x",
		fmt.Sprintf("paid?from=%d&to=%d", start-90*day-1, start), fmt.Sprintf("paid?from=%d&to=%d", start+1, start),
	} {
		status, got := w.json(http.MethodGet, v1API+"/payments/status/"+path, nil, w.v1Token())
		if status != http.StatusBadRequest || got["code"] != json.Number("-1") || got["response"] != nil {
			t.Errorf("%s: %d %v", path, status, got)
		}
	}
}

func TestV1ListsInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 45 {
		w.v1Pay(v1Params(fmt.Sprintf("P-%d", i), 1000), "pay")
	}
	seen, sizes := map[any]bool{}, []int{}
	for page := "1"; page != "0"; {
		status, ids, got := w.v1List("/payments/status/paid?page="+page, "imp_uid")
		if status != http.StatusOK || got["total"] != json.Number("45") {
			t.Fatalf("page %s: %d %v", page, status, got["total"])
		}
		for _, id := range ids {
			seen[id] = true
		}
		sizes = append(sizes, len(ids))
		page = got["next"].(json.Number).String()
	}
	if fmt.Sprint(sizes) != "[20 20 5]" || len(seen) != 45 {
		t.Errorf("pages of %v, %d payments", sizes, len(seen))
	}
}

func TestV1ListsByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed, paid, _ := w.v1Payments()
	names := func(n int) url.Values {
		v := url.Values{}
		for i := range n {
			v.Add("imp_uid[]", fmt.Sprintf("imp_none%d", i))
		}
		return v
	}
	tests := []struct {
		name   string
		query  url.Values
		status int
		found  int
	}{
		{"all there", url.Values{"imp_uid[]": {failed, paid}}, http.StatusOK, 2},
		{"numbered, as PHP writes it", url.Values{"imp_uid[0]": {failed}, "imp_uid[1]": {paid}}, http.StatusOK, 2},
		{"by both names", url.Values{"imp_uid[]": {failed}, "merchant_uid[]": {"L-3"}}, http.StatusOK, 2},
		{"one missing", url.Values{"merchant_uid[]": {"L-1", "NONE"}}, http.StatusMultiStatus, 1},
		{"all missing", names(100), http.StatusNotFound, 0},
		{"too many", names(101), http.StatusBadRequest, 0},
		{"none", nil, http.StatusBadRequest, 0},
	}
	for _, tt := range tests {
		status, got := w.json(http.MethodGet, v1API+"/payments?"+tt.query.Encode(), nil, w.v1Token())
		list, _ := got["response"].([]any)
		if status != tt.status || len(list) != tt.found {
			t.Errorf("%s: %d with %d, want %d with %d", tt.name, status, len(list), tt.status, tt.found)
		}
	}
}

func TestV1UnknownPathsAnswerInTheEnvelope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/nothing", http.StatusNotFound},
		{http.MethodPost, "/", http.StatusNotFound},
		{http.MethodGet, "/payments/imp_1/balance/more", http.StatusNotFound},
		{http.MethodPost, "/payments/imp_1/balance", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/payments/cancel", http.StatusMethodNotAllowed},
		{http.MethodPatch, "/payments/prepare", http.StatusMethodNotAllowed},
	}
	for _, tt := range tests {
		r := w.must(tt.method, v1API+tt.path, "application/json", "", w.v1Token())
		if r.status != tt.status || !strings.HasPrefix(r.body, `{"code":-1,"message":"`) || !strings.HasSuffix(r.body, `","response":null}`) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, r.status, r.body)
		}
	}
}
