package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

const v2Root = "/portone/v2/payments/"

func TestV2Unauthorized(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, auth := range []string{"", "PortOne x", "Bearer sandbox-v2-secret", "sandbox-v2-secret"} {
		for _, call := range [][2]string{{http.MethodGet, "A-1"}, {http.MethodPost, "A-1/confirm"}, {http.MethodPost, "A-1/cancel"}, {http.MethodPost, "A-1/pre-register"}} {
			status, got := w.json(call[0], v2Root+call[1], nil, map[string]string{"Authorization": auth})
			if status != http.StatusUnauthorized || got["type"] != "UNAUTHORIZED" {
				t.Errorf("%v with %q: %d %v", call, auth, status, got)
			}
		}
	}
}

func TestV2ForeignStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, got := w.json(http.MethodPost, v2Root+"A-1/pre-register", map[string]any{"storeId": "store-other", "totalAmount": 1}, v2Header(""))
	if status != http.StatusForbidden || got["type"] != "FORBIDDEN" {
		t.Errorf("got %d %v", status, got)
	}
}

func TestV2PreRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	register := func(body map[string]any) (int, map[string]any) {
		return w.json(http.MethodPost, v2Root+"A-1/pre-register", body, v2Header(""))
	}
	if status, got := register(map[string]any{"totalAmount": 64900, "taxFreeAmount": 0, "currency": "KRW"}); status != http.StatusOK || len(got) != 0 {
		t.Errorf("register: %d %v", status, got)
	}
	if r := w.must(http.MethodGet, v2Root+"A-1", "", "", v2Header("")); r.status != http.StatusNotFound {
		t.Errorf("a registration alone is a payment: %d", r.status)
	}
	if rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 100), "pay"); rsp["code"] != "AmountNotEqualToPredefined" {
		t.Errorf("another amount: %v", rsp)
	}
	if rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 64900), "pay"); rsp["code"] != nil {
		t.Errorf("the registered amount: %v", rsp)
	}
	if status, got := register(map[string]any{"totalAmount": 64900}); status != http.StatusConflict || got["type"] != "ALREADY_PAID" {
		t.Errorf("after payment: %d %v", status, got)
	}
	for _, bad := range []any{map[string]any{"totalAmount": "64900"}, map[string]any{"totalAmount": 1.5}, map[string]any{"totalAmount": -1}, "x"} {
		if status, got := w.json(http.MethodPost, v2Root+"A-2/pre-register", bad, v2Header("")); status != http.StatusBadRequest || got["type"] != "INVALID_REQUEST" {
			t.Errorf("%v: %d %v", bad, status, got)
		}
	}
}

func TestV2WindowRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes map[string]any
		code    string
	}{
		{"another store", map[string]any{"storeId": "x"}, "StoreNotFound"},
		{"a V1 channel", map[string]any{"channelKey": "channel-key-v1-inicis"}, "ChannelNotFound"},
		{"a paid payment", map[string]any{"paymentId": "PAID"}, "PaymentAlreadyPaid"},
		{"amount as text", map[string]any{"totalAmount": "1000"}, "RequestParseFailed"},
		{"no currency", map[string]any{"currency": nil}, "RequestParseFailed"},
		{"V1's method word", map[string]any{"payMethod": "card"}, "RequestParseFailed"},
		{"Korean in paymentId", map[string]any{"paymentId": "주문"}, "RequestParseFailed"},
		{"paymentId of 41 characters", map[string]any{"paymentId": strings.Repeat("a", 41)}, "RequestParseFailed"},
		{"no e-mail", map[string]any{"customer": map[string]string{"fullName": "홍길동", "phoneNumber": "010"}}, "RequestParseFailed"},
		{"phone without productType", map[string]any{"payMethod": "MOBILE"}, "RequestParseFailed"},
		{"unknown easy pay", map[string]any{"payMethod": "EASY_PAY", "easyPay": map[string]string{"easyPayProvider": "kakaopay"}}, "RequestParseFailed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.v2Pay(v2Params("PAID", "channel-key-v2-auto", 1000), "pay")
			params := v2Params("A-1", "channel-key-v2-auto", 1000)
			maps.Copy(params, tt.changes)
			if rsp := w.v2Pay(params, "pay"); rsp["code"] != tt.code || rsp["txId"] != nil {
				t.Errorf("got %v, want %s", rsp, tt.code)
			}
			if got := w.box.Ledger(); got.Captured != 1000 {
				t.Errorf("ledger: %+v", got)
			}
		})
	}
}

