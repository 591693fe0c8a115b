package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// TestNeighboursDoNotHoldAnAuthenticatedBuyer: one phone of many behind an address uses up its rate, and a buyer behind it
// comes back from his window, or its page calls. What nobody
// sealed is refused all the same, and a sealed return that comes again and again.
func TestNeighboursDoNotHoldAnAuthenticatedBuyer(t *testing.T) {
	t.Parallel()
	const form, client = "application/x-www-form-urlencoded", "203.0.113.7"
	h := newHouse(t, withRates(rates{"client": "3/h"}))
	paid, left := h.inicisReturn("pay"), h.inicisReturn("cancel")
	id, mark := h.openedAtV1()
	h.g.limits.clients = newBuckets() // more windows than one client opens at this rate
	manual, token := h.v2Authenticated()
	// A letter of an id's check is another one.
	bent := id[:31] + string("01"[strings.Count(id[31:], "0")])
	forged := "resultCode=0000&merchantData=" + strings.Repeat("A", 200)
	for range 4 {
		h.from(client, http.MethodPost, pathInicisReturn, form, forged)
	}
	const callback = "application/json"
	if a := h.from(client, http.MethodPost, pathComplete, callback, `{"attempt_id":"`+manual+`","payment_token":"`+token+`"}`); a.json["status"] != "approved" {
		t.Errorf("paid at PortOne: %d %s", a.status, a.body)
	}
	if a := h.from(client, http.MethodPost, pathComplete, callback, `{"attempt_id":"`+id+`","imp_success":false}`); a.status != http.StatusOK {
		t.Errorf("left a window of PortOne: %d %s", a.status, a.body)
	}
	for _, tt := range []struct{ name, method, path, body, status string }{
		{"paid at Inicis", http.MethodPost, pathInicisReturn, paid.Encode(), "status=approved"},
		{"left a window of Inicis", http.MethodPost, pathInicisReturn, left.Encode(), "status=declined"},
		{"back from PortOne, without the mark", http.MethodGet, pathPortOneReturn + "?attempt_id=" + id, "", "attempt_id=" + id},
		{"back from PortOne", http.MethodGet, pathPortOneReturn + "?attempt_id=" + id + "&" + journalParam + "=" + mark, "", "attempt_id=" + id},
	} {
		if a := h.from(client, tt.method, tt.path, form, tt.body); a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), tt.status) {
			t.Errorf("%s: %d %s %s", tt.name, a.status, a.header.Get("Location"), a.body)
		}
	}
	for _, tt := range []struct{ name, method, path, body string }{
		{"a token of nobody", http.MethodPost, pathInicisReturn, forged},
		{"no form at all", http.MethodPost, pathInicisKey, "%zz"},
		{"a mark of another attempt", http.MethodGet, pathPortOneReturn + "?attempt_id=x" + id[1:] + "&" + journalParam + "=" + mark, ""},
		{"an id of nobody's", http.MethodGet, pathPortOneReturn + "?attempt_id=" + bent, ""},
		{"a callback of nobody's", http.MethodPost, pathComplete, `{"attempt_id":"` + bent + `"}`},
		{"a callback of no attempt", http.MethodPost, pathComplete, `{}`},
		{"no callback at all", http.MethodPost, pathComplete, "%zz"},
		{"a checkout", http.MethodPost, pathCheckout, "{}"},
	} {
		kind := form
		if tt.path == pathComplete {
			kind = callback
		}
		if a := h.from(client, tt.method, tt.path, kind, tt.body); !a.tooOften() {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
	}
	refused := false
	for range 6 {
		refused = refused || h.from(client, http.MethodPost, pathInicisReturn, form, left.Encode()).tooOften()
	}
	if !refused {
		t.Error("one sealed return was taken as often as it came")
	}
	refused = false
	for range 6 {
		refused = refused || h.from(client, http.MethodPost, pathComplete, callback, `{"attempt_id":"`+manual+`"}`).tooOften()
	}
	if !refused {
		t.Error("one attempt's callback was taken as often as it came")
	}
}
