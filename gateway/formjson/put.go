package formjson

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Find is the value of the field of this name in a form or a query, and how many fields some reader takes for it: PHP
// reads pay.method as pay_method and a[x] as a part of a, others ignore case, old ones end a field at a semicolon.
// Where that is not one, the value is not to be used.
func Find(form, name string) (value string, n int) {
	wanted := variable(name)
	for pair := range strings.SplitSeq(form, "&") {
		n += naming(pair, wanted)
		if raw, rest, _ := strings.Cut(pair, "="); unescaped(raw) == name {
			value = unescaped(rest)
		}
	}
	return value, n
}

// naming is how many of the pieces of a pair some reader takes for the variable.
func naming(pair, wanted string) (n int) {
	for piece := range strings.SplitSeq(pair, ";") {
		if raw, _, _ := strings.Cut(piece, "="); raw != "" && named(unescaped(raw), wanted) {
			n++
		}
	}
	return n
}

// IsClear tells whether a query says this name as every reader has it, if at all: itself, and not by another name that
// some take for it or beside a semicolon. Each name in the query must be escaped as it should be, and the value of this
// one: what is not is read as it stands by some, and in part by others.
func IsClear(query, name string) bool {
	wanted := variable(name)
	for pair := range strings.SplitSeq(query, "&") {
		for piece := range strings.SplitSeq(pair, ";") {
			raw, value, _ := strings.Cut(piece, "=")
			plain, err := url.QueryUnescape(raw)
			if err != nil {
				return false
			}
			if !named(plain, wanted) {
				continue
			}
			if _, err := url.QueryUnescape(value); err != nil || plain != name || piece != pair {
				return false
			}
		}
	}
	return true
}

// IsWhole tells whether a value is a plain whole number, which Convert makes a number.
func IsWhole(value string) bool { return whole(value) }

// Put returns a form with one field more, which is the only one that any reader takes for it: those that came are left
// out. Without a value they are only left out. Every other byte is as it was.
func Put(form []byte, name string, value []byte) ([]byte, error) {
	if pieces(form) > MaxNames { //guard:pieces-looked-through-are-bounded
		return nil, errMany(MaxNames)
	}
	var kept []string
	all, wanted := strings.Split(string(form), "&"), variable(name)
	for _, pair := range all {
		switch {
		case naming(pair, wanted) == 0:
			kept = append(kept, pair)
		case strings.Contains(pair, ";"): //guard:semicolons-hide-no-field
			// To some it is a field, to others a part of another's value.
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, clip(name))
		}
	}
	switch {
	case value == nil && len(kept) == len(all):
		return form, nil
	case value != nil && len(kept) == 1 && kept[0] == "":
		kept = nil
	}
	if value != nil {
		if pieces([]byte(strings.Join(kept, "&"))) >= MaxNames { //guard:a-form-has-room-for-its-window
			return nil, errMany(MaxNames - 1)
		}
		kept = append(kept, name+"="+url.QueryEscape(string(value)))
	}
	return []byte(strings.Join(kept, "&")), nil
}

// PutMultipart is Put for multipart/form-data.
func PutMultipart(form []byte, boundary, name string, value []byte) ([]byte, error) {
	m, err := partsOf(form, boundary)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(value, []byte("--"+boundary)) { //guard:no-boundary-in-what-is-put
		// The client chooses the boundary, and some of what a window holds.
		return nil, fmt.Errorf("%w: the boundary is in what is put", ErrSyntax)
	}
	out, open, wanted, kept := make([]byte, 0, len(form)+len(value)+len(name)+128), "--"+boundary+"\r\n", variable(name), 0
	out = append(out, m.start...)
	for _, p := range m.parts {
		if !named(p.name, wanted) {
			out = append(append(append(out, open...), p.whole...), "\r\n"...)
			kept++
		}
	}
	switch {
	case value == nil && kept == len(m.parts):
		return form, nil
	case value == nil:
		return append(out, m.end...), nil
	case kept == MaxNames: //guard:parts-have-room-for-the-window
		return nil, errMany(MaxNames - 1)
	}
	out = append(append(out, open...), "Content-Disposition: form-data; name=\""+name+"\"\r\n\r\n"...)
	out = append(append(out, value...), "\r\n"...)
	return append(out, m.end...), nil
}

// named tells whether some reader takes a field with this name for the wanted variable: as it is, as a part of it, or,
// as PHP does where a bracket is not closed (pg[window), with a line in the bracket's place. Spring takes !a for the a
// of a form that has none.
func named(name, wanted string) bool {
	for _, n := range [...]string{name, strings.TrimLeft(name, "! ")} {
		if called, php := variables(n); strings.EqualFold(called, wanted) || strings.EqualFold(php, wanted) {
			return true
		}
	}
	name, _, _ = strings.Cut(name, "\x00")
	_, rest, nested := strings.Cut(name, "[")
	if nested && !strings.Contains(rest, "]") { //guard:an-open-bracket-is-a-line
		return strings.EqualFold(variable(strings.ReplaceAll(name, "[", "_")), wanted)
	}
	return false
}

// variable is what a field is called by the most lenient of readers.
func variable(name string) string {
	called, _ := variables(name)
	return called
}

// variables is what a field is called by the most lenient of readers, and by PHP: the one drops a blank at the end, to
// the other it is a line.
func variables(name string) (called, php string) {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("'\"\\", r) {
			// Quotes of a part's name that only some take off.
			return -1
		}
		return r
	}, name)
	name, _, _ = strings.Cut(strings.TrimLeftFunc(name, unicode.IsSpace), "[")
	php = phpName(name)
	name, _, _ = strings.Cut(name, "\x00")
	return phpName(strings.TrimFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })), php
}

// unescaped is a piece of a form as it reads; as it stands where it is badly escaped.
func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}
