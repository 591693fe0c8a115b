package gateway

import (
	"bytes"
	"html/template"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// pageData is what a status page shows.
type pageData struct {
	Title, TextKo, TextEn, FixKo, TraceID string
	OrderID                               payment.OrderID
}

const pageCSS = `body{font-family:system-ui,sans-serif;margin:0;background:#f6f7f9;color:#1c2430}
main{max-width:26rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:12px;box-shadow:0 1px 4px #0002}
h1{font-size:1.25rem;margin:0 0 .75rem}p{line-height:1.6;margin:.4rem 0}small{color:#667}`

func pageTemplate() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{{.Title}}</title><style>` + pageCSS + `</style></head>
<body><main><h1 id="status">{{.Title}}</h1><p>{{.TextKo}}</p><p lang="en">{{.TextEn}}</p>
{{if .FixKo}}<p>{{.FixKo}}</p>{{end}}
<small>{{if .OrderID}}주문 {{.OrderID}} · {{end}}{{.TraceID}}</small></main></body></html>
`))
}

// page shows a browser how things stand when there is no shop page to send it to.
func (g *Gateway) page(c *fiber.Ctx, res settle.Result, err error) error {
	status := fiber.StatusOK
	data := pageData{
		Title: "결제 상태", TextKo: "결제 창의 결과를 기다리고 있습니다. 주문 내역에서 결과를 확인하세요.",
		TextEn: "Nothing to do here. Look at your order for the result.", TraceID: requestID(c), OrderID: res.Attempt.OrderID,
	}
	if err != nil {
		p := asProblem(err)
		g.report(c, p, err)
		d := p.Code.Describe()
		status = d.Status
		data.Title, data.TextKo, data.TextEn, data.FixKo = d.TitleKo, p.DetailKo, d.TitleEn, d.FixKo
		c.Set(headerReason, string(p.Code))
	}
	return g.html(c, status, data)
}

func (g *Gateway) html(c *fiber.Ctx, status int, data pageData) error {
	var b bytes.Buffer
	if err := g.pageTemplate.Execute(&b, data); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Type("html", "utf-8")
	return c.Status(status).Send(b.Bytes())
}

// handleStatusPage answers a GET of the return address: some setups and every reload come that way. It
// settles nothing.
func (g *Gateway) handleStatusPage(c *fiber.Ctx) error { return g.page(c, settle.Result{}, nil) }
