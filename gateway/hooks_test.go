package gateway

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// hookHouse is a house that PortOne can reach: a real listener, and a sandbox that sends webhooks to it.
type hookHouse struct {
	*house
	base string
	// hands set its clock, which those who serve read at the same time.
	hands atomic.Pointer[func() time.Time]
}

// setNow has the house live by another clock.
func (h *hookHouse) setNow(now func() time.Time) { h.hands.Store(&now) }

func newHookHouse(t *testing.T, box func(*sandbox.Config), edits ...fixture.Edit) *hookHouse {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := sandbox.Defaults()
	cfg.HookClient = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	cfg.V2.RetryUnit = 0
	if box != nil {
		box(&cfg)
	}
	base := "http://" + ln.Addr().String()
	h := newHouseWith(t, cfg, append(edits, publicAt(base))...)
	reached := &hookHouse{house: h, base: base}
	reached.setNow(h.g.now)
	h.g.now = func() time.Time { return (*reached.hands.Load())() }
	done := make(chan error, 1)
	go func() { done <- h.app.Listener(ln) }()
	t.Cleanup(func() {
		h.sandbox.WaitNotices()
		if err := h.app.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		h.g.following.Wait()
		_ = ln.Close() // the server may have begun to listen after it was shut down
		<-done
	})
	return reached
}

// publicAt has buyers and PGs come to another address.
func publicAt(base string) fixture.Edit {
	return func(c *fixture.Config) { c.Server.Public.BaseURL = base }
}

// autoV2 is a V2 without manual confirm.
func autoV2(c *fixture.Config) {
	m := c.Merchant("2001")
	m.ChannelKey, m.ManualConfirm = "channel-key-v2-auto", false
}

// askingV2 is a V2 that asks us before it approves.
func askingV2(c *fixture.Config) {
	autoV2(c)
	c.Merchant("2001").ConfirmHook = true
}

// askingV1 is a V1 that asks us before it approves.
func askingV1(c *fixture.Config) { c.Merchant("2101").ConfirmHook = true }

// opened is a payment in PortOne's window.
type opened struct {
	order   string
	attempt payment.AttemptID
	pg      string
	version string
	key     string
	txID    string
	token   string
	failed  bool
}

// window opens a checkout and its window at PortOne.
func (h *hookHouse) window(version string) *opened {
	h.t.Helper()
	method := map[string]string{"v1": "tosspay", "v2": "kakaopay"}[version]
	return h.windowOf(version, h.checkout(method))
}

func (h *hookHouse) windowOf(version string, checkout map[string]any) *opened {
	h.t.Helper()
	return h.changed(version, checkout, nil)
}

