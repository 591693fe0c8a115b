package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/korean"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simBuyer buys one order, patiently or not: in several windows, on several pods, with a browser that sends
// things twice, late, or never.
type simBuyer struct {
	w    *simWorld
	name string
	r    *rand.Rand
	id   payment.OrderID
	// won is what goes through a PG, mileage what the shop settles itself beside it.
	won, mileage payment.Won
	text         string
	// tabs are the pages that he keeps open beside the one he looks at.
	tabs sync.WaitGroup
}

// simAttempt is an opened window.
type simAttempt struct {
	answer simOpened
	method payment.Method
	params []byte
	name   string
	// account tells that its window issues a virtual account.
	account bool
}

// buy is a buyer's whole visit.
func (b *simBuyer) buy() {
	w := b.w
	time.Sleep(time.Duration(b.r.Int64N(int64(5 * time.Second))))
	b.order()
	tries := 1 + b.r.IntN(3)
	for n := range tries {
		a, ok := b.checkout(n)
		if !ok {
			time.Sleep(time.Duration(b.r.Int64N(int64(30 * time.Second))))
			continue
		}
		// Going back and opening the next window leaves this one open: both may be paid.
		if n < tries-1 && b.r.Float64() < 0.4 {
			w.tally("windows_side_by_side")
			r := w.draw(b.name + " tab")
			b.tabs.Go(func() { b.window(a, r) })
			time.Sleep(time.Duration(b.r.Int64N(int64(20 * time.Second))))
			continue
		}
		b.window(a, b.r)
	}
	b.tabs.Wait()
	b.regret()
}

// regret has the shop give back what this order was paid with, now and then.
func (b *simBuyer) regret() {
	r := b.w.draw(b.name + " regret")
	if r.Float64() < 0.7 {
		return
	}
	time.Sleep(time.Duration(r.Int64N(int64(20 * time.Second))))
	for _, p := range b.w.paidAt(b.id) {
		b.w.giveBack(p, r)
	}
}

