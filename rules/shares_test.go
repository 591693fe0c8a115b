package rules_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/rules"
)

// TestSharesAreExpected: over many order numbers, always the same, a weighted rule sends about what it says.
func TestSharesAreExpected(t *testing.T) {
	t.Parallel()
	const config = `
order_service: { url: "http://127.0.0.1:9000" }
sandbox: { enabled: Y }
pgs: { a: { driver: inicis }, b: { driver: inicis }, c: { driver: inicis } }
merchants:
  - { id: "1", pg: a, mid: INIpayTest, sign_key: k, hash_key: k }
  - { id: "2", pg: b, mid: INIpayTest, sign_key: k, hash_key: k }
payment_methods:
  - { code: card, max: 9000, links: { a: Y, b: Y } }
  - { code: mileage, kind: secondary }
routing:
  - { name: all, choose: { weighted: { a: 70, b: 30 } } }
`
	s, err := rules.Parse("c.yaml", []byte(config), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ checkout, expect, want string }{
		{"card: 1000", "share: { a: 70±3, b: 30±3 }", ""},
		{"card: 1000", "share: { a: 70 +- 3% }", ""},
		{"card: 1000", "share: { c: 0±0, denied: 0±0 }", ""},
		{"card: 1000", "share: { a: 80±5 }", "share of a is 69.9"},
		{"card: 1000", "share: { a: 60±5, b: 40±5 }", "share of a is 69.9|share of b is "},
		{"card: 9001", "share: { denied: 100±0 }", ""},
		{"card: 9001", "share: { a: 70±3 }", "share of a is 0.0, want 70±3"},
		{"mileage: 10", "share: { internal: 100 }", ""},
		{"card: 1000", "share: { a: 70±3 }, rule: some", `rule is "all", want "some"`},
	}
	for _, tt := range tests {
		t.Run(tt.checkout+" "+tt.expect, func(t *testing.T) {
			t.Parallel()
			text := fmt.Sprintf("at: 2026-12-10\ncases:\n  - { name: x, checkout: { payments: { %s } }, expect: { %s } }\n", tt.checkout, tt.expect)
			tf, err := rules.ParseTests("t.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			first := strings.Join(rules.RunTests(s, tf)[0].Diffs, "|")
			if again := strings.Join(rules.RunTests(s, tf)[0].Diffs, "|"); again != first {
				t.Errorf("once %s, once %s", first, again)
			}
			if tt.want == "" && first != "" {
				t.Errorf("got %s", first)
			}
			for part := range strings.SplitSeq(tt.want, "|") {
				if !strings.Contains(first, part) {
					t.Errorf("got %q, want %q", first, part)
				}
			}
		})
	}
	for _, bad := range []string{"a: seventy", "a: 120±5", "a: 70±-5", "a: [1]", "a: NaN", "a: 70±5±5"} {
		_, err := rules.ParseTests("t.yaml", []byte("cases:\n  - { name: x, checkout: { payments: { card: 1 } }, expect: { share: { "+bad+" } } }\n"))
		if err == nil || !strings.Contains(err.Error(), "t.yaml:2:") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestMovingTrafficFailsOneExpectation: whoever moves cards by weights changes the one shipped line that states where
// they go, and no other.
func TestMovingTrafficFailsOneExpectation(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	expectations, err := os.ReadFile("../rules_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tf, err := rules.ParseTests("rules_test.yaml", expectations)
	if err != nil {
		t.Fatal(err)
	}
	for _, weights := range []string{"inicis: 90, portone: 10", "inicis: 50, portone: 50", "inicis: 1, portone: 99", "inicis: 34, portone: 33, portone1: 33"} {
		s, err := rules.Parse("config.yaml", moveCards(t, config, weights), rules.Sources{})
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, r := range rules.RunTests(s, tf) {
			if len(r.Diffs) > 0 {
				failed = append(failed, r.Case)
			}
		}
		if diff := cmp.Diff([]string{"all cards go to Inicis first"}, failed); diff != "" {
			t.Errorf("weights %s (-want +failed)\n%s", weights, diff)
		}
	}
}

// moveCards has the last routing rule of a file, which takes what no other one does, choose by weights.
func moveCards(t *testing.T, config []byte, weights string) []byte {
	t.Helper()
	var file, weighted yaml.Node
	if err := errors.Join(yaml.Unmarshal(config, &file), yaml.Unmarshal([]byte("weighted: { "+weights+" }"), &weighted)); err != nil {
		t.Fatal(err)
	}
	rules := under(t, file.Content[0], "routing").Content
	*under(t, rules[len(rules)-1], "choose") = *weighted.Content[0]
	moved, err := yaml.Marshal(&file)
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

// under is the value of a key of a mapping.
func under(t *testing.T, mapping *yaml.Node, key string) *yaml.Node {
	t.Helper()
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	t.Fatalf("the file has no %s", key)
	return nil
}
