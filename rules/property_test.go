package rules_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// smallShop draws a random small configuration: three PGs, a few merchants, two methods, some rules.
type smallShop struct {
	links  [2][3]bool
	inUse  [3]bool
	sites  []string
	routes []string
	ctrls  []string
}

func drawShop(t *rapid.T) smallShop {
	var s smallShop
	for i := range s.links {
		for j := range s.links[i] {
			s.links[i][j] = rapid.Bool().Draw(t, "link")
		}
	}
	for i := range s.inUse {
		s.inUse[i] = rapid.IntRange(0, 4).Draw(t, "in_use") > 0
		s.sites = append(s.sites, rapid.SampledFrom([]string{"all", "[a]", "[b]", "[a, b]"}).Draw(t, "sites"))
	}
	conditions := []string{
		"method: card", "method: trans", "site: a", "device: mobile", "amount: { from: 5000 }",
		"amount: { to: 9000 }", "daily: [\"22:00-03:00\"]", "weekdays: [sat, sun]", "expr: \"amount % 2 == 0\"",
		"card: [kb, bc]", "country: [JP, US]", "purpose: escrow", "device: [pc, app]", "site: [b, c]",
		"daily: [\"03:00-03:01\", \"12:00-24:00\"]",
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "routes") {
		when := rapid.SampledFrom(conditions).Draw(t, "when")
		if other := rapid.SampledFrom(conditions).Draw(t, "and"); !strings.HasPrefix(other, when[:4]) {
			when += ", " + other
		}
		s.routes = append(s.routes, fmt.Sprintf("  - { name: r%d, when: { %s }, otherwise: %s, choose: %s }\n", i, when,
			rapid.SampledFrom([]string{"deny", "next"}).Draw(t, "otherwise"), drawChoice(t)))
	}
	if rapid.Bool().Draw(t, "default") {
		s.routes = append(s.routes, "  - { name: default, choose: "+drawChoice(t)+" }\n")
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "controls") {
		s.ctrls = append(s.ctrls, fmt.Sprintf("  - { name: c%d, %s, daily: [%q] }\n", i,
			rapid.SampledFrom([]string{"methods: [card]", "pgs: [p0]", "pgs: [p1, p2]", "pgs: [p0], methods: [trans]"}).Draw(t, "closes"),
			rapid.SampledFrom([]string{"23:30-00:30", "00:00-06:00", "12:00-12:01"}).Draw(t, "daily")))
	}
	return s
}

func drawChoice(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"{ priority: [p0, p1, p2] }", "{ priority: [p2] }", "{ weighted: { p0: 70, p1: 30 } }",
		"{ weighted: { p0: 1, p1: 1, p2: 0 } }", "{ lowest_fee: [p0, p1, p2] }", "{ success_rate: [p1, p0], explore: 10% }",
	}).Draw(t, "choose")
}

