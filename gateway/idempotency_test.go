package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

func (h *house) keyed(path, key, body string) answer {
	h.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	return h.send(h.app, req)
}

// scopeOf is what the key of a checkout belongs to.
func scopeOf(checkout []byte) string {
	print, err := fingerprint(checkout)
	if err != nil {
		panic(err)
	}
	return "POST " + pathCheckout + " " + gjson.GetBytes(checkout, "order_id").Str + " " + print
}

func TestAKeyIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	raw, err := json.Marshal(h.checkout("kakaopay"))
	if err != nil {
		t.Fatal(err)
	}
	first := h.keyed(pathCheckout, `"key-000000000001"`, string(raw))
	if first.status != http.StatusOK || first.header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("got %d %s", first.status, first.body)
	}
	// The same body in another spelling.
	again := h.keyed(pathCheckout, `"key-000000000001"`, strings.Replace(string(raw), "{", "{ \n", 1))
	if again.status != http.StatusOK || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %d %s", again.status, again.body)
	}
	if n := len(h.sandbox.Executions("portone_v2", "prepare", "")); n != 1 {
		t.Errorf("%d windows were prepared", n)
	}
	var b strings.Builder
	kept, _, err := h.journal.KeyBegin(t.Context(), scopeOf(raw), "key-000000000001", "x", h.g.now(), keyHold)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(kept.Body)
	if strings.Contains(b.String(), "홍길동") || strings.Contains(b.String(), "gildong") {
		t.Error("the journal holds the buyer's name in the open")
	}
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("card")
	body["return_url"] = "https://evil.example/"
	raw, _ := json.Marshal(body)
	if a := h.keyed(pathCheckout, `"key-000000000002"`, string(raw)); a.status != http.StatusUnprocessableEntity {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	body["return_url"] = publicURL + "/result"
	raw, _ = json.Marshal(body)
	if a := h.keyed(pathCheckout, `"key-000000000002"`, string(raw)); a.status != http.StatusOK {
		t.Errorf("the mended request got %d %s", a.status, a.body)
	}
}

func TestARunningRequestIsNotRunAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	raw, _ := json.Marshal(h.checkout("card"))
	print, err := fingerprint(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, begun, err := h.journal.KeyBegin(t.Context(), scopeOf(raw), "key-000000000003", print, h.g.now(), keyHold); err != nil || !begun {
		t.Fatal(begun, err)
	}
	a := h.keyed(pathCheckout, `"key-000000000003"`, string(raw))
	if a.status != http.StatusConflict || a.code() != "IDEMPOTENCY_IN_PROGRESS" || a.header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// forgetfulKeys cannot keep an answer.
type forgetfulKeys struct {
	KeyStore
	err error
}

func (k forgetfulKeys) KeyDone(context.Context, string, string, journal.KeptAnswer) error {
	return k.err
}

// A repeat would be carried out again, and be given another window.
func TestAnAnswerThatIsNotKeptIsNotGiven(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{journal.ErrUnavailable: "JOURNAL_UNAVAILABLE", journal.ErrNotFound: "IDEMPOTENCY_IN_PROGRESS"} {
		h := newHouse(t, nil)
		raw, encoding := json.Marshal(h.checkout("card"))
		if encoding != nil {
			t.Fatal(encoding)
		}
		h.g.keys = forgetfulKeys{h.g.keys, err}
		if a := h.keyed(pathCheckout, `"key-000000000006"`, string(raw)); a.code() != want || a.json["window"] != nil {
			t.Errorf("%v: got %d %s", err, a.status, a.body)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, key := range []string{``, ` `, `"a", "b"`, `abc`, `""`, `"a`, `"a"b"`, `"` + strings.Repeat("x", 300) + `"`, "\"한글\"", `"a\x"`} {
		if a := h.keyed(pathCheckout, key, `{}`); a.status != http.StatusBadRequest || a.code() != "IDEMPOTENCY_KEY_INVALID" {
			t.Errorf("%q: got %d %s", key, a.status, a.body)
		}
	}
}

func TestConcurrentCompletionsUnderOneKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	attempt, token := h.v2Authenticated()
	body := `{"attempt_id":"` + attempt + `","payment_token":"` + token + `"}`
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a := h.keyed(pathComplete, `"key-000000000004"`, body)
			ok := a.status == http.StatusOK && a.json["status"] == "approved"
			if !ok && a.code() != "IDEMPOTENCY_IN_PROGRESS" {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	wg.Wait()
	if a := h.keyed(pathComplete, `"key-000000000004"`, body); a.json["status"] != "approved" || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if n := len(h.sandbox.Executions("portone_v2", "confirm", "")); n != 1 {
		t.Errorf("the PG saw %d confirms", n)
	}
}

// TestTwoKeysAreRefused, on the public door and on the sidecar's, be they equal.
func TestTwoKeysAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	raw, err := json.Marshal(h.checkout("card"))
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range [][]string{{`"a"`, `"b"`}, {`"a"`, `"a"`}, {``, `"a"`}, {`"a"`, ``}} {
		for path, app := range map[string]*fiber.App{pathCheckout: h.app, pathComplete: h.app, "/attempts/A-1/cancels": h.sidecar} {
			req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(raw)))
			req.Header.Set("Content-Type", "application/json")
			req.Header["Idempotency-Key"] = keys
			if a := h.send(app, req); a.status != http.StatusBadRequest || a.code() != "IDEMPOTENCY_KEY_INVALID" {
				t.Errorf("%s with %q: got %d %s", path, keys, a.status, a.body)
			}
		}
	}
}

