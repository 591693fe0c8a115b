package rules_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func monday() time.Time { return time.Date(2026, 11, 30, 0, 0, 0, 0, payment.KST()) }

func shop(t *testing.T) *rules.Snapshot {
	t.Helper()
	s, err := rules.LoadFile("testdata/configs/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if updateFlag() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got)\n%s", path, diff)
	}
}

func TestExplainNamesEveryStepAndEveryRule(t *testing.T) {
	t.Parallel()
	s := shop(t)
	var b strings.Builder
	for _, text := range []string{
		`{"order_id":"ORD-1","amount":300500,"payments":[{"method":"11","amount":300000},{"method":"mileage","amount":500}],"site":"main","device":"mobile","buyer":{"name":"홍길동"}}`,
		`{"order_id":"ORD-2","amount":1000,"payments":[{"method":"tosspay","amount":1000}],"device":"app"}`,
		`{"order_id":"ORD-3","amount":1000,"payments":[{"method":"mileage","amount":1000}],"site":"main"}`,
	} {
		c, err := rules.ParseCheckout("order.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(rules.Explain(s, c, rules.Options{Now: monday()}).String() + "\n")
	}
	got := strings.ReplaceAll(b.String(), s.Version(), "VERSION")
	if strings.Contains(got, "홍길동") {
		t.Error("the explanation names the buyer")
	}
	golden(t, "testdata/explain.golden", got)
}

func TestVerifyOfTheShop(t *testing.T) {
	t.Parallel()
	rep := verified(t, shop(t))
	if !rep.Complete {
		t.Error("the budget did not suffice")
	}
	golden(t, "testdata/verify.golden", rep.String())
}

// TestVerifyAgreesWithBruteForce decides, on random small shops, the minutes around every half hour of the week,
// where all their windows start and end, and compares.
func TestVerifyAgreesWithBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range 8 {
		shop := rapid.Custom(drawShop).Example(seed)
		s := shop.snapshot(t)
		rep := verified(t, s)
		gaps, used := bruteForce(s)
		var gotGaps, gotUsed []string
		for _, g := range rep.Gaps {
			gotGaps = append(gotGaps, fmt.Sprintf("%s %s", g.Method, g.Code))
			if _, err := s.Decide(&g.Example, rules.Options{Now: g.At}); err == nil {
				t.Fatalf("the counter-example of %s %s is accepted", g.Method, g.Code)
			}
		}
		for _, r := range rep.Rules {
			if r.State != rules.RuleUsed {
				continue
			}
			gotUsed = append(gotUsed, r.Rule)
			if d, err := s.Decide(&r.Example, rules.Options{Now: r.At}); err != nil || d.Rule != r.Rule {
				t.Fatalf("the example of rule %s: %v, rule %s", r.Rule, err, d.Rule)
			}
		}
		slices.Sort(gotUsed)
		if diff := cmp.Diff(gaps, gotGaps); diff != "" {
			t.Fatalf("gaps differ from brute force (-want +got)\n%s\n%s", shop.text(), diff)
		}
		if diff := cmp.Diff(used, gotUsed); diff != "" {
			t.Fatalf("used rules differ from brute force (-want +got)\n%s\n%s", shop.text(), diff)
		}
	}
}

// bruteForce decides every checkout for the minutes around every half hour.
func bruteForce(s *rules.Snapshot) (gaps, used []string) {
	missing := map[string]bool{}
	hit := map[string]bool{}
	for i := range 7 * 24 * 60 {
		if (i+1)%30 > 2 {
			continue
		}
		at := monday().Add(time.Duration(i) * time.Minute)
		failed, closed := map[string]bool{}, map[payment.Method]bool{}
		for _, method := range []payment.Method{"card", "trans"} {
			closed[method] = methodClosed(s, method, at)
		}
		for _, method := range []payment.Method{"card", "trans"} {
			for _, c := range everyCheckout(method) {
				d, err := s.Decide(&c, rules.Options{Now: at})
				if p, ok := payment.AsProblem(err); ok {
					if p.Code != payment.CodeBlockedByControl || !closed[method] {
						failed[fmt.Sprintf("%s %s", method, p.Code)] = true
					}
					continue
				}
				hit[d.Rule] = true
			}
		}
		for k := range failed {
			missing[k] = true
		}
	}
	for k := range missing {
		gaps = append(gaps, k)
	}
	for r := range hit {
		used = append(used, r)
	}
	slices.Sort(gaps)
	slices.Sort(used)
	return gaps, used
}

