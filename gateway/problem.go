package gateway

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// problemBody is RFC 9457 problem JSON with our members.
type problemBody struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Code     payment.Code `json:"code"`
	Detail   string       `json:"detail"`
	DetailKo string       `json:"detail_ko"`
	DetailEn string       `json:"detail_en"`
	Fix      fix          `json:"fix"`
	// Buyer is what the shop may show to its buyer.
	Buyer   fix             `json:"buyer"`
	Field   string          `json:"field,omitempty"`
	OrderID payment.OrderID `json:"order_id,omitempty"`
	TraceID string          `json:"trace_id"`
	Trace   []payment.Step  `json:"decision_trace,omitempty"`
	// AttemptID, Reason and Retry are told to who charges a billing key: Retry is safe, unsafe, never or wait.
	AttemptID payment.AttemptID `json:"attempt_id,omitempty"`
	Reason    payment.Reason    `json:"reason,omitempty"`
	Retry     payment.KeySafety `json:"retry,omitempty"`
	// Recovery is where the recovery of a declined charge stands.
	Recovery *payment.RecoveryStanding `json:"recovery,omitempty"`
	// SafeNewKey tells a caller with an Idempotency-Key whether another key is safe to use.
	SafeNewKey *bool `json:"safe_new_key,omitempty"`
}

type fix struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// asProblem is the one place that turns an error into what a user is told. What it does not know is INTERNAL,
// and its text stays in the log.
func asProblem(err error) *payment.Problem {
	if p, ok := payment.AsProblem(err); ok {
		return p
	}
	f, ok := errors.AsType[*adapters.FieldError](err)
	switch {
	case !ok:
	case f.Field == "order_name":
		return orderFault("", f.Field, "결제사가 받는 상품명이 아닙니다", f.Msg)
	case strings.HasPrefix(f.Field, "buyer."):
		return &payment.Problem{
			Code: payment.CodeInvalidField, Field: f.Field, DetailKo: buyerWord(f.Field) + " 결제사가 받는 형식이 아닙니다",
			DetailEn: f.Field + " " + f.Msg,
		}
	}
	switch {
	case errors.Is(err, adapters.ErrUnsupported):
		return &payment.Problem{Code: payment.CodePurposeNotSupported}
	case errors.Is(err, journal.ErrUnavailable):
		return &payment.Problem{Code: payment.CodeJournalDown}
	case errors.Is(err, adapters.ErrUnavailable), errors.Is(err, adapters.ErrUnknownOutcome):
		return &payment.Problem{Code: payment.CodePGUnavailable}
	case errors.Is(err, adapters.ErrRejected):
		return &payment.Problem{Code: payment.CodePGRefused}
	}
	if fe, ok := errors.AsType[*fiber.Error](err); ok {
		switch fe.Code {
		case fiber.StatusNotFound:
			return &payment.Problem{Code: payment.CodeNotFound}
		case fiber.StatusMethodNotAllowed:
			return &payment.Problem{Code: payment.CodeMethodNotAllowed}
		case fiber.StatusBadRequest, fiber.StatusRequestTimeout, fiber.StatusBadGateway: //guard:unparsed-is-not-logged
			// What the server could not parse. Its words hold raw bytes of the request, so they end here.
			return &payment.Problem{Code: payment.CodeRequestUnreadable}
		case fiber.StatusRequestEntityTooLarge:
			return &payment.Problem{Code: payment.CodeBodyTooLarge}
		case fiber.StatusRequestHeaderFieldsTooLarge:
			return &payment.Problem{Code: payment.CodeHeadersTooLarge}
		}
	}
	return &payment.Problem{Code: payment.CodeInternal}
}

// buyerWord is what a buyer calls a field about himself.
func buyerWord(field string) string {
	switch field {
	case "buyer.email":
		return "이메일 주소가"
	case "buyer.tel":
		return "전화번호가"
	}
	return "이름이"
}

// body renders p for a user.
func body(p *payment.Problem, traceID string) problemBody {
	d := p.Code.Describe()
	ko, en := p.DetailKo, p.DetailEn
	switch {
	case ko == "":
		ko = d.TitleKo
	case !strings.ContainsFunc(ko, isHangul):
		// A shop's own message may be in English alone.
		ko = d.TitleKo + ": " + ko
	}
	if en == "" {
		en = d.TitleEn
	}
	toldKo, toldEn := p.ForBuyer()
	var safe *bool
	if p.KeySafety != "" {
		safe = new(p.KeySafety == payment.NewKeySafe)
	}
	return problemBody{
		SafeNewKey: safe,
		AttemptID:  p.AttemptID,
		Reason:     p.Reason,
		Retry:      p.KeySafety,
		Recovery:   p.Recovery,
		Type:       "urn:pg-gateway:problem:" + string(p.Code),
		Title:      d.TitleKo,
		Status:     d.Status,
		Code:       p.Code,
		Detail:     en + " / " + ko,
		DetailKo:   ko,
		DetailEn:   en,
		Fix: fix{
			Ko: d.FixKo, En: d.FixEn,
		},
		Buyer:   fix{Ko: toldKo, En: toldEn},
		Field:   p.Field,
		OrderID: p.OrderID,
		TraceID: traceID,
		Trace:   p.Trace,
	}
}

func isHangul(c rune) bool { return c >= '가' && c <= '힣' }

// retryable tells whether the same request may come through in a moment.
func retryable(c payment.Code) bool {
	return c == payment.CodeOrderInProgress || c == payment.CodeKeyInProgress || c == payment.CodeCancelInProgress ||
		c == payment.CodeCancelUnknown
}

// mayRetry tells whether the same request may come through in a moment, as things are.
func mayRetry(p *payment.Problem) bool {
	return p.Code.Describe().Status == fiber.StatusServiceUnavailable || retryable(p.Code) || p.RetryAfter > 0
}

// tellReason sets the headers of an answer that tells a problem.
func tellReason(c *fiber.Ctx, p *payment.Problem) {
	c.Set(headerReason, string(p.Code))
	c.Set(fiber.HeaderCacheControl, "no-store")
	if mayRetry(p) && p.RetryAfter == 0 {
		c.Set(fiber.HeaderRetryAfter, "3")
	}
}

// problemType is the content type of a problem.
const problemType = "application/problem+json; charset=utf-8"

// writeProblem answers with problem JSON. The reason header tells SREs that the answer is ours, not an
// upstream's.
func writeProblem(c *fiber.Ctx, p *payment.Problem, traceID string) error {
	b := body(p, traceID)
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	tellReason(c, p)
	c.Status(b.Status)
	c.Response().Header.SetContentType(problemType)
	return c.Send(text)
}
