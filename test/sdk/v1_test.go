package sdk

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// by is an object as a shop writes it: names and values in turns.
func by(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// v1Direct calls the sandbox's PortOne V1 with PortOne's keys, as nobody but the gateway does: it is how a test has
// there what was made before the gateway, or in PortOne's console.
func (g *gateway) v1Direct(path string, body any) value {
	g.t.Helper()
	const root = "/portone/v1"
	keys := by("imp_key", "sandbox-imp-key", "imp_secret", "sandbox-imp-secret")
	access := g.ask(http.MethodPost, g.sandbox+root+"/users/getToken", keys).text("response.access_token")
	answer := g.ask(http.MethodPost, g.sandbox+root+path, body, "Authorization", access)
	if !answer.is("code", 0) {
		g.t.Fatalf("POST %s: %s", path, answer)
	}
	return answer.at("response")
}

// v1Card stores a card under a customer_uid.
func (g *gateway) v1Card(uid string) {
	g.t.Helper()
	g.v1Direct("/subscribe/customers/"+uid, by("card_number", "4111-1188-8888-4242", "expiry", "2039-04", "birth", "900101",
		"pwd_2digit", "12", "pg", "html5_inicis.INIBillTst", "customer_name", "홍길동"))
}

// v1Elsewhere pays in a window that the gateway did not open, and returns the imp_uid.
func (g *gateway) v1Elsewhere(uid string, more map[string]any) string {
	g.t.Helper()
	params := by("channelKey", "channel-key-v1-inicis", "pay_method", "card", "merchant_uid", uid, "name", "의자", "amount", 5000,
		"buyer_tel", "010-4242-4242", "buyer_name", "홍길동", "buyer_email", "gildong@example.com")
	maps.Copy(params, more)
	open := g.ask(http.MethodPost, g.sandbox+"/portone/sdk/v1/open", by("imp_code", "imp00000000", "device", "pc", "params", params))
	rsp := g.ask(http.MethodPost, g.sandbox+"/portone/sdk/v1/act", by("key", open.text("key"), "action", "pay"))
	if rsp.text("imp_uid") == "" {
		g.t.Fatalf("paying %s elsewhere: %s %s", uid, open, rsp)
	}
	return rsp.text("imp_uid")
}

// TestV1Reads is row "portone.md §1.4 and §1.5, payments, registered amounts, banks and cards": reads answer as
// PortOne would, in the SDK's own types.
func TestV1Reads(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v1, p, other := shop(t, "v1.cjs", g.v1), g.pay("tosspay", "approved"), g.pay("tosspay", "approved")
	v1.run(t, []row{
		{"Authenticate.getToken", by("imp_key", "any", "imp_secret", token), map[string]any{"code": 0}},
		{"Payments.getByImpUid", by("imp_uid", p.txID), map[string]any{
			"status": 200, "response.merchant_uid": p.attempt, "response.status": "paid", "response.amount": p.amount,
		}},
		{"Payments.getByImpUids", by("imp_uid", []string{p.txID, other.txID}), map[string]any{"response.length": 2}},
		// 207: the SDK tells by itself which are missing.
		{"Payments.getByImpUids", by("imp_uid", []string{p.txID, "imp_000000000000"}), map[string]any{
			"status": 207, "response.length": 1, "failed.0": "imp_000000000000",
		}},
		{"Payments.getByMerchantUid", by("merchant_uid", p.attempt, "status", "paid", "sorting", "-started"), map[string]any{
			"response.imp_uid": p.txID,
		}},
		{"Payments.getByMerchantUids", by("merchant_uid", p.attempt, "status", "paid", "sorting", "-started", "page", 1), map[string]any{
			"response.total": 1, "response.list.0.imp_uid": p.txID, "response.next": 0,
		}},
		{"Payments.getByStatus", by("status", "paid", "limit", 20, "page", 1, "sorting", "-started",
			"from", time.Now().Add(-time.Hour).Unix(), "to", time.Now().Add(time.Minute).Unix()), map[string]any{
			"response.total": 2, "response.list.0.imp_uid": other.txID,
		}},
		{"Payments.getAmountByImpUid", by("imp_uid", p.txID), map[string]any{"response.amount": p.amount}},
		{"Prepare.postAmount", by("merchant_uid", "shops-own-1", "amount", 12000), map[string]any{"response.amount": 12000}},
		{"Prepare.getAmount", by("merchant_uid", "shops-own-1"), map[string]any{"response.amount": 12000}},
		{"Banks.getBanks", nil, map[string]any{"response.0.code": "004"}},
		{"Banks.getBank", by("code", "088"), map[string]any{"response.code": "088"}},
		{"Cards.getCards", nil, map[string]any{"code": 0}},
		{"Cards.getCard", by("code", "366"), map[string]any{"response.code": "366"}},
	})
	refused := v1.fails(t, "Payments.getByImpUid", by("imp_uid", "imp_000000000000"))
	if data := (value{refused.Data}); refused.Status != 404 || !data.is("code", -1) || data.at("problem").any != nil {
		t.Errorf("PortOne's own no arrives as %v", refused)
	}
	if e := v1.fails(t, "Prepare.postAmount", by("merchant_uid", p.attempt, "amount", 1)); code(e) != "AMOUNT_MISMATCH" {
		t.Errorf("another amount for an attempt of the gateway's: %v", e)
	}
}

// code is the gateway's own code in what an SDK threw.
func code(e *sdkError) string {
	if c := (value{e.Data}).text("problem.code"); c != "" {
		return c
	}
	return value{e.Data}.text("code")
}

// TestV1Subscriptions is row "portone.md §1.7, billing keys and schedules, read", and their end.
func TestV1Subscriptions(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t, fixture.KeysBy("portone1"))
	g.v1Card("cust-1")
	charged := g.v1Direct("/subscribe/payments/again", by("customer_uid", "cust-1", "merchant_uid", "SUB-1", "amount", 8900, "name", "이용권"))
	soon := time.Now().Add(time.Hour).Unix()
	v1 := shop(t, "v1.cjs", g.v1)
	span := by("customer_uid", "cust-1", "page", 1, "from", soon-7200, "to", soon+7200, "schedule-status", "scheduled")
	v1.run(t, []row{
		{"Subscribe.schedule", by("customer_uid", "cust-1", "schedules", []any{
			by("merchant_uid", "SUB-2", "schedule_at", soon, "amount", 8900, "name", "이용권", "buyer_tel", "010-4242-4242"),
		}), map[string]any{"response.0.merchant_uid": "SUB-2", "response.0.schedule_status": "scheduled"}},
		{"Customers.getBillingKey", by("customer_uid", "cust-1"), map[string]any{"response.customer_uid": "cust-1"}},
		{"Customers.getBillingKeys", by("customer_uid", []string{"cust-1"}), map[string]any{"response.0.customer_uid": "cust-1"}},
		{"Customers.getPayments", by("customer_uid", "cust-1", "page", 1), map[string]any{
			"response.list.0.imp_uid": charged.text("imp_uid"), "response.list.0.customer_uid_usage": "payment",
		}},
		{"Customers.getScheduleds", span, map[string]any{"response.list.0.merchant_uid": "SUB-2"}},
		{"Subscribe.getScheduleds", span, map[string]any{"response.list.0.merchant_uid": "SUB-2"}},
		{"Subscribe.getScheduled", by("merchant_uid", "SUB-2"), map[string]any{"response.schedule_status": "scheduled"}},
		{"Subscribe.unschedule", by("customer_uid", "cust-1", "merchant_uid", "SUB-2"), map[string]any{
			"response.0.schedule_status": "revoked",
		}},
	})
}