// everyCheckout is a checkout for every combination of what the random shops' rules look at.
func everyCheckout(method payment.Method) []payment.Checkout {
	var out []payment.Checkout
	for _, device := range []payment.Device{"pc", "mobile", "app"} {
		for _, site := range []payment.Site{"a", "b", "c"} {
			for _, country := range []string{"", "JP"} {
				for _, card := range []*payment.Card{nil, {Company: "kb"}} {
					for _, amount := range []payment.Won{100, 101, 5000, 9001, 9002} {
						out = append(out, payment.Checkout{
							OrderID: "x", Amount: amount, Device: device, Site: site, Country: country, Card: card,
							Payments: []payment.MethodAmount{{Method: method, Amount: amount}},
						})
					}
				}
			}
		}
	}
	return out
}

// TestVerifyCountsEveryMinute compares with every single minute of a week, on random shops whose windows and
// periods start and end at any minute.
func TestVerifyCountsEveryMinute(t *testing.T) {
	t.Parallel()
	for seed := range 12 {
		text := rapid.Custom(drawClock).Example(seed)
		s, err := rules.Parse("clock.yaml", []byte(text), rules.Sources{})
		if err != nil {
			t.Fatal(text, err)
		}
		rep := verified(t, s)
		gaps, hit := map[string]int{}, map[string]bool{}
		for i := range 7 * 24 * 60 {
			at, failed := monday().Add(time.Duration(i)*time.Minute), map[string]bool{}
			for _, amount := range []payment.Won{100, 9001} {
				c := payment.Checkout{OrderID: "x", Amount: amount, Device: "pc", Payments: []payment.MethodAmount{{Method: "card", Amount: amount}}}
				d, err := s.Decide(&c, rules.Options{Now: at})
				if p, ok := payment.AsProblem(err); ok {
					failed[string(p.Code)] = true
				} else {
					hit[d.Rule] = true
				}
			}
			for code := range failed {
				gaps[code]++
			}
		}
		got := map[string]int{}
		for _, g := range rep.Gaps {
			got[string(g.Code)] = g.Minutes
		}
		if diff := cmp.Diff(gaps, got); diff != "" {
			t.Fatalf("minutes of gaps differ (-want +got)\n%s\n%s", text, diff)
		}
		for _, r := range rep.Rules {
			if hit[r.Rule] != (r.State == rules.RuleUsed) {
				t.Fatalf("rule %s is %s, but decides some minute: %v\n%s", r.Rule, r.State, hit[r.Rule], text)
			}
		}
	}
}

// drawClock draws a shop in which only the time and one amount tell anything apart.
func drawClock(t *rapid.T) string {
	minute := func() string {
		return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
	}
	daily := func() string {
		from, to := minute(), minute()
		if from == to {
			to = "24:00"
		}
		return fmt.Sprintf("daily: [%q]", from+"-"+to)
	}
	span := func() string {
		at := monday().Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "from")) * time.Minute)
		until := at.Add(time.Duration(rapid.IntRange(1, 3*24*60).Draw(t, "long")) * time.Minute)
		return fmt.Sprintf("from: %s, until: %s", at.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	days := rapid.SampledFrom([]string{"", ", weekdays: [mon]", ", weekdays: [sat, sun, wed]"})
	var b strings.Builder
	b.WriteString("order_service: { url: \"http://orders:8080\" }\nsandbox: { enabled: Y }\npgs:\n  p0: { driver: inicis }\n  p1: { driver: inicis }\n")
	b.WriteString("merchants:\n  - { id: m0, pg: p0, mid: INIpayTest, sign_key: k, hash_key: k }\n  - { id: m1, pg: p1, mid: INIpayTest, sign_key: k, hash_key: k, " + span() + " }\n")
	b.WriteString("payment_methods:\n  - { code: card, min: 100, max: 20000, links: { p0: { on: Y, " + span() + " }, p1: Y } }\nrouting:\n")
	for i := range 4 {
		fmt.Fprintf(&b, "  - { name: r%d, %s, when: { %s%s%s }, otherwise: %s, choose: { priority: [p%d] } }\n", i, span(), daily(), days.Draw(t, "days"),
			rapid.SampledFrom([]string{"", ", amount: { from: 9001 }"}).Draw(t, "amount"),
			rapid.SampledFrom([]string{"deny", "next"}).Draw(t, "otherwise"), i%2)
	}
	if rapid.Bool().Draw(t, "default") {
		b.WriteString("  - { name: default, choose: { priority: [p0] } }\n")
	}
	fmt.Fprintf(&b, "controls:\n  - { name: c, pgs: [p%d], %s%s }\n", rapid.IntRange(0, 1).Draw(t, "pg"), daily(), days.Draw(t, "closed on"))
	return b.String()
}