// TestAStrangerCannotTakeAnOrdersKey: who uses the same key for another order has another key.
func TestAStrangerCannotTakeAnOrdersKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	const key = `"order-1"`
	for range 2 {
		raw, err := json.Marshal(h.checkout("card"))
		if err != nil {
			t.Fatal(err)
		}
		for _, replayed := range []string{"", "true"} {
			if a := h.keyed(pathCheckout, key, string(raw)); a.status != http.StatusOK || a.header.Get("Idempotent-Replayed") != replayed {
				t.Errorf("got %d %s", a.status, a.body)
			}
		}
	}
	for range 2 {
		attempt, token := h.v2Authenticated()
		body := `{"attempt_id":"` + attempt + `","payment_token":"` + token + `"}`
		if a := h.keyed(pathComplete, key, body); a.json["status"] != "approved" {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
}

// TestAStrangersBodyTakesNoKey: he knows the order, its amount and the buyer's key, and comes first. The buyer gets a
// window of his own, and his double click the same one; so does the stranger's.
func TestAStrangersBodyTakesNoKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	const key = `"order-1"`
	body := h.checkout("card")
	own, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	strangers := strings.Replace(string(own), "홍길동", "임꺽정", 1)
	windows := map[any]string{}
	for _, who := range []struct{ name, body string }{{"the stranger", strangers}, {"the buyer", string(own)}} {
		first := h.keyed(pathCheckout, key, who.body)
		if first.status != http.StatusOK || windows[first.json["attempt_id"]] != "" {
			t.Fatalf("%s got %d %s", who.name, first.status, first.body)
		}
		windows[first.json["attempt_id"]] = who.name
		again := h.keyed(pathCheckout, key, who.body)
		if string(again.body) != string(first.body) || again.header.Get(headerReplayed) != "true" {
			t.Errorf("%s clicked twice and got %d %s", who.name, again.status, again.body)
		}
	}
	if back := h.postReturn(h.press(formIn(h.keyed(pathCheckout, key, string(own))), "pay")); !strings.Contains(back.header.Get("Location"), "status=approved") {
		t.Errorf("the buyer's window came to %d %s", back.status, back.header.Get("Location"))
	}
	attempt, token := h.v2Authenticated()
	_ = h.keyed(pathComplete, key, `{"attempt_id":"`+attempt+`","code":"CANCELLED"}`)
	if a := h.keyed(pathComplete, key, `{"attempt_id":"`+attempt+`","payment_token":"`+token+`"}`); a.json["status"] != "approved" {
		t.Errorf("the buyer's completion got %d %s", a.status, a.body)
	}
}

