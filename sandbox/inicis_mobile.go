package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"

	"github.com/pg-gateway/pg-gateway/payment"
)

var mobilePeriodForm = regexp.MustCompile(`^([0-9]{16}|[MY]2)$`)

func (s *Sandbox) routeInicisMobile() {
	s.handle("POST /inicis/smart/payment/", pgInicis, "window", s.mobileOpen)
	s.handle("POST /inicis/smart/act", pgInicis, "pay", s.mobileAct)
	s.handle("POST /inicis/{idc}/smart/payReq.ini", pgInicis, "approve", s.mobileApprove)
	s.handle("POST /inicis/{idc}/smart/payNetCancel.ini", pgInicis, "net_cancel", s.mobileNetCancel)
}

// mobileMethod is the PC window's word for what a phone's form asks for: all the books are kept by those.
func mobileMethod(f url.Values) string {
	options := reservedOptions(f)
	for name, method := range map[string]string{
		"d_kakaopay": "onlykakaopay", "d_npay": "onlynaverpay", "d_tosspay": "onlytosspay", "d_payco": "onlypayco",
		"d_lpay": "onlylpay", "d_samsungpay": "onlyssp",
	} {
		if options[name] == "Y" {
			return method
		}
	}
	return map[string]string{
		"CARD": "Card", "BANK": "DirectBank", "VBANK": methodVBank, "MOBILE": "HPP", "CULTURE": "Culture", "HPMN": "HPMN",
	}[f.Get("P_INI_PAYMENT")]
}

// reservedOptions are the options of P_RESERVED, of which the first of a name counts.
func reservedOptions(f url.Values) map[string]string {
	options := map[string]string{}
	for pair := range strings.SplitSeq(f.Get("P_RESERVED"), "&") {
		name, value, _ := strings.Cut(pair, "=")
		if _, there := options[name]; !there {
			options[name] = value
		}
	}
	return options
}

// mobileForm is the form of a phone's window, whose bytes are EUC-KR (inicis.md §2.1).
func mobileForm(c *call) (f url.Values, why string) {
	f = url.Values{}
	for name, values := range c.form() {
		if len(values) > 1 {
			return nil, name + ": 값이 둘 이상입니다"
		}
		text, err := korean.EUCKR.NewDecoder().String(values[0])
		if err != nil || strings.ContainsRune(text, utf8.RuneError) {
			return nil, name + ": EUC-KR이 아닙니다"
		}
		f.Set(name, text)
	}
	return f, ""
}

// mobileOpen checks the shop's form and shows the window as a page of its own.
func (s *Sandbox) mobileOpen(c *call) answer {
	f, why := mobileForm(c)
	if why == "" {
		c.ref = f.Get("P_OID")
		why = s.checkMobileForm(f, c.now)
	}
	if why != "" {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "MX1002", "Message": why})
	}
	price, _ := parseWon(f.Get("P_AMT"))
	stated, taxed, _ := mobileTaxes(f)
	due, _ := mobileDue(f, c.now)
	win := &inicisWindow{
		key: randomHex(16), mid: f.Get("P_MID"), oid: f.Get("P_OID"), goods: f.Get("P_GOODS"), currency: "WON",
		method: mobileMethod(f), returnURL: f.Get("P_NEXT_URL"), merchantData: f.Get("P_NOTI"), price: price,
		taxes: stated, taxed: taxed, due: due, escrow: reservedOptions(f)["useescrow"] == "Y",
		mobile: &mobileParts{
			buyer: f.Get("P_UNAME"), noticeURL: f.Get("P_NOTI_URL"), utf8: f.Get("P_CHARSET") == "utf8",
		},
	}
	s.inicis.windows.put(win.key, win)
	return page(http.StatusOK, "window.html", windowPage{
		PG: "KG이니시스 모바일", Shop: win.mid, Goods: win.goods, Amount: win.price, Method: win.method,
		Action: "/inicis/smart/act", Key: win.key, AuthFail: true, Issues: win.method == methodVBank,
		App: reservedOptions(f)["app_scheme"],
	})
}

