package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// problemInPlace is what stands in the window's place when there is none: the problem in the shop's own shape, when
// that is JSON.
func (g *Gateway) problemInPlace(c *fiber.Ctx, i *intercept, p *payment.Problem) ([]byte, error) {
	if len(i.Template.Body) == 0 {
		return json.Marshal(map[string]any{"problem": body(p, requestID(c))})
	}
	own := fillTemplate(i.Template, refusal(p, requestID(c), g.now().In(payment.KST()).Format(time.RFC3339)))
	return slices.Concat([]byte(`{"problem":`), own, []byte("}")), nil
}

// refuseIntercepted answers in the shape that the route's front end knows.
func (g *Gateway) refuseIntercepted(c *fiber.Ctx, i *intercept, err error) error {
	g.metrics.Intercepted(i.Name, "refused")
	return g.tellRefusal(c, i, err)
}

// tellRefusal is refuseIntercepted of what is counted as something else.
func (g *Gateway) tellRefusal(c *fiber.Ctx, i *intercept, err error) error {
	p := asProblem(err)
	if i.Errors == "problem" {
		return g.fail(c, err)
	}
	g.report(c, p, err)
	tellReason(c, p)
	status, now := p.Code.Describe().Status, g.now().In(payment.KST()).Format(time.RFC3339)
	if i.Errors == "x2bee" {
		return c.Status(status).JSON(x2bee(p, requestID(c), now))
	}
	if i.Template.Redirects() {
		return c.Redirect(i.Template.FillRedirect(refusalValues(p, requestID(c), now)), fiber.StatusSeeOther)
	}
	if i.Template.Status != 0 {
		status = i.Template.Status
	}
	c.Status(status)
	if page := &i.Template.Page; page.Set() {
		text, err := page.Fill(refusalValues(p, requestID(c), now))
		if err != nil {
			return fmt.Errorf("filling in the page of %s: %w", i.Name, err)
		}
		c.Response().Header.SetContentType(page.Type + "; charset=utf-8")
		return c.SendString(text)
	}
	c.Response().Header.SetContentType("application/json; charset=utf-8")
	return c.Send(fillTemplate(i.Template, refusal(p, requestID(c), now)))
}

// refusalValues are what a page or an address can be filled in with.
func refusalValues(p *payment.Problem, traceID, now string) map[string]any {
	b := body(p, traceID)
	return map[string]any{
		"code": string(p.Code), "status": b.Status, "title": b.Title, "detail_ko": b.DetailKo, "detail_en": b.DetailEn,
		"buyer_ko": b.Buyer.Ko, "buyer_en": b.Buyer.En, "field": b.Field, "order_id": string(b.OrderID),
		"trace_id": traceID, "timestamp": now, "retry": mayRetry(p),
	}
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
