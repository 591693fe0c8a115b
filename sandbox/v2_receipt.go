package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// v2Receipt is a cash receipt (현금영수증) that was issued by hand. Whom it was issued to is not kept.
type v2Receipt struct {
	paymentID string
	channel   Channel
	kind      string
	orderName string
	amount    Won
	taxes     taxes
	currency  string
	number    string
	issued    time.Time
	cancelled time.Time
}

func (x *v2Receipt) status() string {
	if x.cancelled.IsZero() {
		return "ISSUED"
	}
	return "CANCELLED"
}

type v2ReceiptRequest struct {
	v2Sale
	PaymentID string `json:"paymentId"`
	Type      string `json:"type"`
	Customer  struct {
		IdentityNumber     string `json:"identityNumber"`
		IdentityNumberType string `json:"identityNumberType"`
	} `json:"customer"`
}

// check tells what is wrong with the request, or nil.
func (r v2ReceiptRequest) check() *answer {
	refuse := func(message string) *answer {
		a := v2Invalid(message)
		return &a
	}
	types := []string{"", "PHONE", "CARD", "BUSINESS"}
	switch {
	case r.PaymentID == "" || r.OrderName == "" || r.ChannelKey == "":
		return refuse("paymentId, channelKey, orderName은 필수입니다.")
	case r.Type != "PERSONAL" && r.Type != "CORPORATE":
		return refuse("type은 PERSONAL 또는 CORPORATE입니다.")
	case !isDigits(r.Customer.IdentityNumber) || !slices.Contains(types, r.Customer.IdentityNumberType):
		return refuse("customer.identityNumber가 올바르지 않습니다.")
	}
	return r.checkAmount()
}

// v2IssueReceipt issues a cash receipt.
func (s *Sandbox) v2IssueReceipt(c *call) answer {
	var req v2ReceiptRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if refusal := req.check(); refusal != nil {
		return *refusal
	}
	c.ref = req.PaymentID
	ch, refusal := s.v2Channel(req.ChannelKey, false)
	if refusal != nil {
		return *refusal
	}
	if x, ok := s.v2.receipts.get(req.PaymentID); ok && x.cancelled.IsZero() {
		return v2Error(http.StatusConflict, "CASH_RECEIPT_ALREADY_ISSUED", "이미 발급된 현금영수증입니다.")
	}
	x := &v2Receipt{
		paymentID: req.PaymentID, channel: ch, kind: req.Type, orderName: req.OrderName, amount: *req.Amount.Total,
		taxes: req.taxes(), currency: req.Currency, number: randomHex(5), issued: c.now,
	}
	s.v2.receipts.put(req.PaymentID, x)
	return jsonAnswer(http.StatusOK, map[string]any{"cashReceipt": map[string]string{
		"issueNumber": x.number, "url": x.url(), "pgReceiptId": "RCPT" + x.number,
	}})
}

func (x *v2Receipt) url() string { return "https://receipt.example/" + x.number }

// v2ReceiptWire is V2's cash receipt object.
func (s *Sandbox) v2ReceiptWire(x *v2Receipt) map[string]any {
	out := map[string]any{
		"status": x.status(), "merchantId": "merchant-sandbox", "storeId": s.cfg.V2.StoreID, "paymentId": x.paymentID,
		"channel": x.channel.wire(), "amount": x.amount, "taxFreeAmount": x.taxes.taxFree,
		"vatAmount": x.taxes.vatIn(x.amount), "currency": x.currency, "orderName": x.orderName,
		"isManual": true, "type": x.kind, "pgReceiptId": "RCPT" + x.number,
		"issueNumber": x.number, "url": x.url(), "issuedAt": rfc3339(x.issued), "statusUpdatedAt": rfc3339(x.changed()),
	}
	if !x.cancelled.IsZero() {
		out["cancelledAt"] = rfc3339(x.cancelled)
	}
	return out
}

func (x *v2Receipt) changed() time.Time {
	if !x.cancelled.IsZero() {
		return x.cancelled
	}
	return x.issued
}

func v2NoReceipt() answer {
	return v2Error(http.StatusNotFound, "CASH_RECEIPT_NOT_FOUND", "현금영수증이 존재하지 않습니다.")
}

func (s *Sandbox) v2ReadReceipt(c *call) answer {
	x, ok := s.v2.receipts.get(c.ref)
	if !ok {
		return v2NoReceipt()
	}
	return jsonAnswer(http.StatusOK, s.v2ReceiptWire(x))
}

// v2CancelReceipt takes a cash receipt back.
func (s *Sandbox) v2CancelReceipt(c *call) answer {
	x, ok := s.v2.receipts.get(c.ref)
	if !ok {
		return v2NoReceipt()
	}
	if !x.cancelled.IsZero() {
		return v2Error(http.StatusNotFound, "CASH_RECEIPT_NOT_ISSUED", "발급된 현금영수증이 아닙니다.")
	}
	x.cancelled = c.now
	return jsonAnswer(http.StatusOK, map[string]any{"cancelledAmount": x.amount, "cancelledAt": rfc3339(c.now)})
}

// v2ReceiptsQuery is the question of the list of cash receipts.
type v2ReceiptsQuery struct {
	Page v2Page `json:"page"`
	Sort struct {
		Order string `json:"order"`
	} `json:"sort"`
	Filter struct {
		v2Span
		PaymentID string   `json:"paymentId"`
		Statuses  []string `json:"statuses"`
		Types     []string `json:"types"`
	} `json:"filter"`
}

// v2Receipts lists cash receipts by when they were issued.
func (s *Sandbox) v2Receipts(c *call) answer {
	var q v2ReceiptsQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, ok := q.Filter.between(c.now)
	if !ok || !q.Page.valid() {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	f := q.Filter
	found := []map[string]any{}
	for _, x := range s.v2.receipts.all() {
		if !x.issued.Before(from) && !x.issued.After(until) && (f.PaymentID == "" || f.PaymentID == x.paymentID) &&
			(len(f.Statuses) == 0 || slices.Contains(f.Statuses, x.status())) &&
			(len(f.Types) == 0 || slices.Contains(f.Types, x.kind)) {
			found = append(found, s.v2ReceiptWire(x))
		}
	}
	if q.Sort.Order != "ASC" {
		slices.Reverse(found)
	}
	return q.Page.answer(found)
}
