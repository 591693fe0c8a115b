package jsonplace

import "encoding/json"

// place is where in a text something is to be put: instead of the bytes from to to, below so many steps that are there.
type place struct {
	from, to int
	// steps is how many of the steps are there already; comma tells that a name comes behind others.
	steps int
	comma bool
	found bool
	// blocked tells that something stands in the way that is no object.
	blocked bool
}

// see hears of a value on the way to the place: the deepest comes first.
func (p *place) see(plan *Plan, depth int, kind byte, from, to, members int) {
	switch {
	case p.found || p.blocked:
	case depth == len(plan.put):
		*p = place{found: true, from: from, to: to, steps: depth}
	case kind == '{':
		// Before the closing brace.
		*p = place{found: true, from: to - 1, to: to - 1, steps: depth, comma: members > 0}
	case kind == 'n' && depth > 0:
		// Servers write null where an object may come.
		*p = place{found: true, from: from, to: to, steps: depth}
	default:
		p.blocked = true
	}
}

// CanPut tells whether there is a place for what is to be put: an object to hold it, on every step of the way.
func (f *Found) CanPut() bool { return f.place.found && !f.place.blocked }

// Taken tells whether there is a value already where something is to be put.
func (f *Found) Taken() bool { return f.place.found && f.place.steps == len(f.plan.put) }

// Put returns the text with value, which is JSON, at the place. Every other byte is as it was.
func (f *Found) Put(value []byte) []byte {
	out := make([]byte, 0, len(f.text)+len(value)+f.plan.putRoom)
	return f.AppendPut(out, func(dst []byte) []byte { return append(dst, value...) })
}

// AppendPut appends what Put returns, with the value that value appends.
func (f *Found) AppendPut(out []byte, value func(dst []byte) []byte) []byte {
	p := f.place
	missing := f.plan.putNames[min(p.steps, len(f.plan.put)):]
	inserted := p.from == p.to
	out = append(out, f.text[:p.from]...)
	if p.comma {
		out = append(out, ',')
	}
	for i, name := range missing {
		if i > 0 || !inserted {
			out = append(out, '{')
		}
		out = append(append(out, name...), ':')
	}
	out = value(out)
	braces := len(missing)
	if inserted {
		braces--
	}
	for range braces {
		out = append(out, '}')
	}
	return append(out, f.text[p.to:]...)
}

func quoted(name string) []byte {
	text, err := json.Marshal(name)
	if err != nil {
		// A string always has a JSON form.
		return []byte(`""`)
	}
	return text
}
