package rules

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
	st, err := NewStore(StoreOptions{Path: path, Load: LoadFile})
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
	for _, line := range st.Current().lines {
		for _, secret := range []string{"SU5JTElURV9UUklQTEVERVNfS0VZU1RS", "sandbox-imp-secret", "ItEQKi3rY7uvDS8l", "ZGVtby1zaG9w"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q shows a secret", line)
			}
		}
	}
}

// TestASecretOfSeveralLinesIsHidden, however it is written: what surrounds a change is shown too.
func TestASecretOfSeveralLinesIsHidden(t *testing.T) {
	t.Parallel()
	for name, written := range map[string]string{
		"literal": "|-\n      hidden-one\n\n", "folded": ">-\n      hidden-one\n",
		"continued": "\"hidden-one\\\n      hidden-two\"\n", "escaped": "\"hidden\\x2done\"\n", "plain": "hidden-one\n",
		"continued with less indentation": "\"hidden-one\\\n  hidden-two\"\n", "continued with none": "\"hidden-one\\\n\\\nhidden-\\\"two\"\n",
		"on the next line":              "\n      \"hidden-one\\\n  hidden-two\" # \"\n",
		"with a name, on the next line": "&name\n      \"hidden-one\\\n  hidden-two\"\n",
		"in single quotes":              "'hidden-''one'\n", "with a tag": "!!str \"hidden-\\x2done\\\n  hidden-two\"\n",
		"a literal below its key": "\n      |-\n     hidden-one\n",
	} {
		text := strings.Replace(fmt.Sprintf(tiny, "a"), "[{ id: m, pg: inicis, mid: INIpayTest, sign_key: k }]\n",
			"\n  - id: m\n    pg: inicis\n    sign_key: "+written+"    mid: INIpayTest\n", 1)
		s, err := Parse("config.yaml", []byte(text), Sources{})
		if err != nil {
			t.Fatal(name, err, text)
		}
		if got := strings.Join(s.lines, "\n"); strings.Contains(got, "hidden-") || !strings.Contains(got, "mid: INIpayTest") {
			t.Errorf("%s: shows\n%s", name, got)
		}
	}
}

// TestASecretBehindAnyLineBreakIsHidden, of all that YAML's reader counts.
func TestASecretBehindAnyLineBreakIsHidden(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"} {
		text := "# a comment" + end + strings.Replace(fmt.Sprintf(tiny, "a"), "sign_key: k", "sign_key: hidden-one", 1)
		s, err := Parse("config.yaml", []byte(text), Sources{})
		if err != nil {
			t.Fatalf("%q: %v", end, err)
		}
		if got := strings.Join(s.lines, "\n"); strings.Contains(got, "hidden-") || !strings.Contains(got, "INIpayTest") {
			t.Errorf("%q: shows\n%s", end, got)
		}
	}
}
