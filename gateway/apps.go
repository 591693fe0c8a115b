package gateway

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// maxAppScheme bounds app_scheme, in bytes.
const maxAppScheme = 256

// checkAddresses holds where a checkout leads browsers and apps to the rules. Whatever else was let through would make
// an open redirect of us.
func (v *view) checkAddresses(c *payment.Checkout) error {
	if err := v.checkReturn(c); err != nil {
		return err
	}
	return v.checkAppScheme(c)
}

// checkReturn takes a page at an origin of the shop, or its app on a phone.
func (v *view) checkReturn(c *payment.Checkout) error {
	if v.allowsReturn(c.ReturnURL) {
		return nil
	}
	link, ok := appPage(c.ReturnURL)
	no := &payment.Problem{Code: payment.CodeReturnURLNotAllowed, Field: "return_url", OrderID: c.OrderID}
	switch {
	case !ok:
		no.DetailKo, no.DetailEn = "return_url이 allow_origins에 없습니다", "return_url is not at an origin of allow_origins"
	case !c.Device.Phone(): //guard:no-app-on-a-pc
		no.DetailKo, no.DetailEn = "기기가 pc일 때는 앱 주소로 돌아갈 수 없습니다", "return_url is an app's, and the device is a pc"
	case !v.rules.AllowsApp(link.Scheme, c.Site): //guard:return-to-the-sites-app
		no.DetailKo = "return_url의 스킴이 이 사이트의 app_schemes에 없습니다"
		no.DetailEn = "return_url has no scheme of app_schemes for this site"
	default:
		return nil
	}
	return no
}

// appPage reads a return_url that is an app's.
func appPage(address string) (payment.AppLink, bool) {
	link, ok := payment.ParseAppLink(address)
	return link, ok && strings.Contains(address, "://")
}

// checkAppScheme takes an app of the site, which a phone comes back to from the apps of card companies.
func (v *view) checkAppScheme(c *payment.Checkout) error {
	if c.AppScheme == "" {
		return nil
	}
	link, ok := payment.ParseAppLink(c.AppScheme)
	no := &payment.Problem{Code: payment.CodeAppSchemeNotAllowed, Field: "app_scheme", OrderID: c.OrderID}
	switch {
	case !ok || len(c.AppScheme) > maxAppScheme:
		no.DetailKo = "app_scheme은 소문자 스킴이나 myshop://path?query 꼴이어야 합니다. 공백, 따옴표, #, ;, 한글은 쓸 수 없습니다"
		no.DetailEn = "app_scheme must be a scheme in lower case, or as in myshop://path?query, " +
			"without spaces, quotes, # or ; and in ASCII"
	case !c.Device.Phone(): //guard:no-app-scheme-on-a-pc
		no.DetailKo, no.DetailEn = "기기가 pc일 때는 app_scheme을 쓸 수 없습니다", "app_scheme is for phones, and the device is a pc"
	case !v.rules.AllowsApp(link.Scheme, c.Site): //guard:app-scheme-of-the-site
		no.DetailKo = "app_scheme이 이 사이트의 app_schemes에 없습니다"
		no.DetailEn = "app_scheme is not one of app_schemes for this site"
	default:
		return nil
	}
	return no
}
