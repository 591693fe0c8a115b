package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// elsewhere is a webhook_sources that names nobody here, so that every message comes from an unlisted address.
func elsewhere(c *fixture.Config) { v1From("203.0.113.7")(c) }

// v1From is where PortOne V1 says that it sends from.
func v1From(sources ...string) fixture.Edit {
	return func(c *fixture.Config) { c.PGs["portone1"].WebhookSources = sources }
}

// PortOne V1 has changed the addresses that it sends from: what comes from others is a hint as good as any, and is read
// at PortOne before anything is believed.
func TestAnUnlistedSourceIsHeard(t *testing.T) {
	t.Parallel()
	for name, edits := range map[string][]fixture.Edit{"a webhook": {elsewhere}, "a question": {elsewhere, askingV1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, func(c *sandbox.Config) {}, edits...)
			o := h.window("v1")
			h.click(o, "pay")
			h.sandbox.WaitNotices()
			if a := h.state(o.attempt); o.failed || a.State != payment.StateApproved {
				t.Errorf("refused %t, the attempt is %s (%s)", o.failed, a.State, a.Reason)
			}
			if h.counted("unlisted_source") == 0 {
				t.Error("nobody counted the source")
			}
			h.balanced(true)
		})
	}
}

// Invented messages from anywhere write nothing, say yes to nothing, and are bounded.
func TestAnUnlistedSourceProvesNothing(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, elsewhere, askingV1)
	at := time.Now()
	h.g.now = func() time.Time { return at }
	o := h.window("v1")
	amount := int64(h.state(o.attempt).Amount)
	before, err := h.journal.Events(t.Context(), o.attempt)
	if err != nil {
		t.Fatal(err)
	}
	if status, text := h.ask(o, o.attempt, "imp_000000000001", amount); status != http.StatusConflict {
		t.Errorf("an invented question was answered %d %s", status, text)
	}
	notice := func(tx string) int {
		status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", nil,
			fmt.Sprintf(`{"imp_uid":%q,"merchant_uid":%q,"status":"paid"}`, tx, o.attempt))
		return status
	}
	for i := range 3 {
		if status := notice(fmt.Sprintf("imp_%012d", i)); status == http.StatusOK {
			t.Error("a word that the PG does not show was acknowledged")
		}
		at = at.Add(time.Minute)
	}
	after, err := h.journal.Events(t.Context(), o.attempt)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d events became %d, %v", len(before), len(after), err)
	}
	h.flagged(o.attempt, 0)
	if a := h.state(o.attempt); a.State != payment.StateOpened {
		t.Errorf("the attempt is %s", a.State)
	}
}

// However many addresses they come from, what is not listed is bounded for each PG.
func TestUnlistedSourcesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil, elsewhere, behindLoopback)
	at := time.Now()
	h.g.now = func() time.Time { return at }
	notice := func(i int) int {
		status, _ := h.sendHook(pathHooksV1+"portone1", "application/json", map[string]string{"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", i)},
			fmt.Sprintf(`{"imp_uid":"imp_1","merchant_uid":"nobody-%d","status":"paid"}`, i))
		return status
	}
	for i := range strangersAtOnce + 5 {
		want := http.StatusOK
		if i >= strangersAtOnce {
			want = http.StatusServiceUnavailable
		}
		if status := notice(i); status != want {
			t.Errorf("message %d was answered %d, want %d", i+1, status, want)
		}
	}
	at = at.Add(time.Second)
	if status := notice(200); status != http.StatusOK {
		t.Errorf("a second later answered %d", status)
	}
	if h.counted("unlisted_source") != strangersAtOnce+1 || h.counted("forged") != 5 {
		t.Errorf("counted %v and %v", h.counted("unlisted_source"), h.counted("forged"))
	}
}

func TestHopAddr(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", " 203.0.113.7 ": "203.0.113.7", "203.0.113.7:4711": "203.0.113.7",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "[2001:db8::1]:443": "2001:db8::1",
		"::ffff:203.0.113.7": "203.0.113.7", "[::ffff:203.0.113.7]:80": "203.0.113.7",
		"": "", "unknown": "", "_hidden": "", "203.0.113.7:": "", "203.0.113.7:99999": "", "[203.0.113.7]": "", "[2001:db8::1": "", "2001:db8::1]": "", "203.0.113": "",
	} {
		ip, ok := hopAddr(text)
		if ok != (want != "") || ok && ip.String() != want {
			t.Errorf("%q is %s, %t", text, ip, ok)
		}
	}
}
