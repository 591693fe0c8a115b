package sandbox_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// The test merchant, written out again: the tests must not read what they check from the code they check.
const (
	testMID     = "INIpayTest"
	testSignKey = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"
	testAPIKey  = "ItEQKi3rY7uvDS8l"
)

// clock is a clock that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) millis() string { return strconv.FormatInt(c.Now().UnixMilli(), 10) }

// world is a running sandbox and a client of it.
type world struct {
	t     *testing.T
	box   *sandbox.Sandbox
	url   string
	clock *clock
	http  *http.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, func(*sandbox.Config) {})
}

// newWorldWith is a world of another configuration.
func newWorldWith(t *testing.T, edit func(*sandbox.Config)) *world {
	t.Helper()
	c := &clock{now: time.Date(2026, 4, 2, 14, 15, 0, 0, payment.KST())}
	cfg := sandbox.Defaults()
	cfg.Now = c.Now
	cfg.Channels = append(cfg.Channels, sandbox.Channel{Key: "channel-key-v1-live", Module: "html5_inicis", MID: "MOIlive000"})
	edit(&cfg)
	box := sandbox.New(cfg)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &world{t: t, box: box, url: server.URL, clock: c, http: client}
}

// reply is an answer read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

func (w *world) do(method, path, contentType, body string, header map[string]string) (reply, error) {
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.GetBody = nil
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, v := range header {
		req.Header.Set(name, v)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(b)}, err
}

func (w *world) must(method, path, contentType, body string, header map[string]string) reply {
	w.t.Helper()
	r, err := w.do(method, path, contentType, body, header)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (w *world) form(path string, fields map[string]string) reply {
	w.t.Helper()
	return w.must(http.MethodPost, path, "application/x-www-form-urlencoded", encode(fields), nil)
}

func (w *world) json(method, path string, body any, header map[string]string) (int, map[string]any) {
	w.t.Helper()
	var text string
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(b)
	}
	r := w.must(method, path, "application/json", text, header)
	return r.status, r.object(w.t)
}

func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(r.body)))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("decoding %q: %v", r.body, err)
	}
	return m
}

func encode(fields map[string]string) string {
	v := url.Values{}
	for name, value := range fields {
		v.Set(name, value)
	}
	return v.Encode()
}

func with(fields map[string]string, changes map[string]string) map[string]string {
	out := maps.Clone(fields)
	for name, v := range changes {
		if v == "-" {
			delete(out, name)
			continue
		}
		out[name] = v
	}
	return out
}

