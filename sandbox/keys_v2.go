package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// v2KeyParams are the requestIssueBillingKey parameters that the stand-in looks at.
type v2KeyParams struct {
	StoreID       string          `json:"storeId"`
	ChannelKey    string          `json:"channelKey"`
	Method        string          `json:"billingKeyMethod"`
	IssueID       string          `json:"issueId"`
	IssueName     string          `json:"issueName"`
	Customer      v2Customer      `json:"customer"`
	DisplayAmount json.RawMessage `json:"displayAmount"`
	Currency      string          `json:"currency"`
	RedirectURL   string          `json:"redirectUrl"`
	ForceRedirect bool            `json:"forceRedirect"`
	NoticeURLs    json.RawMessage `json:"noticeUrls"`
	OfferPeriod   *struct {
		Range    *json.RawMessage `json:"range"`
		Interval string           `json:"interval"`
	} `json:"offerPeriod"`
}

type v2OpenKeyRequest struct {
	Device   string      `json:"device"`
	Params   v2KeyParams `json:"params"`
	Redirect bool        `json:"redirect"`
}

// v2KeyFailure is a refusal, or a failure, of requestIssueBillingKey.
func v2KeyFailure(code, msg string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"transactionType": "ISSUE_BILLING_KEY", "code": code, "message": msg})
}

// v2OpenKey is what PortOne.requestIssueBillingKey calls.
func (s *Sandbox) v2OpenKey(c *call) answer {
	var req v2OpenKeyRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return v2KeyFailure("RequestParseFailed", kindOfJSONError(err))
	}
	p := req.Params
	c.ref = p.IssueID
	ch, code, why := s.v2CheckKey(req)
	if code != "" {
		return v2KeyFailure(code, why)
	}
	w := &keyWindow{
		key: randomHex(16), pg: pgV2, channel: ch, ref: p.IssueID, name: p.IssueName, device: req.Device,
		customer: p.Customer, noticeURLs: addresses(p.NoticeURLs), opened: c.now,
	}
	if req.Redirect || p.ForceRedirect {
		w.redirect = p.RedirectURL
	}
	s.keys.windows.put(w.key, w)
	c.notices = append(c.notices, s.v2KeyNotice(w.ref, "", "Ready", w.noticeURLs, c.now))
	return jsonAnswer(http.StatusOK, map[string]any{
		"key": w.key, "shop": ch.MID, "goods": p.IssueName, "amount": 0, "method": "BILLING_KEY", "method_name": "카드 등록",
		"window": c.base + "/portone/window/v2/key?key=" + w.key,
	})
}

// v2CheckKey tells what is wrong with a requestIssueBillingKey call.
func (s *Sandbox) v2CheckKey(req v2OpenKeyRequest) (ch Channel, code, why string) {
	p := req.Params
	i := slices.IndexFunc(s.cfg.Channels, func(ch Channel) bool {
		return ch.Key == p.ChannelKey && ch.Module == moduleV2Inicis && ch.Recurring
	})
	if i >= 0 {
		ch = s.cfg.Channels[i]
	}
	_, _, amountErr := rawOptional(p.DisplayAmount)
	refuse := func(why string) (Channel, string, string) { return ch, "RequestParseFailed", why }
	switch {
	case p.StoreID != s.cfg.V2.StoreID:
		return ch, "StoreNotFound", "상점을 찾을 수 없습니다."
	case i < 0:
		return ch, "ChannelNotFound", "빌링키를 발급할 수 있는 채널이 아닙니다."
	case p.Method != "CARD":
		return refuse("지원하지 않는 billingKeyMethod입니다.")
	case p.IssueID == "" || len(p.IssueID) > 40 || !isASCII(p.IssueID) || p.IssueName == "":
		return refuse("issueId와 issueName이 필요합니다.")
	case p.Customer.name() == "" || p.Customer.PhoneNumber == "" || p.Customer.Email == "":
		return refuse("customer의 fullName, phoneNumber, email은 필수입니다.")
	case amountErr != nil || (p.Currency != "" && v2Currency(p.Currency) != "KRW"):
		return refuse("displayAmount 또는 currency가 올바르지 않습니다.")
	case req.Device == "mobile" && p.OfferPeriod == nil:
		return refuse("모바일에서는 offerPeriod가 필요합니다.")
	case p.OfferPeriod != nil && p.OfferPeriod.Range == nil && p.OfferPeriod.Interval != "1m" &&
		p.OfferPeriod.Interval != "1y":
		return refuse("offerPeriod의 interval은 1m 또는 1y여야 합니다.")
	case (req.Redirect || p.ForceRedirect) && !isAbsoluteURL(p.RedirectURL):
		return refuse("redirectUrl이 필요합니다.")
	}
	return ch, "", ""
}

