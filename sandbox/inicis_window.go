package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// inicisOpen checks the shop's form and shows the payment window.
func (s *Sandbox) inicisOpen(c *call) answer {
	f := c.form()
	c.ref = f.Get("oid")
	if why := s.checkInicisForm(f, c.now); why != "" {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "V023", "Message": why})
	}
	price, err := parseWon(f.Get("price"))
	if err != nil {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "V023", "Message": "price"})
	}
	method, _, _ := strings.Cut(f.Get("gopaymethod"), ":")
	// Empty offers every method of the contract (inicis.md §1.3); the stand-in's buyer takes a card.
	if method == "" {
		method = "Card"
	}
	stated, taxed, err := inicisTaxes(f)
	if err != nil {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "V023", "Message": "tax"})
	}
	options := splitOptions(f.Get("acceptmethod"))
	due, _ := vbankDue(options, c.now)
	win := &inicisWindow{
		key: randomHex(16), mid: f.Get("mid"), oid: f.Get("oid"), goods: f.Get("goodname"), currency: f.Get("currency"),
		method: method, returnURL: f.Get("returnUrl"), closeURL: f.Get("closeUrl"), closeURLSent: f.Has("closeUrl"),
		merchantData: f.Get("merchantData"), quota: f.Get("quotabase"), price: price,
		taxes: stated, taxed: taxed, due: due, exact: slices.Contains(options, "va_ckprice"),
		escrow: slices.Contains(options, "useescrow"),
	}
	s.inicis.windows.put(win.key, win)
	return page(http.StatusOK, "window.html", windowPage{
		PG: "KG이니시스", Shop: win.mid, Goods: win.goods, Amount: win.price, Method: win.method,
		Action: "/inicis/window/act", Key: win.key, AuthFail: true, Issues: win.method == methodVBank,
	})
}

// inicisAct is the buyer's click in the window: pay and fail authenticate, authfail and cancel do not.
func (s *Sandbox) inicisAct(c *call) answer {
	f := c.form()
	win, ok := s.inicis.windows.get(f.Get("key"))
	if !ok || win.closed || !slices.Contains([]string{"pay", "fail", "authfail", "cancel"}, f.Get("action")) {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "V023", "Message": "이미 닫힌 결제창입니다"})
	}
	win.closed = true
	c.ref = win.oid
	switch f.Get("action") {
	case "cancel":
		return s.inicisCancelled(win)
	// A failed result has neither a token nor addresses (inicis.md §1.7).
	case "authfail":
		return returnPost(win, [][2]string{{"resultCode", "A011"}, {"resultMsg", "카드사 인증에 실패하였습니다"}})
	}
	auth := &inicisAuth{token: randomToken(), win: win, at: c.now, decline: f.Get("action") == "fail"}
	s.inicis.auths.put(auth.token, auth)
	api := c.base + "/inicis/" + idcName + "/api/"
	return returnPost(win, [][2]string{
		{"resultCode", "0000"},
		{"resultMsg", "정상완료"},
		{"idc_name", idcName},
		{"authToken", auth.token},
		{"authUrl", api + "payAuth"},
		{"netCancelUrl", api + "netCancel"},
		{"checkAckUrl", api + "checkAck"},
	})
}

// inicisCancelled ends a window that the buyer closed. Without a closeUrl the shop's returnUrl gets a failed
// result; with an empty one nothing happens; else the buyer is sent to it.
func (s *Sandbox) inicisCancelled(win *inicisWindow) answer {
	switch {
	// Absent, empty and set are three different wishes (inicis.md §1.2).
	case !win.closeURLSent:
		return returnPost(win, [][2]string{{"resultCode", "2001"}, {"resultMsg", "사용자가 결제를 취소하였습니다"}})
	case win.closeURL == "":
		return page(http.StatusOK, "closed.html", nil)
	default:
		return answer{status: http.StatusSeeOther, contentType: "text/plain", location: win.closeURL}
	}
}

// returnPost answers with a page that posts the authentication's result to the shop, as the real window does:
// from the browser, across sites, on top.
func returnPost(win *inicisWindow, fields [][2]string) answer {
	fields = append(fields, [][2]string{
		// orderNumber here, oid in the form that it answers (inicis.md §1.7).
		{"mid", win.mid}, {"orderNumber", win.oid}, {"charset", "UTF-8"}, {"merchantData", win.merchantData},
	}...)
	return page(http.StatusOK, "return.html", map[string]any{"Action": win.returnURL, "Fields": fields})
}
