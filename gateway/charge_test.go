package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// chargeHouse is a house whose shop has a buyer's billing key.
type chargeHouse struct {
	*hookHouse
	// pg is the sandbox's word, op its word for a charge.
	pg, op string
	issuer payment.AttemptID
	key    string
	order  string
}

func newChargeHouse(t *testing.T, pg string, edits ...fixture.Edit) *chargeHouse {
	t.Helper()
	h := &chargeHouse{
		hookHouse: newHookHouse(t, nil, append([]fixture.Edit{fixture.KeysBy(pg)}, edits...)...), pg: "portone_v2", op: "charge",
	}
	switch pg {
	case "portone1":
		h.pg, h.op = "portone_v1", "again"
	case "inicis":
		h.pg, h.op = "inicis", "charge"
	}
	var hint string
	h.issuer, hint = h.register(pg)
	h.sandbox.WaitNotices()
	if pg != "inicis" { // its window brings the key itself
		a := h.post(pathComplete, "application/json", `{"attempt_id":"`+string(h.issuer)+`","billing_key":"`+hint+`"}`)
		if a.json["status"] != "approved" {
			t.Fatalf("completing answered %d %s", a.status, a.body)
		}
	}
	h.key = h.sandbox.BillingKeys()[0].Key
	h.newOrder()
	return h
}

func (h *chargeHouse) newOrder() {
	h.t.Helper()
	o, err := h.sandbox.MakeOrder(sandbox.OrderSpec{Name: "월간 이용권", Amount: 9900})
	if err != nil {
		h.t.Fatal(err)
	}
	h.order = o.ID
}

// charge asks for the order's charge; the fields change and add to its body.
func (h *chargeHouse) charge(key string, fields map[string]any) answer {
	h.t.Helper()
	body := map[string]any{
		"order_id": h.order, "billing_key": h.key, "amount": 9900, "order_name": "월간 이용권",
		"buyer": map[string]any{"name": "홍길동", "tel": "010-4242-4242", "email": "gildong@example.com"},
	}
	for k, v := range fields {
		if body[k] = v; v == nil {
			delete(body, k)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, pathSubscriptionCharge, strings.NewReader(string(text)))
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set(headerIdempotencyKey, `"`+key+`"`)
	}
	return h.send(h.sidecar, req)
}

func (h *chargeHouse) fault(operation string, f sandbox.Fault) {
	h.t.Helper()
	f.PG, f.Operation = h.pg, operation
	if err := h.sandbox.Inject(f); err != nil {
		h.t.Fatal(err)
	}
}

// sent is how many charges reached the PG.
func (h *chargeHouse) sent() int { return len(h.sandbox.Executions(h.pg, h.op, "")) }

// stands wants so much charged, in every book.
func (h *chargeHouse) stands(want int64) {
	h.t.Helper()
	h.sandbox.WaitNotices()
	h.g.following.Wait()
	h.g.worker.DeliverDue(h.t.Context())
	a := h.sandbox.Audit()
	if !a.OK || int64(a.Confirmed) != want || int64(a.Net) != want {
		h.t.Errorf("%d won should stand: %+v", want, a)
	}
	if faults, err := h.journal.Check(h.t.Context()); err != nil || len(faults) > 0 {
		h.t.Errorf("faults %v, %v", faults, err)
	}
}

func (a answer) retries(t *testing.T, status int, code, retry string) {
	t.Helper()
	if a.want(t, status, code); a.json["retry"] != retry || a.json["safe_new_key"] != (retry == "safe") {
		t.Errorf("another try is %v (%v), want %s: %s", a.json["retry"], a.json["safe_new_key"], retry, a.body)
	}
}

func eachCharger(t *testing.T, test func(t *testing.T, h *chargeHouse)) {
	t.Helper()
	for _, pg := range []string{"portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			test(t, newChargeHouse(t, pg))
		})
	}
}

