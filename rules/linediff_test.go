package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLineDiff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		before, after string
		want          []string
	}{
		{"the same", "a b c", "a b c", nil},
		{"one line changed", "a b c", "a x c", []string{"-2: b", "+2: x"}},
		{"one line added", "a c", "a b c", []string{"+2: b"}},
		{"one line removed at the end", "a b c", "a b", []string{"-3: c"}},
		{"two places", "a b c d e", "a x c d y e", []string{"-2: b", "+2: x", "+5: y"}},
		{"everything", "a b", "x y", []string{"-1: a", "-2: b", "+1: x", "+2: y"}},
	}
	for _, tt := range tests {
		got := lineDiff(strings.Fields(tt.before), strings.Fields(tt.after))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	var long, other []string
	for i := range 5000 {
		long, other = append(long, fmt.Sprint("a", i)), append(other, fmt.Sprint("b", i))
	}
	if got := lineDiff(long, other); len(got) != maxDiffLines+1 || got[maxDiffLines] != "and 9800 more lines" {
		t.Errorf("a large difference came to %d lines", len(got))
	}
}

// TestReloadsTellWhatChanged, and never a secret that stands in the file.
func TestReloadsTellWhatChanged(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(text))
	st, err := NewStore(StoreOptions{Path: path, Load: LoadFile})
	if err != nil {
		t.Fatal(err)
	}
	write(strings.Replace(string(text), "max_months: 12", "max_months: 6", 1))
	res := st.Reload("test")
	if len(res.Diff) != 2 || !strings.Contains(res.Diff[0], "max_months: 12") || !strings.Contains(res.Diff[1], "max_months: 6") {
		t.Errorf("the diff is %q", res.Diff)
	}
	write(strings.Replace(string(text), "sandbox-v2-secret", "another-secret-text", 1))
	res = st.Reload("test")
	if !res.Changed || slices.ContainsFunc(res.Diff, func(l string) bool {
		return strings.Contains(l, "sandbox-v2-secret") || strings.Contains(l, "another-secret-text")
	}) {
		t.Errorf("the diff is %q", res.Diff)
	}
	for _, line := range st.Current().lines {
		for _, secret := range []string{"SU5JTElURV9UUklQTEVERVNfS0VZU1RS", "sandbox-imp-secret", "ItEQKi3rY7uvDS8l", "ZGVtby1zaG9w"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q shows a secret", line)
			}
		}
	}
}
