// Package short is what go test -short leaves out: tests of real databases, browsers and processes, for the inner loop
// of whoever writes code. In CI nothing may be left out.
package short

import (
	"fmt"
	"os"
	"testing"
)

// inCI tells whether the tests are the check: .ci/run sets CI, as most services do.
func inCI() bool { return os.Getenv("CI") != "" }

// Out leaves a test out of -short, or fails it in CI. what is more than Go that the test needs.
func Out(tb testing.TB, what string) {
	tb.Helper()
	if !testing.Short() {
		return
	}
	if inCI() {
		tb.Fatalf("CI runs with -short, which leaves out %s: what was not tested does not work", what)
	}
	tb.Skipf("%s: no part of -short", what)
}

// Main is Out for a package's TestMain, after flag.Parse: where out is true it exits with the code.
func Main(what string) (code int, out bool) {
	if !testing.Short() {
		return 0, false
	}
	if inCI() {
		fmt.Fprintf(os.Stderr, "CI runs with -short, which leaves out %s: what was not tested does not work\n", what)
		return 1, true
	}
	fmt.Fprintf(os.Stderr, "%s: no part of -short\n", what)
	return 0, true
}
