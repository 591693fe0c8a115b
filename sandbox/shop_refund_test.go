package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// A paid order is given back by the gateway, all of it; the same cancel is asked for again until it is certain that it
// did not happen, and the event books it.
func TestShopRefunds(t *testing.T) {
	t.Parallel()
	var asked []string
	status, answer := http.StatusConflict, `{"code":"CANCEL_UNKNOWN","detail_ko":"아직 모릅니다","safe_new_key":false}`
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(gateway.Close)
	w := newWorldWith(t, func(c *sandbox.Config) { c.Gateway = sandbox.Gateway{URL: gateway.URL + "/", Token: "its-token"} })
	order, amount := w.order("G001", "11")
	refund := func(of string) string {
		t.Helper()
		status, got := w.json(http.MethodPost, "/shop/api/orders/"+of+"/refund", nil, nil)
		return fmt.Sprint(status, " ", got["code"], " ", got["message"])
	}
	if got := refund(order); got != "409 2001 환불할 수 없는 주문입니다" || w.page(order)["refundable"] != false {
		t.Errorf("an unpaid order: %s", got)
	}
	if got := refund("ORD-none"); !strings.HasPrefix(got, "409 2001") {
		t.Errorf("no order: %s", got)
	}
	w.tell("m1", "payment.confirmed", map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "inicis", "amount": amount, "order_amount": amount})
	if w.page(order)["refundable"] != true {
		t.Errorf("a paid order: %v", w.page(order))
	}
	const ask = `POST /attempts/A-1/cancels "refund-A-1-%d" Bearer its-token {"reason":"buyer's wish"}`
	for i, tt := range []struct {
		status int
		answer string
		key    int
		want   string
	}{
		{http.StatusConflict, `{"code":"CANCEL_UNKNOWN","detail_ko":"아직 모릅니다","safe_new_key":false}`, 0, "409 3002 아직 모릅니다"},
		{http.StatusBadGateway, `<html>`, 0, "502 3001 환불 결과를 아직 알 수 없습니다. 잠시 후 다시 눌러 주세요."},
		{http.StatusConflict, `{"code":"CANCEL_REFUSED","detail_ko":"거절","safe_new_key":true}`, 0, "409 3002 거절"},
		{http.StatusOK, `{"state":"done"}`, 1, "200 0000 SUCCESS"},
	} {
		asked, status, answer = nil, tt.status, tt.answer
		if got := refund(order); got != tt.want || len(asked) != 1 || asked[0] != fmt.Sprintf(ask, tt.key) {
			t.Errorf("%d: %s by %q", i, got, asked)
		}
	}
	w.tell("m2", "payment.cancelled", map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "inicis", "cancel_id": "c_1", "amount": amount, "remaining": 0})
	if page := w.page(order); page["status"] != "cancelled" || page["refundable"] != false {
		t.Errorf("given back: %v", page)
	}
	gateway.Close()
	other, amount := w.order("G001", "11")
	w.tell("m3", "payment.confirmed", map[string]any{"order_id": other, "attempt_id": "A-2", "pg": "inicis", "amount": amount, "order_amount": amount})
	if got := refund(other); !strings.HasPrefix(got, "502 3001") {
		t.Errorf("nobody there: %s", got)
	}
}

// A shop without a way to the gateway offers no refund.
func TestShopWithoutAGatewayRefundsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, amount := w.order("G001", "11")
	w.tell("m1", "payment.confirmed", map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "inicis", "amount": amount, "order_amount": amount})
	if status, _ := w.json(http.MethodPost, "/shop/api/orders/"+order+"/refund", nil, nil); status != http.StatusConflict || w.page(order)["refundable"] != false {
		t.Errorf("%d, %v", status, w.page(order))
	}
}