// order makes an order at the shop.
func (b *simBuyer) order() {
	goods := []string{"G001", "G002", "G003", "G004", "G001", "G002", "G003", "G005"}[b.r.IntN(8)]
	qty := 1 + b.r.IntN(3)
	means := `[{"payWayCd":"11"}]`
	if r := b.w.draw(b.name + " mileage"); r.Float64() < 0.2 {
		b.mileage = 100 * payment.Won(1+r.IntN(50))
		price := map[string]payment.Won{"G001": 64900, "G002": 18000, "G003": 9900, "G004": 21000, "G005": 12000}[goods]
		means = fmt.Sprintf(`[{"payWayCd":"11","payAmt":%d},{"payWayCd":"32","payAmt":%d}]`, price*payment.Won(qty)-b.mileage, b.mileage)
		b.w.tally("order_with_mileage")
	}
	body := fmt.Sprintf(`{"goods":[{"goodsNo":%q,"qty":%d}],"payMeans":%s}`, goods, qty, means)
	a := b.w.handle(http.MethodPost, "/shop/api/orders", http.Header{"Content-Type": {"application/json"}}, []byte(body))
	var got struct {
		Payload struct {
			OrdNo   payment.OrderID `json:"ordNo"`
			PayAmt  payment.Won     `json:"payAmt"`
			GoodsNm string          `json:"goodsNm"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		b.w.wrong("the shop makes no order: %v", err)
	}
	b.id, b.won, b.text = got.Payload.OrdNo, got.Payload.PayAmt-b.mileage, got.Payload.GoodsNm
	b.w.call(string(b.id), b.name)
	b.w.mu.Lock()
	b.w.orders = append(b.w.orders, b.id)
	b.w.mu.Unlock()
}

// pod is whom the load balancer picks; it waits while everybody is down.
func (b *simBuyer) pod(r *rand.Rand) *simPod {
	for {
		if up := b.w.alive(); len(up) > 0 {
			return up[r.IntN(len(up))]
		}
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Second))))
	}
}

// simAskFor runs one request on a pod as its own goroutine, as a server does. ok is false when no answer came as
// long as the caller waits.
func simAskFor[T any](p *simPod, wait time.Duration, f func() T) (v T, ok bool) {
	done := make(chan T, 1)
	go func() {
		defer close(done)
		v := f()
		p.pause(context.Background(), time.Millisecond+time.Duration(p.w.draw(p.name+" answers a browser").Int64N(int64(20*time.Millisecond))))
		done <- v
	}()
	patience := time.NewTimer(wait)
	defer patience.Stop()
	select {
	case v, ok = <-done:
		return v, ok
	case <-p.dead:
	case <-patience.C:
		p.w.tally("browser_gave_up")
	}
	return v, false
}

// simJSON are the headers of a request with a body in JSON.
func simJSON() map[string]string { return map[string]string{"Content-Type": "application/json"} }

// ask asks for a window, over HTTP and under a key now and then.
func (b *simBuyer) ask(n int, method payment.Method) (ans simOpened, err error, ok bool) {
	site, due := payment.Site("main"), time.Time{}
	if method == payment.MethodVBank {
		sites := simBankSites()
		site, due = sites[b.r.IntN(len(sites))], time.Now().Add(65*time.Minute+time.Duration(b.r.Int64N(int64(2*time.Hour))))
	} else if b.r.Float64() < 0.2 {
		return b.askUnderKey(n, method)
	}
	b.cheat(n, method)
	a, ok := simKnock(b.pod(b.r), simPatience, simCheckoutPath, simJSON(), b.checkoutBody(method, site, due))
	if !ok {
		return ans, nil, false
	}
	return simCheckoutAnswer(a)
}

// payments is how the order is to be paid.
func (b *simBuyer) payments(method payment.Method) []payment.MethodAmount {
	list := []payment.MethodAmount{{Method: method, Amount: b.won}}
	if b.mileage > 0 {
		list = append(list, payment.MethodAmount{Method: "mileage", Amount: b.mileage})
	}
	return list
}

func (b *simBuyer) checkout(n int) (*simAttempt, bool) {
	w := b.w
	method := []payment.Method{"card", "card", "card", "card", "kakaopay", "kakaopay", "naverpay", "tosspay", "payco", "samsung", payment.MethodVBank, payment.MethodVBank}[b.r.IntN(12)]
	ans, err, ok := b.ask(n, method)
	switch {
	case !ok:
		w.tally("checkout_unanswered")
		return nil, false
	case err != nil:
		w.tally("checkout_refused")
		w.tracef("%s checkout %d by %s: %s", b.name, n, method, simCode(err))
		return nil, false
	}
	a := &simAttempt{answer: ans, method: method, params: ans.Window.Params, name: fmt.Sprintf("%s try %d", b.name, n), account: method == payment.MethodVBank}
	w.tally("window_" + string(ans.PG))
	w.tracef("%s checkout %d by %s opens a window of %s", b.name, n, method, ans.PG)
	return a, true
}

// window is what a buyer does in one window: he thinks, clicks, and comes back, or not.
func (b *simBuyer) window(a *simAttempt, r *rand.Rand) {
	w := b.w
	if r.Float64() < 0.05 {
		w.tally("window_abandoned")
		b.leave(a, r)
		return
	}
	think := time.Second + time.Duration(r.Int64N(int64(90*time.Second)))
	switch x := r.Float64(); {
	case x < 0.05:
		think += time.Duration(r.Int64N(int64(45 * time.Minute)))
		w.tally("slow_buyer")
	case x < 0.3:
		think = time.Duration(r.Int64N(int64(2 * time.Second)))
	}
	time.Sleep(think)
	click := []string{"pay", "pay", "pay", "pay", "pay", "pay", "pay", "fail", "cancel"}[r.IntN(9)]
	w.tally("click_" + click)
	switch a.answer.Window.Kind { //nolint:exhaustive // the others are not opened here
	case payment.WindowInicisPC, payment.WindowInicisMobile:
		b.inicis(a, r, click)
	case payment.WindowPortOneV1:
		b.portone(a, r, click, "v1")
	case payment.WindowPortOneV2:
		b.portone(a, r, click, "v2")
	}
}

var (
	simInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	simAction = regexp.MustCompile(`action="([^"]*)"`)
)

