package gateway

import (
	"encoding/base64"
	"html/template"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// What a buyer comes back to may be the shop's app. The app's own WebView hears of every address before it is opened,
// so it is sent to the app at once. A browser that does not know the scheme, or asks the buyer first, stays on the page
// that it has, which is the PG's: it never shows what came with a 303. It is sent to a page of ours first, which leads
// to the app and stays behind with a button.

// pathApp is the page that leads to the app, below server.public.prefix.
const pathApp = "app"

// appParam names what that page leads to, sealed: it is no way into apps for other addresses than ours.
const appParam = "to"

// maxAppPage is the longest sealed address that is looked at, in bytes.
const maxAppPage = 8 << 10

const appPageAAD = "app page:1"

// sealPage writes an address of an app as text that only we can make.
func (s *sealer) sealPage(to string) string {
	sealed := s.aead.Seal(nil, nil, []byte(to), []byte(appPageAAD)) //nolint:gosec // the cipher makes its own random nonce
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// openPage reads what sealPage wrote; the error is errTokenForged.
func (s *sealer) openPage(text string) (string, error) {
	if len(text) > maxAppPage {
		return "", errTokenForged
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", errTokenForged
	}
	to, err := s.aead.Open(nil, nil, sealed, []byte(appPageAAD)) //guard:app-pages-are-sealed
	if err != nil {
		return "", errTokenForged
	}
	return string(to), nil
}

// appRoute adds the page that leads to the app.
func (g *Gateway) appRoute(app *fiber.App, path string) {
	app.Get(path, named(routeApp, g.handleAppPage))
	only(app, routeApp, "GET, HEAD", path)
}

// backToApp sends the browser of an attempt to the shop's app.
func (g *Gateway) backToApp(c *fiber.Ctx, a payment.Attempt, to string) error {
	if a.Device == payment.DeviceApp {
		c.Set(fiber.HeaderLocation, to)
		return g.html(c, fiber.StatusSeeOther, appPageData(c, to))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	own := g.view().rules.Server().Public.Prefix + pathApp
	return c.Redirect(own+"?"+appParam+"="+g.sealer.sealPage(to), fiber.StatusSeeOther)
}

// handleAppPage shows the page that leads to the app. It concludes nothing, and says nothing that its browser has not
// been told.
func (g *Gateway) handleAppPage(c *fiber.Ctx) error {
	to, err := g.sealer.openPage(c.Query(appParam))
	scheme, _, _ := strings.Cut(to, "://")
	if err != nil || !payment.ValidAppScheme(scheme) { //guard:app-pages-lead-to-apps
		return g.page(c, lifecycle.Result{}, forged("the page of the app is not ours"))
	}
	// Where the scheme is not known nothing happens, and the page stays.
	c.Set("Refresh", "0;url="+to)
	return g.html(c, fiber.StatusOK, appPageData(c, to))
}

func appPageData(c *fiber.Ctx, to string) pageData {
	_, query, _ := strings.Cut(to, "?")
	q, err := url.ParseQuery(query)
	data := pageData{
		Title: "앱에서 이어집니다", TextKo: "앱이 열리지 않으면 아래 버튼을 누르세요. 결제 결과는 앱의 주문 내역에 있습니다.",
		TextEn:  "If the app does not open, press the button. Your order in the app has the result.",
		App:     template.URL(to), //nolint:gosec // sealed by us: a checked address, and a query that is encoded
		TraceID: requestID(c),
	}
	if err == nil {
		data.OrderID = payment.OrderID(q.Get("order_id"))
	}
	return data
}
