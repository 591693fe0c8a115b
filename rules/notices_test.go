package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// TestMerchantsRunEventsOfTheirOwn: two merchants may have different interest-free events of one card company at once,
// and each window shows its own; what would hold for one merchant twice is refused.
func TestMerchantsRunEventsOfTheirOwn(t *testing.T) {
	t.Parallel()
	const text = `
order_service: { url: "http://127.0.0.1:9000" }
sandbox: { enabled: Y }
pgs: { a: { driver: inicis }, b: { driver: inicis } }
merchants:
  - { id: "1", pg: a, mid: INIpayTest, sign_key: k, hash_key: k, interest_free: Y }
  - { id: "2", pg: b, mid: INIpayTest, sign_key: k, hash_key: k, interest_free: Y }
payment_methods:
  - { code: card, links: { a: Y, b: Y } }
routing:
  - { name: outlet, when: { site: outlet }, choose: { priority: [b] } }
  - { name: default, choose: { priority: [a] } }
interest_free_notices:
  - { id: N1, acquirer: shinhan, from: 2026-12-01, until: 2026-12-31, MERCHANTS1 months: [{ from_amount: 50000, months: [2, 3] }] }
  - { id: N2, acquirer: shinhan, from: 2026-12-10, until: 2026-12-20, MERCHANTS2 months: [{ from_amount: 50000, months: [2, 3, 6] }] }
`
	parse := func(first, second string) (*rules.Snapshot, error) {
		return rules.Parse("n.yaml", []byte(strings.NewReplacer("MERCHANTS1", first, "MERCHANTS2", second).Replace(text)), rules.Sources{})
	}
	for _, both := range [][2]string{
		{"", ""}, {"", `merchants: ["1"],`}, {`merchants: ["2"],`, ""}, {`merchants: ["1"],`, `merchants: ["2", "1"],`},
	} {
		if _, err := parse(both[0], both[1]); err == nil || !strings.Contains(err.Error(), "for the same merchants") {
			t.Errorf("%q: %v", both, err)
		}
	}
	s, err := parse(`merchants: ["1"],`, `merchants: ["2"],`)
	if err != nil {
		t.Fatal(err)
	}
	for site, want := range map[payment.Site][]int{"main": {2, 3}, "outlet": {2, 3, 6}} {
		d, err := s.Decide(&payment.Checkout{
			OrderID: "o", Amount: 60000, Device: payment.DevicePC, Site: site, Payments: []payment.MethodAmount{{Method: "card", Amount: 60000}},
		}, rules.Options{Now: time.Date(2026, 12, 15, 12, 0, 0, 0, payment.KST())})
		if err != nil {
			t.Fatal(err)
		}
		if free := d.Installments.InterestFree; len(free) != 1 || cmp.Diff(want, free[0].Months) != "" {
			t.Errorf("site %s offers %v, want %v", site, free, want)
		}
	}
}
