package rules

import (
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"net/url"
	"slices"
	"strings"
)

// The types that a refusal's page may have besides JSON.
const (
	typeHTML  = "text/html"
	typePlain = "text/plain"
	typeForm  = "application/x-www-form-urlencoded"
)

// ErrorPage is a refusal of another type than JSON.
type ErrorPage struct {
	// Type is the content type, without its parameters.
	Type  string
	text  string
	parts []TemplatePart
	html  *htmltemplate.Template
}

// Set tells whether there is a page.
func (p *ErrorPage) Set() bool { return p.Type != "" }

// Fill makes the page. Each value is escaped for the place where it stands.
func (p *ErrorPage) Fill(values map[string]any) (string, error) {
	if p.html != nil {
		var b strings.Builder
		err := p.html.Execute(&b, values)
		return b.String(), err
	}
	return fillParts(p.parts, values, p.escape()), nil
}

func (p *ErrorPage) escape() func(string) string {
	switch p.Type {
	case typePlain:
		return func(s string) string { return s }
	case typeForm:
		return url.QueryEscape
	}
	return escapeXML
}

func escapeXML(s string) string {
	var b strings.Builder
	// A strings.Builder takes everything.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// FillRedirect makes the address of a page that tells of a refusal; values stand in its query.
func (t *ErrorTemplate) FillRedirect(values map[string]any) string {
	return fillParts(t.redirect, values, url.QueryEscape)
}

func fillParts(parts []TemplatePart, values map[string]any, escape func(string) string) string {
	var b strings.Builder
	for _, part := range parts {
		if part.Name == "" {
			b.WriteString(part.JSON)
			continue
		}
		b.WriteString(escape(fmt.Sprint(values[part.Name])))
	}
	return b.String()
}

// splitText takes a text into parts. A placeholder is a name of TemplateNames in braces; other braces stay as they
// are, as style sheets and scripts have them, but a word alone in braces is taken for a misspelt one.
func splitText(s string) (parts []TemplatePart, unknown string) {
	for {
		at := strings.IndexByte(s, '{')
		if at < 0 {
			break
		}
		name, after, closed := strings.Cut(s[at+1:], "}")
		word := closed && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
		if word && !slices.Contains(TemplateNames(), name) {
			return nil, name
		}
		if !word {
			at++
			parts = append(parts, TemplatePart{JSON: s[:at]})
			s = s[at:]
			continue
		}
		parts = append(parts, TemplatePart{JSON: s[:at]}, TemplatePart{Name: name})
		s = after
	}
	return append(parts, TemplatePart{JSON: s}), ""
}

// readText is splitText for a text of the file.
func readText(v value, s string) ([]TemplatePart, bool) {
	parts, unknown := splitText(s)
	if unknown != "" {
		v.fail("one of "+strings.Join(TemplateNames(), ", "), "{%s} is nothing that a refusal has", clip(unknown))
	}
	return parts, unknown == ""
}

func errorPageReader(p *ErrorPage) reader {
	var at value
	read := object(fields{
		"type": {
			choice(&p.Type, typeHTML, "application/xml", "text/xml", typeForm, typePlain),
			"The content type; it is sent as UTF-8.",
		},
		"text": {
			func(v value) { at = v; filled(&p.text)(v) },
			"What is sent. The placeholders are those of body, each escaped for its place: in HTML for text, attributes, " +
				"addresses and scripts, in XML for text and attributes, in a form percent-encoded.",
		},
	}, "type", "text")
	return func(v value) {
		if read(v); v.schema != nil || p.Type == "" || p.text == "" {
			return
		}
		parts, ok := readText(at, p.text)
		if !ok {
			return
		}
		p.parts = parts
		if err := p.check(); err != nil {
			at.fail(p.cure(), "the text cannot be filled in safely: %v", err)
		}
	}
}

// cure says how a page that cannot be filled in safely is written.
func (p *ErrorPage) cure() string {
	switch p.Type {
	case typeHTML:
		return "placeholders in text, in quoted attributes, in the query of an address, or as values in scripts"
	case typeForm:
		return "name={value}&other={value}, everything else percent-encoded"
	}
	return "well-formed XML with placeholders in text or in quoted attributes"
}

// check tries the page with values that would break out of a place that is not escaped.
func (p *ErrorPage) check() error {
	switch p.Type {
	case typeHTML:
		return p.compileHTML()
	case typeForm:
		return checkForm(p.parts)
	case typePlain:
		return nil
	}
	return checkXML(p.parts)
}

// Characters that no page has: html/template is to find placeholders there, and braces nowhere.
const openMark, closeMark = "\uf8f1", "\uf8f2"

func (p *ErrorPage) compileHTML() error {
	if strings.ContainsAny(p.text, openMark+closeMark) {
		return errors.New("it has characters of private use")
	}
	var b strings.Builder
	for _, part := range p.parts {
		if part.Name == "" {
			b.WriteString(part.JSON)
			continue
		}
		b.WriteString(openMark + "." + part.Name + closeMark)
	}
	t, err := htmltemplate.New("").Delims(openMark, closeMark).Parse(b.String())
	if err != nil {
		return err
	}
	b.Reset()
	if err := t.Execute(&b, breakers()); err != nil { // it escapes now, or says why it cannot
		if at, ok := errors.AsType[*htmltemplate.Error](err); ok {
			why, _, _ := strings.Cut(at.Description, ": {") // and what state its parser is in
			return errors.New(strings.NewReplacer(openMark, "{", closeMark, "}").Replace(why))
		}
		return err
	}
	if strings.Contains(b.String(), notFilled) { //guard:pages-have-room-for-texts
		return errors.New("a placeholder stands where no text can, such as in a style or in place of an attribute")
	}
	b.Reset()
	if err := t.Execute(&b, everyName(filledMark)); err != nil {
		return err
	}
	if err := checkAttributes(b.String()); err != nil {
		return err
	}
	p.html = t
	return nil
}

// notFilled is what html/template writes where it drops a value.
const notFilled = "ZgotmplZ"

// breaker is a value that is something else wherever it is not escaped.
const breaker = `<b c="` + "'" + `&d;]]>-->` + "\uf8f3"

func breakers() map[string]any { return everyName(breaker) }

// everyName makes everything that a refusal can be told with the same text.
func everyName(text string) map[string]any {
	values := map[string]any{}
	for _, name := range TemplateNames() {
		values[name] = text
	}
	return values
}

func placeholders(parts []TemplatePart) (n int) {
	for _, p := range parts {
		if p.Name != "" {
			n++
		}
	}
	return n
}

// checkXML finds every placeholder again as text or in an attribute.
func checkXML(parts []TemplatePart) error {
	d := xml.NewDecoder(strings.NewReader(fillParts(parts, breakers(), escapeXML)))
	found, roots, depth, runs := 0, 0, 0, false
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && roots != 1:
			return errors.New("it has not one root")
		case errors.Is(err, io.EOF) && found != placeholders(parts): //guard:xml-is-filled-in-as-text
			return errors.New("a placeholder is neither in text nor in an attribute")
		case errors.Is(err, io.EOF) && found > 0 && runs: //guard:no-texts-in-xml-that-runs
			return errors.New("browsers run scripts in XHTML, SVG and MathML: a page with placeholders is of type text/html")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			runs = runs || slices.Contains([]string{
				"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML",
			}, token.Name.Space)
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" { // what a page is, is not filled in
					found += strings.Count(a.Value, breaker)
				}
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(token)) != "" {
				return errors.New("it has text outside its root")
			}
			found += strings.Count(string(token), breaker)
		case xml.Directive:
			return errors.New("it has a declaration of its own")
		}
	}
}

