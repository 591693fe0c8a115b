package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// ErrShape is returned for an answer that is not what was expected of it.
var ErrShape = errors.New("unexpected answer")

// maxDepth bounds nesting, so that a hostile answer cannot exhaust the stack.
const maxDepth = 64

// Object is one JSON object. Unknown fields are fine. A field that occurs twice is refused when it is asked
// for: a first-wins and a last-wins reader would see two prices. Names are case-sensitive.
//
// The first wrong field is remembered; read all fields, then ask Err once.
type Object struct {
	fields map[string]json.RawMessage
	twice  map[string]bool
	err    *error
}

// ParseObject reads a text that is one JSON object in UTF-8.
func ParseObject(text []byte) (Object, error) {
	if !utf8.Valid(text) {
		return Object{}, fmt.Errorf("%w: not UTF-8", ErrShape)
	}
	if err := checkJSON(text); err != nil {
		return Object{}, err
	}
	return parseObject(text, new(error))
}

// CheckUnique refuses a text that is not JSON, or in which any object, at any depth, has the same name twice. It is
// for texts that are then read by path.
func CheckUnique(text []byte) error {
	if err := strictjson.CheckExact(text); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, errors.Unwrap(err)) // without the names, which a stranger chose
	}
	return nil
}

func checkJSON(text []byte) error {
	depth, inText, escaped := 0, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped, inText = c == '\\', c != '"'
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: nested too deeply", ErrShape)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return fmt.Errorf("%w: a byte order mark (BOM) before the JSON", ErrShape)
	case !json.Valid(text):
		return fmt.Errorf("%w: not JSON", ErrShape)
	}
	return nil
}

func parseObject(text []byte, sticky *error) (Object, error) {
	o := Object{fields: map[string]json.RawMessage{}, twice: map[string]bool{}, err: sticky}
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return o, fmt.Errorf("%w: not a JSON object", ErrShape)
	}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return o, fmt.Errorf("%w: %w", ErrShape, err)
		}
		name, _ := tok.(string)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return o, fmt.Errorf("%w: %w", ErrShape, err)
		}
		// An error only when somebody asks for it: PGs repeat fields that nobody reads.
		if _, seen := o.fields[name]; seen {
			o.twice[name] = true
		}
		o.fields[name] = raw
	}
	return o, nil
}

// Aside is o for fields that decide nothing: what is wrong with one of them is nobody's error.
func (o Object) Aside() Object {
	o.err = new(error)
	return o
}

// Err returns the first thing that was wrong with a field that was asked for.
func (o Object) Err() error {
	if o.err == nil {
		return nil
	}
	return *o.err
}

func (o Object) fail(name, why string) {
	if o.err != nil && *o.err == nil {
		*o.err = fmt.Errorf("%w: field %s %s", ErrShape, name, why)
	}
}

func (o Object) get(name string) (json.RawMessage, bool) {
	if o.twice[name] {
		o.fail(name, "occurs twice")
		return nil, false
	}
	raw, ok := o.fields[name]
	if !ok || string(raw) == "null" {
		return nil, false
	}
	return raw, true
}

// Has tells whether the field is there and is not null.
func (o Object) Has(name string) bool {
	_, ok := o.get(name)
	return ok
}

// Text reads a field that is a string or a number, as text; "" when it is missing or null.
func (o Object) Text(name string) string {
	raw, ok := o.get(name)
	if !ok {
		return ""
	}
	if raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			o.fail(name, "is not text")
		}
		return s
	}
	// As it is written: a float would round an id or an amount.
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw)
	}
	o.fail(name, "is neither text nor a number")
	return ""
}

// Required is Text for a field that must be there and not be empty.
func (o Object) Required(name string) string {
	s := o.Text(name)
	if s == "" {
		o.fail(name, "is missing")
	}
	return s
}

// Won reads an amount that must be there: a whole number of won, as a JSON number.
func (o Object) Won(name string) payment.Won {
	raw, ok := o.get(name)
	if !ok {
		o.fail(name, "is missing")
		return 0
	}
	return o.won(name, string(raw))
}

// WonText is Won for PGs that write numbers as strings; both forms are accepted.
func (o Object) WonText(name string) payment.Won { return o.won(name, o.Required(name)) }

func (o Object) won(name, text string) payment.Won {
	amount, err := payment.ParseWon(text)
	if err != nil {
		o.fail(name, "is not an amount of won")
	}
	return amount
}

// Bool reads a field that is true or false; known is false when it is missing or null.
func (o Object) Bool(name string) (value, known bool) {
	raw, ok := o.get(name)
	if !ok {
		return false, false
	}
	switch string(raw) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	o.fail(name, "is neither true nor false")
	return false, false
}

// Object reads a field that is an object; known is false when it is missing or null.
func (o Object) Object(name string) (inner Object, known bool) {
	raw, ok := o.get(name)
	if !ok {
		return Object{err: o.err}, false
	}
	inner, err := parseObject(raw, o.err)
	if err != nil {
		o.fail(name, "is not an object")
		return Object{err: o.err}, false
	}
	return inner, true
}

// Objects reads a field that is a list of objects; nil when it is missing or null.
func (o Object) Objects(name string) []Object {
	raw, ok := o.get(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		o.fail(name, "is not a list")
		return nil
	}
	list := make([]Object, 0, len(items))
	for _, item := range items {
		inner, err := parseObject(item, o.err)
		if err != nil {
			o.fail(name, "holds something other than objects")
			return nil
		}
		list = append(list, inner)
	}
	return list
}
