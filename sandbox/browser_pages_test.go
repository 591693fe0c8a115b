package sandbox_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

var shots = flag.String("shots", "", "a folder to write what the pages look like into")

// look is a page as a buyer, or a tester, has it before them.
type look struct {
	t    *testing.T
	ctx  context.Context
	name string
}

// at opens a page at a phone's width and at a PC's, does what leads to what is looked at, and sees it through.
func at(t *testing.T, browser context.Context, name, url string, clicks []string, see func(l look)) {
	t.Helper()
	for _, screen := range []struct {
		size  string
		width int64
	}{{"phone", 390}, {"pc", 1280}} {
		tab, cancel := chromedp.NewContext(browser)
		ctx, stop := context.WithTimeout(tab, 30*time.Second)
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(screen.width, 900), chromedp.Navigate(url)); err != nil {
			t.Fatalf("opening %s: %v", name, err)
		}
		l := look{t: t, ctx: ctx, name: name + " on the " + screen.size}
		for _, selector := range clicks {
			until(ctx, t, "(() => { const e = document.querySelector(`"+selector+"`); if (!e || e.disabled) return false; e.click(); return true })()")
		}
		see(l)
		l.fits()
		if *shots != "" {
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(*shots, strings.ReplaceAll(l.name, " ", "-")+".png"), png, 0o600)
			}
			if err != nil {
				t.Error(err)
			}
		}
		stop()
		cancel()
	}
}

// is wants a script to come true.
func (l look) is(script string) {
	l.t.Helper()
	until(l.ctx, l.t, "(() => { return "+script+" })()")
}

