//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// TestTheReport forms ratios within a round: round 2 was slow for all, which must not move them.
func TestTheReport(t *testing.T) {
	t.Parallel()
	r := report{options: options{
		rounds: 3, each: 2 * time.Second, rate: 300, approvals: 200, delay: 5 * time.Second, crowd: crowd{2, 5, 1},
	}}
	for round, slow := range []time.Duration{1, 5, 1} {
		for what, p99 := range map[beside]time.Duration{besideNothing: 200, besideApprovals: 210, besideCrowd: 300} {
			r.turns = append(r.turns, turn{round, what, slow * 100 * time.Microsecond, slow * p99 * time.Microsecond})
		}
	}
	text := r.markdown()
	for _, line := range []string{
		"| alone | 100 | 200 | 1.00 | **1.00** |",
		"| beside 200 approvals that take 5s | 100 | 210 | 1.00 | **1.05** |",
		"| in a crowd of 2 slow heads, 5 idle connections and 1 slow uploads | 100 | 300 | 1.00 | **1.50** |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
		}
	}
}

func TestTheFieldsOfAWindow(t *testing.T) {
	t.Parallel()
	got := hidden([]byte(`<form><input type="hidden" name="key" value="a&#43;b"><input name="shown" value="c">` +
		`<input type="hidden" name="empty" value=""></form>`))
	if got.Get("key") != "a+b" || !got.Has("empty") || got.Has("shown") {
		t.Errorf("got %v", got)
	}
}
