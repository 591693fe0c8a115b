package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestCheckoutOpensEachKindOfWindow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	tests := []struct {
		method, kind, pg string
		journaled        bool
		params           []string
	}{
		{"card", "inicis_pc", "inicis", false, []string{"signature", "verification", "mKey", "use_chkfake", "acceptmethod", "merchantData", "returnUrl"}},
		{"tosspay", "portone_v1", "portone1", true, []string{"channelKey", "pay_method", "merchant_uid", "amount", "buyer_tel", "m_redirect_url"}},
		{"kakaopay", "portone_v2", "portone", true, []string{"storeId", "channelKey", "paymentId", "totalAmount", "currency", "payMethod", "customer", "redirectUrl"}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			body := h.checkout(tt.method)
			a := h.postCheckout(body)
			if a.status != http.StatusOK {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			window, _ := a.json["window"].(map[string]any)
			params, _ := window["params"].(map[string]any)
			if window["kind"] != tt.kind || a.json["pg"] != tt.pg || a.json["amount"] != body["amount"] || window["script"] == "" {
				t.Errorf("got %s", a.body)
			}
			for _, p := range tt.params {
				if v, ok := params[p]; !ok || v == "" {
					t.Errorf("the window has no %s", p)
				}
			}
			id := payment.AttemptID(a.json["attempt_id"].(string))
			if !payment.ValidID(string(id)) {
				t.Errorf("attempt id %q is none", id)
			}
			_, _, err := h.journal.Attempt(t.Context(), id)
			if (err == nil) != tt.journaled {
				t.Errorf("journaled: %v, want %v", err == nil, tt.journaled)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
		})
	}
}