// TestAStrangersRunningRequestHoldsNoKey: nor does one that has not ended.
func TestAStrangersRunningRequestHoldsNoKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	raw, err := json.Marshal(h.checkout("card"))
	if err != nil {
		t.Fatal(err)
	}
	strangers := []byte(strings.Replace(string(raw), "홍길동", "임꺽정", 1))
	print, err := fingerprint(strangers)
	if err != nil {
		t.Fatal(err)
	}
	if _, begun, err := h.journal.KeyBegin(t.Context(), scopeOf(strangers), "order-1", print, h.g.now(), keyHold); err != nil || !begun {
		t.Fatal(begun, err)
	}
	if a := h.keyed(pathCheckout, `"order-1"`, string(raw)); a.status != http.StatusOK {
		t.Errorf("the buyer got %d %s", a.status, a.body)
	}
}

// TestAReplayHandsOutNoWindowThatIsOver: the same request gets a new window, or hears why there is none.
func TestAReplayHandsOutNoWindowThatIsOver(t *testing.T) {
	t.Parallel()
	const key = `"key-000000000007"`
	later := func(h *house, by time.Duration) {
		now := h.g.now()
		h.g.now = func() time.Time { return now.Add(by) }
	}
	tests := []struct {
		name, method string
		meanwhile    func(h *house, first answer)
		want         string // replayed, new, or the code of the refusal
	}{
		{"nothing", "card", func(*house, answer) {}, "replayed"},
		{"nearly over", "card", func(h *house, _ answer) { later(h, 29*time.Minute) }, "replayed"},
		{"it expired", "card", func(h *house, _ answer) { later(h, 31*time.Minute) }, "new"},
		{"it expired, journaled", "kakaopay", func(h *house, _ answer) { later(h, 31*time.Minute) }, "new"},
		{"the buyer paid in it", "card", func(h *house, first answer) { h.postReturn(h.press(formIn(first), "pay")) }, "ORDER_ALREADY_PAID"},
		{"its payment was undone", "card", func(h *house, first answer) {
			if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: "approve", Kind: sandbox.FaultWrongAmount}); err != nil {
				h.t.Fatal(err)
			}
			h.postReturn(h.press(formIn(first), "pay"))
		}, "new"},
		{"the order was paid in another window", "card", func(h *house, first answer) {
			body := h.again(first, "card")
			h.postReturn(h.press(formIn(h.postCheckout(body)), "pay"))
		}, "ORDER_ALREADY_PAID"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			raw, err := json.Marshal(h.checkout(tt.method))
			if err != nil {
				t.Fatal(err)
			}
			first := h.keyed(pathCheckout, key, string(raw))
			if first.status != http.StatusOK {
				t.Fatalf("got %d %s", first.status, first.body)
			}
			tt.meanwhile(h, first)
			a := h.keyed(pathCheckout, key, string(raw))
			got := a.code()
			switch {
			case a.header.Get("Idempotent-Replayed") == "true":
				got = "replayed"
			case a.status == http.StatusOK && a.json["attempt_id"] != first.json["attempt_id"]:
				got = "new"
			}
			if got != tt.want {
				t.Fatalf("got %s, want %s: %d %s", got, tt.want, a.status, a.body)
			}
			if got != "new" {
				return
			}
			// What was carried out anew is kept as the first was.
			if b := h.keyed(pathCheckout, key, string(raw)); string(b.body) != string(a.body) || b.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("then got %d %s", b.status, b.body)
			}
		})
	}
}

