package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// v1Params are the request_pay parameters that the stand-in looks at. amount stays raw, so that text and
// fractions are told from an integer.
type v1Params struct {
	ChannelKey   string          `json:"channelKey"`
	PG           string          `json:"pg"`
	PayMethod    string          `json:"pay_method"`
	MerchantUID  string          `json:"merchant_uid"`
	Name         string          `json:"name"`
	Amount       json.RawMessage `json:"amount"`
	TaxFree      json.RawMessage `json:"tax_free"`
	VATAmount    json.RawMessage `json:"vat_amount"`
	VBankDue     string          `json:"vbank_due"`
	Escrow       bool            `json:"escrow"`
	Currency     string          `json:"currency"`
	BuyerTel     string          `json:"buyer_tel"`
	BuyerName    string          `json:"buyer_name"`
	BuyerEmail   string          `json:"buyer_email"`
	MRedirectURL string          `json:"m_redirect_url"`
	CustomData   json.RawMessage `json:"custom_data"`
	CustomerUID  string          `json:"customer_uid"`
	Digital      *bool           `json:"digital"`
	Language     string          `json:"language"`
	Period       struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"period"`
	BuyerAddr     string          `json:"buyer_addr"`
	BuyerPostcode string          `json:"buyer_postcode"`
	NoticeURL     json.RawMessage `json:"notice_url"`
	ConfirmURL    string          `json:"confirm_url"`
	AppScheme     string          `json:"app_scheme"`
}

type v1OpenRequest struct {
	ImpCode string   `json:"imp_code"`
	Device  string   `json:"device"`
	Params  v1Params `json:"params"`
	// Redirect asks for the mobile flow: the whole page goes to the window and comes back by m_redirect_url.
	Redirect bool `json:"redirect"`
}

// v1Methods are the pay_method words of an Inicis channel that the stand-in can pay with.
func v1Methods() []string {
	return []string{
		"card", "trans", payMethodVBank, "phone", "kakaopay", "naverpay", "samsung", "applepay", "ssgpay", "payco",
		"tosspay", "lpay",
	}
}

// sdkFailure is a refusal before the window opens.
func sdkFailure(code, msg string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"error_code": code, "error_msg": msg})
}

// v1Open is what IMP.request_pay calls: it checks the parameters and opens a payment.
func (s *Sandbox) v1Open(c *call) answer {
	var req v1OpenRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return sdkFailure("F400", "결제 파라미터가 올바르지 않습니다: "+kindOfJSONError(err))
	}
	p := req.Params
	c.ref = p.MerchantUID
	ch, why := s.v1Check(req)
	if why != "" {
		return sdkFailure("F400", why)
	}
	amount, _ := rawWon(p.Amount)
	stated, _ := v1Taxes(p)
	due, _ := v1Due(p.VBankDue, c.now)
	currency := strings.ToUpper(p.Currency)
	if currency == "" {
		currency = "KRW"
	}
	// A registration without currency checks none (portone.md §1.4).
	if prep, ok := s.v1.prepared.get(p.MerchantUID); ok &&
		(prep.Amount != amount || (prep.Currency != "" && prep.Currency != currency)) {
		return sdkFailure("F0005", "사전 등록된 결제 금액과 일치하지 않습니다.")
	}
	// Before the window opens; two that are open already still race (portone.md §6.1).
	if s.v1.paid(p.MerchantUID) {
		return sdkFailure("F1002", "이미 결제가 이루어진 거래건입니다.")
	}
	pay := &v1Payment{
		impUID: s.v1ID(), merchantUID: p.MerchantUID, channel: ch,
		device: req.Device, payMethod: p.PayMethod, name: p.Name, amount: amount, taxes: stated, due: due, currency: currency,
		buyerName: p.BuyerName, buyerTel: p.BuyerTel, buyerEmail: p.BuyerEmail, customData: customText(p.CustomData),
		buyerAddr: p.BuyerAddr, buyerPostcode: p.BuyerPostcode,
		status: "ready", startedAt: c.now, updatedAt: c.now, windowKey: randomHex(16),
		noticeURLs: s.v1NoticeURLs(addresses(p.NoticeURL)), confirmURL: p.ConfirmURL, customerUID: p.CustomerUID,
		app: p.AppScheme,
	}
	if p.CustomerUID != "" {
		pay.usage = v1UsageIssue
	}
	if p.Escrow {
		pay.escrow = escrowPaid
	}
	if req.Redirect {
		pay.redirect = p.MRedirectURL
	}
	s.v1.add(pay)
	s.v1.windows.put(pay.windowKey, pay)
	return jsonAnswer(http.StatusOK, map[string]any{
		"key": pay.windowKey, "shop": ch.MID, "goods": p.Name, "amount": amount, "method": p.PayMethod,
		"method_name": methodTitle(p.PayMethod),
		"window":      c.base + "/portone/window/v1?key=" + pay.windowKey,
	})
}

// v1Check tells what is wrong with a request_pay call, or "".
func (s *Sandbox) v1Check(req v1OpenRequest) (Channel, string) {
	p := req.Params
	ch, ok := s.v1Channel(p)
	amount, err := rawWon(p.Amount)
	stated, taxErr := v1Taxes(p)
	_, dueOK := v1Due(p.VBankDue, s.cfg.Now())
	switch {
	case req.ImpCode != s.cfg.V1.ImpCode:
		return ch, "가맹점 식별코드를 찾을 수 없습니다."
	case !ok:
		return ch, "채널을 찾을 수 없습니다."
	case (p.CustomerUID != "") != ch.Recurring:
		return ch, "빌링키 발급에는 정기결제 채널과 customer_uid가 필요합니다."
	case ch.Recurring && (p.PayMethod != "card" || len(p.CustomerUID) > v1UIDMax):
		return ch, "빌링키는 카드로만 발급할 수 있고 customer_uid는 80자 이하여야 합니다."
	case !slices.Contains(v1Methods(), p.PayMethod):
		return ch, "지원하지 않는 결제수단입니다."
	case p.MerchantUID == "" || len(p.MerchantUID) > 40:
		return ch, "merchant_uid는 1자 이상 40자 이하여야 합니다."
	case p.Name == "" || utf8.RuneCountInString(p.Name) > 40:
		return ch, "name은 1자 이상 40자 이하여야 합니다."
	case err != nil || amount < 0 || (amount == 0 && !ch.Recurring):
		return ch, "amount는 0보다 큰 숫자여야 합니다."
	case taxErr != nil:
		return ch, "tax_free와 vat_amount는 숫자여야 합니다."
	case !stated.possible(amount):
		return ch, "tax_free 또는 vat_amount가 올바르지 않습니다."
	case !dueOK:
		return ch, "vbank_due가 올바르지 않거나 지났습니다."
	// Inicis' window fails without it (portone.md §2.2).
	case p.BuyerTel == "":
		return ch, "buyer_tel은 필수입니다."
	// Phone bills are charged by kind of goods (portone.md §2.2).
	case p.PayMethod == "phone" && p.Digital == nil:
		return ch, "휴대폰 결제에는 digital이 필요합니다."
	// What Inicis' window speaks behind V1 (portone.md §2.2).
	case !slices.Contains([]string{"", "ko", "en"}, p.Language):
		return ch, "language는 ko 또는 en이어야 합니다."
	case !isDay(p.Period.From) || !isDay(p.Period.To):
		return ch, "period는 YYYYMMDD여야 합니다."
	case req.Redirect && !isAbsoluteURL(p.MRedirectURL):
		return ch, "모바일 결제에는 m_redirect_url이 필요합니다."
	case !isAppScheme(p.AppScheme):
		return ch, "app_scheme이 올바르지 않습니다."
	}
	return ch, ""
}

// v1Channel finds the channel by channelKey, else by pg: "module" or "module.MID".
func (s *Sandbox) v1Channel(p v1Params) (Channel, bool) {
	module, mid, _ := strings.Cut(p.PG, ".")
	for _, ch := range s.cfg.Channels {
		if ch.Module != moduleV1Inicis {
			continue
		}
		// channelKey wins over pg, which is being retired (portone.md §2.1).
		if p.ChannelKey == ch.Key || (p.ChannelKey == "" && module == ch.Module && (mid == "" || mid == ch.MID)) {
			return ch, true
		}
	}
	return Channel{}, false
}

type actRequest struct {
	Key    string `json:"key"`
	Action string `json:"action"`
}

// v1Act is the buyer's click in the window that the SDK draws over the shop's page.
func (s *Sandbox) v1Act(c *call) answer {
	var req actRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return sdkFailure("F400", "요청이 올바르지 않습니다.")
	}
	_, rsp := s.v1Close(c, req)
	return jsonAnswer(http.StatusOK, rsp)
}

// v1Close ends a window and returns what the SDK's callback is told.
func (s *Sandbox) v1Close(c *call, req actRequest) (*v1Payment, map[string]any) {
	p, ok := s.v1.windows.get(req.Key)
	// A window that issued an account is over, though its payment stays ready until the deposit.
	if !ok || p.status != "ready" || p.account != nil || !slices.Contains([]string{"pay", "fail", "cancel"}, req.Action) {
		return nil, map[string]any{"imp_uid": nil, "merchant_uid": nil, "error_code": "F400", "error_msg": "이미 닫힌 결제창입니다."}
	}
	c.ref = p.merchantUID
	rsp := map[string]any{"imp_uid": p.impUID, "merchant_uid": p.merchantUID}
	// Those that fail below send no notice: V1 has none for a failure (portone.md §3.1).
	p.updatedAt = c.now
	switch {
	case req.Action == "cancel":
		p.fail(c, "사용자가 결제를 취소함")
		rsp["error_code"], rsp["error_msg"] = "F0001", "[결제포기] 사용자가 결제를 취소하셨습니다"
	case req.Action == "fail":
		p.fail(c, "한도초과")
		rsp["error_code"], rsp["error_msg"] = "V014", "한도초과"
	// Asked again: a second window of the order may have been paid meanwhile (portone.md §6.1).
	case s.v1Taken(p.merchantUID):
		p.fail(c, "이미 결제가 이루어진 거래건입니다.")
		rsp["error_code"], rsp["error_msg"] = "F1002", "이미 결제가 이루어진 거래건입니다."
	case c.refused != "":
		p.fail(c, c.refused)
		rsp["error_code"], rsp["error_msg"] = "F1100", c.refused
	case p.customerUID != "":
		s.v1IssueKey(c, p)
	case p.payMethod == payMethodVBank:
		s.v1Issue(p)
		c.notices = append(c.notices, s.v1Notice(p))
	default:
		p.status, p.paidAt = "paid", c.now
		p.tid = s.transactionID("CARD", p.channel.MID, c.now)
		s.book(Entry{PG: pgV1, Kind: EntryCapture, OrderRef: p.merchantUID, TxID: p.impUID, Amount: p.amount, By: "pay"})
		c.notices = append(c.notices, s.v1Notice(p))
	}
	return p, rsp
}

func (p *v1Payment) fail(c *call, reason string) {
	p.status, p.failedAt, p.failReason = "failed", c.now, reason
}

// v1WindowPage shows the window as a page of its own (mobile).
func (s *Sandbox) v1WindowPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p, ok := s.v1.windows.get(r.URL.Query().Get("key"))
	var view windowPage
	if ok {
		view = windowPage{
			PG: "포트원 V1 · KG이니시스", Shop: p.channel.MID, Goods: p.name, Amount: p.amount, Method: p.payMethod,
			Action: "/portone/window/v1/act", Key: p.windowKey, Issues: p.payMethod == payMethodVBank, App: p.app,
		}
	}
	s.mu.Unlock()
	if !ok {
		page(http.StatusGone, "error.html", map[string]any{"Code": "F400", "Message": "이미 닫힌 결제창입니다"}).write(w)
		return
	}
	page(http.StatusOK, "window.html", view).write(w)
}

// v1WindowAct is the buyer's click in the window page; it ends at m_redirect_url.
func (s *Sandbox) v1WindowAct(c *call) answer {
	f := c.form()
	p, rsp := s.v1Close(c, actRequest{Key: f.Get("key"), Action: f.Get("action")})
	if p == nil || p.redirect == "" {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "F400", "Message": "이미 닫힌 결제창입니다"})
	}
	return redirectWith(p.redirect, rsp)
}

// redirectWith sends the browser to an address that may already have a query.
func redirectWith(address string, params map[string]any) answer {
	u, err := url.Parse(address)
	if err != nil {
		return page(http.StatusBadRequest, "error.html", map[string]any{"Code": "F400", "Message": "돌아갈 주소가 잘못되었습니다"})
	}
	q := u.Query()
	for name, v := range params {
		if v != nil {
			q.Set(name, fmt.Sprint(v))
		}
	}
	u.RawQuery = q.Encode()
	return answer{status: http.StatusSeeOther, contentType: "text/plain", location: u.String()}
}

// rawWon reads a JSON number that is a whole amount.
func rawWon(raw json.RawMessage) (Won, error) { return parseWon(string(bytes.TrimSpace(raw))) }

// customText is custom_data as V1 gives it back: JSON as text.
func customText(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// isDay tells whether a text is a day, YYYYMMDD, or is not there.
func isDay(v string) bool {
	_, err := time.Parse("20060102", v)
	return v == "" || err == nil
}