func yn(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

func (s smallShop) text() string {
	var b strings.Builder
	b.WriteString("order_service: { url: \"http://orders:8080\" }\nsandbox: { enabled: Y }\npgs:\n")
	for i, on := range s.inUse {
		fmt.Fprintf(&b, "  p%d: { driver: inicis, in_use: %s }\n", i, yn(on))
	}
	b.WriteString("merchants:\n")
	for i, sites := range s.sites {
		fmt.Fprintf(&b, "  - { id: m%d, pg: p%d, mid: INIpayTest, sign_key: k, hash_key: k, sites: %s, fees: { card: %d%% } }\n", i, i, sites, 3-i)
	}
	b.WriteString("payment_methods:\n")
	for i, code := range []string{"card", "trans"} {
		fmt.Fprintf(&b, "  - { code: %s, min: 100, max: 20000, links: { p0: %s, p1: %s, p2: %s } }\n", code,
			yn(s.links[i][0]), yn(s.links[i][1]), yn(s.links[i][2]))
	}
	if len(s.routes) > 0 {
		b.WriteString("routing:\n" + strings.Join(s.routes, ""))
	}
	if len(s.ctrls) > 0 {
		b.WriteString("controls:\n" + strings.Join(s.ctrls, ""))
	}
	return b.String()
}

func (s smallShop) snapshot(t interface{ Fatal(args ...any) }) *rules.Snapshot {
	snap, err := rules.Parse("small.yaml", []byte(s.text()), rules.Sources{})
	if err != nil {
		t.Fatal(s.text(), err)
	}
	return snap
}

func drawCheckout(t *rapid.T) *payment.Checkout {
	amount := payment.Won(rapid.IntRange(50, 21000).Draw(t, "amount"))
	return &payment.Checkout{
		OrderID: payment.OrderID(fmt.Sprintf("order-%d", rapid.IntRange(0, 1000).Draw(t, "order"))), Amount: amount,
		Payments: []payment.MethodAmount{{Method: rapid.SampledFrom([]payment.Method{"card", "trans"}).Draw(t, "method"), Amount: amount}},
		Site:     rapid.SampledFrom([]payment.Site{"", "a", "b", "c"}).Draw(t, "site"),
		Device:   rapid.SampledFrom([]payment.Device{"pc", "mobile", "app"}).Draw(t, "device"),
		Country:  rapid.SampledFrom([]string{"", "JP", "US", "KR"}).Draw(t, "country"),
		Card:     rapid.SampledFrom([]*payment.Card{nil, {Company: "kb"}, {Company: "lotte"}}).Draw(t, "card"),
	}
}

func drawTime(t *rapid.T) time.Time {
	return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "minute")) * time.Minute)
}

func TestTheTraceNeverChangesTheDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shop := drawShop(t)
		a, b := shop.snapshot(t), shop.snapshot(t)
		for range 20 {
			c, opt := drawCheckout(t), rules.Options{Now: drawTime(t)}
			one, err1 := a.Decide(c, opt)
			again, _ := a.Decide(c, opt)
			opt.Trace = true
			two, err2 := b.Decide(c, opt)
			if (err1 == nil) != (err2 == nil) {
				t.Fatalf("with the trace: %v, without: %v", err2, err1)
			}
			if err1 != nil {
				p1, _ := payment.AsProblem(err1)
				p2, _ := payment.AsProblem(err2)
				if p1.Code != p2.Code || len(p2.Trace) == 0 {
					t.Fatalf("with the trace: %v, without: %v", err2, err1)
				}
				continue
			}
			if diff := cmp.Diff(brief(one), brief(two)); diff != "" {
				t.Fatalf("the trace changes the decision\n%s", diff)
			}
			if diff := cmp.Diff(brief(one), brief(again)); diff != "" {
				t.Fatalf("the same order gets another answer\n%s", diff)
			}
		}
	})
}

// brief is what of a decision can be compared between snapshots.
func brief(d payment.Decision) []any {
	return []any{d.PG.ID, d.Merchant.ID, d.Rule, d.Method, d.Amount, d.Installments, d.Fallbacks}
}

func TestTurningALinkOffNeverOpensAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shop := drawShop(t)
		before := shop.snapshot(t)
		shop.links[rapid.IntRange(0, 1).Draw(t, "method")][rapid.IntRange(0, 2).Draw(t, "pg")] = false
		after := shop.snapshot(t)
		for range 20 {
			c, opt := drawCheckout(t), rules.Options{Now: drawTime(t)}
			_, err1 := before.Decide(c, opt)
			_, err2 := after.Decide(c, opt)
			if err1 != nil && err2 == nil {
				t.Fatalf("refused with %v before the link was turned off, accepted after", err1)
			}
		}
	})
}

func TestADecisionOnlyUsesLinksThatAreOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shop := drawShop(t)
		s := shop.snapshot(t)
		for range 20 {
			c := drawCheckout(t)
			d, err := s.Decide(c, rules.Options{Now: drawTime(t)})
			if err != nil {
				continue
			}
			row := 0
			if d.Method == "trans" {
				row = 1
			}
			for _, id := range append([]payment.Candidate{{PG: d.PG.ID, Merchant: d.Merchant.ID}}, d.Fallbacks...) {
				n := id.PG[1] - '0'
				if !shop.links[row][n] || !shop.inUse[n] {
					t.Fatalf("%s was chosen over a link or PG that is off", id.PG)
				}
				if m, _ := s.Merchant(id.Merchant); m.PG != id.PG {
					t.Fatalf("merchant %s is not of PG %s", id.Merchant, id.PG)
				}
			}
		}
	})
}

