package gateway

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// The codes of the envelope that x2beeCode does not give out.
const (
	x2beeOK           = "0000"
	x2beeNotFound     = "1003"
	x2beeIncomplete   = "2005"
	x2beeNoAccountMID = "2006"
	x2beeUnknown      = "9000"
)

// statusBusiness is X2BEE's own HTTP status for business errors.
const statusBusiness = 900

// storeFunction is one of the six payment functions of the X2BEE store API: it returns the payload.
type storeFunction struct {
	method string
	answer func(g *Gateway, c *fiber.Ctx, v *view) (any, error)
}

// storeFunctions are the functions by their full paths.
func storeFunctions(x rules.X2BEEConfig) map[string]storeFunction {
	if !x.Enabled {
		return nil
	}
	return map[string]storeFunction{
		x.BasePath + x.Paths.PayMeanLink:         {fiber.MethodPost, (*Gateway).payMeanLink},
		x.BasePath + x.Paths.MersInfo:            {fiber.MethodPost, (*Gateway).mersInfo},
		x.BasePath + x.Paths.InicisPCParam:       {fiber.MethodPost, (*Gateway).inicisPCParam},
		x.BasePath + x.Paths.InterestFreeNotices: {fiber.MethodGet, (*Gateway).interestFreeNotices},
		x.BasePath + x.Paths.AccountCertMID:      {fiber.MethodGet, (*Gateway).accountCertMID},
		x.BasePath + x.Paths.PGInfo:              {fiber.MethodPost, (*Gateway).pgInfo},
	}
}

// storeRoute answers the X2BEE store API at the paths of the current rules, before any route of the shop.
func (g *Gateway) storeRoute(c *fiber.Ctx) error {
	v := g.view()
	f, ok := v.store[c.Path()]
	if !ok {
		return c.Next()
	}
	requestOf(c).route = routeX2BEE
	if c.Method() == fiber.MethodOptions {
		return g.preflight(c)
	}
	g.allowOrigin(c, c.Get(fiber.HeaderOrigin))
	c.Set(fiber.HeaderCacheControl, "no-store")
	if c.Method() != f.method {
		return g.storeRefusal(c, v, notAllowed(c, f.method+", OPTIONS"))
	}
	if err := g.admit(c); err != nil {
		return g.storeRefusal(c, v, err)
	}
	payload, err := f.answer(g, c, v)
	if err != nil {
		return g.storeRefusal(c, v, err)
	}
	return c.JSON(x2beeBody{
		Timestamp: g.storeTime(), Code: x2beeOK, Message: "정상 처리되었습니다", IsProcess: true, Payload: payload,
		Errors: []x2beeError{},
	})
}

func (g *Gateway) storeTime() string { return g.now().In(payment.KST()).Format(time.RFC3339) }

// storeRefusal answers in the envelope, with the status of its code or with 900.
func (g *Gateway) storeRefusal(c *fiber.Ctx, v *view, err error) error {
	p := *asProblem(err)
	p.Field = storeField(p.Field)
	code := storeCode(&p, err)
	if code == x2beeIncomplete {
		p.DetailKo, p.DetailEn = incompleteKo, incompleteEn
	}
	status := storeStatus(code, &p)
	if v.rules.X2BEE().Status900 && code != x2beeUnknown && p.Code != payment.CodeRateLimited {
		status = statusBusiness
	}
	g.report(c, &p, err)
	c.Set(headerReason, string(p.Code))
	b := body(&p, requestID(c))
	list := []x2beeError{}
	if p.Field != "" {
		list = append(list, x2beeError{Field: p.Field, Message: b.DetailKo})
	}
	return c.Status(status).JSON(x2beeBody{
		Timestamp: g.storeTime(), Code: code, Message: b.DetailKo, Error: true, Payload: b, Errors: list,
	})
}

// What is said when a contract lacks what its PG needs; which key it is stays in the log.
const (
	incompleteKo = "PG 설정(MID 또는 서명 키)이 완전하지 않습니다"
	incompleteEn = "the PG's settings (MID or sign key) are incomplete"
)