// methodClosed tells whether a control closes the method itself: then it is closed whatever the PGs do.
func methodClosed(s *rules.Snapshot, method payment.Method, at time.Time) bool {
	e := rules.Explain(s, &payment.Checkout{
		OrderID: "x", Amount: 1000, Device: "pc",
		Payments: []payment.MethodAmount{{Method: method, Amount: 1000}},
	}, rules.Options{Now: at})
	return slices.ContainsFunc(e.Steps, func(st payment.Step) bool { return st.Stage == "methods" && !st.Passed })
}

func orders(t *testing.T) []rules.Order {
	t.Helper()
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, `{"order_id":"ORD-%d","payments":{"%s":%d},"at":"2026-12-02T12:%02d:00+09:00"}`+"\n", i,
			[]string{"card", "trans", "kakaopay", "tosspay"}[i%4], 1000*(i+1), i)
	}
	list, err := rules.ParseOrders("orders.jsonl", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestDiffTellsWhatMoves(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/configs/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("{ code: tosspay,", "{ code: tosspay, in_use: N,",
		"links: { inicis: Y, portone: Y, portone1: Y, kcp: Y }", "min: 1, links: { inicis: N, portone: Y }").Replace(string(text))
	changed = strings.Replace(changed, "min: 100, max: 10000000, purposes", "max: 10000000, purposes", 1)
	after, err := rules.Parse("new.yaml", []byte(changed), sources())
	if err != nil {
		t.Fatal(err)
	}
	rep := rules.Diff(shop(t), after, orders(t), monday())
	golden(t, "testdata/diff.golden", rep.String())
	if n, won := rep.Refused(); n != 10 || won != 220000 {
		t.Errorf("%d orders, %d won are newly refused, want 10 and 220000", n, won)
	}
}

func TestDiffOfTheSameRulesIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shop := drawShop(t)
		a, b := shop.snapshot(t), shop.snapshot(t)
		var list []rules.Order
		for range 20 {
			list = append(list, rules.Order{Checkout: *drawCheckout(t), At: drawTime(t)})
		}
		if rep := rules.Diff(a, b, list, time.Time{}); len(rep.Changes) != 0 {
			t.Fatalf("the same rules differ: %s", rep)
		}
	})
}

func TestBadOrdersNameTheLine(t *testing.T) {
	t.Parallel()
	_, err := rules.ParseOrders("orders.jsonl", []byte("{\"payments\":{\"card\":1000}}\n\n{\"payments\":{\"card\":\"1000\"},\"devise\":\"pc\"}\n"))
	if err == nil || !strings.Contains(err.Error(), "orders.jsonl:3:21: payments.card") || !strings.Contains(err.Error(), "device") {
		t.Errorf("complaints are %v", err)
	}
	if _, err := rules.ParseOrders("orders.jsonl", []byte("\n")); err == nil {
		t.Error("no orders were accepted")
	}
}