// mobileParts are what a window on a phone has besides.
type mobileParts struct {
	buyer     string
	noticeURL string
	// utf8 tells that results are asked for in UTF-8; they are in EUC-KR otherwise.
	utf8 bool
}

func (s *Sandbox) checkMobileForm(f url.Values, now time.Time) string {
	options := reservedOptions(f)
	m := s.cfg.Inicis[f.Get("P_MID")]
	price, err := parseWon(f.Get("P_AMT"))
	fake := chkFake(f.Get("P_AMT"), f.Get("P_OID"), f.Get("P_TIMESTAMP"), m.HashKey)
	for _, rule := range []struct {
		ok  bool
		why string
	}{
		{m.SignKey != "", "P_MID: 등록되지 않은 상점입니다"},
		{m.HashKey != "", "P_MID: 해시키가 없는 상점입니다"},
		{mobileMethod(f) != "", "P_INI_PAYMENT: 계약되지 않은 결제수단입니다"},
		{oidForm.MatchString(f.Get("P_OID")), "P_OID: 값이 없거나 잘못되었습니다"},
		{err == nil && price > 0, "P_AMT: 값이 없거나 잘못되었습니다 (MX3001)"},
		{f.Get("P_GOODS") != "" && eucKRLength(f.Get("P_GOODS")) <= 80, "P_GOODS: 값이 없거나 깁니다"},
		{f.Get("P_UNAME") != "" && eucKRLength(f.Get("P_UNAME")) <= 30, "P_UNAME: 값이 없거나 깁니다"},
		// An answer is not percent-encoded: a query would add fields to it (inicis.md §2.4).
		{isAbsoluteURL(f.Get("P_NEXT_URL")) && !strings.Contains(f.Get("P_NEXT_URL"), "?"), "P_NEXT_URL: 값이 잘못되었습니다"},
		{
			f.Get("P_INI_PAYMENT") != "MOBILE" || f.Get("P_HPP_METHOD") == "1" || f.Get("P_HPP_METHOD") == "2",
			"P_HPP_METHOD: 값이 없거나 잘못되었습니다 (MX1006)",
		},
		{f.Get("P_INI_PAYMENT") != "BANK" || options["twotrs_bank"] == "Y", "P_RESERVED: twotrs_bank=Y가 없습니다"},
		{f.Get("P_INI_PAYMENT") != "VBANK" || isAbsoluteURL(f.Get("P_NOTI_URL")), "P_NOTI_URL: 값이 없거나 잘못되었습니다"},
		{
			options["app_scheme"] == "" || inicisAppForm.MatchString(options["app_scheme"]),
			"P_RESERVED: app_scheme은 name:// 꼴이어야 합니다",
		},
		{options["app_scheme"] == "" || options["apprun_check"] == "", "P_RESERVED: app_scheme과 apprun_check는 함께 쓸 수 없습니다"},
		{
			f.Get("P_OFFER_PERIOD") == "" || mobilePeriodForm.MatchString(f.Get("P_OFFER_PERIOD")),
			"P_OFFER_PERIOD: 값이 잘못되었습니다",
		},
		{options["centerCd"] == "Y", "P_RESERVED: centerCd=Y가 없습니다"},
		{price >= 1000 || options["below1000"] == "Y", "P_AMT: 1,000원 미만 결제에는 below1000이 필요합니다"},
		{len(f.Get("P_NOTI")) <= 800 && isASCII(f.Get("P_NOTI")), "P_NOTI: 값이 깁니다"},
		{slices.Contains([]string{"", "utf8", "euc-kr"}, f.Get("P_CHARSET")), "P_CHARSET: 값이 잘못되었습니다"},
		// Without it nobody looks at P_CHKFAKE, and a buyer sets his own price (inicis.md §2.2).
		{options["amt_hash"] != "Y" || checkMillis(f.Get("P_TIMESTAMP"), now) == "", "P_TIMESTAMP: 값이 잘못되었습니다"},
		{options["amt_hash"] != "Y" || f.Get("P_CHKFAKE") == fake, "P_CHKFAKE: 위변조가 확인되었습니다"},
	} {
		if !rule.ok {
			return rule.why
		}
	}
	if t, _, err := mobileTaxes(f); err != nil || !t.possible(price) {
		return "P_TAX: 부가세 또는 면세 금액이 잘못되었습니다"
	}
	if _, ok := mobileDue(f, now); !ok {
		return "P_VBANK_DT: 입금기한이 잘못되었거나 지났습니다"
	}
	return ""
}

