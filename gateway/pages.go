package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// pageData is what a status page shows.
type pageData struct {
	Title, TextKo, TextEn, TraceID string
	OrderID                        payment.OrderID
	// Shop is the page of the shop that leads on from here.
	Shop string
	// App is the shop's app that it leads to instead; empty for none.
	App template.URL
}

const pageCSS = `body{font-family:system-ui,sans-serif;margin:0;background:#f6f7f9;color:#1c2430}
*{box-sizing:border-box}
main{max-width:26rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:12px;box-shadow:0 1px 4px #0002;overflow-wrap:anywhere}
h1{font-size:1.25rem;margin:0 0 .75rem}p{line-height:1.6;margin:.4rem 0}[lang=en]{color:#56606e}small{color:#56606e;display:block;margin-top:1rem}
a{display:block;margin:1.5rem 0 0;padding:.9rem;min-height:48px;text-align:center;font-weight:600;border-radius:10px;background:#0b57d0;color:#fff;text-decoration:none}
a span{display:block;font-weight:400;font-size:.85rem}
@media(max-width:30rem){main{margin:0;min-height:100vh;border-radius:0;padding:1.5rem 1.25rem;box-shadow:none}}`

func pageTemplate() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{{.Title}}</title><style>` + pageCSS + `</style></head>
<body><main><h1 id="status">{{.Title}}</h1><p>{{.TextKo}}</p><p lang="en">{{.TextEn}}</p>
{{if .App}}<a id="app" href="{{.App}}">앱으로 돌아가기<span lang="en">Back to the app</span></a>
{{else}}<a id="shop" href="{{.Shop}}">쇼핑몰로 돌아가기<span lang="en">Back to the shop</span></a>
{{end}}<small>{{if .OrderID}}주문 {{.OrderID}} · {{end}}{{.TraceID}}</small></main></body></html>
`))
}

// page shows a browser how things stand when there is no shop page to send it to.
func (g *Gateway) page(c *fiber.Ctx, res lifecycle.Result, err error) error {
	status := fiber.StatusOK
	data := pageData{
		Title: "결제 상태", TextKo: "결제 창의 결과를 기다리고 있습니다. 주문 내역에서 결과를 확인하세요.",
		TextEn: "Nothing to do here. Look at your order for the result.", TraceID: requestID(c), OrderID: res.Attempt.OrderID,
		Shop: g.shopPage(res.Attempt.ReturnURL),
	}
	if err != nil {
		p := asProblem(err)
		g.report(c, p, err)
		end := toldToBuyer(p)
		status = p.Code.Describe().Status
		data.Title, data.TextKo, data.TextEn = "결제를 완료하지 못했습니다", end.Ko, end.En
		c.Set(headerReason, string(p.Code))
	}
	return g.html(c, status, data)
}

// toldToBuyer is what a buyer is told of a problem.
func toldToBuyer(p *payment.Problem) payment.Ending {
	ko, en := p.ForBuyer()
	return payment.Ending{Code: p.Code, Ko: ko, En: en}
}

// shopPage is where a buyer finds the shop: the site that he is to return to, else the first that buyers come from,
// else our own address, which leads to the shop.
func (g *Gateway) shopPage(returnURL string) string {
	public := g.view().rules.Server().Public
	if u, err := url.Parse(returnURL); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return u.Scheme + "://" + u.Host + "/"
	}
	if len(public.AllowOrigins) > 0 {
		return public.AllowOrigins[0] + "/"
	}
	return public.BaseURL + "/"
}

func (g *Gateway) html(c *fiber.Ctx, status int, data pageData) error {
	var b bytes.Buffer
	if err := g.pageTemplate.Execute(&b, data); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, pagePolicy(g.view().rules.Server().Public.AllowOrigins))
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Type("html", "utf-8")
	return c.Status(status).Send(b.Bytes())
}

// pagePolicy lets a page have its own style and nothing else, and be framed by pages of the shop's only.
func pagePolicy(shop []string) string {
	style := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors " + strings.Join(append([]string{"'self'"}, shop...), " ")
}

// handleStatusPage answers a GET of the return address: some setups and every reload come that way. It
// concludes nothing.
func (g *Gateway) handleStatusPage(c *fiber.Ctx) error { return g.page(c, lifecycle.Result{}, nil) }
