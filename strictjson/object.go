package strictjson

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object in the making, as encoding/json would write a struct: for what is written too often to be
// looked through by reflection. Names are written as they are, so they must be plain; members come in the order of
// the calls, each of which returns the object with its member in it.
type Object []byte

// NewObject begins an object behind dst.
func NewObject(dst []byte) Object { return append(dst, '{') }

// End ends the object, and returns dst with it.
func (o Object) End() []byte { return append(o, '}') }

// Name writes the name of a member whose value the caller appends.
func (o Object) Name(name string) Object {
	if o[len(o)-1] != '{' {
		o = append(o, ',')
	}
	return append(append(append(o, '"'), name...), `":`...)
}

// Text adds a string.
func (o Object) Text(name, value string) Object { return AppendString(o.Name(name), value) }

// Filled is Text for a string that is left out when it is empty.
func (o Object) Filled(name, value string) Object {
	if value == "" {
		return o
	}
	return o.Text(name, value)
}

// Int adds a number.
func (o Object) Int(name string, n int64) Object { return strconv.AppendInt(o.Name(name), n, 10) }

// Counted is Int for a number that is left out when it is 0.
func (o Object) Counted(name string, n int64) Object {
	if n == 0 {
		return o
	}
	return o.Int(name, n)
}

// AppendString appends s as a JSON string, as encoding/json writes it: safe in HTML too.
func AppendString(dst []byte, s string) []byte {
	// Most of what is written is plain, and long: tokens, hashes, addresses.
	from := plainRun(s)
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0x7f:
			return appendOdd(dst, s)
		case c == 0xe2: // U+2028 and U+2029 begin with it
			return appendOdd(dst, s)
		}
	}
	if !utf8.ValidString(s[from:]) {
		return appendOdd(dst, s)
	}
	return append(append(append(dst, '"'), s...), '"')
}

// plainRun is how many bytes s begins with, in eights, that are ASCII and stand for themselves in JSON and in HTML.
func plainRun(s string) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(s); n += 8 {
		b := s[n : n+8]
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// A byte that is the one looked for becomes zero, and borrows from its highest bit; so does one below a blank.
		odd := w | (w-ones*' ')&^w
		for _, c := range [...]uint64{ones * '"', ones * '\\', ones * '<', ones * '>', ones * '&', ones * 0x7f} {
			x := w ^ c
			odd |= (x - ones) &^ x
		}
		if odd&high != 0 {
			break
		}
	}
	return n
}

func appendOdd(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		// encoding/json knows no string that it cannot write.
		return append(dst, `""`...)
	}
	return append(dst, text...)
}
