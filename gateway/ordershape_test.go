package gateway

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// TestCommandsReadWhatCheckoutTakes: explain, diff and test are given bodies of POST /checkout as they are. What they
// read is what the checkout decides.
func TestCommandsReadWhatCheckoutTakes(t *testing.T) {
	t.Parallel()
	check := func(t interface {
		Helper()
		Errorf(string, ...any)
	}, body []byte,
	) {
		t.Helper()
		want, err := parseCheckout(body)
		if err != nil {
			return
		}
		// Nothing is decided by them.
		want.Buyer, want.ReturnURL = payment.Buyer{}, ""
		got, err := rules.ParseCheckout("order.json", body)
		if err != nil {
			t.Errorf("%s is taken by the checkout, and the commands say %v", body, err)
			return
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s is read otherwise (-checkout +commands)\n%s", body, diff)
		}
		orders, err := rules.ParseOrders("orders.jsonl", compact(body))
		if err != nil || len(orders) != 1 || cmp.Diff(want, orders[0].Checkout) != "" {
			t.Errorf("%s as a line of orders: %v", body, err)
		}
	}
	const rest = `"amount": 1000, "payments": [{"method": "card", "amount": 1000}], "device": "pc", "return_url": "https://s/r"`
	for _, body := range []string{
		`{"order_id": "o-1", ` + rest + `}`,
		"{\n\t\"order_id\": \"o-1\",\n\t" + rest + "\n}",
		`{"order_id": "1234", "card": null, ` + rest + `}`,
		`{"order_id": "o-1", "card": {}, ` + rest + `}`,
		`{"order_id": "o-1", "card": {"company": "shinhan", "installment": 3}, ` + rest + `}`,
		`{"order_id": "o-1", "order_name": "\ud83d\ude00 \/ ${env:HOME} #1: \u200b책", ` + rest + `}`,
		`{"order_id": "o-1", "order_name": "~", "site": "null", "country": "NO", ` + rest + `}`,
		`{"order_id": "o-1", "tax_free": 0, "vat_amount": 90, "vbank_due": "2026-12-24", "currency": "KRW", "purpose": "escrow", ` + rest + `}`,
		`{"order_id": "o-1", "buyer": {"name": "홍길동", "email": "a@example.com", "tel": "010-1234-5678"}, ` + rest + `}`,
		`{"order_id": "yes", "order_name": "2026-12-24", "site": "0123", ` + rest + `}`,
	} {
		if _, err := parseCheckout([]byte(body)); err != nil {
			t.Errorf("the checkout refuses %s: %v", body, err)
		}
		check(t, []byte(body))
	}
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1, 5_000_000).Draw(t, "amount")
		o := map[string]any{
			"order_id": rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`).Draw(t, "order"), "amount": amount, "return_url": "https://s/r",
			"payments": []map[string]any{{"method": rapid.StringMatching(`[a-z0-9]{1,12}`).Draw(t, "method"), "amount": amount}},
			"device":   rapid.SampledFrom([]string{"pc", "mobile", "app"}).Draw(t, "device"),
		}
		for _, key := range []string{"order_name", "site", "country"} {
			if rapid.Bool().Draw(t, key+" is there") {
				o[key] = rapid.String().Draw(t, key)
			}
		}
		if rapid.Bool().Draw(t, "taxed") {
			o["tax_free"] = rapid.Int64Range(0, amount).Draw(t, "tax_free")
		}
		body, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "indented") {
			if body, err = json.MarshalIndent(o, "", "\t"); err != nil {
				t.Fatal(err)
			}
		}
		check(t, body)
	})
}

func compact(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	out, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return out
}
