package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	euckr "golang.org/x/text/encoding/korean"
)

// buyer buys over plain HTTP what a browser would: it makes an order at the shop, opens a window, plays the
// PG's page and comes back. Its methods return errors, so that many may run at once.
type buyer struct {
	http *http.Client
	base string
	// method is the shop's word: card goes to Inicis, kakaopay to PortOne V2, tosspay to PortOne V1.
	method string
	goods  string
	// device is what he shops with; empty is a PC.
	device string
}

// buyer makes a buyer who stays until the test ends.
func (p *gatewayProcess) buyer(method string) *buyer {
	p.t.Helper()
	b := p.passer(method)
	p.t.Cleanup(b.http.CloseIdleConnections)
	return b
}

// passer makes a buyer who leaves when he likes.
func (p *gatewayProcess) passer(method string) *buyer {
	client := noRedirects()
	client.Transport = &http.Transport{
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 10 * time.Second,
		// Behind a load balancer the next request may land on another pod.
		DialContext: p.dial, DisableKeepAlives: p.dial != nil,
	}
	client.Timeout = 90 * time.Second
	return &buyer{http: client, base: "http://" + p.public, method: method, goods: "G001"}
}

// problem is a problem document that the gateway answered with.
type problem struct {
	Status   int    `json:"status"`
	Code     string `json:"code"`
	Title    string `json:"title"`
	DetailKo string `json:"detail_ko"`
	DetailEn string `json:"detail_en"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.DetailEn) }

func problemOf(err error) (*problem, bool) { return errors.AsType[*problem](err) }

// order is what the shop made of a basket.
type order struct {
	ID      string `json:"ordNo"`
	Amount  int64  `json:"payAmt"`
	Name    string `json:"goodsNm"`
	TaxFree int64  `json:"taxFreeAmt"`
}

// window is the checkout's answer as far as a page needs it.
type window struct {
	OrderID      string `json:"order_id"`
	Attempt      string `json:"attempt_id"`
	PG           string `json:"pg"`
	Merchant     string `json:"merchant"`
	Amount       int64  `json:"amount"`
	ExpiresAt    string `json:"expires_at"`
	RulesVersion string `json:"rules_version"`
	Window       struct {
		Kind     string          `json:"kind"`
		Script   string          `json:"script"`
		Action   string          `json:"action"`
		InitCode string          `json:"init_code"`
		Params   json.RawMessage `json:"params"`
	} `json:"window"`
}

// ret is what the browser brings back from the window; it can be sent more than once.
type ret struct {
	url, contentType, body string
}

// outcome is what the gateway says of an attempt: where it sends the buyer, or the callback's answer.
type outcome struct {
	http    int
	status  string
	code    string
	attempt string
}

// call sends one request and returns its answer, whole.
func (b *buyer) call(ctx context.Context, method, target, contentType, body string) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the answer of %s: %w", target, err)
	}
	return res, raw, nil
}

// json posts v and reads the answer; a problem document is an error.
func (b *buyer) json(ctx context.Context, target string, v, into any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	res, raw, err := b.call(ctx, http.MethodPost, target, "application/json", string(text))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		p := &problem{}
		if err := json.Unmarshal(raw, p); err != nil || p.Code == "" {
			return fmt.Errorf("%s answered %d: %q", target, res.StatusCode, raw)
		}
		return p
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s answered %q: %w", target, raw, err)
	}
	return nil
}

// order makes an order at the shop, through the gateway. The shop's own method code keeps it out of the
// interception, which has tests of its own.
func (b *buyer) order(ctx context.Context) (order, error) {
	var ans struct {
		Payload order `json:"payload"`
	}
	err := b.json(ctx, b.base+"/api/orders", map[string]any{
		"goods":    []map[string]any{{"goodsNo": b.goods, "qty": 1}},
		"payMeans": []map[string]any{{"payWayCd": b.method}},
	}, &ans)
	if err == nil && ans.Payload.ID == "" {
		err = errors.New("the shop made no order")
	}
	return ans.Payload, err
}

// checkout asks the gateway for a window.
func (b *buyer) checkout(ctx context.Context, o order) (window, error) {
	var w window
	err := b.json(ctx, b.base+"/checkout", map[string]any{
		"order_id": o.ID, "amount": o.Amount, "currency": "KRW", "order_name": o.Name, "tax_free": o.TaxFree,
		"payments": []map[string]any{{"method": b.method, "amount": o.Amount}},
		"buyer":    map[string]string{"name": "구매자", "email": "buyer@example.com", "tel": "010-0000-0000"},
		"site":     "main", "device": cmp.Or(b.device, "pc"), "return_url": b.base + "/result",
	}, &w)
	return w, err
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	formInput  = regexp.MustCompile(`<input[^>]* name="([^"]*)" value="([^"]*)"`)
)

// form reads the one form of a page.
func form(page []byte) (action string, fields url.Values) {
	fields = url.Values{}
	if m := formAction.FindSubmatch(page); m != nil {
		action = html.UnescapeString(string(m[1]))
	}
	for _, m := range formInput.FindAllSubmatch(page, -1) {
		fields.Add(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
	}
	return action, fields
}

// play presses a button in the PG's window (pay, cancel, fail) and returns what the browser brings back.
func (b *buyer) play(ctx context.Context, w window, button string) (ret, error) {
	if w.Window.Kind == "inicis_mobile" {
		return b.playInicis(ctx, w.Window.Action, w, button)
	}
	origin, err := url.Parse(w.Window.Script)
	if err != nil {
		return ret{}, err
	}
	pg := origin.Scheme + "://" + origin.Host
	switch w.Window.Kind {
	case "inicis_pc":
		return b.playInicis(ctx, pg+"/inicis/window", w, button)
	case "portone_v1":
		var rsp struct {
			TxID string `json:"imp_uid"`
			Code string `json:"error_code"`
		}
		open := map[string]any{"imp_code": w.Window.InitCode, "device": "pc", "params": w.Window.Params}
		if err := b.playSDK(ctx, pg+"/portone/sdk/v1", open, button, &rsp); err != nil {
			return ret{}, err
		}
		return b.callback(w, map[string]any{"pg_tx_id": rsp.TxID, "code": rsp.Code})
	case "portone_v2":
		var rsp struct {
			TxID  string `json:"txId"`
			Token string `json:"paymentToken"`
			Code  string `json:"code"`
		}
		open := map[string]any{"device": "pc", "params": w.Window.Params}
		if err := b.playSDK(ctx, pg+"/portone/sdk/v2", open, button, &rsp); err != nil {
			return ret{}, err
		}
		return b.callback(w, map[string]any{"pg_tx_id": rsp.TxID, "payment_token": rsp.Token, "code": rsp.Code})
	}
	return ret{}, fmt.Errorf("a window of kind %q", w.Window.Kind)
}

// playInicis goes through a window of Inicis', on a PC or on a phone, whose browser writes in EUC-KR.
func (b *buyer) playInicis(ctx context.Context, door string, w window, button string) (ret, error) {
	var params map[string]string
	if err := json.Unmarshal(w.Window.Params, &params); err != nil {
		return ret{}, fmt.Errorf("reading the parameters of an Inicis window: %w", err)
	}
	values := url.Values{}
	for k, v := range params {
		if w.Window.Kind == "inicis_mobile" {
			var err error
			if v, err = euckr.EUCKR.NewEncoder().String(v); err != nil {
				return ret{}, fmt.Errorf("%s is not in EUC-KR: %w", k, err)
			}
		}
		values.Set(k, v)
	}
	const urlencoded = "application/x-www-form-urlencoded"
	res, page, err := b.call(ctx, http.MethodPost, door, urlencoded, values.Encode())
	if err != nil {
		return ret{}, err
	}
	act, fields := form(page)
	if at, err := url.Parse(door); err == nil && strings.HasPrefix(act, "/") {
		act = at.Scheme + "://" + at.Host + act
	}
	if res.StatusCode != http.StatusOK || fields.Get("key") == "" {
		return ret{}, fmt.Errorf("the Inicis window did not open: %d %s", res.StatusCode, page)
	}
	fields.Set("action", button)
	if _, page, err = b.call(ctx, http.MethodPost, act, urlencoded, fields.Encode()); err != nil {
		return ret{}, err
	}
	action, fields := form(page)
	if action == "" {
		return ret{}, fmt.Errorf("the Inicis window did not end: %s", page)
	}
	return ret{url: action, contentType: urlencoded, body: fields.Encode()}, nil
}

// playSDK opens a PortOne window and presses a button in it, as the SDK does.
func (b *buyer) playSDK(ctx context.Context, sdk string, open map[string]any, button string, rsp any) error {
	var win struct {
		Key     string `json:"key"`
		Code    string `json:"code"`
		Error   string `json:"error_code"`
		Message string `json:"message"`
		Msg     string `json:"error_msg"`
	}
	if err := b.json(ctx, sdk+"/open", open, &win); err != nil {
		return err
	}
	if win.Key == "" {
		return fmt.Errorf("the window did not open: %s%s %s%s", win.Code, win.Error, win.Message, win.Msg)
	}
	return b.json(ctx, sdk+"/act", map[string]string{"key": win.Key, "action": button}, rsp)
}

// callback is what the page posts after the SDK has answered it.
func (b *buyer) callback(w window, fields map[string]any) (ret, error) {
	fields["attempt_id"] = w.Attempt
	for k, v := range fields {
		if v == "" {
			delete(fields, k)
		}
	}
	text, err := json.Marshal(fields)
	return ret{url: b.base + "/checkout/complete", contentType: "application/json", body: string(text)}, err
}

// bring sends what came out of the window to the gateway.
func (b *buyer) bring(ctx context.Context, r ret) (outcome, error) {
	res, raw, err := b.call(ctx, http.MethodPost, r.url, r.contentType, r.body)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{http: res.StatusCode, code: res.Header.Get("X-PG-Gateway-Reason")}
	if to := res.Header.Get("Location"); to != "" {
		u, err := url.Parse(to)
		if err != nil {
			return out, err
		}
		q := u.Query()
		out.status, out.attempt = q.Get("status"), q.Get("attempt_id")
		if out.code == "" {
			out.code = q.Get("code")
		}
		return out, nil
	}
	if bytes.HasPrefix(raw, []byte("{")) {
		var ans struct {
			Status  json.RawMessage `json:"status"`
			Code    string          `json:"code"`
			Attempt string          `json:"attempt_id"`
		}
		if err := json.Unmarshal(raw, &ans); err != nil {
			return out, fmt.Errorf("%s answered %q: %w", r.url, raw, err)
		}
		out.attempt = ans.Attempt
		if ans.Code != "" {
			out.code = ans.Code
		}
		if res.StatusCode == http.StatusOK {
			out.status = strings.Trim(string(ans.Status), `"`)
		}
	}
	return out, nil
}