func TestV2ManualConfirmRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes map[string]any
		status  int
		kind    string
	}{
		{"no token", map[string]any{"paymentToken": nil}, 400, "INVALID_REQUEST"},
		{"another token", map[string]any{"paymentToken": "x"}, 400, "INVALID_PAYMENT_TOKEN"},
		{"another amount", map[string]any{"totalAmount": 100}, 409, "INFORMATION_MISMATCH"},
		{"another currency", map[string]any{"currency": "USD"}, 409, "INFORMATION_MISMATCH"},
		{"another tax-free part", map[string]any{"taxFreeAmount": 1}, 409, "INFORMATION_MISMATCH"},
		{"another transaction", map[string]any{"txId": "x"}, 409, "INFORMATION_MISMATCH"},
		{"live instead of test", map[string]any{"isTest": false}, 409, "INFORMATION_MISMATCH"},
		{"amount as text", map[string]any{"totalAmount": "1000"}, 400, "INVALID_REQUEST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-inicis", 1000), "pay")
			if w.box.Ledger().Captured != 0 {
				t.Fatal("money moved before the confirm")
			}
			body := map[string]any{"paymentToken": rsp["paymentToken"], "totalAmount": 1000, "taxFreeAmount": 0, "currency": "KRW", "isTest": true, "txId": rsp["txId"]}
			maps.Copy(body, tt.changes)
			status, got := w.json(http.MethodPost, v2Root+"A-1/confirm", body, v2Header(""))
			if status != tt.status || got["type"] != tt.kind || w.box.Ledger().Captured != 0 {
				t.Errorf("got %d %v", status, got)
			}
		})
	}
}

func TestV2ManualConfirmTwiceIsAlreadyPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-inicis", 1000), "pay")
	body := map[string]any{"paymentToken": rsp["paymentToken"]}
	w.json(http.MethodPost, v2Root+"A-1/confirm", body, v2Header("first-confirm-of-A-1"))
	status, got := w.json(http.MethodPost, v2Root+"A-1/confirm", body, v2Header("other-confirm-of-A-1"))
	if status != http.StatusConflict || got["type"] != "ALREADY_PAID" || w.box.Ledger().Captured != 1000 {
		t.Errorf("got %d %v", status, got)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-9/confirm", body, v2Header("")); status != http.StatusNotFound || got["type"] != "PAYMENT_NOT_FOUND" {
		t.Errorf("unknown payment: %d %v", status, got)
	}
}

func TestV2Decline(t *testing.T) {
	t.Parallel()
	t.Run("with manual confirm the confirm is a 502", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-inicis", 1000), "fail")
		r := w.must(http.MethodPost, v2Root+"A-1/confirm", "application/json", `{"paymentToken":"`+rsp["paymentToken"].(string)+`"}`, v2Header(""))
		want := `{"message":"PG사에서 오류를 전달했습니다.","pgCode":"V014","pgMessage":"한도초과","type":"PG_PROVIDER"}`
		if r.status != http.StatusBadGateway || r.body != want {
			t.Errorf("got %d %s", r.status, r.body)
		}
		_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
		if p["status"] != "FAILED" || p["failure"].(map[string]any)["pgCode"] != "V014" {
			t.Errorf("payment: %v", p)
		}
	})
	t.Run("without it the window says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "fail")
		if rsp["code"] != "PGProviderError" || rsp["pgMessage"] != "한도초과" || rsp["txId"] == nil {
			t.Errorf("got %v", rsp)
		}
		if rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay"); rsp["code"] != nil {
			t.Errorf("a second try: %v", rsp)
		}
	})
}

