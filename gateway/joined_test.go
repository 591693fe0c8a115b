package gateway

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// logLines keeps what is logged, for tests to read.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was logged since lines was last called.
func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines are the log's, decoded, and it begins anew.
func (h *house) lines() []map[string]any {
	h.t.Helper()
	h.log.mu.Lock()
	text := h.log.text.String()
	h.log.text.Reset()
	h.log.mu.Unlock()
	var list []map[string]any
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			h.t.Fatalf("%s: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

// lineOf finds the line with a message.
func lineOf(lines []map[string]any, msg string) map[string]any {
	for _, l := range lines {
		if l["msg"] == msg {
			return l
		}
	}
	return nil
}

func mustJoin(t *testing.T, what string, lines []map[string]any, order string) {
	t.Helper()
	request := lineOf(lines, "request")
	if request == nil || request["order_id"] != order || request["attempt_id"] == nil {
		t.Errorf("%s: the request's line is %v", what, request)
		return
	}
	for _, l := range lines {
		if l["request_id"] != request["request_id"] || l["order_id"] != order || l["attempt_id"] != request["attempt_id"] {
			t.Errorf("%s: a line that cannot be joined: %v", what, l)
		}
	}
}

// TestEveryLineOfAPaymentCanBeJoined by request, attempt and order, whatever became of it.
func TestEveryLineOfAPaymentCanBeJoined(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		button, msg string
		shop        sandbox.ShopMode
	}{
		{"pay", "attempt", ""},
		{"pay", "the order service refused", sandbox.ShopNo},
		{"pay", "the order service did not confirm", sandbox.ShopDown},
		{"cancel", "the buyer left the window without paying", ""},
		{"fail", "the PG said no", ""},
	} {
		t.Run(c.button+" "+c.msg, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			checkout := h.checkout("card")
			order, _ := checkout["order_id"].(string)
			form := h.press(h.formOf(checkout), c.button)
			opened := h.lines()
			if l := lineOf(opened, "request"); l == nil || l["order_id"] != order || l["attempt_id"] == nil {
				t.Errorf("the checkout's line is %v", l)
			}
			if c.shop != "" {
				if err := h.sandbox.SetShop(c.shop); err != nil {
					t.Fatal(err)
				}
			}
			h.postReturn(form)
			lines := h.lines()
			mustJoin(t, c.button, lines, order)
			if lineOf(lines, c.msg) == nil {
				t.Errorf("no line %q in %v", c.msg, lines)
			}
		})
	}
}

// TestARefusalSaysItsCodeAndOrder in the one line of its request.
func TestARefusalSaysItsCodeAndOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	checkout := h.checkout("card")
	checkout["amount"] = 1
	checkout["payments"] = []any{map[string]any{"method": "card", "amount": 1}}
	h.lines()
	a := h.postCheckout(checkout)
	l := lineOf(h.lines(), "request")
	if a.status != http.StatusConflict || l["code"] != a.code() || l["order_id"] != checkout["order_id"] {
		t.Errorf("%d %s is logged as %v", a.status, a.code(), l)
	}
}

// TestADeclineSaysThePGsWords, and nobody's number.
func TestADeclineSaysThePGsWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	checkout := h.checkout("card")
	form := h.press(h.formOf(checkout), "fail")
	h.lines()
	h.postReturn(form)
	l := lineOf(h.lines(), "the PG said no")
	code, _ := l["pg_code"].(string)
	if l == nil || code == "" || strings.HasPrefix(code, "(") || l["pg_text"] == "" || l["order_id"] != checkout["order_id"] {
		t.Errorf("got %v", l)
	}
}

// TestABuyerWhoLeavesTheWindowLeavesAnEvent, and one only.
func TestABuyerWhoLeavesTheWindowLeavesAnEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a := h.postCheckout(h.checkout("kakaopay"))
	id, _ := a.json["attempt_id"].(string)
	for range 3 {
		h.post(pathComplete, "application/json", `{"attempt_id":"`+id+`","code":"FAILURE_TYPE_PG","message":"홍길동 010-1234-5678"}`)
	}
	events, err := h.journal.Events(t.Context(), payment.AttemptID(id))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == journal.EventWindowLeft {
			n++
			if e.Code != "FAILURE_TYPE_PG" {
				t.Errorf("the event is %+v", e)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d events", n)
	}
}

// nameTheOrder wants the order on every line that names an attempt, a cancel or a message.
func nameTheOrder(t *testing.T, lines []map[string]any, order string, messages ...string) {
	t.Helper()
	for _, l := range lines {
		if (l["attempt_id"] != nil || l["cancel_id"] != nil || l["message_id"] != nil) && l["order_id"] != order {
			t.Errorf("a line that does not name the order: %v", l)
		}
	}
	for _, msg := range messages {
		if l := lineOf(lines, msg); l == nil || l["order_id"] != order {
			t.Errorf("the line %q is %v", msg, l)
		}
	}
}

// TestWhatAPGSaysCanBeJoined: the lines of its words, questions and notices name the order, too.
func TestWhatAPGSaysCanBeJoined(t *testing.T) {
	t.Parallel()
	t.Run("a webhook", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		id, mark := h.openedAtV1()
		a, _, err := h.journal.Attempt(t.Context(), payment.AttemptID(id))
		if err != nil {
			t.Fatal(err)
		}
		h.lines()
		h.fromPortOne(pathHooksV1+"portone1?j="+mark, `{"imp_uid":"imp_1","merchant_uid":"`+id+`","status":"paid"}`)
		mustJoin(t, "a webhook", h.lines(), string(a.OrderID))
	})
	t.Run("a deposit's notice", func(t *testing.T) {
		t.Parallel()
		h := newBankHouse(t, "inicis", inicisFrom("0.0.0.0"))
		a := h.state(h.issue("inicis"))
		h.sandbox.WaitNotices()
		h.lines()
		form := url.Values{
			"no_tid": {"ININPGVBNKINIpayTest20261201100000000001"}, "no_oid": {string(a.ID)}, "id_merchant": {a.MID},
			"amt_input": {a.Amount.String()}, "no_vacct": {"56211105948400"}, "type_msg": {"0200"}, "no_req_tid": {a.PGTxID},
		}
		req := httptest.NewRequest(http.MethodPost, pathHooksInicis+"inicis"+hookDeposit, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		h.send(h.app, req)
		nameTheOrder(t, h.lines(), string(a.OrderID), "request", "a deposit's notice is not confirmed by the PG's inquiry yet")
	})
}

// TestWhatGoesOnBesideRequestsCanBeJoined by order: here the outbox; TestWhatASweepLogsCanBeJoined holds the sweeps.
func TestWhatGoesOnBesideRequestsCanBeJoined(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	checkout := h.checkout("card")
	h.postReturn(h.press(h.formOf(checkout), "pay"))
	ctx, order := t.Context(), checkout["order_id"].(string)
	h.lines()
	h.moveShop("http://127.0.0.1:1")
	h.g.worker.DeliverDue(ctx)
	nameTheOrder(t, h.lines(), order, "a message to the shop was not acknowledged")
}
