package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestLineDiff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		before, after string
		want          []string
	}{
		{"the same", "a b c", "a b c", nil},
		{"one line changed", "a b c", "a x c", []string{"@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"}},
		{"one line added", "a c", "a b c", []string{"@@ -1,2 +1,3 @@", " a", "+b", " c"}},
		{"one line removed at the end", "a b c", "a b", []string{"@@ -1,3 +1,2 @@", " a", " b", "-c"}},
		{"two places", "a b c d e", "a x c d y e", []string{"@@ -1,5 +1,6 @@", " a", "-b", "+x", " c", " d", "+y", " e"}},
		{"everything", "a b", "x y", []string{"@@ -1,2 +1,2 @@", "-a", "-b", "+x", "+y"}},
		{"far apart", "a b c d e f g h i", "x b c d e f g h y", []string{
			"@@ -1,4 +1,4 @@", "-a", "+x", " b", " c", " d", "@@ -6,4 +6,4 @@", " f", " g", " h", "-i", "+y",
		}},
	}
	for _, tt := range tests {
		if tt.want != nil {
			tt.want = append([]string{"--- before", "+++ after"}, tt.want...)
		}
		got := lineDiff(strings.Fields(tt.before), strings.Fields(tt.after))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	var long, other []string
	for i := range 5000 {
		long, other = append(long, fmt.Sprint("a", i)), append(other, fmt.Sprint("b", i))
	}
	if got := lineDiff(long, other); len(got) != maxDiffLines+1 || got[maxDiffLines] != "and 9803 more lines" {
		t.Errorf("a large difference came to %d lines", len(got))
	}
}

// TestReloadsTellWhatChanged, and never a secret that stands in the file.
func TestReloadsTellWhatChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(fixture.Text())
	st, err := New(Options{Path: path, Load: loader(t).LoadFile})
	if err != nil {
		t.Fatal(err)
	}
	write(fixture.Text(func(c *fixture.Config) { c.Installments.MaxMonths = 6 }))
	res := st.Reload("test")
	changed := slices.DeleteFunc(slices.Clone(res.Diff), func(l string) bool { return l[0] == ' ' })
	if len(changed) != 5 || !strings.HasPrefix(changed[2], "@@ ") || changed[3][0] != '-' || !strings.Contains(changed[3], "max_months: 12") ||
		changed[4][0] != '+' || !strings.Contains(changed[4], "max_months: 6") {
		t.Errorf("the diff is %q", res.Diff)
	}
	write(fixture.Text(func(c *fixture.Config) { c.PGs["portone"].APISecret = "another-secret-text" }))
	res = st.Reload("test")
	if !res.Changed || slices.ContainsFunc(res.Diff, func(l string) bool {
		return strings.Contains(l, "sandbox-v2-secret") || strings.Contains(l, "another-secret-text")
	}) {
		t.Errorf("the diff is %q", res.Diff)
	}
	for _, line := range st.Current().Lines() {
		for _, secret := range []string{"SU5JTElURV9UUklQTEVERVNfS0VZU1RS", "sandbox-imp-secret", "ItEQKi3rY7uvDS8l", "ZGVtby1zaG9w"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q shows a secret", line)
			}
		}
	}
}
