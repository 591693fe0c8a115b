package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAnAnswerOfTheOrderServiceThatCannotBeUsedIsNamed: "does not answer" would send people the wrong way.
func TestAnAnswerOfTheOrderServiceThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		status       int
		kind, want   string // code and field
		says         string // in detail_en
	}{
		{"the amount as text", `{"order_id":"O-1","amount":"64900","order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID amount", "is text"},
		{"the amount as a fraction", `{"order_id":"O-1","amount":64900.00,"order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID amount", "without a fraction"},
		{"no amount", `{"order_id":"O-1","order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID amount", "is missing"},
		{"no name", `{"order_id":"O-1","amount":64900}`, 200, "application/json", "ORDER_ANSWER_INVALID order_name", "is missing"},
		{"another order", `{"order_id":"O-2","amount":64900,"order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID order_id", "another order"},
		{"a byte order mark", "\ufeff" + `{"order_id":"O-1","amount":64900,"order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID ", "byte order mark"},
		{"a name twice", `{"order_id":"O-1","amount":64900,"amount":1,"order_name":"x"}`, 200, "application/json", "ORDER_ANSWER_INVALID ", "twice"},
		{"a page", `<html>maintenance</html>`, 200, "text/html", "ORDER_SERVICE_UNAVAILABLE ", "content type"},
		{"a refusal", `{}`, 403, "application/json", "ORDER_SERVICE_UNAVAILABLE ", "403"},
		{"broken JSON", `{"order_id":`, 200, "application/json", "ORDER_SERVICE_UNAVAILABLE ", "not valid JSON"},
		{"a failure", `{}`, 500, "application/json", "ORDER_SERVICE_UNAVAILABLE ", "does not answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.answer))
			}))
			defer shop.Close()
			h := newHouse(t, shopAt(shop.URL))
			a := h.postCheckout(map[string]any{
				"order_id": "O-1", "amount": 64900, "payments": []any{pays("card", 64900)}, "site": "main", "device": "pc", "return_url": publicURL + "/result",
				"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
			})
			en, _ := a.json["detail_en"].(string)
			ko, _ := a.json["detail_ko"].(string)
			if outcomeOf(a.json) != tt.want || !strings.Contains(en, tt.says) || !strings.ContainsFunc(ko, hangul) {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
}

// hangul tells whether a character is a Korean syllable.
func hangul(c rune) bool { return c >= '가' && c <= '힣' }
