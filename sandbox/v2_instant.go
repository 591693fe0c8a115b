package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// v2InstantRequest is a sale that a card pays whose data the shop has, or that a fixed virtual account takes.
type v2InstantRequest struct {
	v2Sale
	ChannelGroupID string `json:"channelGroupId"`
	IsEscrow       bool   `json:"isEscrow"`
	Method         struct {
		Card    *v2CardInput    `json:"card"`
		Account *v2FixedAccount `json:"virtualAccount"`
	} `json:"method"`
}

// v2FixedAccount is a virtual account that is asked for without a window.
type v2FixedAccount struct {
	Bank   string `json:"bank"`
	Expiry *struct {
		ValidHours *int   `json:"validHours"`
		DueDate    string `json:"dueDate"`
	} `json:"expiry"`
	Option *struct {
		Type  string `json:"type"`
		Fixed struct {
			AccountNumber string `json:"accountNumber"`
			PGAccountID   string `json:"pgAccountId"`
		} `json:"fixed"`
	} `json:"option"`
}

// check reads until when the account takes its deposit, or says what is wrong with it.
func (p *v2FixedAccount) check(now time.Time) (due time.Time, why string) {
	switch {
	case !bankWord.MatchString(p.Bank) || p.Expiry == nil || p.Option == nil:
		return due, "virtualAccount의 bank, expiry, option은 필수입니다."
	case (p.Expiry.ValidHours == nil) == (p.Expiry.DueDate == ""):
		return due, "expiry에는 validHours와 dueDate 중 하나만 필요합니다."
	// Inicis has no others without a window (portone.md §4.8).
	case p.Option.Type != "FIXED":
		return due, "이니시스는 고정식 가상계좌만 발급할 수 있습니다."
	case (p.Option.Fixed.AccountNumber == "") == (p.Option.Fixed.PGAccountID == ""):
		return due, "fixed에는 accountNumber와 pgAccountId 중 하나만 필요합니다."
	case p.Option.Fixed.AccountNumber != "" && !isAccountNumber(p.Option.Fixed.AccountNumber):
		return due, "계좌번호가 올바르지 않습니다."
	}
	var asked v2AccountParams
	asked.AccountExpiry.ValidHours, asked.AccountExpiry.DueDate = p.Expiry.ValidHours, p.Expiry.DueDate
	due, ok := asked.due(now)
	if !ok {
		return due, "입금 기한이 올바르지 않습니다."
	}
	return due, ""
}

// v2Channel finds a channel of V2 by its key: one for billing keys, or one for other payments.
func (s *Sandbox) v2Channel(key string, recurring bool) (Channel, *answer) {
	i := slices.IndexFunc(s.cfg.Channels, func(ch Channel) bool {
		return ch.Key == key && ch.Module == moduleV2Inicis && ch.Recurring == recurring
	})
	if i < 0 {
		a := v2Error(http.StatusNotFound, "CHANNEL_NOT_FOUND", "채널을 찾을 수 없습니다.")
		return Channel{}, &a
	}
	return s.cfg.Channels[i], nil
}

// v2Instant charges a card whose data the shop sends, or opens a fixed virtual account.
func (s *Sandbox) v2Instant(c *call) answer {
	var req v2InstantRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if refusal := req.check(c.ref); refusal != nil {
		return *refusal
	}
	if (req.ChannelKey == "") == (req.ChannelGroupID == "") {
		return v2Invalid("channelKey와 channelGroupId 중 하나만 필요합니다.")
	}
	if (req.Method.Card == nil) == (req.Method.Account == nil) {
		return v2Invalid("method에는 card와 virtualAccount 중 하나만 필요합니다.")
	}
	ch, refusal := s.v2Channel(req.ChannelKey, false)
	if refusal == nil {
		refusal = s.v2Taken(c.ref)
	}
	if refusal != nil {
		return *refusal
	}
	if req.Method.Account != nil {
		return s.v2InstantAccount(c, ch, req)
	}
	return s.v2InstantCard(c, ch, req)
}

