package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// v2Params are the requestPayment parameters that the stand-in looks at.
type v2Params struct {
	StoreID       string          `json:"storeId"`
	ChannelKey    string          `json:"channelKey"`
	PaymentID     string          `json:"paymentId"`
	OrderName     string          `json:"orderName"`
	TotalAmount   json.RawMessage `json:"totalAmount"`
	TaxFreeAmount json.RawMessage `json:"taxFreeAmount"`
	VATAmount     json.RawMessage `json:"vatAmount"`
	IsEscrow      bool            `json:"isEscrow"`
	Currency      string          `json:"currency"`
	PayMethod     string          `json:"payMethod"`
	ProductType   string          `json:"productType"`
	Customer      v2Customer      `json:"customer"`
	CustomData    json.RawMessage `json:"customData"`
	RedirectURL   string          `json:"redirectUrl"`
	ForceRedirect bool            `json:"forceRedirect"`
	NoticeURLs    json.RawMessage `json:"noticeUrls"`
	ConfirmURL    string          `json:"confirmUrl"`
	AppScheme     string          `json:"appScheme"`
	EasyPay       struct {
		Provider string `json:"easyPayProvider"`
	} `json:"easyPay"`
	VirtualAccount v2AccountParams `json:"virtualAccount"`
	Locale         string          `json:"locale"`
	OfferPeriod    struct {
		Interval string `json:"interval"`
		Range    *struct {
			From string `json:"from"`
			To   string `json:"to"`
		} `json:"range"`
	} `json:"offerPeriod"`
}

type v2OpenRequest struct {
	Device   string   `json:"device"`
	Params   v2Params `json:"params"`
	Redirect bool     `json:"redirect"`
}

func v2Providers() []string {
	return []string{"", "KAKAOPAY", "NAVERPAY", "SAMSUNGPAY", "SSGPAY", "APPLEPAY", "LPAY", "TOSSPAY", "PAYCO"}
}

func v2SDKFailure(id, code, msg string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{
		"transactionType": "PAYMENT", "paymentId": id, "code": code, "message": msg,
	})
}

// v2Open is what PortOne.requestPayment calls: it checks the parameters and opens an attempt.
func (s *Sandbox) v2Open(c *call) answer {
	var req v2OpenRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return v2SDKFailure("", "RequestParseFailed", kindOfJSONError(err))
	}
	p := req.Params
	c.ref = p.PaymentID
	ch, code, why := s.v2Check(req)
	if code != "" {
		return v2SDKFailure(p.PaymentID, code, why)
	}
	total, _ := rawWon(p.TotalAmount)
	stated, _ := v2Taxes(p)
	due, _ := p.VirtualAccount.due(c.now)
	a := &v2Attempt{
		txID: randomUUID(), channel: ch, device: req.Device, payMethod: p.PayMethod, easyPay: p.EasyPay.Provider,
		orderName: p.OrderName, total: total, taxes: stated, due: due, currency: v2Currency(p.Currency), customer: p.Customer,
		card:       testCard,
		customData: customText(p.CustomData), status: "READY", requestedAt: c.now, changedAt: c.now, windowKey: randomHex(16),
		noticeURLs: addresses(p.NoticeURLs), confirmURL: p.ConfirmURL, app: p.AppScheme,
	}
	a.escrowed(p.IsEscrow)
	if req.Redirect || p.ForceRedirect {
		a.redirect = p.RedirectURL
	}
	s.v2Attempted(p.PaymentID, a)
	s.v2.windows.put(a.windowKey, a)
	// V2 tells of every window that opens (portone.md §4.9).
	c.notices = append(c.notices, s.v2Notice(a, "Ready", c.now))
	return jsonAnswer(http.StatusOK, map[string]any{
		"key": a.windowKey, "shop": ch.MID, "goods": p.OrderName, "amount": total, "method": p.PayMethod,
		"method_name": v2MethodTitle(p.PayMethod, p.EasyPay.Provider),
		"window":      c.base + "/portone/window/v2?key=" + a.windowKey,
	})
}