func sha(s string) string     { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
func sha512x(s string) string { return fmt.Sprintf("%x", sha512.Sum512([]byte(s))) }

var (
	inputTag  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	actionTag = regexp.MustCompile(`action="([^"]*)"`)
)

// inputs reads the hidden fields and the action of the form in a page.
func inputs(page string) (action string, fields map[string]string) {
	fields = make(map[string]string)
	for _, m := range inputTag.FindAllStringSubmatch(page, -1) {
		fields[html.UnescapeString(m[1])] = html.UnescapeString(m[2])
	}
	if m := actionTag.FindStringSubmatch(page); m != nil {
		action = html.UnescapeString(m[1])
	}
	return action, fields
}

// inicisForm is a window form that the stand-in accepts.
func (w *world) inicisForm(oid, price string) map[string]string {
	ts := w.clock.millis()
	f := map[string]string{
		"version": "1.0", "mid": testMID, "oid": oid, "goodname": "노르웨이 회전 의자", "price": price, "currency": "WON",
		"buyername": "홍길동", "buyertel": "010-4242-4242", "buyeremail": "gildong@example.com",
		"gopaymethod": "Card", "acceptmethod": "centerCd(Y):below1000", "use_chkfake": "Y", "charset": "UTF-8",
		"returnUrl": "http://gateway.test/return/inicis", "merchantData": "opaque-token", "timestamp": ts,
	}
	return w.signForm(f)
}

func (w *world) signForm(f map[string]string) map[string]string {
	plain := "oid=" + f["oid"] + "&price=" + f["price"]
	f["signature"] = sha(plain + "&timestamp=" + f["timestamp"])
	f["verification"] = sha(plain + "&signKey=" + testSignKey + "&timestamp=" + f["timestamp"])
	f["mKey"] = sha(testSignKey)
	return f
}

// authenticate goes through the Inicis window and returns what is posted to returnUrl.
func (w *world) authenticate(form map[string]string, click string) (action string, result map[string]string) {
	w.t.Helper()
	window := w.form("/inicis/window", form)
	if window.status != http.StatusOK {
		w.t.Fatalf("the window refused: %d %s", window.status, window.body)
	}
	act, fields := inputs(window.body)
	fields["action"] = click
	return inputs(w.form(act, fields).body)
}

// approval is a signed approval or net cancel request.
func (w *world) approval(token string) map[string]string {
	ts := w.clock.millis()
	return map[string]string{
		"mid": testMID, "authToken": token, "timestamp": ts, "charset": "UTF-8", "format": "JSON",
		"signature":    sha("authToken=" + token + "&timestamp=" + ts),
		"verification": sha("authToken=" + token + "&signKey=" + testSignKey + "&timestamp=" + ts),
	}
}

const (
	approvePath   = "/inicis/stg/api/payAuth"
	netCancelPath = "/inicis/stg/api/netCancel"
)

// charge buys through Inicis and returns the approval's answer and the token.
func (w *world) charge(oid, price string) (answer map[string]any, token string) {
	w.t.Helper()
	_, result := w.authenticate(w.inicisForm(oid, price), "pay")
	token = result["authToken"]
	return w.form(approvePath, w.approval(token)).object(w.t), token
}

// v2Data signs an INIAPI v2 request over the data as given.
func (w *world) iniapiV2(path, kind, data string) map[string]any {
	w.t.Helper()
	ts := w.clock.Now().Format("20060102150405")
	hash := sha512x(testAPIKey + testMID + kind + ts + strings.ReplaceAll(data, `\`, ""))
	body := fmt.Sprintf(`{"mid":%q,"type":%q,"timestamp":%q,"clientIp":"203.0.113.10","data":%s,"hashData":%q}`, testMID, kind, ts, data, hash)
	return w.must(http.MethodPost, "/inicis/iniapi/v2/pg/"+path, "application/json;charset=utf-8", body, nil).object(w.t)
}

// v1Token logs in to V1.
func (w *world) v1Token() map[string]string {
	w.t.Helper()
	_, got := w.json(http.MethodPost, "/portone/v1/users/getToken", map[string]string{"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"}, nil)
	token := got["response"].(map[string]any)["access_token"].(string)
	return map[string]string{"Authorization": "Bearer " + token}
}

func v1Params(uid string, amount any) map[string]any {
	return map[string]any{
		"channelKey": "channel-key-v1-inicis", "pay_method": "card", "merchant_uid": uid, "name": "노르웨이 회전 의자",
		"amount": amount, "buyer_tel": "010-4242-4242", "buyer_name": "홍길동", "buyer_email": "gildong@example.com",
		"m_redirect_url": "http://gateway.test/return/portone?from=v1",
	}
}

// v1Pay opens a V1 window and clicks.
func (w *world) v1Pay(params map[string]any, click string) map[string]any {
	w.t.Helper()
	_, win := w.json(http.MethodPost, "/portone/sdk/v1/open", map[string]any{"imp_code": "imp00000000", "device": "pc", "params": params}, nil)
	if win["error_code"] != nil {
		return win
	}
	_, rsp := w.json(http.MethodPost, "/portone/sdk/v1/act", map[string]any{"key": win["key"], "action": click}, nil)
	return rsp
}

func v2Header(key string) map[string]string {
	h := map[string]string{"Authorization": "PortOne sandbox-v2-secret"}
	if key != "" {
		h["Idempotency-Key"] = `"` + key + `"`
	}
	return h
}

func v2Params(id, channel string, amount any) map[string]any {
	return map[string]any{
		"storeId": "store-sandbox", "channelKey": channel, "paymentId": id, "orderName": "노르웨이 회전 의자",
		"totalAmount": amount, "currency": "KRW", "payMethod": "CARD", "redirectUrl": "http://gateway.test/return/portone?from=v2",
		"customer": map[string]string{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
	}
}

// v2Pay opens a V2 window and clicks.
func (w *world) v2Pay(params map[string]any, click string) map[string]any {
	w.t.Helper()
	_, win := w.json(http.MethodPost, "/portone/sdk/v2/open", map[string]any{"device": "pc", "params": params}, nil)
	if win["code"] != nil {
		return win
	}
	_, rsp := w.json(http.MethodPost, "/portone/sdk/v2/act", map[string]any{"key": win["key"], "action": click}, nil)
	return rsp
}

// order makes an order in the demo shop.
func (w *world) order(goods string, means ...string) (id string, amount int64) {
	w.t.Helper()
	payMeans := []map[string]string{}
	for _, m := range means {
		payMeans = append(payMeans, map[string]string{"payWayCd": m})
	}
	_, got := w.json(http.MethodPost, "/shop/api/orders", map[string]any{
		"goods": []map[string]any{{"goodsNo": goods, "qty": 1}}, "payMeans": payMeans,
	}, nil)
	payload := got["payload"].(map[string]any)
	amount, err := payload["payAmt"].(json.Number).Int64()
	if err != nil {
		w.t.Fatal(err)
	}
	return payload["ordNo"].(string), amount
}

// event sends a signed event to the demo shop.
func (w *world) event(id, kind, order, attempt, pg string, amount int64) reply {
	w.t.Helper()
	body := fmt.Sprintf(`{"type":%q,"timestamp":%q,"data":{"order_id":%q,"attempt_id":%q,"pg":%q,"merchant":"1001","method":"card","amount":%d,"order_amount":%d,"pg_tx_id":"x"}}`,
		kind, w.clock.Now().Format(time.RFC3339), order, attempt, pg, amount, amount)
	return w.signed(id, body)
}

// signed sends the demo shop an event of this text.
func (w *world) signed(id, body string) reply {
	w.t.Helper()
	ts := strconv.FormatInt(w.clock.Now().Unix(), 10)
	return w.must(http.MethodPost, "/shop/payment-events", "application/json", body, map[string]string{
		"webhook-id": id, "webhook-timestamp": ts, "webhook-signature": signEvent("demo-shop-events-secret-00000001", id, ts, body),
	})
}

func signEvent(key, id, ts, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + ts + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func won(n int64) string { return strconv.FormatInt(n, 10) }
