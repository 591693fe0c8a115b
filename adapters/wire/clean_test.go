package wire_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
)

// Whatever is cleaned, control characters and what is no character are gone, and nothing else but space around it.
func TestCleanLeavesWhatCanBeSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,20}`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string {
			return string(b)
		})).Draw(rt, "s")
		var want strings.Builder
		for _, r := range s {
			if !unicode.IsControl(r) && r != utf8.RuneError {
				want.WriteRune(r)
			}
		}
		if got := wire.Clean(s); got != strings.TrimSpace(want.String()) {
			rt.Fatalf("%q is cleaned to %q", s, got)
		}
	})
}