func TestCheckoutWithoutAPrimaryMethod(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("mileage")
	body["order_id"], body["amount"] = h.order("32") // an order that its shop wants paid by mileage
	a := h.postCheckout(body)
	if a.status != http.StatusOK || a.json["settled_by"] != "internal" || a.json["window"] != nil {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if _, ok := a.json["window"]; !ok {
		t.Error("window must be null, not absent")
	}
}

func TestCheckoutRefusesBadInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	good := h.checkout("card")
	change := func(key string, v any) map[string]any {
		m := map[string]any{}
		maps.Copy(m, good)
		if v == nil {
			delete(m, key)
		} else {
			m[key] = v
		}
		return m
	}
	text := func(m map[string]any) string {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	amount := good["amount"].(float64)
	tests := []struct {
		name   string
		body   string
		status int
		code   string
		field  string
	}{
		{"not JSON", `{"order_id":`, 400, "INVALID_JSON", "order_id"},
		{"an array", `[]`, 400, "INVALID_FIELD", ""},
		{"empty", ``, 400, "INVALID_JSON", ""},
		{"two values", text(good) + text(good), 400, "INVALID_JSON", ""},
		{"a duplicate key", strings.Replace(text(good), `{`, `{"amount":1,`, 1), 400, "DUPLICATE_KEY", "amount"},
		{"a duplicate key in another case", strings.Replace(text(good), `{`, `{"Order_ID":"X",`, 1), 400, "INVALID_FIELD", "Order_ID"},
		{"not UTF-8", strings.Replace(text(good), `"pc"`, "\"p\xff\"", 1), 400, "NOT_UTF8", ""},
		{"a misspelt field", text(change("taxfree", 1)), 400, "INVALID_FIELD", "taxfree"},
		{"amount as a string", text(change("amount", "64900")), 400, "INVALID_FIELD", "amount"},
		{"amount as a fraction", text(change("amount", 0.5)), 400, "INVALID_FIELD", "amount"},
		{"a negative amount", text(change("amount", -1)), 400, "INVALID_FIELD", "amount"},
		{"an amount over the limit", text(change("amount", 99999999999)), 400, "INVALID_FIELD", "amount"},
		{"a zero amount", text(change("amount", 0)), 400, "INVALID_FIELD", "amount"},
		{"no amount", text(change("amount", nil)), 400, "INVALID_FIELD", "amount"},
		{"another amount than the order's", text(merge(change("amount", amount-1), "payments", []any{map[string]any{"method": "card", "amount": amount - 1}})), 409, "AMOUNT_MISMATCH", "amount"},
		{"another tax-free part than the order's", text(change("tax_free", 1)), 409, "AMOUNT_MISMATCH", "tax_free"},
		{"another name than the order's", text(change("order_name", "다른 상품")), 409, "AMOUNT_MISMATCH", "order_name"},
		{"a sum that differs", text(change("payments", []any{map[string]any{"method": "card", "amount": amount - 1}})), 422, "SUM_MISMATCH", "payments"},
		{"no payments", text(change("payments", nil)), 400, "MISSING_FIELD", "payments"},
		{"an unknown method", text(change("payments", []any{map[string]any{"method": "crad", "amount": amount}})), 422, "UNKNOWN_METHOD", "payments.0.method"},
		{"two primaries", text(change("payments", []any{map[string]any{"method": "card", "amount": 1000}, map[string]any{"method": "trans", "amount": amount - 1000}})), 422, "TWO_PRIMARIES", "payments.1.method"},
		{"a foreign return_url", text(change("return_url", "https://evil.example/result")), 422, "RETURN_URL_NOT_ALLOWED", "return_url"},
		{"a return_url that only looks right", text(change("return_url", publicURL+"@evil.example/")), 422, "RETURN_URL_NOT_ALLOWED", "return_url"},
		{"a return_url with a backslash", text(change("return_url", publicURL+`\@evil.example/`)), 422, "RETURN_URL_NOT_ALLOWED", "return_url"},
		{"a javascript return_url", text(change("return_url", "javascript:alert(1)")), 422, "RETURN_URL_NOT_ALLOWED", "return_url"},
		{"no return_url", text(change("return_url", nil)), 400, "MISSING_FIELD", "return_url"},
		{"an unknown device", text(change("device", "fridge")), 400, "INVALID_FIELD", "device"},
		{"an unknown purpose", text(change("purpose", "gift")), 400, "INVALID_FIELD", "purpose"},
		{"dollars", text(change("currency", "USD")), 400, "INVALID_FIELD", "currency"},
		{"an order id that is a path", text(change("order_id", "../admin")), 400, "INVALID_FIELD", "order_id"},
		{"an order that does not exist", text(change("order_id", "NOSUCHORDER")), 404, "ORDER_NOT_FOUND", "order_id"},
		{"a control character", text(change("buyer", map[string]any{"name": "a\u0000b"})), 400, "INVALID_FIELD", "buyer.name"},
		{"too large", text(change("order_name", strings.Repeat("x", 70_000))), 413, "BODY_TOO_LARGE", ""},
		{"nested too deep", strings.Repeat("[", 100), 400, "INVALID_FIELD", ""},
	}
	t.Cleanup(func() {
		if l := h.sandbox.Ledger(); l.Captured != 0 {
			t.Errorf("%d won were captured", l.Captured)
		}
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := h.post(pathCheckout, "application/json", tt.body)
			field, _ := a.json["field"].(string)
			if a.status != tt.status || a.code() != tt.code || field != tt.field {
				t.Fatalf("got %d %s at %q, want %d %s at %q: %s", a.status, a.code(), field, tt.status, tt.code, tt.field, a.body)
			}
			for _, member := range []string{"type", "title", "detail", "detail_ko", "detail_en", "trace_id", "fix"} {
				if a.json[member] == nil || a.json[member] == "" {
					t.Errorf("the problem has no %s: %s", member, a.body)
				}
			}
			if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
				t.Errorf("content type %q", ct)
			}
			if a.header.Get("X-PG-Gateway-Reason") != tt.code {
				t.Error("the answer does not say in a header that it is ours")
			}
		})
	}
}

func merge(m map[string]any, key string, v any) map[string]any {
	m[key] = v
	return m
}

