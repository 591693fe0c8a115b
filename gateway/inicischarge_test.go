package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// byV2 has KG Inicis' keys charged by INIAPI v2.
func byV2(c *fixture.Config) { c.PGs["inicis"].BillingAPI = "v2" }

// notByOrder is a contract by which KG Inicis is not asked by order number.
func notByOrder(c *fixture.Config) { c.Merchant("1002").ByOrder = "" }

// inicisCharge is a house with a billing key of KG Inicis', whose window's message the shop has had.
func inicisCharge(t *testing.T, edits ...fixture.Edit) *chargeHouse {
	t.Helper()
	h := newChargeHouse(t, "inicis", edits...)
	h.g.worker.DeliverDue(t.Context())
	return h
}

// TestAKeyOfInicisIsCharged: by the key or by the attempt that issued it, once, through the contract that issued it, and
// given back as any other payment.
func TestAKeyOfInicisIsCharged(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]fixture.Edit{"v1": nil, "v2": byV2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := inicisCharge(t, edit)
			a := h.charge("k1", nil)
			a.want(t, http.StatusOK, "")
			id := payment.AttemptID(a.json["attempt_id"].(string))
			if st := h.state(id); a.json["merchant"] != "1002" || st.MID != "INIBillTst" || st.Method != "card" || len(st.PGTxID) != 40 {
				t.Errorf("answered %s, on record %+v", a.body, st)
			}
			h.charge("k2", nil).retries(t, http.StatusConflict, "ORDER_ALREADY_PAID", "never")
			first := h.order
			h.newOrder()
			h.charge("k3", map[string]any{"billing_key": nil, "attempt_id": h.issuer}).want(t, http.StatusOK, "")
			if h.sent() != 2 || first == h.order {
				t.Errorf("%d charges were sent", h.sent())
			}
			h.stands(19_800)
			req := httptest.NewRequest(http.MethodPost, "/attempts/"+string(id)+"/cancels", strings.NewReader(`{"reason":"해지","amount":900}`))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(headerIdempotencyKey, `"c1"`)
			h.send(h.sidecar, req).want(t, http.StatusOK, "")
			h.stands(18_900)
		})
	}
}

// TestWhereAKeyOfInicisIs: nobody can be asked. What was issued here is charged through its own contract; of any other
// key the shop says whose it is, unless there is one PG alone.
func TestWhereAKeyOfInicisIs(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	for name, fields := range map[string]map[string]any{
		"a key that nobody knows":  {"billing_key": "0123456789abcdef0123456789abcdef01234567"},
		"another PG's by its name": {"pg": "portone"},
	} {
		h.charge(strings.ReplaceAll(name, " ", "-"), fields).retries(t, http.StatusNotFound, "BILLING_KEY_NOT_FOUND", "never")
	}
	if h.sent() != 0 {
		t.Fatalf("%d charges were sent", h.sent())
	}
	a := h.charge("named", map[string]any{"billing_key": "0123456789abcdef0123456789abcdef01234567", "pg": "inicis"})
	a.retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", "safe")
	h.charge("named-too", map[string]any{"pg": "inicis"}).want(t, http.StatusOK, "")
	h.stands(9900)

	all := h.g.view().pgsOf("")
	want := payment.KeyContract{PG: "inicis", MID: "INIBillTst", Method: "card", Test: true, TestKnown: true}
	if at, err := h.g.machine.KeyContracts(t.Context(), all, payment.Secret(h.key)); err != nil || len(at) != 1 || at[0] != want {
		t.Errorf("%+v, %v", at, err)
	}
	// A payment's token is in the journal by its hash, too, and no key.
	sum := sha256.Sum256([]byte("token-of-a-payment"))
	paying := payment.Attempt{
		ID: "A-1", OrderID: "O-1", PG: "inicis", Driver: "inicis", Merchant: "1002", MID: "INIBillTst", Method: "card", Amount: 1000,
		OrderAmount: 1000, Currency: payment.CurrencyKRW, Test: true, Device: payment.DevicePC, Purpose: payment.PurposeOneTime,
		OrderName: "x", RulesVersion: "r", CreatedAt: h.g.now(), ExpiresAt: h.g.now().Add(time.Hour),
	}
	if err := h.journal.Claim(t.Context(), paying, journal.Claim{
		To: payment.StateClaimed, ProofHash: hex.EncodeToString(sum[:]), SealedProof: []byte("x"), NextCheck: h.g.now().Add(time.Hour),
		Event: journal.Event{At: h.g.now(), Kind: journal.EventAuthenticated},
	}); err != nil {
		t.Fatal(err)
	}
	if at, err := h.g.machine.KeyContracts(t.Context(), all, "token-of-a-payment"); err != nil || len(at) != 0 {
		t.Errorf("%+v, %v", at, err)
	}
	only := h.g.view().pgsOf("inicis")
	if at, err := h.g.machine.KeyContracts(t.Context(), only, "somebody-elses"); err != nil || len(at) != 1 || at[0] != (payment.KeyContract{PG: "inicis"}) {
		t.Errorf("%+v, %v", at, err)
	}
}

