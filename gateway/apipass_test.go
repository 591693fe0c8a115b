package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// fakeAPI is a PG's API that writes down what it is asked.
type fakeAPI struct {
	t  *testing.T
	mu sync.Mutex
	// seen are the calls but those for tokens, and bodies what came with them.
	seen   []*http.Request
	bodies []string
	tokens int
	// answer is how a call is answered.
	answer func(w http.ResponseWriter, r *http.Request)
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	f.mu.Lock()
	if strings.HasSuffix(r.URL.Path, "/users/getToken") {
		f.tokens++
		n := f.tokens
		f.mu.Unlock()
		fmt.Fprintf(w, `{"code":0,"message":null,"response":{"access_token":"token-%d","now":1000,"expired_at":2800}}`, n)
		return
	}
	f.seen, f.bodies = append(f.seen, r), append(f.bodies, string(body))
	answer := f.answer
	f.mu.Unlock()
	answer(w, r)
}

// answers has calls answered so from now on.
func (f *fakeAPI) answers(how func(w http.ResponseWriter, r *http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = how
}

// calls is how many came, but those for tokens; fetched is how many of those.
func (f *fakeAPI) calls() int { return len(f.asked()) }

func (f *fakeAPI) fetched() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens
}

func (f *fakeAPI) asked() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *fakeAPI) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.bodies)
}

// last is the last call that was seen.
func (f *fakeAPI) last() (*http.Request, string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		f.t.Fatal("nothing was asked")
	}
	return f.seen[len(f.seen)-1], f.bodies[len(f.bodies)-1]
}

