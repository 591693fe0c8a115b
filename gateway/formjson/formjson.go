// Package formjson reads a form (application/x-www-form-urlencoded, multipart/form-data) as PHP does, and gives it as
// JSON, so that the paths of an intercept mean the same for a form as for a JSON body.
//
// a[b]=x is {"a":{"b":"x"}}, a[]=x&a[]=y is {"a":["x","y"]}, a[0][b]=x is {"a":[{"b":"x"}]}. A plain whole number is
// a number, so that an amount is one; everything else is text. What two readers could read differently is refused: a
// name that comes twice, also where only some reader takes two names for one (pay.method and pay_method), a name that
// is a value here and holds others there, and one with a control character, at which PHP ends it. It knows nothing of
// payments or HTTP.
package formjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a form: how many names it may have, as many as PHP takes before it drops the rest (max_input_vars), and
// how deep they may nest.
const (
	MaxNames = 1000
	MaxDepth = 8
)

// The kinds of fault.
var (
	ErrSyntax    = errors.New("not a valid form")
	ErrDuplicate = errors.New("a name appears twice")
	ErrUTF8      = errors.New("not valid UTF-8")
)

// Convert returns body as a JSON object. Each of wanted is a name at the top whose value counts: a field that only some
// reader takes for it is refused, also when nothing else has that name. Errors match one of the kinds; they name the
// field, never its value.
func Convert(body []byte, wanted ...string) ([]byte, error) {
	if pieces(body) > MaxNames { //guard:a-forms-pieces-are-bounded
		return nil, errMany(MaxNames)
	}
	f := fields{known: map[string]string{}, wanted: wanted}
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		if err := f.addPair(pair); err != nil {
			return nil, err
		}
	}
	return f.root.json(), nil
}

// pieces is how many fields some reader finds in a form: old ones end a field at a semicolon, too.
func pieces(form []byte) int {
	return 1 + bytes.Count(form, []byte("&")) + bytes.Count(form, []byte(";"))
}

func errMany(most int) error { return fmt.Errorf("%w: more than %d names", ErrSyntax, most) }

// node is a value, or holds others in the order in which they came.
type node struct {
	value string
	names []string
	under map[string]*node
	// next is the index that [] stands for.
	next int
}

// json is n, the whole form.
func (n *node) json() []byte {
	if len(n.names) == 0 {
		return []byte("{}")
	}
	var b bytes.Buffer
	n.write(&b, false)
	return b.Bytes()
}

// fields are those of one form, as they are taken up.
type fields struct {
	root node
	// known has the names at the top by what the most lenient reader calls them.
	known map[string]string
	// wanted are the names at the top whose values count.
	wanted []string
}

// addPair takes up an escaped name and value.
func (f *fields) addPair(pair string) error {
	if strings.Contains(pair, ";") {
		for _, w := range f.wanted {
			if naming(pair, variable(w)) > 0 { //guard:semicolons-hide-no-source
				return fmt.Errorf("%w: %q, beside a semicolon", ErrDuplicate, clip(w))
			}
		}
	}
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return fmt.Errorf("%w: a name is badly escaped", ErrSyntax)
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return fmt.Errorf("%w: the value of %q is badly escaped", ErrSyntax, clip(name))
	}
	return f.add(name, value)
}

// add takes up a name and its value.
func (f *fields) add(name, value string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return ErrUTF8
	}
	if strings.ContainsFunc(name, isControl) { //guard:names-hold-no-controls
		// To PHP a[b\x00] ends before its bracket, and is a_b.
		return fmt.Errorf("%w: the name %q holds a control character", ErrSyntax, clip(name))
	}
	steps, err := path(name)
	if err != nil {
		return err
	}
	for _, w := range f.wanted {
		if steps[0] != w && named(name, variable(w)) { //guard:a-source-has-one-name
			return fmt.Errorf("%w: %q, which some take for %q", ErrDuplicate, clip(name), clip(w))
		}
	}
	called, php := variables(steps[0])
	for _, v := range [...]string{called, php} {
		v = strings.ToLower(v)
		if other, taken := f.known[v]; taken && other != steps[0] { //guard:two-names-are-not-one
			return fmt.Errorf("%w: %q", ErrDuplicate, clip(name))
		}
		f.known[v] = steps[0]
	}
	return f.root.put(steps, value, name)
}

// phpName is what PHP calls a field: it drops spaces before a name, ends it at a NUL, and has no variables with dots
// or spaces.
func phpName(s string) string {
	s, _, _ = strings.Cut(strings.TrimLeft(s, " "), "\x00")
	return strings.ReplaceAll(strings.ReplaceAll(s, ".", "_"), " ", "_")
}

// path splits a[b][c] into a, b, c.
func path(name string) ([]string, error) {
	first, rest, nested := strings.Cut(name, "[")
	steps := []string{first}
	if first == "" {
		return nil, fmt.Errorf("%w: a field has no name", ErrSyntax)
	}
	for nested {
		step, after, closed := strings.Cut(rest, "]")
		if !closed || after != "" && after[0] != '[' || strings.Contains(step, "[") {
			return nil, fmt.Errorf("%w: the brackets of %q do not match", ErrSyntax, clip(name))
		}
		if step != "" && strings.Trim(step, " ") == "" { //guard:a-blank-is-no-index
			// PHP takes a[ ] for a[].
			return nil, fmt.Errorf("%w: the brackets of %q hold a blank", ErrSyntax, clip(name))
		}
		if steps = append(steps, step); len(steps) > MaxDepth {
			return nil, fmt.Errorf("%w: %q nests deeper than %d", ErrSyntax, clip(name), MaxDepth)
		}
		nested = after != ""
		rest = strings.TrimPrefix(after, "[")
	}
	return steps, nil
}

func (n *node) put(steps []string, value, name string) error {
	for i, step := range steps {
		last := i == len(steps)-1
		if step == "" {
			step = strconv.Itoa(n.next)
		}
		if at, err := strconv.Atoi(step); err == nil && strconv.Itoa(at) == step && at >= n.next && at < math.MaxInt {
			n.next = at + 1
		}
		child, known := n.under[step]
		// A value must be new, and what holds others must not be a value.
		if known && (last || child.under == nil) {
			return fmt.Errorf("%w: %q", ErrDuplicate, clip(name))
		}
		if !known {
			child = &node{}
			if n.under == nil {
				n.under = map[string]*node{}
			}
			n.under[step] = child
			n.names = append(n.names, step)
		}
		if n = child; last {
			n.value = value
		}
	}
	return nil
}

// write writes n as JSON; one whose names count up from 0 is a list where lists are allowed.
func (n *node) write(b *bytes.Buffer, list bool) {
	if n.under == nil {
		if whole(n.value) {
			b.WriteString(n.value)
		} else {
			text(b, n.value)
		}
		return
	}
	for i, name := range n.names {
		list = list && name == strconv.Itoa(i)
	}
	open, end := byte('{'), byte('}')
	if list {
		open, end = '[', ']'
	}
	b.WriteByte(open)
	for i, name := range n.names {
		if i > 0 {
			b.WriteByte(',')
		}
		if !list {
			text(b, name)
			b.WriteByte(':')
		}
		n.under[name].write(b, true)
	}
	b.WriteByte(end)
}

// whole tells whether s is a whole number as JSON writes it, short enough for any reader to keep exactly.
func whole(s string) bool {
	if s == "" || len(s) > 15 || s[0] == '0' && s != "0" {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

func text(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		// A string always has a JSON form.
		quoted = []byte(`""`)
	}
	b.Write(quoted)
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
