package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/payment"
)

// word is a name written in the file, with its place for complaints about it.
type word struct {
	text string
	at   value
}

// scalar returns the raw text of a plain value, resolving a reference, or complains.
func (v value) scalar(want string) (string, bool) {
	if v.n.Kind != yaml.ScalarNode || v.n.ShortTag() == "!!null" {
		v.is(0, want)
		return "", false
	}
	return v.n.Value, true
}

// str returns v's text; numbers and truth values are refused because YAML may read them in other ways.
func (v value) str() (string, bool) {
	s, ok := v.scalar("text")
	if !ok {
		return "", false
	}
	// YAML takes 2026-01-01 for a time; here it is text that is read later.
	if tag := v.n.ShortTag(); tag != "!!str" && tag != "!!timestamp" {
		v.fail(fmt.Sprintf("write it in quotes: %q", clip(s)), "must be text, not %s", kindName(v.n))
		return "", false
	}
	if v.d.data {
		return s, true
	}
	s, _, ok = v.resolve(s)
	return s, ok && v.visible(s)
}

func text(dst *string) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type = "string"
			return
		}
		if s, ok := v.str(); ok {
			*dst = s
		}
	}
}

// filled is text that may not be empty.
func filled(dst *string) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.MinLength = "string", 1
			return
		}
		s, ok := v.str()
		if ok && strings.TrimSpace(s) == "" {
			v.fail("", "must not be empty")
			return
		}
		*dst = s
	}
}

// name reads text into a word, for references that are checked later.
func name(dst *word) reader {
	return func(v value) {
		var s string
		filled(&s)(v)
		*dst = word{text: s, at: v}
	}
}

// names reads one name or a list of names.
func names(dst *[]word) reader {
	one := func(v value) {
		var w word
		if name(&w)(v); w.text != "" {
			*dst = []word{w}
		}
	}
	many := list(dst, func(w *word, _ value) reader { return name(w) })
	return either(one, many)
}

// choice reads one of a closed set of words.
func choice[T ~string](dst *T, options ...T) reader {
	known := func() []string {
		words := make([]string, len(options))
		for i, o := range options {
			words[i] = string(o)
		}
		return words
	}
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Enum = "string", known()
			return
		}
		s, ok := v.str()
		if !ok {
			return
		}
		if !slices.Contains(options, T(s)) {
			v.fail(hintOf(s, known()), "unknown value %q", clip(s))
			return
		}
		*dst = T(s)
	}
}

// flag reads Y or N, as payments people write it, or true or false.
func flag(dst *bool) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Enum = []string{"Y", "N"}
			v.schema.AnyOf = []*Schema{{Enum: []string{"Y", "N"}}, {Type: "boolean"}}
			v.schema.Enum = nil
			return
		}
		// As it is written: whether Y is a truth value depends on YAML's version.
		s, ok := v.scalar("Y or N")
		if !ok {
			return
		}
		switch s {
		case "Y", "true":
			*dst = true
		case "N", "false":
			*dst = false
		default:
			v.fail("write Y or N", "must be Y or N, not %q", clip(s))
		}
	}
}

// won reads an amount: a plain whole number, never quoted, never with a leading zero or a decimal point.
func won(dst *payment.Won) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.integer(0, int64(payment.MaxWon))
			return
		}
		s, ok := v.digits("an amount of won")
		if !ok {
			return
		}
		n, err := payment.ParseWon(s)
		if err != nil {
			v.fail("whole won, digits only", "%s is not an amount of won", clip(s))
			return
		}
		*dst = n
	}
}

// digits returns the text of an unquoted whole number without a leading zero.
func (v value) digits(want string) (string, bool) {
	s, ok := v.scalar(want)
	if !ok {
		return "", false
	}
	if v.n.ShortTag() != "!!int" {
		v.fail("whole number, no quotes", "must be %s, not %s", want, kindName(v.n))
		return "", false
	}
	if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		v.fail("write it without the leading zero; YAML reads 010 as 8", "%s has a leading zero", clip(s))
		return "", false
	}
	return s, true
}

// whole reads a whole number between low and high.
func whole(dst *int, low, high int) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.integer(int64(low), int64(high))
			return
		}
		s, ok := v.digits("a whole number")
		if !ok {
			return
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			v.fail(fmt.Sprintf("between %d and %d", low, high), "%s is out of range", clip(s))
			return
		}
		*dst = n
	}
}

