package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// allowsApp lets checkouts name the app myshop, and apps pay with all that phones can.
func allowsApp(c *fixture.Config) {
	c.More = "app_schemes: [myshop]\n"
	for i := range c.Merchants {
		c.Merchants[i].Devices = nil
	}
	for i := range c.Methods {
		c.Methods[i].Devices = nil
	}
}

// What WebViews and in-app browsers call themselves.
const (
	androidWebView = "Mozilla/5.0 (Linux; Android 14; SM-S918N Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36"
	iosWebView = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	kakaoTalk  = androidWebView + ";KAKAOTALK 2410890"
)

// appsAsked are the addresses of apps that a browser is led to from now on, be it by a 303 or by a page.
func appsAsked(t *testing.T, ctx context.Context) <-chan string {
	t.Helper()
	asked := make(chan string, 16)
	note := func(address string) {
		if strings.HasPrefix(address, "myshop:") {
			asked <- address
		}
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			if ev.RedirectResponse != nil {
				note(ev.DocumentURL)
			}
		case *page.EventFrameRequestedNavigation:
			note(ev.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return asked
}

// TestAnAppBuys: a browser that calls itself an app's WebView pays, and is led to the app with the result. Chromium does
// not know the scheme: where the checkout says that a browser shows it, a page with a way to the app is what it stays on.
func TestAnAppBuys(t *testing.T) { //nolint:tparallel // one browser after the other, one buyer after the other
	t.Parallel()
	p := start(t, allowsApp)
	for name, agent := range map[string]string{"Android": androidWebView, "iOS": iosWebView, "KakaoTalk": kakaoTalk} {
		ctx := browser(t, chromedp.WindowSize(390, 844), chromedp.UserAgent(agent))
		for _, tt := range []struct {
			name string
			purchase
			shows string // the app in the PG's window
		}{
			{"Inicis, paid", purchase{"card", "checkout", false, "pay", "approved"}, "myshop://"},
			{"Inicis, intercepted", purchase{"card", "intercept", false, "pay", "approved"}, "myshop://"},
			{"Inicis, cancelled by the buyer", purchase{"card", "checkout", false, "cancel", "declined"}, "myshop://"},
			{"PortOne V2, paid", purchase{"kakaopay", "checkout", false, "pay", "approved"}, "myshop"},
			{"PortOne V1, paid", purchase{"tosspay", "checkout", false, "pay", "approved"}, "myshop"},
			{"Inicis, paid in a browser", purchase{"card", "checkout", true, "pay", "approved"}, "myshop://"},
			{"Inicis, cancelled in a browser", purchase{"card", "checkout", true, "cancel", "declined"}, "myshop://"},
			{"PortOne V2, paid in a browser", purchase{"kakaopay", "checkout", true, "pay", "approved"}, "myshop"},
		} {
			t.Run(name+", "+tt.name, func(t *testing.T) {
				buyInApp(t, ctx, "http://"+p.public, tt.purchase, tt.shows)
			})
		}
	}
	p.mustBalance(p.confirmedByPG())
}

// buyInApp goes through the demo shop as its app shows it, and holds where that ends.
func buyInApp(t *testing.T, ctx context.Context, base string, p purchase, shows string) {
	t.Helper()
	// A tab of its own: one that was led to an app waits for the buyer to allow it, and takes no clicks.
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	tab, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	asked := appsAsked(t, tab)
	steps := []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(base + "/?app=myshop"), chromedp.WaitVisible(chromedp.CSS("#order")),
		chromedp.Click(chromedp.CSS("input[name=method][value=" + p.method + "]")),
		chromedp.Click(chromedp.CSS("input[name=flow][value=" + p.flow + "]")),
	}
	if p.mobile {
		steps = append(steps, chromedp.Click(chromedp.CSS("#mobile")))
	}
	steps = append(steps, chromedp.Click(chromedp.CSS("#order")), chromedp.WaitVisible(chromedp.CSS("#"+p.button)))
	if err := chromedp.Do(tab, steps...); err != nil {
		where, _ := chromedp.Run(ctx, chromedp.Location())
		shown, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
		t.Fatalf("at %s showing %q: %v", where, shown, err)
	}
	if got, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS("#app-scheme"))); err != nil || got != shows {
		t.Errorf("the window shows the app %q, want %q: %v", got, shows, err)
	}
	if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS("#"+p.button))); err != nil {
		t.Fatal(err)
	}
	var to string
	select {
	case to = <-asked:
	case <-tab.Done():
		where, _ := chromedp.Run(ctx, chromedp.Location())
		t.Fatalf("led to no app, but to %s", where)
	}
	at, query, _ := strings.Cut(to, "?")
	q, err := url.ParseQuery(query)
	if at != "myshop://result" || err != nil || q.Get("status") != p.want || q.Get("order_id") == "" || q.Get("attempt_id") == "" {
		t.Errorf("led to %s, want %s", to, p.want)
	}
	if !p.mobile {
		return
	}
	if err := chromedp.Do(tab, chromedp.WaitVisible(chromedp.CSS("#app"))); err != nil {
		t.Fatal(err)
	}
	where, err := chromedp.Run(tab, chromedp.Location())
	if err != nil || !strings.HasPrefix(where, base+"/pg-gateway/app?to=") {
		t.Errorf("the browser stays at %s: %v", where, err)
	}
	link, err := chromedp.Run(tab, chromedp.AttributeValue(chromedp.CSS("#app"), "href"))
	if err != nil || link.Value != to {
		t.Errorf("the page leads to %s, want %s: %v", link.Value, to, err)
	}
	for _, text := range []string{"앱으로 돌아가기", "Back to the app", q.Get("order_id")} {
		if shown, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS("body"))); err != nil || !strings.Contains(shown, text) {
			t.Errorf("the page shows %q, not %q: %v", shown, text, err)
		}
	}
}
