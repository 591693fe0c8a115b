package sandbox

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// TestV1KeepsNothingOfACard sends a card by every way there is and looks for it in all that the sandbox remembers.
func TestV1KeepsNothingOfACard(t *testing.T) {
	t.Parallel()
	s := New(Defaults())
	h := s.PortOneV1()
	post := func(path string, body map[string]any) string {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(mustJSON(body))))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", s.v1.token)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		return rec.Body.String()
	}
	post("/users/getToken", map[string]any{"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"})
	card := map[string]any{
		"card_number": "4287-9012-3456-0294", "expiry": "2099-12", "birth": "8812319876", "pwd_2digit": "73", "cvc": "9173",
		"merchant_uid": "OT-1", "amount": 1000, "name": "연필", "customer_uid": "cust-1",
	}
	card["schedules"] = []map[string]any{{"merchant_uid": "S-1", "schedule_at": 4_000_000_000, "amount": 1000}}
	var answers []string
	for _, path := range []string{"/subscribe/payments/onetime", "/subscribe/customers/cust-2", "/subscribe/payments/schedule"} {
		card["customer_uid"] = "cust" + strings.ReplaceAll(path, "/", "-")
		answer := post(path, card)
		if !strings.Contains(answer, `"code":0`) {
			t.Fatalf("%s: %s", path, answer)
		}
		answers = append(answers, answer)
	}
	var texts []string
	collect(reflect.ValueOf(s), map[uintptr]bool{}, &texts)
	if len(texts) < 100 {
		t.Fatalf("only %d texts were found, so the looking is broken", len(texts))
	}
	for _, text := range append(texts, answers...) {
		for _, secret := range []string{"4287-9012", "9012-3456", "90123456", "34560294", "2099-12", "8812319876", "9173"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q remembers %s", text, secret)
			}
		}
	}
}

// collect gathers all texts that hang from a value.
func collect(v reflect.Value, seen map[uintptr]bool, into *[]string) {
	switch v.Kind() { //nolint:exhaustive // the other kinds hold no text
	case reflect.String:
		*into = append(*into, v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || (v.Kind() == reflect.Pointer && seen[v.Pointer()]) {
			return
		}
		if v.Kind() == reflect.Pointer {
			seen[v.Pointer()] = true
		}
		collect(v.Elem(), seen, into)
	case reflect.Struct:
		for _, field := range v.Fields() {
			collect(field, seen, into)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			collect(it.Key(), seen, into)
			collect(it.Value(), seen, into)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if v.Kind() == reflect.Slice {
				*into = append(*into, string(v.Bytes()))
			}
			return
		}
		for i := range v.Len() {
			collect(v.Index(i), seen, into)
		}
	default:
	}
}
