package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// liteStampWindow is how far the billing window's timestamp may be from the clock, to either side.
const liteStampWindow = 24 * time.Hour

// liteOpen checks the form of the unified billing window (INILite) and shows it.
func (s *Sandbox) liteOpen(c *call) answer {
	f := c.form()
	c.ref = f.Get("orderId")
	if why := s.checkLite(f, c.now); why != "" {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "01", "Message": why})
	}
	w := &keyWindow{
		key: randomHex(16), pg: pgInicis, channel: Channel{MID: f.Get("mid")}, ref: f.Get("orderId"), name: f.Get("goodName"),
		returnURL: f.Get("returnUrl"), merchantData: f.Get("merchantRedirectData"), opened: c.now,
	}
	s.keys.windows.put(w.key, w)
	return page(http.StatusOK, "window.html", windowPage{
		PG: "KG이니시스 빌링", Shop: w.channel.MID, Goods: w.name, Method: "카드 등록", Action: "/inicis/pay/card/billing/act",
		Key: w.key, Registers: true,
	})
}

// checkLite returns why the billing window refuses a form, or "".
func (s *Sandbox) checkLite(f url.Values, now time.Time) string {
	for name, values := range f {
		if len(values) > 1 {
			return name + ": 값이 둘 이상입니다"
		}
	}
	merchant, ok := s.cfg.Inicis[f.Get("mid")]
	if !ok || merchant.LiteKey == "" {
		return "mid: 빌링 계약이 없는 상점입니다"
	}
	for _, rule := range []struct {
		field string
		ok    func(string) bool
	}{
		{"buyerTel", func(v string) bool { return telForm.MatchString(v) && len(v) <= 40 }},
		{"buyerEmail", func(v string) bool { return len(v) <= 60 && emailForm.MatchString(v) }},
		{"buyerName", func(v string) bool { return v != "" && len(v) <= 30 }},
		{"goodName", func(v string) bool { return v != "" && len(v) <= 40 }},
		{"orderId", func(v string) bool { return v != "" && len(v) <= 64 && isASCII(v) }},
		{"price", func(v string) bool { return isDigits(v) && len(v) <= 12 }},
		{"timestamp", func(v string) bool { return liteStamp(v, now) }},
		{"returnUrl", func(v string) bool { return isAbsoluteURL(v) && len(v) <= 1000 }},
	} {
		if !rule.ok(f.Get(rule.field)) {
			return rule.field + ": 값이 없거나 잘못되었습니다"
		}
	}
	plain := f.Get("price") + f.Get("mid") + f.Get("orderId") + f.Get("timestamp") + merchant.LiteKey
	if f.Get("hashdata") != sha512Hex(plain) {
		return "hashdata: 위변조가 확인되었습니다"
	}
	if _, seen := s.keys.orders.get(f.Get("mid") + "/" + f.Get("orderId")); seen {
		return "orderId: 이미 쓰인 주문번호입니다"
	}
	return ""
}

// liteStamp tells whether a timestamp is Korean wall clock and near the clock.
func liteStamp(v string, now time.Time) bool {
	at, err := time.ParseInLocation("20060102150405", v, payment.KST())
	return err == nil && now.Sub(at).Abs() <= liteStampWindow
}

// liteAct is the buyer's click in the billing window; its result is posted to returnUrl.
func (s *Sandbox) liteAct(c *call) answer {
	f := c.form()
	w, ok := s.keys.windows.get(f.Get("key"))
	if !ok || w.closed || w.pg != pgInicis || !slices.Contains([]string{"pay", "fail", "cancel"}, f.Get("action")) {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "01", "Message": "이미 닫힌 결제창입니다"})
	}
	w.closed = true
	c.ref = w.ref
	fields := [][2]string{{"mid", w.channel.MID}, {"orderId", w.ref}, {"merchantRedirectData", w.merchantData}}
	switch f.Get("action") {
	case "cancel":
		fields = append(fields, [2]string{"resultCode", "01"}, [2]string{"resultMessage", "사용자가 취소하였습니다"})
	case "fail":
		fields = append(fields, [2]string{"resultCode", "01"}, [2]string{"resultMessage", "카드 인증에 실패하였습니다"})
	default:
		s.keys.orders.put(w.channel.MID+"/"+w.ref, true)
		k := s.issue(c, w, randomHex(20))
		fields = append(fields, [][2]string{
			{"resultCode", "SUCCESS"},
			{"resultMessage", "정상처리되었습니다"},
			{"tid", s.transactionID("AUTH", w.channel.MID, c.now)},
			{"billkey", k.key},
			{"cardNumber", "428790******0294"},
			{"cardCode", "14"},
			{"cardCompanyName", "신한카드"},
			{"cardType", "0"},
			{"cardKind", "0"},
		}...)
	}
	return page(http.StatusOK, "return.html", map[string]any{"Action": w.returnURL, "Fields": fields})
}