// changed is windowOf for a buyer who changes the window's parameters.
func (h *hookHouse) changed(version string, checkout, params map[string]any) *opened {
	h.t.Helper()
	a := h.postCheckout(checkout)
	if a.status != http.StatusOK {
		h.t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	o := &opened{
		order: a.json["order_id"].(string), attempt: payment.AttemptID(a.json["attempt_id"].(string)),
		pg: a.json["pg"].(string), version: version,
	}
	w := a.json["window"].(map[string]any)
	maps.Copy(w["params"].(map[string]any), params)
	rsp := h.sdk(version, "open", map[string]any{"imp_code": w["init_code"], "device": "pc", "params": w["params"]})
	o.key, _ = rsp["key"].(string)
	if o.key == "" {
		h.t.Fatalf("the window did not open: %v", rsp)
	}
	return o
}

// click is the buyer's click in the window.
func (h *hookHouse) click(o *opened, button string) {
	h.t.Helper()
	rsp := h.sdk(o.version, "act", map[string]any{"key": o.key, "action": button})
	for _, name := range []string{"imp_uid", "txId"} {
		if s, ok := rsp[name].(string); ok {
			o.txID = s
		}
	}
	o.token, _ = rsp["paymentToken"].(string)
	o.failed = rsp["error_code"] != nil || rsp["code"] != nil
}

func (h *hookHouse) sdk(version, call string, body map[string]any) map[string]any {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := http.Post(h.url+"/portone/sdk/"+version+"/"+call, "application/json", bytes.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var rsp map[string]any
	if err := json.NewDecoder(res.Body).Decode(&rsp); err != nil {
		h.t.Fatal(err)
	}
	return rsp
}

// complete is the page's callback.
func (h *hookHouse) complete(o *opened) string {
	h.t.Helper()
	body := map[string]any{"attempt_id": o.attempt, "pg_tx_id": o.txID}
	if o.token != "" {
		body["payment_token"] = o.token
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := h.post(pathComplete, "application/json", string(text))
	status, _ := a.json["status"].(string)
	return status
}

func (h *hookHouse) state(id payment.AttemptID) payment.Attempt {
	h.t.Helper()
	a, _, err := h.journal.Attempt(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// send posts to a hook through the real listener, so that it comes from this machine.
func (h *hookHouse) sendHook(path, contentType string, header map[string]string, body string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Content-Type", contentType)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// sign makes the headers of a message as PortOne V2 would.
func signHook(id, body string, at time.Time) map[string]string {
	secret := strings.TrimPrefix(sandbox.Defaults().V2.WebhookSecret, "whsec_")
	key, _ := base64.StdEncoding.DecodeString(secret)
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "." + body))
	return map[string]string{
		"webhook-id": id, "webhook-timestamp": stamp,
		"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

// counted is the sum of webhooks_total by result.
func (h *hookHouse) counted(result string) float64 {
	h.t.Helper()
	var g prometheus.Gatherer = h.g.registry
	families, err := g.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != "pg_gateway_webhooks_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "result" && l.GetValue() == result {
					sum += m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

// balanced delivers what the shop must hear and holds the books against each other.
func (h *hookHouse) balanced(paid bool) {
	h.t.Helper()
	h.g.worker.DeliverDue(h.t.Context())
	a := h.sandbox.Audit()
	if !a.OK || a.Captured-a.Cancelled != a.Confirmed || (a.Confirmed > 0) != paid {
		h.t.Errorf("the books: %+v", a)
	}
}

// However the webhook and the browser come in, and in whatever dress, an order is concluded once and told once.
func TestWebhooksAndBrowsersConcludeOnce(t *testing.T) {
	t.Parallel()
	form := func(c *sandbox.Config) { c.V1.FormNotices, c.V2.OldNotices = true, true }
	tests := []struct {
		name, version string
		mode          sandbox.NoticeMode
		browser       bool
		box           func(*sandbox.Config)
		edit          fixture.Edit
	}{
		{"V1, the browser closed", "v1", sandbox.NoticeAfter, false, nil, nil},
		{"V1, the webhook first", "v1", sandbox.NoticeBefore, true, nil, nil},
		{"V1, the browser first", "v1", sandbox.NoticeAfter, true, nil, nil},
		{"V1, twice and closed", "v1", sandbox.NoticeTwice, false, nil, nil},
		{"V1, no webhook", "v1", sandbox.NoticeNever, true, nil, nil},
		{"V1, a form", "v1", sandbox.NoticeAfter, false, form, nil},
		{"V2, the browser closed", "v2", sandbox.NoticeAfter, false, nil, autoV2},
		{"V2, the webhook first", "v2", sandbox.NoticeBefore, true, nil, autoV2},
		{"V2, the browser first", "v2", sandbox.NoticeAfter, true, nil, autoV2},
		{"V2, twice and closed", "v2", sandbox.NoticeTwice, false, nil, autoV2},
		{"V2, the older version", "v2", sandbox.NoticeAfter, false, form, autoV2},
		{"V2 manual, the webhook after", "v2", sandbox.NoticeAfter, true, nil, nil},
		{"V2 manual, the webhook during the approval", "v2", sandbox.NoticeBefore, true, nil, nil},
		{"V1 with the confirm process", "v1", sandbox.NoticeAfter, false, nil, askingV1},
		{"V1 with the confirm process and a browser", "v1", sandbox.NoticeTwice, true, nil, askingV1},
		{"V2 with the confirm process", "v2", sandbox.NoticeAfter, false, nil, askingV2},
		{"V2 with the confirm process, no webhook", "v2", sandbox.NoticeNever, true, nil, askingV2},
		{"V2 with the confirm process, older version", "v2", sandbox.NoticeTwice, true, form, askingV2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, tt.box, tt.edit)
			if err := h.sandbox.SetNotices(tt.mode); err != nil {
				t.Fatal(err)
			}
			o := h.window(tt.version)
			h.click(o, "pay")
			if o.failed {
				t.Fatal("PortOne refused the payment")
			}
			if tt.browser {
				if got := h.complete(o); got != "approved" {
					t.Errorf("the browser was told %s", got)
				}
			}
			h.sandbox.WaitNotices()
			if a := h.state(o.attempt); a.State != payment.StateApproved {
				t.Errorf("the attempt is %s, %s", a.State, a.Reason)
			}
			for _, n := range h.sandbox.Notices() {
				if n.Status != http.StatusOK {
					t.Errorf("PortOne was told %+v", n)
				}
			}
			h.balanced(true)
			if n := len(h.sandbox.Executions("shop", "confirm", o.order)); n != 1 {
				t.Errorf("the shop was asked %d times", n)
			}
		})
	}
}

// A failed payment leaves the attempt to be tried again, and moves nothing.
func TestAWebhookOfAFailureChargesNobody(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, autoV2)
	o := h.window("v2")
	h.click(o, "fail")
	h.sandbox.WaitNotices()
	if a := h.state(o.attempt); a.State != payment.StateOpened {
		t.Errorf("the attempt is %s", a.State)
	}
	h.balanced(false)
}

func TestForgedWebhooksChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, autoV2)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	v1, v2 := h.window("v1"), h.window("v2")
	h.click(v1, "pay")
	h.click(v2, "pay")
	bodyV2 := `{"type":"Transaction.Paid","timestamp":"2026-01-01T00:00:00Z","data":{"storeId":"store-sandbox","paymentId":"` +
		string(v2.attempt) + `","transactionId":"` + v2.txID + `"}}`
	without := func(name string) map[string]string {
		header := signHook("wh_1", bodyV2, time.Now())
		delete(header, name)
		return header
	}
	other := signHook("wh_1", bodyV2+" ", time.Now())
	tests := []struct {
		name, path, body string
		header           map[string]string
		status           int
	}{
		{"V2 unsigned", pathHooksV2 + "portone", bodyV2, nil, 401},
		{"V2 without an id", pathHooksV2 + "portone", bodyV2, without("webhook-id"), 401},
		{"V2 without a time", pathHooksV2 + "portone", bodyV2, without("webhook-timestamp"), 401},
		{"V2 without a signature", pathHooksV2 + "portone", bodyV2, without("webhook-signature"), 401},
		{"V2 signed for another body", pathHooksV2 + "portone", bodyV2, other, 401},
		{"V2 signed long ago", pathHooksV2 + "portone", bodyV2, signHook("wh_1", bodyV2, time.Now().Add(-10*time.Minute)), 401},
		{"a V2 question, unsigned", pathHooksV2 + "portone/confirm", bodyV2, nil, 401},
		{"V2 at V1's address", pathHooksV2 + "portone1", bodyV2, signHook("wh_1", bodyV2, time.Now()), 404},
		{"an unknown PG", pathHooksV2 + "nobody", bodyV2, signHook("wh_1", bodyV2, time.Now()), 404},
		{"nothing there", pathHooks + "/v3/portone", bodyV2, nil, 404},
		{"signed, but no event", pathHooksV2 + "portone", `{}`, signHook("wh_2", `{}`, time.Now()), 400},
		{"V1 that cannot be read", pathHooksV1 + "portone1", `{"imp_uid":1`, nil, 400},
		{"too large", pathHooksV1 + "portone1", strings.Repeat(" ", maxHook+1), nil, 413},
		{"a barcode that nobody waits for", pathHooksV1 + "portone1", `{"event":"Galaxia.Cvs.Confirm","imp_uid":"imp_1","merchant_uid":"x","status":"ready"}`, nil, 409},
	}
	for _, tt := range tests {
		if status, text := h.sendHook(tt.path, "application/json", tt.header, tt.body); status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, status, text, tt.status)
		}
	}
	if got := h.get(pathHooksV1 + "portone1"); got.status != 404 && got.status != 405 {
		t.Errorf("GET answered %d", got.status)
	}
	for _, o := range []*opened{v1, v2} {
		if a := h.state(o.attempt); a.State != payment.StateOpened || a.Checks != 0 {
			t.Errorf("attempt %s is %s after %d looks", o.attempt, a.State, a.Checks)
		}
	}
	if h.counted("forged") != 7 {
		t.Errorf("counted %v forged", h.counted("forged"))
	}
}

