package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// CheckUnique refuses a JSON text in which any object, at any depth, has the same name twice. It is for texts
// that are then read by path.
func CheckUnique(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("%w: not UTF-8", ErrShape)
	}
	if err := checkJSON(text); err != nil {
		return err
	}
	w := walker{text: text}
	if !w.value() {
		return fmt.Errorf("%w: a name occurs twice", ErrShape)
	}
	return nil
}

// walker goes over a text that is known to be valid JSON. Its methods return false at a name that its object
// already has.
type walker struct {
	text []byte
	at   int
}

func (w *walker) value() bool {
	switch w.next() {
	case '{':
		return w.object()
	case '[':
		return w.array()
	case '"':
		w.str()
		return true
	}
	for w.at < len(w.text) && !ends(w.text[w.at]) {
		w.at++
	}
	return true
}

// ends tells whether c ends a number or a word.
func ends(c byte) bool {
	switch c {
	case ',', ']', '}', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

func (w *walker) array() bool {
	w.at++
	for c := w.next(); c != ']'; c = w.next() {
		if c == ',' {
			w.at++
		}
		if !w.value() {
			return false
		}
	}
	w.at++
	return true
}

func (w *walker) object() bool {
	var seen nameSet
	w.at++
	for c := w.next(); c != '}'; c = w.next() {
		if c == ',' {
			w.at++
			w.next()
		}
		if !seen.add(w.str()) {
			return false
		}
		w.next() // the colon
		w.at++
		if !w.value() {
			return false
		}
	}
	w.at++
	return true
}

// next skips white space and returns the byte there.
func (w *walker) next() byte {
	for w.at < len(w.text) {
		switch c := w.text[w.at]; c {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return c
		}
	}
	return 0
}

// str skips the string at the opening quote and returns what stands between its quotes.
func (w *walker) str() []byte {
	w.at++
	start := w.at
	for w.text[w.at] != '"' {
		if w.text[w.at] == '\\' {
			w.at++
		}
		w.at++
	}
	w.at++
	return w.text[start : w.at-1]
}

// nameSet holds the names of one object: a few side by side, more in a map, so that the time does not grow
// with the square of their number.
type nameSet struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

// add takes in a name as it is written, and returns false when it is there already.
func (s *nameSet) add(raw []byte) bool {
	name := unescaped(raw)
	if s.many == nil {
		if slices.Contains(s.few[:s.n], name) {
			return false
		}
		if s.n < len(s.few) {
			s.few[s.n] = name
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 4*len(s.few))
		for _, k := range s.few {
			s.many[k] = struct{}{}
		}
	}
	if _, twice := s.many[name]; twice {
		return false
	}
	s.many[name] = struct{}{}
	return true
}

// unescaped is the name that raw, which stood between quotes, stands for.
func unescaped(raw []byte) string {
	for _, c := range raw {
		if c == '\\' {
			var name string
			// It was checked to be valid; with a fault the raw text is compared.
			if json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &name) == nil {
				return name
			}
			break
		}
	}
	return string(raw)
}