func TestCheckoutRefusesOtherContentTypes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, ct := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
		if a := h.post(pathCheckout, ct, `{}`); a.status != 415 || a.code() != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%q: got %d %s", ct, a.status, a.code())
		}
	}
}

func TestADeadOrderServiceIsSaidHonestly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("card")
	if err := h.sandbox.Inject(sandbox.Fault{PG: "shop", Operation: "lookup", Kind: "status", Status: 500, Times: 1}); err != nil {
		t.Fatal(err)
	}
	a := h.postCheckout(body)
	if a.status != http.StatusServiceUnavailable || a.code() != "ORDER_SERVICE_UNAVAILABLE" || a.header.Get("Retry-After") == "" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
}

func TestADeadPGFallsBackAndThenIsSaidHonestly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	fail := func(pg string) {
		if err := h.sandbox.Inject(sandbox.Fault{PG: pg, Operation: "prepare", Kind: "drop_before_commit", Times: 1}); err != nil {
			t.Fatal(err)
		}
	}
	fail("portone_v2")
	a := h.postCheckout(h.checkout("kakaopay"))
	if a.status != http.StatusOK || a.json["pg"] != "inicis" {
		t.Fatalf("got %d %s, want the fallback's window", a.status, a.body)
	}
	h2 := newHouse(t, kakaopayOnlyByPortOne)
	if err := h2.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: "prepare", Kind: "drop_before_commit", Times: 1}); err != nil {
		t.Fatal(err)
	}
	a = h2.postCheckout(h2.checkout("kakaopay"))
	if a.status != http.StatusServiceUnavailable || a.code() != "PG_UNAVAILABLE" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if strings.Contains(string(a.body), "127.0.0.1") {
		t.Error("the answer shows inner addresses")
	}
}

func TestAJournalThatIsGoneStopsCheckout(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("kakaopay")
	ret := h.inicisReturn("pay")
	if err := h.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if a := h.postCheckout(body); a.status != http.StatusServiceUnavailable || a.code() != "JOURNAL_UNAVAILABLE" {
		t.Fatalf("checkout: got %d %s", a.status, a.body)
	}
	a := h.postReturn(ret)
	if a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "code=JOURNAL_UNAVAILABLE") {
		t.Errorf("return: got %d %s", a.status, a.header.Get("Location"))
	}
	if l := h.sandbox.Ledger(); l.Captured != 0 {
		t.Errorf("%d won were captured without a journal", l.Captured)
	}
	if a := h.readyz(); a.status != http.StatusOK || a.json["status"] != checkWarn || !strings.Contains(string(a.body), "checkouts are refused") {
		t.Errorf("readyz says %d %s", a.status, a.body)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for origin, want := range map[string]string{publicURL: publicURL, "https://evil.example": "", "null": ""} {
		req := httptest.NewRequest(http.MethodOptions, pathCheckout, nil)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		a := h.send(h.app, req)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.status != http.StatusNoContent {
			t.Errorf("%s: %d, allowed %q, want %q", origin, a.status, got, want)
		}
	}
}

// TestThePaidOrderIsNotSoldTwice: the order's own state and the journal's both keep a second window away.
func TestThePaidOrderIsNotSoldTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("card")
	a := payment.Attempt{
		ID: "A1", OrderID: payment.OrderID(body["order_id"].(string)), PG: "inicis", Driver: inicis.Name, Merchant: "1001",
		MID: "INIpayTest", Method: "card", Amount: payment.Won(body["amount"].(float64)), Currency: "KRW", State: payment.StateOpened,
	}
	if err := h.journal.Claim(t.Context(), a, journal.Claim{To: payment.StateClaimed, ProofHash: "x", Event: journal.Event{Kind: "test"}}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		from, to payment.State
		code     string
	}{
		{"", payment.StateClaimed, "ORDER_IN_PROGRESS"},
		{payment.StateClaimed, payment.StateApproving, "ORDER_IN_PROGRESS"},
		{payment.StateApproving, payment.StateUnknown, "PAYMENT_UNKNOWN"},
		{payment.StateUnknown, payment.StateApproved, "ORDER_ALREADY_PAID"},
	} {
		if step.from != "" {
			if _, err := h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{step.from}, To: step.to, Event: journal.Event{Kind: "test"}}); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.postCheckout(body); got.code() != step.code {
			t.Errorf("%s: got %d %s, want %s", step.to, got.status, got.code(), step.code)
		}
	}
}