// TestV1Besides is row "portone.md §1.8, receipts, escrow, identity verification, accounts".
func TestV1Besides(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v1, account, closed := shop(t, "v1.cjs", g.v1), g.pay("vbank", "issued"), g.pay("vbank", "issued")
	g.control("deposits", by("ref", account.attempt))
	held := g.v1Elsewhere("ESCROW-1", by("escrow", true))
	person := g.control("certifications", by("name", "김포트")).text("imp_uid")
	side := by("name", "가게", "tel", "02-000-0000", "addr", "서울", "postcode", "04524")
	parcel := func(invoice string) map[string]any {
		return by("imp_uid", held, "sender", side, "receiver", side,
			"logis", by("company", "CJGLS", "invoice", invoice, "sent_at", time.Now().Unix()))
	}
	receipt := by("imp_uid", account.txID, "identifier", "010-0000-0000", "identifier_type", "phone", "type", "person")
	sold := by("merchant_uid", "CASH-1", "name", "의자", "amount", 5000, "identifier", "010-0000-0000")
	v1.run(t, []row{
		{"Receipts.postReceipt", receipt, map[string]any{"response.imp_uid": account.txID, "response.amount": account.amount}},
		{"Receipts.getReceipt", by("imp_uid", account.txID), map[string]any{"response.imp_uid": account.txID}},
		{"Receipts.deleteReceipt", by("imp_uid", account.txID), map[string]any{"code": 0}},
		{"External.postReceipt", sold, map[string]any{"response.merchant_uid": "CASH-1", "response.amount": 5000}},
		{"External.getReceipt", by("merchant_uid", "CASH-1"), map[string]any{"response.merchant_uid": "CASH-1"}},
		{"External.deleteReceipt", by("merchant_uid", "CASH-1"), map[string]any{"code": 0}},
		{"Escrows.postEscrow", parcel("1001"), map[string]any{"response.invoice": "1001"}},
		{"Escrows.putEscrow", parcel("1002"), map[string]any{"response.invoice": "1002"}},
		{"Certifications.getCertification", by("imp_uid", person), map[string]any{"response.name": "김포트"}},
		{"Certifications.deleteCertification", by("imp_uid", person), map[string]any{"response.imp_uid": person}},
	})
	if e := v1.fails(t, "Certifications.getCertification", by("imp_uid", person)); e.Status != 404 {
		t.Errorf("what was deleted is read: %v", e)
	}
	// The SDK has no place for the key that Inicis wants for this: the gateway says it.
	t.Run("Vbanks.delete", func(t *testing.T) {
		for range 2 {
			if a := v1.must(t, "Vbanks.delete", by("imp_uid", closed.txID)); a.text("response.imp_uid") != closed.txID {
				t.Errorf("it is answered %s", a)
			}
		}
		accounts := g.ask(http.MethodGet, g.sandbox+"/_sandbox/accounts", nil).String()
		if strings.Count(accounts, `"state":"closed"`) != 1 || g.writes("portone_v1", "cancel", closed.attempt) != 1 {
			t.Errorf("it is not closed once: %s", accounts)
		}
		if e := v1.fails(t, "Vbanks.delete", by("imp_uid", account.txID)); code(e) != "NOT_CANCELLABLE" || g.net() != account.amount+5000 {
			t.Errorf("one that was paid into: %v", e)
		}
	})
}