// chkFake is P_CHKFAKE (inicis.md §2.3).
func chkFake(amount, oid, timestamp, hashKey string) string {
	return sha512Base64(amount + oid + timestamp + hashKey)
}

// eucKRLength is how many bytes a text has in EUC-KR.
func eucKRLength(s string) int {
	text, err := korean.EUCKR.NewEncoder().String(s)
	if err != nil {
		return len(s)
	}
	return len(text)
}

func mobileTaxes(f url.Values) (t taxes, stated bool, err error) {
	var freeSet bool
	if t.vat, t.vatSet, err = optionalWon(f.Get("P_TAX")); err != nil {
		return t, false, err
	}
	t.taxFree, freeSet, err = optionalWon(f.Get("P_TAXFREE"))
	return t, t.vatSet || freeSet, err
}

// mobileDue reads the deadline of an account: a day and a minute, of which 0000 is the end of that day.
func mobileDue(f url.Values, now time.Time) (time.Time, bool) {
	day, minute := f.Get("P_VBANK_DT"), f.Get("P_VBANK_TM")
	if minute == "" || minute == "0000" {
		minute = ""
	}
	if day == "" {
		return vbankDue(nil, now)
	}
	return vbankDue([]string{"vbank(" + day + minute + ")"}, now)
}

// mobileAct is the buyer's click in the window: pay and fail authenticate, authfail and cancel do not.
func (s *Sandbox) mobileAct(c *call) answer {
	f := c.form()
	win, ok := s.inicis.windows.get(f.Get("key"))
	known := slices.Contains([]string{"pay", "fail", "authfail", "cancel"}, f.Get("action"))
	if !ok || win.closed || win.mobile == nil || !known {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "MX1002", "Message": "이미 닫힌 결제창입니다"})
	}
	win.closed = true
	c.ref = win.oid
	said := [][2]string{{"P_STATUS", "01"}, {"P_RMESG1", "사용자가 결제를 취소하였습니다."}}
	switch f.Get("action") {
	case "authfail":
		said[1][1] = "카드사 인증에 실패하였습니다 (A011)"
	case "pay", "fail":
		auth := &inicisAuth{
			token: s.mobileID("AUTH", win.mid, c.now), win: win, at: c.now, decline: f.Get("action") == "fail",
		}
		s.inicis.auths.put(auth.token, auth)
		said = [][2]string{
			{"P_STATUS", "00"},
			{"P_RMESG1", "정상처리되었습니다"},
			{"P_TID", auth.token},
			{"P_REQ_URL", c.base + "/inicis/" + idcName + "/smart/payReq.ini"},
			{"P_AMT", win.price.text()},
			{"idc_name", idcName},
		}
	}
	said = append(said, [2]string{"P_NOTI", win.merchantData})
	charset := "EUC-KR"
	if win.mobile.utf8 {
		charset = "UTF-8"
	}
	return page(http.StatusOK, "return.html", map[string]any{"Action": win.returnURL, "Fields": said, "Charset": charset})
}

// mobileID is a transaction's id on phones, and an authentication's.
func (s *Sandbox) mobileID(method, mid string, at time.Time) string {
	return s.transactionOf("INIMX_", method, mid, at)
}