func (s *Sandbox) v2InstantCard(c *call, ch Channel, req v2InstantRequest) answer {
	card := req.Method.Card
	if why := card.check(); why != "" {
		return v2Invalid(why)
	}
	a := req.attempt(c, ch)
	a.card, a.months = card.masked(), card.InstallmentMonth
	a.escrowed(req.IsEscrow)
	s.v2Attempted(c.ref, a)
	if c.decline == nil {
		c.decline = card.refused(c.now)
	}
	return s.v2Settle(c, a, "instant")
}

// v2InstantAccount opens an account. Nothing is paid, and paidAt is there all the same (portone.md §4.5).
func (s *Sandbox) v2InstantAccount(c *call, ch Channel, req v2InstantRequest) answer {
	due, why := req.Method.Account.check(c.now)
	if why != "" {
		return v2Invalid(why)
	}
	a := req.attempt(c, ch)
	a.payMethod, a.due, a.fixed = payMethodAccount, due, req.Method.Account.Option.Fixed.AccountNumber
	a.escrowed(req.IsEscrow)
	s.v2Attempted(c.ref, a)
	if c.decline != nil {
		return s.v2Decline(c, a)
	}
	s.v2Issue(c, a)
	return jsonAnswer(http.StatusOK, map[string]any{
		"payment": map[string]string{"pgTxId": a.pgTxID, "paidAt": rfc3339(c.now)},
	})
}

// v2IssueKeyRequest asks for a billing key of a card whose data the shop has.
type v2IssueKeyRequest struct {
	Method struct {
		Card *v2CardInput `json:"card"`
	} `json:"method"`
	ChannelKey     string   `json:"channelKey"`
	ChannelGroupID string   `json:"channelGroupId"`
	Customer       v2Payer  `json:"customer"`
	CustomData     string   `json:"customData"`
	NoticeURLs     []string `json:"noticeUrls"`
	SkipWebhook    bool     `json:"skipWebhook"`
}

// v2IssueKey issues a billing key without a window. Of the card only its masked number is kept.
func (s *Sandbox) v2IssueKey(c *call) answer {
	var req v2IssueKeyRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if (req.ChannelKey == "") == (req.ChannelGroupID == "") {
		return v2Invalid("channelKey와 channelGroupId 중 하나만 필요합니다.")
	}
	if why := req.Method.Card.check(); why != "" {
		return v2Invalid(why)
	}
	who := req.Customer.customer()
	if who.name() == "" || who.PhoneNumber == "" || who.Email == "" {
		return v2Invalid("customer의 name, phoneNumber, email은 필수입니다.")
	}
	ch, refusal := s.v2Channel(req.ChannelKey, true)
	if refusal != nil {
		return *refusal
	}
	if c.decline == nil {
		c.decline = req.Method.Card.refused(c.now)
	}
	if c.decline != nil {
		return v2PGError(c.decline.code, c.decline.text)
	}
	k := s.issue(c, &keyWindow{
		pg: pgV2, channel: ch, customer: who, noticeURLs: webAddresses(req.NoticeURLs), opened: c.now,
	}, "billing-key-"+randomUUID())
	k.card, k.data = req.Method.Card.masked(), req.CustomData
	c.ref = k.key
	if !req.SkipWebhook {
		c.notices = append(c.notices, s.v2KeyNotice(k.key, k.key, "Issued", k.notices, c.now))
	}
	return jsonAnswer(http.StatusOK, map[string]any{"billingKeyInfo": map[string]any{
		"billingKey": k.key, "channels": []any{ch.wire()}, "issuedAt": rfc3339(c.now),
	}})
}

// webAddresses leaves out of a list what is no address.
func webAddresses(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(a string) bool { return !isAbsoluteURL(a) })
}