// again is a checkout of the same order as an answer's.
func (h *house) again(first answer, method string) map[string]any {
	return map[string]any{
		"order_id": first.json["order_id"], "amount": first.json["amount"], "payments": []any{map[string]any{"method": method, "amount": first.json["amount"]}},
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		"site":  "main", "device": "pc", "return_url": publicURL + "/result",
	}
}

// TestWhatTheShopSettlesItselfIsDecidedAnew: there is no window that could be over.
func TestWhatTheShopSettlesItselfIsDecidedAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("mileage")
	body["order_id"], body["amount"] = h.order("32")
	raw, _ := json.Marshal(body)
	for range 2 {
		if a := h.keyed(pathCheckout, `"key-000000000008"`, string(raw)); a.json["settled_by"] != "internal" || a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
}

// TestAnUnknownOutcomeForbidsANewKey: who repeats requests must not take a lost answer for a failure.
func TestAnUnknownOutcomeForbidsANewKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	attempt, token := h.v2Authenticated()
	for op, kind := range map[string]string{"confirm": "drop_after_commit", "lookup": "drop_before_commit"} {
		if err := h.sandbox.Inject(sandbox.Fault{PG: "portone_v2", Operation: op, Kind: sandbox.FaultKind(kind), Times: map[string]int{"confirm": 1, "lookup": 5}[op]}); err != nil {
			t.Fatal(err)
		}
	}
	body := `{"attempt_id":"` + attempt + `","payment_token":"` + token + `"}`
	a := h.keyed(pathComplete, `"key-000000000005"`, body)
	if a.status != http.StatusConflict || a.code() != "PAYMENT_UNKNOWN" || a.json["safe_new_key"] != false {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if _, _, err := h.journal.KeyBegin(t.Context(), "x", "y", "z", h.g.now(), keyHold); err != nil {
		t.Fatal(err)
	}
}

// v2Authenticated opens a V2 window, plays it, and returns the attempt and its payment token.
func (h *house) v2Authenticated() (attempt, token string) {
	h.t.Helper()
	a := h.postCheckout(h.checkout("kakaopay"))
	window, _ := a.json["window"].(map[string]any)
	post := func(path string, body any) map[string]any {
		raw, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		res, err := http.Post(h.url+path, "application/json", strings.NewReader(string(raw)))
		if err != nil {
			h.t.Fatal(err)
		}
		defer res.Body.Close()
		var m map[string]any
		if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
			h.t.Fatal(err)
		}
		return m
	}
	win := post("/portone/sdk/v2/open", map[string]any{"device": "pc", "params": window["params"]})
	done := post("/portone/sdk/v2/act", map[string]any{"key": win["key"], "action": "pay"})
	attempt, _ = a.json["attempt_id"].(string)
	token, _ = done["paymentToken"].(string)
	if attempt == "" || token == "" {
		h.t.Fatalf("the window gave no token: %v %v", win, done)
	}
	return attempt, token
}

var _ KeyStore = (*journal.Journal)(nil)

// TestAnAnswerOfAnotherTokenKeyIsMadeAnew: a process that was started again without a token_key, or with a new one, can
// read no kept answer. A checkout gets a new window, a cancel is found and not carried out twice.
func TestAnAnswerOfAnotherTokenKeyIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	raw, err := json.Marshal(h.checkout("kakaopay"))
	if err != nil {
		t.Fatal(err)
	}
	const key = `"key-000000000009"`
	first := h.keyed(pathCheckout, key, string(raw))
	if h.g.sealer, err = newSealer([]byte("another token key of 32 bytes...")); err != nil {
		t.Fatal(err)
	}
	second := h.keyed(pathCheckout, key, string(raw))
	if second.status != http.StatusOK || second.header.Get("Idempotent-Replayed") != "" || string(second.body) == string(first.body) {
		t.Errorf("with another key: %d %s", second.status, second.body)
	}
	if third := h.keyed(pathCheckout, key, string(raw)); third.header.Get("Idempotent-Replayed") != "true" || string(third.body) != string(second.body) {
		t.Errorf("then: %d %s", third.status, third.body)
	}
}