func TestFailedExpectationsSayWhatDiffers(t *testing.T) {
	t.Parallel()
	tf, err := rules.ParseTests("t.yaml", []byte(`at: 2026-12-02
cases:
  - { name: right, checkout: { payments: { card: 1000 } }, expect: { pg: inicis } }
  - { name: wrong PG, checkout: { payments: { card: 1000 } }, expect: { pg: portone, rule: default } }
  - { name: denied, checkout: { payments: { vbank: 1000 } }, expect: { pg: inicis } }
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rules.RunTests(shop(t), tf) {
		got = append(got, fmt.Sprint(r.Line, len(r.Diffs)))
	}
	if diff := cmp.Diff([]string{"3 0", "4 1", "5 2"}, got); diff != "" {
		t.Errorf("lines and differences (-want +got)\n%s", diff)
	}
	if _, err := rules.ParseTests("t.yaml", []byte("cases: [{ name: a, checkout: { payments: { card: 1 } }, expect: { gp: x } }]")); err == nil ||
		!strings.Contains(err.Error(), `did you mean "pg"?`) {
		t.Errorf("a misspelt expectation: %v", err)
	}
}

func TestGoLiveOfADemo(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("config.yaml", []byte(fixture.Text()), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, a := range rules.GoLive(s) {
		b.WriteString(a.String() + "\n")
	}
	golden(t, "testdata/golive.golden", b.String())
}

func TestOutcomesForgetAfterTenMinutes(t *testing.T) {
	t.Parallel()
	o, now := rules.NewOutcomes(), monday()
	for i := range 30 {
		o.Record("p", "card", i%3 != 0, now)
	}
	for _, tt := range []struct {
		after time.Duration
		rate  float64
		n     int
	}{{0, 20.0 / 30, 30}, {9 * time.Minute, 20.0 / 30, 30}, {10 * time.Minute, 0, 0}, {-time.Minute, 0, 0}} {
		rate, n := o.At(now.Add(tt.after)).SuccessRate("p", "card")
		if rate != tt.rate || n != tt.n {
			t.Errorf("%v later: %v of %d, want %v of %d", tt.after, rate, n, tt.rate, tt.n)
		}
	}
	o.Record("p", "card", true, now.Add(10*time.Minute))
	if rate, n := o.At(now.Add(10*time.Minute)).SuccessRate("p", "card"); rate != 1 || n != 1 {
		t.Errorf("the bucket was not taken over: %v of %d", rate, n)
	}
	if _, n := o.At(now).SuccessRate("p", "trans"); n != 0 {
		t.Error("another method has payments")
	}
}

func TestExplorationKeepsMeasuringTheOthers(t *testing.T) {
	t.Parallel()
	const total = 20000
	text := smallShop{
		links: [2][3]bool{{true, true, true}}, inUse: [3]bool{true, true, true}, sites: []string{"all", "all", "all"},
		routes: []string{"  - { name: s, choose: { success_rate: [p0, p1, p2], explore: 5% } }\n"},
	}.text()
	s, err := rules.Parse("s.yaml", []byte(text), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	o := rules.NewOutcomes()
	for i := range 100 {
		o.Record("p0", "card", i >= 20, monday())
		o.Record("p1", "card", i >= 1, monday())
		o.Record("p2", "card", i >= 10, monday())
	}
	count := map[payment.PGID]int{}
	for i := range total {
		d, err := s.Decide(&payment.Checkout{
			OrderID: payment.OrderID(fmt.Sprint("o", i)), Amount: 1000, Device: "pc",
			Payments: []payment.MethodAmount{{Method: "card", Amount: 1000}},
		}, rules.Options{Now: monday(), Rates: o.At(monday())})
		if err != nil {
			t.Fatal(err)
		}
		count[d.PG.ID]++
	}
	for id, want := range map[payment.PGID]float64{"p0": 0.025, "p1": 0.95, "p2": 0.025} {
		if share := float64(count[id]) / total; share < want-0.01 || share > want+0.01 {
			t.Errorf("%s has a share of %v, want %v", id, share, want)
		}
	}
}

func TestAMerchantsInfoHoldsNoKeys(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("config.yaml", []byte(fixture.Text()), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.FindMerchant(rules.MerchantQuery{Site: "main", PG: "10"}, rules.Options{Now: monday()})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", info); strings.Contains(got, "SU5JTElURV9UUklQTEVERVNfS0VZU1RS") {
		t.Error("a merchant's info shows its key")
	}
	if info.ID != "1001" || info.PGCode != "10" || len(info.Sites) > 0 || !info.InterestFree {
		t.Errorf("the merchant is %+v", info)
	}
}

// verified verifies the week of monday.
func verified(t *testing.T, s *rules.Snapshot) rules.VerifyReport {
	t.Helper()
	rep, err := rules.Verify(t.Context(), s, monday())
	if err != nil {
		t.Fatal(err)
	}
	return rep
}
