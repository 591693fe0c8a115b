package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// tell sends a signed event of any data to the demo shop.
func (w *world) tell(id, kind string, data map[string]any) reply {
	w.t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "timestamp": w.clock.Now().Format(time.RFC3339), "data": data})
	if err != nil {
		w.t.Fatal(err)
	}
	ts := strconv.FormatInt(w.clock.Now().Unix(), 10)
	return w.must(http.MethodPost, "/shop/payment-events", "application/json", string(text), map[string]string{
		"webhook-id": id, "webhook-timestamp": ts, "webhook-signature": signEvent("demo-shop-events-secret-00000001", id, ts, string(text)),
	})
}

// page is what the buyer's page is told of an order.
func (w *world) page(order string) map[string]any {
	w.t.Helper()
	_, got := w.json(http.MethodGet, "/shop/api/orders/"+order, nil, nil)
	return got["payload"].(map[string]any)
}

func TestShopShowsAnAccountUntilItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, amount := w.order("G001", "vbank")
	about := map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "10", "method": "vbank", "amount": amount}
	account := map[string]any{"bank": "088", "number": "56210000000001", "holder": "샌드박스상점", "due": "2026-04-10T18:30:00+09:00"}
	got, _ := w.inicisAccount("A-1", won(amount), nil)
	w.tell("m1", "virtual_account.issued", with2(about, "account", account))
	if p := w.page(order); p["status"] != "waiting" || p["account"].(map[string]any)["number"] != "56210000000001" {
		t.Errorf("issued: %v", p)
	}
	if a := w.box.Audit(); !a.OK || a.Net != 0 {
		t.Errorf("issued: %+v", a)
	}
	w.deposit(sandbox.Deposit{Account: got["VACT_Num"].(string)})
	if a := w.box.Audit(); a.OK {
		t.Error("a deposit that the shop does not know of went unnoticed")
	}
	w.tell("m2", "virtual_account.deposited", about)
	if p := w.page(order); p["status"] != "paid" || p["account"] != nil || p["paidAmt"] != json.Number(won(amount)) {
		t.Errorf("deposited: %v", p)
	}
	if a := w.box.Audit(); !a.OK || int64(a.Net) != amount {
		t.Errorf("deposited: %+v", a)
	}
}

func with2(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{key: v}
	maps.Copy(out, m)
	return out
}

func TestShopForgetsAnAccountThatExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, amount := w.order("G001", "vbank")
	about := map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "10", "amount": amount, "reason": "deposit_deadline_passed"}
	w.tell("m1", "virtual_account.issued", with2(about, "account", map[string]any{"number": "1"}))
	w.tell("m2", "payment.failed", about)
	if p := w.page(order); p["status"] != "waiting" || p["account"] != nil || p["failed"] != true {
		t.Errorf("expired: %v", p)
	}
	if a := w.box.Audit(); !a.OK {
		t.Errorf("audit %+v", a)
	}
}

func TestShopBooksPartialCancels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, amount := w.order("G001", "11")
	about := func(cancel string, won int64) map[string]any {
		return map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "inicis", "amount": won, "cancel_id": cancel}
	}
	w.charge("A-1", won(amount))
	if err := w.box.ConsoleCancel(sandbox.ConsoleCancel{Ref: "A-1", Amount: 4900}); err != nil {
		t.Fatal(err)
	}
	w.tell("m1", "payment.confirmed", about("", amount))
	if w.box.Audit().OK {
		t.Error("the shop believes in money that was given back, and the audit does not see it")
	}
	for _, id := range []string{"m2", "m2", "m3"} {
		w.tell(id, "payment.cancelled", about("C-1", 4900))
	}
	if p := w.page(order); p["status"] != "paid" || p["paidAmt"] != json.Number("60000") {
		t.Errorf("after a part: %v", p)
	}
	if a := w.box.Audit(); !a.OK || a.Net != 60000 {
		t.Errorf("after a part: %+v", a)
	}
	w.tell("m4", "payment.cancel_failed", about("C-2", 60000))
	if err := w.box.ConsoleCancel(sandbox.ConsoleCancel{Ref: "A-1"}); err != nil {
		t.Fatal(err)
	}
	w.tell("m5", "payment.cancelled", about("C-3", 60000))
	o := w.box.Shop().Orders[0]
	if o.Status != "cancelled" || len(o.Paid) != 0 || o.Cancelled["A-1"] != 64900 || len(o.Cancels) != 2 ||
		cmp.Diff([]string{"C-2"}, o.CancelsFailed) != "" {
		t.Errorf("at the end: %+v", o)
	}
	if a := w.box.Audit(); !a.OK || a.Net != 0 {
		t.Errorf("at the end: %+v", a)
	}
}

