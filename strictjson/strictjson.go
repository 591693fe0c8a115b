// Package strictjson reads JSON that strangers send, where two readers must not be able to see two different
// things in it.
//
// It refuses what encoding/json lets pass: a key that appears twice (also when only the case differs, or when
// one is written with escapes), text that is not UTF-8, lone surrogates, data behind the value, and nesting
// deeper than MaxDepth. It knows nothing of payments or HTTP.
package strictjson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 32

// The kinds of fault. An *Error matches one of them with errors.Is.
var (
	ErrSyntax    = errors.New("not valid JSON")
	ErrDuplicate = errors.New("a key appears twice")
	ErrUTF8      = errors.New("not valid UTF-8")
	ErrType      = errors.New("a value has the wrong type")
)

// Error is a fault at a place in the text.
type Error struct {
	Kind error
	// Path is the dotted path of the value, as in payments.0.method; empty at the top.
	Path string
	// Offset is in bytes from the start.
	Offset int
	// Msg and MsgKo say what is wrong, in English and in Korean.
	Msg   string
	MsgKo string
}

// Error implements error.
func (e *Error) Error() string {
	at := "byte " + strconv.Itoa(e.Offset)
	if e.Path != "" {
		at = e.Path + " (" + at + ")"
	}
	return fmt.Sprintf("%s: %s", at, e.Msg)
}

// Korean is what Error says, in Korean.
func (e *Error) Korean() string {
	at := strconv.Itoa(e.Offset) + "바이트"
	if e.Path != "" {
		at = e.Path + " (" + at + ")"
	}
	return at + ": " + e.MsgKo
}

// Unwrap returns the kind of fault.
func (e *Error) Unwrap() error { return e.Kind }

// Reader reads one JSON value from a text, in a single pass. Its methods consume the next value; after the
// first error the reader is spent. It is not safe for concurrent use.
type Reader struct {
	b     string
	i     int
	depth int
	exact bool // names that differ in case are two, and half a surrogate pair is U+FFFD
	path  []string
	room  [8]string // where path begins, so that usual texts need no other
}

// NewReader returns a reader of b.
func NewReader(b []byte) (*Reader, error) { return NewStringReader(string(b)) }

// NewStringReader returns a reader of s. Texts that it reads are parts of s, which they keep in memory.
func NewStringReader(s string) (*Reader, error) {
	r := &Reader{}
	if err := r.Begin(s); err != nil {
		return nil, err
	}
	return r, nil
}

// Begin makes a reader of s of r, as NewStringReader does, for who has a place for one.
func (r *Reader) Begin(s string) error {
	*r = Reader{b: s}
	r.path = r.room[:0]
	if strings.HasPrefix(s, "\ufeff") {
		return r.fail(ErrSyntax, text{
			"the text begins with a byte order mark (BOM); send UTF-8 without one",
			"BOM(byte order mark)으로 시작합니다. BOM 없는 UTF-8로 보내세요",
		})
	}
	if !utf8.ValidString(s) {
		return r.fail(ErrUTF8, text{"the text is not UTF-8", "UTF-8이 아닙니다"})
	}
	return nil
}

// Check reads b as one whole JSON value and returns the first fault.
func Check(b []byte) error { return check(b, false) }

// CheckExact is Check for a text that is then read by names in exact case: names that differ in case are two, and
// half a surrogate pair, as where a server cut a text, is let pass.
func CheckExact(b []byte) error { return check(b, true) }

func check(b []byte, exact bool) error {
	r, err := NewReader(b)
	if err != nil {
		return err
	}
	r.exact = exact
	if err := r.Skip(); err != nil {
		return err
	}
	return r.End()
}

// End returns an error unless only white space is left.
func (r *Reader) End() error {
	r.space()
	if r.i < len(r.b) {
		return r.fail(ErrSyntax, text{"there is more text behind the value", "값 뒤에 다른 내용이 더 있습니다"})
	}
	return nil
}

// Mark skips white space and returns the offset of the next value, in bytes from the start.
func (r *Reader) Mark() int {
	r.space()
	return r.i
}

// Offset is how far was read, in bytes from the start: behind the value that was read last.
func (r *Reader) Offset() int { return r.i }

// Next is the first byte of the next value, which tells what it is; 0 at the end of the text.
func (r *Reader) Next() byte { return r.peek() }

// Path returns the dotted path of the value being read.
func (r *Reader) Path() string { return strings.Join(r.path, ".") }