func weighted(t *testing.T, weights string) func(order int) payment.PGID {
	t.Helper()
	text := smallShop{
		links: [2][3]bool{{true, true, true}}, inUse: [3]bool{true, true, true},
		sites: []string{"all", "all", "all"}, routes: []string{"  - { name: w, choose: { weighted: " + weights + " } }\n"},
	}.text()
	s, err := rules.Parse("w.yaml", []byte(text), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return func(order int) payment.PGID {
		d, err := s.Decide(&payment.Checkout{
			OrderID: payment.OrderID(fmt.Sprintf("ORD-%06d", order)), Amount: 1000, Device: "pc",
			Payments: []payment.MethodAmount{{Method: "card", Amount: 1000}},
		}, rules.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d.PG.ID
	}
}

func TestWeightsAreSharesOfOrders(t *testing.T) {
	t.Parallel()
	const orders = 20000
	choose := weighted(t, "{ p0: 70, p1: 30, p2: 0 }")
	count := map[payment.PGID]int{}
	for i := range orders {
		count[choose(i)]++
	}
	if share := float64(count["p0"]) / orders; math.Abs(share-0.7) > 0.015 || count["p2"] != 0 {
		t.Errorf("shares are %v of %d, want 70, 30 and 0 percent", count, orders)
	}
}

func TestChangingAWeightMovesOnlyTheOrdersItMust(t *testing.T) {
	t.Parallel()
	const orders = 20000
	before, after := weighted(t, "{ p0: 90, p1: 10 }"), weighted(t, "{ p0: 80, p1: 20 }")
	moved, wrong := 0, 0
	for i := range orders {
		a, b := before(i), after(i)
		if a != b {
			moved++
			if b == "p0" {
				wrong++
			}
		}
	}
	if wrong > 0 || math.Abs(float64(moved)/orders-0.1) > 0.015 {
		t.Errorf("%d of %d orders moved, %d of them the wrong way; want 10 percent and none", moved, orders, wrong)
	}
}

// TestWeightedAnswersStayAcrossVersions pins some answers: the hash must never change, or orders in flight
// would change their PG with a release.
func TestWeightedAnswersStayAcrossVersions(t *testing.T) {
	t.Parallel()
	choose := weighted(t, "{ p0: 50, p1: 50 }")
	var got strings.Builder
	for i := range 24 {
		got.WriteString(string(choose(i)[1:]))
	}
	if want := pinnedWeighted; got.String() != want {
		t.Errorf("answers are %s, want %s", got.String(), want)
	}
}

const pinnedWeighted = "000110000000100101000000"

func FuzzParse(f *testing.F) {
	f.Add([]byte(largeConfig()[:4000]))
	f.Add([]byte(config("x")))
	f.Add([]byte(smallShop{sites: []string{"all", "[a]", "all"}, inUse: [3]bool{true}, links: [2][3]bool{{true}}}.text()))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("\xef\xbb\xbf"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := rules.Parse("fuzz.yaml", text, sources())
		if err != nil {
			for _, e := range rules.Errors(err) {
				if e.Line < 1 || e.Column < 1 || e.Msg == "" {
					t.Errorf("a complaint without a place: %+v", e)
				}
			}
			return
		}
		for _, m := range s.Methods() {
			for _, amount := range []payment.Won{0, 1000, 60000, payment.MaxWon} {
				_, _ = s.Decide(&payment.Checkout{
					OrderID: "o", Amount: amount, Device: "pc", Site: "a", Card: &payment.Card{Company: "kb", Installment: 3},
					Payments: []payment.MethodAmount{{Method: m, Amount: amount}},
				}, rules.Options{Now: time.Unix(1.8e9, 0), Trace: amount == 1000})
			}
		}
	})
}
