package sandbox

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// TestV2KeepsNothingOfACard sends a card and a resident number by every way there is, and looks for them in all that the
// sandbox remembers and answers.
func TestV2KeepsNothingOfACard(t *testing.T) {
	t.Parallel()
	s := New(Defaults())
	h := s.PortOneV2()
	who := map[string]any{"name": map[string]any{"full": "홍길동"}, "phoneNumber": "010-4242-4242", "email": "g@example.com"}
	card := map[string]any{"card": map[string]any{"credential": map[string]any{
		"number": "4287901234560294", "expiryYear": "97", "expiryMonth": "12", "birthOrBusinessRegistrationNumber": "8812319876",
		"passwordTwoDigits": "73",
	}}}
	requests := map[string]map[string]any{
		"/payments/A-1/instant": {
			"channelKey": "channel-key-v2-auto", "method": card, "orderName": "연필", "amount": map[string]any{"total": 1000},
			"currency": "KRW", "customer": who,
		},
		"/billing-keys": {"channelKey": "channel-key-v2-billing", "method": card, "customer": who},
		"/cash-receipts": {
			"paymentId": "A-1", "channelKey": "channel-key-v2-auto", "type": "PERSONAL", "orderName": "연필", "currency": "KRW",
			"amount": map[string]any{"total": 1000}, "customer": map[string]any{"identityNumber": "01091739173"},
		},
		"/identity-verifications/I-1/send": {
			"channelKey": "channel-key-v2-identity", "operator": "SKT", "method": "SMS",
			"customer": map[string]any{"name": "홍길동", "phoneNumber": "01042424242", "identityNumber": "8812312", "ipAddress": "203.0.113.7"},
		},
	}
	var texts []string
	for path, body := range requests {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(mustJSON(body))))
		req.Header.Set("Authorization", "PortOne sandbox-v2-secret")
		req.Header.Set("Idempotency-Key", `"once`+strings.ReplaceAll(path, "/", "-")+`-0001"`)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		texts = append(texts, rec.Body.String())
	}
	collect(reflect.ValueOf(s), map[uintptr]bool{}, &texts)
	for _, text := range texts {
		for _, secret := range []string{"428790123456", "901234560294", "8812319876", "01091739173", "8812312"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q remembers %s", text, secret)
			}
		}
	}
}
