package gateway

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// confirmAtAPI confirms a payment at PortOne's own API, with more fields.
func (h *hookHouse) confirmAtAPI(id, token string, more map[string]any) answer {
	h.t.Helper()
	body := map[string]any{"paymentToken": token}
	maps.Copy(body, more)
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", "/portone/v2/payments/"+id+"/confirm", string(text))
}

func (h *hookHouse) confirmed() int { return len(h.sandbox.Executions("portone_v2", "confirm", "")) }

// TestAConfirmOfOursIsConcluded: the order service's confirm is the gateway's own: the shop is asked, it is sent once, and
// answered as PortOne does, however often it comes.
func TestAConfirmOfOursIsConcluded(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	o := h.window("v2")
	h.click(o, "pay")
	id, amount := string(o.attempt), int64(h.state(o.attempt).Amount)
	for name, more := range map[string]map[string]any{
		"another amount": {"totalAmount": amount + 1}, "real money": {"isTest": false}, "a tax-free part": {"taxFreeAmount": 1},
	} {
		if a := h.confirmAtAPI(id, o.token, more); code(a) != string(payment.CodeAmountMismatch) || h.confirmed() != 0 {
			t.Errorf("%s: %d %s, sent %d", name, a.status, a.body, h.confirmed())
		}
	}
	for range 2 {
		a := h.confirmAtAPI(id, o.token, map[string]any{"totalAmount": amount, "currency": "KRW", "isTest": true})
		if a.status != 200 || a.json["pgTxId"] == nil || a.json["paidAt"] == nil || h.confirmed() != 1 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.confirmed())
		}
	}
	if st := h.state(o.attempt); st.State != payment.StateApproved || len(h.sandbox.Executions("shop", "confirm", "")) != 1 {
		t.Errorf("it is %s (%s)", st.State, st.Reason)
	}
	if strings.Contains(h.log.String(), o.token) {
		t.Error("the token is in the log")
	}
}

// TestADeclinedConfirmOfOurs is told, and not tried again.
func TestADeclinedConfirmOfOurs(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	o := h.window("v2")
	h.click(o, "pay")
	if err := h.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: "confirm", Kind: sandbox.FaultDecline, Reason: "limit"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := h.confirmAtAPI(string(o.attempt), o.token, nil); code(a) != string(payment.CodeChargeDeclined) || h.confirmed() != 1 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.confirmed())
		}
	}
}

// TestAConfirmOfOthersSaysWhat: a payment that the gateway opened no window for is confirmed with all that PortOne can
// verify, in the configuration's mode.
func TestAConfirmOfOthersSaysWhat(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	rsp := h.sdk("v2", "open", map[string]any{"device": "pc", "params": map[string]any{
		"storeId": "store-sandbox", "channelKey": "channel-key-v2-inicis", "paymentId": "OLD-1", "orderName": "의자",
		"totalAmount": 5000, "currency": "KRW", "payMethod": "CARD", "redirectUrl": h.base + "/result",
		"customer": map[string]any{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
	}})
	o := &opened{version: "v2", key: rsp["key"].(string)}
	h.click(o, "pay")
	whole := map[string]any{"totalAmount": 5000, "currency": "KRW", "isTest": true}
	for _, left := range []string{"totalAmount", "currency", "isTest"} {
		more := maps.Clone(whole)
		delete(more, left)
		if a := h.confirmAtAPI("OLD-1", o.token, more); code(a) != string(payment.CodeInvalidField) {
			t.Errorf("without %s: %d %s", left, a.status, a.body)
		}
	}
	for name, more := range map[string]map[string]any{
		"real money": {"totalAmount": 5000, "currency": "KRW", "isTest": false}, "dollars": {"totalAmount": 5000, "currency": "USD", "isTest": true},
	} {
		if a := h.confirmAtAPI("OLD-1", o.token, more); code(a) != string(payment.CodeInvalidField) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	made := string(h.g.sealer.newAttemptID(h.g.view().environment, h.g.now()))
	if a := h.confirmAtAPI(made, o.token, whole); code(a) != string(payment.CodeAttemptNotFound) || h.confirmed() != 0 {
		t.Errorf("one that the journal has no more: %d %s, sent %d", a.status, a.body, h.confirmed())
	}
	if a := h.confirmAtAPI("OLD-1", o.token, whole); a.status != 200 || a.json["pgTxId"] == nil || h.confirmed() != 1 {
		t.Errorf("answered %d %s, sent %d", a.status, a.body, h.confirmed())
	}
}