// What a proxy's caller states of its own address counts only as far as a trusted proxy wrote it.
func TestSourcesAreReadBehindTrustedProxies(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, behindLoopback, v1From("52.78.5.241", "52.78.48.0/24"))
	bodies := 0
	body := func() string {
		bodies++
		return fmt.Sprintf(`{"imp_uid":"imp_1","merchant_uid":"not-ours-%d","status":"paid"}`, bodies)
	}
	for forwarded, listed := range map[string]bool{
		"52.78.5.241": true, "52.78.48.9": true, "203.0.113.9, 52.78.5.241": true, "52.78.5.241:4711": true, "203.0.113.9:80, [::ffff:52.78.48.9]:4711": true,
		"52.78.5.241, 203.0.113.9": false, "203.0.113.9": false, "": false, "nonsense": false, "52.78.5.241, 203.0.113.9:80": false,
	} {
		before := h.counted("unlisted_source")
		status, text := h.sendHook(pathHooksV1+"portone1", "application/json", map[string]string{"X-Forwarded-For": forwarded}, body())
		if status != http.StatusOK || h.counted("unlisted_source") == before != listed {
			t.Errorf("%q: %d %s, listed should be %t", forwarded, status, text, listed)
		}
	}
	before := h.counted("unlisted_source")
	req := httptest.NewRequest(http.MethodPost, pathHooksV1+"portone1", strings.NewReader(body()))
	req.Header["X-Forwarded-For"] = []string{"52.78.5.241", "203.0.113.9"}
	if a := h.send(h.app, req); a.status != http.StatusOK || h.counted("unlisted_source") != before+1 {
		t.Errorf("two lines of X-Forwarded-For: %d", a.status)
	}
}

