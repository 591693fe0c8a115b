package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// shopFront stands where the gateway stands: it forwards "/" to the demo shop and opens windows. It is as
// simple as can be, for the pages and scripts are what is tested here.
type shopFront struct {
	w    *world
	kind string
	// closeURL makes the Inicis form carry a closeUrl.
	closeURL bool
	url      string
}

func newShopFront(w *world, kind string, closeURL bool) *shopFront {
	front := &shopFront{w: w, kind: kind, closeURL: closeURL}
	target, err := url.Parse(w.url + "/shop")
	if err != nil {
		w.t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	mux := http.NewServeMux()
	mux.Handle("/", forward)
	mux.HandleFunc("POST /api/orders", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Device") == "" {
			http.Error(rw, "the page must tell the device", http.StatusBadRequest)
			return
		}
		if r.Header.Get("X-Device") == "mobile" || kind != "intercepted" {
			forward.ServeHTTP(rw, r)
			return
		}
		front.intercept(rw, r, forward)
	})
	mux.HandleFunc("POST /checkout", front.checkout)
	mux.HandleFunc("POST /checkout/complete", front.complete)
	mux.HandleFunc("/return", front.back)
	mux.HandleFunc("GET /close", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte(`<script src="` + w.url + `/inicis/stdjs/INIStdPay_close.js"></script>`))
	})
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	front.url = server.URL
	return front
}

