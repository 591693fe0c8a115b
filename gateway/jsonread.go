package gateway

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Bounds of texts that are read, in bytes.
const (
	maxOrderID = 64
	maxText    = 200
	maxURL     = 1000
)

// text reads a string of at most limit bytes without control characters.
func text[T ~string](r *strictjson.Reader, to *T, limit int) error {
	s, err := r.String()
	if err != nil {
		return err
	}
	if len(s) > limit {
		return fieldProblem(r.Path(), "너무 깁니다", "is too long")
	}
	if strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c == 0x7f || c == utf8.RuneError }) {
		return fieldProblem(r.Path(), "제어 문자가 들어 있습니다", "contains control characters")
	}
	*to = T(s)
	return nil
}

// optional reads a text that may be null.
func optional[T ~string](r *strictjson.Reader, to *T, limit int) error {
	if r.Null() {
		return nil
	}
	return text(r, to, limit)
}

func won(r *strictjson.Reader, to *payment.Won) error {
	n, err := r.Int()
	if err != nil {
		return err
	}
	if payment.Won(n) > payment.MaxWon {
		return fieldProblem(r.Path(), "금액이 너무 큽니다", "the amount is too large")
	}
	*to = payment.Won(n)
	return nil
}

func optionalWon(r *strictjson.Reader, to **payment.Won) error {
	*to = new(payment.Won)
	return won(r, *to)
}

func missing(field string) error {
	return &payment.Problem{
		Code: payment.CodeMissingField, Field: field, DetailKo: field + " 값이 필요합니다", DetailEn: field + " is required",
	}
}

func fieldProblem(field, ko, en string) error {
	return &payment.Problem{
		Code: payment.CodeInvalidField, Field: field, DetailKo: field + ": " + ko, DetailEn: field + ": " + en,
	}
}

// jsonProblem says to a user what a reader found wrong.
func jsonProblem(err error) error {
	if _, ok := payment.AsProblem(err); ok {
		return err
	}
	var e *strictjson.Error
	if !errors.As(err, &e) {
		return err
	}
	p := &payment.Problem{
		Code: payment.CodeInvalidJSON, Field: clipText(e.Path, 120), DetailKo: clipText(e.Korean(), 200),
		DetailEn: clipText(e.Error(), 200),
	}
	switch {
	case errors.Is(err, strictjson.ErrDuplicate):
		p.Code = payment.CodeDuplicateKey
	case errors.Is(err, strictjson.ErrUTF8):
		p.Code, p.Field = payment.CodeNotUTF8, ""
	case errors.Is(err, strictjson.ErrType):
		p.Code = payment.CodeInvalidField
	}
	return p
}

// clipText shortens s to at most n bytes on a character boundary.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
