package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// cancelHouse is a hook house with one paid order.
type cancelHouse struct {
	*hookHouse
	pg      string // the sandbox's word
	attempt payment.AttemptID
	order   string
	amount  int64
}

// paidBy opens a house and pays one order at a PG.
func paidBy(t *testing.T, pg string) *cancelHouse {
	t.Helper()
	h := &cancelHouse{hookHouse: newHookHouse(t, nil), pg: pg}
	if err := h.sandbox.SetNotices(sandbox.NoticeAfter); err != nil {
		t.Fatal(err)
	}
	h.pay()
	return h
}

func (h *cancelHouse) pay() {
	h.t.Helper()
	switch h.pg {
	case "inicis":
		a := h.postReturn(h.inicisReturn("pay"))
		to, err := url.Parse(a.header.Get("Location"))
		if err != nil || to.Query().Get("status") != "approved" {
			h.t.Fatalf("the return answered %d %s", a.status, a.header.Get("Location"))
		}
		h.attempt, h.order = payment.AttemptID(to.Query().Get("attempt_id")), to.Query().Get("order_id")
	default:
		o := h.window(strings.TrimPrefix(h.pg, "portone_"))
		h.click(o, "pay")
		if status := h.complete(o); status != "approved" {
			h.t.Fatalf("the payment is %s", status)
		}
		h.attempt, h.order = o.attempt, o.order
	}
	h.sandbox.WaitNotices()
	h.g.following.Wait()
	h.amount = int64(h.state(h.attempt).Amount)
}

// cancel asks for a cancel; the fields change and add to its body.
func (h *cancelHouse) cancel(key string, fields map[string]any) answer {
	h.t.Helper()
	return h.cancelOn(h.g, key, fields)
}

func (h *cancelHouse) cancelOn(g *Gateway, key string, fields map[string]any) answer {
	h.t.Helper()
	body := map[string]any{"reason": "고객 변심"}
	for k, v := range fields {
		if body[k] = v; v == nil {
			delete(body, k)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/attempts/"+string(h.attempt)+"/cancels", strings.NewReader(string(text)))
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set(headerIdempotencyKey, `"`+key+`"`)
	}
	app := h.sidecar
	if g != h.g {
		app = g.sidecarApp()
	}
	return h.send(app, req)
}

// read asks where the attempt stands.
func (h *cancelHouse) read() map[string]any {
	h.t.Helper()
	a := h.send(h.sidecar, httptest.NewRequest(http.MethodGet, "/attempts/"+string(h.attempt), nil))
	if a.status != http.StatusOK {
		h.t.Fatalf("reading the attempt answered %d %s", a.status, a.body)
	}
	return a.json
}

// left wants so much to stand, in every book.
func (h *cancelHouse) left(want int64) {
	h.t.Helper()
	h.sandbox.WaitNotices()
	h.g.following.Wait()
	h.g.worker.DeliverDue(h.t.Context())
	a := h.sandbox.Audit()
	if !a.OK || int64(a.Confirmed) != want || int64(a.Net) != want {
		h.t.Errorf("%d won should stand: %+v", want, a)
	}
	if got := h.read(); int64(got["remaining"].(float64)) != want || int64(got["cancelled"].(float64)) != h.amount-want {
		h.t.Errorf("the attempt says %v left and %v cancelled, want %d left of %d", got["remaining"], got["cancelled"], want, h.amount)
	}
	if faults, err := h.journal.Check(h.t.Context()); err != nil || len(faults) > 0 {
		h.t.Errorf("faults %v, %v", faults, err)
	}
}

// sent is how many cancels reached the PG.
func (h *cancelHouse) sent() int {
	name := "cancel"
	if h.pg == "inicis" {
		return len(h.sandbox.Executions(h.pg, "refund", ""))
	}
	return len(h.sandbox.Executions(h.pg, name, ""))
}

func (h *cancelHouse) fault(f sandbox.Fault) {
	h.t.Helper()
	f.PG, f.Operation = h.pg, "cancel"
	if err := h.sandbox.Inject(f); err != nil {
		h.t.Fatal(err)
	}
}

func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Errorf("answered %d %s, want %d %s", a.status, a.body, status, code)
	}
}

