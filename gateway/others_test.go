package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// sharedKey is the token key of two pods of one shop.
const sharedKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// newPods are two processes of one shop with a journal each, which is how an order comes to be charged twice.
func newPods(t *testing.T) (a, b *house) {
	t.Helper()
	return newHouse(t, asPod), newHouse(t, asPod)
}

// asPod has a process share its tokens with others, and hear PortOne V1 from anywhere.
func asPod(c *fixture.Config) {
	c.Server.Public.TokenKey = sharedKey
	c.PGs["portone1"].WebhookSources = []string{"0.0.0.0/0"}
}

func (h *house) readyz() answer {
	return h.send(h.admin, httptest.NewRequest(http.MethodGet, "/readyz", nil))
}

// isClosed holds a process that knows of another's journal to refusing everything that may charge an order.
func (h *house) isClosed() {
	h.t.Helper()
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusServiceUnavailable || a.code() != "SEVERAL_JOURNALS" {
		h.t.Errorf("a checkout: %d %s", a.status, a.body)
	}
	if a := h.post("/api/orders", "application/json", h.orderBody(`{"payWayCd":"11"}`)); !strings.Contains(string(a.body), `"SEVERAL_JOURNALS"`) {
		h.t.Errorf("an intercepted checkout: %d %s", a.status, a.body)
	}
	if a := h.store("inicisPcParam", encoded(h.t, h.storeOrder())); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"SEVERAL_JOURNALS"`) {
		h.t.Errorf("a window of the store API: %d %s", a.status, a.body)
	}
	if a := h.post(pathComplete, "application/json", `{"attempt_id":"A1","payment_token":"x"}`); a.code() != "SEVERAL_JOURNALS" {
		h.t.Errorf("a manual approval: %d %s", a.status, a.body)
	}
	if a := h.readyz(); a.json["status"] == "pass" || !strings.Contains(string(a.body), "journal of its own") {
		h.t.Errorf("readyz: %d %s", a.status, a.body)
	}
	if !h.counted("pg_gateway_several_journals 1") {
		h.t.Error("the metric does not tell")
	}
}

func (h *house) counted(line string) bool {
	h.t.Helper()
	a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return strings.Contains(string(a.body), line+"\n")
}

// series is the value of a series, by its name and labels.
func (h *house) series(name string) float64 {
	h.t.Helper()
	a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, rest, found := strings.Cut("\n"+string(a.body), "\n"+name+" ")
	text, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(text, 64)
	if found && err != nil {
		h.t.Fatal(err)
	}
	return value
}

// A window that comes back to a process with another journal is not approved there, and proves that there are several.
func TestAnInicisReturnTellsOfAnotherJournal(t *testing.T) {
	t.Parallel()
	a, b := newPods(t)
	own := b.inicisReturn("pay") // opened before the other journal is known of
	back := b.postReturn(a.inicisReturn("pay"))
	if to := back.header.Get("Location"); back.status != http.StatusSeeOther || !strings.Contains(to, "code=SEVERAL_JOURNALS") {
		t.Fatalf("the return came to %d %s %s", back.status, to, back.body)
	}
	b.isClosed()
	if back := b.postReturn(own); !strings.Contains(back.header.Get("Location"), "code=SEVERAL_JOURNALS") {
		t.Errorf("its own window was approved: %s", back.header.Get("Location"))
	}
	for _, h := range []*house{a, b} {
		if l := h.sandbox.Ledger(); l.Captured != 0 {
			t.Errorf("approved: %+v", l.Entries)
		}
	}
	// The other one has seen nothing yet.
	if got := a.postReturn(a.inicisReturn("pay")); !strings.Contains(got.header.Get("Location"), "status=approved") {
		t.Errorf("the other process: %d %s", got.status, got.header.Get("Location"))
	}
}

// What PortOne is given carries the journal too: the redirect, the webhook and the question before an approval.
func TestPortOnesNotificationTellsOfAnotherJournal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tell func(b *house, id, mark string) answer
	}{
		{"a redirect", func(b *house, id, mark string) answer {
			return b.get(pathPortOneReturn + "?attempt_id=" + id + "&j=" + mark)
		}},
		{"a webhook", func(b *house, id, mark string) answer {
			return b.fromPortOne(pathHooksV1+"portone1?j="+mark, `{"imp_uid":"imp_1","merchant_uid":"`+id+`","status":"paid"}`)
		}},
		{"a question", func(b *house, id, mark string) answer {
			return b.fromPortOne(pathHooksV1+"portone1"+hookConfirm+"?j="+mark, `{"imp_uid":"imp_1","merchant_uid":"`+id+`","amount":1000}`)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := newPods(t)
			id, mark := a.openedAtV1()
			tt.tell(b, id, mark+"AAAA") // not ours
			tt.tell(b, "0190000000007000800000000000000f", mark)
			tt.tell(a, id, mark)
			for _, h := range []*house{a, b} {
				if got := h.readyz(); got.json["status"] != "pass" {
					t.Fatalf("a false alarm: %s", got.body)
				}
			}
			tt.tell(b, id, mark)
			b.isClosed()
		})
	}
}

// fromPortOne posts what PortOne V1 would.
func (h *house) fromPortOne(path, body string) answer {
	h.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	return h.send(h.app, req)
}

// openedAtV1 opens a window of PortOne V1 and returns its attempt and the mark in its addresses.
func (h *house) openedAtV1() (id, mark string) {
	h.t.Helper()
	a := h.postCheckout(h.checkout("tosspay"))
	if a.status != http.StatusOK || a.json["pg"] != "portone1" {
		h.t.Fatalf("the checkout came to %d %s", a.status, a.body)
	}
	window, _ := a.json["window"].(map[string]any)
	params, _ := window["params"].(map[string]any)
	var found []string
	for _, name := range []string{"m_redirect_url", "notice_url"} {
		address, _ := params[name].(string)
		if u, err := url.Parse(address); err == nil && u.Query().Get(journalParam) != "" {
			found = append(found, u.Query().Get(journalParam))
		}
	}
	if len(found) < 2 {
		h.t.Fatalf("the mark is in %d addresses of %v", len(found), params)
	}
	return a.json["attempt_id"].(string), found[0]
}

// A journal that was begun anew is alone: what the one before it opened is refused, and nothing else is.
func TestAJournalBegunAnewIsNotSeveral(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	own, here := h.g.others.own(), h.g.others.env()
	now := time.Now()
	tests := []struct {
		name    string
		with    opener
		refused bool
		several bool
	}{
		{"its own", opener{own, here}, false, false},
		{"of a version that did not tell", opener{journal.Identity{Since: now}, here}, false, false},
		{"of the journal before", opener{journal.Identity{ID: "other", Since: own.Since.Add(-time.Millisecond)}, here}, true, false},
		{"of a version that did not tell its environment", opener{journal.Identity{ID: "other", Since: own.Since}, ""}, true, false},
		{"of a journal beside", opener{journal.Identity{ID: "other", Since: own.Since}, here}, true, true},
	}
	for _, tt := range tests {
		h.g.others.seen.Store(false)
		if err := h.g.others.check(payment.Attempt{ID: "A1"}, tt.with); (err != nil) != tt.refused {
			t.Errorf("a window %s: %v", tt.name, err)
		}
		if seen := h.g.others.seen.Load(); seen != tt.several {
			t.Errorf("a window %s: several is %t", tt.name, seen)
		}
		code := payment.CodeReturnExpired
		if tt.several {
			code = payment.CodeSeveralJournals
		}
		if p, ok := payment.AsProblem(h.g.others.refused("")); !ok || p.Code != code {
			t.Errorf("a window %s is refused with %v", tt.name, p)
		}
	}
}
