package gateway

import (
	"bytes"
	"errors"
	"mime"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// The kinds of request bodies that a route can be for.
const (
	kindJSON      = "json"
	kindForm      = "form"
	kindMultipart = "multipart"
)

// bodyKind is what a request says of its body.
type bodyKind struct {
	kind string
	// boundary is where the parts of a multipart body end.
	boundary string
	// foreign tells that the body is in another encoding than UTF-8.
	foreign bool
}

// kindOf reads a Content-Type. What is no form is read as JSON, and refused when it is none. It is not ok when some
// server reads it otherwise: PHP takes what it says up to a comma or a blank, others what stands last.
func kindOf(contentType []byte) (k bodyKind, ok bool) {
	k.kind = kindJSON
	media, rest, _ := bytes.Cut(contentType, []byte(";"))
	if string(media) == fiber.MIMEApplicationJSON && (len(media) == len(contentType) ||
		bytes.EqualFold(bytes.TrimSpace(rest), []byte("charset=utf-8"))) || len(contentType) == 0 {
		return k, true // what nearly every one says
	}
	said, params, err := mime.ParseMediaType(string(contentType))
	if err != nil || bytes.IndexByte(contentType, '*') >= 0 { //guard:a-content-type-is-read-in-one-way
		return k, false
	}
	switch said {
	case fiber.MIMEApplicationForm:
		k.kind = kindForm
	case fiber.MIMEMultipartForm:
		k.kind = kindMultipart
		if k.boundary, ok = boundaryOf(bytes.TrimSpace(rest)); !ok { //guard:one-boundary-and-nothing-else
			return k, false
		}
	}
	charset, has := params["charset"]
	k.foreign = has && !strings.EqualFold(charset, "utf-8")
	return k, true
}

// boundaryOf reads the parameters of a multipart body: a boundary that every reader finds, be it in quotes or not. PHP
// takes the first that ends in this name, also in xboundary.
func boundaryOf(params []byte) (string, bool) {
	const most = 70 // RFC 2046 §5.1.1
	b, ok := bytes.CutPrefix(params, []byte("boundary="))
	if in := bytes.TrimPrefix(b, []byte(`"`)); len(in) < len(b) {
		if b = bytes.TrimSuffix(in, []byte(`"`)); len(b) == len(in) {
			return "", false
		}
	}
	return string(b), ok && len(b) <= most && upstream.IsToken(b)
}

// hasBody tells whether a request has a body, or may have one.
func hasBody(h *fasthttp.RequestHeader) bool { return h.ContentLength() > 0 || h.ContentLength() == -1 }

// forBodyOf is the route for the kind of body that the request has, of those that are for the same path as i; nil when
// none takes it. It refuses a kind that two readers could take for two.
func (v *view) forBodyOf(c *fiber.Ctx, i *intercept) (*intercept, error) {
	h := &c.Request().Header
	said, ok := kindOf(h.ContentType())
	if linesOf(h, fiber.HeaderContentType) > 1 || !ok && hasBody(h) { //guard:a-body-is-of-one-kind
		return nil, badKind("Content-Type을 한 가지로만 읽을 수 있어야 합니다", "the Content-Type can be read in two ways")
	}
	if h.ContentLength() == 0 {
		return i, nil
	}
	for n := range v.intercepts {
		other := &v.intercepts[n]
		same := other.Path == i.Path && other.Prefix == i.Prefix && other.Method == i.Method && !other.Forward()
		if same && (len(other.ContentTypes) == 0 || slices.Contains(other.ContentTypes, said.kind)) {
			return other, nil
		}
	}
	return nil, nil
}

func badKind(ko, en string) error {
	return &payment.Problem{Code: payment.CodeUnsupportedMediaType, DetailKo: ko, DetailEn: en}
}

// readsAlike refuses a request of which the shop could read another order than is checked here: in another encoding,
// packed, or of a header that comes twice or is not handed on.
func (i *intercept) readsAlike(h *fasthttp.RequestHeader) error {
	decides := i.decides()
	if said, _ := kindOf(h.ContentType()); decides && said.foreign && hasBody(h) { //guard:bodies-are-utf-8
		return badKind("본문이 UTF-8이어야 합니다", "the body must be in UTF-8")
	}
	if decides && linesOf(h, fiber.HeaderContentEncoding) > 0 { //guard:bodies-are-not-packed
		return badKind("압축한 본문은 받지 않습니다", "the body must not be compressed")
	}
	left := leftBehind(h)
	if decides && hasBody(h) && left.has(fiber.HeaderContentType) { //guard:the-kind-of-a-body-is-handed-on
		return badKind("Content-Type을 Connection에 적을 수 없습니다", "Connection must not name Content-Type")
	}
	for _, list := range []fieldSources{i.readRequest, i.readRefusal} {
		for _, s := range list {
			if s.Kind == "header" && left.has(s.Value) { //guard:a-header-that-counts-is-handed-on
				return fieldProblem(s.Value, "Connection에 적을 수 없는 헤더입니다", "must not be named by Connection")
			}
			if s.Kind == "header" && linesOf(h, s.Value) > 1 { //guard:a-header-says-one-thing
				return &payment.Problem{
					Code: payment.CodeDuplicateKey, Field: s.Value, DetailKo: "같은 헤더가 두 번 있습니다: " + s.Value,
					DetailEn: "the header comes twice: " + s.Value,
				}
			}
		}
	}
	return nil
}

// headerNames are names of headers.
type headerNames []string

func (list headerNames) has(name string) bool {
	return slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(other, name) })
}