func TestABillingKeyIsCharged(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		a := h.charge("k1", map[string]any{"tax_free": 0, "vat_amount": 900})
		a.want(t, http.StatusOK, "")
		id := payment.AttemptID(a.json["attempt_id"].(string))
		if a.json["state"] != "approved" || a.json["amount"] != 9900.0 || a.json["order_id"] != h.order || a.json["pg_tx_id"] == "" {
			t.Errorf("answered %s", a.body)
		}
		again := h.charge("k1", map[string]any{"tax_free": 0, "vat_amount": 900})
		if again.want(t, http.StatusOK, ""); again.header.Get(headerReplayed) != "true" || string(again.body) != string(a.body) {
			t.Errorf("replayed %v %s", again.header, again.body)
		}
		h.charge("k1", map[string]any{"amount": 100}).want(t, http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED")
		h.charge("k2", nil).retries(t, http.StatusConflict, "ORDER_ALREADY_PAID", "never")
		if st := h.state(id); st.Purpose != payment.PurposeRecurring || st.Method != "card" || st.ManualConfirm {
			t.Errorf("on record %+v", st)
		}
		if h.sent() != 1 {
			t.Errorf("%d charges were sent", h.sent())
		}
		h.stands(9900)
	})
}

// The key that an attempt issued is charged by that attempt's name; the shop then holds no key at all.
func TestABillingKeyIsChargedByTheAttemptThatIssuedIt(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		by := map[string]any{"billing_key": nil, "attempt_id": h.issuer}
		h.charge("k1", by).want(t, http.StatusOK, "")
		h.newOrder()
		h.charge("k2", map[string]any{"billing_key": nil, "attempt_id": "nobodys"}).retries(t, http.StatusNotFound, "BILLING_KEY_NOT_FOUND", "never")
		// What is known of a charge is told also while the PG cannot say where the key is.
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
		h.fault("lookup", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: -1})
		h.charge("k3", map[string]any{"billing_key": nil, "attempt_id": h.issuer}).retries(t, http.StatusServiceUnavailable, "PG_UNAVAILABLE", "unsafe")
		h.sandbox.ClearFaults()
		h.stands(9900)
	})
}

func TestADeclinedChargeSaysWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		for i, tt := range []struct{ fault, reason, retry string }{
			{"limit", "declined_limit", "safe"},
			{"funds", "declined_balance", "safe"},
			{"stolen", "declined_stolen", "never"},
			{"expired", "declined_expired", "never"},
			{"busy", "declined_busy", "safe"},
		} {
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: tt.fault})
			key := "k" + tt.fault
			a := h.charge(key, nil)
			a.retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", tt.retry)
			if a.json["reason"] != tt.reason || a.json["attempt_id"] != string(lifecycle.ChargeIDOf(payment.OrderID(h.order), key)) {
				t.Errorf("answered %s", a.body)
			}
			// Asked again it is told, and not tried again.
			h.charge(key, nil).retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", tt.retry)
			if h.sent() != i+1 {
				t.Errorf("%d charges were sent, want %d", h.sent(), i+1)
			}
		}
		h.charge("another", nil).want(t, http.StatusOK, "")
		h.stands(9900)
	})
}

// A charge whose answer is lost is looked up at once, then by whoever asks again, and never sent again.
func TestAChargeWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, kind := range []sandbox.FaultKind{sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit} {
			t.Run(pg+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				h := newChargeHouse(t, pg)
				h.fault(h.op, sandbox.Fault{Kind: kind, Status: 502})
				h.charge("k1", nil).want(t, http.StatusOK, "")
				if h.sent() != 1 {
					t.Errorf("%d charges were sent", h.sent())
				}
				h.stands(9900)
			})
		}
	}
}

func TestAnUnknownChargeIsToldToWhoAsksAgain(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
		a := h.charge("k1", nil)
		a.retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
		id := payment.AttemptID(a.json["attempt_id"].(string))
		if st := h.state(id); st.State != payment.StateUnknown {
			t.Fatalf("it is %s", st.State)
		}
		h.charge("k1", nil).retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
		// Another key is refused as long as this one may have charged the order.
		h.charge("k2", nil).retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
		if h.sent() != 1 {
			t.Errorf("%d charges were sent", h.sent())
		}
		h.stands(0)
	})
}

