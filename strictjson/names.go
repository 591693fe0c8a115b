package strictjson

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// names are the keys of one object so far. A few are compared one by one. More go into a map, or a stranger's
// object would cost the square of its keys: a body of 1 MiB holds more than a hundred thousand.
type names struct {
	few  [16]string
	n    int
	many map[string]struct{}
	// exact tells names apart that differ in case.
	exact bool
}

// add takes key in, and returns false when it is there already, be it in another case unless names are exact.
func (s *names) add(key string) bool {
	if s.many == nil {
		for _, k := range s.few[:s.n] {
			if k == key || !s.exact && strings.EqualFold(k, key) {
				return false
			}
		}
		if s.n < len(s.few) {
			s.few[s.n] = key
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 4*len(s.few))
		for _, k := range s.few {
			s.many[s.fold(k)] = struct{}{}
		}
	}
	folded := s.fold(key)
	if _, twice := s.many[folded]; twice {
		return false
	}
	s.many[folded] = struct{}{}
	return true
}

// fold writes key so that two keys come out equal exactly when they are the same name.
func (s *names) fold(key string) string {
	if s.exact {
		return key
	}
	return strings.Map(smallest, key)
}

// smallest returns the smallest of the runes that differ from c only in case.
func smallest(c rune) rune {
	if c < utf8.RuneSelf {
		if 'a' <= c && c <= 'z' {
			return c - 'a' + 'A'
		}
		return c
	}
	least := c
	for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}