// checkForm reads the form back.
func checkForm(parts []TemplatePart) error {
	for _, p := range parts {
		for _, c := range p.JSON {
			if !ofQuery(c) {
				return fmt.Errorf("%q has to be percent-encoded", c)
			}
		}
	}
	_, err := url.ParseQuery(fillParts(parts, breakers(), url.QueryEscape))
	return err
}

// ofQuery tells whether a character stands for itself in a form or a query.
func ofQuery(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return letter || c >= '0' && c <= '9' || strings.ContainsRune("-._~*%+&=[]!'(),:@/?$", c)
}

// redirectReader reads where a browser is sent with a refusal.
func redirectReader(t *ErrorTemplate) reader {
	var s string
	read := checked(&s, `^(/([^/\\].*)?|https?://.+)$`, "a path such as /order/fail.php?code={code}, or a whole address",
		func(s string) bool {
			if strings.HasPrefix(s, "/") {
				return len(s) == 1 || s[1] != '/' && s[1] != '\\'
			}
			return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
		})
	return func(v value) {
		if read(v); v.schema != nil || s == "" {
			return
		}
		parts, ok := readText(v, s)
		if !ok {
			return
		}
		t.redirect = parts
		if err := t.checkRedirect(); err != nil {
			v.fail("a page of the shop with placeholders in its query: /order/fail.php?code={code}&msg={buyer_ko}", "%v", err)
		}
	}
}

// checkRedirect finds every placeholder in the query, and what else there is in plain characters.
func (t *ErrorTemplate) checkRedirect() error {
	query := false
	for _, p := range t.redirect {
		if p.Name != "" && !query { //guard:only-the-query-is-filled-in
			return errors.New("a placeholder stands before the query")
		}
		for _, c := range p.JSON {
			if !ofQuery(c) {
				return fmt.Errorf("%q cannot stand in it", c)
			}
			query = query || c == '?'
		}
	}
	u, err := url.Parse(t.FillRedirect(breakers()))
	switch {
	case err != nil:
		return errors.New("it is no address")
	case u.User != nil, u.Scheme != "" && !plainHost(u):
		return errors.New("it has no plain host")
	}
	if u.Scheme != "" {
		t.Origin = u.Scheme + "://" + u.Host
	}
	return nil
}
