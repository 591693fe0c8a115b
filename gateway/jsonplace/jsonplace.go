// Package jsonplace finds the values at configured places of a JSON text, in the one pass that also checks it strictly,
// and changes a text at a place so that every other byte of it stays as it was.
//
// A place is a gjson path. Names and indexes (payload.items.0.code), and the values of one name in all items of a list
// (items.#.code), are found while reading; other gjson paths cost a reading of their own. It knows nothing of payments
// or HTTP.
package jsonplace

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Plan is what to find in a text. It is safe for concurrent use.
type Plan struct {
	root  *node
	paths []string
	// odd are the values that the one pass does not find.
	odd []int
	put []string
	// putNames are put as JSON; putRoom is enough for what is put around a value, in bytes.
	putNames [][]byte
	putRoom  int
}

// node is a step on the way to values.
type node struct {
	name string
	kids []*node
	// each is the step to all items of a list.
	each *node
	// ids are the values that end here, listed those below a list, of which there are several.
	ids    []int
	listed bool
	// wanted tells that values end here or further on, besides what is put.
	wanted bool
	// put is one more than how deep the node is on the way to the place to put something; 0 is none.
	put int
}

// New makes a plan that finds the values at paths, and the place put for something to be put there; "" for none.
func New(paths []string, put string) *Plan {
	p := &Plan{root: &node{}, paths: paths}
	for id, path := range paths {
		steps, ok := split(path)
		if !ok {
			p.odd = append(p.odd, id)
			continue
		}
		p.root.add(steps, id)
	}
	if put == "" {
		return p
	}
	p.put = strings.Split(put, ".")
	n := p.root
	for depth, name := range p.put {
		n.put = depth + 1
		n = n.kidFor(name)
		p.putNames = append(p.putNames, quoted(name))
		p.putRoom += len(name) + 16
	}
	n.put = len(p.put) + 1
	return p
}

// split takes a path into its steps, if they are only names, indexes and at most one #.
func split(path string) ([]string, bool) {
	steps := strings.Split(path, ".")
	lists := 0
	for _, s := range steps {
		switch {
		case s == "#":
			lists++
		case !Plain(s):
			return nil, false
		}
	}
	// A path that ends with # is how many there are.
	return steps, lists <= 1 && steps[len(steps)-1] != "#"
}

// Plain tells whether a step of a path is a name or an index as it stands, without a meaning of its own to gjson.
func Plain(step string) bool {
	if step == "" || strings.ContainsAny(step, "*?|@!#()[]{}\\:~<>=%\"'") {
		return false
	}
	// 01 is an index to gjson and none to others.
	return len(step) == 1 || step[0] != '0' || strings.Trim(step, "0123456789") != ""
}

