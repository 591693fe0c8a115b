package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is a shop that takes webhooks and answers as told.
type receiver struct {
	mu     sync.Mutex
	status int
	answer string
	got    []string
	header []http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.got, r.header = append(r.got, string(body)), append(r.header, req.Header.Clone())
	}
	w.WriteHeader(r.status)
	_, _ = io.WriteString(w, r.answer)
}

func (r *receiver) bodies() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.got...)
}

// hooked is a sandbox whose webhooks go to a receiver.
func hooked(t *testing.T, edit func(*Config)) (*Sandbox, string, *receiver, string) {
	t.Helper()
	rec := &receiver{status: http.StatusOK}
	shop := httptest.NewServer(rec)
	cfg := Defaults()
	cfg.HookClient = shop.Client()
	cfg.V2.RetryUnit = time.Millisecond
	if edit != nil {
		edit(&cfg)
	}
	s := New(cfg)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.WaitNotices(); server.Close(); shop.Close() })
	return s, server.URL, rec, shop.URL
}

func sdkCall(t *testing.T, address string, body any) map[string]any {
	t.Helper()
	res, err := http.Post(address, "application/json", strings.NewReader(string(mustJSON(body))))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var rsp map[string]any
	if err := json.NewDecoder(res.Body).Decode(&rsp); err != nil {
		t.Fatal(err)
	}
	return rsp
}

// buy opens a window with a notice and a confirm address and clicks in it.
func buy(t *testing.T, version, base, shop, button string, confirm bool) map[string]any {
	t.Helper()
	var open map[string]any
	params := map[string]any{
		"channelKey": "channel-key-v1-inicis", "pay_method": "card", "merchant_uid": "A1", "name": "연필", "amount": 1000,
		"buyer_tel": "010-4242-4242", "notice_url": shop + "/notice",
	}
	if version == "v2" {
		params = map[string]any{
			"storeId": "store-sandbox", "channelKey": "channel-key-v2-auto", "paymentId": "A1", "orderName": "연필", "totalAmount": 1000,
			"currency": "KRW", "payMethod": "CARD", "noticeUrls": []string{shop + "/notice"},
			"customer": map[string]any{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
		}
	}
	if confirm {
		params["confirm_url"], params["confirmUrl"] = shop+"/confirm", shop+"/confirm"
	}
	open = sdkCall(t, base+"/portone/sdk/"+version+"/open", map[string]any{"imp_code": "imp00000000", "device": "pc", "params": params})
	if open["key"] == nil {
		t.Fatalf("the window did not open: %v", open)
	}
	return sdkCall(t, base+"/portone/sdk/"+version+"/act", map[string]any{"key": open["key"], "action": button})
}

func TestWhichWebhooksAreSent(t *testing.T) {
	t.Parallel()
	form := func(c *Config) { c.V1.FormNotices, c.V2.OldNotices = true, true }
	tests := []struct {
		name, version, button string
		edit                  func(*Config)
		want                  []string
	}{
		{"V1 tells of a payment", "v1", "pay", nil, []string{`"status":"paid"`}},
		{"V1 as a form", "v1", "pay", form, []string{"status=paid"}},
		{"V1 tells nothing of a failure", "v1", "fail", nil, nil},
		{"V2 tells of both steps", "v2", "pay", nil, []string{`"Transaction.Ready"`, `"Transaction.Paid"`}},
		{"V2 tells of a failure", "v2", "fail", nil, []string{`"Transaction.Ready"`, `"Transaction.Failed"`}},
		{"V2 in the older version", "v2", "pay", form, []string{`"status":"Ready"`, `"status":"Paid"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, base, rec, shop := hooked(t, tt.edit)
			if err := s.SetNotices(NoticeBefore); err != nil {
				t.Fatal(err)
			}
			buy(t, tt.version, base, shop, tt.button, false)
			got := rec.bodies()
			if len(got) != len(tt.want) {
				t.Fatalf("sent %q", got)
			}
			for i, w := range tt.want {
				if !strings.Contains(got[i], w) {
					t.Errorf("sent %q, want %q", got[i], w)
				}
				if signed := rec.header[i].Get("Webhook-Signature") != ""; signed != (tt.version == "v2") {
					t.Errorf("signed: %v", signed)
				}
			}
		})
	}
}

// V1 says it once; V2 says it again while it is not acknowledged, under the same id.
func TestWebhooksThatAreNotTaken(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"v1": 1, "v2": 8} {
		s, base, rec, shop := hooked(t, nil)
		rec.status = http.StatusServiceUnavailable
		buy(t, version, base, shop, "pay", false)
		s.WaitNotices()
		if got := rec.bodies(); len(got) != want || len(s.Notices()) != want {
			t.Errorf("%s: sent %d times", version, len(got))
		}
	}
}

func TestTheConfirmProcessStopsAPayment(t *testing.T) {
	t.Parallel()
	for version, answer := range map[string]string{"v1": `{"reason":"재고 부족"}`, "v2": `{"errorMessage":"재고 부족"}`} {
		for _, status := range []int{http.StatusOK, http.StatusConflict} {
			s, base, rec, shop := hooked(t, nil)
			rec.status, rec.answer = status, answer
			rsp := buy(t, version, base, shop, "pay", true)
			refused := rsp["error_msg"]
			if version == "v2" {
				refused = rsp["message"]
			}
			text, _ := refused.(string)
			if l := s.Ledger(); (l.Captured > 0) != (status == http.StatusOK) || strings.Contains(text, "재고 부족") == (status == http.StatusOK) {
				t.Errorf("%s, %d: %v, charged %d", version, status, rsp, l.Captured)
			}
		}
	}
	s, base, _, shop := hooked(t, func(c *Config) { c.HookClient = nil })
	buy(t, "v1", base, shop, "pay", true)
	if l := s.Ledger(); l.Captured != 0 {
		t.Error("charged without having asked")
	}
}

func TestNoticeModes(t *testing.T) {
	t.Parallel()
	s, base, rec, shop := hooked(t, nil)
	if err := s.SetNotices("sometimes"); !errors.Is(err, ErrNoticeMode) {
		t.Errorf("got %v", err)
	}
	rsp := sdkCall(t, base+"/_sandbox/webhooks", map[string]any{"send": "twice"})
	buy(t, "v1", base, shop, "pay", false)
	s.WaitNotices()
	if len(rec.bodies()) != 2 {
		t.Errorf("%v: sent %d times", rsp, len(rec.bodies()))
	}
	s.Reset()
	if err := s.SetNotices(NoticeNever); err != nil {
		t.Fatal(err)
	}
	buy(t, "v1", base, shop, "pay", false)
	s.WaitNotices()
	if len(rec.bodies()) != 2 {
		t.Error("a lost webhook came in")
	}
}
