package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// TestLostPaymentsAreUnknownMoney loses approvals together with the answers of their net cancels: the attempts are
// cancelling, and the gauge that pages says their number and won, as the alert's tests have them.
func TestLostPaymentsAreUnknownMoney(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	scraped := func() map[string]float64 {
		t.Helper()
		h.g.publishStats(t.Context())
		a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		found := map[string]float64{}
		for line := range strings.Lines(string(a.body)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "pg_gateway_") {
				if n, err := strconv.ParseFloat(value, 64); err == nil {
					found[name] = n
				}
			}
		}
		return found
	}
	if got := scraped(); got["pg_gateway_unknown_won"] != 0 || got["pg_gateway_unknown_payments"] != 0 {
		t.Fatalf("before anything the gauges are %g and %g", got["pg_gateway_unknown_won"], got["pg_gateway_unknown_payments"])
	}
	for _, op := range []string{"approve", "net_cancel", "inquiry", "refund"} {
		if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: op, Kind: "drop_after_commit", Times: 100}); err != nil {
			t.Fatalf("%s: %v", op, err)
		}
	}
	const lost = 3
	// All windows are opened first: a PG whose answers are lost is sent no more orders.
	var returns []url.Values
	for range lost {
		returns = append(returns, h.inicisReturn("pay"))
	}
	for _, back := range returns {
		if to := h.postReturn(back).header.Get("Location"); !strings.Contains(to, "status=unknown") {
			t.Fatalf("sent to %s", to)
		}
	}
	stats, err := h.journal.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var count int
	var won payment.Won
	for _, row := range stats.Open {
		if row.State == payment.StateCancelling {
			count, won = row.Count, row.Won
		}
	}
	if count != lost || won == 0 {
		t.Fatalf("%d attempts of %d won are cancelling: %+v", count, won, stats.Open)
	}
	got := scraped()
	if got["pg_gateway_unknown_won"] != float64(won) || got["pg_gateway_unknown_payments"] != lost || got[`pg_gateway_journal_attempts{state="cancelling"}`] != lost {
		t.Errorf("%g payments of %g won are unknown, want 3 of %d", got["pg_gateway_unknown_payments"], got["pg_gateway_unknown_won"], won)
	}
}

// unknownCancel is a journal with one cancel that nobody is certain of, and that may not be readable.
type unknownCancel struct {
	CancelStore

	err error
}

func (j *unknownCancel) CancelStats(context.Context) ([]journal.CancelStats, error) {
	if j.err != nil {
		return nil, j.err
	}
	return []journal.CancelStats{{State: payment.CancelUnknown, Count: 1, Won: 500}}, nil
}

// TestUnknownMoneyIsToldWholeOrNotAtAll: what cannot be read is not gone, and no alert may end by it.
func TestUnknownMoneyIsToldWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	j := &unknownCancel{CancelStore: h.g.cancels}
	h.g.cancels = j
	for _, err := range []error{nil, journal.ErrUnavailable} {
		j.err = err
		h.g.publishStats(t.Context())
		if !h.counted("pg_gateway_unknown_won 500") || !h.counted("pg_gateway_unknown_payments 1") {
			t.Errorf("with %v the gauges tell something else", err)
		}
	}
}
