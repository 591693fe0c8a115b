package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// v1Receipt is a cash receipt (현금영수증), of a payment or of a sale that PortOne knows nothing of. Whom it is for is
// not kept.
type v1Receipt struct {
	// impUID or merchantUID names the sale.
	impUID      string
	merchantUID string
	tid         string
	applyNum    string
	kind        string
	amount      Won
	vat         Won
	taxFree     Won
	appliedAt   time.Time
	cancelledAt time.Time
}

// stands tells whether a receipt was issued and not taken back.
func (r *v1Receipt) stands() bool { return r != nil && r.cancelledAt.IsZero() }

func (r *v1Receipt) wire() map[string]any {
	out := map[string]any{
		"receipt_tid": r.tid, "apply_num": r.applyNum, "type": r.kind, "amount": r.amount, "vat": r.vat,
		"receipt_url": nil, "applied_at": unix(r.appliedAt), "cancelled_at": unix(r.cancelledAt),
	}
	if r.impUID != "" {
		out["imp_uid"] = r.impUID
		return out
	}
	out["merchant_uid"] = r.merchantUID
	return out
}

func (s *Sandbox) routeV1Receipts() {
	const api = "/portone/v1/receipts"
	s.handle("GET "+api+"/{uid}", pgV1, "lookup", s.v1Guard(s.v1ReceiptRead))
	s.handle("POST "+api+"/{uid}", pgV1, "receipt", s.v1Guard(s.v1ReceiptIssue))
	s.handle("DELETE "+api+"/{uid}", pgV1, "receipt_cancel", s.v1Guard(s.v1ReceiptCancel))
	s.handle("GET "+api+"/external/{uid}", pgV1, "lookup", s.v1Guard(s.v1ExternalRead))
	s.handle("POST "+api+"/external/{uid}", pgV1, "receipt", s.v1Guard(s.v1ExternalIssue))
	s.handle("DELETE "+api+"/external/{uid}", pgV1, "receipt_cancel", s.v1Guard(s.v1ExternalCancel))
}

// v1ReceiptOf reads a receipt for an amount, or says what is wrong with it; callers hold the mutex.
func (s *Sandbox) v1ReceiptOf(c *call, amount Won) (*v1Receipt, string) {
	fields, ok := v1Fields(c)
	kind := fields["type"]
	if kind == "" {
		kind = "person"
	}
	var t taxes
	var freeErr, vatErr error
	t.taxFree, _, freeErr = optionalWon(fields["tax_free"])
	t.vat, t.vatSet, vatErr = optionalWon(fields["vat_amount"])
	identifier := strings.ReplaceAll(fields["identifier"], "-", "")
	switch {
	case !ok || !isDigits(identifier) || len(identifier) < 10 || len(identifier) > 19:
		return nil, "identifier가 올바르지 않습니다."
	case !slices.Contains([]string{"person", "company"}, kind):
		return nil, "type은 person 또는 company여야 합니다."
	case freeErr != nil || vatErr != nil || amount <= 0 || !t.possible(amount):
		return nil, "금액이 올바르지 않습니다."
	}
	return &v1Receipt{
		tid: s.transactionID("CASH", "", c.now), applyNum: fmt.Sprintf("%09d", 500_000_000+s.next()), kind: kind,
		amount: amount, vat: t.vatIn(amount), taxFree: t.taxFree, appliedAt: c.now,
	}, ""
}

func v1NoReceipt(status int) answer {
	return v1Failure(status, -1, "현금영수증 발행 내역이 존재하지 않습니다.")
}

// v1ReceiptIssue issues the receipt of a payment, for what is left of it.
func (s *Sandbox) v1ReceiptIssue(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok {
		return v1Failure(http.StatusBadRequest, -1, "존재하지 않는 결제정보입니다.")
	}
	c.ref = p.merchantUID
	r, why := s.v1ReceiptOf(c, p.amount-p.cancelled)
	switch {
	case p.status != "paid":
		why = "결제완료 상태가 아닙니다."
	case !slices.Contains([]string{payMethodVBank, "trans"}, p.payMethod):
		why = "현금성 결제가 아닙니다."
	case p.receipt.stands():
		why = "이미 현금영수증이 발행되었습니다."
	}
	if why != "" {
		return v1Failure(http.StatusBadRequest, -1, why)
	}
	r.impUID, p.receipt = p.impUID, r
	return v1OK(r.wire())
}

func (s *Sandbox) v1ReceiptRead(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok || p.receipt == nil {
		return v1NoReceipt(http.StatusNotFound)
	}
	c.ref = p.merchantUID
	return v1OK(p.receipt.wire())
}

func (s *Sandbox) v1ReceiptCancel(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok || !p.receipt.stands() {
		return v1NoReceipt(http.StatusBadRequest)
	}
	c.ref, p.receipt.cancelledAt = p.merchantUID, c.now
	return v1OK(p.receipt.wire())
}

// v1ExternalIssue issues the receipt of a sale that was paid elsewhere; no money moves here.
func (s *Sandbox) v1ExternalIssue(c *call) answer {
	c.ref = c.r.PathValue("uid")
	b, _ := v1BodyOf(c)
	amount, err := parseWon(b.text("amount"))
	_, channelOK := s.v1APIChannel(b, false)
	old, _ := s.v1.receipts.get(c.ref)
	r, why := s.v1ReceiptOf(c, amount)
	switch {
	case err != nil || b.text("name") == "" || !channelOK:
		why = "필수 파라미터가 누락되었거나 올바르지 않습니다."
	case old.stands():
		why = "이미 현금영수증이 발행되었습니다."
	}
	if why != "" {
		return v1Failure(http.StatusBadRequest, -1, why)
	}
	r.merchantUID = c.ref
	s.v1.receipts.put(c.ref, r)
	return v1OK(r.wire())
}

func (s *Sandbox) v1ExternalRead(c *call) answer {
	c.ref = c.r.PathValue("uid")
	r, ok := s.v1.receipts.get(c.ref)
	if !ok {
		return v1NoReceipt(http.StatusNotFound)
	}
	return v1OK(r.wire())
}

func (s *Sandbox) v1ExternalCancel(c *call) answer {
	c.ref = c.r.PathValue("uid")
	r, ok := s.v1.receipts.get(c.ref)
	if !ok || !r.stands() {
		return v1NoReceipt(http.StatusNotFound)
	}
	r.cancelledAt = c.now
	return v1OK(r.wire())
}
