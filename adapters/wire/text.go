package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean drops control characters and bytes that are not UTF-8, and the space around the rest.
func Clean(s string) string {
	if clean(s) {
		return strings.TrimSpace(s)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// clean tells whether s has nothing to be cleaned of, as nearly all that buyers and shops write.
func clean(s string) bool {
	const unknown = string(utf8.RuneError)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= ' ' && c <= '~':
		case c < 0x80:
			return false
		case c == 0xc2 && i+1 < len(s) && s[i+1] < 0xa0: // U+0080 to U+009F are controls
			return false
		case c == unknown[0] && strings.HasPrefix(s[i:], unknown):
			return false
		}
	}
	return utf8.ValidString(s)
}

// CutBytes cuts s to at most n bytes, between characters.
func CutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// OrderName is Inicis' rule for the name of what is bought, which PortOne follows: over 40 bytes, at most 37
// bytes are kept, cut between characters, and three dots are added.
func OrderName(s string) string {
	s = Clean(s)
	if len(s) <= 40 {
		return s
	}
	return CutBytes(s, 37) + "..."
}

// Email returns an address as it is, or nothing when it cannot be sent so: cut at limit bytes, or cleaned of what must
// not be in it, it would be somebody else's.
func Email(s string, limit int) string {
	s = strings.TrimSpace(s)
	if len(s) > limit || s != Clean(s) || strings.ContainsFunc(s, unicode.IsSpace) {
		return ""
	}
	return s
}

// MaxEmail is the longest address there is, in bytes (RFC 5321).
const MaxEmail = 254

// Phone keeps the digits and hyphens of a phone number.
func Phone(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// JSON writes v compactly, with no HTML escapes and no final newline: the bytes that are sent are the bytes
// that are hashed.
func JSON(v any) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encoding the request: %w", err)
	}
	return strings.TrimSuffix(buf.String(), "\n"), nil
}