// state is the order's status as the shop's own page sees it, through the gateway.
func (b *buyer) state(ctx context.Context, orderID string) (string, error) {
	_, raw, err := b.call(ctx, http.MethodGet, b.base+"/api/orders/"+orderID, "", "")
	if err != nil {
		return "", err
	}
	var ans struct {
		Payload struct {
			Status string `json:"status"`
		} `json:"payload"`
	}
	err = json.Unmarshal(raw, &ans)
	return ans.Payload.Status, err
}

// visit is one buyer's way from the basket to the result.
type visit struct {
	order  order
	window window
	ret    ret
	out    outcome
}

// open goes as far as the window's end, and does not come back.
func (b *buyer) open(ctx context.Context, button string) (visit, error) {
	var v visit
	var err error
	if v.order, err = b.order(ctx); err != nil {
		return v, fmt.Errorf("ordering: %w", err)
	}
	return v, b.reopen(ctx, &v, button)
}

// reopen opens another window for the order of v.
func (b *buyer) reopen(ctx context.Context, v *visit, button string) error {
	var err error
	if v.window, err = b.checkout(ctx, v.order); err != nil {
		return fmt.Errorf("checking out: %w", err)
	}
	if v.ret, err = b.play(ctx, v.window, button); err != nil {
		return fmt.Errorf("playing the window: %w", err)
	}
	return nil
}