func TestV2PaymentObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rsp := w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 64900), "pay")
	status, got := w.json(http.MethodGet, v2Root+"A-1?storeId=store-sandbox", nil, v2Header(""))
	if status != http.StatusOK || len(got["pgTxId"].(string)) != 40 {
		t.Fatalf("%d %v", status, got)
	}
	delete(got, "pgTxId")
	num := func(s string) json.Number { return json.Number(s) }
	at := "2026-04-02T05:15:00Z"
	want := map[string]any{
		"status": "PAID", "id": "A-1", "transactionId": rsp["txId"], "merchantId": "merchant-sandbox", "storeId": "store-sandbox",
		"version": "V2", "requestedAt": at, "updatedAt": at, "statusChangedAt": at, "paidAt": at, "orderName": "노르웨이 회전 의자",
		"method": map[string]any{
			"type": "PaymentMethodCard",
			"card": map[string]any{
				"publisher": "SHINHAN_CARD", "issuer": "SHINHAN_CARD", "brand": "LOCAL", "type": "CREDIT", "ownerType": "PERSONAL",
				"bin": "428790", "number": "428790******0294",
			},
			"approvalNumber": "30012345", "installment": map[string]any{"month": num("0"), "isInterestFree": false}, "pointUsed": false,
		},
		"channel": map[string]any{"type": "TEST", "key": "channel-key-v2-auto", "name": "sandbox", "pgProvider": "INICIS_V2", "pgMerchantId": testMID},
		"amount": map[string]any{
			"total": num("64900"), "taxFree": num("0"), "vat": num("5900"), "supply": num("59000"), "discount": num("0"), "paid": num("64900"),
			"cancelled": num("0"), "cancelledTaxFree": num("0"),
		},
		"currency": "KRW",
		"customer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "phoneNumber": "010-4242-4242"},
		"origin":   map[string]any{"platformType": "PC", "ipAddress": "203.0.113.7"},
		"disputes": []any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payment (-want +got):\n%s", diff)
	}
}

func TestV2Cancel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   map[string]any
		status int
		kind   any
		net    int64
	}{
		{"everything", map[string]any{}, 200, nil, 0},
		{"a part", map[string]any{"amount": 400}, 200, nil, 600},
		{"a part with the right balance", map[string]any{"amount": 400, "currentCancellableAmount": 1000}, 200, nil, 600},
		{"a part with a stale balance", map[string]any{"amount": 400, "currentCancellableAmount": 900}, 409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", 1000},
		{"too much", map[string]any{"amount": 1001}, 409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT", 1000},
		{"nothing", map[string]any{"amount": 0}, 400, "INVALID_REQUEST", 1000},
		{"no reason", map[string]any{"reason": nil}, 400, "INVALID_REQUEST", 1000},
		{"all of it as taxable", map[string]any{"amount": 1000}, 409, "CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT", 1000},
		{"too much tax-free", map[string]any{"amount": 500, "taxFreeAmount": 301}, 409, "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT", 1000},
		{"tax-free above the amount", map[string]any{"amount": 100, "taxFreeAmount": 200}, 409, "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT", 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			params := v2Params("A-1", "channel-key-v2-auto", 1000)
			params["taxFreeAmount"] = 300
			w.v2Pay(params, "pay")
			if _, ok := tt.body["reason"]; !ok {
				tt.body["reason"] = "단순 변심"
			}
			status, got := w.json(http.MethodPost, v2Root+"A-1/cancel", tt.body, v2Header(""))
			if status != tt.status || got["type"] != tt.kind || int64(w.box.Ledger().Net) != tt.net {
				t.Errorf("got %d %v, net %d", status, got, w.box.Ledger().Net)
			}
			if status == http.StatusOK && got["cancellation"].(map[string]any)["status"] != "SUCCEEDED" {
				t.Errorf("cancellation: %v", got)
			}
		})
	}
}

func TestV2CancelStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancel := func(body map[string]any) (int, map[string]any) {
		body["reason"] = "x"
		return w.json(http.MethodPost, v2Root+"A-1/cancel", body, v2Header(""))
	}
	if status, got := cancel(map[string]any{}); status != http.StatusNotFound {
		t.Errorf("of nothing: %d %v", status, got)
	}
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "fail")
	if status, got := cancel(map[string]any{}); status != http.StatusConflict || got["type"] != "PAYMENT_NOT_PAID" {
		t.Errorf("of a failed one: %d %v", status, got)
	}
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	for _, want := range []string{"PARTIAL_CANCELLED", "CANCELLED"} {
		body := map[string]any{}
		if want == "PARTIAL_CANCELLED" {
			body["amount"] = 400
		}
		cancel(body)
		if _, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header("")); p["status"] != want || p["cancelledAt"] == nil {
			t.Errorf("status = %v, want %s", p["status"], want)
		}
	}
	if status, got := cancel(map[string]any{}); status != http.StatusConflict || got["type"] != "PAYMENT_ALREADY_CANCELLED" {
		t.Errorf("again: %d %v", status, got)
	}
}

func TestV2IdempotencyReplaysTheStoredAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	send := func(key, body string) reply {
		return w.must(http.MethodPost, v2Root+"A-1/cancel", "application/json", body, map[string]string{"Authorization": "PortOne sandbox-v2-secret", "Idempotency-Key": key})
	}
	const key, part = `"cancel-A-1-refund-1"`, `{"reason":"x","amount":100}`
	first := send(key, part)
	if again := send(key, part); first.status != http.StatusOK || again.body != first.body || w.box.Ledger().Cancelled != 100 {
		t.Errorf("replay: %d %s then %d %s, ledger %+v", first.status, first.body, again.status, again.body, w.box.Ledger())
	}
	if r := send(key, `{"reason":"x","amount":200}`); r.status != http.StatusBadRequest {
		t.Errorf("the same key for another request: %d %s", r.status, r.body)
	}
	for _, bad := range []string{"cancel-A-1-refund-1", `"short"`, `"` + strings.Repeat("a", 257) + `"`, `"cancel-취소-refund-1-x"`} {
		if r := send(bad, part); r.status != http.StatusBadRequest {
			t.Errorf("key %s: %d %s", bad, r.status, r.body)
		}
	}
	w.clock.add(3 * time.Hour)
	send(key, part)
	if got := w.box.Ledger().Cancelled; got != 200 {
		t.Errorf("after three hours the key is still remembered: cancelled %d", got)
	}
}

func TestV2IdempotencyWhileTheFirstRequestRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2Params("A-1", "channel-key-v2-auto", 1000), "pay")
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v2", Operation: "cancel", Kind: sandbox.FaultDelay, DelayMS: 300}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if r, err := w.do(http.MethodPost, v2Root+"A-1/cancel", "application/json", `{"reason":"x"}`, v2Header("cancel-A-1-refund-1")); err != nil || r.status != http.StatusOK {
			t.Errorf("first: %v %v", r, err)
		}
	})
	for len(w.box.Executions("portone_v2", "cancel", "A-1")) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	r := w.must(http.MethodPost, v2Root+"A-1/cancel", "application/json", `{"reason":"x"}`, v2Header("cancel-A-1-refund-1"))
	if r.status != http.StatusConflict || r.body != `{"type":"IDEMPOTENCY_OUTSTANDING_REQUEST"}` {
		t.Errorf("while it runs: %d %s", r.status, r.body)
	}
	wg.Wait()
	if got := w.box.Ledger(); got.Cancelled != 1000 || len(got.Entries) != 2 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestV2Redirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	params := v2Params("A-1", "channel-key-v2-inicis", 1000)
	params["forceRedirect"] = true
	_, win := w.json(http.MethodPost, "/portone/sdk/v2/open", map[string]any{"device": "mobile", "params": params}, nil)
	window, err := url.Parse(win["window"].(string))
	if err != nil {
		t.Fatal(err)
	}
	act, fields := inputs(w.must(http.MethodGet, window.RequestURI(), "", "", nil).body)
	fields["action"] = "pay"
	to, err := url.Parse(w.form(act, fields).header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if q.Get("from") != "v2" || q.Get("payment_id") != "A-1" || q.Get("tx_id") == "" || q.Get("payment_token") == "" || q.Has("code") {
		t.Errorf("redirected to %s", to)
	}
	if r := w.form(act, fields); r.status != http.StatusGone {
		t.Errorf("a second click answers %d", r.status)
	}
}

func TestV2AnOlderWindowCannotPayBesideANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func() any {
		_, win := w.json(http.MethodPost, "/portone/sdk/v2/open", map[string]any{"params": v2Params("A-1", "channel-key-v2-auto", 1000)}, nil)
		return win["key"]
	}
	older, newer := open(), open()
	for i, key := range []any{older, newer, older} {
		_, rsp := w.json(http.MethodPost, "/portone/sdk/v2/act", map[string]any{"key": key, "action": "pay"}, nil)
		if paid := rsp["code"] == nil; paid != (i == 1) {
			t.Errorf("click %d: %v", i, rsp)
		}
	}
	if got := w.box.Ledger(); got.Captured != 1000 {
		t.Errorf("ledger: %+v", got)
	}
}
