package rules

import (
	"fmt"
	"strings"
	"testing"
)

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
		text := strings.Replace(fmt.Sprintf(tiny, "a"), "[{ id: m, pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k }]\n",
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
