package rules

import (
	"fmt"
	"testing"
)

// Files that were written for an older version are read as they were meant.
func TestFormerNamesAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       UnmatchedRefund,
		"limits: { late_money: park }\n":         UnmatchedPark,
		"limits: { unmatched_payments: park }\n": UnmatchedPark,
	} {
		s, err := Parse("config.yaml", []byte(fmt.Sprintf(tiny, "a")+text), Sources{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Limits().UnmatchedPayments; got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
