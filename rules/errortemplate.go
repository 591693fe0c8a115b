package rules

import (
	"encoding/json"
	"slices"
	"strings"
)

// ErrorTemplate is how a shop's own front end is told that a request is refused: by JSON, by a page, or by being sent
// to a page of the shop.
type ErrorTemplate struct {
	// Status is the HTTP status of every refusal; 0 keeps that of the problem.
	Status int
	// Body is the JSON of the answer, in parts.
	Body []TemplatePart
	// Page is an answer of another type.
	Page ErrorPage
	// Origin is where the browser is sent to; empty when it is not, or is sent to where it is.
	Origin   string
	redirect []TemplatePart
}

// Redirects tells whether the browser is sent to a page of the shop.
func (t *ErrorTemplate) Redirects() bool { return len(t.redirect) > 0 }

// TemplatePart is text as it stands, such as JSON, or the place of a value.
type TemplatePart struct {
	JSON string
	// Name is one of TemplateNames; empty for text.
	Name string
	// InText tells that the value is a part of a longer text. Else it is a value of its own type.
	InText bool
}

// TemplateNames are what a refusal can be told with.
func TemplateNames() []string {
	return []string{
		"code", "status", "title", "detail_ko", "detail_en", "buyer_ko", "buyer_en", "field", "order_id", "trace_id",
		"timestamp", "retry",
	}
}

// maxTemplateDepth is how deep a template may nest.
const maxTemplateDepth = 8

func errorTemplateReader(c *ErrorTemplate) reader {
	read := object(fields{
		"status": {whole(&c.Status, 200, 599), "The HTTP status of every refusal; that of the problem when left out."},
		"page":   {errorPageReader(&c.Page), "A refusal that is no JSON, in place of body."},
		"redirect": {redirectReader(c), "A page of the shop to send the browser to (303) in place of body, for a form that " +
			"the browser posts by itself: a path, or an address at an origin of allow_origins. The placeholders of body " +
			"may stand in its query, and are percent-encoded."},
		"body": {templateBody(&c.Body), "The JSON of a refusal. {code}, {status}, {title}, {detail_ko}, {detail_en}, " +
			"{buyer_ko}, {buyer_en}, {field}, {order_id}, {trace_id}, {timestamp} and {retry} are filled in; one that is " +
			"a value by itself keeps its type: {status} is a number, {retry} true or false, an unknown " +
			"{field} or {order_id} null."},
	})
	return func(v value) {
		if read(v); v.schema != nil || v.n.Kind != mappingKind {
			return
		}
		has := map[string]bool{}
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			has[v.n.Content[i].Value] = true
		}
		ways := 0
		for _, way := range []string{"body", "page", "redirect"} {
			if has[way] {
				ways++
			}
		}
		switch {
		case ways != 1:
			v.fail("body: { result: fail, message: \"{buyer_ko}\" }", "needs one of body, page and redirect")
		case has["redirect"] && has["status"]:
			v.fail("leave status out", "a redirect is always 303")
		}
	}
}

func templateBody(dst *[]TemplatePart) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.AdditionalProperties = "object", true
			return
		}
		if !v.is(mappingKind, "a mapping") {
			return
		}
		var t template
		t.value(v, 0)
		t.flush()
		*dst = t.parts
	}
}

// template is a template being made.
type template struct {
	parts []TemplatePart
	text  strings.Builder
}

func (t *template) flush() {
	if t.text.Len() > 0 {
		t.parts = append(t.parts, TemplatePart{JSON: t.text.String()})
		t.text.Reset()
	}
}

// value takes up v.
func (t *template) value(v value, depth int) {
	switch {
	case depth > maxTemplateDepth:
		v.fail("", "nests deeper than %d", maxTemplateDepth)
	case v.n.Kind == mappingKind:
		t.members(v, depth)
	case v.n.Kind == sequenceKind:
		t.text.WriteByte('[')
		for i, n := range v.n.Content {
			if i > 0 {
				t.text.WriteByte(',')
			}
			t.value(v.at(n, "[]"), depth+1)
		}
		t.text.WriteByte(']')
	case v.n.ShortTag() == "!!null" && v.is(scalarKind, "a value"):
		t.text.WriteString("null")
	case v.n.ShortTag() == "!!bool", v.n.ShortTag() == "!!int", v.n.ShortTag() == "!!float":
		if !json.Valid([]byte(v.n.Value)) {
			v.fail("write it as JSON does, or in quotes", "%q is no value of JSON", clip(v.n.Value))
			return
		}
		t.text.WriteString(v.n.Value)
	default:
		if s, ok := v.str(); ok {
			t.string(v, s)
		}
	}
}

func (t *template) members(v value, depth int) {
	seen := map[string]bool{}
	t.text.WriteByte('{')
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		key, ok := v.key(v.n.Content[i], seen)
		if !ok {
			continue
		}
		if len(seen) > 1 {
			t.text.WriteByte(',')
		}
		t.text.WriteString(quotedJSON(key) + ":")
		t.value(v.at(v.n.Content[i+1], key), depth+1)
	}
	t.text.WriteByte('}')
}

// string takes up a text, which may be or hold placeholders.
func (t *template) string(v value, s string) {
	if name, ok := strings.CutPrefix(s, "{"); ok {
		if name, ok = strings.CutSuffix(name, "}"); ok && slices.Contains(TemplateNames(), name) {
			t.flush()
			t.parts = append(t.parts, TemplatePart{Name: name})
			return
		}
	}
	t.text.WriteByte('"')
	for {
		before, rest, open := strings.Cut(s, "{")
		quoted := quotedJSON(before)
		t.text.WriteString(quoted[1 : len(quoted)-1])
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !slices.Contains(TemplateNames(), name) {
			v.fail("one of "+strings.Join(TemplateNames(), ", "), "{%s} is nothing that a refusal has", clip(name))
			return
		}
		t.flush()
		t.parts = append(t.parts, TemplatePart{Name: name, InText: true})
		s = after
	}
	t.text.WriteByte('"')
}

func quotedJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		// A string always has a JSON form.
		return `""`
	}
	return string(b)
}