// mobileAuthOf checks who asks and returns the authentication that is asked about.
func (s *Sandbox) mobileAuthOf(c *call, f url.Values) (*inicisAuth, *answer) {
	refuse := func(code, msg string) (*inicisAuth, *answer) {
		a := mobileAnswer(true, [][2]string{{"P_STATUS", code}, {"P_RMESG1", msg}})
		return nil, &a
	}
	if c.r.PathValue("idc") != idcName {
		return refuse("R101", "요청 주소가 잘못되었습니다")
	}
	auth, ok := s.inicis.auths.get(f.Get("P_TID"))
	if !ok || auth.win.mobile == nil || auth.win.mid != f.Get("P_MID") {
		return refuse("01", "요청 MID 와 TID 불일치")
	}
	c.ref = auth.win.oid
	return auth, nil
}

// mobileApprove moves the money of an authentication, once.
func (s *Sandbox) mobileApprove(c *call) answer {
	auth, refusal := s.mobileAuthOf(c, c.form())
	if refusal != nil {
		return *refusal
	}
	win := auth.win
	no := func(code, msg string) answer {
		return mobileAnswer(win.mobile.utf8, [][2]string{
			{"P_STATUS", code}, {"P_RMESG1", msg}, {"P_TID", auth.token}, {"P_MID", win.mid}, {"P_OID", win.oid},
		})
	}
	if auth.used || auth.dead {
		return no("R201", "이미 인증/승인요청된 거래입니다. 승인처리 할 수 없습니다")
	}
	// Before all that can fail: R201 follows a refused try as well (inicis.md §1.9).
	auth.used = true
	if auth.decline && c.decline == nil {
		c.decline = declineFor("")
	}
	if c.decline != nil {
		return no("120016", c.decline.text+" (120016)")
	}
	s.inicisTake(auth, s.mobileID(tidMethod(win.method), win.mid, c.now), c.now)
	return mobileAnswer(win.mobile.utf8, s.mobileApproval(auth.tx, win))
}

// mobileTypes are the words of P_TYPE for the PC window's.
func mobileType(method string) string {
	switch method {
	case "DirectBank":
		return "BANK"
	case methodVBank:
		return "VBANK"
	case "HPP":
		return "MOBILE"
	case "Culture":
		return "CULTURE"
	case "HPMN":
		return "HPMN"
	}
	return "CARD"
}

// mobileApproval is the answer of a successful approval, in the order in which real ones come: what names money and
// transaction is before what a buyer wrote, and MID and order are behind that.
func (s *Sandbox) mobileApproval(tx *inicisTx, win *inicisWindow) [][2]string {
	fields := [][2]string{
		{"P_STATUS", "00"},
		{"P_RMESG1", "정상처리되었습니다."},
		{"P_AUTH_DT", tx.at.In(payment.KST()).Format("20060102150405")},
		{"P_AUTH_NO", strconv.FormatInt(30_000_000+s.next()%10_000_000, 10)},
		{"P_TID", tx.tid},
		{"P_TYPE", mobileType(tx.method)},
		{"P_AMT", tx.price.text()},
		{"P_UNAME", win.mobile.buyer},
		{"P_MID", tx.mid},
		{"P_OID", tx.oid},
		{"P_NOTI", win.merchantData},
		{"P_NEXT_URL", win.returnURL},
		{"P_MNAME", "샌드박스"},
	}
	switch mobileType(tx.method) {
	case "VBANK":
		due := tx.account.due.In(payment.KST())
		return append(fields, [][2]string{
			{"P_VACT_NUM", tx.account.number},
			{"P_VACT_BANK_CODE", bankInicis},
			{"P_VACT_NAME", bankHolder},
			{"P_VACT_DATE", due.Format("20060102")},
			{"P_VACT_TIME", due.Format("150405")},
			{"P_FN_CD1", bankInicis},
		}...)
	case "BANK":
		return append(fields, [2]string{"P_FN_CD1", "88"}, [2]string{"P_FN_NM", bankName})
	case "MOBILE":
		return append(fields, [2]string{"P_HPP_CORP", "SKT"}, [2]string{"P_HPP_NUM", "010****0000"})
	case "CARD":
		return append(fields, [][2]string{
			{"P_RMESG2", "00"},
			{"P_CARD_NUM", "427289*********3"},
			{"P_CARD_ISSUER_CODE", "14"},
			{"P_FN_CD1", "14"},
			{"P_FN_NM", "신한카드"},
			{"P_CARD_PRTC_CODE", "1"},
			{"P_CARD_INTEREST", "0"},
			{"CARD_CorpFlag", "0"},
			{"P_SRC_CODE", sourceOf(tx.method)},
			{"P_CARD_APPLPRICE", tx.price.text()},
		}...)
	}
	return fields
}