// No amount but the decided one stands.
func TestAChargeOfAnotherAmountIsUndone(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone1")
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultWrongAmount})
	a := h.charge("k1", nil)
	// What the PG really took is not what it said, so that the first cancel is refused too.
	a.retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
	if st := h.state(payment.AttemptID(a.json["attempt_id"].(string))); st.State != payment.StateCancelling || st.Reason != "mismatch_amount" {
		t.Errorf("it is %s (%s)", st.State, st.Reason)
	}
	if h.g.worker.DeliverDue(h.t.Context()); h.sandbox.Audit().Confirmed != 0 {
		t.Error("the shop was told that it is paid")
	}
}

// What the shop charged is cancelled as any other payment.
func TestAChargeIsCancelled(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		a := h.charge("k1", nil)
		a.want(t, http.StatusOK, "")
		req := httptest.NewRequest(http.MethodPost, "/attempts/"+a.json["attempt_id"].(string)+"/cancels", strings.NewReader(`{"reason":"해지","amount":900}`))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(headerIdempotencyKey, `"c1"`)
		h.send(h.sidecar, req).want(t, http.StatusOK, "")
		h.stands(9000)
	})
}

func TestAChargeThatIsRefused(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		other := map[string]string{"portone_v1": "portone", "portone_v2": "portone1"}[h.pg]
		for _, tt := range []struct {
			name   string
			fields map[string]any
			status int
			code   string
			field  string
		}{
			{"no key", map[string]any{"billing_key": nil}, 400, "MISSING_FIELD", "billing_key"},
			{"two keys", map[string]any{"attempt_id": "x"}, 400, "INVALID_FIELD", ""},
			{"no order", map[string]any{"order_id": nil}, 400, "MISSING_FIELD", "order_id"},
			{"an order that is none", map[string]any{"order_id": "a b"}, 400, "INVALID_FIELD", "order_id"},
			{"no amount", map[string]any{"amount": 0}, 400, "INVALID_FIELD", "amount"},
			{"a tax-free part above the whole", map[string]any{"tax_free": 9901}, 400, "INVALID_FIELD", "tax_free"},
			{"no name", map[string]any{"order_name": " "}, 400, "MISSING_FIELD", "order_name"},
			{"a field that is none", map[string]any{"return_url": "x"}, 400, "INVALID_FIELD", "return_url"},
			{"a key that nobody has", map[string]any{"billing_key": "billing-key-none"}, 404, "BILLING_KEY_NOT_FOUND", "billing_key"},
			{"a PG that has no such key", map[string]any{"pg": other}, 404, "BILLING_KEY_NOT_FOUND", "billing_key"},
			{"a method that is not for charges", map[string]any{"method": "trans"}, 422, "PURPOSE_NOT_SUPPORTED", "purpose"},
			{"mileage", map[string]any{"method": "mileage"}, 400, "INVALID_FIELD", "method"},
			{"over the method's limit", map[string]any{"amount": 10_000_001}, 422, "AMOUNT_TOO_LARGE", "payments.0.amount"},
			{"instalments that nobody offers", map[string]any{"installment": 3}, 422, "INSTALLMENT_NOT_ALLOWED", "card.installment"},
			{"an address that is none", map[string]any{"buyer_ip": "shop.example.com"}, 400, "INVALID_FIELD", "buyer_ip"},
			{"an address of one link alone", map[string]any{"buyer_ip": "fe80::1%eth0"}, 400, "INVALID_FIELD", "buyer_ip"},
		} {
			a := h.charge(strings.ReplaceAll(tt.name, " ", "-"), tt.fields)
			if a.want(t, tt.status, tt.code); tt.field != "" && a.json["field"] != tt.field {
				t.Errorf("%s: about %v, want %s", tt.name, a.json["field"], tt.field)
			}
		}
		h.charge("", nil).want(t, http.StatusBadRequest, "IDEMPOTENCY_KEY_INVALID")
		if h.sent() != 0 {
			t.Errorf("%d charges were sent", h.sent())
		}
		h.charge("k1", nil).want(t, http.StatusOK, "")
	})
}

// Inicis behind V2 charges no card without its buyer; that is said before anything is on record.
func TestAChargeWithoutItsBuyer(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone")
	a := h.charge("k1", map[string]any{"buyer": nil})
	if a.retries(t, http.StatusBadRequest, "INVALID_FIELD", "safe"); a.json["field"] != "buyer.name" || h.sent() != 0 {
		t.Errorf("answered %s", a.body)
	}
	h.charge("k1", nil).want(t, http.StatusOK, "")
}

