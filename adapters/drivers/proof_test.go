package drivers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const proofTID = "StdpayCARDINIpayTest20260402141359123456"

// proof is one answer of a PG: what it must be changed to so that each fact differs, and the first thing that it does
// not tell though its PG can ("" when it proves an approval by itself).
type proof struct {
	driver payment.DriverName
	call   string
	body   string
	// differs is, for each fact that is compared, what in the body is replaced by what.
	differs map[string][2]string
	untold  string
	outcome payment.Outcome
}

// proofs is which answer proves what. What an answer does not tell is looked up before an approval is believed: that is
// so for V2's confirm alone. What cancels, net cancels, closings, keys and notifications prove is in effects.
//
// What no answer tells: Inicis the test flag (the MID tells it), the parts of the amount, whether it is an escrow (the MID
// of an escrow contract tells), and in its mobile window and its inquiries the currency; its inquiries the plan of
// instalments; V1 the parts of the amount; V2 that a payment is no escrow. A VAT that the shop does not state is the PG's
// to reckon, and not compared. Which plans a window offered is not kept with its attempt: compared is that an amount below
// 50,000 won has none.
func proofs() []proof {
	const v2 = `{"status":"PAID","id":"A1","transactionId":"tx-1","currency":"KRW","amount":{"total":64900,"taxFree":0,"vat":5900,"paid":64900,"cancelled":0},` +
		`"method":{"type":"PaymentMethodCard"},"channel":{"type":"TEST","key":"channel-key-1","pgMerchantId":"INIpayTest"}}`
	const v1 = `{"code":0,"message":null,"response":{"imp_uid":"imp_1","merchant_uid":"A1","status":"paid","amount":64900,"cancel_amount":0,` +
		`"currency":"KRW","pay_method":"card","card_quota":0,"escrow":false,"sandbox":true,"pg_id":"INIpayTest","paid_at":1769400000}}`
	const pc = `{"resultCode":"0000","resultMsg":"ok","tid":"` + proofTID + `","mid":"INIpayTest","MOID":"A1","TotPrice":"64900","payMethod":"Card","currency":"WON"}`
	const mobile = "P_STATUS=00&P_RMESG1=ok&P_TID=" + proofTID + "&P_MID=INIpayTest&P_OID=A1&P_TYPE=CARD&P_AMT=64900"
	return []proof{
		{portonev2.Name, "approve", `{"pgTxId":"Stdpay1","paidAt":"2026-03-01T02:15:00Z"}`, nil, "amount", payment.OutcomeApproved},
		{portonev2.Name, "look up", v2, map[string][2]string{
			"amount": {`"total":64900`, `"total":64901`}, "currency": {`"KRW"`, `"USD"`}, "mid": {"INIpayTest", "INIother00"}, "channel": {"channel-key-1", "channel-key-9"},
			"test": {`"TEST"`, `"LIVE"`}, "method": {"PaymentMethodCard", "PaymentMethodMobile"}, "tax_free": {`"taxFree":0`, `"taxFree":100`},
			"escrow": {`"currency"`, `"escrow":{"status":"BEFORE_REGISTERED"},"currency"`},
		}, "", payment.OutcomeApproved},
		{portonev2.Name, "look up", strings.Replace(v2, `"method":{"type":"PaymentMethodCard"},`, "", 1), nil, "method", payment.OutcomeApproved},
		{portonev2.Name, "look up", strings.Replace(v2, `"type":"TEST",`, "", 1), nil, "test", payment.OutcomeApproved},
		{portonev2.Name, "look up", strings.Replace(v2, `"taxFree":0,`, "", 1), nil, "tax_free", payment.OutcomeApproved},
		{portonev2.Name, "look up", strings.Replace(strings.Replace(v2, `"key":"channel-key-1",`, "", 1), `,"pgMerchantId":"INIpayTest"`, "", 1), nil, "mid", payment.OutcomeApproved},
		{portonev1.Name, "look up", v1, map[string][2]string{
			"amount": {`"amount":64900`, `"amount":64901`}, "currency": {`"KRW"`, `"USD"`}, "mid": {"INIpayTest", "INIother00"},
			"test": {`"sandbox":true`, `"sandbox":false`}, "method": {`"pay_method":"card"`, `"pay_method":"phone"`}, "escrow": {`"escrow":false`, `"escrow":true`},
		}, "", payment.OutcomeApproved},
		{portonev1.Name, "look up", strings.Replace(v1, `"pay_method":"card"`, `"emb_pg_provider":"kakaopay","pay_method":"card"`, 1), map[string][2]string{"method": {"", ""}}, "", payment.OutcomeApproved},
		{portonev1.Name, "look up", strings.Replace(v1, `"pay_method":"card",`, "", 1), nil, "method", payment.OutcomeApproved},
		{portonev1.Name, "look up", strings.Replace(v1, `"sandbox":true,`, "", 1), nil, "test", payment.OutcomeApproved},
		{inicis.Name, "approve", pc, map[string][2]string{
			"order_ref": {`"MOID":"A1"`, `"MOID":"A9"`}, "amount": {`"64900"`, `"64901"`}, "currency": {`"WON"`, `"USD"`}, "mid": {`"mid":"INIpayTest"`, `"mid":"INIother00"`},
			"method": {`"Card"`, `"VCash"`},
		}, "", payment.OutcomeApproved},
		{inicis.Name, "approve", strings.Replace(pc, `"payMethod":"Card"`, `"payMethod":"Card","CARD_SrcCode":"O"`, 1), map[string][2]string{"method": {"", ""}}, "", payment.OutcomeApproved},
		{inicis.Name, "approve", strings.Replace(pc, `,"currency":"WON"`, "", 1), nil, "currency", payment.OutcomeApproved},
		{inicis.Name, "approve, mobile", mobile, map[string][2]string{
			"order_ref": {"P_OID=A1", "P_OID=A9"}, "amount": {"P_AMT=64900", "P_AMT=64901"}, "mid": {"P_MID=INIpayTest", "P_MID=INIother00"}, "method": {"P_TYPE=CARD", "P_TYPE=MOBILE"},
		}, "", payment.OutcomeApproved},
		{inicis.Name, "look up", `{"resultCode":"SUCCESS","tid":"` + proofTID + `","mid":"INIpayTest","oid":"A1","price":"64900","paymethod":"Card","transactionStatus":"APPROVAL"}`, map[string][2]string{
			"amount": {`"64900"`, `"64901"`}, "mid": {`"mid":"INIpayTest"`, `"mid":"INIother00"`}, "method": {`"Card"`, `"HPP"`},
		}, "", payment.OutcomeApproved},
	}
}