// Object reads an object and calls f with each key; f must consume the value.
func (r *Reader) Object(f func(key string) error) error {
	if r.peek() != '{' {
		return r.wrongType(text{"must be an object", "객체여야 합니다"})
	}
	if err := r.enter(); err != nil {
		return err
	}
	seen := names{exact: r.exact}
	first := true
	for {
		r.space()
		if r.next('}') {
			r.depth--
			return nil
		}
		if !first {
			if !r.next(',') {
				return r.fail(ErrSyntax, text{"expected , or } in an object", "객체 안에는 , 또는 }가 와야 합니다"})
			}
			r.space()
		}
		first = false
		key, err := r.key()
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return r.at(key, ErrDuplicate, text{"the key appears twice", "같은 키가 두 번 나옵니다"}) //guard:key-twice-is-refused
		}
		r.path = append(r.path, key)
		if err := f(key); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// Array reads an array and calls f for each element; f must consume it.
func (r *Reader) Array(f func(i int) error) error {
	if r.peek() != '[' {
		return r.wrongType(text{"must be an array", "배열이어야 합니다"})
	}
	if err := r.enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		r.space()
		if r.next(']') {
			r.depth--
			return nil
		}
		if i > 0 && !r.next(',') {
			return r.fail(ErrSyntax, text{"expected , or ] in an array", "배열 안에는 , 또는 ]가 와야 합니다"})
		}
		r.path = append(r.path, strconv.Itoa(i))
		if err := f(i); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// String reads a string.
func (r *Reader) String() (string, error) {
	if r.peek() != '"' {
		return "", r.wrongType(text{"must be a string", "문자열이어야 합니다"})
	}
	return r.str()
}

// Int reads a number that is a plain non-negative integer of at most 15 digits: no sign, fraction or exponent.
func (r *Reader) Int() (int64, error) {
	r.peek()
	start := r.i
	raw, err := r.number()
	if err != nil {
		r.i = start
		return 0, r.wrongType(text{"must be an integer", "따옴표 없는 정수여야 합니다"})
	}
	var n int64
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, r.fail(ErrType, text{"must be an integer without sign, fraction or exponent", "부호, 소수점, 지수가 없는 정수여야 합니다"})
		}
		// Fifteen digits are exact in every reader's numbers, a float's too.
		if n = n*10 + int64(c-'0'); n >= 1e15 {
			return 0, r.fail(ErrType, text{"is too large", "너무 큰 수입니다"})
		}
	}
	return n, nil
}

// Flag reads true or false, also as text, as some SDKs write it.
func (r *Reader) Flag() (bool, error) {
	quoted := r.peek() == '"'
	for _, word := range []string{"true", "false"} {
		written := word
		if quoted {
			written = `"` + word + `"`
		}
		if strings.HasPrefix(r.b[r.i:], written) {
			r.i += len(written)
			return word == "true", nil
		}
	}
	return false, r.wrongType(text{"must be true or false", "true 또는 false여야 합니다"})
}

// Null consumes a null and tells whether there was one.
func (r *Reader) Null() bool {
	if r.peek() == 'n' && strings.HasPrefix(r.b[r.i:], "null") {
		r.i += 4
		return true
	}
	return false
}

// Skip reads any value and drops it, checking it all the same.
func (r *Reader) Skip() error {
	switch c := r.peek(); {
	case c == '{':
		return r.Object(func(string) error { return r.Skip() })
	case c == '[':
		return r.Array(func(int) error { return r.Skip() })
	case c == '"':
		return r.skipText()
	case c == '-' || (c >= '0' && c <= '9'):
		_, err := r.number()
		return err
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(r.b[r.i:], word) {
			r.i += len(word)
			return nil
		}
	}
	return r.fail(ErrSyntax, text{"expected a value", "값이 있어야 합니다"})
}

func (r *Reader) enter() error {
	r.i++
	if r.depth++; r.depth > MaxDepth {
		return r.fail(ErrSyntax, text{"nested too deep", "너무 깊이 겹쳐 있습니다"})
	}
	return nil
}

func (r *Reader) key() (string, error) {
	if r.peek() != '"' {
		return "", r.fail(ErrSyntax, text{"expected a key", "키가 있어야 합니다"})
	}
	key, err := r.str()
	if err != nil {
		return "", err
	}
	r.space()
	if !r.next(':') {
		return "", r.fail(ErrSyntax, text{"expected : behind a key", "키 뒤에는 :이 와야 합니다"})
	}
	return key, nil
}

// str reads a string at the opening quote. The common case without escapes copies nothing.
func (r *Reader) str() (string, error) {
	r.i++
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			s := r.b[start:r.i]
			r.i++
			return s, nil
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			return "", r.fail(ErrSyntax, text{"a control character in a string", "문자열에 제어 문자가 있습니다"})
		default:
			r.i++
		}
	}
	return "", r.fail(ErrSyntax, text{"the string does not end", "문자열이 끝나지 않았습니다"})
}

// skipText is str for a text that nobody wants, of which only one with escapes is made.
func (r *Reader) skipText() error {
	for i := r.i + 1; i < len(r.b) && r.b[i] >= 0x20 && r.b[i] != '\\'; i++ {
		if r.b[i] == '"' {
			r.i = i + 1
			return nil
		}
	}
	_, err := r.str()
	return err
}

