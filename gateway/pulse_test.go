package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// brokenJournal is a journal whose writes fail while broken is set.
type brokenJournal struct {
	Journal

	broken atomic.Bool
}

func (j *brokenJournal) Ping(ctx context.Context) error {
	if j.broken.Load() {
		return journal.ErrUnavailable
	}
	return j.Journal.Ping(ctx)
}

// A journal that is away closes the till, not the shop: pages are served, checkouts are refused before an order is
// made, the pod stays in the service and says what is wrong; and all of it ends by itself.
func TestAJournalOutageKeepsTheShopOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	j := &brokenJournal{Journal: h.journal}
	h.g.journal = j
	body, order := h.checkout("card"), h.orderBody(`{"payWayCd":"11"}`)
	wanted := encoded(t, h.storeOrder())
	feel := func() { h.g.feelPulseOnce(t.Context()) }

	feel()
	if a := h.readyz(); a.status != http.StatusOK || a.json["status"] != checkPass || !h.counted("pg_gateway_journal_up 1") {
		t.Errorf("before: %d %s", a.status, a.body)
	}
	j.broken.Store(true)
	feel()
	if a := h.get("/"); a.status != http.StatusOK {
		t.Errorf("the shop's page: %d", a.status)
	}
	if a := h.postCheckout(body); a.status != http.StatusServiceUnavailable || a.code() != "JOURNAL_UNAVAILABLE" {
		t.Errorf("a checkout: %d %s", a.status, a.body)
	}
	if a := h.post("/api/orders", "application/json", order); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"JOURNAL_UNAVAILABLE"`) {
		t.Errorf("an intercepted checkout: %d %s", a.status, a.body)
	}
	if a := h.store("inicisPcParam", wanted); !strings.Contains(string(a.body), `"JOURNAL_UNAVAILABLE"`) {
		t.Errorf("a window of the store API: %d %s", a.status, a.body)
	}
	if a := h.readyz(); a.status != http.StatusOK || a.json["status"] != checkWarn || !h.counted("pg_gateway_journal_up 0") {
		t.Errorf("meanwhile: %d %s", a.status, a.body)
	}
	j.broken.Store(false)
	feel()
	if a := h.postCheckout(body); a.status != http.StatusOK {
		t.Errorf("a checkout afterwards: %d %s", a.status, a.body)
	}
}

// A journal that fails requests is not healthy although single writes to it succeed, as behind a pooler that mixes
// sessions up.
func TestRequestsThatFailAreRemembered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var p pulse
	if !p.healthy(now) || p.isDown() {
		t.Error("unhealthy at the start")
	}
	p.fail(now)
	p.beat(nil)
	if p.healthy(now.Add(pulseMemory)) || p.isDown() {
		t.Error("a failed request is forgotten, or closes the till")
	}
	if !p.healthy(now.Add(pulseMemory + time.Millisecond)) {
		t.Error("a failed request is remembered for ever")
	}
	p.beat(errors.New("away"))
	if p.healthy(now.Add(time.Hour)) || !p.isDown() {
		t.Error("a write that failed is not seen")
	}
	p.beat(nil)
	if !p.healthy(now.Add(time.Hour)) || p.isDown() {
		t.Error("a write that succeeded is not seen")
	}
}

// What a request is refused for is what readyz remembers.
func TestARefusedRequestIsSeenInReadyz(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("card")
	if err := h.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if a := h.readyz(); a.json["status"] != checkPass {
		t.Errorf("before: %s", a.body)
	}
	h.postCheckout(body)
	if a := h.readyz(); a.json["status"] != checkWarn {
		t.Errorf("after a refusal: %s", a.body)
	}
}
