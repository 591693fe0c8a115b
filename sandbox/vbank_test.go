package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// refundTo is an account's number 11012345678901 as INIpayTest's key encrypts it.
const refundTo = "Pgc+KMLQbOEuvyCwb0ia9Q=="

// inicisAccount issues a virtual account through Inicis and returns the approval's answer and the token.
func (w *world) inicisAccount(oid, price string, changes map[string]string) (answer map[string]any, token string) {
	w.t.Helper()
	form := with(w.inicisForm(oid, price), map[string]string{"gopaymethod": "VBank", "acceptmethod": "centerCd(Y):vbank(202604101830)"})
	_, result := w.authenticate(with(form, changes), "pay")
	token = result["authToken"]
	return w.form(approvePath, w.approval(token)).object(w.t), token
}

// status is what INIAPI v1 says of an order.
func (w *world) status(oid string) string {
	w.t.Helper()
	got := w.iniapiV1("extra", map[string]string{"type": "Extra", "paymethod": "Inquiry", "oid": oid}, v1Common...)
	return fmt.Sprint(got["status"])
}

func (w *world) closeInicis(tid string) map[string]any {
	w.t.Helper()
	return w.iniapiV1("refund", map[string]string{"type": "Refund", "paymethod": "GVacct", "tid": tid, "msg": "기한 초과"}, v1Refund...)
}

func (w *world) deposit(d sandbox.Deposit) {
	w.t.Helper()
	if err := w.box.Deposit(d); err != nil {
		w.t.Fatal(err)
	}
}

func TestInicisAccountFromIssueToRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, _ := w.inicisAccount("A-1", "10000", nil)
	for field, want := range map[string]string{
		"resultCode": "0000", "payMethod": "VBank", "VACT_BankCode": "88", "VACT_Date": "20260410", "VACT_Time": "183000", "TotPrice": "10000",
	} {
		if got[field] != want {
			t.Errorf("%s = %v, want %s", field, got[field], want)
		}
	}
	if w.box.Ledger().Captured != 0 || w.status("A-1") != "N" {
		t.Fatalf("issued: %+v, status %s", w.box.Ledger(), w.status("A-1"))
	}
	tid := got["tid"].(string)
	if tid[6:10] != "VBNK" {
		t.Errorf("tid %s", tid)
	}
	if r := w.iniapiV2("refund/vacct", "refund", vacct(tid)); r["resultCode"] != "01" {
		t.Errorf("an unpaid account was refunded: %v", r)
	}
	w.deposit(sandbox.Deposit{Account: got["VACT_Num"].(string)})
	if w.box.Ledger().Captured != 10000 || w.status("A-1") != "Y" {
		t.Fatalf("deposited: %+v, status %s", w.box.Ledger(), w.status("A-1"))
	}
	if r := w.closeInicis(tid); r["resultCode"] != "01" {
		t.Errorf("a paid account was closed: %v", r)
	}
	if r := w.iniapiV2("refund", "refund", fmt.Sprintf(`{"tid":%q,"msg":"x"}`, tid)); r["resultCode"] != "01" {
		t.Errorf("refunded to nobody: %v", r)
	}
	part := strings.Replace(vacct(tid), `"refundAcctNum"`, `"price":"3000","confirmPrice":"7000","refundAcctNum"`, 1)
	if r := w.iniapiV2("partialRefund/vacct", "partialRefund", part); r["resultCode"] != "00" || r["prtcRemains"] != "7000" {
		t.Errorf("a part: %v", r)
	}
	fields := map[string]string{
		"type": "Refund", "paymethod": "Vacct", "tid": tid, "msg": "x", "refundAcctNum": refundTo, "refundBankCode": "88", "refundAcctName": "홍길동",
	}
	if r := w.iniapiV1("refund", fields, append(v1Refund[:6:6], "refundAcctNum")...); r["resultCode"] != "00" {
		t.Errorf("the rest by v1: %v", r)
	}
	if l := w.box.Ledger(); l.Net != 0 || w.status("A-1") != "1" {
		t.Errorf("at the end: %+v, status %s", l, w.status("A-1"))
	}
}

func vacct(tid string) string {
	return fmt.Sprintf(`{"tid":%q,"msg":"환불","refundAcctNum":%q,"refundBankCode":"88","refundAcctName":"홍길동"}`, tid, refundTo)
}

func TestInicisRefundAccountsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, _ := w.inicisAccount("A-1", "10000", nil)
	tid := got["tid"].(string)
	w.deposit(sandbox.Deposit{Ref: "A-1"})
	for name, data := range map[string]string{
		"not encrypted":  strings.Replace(vacct(tid), refundTo, "11012345678901", 1),
		"another key":    strings.Replace(vacct(tid), refundTo, "qwMHVJqsmXKoR+d8wQTS4Q==", 1),
		"three digits":   strings.Replace(vacct(tid), `"88"`, `"088"`, 1),
		"nobody's":       strings.Replace(vacct(tid), "홍길동", "", 1),
		"a foreign bank": strings.Replace(vacct(tid), `"88"`, `"54"`, 1),
	} {
		if r := w.iniapiV2("refund/vacct", "refund", data); r["resultCode"] != "01" {
			t.Errorf("%s: %v", name, r)
		}
	}
	if w.box.Ledger().Cancelled != 0 {
		t.Errorf("given back: %+v", w.box.Ledger())
	}
}

func TestInicisAccountEndsUnpaid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(w *world, tid, token string) map[string]any
	}{
		{"closed", func(w *world, tid, _ string) map[string]any { return w.closeInicis(tid) }},
		{"net cancelled", func(w *world, _, token string) map[string]any {
			return w.form(netCancelPath, w.approval(token)).object(w.t)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got, token := w.inicisAccount("A-1", "10000", nil)
			if r := tt.end(w, got["tid"].(string), token); r["resultCode"] != "00" && r["resultCode"] != "0000" {
				t.Fatalf("refused: %v", r)
			}
			if w.status("A-1") != "C" {
				t.Errorf("status %s", w.status("A-1"))
			}
			if err := w.box.Deposit(sandbox.Deposit{Ref: "A-1"}); err == nil {
				t.Error("the bank took a deposit into a closed account")
			}
			w.deposit(sandbox.Deposit{Ref: "A-1", Force: true})
			if w.status("A-1") != "Y" || w.box.Ledger().Captured != 10000 {
				t.Errorf("an unmatched payment: status %s, %+v", w.status("A-1"), w.box.Ledger())
			}
			if r := w.form(netCancelPath, w.approval(token)).object(t); tt.name == "closed" && r["resultCode"] == "0000" {
				t.Errorf("a net cancel after the deposit: %v", r)
			}
		})
	}
}

func TestWhatABankRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inicisAccount("A-1", "10000", map[string]string{"acceptmethod": "centerCd(Y):vbank(20260410):va_ckprice"})
	for name, d := range map[string]sandbox.Deposit{
		"nobody's account":   {Ref: "A-9", Force: true},
		"another amount":     {Ref: "A-1", Amount: 9999},
		"a negative amount":  {Ref: "A-1", Amount: -1, Force: true},
		"too often":          {Ref: "A-1", Times: 11, Force: true},
		"a negative reading": {Ref: "A-1", Times: -1, Force: true},
	} {
		if err := w.box.Deposit(d); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	w.clock.add(10 * 24 * 3600 * 1e9)
	if r := w.must(http.MethodPost, "/_sandbox/deposits", "application/json", `{"ref":"A-1"}`, nil); r.status != http.StatusBadRequest || !strings.Contains(r.body, "deadline") {
		t.Errorf("after the deadline: %d %s", r.status, r.body)
	}
	if r := w.must(http.MethodPost, "/_sandbox/deposits", "application/json", `{"ref":"A-1","force":true,"amount":9000,"times":2}`, nil); r.status != http.StatusOK {
		t.Errorf("by force: %d %s", r.status, r.body)
	}
	l := w.box.Ledger()
	if l.Captured != 18000 || len(l.Entries) != 2 || l.Entries[0].By != "deposit" {
		t.Errorf("ledger %+v", l)
	}
	if err := w.box.Deposit(sandbox.Deposit{Ref: "A-1", Amount: 9000}); err == nil {
		t.Error("a paid account took more")
	}
	if a := w.box.Accounts(); len(a) != 1 || a[0].State != "paid" || len(a[0].Deposits) != 2 {
		t.Errorf("accounts %+v", a)
	}
}

func TestVBankWindowsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, option := range []string{"vbank(20260401)", "vbank(202604021414)", "vbank(2026)", "vbank(20261301)", "vbank(x)", "vbank(20260410"} {
		form := with(w.inicisForm("A-1", "1000"), map[string]string{"gopaymethod": "VBank", "acceptmethod": "centerCd(Y):" + option})
		if r := w.form("/inicis/window", form); r.status == http.StatusOK {
			t.Errorf("%s opened", option)
		}
	}
	for _, due := range []string{"2026-04-01", "20260401", "2026-04-02 14:00:00", "tomorrow"} {
		p := v1Params("A-1", 1000)
		p["pay_method"], p["vbank_due"] = "vbank", due
		if rsp := w.v1Pay(p, "pay"); rsp["error_code"] == nil {
			t.Errorf("V1, %s: opened", due)
		}
	}
	for _, expiry := range []map[string]any{{"validHours": 0}, {"dueDate": "2026-04-01T00:00:00Z"}, {"dueDate": "x"}, {"validHours": 1, "dueDate": "2026-04-09T00:00:00Z"}} {
		p := v2Params("A-1", "channel-key-v2-auto", 1000)
		p["payMethod"], p["virtualAccount"] = "VIRTUAL_ACCOUNT", map[string]any{"accountExpiry": expiry}
		if rsp := w.v2Pay(p, "pay"); rsp["code"] != "RequestParseFailed" {
			t.Errorf("V2, %v: %v", expiry, rsp)
		}
	}
}

