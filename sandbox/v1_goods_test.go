package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// v1Code asks V1 and returns the HTTP status, the code and the response.
func (w *world) v1Code(method, path string, body any) (status int, code string, response map[string]any) {
	w.t.Helper()
	status, got := w.json(method, v1API+path, body, w.v1Token())
	response, _ = got["response"].(map[string]any)
	return status, got["code"].(json.Number).String(), response
}

func (w *world) apiAccount(changes map[string]any) map[string]any {
	b := map[string]any{
		"channel_key": "channel-key-v1-inicis", "merchant_uid": "VB-1", "amount": 10000, "vbank_code": "004",
		"vbank_due": w.clock.Now().Add(24 * time.Hour).Unix(), "vbank_holder": "주식회사 상점", "buyer_name": "홍길동",
		"buyer_email": "gildong@example.com",
	}
	maps.Copy(b, changes)
	return b
}

const issueAccountPath = "/vbanks?pg_api_key=" + testAPIKey

func TestV1IssuesAnAccountByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, code, p := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(nil))
	for name, v := range map[string]any{
		"status": "ready", "pay_method": "vbank", "channel": "api", "amount": json.Number("10000"), "vbank_code": "004",
		"vbank_name": "국민은행", "vbank_holder": "주식회사 상점", "paid_at": json.Number("0"),
	} {
		if p[name] != v {
			t.Errorf("%s: %v, want %v", name, p[name], v)
		}
	}
	if status != http.StatusOK || code != "0" || w.box.Ledger().Captured != 0 {
		t.Fatalf("issued: %d %s, captured %d", status, code, w.box.Ledger().Captured)
	}
	// One merchant_uid may have several accounts that wait.
	if _, code, _ := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(nil)); code != "0" {
		t.Errorf("a second account: %s", code)
	}
	w.deposit(sandbox.Deposit{Account: p["vbank_num"].(string)})
	if _, ids, _ := w.v1List("/payments/findAll/VB-1/paid", "imp_uid"); len(ids) != 1 || ids[0] != p["imp_uid"] || w.box.Ledger().Net != 10000 {
		t.Errorf("deposited: %v, net %d", ids, w.box.Ledger().Net)
	}
	if _, code, _ := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(nil)); code != "1" {
		t.Errorf("an account for what was paid: %s", code)
	}
}

func TestV1AccountsByAPIAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, changes := range map[string]map[string]any{
		"an unknown bank": {"vbank_code": "999"}, "no deadline": {"vbank_due": nil}, "a past one": {"vbank_due": w.clock.Now().Unix()},
		"no holder": {"vbank_holder": ""}, "no buyer": {"buyer_name": ""}, "an unknown channel": {"channel_key": "x"}, "no amount": {"amount": 0},
	} {
		if _, code, _ := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(changes)); code != "1" {
			t.Errorf("%s: %s", name, code)
		}
	}
	status, got := w.json(http.MethodPost, v1API+"/vbanks", w.apiAccount(nil), w.v1Token())
	if status != http.StatusOK || got["code"] != json.Number("1") || got["message"] != "hashData 불일치" {
		t.Errorf("without the INIAPI key: %d %v", status, got)
	}
	if len(w.box.Accounts()) != 0 {
		t.Errorf("accounts: %v", w.box.Accounts())
	}
}

func TestV1AccountIsChangedWhileItWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, p := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(nil))
	path := "/vbanks/" + p["imp_uid"].(string)
	due := w.clock.Now().Add(48 * time.Hour).Unix()
	status, _, p := w.v1Code(http.MethodPut, path, map[string]any{"amount": 7000, "vbank_due": due})
	if status != http.StatusOK || p["amount"] != json.Number("7000") || p["vbank_date"] != json.Number(fmt.Sprint(due)) {
		t.Errorf("changed: %d %v", status, p)
	}
	for name, body := range map[string]map[string]any{"zero": {"amount": 0}, "a past deadline": {"vbank_due": 1}} {
		if status, _, _ := w.v1Code(http.MethodPut, path, body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	w.deposit(sandbox.Deposit{Account: p["vbank_num"].(string)})
	if w.box.Ledger().Net != 7000 {
		t.Errorf("net %d", w.box.Ledger().Net)
	}
	if status, _, _ := w.v1Code(http.MethodPut, path, map[string]any{"amount": 1}); status != http.StatusBadRequest {
		t.Errorf("after the deposit: %d", status)
	}
	if status, _, _ := w.v1Code(http.MethodPut, "/vbanks/imp_none", map[string]any{"amount": 1}); status != http.StatusNotFound {
		t.Errorf("an unknown one: %d", status)
	}
}

// paidAccount is a payment into an account of 11000 won.
func (w *world) paidAccount() string {
	w.t.Helper()
	_, _, p := w.v1Code(http.MethodPost, issueAccountPath, w.apiAccount(map[string]any{"amount": 11000}))
	w.deposit(sandbox.Deposit{Account: p["vbank_num"].(string)})
	return p["imp_uid"].(string)
}

func TestV1CashReceiptOfAPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.paidAccount()
	refund := map[string]any{"imp_uid": id, "amount": 1100, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
	if code, _ := w.v1Post("/payments/cancel", refund); code != "0" {
		t.Fatalf("the part: %s", code)
	}
	path, identifier := "/receipts/"+id, map[string]any{"identifier": "010-4242-4242"}
	if status, _, _ := w.v1Code(http.MethodGet, path, nil); status != http.StatusNotFound {
		t.Errorf("before it was issued: %d", status)
	}
	status, _, r := w.v1Code(http.MethodPost, path, identifier)
	if status != http.StatusOK || r["imp_uid"] != id || r["type"] != "person" || r["amount"] != json.Number("9900") || r["vat"] != json.Number("900") || r["cancelled_at"] != json.Number("0") {
		t.Errorf("issued for what is left: %d %v", status, r)
	}
	if status, _, _ := w.v1Code(http.MethodPost, path, identifier); status != http.StatusBadRequest {
		t.Errorf("a second time: %d", status)
	}
	_, _, p := w.v1Code(http.MethodGet, "/payments/"+id+"?include_sandbox=true", nil)
	_, _, balance := w.v1Code(http.MethodGet, "/payments/"+id+"/balance", nil)
	if part := balance["cash_receipt"].(map[string]any); p["cash_receipt_issued"] != true || part["vat"] != json.Number("900") {
		t.Errorf("the payment says %v, its balance %v", p["cash_receipt_issued"], part)
	}
	w.clock.add(time.Minute)
	if status, _, r := w.v1Code(http.MethodDelete, path, nil); status != http.StatusOK || r["cancelled_at"] == json.Number("0") {
		t.Errorf("taken back: %d %v", status, r)
	}
	if status, _, _ := w.v1Code(http.MethodDelete, path, nil); status != http.StatusBadRequest {
		t.Errorf("taken back twice: %d", status)
	}
	if status, _, r := w.v1Code(http.MethodPost, path, map[string]any{"identifier": "1208147521", "type": "company"}); status != http.StatusOK || r["type"] != "company" {
		t.Errorf("issued anew: %d %v", status, r)
	}
	if got := w.box.Ledger(); got.Captured != 11000 || got.Cancelled != 1100 {
		t.Errorf("receipts move no money: %+v", got)
	}
}

func TestV1CashReceiptsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	card := w.v1Pay(v1Params("C-1", 1000), "pay")["imp_uid"].(string)
	waiting := w.v1Pay(v1AccountParams("C-2", 1000), "pay")["imp_uid"].(string)
	paid := w.paidAccount()
	phone := map[string]any{"identifier": "01042424242"}
	for name, tt := range map[string]struct {
		id   string
		body map[string]any
	}{
		"a card payment": {card, phone}, "an unpaid account": {waiting, phone}, "an unknown payment": {"imp_none", phone},
		"no identifier": {paid, map[string]any{}}, "letters": {paid, map[string]any{"identifier": "gildong"}},
		"an unknown type":        {paid, map[string]any{"identifier": "01042424242", "type": "somebody"}},
		"more tax-free than all": {paid, map[string]any{"identifier": "01042424242", "tax_free": 11001}},
	} {
		if status, code, _ := w.v1Code(http.MethodPost, "/receipts/"+tt.id, tt.body); status != http.StatusBadRequest || code != "-1" {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
}

func TestV1CashReceiptOfAnotherSale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/receipts/external/OFF-1"
	body := map[string]any{"channel_key": "channel-key-v1-inicis", "name": "연필", "amount": 1100, "identifier": "01042424242"}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if status, _, _ := w.v1Code(method, path, nil); status != http.StatusNotFound {
			t.Errorf("%s before it was issued: %d", method, status)
		}
	}
	status, _, r := w.v1Code(http.MethodPost, path, body)
	if status != http.StatusOK || r["merchant_uid"] != "OFF-1" || r["imp_uid"] != nil || r["amount"] != json.Number("1100") || r["vat"] != json.Number("100") {
		t.Errorf("issued: %d %v", status, r)
	}
	if status, _, _ := w.v1Code(http.MethodPost, path, body); status != http.StatusBadRequest {
		t.Errorf("twice: %d", status)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if status, _, r := w.v1Code(method, path, nil); status != http.StatusOK || r["merchant_uid"] != "OFF-1" {
			t.Errorf("%s: %d %v", method, status, r)
		}
	}
	for _, missing := range []string{"name", "amount", "identifier"} {
		less := maps.Clone(body)
		delete(less, missing)
		if status, _, _ := w.v1Code(http.MethodPost, path, less); status != http.StatusBadRequest {
			t.Errorf("without %s: %d", missing, status)
		}
	}
	if got := w.box.Ledger(); got.Captured != 0 {
		t.Errorf("ledger: %+v", got)
	}
}