// buy goes all the way.
func (b *buyer) buy(ctx context.Context, button string) (visit, error) {
	v, err := b.open(ctx, button)
	if err != nil {
		return v, err
	}
	if v.out, err = b.bring(ctx, v.ret); err != nil {
		return v, fmt.Errorf("coming back: %w", err)
	}
	return v, nil
}

// mustBuy buys and checks what the gateway says of it.
func (b *buyer) mustBuy(t *testing.T, button, want string) visit {
	t.Helper()
	v, err := b.buy(t.Context(), button)
	if err != nil {
		t.Fatalf("buying by %s: %v", b.method, err)
	}
	if v.out.status != want {
		t.Fatalf("buying by %s ended as %+v, want %s", b.method, v.out, want)
	}
	return v
}

// mustBecome waits until the shop's page shows a status of the order.
func (b *buyer) mustBecome(t *testing.T, orderID, want string, patience time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		got, err := b.state(t.Context(), orderID)
		if err == nil && got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s the shop shows order %s as %q (%v), want %q", patience, orderID, got, err, want)
		}
	}
}

func TestABuyerOverPlainHTTP(t *testing.T) {
	t.Parallel()
	p := start(t)
	var confirmed int64
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		b := p.buyer(method)
		tests := []struct {
			name, button, want, order string
		}{
			{"paid", "pay", "approved", "paid"},
			{"cancelled by the buyer", "cancel", "declined", "waiting"},
			{"declined by the PG", "fail", "declined", "waiting"},
		}
		for _, tt := range tests {
			v := b.mustBuy(t, tt.button, tt.want)
			b.mustBecome(t, v.order.ID, tt.order, 5*time.Second)
			if tt.want == "approved" {
				confirmed += v.order.Amount
			}
		}
	}
	p.mustBalance(confirmed)
}

