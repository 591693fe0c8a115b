package jsonplace

import (
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Item is an item of a list: where it stands in the text, and its members by the names that were asked for.
type Item struct {
	from, to int
	// Object tells that the item is an object.
	Object  bool
	members []Value
	// end is where another member can be put; empty tells that it would be the first.
	end   int
	empty bool
}

// Member is the n-th member asked for; it need not exist.
func (it *Item) Member(n int) Value { return it.members[n] }

// List reads the list at the path with this number, and of its items the members with these names. It is false when
// there is no list.
func (f *Found) List(id int, names ...string) ([]Item, bool) {
	v := f.Value(id)
	if v.Raw == "" || v.Raw[0] != '[' || v.From < 0 {
		return nil, false
	}
	r, err := strictjson.NewStringReader(v.Raw)
	if err != nil {
		return nil, false
	}
	var list []Item
	err = r.Array(func(int) error {
		it := Item{from: v.From + r.Mark(), members: make([]Value, len(names))}
		if err := it.read(r, v, names); err != nil {
			return err
		}
		it.to = v.From + r.Offset()
		it.end = it.to - 1
		list = append(list, it)
		return nil
	})
	return list, err == nil
}

func (it *Item) read(r *strictjson.Reader, v Value, names []string) error {
	if it.Object = r.Next() == '{'; !it.Object {
		return r.Skip()
	}
	it.empty = true
	return r.Object(func(key string) error {
		it.empty = false
		from := r.Mark()
		if err := r.Skip(); err != nil {
			return err
		}
		if n := slices.Index(names, key); n >= 0 {
			it.members[n] = Value{Raw: v.Raw[from:r.Offset()], From: v.From + from}
		}
		return nil
	})
}

// Change puts Text where the bytes From to To of a text are.
type Change struct {
	From, To int
	Text     string
}

// Set is the change that gives the n-th member, of this name, a value, which is JSON.
func (it *Item) Set(n int, name, value string) Change {
	if m := it.members[n]; m.Raw != "" {
		return Change{From: m.From, To: m.From + len(m.Raw), Text: value}
	}
	var b strings.Builder
	if !it.empty {
		b.WriteByte(',')
	}
	b.Write(quoted(name))
	b.WriteByte(':')
	b.WriteString(value)
	return Change{From: it.end, To: it.end, Text: b.String()}
}

// Without are the changes that take items out of a list: their commas go with them.
func Without(list []Item, drop func(i int) bool) []Change {
	var out []Change
	kept := false
	for i := range list {
		if !drop(i) {
			kept = true
			continue
		}
		c := Change{From: list[i].from, To: list[i].to}
		switch {
		case kept:
			c.From = list[i-1].to
		case i+1 < len(list):
			c.To = list[i+1].from
		}
		out = append(out, c)
	}
	return out
}

// Change returns the text with changes made, which must not overlap. Every other byte is as it was.
func (f *Found) Change(changes []Change) []byte {
	slices.SortStableFunc(changes, func(a, b Change) int { return a.From - b.From })
	size, at := len(f.text), 0
	for _, c := range changes {
		size += len(c.Text)
	}
	out := make([]byte, 0, size)
	for _, c := range changes {
		out = append(append(out, f.text[at:c.From]...), c.Text...)
		at = c.To
	}
	return append(out, f.text[at:]...)
}
