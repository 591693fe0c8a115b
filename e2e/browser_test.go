// Package e2e runs the real binary, with its sandbox, and drives it as its users do: a browser that buys, an
// editor that saves the rules, a network that breaks.
package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium of its own.
func browser(t *testing.T) context.Context {
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
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
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

// buy goes through the shop and returns the result page's status.
func buy(ctx context.Context, base string, p purchase) (string, error) {
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
	steps = append(steps, chromedp.Click(chromedp.CSS("#order")))
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
	p.mustBalance(p.confirmedByPG())
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
