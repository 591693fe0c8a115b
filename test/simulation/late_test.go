package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simLeft is a PortOne window that somebody left open.
type simLeft struct {
	version, key, name string
}

// simAliasMark makes the id that the sandbox knows a second V1 payment under. PortOne takes several payments under
// one merchant_uid (portone.md §6.1), the sandbox does not; on every way between them and us both are one id.
const simAliasMark = "-second"

func (w *simWorld) boxConfig() sandbox.Config {
	cfg := sandbox.Defaults()
	cfg.InicisNoticeURL, cfg.InicisRetryUnit = "http://localhost:8080"+"/hooks/inicis/inicis/deposit", 0
	cfg.HookClient = &http.Client{Transport: simPost{w}}
	cfg.Channels = append(cfg.Channels, simOtherChannels()...)
	cfg.V1.FormNotices, cfg.V2.OldNotices, cfg.V2.RetryUnit = w.weather.forms, w.weather.forms, 0
	return cfg
}

// unalias gives second payments the merchant_uid that they were made with.
func (w *simWorld) unalias(body []byte) []byte {
	if !bytes.Contains(body, []byte(simAliasMark)) {
		return body
	}
	return bytes.ReplaceAll(body, []byte(simAliasMark), nil)
}

// handleSecond answers a look-up by merchant_uid with the second payment too: in the list of all, or where there is
// no first one.
func (w *simWorld) handleSecond(a simAnswer, method, path string, header http.Header, body []byte) simAnswer {
	list := strings.HasPrefix(path, "/portone/v1/payments/findAll/")
	if !list && (a.status != http.StatusNotFound || !strings.HasPrefix(path, "/portone/v1/payments/find/")) {
		return a
	}
	w.mu.Lock()
	i := slices.IndexFunc(w.aliases, func(id string) bool { return strings.Contains(path, id) })
	id := ""
	if i >= 0 {
		id = w.aliases[i]
	}
	w.mu.Unlock()
	if id == "" {
		return a
	}
	second := w.handle(method, strings.Replace(path, id, id+simAliasMark, 1), header, body)
	if !list || a.status != http.StatusOK || second.status != http.StatusOK {
		if a.status == http.StatusOK {
			return a
		}
		return second
	}
	a.body = w.joinLists(a.body, second.body)
	return a
}

// joinLists puts two of V1's lists into one.
func (w *simWorld) joinLists(a, b []byte) []byte {
	type page struct {
		Code     int     `json:"code"`
		Message  *string `json:"message"`
		Response struct {
			Total    int               `json:"total"`
			Previous int               `json:"previous"`
			Next     int               `json:"next"`
			List     []json.RawMessage `json:"list"`
		} `json:"response"`
	}
	var first, second page
	if json.Unmarshal(a, &first) != nil || json.Unmarshal(b, &second) != nil {
		return a
	}
	first.Response.List = append(second.Response.List, first.Response.List...)
	first.Response.Total = len(first.Response.List)
	joined, err := json.Marshal(first)
	if err != nil {
		w.wrong("joining lists: %v", err)
	}
	return joined
}

// open opens a PortOne window; key is "" when PortOne refuses. It takes a moment of its own, so that no two of
// PortOne's words are sent at once.
func (b *simBuyer) open(r *rand.Rand, version string, params []byte) (key string) {
	time.Sleep(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
	var win map[string]any
	b.w.post("/portone/sdk/"+version+"/open", fmt.Sprintf(`{"imp_code":"imp00000000","device":"pc","params":%s}`, params), &win)
	key, _ = win["key"].(string)
	return key
}

// leave opens a PortOne window and walks away from it.
func (b *simBuyer) leave(a *simAttempt, r *rand.Rand) {
	version := simVersion(a)
	if version == "" {
		return
	}
	b.w.call(string(a.answer.AttemptID), a.name)
	if key := b.open(r, version, a.params); key != "" {
		b.keep(simLeft{version, key, a.name})
	}
}

func (b *simBuyer) keep(l simLeft) {
	b.w.tally("window_left_open")
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.w.left = append(b.w.left, l)
}

func simVersion(a *simAttempt) string {
	switch a.answer.Window.Kind { //nolint:exhaustive // the others are no windows of PortOne's that take money
	case payment.WindowPortOneV1:
		return "v1"
	case payment.WindowPortOneV2:
		return "v2"
	}
	return ""
}

// second opens another V1 window under the same merchant_uid and pays it too, now or much later.
func (b *simBuyer) second(a *simAttempt, params []byte, r *rand.Rand) {
	w, id := b.w, string(a.answer.AttemptID)
	key := b.open(r, "v1", bytes.ReplaceAll(params, []byte(id), []byte(id+simAliasMark)))
	if key == "" {
		return
	}
	w.mu.Lock()
	w.aliases = append(w.aliases, id)
	w.mu.Unlock()
	w.tally("second_window_of_one_id")
	if r.Float64() < 0.5 {
		b.keep(simLeft{"v1", key, a.name + " again"})
		return
	}
	// At nearly the same moment as the first, or a while later.
	soon := []time.Duration{500 * time.Millisecond, 10 * time.Second, 3 * time.Minute}[r.IntN(3)]
	time.Sleep(time.Duration(r.Int64N(int64(soon))))
	w.payLeft(simLeft{"v1", key, a.name + " again"})
}

// callResult names the transaction that a window ended with.
func (w *simWorld) callResult(rsp map[string]any, name string) {
	for _, key := range []string{"imp_uid", "txId"} {
		if id, ok := rsp[key].(string); ok {
			w.call(id, name)
		}
	}
}

// payLeft pays in a window.
func (w *simWorld) payLeft(l simLeft) {
	var rsp map[string]any
	if !w.act(l.version, l.key, "pay", &rsp) {
		return
	}
	refused := rsp["error_code"] != nil || rsp["code"] != nil
	w.tracef("%s: a window left open is paid, refused %t", l.name, refused)
	if refused {
		w.tally("left_window_refused")
		return
	}
	w.tally("left_window_paid")
	w.callResult(rsp, l.name)
}

// unmatchedRound pays in the windows that were left open, long after their attempts have ended, in bad weather again.
func (w *simWorld) unmatchedRound() {
	r := w.draw("late")
	if len(w.left) == 0 && len(w.owed) == 0 && r.Float64() < 0.6 {
		return
	}
	w.healed.Store(false)
	w.mu.Lock()
	now := time.Since(w.start)
	for _, path := range []string{"/portone/v1", "/portone/v2"} {
		if r.Float64() < 0.2 {
			w.weather.closed[path] = simWindow{now, now + time.Duration(r.Int64N(int64(20*time.Minute)))}
		}
	}
	w.mu.Unlock()
	for _, p := range w.alive() {
		if r.Float64() < w.weather.crash {
			p.mu.Lock()
			p.crashAt = p.steps + 1 + r.IntN(12)
			p.mu.Unlock()
		}
	}
	w.shopRound(r)
	w.bankRound(r)
	for _, l := range w.left {
		long := time.Duration(r.Int64N(int64(10 * time.Minute)))
		w.mail.Go(func() {
			time.Sleep(long)
			w.payLeft(l)
		})
	}
	time.Sleep(25 * time.Minute)
	w.calm()
}

// simStatus reads the status that a page is answered with.
func simStatus(body []byte) string {
	var a struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(body, &a) != nil {
		return ""
	}
	return a.Status
}
