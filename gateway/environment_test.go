package gateway

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

const stagingURL = "http://staging.localhost:8080"

// newEnvironments are production and a staging that has its token_key by mistake.
func newEnvironments(t *testing.T, more fixture.Edit) (production, staging *house) {
	t.Helper()
	return newHouse(t, more, asPod), newHouse(t, more, asPod, publicAt(stagingURL))
}

// isOpen holds a process to selling, and to having counted so many windows of another environment.
func (h *house) isOpen(foreign int) {
	h.t.Helper()
	if got := h.readyz(); got.json["status"] != "pass" {
		h.t.Errorf("readyz: %d %s", got.status, got.body)
	}
	if !h.counted("pg_gateway_foreign_windows_total " + strconv.Itoa(foreign)) {
		h.t.Errorf("not %d windows of another environment were counted", foreign)
	}
	if back := h.postReturn(h.inicisReturn("pay")); !strings.Contains(back.header.Get("Location"), "status=approved") {
		h.t.Errorf("its own window: %d %s", back.status, back.header.Get("Location"))
	}
}

// A staging that shares production's token_key must not be able to stop it.
func TestAForeignEnvironmentStopsNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tell func(production, staging *house) answer
		// want is in the answer.
		want string
	}{
		{"a return", func(p, s *house) answer { return p.postReturn(s.inicisReturn("pay")) }, "RETURN_FORGED"},
		{"a buyer who left", func(p, s *house) answer { return p.postReturn(s.inicisReturn("cancel")) }, "RETURN_FORGED"},
		{"a redirect", func(p, s *house) answer {
			id, mark := s.openedAtV1()
			return p.get(pathPortOneReturn + "?attempt_id=" + id + "&j=" + mark)
		}, "ATTEMPT_NOT_FOUND"},
		{"a webhook", func(p, s *house) answer {
			id, mark := s.openedAtV1()
			return p.fromPortOne(pathHooksV1+"portone1?j="+mark, `{"imp_uid":"imp_1","merchant_uid":"`+id+`","status":"paid"}`)
		}, ""},
		{"a question", func(p, s *house) answer {
			id, mark := s.openedAtV1()
			return p.fromPortOne(pathHooksV1+"portone1"+hookConfirm+"?j="+mark, `{"imp_uid":"imp_1","merchant_uid":"`+id+`","amount":1000}`)
		}, "reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			production, staging := newEnvironments(t, nil)
			if a := tt.tell(production, staging); !strings.Contains(string(a.body)+a.header.Get(headerReason), tt.want) {
				t.Errorf("it was told %d %s", a.status, a.body)
			}
			if l := staging.sandbox.Ledger(); l.Captured != 0 {
				t.Errorf("approved: %+v", l.Entries)
			}
			production.isOpen(1)
		})
	}
}

// A seal of another environment is none that its buyer's rate is forgiven for.
func TestAForeignSealLiftsNoRate(t *testing.T) {
	t.Parallel()
	production, staging := newEnvironments(t, withRates(rates{"client": "3/h"}))
	const form, client = "application/x-www-form-urlencoded", "203.0.113.7"
	id, mark := staging.openedAtV1()
	back := staging.inicisReturn("pay").Encode()
	for range 4 {
		production.from(client, http.MethodPost, pathInicisReturn, form, "x=y")
	}
	if a := production.from(client, http.MethodPost, pathInicisReturn, form, back); !a.tooOften() {
		t.Errorf("a return: %d %s", a.status, a.body)
	}
	if a := production.from(client, http.MethodGet, pathPortOneReturn+"?attempt_id="+id+"&j="+mark, form, ""); !a.tooOften() {
		t.Errorf("a redirect: %d %s", a.status, a.body)
	}
}

// resealed is what came back from a window that somebody else had opened.
func (h *house) resealed(form url.Values, by func(opener) opener) url.Values {
	h.t.Helper()
	a, with, err := h.g.sealer.openAttempt(form.Get("merchantData"), h.g.now())
	if err != nil {
		h.t.Fatal(err)
	}
	token := h.g.sealer.sealAttempt(a, by(with))
	form.Set("merchantData", token)
	return form
}

// Who opened a window decides whether it is taken. An older version tells no environment: its windows are taken until
// they expire, and prove nothing about other journals.
func TestWhoseWindowsAreTaken(t *testing.T) {
	t.Parallel()
	const base = "https://pay.example.com"
	live, test := environmentOf(payment.ModeLive, base), environmentOf(payment.ModeTest, base)
	if live == test || test == environmentOf(payment.ModeTest, "https://pay2.example.com") {
		t.Fatal("two environments have one name")
	}
	tests := []struct {
		name    string
		by      func(opener) opener
		want    string
		foreign int
	}{
		{"this version", func(o opener) opener { return o }, "status=approved", 0},
		{"an older version", func(o opener) opener { o.Env = ""; return o }, "status=approved", 0},
		{"a version that told nothing", func(opener) opener { return opener{} }, "status=approved", 0},
		{"an older version with another journal", func(o opener) opener { o.Env, o.ID = "", "other"; return o }, "code=RETURN_EXPIRED", 0},
		{"this journal at another address", func(o opener) opener { o.Env = test; return o }, "status=approved", 0},
		{"a copy of this journal in another mode", func(o opener) opener { o.Env = live; return o }, "RETURN_FORGED", 1},
		{"another journal at another address", func(o opener) opener { o.Env, o.ID = test, "other"; return o }, "RETURN_FORGED", 1},
		{"no journal at another address", func(opener) opener { return opener{Env: test} }, "RETURN_FORGED", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			back := h.postReturn(h.resealed(h.inicisReturn("pay"), tt.by))
			if to := back.header.Get("Location") + back.header.Get(headerReason); !strings.Contains(to, tt.want) {
				t.Errorf("it came to %d %s", back.status, to)
			}
			h.isOpen(tt.foreign)
		})
	}
}

// A window of an older version is taken until it expires, and no longer.
func TestAnOldTokenExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	form := h.resealed(h.inicisReturn("pay"), func(o opener) opener { o.Env = ""; return o })
	after, now := h.g.view().rules.Limits().AttemptTTL, h.g.now
	h.g.now = func() time.Time { return now().Add(after) }
	if back := h.postReturn(form); !strings.Contains(back.header.Get("Location"), "code=RETURN_EXPIRED") {
		t.Errorf("it came to %d %s", back.status, back.header.Get("Location"))
	}
}

// The mark of an older version is one of ours, and proves nothing about other journals.
func TestAnOldMarkProvesNothing(t *testing.T) {
	t.Parallel()
	a, b := newPods(t)
	id, mark := a.openedAtV1()
	by, ours := a.g.others.read(payment.AttemptID(id), mark)
	if !ours || by != a.g.others.here() && by.Env == "" {
		t.Fatalf("the mark reads %+v %t", by, ours)
	}
	env := a.g.others.env
	a.g.others.env = func() environment { return "" }
	old := a.g.others.mark(payment.Attempt{ID: payment.AttemptID(id), CreatedAt: by.Since})
	a.g.others.env = env
	if with, ours := b.g.others.read(payment.AttemptID(id), old); !ours || with.ID != by.ID || with.Env != "" {
		t.Fatalf("the old mark reads %+v %t", with, ours)
	}
	b.get(pathPortOneReturn + "?attempt_id=" + id + "&j=" + old)
	b.isOpen(0)
}