func TestTheSameReturnManyTimesIsOnePayment(t *testing.T) {
	t.Parallel()
	p := start(t)
	var confirmed int64
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		b := p.buyer(method)
		v, err := b.open(t.Context(), "pay")
		if err != nil {
			t.Fatal(err)
		}
		confirmed += v.order.Amount
		outcomes := make(chan outcome)
		for range 6 {
			go func() {
				out, err := b.bring(t.Context(), v.ret)
				if err != nil {
					t.Error(err)
				}
				outcomes <- out
			}()
		}
		for range 6 {
			if out := <-outcomes; out.status != "approved" {
				t.Errorf("%s: one of six returns at once was told %+v", method, out)
			}
		}
		if out, err := b.bring(t.Context(), v.ret); err != nil || out.status != "approved" {
			t.Errorf("%s: coming back once more was told %+v: %v", method, out, err)
		}
		if n := p.executions(v.window); n != 1 {
			t.Errorf("%s: the PG was asked to approve %d times", method, n)
		}
	}
	p.mustBalance(confirmed)
}

// executions counts the approvals of an attempt that reached the PG. PortOne V1 takes the money in its own
// window, before we hear of it: once counts as asked once.
func (p *gatewayProcess) executions(w window) int {
	p.t.Helper()
	where := map[string]string{
		"inicis_pc": "pg=inicis&operation=approve", "inicis_mobile": "pg=inicis&operation=approve", "portone_v1": "pg=portone_v1&operation=pay", "portone_v2": "pg=portone_v2&operation=confirm",
	}[w.Window.Kind]
	var list struct {
		Count int `json:"count"`
	}
	p.getJSON("http://"+p.sandbox+"/_sandbox/executions?"+where+"&ref="+w.Attempt, &list)
	return list.Count
}

func mustForm(t *testing.T, body string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