func v1AccountParams(uid string, amount any) map[string]any {
	p := v1Params(uid, amount)
	p["pay_method"], p["vbank_due"] = "vbank", "2026-04-10 18:30:00"
	return p
}

func TestV1AccountFromIssueToRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	rsp := w.v1Pay(v1AccountParams("A-1", 10000), "pay")
	id := rsp["imp_uid"].(string)
	read := func() map[string]any {
		_, got := w.json(http.MethodGet, "/portone/v1/payments/"+id+"?include_sandbox=true", nil, auth)
		return got["response"].(map[string]any)
	}
	p := read()
	if p["status"] != "ready" || p["vbank_code"] != "088" || p["vbank_num"] == nil || p["vbank_date"] != json.Number("1775813400") || p["paid_at"] != json.Number("0") {
		t.Fatalf("issued: %v", p)
	}
	cancel := func(body map[string]any) json.Number {
		body["imp_uid"], body["reason"] = id, "x"
		_, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", body, auth)
		return got["code"].(json.Number)
	}
	if cancel(map[string]any{}) != "1" {
		t.Error("an unpaid account was refunded")
	}
	w.deposit(sandbox.Deposit{Account: p["vbank_num"].(string)})
	if p := read(); p["status"] != "paid" || p["amount"] != json.Number("10000") || w.box.Ledger().Captured != 10000 {
		t.Errorf("deposited: %v", p)
	}
	if status, _ := w.json(http.MethodDelete, "/portone/v1/vbanks/"+id+"?pg_api_key="+testAPIKey, nil, auth); status != http.StatusBadRequest {
		t.Errorf("a paid account was closed: %d", status)
	}
	for name, to := range map[string]map[string]any{
		"nobody":       {},
		"three digits": {"refund_holder": "홍길동", "refund_bank": "088", "refund_account": "56211105948400"},
		"no holder":    {"refund_bank": "88", "refund_account": "56211105948400"},
		"no number":    {"refund_holder": "홍길동", "refund_bank": "88"},
	} {
		if cancel(to) != "1" {
			t.Errorf("refunded to %s", name)
		}
	}
	if cancel(map[string]any{"amount": 4000, "checksum": 10000, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "562-11105948400"}) != "0" {
		t.Error("a part was refused")
	}
	if p := read(); p["cancel_amount"] != json.Number("4000") || w.box.Ledger().Net != 6000 {
		t.Errorf("after a part: %v", p)
	}
}