func delivery(company string) map[string]any {
	side := map[string]any{"name": "홍길동", "tel": "01042424242", "addr": "서울", "postcode": "06018"}
	return map[string]any{
		"sender": side, "receiver": side, "logis": map[string]any{"company": company, "invoice": "1234", "sent_at": 1775106900},
	}
}

func TestV1EscrowDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	params := v1Params("E-1", 10000)
	params["escrow"] = true
	id := w.v1Pay(params, "pay")["imp_uid"].(string)
	plain := w.v1Pay(v1Params("E-2", 1000), "pay")["imp_uid"].(string)
	path := "/escrows/logis/" + id
	steps := []struct {
		name, method, path string
		body               any
		status             int
		company            any
	}{
		{"reading before", http.MethodGet, path, nil, 409, nil},
		{"changing before", http.MethodPut, path, delivery("EPOST"), 409, nil},
		{"an ordinary payment", http.MethodPost, "/escrows/logis/" + plain, delivery("EPOST"), 409, nil},
		{"an unknown payment", http.MethodPost, "/escrows/logis/imp_none", delivery("EPOST"), 404, nil},
		{"no sides", http.MethodPost, path, map[string]any{"logis": delivery("EPOST")["logis"]}, 400, nil},
		{"registering", http.MethodPost, path, delivery("CJGLS"), 200, "CJGLS"},
		{"registering again", http.MethodPost, path, delivery("CJGLS"), 409, nil},
		{"changing, to an unknown courier", http.MethodPut, path, delivery("NOBODY"), 200, "ETC"},
		{"reading", http.MethodGet, path, nil, 200, "ETC"},
	}
	for _, tt := range steps {
		if status, _, r := w.v1Code(tt.method, tt.path, tt.body); status != tt.status || r["company"] != tt.company {
			t.Errorf("%s: %d %v", tt.name, status, r)
		}
	}
	part := map[string]any{"imp_uid": id, "amount": 1000}
	if code, _ := w.v1Post("/payments/cancel", part); code != "1" {
		t.Errorf("a part before the buyer confirmed: %s", code)
	}
	if err := w.box.Escrow("E-1", "3"); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := w.v1Code(http.MethodPut, path, delivery("EPOST")); status != http.StatusConflict {
		t.Errorf("changing after the buyer confirmed: %d", status)
	}
	if code, _ := w.v1Post("/payments/cancel", part); code != "0" || w.box.Ledger().Net != 10000 {
		t.Errorf("a part afterwards: %s, net %d", code, w.box.Ledger().Net)
	}
}

func TestV1EscrowDeliveryAsAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	params := v1Params("E-1", 10000)
	params["escrow"] = true
	id := w.v1Pay(params, "pay")["imp_uid"].(string)
	form := url.Values{"logis[company]": {"EPOST"}, "logis[invoice]": {"1"}, "logis[sent_at]": {"1775106900"}}
	for _, side := range []string{"sender", "receiver"} {
		for _, field := range []string{"name", "tel", "addr", "postcode"} {
			form.Set(side+"["+field+"]", "x")
		}
	}
	r := w.must(http.MethodPost, v1API+"/escrows/logis/"+id, "application/x-www-form-urlencoded", form.Encode(), w.v1Token())
	if r.status != http.StatusOK || !strings.Contains(r.body, `"company":"EPOST"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestV1Certifications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, made := w.json(http.MethodPost, "/_sandbox/certifications", map[string]any{"name": "성춘향", "birthday": "2001-05-05", "gender": "female", "ago": 600}, nil)
	path := "/certifications/" + made["imp_uid"].(string)
	status, _, r := w.v1Code(http.MethodGet, path, nil)
	want := map[string]any{
		"imp_uid": made["imp_uid"], "name": "성춘향", "birthday": "2001-05-05", "gender": "female", "certified": true,
		"certified_at": json.Number(fmt.Sprint(w.clock.Now().Unix() - 600)), "foreigner": false,
	}
	for name, v := range want {
		if r[name] != v {
			t.Errorf("%s: %v, want %v", name, r[name], v)
		}
	}
	same := w.box.Certify(sandbox.Certification{Name: "성춘향", Birthday: "2001-05-05", Gender: "female"})
	_, _, again := w.v1Code(http.MethodGet, "/certifications/"+same, nil)
	if status != http.StatusOK || again["unique_key"] != r["unique_key"] || again["imp_uid"] == r["imp_uid"] {
		t.Errorf("the same person: %v", again)
	}
	if status, _, r := w.v1Code(http.MethodDelete, path, nil); status != http.StatusOK || r["imp_uid"] != made["imp_uid"] {
		t.Errorf("deleted: %d %v", status, r)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if status, _, _ := w.v1Code(method, path, nil); status != http.StatusNotFound {
			t.Errorf("%s afterwards: %d", method, status)
		}
	}
	if status, _ := w.json(http.MethodPost, "/_sandbox/certifications", map[string]any{"nmae": "x"}, nil); status != http.StatusBadRequest {
		t.Errorf("a misspelt command: %d", status)
	}
}