// mobileAnswer writes fields as a query string that is not percent-encoded, which is how they come (inicis.md §2.4).
func mobileAnswer(inUTF8 bool, fields [][2]string) answer {
	parts := make([]string, 0, len(fields))
	for _, f := range fields {
		parts = append(parts, f[0]+"="+f[1])
	}
	body, charset := strings.Join(parts, "&"), "utf-8"
	if !inUTF8 {
		text, err := korean.EUCKR.NewEncoder().String(body)
		if err == nil {
			body, charset = text, "euc-kr"
		}
	}
	return answer{status: http.StatusOK, contentType: "text/html; charset=" + charset, body: []byte(body)}
}

// mobileNetCancel undoes an approval whose answer was lost.
func (s *Sandbox) mobileNetCancel(c *call) answer {
	f := c.form()
	auth, refusal := s.mobileAuthOf(c, f)
	if refusal != nil {
		return *refusal
	}
	say := func(code, msg string) answer {
		return mobileAnswer(auth.win.mobile.utf8, [][2]string{{"P_STATUS", code}, {"P_RMESG1", msg}, {"P_TID", auth.token}})
	}
	key := s.cfg.Inicis[auth.win.mid].HashKey
	if f.Get("P_OID") != auth.win.oid || f.Get("P_AMT") != auth.win.price.text() ||
		f.Get("P_CHKFAKE") != chkFake(f.Get("P_AMT"), f.Get("P_OID"), f.Get("P_TIMESTAMP"), key) {
		return say("01", "위변조가 확인되었습니다")
	}
	if code, why := s.inicisUndo(auth, c.now); code != "" {
		return say(code, why)
	}
	return say("00", "망취소 처리되었습니다.")
}

// mobileNotice is the deposit notice of an account that was issued on a phone.
func (s *Sandbox) mobileNotice(tx *inicisTx, win *inicisWindow, d deposit) []notice {
	at := d.at.In(payment.KST())
	return []notice{{
		pg: pgInicis, ref: tx.oid, kind: "deposit", urls: []string{win.mobile.noticeURL}, ack: "OK", waits: s.inicisWaits(),
		contentType: "application/x-www-form-urlencoded",
		body: eucKRForm([][2]string{
			// It names the transaction that issued the account, not the deposit's own (inicis.md §7).
			{"P_STATUS", "02"},
			{"P_TID", tx.tid},
			{"P_MID", tx.mid},
			{"P_OID", tx.oid},
			{"P_TYPE", "VBANK"},
			{"P_AMT", d.amount.text()},
			{"P_AUTH_DT", at.Format("20060102150405")},
			{"P_FN_CD1", bankInicis},
			{"P_FN_NM", bankName},
			{"P_UNAME", win.mobile.buyer},
			{"P_RMESG1", "P_VACCT_NO=" + tx.account.number + "|P_EXP_DT=" + tx.account.due.In(payment.KST()).Format("20060102")},
			{"P_NOTI", win.merchantData},
		}),
	}}
}
