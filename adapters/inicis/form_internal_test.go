package inicis

import (
	"strings"
	"testing"
)

// TestTheBytesOfAToken: every byte but the few that a window leaves alone is refused, wherever it stands.
func TestTheBytesOfAToken(t *testing.T) {
	t.Parallel()
	const fine = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:="
	for c := range 256 {
		b := string([]byte{byte(c)})
		want := strings.Contains(fine, b)
		if tokenOK(b) != want || tokenOK("x"+b+"y") != want {
			t.Errorf("%q: %t, want %t", b, tokenOK(b), want)
		}
	}
	if !tokenOK("") {
		t.Error("no token is a token")
	}
}
