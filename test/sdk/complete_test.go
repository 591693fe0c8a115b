package sdk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leftOut are calls that no test here makes, by how their names begin, and why.
func leftOut() map[string]string {
	return map[string]string{
		"b2b.":            "tax invoices between companies: no payments, and the gateway refuses their writes",
		"platform.":       "settling with sellers on a platform: no payments of a shop's, and the gateway refuses their writes",
		"reconciliation.": "reports of VAT by the day, which are read after the fact",
	}
}

// TestEveryCallIsMade holds the tests to the SDKs: a new version's new call is tested here, or left out for a reason.
func TestEveryCallIsMade(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	for _, script := range []string{"v1.cjs", "v2.cjs"} {
		names, _ := shop(t, script, "http://127.0.0.1:1").must(t, "").any.([]any)
		if len(names) < 50 {
			t.Errorf("%s knows %d calls", script, len(names))
		}
	each:
		for _, name := range names {
			for beginning := range leftOut() {
				if strings.HasPrefix(name.(string), beginning) {
					continue each
				}
			}
			if !strings.Contains(tests.String(), `"`+name.(string)+`"`) {
				t.Errorf("%s: no test calls %s", script, name)
			}
		}
	}
}
