package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// What a card is known by in these tests, and is to be found nowhere.
const (
	plantedNumber = "4111-1188-8877-4242"
	plantedExpiry = "2039-04"
	plantedBirth  = "880229"
	plantedPIN    = "73"
)

// newKeyInHouse is a house whose shop may charge cards by their data.
func newKeyInHouse(t *testing.T, pg string, edits ...fixture.Edit) *chargeHouse {
	t.Helper()
	h := newChargeHouse(t, pg, append([]fixture.Edit{fixture.KeyIn()}, edits...)...)
	if h.op = "instant"; h.pg == "portone_v1" {
		h.op = "onetime"
	}
	return h
}

func eachKeyIn(t *testing.T, test func(t *testing.T, h *chargeHouse)) {
	t.Helper()
	for _, pg := range []string{"portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			test(t, newKeyInHouse(t, pg))
		})
	}
}

// keyIn charges a card by its data for the house's order. change may alter the body.
func (h *chargeHouse) keyIn(change func(body map[string]any), headers ...string) answer {
	h.t.Helper()
	path, body := keyInCall(h.pg, h.order)
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", path, string(text), headers...)
}

func keyInCall(pg, order string) (path string, body map[string]any) {
	if pg == "portone_v1" {
		return "/portone/v1/subscribe/payments/onetime", map[string]any{
			"merchant_uid": order, "amount": 9900, "name": "전화 주문", "pg": "html5_inicis.INIBillTst",
			"card_number": plantedNumber, "expiry": plantedExpiry, "birth": plantedBirth, "pwd_2digit": plantedPIN,
			"buyer_name": "홍길동", "buyer_tel": "010-4242-4242", "buyer_email": "gildong@example.com",
		}
	}
	return "/portone/v2/payments/" + order + "/instant", map[string]any{
		"channelKey": "channel-key-v2-auto", "orderName": "전화 주문", "amount": map[string]any{"total": 9900}, "currency": "KRW",
		"customer": map[string]any{
			"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242",
		},
		"isEscrow": false,
		"method": map[string]any{"card": map[string]any{"credential": map[string]any{
			"number": strings.ReplaceAll(plantedNumber, "-", ""), "expiryYear": "39", "expiryMonth": "04",
			"birthOrBusinessRegistrationNumber": plantedBirth, "passwordTwoDigits": plantedPIN,
		}}},
	}
}