// ask has a driver read body as the answer to a call.
func ask(t *testing.T, p proof, body string) (payment.Attempt, *payment.Merchant, adapters.Result) {
	t.Helper()
	kind := "application/json"
	if p.call == "approve, mobile" {
		kind = "text/html; charset=UTF-8"
	}
	d, acc, a := answering(t, p.driver, kind, body)
	var r adapters.Result
	var err error
	if strings.HasPrefix(p.call, "approve") {
		r, err = d.Approve(t.Context(), approving(acc, a, p.call == "approve, mobile"))
	} else {
		r, err = d.LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: "imp_1", Now: time.Now()})
	}
	if err != nil {
		t.Fatalf("%s, %s: %v", p.driver, p.call, err)
	}
	return a, acc.Merchant, r
}

// approving is a request to approve, or to undo that.
func approving(acc adapters.Account, a payment.Attempt, mobile bool) adapters.ApproveRequest {
	token := payment.Secret("token")
	if mobile {
		token = proofTID
	}
	return adapters.ApproveRequest{Account: acc, Attempt: a, Now: time.Now(), Proof: adapters.Proof{AuthToken: token, IDC: "stg", Mobile: mobile}}
}

// answering is a driver whose PG answers everything with body, and a payment to ask it about.
func answering(t *testing.T, driver payment.DriverName, kind, body string) (adapters.Driver, adapters.Account, payment.Attempt) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users/getToken") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"code":0,"message":null,"response":{"access_token":"t","now":1769400000,"expired_at":1769401800}}`)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	client := onewrite.New(onewrite.Options{})
	t.Cleanup(client.CloseIdleConnections)
	acc := adapters.Account{
		PG: &payment.PG{
			ID: "pg", Driver: driver, Environment: payment.EnvSandbox, BaseURL: srv.URL,
			ApproveTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
			Keys: payment.Keys{}.WithText("store_id", "store-1").WithSecret("api_secret", "s").WithText("imp_code", "imp1").
				WithSecret("imp_key", "k").WithSecret("imp_secret", "s").WithText("client_ip", "203.0.113.10"),
		},
		Merchant: &payment.Merchant{
			ID: "m", PG: "pg", MID: "INIpayTest", Mode: payment.ModeTest, Tax: payment.TaxTaxable,
			Keys: payment.Keys{}.WithSecret("sign_key", "SU5JTElURV9UUklQTEVERVNfS0VZU1RS").
				WithSecret("hash_key", "3CB8183A4BE283555ACC8363C0360223").
				WithSecret("api_key", "ItEQKi3rY7uvDS8l").WithSecret("api_iv", "HYb3yQ4f65QL89=="),
		},
	}
	if driver != inicis.Name {
		acc.Merchant.ChannelKey = "channel-key-1"
	}
	a := payment.Attempt{
		ID: "A1", OrderID: "O1", PG: "pg", Driver: driver, Merchant: "m", MID: "INIpayTest", Method: "card", Amount: 64_900, OrderAmount: 64_900,
		Currency: payment.CurrencyKRW, Test: true, ManualConfirm: true,
	}
	return drivers.New(drivers.Options{Client: client})[driver], acc, a
}

