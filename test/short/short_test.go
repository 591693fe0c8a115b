package short_test

import (
	"flag"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/short"
)

// fake is a test of which is kept how it ended.
type fake struct {
	testing.TB
	ended string
}

func (f *fake) Helper()               {}
func (f *fake) Fatalf(string, ...any) { f.ended = "failed" }
func (f *fake) Skipf(string, ...any) {
	if f.ended == "" {
		f.ended = "left out"
	}
}

// TestNothingIsLeftOutInCI: a test that skips itself there would pass for one that ran.
func TestNothingIsLeftOutInCI(t *testing.T) {
	was := flag.Lookup("test.short").Value.String()
	defer func() { _ = flag.Set("test.short", was) }()
	for _, tt := range []struct {
		short, ci, ended string
		code             int
		out              bool
	}{
		{"false", "", "", 0, false},
		{"false", "true", "", 0, false},
		{"true", "", "left out", 0, true},
		{"true", "true", "failed", 1, true},
	} {
		t.Setenv("CI", tt.ci)
		if err := flag.Set("test.short", tt.short); err != nil {
			t.Fatal(err)
		}
		f := &fake{TB: t}
		short.Out(f, "a browser")
		code, out := short.Main("a browser")
		if f.ended != tt.ended || code != tt.code || out != tt.out {
			t.Errorf("-short %s, CI %q: %q, %d, %t", tt.short, tt.ci, f.ended, code, out)
		}
	}
}