func (r *Reader) escaped(start int) (string, error) {
	out := append([]byte(nil), r.b[start:r.i]...)
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return string(out), nil
		case c == '\\':
			ru, err := r.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, ru)
		case c < 0x20:
			return "", r.fail(ErrSyntax, text{"a control character in a string", "문자열에 제어 문자가 있습니다"})
		default:
			out = append(out, c)
			r.i++
		}
	}
	return "", r.fail(ErrSyntax, text{"the string does not end", "문자열이 끝나지 않았습니다"})
}

func (r *Reader) escape() (rune, error) {
	if r.i+1 >= len(r.b) {
		return 0, r.fail(ErrSyntax, text{"the escape does not end", "이스케이프가 끝나지 않았습니다"})
	}
	c := r.b[r.i+1]
	r.i += 2
	if k := strings.IndexByte(`"\/bfnrt`, c); k >= 0 {
		return rune("\"\\/\b\f\n\r\t"[k]), nil
	}
	if c != 'u' {
		return 0, r.fail(ErrSyntax, text{"an unknown escape", "알 수 없는 이스케이프입니다"})
	}
	hi, err := r.hex4()
	if err != nil {
		return 0, err
	}
	if hi < 0xD800 || hi > 0xDFFF {
		return hi, nil
	}
	if hi > 0xDBFF || r.i+1 >= len(r.b) || r.b[r.i] != '\\' || r.b[r.i+1] != 'u' {
		return r.lone()
	}
	r.i += 2
	lo, err := r.hex4()
	if err != nil {
		return 0, err
	}
	if lo < 0xDC00 || lo > 0xDFFF {
		// What follows is a character of its own.
		r.i -= len(`\uXXXX`)
		return r.lone()
	}
	return (hi-0xD800)<<10 + (lo - 0xDC00) + 0x10000, nil
}

// lone is half a surrogate pair.
func (r *Reader) lone() (rune, error) {
	if r.exact {
		return utf8.RuneError, nil
	}
	return 0, r.fail(ErrUTF8, text{"a lone surrogate", "짝이 없는 서로게이트 문자가 있습니다"})
}

func (r *Reader) hex4() (rune, error) {
	if r.i+4 > len(r.b) {
		return 0, r.fail(ErrSyntax, text{"the escape does not end", "이스케이프가 끝나지 않았습니다"})
	}
	n, err := strconv.ParseUint(r.b[r.i:r.i+4], 16, 16)
	if err != nil {
		return 0, r.fail(ErrSyntax, text{"the escape is not four hex digits", "이스케이프는 16진수 네 자리여야 합니다"})
	}
	r.i += 4
	return rune(n), nil
}

// number reads a number by JSON's grammar and returns its text.
func (r *Reader) number() (string, error) {
	start := r.i
	r.next('-')
	if !r.next('0') && r.digits() == 0 {
		return "", r.fail(ErrSyntax, text{"expected a number", "숫자가 있어야 합니다"})
	}
	if r.next('.') && r.digits() == 0 {
		return "", r.fail(ErrSyntax, text{"expected digits behind the point", "소수점 뒤에 숫자가 있어야 합니다"})
	}
	if r.next('e') || r.next('E') {
		if !r.next('+') {
			r.next('-')
		}
		if r.digits() == 0 {
			return "", r.fail(ErrSyntax, text{"expected digits in the exponent", "지수에 숫자가 있어야 합니다"})
		}
	}
	// Only behind a 0 can digits be left: 010 is 8 to some readers.
	if r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		return "", r.fail(ErrSyntax, text{"a leading zero", "0으로 시작하는 수입니다"})
	}
	return r.b[start:r.i], nil
}

func (r *Reader) digits() int {
	n := 0
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		r.i++
		n++
	}
	return n
}

func (r *Reader) space() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *Reader) peek() byte {
	r.space()
	if r.i >= len(r.b) {
		return 0
	}
	return r.b[r.i]
}

func (r *Reader) next(c byte) bool {
	if r.i < len(r.b) && r.b[r.i] == c {
		r.i++
		return true
	}
	return false
}

func (r *Reader) wrongType(want text) error {
	// A text that was cut off is said to be so, and not that a value is of the wrong type.
	if r.i >= len(r.b) {
		return r.fail(ErrSyntax, text{"the text ends too early", "내용이 중간에 끝났습니다"})
	}
	return r.fail(ErrType, want)
}

// text says something in both languages of those who send JSON here.
type text struct{ en, ko string }

func (r *Reader) fail(kind error, msg text) error {
	return &Error{Kind: kind, Path: r.Path(), Offset: r.i, Msg: msg.en, MsgKo: msg.ko}
}

func (r *Reader) at(key string, kind error, msg text) error {
	path := key
	if len(r.path) > 0 {
		path = r.Path() + "." + key
	}
	return &Error{Kind: kind, Path: path, Offset: r.i, Msg: msg.en, MsgKo: msg.ko}
}
