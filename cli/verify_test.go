package cli

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
)

// TestVerifyJudgesWhatItFound: a gap and an incomplete run fail in any case, idle rules only when strict.
func TestVerifyJudgesWhatItFound(t *testing.T) {
	t.Parallel()
	gaps, dead := []rules.Gap{{Method: "card"}}, []rules.RuleFinding{{Rule: "r", State: rules.RuleDead}}
	tests := []struct {
		name   string
		rep    rules.VerifyReport
		strict bool
		want   string
	}{
		{"all is well", rules.VerifyReport{Complete: true, Rules: []rules.RuleFinding{{State: rules.RuleUsed}, {State: rules.RuleOff}}}, true, ""},
		{"a gap", rules.VerifyReport{Complete: true, Gaps: gaps}, false, "1 kinds of refusal that no control explains"},
		{"not all was tried", rules.VerifyReport{Cells: 3, Kinds: 9}, false, "only 3 of 9 kinds of checkout were tried"},
		{"a gap, and not all was tried", rules.VerifyReport{Cells: 3, Kinds: 9, Gaps: gaps}, false, "explains\nonly 3 of 9"},
		{"a dead rule", rules.VerifyReport{Complete: true, Rules: dead}, false, ""},
		{"a dead rule when strict", rules.VerifyReport{Complete: true, Rules: dead}, true, "1 rules never act"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := judgeRules(tt.rep, tt.strict)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