// A message may overtake another: a cancel that comes before the confirmation still counts.
func TestShopBooksACancelThatCameFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, _ := w.order("G001", "11")
	data := map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "inicis", "amount": 900, "cancel_id": "C-1"}
	w.tell("m1", "payment.cancelled", data)
	w.event("m2", "payment.confirmed", order, "A-1", "inicis", 64900)
	if p := w.page(order); p["status"] != "paid" || p["paidAmt"] != json.Number("64000") {
		t.Errorf("got %v", p)
	}
	w.tell("m3", "payment.cancelled", map[string]any{"order_id": order, "attempt_id": "A-2", "pg": "inicis", "amount": 64900, "cancel_id": "C-2"})
	w.event("m4", "payment.confirmed", order, "A-2", "inicis", 64900)
	if o := w.box.Shop().Orders[0]; len(o.Paid) != 1 || o.Paid["A-1"] != 64000 {
		t.Errorf("an attempt of which nothing is left: %+v", o)
	}
}

func TestShopTakesABillingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, o := w.json(http.MethodPost, "/_sandbox/orders", map[string]any{"amount": 0, "purpose": "billing_key", "order_name": "월간 이용권"}, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, o)
	}
	order := o["order_id"].(string)
	_, yes := w.json(http.MethodPost, "/shop/orders/"+order+"/confirm", map[string]any{"order_id": order, "attempt_id": "A-1", "amount": 0}, nil)
	if yes["confirm"] != true {
		t.Errorf("the gate: %v", yes)
	}
	w.tell("m1", "billing_key.issued", map[string]any{"order_id": order, "attempt_id": "A-1", "pg": "10", "amount": 0, "billing_key": "billing-key-1"})
	if p := w.page(order); p["billingKey"] != true || strings.Contains(strings.Join(keysOf(p), " "), "billing-key-1") {
		t.Errorf("the page: %v", p)
	}
	if a := w.box.Audit(); !a.OK || w.box.Shop().Orders[0].BillingKey != "billing-key-1" {
		t.Errorf("audit %+v", a)
	}
}

func keysOf(m map[string]any) []string {
	var out []string
	for _, v := range m {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func TestOrdersOfAnyKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, o := w.json(http.MethodPost, "/_sandbox/orders", map[string]any{"amount": 11000, "tax_free": 1100, "vat_amount": 900, "purpose": "escrow"}, nil)
	_, got := w.json(http.MethodGet, "/shop/orders/"+o["order_id"].(string), nil, nil)
	if got["vat_amount"] != json.Number("900") || got["tax_free"] != json.Number("1100") || got["amount"] != json.Number("11000") {
		t.Errorf("lookup: %v", got)
	}
	for _, bad := range []string{
		``, `{"amount":0}`, `{"amount":-1,"purpose":"billing_key"}`, `{"amount":1000,"vat_amount":200}`, `{"amount":1000,"tax_free":1001}`,
		`{"amount":1000,"purpose":"gift"}`, `{"amount":1000,"colour":"red"}`,
	} {
		if r := w.must(http.MethodPost, "/_sandbox/orders", "application/json", bad, nil); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}

func TestControlPageShowsAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.must(http.MethodGet, "/_sandbox/", "", "", nil); r.status != http.StatusOK || !strings.Contains(r.body, `lang="ko"`) {
		t.Errorf("empty: %d %s", r.status, r.body)
	}
	w.inicisAccount("A-1", "10000", nil)
	number := w.box.Accounts()[0].Number
	if r := w.must(http.MethodGet, "/_sandbox/", "", "", nil); !strings.Contains(r.body, number) || !strings.Contains(r.body, "입금 대기") {
		t.Errorf("one: %s", r.body)
	}
	if r := w.must(http.MethodGet, "/_sandbox/control.js", "", "", nil); r.status != http.StatusOK {
		t.Errorf("script: %d", r.status)
	}
	_, got := w.json(http.MethodGet, "/_sandbox/accounts", nil, nil)
	if list := got["accounts"].([]any); len(list) != 1 || list[0].(map[string]any)["state"] != "waiting" {
		t.Errorf("list: %v", got)
	}
}