// newFakeAPI is a house whose PGs are at a fake.
func newFakeAPI(t *testing.T, answer func(http.ResponseWriter, *http.Request), edits ...fixture.Edit) (*house, *fakeAPI) {
	t.Helper()
	f := &fakeAPI{t: t, answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	h := newHouse(t, append(edits, func(c *fixture.Config) {
		c.PGs["portone"].BaseURL, c.PGs["portone1"].BaseURL = server.URL, server.URL
		c.PGs["inicis"].BaseURL = server.URL
	})...)
	t.Cleanup(h.g.apis.closeIdle)
	return h, f
}

func ok(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"code":0,"message":null,"response":{}}`)
}

// TestWhatAnAPIHears: our credentials and nobody else's, the query and the body byte for byte, and no word of another
// method or of who called.
func TestWhatAnAPIHears(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, ok)
	form := "identifier=01000000000&type=person&extra%5Ba%5D=1&x[]=1&x[]=2"
	a := h.call("POST", "/portone/v1/receipts/imp_1%20a?q=%41&q=b+c", form,
		"Content-Type", "application/x-www-form-urlencoded", "Authorization", "of-the-shop", "Cookie", "session=1",
		"X-HTTP-Method-Override", "DELETE", "X-Method-Override", "DELETE", "X-HTTP-Method", "DELETE",
		"X-Forwarded-For", "203.0.113.9", "Tier", "ABC", "Accept-Language", "ko")
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	r, body := api.last()
	if r.Method != "POST" || r.RequestURI != "/portone/v1/receipts/imp_1%20a?q=%41&q=b+c" || body != form {
		t.Errorf("heard %s %s %q", r.Method, r.RequestURI, body)
	}
	if r.Header.Get("Authorization") != "Bearer token-1" || len(r.Header.Values("Authorization")) != 1 {
		t.Errorf("credentials %q", r.Header.Values("Authorization"))
	}
	for _, name := range []string{"Cookie", "X-Http-Method-Override", "X-Method-Override", "X-Http-Method", "X-Forwarded-For"} {
		if r.Header.Get(name) != "" {
			t.Errorf("heard %s: %s", name, r.Header.Get(name))
		}
	}
	if r.Header.Get("Tier") != "ABC" || r.Header.Get("Accept-Language") != "ko" ||
		r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("did not hear %v", r.Header)
	}
	h.call("GET", "/portone/v2/payments?requestBody=%7B%7D", "", "Idempotency-Key", `"a-key-of-the-callers"`)
	r, _ = api.last()
	if r.Header.Get("Authorization") != "PortOne sandbox-v2-secret" || r.RequestURI != "/portone/v2/payments?requestBody=%7B%7D" ||
		r.Header.Get("Idempotency-Key") != `"a-key-of-the-callers"` {
		t.Errorf("V2 heard %s %v", r.RequestURI, r.Header)
	}
}

// TestTestPaymentsAreForTestMerchants: V1 hides them unless they are asked for, and with real money nobody asks.
func TestTestPaymentsAreForTestMerchants(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, ok)
	for asked, want := range map[string]string{
		"":                       "include_sandbox=true",
		"?a=b":                   "a=b&include_sandbox=true",
		"?include_sandbox=false": "include_sandbox=false",
		"?include_sandbox=true":  "include_sandbox=true",
	} {
		h.call("GET", "/portone/v1/payments/imp_1"+asked, "")
		if r, _ := api.last(); r.URL.RawQuery != want {
			t.Errorf("%q was asked as %q, want %q", asked, r.URL.RawQuery, want)
		}
	}
	h.call("GET", "/portone/v1/payments/status/all", "")
	if r, _ := api.last(); r.URL.RawQuery != "" {
		t.Errorf("another look-up asks with %q", r.URL.RawQuery)
	}
}

// TestTokenThatIsOver: a 401 means that nothing was done, so that the call is sent once more with a fresh token, and no
// more than that.
func TestTokenThatIsOver(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		ok(w, r)
	})
	if a := h.call("POST", "/portone/v1/receipts/imp_1", `{"a":1}`); a.status != 200 || api.calls() != 2 || api.heard()[1] != `{"a":1}` {
		t.Errorf("%d after %d calls, bodies %q", a.status, api.calls(), api.heard())
	}
	never, refusing := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	if a := never.call("POST", "/portone/v1/receipts/imp_1", `{}`); a.status != 401 || refusing.calls() != 2 {
		t.Errorf("refused for good: %d after %d calls", a.status, refusing.calls())
	}
	if a := never.call("POST", "/portone/v2/cash-receipts", `{}`); a.status != 401 || refusing.calls() != 3 {
		t.Errorf("V2 has one secret: %d after %d calls", a.status, refusing.calls())
	}
}

// TestWritesOfAnAPIAreSentOnce: whatever becomes of the connection, what may change something is written once.
func TestWritesOfAnAPIAreSentOnce(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, ok)
	h.call("GET", "/portone/v2/payments/a", "") // so that a connection is kept
	api.answers(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	for _, tt := range [][2]string{
		{"POST", "/portone/v2/cash-receipts"},
		{"POST", "/portone/v1/receipts/imp_1"},
		{"PUT", "/portone/v1/escrows/logis/imp_1"},
		{"DELETE", "/portone/v2/payment-schedules"},
		{"PATCH", "/portone/v2/payments/a/escrow/logistics"},
	} {
		before := api.calls()
		a := h.call(tt[0], tt[1], `{}`, "Idempotency-Key", `"one-key-for-this-call"`)
		if n := api.calls() - before; n != 1 || a.status != 502 || code(a) != string(payment.CodeUpstreamUnavailable) {
			t.Errorf("%s %s: written %d times, answered %d %s", tt[0], tt[1], n, a.status, a.body)
		}
	}
}

// TestCallersCredentials: with passthrough the PG hears the caller's own, and the caller shows who he is in a header of
// ours.
func TestCallersCredentials(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-the-order-service"
	h, api := newFakeAPI(t, ok, func(c *fixture.Config) {
		c.Server.Sidecar.Tokens = []string{token}
		c.PGs["portone1"].Credentials, c.PGs["portone"].Credentials = "passthrough", "ours"
	})
	if a := h.call("GET", "/portone/v1/users/pg", "", "Authorization", "Bearer mine"); a.status != 401 {
		t.Errorf("without our token: %d", a.status)
	}
	h.call("GET", "/portone/v1/users/pg", "", "Authorization", "Bearer mine", headerToken, token)
	r, _ := api.last()
	if r.Header.Get("Authorization") != "Bearer mine" || r.Header.Get(headerToken) != "" || api.fetched() != 0 {
		t.Errorf("heard %v", r.Header)
	}
	api.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	before := api.calls()
	if a := h.call("GET", "/portone/v1/users/pg", "", "Authorization", "Bearer mine", headerToken, token); a.status != 401 || api.calls() != before+1 {
		t.Errorf("his 401 is his: %d after %d calls", a.status, api.calls()-before)
	}
}

// TestOthersCancels: a payment that is none of ours is cancelled with what is left of it, so that it happens once.
func TestOthersCancels(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			ok(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/portone/v2") {
			fmt.Fprint(w, `{"id":"theirs","status":"PARTIAL_CANCELLED","currency":"KRW","method":{"type":"PaymentMethodCard"},`+
				`"amount":{"total":5000,"cancelled":1000,"paid":4000}}`)
			return
		}
		fmt.Fprint(w, `{"code":0,"message":null,"response":{"imp_uid":"imp_7","merchant_uid":"theirs","status":"paid",`+
			`"amount":5000,"cancel_amount":1000,"currency":"KRW","sandbox":true,"pay_method":"card","paid_at":1}}`)
	})
	for name, tt := range map[string]struct{ path, body, want string }{
		"V1": {
			"/portone/v1/payments/cancel", `{"merchant_uid":"theirs","amount":500,"enable_webhook":true}`,
			`{"amount":500,"checksum":4000,"enable_webhook":true,"imp_uid":"imp_7","merchant_uid":"theirs"}`,
		},
		"V1 with a checksum": {
			"/portone/v1/payments/cancel", `{"imp_uid":"imp_7","checksum":3000}`, `{"checksum":3000,"imp_uid":"imp_7"}`,
		},
		"V2": {
			"/portone/v2/payments/theirs/cancel", `{"reason":"r","skipWebhook":true}`,
			`{"currentCancellableAmount":4000,"reason":"r","skipWebhook":true}`,
		},
	} {
		if a := h.call("POST", tt.path, tt.body); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if _, body := api.last(); body != tt.want {
			t.Errorf("%s: sent %s, want %s", name, body, tt.want)
		}
	}
}

// TestOthersCancelsAgain: a cancel in part of a payment that is none of ours, whose answer may have been lost, gives
// nothing back a second time unless it says what is left, and in test mode no real money goes back.
func TestOthersCancelsAgain(t *testing.T) {
	t.Parallel()
	var ago time.Duration
	kind, sandboxed := "TEST", true
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		at := time.Now().Add(-ago)
		switch {
		case r.Method == http.MethodPost:
			ok(w, r)
		case strings.HasPrefix(r.URL.Path, "/portone/v2"):
			fmt.Fprintf(w, `{"id":"theirs","status":"PARTIAL_CANCELLED","currency":"KRW","channel":{"type":%q},`+
				`"amount":{"total":5000,"cancelled":1000,"paid":4000},"cancellations":[{"status":"FAILED","totalAmount":500,`+
				`"requestedAt":%q},{"status":"SUCCEEDED","totalAmount":1000,"requestedAt":%[2]q}]}`, kind, at.Format(time.RFC3339Nano))
		default:
			fmt.Fprintf(w, `{"code":0,"message":null,"response":{"imp_uid":"imp_7","merchant_uid":"theirs","status":"paid",`+
				`"amount":5000,"cancel_amount":1000,"currency":"KRW","sandbox":%t,"pay_method":"card","paid_at":1,`+
				`"cancel_history":[{"amount":1000,"cancelled_at":%d}]}}`, sandboxed, at.Unix())
		}
	})
	const v1, v2 = "/portone/v1/payments/cancel", "/portone/v2/payments/theirs/cancel"
	for _, tt := range []struct {
		name, path, body string
		ago              time.Duration
		real             bool
		want             payment.Code
	}{
		{"V1", v1, `{"imp_uid":"imp_7","amount":1000}`, time.Minute, false, payment.CodeCancelRepeated},
		{"V1 long after", v1, `{"imp_uid":"imp_7","amount":1000}`, 11 * time.Minute, false, ""},
		{"V1 of another amount", v1, `{"imp_uid":"imp_7","amount":999}`, time.Minute, false, ""},
		{"V1 that says what is left", v1, `{"imp_uid":"imp_7","amount":1000,"checksum":4000}`, time.Minute, false, ""},
		{"V1 of the rest", v1, `{"imp_uid":"imp_7"}`, time.Minute, false, ""},
		{"V1 of real money", v1, `{"imp_uid":"imp_7"}`, time.Minute, true, payment.CodeNotCancellable},
		{"V2", v2, `{"reason":"r","amount":1000}`, time.Minute, false, payment.CodeCancelRepeated},
		{"V2 long after", v2, `{"reason":"r","amount":1000}`, 11 * time.Minute, false, ""},
		{"V2 after one that failed", v2, `{"reason":"r","amount":500}`, time.Minute, false, ""},
		{"V2 that says what is left", v2 + "?storeId=x", `{"reason":"r","amount":1000,"currentCancellableAmount":4000}`, time.Minute, false, ""},
		{"V2 of real money", v2, `{"reason":"r"}`, time.Minute, true, payment.CodeNotCancellable},
	} {
		ago, kind, sandboxed = tt.ago, "TEST", true
		if tt.real {
			kind, sandboxed = "LIVE", false
		}
		a := h.call("POST", tt.path, tt.body)
		sent, _ := api.last()
		if was := sent.Method == http.MethodPost; was != (tt.want == "") || was != (a.status == 200) {
			t.Errorf("%s: %d %s, sent: %t", tt.name, a.status, a.body, was)
		}
		if tt.want != "" && code(a) != string(tt.want) {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
		if sent.Method == http.MethodPost && sent.URL.RawQuery != "" {
			t.Errorf("%s: sent with %s", tt.name, sent.URL.RawQuery)
		}
	}
}

// TestLargeAnswersStream: an answer larger than any buffer reaches the caller whole.
func TestLargeAnswersStream(t *testing.T) {
	t.Parallel()
	long := `{"items":"` + strings.Repeat("0123456789", 1<<18) + `"}`
	h, _ := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, long) })
	if a := h.call("GET", "/portone/v2/payments", ""); a.status != 200 || string(a.body) != long {
		t.Errorf("%d, %d bytes of %d", a.status, len(a.body), len(long))
	}
}

// TestListsAreKept: banks, cards and channels are asked for once for all callers, answered while the PG is gone, and
// refusals, sub-merchants and callers with credentials of their own are asked for each time.
func TestListsAreKept(t *testing.T) {
	t.Parallel()
	status, said := http.StatusOK, 0
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%d,"response":[{"tier":%q}]}`, said, r.Header.Get("Tier"))
	})
	now := h.g.now()
	h.g.now = func() time.Time { return now }
	asked := func(n int, path string, headers ...string) answer {
		t.Helper()
		before := api.calls()
		a := h.call("GET", path, "", headers...)
		h.g.following.Wait()
		if got := api.calls() - before; got != n {
			t.Errorf("%s was asked for %d times, want %d", path, got, n)
		}
		return a
	}
	status = http.StatusServiceUnavailable
	if a := asked(1, "/portone/v1/banks"); a.status != 503 {
		t.Errorf("a refusal is %d %s", a.status, a.body)
	}
	status, said = http.StatusOK, 1
	asked(1, "/portone/v1/banks")
	said = 0
	asked(1, "/portone/v1/banks")
	if a := asked(0, "/portone/v1/banks"); a.status != 200 || string(a.body) != `{"code":0,"response":[{"tier":""}]}` ||
		a.header.Get("Content-Type") != "application/json" {
		t.Errorf("kept: %d %s %v", a.status, a.body, a.header)
	}
	asked(1, "/portone/v1/banks?x=1")
	asked(1, "/portone/v2/banks")
	if a := asked(1, "/portone/v1/users/pg", "Tier", "ABC"); !strings.Contains(string(a.body), "ABC") {
		t.Errorf("a sub-merchant's: %s", a.body)
	}
	if a := asked(1, "/portone/v1/users/pg"); strings.Contains(string(a.body), "ABC") {
		t.Errorf("a sub-merchant's list is answered to all: %s", a.body)
	}
	now = now.Add(listFresh + time.Second)
	status = http.StatusServiceUnavailable
	if a := asked(1, "/portone/v1/banks"); a.status != 200 {
		t.Errorf("old, while PortOne is gone: %d", a.status)
	}
	status = http.StatusOK
	asked(1, "/portone/v1/banks")
	asked(0, "/portone/v1/banks")
	now = now.Add(listKept)
	status = http.StatusServiceUnavailable
	if a := asked(1, "/portone/v1/banks"); a.status != 503 {
		t.Errorf("too old: %d", a.status)
	}
	status = http.StatusOK
	asked(1, "/portone/v1/users/pg")
	h.change(func(c *fixture.Config) { c.PGs["portone1"].ImpKey = "of-another-account" })
	if res := h.g.store.Reload("test"); res.Err != nil {
		t.Fatal(res.Err)
	}
	asked(1, "/portone/v1/users/pg")
}