func (f *shopFront) checkout(rw http.ResponseWriter, r *http.Request) {
	var req struct {
		OrderID  string `json:"order_id"`
		Amount   int64  `json:"amount"`
		Payments []struct {
			Method string `json:"method"`
		} `json:"payments"`
		ReturnURL string `json:"return_url"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.ReturnURL != f.url+"/result" {
		http.Error(rw, `{"title":"bad"}`, http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "application/problem+json")
	switch req.Payments[0].Method {
	case "mileage":
		_ = json.NewEncoder(rw).Encode(map[string]any{"order_id": req.OrderID, "settled_by": "internal", "window": nil})
		return
	case "tosspay":
		rw.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(rw).Encode(map[string]any{
			"title": "사용할 수 없는 결제수단입니다", "detail_ko": "토스페이 연결이 꺼져 있습니다", "detail_en": "The link is off",
			"code": "PAYMENT_METHOD_NOT_AVAILABLE", "status": 409,
		})
		return
	}
	_ = json.NewEncoder(rw).Encode(map[string]any{"attempt_id": req.OrderID, "window": f.window(req.OrderID, req.Amount)})
}

// intercept puts the window into the shop's own answer, as the gateway's intercepted route does.
func (f *shopFront) intercept(rw http.ResponseWriter, r *http.Request, forward http.Handler) {
	answer := httptest.NewRecorder()
	forward.ServeHTTP(answer, r)
	var envelope struct {
		Code    string         `json:"code"`
		Payload map[string]any `json:"payload"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	id, _ := envelope.Payload["ordNo"].(string)
	amount, _ := envelope.Payload["payAmt"].(float64)
	f.kind = "portone_v1"
	envelope.Payload["pg"] = f.window(id, int64(amount))
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(envelope)
}

func (f *shopFront) window(id string, amount int64) map[string]any {
	switch f.kind {
	case "portone_v1":
		params := v1Params(id, amount)
		params["m_redirect_url"] = f.url + "/return?from=v1"
		return map[string]any{"kind": f.kind, "script": f.w.url + "/portone/sdk/v1/iamport.js", "init_code": "imp00000000", "params": params}
	case "portone_v2":
		params := v2Params(id, "channel-key-v2-auto", amount)
		params["redirectUrl"] = f.url + "/return?from=v2"
		return map[string]any{"kind": f.kind, "script": f.w.url + "/portone/sdk/v2/browser-sdk.js", "params": params}
	default:
		params := f.w.inicisForm(id, won(amount))
		params["returnUrl"] = f.url + "/return"
		if f.closeURL {
			params["closeUrl"] = f.url + "/close"
		}
		return map[string]any{"kind": f.kind, "script": f.w.url + "/inicis/stdjs/INIStdPay.js", "params": params}
	}
}

func (f *shopFront) complete(rw http.ResponseWriter, r *http.Request) {
	var req map[string]string
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req["pg_tx_id"] == "" {
		http.Error(rw, `{"title":"bad"}`, http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(map[string]string{"redirect_url": f.settle(req["attempt_id"], req["code"])})
}

// back is where redirects and the Inicis result end.
func (f *shopFront) back(rw http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	id := r.Form.Get("orderNumber") + r.Form.Get("merchant_uid") + r.Form.Get("payment_id")
	code := r.Form.Get("error_code") + r.Form.Get("code")
	if result := r.Form.Get("resultCode"); result != "" && result != "0000" {
		code = result
	}
	if token := r.Form.Get("authToken"); token != "" {
		if got := f.w.form(approvePath, f.w.approval(token)).object(f.w.t); got["resultCode"] != "0000" {
			code = "declined"
		}
	}
	http.Redirect(rw, r, f.settle(id, code), http.StatusSeeOther)
}

// settle tells the shop what happened and returns the result page's address.
func (f *shopFront) settle(id, code string) string {
	status := "approved"
	switch code {
	case "":
		f.w.event("evt-"+id, "payment.confirmed", id, id, f.kind, int64(f.w.box.Ledger().Net))
	case "2001", "F0001", "PGProviderError":
		status = "cancelled"
	default:
		status = "declined"
	}
	return f.url + "/result?order_id=" + id + "&status=" + status
}

// TestBuyersPages clicks through the demo shop and the windows in a real browser.
func TestBuyersPages(t *testing.T) {
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting Chromium (is it installed? apt-get install chromium): %v", err)
	}
	tests := []struct {
		name     string
		kind     string
		closeURL bool
		method   string
		mobile   bool
		click    string
		selector string
		want     string
	}{
		{name: "inicis paid", kind: "inicis_pc", method: "card", click: "#pay", selector: "#status", want: "주문 확정"},
		{name: "inicis cancelled without a closeUrl", kind: "inicis_pc", method: "card", click: "#cancel", selector: "#status", want: "결제 취소"},
		{name: "inicis cancelled with a closeUrl", kind: "inicis_pc", closeURL: true, method: "card", click: "#cancel", selector: "#closed", want: "결제창을 닫았습니다. 다시 주문할 수 있습니다."},
		{name: "inicis declined", kind: "inicis_pc", method: "card", click: "#fail", selector: "#status", want: "결제 실패"},
		{name: "v1 paid", kind: "portone_v1", method: "card", click: "#pay", selector: "#status", want: "주문 확정"},
		{name: "v1 declined", kind: "portone_v1", method: "card", click: "#fail", selector: "#status", want: "결제 실패"},
		{name: "v1 paid by redirect", kind: "portone_v1", method: "card", mobile: true, click: "#pay", selector: "#status", want: "주문 확정"},
		{name: "v2 paid", kind: "portone_v2", method: "card", click: "#pay", selector: "#status", want: "주문 확정"},
		{name: "v2 cancelled by redirect", kind: "portone_v2", method: "card", mobile: true, click: "#cancel", selector: "#status", want: "결제 취소"},
		{name: "paid with the window that an interception put into the order", kind: "intercepted", method: "card", click: "#pay", selector: "#status", want: "주문 확정"},
		{name: "settled inside the shop", kind: "inicis_pc", method: "mileage", selector: "#status", want: "주문 확정"},
		{name: "refused with a reason in both languages", kind: "inicis_pc", method: "tosspay", selector: "#problem .en", want: "The link is off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			front := newShopFront(newWorld(t), tt.kind, tt.closeURL)
			tab, cancel := chromedp.NewContext(browser)
			defer cancel()
			ctx, stop := context.WithTimeout(tab, 30*time.Second)
			defer stop()
			if err := chromedp.Do(ctx, chromedp.Navigate(front.url+"/")); err != nil {
				t.Fatalf("opening the shop: %v", err)
			}
			clicks := []string{"input[name=method][value=" + tt.method + "]"}
			if tt.kind == "intercepted" {
				clicks = append(clicks, "input[name=flow][value=intercept]")
			}
			if tt.mobile {
				clicks = append(clicks, "#mobile")
			}
			clicks = append(clicks, "#order")
			if tt.click != "" {
				clicks = append(clicks, tt.click)
			}
			for _, selector := range clicks {
				until(ctx, t, "(() => { const e = document.querySelector(`"+selector+"`); if (!e || e.disabled) return false; e.click(); return true })()")
			}
			until(ctx, t, "(() => { const e = document.querySelector(`"+tt.selector+"`); return !!e && !e.hidden && e.textContent === `"+tt.want+"` })()")
		})
	}
}

// until evaluates a script until it is true. A page that navigates away under it is no reason to give up.
func until(ctx context.Context, t *testing.T, script string) {
	t.Helper()
	for {
		if done, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err == nil && done {
			return
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			body, _ := chromedp.Run(last, chromedp.Evaluate[string]("document.location.href + ' ' + document.body.innerText"))
			t.Fatalf("waiting for %s\n%s", script, body)
		case <-time.After(30 * time.Millisecond):
		}
	}
}