// What is switched off charges nothing, and a charge that was made is told all the same.
// The shopper's address is one address, however it is written.
func TestTheShoppersAddressIsRead(t *testing.T) {
	t.Parallel()
	ask, err := parseSubscriptionCharge([]byte(`{"order_id":"O-1","billing_key":"k","amount":1,"order_name":"n","buyer_ip":"::ffff:203.0.113.7"}`))
	if err != nil || ask.BuyerIP.String() != "203.0.113.7" {
		t.Errorf("%s, %v", ask.BuyerIP, err)
	}
}

func TestTheRulesHoldForCharges(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]fixture.Edit{
		"the PG is not in use":            func(c *fixture.Config) { c.PGs["portone1"].InUse = false },
		"the merchant's key is elsewhere": func(c *fixture.Config) { c.Merchant("2109").MID = "ANOTHER" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, "portone1")
			h.charge("k1", nil).want(t, http.StatusOK, "")
			h.change(edit)
			if a := h.send(h.admin, httptest.NewRequest(http.MethodPost, "/-/reload", nil)); a.status != http.StatusOK {
				t.Fatalf("reloading answered %d %s", a.status, a.body)
			}
			h.charge("k1", nil).want(t, http.StatusOK, "")
			h.newOrder()
			a := h.charge("k2", nil)
			if a.status/100 != 4 || a.json["retry"] != "safe" || h.sent() != 1 {
				t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
			}
		})
	}
}

// Ids of the gateway's own are nobody else's to charge under.
func TestAChargeUnderAnAttemptsID(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone1")
	v := h.g.view()
	ask := chargeAsk{
		ID: h.g.sealer.newAttemptID(v.environment, h.g.now()), Order: payment.OrderID(h.order), Key: payment.Secret(h.key),
		Amount: 9900, Name: "월간 이용권",
	}
	if _, err := h.g.charge(t.Context(), v, ask); asProblem(err).Field != "id" || h.sent() != 0 {
		t.Errorf("%v, sent %d", err, h.sent())
	}
	ask.ID = "SUB-77-2026-12"
	if res, err := h.g.charge(t.Context(), v, ask); err != nil || res.Attempt.State != payment.StateApproved || res.Said == nil {
		t.Errorf("%+v, %v", res, err)
	}
}

// Where the journal does not answer, an earlier try under the same key may have charged.
func TestAChargeThatTheJournalCannotTellOf(t *testing.T) {
	t.Parallel()
	for _, err := range []error{journal.ErrUnavailable, errors.New("odd")} {
		p, _ := payment.AsProblem(notChargedProblem(err, "O-1"))
		if p.KeySafety != payment.NewKeyUnsafe || p.OrderID != "O-1" {
			t.Errorf("%v is told as %+v", err, p)
		}
	}
	p, _ := payment.AsProblem(notChargedProblem(adapters.ErrUnavailable, "O-1"))
	if p.Code != payment.CodePGUnavailable || p.KeySafety != payment.NewKeyUnsafe {
		t.Errorf("told as %+v", p)
	}
}

// A charge that was held up until its key is free again is not begun: another request may have it by then.
func TestAChargeIsBegunUnderItsKey(t *testing.T) {
	t.Parallel()
	h := newChargeHouse(t, "portone1")
	h.g.keys = slowKeys{h.g.keys}
	a := h.charge("k1", nil)
	if a.retries(t, http.StatusServiceUnavailable, "PG_UNAVAILABLE", "unsafe"); h.sent() != 0 {
		t.Errorf("%d charges were sent", h.sent())
	}
}

// slowKeys are a key store after whose taking of a key so much time has passed that it is nearly free again.
type slowKeys struct{ KeyStore }

func (s slowKeys) KeyBegin(
	ctx context.Context, scope, key, print string, now time.Time, hold time.Duration,
) (journal.KeptAnswer, bool, error) {
	kept, begun, err := s.KeyStore.KeyBegin(ctx, scope, key, print, now, hold)
	kept.HeldUntil = now.Add(chargeMargin)
	return kept, begun, err
}