// v2Check tells what is wrong with a requestPayment call: the SDK's error code and why, or "".
func (s *Sandbox) v2Check(req v2OpenRequest) (ch Channel, code, why string) {
	p := req.Params
	i := slices.IndexFunc(s.cfg.Channels, func(ch Channel) bool {
		return ch.Key == p.ChannelKey && ch.Module == moduleV2Inicis && !ch.Recurring
	})
	switch {
	case p.StoreID != s.cfg.V2.StoreID:
		return ch, "StoreNotFound", "상점을 찾을 수 없습니다."
	case i < 0:
		return ch, "ChannelNotFound", "채널을 찾을 수 없습니다."
	}
	ch = s.cfg.Channels[i]
	if why := v2CheckTold(p, req.Device); why != "" {
		return ch, "RequestParseFailed", why
	}
	if why := v2CheckParams(p, s.cfg.Now()); why != "" {
		return ch, "RequestParseFailed", why
	}
	if (req.Redirect || p.ForceRedirect) && !isAbsoluteURL(p.RedirectURL) {
		return ch, "RequestParseFailed", "redirectUrl이 필요합니다."
	}
	if pay, ok := s.v2.payments.get(p.PaymentID); ok && (pay.paid || pay.current.account != nil) {
		return ch, "PaymentAlreadyPaid", "이미 결제되었거나 입금을 기다리는 건입니다."
	}
	total, _ := rawWon(p.TotalAmount)
	taxFree, _ := rawWon(p.TaxFreeAmount)
	reg, ok := s.v2.registered.get(p.PaymentID)
	if ok && ((reg.TotalAmount != nil && *reg.TotalAmount != total) ||
		(reg.TaxFreeAmount != nil && *reg.TaxFreeAmount != taxFree) ||
		(reg.Currency != "" && reg.Currency != v2Currency(p.Currency))) {
		return ch, "AmountNotEqualToPredefined", "사전 등록된 금액과 다릅니다."
	}
	return ch, "", ""
}

func v2CheckParams(p v2Params, now time.Time) string {
	total, err := rawWon(p.TotalAmount)
	stated, taxErr := v2Taxes(p)
	_, dueOK := p.VirtualAccount.due(now)
	switch {
	case p.PaymentID == "" || len(p.PaymentID) > 40 || !isASCII(p.PaymentID):
		return "paymentId는 40자 이하의 ASCII 문자열이어야 합니다."
	case p.OrderName == "":
		return "orderName은 필수입니다."
	case err != nil || total <= 0:
		return "totalAmount는 0보다 큰 정수여야 합니다."
	case taxErr != nil || !stated.possible(total):
		return "taxFreeAmount 또는 vatAmount가 올바르지 않습니다."
	case !dueOK:
		return "virtualAccount.accountExpiry가 올바르지 않습니다."
	case v2Currency(p.Currency) != "KRW":
		return "currency는 KRW여야 합니다."
	case !slices.Contains([]string{"CARD", "TRANSFER", payMethodAccount, "MOBILE", "EASY_PAY"}, p.PayMethod):
		return "지원하지 않는 payMethod입니다."
	// Inicis charges phone bills by kind of goods (portone.md §4.8).
	case p.PayMethod == "MOBILE" && !slices.Contains([]string{"REAL", "DIGITAL"},
		strings.TrimPrefix(p.ProductType, "PRODUCT_TYPE_")):
		return "휴대폰 결제에는 productType이 필요합니다."
	case !isAppScheme(p.AppScheme):
		return "appScheme이 올바르지 않습니다."
	case !slices.Contains(v2Providers(), strings.TrimPrefix(p.EasyPay.Provider, "EASY_PAY_PROVIDER_")):
		return "지원하지 않는 간편결제입니다."
	case p.Customer.name() == "" || p.Customer.PhoneNumber == "" || p.Customer.Email == "":
		return "customer의 fullName, phoneNumber, email은 필수입니다."
	}
	return ""
}

// v2CheckTold tells what is wrong with what changes nothing of a payment, or "" (portone.md §4.8).
func v2CheckTold(p v2Params, device string) string {
	locales := []string{"", "KO_KR", "EN_US", "ZH_CN"}
	if device == "mobile" {
		locales = locales[:3]
	}
	custom := strings.TrimSpace(string(p.CustomData))
	switch r := p.OfferPeriod.Range; {
	case !slices.Contains(locales, p.Locale):
		return "지원하지 않는 locale입니다."
	case custom != "" && custom != "null" && custom[0] != '{':
		return "customData는 객체여야 합니다."
	case r != nil && (!isMoment(r.From) || !isMoment(r.To)),
		r == nil && !slices.Contains([]string{"", "1m", "1y"}, p.OfferPeriod.Interval):
		return "offerPeriod가 올바르지 않습니다."
	}
	return ""
}