func eachPG(t *testing.T, test func(t *testing.T, h *cancelHouse)) {
	t.Helper()
	for _, pg := range []string{"inicis", "portone_v1", "portone_v2"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			test(t, paidBy(t, pg))
		})
	}
}

// part asks for a part of the payment.
func part(n int64) map[string]any { return map[string]any{"amount": n} }

func TestAPaidOrderIsCancelledInPartsAndThenWhole(t *testing.T) {
	t.Parallel()
	eachPG(t, func(t *testing.T, h *cancelHouse) {
		a := h.cancel("k1", part(1000))
		a.want(t, http.StatusOK, "")
		if a.json["state"] != "done" || a.json["amount"] != 1000.0 || a.json["cancelled_total"] != 1000.0 || a.json["remaining_after"] != float64(h.amount-1000) {
			t.Errorf("answered %s", a.body)
		}
		h.left(h.amount - 1000)
		h.cancel("k2", map[string]any{"amount": h.amount, "remaining": h.amount - 1000}).want(t, http.StatusUnprocessableEntity, "CANCEL_EXCEEDS_REMAINING")
		h.cancel("k3", map[string]any{"amount": 1, "remaining": h.amount}).want(t, http.StatusUnprocessableEntity, "CANCEL_EXCEEDS_REMAINING")
		h.cancel("k4", part(2000)).want(t, http.StatusOK, "")
		h.left(h.amount - 3000)
		h.cancel("k5", nil).want(t, http.StatusOK, "")
		h.left(0)
		h.cancel("k6", nil).want(t, http.StatusConflict, "NOT_CANCELLABLE")
		if n := h.sent(); n != 3 {
			t.Errorf("%d cancels were sent", n)
		}
		if cancels := h.read()["cancels"].([]any); len(cancels) != 3 {
			t.Errorf("%d cancels are listed", len(cancels))
		}
	})
}

