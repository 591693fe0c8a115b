// Package e2e runs the real binary, with its sandbox, and drives it as its users do: a browser that buys, an
// editor that saves the rules, a network that breaks.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// browser starts a headless Chromium of its own.
func browser(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("these tests drive Chromium; run `make deps` to install it: %v", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(60*time.Second),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() { stop(); stopAlloc() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return ctx
}

// purchase is one visit to the demo shop.
type purchase struct {
	method string // the shop's radio button
	flow   string // checkout or intercept
	mobile bool
	button string // what the buyer presses in the PG's window
	want   string // data-status of the result page
}

// buy goes through the shop and returns the result page's status. What else the buyer does comes before the order.
func buy(ctx context.Context, base string, p purchase, more ...chromedp.Action[chromedp.Void]) (string, error) {
	tab, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	steps := []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(base + "/"),
		chromedp.WaitVisible(chromedp.CSS("#order")),
		chromedp.Click(chromedp.CSS("input[name=method][value=" + p.method + "]")),
		chromedp.Click(chromedp.CSS("input[name=flow][value=" + p.flow + "]")),
	}
	if p.mobile {
		steps = append(steps, chromedp.Click(chromedp.CSS("#mobile")))
	}
	steps = append(append(steps, more...), chromedp.Click(chromedp.CSS("#order")))
	if p.button != "" {
		steps = append(steps, chromedp.WaitVisible(chromedp.CSS("#"+p.button)), chromedp.Click(chromedp.CSS("#"+p.button)))
	}
	steps = append(steps, chromedp.WaitVisible(chromedp.CSS(`#status[data-status="`+p.want+`"]`)))
	if err := chromedp.Do(tab, steps...); err != nil {
		where, _ := chromedp.Run(ctx, chromedp.Location())
		page, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
		return "", fmt.Errorf("at %s showing %q: %w", where, page, err)
	}
	got, err := chromedp.Run(tab, chromedp.AttributeValue(chromedp.CSS("#status"), "data-status"))
	return got.Value, err
}

func TestABrowserBuys(t *testing.T) { //nolint:tparallel // one browser, one buyer after the other
	t.Parallel()
	p := start(t)
	ctx := browser(t)
	base := "http://" + p.public
	tests := []struct {
		name string
		purchase
	}{
		{"Inicis, paid", purchase{"card", "checkout", false, "pay", "confirmed"}},
		{"Inicis, intercepted", purchase{"card", "intercept", false, "pay", "confirmed"}},
		{"Inicis, cancelled by the buyer", purchase{"card", "checkout", false, "cancel", "cancelled"}},
		{"Inicis, declined", purchase{"card", "checkout", false, "fail", "failed"}},
		{"PortOne V2, paid", purchase{"kakaopay", "checkout", false, "pay", "confirmed"}},
		{"PortOne V2, intercepted", purchase{"kakaopay", "intercept", false, "pay", "confirmed"}},
		{"PortOne V2, paid by redirect", purchase{"kakaopay", "checkout", true, "pay", "confirmed"}},
		{"PortOne V2, cancelled by the buyer", purchase{"kakaopay", "checkout", false, "cancel", "cancelled"}},
		{"PortOne V2, declined", purchase{"kakaopay", "checkout", false, "fail", "failed"}},
		{"PortOne V1, paid", purchase{"tosspay", "checkout", false, "pay", "confirmed"}},
		{"PortOne V1, intercepted", purchase{"tosspay", "intercept", false, "pay", "confirmed"}},
		{"PortOne V1, paid by redirect", purchase{"tosspay", "checkout", true, "pay", "confirmed"}},
		{"PortOne V1, cancelled by the buyer", purchase{"tosspay", "checkout", false, "cancel", "cancelled"}},
		{"PortOne V1, declined", purchase{"tosspay", "checkout", false, "fail", "failed"}},
		{"mileage alone, no PG", purchase{"mileage", "checkout", false, "", "confirmed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := buy(ctx, base, tt.purchase); err != nil || got != tt.want {
				t.Errorf("the result page says %q, want %q: %v", got, tt.want, err)
			}
		})
	}
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		t.Run("refunded, "+method, func(t *testing.T) {
			if _, err := buy(ctx, base, purchase{method, "checkout", false, "pay", "confirmed"}); err != nil {
				t.Fatal(err)
			}
			tab, cancel := context.WithTimeout(ctx, 60*time.Second)
			defer cancel()
			if err := chromedp.Do(tab,
				chromedp.WaitVisible(chromedp.CSS("#refund")), chromedp.Click(chromedp.CSS("#refund")),
				chromedp.WaitVisible(chromedp.CSS(`#status[data-status="cancelled"]`)),
			); err != nil {
				page, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
				t.Errorf("%q: %v", page, err)
			}
		})
	}
	p.mustBalance(p.confirmedByPG())
	// The other purchases went by /checkout.
	if n := p.metric(`pg_gateway_intercepts_total{name="order",result="window"}`); n != 3 {
		t.Errorf("%v windows were put into the shop's own answer, want 3", n)
	}
}

