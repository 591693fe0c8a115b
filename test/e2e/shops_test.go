package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShopsOfDifferentShapesSell: a shop that speaks as X2BEE does and one that posts forms and answers as a PHP shop
// does run behind the gateway with nothing but a file each. What a browser buys there is confirmed to the won.
func TestShopsOfDifferentShapesSell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		buy        func(ctx context.Context, base, method string) error
	}{
		{"as X2BEE", "../../config.yaml", func(ctx context.Context, base, method string) error {
			_, err := buy(ctx, base, purchase{method: method, flow: "intercept", button: "pay", want: "confirmed"})
			return err
		}},
		{"with forms, as PHP", "../../docs/examples/php-shop.yaml", buyByForm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := startShipped(t, tt.file)
			ctx := browser(t)
			// The address that the file tells the browsers, where cookies and return addresses belong.
			base := "http://localhost" + portOf(t, p.public)
			methods := []string{"card", "kakaopay", "tosspay"}
			for _, method := range methods {
				if err := tt.buy(ctx, base, method); err != nil {
					t.Errorf("%s: %v", method, err)
				}
			}
			p.mustBalance(p.confirmedByPG())
			if n := p.metric(`pg_gateway_intercepts_total{name="order",result="window"}`); n != float64(len(methods)) {
				t.Errorf("%v windows were put into the shop's own answer, want %d", n, len(methods))
			}
		})
	}
}

// TestAShopsOwnPageOpensTheWindow: the gateway puts it into the form from which the shop's server makes its page, and
// tells in the route's own words when it cannot.
func TestAShopsOwnPageOpensTheWindow(t *testing.T) {
	t.Parallel()
	p := startShipped(t, "../../docs/examples/php-shop.yaml")
	ctx := browser(t)
	base := "http://localhost" + portOf(t, p.public)
	methods := []string{"card", "kakaopay"}
	for _, method := range methods {
		if err := buyByPage(ctx, base, method); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	p.mustBalance(p.confirmedByPG())
	if n := p.metric(`pg_gateway_intercepts_total{name="pay-page",result="window"}`); n != float64(len(methods)) {
		t.Errorf("%v windows were put into the shop's own requests, want %d", n, len(methods))
	}
	// The window of somebody else's order is in the request, and the page does not open it.
	made, err := http.PostForm(base+"/order/orderform.php", url.Values{
		"od_settle_case": {"신용카드"}, "od_name": {"홍길동"}, "od_tel": {"010-1234-5678"}, "od_email": {"hong@example.com"}, "it_id[]": {"G001"}, "ct_qty[]": {"1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	form, err := io.ReadAll(made.Body)
	_ = made.Body.Close()
	order := regexp.MustCompile(`name="od_id" value="([^"]+)"`).FindSubmatch(form)
	if err != nil || order == nil {
		t.Fatalf("no order was made: %s %v", form, err)
	}
	others, err := http.PostForm(base+"/order/pay.php", url.Values{
		"od_id": {string(order[1])}, "od_settle_case": {"신용카드"}, "od_name": {"홍길동"}, "od_tel": {"010-1234-5678"}, "od_email": {"hong@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := io.ReadAll(others.Body)
	_ = others.Body.Close()
	if err != nil || others.StatusCode != http.StatusForbidden || strings.Contains(string(shown), "data-window") {
		t.Errorf("another browser gets %d %s %v", others.StatusCode, shown, err)
	}
	res, err := http.PostForm(base+"/order/pay.php", url.Values{"od_id": {"none"}, "od_settle_case": {"신용카드"}, "pg_window": {"{}"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusNotFound || !strings.Contains(string(page), "data-code='ORDER_NOT_FOUND'") {
		t.Errorf("got %d %s %v", res.StatusCode, page, err)
	}
}

// buyByPage goes through the pages that the shop's server makes.
func buyByPage(ctx context.Context, base, method string) error {
	return through(ctx,
		chromedp.Navigate(base+"/"), chromedp.WaitVisible(chromedp.CSS("#order-page")),
		chromedp.Click(chromedp.CSS("#"+method)), chromedp.Click(chromedp.CSS("#order-page")),
		chromedp.WaitVisible(chromedp.CSS("#topay")), chromedp.Click(chromedp.CSS("#topay")),
		chromedp.WaitVisible(chromedp.CSS("#paynow")), chromedp.Click(chromedp.CSS("#paynow")),
		chromedp.WaitVisible(chromedp.CSS("#pay")), chromedp.Click(chromedp.CSS("#pay")),
		chromedp.WaitVisible(chromedp.CSS(`#status[data-status="confirmed"]`)))
}

// buyByForm goes through the shop that posts forms.
func buyByForm(ctx context.Context, base, method string) error {
	return through(ctx,
		chromedp.Navigate(base+"/"), chromedp.WaitVisible(chromedp.CSS("#order")),
		chromedp.Click(chromedp.CSS("#"+method)), chromedp.Click(chromedp.CSS("#order")),
		chromedp.WaitVisible(chromedp.CSS("#pay")), chromedp.Click(chromedp.CSS("#pay")),
		chromedp.WaitVisible(chromedp.CSS(`#status[data-status="confirmed"]`)))
}

// through does what a buyer does, and says where it ended when it did not come through.
func through(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) error {
	tab, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(tab, steps...); err != nil {
		where, _ := chromedp.Run(ctx, chromedp.Location())
		page, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
		return fmt.Errorf("at %s showing %q: %w", where, page, err)
	}
	return nil
}

// TestARefusalReachesAShopOfFormsInItsOwnWords, before the shop has made an order.
func TestARefusalReachesAShopOfFormsInItsOwnWords(t *testing.T) {
	t.Parallel()
	p := startShipped(t, "../../docs/examples/php-shop.yaml")
	const form = "it_id[]=G001&ct_qty[]=1&od_settle_case=%s&od_name=a&od_tel=01000000000&od_email=a@example.com"
	for method, want := range map[string]string{"payco": `"code":"UNKNOWN_METHOD"`, "": `"result":"fail"`} {
		res, err := http.Post("http://"+p.public+"/order/checkout.php", "application/x-www-form-urlencoded",
			strings.NewReader(fmt.Sprintf(form, method)))
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 1<<16)
		n, _ := res.Body.Read(body)
		_ = res.Body.Close()
		if got := string(body[:n]); res.StatusCode != http.StatusOK || !strings.Contains(got, want) || !strings.Contains(got, `"msg":"`) {
			t.Errorf("%q: got %d %s", method, res.StatusCode, got)
		}
	}
	var a audit
	if p.getJSON("http://"+p.sandbox+"/_sandbox/audit", &a); a.Confirmed != 0 {
		t.Errorf("the shop confirmed %d won", a.Confirmed)
	}
}