func TestACancelIsRepeatedByItsKey(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v1")
	first := h.cancel("k1", part(1000))
	first.want(t, http.StatusOK, "")
	again := h.cancel("k1", part(1000))
	if again.want(t, http.StatusOK, ""); again.header.Get(headerReplayed) != "true" || string(again.body) != string(first.body) {
		t.Errorf("replayed %v %s", again.header, again.body)
	}
	h.cancel("k1", part(2000)).want(t, http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED")
	h.cancel("", part(1000)).want(t, http.StatusBadRequest, "IDEMPOTENCY_KEY_INVALID")
	// The row of the key is gone, as if a crash had come before it was written.
	if _, err := h.journal.KeyPrune(t.Context(), time.Now().Add(time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	lost := h.cancel("k1", part(1000))
	if lost.want(t, http.StatusOK, ""); string(lost.body) != string(first.body) {
		t.Errorf("without its row the key answers %s", lost.body)
	}
	if _, err := h.journal.KeyPrune(t.Context(), time.Now().Add(time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	h.cancel("k1", part(2000)).want(t, http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED")
	h.left(h.amount - 1000)
	if n := h.sent(); n != 1 {
		t.Errorf("%d cancels were sent", n)
	}
}

func TestManyCancelsAtOnceNeverPassWhatWasPaid(t *testing.T) {
	t.Parallel()
	eachPG(t, func(t *testing.T, h *cancelHouse) {
		each := h.amount/10 + 1
		var done int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				for range 40 {
					a := h.cancel(fmt.Sprintf("k%d", i), part(each))
					if a.status == http.StatusOK {
						mu.Lock()
						done += each
						mu.Unlock()
						return
					}
					if a.code() != "CANCEL_IN_PROGRESS" {
						if !slices.Contains([]string{"CANCEL_EXCEEDS_REMAINING", "NOT_CANCELLABLE", "IDEMPOTENCY_IN_PROGRESS"}, a.code()) {
							t.Errorf("answered %d %s", a.status, a.body)
						}
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		if done == 0 || done > h.amount {
			t.Errorf("%d of %d won were given back", done, h.amount)
		}
		h.left(h.amount - done)
	})
}

func TestALostCancelIsFoundOutAndNeverSentAgain(t *testing.T) {
	t.Parallel()
	eachPG(t, func(t *testing.T, h *cancelHouse) {
		h.fault(sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
		// The look right after it shows that the money went back.
		h.cancel("k1", part(1000)).want(t, http.StatusOK, "")
		h.left(h.amount - 1000)
		h.fault(sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
		a := h.cancel("k2", part(1000))
		if a.want(t, http.StatusConflict, "CANCEL_UNKNOWN"); a.json["safe_new_key"] != false {
			t.Errorf("answered %s", a.body)
		}
		h.cancel("k3", part(500)).want(t, http.StatusConflict, "CANCEL_IN_PROGRESS")
		h.cancel("k2", part(1000)).want(t, http.StatusConflict, "CANCEL_UNKNOWN")
		h.left(h.amount - 1000)
		if n := h.sent(); n != 2 {
			t.Errorf("%d cancels were sent", n)
		}
	})
}

func TestACancelThatThePGRefusesIsOver(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v2")
	h.fault(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusBadRequest})
	a := h.cancel("k1", part(1000))
	if a.json["safe_new_key"] == nil {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	h.left(h.amount)
}

// TestAShopIsToldWhyACancelWasRefused: by a stable code and what to do, at the gateway's endpoint and at INIAPI's, and
// in the attempt.
func TestAShopIsToldWhyACancelWasRefused(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*cancelHouse) (answer, map[string]any){
		"ours": func(h *cancelHouse) (answer, map[string]any) {
			a := h.cancel("k1", part(1000))
			return a, a.json
		},
		"INIAPI's": func(h *cancelHouse) (answer, map[string]any) {
			a := h.refund("v2", 1000, h.amount-1000)
			problem, _ := a.json["problem"].(map[string]any)
			return a, problem
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, "inicis")
			// Something went back without us, so that what is left is another figure at Inicis (500703).
			if err := h.sandbox.ConsoleCancel(sandbox.ConsoleCancel{Ref: string(h.attempt), Amount: 500}); err != nil {
				t.Fatal(err)
			}
			a, told := ask(h)
			if ko, en, _ := payment.CancelText(payment.CancelFigures); a.status != http.StatusConflict ||
				told["code"] != "CANCEL_REFUSED" || told["reason"] != payment.CancelFigures || told["detail_ko"] != ko || told["detail_en"] != en {
				t.Errorf("answered %d %s", a.status, a.body)
			}
			listed := h.read()["cancels"].([]any)[0].(map[string]any)
			if listed["state"] != "refused" || listed["code"] != payment.CancelFigures {
				t.Errorf("the attempt says %v", listed)
			}
			// The figures are ours now too.
			h.left(h.amount - 500)
			h.cancel("k2", part(1000)).want(t, http.StatusOK, "")
			h.left(h.amount - 1500)
		})
	}
}

// What is given back in the PG's console is told by its webhook, and counts from then on.
func TestACancelAtThePGsConsoleIsNoticed(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v2")
	h.console(700)
	h.left(h.amount - 700)
	cancels := h.read()["cancels"].([]any)
	if len(cancels) != 1 || cancels[0].(map[string]any)["origin"] != "pg" {
		t.Errorf("cancels %v", cancels)
	}
	h.cancel("k1", nil).want(t, http.StatusOK, "")
	h.left(0)
}

func TestACancelThatThePGDoesLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v2")
	if err := h.sandbox.SetCancels(sandbox.CancelLater, 0); err != nil {
		t.Fatal(err)
	}
	a := h.cancel("k1", part(1000))
	if a.want(t, http.StatusAccepted, ""); a.json["state"] != "requested" {
		t.Errorf("answered %s", a.body)
	}
	h.left(h.amount)
	h.cancel("k2", part(1)).want(t, http.StatusConflict, "CANCEL_IN_PROGRESS")
	h.cancel("k1", part(1000)).want(t, http.StatusAccepted, "")
	h.sandbox.FinishCancels("")
	h.left(h.amount - 1000) // by the PG's word, before anybody asks
	h.cancel("k1", part(1000)).want(t, http.StatusOK, "")
	h.left(h.amount - 1000)
	if n := h.sent(); n != 1 {
		t.Errorf("%d cancels were sent", n)
	}
}

// another is a second gateway on the same journal, as after a crash, with a clock that is ahead.
func (h *cancelHouse) another(ahead time.Duration) *Gateway {
	h.t.Helper()
	client := onewrite.New(onewrite.Options{})
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	PublishRules(h.g.store.Current(), m)
	now := func() time.Time { return time.Now().Add(ahead) }
	g, err := New(Options{
		Store: h.g.store, Journal: h.journal,
		Drivers: drivers.New(drivers.Options{Now: now, Client: client}), OrderHTTP: client,
		Metrics: m, Registry: registry, Log: slog.New(slog.DiscardHandler), Now: now, DataDir: h.t.TempDir(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

// A gateway that died between the intent and the answer leaves a trace that the next one takes up, and the same key
// finds the same cancel.
func TestACrashBetweenIntentAndAnswer(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{true, false} {
		t.Run(fmt.Sprintf("applied %v", applied), func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, "portone_v2")
			h.intend("k1", 1000)
			if applied {
				// A webhook that overtook the questions below would be right to conclude the cancel.
				if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
					t.Fatal(err)
				}
				h.console(1000)
			}
			// While the first one may still be at it, nobody else is told anything.
			h.cancel("k1", part(1000)).want(t, http.StatusConflict, "IDEMPOTENCY_IN_PROGRESS")
			later := h.another(10 * time.Minute)
			h.cancelOn(later, "k2", part(500)).want(t, http.StatusConflict, "CANCEL_IN_PROGRESS")
			later.worker.SweepCancels(t.Context())
			if applied {
				h.cancelOn(later, "k1", part(1000)).want(t, http.StatusOK, "")
				if n := h.sent(); n != 1 {
					t.Errorf("%d cancels were sent, want the one before the crash", n)
				}
				return
			}
			h.cancelOn(later, "k1", part(1000)).want(t, http.StatusConflict, "CANCEL_UNKNOWN")
			for _, ahead := range []int{15, 25, 40, 60, 90, 120} {
				h.another(time.Duration(ahead) * time.Minute).worker.SweepCancels(t.Context())
			}
			a := h.cancelOn(later, "k1", part(1000))
			if a.want(t, http.StatusConflict, "CANCEL_REFUSED"); a.json["safe_new_key"] != true {
				t.Errorf("answered %s", a.body)
			}
			h.left(h.amount)
		})
	}
}

// intend writes the intent of a cancel as a gateway does that dies right after it.
func (h *cancelHouse) intend(key string, amount payment.Won) {
	h.t.Helper()
	_, begun, err := h.journal.CancelBegin(h.t.Context(), payment.Cancel{
		ID: lifecycle.CancelIDOf(h.attempt, key), AttemptID: h.attempt, OrderID: payment.OrderID(h.order), Amount: amount,
		Remaining: payment.Won(h.amount), Reason: "고객 변심", Origin: payment.CancelByShop, NextCheck: time.Now().Add(time.Minute),
	}, journal.Event{Kind: "cancel_intended"})
	if err != nil || !begun {
		h.t.Fatalf("the intent was not written: %v", err)
	}
}

// console gives money back at PortOne V2 without the gateway.
func (h *cancelHouse) console(amount int64) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/portone/v2/payments/"+string(h.attempt)+"/cancel",
		strings.NewReader(fmt.Sprintf(`{"amount":%d,"reason":"console"}`, amount)))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PortOne "+sandbox.Defaults().V2.APISecret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		h.t.Fatalf("the console answered %d", res.StatusCode)
	}
}

// Whoever reaches the listener without a token, where tokens are set, learns and moves nothing.
func TestTheSidecarWantsItsToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) {
		c.Server.Sidecar = fixture.Sidecar{Listen: ":8081", Tokens: []string{"first-token-of-the-shop", "second-token-of-the-shop"}}
	})
	for _, tt := range []struct {
		authorization string
		status        int
		code          string
	}{
		{"", http.StatusUnauthorized, "UNAUTHORIZED"},
		{"Bearer ", http.StatusUnauthorized, "UNAUTHORIZED"},
		{"Bearer first-token-of-the-shoq", http.StatusUnauthorized, "UNAUTHORIZED"},
		{"Basic first-token-of-the-shop", http.StatusUnauthorized, "UNAUTHORIZED"},
		{"first-token-of-the-shop", http.StatusUnauthorized, "UNAUTHORIZED"},
		{"Bearer first-token-of-the-shop", http.StatusNotFound, "ATTEMPT_NOT_FOUND"},
		{"Bearer second-token-of-the-shop", http.StatusNotFound, "ATTEMPT_NOT_FOUND"},
	} {
		req := httptest.NewRequest(http.MethodGet, "/attempts/nobody", nil)
		req.Header.Set("Authorization", tt.authorization)
		a := h.send(h.sidecar, req)
		if a.want(t, tt.status, tt.code); strings.Contains(string(a.body), "token-of-the-shop") {
			t.Errorf("%q is answered with %s", tt.authorization, a.body)
		}
	}
}

func TestTheSidecarsOtherPaths(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tt := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodGet, "/portone/v3/payments/x", http.StatusNotFound, "NOT_FOUND"},
		{http.MethodGet, "/portone/v2x/payments/x", http.StatusNotFound, "NOT_FOUND"},
		{http.MethodGet, "/", http.StatusNotFound, "NOT_FOUND"},
		{http.MethodDelete, "/attempts/x", http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED"},
		{http.MethodGet, "/attempts/x/cancels", http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED"},
		{http.MethodGet, "/attempts/..%2f", http.StatusNotFound, "ATTEMPT_NOT_FOUND"},
	} {
		h.send(h.sidecar, httptest.NewRequest(tt.method, tt.path, nil)).want(t, tt.status, tt.code)
	}
	a := h.send(h.sidecar, httptest.NewRequest(http.MethodGet, "/orders/O-1/attempts", nil))
	if a.want(t, http.StatusOK, ""); string(a.body) != `{"order_id":"O-1","attempts":[]}` {
		t.Errorf("answered %s", a.body)
	}
}

func TestACancelsBodyIsRead(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "inicis")
	for _, tt := range []struct {
		name   string
		fields map[string]any
		status int
		code   string
		field  string
	}{
		{"no reason", map[string]any{"reason": nil}, 400, "MISSING_FIELD", "reason"},
		{"an empty reason", map[string]any{"reason": " "}, 400, "MISSING_FIELD", "reason"},
		{"a long reason", map[string]any{"reason": strings.Repeat("x", 201)}, 400, "INVALID_FIELD", "reason"},
		{"nothing", part(0), 400, "INVALID_FIELD", "amount"},
		{"less than nothing", part(-1), 400, "INVALID_FIELD", "amount"},
		{"a fraction", map[string]any{"amount": 1.5}, 400, "INVALID_FIELD", "amount"},
		{"text", map[string]any{"amount": "1"}, 400, "INVALID_FIELD", "amount"},
		{"a field of nobody's", map[string]any{"checksum": 1}, 400, "INVALID_FIELD", "checksum"},
		{"an account for a card", map[string]any{"refund_account": map[string]any{"bank": "088", "number": "1", "holder": "x"}}, 400, "INVALID_FIELD", "refund_account"},
		{"VAT that was not stated", map[string]any{"vat_amount": 1}, 422, "TAX_NOT_ALLOWED", "vat_amount"},
		{"tax-free won that are not there", map[string]any{"amount": 100, "tax_free": 50}, 422, "CANCEL_EXCEEDS_REMAINING", "tax_free"},
	} {
		a := h.cancel("k", tt.fields)
		if a.want(t, tt.status, tt.code); a.json["field"] != tt.field {
			t.Errorf("%s: the field is %v", tt.name, a.json["field"])
		}
	}
	if n := h.sent(); n != 0 {
		t.Errorf("%d cancels were sent", n)
	}
	h.left(h.amount)
}