// errNoAccountMID is the refusal when no MID verifies accounts.
var errNoAccountMID = errors.New("account_verification.mid is not configured")

// storeCode is the envelope's code for an error (x2bee.md §5.3).
func storeCode(p *payment.Problem, err error) string {
	if f, ok := errors.AsType[*adapters.FieldError](err); ok && strings.HasPrefix(f.Field, "merchants.") {
		return x2beeIncomplete
	}
	switch {
	case errors.Is(err, errNoAccountMID):
		return x2beeNoAccountMID
	case p.Code == payment.CodeNotFound || p.Code == payment.CodeOrderNotFound:
		return x2beeNotFound
	case p.Code.Describe().Status >= fiber.StatusInternalServerError:
		return x2beeUnknown
	}
	return x2beeCode(p.Code)
}

// storeStatus is the HTTP status of a code. Faults of the transport keep their own.
func storeStatus(code string, p *payment.Problem) int {
	switch code {
	case "2001", "2002":
		return fiber.StatusConflict
	case "2004":
		return fiber.StatusNotFound
	case x2beeIncomplete, x2beeNoAccountMID:
		return fiber.StatusInternalServerError
	case x2beeUnknown:
		return max(p.Code.Describe().Status, fiber.StatusInternalServerError)
	}
	transport := []payment.Code{
		payment.CodeMethodNotAllowed, payment.CodeUnsupportedMediaType, payment.CodeBodyTooLarge, payment.CodeRateLimited,
		payment.CodeTooManyAttempts,
	}
	if slices.Contains(transport, p.Code) {
		return p.Code.Describe().Status
	}
	return fiber.StatusBadRequest
}

// storeField is X2BEE's name for a field of ours.
func storeField(field string) string {
	switch field {
	case "order_id":
		return "ordNo"
	case "amount", "payments", "payments.0.amount":
		return "payAmt"
	case "payments.0.method", "purpose":
		return "payWayCd"
	case "order_name":
		return "goodsNm"
	case "buyer.name":
		return "ordManNm"
	case "buyer.tel":
		return "ordManTelNo"
	case "buyer.email":
		return "ordManEmailAddr"
	case "return_url":
		return "returnUrl"
	case "card.company":
		return "cardCd"
	case "card.installment":
		return "instMonths"
	}
	return field
}

// x2beeBody is X2BEE's envelope around a problem (x2bee.md §5).
type x2beeBody struct {
	Timestamp string       `json:"timestamp"`
	Code      string       `json:"code"`
	Message   string       `json:"message"`
	IsProcess bool         `json:"isProcess"`
	Error     bool         `json:"error"`
	Payload   any          `json:"payload"`
	Errors    []x2beeError `json:"errors"`
}

type x2beeError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// x2beeCode maps our codes to the envelope's.
func x2beeCode(c payment.Code) string {
	switch c { //nolint:exhaustive // every other code is an invalid parameter to X2BEE
	case payment.CodeMethodNotLinked, payment.CodeMethodNotInUse, payment.CodeBlockedByControl:
		return "2001"
	case payment.CodePGNotInUse:
		return "2002"
	case payment.CodeTwoPrimaries:
		return "2003"
	case payment.CodeMerchantNotFound, payment.CodeNotRouted:
		return "2004"
	case payment.CodeMissingField:
		return "1001"
	case payment.CodeInternal,
		payment.CodeJournalDown,
		payment.CodeSeveralJournals,
		payment.CodeOrderServiceDown,
		payment.CodePGUnavailable:
		return "9000"
	}
	return "1002"
}

// x2bee renders p in X2BEE's envelope; the problem itself is the payload.
func x2bee(p *payment.Problem, traceID, timestamp string) x2beeBody {
	b := body(p, traceID)
	return x2beeBody{
		Timestamp: timestamp, Code: x2beeCode(p.Code), Message: b.DetailKo, Error: true, Payload: b,
		Errors: []x2beeError{{Field: b.Field, Message: b.DetailKo}},
	}
}

// yn is a flag as X2BEE writes it.
func yn(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}
