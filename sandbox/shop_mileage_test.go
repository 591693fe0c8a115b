package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// buyIn orders G001 (64,900 won) for a member, in means and what each pays.
func (w *world) buyIn(tel string, means ...any) (status int, payload map[string]any) {
	w.t.Helper()
	var list []map[string]any
	for i := 0; i < len(means); i += 2 {
		list = append(list, map[string]any{"payWayCd": means[i], "payAmt": means[i+1]})
	}
	status, got := w.json(http.MethodPost, "/shop/api/orders", map[string]any{
		"goods": []map[string]any{{"goodsNo": "G001", "qty": 1}}, "payMeans": list, "buyer": map[string]string{"tel": tel},
	}, nil)
	payload, _ = got["payload"].(map[string]any)
	return status, payload
}

// asks asks the confirm gate about a split and returns whether it said yes.
func (w *world) asks(order, attempt string, card, mileage int) bool {
	w.t.Helper()
	parts := []any{map[string]any{"method": "card", "amount": card}, map[string]any{"method": "mileage", "amount": mileage}}
	_, got := w.json(http.MethodPost, "/shop/orders/"+order+"/confirm", map[string]any{
		"order_id": order, "attempt_id": attempt, "amount": card, "order_amount": card + mileage, "payments": parts,
	}, nil)
	return got["confirm"] == true
}

func TestShopTakesMileageWithinABalance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		means  []any
		status int
		pg     string
	}{
		{"the card alone", []any{"11", 0}, 200, "64900"},
		{"a part", []any{"11", 60000, "32", 4900}, 200, "60000"},
		{"nearly all", []any{"11", 100, "32", 64800}, 200, "100"},
		{"all", []any{"32", 64900}, 200, "0"},
		{"all, unsaid", []any{"32", 0}, 200, "0"},
		{"an amount that is missing", []any{"11", 0, "32", 0}, 409, ""},
		{"too little in all", []any{"11", 60000, "32", 100}, 409, ""},
		{"below zero", []any{"11", 65000, "32", -100}, 409, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, p := w.buyIn("010-1", tt.means...)
			if status != tt.status {
				t.Fatalf("got %d %v", status, p)
			}
			if tt.pg == "" {
				return
			}
			_, order := w.json(http.MethodGet, "/shop/orders/"+p["ordNo"].(string), nil, nil)
			if p["pgAmt"] != json.Number(tt.pg) || order["pg_amount"] != json.Number(tt.pg) {
				t.Errorf("the PG's part is %v in the answer and %v in the look-up, want %s", p["pgAmt"], order["pg_amount"], tt.pg)
			}
		})
	}
}

// TestShopSpendsMileageOnce: what one order spent is gone for the next, and back when the payment fails.
func TestShopSpendsMileageOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buy := func(card, mileage int) string {
		t.Helper()
		status, p := w.buyIn("010-1", "11", card, "32", mileage)
		if status != http.StatusOK {
			t.Fatalf("no order: %d %v", status, p)
		}
		return p["ordNo"].(string)
	}
	first, second := buy(4900, 60000), buy(14900, 50000)
	if !w.asks(first, "A-1", 4900, 60000) {
		t.Fatal("the shop refused mileage that is there")
	}
	if w.asks(second, "A-2", 14900, 50000) {
		t.Error("60,000 and 50,000 won were spent of 100,000")
	}
	if status, _ := w.buyIn("010-1", "11", 24900, "32", 40001); status != http.StatusConflict {
		t.Errorf("an order of more mileage than is left: %d", status)
	}
	if status, _ := w.buyIn("010-2", "11", 4900, "32", 60000); status != http.StatusOK {
		t.Errorf("another member's mileage is gone too: %d", status)
	}
	w.event("e1", "payment.failed", first, "A-1", "inicis", 4900)
	if !w.asks(second, "A-2", 14900, 50000) {
		t.Error("the mileage of a failed payment did not come back")
	}
	w.event("e2", "payment.confirmed", second, "A-2", "inicis", 14900)
	if w.asks(first, "A-3", 4900, 60000) {
		t.Error("mileage was spent twice")
	}
	w.event("e3", "payment.cancelled", second, "A-2", "inicis", 14900)
	if !w.asks(first, "A-3", 4900, 60000) {
		t.Error("the mileage of a cancelled order did not come back")
	}
}

func TestShopConfirmsItsOwnSplitOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		card, mileage int
		yes           bool
	}{{60000, 4900, true}, {100, 64800, false}, {64900, 0, false}, {60000, 0, false}, {60000, 5000, false}} {
		w := newWorld(t)
		_, p := w.buyIn("010-1", "11", 60000, "32", 4900)
		if got := w.asks(p["ordNo"].(string), "A-1", tt.card, tt.mileage); got != tt.yes {
			t.Errorf("%d and %d: %v", tt.card, tt.mileage, got)
		}
	}
}

func TestAuditCountsMileage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		paid string
		want string
	}{
		{"paid as split", "60000", ""},
		{"paid short", "59000", "paid less than the order costs"},
		{"the whole order on the card", "64900", "paid more than the order costs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, p := w.buyIn("010-1", "11", 60000, "32", 4900)
			w.charge("A-1", tt.paid)
			n, _ := json.Number(tt.paid).Int64()
			w.event("e1", "payment.confirmed", p["ordNo"].(string), "A-1", "inicis", n)
			got := w.box.Audit()
			if got.OK != (tt.want == "") || tt.want != "" && (len(got.Differences) != 1 || got.Differences[0].Reason != tt.want) {
				t.Errorf("audit: %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestMadeOrdersMayHoldMileage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, o := w.json(http.MethodPost, "/_sandbox/orders", map[string]any{"amount": 1000, "mileage": 400}, nil)
	_, order := w.json(http.MethodGet, "/shop/orders/"+o["order_id"].(string), nil, nil)
	if status/100 != 2 || order["pg_amount"] != json.Number("600") {
		t.Errorf("got %d %v, looked up %v", status, o, order)
	}
	for _, bad := range []string{`{"amount":1000,"mileage":1001}`, `{"amount":1000,"mileage":-1}`} {
		if r := w.must(http.MethodPost, "/_sandbox/orders", "application/json", bad, nil); r.status/100 != 4 || !strings.Contains(r.body, "mileage") {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
}
