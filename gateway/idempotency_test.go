package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

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
	other := h.keyed(pathCheckout, `"key-000000000001"`, strings.Replace(string(raw), `"main"`, `"other"`, 1))
	if other.status != http.StatusUnprocessableEntity || other.code() != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("another body got %d %s", other.status, other.body)
	}
	if n := len(h.sandbox.Executions("portone_v2", "prepare", "")); n != 1 {
		t.Errorf("%d windows were prepared", n)
	}
	var b strings.Builder
	kept, _, err := h.journal.KeyBegin(t.Context(), "POST "+pathCheckout, "key-000000000001", "x", h.g.now(), keyHold)
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
	if _, begun, err := h.journal.KeyBegin(t.Context(), "POST "+pathCheckout, "key-000000000003", print, h.g.now(), keyHold); err != nil || !begun {
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
	for _, key := range []string{`abc`, `""`, `"a`, `"a"b"`, `"` + strings.Repeat("x", 300) + `"`, "\"한글\"", `"a\x"`} {
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
