package sandbox

import "net/http"

// v2Payer is the customer of a payment that has no window.
type v2Payer struct {
	Name struct {
		Full      string `json:"full"`
		Separated struct {
			First string `json:"first"`
			Last  string `json:"last"`
		} `json:"separated"`
	} `json:"name"`
	Email       string `json:"email"`
	PhoneNumber string `json:"phoneNumber"`
}

func (p v2Payer) customer() v2Customer {
	return v2Customer{
		FullName: p.Name.Full, FirstName: p.Name.Separated.First, LastName: p.Name.Separated.Last,
		PhoneNumber: p.PhoneNumber, Email: p.Email,
	}
}

// v2Sale is what every payment without a window says: what is sold, to whom, for how much.
type v2Sale struct {
	ChannelKey string  `json:"channelKey"`
	OrderName  string  `json:"orderName"`
	Customer   v2Payer `json:"customer"`
	CustomData string  `json:"customData"`
	Amount     *struct {
		Total   *Won `json:"total"`
		TaxFree Won  `json:"taxFree"`
		VAT     *Won `json:"vat"`
	} `json:"amount"`
	Currency         string   `json:"currency"`
	InstallmentMonth int      `json:"installmentMonth"`
	NoticeURLs       []string `json:"noticeUrls"`
	SkipWebhook      bool     `json:"skipWebhook"`
}

func (p v2Sale) taxes() taxes {
	t := taxes{taxFree: p.Amount.TaxFree, vatSet: p.Amount.VAT != nil}
	if t.vatSet {
		t.vat = *p.Amount.VAT
	}
	return t
}

// check tells what is wrong with a sale, or nil.
func (p v2Sale) check(paymentID string) *answer {
	refuse := func(message string) *answer {
		a := v2Invalid(message)
		return &a
	}
	who := p.Customer.customer()
	switch {
	case len(paymentID) > 40 || !isASCII(paymentID):
		return refuse("paymentId는 40자 이하의 ASCII 문자열이어야 합니다.")
	case p.OrderName == "":
		return refuse("orderName은 필수입니다.")
	case p.InstallmentMonth < 0 || p.InstallmentMonth > 60:
		return refuse("installmentMonth가 올바르지 않습니다.")
	// Inicis needs all three without a window (portone.md §4.8).
	case who.name() == "" || who.PhoneNumber == "" || who.Email == "":
		return refuse("customer의 name, phoneNumber, email은 필수입니다.")
	}
	return p.checkAmount()
}

// checkAmount tells what is wrong with the money, or nil.
func (p v2Sale) checkAmount() *answer {
	refuse := func(message string) *answer {
		a := v2Invalid(message)
		return &a
	}
	switch {
	case p.Amount == nil || p.Amount.Total == nil || *p.Amount.Total <= 0 || p.Amount.TaxFree < 0 ||
		(p.Amount.VAT != nil && *p.Amount.VAT < 0):
		return refuse("amount가 올바르지 않습니다.")
	case p.Currency != "KRW":
		return refuse("currency는 KRW여야 합니다.")
	}
	if !p.taxes().possible(*p.Amount.Total) {
		a := v2Error(http.StatusConflict, "SUM_OF_PARTS_EXCEEDS_TOTAL_AMOUNT", "하위 금액의 합이 결제 금액을 넘었습니다.")
		return &a
	}
	return nil
}

// attempt is the attempt of a sale in a channel.
func (p v2Sale) attempt(c *call, ch Channel) *v2Attempt {
	return &v2Attempt{
		txID: randomUUID(), channel: ch, device: deviceAPI, payMethod: "CARD", orderName: p.OrderName,
		total: *p.Amount.Total, taxes: p.taxes(), currency: p.Currency, customer: p.Customer.customer(),
		customData: p.CustomData, status: "READY", requestedAt: c.now, changedAt: c.now, quiet: p.SkipWebhook,
		months:     p.InstallmentMonth,
		noticeURLs: webAddresses(p.NoticeURLs),
	}
}

// v2Taken refuses a paymentId that was paid, that waits for its deposit or that is scheduled.
func (s *Sandbox) v2Taken(id string) *answer {
	var a answer
	switch {
	case s.v2PaidOrWaiting(id):
		a = v2Error(http.StatusConflict, "ALREADY_PAID", "이미 결제되었거나 입금을 기다리는 건입니다.")
	case s.v2Scheduled(func(x *v2Schedule) bool { return x.paymentID == id }) != nil:
		a = v2Error(http.StatusConflict, "PAYMENT_SCHEDULE_ALREADY_EXISTS", "이미 예약된 결제 건입니다.")
	default:
		return nil
	}
	return &a
}

func (s *Sandbox) v2PaidOrWaiting(id string) bool {
	p, ok := s.v2.payments.get(id)
	return ok && (p.paid || p.current.status == "VIRTUAL_ACCOUNT_ISSUED")
}

// v2LiveKey finds a billing key that can be charged, in the channel that was asked for, if one was.
func (s *Sandbox) v2LiveKey(key, channel string) (*billingKey, *answer) {
	refuse := func(status int, kind, message string) (*billingKey, *answer) {
		a := v2Error(status, kind, message)
		return nil, &a
	}
	k, ok := s.keyOf(pgV2, key)
	switch {
	case !ok:
		return refuse(http.StatusNotFound, "BILLING_KEY_NOT_FOUND", "빌링키가 존재하지 않습니다.")
	case !k.deleted.IsZero():
		return refuse(http.StatusConflict, "BILLING_KEY_ALREADY_DELETED", "이미 삭제된 빌링키입니다.")
	case channel != "" && channel != k.channel.Key:
		return refuse(http.StatusNotFound, "CHANNEL_NOT_FOUND", "빌링키의 채널이 아닙니다.")
	}
	return k, nil
}

// v2KeySale is a sale that a billing key pays.
type v2KeySale struct {
	v2Sale
	BillingKey string `json:"billingKey"`
}

// v2Charge charges a billing key.
func (s *Sandbox) v2Charge(c *call) answer {
	var req v2KeySale
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if req.BillingKey == "" {
		return v2Invalid("billingKey는 필수입니다.")
	}
	if refusal := req.check(c.ref); refusal != nil {
		return *refusal
	}
	k, refusal := s.v2LiveKey(req.BillingKey, req.ChannelKey)
	if refusal == nil {
		refusal = s.v2Taken(c.ref)
	}
	if refusal != nil {
		return *refusal
	}
	return s.v2Settle(c, s.v2KeyAttempt(c, k, req.v2Sale), "charge")
}

// v2KeyAttempt begins a payment by a billing key.
func (s *Sandbox) v2KeyAttempt(c *call, k *billingKey, sale v2Sale) *v2Attempt {
	a := sale.attempt(c, k.channel)
	if a.billing, a.card = k, k.card; k.byPhone() {
		a.payMethod = "MOBILE"
	}
	s.v2Attempted(c.ref, a)
	return a
}

// v2Settle captures what needs no buyer in a window, or lets the PG decline it.
func (s *Sandbox) v2Settle(c *call, a *v2Attempt, by string) answer {
	if c.decline != nil {
		return s.v2Decline(c, a)
	}
	s.v2Capture(c, a, by)
	return jsonAnswer(http.StatusOK, map[string]any{
		"payment": map[string]string{"pgTxId": a.pgTxID, "paidAt": rfc3339(a.paidAt)},
	})
}