// A charge whose answer is lost is looked up by its order number where the contract has that, and never undone.
func TestAChargeAtInicisWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := inicisCharge(t)
			h.fault(h.op, sandbox.Fault{Kind: kind, Status: 502})
			h.charge("k1", nil).want(t, http.StatusOK, "")
			if h.sent() != 1 || len(h.sandbox.Executions("inicis", "net_cancel", "")) != 0 {
				t.Errorf("%d charges were sent", h.sent())
			}
			h.stands(9900)
		})
	}
}

// Without that contract nobody can tell: it stays unknown, for a person, and is not charged again.
func TestAChargeAtInicisThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{sandbox.FaultDropAfterCommit, sandbox.FaultDropBeforeCommit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := inicisCharge(t, notByOrder)
			h.charge("first", nil).want(t, http.StatusOK, "") // its transaction is known, and asked about
			h.newOrder()
			h.fault(h.op, sandbox.Fault{Kind: kind})
			a := h.charge("k1", nil)
			a.retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
			h.charge("k1", nil).retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
			h.charge("k2", nil).retries(t, http.StatusConflict, "PAYMENT_UNKNOWN", "unsafe")
			id := payment.AttemptID(a.json["attempt_id"].(string))
			if st := h.state(id); st.State != payment.StateUnknown || st.Reason != payment.ReasonLost || h.sent() != 2 {
				t.Errorf("it is %s (%s), %d sent", st.State, st.Reason, h.sent())
			}
			if asked := h.sandbox.Executions("inicis", "inquiry", string(id)); len(asked) > 0 {
				t.Errorf("asked by order number: %+v", asked)
			}
		})
	}
}

func TestADeclinedChargeAtInicis(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	for i, tt := range []struct{ fault, reason, retry string }{
		{"limit", "declined_limit", "safe"}, {"stolen", "declined_stolen", "never"}, {"busy", "declined_busy", "safe"},
	} {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: tt.fault})
		a := h.charge("k"+tt.fault, nil)
		if a.retries(t, http.StatusPaymentRequired, "CHARGE_DECLINED", tt.retry); a.json["reason"] != tt.reason || h.sent() != i+1 {
			t.Errorf("answered %s, %d sent", a.body, h.sent())
		}
	}
	h.charge("another", nil).want(t, http.StatusOK, "")
	h.stands(9900)
}

// TestAnOtherAmountFromInicisIsUndone: what the answer says is held against what was decided before anything is believed.
func TestAnOtherAmountFromInicisIsUndone(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultWrongAmount})
	a := h.charge("k1", nil)
	st := h.state(payment.AttemptID(a.json["attempt_id"].(string)))
	if st.State == payment.StateApproved || st.Reason != "mismatch_amount" {
		t.Errorf("it is %s (%s)", st.State, st.Reason)
	}
	if h.g.worker.DeliverDue(h.t.Context()); h.sandbox.Audit().Confirmed != 0 {
		t.Error("the shop was told that it is paid")
	}
}

// What Inicis cannot be told is refused before anything is on record.
func TestAChargeThatInicisDoesNotTake(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	for field, fields := range map[string]map[string]any{
		"buyer.name":  {"buyer": map[string]any{"tel": "010-4242-4242", "email": "a@example.com"}},
		"buyer.tel":   {"buyer": map[string]any{"name": "홍길동", "email": "a@example.com"}},
		"buyer.email": {"buyer": map[string]any{"name": "홍길동", "tel": "010-4242-4242"}},
		"tax_free":    {"vat_amount": 900},
	} {
		a := h.charge("k-"+field, fields)
		if a.retries(t, http.StatusBadRequest, "INVALID_FIELD", "safe"); a.json["field"] != field || h.sent() != 0 {
			t.Errorf("%s: answered %s", field, a.body)
		}
	}
	h.charge("k1", nil).want(t, http.StatusOK, "")
}

// The key is in the journal sealed, under its own attempt's name, and in nothing else of it.
func TestAKeyOfInicisIsKeptSealed(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	a, sealed, err := h.journal.Attempt(t.Context(), h.issuer)
	if err != nil || a.State != payment.StateApproved || len(sealed) == 0 || strings.Contains(string(sealed), h.key) {
		t.Fatalf("%+v, %d bytes, %v", a, len(sealed), err)
	}
	if _, err := h.g.sealer.Open(lifecycle.ProofName("another"), sealed); err == nil {
		t.Error("it opens under another attempt's name")
	}
	h.charge("k1", map[string]any{"billing_key": nil, "attempt_id": h.issuer}).want(t, http.StatusOK, "")
}
