package formjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode"
)

// Find is the value of the field of this name in a form or a query, and how many fields some reader takes for it: PHP
// reads pay.method as pay_method and a[x] as a part of a, others ignore case, old ones end a field at a semicolon.
// Where that is not one, the value is not to be used.
func Find(form, name string) (value string, n int) {
	for pair := range strings.SplitSeq(form, "&") {
		for piece := range strings.SplitSeq(pair, ";") {
			if raw, _, _ := strings.Cut(piece, "="); named(unescaped(raw), name) {
				n++
			}
		}
		if raw, rest, _ := strings.Cut(pair, "="); unescaped(raw) == name {
			value = unescaped(rest)
		}
	}
	return value, n
}

// IsWhole tells whether a value is a plain whole number, which Convert makes a number.
func IsWhole(value string) bool { return whole(value) }

// Put returns a form with one field more, which is the only one that any reader takes for it: those that came are left
// out. Without a value they are only left out. Every other byte is as it was.
func Put(form []byte, name string, value []byte) ([]byte, error) {
	var kept []string
	all := strings.Split(string(form), "&")
	for _, pair := range all {
		switch _, n := Find(pair, name); {
		case n == 0:
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
		kept = append(kept, name+"="+url.QueryEscape(string(value)))
	}
	return []byte(strings.Join(kept, "&")), nil
}

// PutMultipart is Put for multipart/form-data. The parts must stand as RFC 7578 has them, with nothing before the
// first.
func PutMultipart(form []byte, boundary, name string, value []byte) ([]byte, error) {
	names, err := partNames(form, boundary)
	if err != nil {
		return nil, err
	}
	parts, rest, ok := splitParts(form, boundary)
	if !ok || len(parts) != len(names) { //guard:parts-are-where-both-find-them
		return nil, fmt.Errorf("%w: the parts are not where they should be", ErrSyntax)
	}
	out, open, gone := make([]byte, 0, len(form)+len(value)+len(name)+128), "--"+boundary+"\r\n", 0
	for i, part := range parts {
		if named(names[i], name) {
			gone++
			continue
		}
		out = append(append(append(out, open...), part...), "\r\n"...)
	}
	switch {
	case value == nil && gone == 0:
		return form, nil
	case value != nil:
		out = append(append(out, open...), "Content-Disposition: form-data; name=\""+name+"\"\r\n\r\n"...)
		out = append(append(out, value...), "\r\n"...)
	}
	return append(out, rest...), nil
}

// partNames are the names of all parts, in their order.
func partNames(form []byte, boundary string) ([]string, error) {
	var names []string
	for r := multipart.NewReader(bytes.NewReader(form), boundary); ; {
		part, err := r.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return names, nil
		case err != nil:
			return nil, fmt.Errorf("%w: the parts do not end as they should", ErrSyntax)
		}
		names = append(names, part.FormName())
	}
}

// splitParts takes a body into its parts, and what stands behind the last.
func splitParts(form []byte, boundary string) (parts [][]byte, rest []byte, ok bool) {
	mark := []byte("--" + boundary)
	form, ok = bytes.CutPrefix(form, mark)
	for ok {
		if bytes.HasPrefix(form, []byte("--")) {
			return parts, append(mark, form...), true
		}
		if form, ok = bytes.CutPrefix(form, []byte("\r\n")); !ok {
			break
		}
		var part []byte
		if part, form, ok = bytes.Cut(form, append([]byte("\r\n"), mark...)); ok {
			parts = append(parts, part)
		}
	}
	return nil, nil, false
}

// named tells whether some reader takes a field with this name for the wanted one.
func named(name, wanted string) bool { return strings.EqualFold(variable(name), variable(wanted)) }

// variable is what a field is called by the most lenient of readers.
func variable(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("'\"\\", r) {
			// Quotes of a part's name that only some take off.
			return -1
		}
		return r
	}, name)
	name, _, _ = strings.Cut(strings.TrimLeftFunc(name, unicode.IsSpace), "[")
	return strings.TrimFunc(phpName(name), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// unescaped is a piece of a form as it reads; as it stands where it is badly escaped.
func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}