// duration reads 15s, 500ms, 30m.
func duration(dst *time.Duration, low, high time.Duration) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^([0-9]+(ms|s|m|h))+$`
			return
		}
		s, ok := v.scalar("a duration")
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		if err != nil {
			v.fail("as in 15s, 500ms, 30m", "%q is not a duration", clip(s))
			return
		}
		if d < low || d > high {
			v.fail(fmt.Sprintf("between %v and %v", low, high), "%v is out of range", d)
			return
		}
		*dst = d
	}
}

// size reads a number of bytes: plain bytes, or a whole number with KiB or MiB.
func size(dst *int, low, high int) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.AnyOf = []*Schema{{Type: "integer"}, {Type: "string", Pattern: `^[1-9][0-9]*(KiB|MiB)$`}}
			return
		}
		s, ok := v.scalar("a size")
		if !ok {
			return
		}
		unit := 1
		if digits, found := strings.CutSuffix(s, "KiB"); found {
			s, unit = digits, 1<<10
		} else if digits, found := strings.CutSuffix(s, "MiB"); found {
			s, unit = digits, 1<<20
		}
		n, err := payment.ParseWon(s)
		if err != nil {
			v.fail("as in 65536, 64KiB, 1MiB", "%q is not a size", clip(v.n.Value))
			return
		}
		if int(n)*unit < low || int(n)*unit > high {
			v.fail(fmt.Sprintf("between %d and %d bytes", low, high), "%s is out of range", clip(v.n.Value))
			return
		}
		*dst = int(n) * unit
	}
}

// Fee is what a PG keeps of a payment: a share in basis points, a fixed part, or both.
type Fee struct {
	BasisPoints int
	Fixed       payment.Won
}

// Of is the fee for an amount, rounded up to the won.
func (f Fee) Of(amount payment.Won) payment.Won {
	return (amount*payment.Won(f.BasisPoints)+9999)/10000 + f.Fixed
}

// fee reads 2.2%, 300won or 1.5%+100won.
func fee(dst *Fee) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^([0-9]+([.][0-9]{1,2})?%)?([+]?[0-9]+won)?$`
			return
		}
		s, ok := v.scalar("a fee")
		if !ok {
			return
		}
		f, ok := parseFee(strings.ReplaceAll(s, " ", ""))
		if !ok {
			v.fail("as in 2.2%, 300won, 1.5%+100won", "%q is not a fee", clip(s))
			return
		}
		*dst = f
	}
}

func parseFee(s string) (Fee, bool) {
	var f Fee
	share, fixed, both := strings.Cut(s, "+")
	if !both && strings.HasSuffix(s, "won") {
		share, fixed = "", s
	}
	if share != "" {
		points, ok := parsePercent(share)
		if !ok {
			return Fee{}, false
		}
		f.BasisPoints = points
	}
	if fixed != "" {
		n, err := payment.ParseWon(strings.TrimSuffix(fixed, "won"))
		if err != nil || !strings.HasSuffix(fixed, "won") || n > 1_000_000 {
			return Fee{}, false
		}
		f.Fixed = n
	}
	return f, (share != "") == (both || fixed == "") && (fixed != "" || !both) && (share != "" || fixed != "")
}

// parsePercent reads 2.2% into basis points: 220. At most two decimals, at most 100%.
func parsePercent(s string) (int, bool) {
	s, ok := strings.CutSuffix(s, "%")
	units, cents, dot := strings.Cut(s, ".")
	n, err := payment.ParseWon(units)
	if !ok || err != nil || n > 100 || (dot && (cents == "" || len(cents) > 2)) {
		return 0, false
	}
	points := int(n) * 100
	for i, c := range []byte(cents) {
		if c < '0' || c > '9' {
			return 0, false
		}
		points += int(c-'0') * []int{10, 1}[i]
	}
	return points, points <= 10000
}

// instant reads a moment: RFC 3339, or a date, which in KST is its first moment, and for an end its last.
func instant(dst *time.Time, end bool) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type = "string"
			v.schema.Pattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$`
			return
		}
		s, ok := v.scalar("a date or a time")
		if !ok {
			return
		}
		if t, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "T", 1)); err == nil {
			*dst = t
			return
		}
		t, err := time.ParseInLocation(time.DateOnly, s, payment.KST())
		if err != nil {
			v.fail("as in 2026-12-01 or 2026-12-01T00:00:00+09:00", "%q is not a date or a time", clip(s))
			return
		}
		if end {
			t = t.AddDate(0, 0, 1)
		}
		*dst = t
	}
}
