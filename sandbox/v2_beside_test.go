package sandbox_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

const v2API = "/portone/v2"

func (w *world) v2Login() (access, refresh string) {
	w.t.Helper()
	status, got := w.json(http.MethodPost, v2API+"/login/api-secret", map[string]any{"apiSecret": "sandbox-v2-secret"}, nil)
	if status != http.StatusOK {
		w.t.Fatalf("login: %d %v", status, got)
	}
	return got["accessToken"].(string), got["refreshToken"].(string)
}

func TestV2Tokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func(token string) int {
		return w.must(http.MethodGet, v2API+"/payments", "", "", map[string]string{"Authorization": "Bearer " + token}).status
	}
	refresh := func(token string) (int, map[string]any) {
		return w.json(http.MethodPost, v2API+"/token/refresh", map[string]any{"refreshToken": token}, nil)
	}
	if status, got := w.json(http.MethodPost, v2API+"/login/api-secret", map[string]any{"apiSecret": "x"}, nil); status != http.StatusUnauthorized || got["type"] != "UNAUTHORIZED" {
		t.Errorf("a wrong secret: %d %v", status, got)
	}
	access, first := w.v2Login()
	if read(access) != http.StatusOK || read("x") != http.StatusUnauthorized || read(first) != http.StatusUnauthorized {
		t.Error("the access token is not what lets in")
	}
	status, got := refresh(first)
	if status != http.StatusOK || read(got["accessToken"].(string)) != http.StatusOK {
		t.Errorf("refresh: %d %v", status, got)
	}
	if status, _ := refresh(first); status != http.StatusUnauthorized {
		t.Errorf("a refresh token was used twice: %d", status)
	}
	second := got["refreshToken"].(string)
	w.v2Login()
	if status, _ := refresh(second); status != http.StatusUnauthorized {
		t.Errorf("a refresh token outlived another login: %d", status)
	}
	_, third := w.v2Login()
	w.clock.add(30 * time.Minute)
	if read(access) != http.StatusUnauthorized {
		t.Error("an access token outlived its half hour")
	}
	w.clock.add(24 * time.Hour)
	if status, _ := refresh(third); status != http.StatusUnauthorized {
		t.Errorf("a refresh token outlived its day: %d", status)
	}
}

func TestV2UnknownPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, call := range [][2]string{{http.MethodGet, "/nothing"}, {http.MethodDelete, "/payments/A-1"}, {http.MethodPost, "/payments/A-1/capture"}} {
		status, got := w.json(call[0], v2API+call[1], nil, v2Header(""))
		if status != http.StatusNotFound || got["type"] != "NOT_FOUND" || got["message"] == nil {
			t.Errorf("%v: %d %v", call, status, got)
		}
	}
}

func TestV2Transactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "fail")
	paid := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	status, got := w.json(http.MethodGet, v2Root+"A-1/transactions", nil, v2Header(""))
	items := got["items"].([]any)
	if status != http.StatusOK || len(items) != 2 {
		t.Fatalf("%d %v", status, got)
	}
	newest, oldest := items[0].(map[string]any), items[1].(map[string]any)
	if newest["status"] != "PAID" || oldest["status"] != "FAILED" || newest["id"] != paid["txId"] || newest["paymentId"] != "A-1" ||
		oldest["id"] == newest["id"] || newest["transactionId"] != nil {
		t.Errorf("%v", items)
	}
	if status, _ := w.json(http.MethodGet, v2Root+"A-2/transactions", nil, v2Header("")); status != http.StatusNotFound {
		t.Errorf("of nothing: %d", status)
	}
}

func TestV2StopsACancelThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	if err := w.box.SetCancels(sandbox.CancelLater, 0); err != nil {
		t.Fatal(err)
	}
	_, got := w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "x", "amount": 400}, v2Header(""))
	id := got["cancellation"].(map[string]any)["id"].(string)
	stop := func(id string) (int, map[string]any) {
		return w.json(http.MethodPost, v2Root+"A-1/cancellations/"+id+"/stop", map[string]any{}, v2Header(""))
	}
	if status, got := stop("none"); status != http.StatusNotFound || got["type"] != "PAYMENT_CANCELLATION_NOT_FOUND" {
		t.Errorf("of nothing: %d %v", status, got)
	}
	if status, got := stop(id); status != http.StatusOK || got["stoppedAt"] == nil {
		t.Errorf("stop: %d %v", status, got)
	}
	if status, got := stop(id); status != http.StatusConflict || got["type"] != "PAYMENT_CANCELLATION_NOT_PENDING" {
		t.Errorf("again: %d %v", status, got)
	}
	if done := w.box.FinishCancels(""); done != 0 || w.box.Ledger().Cancelled != 0 {
		t.Errorf("a stopped cancel was carried out: %d, %+v", done, w.box.Ledger())
	}
	if err := w.box.SetCancels(sandbox.CancelAtOnce, 0); err != nil {
		t.Fatal(err)
	}
	w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"reason": "x"}, v2Header(""))
	if w.box.Ledger().Cancelled != 1000 {
		t.Errorf("it still held its amount: %+v", w.box.Ledger())
	}
}

