package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
)

// tricks are what a hostile buyer changes in a window's parameters, by the kind of window.
func tricks(kind string, amount int64) map[string]map[string]any {
	switch kind {
	case "portone_v1":
		return map[string]map[string]any{
			"method": {"pay_method": "phone", "digital": false}, "account": {"pay_method": "vbank"}, "amount": {"amount": 100}, "currency": {"currency": "USD"},
			"channel": {"channelKey": "channel-key-v1-other"}, "taxes": {"tax_free": amount, "vat_amount": 0}, "silence": {"notice_url": ""},
		}
	case "portone_v2":
		return map[string]map[string]any{
			"method": {"payMethod": "TRANSFER", "easyPay": map[string]any{}}, "account": {"payMethod": "VIRTUAL_ACCOUNT", "easyPay": map[string]any{}},
			"amount": {"totalAmount": 100}, "currency": {"currency": "CURRENCY_USD"}, "channel": {"channelKey": "channel-key-v2-auto"},
			"taxes": {"taxFreeAmount": amount, "vatAmount": 0}, "silence": {"noticeUrls": []string{}},
		}
	}
	return map[string]map[string]any{
		"method": {"gopaymethod": "DirectBank"}, "account": {"gopaymethod": "VBank"}, "amount": {"price": "1000"}, "currency": {"currency": "USD"},
		"channel": {"mid": "INIother01"}, "taxes": {"tax": "0", "taxfree": fmt.Sprint(amount)}, "silence": {"returnUrl": "http://127.0.0.1:1/"},
	}
}

// tamper is w as a hostile buyer opens it.
func (w window) tamper(rng *rand.Rand) (changed window, trick string, err error) {
	var params map[string]any
	if err := json.Unmarshal(w.Window.Params, &params); err != nil {
		return w, "", fmt.Errorf("reading the parameters of a window: %w", err)
	}
	trick = []string{"method", "account", "account", "amount", "currency", "channel", "taxes", "silence"}[rng.IntN(8)]
	maps.Copy(params, tricks(w.Window.Kind, w.Amount)[trick])
	changed = w
	changed.Window.Params, err = json.Marshal(params)
	return changed, trick, err
}

// playTricks presses a button in a window that one buyer in five has changed something of. What the PG does not take, he
// opens as it was.
func (c *crowd) playTricks(ctx context.Context, b *buyer, rng *rand.Rand, w window, button string) (ret, error) {
	if rng.IntN(5) > 0 {
		return b.play(ctx, w, button)
	}
	other, trick, err := w.tamper(rng)
	if err != nil {
		return ret{}, err
	}
	c.count("windows changed: " + trick)
	r, err := b.play(ctx, other, button)
	if err == nil && strings.HasPrefix(r.url, b.base) {
		return r, nil
	}
	return b.play(ctx, w, button)
}

// cheat asks for a window with another amount, currency, split or tax-free part than the order's, one time in ten.
func (c *crowd) cheat(ctx context.Context, b *buyer, rng *rand.Rand, o order) {
	if rng.IntN(10) > 0 {
		return
	}
	what := []string{"amount", "currency", "taxes", "split"}[rng.IntN(4)]
	body := map[string]any{
		"order_id": o.ID, "amount": o.Amount, "currency": "KRW", "order_name": o.Name, "tax_free": o.TaxFree,
		"payments": []map[string]any{{"method": b.method, "amount": o.Amount}},
		"buyer":    map[string]string{"name": "구매자", "email": "buyer@example.com", "tel": "010-0000-0000"},
		"site":     "main", "device": "pc", "return_url": b.base + "/result",
	}
	switch what {
	case "amount":
		body["amount"], body["payments"] = 100, []map[string]any{{"method": b.method, "amount": 100}}
	case "currency":
		body["currency"] = "USD"
	case "taxes":
		body["tax_free"], body["vat_amount"] = o.Amount, 0
	case "split":
		body["payments"] = []map[string]any{{"method": b.method, "amount": 100}, {"method": "mileage", "amount": o.Amount - 100}}
	}
	c.count("checkouts changed: " + what)
	var w window
	if err := b.json(ctx, b.base+"/checkout", body, &w); err == nil {
		c.t.Errorf("a window was opened although the buyer changed the %s of order %s", what, o.ID)
	}
}

// mustBePaid checks that every order that the shop has as paid was paid in full, by the PGs' own ledger.
func (c *crowd) mustBePaid(orders []shopOrder) {
	c.t.Helper()
	var books struct {
		Entries []struct {
			Ref    string `json:"order_ref"`
			Kind   string `json:"kind"`
			Amount int64  `json:"amount"`
		} `json:"entries"`
	}
	c.p.getJSON("http://"+c.p.sandbox+"/_sandbox/ledger", &books)
	taken, back := map[string]int64{}, map[string]int64{}
	for _, e := range books.Entries {
		if e.Kind == "capture" {
			taken[e.Ref] += e.Amount
		} else {
			back[e.Ref] += e.Amount
		}
	}
	for _, o := range orders {
		for id, won := range o.Paid {
			if won+back[id] != o.Amount-o.Mileage || taken[id] != won+back[id] {
				c.t.Errorf("order %s of %d won, %d of them mileage, is paid with %d by attempt %s, of which the PG took %d", o.ID, o.Amount, o.Mileage, won, id, taken[id])
			}
		}
	}
}
