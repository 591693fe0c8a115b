package upstream

import (
	"bytes"
	"encoding/binary"
)

// Lines goes over header lines without copying them: for l := NewLines(b); l.Next(); { use l.Name }.
type Lines struct {
	rest []byte
	// Name and Value are those of the line, Raw the whole line with its end.
	Name, Value, Raw []byte
	// Bad tells that Next ended at a line that is none.
	Bad bool
}

// NewLines goes over b, which ends with the line end of its last line, or with the empty line behind that.
func NewLines(b []byte) Lines { return Lines{rest: b} }

// Next goes to the next line. A name is a token directly before its colon; a value holds no control character but the
// tab; no line continues another (RFC 9112 §5).
func (l *Lines) Next() bool {
	end := bytes.IndexByte(l.rest, '\n')
	if end == 1 && l.rest[0] == '\r' || len(l.rest) == 0 {
		l.rest = nil
		return false
	}
	colon := tokenEnd(l.rest)
	named := colon > 0 && colon < end && l.rest[colon] == ':'
	if !named || l.rest[end-1] != '\r' || !clean(l.rest[colon+1:end-1]) {
		l.rest, l.Bad = nil, true
		return false
	}
	l.Raw, l.Name, l.Value = l.rest[:end+1], l.rest[:colon], trim(l.rest[colon+1:end-1])
	l.rest = l.rest[end+1:]
	return true
}

// tokenEnd is where a token that b begins with ends.
func tokenEnd(b []byte) int {
	for i, c := range b {
		if !tokenByte[c] {
			return i
		}
	}
	return len(b)
}

// IsToken tells whether b is a token (RFC 9110 §5.6.2).
func IsToken(b []byte) bool { return len(b) > 0 && tokenEnd(b) == len(b) }

// tokenByte holds the characters of a token (RFC 9110 §5.6.2).
var tokenByte = func() (t [256]bool) { //nolint:gochecknoglobals // a table
	for c := range 256 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		t[c] = letter || c < 128 && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0
	}
	return t
}()

// clean tells whether b has no control character but the tab.
func clean(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		// A byte below 0x20 borrows from its highest bit; one that is 0x7f becomes zero, and borrows too.
		del := w ^ ones*0x7f
		if ((w-ones*0x20)&^w|(del-ones)&^del)&high != 0 && !cleanBytes(b[:8]) {
			return false
		}
		b = b[8:]
	}
	return cleanBytes(b)
}

func cleanBytes(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (b[n-1] == ' ' || b[n-1] == '\t'); n = len(b) {
		b = b[:n-1]
	}
	return b
}

// Is tells whether a name, or another word without case, is the given one, which is in lower case.
func Is(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// HopByHop tells whether a header belongs to one connection (RFC 9110 §7.6.1) or says where a message ends, which is
// for each connection to say.
func HopByHop(name []byte) bool {
	switch len(name) {
	case 2:
		return Is(name, "te")
	case 7:
		return Is(name, "upgrade")
	case 10:
		return Is(name, "connection") || Is(name, "keep-alive")
	case 14:
		return Is(name, "content-length")
	case 16:
		return Is(name, "proxy-connection")
	case 17:
		return Is(name, "transfer-encoding")
	case 18:
		return Is(name, "proxy-authenticate")
	case 19:
		return Is(name, "proxy-authorization")
	}
	return false
}

// maxNamed is how many headers Connection may name.
const maxNamed = 16

// named are the headers that Connection says to be of this connection only.
type named struct {
	names [maxNamed][]byte
	n     int
}

// add reads a value of Connection; false when it names too many.
func (m *named) add(value []byte) bool {
	for len(value) > 0 {
		var word []byte
		word, value, _ = bytes.Cut(value, []byte{','})
		switch word = trim(word); {
		case len(word) == 0, HopByHop(word), Is(word, "close"):
		case m.n == maxNamed:
			return false
		default:
			m.names[m.n] = word
			m.n++
		}
	}
	return true
}

func (m *named) has(name []byte) bool {
	for _, other := range m.names[:m.n] {
		if bytes.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// AppendLines appends those of the lines that are handed on, as they are: not the hop-by-hop ones, not those that
// Connection names, not those that drop tells of. It tells whether all of them could be read.
func AppendLines(dst, lines []byte, drop func(name []byte) bool) ([]byte, bool) {
	var of named
	out, ok := of.appendLines(dst, lines, drop)
	if of.n > 0 && ok {
		// Those that it names may stand before it.
		out, ok = of.appendLines(dst, lines, drop)
	}
	return out, ok
}

// appendLines appends the lines but those that m has, and adds to m what it finds named.
func (m *named) appendLines(dst, lines []byte, drop func(name []byte) bool) ([]byte, bool) {
	l, known := NewLines(lines), m.n
	for l.Next() {
		switch {
		case HopByHop(l.Name):
			if known == 0 && len(l.Name) == 10 && Is(l.Name, "connection") && !m.add(l.Value) {
				return dst, false
			}
		case known > 0 && m.has(l.Name), drop != nil && drop(l.Name):
		default:
			dst = append(dst, l.Raw...)
		}
	}
	return dst, !l.Bad
}