// TestAPhoneBuys: a phone's browser gets the windows for phones, also where the shop's own request says nothing of the
// device.
func TestAPhoneBuys(t *testing.T) { //nolint:tparallel // one browser, one buyer after the other
	t.Parallel()
	p := start(t)
	ctx := browser(t, chromedp.WindowSize(390, 844), chromedp.UserAgent("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "+
		"AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1 KAKAOTALK 11.5.0"))
	base := "http://" + p.public
	for _, tt := range []struct {
		name string
		purchase
	}{
		{"Inicis, paid", purchase{"card", "checkout", false, "pay", "confirmed"}},
		{"Inicis, intercepted", purchase{"card", "intercept", false, "pay", "confirmed"}},
		{"Inicis, cancelled by the buyer", purchase{"card", "checkout", false, "cancel", "cancelled"}},
		{"Inicis, not authenticated", purchase{"card", "checkout", false, "authfail", "failed"}},
		{"Inicis, declined", purchase{"card", "checkout", false, "fail", "failed"}},
		{"PortOne V2, paid by redirect", purchase{"kakaopay", "checkout", true, "pay", "confirmed"}},
		{"PortOne V1, paid by redirect", purchase{"tosspay", "checkout", true, "pay", "confirmed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := buy(ctx, base, tt.purchase); err != nil || got != tt.want {
				t.Errorf("the result page says %q, want %q: %v", got, tt.want, err)
			}
		})
	}
	p.mustBalance(p.confirmedByPG())
	// Inicis' five windows ended at the address for phones.
	if n := p.metric(`pg_gateway_http_requests_total{code="303",method="POST",route="return_inicis_mobile"}`); n != 5 {
		t.Errorf("%v returns came from windows on phones, want 5", n)
	}
}

// registerCard is what a page does with a window that registers a card.
const registerCard = `(async () => {
	const post = (path, body) => fetch(path, {
		method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
	}).then(r => r.json());
	const answer = await post("/checkout", %s);
	const win = answer.window, back = { attempt_id: answer.attempt_id };
	if (win.kind === "inicis_billing_key") {
		const form = document.createElement("form");
		form.method = "post";
		form.action = win.action;
		for (const name in win.params) {
			const input = document.createElement("input");
			input.name = name;
			input.value = win.params[name];
			form.append(input);
		}
		document.body.append(form);
		return form.submit();
	}
	await new Promise(loaded => {
		const script = document.createElement("script");
		script.src = win.script;
		script.onload = loaded;
		document.head.append(script);
	});
	if (win.kind === "portone_v1") {
		IMP.init(win.init_code);
		await new Promise(done => IMP.request_pay(win.params, done));
	} else {
		back.billing_key = (await PortOne.requestIssueBillingKey(win.params)).billingKey;
	}
	location.href = (await post("/checkout/complete", back)).redirect_url;
})(); null`

// A card is registered in each PG's window; its key reaches the shop, and no money moves.
func TestABrowserRegistersACard(t *testing.T) { //nolint:tparallel // one browser, one buyer after the other
	t.Parallel()
	p := start(t)
	ctx := browser(t)
	for _, pg := range []string{"inicis", "portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			p.change(fixture.KeysBy(pg))
			_, made := p.postJSON("http://"+p.sandbox+"/_sandbox/orders", map[string]string{"order_name": "월간 이용권", "purpose": "billing_key"})
			id, _ := made["order_id"].(string)
			body, err := json.Marshal(map[string]any{
				"order_id": id, "amount": 0, "purpose": "billing_key", "payments": []any{map[string]any{"method": "card", "amount": 0}},
				"buyer": map[string]string{"name": "구매자", "email": "buyer@example.com", "tel": "010-0000-0000"},
				"site":  "main", "device": "pc", "return_url": "http://" + p.public + "/result",
			})
			if err != nil {
				t.Fatal(err)
			}
			tab, cancel := context.WithTimeout(ctx, 60*time.Second)
			defer cancel()
			err = chromedp.Do(tab, chromedp.Navigate("http://"+p.public+"/"), chromedp.WaitVisible(chromedp.CSS("#order")))
			if err == nil {
				_, err = chromedp.Run(tab, chromedp.Evaluate[any](fmt.Sprintf(registerCard, body)))
			}
			if err == nil {
				err = chromedp.Do(tab, chromedp.WaitVisible(chromedp.CSS("#pay")), chromedp.Click(chromedp.CSS("#pay")),
					chromedp.WaitVisible(chromedp.CSS(`#status[data-status="registered"]`)))
			}
			if err != nil {
				where, _ := chromedp.Run(ctx, chromedp.Location())
				t.Fatalf("registering a card, at %s: %v", where, err)
			}
			p.mustHoldKey(t, id)
		})
	}
	p.mustBalance(0)
}

// mustHoldKey checks that the shop has been told the key that the PG issued, once, and that nobody else was.
func (p *gatewayProcess) mustHoldKey(t *testing.T, order string) {
	t.Helper()
	var issued struct {
		Keys []struct {
			Key     string `json:"key"`
			Ref     string `json:"ref"`
			Deleted bool   `json:"deleted"`
		} `json:"billing_keys"`
	}
	p.getJSON("http://"+p.sandbox+"/_sandbox/billing-keys", &issued)
	books := p.order(order)
	known := 0
	for _, k := range issued.Keys {
		if k.Key == books.BillingKey && !k.Deleted {
			known++
		}
	}
	if books.BillingKey == "" || known != 1 || books.Events != 1 {
		t.Errorf("the shop heard %d events and a key that the PG issued %d times", books.Events, known)
	}
	// With PortOne V1 the key is the attempt's id, which is no secret.
	if !slices.Contains(books.Confirmed, books.BillingKey) && strings.Contains(p.log.String(), books.BillingKey) {
		t.Error("the key is in the log")
	}
}

// confirmedByPG is the won of the shop's paid orders that went through a PG.
func (p *gatewayProcess) confirmedByPG() int64 {
	var a audit
	p.getJSON("http://"+p.sandbox+"/_sandbox/audit", &a)
	if a.Confirmed == 0 {
		p.t.Fatal("the shop has confirmed nothing")
	}
	return a.Confirmed
}
