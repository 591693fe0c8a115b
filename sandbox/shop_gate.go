package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eventTolerance is how far an event's timestamp may lie from the shop's clock.
const eventTolerance = 5 * time.Minute

// shopLookUp tells the gateway the truth about an order.
func (s *Sandbox) shopLookUp(c *call) answer {
	c.ref = c.r.PathValue("id")
	o, ok := s.shop.orders.get(c.ref)
	if !ok {
		return jsonAnswer(http.StatusNotFound, map[string]string{"error": "no such order"})
	}
	out := map[string]any{
		"order_id": o.ID, "amount": o.Amount, "tax_free": o.TaxFree, "currency": o.Currency, "order_name": o.Name,
		"status": o.Status, "pg_amount": o.pgAmount(),
	}
	if o.VAT != nil {
		out["vat_amount"] = *o.VAT
	}
	return jsonAnswer(http.StatusOK, out)
}

// shopConfirmGate plays the shop's mode around the operation: a slow shop answers too late, a shop that is down
// does not answer at all.
func (s *Sandbox) shopConfirmGate(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	mode, slow := s.shop.mode, s.shop.slow
	s.mu.Unlock()
	op := operation{s: s, pg: pgShop, name: "confirm", do: s.shopConfirm}
	switch mode {
	case ShopSlow:
		s.wait(slow)
	case ShopYes, ShopNo:
	case ShopDown:
		op.do = func(*call) answer {
			return answer{status: http.StatusServiceUnavailable, contentType: "text/plain; charset=utf-8", body: []byte("down")}
		}
	}
	op.ServeHTTP(w, r)
}

type confirmRequest struct {
	OrderID   string `json:"order_id"`
	AttemptID string `json:"attempt_id"`
	PG        string `json:"pg"`
	Method    string `json:"method"`
	Amount    Won    `json:"amount"`
	// Payments is the split that the gateway decided by.
	Payments []partPaid `json:"payments"`
}

type partPaid struct {
	Method string `json:"method"`
	Amount Won    `json:"amount"`
}

// mileage is the part of a split that the shop settles itself.
func (q confirmRequest) mileage() (sum Won) {
	for _, p := range q.Payments {
		if slices.Contains(internalMeans(), p.Method) {
			sum += p.Amount
		}
	}
	return sum
}

// shopConfirm is the shop's own yes or no before an order is charged. Asking again gives the same answer.
func (s *Sandbox) shopConfirm(c *call) answer {
	c.ref = c.r.PathValue("id")
	var req confirmRequest
	if err := json.Unmarshal(c.body, &req); err != nil || req.OrderID != c.ref || req.AttemptID == "" {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "malformed request"})
	}
	o, ok := s.shop.orders.get(c.ref)
	if !ok {
		return jsonAnswer(http.StatusNotFound, map[string]string{"error": "no such order"})
	}
	if slices.Contains(o.Confirmed, req.AttemptID) {
		return jsonAnswer(http.StatusOK, map[string]bool{"confirm": true})
	}
	ko, en, code := "", "", ""
	switch {
	case s.shop.mode == ShopNo:
		ko, en = "주문을 받을 수 없습니다", "The shop takes no orders now"
	case o.SoldOut:
		ko, en, code = "방금 품절되었습니다", "Just sold out", "OUT_OF_STOCK"
	case o.Status != "waiting":
		ko, en = "결제를 기다리는 주문이 아닙니다", "The order is not waiting for payment"
	case req.Amount != o.pgAmount() || (req.Amount == 0) != o.free() ||
		len(req.Payments) > 0 && req.mileage() != o.Mileage:
		ko, en, code = "결제 금액이 주문 금액과 다릅니다", "The amount differs from the order's", "PRICE_CHANGED"
	}
	if ko == "" && !s.shop.spend(o) {
		ko, en = "마일리지가 모자랍니다", "Not enough mileage"
	}
	if ko != "" {
		return jsonAnswer(http.StatusOK, map[string]any{"confirm": false, "reason_ko": ko, "reason_en": en, "code": code})
	}
	o.Confirmed = append(o.Confirmed, req.AttemptID)
	return jsonAnswer(http.StatusOK, map[string]bool{"confirm": true})
}

// shopEvent takes a signed event, once per webhook-id.
func (s *Sandbox) shopEvent(c *call) answer {
	if !verifyEvent(s.cfg.EventsSecret, c.r.Header, c.body, c.now) {
		return jsonAnswer(http.StatusUnauthorized, map[string]string{"error": "the signature is not valid"})
	}
	var ev paymentEvent
	if err := json.Unmarshal(c.body, &ev); err != nil {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "malformed event"})
	}
	c.ref = ev.Data.OrderID
	if ev.Example {
		return jsonAnswer(http.StatusOK, map[string]bool{"ok": true, "example": true})
	}
	id := c.r.Header.Get("webhook-id")
	if _, seen := s.shop.seen.get(id); seen {
		return jsonAnswer(http.StatusOK, map[string]any{"ok": true, "duplicate": true})
	}
	o, ok := s.shop.orders.get(ev.Data.OrderID)
	switch {
	case !ok && ev.Data.OrderID == ev.Data.AttemptID && ev.Data.Amount == 0:
		// Of a billing key that the shop asked for by the PG's API, without an order: it was issued, or it was not.
		return jsonAnswer(http.StatusOK, map[string]bool{"ok": true})
	case !ok:
		return jsonAnswer(http.StatusNotFound, map[string]string{"error": "no such order"})
	}
	o.take(ev)
	s.shop.settle(o)
	// Only when it was taken: what was refused is sent again, and must not look like a duplicate then.
	s.shop.seen.put(id, true)
	return jsonAnswer(http.StatusOK, map[string]bool{"ok": true})
}

// verifyEvent checks a Standard Webhooks signature: three headers, each once, a fresh timestamp, and any v1
// signature in the list that matches.
func verifyEvent(secret string, h http.Header, body []byte, now time.Time) bool {
	for _, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"} {
		if len(h.Values(name)) != 1 || h.Get(name) == "" {
			return false
		}
	}
	seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > eventTolerance {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for entry := range strings.FieldsSeq(h.Get("webhook-signature")) {
		text, ok := strings.CutPrefix(entry, "v1,")
		if !ok {
			continue
		}
		if got, err := base64.StdEncoding.DecodeString(text); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
