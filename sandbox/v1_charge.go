package sandbox

import (
	"fmt"
	"slices"
	"strconv"
)

// What a customer_uid did for a payment (customer_uid_usage, portone.md §1.5).
const (
	v1UsageIssue     = "issue"
	v1UsagePayment   = "payment"
	v1UsageScheduled = "payment.scheduled"
)

// v1UIDMax is how long a customer_uid may be.
const v1UIDMax = 80

// v1QuotaFrom is the amount in won from which a card is paid in instalments.
const v1QuotaFrom Won = 50_000

// v1Charge is a card to be charged by API: no window, and nobody is asked.
type v1Charge struct {
	merchantUID string
	name        string
	amount      Won
	taxes       taxes
	currency    string
	quota       int64
	buyer       [5]string // name, tel, email, addr, postcode
	customData  string
	noticeURLs  []string
	// channel and card (a masked number; empty for a phone bill) are what is charged, customerUID the key behind it and
	// usage what for.
	channel     Channel
	card        string
	customerUID string
	usage       string
	// declined is why the card cannot be charged, when that is known beforehand.
	declined string
}

// v1ChargeOf reads what all charges by API have in common, or says what is wrong with it.
func (s *Sandbox) v1ChargeOf(b v1Body) (x v1Charge, why string) {
	x = v1Charge{
		merchantUID: b.text("merchant_uid"), name: b.text("name"), currency: b.text("currency"),
		customData: b.asJSON("custom_data"), noticeURLs: s.v1NoticeURLs(b.texts("notice_url")),
	}
	for i, field := range []string{"name", "tel", "email", "addr", "postcode"} {
		x.buyer[i] = b.text("buyer_" + field)
	}
	if x.currency == "" {
		x.currency = "KRW"
	}
	var err, freeErr, vatErr, quotaErr error
	x.amount, err = parseWon(b.text("amount"))
	x.taxes.taxFree, _, freeErr = optionalWon(b.text("tax_free"))
	x.taxes.vat, x.taxes.vatSet, vatErr = optionalWon(b.text("vat_amount"))
	if text := b.text("card_quota"); text != "" {
		x.quota, quotaErr = strconv.ParseInt(text, 10, 16)
	}
	switch {
	case x.merchantUID == "" || len(x.merchantUID) > 40:
		return x, "merchant_uid는 1자 이상 40자 이하여야 합니다."
	case err != nil || x.amount <= 0:
		return x, "amount는 0보다 큰 숫자여야 합니다."
	case freeErr != nil || vatErr != nil || !x.taxes.possible(x.amount):
		return x, "tax_free 또는 vat_amount가 올바르지 않습니다."
	case quotaErr != nil || x.quota < 0 || x.quota == 1 || (x.quota > 0 && x.amount < v1QuotaFrom):
		return x, "card_quota는 2 이상이어야 하고 50,000원 이상 결제에만 쓸 수 있습니다."
	}
	return x, ""
}

// v1NoticeURLs are a payment's own addresses for webhooks, else the console's; what is no address is left out.
func (s *Sandbox) v1NoticeURLs(own []string) []string {
	own = slices.DeleteFunc(own, func(a string) bool { return !isAbsoluteURL(a) })
	if len(own) == 0 && s.v1.noticeURL != "" {
		return []string{s.v1.noticeURL}
	}
	return own
}

// SetV1Notice sets the console's address for webhooks; an empty one tells nobody. A payment remembers the address of
// its beginning. Errors match ErrNoticeURL.
func (s *Sandbox) SetV1Notice(address string) error {
	if address != "" && !isAbsoluteURL(address) {
		return ErrNoticeURL
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v1.noticeURL = address
	return nil
}

// v1Charged charges a card and writes the payment down, declined or paid; callers hold the mutex. Until the call says
// otherwise, a decline tells nobody (portone.md §3.1).
func (s *Sandbox) v1Charged(c *call, x v1Charge, by string) *v1Payment {
	method := "card"
	if x.channel.Module == moduleDanal {
		method = "phone"
	}
	p := s.v1Record(c, x, method)
	if c.decline != nil {
		x.declined = c.decline.text
	}
	if x.declined != "" {
		p.fail(c, x.declined)
		return p
	}
	p.status, p.paidAt = "paid", c.now
	p.tid = s.transactionID("BILL", p.channel.MID, c.now)
	s.book(Entry{PG: pgV1, Kind: EntryCapture, OrderRef: p.merchantUID, TxID: p.impUID, Amount: p.amount, By: by})
	return p
}

// v1Record writes down a payment that the API asked for; callers hold the mutex.
func (s *Sandbox) v1Record(c *call, x v1Charge, payMethod string) *v1Payment {
	p := &v1Payment{
		impUID: s.v1ID(), merchantUID: x.merchantUID, channel: x.channel, device: "api", payMethod: payMethod, name: x.name,
		amount: x.amount, taxes: x.taxes, currency: x.currency, quota: x.quota, card: x.card,
		buyerName: x.buyer[0], buyerTel: x.buyer[1], buyerEmail: x.buyer[2], buyerAddr: x.buyer[3], buyerPostcode: x.buyer[4],
		customData: x.customData, noticeURLs: x.noticeURLs, customerUID: x.customerUID, usage: x.usage,
		startedAt: c.now, updatedAt: c.now,
	}
	s.v1.add(p)
	return p
}

// v1ID is the imp_uid of a new payment; callers hold the mutex.
func (s *Sandbox) v1ID() string { return fmt.Sprintf("imp_%012d", 700_000_000_000+s.next()) }

// add writes a payment down, beside the others of its merchant_uid.
func (st *v1State) add(p *v1Payment) {
	st.payments.put(p.impUID, p)
	list, _ := st.byOrder.get(p.merchantUID)
	st.byOrder.put(p.merchantUID, append(slices.Clone(list), p))
}

// v1Again charges a billing key. A declined card is answered with code 0 too: the status tells (portone.md §1.2).
func (s *Sandbox) v1Again(c *call) answer {
	b, ok := v1BodyOf(c)
	if !ok {
		return v1Refusal("요청 본문이 올바르지 않습니다.")
	}
	c.ref = b.text("merchant_uid")
	x, why := s.v1ChargeOf(b)
	k, live := s.v1KeyNamed(b.text("customer_uid"))
	switch {
	case why != "":
		return v1Refusal(why)
	case x.name == "":
		return v1Refusal("name은 필수입니다.")
	case !live:
		return v1Refusal("등록된 빌링키가 존재하지 않습니다.")
	case s.v1Taken(x.merchantUID):
		return v1Refusal("이미 결제가 이루어진 거래건입니다.")
	}
	x.channel, x.card, x.customerUID, x.usage = k.channel, k.card, k.key, v1UsagePayment
	p := s.v1Charged(c, x, "again")
	if p.status == "paid" {
		c.notices = append(c.notices, s.v1Notice(p))
	}
	return v1OK(p.wire())
}
