package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestErrorPagesLeadBackAndFitAPhone: a buyer who ends up on one of our own pages reads it without scrolling sideways
// and finds his way to the shop.
func TestErrorPagesLeadBackAndFitAPhone(t *testing.T) { //nolint:tparallel // one browser, one page after the other
	t.Parallel()
	p := start(t)
	ctx := browser(t)
	base := "http://" + p.public
	for _, path := range []string{"/return/inicis", "/return/portone?merchant_uid=a-payment-that-nobody-knows-0000000001"} {
		t.Run(path, func(t *testing.T) {
			tab, cancel := context.WithTimeout(ctx, 60*time.Second)
			defer cancel()
			if err := chromedp.Do(tab, chromedp.EmulateViewport(320, 640), chromedp.Navigate(base+path), chromedp.WaitVisible(chromedp.CSS("#shop"))); err != nil {
				t.Fatal(err)
			}
			wide, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
			if err != nil || wide {
				t.Errorf("the page is wider than a phone: %v, %v", wide, err)
			}
			small, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.querySelector("#shop").getBoundingClientRect().height < 44`))
			if err != nil || small {
				t.Errorf("the way back is too small for a thumb: %v, %v", small, err)
			}
			if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS("#shop")), chromedp.WaitVisible(chromedp.CSS("#order"))); err != nil {
				t.Errorf("the way back does not lead to the shop: %v", err)
			}
		})
	}
}