func TestV1AccountIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	id := w.v1Pay(v1AccountParams("A-1", 10000), "pay")["imp_uid"].(string)
	card := w.v1Pay(v1Params("A-2", 1000), "pay")["imp_uid"].(string)
	del := func(path string) (int, map[string]any) {
		return w.json(http.MethodDelete, "/portone/v1/vbanks/"+path, nil, auth)
	}
	for path, want := range map[string]int{"imp_none": 404, card: 400} {
		if status, _ := del(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, got := del(id); got["code"] != json.Number("1") {
		t.Errorf("without the INIAPI key: %v", got)
	}
	status, got := del(id + "?pg_api_key=" + testAPIKey)
	p, _ := got["response"].(map[string]any)
	if status != http.StatusOK || p["status"] != "cancelled" || p["cancel_amount"] != json.Number("0") || p["paid_at"] != json.Number("0") {
		t.Errorf("closed: %d %v", status, got)
	}
	if status, _ := del(id + "?pg_api_key=" + testAPIKey); status != http.StatusBadRequest {
		t.Errorf("closed twice: %d", status)
	}
}

func v2AccountParams(id, channel string, amount any) map[string]any {
	p := v2Params(id, channel, amount)
	p["payMethod"] = "VIRTUAL_ACCOUNT"
	p["virtualAccount"] = map[string]any{"accountExpiry": map[string]any{"dueDate": "2026-04-10T18:30:00+09:00"}}
	return p
}

func TestV2AccountFromIssueToRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func() map[string]any {
		_, got := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
		return got
	}
	rsp := w.v2Pay(v2AccountParams("A-1", "channel-key-v2-inicis", 10000), "pay")
	if p := read(); p["status"] != "READY" || len(w.box.Accounts()) != 0 {
		t.Fatalf("issued before the confirm: %v", p)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-1/confirm", map[string]any{"paymentToken": rsp["paymentToken"]}, v2Header("")); status != http.StatusOK || got["pgTxId"] == nil {
		t.Fatalf("confirm: %d %v", status, got)
	}
	method := read()["method"].(map[string]any)
	if p := read(); p["status"] != "VIRTUAL_ACCOUNT_ISSUED" || method["type"] != "PaymentMethodVirtualAccount" || method["bank"] != "SHINHAN" ||
		method["expiredAt"] != "2026-04-10T09:30:00Z" || p["paidAt"] != nil {
		t.Errorf("issued: %v", p)
	}
	if again := w.v2Pay(v2AccountParams("A-1", "channel-key-v2-inicis", 10000), "pay"); again["code"] != "PaymentAlreadyPaid" {
		t.Errorf("a second window over a waiting account: %v", again)
	}
	cancel := func(body map[string]any) (int, map[string]any) {
		body["reason"] = "x"
		return w.json(http.MethodPost, v2Root+"A-1/cancel", body, v2Header(""))
	}
	to := map[string]any{"bank": "SHINHAN", "number": "56211105948400", "holderName": "홍길동"}
	if status, got := cancel(map[string]any{"refundAccount": to}); status != http.StatusConflict || got["type"] != "PAYMENT_NOT_PAID" {
		t.Errorf("an unpaid account was refunded: %d %v", status, got)
	}
	w.deposit(sandbox.Deposit{Account: method["accountNumber"].(string)})
	if p := read(); p["status"] != "PAID" || p["paidAt"] == nil || w.box.Ledger().Captured != 10000 {
		t.Errorf("deposited: %v", p)
	}
	if status, got := w.json(http.MethodPost, v2Root+"A-1/virtual-account/close", nil, v2Header("")); status != http.StatusConflict || got["type"] != "PAYMENT_NOT_WAITING_FOR_DEPOSIT" {
		t.Errorf("a paid account was closed: %d %v", status, got)
	}
	if status, got := cancel(map[string]any{"amount": 4000}); status != http.StatusBadRequest {
		t.Errorf("refunded to nobody: %d %v", status, got)
	}
	if status, got := cancel(map[string]any{"amount": 4000, "refundAccount": to}); status != http.StatusOK || w.box.Ledger().Net != 6000 {
		t.Errorf("a part: %d %v", status, got)
	}
}

func TestV2AccountIsClosedAndPaidUnmatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.v2Pay(v2AccountParams("A-1", "channel-key-v2-auto", 10000), "pay")
	status, got := w.json(http.MethodPost, v2Root+"A-1/virtual-account/close", nil, v2Header("close-account-of-A-1"))
	if status != http.StatusOK || got["closedAt"] == nil {
		t.Fatalf("close: %d %v", status, got)
	}
	_, p := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if p["status"] != "CANCELLED" || p["paidAt"] != nil || p["amount"].(map[string]any)["paid"] != json.Number("0") {
		t.Errorf("closed: %v", p)
	}
	w.deposit(sandbox.Deposit{Ref: "A-1", Amount: 9000, Force: true})
	_, p = w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	if p["status"] != "PAID" || p["amount"].(map[string]any)["paid"] != json.Number("9000") || p["amount"].(map[string]any)["total"] != json.Number("10000") {
		t.Errorf("late and wrong money: %v", p)
	}
}

// A second deposit is surplus: the PG's record does not show it, and only the console gives it back.
func TestASecondDepositIsSurplus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := w.v1Token()
	id := w.v1Pay(v1AccountParams("A-1", 10000), "pay")["imp_uid"].(string)
	w.deposit(sandbox.Deposit{Ref: "A-1"})
	if err := w.box.Deposit(sandbox.Deposit{Ref: "A-1"}); err == nil {
		t.Error("the bank took a second deposit")
	}
	w.deposit(sandbox.Deposit{Ref: "A-1", Force: true})
	_, got := w.json(http.MethodGet, "/portone/v1/payments/"+id+"?include_sandbox=true", nil, auth)
	if p := got["response"].(map[string]any); p["amount"] != json.Number("10000") || w.box.Ledger().Captured != 20000 {
		t.Errorf("the record: %v, ledger %+v", p, w.box.Ledger())
	}
	if a := w.box.Audit(); a.OK {
		t.Error("the audit does not see it")
	}
	for _, x := range []sandbox.ConsoleCancel{{Ref: "A-1", Surplus: true, Amount: 4000}, {Ref: "A-1", Surplus: true}} {
		if err := w.box.ConsoleCancel(x); err != nil {
			t.Errorf("%+v: %v", x, err)
		}
	}
	if err := w.box.ConsoleCancel(sandbox.ConsoleCancel{Ref: "A-1", Surplus: true}); err == nil || w.box.Ledger().Net != 10000 {
		t.Errorf("given back once more: %v, %+v", err, w.box.Ledger())
	}
}