func TestV2CashReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(changes map[string]any) (int, map[string]any) {
		body := map[string]any{
			"paymentId": "A-1", "channelKey": "channel-key-v2-auto", "type": "PERSONAL", "orderName": "의자", "currency": "KRW",
			"amount": map[string]any{"total": 11000}, "customer": map[string]any{"identityNumber": "01042424242", "identityNumberType": "PHONE"},
		}
		maps.Copy(body, changes)
		return w.json(http.MethodPost, v2API+"/cash-receipts", body, v2Header(""))
	}
	for name, changes := range map[string]map[string]any{
		"no payment":  {"paymentId": ""},
		"no type":     {"type": "NO_RECEIPT"},
		"nobody":      {"customer": map[string]any{}},
		"no amount":   {"amount": nil},
		"dollars":     {"currency": "USD"},
		"no channel":  {"channelKey": ""},
		"other words": {"customer": map[string]any{"identityNumber": "01042424242", "identityNumberType": "person"}},
	} {
		if status, got := ask(changes); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := ask(nil); status != http.StatusOK || got["cashReceipt"].(map[string]any)["issueNumber"] == "" {
		t.Fatalf("issue: %d %v", status, got)
	}
	if status, got := ask(nil); status != http.StatusConflict || got["type"] != "CASH_RECEIPT_ALREADY_ISSUED" {
		t.Errorf("again: %d %v", status, got)
	}
	r := w.must(http.MethodGet, v2Root+"A-1/cash-receipt", "", "", v2Header(""))
	if x := r.object(t); x["status"] != "ISSUED" || x["vatAmount"] != json.Number("1000") || strings.Contains(r.body, "01042424242") {
		t.Errorf("read: %s", r.body)
	}
	status, got := w.json(http.MethodPost, v2Root+"A-1/cash-receipt/cancel", nil, v2Header(""))
	if status != http.StatusOK || got["cancelledAmount"] != json.Number("11000") {
		t.Errorf("cancel: %d %v", status, got)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-1/cash-receipt/cancel", nil, v2Header("")); status != http.StatusNotFound || got["type"] != "CASH_RECEIPT_NOT_ISSUED" {
		t.Errorf("cancel again: %d %v", status, got)
	}
	if status, got := w.json(http.MethodGet, v2Root+"A-9/cash-receipt", nil, v2Header("")); status != http.StatusNotFound || got["type"] != "CASH_RECEIPT_NOT_FOUND" {
		t.Errorf("of nothing: %d %v", status, got)
	}
	ask(map[string]any{"paymentId": "A-2"})
	if _, got := w.v2Ask("/cash-receipts", `{"filter":{"statuses":["ISSUED"]}}`); len(got["items"].([]any)) != 1 {
		t.Errorf("list: %v", got)
	}
	if len(w.box.Ledger().Entries) != 0 {
		t.Error("a receipt moved money")
	}
}

