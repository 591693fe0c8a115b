package formjson

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
)

// part is one part of a form.
type part struct {
	name string
	// file tells that it has a file name, also an empty one, as a box has in which no file was chosen.
	file bool
	// whole is the part as it came, value what it holds.
	whole, value []byte
}

// multipart is a body of parts.
type multipart struct {
	parts []part
	// start is what stands before the first part, end what begins with the last boundary.
	start, end []byte
}

// partsOf takes a body apart. Only what every reader takes apart in the same way is taken: the parts as RFC 7578 has
// them, with nothing but a line end before and behind them. PHP ends a part at a bare line feed and a boundary, reads
// on behind the last boundary, and takes quotes, folded lines and second names as no other does.
//
// The line end before them is the one preamble that clients send, those that write one before each boundary, as a
// well-known piece of C# does; every reader passes over it. Of a preamble with a text in it some read headers or parts.
func partsOf(form []byte, boundary string) (m multipart, err error) {
	mark := []byte("--" + boundary)
	marks := bytes.Count(form, mark)
	if marks > MaxNames+1 {
		return m, errMany(MaxNames)
	}
	if rest, ok := bytes.CutPrefix(form, []byte("\r\n")); ok {
		m.start, form = form[:len(form)-len(rest)], rest
	}
	whole, end, ok := splitParts(form, mark)
	if !ok { //guard:parts-are-where-both-find-them
		return m, fmt.Errorf("%w: the parts are not where they should be", ErrSyntax)
	}
	if marks != len(whole)+1 { //guard:no-boundary-in-a-part
		return m, fmt.Errorf("%w: a part holds the boundary", ErrSyntax)
	}
	if behind := end[len(mark)+len("--"):]; len(behind) > 0 && string(behind) != "\r\n" { //guard:nothing-behind-the-parts
		return m, fmt.Errorf("%w: something stands behind the parts", ErrSyntax)
	}
	for _, w := range whole {
		p := part{whole: w}
		if !p.read() { //guard:parts-say-one-name
			return m, fmt.Errorf("%w: a part has other headers than one plain name", ErrSyntax)
		}
		m.parts = append(m.parts, p)
	}
	m.end = end
	return m, nil
}

// splitParts takes a body into its parts, and what begins with the last mark.
func splitParts(form, mark []byte) (parts [][]byte, end []byte, ok bool) {
	rest, ok := bytes.CutPrefix(form, mark)
	for ok {
		if bytes.HasPrefix(rest, []byte("--")) {
			return parts, form[len(form)-len(rest)-len(mark):], true
		}
		if rest, ok = bytes.CutPrefix(rest, []byte("\r\n")); !ok {
			break
		}
		var part []byte
		if part, rest, ok = bytes.Cut(rest, append([]byte("\r\n"), mark...)); ok {
			parts = append(parts, part)
		}
	}
	return nil, nil, false
}

// read reads a part's headers: one disposition and at most one type, each on a line of its own.
func (p *part) read() bool {
	head, value, ok := bytes.Cut(p.whole, []byte("\r\n\r\n"))
	if !ok {
		return false
	}
	p.value = value
	kind, typed := "", false
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if strings.ContainsFunc(line, isControl) {
			return false
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.Trim(value, " ")
		switch {
		case p.name == "" && strings.EqualFold(name, "Content-Disposition"):
			if !p.disposition(value) {
				return false
			}
		case !typed && strings.EqualFold(name, "Content-Type"):
			kind, typed = value, true
		default:
			return false
		}
	}
	if strings.Contains(p.name, "=?") { //guard:names-are-not-those-of-mail
		return false // which servlet containers decode: =?UTF-8?Q?a?= is a to them
	}
	return p.name != "" && (!typed || p.mayBe(kind))
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// disposition reads form-data; name="a"; filename="b". A file without a name is a file to some and a field to others,
// so that it may hold nothing.
func (p *part) disposition(s string) bool {
	const form = "form-data"
	if len(s) < len(form) || !strings.EqualFold(s[:len(form)], form) {
		return false
	}
	var ok bool
	if p.name, s, ok = parameter(s[len(form):], "name"); !ok || p.name == "" || s == "" {
		return ok && p.name != ""
	}
	file, s, ok := parameter(s, "filename")
	p.file = ok
	return ok && s == "" && (file != "" || len(p.value) == 0)
}

// parameter takes a parameter of this name off the beginning of s. Its value is a text in quotes that every reader ends
// at the same quote, also one that knows no quotes and goes from semicolon to semicolon.
func parameter(s, name string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, ";")
	s = strings.TrimLeft(s, " ")
	if !ok || len(s) < len(name) || !strings.EqualFold(s[:len(name)], name) {
		return "", "", false
	}
	if s, ok = strings.CutPrefix(s[len(name):], `="`); !ok {
		return "", "", false
	}
	value, rest, ok = strings.Cut(s, `"`)
	return value, rest, ok && !strings.ContainsAny(value, `\;`)
}

// mayBe tells whether a part may be of a type: a file of any but one that holds parts itself, a field of one that
// nobody takes for a file or reads in another encoding.
func (p *part) mayBe(kind string) bool {
	if p.file {
		return !strings.HasPrefix(strings.ToLower(kind), "multipart/")
	}
	media, params, err := mime.ParseMediaType(kind)
	charset, said := params["charset"]
	return err == nil && (media == "text/plain" || media == "application/json") && !strings.Contains(kind, "*") &&
		(!said || strings.EqualFold(charset, "utf-8"))
}