// A virtual account is closed while nobody has paid into it, and its money goes back to the buyer's account after.
func TestAVirtualAccountIsClosedOrRefunded(t *testing.T) {
	t.Parallel()
	to := map[string]any{"bank": "088", "number": "110123456789", "holder": "홍길동", "tel": "01042424242"}
	for _, pg := range []string{"inicis", "portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := &cancelHouse{hookHouse: newBankHouse(t, pg), pg: map[string]string{"inicis": "inicis", "portone": "portone_v2", "portone1": "portone_v1"}[pg]}
			h.attempt = h.issue(pg)
			h.cancel("k0", part(1)).want(t, http.StatusConflict, "NOT_CANCELLABLE")
			a := h.cancel("k1", nil)
			if a.want(t, http.StatusOK, ""); a.json["state"] != "done" || a.json["amount"] != 0.0 || h.state(h.attempt).State != payment.StateCancelled {
				t.Errorf("closed as %s, the attempt is %s", a.body, h.state(h.attempt).State)
			}
			h.cancel("k1", nil).want(t, http.StatusOK, "")
			h.balanced(false)

			h.attempt = h.issue(pg)
			if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(h.attempt)}); err != nil {
				t.Fatal(err)
			}
			h.sandbox.WaitNotices()
			h.amount = int64(h.state(h.attempt).Amount)
			h.cancel("k2", part(1000)).want(t, http.StatusBadRequest, "MISSING_FIELD")
			h.cancel("k2", map[string]any{"amount": 1000, "refund_account": to}).want(t, http.StatusOK, "")
			h.left(h.amount - 1000)
			h.cancel("k3", map[string]any{"refund_account": to}).want(t, http.StatusOK, "")
			h.left(0)
			events, err := h.journal.Events(t.Context(), h.attempt)
			if text := fmt.Sprint(events); err != nil || strings.Contains(text, "110123456789") || strings.Contains(text, "홍길동") {
				t.Errorf("the history holds the buyer's account: %s, %v", text, err)
			}
		})
	}
}

// TestACancelIsFoundUnderAnotherTokenKey, by its own key: it is not carried out twice, and another body is refused.
func TestACancelIsFoundUnderAnotherTokenKey(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v1")
	first := h.cancel("k1", part(1000))
	first.want(t, http.StatusOK, "")
	var err error
	if h.g.sealer, err = newSealer([]byte("another token key of 32 bytes...")); err != nil {
		t.Fatal(err)
	}
	h.g.printKey = []byte("and another key of fingerprints")
	h.cancel("k1", part(2000)).want(t, http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED")
	for n, replayed := range []string{"", "true"} {
		again := h.cancel("k1", part(1000))
		if again.want(t, http.StatusOK, ""); string(again.body) != string(first.body) || again.header.Get(headerReplayed) != replayed {
			t.Errorf("answer %d: %v %s", n, again.header, again.body)
		}
	}
	h.left(h.amount - 1000)
	if n := h.sent(); n != 1 {
		t.Errorf("%d cancels were sent", n)
	}
}