// v2ActKey is the buyer's click in the window over the shop's page.
func (s *Sandbox) v2ActKey(c *call) answer {
	var req actRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return v2KeyFailure("RequestParseFailed", kindOfJSONError(err))
	}
	_, rsp := s.v2CloseKey(c, req)
	return jsonAnswer(http.StatusOK, rsp)
}

// v2CloseKey ends a window and returns what requestIssueBillingKey resolves with.
func (s *Sandbox) v2CloseKey(c *call, req actRequest) (*keyWindow, map[string]any) {
	w, ok := s.keys.windows.get(req.Key)
	rsp := map[string]any{"transactionType": "ISSUE_BILLING_KEY"}
	if !ok || w.closed || w.pg != pgV2 || !slices.Contains([]string{"pay", "fail", "cancel"}, req.Action) {
		rsp["code"], rsp["message"] = "TransactionNotFound", "이미 닫힌 결제창입니다."
		return nil, rsp
	}
	w.closed = true
	c.ref = w.ref
	if req.Action != "pay" {
		rsp["code"], rsp["message"], rsp["pgCode"] = "PGProviderError", "사용자가 등록을 취소하셨습니다", "PAY_PROCESS_CANCELED"
		if req.Action == "fail" {
			rsp["message"], rsp["pgCode"] = "카드 인증에 실패하였습니다", "V014"
		}
		c.notices = append(c.notices, s.v2KeyNotice(w.ref, "", "Failed", w.noticeURLs, c.now))
		return w, rsp
	}
	k := s.issue(c, w, "billing-key-"+randomUUID())
	rsp["billingKey"] = k.key
	c.notices = append(c.notices, s.v2KeyNotice(w.ref, k.key, "Issued", w.noticeURLs, c.now))
	return w, rsp
}

// v2KeyNotice is V2's notification of a billing key; before it is issued there is none to name.
func (s *Sandbox) v2KeyNotice(ref, key, kind string, urls []string, now time.Time) notice {
	data := map[string]any{"storeId": s.cfg.V2.StoreID}
	if key != "" {
		data["billingKey"] = key
	}
	return notice{
		pg: pgV2, ref: ref, kind: "BillingKey." + kind, urls: s.v2Addresses(urls), contentType: "application/json",
		id: "wh_" + randomHex(16), secret: s.cfg.V2.WebhookSecret, waits: s.v2Waits(),
		body: mustJSON(map[string]any{"type": "BillingKey." + kind, "timestamp": rfc3339(now), "data": data}),
	}
}

// v2KeyPage shows the window as a page of its own.
func (s *Sandbox) v2KeyPage(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	w, ok := s.keys.windows.get(r.URL.Query().Get("key"))
	s.mu.Unlock()
	if !ok || w.pg != pgV2 {
		page(http.StatusGone, "error.html",
			map[string]any{"Code": "TransactionNotFound", "Message": "이미 닫힌 결제창입니다"}).write(rw)
		return
	}
	page(http.StatusOK, "window.html", windowPage{
		PG: "포트원 V2 · KG이니시스 빌링", Shop: w.channel.MID, Goods: w.name, Method: "카드 등록",
		Action: "/portone/window/v2/key/act", Key: w.key, Registers: true,
	}).write(rw)
}

// v2KeyAct is the buyer's click in that page; it ends at redirectUrl.
func (s *Sandbox) v2KeyAct(c *call) answer {
	f := c.form()
	w, rsp := s.v2CloseKey(c, actRequest{Key: f.Get("key"), Action: f.Get("action")})
	if w == nil || w.redirect == "" {
		return page(http.StatusGone, "error.html", map[string]any{"Code": "TransactionNotFound", "Message": "이미 닫힌 결제창입니다"})
	}
	return redirectWith(w.redirect, map[string]any{
		"transaction_type": "ISSUE_BILLING_KEY", "billing_key": rsp["billingKey"], "code": rsp["code"],
		"message": rsp["message"],
	})
}