// leftBehind are the headers that Connection names, which are not handed on.
func leftBehind(h *fasthttp.RequestHeader) (names headerNames) {
	for lines := upstream.NewLines(h.RawHeaders()); lines.Next(); {
		usual := upstream.Is(lines.Value, "keep-alive") || upstream.Is(lines.Value, "close")
		if usual || !upstream.Is(lines.Name, "connection") {
			continue
		}
		for name := range strings.SplitSeq(string(lines.Value), ",") {
			names = append(names, strings.Trim(name, " \t"))
		}
	}
	return names
}

// linesOf is how many lines some server takes for the header of this name; one that only some take for it, as X_A for
// X-A, counts twice.
func linesOf(h *fasthttp.RequestHeader, name string) (n int) {
	for lines := upstream.NewLines(h.RawHeaders()); lines.Next(); {
		if !sameToCGI(lines.Name, name) {
			continue
		}
		if n++; !strings.EqualFold(string(lines.Name), name) {
			n++
		}
	}
	return n
}

// readRequestBody finds in a request's body what the sources of its route need: a form is read as PHP reads it,
// everything else must be clean JSON. The shop gets the body as it came.
func (i *intercept) readRequestBody(contentType, body []byte, room *jsonplace.Reading) (*jsonplace.Found, error) {
	if len(body) == 0 {
		return nil, nil
	}
	said, _ := kindOf(contentType)
	var names []string
	if i.decides() { //guard:sources-have-one-name
		names = i.names
	}
	var err error
	switch said.kind {
	case kindForm:
		body, err = formjson.Convert(body, names...)
	case kindMultipart:
		body, err = formjson.ConvertMultipart(body, said.boundary, names...)
	}
	if err != nil {
		return nil, formProblem(err)
	}
	found, err := i.request.ReadInto(room, string(body))
	if err != nil {
		return nil, jsonProblem(err)
	}
	if name := found.Cased(); name != "" && i.decides() { //guard:sources-have-one-case
		return nil, &payment.Problem{
			Code: payment.CodeDuplicateKey, Field: clipText(name, maxText), DetailKo: "대소문자가 다른 이름입니다: " + clipText(name, 60),
			DetailEn: "a name in another case: " + clipText(name, 60),
		}
	}
	if path := found.Unlisted(); path != "" && i.decides() { //guard:lists-are-lists
		return nil, fieldProblem(path, "0부터 세는 목록이어야 합니다", "must be in a list that counts from 0")
	}
	return found, nil
}