// add takes up a value.
func (n *node) add(steps []string, id int) {
	listed := false
	for _, s := range steps {
		if s != "#" {
			n = n.kidFor(s)
			n.wanted = true
			continue
		}
		if n.each == nil {
			n.each = &node{}
		}
		n, listed = n.each, true
	}
	n.ids, n.listed = append(n.ids, id), listed
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// id is that of a value which ends at a node or below.
func (n *node) id() int {
	for len(n.ids) == 0 {
		n = n.kids[0]
	}
	return n.ids[0]
}

// folded tells whether a name is a step to values but for its case.
func (n *node) folded(name string) bool {
	for _, k := range n.kids {
		if k.wanted && strings.EqualFold(k.name, name) {
			return true
		}
	}
	return false
}

func (n *node) kidFor(name string) *node {
	k := n.kid(name)
	if k == nil {
		k = &node{name: name}
		n.kids = append(n.kids, k)
	}
	return k
}

// Value is what was found at a path.
type Value struct {
	// Raw is the value as the text has it; empty when there is none.
	Raw string
	// From is where Raw begins in the text, in bytes; -1 when it is not a part of it.
	From int
	// list are the values of a path through all items of a list.
	list   []string
	listed bool
	// text tells that Raw is the text itself.
	text bool
}

// Text makes a value of a text that is not JSON.
func Text(s string) Value { return Value{Raw: s, From: -1, text: true} }

// Exists tells whether there is a value, and not null.
func (v Value) Exists() bool { return v.listed || v.text || v.Raw != "" && v.Raw != "null" }

// IsText tells whether the value is a text.
func (v Value) IsText() bool { return v.text || v.Raw != "" && v.Raw[0] == '"' }

// Number is the number as it is written; ok is false for every other value.
func (v Value) Number() (raw string, ok bool) {
	if v.text || v.listed || v.Raw == "" || v.Raw[0] != '-' && (v.Raw[0] < '0' || v.Raw[0] > '9') {
		return "", false
	}
	return v.Raw, true
}

// String is the value as text: what a string says, and everything else as it is written.
func (v Value) String() string {
	switch {
	case v.listed:
		return "[" + strings.Join(v.list, ",") + "]"
	case v.text, v.Raw == "":
		return v.Raw
	case v.Raw[0] == '"' && strings.IndexByte(v.Raw, '\\') < 0:
		return v.Raw[1 : len(v.Raw)-1]
	}
	return gjson.Parse(v.Raw).String()
}

// Each yields the values of a list; a value that is none is its only item.
func (v Value) Each(yield func(Value) bool) {
	if !v.listed && (v.text || v.Raw == "" || v.Raw[0] != '[') {
		yield(v)
		return
	}
	list := v.list
	if !v.listed {
		for _, item := range gjson.Parse(v.Raw).Array() {
			list = append(list, item.Raw)
		}
	}
	for _, raw := range list {
		if !yield(Value{Raw: raw, From: -1}) {
			return
		}
	}
}

// Found is what a text holds of a plan. It keeps the text in memory.
type Found struct {
	plan   *Plan
	text   string
	values []Value
	place  place
	cased  string
	unlist string
}

// Unlisted is a path through the items of a list where the text has an object in the list's place: many readers go
// through its members all the same. Empty for none.
func (f *Found) Unlisted() string { return f.unlist }

// Cased is a name on the way to a value that is written in another case than the plan's: to readers that ignore case it
// is that value. Empty for none.
func (f *Found) Cased() string { return f.cased }

// Value is what is at the path with this number; it need not exist.
func (f *Found) Value(id int) Value {
	if f == nil || id < 0 || id >= len(f.values) {
		return Value{From: -1}
	}
	return f.values[id]
}

// Read checks a text strictly, as strictjson.Check does, and finds what the plan wants. The error is a
// *strictjson.Error.
func (p *Plan) Read(text string) (*Found, error) { return p.ReadInto(new(Reading), text) }

// ReadInto is Read with the memory of a reading that is over: what was found then is there no more.
func (p *Plan) ReadInto(one *Reading, text string) (*Found, error) {
	one.Forget()
	if err := one.reader.Begin(text); err != nil {
		return nil, err
	}
	one.found = Found{plan: p, text: text, values: slices.Grow(one.values, len(p.paths))[:len(p.paths)]}
	one.values = one.found.values[:0]
	w := &one.walk
	w.r, w.found = &one.reader, &one.found
	if err := w.visit(p.root); err != nil {
		return nil, err
	}
	if err := one.reader.End(); err != nil {
		return nil, err
	}
	for _, id := range p.odd {
		one.found.values[id] = odd(text, p.paths[id])
	}
	return &one.found, nil
}

// Reading is what one Read works with, in one piece, since each part would take memory of its own. The zero value is
// ready.
type Reading struct {
	reader strictjson.Reader
	found  Found
	walk   walk
	// values is room for those of found; it is cleared.
	values []Value
}

// Forget lets go of the text that was read last, and of what was found in it.
func (r *Reading) Forget() {
	clear(r.found.values) //guard:a-reading-forgets
	*r = Reading{values: r.values}
}

// odd reads a path that only gjson understands.
func odd(text, path string) Value {
	got := gjson.Get(text, path)
	raw := got.Raw
	if got.Exists() && raw == "" {
		// What gjson computes stands nowhere.
		raw = got.String()
	}
	return Value{Raw: raw, From: -1}
}

type walk struct {
	r     *strictjson.Reader
	found *Found
	// base is where in the text the reader begins.
	base int
}

// visit reads the next value, at n.
func (w *walk) visit(n *node) error {
	from := w.base + w.r.Mark()
	kind := w.r.Next()
	members := 0
	if kind == '{' && n.each != nil {
		w.found.unlist = w.found.plan.paths[n.each.id()]
	}
	var err error
	switch {
	case kind == '{' && (len(n.kids) > 0 || n.put > 0):
		err = w.r.Object(func(key string) error {
			members++
			if k := n.kid(key); k != nil {
				return w.visit(k)
			}
			if n.folded(key) {
				w.found.cased = key
			}
			return w.r.Skip()
		})
	case kind == '[' && (n.each != nil || len(n.kids) > 0):
		err = w.array(n)
	default:
		err = w.r.Skip()
	}
	if err != nil {
		return err
	}
	to := w.base + w.r.Offset()
	for _, id := range n.ids {
		w.found.set(id, n.listed, w.found.text[from:to], from)
	}
	if n.put > 0 {
		w.found.place.see(w.found.plan, n.put-1, kind, from, to, members)
	}
	return nil
}

// array reads a list at n; a step to all items and one to a single item may meet in it.
func (w *walk) array(n *node) error {
	w.found.begin(n.each)
	return w.r.Array(func(i int) error {
		var k *node
		if len(n.kids) > 0 {
			k = n.kid(strconv.Itoa(i))
		}
		switch {
		case k == nil && n.each == nil:
			return w.r.Skip()
		case k == nil:
			return w.visit(n.each)
		case n.each == nil:
			return w.visit(k)
		}
		return w.both(k, n.each)
	})
}

// both reads an item that two steps go into: what the second finds is read out of what the first has checked.
func (w *walk) both(one, each *node) error {
	from := w.base + w.r.Mark()
	if err := w.visit(one); err != nil {
		return err
	}
	inner, err := strictjson.NewStringReader(w.found.text[from : w.base+w.r.Offset()])
	if err != nil {
		return err
	}
	again := walk{r: inner, found: w.found, base: from}
	return again.visit(each)
}

// begin notes that a list is there, though it may hold none of what is wanted.
func (f *Found) begin(each *node) {
	if each == nil {
		return
	}
	for _, id := range each.ids {
		f.values[id].listed = true
	}
	for _, k := range each.kids {
		f.begin(k)
	}
}

func (f *Found) set(id int, listed bool, raw string, from int) {
	v := &f.values[id]
	if listed {
		v.list = append(v.list, raw)
		return
	}
	*v = Value{Raw: raw, From: from}
}
