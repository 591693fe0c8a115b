package rules

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// filledMark is a value that every escaping leaves as it is, for finding again where it has come.
const filledMark = "pgGatewayPlaceholder"

// checkAttributes refuses what is filled in where one escaping is not enough: html/template takes a page's attributes
// for texts or addresses, also where a browser makes a document or a script of what they say. It is told the page with
// filledMark in every place.
func checkAttributes(page string) error {
	t := tags{rest: page}
	for t.next() {
		if !strings.Contains(t.value, filledMark) {
			continue
		}
		if why := unsafeAttribute(t.element, t.name, t.value); why != "" {
			return fmt.Errorf("a placeholder stands in %s of <%s>, %s", t.name, t.element, why)
		}
	}
	return nil
}

// unsafeAttribute says why an attribute cannot hold a placeholder where its value does; empty when it can. A browser
// passes over blanks in an address.
func unsafeAttribute(element, name, value string) string {
	if name == "srcdoc" { //guard:no-texts-in-nested-documents
		return "which is a page of its own: name one in src, with the placeholder in the query"
	}
	animates := slices.Contains([]string{"animate", "animatemotion", "animatetransform", "set"}, element)
	if animates && slices.Contains([]string{"to", "from", "by", "values"}, name) { //guard:no-texts-in-animations
		return "which can become an address that is a script: write the value out"
	}
	if !isAddress(element, name) {
		return ""
	}
	plain := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, value))
	for _, scheme := range []string{"javascript:", "vbscript:", "data:"} {
		//guard:no-texts-in-script-addresses
		if before, _, _ := strings.Cut(plain, strings.ToLower(filledMark)); strings.Contains(before, scheme) {
			return "in an address that is a script or a document: use onclick, or a page of the shop"
		}
	}
	before, _, _ := strings.Cut(value, filledMark)
	if loads(element) && !strings.Contains(before, "?") { //guard:no-texts-choose-what-is-loaded
		return "and would choose what is loaded there: put it in the query of an address"
	}
	return ""
}

// isAddress tells whether an attribute is an address, or has one in it.
func isAddress(element, name string) bool {
	if element == "meta" {
		return name == "content" // of a refresh
	}
	_, plain, prefixed := strings.Cut(name, ":") // xlink:href
	if !prefixed {
		plain = name
	}
	return slices.Contains([]string{
		"action", "archive", "cite", "classid", "code", "codebase", "data", "formaction", "href", "manifest", "ping", "src",
	}, plain)
}

// loads tells whether an element's addresses are of what becomes a part of the page, or takes its place, without being
// asked for.
func loads(element string) bool {
	return slices.Contains([]string{
		"applet", "base", "embed", "frame", "iframe", "link", "meta", "object", "script", "use",
	}, element)
}

// tags reads the attributes of a page, one after the other, with their values as a browser reads them.
type tags struct {
	rest                 string
	inside               bool
	element, name, value string
}

const htmlBlanks = " \t\n\f\r"

// next goes on to the next attribute.
func (t *tags) next() bool {
	for {
		if !t.inside && !t.open() {
			return false
		}
		t.rest = strings.TrimLeft(t.rest, htmlBlanks+"/")
		switch {
		case t.rest == "":
			return false
		case t.rest[0] == '>':
			t.inside = false
			t.skipRaw()
			continue
		}
		// A name may begin with anything else, = too.
		end := strings.IndexAny(t.rest[1:], htmlBlanks+"/>=") + 1
		if end == 0 {
			return false
		}
		t.name, t.rest = strings.ToLower(t.rest[:end]), strings.TrimLeft(t.rest[end:], htmlBlanks)
		t.value = ""
		if after, ok := strings.CutPrefix(t.rest, "="); ok {
			t.rest = strings.TrimLeft(after, htmlBlanks)
			t.takeValue()
		}
		return true
	}
}

// open goes into the next tag that begins an element.
func (t *tags) open() bool {
	for {
		_, rest, ok := strings.Cut(t.rest, "<")
		if !ok {
			return false
		}
		t.rest = rest
		if comment, ok := strings.CutPrefix(rest, "!--"); ok {
			_, t.rest, _ = strings.Cut(comment, "-->")
			continue
		}
		if rest == "" || rest[0]|0x20 < 'a' || rest[0]|0x20 > 'z' {
			continue
		}
		end := strings.IndexAny(rest, htmlBlanks+"/>")
		if end < 0 {
			return false
		}
		t.element, t.rest, t.inside = strings.ToLower(rest[:end]), rest[end:], true
		return true
	}
}

func (t *tags) takeValue() {
	if t.rest == "" {
		return
	}
	if quote := t.rest[:1]; quote == `"` || quote == "'" {
		t.value, t.rest, _ = strings.Cut(t.rest[1:], quote)
	} else {
		end := strings.IndexAny(t.rest, htmlBlanks+">")
		if end < 0 {
			end = len(t.rest)
		}
		t.value, t.rest = t.rest[:end], t.rest[end:]
	}
	t.value = html.UnescapeString(t.value)
}

// skipRaw goes behind what has no tags in it: html/template escapes scripts, styles and texts by itself.
func (t *tags) skipRaw() {
	if !slices.Contains([]string{"script", "style", "textarea", "title"}, t.element) {
		return
	}
	// Byte by byte, since letters can become longer in lower case.
	for at := range len(t.rest) - len(t.element) {
		if end, ok := strings.CutPrefix(t.rest[at:], "</"); ok && len(end) >= len(t.element) &&
			strings.EqualFold(end[:len(t.element)], t.element) {
			t.rest = t.rest[at:]
			return
		}
	}
}