func (k *billingKey) v2MethodWire() map[string]any {
	if k.byPhone() {
		return map[string]any{"type": "BillingKeyPaymentMethodMobile", "phoneNumber": k.customer.PhoneNumber}
	}
	return map[string]any{"type": "BillingKeyPaymentMethodCard", "card": v2CardWire(k.card)}
}

// v2KeyWire is V2's billing-key object.
func (s *Sandbox) v2KeyWire(k *billingKey) map[string]any {
	out := map[string]any{
		"status": "ISSUED", "billingKey": k.key, "merchantId": "merchant-sandbox", "storeId": s.cfg.V2.StoreID,
		"methods":     []any{k.v2MethodWire()},
		"channels":    []any{k.channel.wire()},
		"customer":    k.customer.wire(),
		"requestedAt": rfc3339(k.requested), "issuedAt": rfc3339(k.issued),
	}
	for name, text := range map[string]string{"issueId": k.ref, "issueName": k.name, "customData": k.data} {
		if text != "" {
			out[name] = text
		}
	}
	if !k.deleted.IsZero() {
		out["status"], out["deletedAt"] = "DELETED", rfc3339(k.deleted)
	}
	return out
}

func (s *Sandbox) v2Key(c *call) answer {
	k, ok := s.keyOf(pgV2, c.r.PathValue("id"))
	if !ok {
		return v2Error(http.StatusNotFound, "BILLING_KEY_NOT_FOUND", "빌링키가 존재하지 않습니다.")
	}
	c.ref = k.ref
	return jsonAnswer(http.StatusOK, s.v2KeyWire(k))
}

// v2DropKey deletes a key.
func (s *Sandbox) v2DropKey(c *call) answer {
	k, ok := s.keyOf(pgV2, c.r.PathValue("id"))
	if !ok {
		return v2Error(http.StatusNotFound, "BILLING_KEY_NOT_FOUND", "빌링키가 존재하지 않습니다.")
	}
	c.ref = k.ref
	if !k.deleted.IsZero() {
		return v2Error(http.StatusConflict, "BILLING_KEY_ALREADY_DELETED", "이미 삭제된 빌링키입니다.")
	}
	if s.v2Scheduled(func(x *v2Schedule) bool { return x.key == k }) != nil {
		return v2Error(http.StatusConflict, "PAYMENT_SCHEDULE_ALREADY_EXISTS", "결제 예약이 남아 있는 빌링키입니다.")
	}
	k.deleted, k.updated = c.now, c.now
	if c.r.URL.Query().Get("skipWebhook") != "true" {
		c.notices = append(c.notices, s.v2KeyNotice(k.ref, k.key, "Deleted", k.notices, c.now))
	}
	return jsonAnswer(http.StatusOK, map[string]string{"deletedAt": rfc3339(c.now)})
}

// v2KeysQuery is the question of a list: a page of what was issued, requested or deleted in a time.
type v2KeysQuery struct {
	Page v2Page `json:"page"`
	Sort struct {
		By    string `json:"by"`
		Order string `json:"order"`
	} `json:"sort"`
	Filter struct {
		v2Span
		StoreID string   `json:"storeId"`
		Field   string   `json:"timeRangeField"`
		Status  []string `json:"status"`
	} `json:"filter"`
}

// v2Keys lists billing keys.
func (s *Sandbox) v2Keys(c *call) answer {
	var q v2KeysQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, ok := q.Filter.between(c.now)
	if !ok || !q.Page.valid() {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	found := []map[string]any{}
	for _, k := range s.keys.keys.all() {
		if at := q.at(k); k.pg == pgV2 && !at.IsZero() && !at.Before(from) && !at.After(until) {
			wire := s.v2KeyWire(k)
			if len(q.Filter.Status) == 0 || slices.Contains(q.Filter.Status, wire["status"].(string)) {
				found = append(found, wire)
			}
		}
	}
	if q.Sort.Order != "ASC" {
		slices.Reverse(found)
	}
	return q.Page.answer(found)
}

// at is the time of a key that the question is about.
func (q v2KeysQuery) at(k *billingKey) time.Time {
	switch q.Filter.Field {
	case "REQUESTED_AT":
		return k.requested
	case "DELETED_AT":
		return k.deleted
	default:
		return k.issued
	}
}