// TestV1Refusals is row "portone.md §1.3, what the gateway does not hand on": the SDK throws, and what it throws says
// why in Korean.
func TestV1Refusals(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	g.v1Card("cust-1")
	v1 := shop(t, "v1.cjs", g.v1)
	for _, r := range []row{
		{"NaverCo.cancel", by("imp_uid", "imp_000000000000"), nil},
		{"NaverCo.approveReturn", by("imp_uid", "imp_000000000000"), nil},
	} {
		t.Run(r.name, func(t *testing.T) {
			e := v1.fails(t, r.name, r.args)
			data := value{e.Data}
			if e.Status != 501 || code(e) != "CALL_NOT_TAKEN" || !data.is("code", -1) || data.text("message") == "" {
				t.Errorf("%v", e)
			}
		})
	}
	// Nobody has this key, so that it is refused whether or not the gateway follows such charges.
	nobody := by("customer_uid", "nobody", "merchant_uid", "SUB-1", "amount", 1000, "name", "이용권")
	if e := v1.fails(t, "Subscribe.again", nobody); code(e) == "" {
		t.Errorf("%v", e)
	}
	account := by("merchant_uid", "V-1", "amount", 1000, "vbank_code", "088", "vbank_due", time.Now().Add(2*time.Hour).Unix(), "vbank_holder", "가게")
	if e := v1.fails(t, "Vbanks.post", account); code(e) != "PURPOSE_NOT_SUPPORTED" {
		t.Errorf("an account that the configuration does not speak of: %v", e)
	}
	if writes := g.writes("portone_v1", "onetime", "") + g.writes("portone_v1", "schedule", "") + g.writes("portone_v1", "vbank", ""); writes != 0 || g.net() != 0 {
		t.Errorf("%d refused calls reached PortOne", writes)
	}
}