// TestWhichAnswerProvesWhat holds the table: each fact that a PG states is compared, and an answer that leaves one out
// proves no approval.
func TestWhichAnswerProvesWhat(t *testing.T) {
	t.Parallel()
	for _, p := range proofs() {
		a, m, r := ask(t, p, p.body)
		if untold := adapters.Untold(a, m, r); untold != p.untold || r.Outcome != p.outcome {
			t.Errorf("%s, %s: %s, and %q is left out, want %q\n%s", p.driver, p.call, r.Outcome, untold, p.untold, p.body)
		}
		if got := adapters.Mismatch(a, m, r); got != "" && p.differs[got] != [2]string{} || got == "" && len(p.differs) == 1 {
			t.Errorf("%s, %s: differs in %q\n%s", p.driver, p.call, got, p.body)
		}
		for field, change := range p.differs {
			if change[0] == "" {
				continue // it differs as it is
			}
			body := strings.Replace(p.body, change[0], change[1], 1)
			if body == p.body {
				t.Fatalf("%s, %s: nothing to change for %s", p.driver, p.call, field)
			}
			if _, _, r := ask(t, p, body); adapters.Mismatch(a, m, r) != field {
				t.Errorf("%s, %s, another %s: differs in %q", p.driver, p.call, field, adapters.Mismatch(a, m, r))
			}
		}
	}
}

// TestAnInstalmentThatNoWindowOffers: below 50,000 won every payment is a lump sum, whatever the buyer put into the window.
func TestAnInstalmentThatNoWindowOffers(t *testing.T) {
	t.Parallel()
	plans := map[string][2]string{
		"portone_v2": {`"type":"PaymentMethodCard"`, `"type":"PaymentMethodCard","installment":{"month":%s,"isInterestFree":true}`},
		"portone_v1": {`"card_quota":0`, `"card_quota":%s`},
		"inicis":     {`"payMethod":"Card"`, `"payMethod":"Card","CARD_Quota":"%s"`},
		"mobile":     {"P_TYPE=CARD", "P_TYPE=CARD&P_RMESG2=%s"},
	}
	seen := map[string]bool{}
	for _, p := range proofs() {
		name := string(p.driver)
		if p.call == "approve, mobile" {
			name = "mobile"
		}
		plan := plans[name]
		if len(p.differs) < 2 || !strings.Contains(p.body, plan[0]) {
			continue
		}
		seen[name] = true
		for months, want := range map[string]string{"0": "", "1": "", "12": "installment"} {
			body := strings.Replace(p.body, plan[0], strings.Replace(plan[1], "%s", months, 1), 1)
			a, m, r := ask(t, p, body)
			if got := adapters.Mismatch(a, m, r); got != "" {
				t.Errorf("%s, %s months for %d won: differs in %q", name, months, a.Amount, got)
			}
			a.Amount, r.Amount = 49_999, 49_999
			if got := adapters.Mismatch(a, m, r); got != want {
				t.Errorf("%s, %s months for %d won: differs in %q, want %q", name, months, a.Amount, got, want)
			}
		}
	}
	if len(seen) != len(plans) {
		t.Errorf("only %v were asked", seen)
	}
}

// TestAnEscrowThatTheBuyerTookOut: a transfer that was decided as an escrow is one. A card needs none.
func TestAnEscrowThatTheBuyerTookOut(t *testing.T) {
	t.Parallel()
	m := &payment.Merchant{Tax: payment.TaxTaxable}
	for _, tt := range []struct {
		purpose payment.Purpose
		method  payment.Method
		told    adapters.Result
		want    string
	}{
		{payment.PurposeEscrow, "trans", adapters.Result{EscrowKnown: true}, "escrow"},
		{payment.PurposeEscrow, payment.MethodVBank, adapters.Result{EscrowKnown: true}, "escrow"},
		{payment.PurposeEscrow, "card", adapters.Result{EscrowKnown: true}, ""},
		{payment.PurposeEscrow, "trans", adapters.Result{}, ""},
		{payment.PurposeEscrow, "trans", adapters.Result{Escrow: true, EscrowKnown: true}, ""},
		{payment.PurposeOneTime, "trans", adapters.Result{Escrow: true, EscrowKnown: true}, "escrow"},
		{payment.PurposeOneTime, "card", adapters.Result{Escrow: true, EscrowKnown: true}, "escrow"},
		{payment.PurposeOneTime, "card", adapters.Result{EscrowKnown: true}, ""},
	} {
		a := payment.Attempt{Purpose: tt.purpose, Method: tt.method, Amount: 64_900}
		if got := adapters.Mismatch(a, m, tt.told); got != tt.want {
			t.Errorf("%s by %s, told %+v: differs in %q, want %q", tt.purpose, tt.method, tt.told, got, tt.want)
		}
	}
}
