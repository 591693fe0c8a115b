package gateway

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// refuseIntercepted answers in the shape that the route's front end knows.
func (g *Gateway) refuseIntercepted(c *fiber.Ctx, i intercept, err error) error {
	p := asProblem(err)
	g.metrics.Intercepted(i.Name, "refused")
	if i.Errors == "problem" {
		return g.fail(c, err)
	}
	g.report(c, p, err)
	tellReason(c, p)
	status, now := p.Code.Describe().Status, g.now().In(payment.KST()).Format(time.RFC3339)
	if i.Errors == "x2bee" {
		return c.Status(status).JSON(x2bee(p, requestID(c), now))
	}
	if i.Template.Status != 0 {
		status = i.Template.Status
	}
	c.Response().Header.SetContentType("application/json; charset=utf-8")
	return c.Status(status).Send(fillTemplate(i.Template, refusal(p, requestID(c), now)))
}

// refusal is what a template can be filled with: JSON by name.
func refusal(p *payment.Problem, traceID, now string) map[string]string {
	b := body(p, traceID)
	orNull := func(s string) string {
		if s == "" {
			return "null"
		}
		return jsonText(s)
	}
	return map[string]string{
		"code": jsonText(string(p.Code)), "status": strconv.Itoa(b.Status), "title": jsonText(b.Title),
		"detail_ko": jsonText(b.DetailKo), "detail_en": jsonText(b.DetailEn),
		"buyer_ko": jsonText(b.Buyer.Ko), "buyer_en": jsonText(b.Buyer.En),
		"field": orNull(b.Field), "order_id": orNull(string(b.OrderID)), "trace_id": jsonText(traceID),
		"timestamp": jsonText(now), "retry": strconv.FormatBool(mayRetry(p)),
	}
}

// fillTemplate makes the JSON of a refusal.
func fillTemplate(t rules.ErrorTemplate, values map[string]string) []byte {
	var out []byte
	for _, part := range t.Body {
		v := values[part.Name]
		switch {
		case part.Name == "":
			v = part.JSON
		case part.InText && v == "null":
			v = ""
		case part.InText && v[0] == '"':
			v = v[1 : len(v)-1]
		}
		out = append(out, v...)
	}
	return out
}

func jsonText(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		// A string always has a JSON form.
		return `""`
	}
	return string(b)
}
