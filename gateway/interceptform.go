package gateway

import (
	"bytes"
	"errors"
	"mime"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
)

// The kinds of request bodies that a route can be for.
const (
	kindJSON      = "json"
	kindForm      = "form"
	kindMultipart = "multipart"
)

// kindOf tells of which kind a body is, and where the parts of it end. What is no form is read as JSON, and refused
// when it is none.
func kindOf(contentType []byte) (kind, boundary string) {
	if media, _, _ := bytes.Cut(contentType, []byte(";")); string(bytes.TrimSpace(media)) == fiber.MIMEApplicationJSON {
		return kindJSON, "" // what nearly every one says
	}
	media, params, err := mime.ParseMediaType(string(contentType))
	switch {
	case err != nil:
		return kindJSON, ""
	case media == fiber.MIMEApplicationForm:
		return kindForm, ""
	case media == fiber.MIMEMultipartForm:
		return kindMultipart, params["boundary"]
	}
	return kindJSON, ""
}

// forBodyOf is the route for the kind of body that the request has, of those that are for the same path as i; nil when
// none takes it.
func (v *view) forBodyOf(c *fiber.Ctx, i *intercept) *intercept {
	if c.Request().Header.ContentLength() == 0 {
		return i
	}
	kind, _ := kindOf(c.Request().Header.ContentType())
	for n := range v.intercepts {
		other := &v.intercepts[n]
		same := other.Path == i.Path && other.Prefix == i.Prefix && other.Method == i.Method && !other.Forward()
		if same && (len(other.ContentTypes) == 0 || slices.Contains(other.ContentTypes, kind)) {
			return other
		}
	}
	return nil
}

// readRequestBody finds in a request's body what the sources of its route need: a form is read as PHP reads it,
// everything else must be clean JSON. The shop gets the body as it came.
func (i *intercept) readRequestBody(contentType, body []byte) (*jsonplace.Found, error) {
	if len(body) == 0 {
		return nil, nil
	}
	kind, boundary := kindOf(contentType)
	var err error
	switch kind {
	case kindForm:
		body, err = formjson.Convert(body)
	case kindMultipart:
		body, err = formjson.ConvertMultipart(body, boundary)
	}
	if err != nil {
		return nil, formProblem(err)
	}
	found, err := i.request.Read(string(body))
	if err != nil {
		return nil, jsonProblem(err)
	}
	return found, nil
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