func TestV2IdentityVerification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const root = v2API + "/identity-verifications/I-1"
	send := func(changes map[string]any) (int, map[string]any) {
		body := map[string]any{
			"channelKey": "channel-key-v2-identity", "operator": "SKT", "method": "SMS",
			"customer": map[string]any{"name": "홍길동", "phoneNumber": "01042424242", "identityNumber": "0102034", "ipAddress": "203.0.113.7"},
		}
		maps.Copy(body, changes)
		return w.json(http.MethodPost, root+"/send", body, v2Header(""))
	}
	confirm := func(otp string) (int, map[string]any) {
		return w.json(http.MethodPost, root+"/confirm", map[string]any{"otp": otp}, v2Header(""))
	}
	if status, got := confirm("123456"); status != http.StatusNotFound || got["type"] != "IDENTITY_VERIFICATION_NOT_FOUND" {
		t.Errorf("before it was sent: %d %v", status, got)
	}
	for name, tt := range map[string]struct {
		changes map[string]any
		status  int
	}{
		"an unknown operator": {map[string]any{"operator": "AT&T"}, 400},
		"nobody":              {map[string]any{"customer": map[string]any{}}, 400},
		"a payment's channel": {map[string]any{"channelKey": "channel-key-v2-auto"}, 404},
	} {
		if status, got := send(tt.changes); status != tt.status {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := send(nil); status != http.StatusOK || len(got) != 0 {
		t.Fatalf("send: %d %v", status, got)
	}
	if status, got := send(nil); status != http.StatusConflict || got["type"] != "IDENTITY_VERIFICATION_ALREADY_SENT" {
		t.Errorf("sent twice: %d %v", status, got)
	}
	if status, _ := w.json(http.MethodPost, root+"/resend", nil, v2Header("")); status != http.StatusOK {
		t.Errorf("resend: %d", status)
	}
	if status, got := confirm("000000"); status != http.StatusBadGateway || got["type"] != "PG_PROVIDER" {
		t.Errorf("a wrong number: %d %v", status, got)
	}
	if _, got := w.json(http.MethodGet, root, nil, v2Header("")); got["status"] != "READY" || got["requestedCustomer"] == nil || got["verifiedCustomer"] != nil {
		t.Errorf("ready: %v", got)
	}
	_, got := confirm("123456")
	who := got["identityVerification"].(map[string]any)["verifiedCustomer"].(map[string]any)
	if who["name"] != "홍길동" || who["birthDate"] != "2001-02-03" || who["gender"] != "FEMALE" || who["ci"] == nil {
		t.Errorf("verified: %v", got)
	}
	if status, got := confirm("123456"); status != http.StatusConflict || got["type"] != "IDENTITY_VERIFICATION_ALREADY_VERIFIED" {
		t.Errorf("confirmed twice: %d %v", status, got)
	}
	if _, got := w.v2Ask("/identity-verifications", `{"filter":{"statuses":["VERIFIED"]}}`); len(got["items"].([]any)) != 1 {
		t.Errorf("list: %v", got)
	}
}

func v2Parcel() map[string]any {
	side := map[string]any{"name": "홍길동", "phoneNumber": "010-4242-4242", "zipcode": "04524", "address": map[string]any{"addressLine1": "서울 중구", "addressLine2": "1"}}
	return map[string]any{
		"sender": side, "receiver": side, "products": []any{map[string]any{"id": "P-1", "name": "의자", "amount": 1000, "quantity": 1}},
		"logistics": map[string]any{"company": "CJ", "invoiceNumber": "123456789", "sentAt": "2026-04-02T06:00:00Z"},
	}
}

func TestV2Escrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("PLAIN", "channel-key-v2-auto", 1000), "pay")
	p := v2Params("A-1", "channel-key-v2-auto", 1000)
	p["isEscrow"] = true
	w.v2Pay(p, "pay")
	call := func(method, path string, body map[string]any) (int, map[string]any) {
		return w.json(method, v2Root+path, body, v2Header(""))
	}
	escrow := func() map[string]any {
		_, got := call(http.MethodGet, "A-1", nil)
		return got["escrow"].(map[string]any)
	}
	bare := v2Parcel()
	delete(bare, "receiver")
	for _, tt := range []struct {
		name, method, path string
		body               map[string]any
		status             int
	}{
		{"of nothing", http.MethodPost, "NONE/escrow/logistics", v2Parcel(), 404},
		{"without escrow", http.MethodPost, "PLAIN/escrow/logistics", v2Parcel(), 502},
		{"half of it", http.MethodPost, "A-1/escrow/logistics", bare, 400},
		{"a change before there is one", http.MethodPatch, "A-1/escrow/logistics", v2Parcel(), 502},
		{"confirmed before it is sent", http.MethodPost, "A-1/escrow/complete", map[string]any{}, 502},
	} {
		if status, got := call(tt.method, tt.path, tt.body); status != tt.status || escrow()["status"] != "BEFORE_REGISTERED" {
			t.Errorf("%s: %d %v", tt.name, status, got)
		}
	}
	if status, got := call(http.MethodPost, "A-1/escrow/logistics", v2Parcel()); status != http.StatusOK || got["appliedAt"] == nil {
		t.Errorf("register: %d %v", status, got)
	}
	if x := escrow(); x["status"] != "REGISTERED" || x["company"] != "CJ" || x["invoiceNumber"] != "123456789" {
		t.Errorf("registered: %v", x)
	}
	if status, got := call(http.MethodPatch, "A-1/escrow/logistics", v2Parcel()); status != http.StatusOK || got["modifiedAt"] == nil {
		t.Errorf("change: %d %v", status, got)
	}
	if status, got := call(http.MethodPost, "A-1/escrow/complete", map[string]any{"fromStore": true}); status != http.StatusOK || got["completedAt"] == nil {
		t.Errorf("complete: %d %v", status, got)
	}
	if x := escrow(); x["status"] != "CONFIRMED" || x["isAutomaticallyConfirmed"] != false {
		t.Errorf("confirmed: %v", x)
	}
}