// isMoment tells whether a text is a moment in RFC 3339, or is not there.
func isMoment(v string) bool {
	_, err := time.Parse(time.RFC3339, v)
	return v == "" || err == nil
}

func v2Currency(v string) string { return strings.TrimPrefix(v, "CURRENCY_") }

// v2Act is the buyer's click in the window that the SDK draws over the shop's page.
func (s *Sandbox) v2Act(c *call) answer {
	var req actRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return v2SDKFailure("", "RequestParseFailed", kindOfJSONError(err))
	}
	_, rsp := s.v2Close(c, req)
	return jsonAnswer(http.StatusOK, rsp)
}

// v2Close ends a window and returns what requestPayment resolves with. With manual confirm nothing is
// captured yet, and a card that will be declined is only declined by the confirm.
func (s *Sandbox) v2Close(c *call, req actRequest) (*v2Attempt, map[string]any) {
	a, ok := s.v2.windows.get(req.Key)
	if !ok || a.closed || !slices.Contains([]string{"pay", "fail", "cancel"}, req.Action) {
		return nil, map[string]any{"transactionType": "PAYMENT", "code": "TransactionNotFound", "message": "이미 닫힌 결제창입니다."}
	}
	a.closed = true
	c.ref = a.payment.id
	rsp := map[string]any{"transactionType": "PAYMENT", "txId": a.txID, "paymentId": a.payment.id}
	fail := func(code, pgCode, msg string) (*v2Attempt, map[string]any) {
		a.fail(c, decline{code: "V014", text: msg})
		c.notices = append(c.notices, s.v2Notice(a, "Failed", c.now))
		rsp["code"], rsp["message"], rsp["pgCode"], rsp["pgMessage"] = code, msg, pgCode, msg
		return a, rsp
	}
	switch {
	case a.payment.paid || a.payment.current != a:
		rsp["code"], rsp["message"] = "PaymentAlreadyPaid", "이미 결제되었거나 다른 결제창이 열린 건입니다."
		return a, rsp
	case req.Action == "cancel":
		return fail("PGProviderError", "PAY_PROCESS_CANCELED", "사용자가 결제를 취소하셨습니다")
	case a.channel.ManualConfirm:
		a.token, a.decline = "ptok_"+randomHex(24), req.Action == "fail" || c.decline != nil
		rsp["paymentToken"] = a.token
	case req.Action == "fail":
		return fail("PGProviderError", "V014", "한도초과")
	case c.decline != nil:
		return fail("PGProviderError", c.decline.code, c.decline.text)
	case c.refused != "":
		return fail("ConfirmProcessRefused", "CONFIRM_REFUSED", c.refused)
	case a.payMethod == payMethodAccount:
		s.v2Issue(c, a)
	default:
		s.v2Capture(c, a, "pay")
	}
	return a, rsp
}

// v2WindowPage shows the window as a page of its own (mobile, forceRedirect).
func (s *Sandbox) v2WindowPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, ok := s.v2.windows.get(r.URL.Query().Get("key"))
	var view windowPage
	if ok {
		view = windowPage{
			PG: "포트원 V2 · KG이니시스", Shop: a.channel.MID, Goods: a.orderName, Amount: a.total,
			Method: v2MethodTitle(a.payMethod, a.easyPay),
			Action: "/portone/window/v2/act", Key: a.windowKey, Issues: a.payMethod == payMethodAccount,
			App: a.app,
		}
	}
	s.mu.Unlock()
	if !ok {
		page(http.StatusGone, "error.html", map[string]any{"Code": "TransactionNotFound", "Message": "이미 닫힌 결제창입니다"}).write(w)
		return
	}
	page(http.StatusOK, "window.html", view).write(w)
}

// v2WindowAct is the buyer's click in the window page; it ends at redirectUrl.
func (s *Sandbox) v2WindowAct(c *call) answer {
	f := c.form()
	a, rsp := s.v2Close(c, actRequest{Key: f.Get("key"), Action: f.Get("action")})
	if a == nil || a.redirect == "" {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "TransactionNotFound", "Message": "이미 닫힌 결제창입니다"})
	}
	return redirectWith(a.redirect, map[string]any{
		"payment_id": rsp["paymentId"], "tx_id": rsp["txId"], "transaction_type": "PAYMENT",
		"payment_token": rsp["paymentToken"], "code": rsp["code"], "message": rsp["message"],
	})
}