// saysOnce refuses a form when the query says something else than it under the name of a source. Servlets, and PHP's
// $_REQUEST, make one thing of both: the former take the query's first, the latter the form's.
func (i *intercept) saysOnce(c *fiber.Ctx, hasBody bool, found *jsonplace.Found) error {
	if said, _ := kindOf(c.Request().Header.ContentType()); said.kind == kindJSON || !hasBody || !i.decides() {
		return nil
	}
	_, query, _ := strings.Cut(string(c.Context().RequestURI()), "?")
	for _, list := range []fieldSources{i.readRequest, i.readRefusal} {
		for _, s := range list {
			if s.saysTwo(query, found.Value(s.at)) { //guard:query-and-form-say-one-thing
				return &payment.Problem{
					Code: payment.CodeDuplicateKey, Field: s.Value, DetailKo: "주소의 ? 뒤와 양식이 서로 다릅니다: " + s.Value,
					DetailEn: "the query and the form say different things: " + s.Value,
				}
			}
		}
	}
	return nil
}

// saysTwo tells whether a query, and a form that has a value there, could say different things of a source.
func (s *fieldSource) saysTwo(query string, inForm jsonplace.Value) bool {
	name := s.Value
	switch s.Kind {
	case "query":
		if !inForm.Exists() {
			return false
		}
	case "body":
		if name = topOf(s.Value); name == "" {
			return false
		}
		if _, n := formjson.Find(query, name); n == 0 {
			return !formjson.IsClear(query, name)
		}
	default:
		return false
	}
	value, n := formjson.Find(query, name)
	return n != 1 || !formjson.IsClear(query, name) || !inForm.Exists() || inForm.String() != value ||
		s.Kind == "body" && pathOf(name) != s.Value // is only a part of it
}

// namesOf are what sources are called at the top of a form.
func namesOf(lists ...fieldSources) (names []string) {
	for _, list := range lists {
		for _, s := range list {
			name := ""
			switch s.Kind {
			case "body":
				name = topOf(s.Value)
			case "query":
				name = s.Value
			}
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// pathSpecial are the characters that mean something in a gjson path.
const pathSpecial = `.\*?|#@!{}[]()<>=%~:"'`

// topOf is the name that a gjson path begins with; empty where it begins with none, such as a pattern.
func topOf(path string) string {
	var name []byte
	for n := 0; n < len(path); n++ {
		switch c := path[n]; {
		case c == '.' || c == '|':
			return string(name)
		case c == '\\' && n+1 < len(path):
			n++
			name = append(name, path[n])
		case strings.IndexByte(pathSpecial, c) >= 0:
			return ""
		default:
			name = append(name, c)
		}
	}
	return string(name)
}

// pathOf is the gjson path of a name at the top.
func pathOf(name string) string {
	var path []byte
	for n := range len(name) {
		if strings.IndexByte(pathSpecial, name[n]) >= 0 {
			path = append(path, '\\')
		}
		path = append(path, name[n])
	}
	return string(path)
}

func formProblem(err error) error {
	p := &payment.Problem{Code: payment.CodeInvalidJSON, DetailKo: "양식을 읽을 수 없습니다", DetailEn: clipText(err.Error(), 200)}
	switch {
	case errors.Is(err, formjson.ErrDuplicate):
		p.Code, p.DetailKo = payment.CodeDuplicateKey, "같은 이름이 두 번 있습니다"
	case errors.Is(err, formjson.ErrUTF8):
		p.Code, p.DetailKo = payment.CodeNotUTF8, "양식이 UTF-8이 아닙니다"
	}
	return p
}