func TestV2Banks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, got := w.json(http.MethodGet, v2API+"/banks", nil, nil)
	words := map[string]any{}
	for _, b := range got["items"].([]any) {
		words[b.(map[string]any)["bank"].(string)] = b.(map[string]any)["name"].(map[string]any)["ko"]
	}
	if words["SHINHAN"] != "신한은행" || len(words) < 20 {
		t.Errorf("%v", words)
	}
}

// hookedWorld is a world whose webhooks reach a receiver that answers with the status that it is told.
func hookedWorld(t *testing.T) (w *world, url string, answerWith func(int), ids func() []string) {
	t.Helper()
	var mu sync.Mutex
	status, seen := http.StatusOK, []string{}
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var x struct{ Type string }
		_ = json.Unmarshal(body, &x)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, x.Type+" "+r.Header.Get("Webhook-Id"))
		rw.WriteHeader(status)
	}))
	t.Cleanup(receiver.Close)
	c := &clock{now: time.Date(2026, 4, 2, 14, 15, 0, 0, payment.KST())}
	cfg := sandbox.Defaults()
	cfg.Now, cfg.HookClient, cfg.V2.RetryUnit = c.Now, receiver.Client(), 0
	box := sandbox.New(cfg)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	w = &world{t: t, box: box, url: server.URL, clock: c, http: server.Client()}
	return w, receiver.URL, func(code int) {
			mu.Lock()
			defer mu.Unlock()
			status = code
		}, func() []string {
			box.WaitNotices()
			mu.Lock()
			defer mu.Unlock()
			return append([]string{}, seen...)
		}
}

func TestV2WebhooksAreShownAndSentAgain(t *testing.T) {
	t.Parallel()
	w, url, answerWith, seen := hookedWorld(t)
	answerWith(http.StatusBadGateway)
	body := v2KeySale(w.v2BillingKey("K-1"), 8900)
	body["noticeUrls"] = []string{url}
	w.v2Charge("A-1", body, "")
	first := seen()
	hook := func() map[string]any {
		_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
		return p["webhooks"].([]any)[0].(map[string]any)
	}
	if h := hook(); len(first) != 1 || h["status"] != "FAILED_NOT_OK_RESPONSE" || h["paymentStatus"] != "PAID" || h["url"] != url {
		t.Errorf("refused: %v, %v", first, h)
	}
	answerWith(http.StatusOK)
	status, got := w.json(http.MethodPost, v2Root+"A-1/resend-webhook", map[string]any{}, v2Header(""))
	if status != http.StatusOK || got["webhook"].(map[string]any)["trigger"] != "MANUAL" {
		t.Errorf("resend: %d %v", status, got)
	}
	if again := seen(); len(again) != 2 || again[0] != again[1] {
		t.Errorf("sent: %v", again)
	}
	if h := hook(); h["status"] != "SUCCEEDED" || h["currentExecutionCount"] != json.Number("2") {
		t.Errorf("taken: %v", h)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-1/resend-webhook", map[string]any{"webhookId": "none"}, v2Header("")); status != http.StatusNotFound || got["type"] != "WEBHOOK_NOT_FOUND" {
		t.Errorf("of nothing: %d %v", status, got)
	}
}

func TestV2TellsTheConsolesAddress(t *testing.T) {
	t.Parallel()
	w, url, _, seen := hookedWorld(t)
	if status, got := w.json(http.MethodPost, "/_sandbox/notices", map[string]any{"pg": "portone_v2", "url": url}, nil); status != http.StatusOK {
		t.Fatalf("%d %v", status, got)
	}
	key := w.v2BillingKey("K-1")
	w.v2Charge("A-1", v2KeySale(key, 8900), "")
	quiet := v2KeySale(key, 8900)
	quiet["skipWebhook"] = true
	w.v2Charge("A-2", quiet, "")
	kinds := map[string]int{}
	for _, line := range seen() {
		kind, _, _ := strings.Cut(line, " ")
		kinds[kind]++
	}
	want := map[string]int{"BillingKey.Ready": 1, "BillingKey.Issued": 1, "Transaction.Paid": 1}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if status, _ := w.json(http.MethodPost, "/_sandbox/notices", map[string]any{"pg": "portone_v2", "url": "here"}, nil); status != http.StatusBadRequest {
		t.Errorf("no address: %d", status)
	}
}