// simPage reads the form of a page.
func simPage(page []byte) (action string, fields url.Values) {
	fields = url.Values{}
	for _, m := range simInput.FindAllSubmatch(page, -1) {
		fields.Set(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
	}
	if m := simAction.FindSubmatch(page); m != nil {
		action = html.UnescapeString(string(m[1]))
	}
	return action, fields
}

func (w *simWorld) form(path string, fields url.Values) []byte {
	a := w.handle(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(fields.Encode()))
	return a.body
}

// openInicis posts the form of a window to Inicis, which answers with its page.
func (w *simWorld) openInicis(a *simAttempt) (act string, fields url.Values) {
	var params map[string]string
	if err := json.Unmarshal(a.params, &params); err != nil {
		w.wrong("the Inicis form is not text: %v", err)
		return "", nil
	}
	form, door := url.Values{}, "/inicis/window"
	phone := a.answer.Window.Kind == payment.WindowInicisMobile
	for k, v := range params {
		if phone {
			// A phone's browser writes the form in EUC-KR.
			v, _ = korean.EUCKR.NewEncoder().String(v)
		}
		form.Set(k, v)
	}
	if phone {
		door = "/inicis/smart/payment/"
		w.tally("window_on_a_phone")
	}
	return simPage(w.form(door, form))
}

// inicis goes through Inicis' window, which ends with a POST to the gateway.
func (b *simBuyer) inicis(a *simAttempt, r *rand.Rand, click string) {
	w, before := b.w, b.tamper(a)
	act, fields := w.openInicis(a)
	if len(fields) == 0 && string(before) != string(a.params) {
		b.behave(a, before)
		act, fields = w.openInicis(a)
	}
	fields.Set("action", click)
	_, back := simPage(w.form(act, fields))
	if len(back) == 0 {
		w.wrong("the Inicis window gives nothing back")
		return
	}
	door := simReturnPath
	if a.answer.Window.Kind == payment.WindowInicisMobile {
		door = simPhonePath
	}
	w.call(cmp.Or(back.Get("authToken"), back.Get("P_TID")), a.name)
	w.call(string(a.answer.AttemptID), a.name)
	body := []byte(back.Encode())
	if click == "pay" {
		b.bank(a, r)
	}
	send := func(p *simPod) (simTold, error, bool) { return simHear(p, door, simForm(), body) }
	if r.Float64() < 0.03 {
		b.forge(door, back, r)
	}
	b.comeBack(a, r, send)
}

// portone goes through a PortOne window, which ends with a callback in the page.
func (b *simBuyer) portone(a *simAttempt, r *rand.Rand, click, version string) {
	w := b.w
	w.call(string(a.answer.AttemptID), a.name)
	before := b.tamper(a)
	if version == "v1" && !a.account && a.method != payment.MethodVBank && r.Float64() < 0.25 {
		twin := w.draw(a.name + " second")
		params := a.params
		b.tabs.Go(func() { b.second(a, params, twin) })
	}
	var rsp map[string]any
	for {
		key := b.open(r, version, a.params)
		if key == "" && string(before) != string(a.params) {
			b.behave(a, before)
			continue
		}
		if key == "" {
			w.tally("window_refused")
			return
		}
		if click != "pay" && r.Float64() < 0.2 {
			time.Sleep(time.Duration(r.Int64N(int64(time.Minute))))
		}
		time.Sleep(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
		if !w.act(version, key, click, &rsp) {
			// The page shows an error; some press on all the same.
			if r.Float64() < 0.5 {
				return
			}
			break
		}
		// A buyer whose card was declined may try the same window again.
		if click == "pay" || r.Float64() < 0.7 {
			break
		}
		click = "pay"
		w.tally("window_tried_again")
	}
	if click == "pay" {
		b.bank(a, r)
	}
	text := func(names ...string) string {
		for _, n := range names {
			if s, ok := rsp[n].(string); ok {
				return s
			}
		}
		return ""
	}
	fields := map[string]string{"attempt_id": string(a.answer.AttemptID), "pg_tx_id": text("imp_uid", "txId")}
	for name, value := range map[string]string{"payment_token": text("paymentToken"), "code": text("error_code", "code")} {
		if value != "" {
			fields[name] = value
		}
	}
	body, err := json.Marshal(fields)
	if err != nil {
		w.wrong("a completion does not marshal: %v", err)
	}
	w.call(text("paymentToken"), a.name)
	w.callResult(rsp, a.name)
	send := func(p *simPod) (simTold, error, bool) { return simHear(p, simCompletePath, simJSON(), body) }
	if r.Float64() < 0.3 {
		send = b.completeUnderKey(a, body)
	}
	if token := text("paymentToken"); token != "" && !w.before && !w.noCharges && w.draw(a.name+" confirm").Float64() < 0.2 {
		send = b.confirmByAPI(a, token)
	}
	b.comeBack(a, r, send)
}

func (w *simWorld) post(path, body string, into any) {
	a := w.handle(http.MethodPost, path, http.Header{"Content-Type": {"application/json"}}, []byte(body))
	if err := json.Unmarshal(a.body, into); err != nil {
		w.wrong("the sandbox answers %s with something else than JSON: %v", path, err)
	}
}

// comeBack delivers what the window gave, with everything that happens to browsers on the way.
func (b *simBuyer) comeBack(a *simAttempt, r *rand.Rand, send func(p *simPod) (simTold, error, bool)) {
	w := b.w
	if r.Float64() < 0.08 {
		w.tally("return_never_sent")
		return
	}
	if r.Float64() < w.weather.browser/2 {
		w.tally("return_delayed")
		time.Sleep(time.Duration(r.Int64N(int64(12 * time.Minute))))
	}
	deliver := func(r *rand.Rand) bool {
		p := b.pod(r)
		time.Sleep(time.Duration(r.Int64N(int64(30 * time.Millisecond))))
		if r.Float64() < w.weather.browser/3 {
			w.tally("return_lost")
			return false
		}
		res, err, ok := send(p)
		if !ok || r.Float64() < w.weather.browser/3 {
			w.tally("return_unanswered")
			return false
		}
		w.tell(a, res, err)
		return true
	}
	var twins sync.WaitGroup
	if r.Float64() < 0.25 {
		w.tally("double_click")
		for i := range 1 + r.IntN(2) {
			twin := w.draw(fmt.Sprintf("%s twin %d", a.name, i))
			twins.Go(func() {
				time.Sleep(time.Duration(twin.Int64N(int64(200 * time.Millisecond))))
				deliver(twin)
			})
		}
	}
	for range 3 {
		if deliver(r) {
			break
		}
		w.tally("reload")
		time.Sleep(time.Duration(r.Int64N(int64(20 * time.Second))))
	}
	twins.Wait()
	if r.Float64() < 0.2 {
		w.tally("replay")
		time.Sleep(time.Duration(r.Int64N(int64(5 * time.Minute))))
		deliver(r)
	}
}

// simForm are the headers of a form that a page posts.
func simForm() map[string]string {
	return map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
}

// simHear is what a browser hears of a settle that ran on a pod, with the state that stood behind it then.
func simHear(p *simPod, path string, header map[string]string, body []byte) (simTold, error, bool) {
	type heard struct {
		told simTold
		err  error
	}
	h, ok := simAskFor(p, simPatience, func() (h heard) {
		if h.told, h.err = p.http(path, header, body).told(); h.err == nil {
			h.told.status, h.err = p.stateOf(h.told.id)
		}
		return h
	})
	return h.told, h.err, ok
}

// stateOf is how the journal has an attempt. An Inicis window has no row before anything came of it.
func (p *simPod) stateOf(id payment.AttemptID) (payment.State, error) {
	a, _, err := p.books.Attempt(context.Background(), id)
	if errors.Is(err, journal.ErrNotFound) {
		return payment.StateOpened, nil
	}
	return a.State, err
}

// tell notes what a browser was told of an attempt.
func (w *simWorld) tell(a *simAttempt, told simTold, err error) {
	if err != nil {
		code := simCode(err)
		w.tally("told_problem")
		w.tracef("%s is told %s", a.name, code)
		return
	}
	w.tally("told_" + told.word)
	w.tracef("%s is told %s (%s)", a.name, told.word, told.status)
	if told.word == "approved" && w.taken(told.id) == 0 {
		w.wrong("%s was told approved without having paid", a.name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, told)
}

// forge sends a return with a token that is not ours, or ours with another order number, or the other way
// round: nothing may come of it.
func (b *simBuyer) forge(door string, back url.Values, r *rand.Rand) {
	f := url.Values{}
	for k := range back {
		f.Set(k, back.Get(k))
	}
	token, other := "merchantData", "orderNumber"
	if door == simPhonePath {
		token, other = "P_NOTI", "P_AMT"
	}
	switch r.IntN(3) {
	case 0:
		t := f.Get(token)
		f.Set(token, t[:len(t)-5]+strings.Repeat("A", 5))
	case 1:
		f.Set(other, strings.Repeat("0", 32))
	case 2:
		f.Set("idc_name", "evil")
	}
	b.w.tally("forged_return")
	_, err, ok := simHear(b.pod(r), door, simForm(), []byte(f.Encode()))
	if ok && err == nil && (f.Get("resultCode") == "0000" || f.Get("P_STATUS") == "00") {
		b.w.wrong("a forged return was taken")
	}
}
