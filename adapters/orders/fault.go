package orders

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/payment"
)

// AnswerError is an answer of the order service that cannot be used, and what is wrong with it. It matches
// ErrUnavailable.
type AnswerError struct {
	// Field is the path of what is wrong in the answer; empty when it is the answer as a whole.
	Field string
	// Ko and En say what is wrong, without the value.
	Ko, En string
	// Elsewhere tells that somebody between us and the order service may have answered: a page, a refusal.
	Elsewhere bool
}

// Error implements error.
func (e *AnswerError) Error() string {
	if e.Field == "" {
		return "the order service's answer " + e.En
	}
	return "the order service's answer: " + e.Field + " " + e.En
}

// Is makes errors.Is(err, ErrUnavailable) true.
func (e *AnswerError) Is(target error) bool { return target == ErrUnavailable }

func elsewhere(ko, en string) error { return &AnswerError{Ko: ko, En: en, Elsewhere: true} }

func wrong(field, ko, en string) error { return &AnswerError{Field: field, Ko: ko, En: en} }

// won reads an amount: a whole JSON number only. What else stands there is named.
func won(field string, v gjson.Result) (payment.Won, error) {
	if v.Type == gjson.Number {
		if w, err := payment.ParseWon(v.Raw); err == nil {
			return w, nil
		}
	}
	switch {
	case !v.Exists() || v.Type == gjson.Null:
		return 0, wrong(field, "값이 없습니다", "is missing")
	case v.Type == gjson.String:
		return 0, wrong(field, "문자열입니다. 따옴표 없는 정수여야 합니다", "is text; it must be a whole number without quotes")
	case v.Type != gjson.Number:
		return 0, wrong(field, "숫자가 아닙니다. 정수여야 합니다", "is not a number; it must be a whole number")
	case v.Num < 0:
		return 0, wrong(field, "0보다 작습니다", "is below 0")
	case v.Num > float64(payment.MaxWon):
		return 0, wrong(field, "금액이 너무 큽니다", "is too large")
	}
	return 0, wrong(field, "정수가 아닙니다. 소수점이나 지수 없이 원 단위로 적어야 합니다",
		"is not a whole number; write won without a fraction or an exponent")
}

// stated reads an amount that may be absent or null, and tells whether it is there.
func stated(field string, v gjson.Result) (payment.Won, bool, error) {
	if !v.Exists() || v.Type == gjson.Null {
		return 0, false, nil
	}
	w, err := won(field, v)
	return w, err == nil, err
}

func under(field string, i int, name string) string { return fmt.Sprintf("%s.%d.%s", field, i, name) }
