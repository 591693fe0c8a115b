package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text that people paste brings along what no editor shows: a byte order mark, a zero-width space, a filler. A key with
// one is another key, and every signature made with it is wrong; a name with one matches nothing.

// visible complains about the first character in s that nobody sees, and tells whether there was none. A line break
// and a tab are fine in what people read.
func (v value) visible(s string) bool {
	return v.seen(s, func(r rune) bool { return r == '\n' || r == '\t' || r == ' ' })
}

// plainKey is visible for what goes to a PG or into a header as it is: also no space of any kind, and ASCII only.
func (v value) plainKey(s string) bool {
	if !v.seen(s, func(rune) bool { return false }) {
		return false
	}
	for i, r := range s {
		if r > unicode.MaxASCII {
			v.fail("paste it again; keys are letters, digits and signs",
				"has %s at character %d, which no key has", runeName(r), utf8.RuneCountInString(s[:i])+1)
			return false
		}
	}
	return true
}

// unpadded complains about spaces around a value that is compared or signed with.
func (v value) unpadded(s string) bool {
	if strings.TrimSpace(s) == s {
		return true
	}
	v.fail("take the spaces away", "starts or ends with a space")
	return false
}

func (v value) seen(s string, allowed func(rune) bool) bool {
	if v.d.data {
		return true
	}
	for i, r := range s {
		if !allowed(r) && invisible(r) {
			v.fail("paste it again without it",
				"has %s at character %d, which nobody sees", runeName(r), utf8.RuneCountInString(s[:i])+1)
			return false
		}
	}
	return true
}

// invisible tells whether a character shows nothing: controls, format characters, spaces of all kinds, Hangul fillers.
func invisible(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u2800', '\u034F', utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Co)
}

// runeName names a character by its code point, and in words where people know one.
func runeName(r rune) string {
	known := map[rune]string{
		' ': "a space", '\n': "a line break", '\t': "a tab", '\uFEFF': "a byte order mark", '\u200B': "a zero-width space",
		'\u200C': "a zero-width non-joiner", '\u200D': "a zero-width joiner", '\u2060': "a word joiner",
		'\u00A0': "a no-break space", '\u00AD': "a soft hyphen", '\u3164': "a Hangul filler",
	}
	if name := known[r]; name != "" {
		return fmt.Sprintf("%s (U+%04X)", name, r)
	}
	return fmt.Sprintf("U+%04X", r)
}
