package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestAShopThatIsNotAsked: order_service.confirm: none approves without a question.
func TestAShopThatIsNotAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(shop.Close)
	for _, tt := range []struct {
		name   string
		edit   fixture.Edit
		yes    bool
		asked  int
		metric string
	}{
		{"asked", nil, false, 1, "silent"},
		{"not asked", func(c *fixture.Config) { c.OrderService.Confirm = fixture.Call{} }, true, 0, "not_asked"},
	} {
		asked = 0
		h := newHouse(t, tt.edit, shopAt(shop.URL))
		ans := h.g.Confirm(t.Context(), payment.Attempt{ID: "A1", OrderID: "O1", PG: "inicis", Method: "card", Amount: 1000, OrderAmount: 1000})
		if ans.Yes != tt.yes || asked != tt.asked {
			t.Errorf("%s: yes %v after %d questions, want %v after %d", tt.name, ans.Yes, asked, tt.yes, tt.asked)
		}
		want := `# HELP pg_gateway_confirmations_total Confirm gates: what the order service said about charging an order.
# TYPE pg_gateway_confirmations_total counter
` + counts(tt.metric)
		if err := testutil.GatherAndCompare(h.g.registry, strings.NewReader(want), "pg_gateway_confirmations_total"); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// counts are the series of the confirm gate when one answer came once.
func counts(once string) string {
	var b strings.Builder
	for _, answer := range []string{"no", "not_asked", "silent", "yes"} {
		n := "0"
		if answer == once {
			n = "1"
		}
		b.WriteString(`pg_gateway_confirmations_total{answer="` + answer + `"} ` + n + "\n")
	}
	return b.String()
}

// TestTheShopsOwnWordsForMethods: what the shop's requests call a method is read like its code.
func TestTheShopsOwnWordsForMethods(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) { c.Method("card").Words = []string{"CREDIT_CARD", "신용카드"} })
	for _, word := range []string{"CREDIT_CARD", "신용카드", "card", "11"} {
		if a := h.postCheckout(h.checkout(word)); a.status != http.StatusOK || a.json["method"] != "card" {
			t.Errorf("/checkout with %q: %d %s", word, a.status, a.body)
		}
		a := h.post("/api/orders", "application/json", h.orderBody(`{"payWayCd":"`+word+`"}`))
		payload, _ := a.json["payload"].(map[string]any)
		if payload["code"] == "UNKNOWN_METHOD" {
			t.Errorf("an intercepted order with %q: %d %s", word, a.status, a.body)
		}
	}
	a := h.post("/api/orders", "application/json", h.orderBody(`{"payWayCd":"CASH"}`))
	if payload, _ := a.json["payload"].(map[string]any); payload["code"] != "UNKNOWN_METHOD" {
		t.Errorf("a word that nobody gave, intercepted: %d %s", a.status, a.body)
	}
	if a := h.postCheckout(h.checkout("CASH")); a.code() != "UNKNOWN_METHOD" {
		t.Errorf("a word that nobody gave: %d %s", a.status, a.body)
	}
}
