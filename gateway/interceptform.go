package gateway

import (
	"errors"
	"mime"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// readable is an intercepted request's body as JSON for the sources of its route: a form is read as PHP reads it,
// everything else must be clean JSON. The shop gets the body as it came.
func readable(contentType string, body []byte) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = ""
	}
	read := body
	if kind == fiber.MIMEApplicationForm {
		if read, err = formjson.Convert(body); err != nil {
			return nil, formProblem(err)
		}
	}
	if len(read) == 0 {
		return nil, nil
	}
	if err := strictjson.Check(read); err != nil {
		return nil, jsonProblem(err)
	}
	return read, nil
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