// fits wants nothing to stick out at the side.
func (l look) fits() {
	l.t.Helper()
	out, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") &&
		e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).map(e => e.tagName + "#" + e.id + "." + e.className).join(" ")`))
	if err != nil || out != "" {
		l.t.Errorf("%s: %s stick out at the side (%v)", l.name, out, err)
	}
}

// shows wants an element to be there for the eye, or not.
func (l look) shows(selector string, want bool) {
	l.t.Helper()
	got, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](`(() => { const e = document.querySelector("`+selector+`"); return !!e && e.getClientRects().length > 0 })()`))
	if err != nil || got != want {
		l.t.Errorf("%s: %s shows: %t, want %t (%v)", l.name, selector, got, want, err)
	}
}

// reads wants an element's text.
func (l look) reads(selector, want string) {
	l.t.Helper()
	got, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](`document.querySelector("`+selector+`").textContent`))
	if err != nil || got != want {
		l.t.Errorf("%s: %s reads %q, want %q (%v)", l.name, selector, got, want, err)
	}
}

// differ wants buttons to be told apart without reading them.
func (l look) differ(selectors ...string) {
	l.t.Helper()
	seen := map[string]string{}
	for _, selector := range selectors {
		style, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](`(() => { const s = getComputedStyle(document.querySelector("`+selector+`")); return [s.backgroundColor, s.color, s.borderStyle].join() })()`))
		if err != nil || seen[style] != "" {
			l.t.Errorf("%s: %s looks like %s (%v)", l.name, selector, seen[style], err)
		}
		seen[style] = selector
	}
}

// TestPagesAreForPeople looks at every page and window of the sandbox in a real browser: what is hidden does not show,
// windows name the method as buyers do, buttons differ, nothing sticks out on a phone, nothing is a raw code or date.
func TestPagesAreForPeople(t *testing.T) {
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting Chromium (is it installed? apt-get install chromium): %v", err)
	}
	front := func(kind string) *shopFront { return newShopFront(newWorld(t), kind, false) }

	at(t, browser, "the shop", front("inicis_pc").url+"/", nil, func(l look) {
		for _, hidden := range []string{"#due-row", "#closed", "#problem"} {
			l.shows(hidden, false)
		}
		l.shows("#points-row", true)
	})
	at(t, browser, "the shop with a virtual account", front("inicis_pc").url+"/", []string{"input[value=vbank]"}, func(l look) {
		l.shows("#due-row", true)
	})
	at(t, browser, "a refusal", front("inicis_pc").url+"/", []string{"input[value=tosspay]", "#order"}, func(l look) {
		l.is(`!document.querySelector("#problem").hidden`)
	})
	at(t, browser, "the window of Inicis", front("inicis_pc").url+"/", []string{"input[value=card]", "#order"}, func(l look) {
		l.is(`!!document.querySelector("#method")`)
		l.reads("#method", "신용카드")
		l.differ("#pay", "#cancel", "#fail")
	})
	for kind, id := range map[string]string{"portone_v1": "imp-window", "portone_v2": "portone-window"} {
		at(t, browser, "the window of "+kind, front(kind).url+"/", []string{"input[value=card]", "#order"}, func(l look) {
			l.is(`!!document.querySelector("#` + id + `")`)
			l.reads("#"+id+" .method", "신용카드")
			l.differ("#pay", "#cancel", "#fail")
		})
	}
	at(t, browser, "a paid order", front("inicis_pc").url+"/", []string{"#order", "#pay"}, func(l look) {
		l.is(`document.querySelector("#status")?.textContent === "주문 확정"`)
		for _, hidden := range []string{"#account", "#reason"} {
			l.shows(hidden, false)
		}
	})
	w := newWorld(t)
	order, amount := w.order("G001", "vbank")
	w.inicisAccount("A-1", won(amount), nil)
	w.tell("m1", "virtual_account.issued", map[string]any{
		"order_id": order, "attempt_id": "A-1", "pg": "10", "method": "vbank", "amount": amount,
		"account": map[string]any{"bank": "088", "number": "56210000000001", "holder": "샌드박스상점", "due": "2026-04-10T18:30:00+09:00"},
	})
	at(t, browser, "an issued account", newShopFront(w, "inicis_pc", false).url+"/result?status=issued&order_id="+order, nil, func(l look) {
		l.is(`document.querySelector("#status")?.textContent === "입금 대기"`)
		l.reads("#account-bank", "신한은행")
		l.reads("#account-due", "2026년 4월 10일 18:30까지")
	})
	at(t, browser, "the bank's counter", w.url+"/_sandbox/", nil, func(l look) {
		l.is(`document.querySelector("fieldset.account dl").textContent.includes("신한은행") && document.querySelector("fieldset.account dl").textContent.includes("년 4월")`)
		l.shows("#answer", false)
	})
	at(t, browser, "a result with a code", newShopFront(w, "inicis_pc", false).url+"/result?order_id=x&status=cancelled&code=BUYER_CANCELLED", nil, func(l look) {
		l.is(`!document.querySelector("#reason").hidden && !document.querySelector("#reason").textContent.includes("_")`)
	})
}

// TestTheFrontPageSteers opens the sandbox's own address: orders, books, faults to click.
func TestTheFrontPageSteers(t *testing.T) {
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting Chromium (is it installed? apt-get install chromium): %v", err)
	}
	w := newWorld(t)
	at(t, browser, "an empty front page", w.url+"/", nil, func(l look) {
		l.is(`document.querySelector("#order-list").textContent.includes("아직 주문이 없습니다")`)
	})
	front := newShopFront(w, "inicis_pc", false)
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(tab, 30*time.Second)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate(front.url+"/")); err != nil {
		t.Fatal(err)
	}
	for _, selector := range []string{"#order", "#pay"} {
		until(ctx, t, "(() => { const e = document.querySelector(`"+selector+"`); if (!e || e.disabled) return false; e.click(); return true })()")
	}
	until(ctx, t, "document.querySelector(`#status`)?.textContent === `주문 확정`")
	at(t, browser, "the front page", w.url+"/", nil, func(l look) {
		// A click sends its command and shows the page anew.
		l.is(`document.readyState === "complete" && (document.body.dataset.old = "yes") && (document.querySelector("#faults ~ .grid button").click(), true)`)
		l.is(`document.readyState === "complete" && !document.body.dataset.old && document.querySelectorAll("#armed li").length > 0`)
		l.reads("#captured", "64,900원")
		l.is(`document.querySelector("#order-list tbody").innerText.includes("신용카드") && document.querySelector("#order-list tbody").innerText.includes("결제 완료")`)
		l.differ(".grid button", ".danger")
	})
	if len(w.box.Executions("shop", "create", "")) != 1 {
		t.Error("the front page makes orders")
	}
	if err := w.box.SetShop(sandbox.ShopNo); err != nil {
		t.Fatal(err)
	}
	at(t, browser, "the front page with a shop that refuses", w.url+"/", nil, func(l look) {
		l.reads("[aria-pressed=true] strong", "거절합니다")
	})
	if _, err := w.box.MakeOrder(sandbox.OrderSpec{Amount: 30_000}); err != nil {
		t.Fatal(err)
	}
	at(t, browser, "the bank's counter without accounts", w.url+"/_sandbox/", nil, func(l look) {
		l.shows("#answer", false)
	})
	at(t, browser, "no faults any more", w.url+"/", []string{"[data-delete]"}, func(l look) {
		l.is(`document.readyState === "complete" && !!document.querySelector("p#armed")`)
		if err := w.box.Inject(sandbox.Fault{PG: "inicis", Kind: sandbox.FaultStatus}); err != nil {
			t.Fatal(err)
		}
	})
}