// TestThePGsNeedsAreNamed: what a PG cannot do without is named by field, before a window opens.
func TestThePGsNeedsAreNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for method, field := range map[string]string{"card": "buyer.tel", "tosspay": "buyer.tel", "kakaopay": "buyer.tel"} {
		body := h.checkout(method)
		body["buyer"] = map[string]any{"name": "홍길동", "email": "gildong@example.com"}
		if a := h.postCheckout(body); a.status != http.StatusBadRequest || a.json["field"] != field {
			t.Errorf("%s without a phone number: got %d %s", method, a.status, a.body)
		}
	}
}

// TestAnExpressionThatFailsIsCounted and its rule passed over: a typo in a rule never stops a checkout.
func TestAnExpressionThatFailsIsCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) {
		when := fixture.When{Expression: "amount % (hour - hour) == 0"}
		c.RouteFirst(fixture.Rule{Name: "bursts", When: when, Choose: fixture.Choose{Priority: []string{"portone1"}}})
	})
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusOK || a.json["pg"] != "inicis" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(string(a.body), `pg_gateway_rule_expression_errors_total{rule="bursts"} 1`) {
		t.Error("the failed expression was not counted")
	}
}

func TestOnlyWonAreCharged(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"order_id":"O-1","amount":60000,"tax_free":0,"currency":"USD","order_name":"x","status":"waiting"}`))
	}))
	defer shop.Close()
	body := newHouse(t, nil).checkout("card")
	body["order_id"], body["amount"], body["payments"] = "O-1", 60000, []any{map[string]any{"method": "card", "amount": 60000}}
	h := newHouse(t, shopAt(shop.URL))
	if a := h.postCheckout(body); a.status != http.StatusBadRequest || a.json["field"] != "currency" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestWindowsOfOneOrderAreBounded: each is a registration at the PG and a row that is looked at for a day.
func TestWindowsOfOneOrderAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("tosspay")
	for i := range windowBurst + 1 {
		a := h.postCheckout(body)
		if i < windowBurst && a.status != http.StatusOK {
			t.Fatalf("window %d got %d %s", i, a.status, a.body)
		}
		if i == windowBurst && (a.status != http.StatusTooManyRequests || a.code() != "TOO_MANY_ATTEMPTS" || a.header.Get("Retry-After") == "") {
			t.Errorf("window %d got %d %s", i, a.status, a.body)
		}
	}
}

// However many checkouts of one order come at once, no more than maxOpened get a window at one PG.
func TestWindowsOfOneOrderAreBoundedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, behindProxies)
	body := h.checkout("tosspay")
	answers := make([]answer, 200)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = h.postFrom(fmt.Sprintf("203.0.113.%d", i%40), body) })
	}
	wg.Wait()
	opened := 0
	for _, a := range answers {
		switch {
		case a.status == http.StatusOK && a.json["pg"] == "portone1":
			opened++
		case a.status == http.StatusOK && a.json["pg"] == "inicis":
			// The order's other PG; its windows leave no rows.
		case a.status != http.StatusTooManyRequests || a.code() != "TOO_MANY_ATTEMPTS":
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	if opened != maxOpened {
		t.Errorf("%d of %d checkouts got a window at one PG, want %d", opened, len(answers), maxOpened)
	}
	elsewhere := h.checkout("kakaopay")
	elsewhere["order_id"], elsewhere["amount"] = body["order_id"], body["amount"]
	if a := h.postCheckout(elsewhere); a.status != http.StatusOK {
		t.Errorf("at another PG: got %d %s", a.status, a.body)
	}
}