func TestWebhooksThatConcernNobody(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, autoV2)
	signed := func(id, body string) int {
		t.Helper()
		status, _ := h.sendHook(pathHooksV2+"portone", "application/json", signHook(id, body, time.Now()), body)
		return status
	}
	for name, tt := range map[string]struct{ body, result string }{
		"an unknown payment": {`{"type":"Transaction.Paid","data":{"paymentId":"nobody","transactionId":"t"}}`, "unknown_payment"},
		"an odd payment id":  {`{"type":"Transaction.Paid","data":{"paymentId":"../x","transactionId":"t"}}`, "unknown_payment"},
		"nobody's key":       {`{"type":"BillingKey.Issued","data":{"billingKey":"b"}}`, "unknown_payment"},
		"an opened window":   {`{"type":"Transaction.Ready","data":{"paymentId":"nobody"}}`, "ignored"},
		"another store":      {`{"type":"Transaction.Paid","data":{"storeId":"store-x","paymentId":"nobody"}}`, "ignored"},
		"a new type":         {`{"type":"Something.New","data":{}}`, "ignored"},
	} {
		before := h.counted(tt.result)
		if status := signed("wh_"+strings.ReplaceAll(name, " ", "_"), tt.body); status != 200 || h.counted(tt.result) != before+1 {
			t.Errorf("%s: %d, counted %v more", name, status, h.counted(tt.result)-before)
		}
	}
	body := `{"type":"Transaction.Paid","data":{"paymentId":"nobody","transactionId":"t"}}`
	first, second := signed("wh_same", body), signed("wh_same", body)
	if first != 200 || second != 200 || h.counted("duplicate") != 1 {
		t.Errorf("counted %v duplicates", h.counted("duplicate"))
	}
	status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", nil, `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"x","status":"paid"}`)
	if status != 200 {
		t.Errorf("an escrow event: %d", status)
	}
}

// While the journal cannot be read, PortOne must say it again.
func TestWebhooksWaitForTheJournal(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	h.g.journal = deadJournal{h.g.journal}
	status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", nil, `{"imp_uid":"imp_1","merchant_uid":"A1","status":"paid"}`)
	if status != http.StatusServiceUnavailable || h.counted("failed") != 1 {
		t.Errorf("answered %d, counted %v", status, h.counted("failed"))
	}
	// That a window is open contradicts an approval, if there is one.
	opened := `{"type":"Transaction.Ready","data":{"paymentId":"A1"}}`
	status, _ = h.sendHook(pathHooksV2+"portone", "application/json", signHook("wh_opened", opened, time.Now()), opened)
	if status != http.StatusServiceUnavailable || h.counted("failed") != 2 {
		t.Errorf("an opened window: answered %d, counted %v", status, h.counted("failed"))
	}
}

// A notification that a 4xx would end is told as a 5xx.
func TestUnfinishedWebhooksAreSaidAgain(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&payment.Problem{Code: payment.CodeMerchantNotFound}, &payment.Problem{Code: payment.CodeJournalDown}, io.ErrUnexpectedEOF, journal.ErrUnavailable,
	} {
		if got := asProblem(again(err)).Code.Describe().Status; got < 500 {
			t.Errorf("%v is told as %d", err, got)
		}
	}
}

// deadJournal cannot be read.
type deadJournal struct{ Journal }

func (deadJournal) Attempt(context.Context, payment.AttemptID) (payment.Attempt, []byte, error) {
	return payment.Attempt{}, nil, journal.ErrUnavailable
}
