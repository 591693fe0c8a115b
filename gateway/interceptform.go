package gateway

import (
	"errors"
	"mime"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readRequestBody finds in a request's body what the sources of its route need: a form is read as PHP reads it,
// everything else must be clean JSON. The shop gets the body as it came.
func (i intercept) readRequestBody(contentType string, body []byte) (*jsonplace.Found, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = ""
	}
	if kind == fiber.MIMEApplicationForm {
		if body, err = formjson.Convert(body); err != nil {
			return nil, formProblem(err)
		}
	}
	if len(body) == 0 {
		return nil, nil
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
