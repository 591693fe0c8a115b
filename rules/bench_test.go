package rules_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// largeConfig is a file of 500 merchants, 60 methods, 200 routing rules and 300 notices.
func largeConfig() string {
	var b strings.Builder
	b.WriteString("order_service: { url: \"http://orders:8080\" }\nsandbox: { enabled: Y }\npgs:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  pg%d: { driver: portone_v2, store_id: s, api_secret: x }\n", i)
	}
	b.WriteString("merchants:\n")
	for i := range 500 {
		sites := "all"
		if i < 490 {
			sites = fmt.Sprintf("[site%d]", i/10)
		}
		fmt.Fprintf(&b, "  - { id: \"m%d\", pg: pg%d, channel_key: ck%d, behind: inicis, sites: %s, fees: { card: %d.%d%% }, interest_free: Y, cards: { default: approved, hana: pending } }\n",
			i, i%10, i, sites, 1+i%3, i%10)
	}
	b.WriteString("payment_methods:\n  - { code: card, x2bee: \"11\", links: { pg0: Y, pg1: Y, pg2: Y, pg3: Y } }\n")
	for i := range 59 {
		fmt.Fprintf(&b, "  - { code: point%d, kind: secondary }\n", i)
	}
	b.WriteString("routing:\n")
	for i := range 199 {
		fmt.Fprintf(&b, "  - { name: r%d, when: { method: card, site: other%d, amount: { from: %d } }, choose: { weighted: { pg%d: 90, pg%d: 10 } } }\n", i, i, i*100, i%10, (i+1)%10)
	}
	b.WriteString("  - { name: default, choose: { weighted: { pg0: 60, pg1: 30, pg2: 10 } } }\ninterest_free_notices:\n")
	acquirers := []string{"shinhan", "hyundai", "kb", "bc", "lotte", "samsung", "nh", "woori", "citi", "suhyup"}
	for i := range 300 {
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, i/10, 0)
		fmt.Fprintf(&b, "  - { id: n%d, acquirer: %s, from: %s, until: %s, months: [ { from_amount: 50000, months: [2, 3] }, { from_amount: 100000, months: [2, 3, 4, 5, 6] } ] }\n",
			i, acquirers[i%10], from.Format(time.DateOnly), from.AddDate(0, 1, -1).Format(time.DateOnly))
	}
	return b.String()
}

func largeSnapshot(tb testing.TB) *rules.Snapshot {
	tb.Helper()
	s, err := rules.Parse("large.yaml", []byte(largeConfig()), rules.Sources{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func largeCheckout() *payment.Checkout {
	return &payment.Checkout{
		OrderID: "ORD-20261201-0001", Amount: 120000, Device: payment.DevicePC, Site: "site7",
		Payments: []payment.MethodAmount{{Method: "card", Amount: 100000}, {Method: "point3", Amount: 20000}},
	}
}

func BenchmarkDecide(b *testing.B) {
	s, c := largeSnapshot(b), largeCheckout()
	opt := rules.Options{Now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Decide(c, opt); err != nil {
			b.Fatal(err)
		}
	}
}

// ruleLists are 199 routing rules before the default that no list by site can pass over: they fail on what the
// probe holds, or on what only the rule itself can tell, or are for other methods.
func ruleLists() map[string]string {
	return map[string]string{
		"amounts":   "when: { method: card, amount: { from: %d, to: %[1]d } }",
		"cards":     "when: { method: card, card: [kb, hyundai, lotte] }",
		"countries": "when: { country: [JP, US, CN] }",
		"nights":    "when: { method: card, daily: [\"22:00-03:00\"] }",
		"periods":   "from: 2027-01-01, when: { method: card }",
		"methods":   "when: { method: [trans, phone, kakaopay] }",
		"everyday":  "when: { method: card, card: kb, country: JP, weekdays: [sat, sun], daily: [\"22:00-03:00\"] }",
	}
}

// sitelessSnapshot is the large file with its routing rules replaced by 199 that name no site.
func sitelessSnapshot(tb testing.TB, condition string) *rules.Snapshot {
	tb.Helper()
	head, tail, _ := strings.Cut(largeConfig(), "  - { name: r0,")
	_, tail, _ = strings.Cut(tail, "  - { name: default,")
	head = strings.Replace(head, "  - { code: card,", "  - { code: trans, links: { pg0: Y } }\n  - { code: phone, links: { pg0: Y } }\n  - { code: kakaopay, links: { pg0: Y } }\n  - { code: card,", 1)
	var b strings.Builder
	b.WriteString(head)
	for i := range 199 {
		when := condition
		if strings.Contains(when, "%d") {
			when = fmt.Sprintf(condition, 200_000+i)
		}
		fmt.Fprintf(&b, "  - { name: r%d, %s, choose: { weighted: { pg%d: 90, pg%d: 10 } } }\n", i, when, i%10, (i+1)%10)
	}
	s, err := rules.Parse("siteless.yaml", []byte(b.String()+"  - { name: default,"+tail), rules.Sources{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func BenchmarkDecideWithoutSites(b *testing.B) {
	opt := rules.Options{Now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)}
	for name, condition := range ruleLists() {
		s, c := sitelessSnapshot(b, condition), largeCheckout()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d, err := s.Decide(c, opt); err != nil || d.Rule != "default" {
					b.Fatal(d.Rule, err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(largeConfig())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rules.Parse("large.yaml", text, rules.Sources{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestDecidingAllocatesNothing(t *testing.T) {
	s, c := largeSnapshot(t), largeCheckout()
	opt := rules.Options{Now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)}
	if n := testing.AllocsPerRun(200, func() { _, _ = s.Decide(c, opt) }); n != 0 {
		t.Errorf("a decision with the trace off makes %v allocations, want 0", n)
	}
}

func TestTwoLargeSnapshotsFitInMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	a, b := largeSnapshot(t), largeSnapshot(t)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 20<<20 {
		t.Errorf("two snapshots take %d bytes, want at most 20 MB", used)
	} else {
		t.Logf("two snapshots take %d KiB", used>>10)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}
