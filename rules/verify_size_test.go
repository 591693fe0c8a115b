package rules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// manyConfig is a shop of n merchants, each of a site of its own, and of rules that each decide something: every rule is
// for an amount of its own and, in the last method, for a site.
func manyConfig(merchants, routes int) string {
	var b strings.Builder
	b.WriteString("order_service: { url: \"http://127.0.0.1:9000\" }\nsandbox: { enabled: Y }\npgs: { a: { driver: inicis }, b: { driver: inicis } }\nmerchants:\n")
	for i := range merchants {
		fmt.Fprintf(&b, "  - { id: \"%d\", pg: %s, mid: INIpayTest, sign_key: k, hash_key: k, sites: [s%d] }\n", i, string(rune('a'+i%2)), i)
	}
	b.WriteString("payment_methods:\n")
	for _, m := range []string{"card", "trans", "kakaopay"} {
		fmt.Fprintf(&b, "  - { code: %s, sites: [", m)
		for i := range merchants {
			fmt.Fprintf(&b, "s%d, ", i)
		}
		b.WriteString("], links: { a: Y, b: Y } }\n")
	}
	b.WriteString("routing:\n")
	for i := range routes {
		fmt.Fprintf(&b, "  - { name: r%d, when: { method: %s, site: [s%d], amount: { from: %d, to: %d } }, choose: { priority: [a, b] } }\n",
			i, []string{"card", "trans", "kakaopay"}[i%3], i%merchants, 1000+10*i, 1005+10*i)
	}
	b.WriteString("  - { name: default, choose: { priority: [a, b] } }\n")
	return b.String()
}

func manySnapshot(t *testing.T, merchants, routes int) *Snapshot {
	t.Helper()
	s, err := Parse("many.yaml", []byte(manyConfig(merchants, routes)), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifiedWith(t *testing.T, s *Snapshot, budget int) VerifyReport {
	t.Helper()
	rep, err := verify(t.Context(), s, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), budget)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestAnIncompleteVerifyCallsNoLiveRuleDead: every rule of the shop decides something, and there are far more kinds of
// checkout than are tried.
func TestAnIncompleteVerifyCallsNoLiveRuleDead(t *testing.T) {
	t.Parallel()
	s := manySnapshot(t, 60, 200)
	rep := verifiedWith(t, s, 3000)
	if rep.Complete || rep.Cells != 3000 || rep.Kinds <= 3000 {
		t.Fatalf("tried %d of %d, complete %t", rep.Cells, rep.Kinds, rep.Complete)
	}
	for _, f := range rep.Rules {
		if f.State != RuleUsed {
			t.Errorf("rule %s is %s", f.Rule, f.State)
		}
	}
	if text := rep.String(); !strings.Contains(text, fmt.Sprintf("3000 kinds of checkout tried, not all: there are %d", rep.Kinds)) {
		t.Errorf("the report says %s", text)
	}
	// A rule that only an expression holds back stays unproven, whatever was tried.
	text := strings.Replace(manyConfig(60, 200), "when: { method: card, site: [s0],", "when: { method: card, site: [s0], expr: \"amount == 1003\",", 1)
	odd, err := Parse("many.yaml", []byte(text), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if f := verifiedWith(t, odd, 3000).Rules[0]; f.State != RuleUnproven {
		t.Errorf("rule %s is %s", f.Rule, f.State)
	}
}

// TestVerifySharesItsBudget: of every method as many kinds are tried as of any other, on every site and device.
func TestVerifySharesItsBudget(t *testing.T) {
	t.Parallel()
	s := manySnapshot(t, 40, 90)
	v := &verifier{ctx: t.Context(), s: s, gaps: make(map[gapKey]*gapCount), rules: make([]ruleSeen, len(s.routes))}
	v.states = s.timeStates(t.Context(), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC))
	var spaces []*space
	for _, me := range s.methods {
		spaces = append(spaces, v.space(me))
	}
	if v.share(spaces, 3000) || v.rep.Cells != 3000 {
		t.Fatalf("%d cells", v.rep.Cells)
	}
	// What a method is tried with is spread over its sites and amounts: with the numbers of a third of the budget, every
	// site and every amount comes up.
	sp := spaces[0]
	sites, amounts, seen := map[int]bool{}, map[int]bool{}, map[int]bool{}
	lengths := sp.lengths(len(v.states))
	visit(sp.size, 1000, func(number int) {
		if seen[number] {
			t.Fatalf("kind %d came up twice", number)
		}
		seen[number] = true
		amounts[number%lengths[6]] = true
		sites[number/lengths[6]/lengths[5]/lengths[4]%lengths[3]] = true
	})
	if len(sites) != lengths[3] || len(amounts) != lengths[6] {
		t.Errorf("%d of %d sites, %d of %d amounts", len(sites), lengths[3], len(amounts), lengths[6])
	}
}

// TestVerifyIsLinearInMerchants counts, for one checkout of every site, the merchants that are asked whether they fit:
// those of the site, not all.
func TestVerifyIsLinearInMerchants(t *testing.T) {
	t.Parallel()
	for _, n := range []int{50, 500} {
		s := manySnapshot(t, n, 3)
		rep := verifiedWith(t, s, 1_000_000)
		if !rep.Complete {
			t.Fatalf("%d merchants are too many", n)
		}
		if per := rep.Kinds / n; per > 200 {
			t.Errorf("%d kinds for each of %d merchants", per, n)
		}
		for _, p := range s.pgs {
			for site, list := range p.served["general"].listed {
				if len(list) != 1 {
					t.Errorf("%d merchants are asked for site %s", len(list), site)
				}
			}
		}
	}
}

func TestVerifyEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, manySnapshot(t, 100, 100), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
