package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
)

// testSnapshot loads the configuration that a file of expectations carries or names.
func testSnapshot(t *testing.T, path string, tf *rules.TestFile) *rules.Snapshot {
	t.Helper()
	if tf.Config != "" {
		s, err := rules.Parse(path, []byte(tf.Config), sources())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, err := rules.LoadFile(filepath.Join(filepath.Dir(path), tf.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDecisions runs the corpus of expected decisions. To add one, add a line to a file of testdata/decisions.
func TestDecisions(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/decisions/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tf, err := rules.ParseTests(filepath.Base(path), text)
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range rules.RunTests(testSnapshot(t, path, tf), tf) {
			total++
			if len(res.Diffs) > 0 {
				t.Errorf("%s:%d: %s: %s", res.File, res.Line, res.Case, strings.Join(res.Diffs, "; "))
			}
		}
	}
	if total < 150 {
		t.Errorf("the corpus has %d decisions, want at least 150", total)
	}
	t.Logf("%d decisions", total)
}