// TestHeadsOfCallsAreReadInOneWay: what says what a call does, or for whom, is there once.
func TestHeadsOfCallsAreReadInOneWay(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, ok)
	for _, name := range []string{"Content-Type", "Tier", "idempotency-key"} {
		req := httptest.NewRequest("POST", "/portone/v1/payments/prepare", strings.NewReader(`{"merchant_uid":"x","amount":1}`))
		req.Header[name] = []string{"application/json", "application/x-www-form-urlencoded"}
		req.Header["Content-Type"] = append(req.Header["Content-Type"], "application/json")
		if a := h.send(h.sidecar, req); a.status != 400 || api.calls() != 0 {
			t.Errorf("%s twice: %d %s", name, a.status, a.body)
		}
	}
}

// TestStrangersFillNoMemory: who has no token sends no more than a call for credentials has.
func TestStrangersFillNoMemory(t *testing.T) {
	t.Parallel()
	h, _ := newFakeAPI(t, ok, func(c *fixture.Config) { c.Server.Sidecar.Tokens = []string{"a-token-of-the-order-service"} })
	login := fmt.Sprintf(`{"imp_key":%q,"imp_secret":"a-token-of-the-order-service"}`, strings.Repeat("k", maxLogin))
	if a := h.call("POST", "/portone/v1/users/getToken", login); a.status != 401 {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	if a := h.call("POST", "/portone/v1/users/getToken", login, "Authorization", "a-token-of-the-order-service"); a.status != 200 {
		t.Errorf("with one: %d %s", a.status, a.body)
	}
}