// hides wants nothing of the card, and no phone number, in the log, the journal and the metrics.
func (h *house) hides() {
	h.t.Helper()
	dir := filepath.Dir(h.config)
	all := map[string][]byte{"log": []byte(h.log.String()), "metrics": h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil)).body}
	files, err := os.ReadDir(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "journal") {
			if all[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	for _, planted := range []string{plantedNumber, strings.ReplaceAll(plantedNumber, "-", ""), plantedBirth, "88877-4242", "010-4242-4242"} {
		for where, text := range all {
			if strings.Contains(string(text), planted) {
				h.t.Errorf("%s is in the %s", planted, where)
			}
		}
	}
	if len(all) < 3 {
		h.t.Error("the journal was not read")
	}
}

// TestKeyInIsOurs: a payment by key-in at PortOne's own API is an attempt like a charge of a key, sent once, whose card is
// written nowhere.
func TestKeyInIsOurs(t *testing.T) {
	t.Parallel()
	eachKeyIn(t, func(t *testing.T, h *chargeHouse) {
		if a := h.keyIn(nil); !h.paidIn(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		if st := h.state(payment.AttemptID(h.order)); st.State != payment.StateApproved || st.Purpose != payment.PurposeKeyIn || st.Amount != 9900 {
			t.Errorf("on record %+v", st)
		}
		for _, headers := range [][]string{nil, {headerIdempotencyKey, `"one-key-for-this-charge"`}} {
			if a := h.keyIn(nil, headers...); code(a) != string(payment.CodeOrderAlreadyPaid) || a.status != 409 {
				t.Errorf("again %q: %d %s", headers, a.status, a.body)
			}
		}
		if a := h.keyIn(h.amount(5000)); code(a) != string(payment.CodeChargeIDUsed) {
			t.Errorf("another amount: %d %s", a.status, a.body)
		}
		if a := h.chargeAtAPI(nil); code(a) != string(payment.CodeChargeIDUsed) {
			t.Errorf("a key's charge under its number: %d %s", a.status, a.body)
		}
		if h.sent() != 1 {
			t.Errorf("sent %d", h.sent())
		}
		h.stands(9900)
		h.hides()
	})
}

// amount changes what is charged.
func (h *chargeHouse) amount(won int) func(map[string]any) {
	return func(b map[string]any) {
		if b["amount"] = won; h.pg == "portone_v2" {
			b["amount"] = map[string]any{"total": won}
		}
	}
}

// TestKeyInIsDeclined: a decline is the PG's own answer the first time, and the number is used up.
func TestKeyInIsDeclined(t *testing.T) {
	t.Parallel()
	eachKeyIn(t, func(t *testing.T, h *chargeHouse) {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
		a := h.keyIn(nil)
		p, _ := a.json["response"].(map[string]any)
		own := a.status == 200 && p["status"] == "failed"
		if h.pg == "portone_v2" {
			own = a.status == 502 && a.json["type"] == "PG_PROVIDER"
		}
		if !own {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if a := h.keyIn(nil); code(a) != string(payment.CodeChargeDeclined) || h.sent() != 1 {
			t.Errorf("again: %d %s, sent %d", a.status, a.body, h.sent())
		}
		h.stands(0)
		h.hides()
	})
}

// TestLostKeyIn: whatever becomes of the answer, the card is charged once and in the end the caller is told.
func TestLostKeyIn(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
			sandbox.FaultWrongOrder,
		} {
			t.Run(fmt.Sprintf("%s %s", pg, kind), func(t *testing.T) {
				t.Parallel()
				h := newKeyInHouse(t, pg)
				h.fault(h.op, sandbox.Fault{Kind: kind, Status: 502})
				if a := h.keyIn(nil); !h.paidIn(a) || h.sent() != 1 {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
				}
				h.stands(9900)
				h.hides()
			})
		}
		t.Run(pg+" before it was charged", func(t *testing.T) {
			t.Parallel()
			h := newKeyInHouse(t, pg)
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
			for range 2 {
				if a := h.keyIn(nil); code(a) != string(payment.CodePaymentUnknown) || h.sent() > 1 {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
				}
			}
			h.stands(0)
		})
	}
}

// TestKeyInIsDecided: what the rules, or sense, do not allow is not sent, and no refusal shows the card.
func TestKeyInIsDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	method := func(change func(method, card map[string]any)) func(map[string]any) {
		return func(b map[string]any) {
			m := b["method"].(map[string]any)
			change(m, m["card"].(map[string]any))
		}
	}
	for _, tt := range []struct {
		name, pg string
		change   func(map[string]any)
		headers  []string
		code     payment.Code
	}{
		{"over the method's limit", "portone1", set("amount", 10_000_001), nil, payment.CodeAmountTooLarge},
		{"over the method's limit", "portone", set("amount", map[string]any{"total": 10_000_001}), nil, payment.CodeAmountTooLarge},
		{"instalments that nobody offers", "portone1", set("card_quota", 3), nil, payment.CodeInstallmentRefused},
		{
			"instalments that nobody offers", "portone",
			method(func(_, card map[string]any) { card["installmentMonth"] = 3 }),
			nil, payment.CodeInstallmentRefused,
		},
		{"no card", "portone1", set("card_number", ""), nil, payment.CodeInvalidField},
		{"no expiry", "portone1", set("expiry", nil), nil, payment.CodeInvalidField},
		{"a number for a text", "portone1", set("birth", 880229), nil, payment.CodeInvalidField},
		{"no card", "portone", method(func(_, card map[string]any) { card["credential"] = map[string]any{} }), nil, payment.CodeInvalidField},
		{"an account", "portone", method(func(m, _ map[string]any) { m["virtualAccount"] = map[string]any{"bank": "SHINHAN"} }), nil, payment.CodeInvalidField},
		{"escrow", "portone", set("isEscrow", true), nil, payment.CodeInvalidField},
		{"no contract of inicis by a word of its own", "portone1", set("pg", ""), nil, payment.CodeInvalidField},
		{"another PG by name", "portone1", set("pg", "nice.INIBillTst"), nil, payment.CodeInvalidField},
		{"a PG without its MID", "portone1", set("pg", "html5_inicis"), nil, payment.CodeInvalidField},
		{"another contract", "portone1", set("pg", "html5_inicis.INIpayTest"), nil, payment.CodeMerchantNotFound},
		{"another contract", "portone", set("channelKey", "channel-key-v2-billing"), nil, payment.CodeMerchantNotFound},
		{"a channel of V1", "portone1", set("channel_key", "channel-key-v1-billing"), nil, payment.CodeInvalidField},
		{"a channel group", "portone1", set("channelGroupId", "g"), nil, payment.CodeInvalidField},
		{"a channel group", "portone", set("channelGroupId", "g"), nil, payment.CodeInvalidField},
		{"dollars", "portone1", set("currency", "USD"), nil, payment.CodeInvalidField},
		{"nothing", "portone1", set("amount", 0), nil, payment.CodeInvalidField},
		{"a sub-merchant", "portone1", nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
		{"a sub-merchant", "portone", nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(tt.name+" "+tt.pg, func(t *testing.T) {
			t.Parallel()
			h := newKeyInHouse(t, tt.pg)
			a := h.keyIn(tt.change, tt.headers...)
			if code(a) != string(tt.code) || h.sent() != 0 {
				t.Errorf("answered %d %s, want %s; sent %d", a.status, a.body, tt.code, h.sent())
			}
			for _, planted := range []string{"4111", plantedExpiry, plantedBirth} {
				if strings.Contains(string(a.body), planted) {
					t.Errorf("answered %s", a.body)
				}
			}
			h.hides()
		})
	}
}

// TestKeyInNeedsItsContract: a contract for windows, or for billing keys, charges no card by key-in.
func TestKeyInNeedsItsContract(t *testing.T) {
	t.Parallel()
	for pg, word := range map[string]string{"portone": "portone_v2", "portone1": "portone_v1"} {
		for name, tt := range map[string]struct {
			edit fixture.Edit
			code payment.Code
		}{
			"no purpose of the method": {fixture.KeysBy(pg), payment.CodePurposeNotSupported},
			"no contract": {
				func(c *fixture.Config) {
					fixture.KeysBy(pg)(c)
					c.Method("card").Purposes = append(c.Method("card").Purposes, "key_in")
				},
				payment.CodePurposeNotSupported,
			},
		} {
			h := newHouse(t, tt.edit)
			path, body := keyInCall(word, "PHONE-1")
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if a := h.call("POST", path, string(text)); code(a) != string(tt.code) || len(h.sandbox.Executions(word, "", "")) > 0 {
				t.Errorf("%s at %s: answered %d %s", name, pg, a.status, a.body)
			}
		}
	}
}

// TestKeyInStoresNoSecondCard: a card is stored under a name that has none, and never in another one's place.
func TestKeyInStoresNoSecondCard(t *testing.T) {
	t.Parallel()
	h := newKeyInHouse(t, "portone1")
	if a := h.keyIn(as(h.key)); code(a) != string(payment.CodeKeyInUse) || h.sent() != 0 {
		t.Errorf("in use: %d %s, sent %d", a.status, a.body, h.sent())
	}
	made := string(h.g.sealer.newAttemptID(h.g.view().environment, h.g.now()))
	if a := h.keyIn(as(made)); code(a) != string(payment.CodeInvalidField) || h.sent() != 0 {
		t.Errorf("an attempt's id: %d %s, sent %d", a.status, a.body, h.sent())
	}
	if a := h.keyIn(as("customer-77_card-2")); !h.paidIn(a) {
		t.Errorf("unused: %d %s", a.status, a.body)
	}
	if keys := h.sandbox.BillingKeys(); len(keys) != 2 || keys[1].Key != "customer-77_card-2" {
		t.Errorf("stored %+v", keys)
	}
	h.change(func(c *fixture.Config) { c.Method("card").Purposes = []string{"one_time", "recurring", "key_in"} })
	if res := h.g.store.Reload("test"); res.Err != nil {
		t.Fatal(res.Err)
	}
	h.newOrder()
	if a := h.keyIn(as("customer-77_card-3")); code(a) != string(payment.CodePurposeNotSupported) {
		t.Errorf("where no cards are registered: %d %s", a.status, a.body)
	}
	h.stands(9900)
}

// TestKeyInFailsClosed: where PortOne does not say whether a name has a card, none is stored; and a refusal that repeats
// the card, as no PG should, is kept out of everything.
func TestKeyInFailsClosed(t *testing.T) {
	t.Parallel()
	var silent atomic.Bool
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			fmt.Fprintf(w, `{"code":1,"message":"카드 %s (%s, %s) 승인 거절","response":null}`, plantedNumber, plantedBirth, plantedExpiry)
		case silent.Load() && strings.Contains(r.URL.Path, "/customers/"):
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":-1,"message":"존재하지 않습니다","response":null}`)
		}
	}, fixture.KeysBy("portone1"), fixture.KeyIn())
	ask := func(order string, more ...any) answer {
		path, body := keyInCall("portone_v1", order)
		for i := 0; i < len(more); i += 2 {
			body[more[i].(string)] = more[i+1]
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return h.call("POST", path, string(text))
	}
	silent.Store(true)
	if a := ask("PHONE-1", "customer_uid", "c-1"); code(a) != string(payment.CodePGUnavailable) {
		t.Errorf("nobody knows: %d %s", a.status, a.body)
	}
	silent.Store(false)
	if a := ask("PHONE-2"); a.json["code"] != 1.0 {
		t.Errorf("declined: %d %s", a.status, a.body)
	}
	if a := ask("PHONE-2"); code(a) != string(payment.CodeChargeDeclined) || strings.Contains(string(a.body), "4242") {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	sent := 0
	for _, r := range api.asked() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/onetime") {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("sent %d", sent)
	}
	h.hides()
}
