package payment

import (
	"log/slog"
	"regexp"
	"strings"
	"unicode"
)

// LogAttr names the attempt in a log line: attempt_id, order_id, pg and merchant, on the line's own level.
func (a Attempt) LogAttr() slog.Attr {
	return slog.Attr{Value: slog.GroupValue(
		slog.String("attempt_id", string(a.ID)), slog.String("order_id", string(a.OrderID)),
		slog.String("pg", string(a.PG)), slog.String("merchant", string(a.Merchant)),
	)}
}

// LogAttr names the cancel in a log line: cancel_id, attempt_id and order_id, on the line's own level.
func (c Cancel) LogAttr() slog.Attr {
	return slog.Attr{Value: slog.GroupValue(
		slog.String("cancel_id", string(c.ID)), slog.String("attempt_id", string(c.AttemptID)),
		slog.String("order_id", string(c.OrderID)),
	)}
}

// LogAttr names the message in a log line: message_id, which holds the attempt's, order_id and the message's type, on
// the line's own level.
func (m Message) LogAttr() slog.Attr {
	return slog.Attr{Value: slog.GroupValue(
		slog.String("message_id", m.ID), slog.String("order_id", string(m.OrderID)), slog.String("type", m.Type),
	)}
}

// maxPGWords bounds what a log keeps of a PG's words, in bytes.
const maxPGWords = 200

var (
	mailLike   = regexp.MustCompile(`[^\s@<>"]+@[^\s@<>"]+`)
	numberLike = regexp.MustCompile(`\d[\d\s.*-]{4,}\d`)
	namedLike  = regexp.MustCompile(`[\p{Hangul}]{2,4}\s?(님|고객님|씨)`)
)

// PGCode is a PG's own code, also one that a browser brought: short, plain, and without as many digits as a phone or a
// card has. Anything else is not kept.
func PGCode(s string) string {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '_', r == '-', r == '.', r == ':':
		default:
			return notACode
		}
	}
	if len(s) > 40 || digits > 8 {
		return notACode
	}
	return s
}

const notACode = "(not a code)"

// PGWords is what a log may hold of a PG's own text: one short line, without what looks like a mail address, a
// number of a card, account or phone, or a person who is addressed.
func PGWords(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = mailLike.ReplaceAllString(s, "<mail>")
	s = numberLike.ReplaceAllString(s, "<number>")
	s = namedLike.ReplaceAllString(s, "<name>")
	if len(s) > maxPGWords {
		// The cut may have been within a character.
		s = strings.ToValidUTF8(s[:maxPGWords], "")
	}
	return strings.TrimSpace(s)
}
